/* Workloads in whole runs, with the checker watching: traces, two-way talk, impatient and vanishing clients, nodes that leave. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/domain/speech.h"
#include "tests/support/sim_run.h"
#include "tests/support/suite.h"
#include "tests/support/temp_files.h"

static sim_run *watched(const char *yaml, void (*event)(void *ctx, const trace_event *event), void *ctx) {
    trace_sink also = {event, ctx};
    sim_run *r = sim_run_new(yaml, &(sim_run_options){.also = &also});
    sim_run_expect_clean(r);
    return r;
}

/* --- traces ---------------------------------------------------------------------------------------------------------- */

enum { CALLS = 400 };

typedef struct calls {
    usec_t start, at[CALLS], speech[CALLS];
    size_t sent, wrong;
} calls;

static void watch_calls(void *ctx, const trace_event *e) {
    calls *c = ctx;
    if (e->kind != TRACE_CLIENT_SENT) return;
    if (c->sent < CALLS) {
        c->wrong += e->at - c->start != c->at[c->sent] || e->length != c->speech[c->sent] || e->utterance != 0;
        c->wrong += strcmp(e->pair->src, c->sent % 2 ? "de" : "en") != 0;
    }
    c->sent++;
}

START_TEST(a_trace_sends_each_of_its_calls_once_at_its_time) {
    char folder[TEMP_PATH_MAX], path[TEMP_PATH_MAX], yaml[1024], text[CALLS * 32], *to = text;
    calls c = {.start = 1767225600 * USEC_PER_SEC};
    temp_folder_make(folder);
    to += sprintf(to, "ms,words,src,tgt\n");
    for (int i = 0; i < CALLS; i++) {
        int ms = 5000 + 100 * (i / 3); /* three at a time */
        to += sprintf(to, "%d,%d,%s\n", ms, 1 + i % 7, i % 2 ? "de,en" : "en,de");
        c.at[i] = 3 * USEC_PER_SEC + (usec_t)(ms - 5000) * 1000;
        c.speech[i] = (usec_t)(1 + i % 7) * 400000;
    }
    temp_file_write(folder, "t.csv", text, path);
    snprintf(yaml, sizeof yaml,
             "duration: 30s\nwarmup: 0s\nlanguages: {list: [en, de]}\nnodes: [{count: 40, join: {over: 1s}}]\n"
             "sessions: [{name: call, join: {at: 3s}, arrivals: {trace: {file: %s, time: ms, unit: ms, size: words, "
             "scale: 0.4, "
             "src: src, tgt: tgt}}}]\n",
             path);
    sim_run *r = watched(yaml, watch_calls, &c);
    ck_assert_uint_eq(c.sent, CALLS);
    ck_assert_uint_eq(c.wrong, 0);
    ck_assert_uint_eq(r->world[TRACE_SESSION_OPENED], CALLS);
    ck_assert_uint_eq(r->finished[OUTCOME_OK], CALLS);
    sim_run_free(r);
    temp_folder_remove(folder);
}
END_TEST

/* --- two ways -------------------------------------------------------------------------------------------------------- */

typedef struct turns {
    char src[LANG_MAX + 1]; /* of the last utterance of the one session */
    bool goes_on;           /* cut because it was long */
    uint64_t sent, same;
} turns;

static void watch_turns(void *ctx, const trace_event *e) {
    turns *t = ctx;
    if (e->kind != TRACE_CLIENT_SENT || strcmp(e->session, "s1-0") != 0) return;
    t->same += t->sent > 0 && !strcmp(t->src, e->pair->src) != t->goes_on;
    t->goes_on = strcmp(e->code, "manual") != 0;
    memcpy(t->src, e->pair->src, sizeof t->src);
    t->sent++;
}

START_TEST(two_people_take_turns_in_both_directions) {
    turns t = {.sent = 0};
    sim_run *r = watched("duration: 3min\nwarmup: 0s\nlanguages: {list: [en, de, fr]}\nnodes: [{count: 10}]\n"
                         "sessions: [{concurrent: 5, length: 10min, two_way: yes, pairs: [en:de, fr:en]}]\n",
                         watch_turns, &t);
    ck_assert_uint_gt(t.sent, 5);
    ck_assert_uint_eq(t.same, 0);
    ck_assert_uint_eq(r->scenario->session_groups[0].pairs.pair_count, 4);
    ck_assert_uint_eq(r->finished[OUTCOME_OK], r->world[TRACE_CLIENT_SENT]);
    sim_run_free(r);
}
END_TEST

