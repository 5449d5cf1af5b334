/* How a simulated client speaks and cuts: chunks of a speech, and the cuts that the scheduler would make of them. */
#include "sim/world/client_cuts.h"

#include "core/base/rng.h"
#include "tests/support/suite.h"

#define MSEC USEC_PER_MSEC
#define SEC  USEC_PER_SEC

static const speech_rules rules = {
    .pause = 3 * SEC,
    .max_duration = 10 * SEC,
    .bytes_max = 500 << 10,
    .hangover_auto = 150 * MSEC,
};

static mouth said_at(usec_t began, usec_t length) {
    return (mouth){.began = began, .length = length, .period = 200 * MSEC, .bytes_per_second = 32000};
}

START_TEST(a_speech_comes_out_in_chunks_of_one_period_and_a_rest) {
    mouth m = said_at(SEC, 500 * MSEC);
    static const usec_t at[] = {1200 * MSEC, 1400 * MSEC, 1500 * MSEC};
    static const int64_t bytes[] = {6400, 6400, 3200};
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(mouth_next(&m), at[i]);
        mouthful chunk = mouth_take(&m);
        ck_assert_int_eq(chunk.bytes, bytes[i]);
        ck_assert_int_eq(chunk.duration, bytes[i] * SEC / 32000);
        ck_assert_int_eq(chunk.last, i == 2);
    }
    ck_assert_int_eq(mouth_next(&m), USEC_NEVER);
}
END_TEST

START_TEST(the_bytes_of_all_chunks_are_those_of_the_speech) {
    for (usec_t length = 1; length < 20 * SEC; length = length * 3 + 7) {
        mouth m = said_at(0, length);
        int64_t sum = 0;
        while (mouth_next(&m) != USEC_NEVER) sum += mouth_take(&m).bytes;
        int64_t whole = length * 32000 / SEC;
        ck_assert_msg(sum == (whole < 2 ? 2 : whole), "%lld us: %lld bytes, expected %lld", (long long)length,
                      (long long)sum, (long long)whole);
    }
}
END_TEST

START_TEST(a_closed_mouth_says_nothing) {
    ck_assert_int_eq(mouth_next(&(mouth){0}), USEC_NEVER);
}
END_TEST

/* --- cuts ------------------------------------------------------------------------------------------------------------ */

enum { SPEECHES = 40, CUTS = 200 };

typedef struct told {
    client_cut cut[CUTS];
    usec_t at[CUTS];
    int count;
} told;

typedef struct story {
    usec_t began[SPEECHES], length[SPEECHES];
    manner how[SPEECHES];
} story;

static void tell(told *t, const client_cut *cuts, int count, usec_t at) {
    for (int i = 0; i < count && t->count < CUTS; i++) {
        t->at[t->count] = at;
        t->cut[t->count++] = cuts[i];
    }
}

/* As a client is driven: it is asked at the instants it names, and at the end of each speech. */
static void drive(const story *s, told *ret_told) {
    client_ear ear = {0};
    mouth m = {0};
    *ret_told = (told){.count = 0};
    for (int i = 0; i < SPEECHES; i++) {
        client_cut cuts[CLIENT_CUTS_MAX];
        usec_t next = i + 1 < SPEECHES ? s->began[i + 1] : USEC_NEVER, at;
        usec_t end = s->began[i] + s->length[i];
        m = said_at(s->began[i], s->length[i]);
        while ((at = client_next_cut(&ear, &m, &s->how[i], &rules)) < end)
            tell(ret_told, cuts, client_hear(&ear, &m, &s->how[i], &rules, at, cuts), at);
        tell(ret_told, cuts, client_hear(&ear, &m, &s->how[i], &rules, end, cuts), end);
        while ((at = client_next_cut(&ear, &m, &s->how[i], &rules)) < next)
            tell(ret_told, cuts, client_hear(&ear, &m, &s->how[i], &rules, at, cuts), at);
        if (next < USEC_NEVER) tell(ret_told, cuts, client_hear(&ear, &m, &s->how[i], &rules, next, cuts), next);
    }
}

/* As the scheduler hears it: chunk after chunk, and timers late or never. */
static void listen(const story *s, told *ret_told) {
    speech heard = {0};
    bool reversed = false;
    *ret_told = (told){.count = 0};
    for (int i = 0; i < SPEECHES; i++) {
        mouth m = said_at(s->began[i], s->length[i]);
        for (usec_t at; (at = mouth_next(&m)) != USEC_NEVER;) {
            speech_cut cuts[SPEECH_CUTS_MAX];
            mouthful chunk = mouth_take(&m);
            int n = speech_timer(&heard, &rules, at, cuts);
            for (int k = 0; k < n; k++) tell(ret_told, &(client_cut){cuts[k], reversed}, 1, at);
            n = reversed == s->how[i].reversed ? 0 : speech_flush(&heard, &rules, at, cuts);
            if (n > 0) cuts[n - 1].reason = CUT_MANUAL;
            for (int k = 0; k < n; k++) tell(ret_told, &(client_cut){cuts[k], reversed}, 1, at);
            reversed = s->how[i].reversed;
            n = speech_chunk(&heard, &rules, at, chunk.bytes, chunk.duration, chunk.last && s->how[i].manual, cuts);
            for (int k = 0; k < n; k++) tell(ret_told, &(client_cut){cuts[k], reversed}, 1, at);
        }
    }
    speech_cut cuts[SPEECH_CUTS_MAX];
    int n = speech_timer(&heard, &rules, 1000000 * SEC, cuts);
    for (int k = 0; k < n; k++) tell(ret_told, &(client_cut){cuts[k], reversed}, 1, 0);
}

