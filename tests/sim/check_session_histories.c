/* check_session_histories.c - random lives of sessions through the real scheduler: chunks, requests, closes and lost connections, answered
 * by nodes that are slow, fail, say nothing, or say it late. Whatever happens, no sound is lost without being counted, and what a
 * client is told comes in order and once. */
#include "tests/support/hand_world.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/rng.h"
#include "tests/support/suite.h"

enum { HISTORIES = 40, STEPS = 150, SPEAKERS = 4, CONNS_MAX = 64, CHUNK_MAX = 60000 };

static rng dice;
static conn_token conns[CONNS_MAX]; /* of this history; the last SPEAKERS are open or were closed last */
static int conn_count, opened_before;
static conn_token speaking[SPEAKERS];
static bool is_closing[SPEAKERS];
static int64_t accepted; /* bytes of chunks */
static int first_open;   /* of assigned[]: those before it were dealt with */
static bool dealt_with[LOG_MAX];

static bool chance(double p) {
    return rng_chance(&dice, p);
}

static void open_speaker(int i) {
    char id[24];
    session_offer offer_both = {.session_id = id,
                                .pair = {"en", "de"},
                                .two_way = true,
                                .sample_rate = SAMPLE_RATE_DEFAULT};
    conn_token conn = 10000 + (conn_token)opened_before + (conn_token)conn_count;
    snprintf(id, sizeof id, "h-%d", opened_before + conn_count);
    ck_assert_msg(!scheduler_session_open(s, conn, &offer_both, &err), "%s", err.message);
    speaking[i] = conns[conn_count++] = conn;
    is_closing[i] = false;
}

static void replace_speaker(int i) {
    if (conn_count == CONNS_MAX) return;
    if (!is_closing[i]) scheduler_session_gone(s, speaking[i]);
    open_speaker(i);
}

static void say_chunk(int i) {
    int refused = error_count;
    session_chunk chunk = {.bytes = chance(0.1) ? 0 : (int64_t)rng_below(&dice, CHUNK_MAX),
                           .is_final = chance(0.2),
                           .src = chance(0.1)   ? "de"
                                  : chance(0.3) ? "en"
                                                : ""};
    scheduler_session_chunk(s, speaking[i], &chunk);
    if (error_count == refused) accepted += chunk.bytes;
}

/* Also numbers that are far ahead, were told, or are under way. */
static void say_request(int i) {
    char id[32];
    snprintf(id, sizeof id, "h-%d", (int)(speaking[i] - 10000));
    job_request request = {.session_id = id,
                           .utterance = rng_below(&dice, 30),
                           .pair = {"en", "de"},
                           .cut = (cut_reason)rng_below(&dice, CUT_REASONS),
                           .sound = audio_new(second, 1000, NULL)};
    scheduler_submit(s, speaking[i], &request);
    audio_unref(request.sound);
}

/* A node says something about one of the latest jobs; some never hear anything. */
static void node_says(void) {
    if (first_open == assigned_count) return;
    int from = assigned_count - first_open > 12 ? assigned_count - 12 : first_open;
    int i = from + (int)rng_below(&dice, (uint64_t)(assigned_count - from));
    if (dealt_with[i] && chance(0.8)) return;
    dealt_with[i] = true;
    double what = rng_unit(&dice);
    if (what < 0.7)
        answer(&assigned[i], OUTCOME_OK, "");
    else if (what < 0.8)
        answer(&assigned[i], OUTCOME_NO_TEXT, "");
    else if (what < 0.95)
        answer(&assigned[i], OUTCOME_FAILED, "PROCESSING_ERROR");
}

static void step(void) {
    int i = (int)rng_below(&dice, SPEAKERS);
    double what = rng_unit(&dice);
    if (what < 0.45)
        say_chunk(i);
    else if (what < 0.55)
        say_request(i);
    else if (what < 0.9)
        node_says();
    else if (what < 0.92 && !is_closing[i]) {
        scheduler_session_close(s, speaking[i]);
        is_closing[i] = true;
    } else if (what < 0.94)
        replace_speaker(i);
    usec_t longest = chance(0.05) ? 8 * second : second / 2;
    pass((usec_t)rng_below(&dice, (uint64_t)longest));
}

static void begin_history(uint64_t seed) {
    rng_init(&dice, seed, "session history", 0);
    opened_before += conn_count;
    conn_count = 0;
    accepted = 0;
    first_open = assigned_count = answered_count = missing_count = known_count = event_count = cancelled_count = 0;
    memset(dealt_with, 0, sizeof dealt_with);
    for (int i = 0; i < SPEAKERS; i++) open_speaker(i);
}