/* --- cuts ------------------------------------------------------------------------------------------------------------ */

typedef struct cuts {
    uint64_t by[CUT_REASONS], longest;
} cuts;

static void watch_cuts(void *ctx, const trace_event *e) {
    cuts *c = ctx;
    if (e->kind != TRACE_CLIENT_SENT) return;
    for (int r = 0; r < CUT_REASONS; r++) c->by[r] += !strcmp(e->code, cut_reason_name((cut_reason)r));
    if ((uint64_t)e->length > c->longest) c->longest = (uint64_t)e->length;
}

static cuts cuts_of(const char *talk) {
    char yaml[512];
    cuts c = {{0}, 0};
    snprintf(yaml, sizeof yaml,
             "duration: 2min\nwarmup: 0s\nlanguages: {list: [en, de]}\nnodes: [{count: 10}]\n"
             "sessions: [{concurrent: 10, length: 10min, talk: {%s}}]\n",
             talk);
    sim_run_free(watched(yaml, watch_cuts, &c));
    return c;
}

START_TEST(silence_ends_what_the_client_does_not_end_unless_the_sentence_goes_on) {
    cuts c = cuts_of("manual: 0%, utterance: 2s, pause: 5s");
    ck_assert_uint_gt(c.by[CUT_TIMEOUT], 100);
    ck_assert_uint_eq(c.by[CUT_MANUAL] + c.by[CUT_MAX_DURATION], 0);
    ck_assert_uint_eq(c.longest, 2 * USEC_PER_SEC);
    c = cuts_of("manual: 0%, utterance: 2s, pause: 1s");
    ck_assert_uint_gt(c.by[CUT_MAX_DURATION], 50);
    ck_assert_uint_le(c.by[CUT_TIMEOUT], 10); /* the last one of each */
    c = cuts_of("manual: 50%, utterance: 2s, pause: 5s");
    ck_assert_uint_gt(c.by[CUT_TIMEOUT], 50);
    ck_assert_uint_gt(c.by[CUT_MANUAL], 50);
}
END_TEST

START_TEST(long_speeches_are_several_utterances) {
    cuts c = cuts_of("utterance: 2s, pause: 5s, long: {share: 30%, length: 32s}");
    ck_assert_uint_gt(c.by[CUT_MANUAL], 30);
    ck_assert_uint_gt(c.by[CUT_MAX_DURATION], c.by[CUT_MANUAL] / 4);
    ck_assert_uint_eq(c.by[CUT_TIMEOUT] > 10, 0); /* those that are interrupted by the end */
    ck_assert_uint_eq(c.longest, 10 * USEC_PER_SEC);
}
END_TEST

/* --- impatience ------------------------------------------------------------------------------------------------------ */

/* Nodes so slow that most answers take longer than anybody waits. */
#define SLOW                                                                                                           \
    "duration: 2min\nwarmup: 0s\nlanguages: {list: [en, de]}\n"                                                        \
    "nodes: [{count: 30, speed: 0.2}]\nsessions: [{concurrent: 20%s}]\n"

START_TEST(a_request_that_is_sent_again_stays_one_job_with_one_answer) {
    char yaml[512];
    snprintf(yaml, sizeof yaml, SLOW, ", retry: {after: 3s, times: 2}");
    sim_run *r = sim_run_new(yaml, NULL);
    sim_run_expect_clean(r);
    uint64_t asked = r->world[TRACE_CLIENT_SENT], again = r->world[TRACE_CLIENT_RESENT];
    ck_assert_msg(again > asked, "%llu sent again, of %llu", (unsigned long long)again, (unsigned long long)asked);
    ck_assert_uint_le(again, 2 * asked);
    ck_assert_uint_eq(r->core[EV_DUPLICATE], again);
    ck_assert_uint_eq(r->core[EV_CREATED], asked);
    ck_assert_uint_eq(r->world[TRACE_CLIENT_ANSWERED], asked);
    sim_run_free(r);
}
END_TEST