static void make_story(story *s, uint64_t seed, bool two_way) {
    rng r;
    rng_init(&r, seed, "story", two_way);
    usec_t now = 0;
    for (int i = 0; i < SPEECHES; i++) {
        bool is_long = rng_chance(&r, 0.2);
        s->began[i] = now += (usec_t)rng_below(&r, 6 * SEC);
        s->length[i] = 1 + (usec_t)rng_below(&r, is_long ? 45 * SEC : 5 * SEC);
        s->how[i] = (manner){.manual = rng_chance(&r, 0.5), .reversed = two_way && rng_chance(&r, 0.3)};
        now += s->length[i];
    }
}

START_TEST(a_client_cuts_what_the_scheduler_would_cut) {
    for (uint64_t seed = 1; seed <= 200; seed++) {
        story s;
        told client, core;
        make_story(&s, seed, seed % 2);
        drive(&s, &client);
        listen(&s, &core);
        ck_assert_msg(client.count == core.count, "story %llu: %d cuts, expected %d", (unsigned long long)seed,
                      client.count, core.count);
        for (int i = 0; i < core.count; i++) {
            const client_cut *a = &client.cut[i], *b = &core.cut[i];
            ck_assert_msg(a->cut.reason == b->cut.reason && a->cut.bytes == b->cut.bytes &&
                              a->cut.duration == b->cut.duration && a->reversed == b->reversed,
                          "story %llu, cut %d: %s of %lld bytes, expected %s of %lld", (unsigned long long)seed, i,
                          cut_reason_name(a->cut.reason), (long long)a->cut.bytes, cut_reason_name(b->cut.reason),
                          (long long)b->cut.bytes);
            ck_assert_int_le(client.at[i], core.at[i] ? core.at[i] : USEC_NEVER);
        }
    }
}
END_TEST

START_TEST(a_long_speech_is_cut_behind_the_hangover_of_its_longest_part) {
    client_ear ear = {0};
    manner how = {.manual = true};
    client_cut cuts[CLIENT_CUTS_MAX];
    mouth m = said_at(0, 25 * SEC);
    ck_assert_int_eq(client_next_cut(&ear, &m, &how, &rules), 10150 * MSEC);
    ck_assert_int_eq(client_hear(&ear, &m, &how, &rules, 10150 * MSEC, cuts), 1);
    ck_assert_int_eq(cuts[0].cut.reason, CUT_MAX_DURATION);
    ck_assert_int_eq(cuts[0].cut.duration, 10 * SEC);
    ck_assert_int_eq(client_next_cut(&ear, &m, &how, &rules), 20150 * MSEC);
    ck_assert_int_eq(client_hear(&ear, &m, &how, &rules, 20150 * MSEC, cuts), 1);
    ck_assert_int_eq(client_next_cut(&ear, &m, &how, &rules), 25 * SEC);
    ck_assert_int_eq(client_hear(&ear, &m, &how, &rules, 25 * SEC, cuts), 1);
    ck_assert_int_eq(cuts[0].cut.reason, CUT_MANUAL);
    ck_assert_int_eq(client_next_cut(&ear, &m, &how, &rules), USEC_NEVER);
}
END_TEST

START_TEST(the_end_of_a_session_cuts_what_silence_has_not) {
    client_ear ear = {0};
    manner how = {.manual = false};
    client_cut cuts[CLIENT_CUTS_MAX];
    mouth m = said_at(0, SEC);
    ck_assert_int_eq(client_hear(&ear, &m, &how, &rules, SEC, cuts), 0);
    ck_assert_int_eq(client_flush(&ear, &rules, 2 * SEC, cuts), 1);
    ck_assert_int_eq(cuts[0].cut.reason, CUT_CLOSE);
    ck_assert_int_eq(cuts[0].cut.bytes, 32000);
    ck_assert_int_eq(client_flush(&ear, &rules, 3 * SEC, cuts), 0);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        a_speech_comes_out_in_chunks_of_one_period_and_a_rest,
        the_bytes_of_all_chunks_are_those_of_the_speech,
        a_closed_mouth_says_nothing,
        a_client_cuts_what_the_scheduler_would_cut,
        a_long_speech_is_cut_behind_the_hangover_of_its_longest_part,
        the_end_of_a_session_cuts_what_silence_has_not,
    };
    return SUITE_RUN("talk", tests);
}