/* Everybody closes, and every deadline passes. */
static void end_history(void) {
    for (int i = 0; i < SPEAKERS; i++)
        if (!is_closing[i]) scheduler_session_close(s, speaking[i]);
    for (int i = 0; i < 90; i++) pass(second);
}

/* ---- what must hold ------------------------------------------------------------------------------------------------- */

static int64_t sum_of(sched_event_kind kind) {
    int64_t sum = 0;
    for (int i = 0; i < event_count; i++)
        if (kinds[i] == kind) sum += events[i].value;
    return sum;
}

static void expect_every_byte_counted(uint64_t seed) {
    ck_assert_msg(accepted == sum_of(EV_CUT) + sum_of(EV_AUDIO_DROPPED),
                  "seed %" PRIu64 ": %" PRId64 " bytes accepted, %" PRId64 " cut, %" PRId64 " dropped", seed, accepted,
                  sum_of(EV_CUT), sum_of(EV_AUDIO_DROPPED));
    ck_assert_int_eq(scheduler_count(s).audio_bytes, 0);
}

static void expect_every_job_ended_once(uint64_t seed) {
    int made = count_of(EV_CREATED), told = count_of(EV_RESULT_SENT);
    ck_assert_msg(count_of(EV_SUBMITTED) == made + count_of(EV_REFUSED), "seed %" PRIu64, seed);
    ck_assert_msg(count_of(EV_FINISHED) == made, "seed %" PRIu64 ": %d made, %d finished", seed, made,
                  count_of(EV_FINISHED));
    ck_assert_msg(told + count_of(EV_SESSION_GONE) + count_of(EV_LATE_DROPPED) == made,
                  "seed %" PRIu64 ": %d made, %d told, %d for nobody, %d late", seed, made, told,
                  count_of(EV_SESSION_GONE), count_of(EV_LATE_DROPPED));
    ck_assert_int_eq(count_of(EV_RESULT_MISSING), missing_count);
}

static bool is_result(const said *a) {
    return a->outcome == OUTCOME_OK || a->outcome == OUTCOME_NO_TEXT;
}

/* Results ascend; no job has two answers. */
static void expect_order(uint64_t seed, conn_token conn, const char *tgt) {
    const said *last = NULL;
    for (int i = 0; i < answered_count; i++) {
        const said *a = &answered[i];
        if (a->conn != conn || strcmp(a->tgt, tgt) != 0 || !is_result(a)) continue;
        ck_assert_msg(!last || last->utterance < a->utterance,
                      "seed %" PRIu64 ": connection %" PRIu64 " was told %" PRIu64 " to %s behind %" PRIu64, seed, conn,
                      a->utterance, tgt, last->utterance);
        last = a;
    }
}

static void expect_one_answer_each(uint64_t seed) {
    for (int i = 0; i < answered_count; i++)
        for (int k = 0; k < i; k++)
            ck_assert_msg(!answered[i].job[0] || strcmp(answered[i].job, answered[k].job) != 0,
                          "seed %" PRIu64 ": job %s was answered twice", seed, answered[i].job);
}

START_TEST(no_sound_is_lost_and_results_come_in_order_and_once_whatever_happens) {
    open_world("production");
    config.node_ttl = 24 * 3600 * second;
    config.attempt_base = 8 * second;
    config.gap_limit = 6 * second;
    config.close_limit = 5 * second;
    config.trial_pause = 0;
    config.session_audio_max = 500000;
    open_scheduler();
    for (conn_token conn = 1; conn <= NODES; conn++) {
        char node[8];
        snprintf(node, sizeof node, "n%" PRIu64, conn);
        join(conn, node, 6);
    }
    int gaps = 0, late = 0, refused = 0;
    for (uint64_t seed = 1; seed <= HISTORIES; seed++) {
        begin_history(seed);
        for (int i = 0; i < STEPS; i++) step();
        end_history();
        expect_every_byte_counted(seed);
        expect_every_job_ended_once(seed);
        expect_one_answer_each(seed);
        for (int i = 0; i < conn_count; i++) {
            expect_order(seed, conns[i], "de");
            expect_order(seed, conns[i], "en");
        }
        ck_assert_int_eq(scheduler_count(s).sessions, 1);
        assert_nothing_in_flight();
        gaps += missing_count;
        late += count_of(EV_LATE_DROPPED);
        refused += count_of(EV_AUDIO_REFUSED);
    }
    ck_assert_msg(gaps > 0 && late > 0 && refused > 0, "%d gaps, %d late results, %d refused chunks: too tame", gaps,
                  late, refused);
    close_world();
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        no_sound_is_lost_and_results_come_in_order_and_once_whatever_happens,
    };
    return SUITE_RUN("session_histories", tests);
}