static void hash_speech(void *ctx, const trace_event *e) {
    uint64_t *sum = ctx;
    if (e->kind == TRACE_CLIENT_SENT) *sum = *sum * 31 + (uint64_t)e->at + (uint64_t)e->length;
}

START_TEST(impatience_does_not_move_what_is_said) {
    char yaml[512];
    uint64_t patient = 0, impatient = 0;
    snprintf(yaml, sizeof yaml, SLOW, "");
    sim_run_free(watched(yaml, hash_speech, &patient));
    snprintf(yaml, sizeof yaml, SLOW, ", retry: {after: 3s}");
    sim_run_free(watched(yaml, hash_speech, &impatient));
    ck_assert_uint_eq(patient, impatient);
}
END_TEST

/* --- rooms ----------------------------------------------------------------------------------------------------------- */

enum { PEOPLE = 400, IN_ROOM = 4 };

typedef struct rooms {
    lang_pair pair[PEOPLE];
    usec_t said_until[PEOPLE / IN_ROOM];
    uint64_t sent, heard, strangers, not_wanted, at_once;
} rooms;

static int number_of(const char *session) {
    int n = atoi(strrchr(session, '-') + 1);
    ck_assert_int_lt(n, PEOPLE);
    return n;
}

static void watch_rooms(void *ctx, const trace_event *e) {
    rooms *r = ctx;
    if (e->kind == TRACE_SESSION_OPENED) r->pair[number_of(e->session)] = *e->pair;
    if (e->kind == TRACE_CLIENT_SENT) {
        usec_t *until = &r->said_until[number_of(e->session) / IN_ROOM];
        r->sent++;
        r->at_once += e->at - e->length < *until - USEC_PER_MSEC; /* bytes are rounded */
        *until = e->at;
    } else if (e->kind == TRACE_CLIENT_HEARD) {
        int listener = number_of(e->session), from = number_of(e->from);
        r->heard++;
        r->strangers += listener / IN_ROOM != from / IN_ROOM || listener == from;
        r->not_wanted += strcmp(e->pair->tgt, r->pair[listener].src) != 0;
    }
}

static void meet(const char *in_turns, rooms *ret_rooms) {
    char yaml[512];
    snprintf(yaml, sizeof yaml,
             "duration: 3min\nwarmup: 0s\nlanguages: {list: [en, de, fr]}\nnodes: [{count: 20}]\n"
             "sessions: [{concurrent: 20, length: 1min, room: {members: 4, turns: %s}, talk: {utterance: 4s, pause: "
             "1s}, "
             "vanish: 10%%}]\n",
             in_turns);
    *ret_rooms = (rooms){.sent = 0};
    sim_run *r = watched(yaml, watch_rooms, ret_rooms);
    ck_assert_uint_gt(r->core[EV_ROOM_JOINED], 20);
    ck_assert_uint_eq(r->core[EV_ROOM_JOINED], r->core[EV_ROOM_LEFT]);
    ck_assert_uint_gt(ret_rooms->heard, ret_rooms->sent);
    ck_assert_uint_eq(ret_rooms->strangers, 0);
    ck_assert_uint_eq(ret_rooms->not_wanted, 0);
    sim_run_free(r);
}

START_TEST(in_a_room_each_hears_the_others_in_its_own_language) {
    rooms seen;
    meet("no", &seen);
    ck_assert_uint_gt(seen.at_once, 10);
    meet("yes", &seen);
    ck_assert_uint_eq(seen.at_once, 0);
}
END_TEST

/* --- vanishing ------------------------------------------------------------------------------------------------------- */

typedef struct ends {
    uint64_t vanished, others;
} ends;

static void watch_ends(void *ctx, const trace_event *e) {
    ends *n = ctx;
    if (e->kind != TRACE_SESSION_CLOSED) return;
    *(!strcmp(e->code, "VANISHED") ? &n->vanished : &n->others) += 1;
}

START_TEST(the_results_of_clients_that_vanish_find_nobody) {
    ends n = {0};
    sim_run *r = watched("duration: 5min\nwarmup: 0s\nlanguages: {list: [en, de]}\nnodes: [{count: 40, speed: 0.5}]\n"
                         "sessions: [{rate: 2/s, length: 20s, vanish: 40%, talk: {pause: 1s}}]\n",
                         watch_ends, &n);
    double share = (double)n.vanished / (double)(n.vanished + n.others);
    ck_assert_msg(share > 0.34 && share < 0.46, "%.3f of %llu sessions vanished", share,
                  (unsigned long long)(n.vanished + n.others));
    ck_assert_uint_gt(r->core[EV_SESSION_GONE], 10);
    ck_assert_uint_lt(r->world[TRACE_CLIENT_ANSWERED], r->world[TRACE_CLIENT_SENT]);
    ck_assert_uint_eq(r->core[EV_CREATED], r->world[TRACE_CLIENT_SENT]);
    sim_run_free(r);
}
END_TEST

/* --- leaving --------------------------------------------------------------------------------------------------------- */

typedef struct leavers {
    usec_t start;
    uint64_t down, early, lost;
    usec_t last;
} leavers;

static void watch_leavers(void *ctx, const trace_event *e) {
    leavers *l = ctx;
    if (e->kind == TRACE_NODE_LOST) l->lost++;
    if (e->kind != TRACE_NODE_DOWN || e->at - l->start >= 120 * USEC_PER_SEC) return;
    l->down++;
    l->early += e->at - l->start < 60 * USEC_PER_SEC;
    l->last = e->at - l->start;
}

START_TEST(nodes_that_leave_finish_their_jobs_and_do_not_come_back) {
    leavers l = {.start = 1767225600 * USEC_PER_SEC};
    sim_run *r = watched("duration: 2min\nwarmup: 0s\nlanguages: {list: [en, de]}\n"
                         "nodes: [{name: a, count: 40, slots: 1, leave: {at: 1min, over: 30s, share: 50%}}]\n"
                         "sessions: [{concurrent: 60}]\n",
                         watch_leavers, &l);
    ck_assert_uint_eq(l.down, 20);
    ck_assert_uint_eq(l.early, 0);
    ck_assert_int_gt(l.last, 88 * USEC_PER_SEC);
    ck_assert_uint_eq(l.lost, 0);
    ck_assert_uint_eq(r->world[TRACE_NODE_UP], 40);
    ck_assert_uint_eq(r->finished[OUTCOME_OK], r->world[TRACE_CLIENT_SENT]);
    sim_run_free(r);
}
END_TEST

/* --- determinism ----------------------------------------------------------------------------------------------------- */

START_TEST(one_seed_gives_one_run_with_all_of_it) {
    static const char yaml[] = "duration: 1min\nwarmup: 0s\nlanguages: {list: [en, de, fr]}\n"
                               "nodes: [{count: 20, leave: {at: 30s, share: 20%}}]\n"
                               "sessions:\n"
                               "  - {rate: 1/s, arrivals: bursts, two_way: yes, vanish: 10%}\n"
                               "  - {concurrent: 10, arrivals: {diurnal: {day: 40s}}, retry: {after: 2s}}\n";
    sim_run *a = sim_run_new(yaml, NULL), *b = sim_run_new(yaml, NULL);
    sim_run_expect_clean(a);
    ck_assert_uint_gt(a->world[TRACE_CLIENT_SENT], 100);
    ck_assert_uint_eq(a->hash, b->hash);
    sim_run_free(a);
    sim_run_free(b);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        a_trace_sends_each_of_its_calls_once_at_its_time,
        two_people_take_turns_in_both_directions,
        silence_ends_what_the_client_does_not_end_unless_the_sentence_goes_on,
        long_speeches_are_several_utterances,
        a_request_that_is_sent_again_stays_one_job_with_one_answer,
        impatience_does_not_move_what_is_said,
        in_a_room_each_hears_the_others_in_its_own_language,
        the_results_of_clients_that_vanish_find_nobody,
        nodes_that_leave_finish_their_jobs_and_do_not_come_back,
        one_seed_gives_one_run_with_all_of_it,
    };
    return SUITE_RUN("workload", tests);
}
