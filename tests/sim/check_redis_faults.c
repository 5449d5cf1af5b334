/* What goes wrong with Redis, as scenarios say it: what the instance sees, and that one seed stays one run. In real time:
 * check_redis_faults_wall.c. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/redis/private_server.h"
#include "sim/redis_host/redis_host.h"
#include "tests/support/sim_run.h"
#include "tests/support/suite.h"

/* About seven requests a second. */
#define WORLD                                                                                                          \
    "duration: 80s\nwarmup: 0s\nlanguages: {list: [en, de, fr]}\n"                                                     \
    "nodes: [{name: gpu, count: 10, slots: 4}]\n"                                                                      \
    "sessions: [{concurrent: 40, talk: {pause: 1s}}]\n"                                                                \
    "scheduler: {session_ttl: 5min, room_idle: 5min}\n"

enum { BEFORE, DURING, AFTER, SPANS };

/* Of what a run told, by the time of the first fault and the end of the last. */
typedef struct seen {
    int span;
    usec_t begins, ends, last_refused, last_unknown, first_created_after;
    uint64_t refused[SPANS], unknown[SPANS], created[SPANS], finished[SPANS], denied[SPANS], ready[SPANS];
    uint64_t job_lost;
    double placing[SPANS]; /* sum of the times from the request's arrival to its creation */
} seen;

static void take_core(seen *s, const sched_event *e) {
    int span = s->span;
    if (e->kind == EV_REDIS && !strcmp(e->code, "refused")) {
        s->refused[span]++;
        s->last_refused = e->at;
    }
    if (e->kind == EV_REDIS && !strcmp(e->code, "unknown")) {
        s->unknown[span]++;
        s->last_unknown = e->at;
    }
    if (e->kind == EV_SUBMITTED) s->placing[span] += (double)(e->at - e->until);
    if (e->kind == EV_CREATED) {
        s->created[span]++;
        if (span == AFTER && !s->first_created_after) s->first_created_after = e->at;
    }
    s->ready[span] += e->kind == EV_NODE_READY;
    s->denied[span] += e->kind == EV_REFUSED;
    s->finished[span] += e->kind == EV_FINISHED && e->outcome == OUTCOME_OK;
    s->job_lost += e->kind == EV_FINISHED && !strcmp(e->code, "JOB_LOST");
}

static void watch(void *ctx, const trace_event *e) {
    seen *s = ctx;
    if (e->kind == TRACE_FAULT_BEGIN) {
        s->span = DURING;
        s->begins = e->at;
    }
    if (e->kind == TRACE_FAULT_END) {
        s->span = AFTER;
        s->ends = e->at;
    }
    if (e->kind == TRACE_CORE) take_core(s, e->core);
}

static sim_run *run(const char *yaml, seen *s) {
    trace_sink also = {watch, s};
    *s = (seen){0};
    sim_run *r = sim_run_new(yaml, &(sim_run_options){.also = &also});
    ck_assert_uint_eq(s->refused[BEFORE] + s->unknown[BEFORE] + s->denied[BEFORE], 0);
    return r;
}

/* ---- the server is busy --------------------------------------------------------------------------------------------- */

START_TEST(calls_wait_while_the_server_is_busy_and_nothing_is_lost) {
    seen s;
    sim_run *r = run(WORLD "faults: [{at: 40s, redis: pause, for: 800ms}]\n", &s);
    sim_run_expect_clean(r);
    ck_assert_uint_eq(r->core[EV_REDIS], 0);
    ck_assert_uint_eq(r->core[EV_REFUSED], 0);
    ck_assert_int_eq(s.ends - s.begins, 800 * USEC_PER_MSEC);
    ck_assert_uint_eq(s.created[DURING], 0);
    ck_assert_uint_eq(s.finished[DURING], 0);
    ck_assert_int_lt(s.first_created_after - s.ends, 10 * USEC_PER_MSEC);
    ck_assert_uint_eq(r->finished[OUTCOME_OK], r->core[EV_CREATED]);
    sim_run_free(r);
}
END_TEST

START_TEST(calls_that_waited_for_too_long_are_unknown_and_every_promise_is_kept) {
    for (int seed = 1; seed <= 4; seed++) {
        char yaml[1024];
        seen s;
        snprintf(yaml, sizeof yaml, "seed: %d\n%sfaults: [{at: 40s, redis: pause, for: %ds}]\n", seed, WORLD, 5 * seed);
        sim_run *r = run(yaml, &s);
        sim_run_expect_clean(r);
        ck_assert_uint_gt(s.unknown[DURING], 0);
        ck_assert_uint_eq(s.refused[DURING], 0);
        ck_assert_int_le(s.last_unknown - s.ends, r->scenario->scheduler.redis_patience);
        ck_assert_uint_gt(s.created[AFTER], 50);
        sim_run_free(r);
    }
}
END_TEST

START_TEST(a_slow_server_takes_longer_for_each_call_and_then_no_more) {
    seen s;
    sim_run *r = run(WORLD "redis: {delay: 100us}\n"
                           "faults: [{at: 20s, redis: slow, factor: 50, for: 30s}]\n",
                     &s);
    sim_run_expect_clean(r);
    ck_assert_uint_eq(r->core[EV_REDIS], 0);
    double before = s.placing[BEFORE] / (double)s.created[BEFORE];
    double during = s.placing[DURING] / (double)s.created[DURING];
    double after = s.placing[AFTER] / (double)s.created[AFTER];
    ck_assert_msg(during > before + 300 && fabs(after - before) < 20, "%g, %g, %g us to create a job", before, during,
                  after);
    ck_assert_uint_eq(r->finished[OUTCOME_OK], r->core[EV_CREATED]);
    sim_run_free(r);
}
END_TEST

/* ---- scripts -------------------------------------------------------------------------------------------------------- */

static uint64_t commands_of(const char *yaml) {
    seen s;
    sim_run *r = run(yaml, &s);
    sim_run_expect_clean(r);
    ck_assert_uint_eq(r->core[EV_REDIS], 0);
    ck_assert_uint_eq(r->finished[OUTCOME_OK], r->core[EV_CREATED]);
    uint64_t commands = r->facts.redis.commands;
    sim_run_free(r);
    return commands;
}

/* The flush itself, and for every script that is used afterwards a load and a call that is repeated. */
START_TEST(scripts_that_the_server_forgot_are_loaded_again_and_nobody_notices) {
    uint64_t untouched = commands_of(WORLD);
    uint64_t flushed = commands_of(WORLD "faults: [{at: 40s, redis: flush_scripts}]\n");
    uint64_t twice = commands_of(WORLD "faults: [{at: 30s, redis: flush_scripts}, {at: 40s, redis: flush_scripts}]\n");
    ck_assert_uint_gt(flushed, untouched + 1 + 2 * 5);
    ck_assert_uint_lt(flushed, untouched + 1 + 4 * SCRIPT_COUNT);
    ck_assert_uint_gt(twice, flushed + 1 + 2 * 5);
}
END_TEST

/* ---- the way to it -------------------------------------------------------------------------------------------------- */

START_TEST(while_the_way_is_cut_calls_are_refused_and_jobs_that_run_are_kept) {
    seen s;
    sim_run *r = run(WORLD "faults: [{at: 40s, redis: disconnect, for: 5s}]\n", &s);
    sim_run_expect_clean(r);
    ck_assert_uint_gt(s.refused[DURING], 0);
    ck_assert_uint_gt(s.denied[DURING], 0);
    ck_assert_uint_eq(s.created[DURING], 0);
    /* the daemon's link pauses for at most five seconds between two attempts to connect */
    ck_assert_int_le(s.last_refused - s.ends, 5 * USEC_PER_SEC + 10 * USEC_PER_MSEC);
    ck_assert_uint_eq(r->core[EV_REFUSED], s.denied[DURING] + s.denied[AFTER]);
    ck_assert_uint_gt(s.created[AFTER], 50);
    ck_assert_uint_eq(r->world[TRACE_NODE_DOWN], 10); /* at the very end */
    sim_run_free(r);
}
END_TEST

START_TEST(overlapping_cuts_end_with_the_last_of_them) {
    seen s;
    sim_run *r = run(WORLD "faults:\n"
                           "  - {at: 40s, redis: disconnect, for: 4s}\n"
                           "  - {at: 41s, redis: disconnect, for: 5s}\n"
                           "  - {at: 42s, redis: restart, for: 1s}\n",
                     &s);
    sim_run_expect_clean(r);
    ck_assert_int_eq(s.ends - r->scenario->start, 46 * USEC_PER_SEC);
    ck_assert_int_ge(s.first_created_after, s.ends);
    ck_assert_uint_gt(s.created[AFTER], 50);
    sim_run_free(r);
}
END_TEST

/* ---- restarts ------------------------------------------------------------------------------------------------------- */

START_TEST(a_server_that_comes_back_with_its_data_goes_on_where_it_was) {
    seen s;
    sim_run *r = run(WORLD "faults: [{at: 40s, redis: restart, for: 5s}]\n", &s);
    sim_run_expect_clean(r);
    ck_assert_uint_gt(s.refused[DURING], 0);
    ck_assert_uint_eq(s.created[DURING], 0);
    ck_assert_uint_eq(s.job_lost, 0);
    ck_assert_uint_eq(s.ready[AFTER], 0); /* nodes and pools are as they were */
    ck_assert_uint_gt(s.created[AFTER], 50);
    ck_assert_int_gt(r->facts.redis_cpu_usec, 0);
    sim_run_free(r);
}
END_TEST

START_TEST(a_server_that_comes_back_empty_is_filled_again_by_its_nodes) {
    seen s;
    sim_run *r = run(WORLD "faults: [{at: 40s, redis: restart, data: lost, for: 2s}]\n", &s);
    sim_run_expect_clean(r);
    ck_assert_uint_eq(s.created[DURING], 0);
    ck_assert_uint_eq(s.ready[AFTER], 10);
    ck_assert_uint_gt(s.created[AFTER], 50);
    sim_run_free(r);
}
END_TEST

START_TEST(a_server_that_two_restarts_hold_down_comes_back_once_and_empty_when_one_of_them_says_so) {
    seen s;
    sim_run *r = run(WORLD "faults:\n"
                           "  - {at: 40s, redis: restart, for: 3s}\n"
                           "  - {at: 41s, redis: restart, data: lost, for: 1s}\n",
                     &s);
    sim_run_expect_clean(r);
    ck_assert_uint_eq(s.created[DURING], 0);
    ck_assert_int_ge(s.first_created_after - r->scenario->start, 43 * USEC_PER_SEC);
    ck_assert_uint_ge(r->core[EV_NODE_READY], 20); /* all of them register again */
    sim_run_free(r);
}
END_TEST

START_TEST(a_restart_ends_a_pause) {
    seen s;
    sim_run *r = run(WORLD "faults: [{at: 40s, redis: pause, for: 30s}, {at: 42s, redis: restart, for: 2s}]\n", &s);
    sim_run_expect_clean(r);
    ck_assert_int_lt(s.first_created_after - r->scenario->start, 50 * USEC_PER_SEC);
    ck_assert_uint_gt(s.created[DURING] + s.created[AFTER], 70); /* of about six a second */
    sim_run_free(r);
}
END_TEST

START_TEST(the_time_that_a_server_worked_counts_over_its_death) {
    sched_error err;
    scripts *registry;
    redis_host *host;
    redis_usage before, down, after;
    engine *e = engine_new(INT64_C(1700000000) * USEC_PER_SEC);
    keyspace ks;
    ck_assert_msg(!keyspace_init(&ks, "t:", &err), "%s", err.message);
    ck_assert_msg(!scripts_new(NULL, &registry, &err), "%s", err.message);
    redis_host_options options =
        {.engine = e, .scripts = registry, .window = 1, .instances = 1, .seed = 1, .keys = &ks};
    ck_assert_msg(!redis_host_open_virtual(&options, &host, &err), "%s", err.message);
    redis_call call;
    redis_reply *reply = NULL;
    call_command(&call, "EVAL");
    call_str(&call, "#!lua\nlocal n = 0 for i = 1, 20000000 do n = n + i end return 1");
    call_int(&call, 0);
    ck_assert_msg(!redis_host_ask(host, &call, &reply, &err), "%s", err.message);
    sync_reply_free(reply);
    ck_assert_msg(!redis_host_measure(host, &before, &err), "%s", err.message);
    redis_host_kill(host, true);
    ck_assert_msg(!redis_host_measure(host, &down, &err), "%s", err.message);
    redis_host_revive(host, true);
    ck_assert_msg(!redis_host_measure(host, &after, &err), "%s", err.message);
    ck_assert_int_gt(before.cpu_usec, 50 * USEC_PER_MSEC);
    ck_assert_int_ge(down.cpu_usec, before.cpu_usec);
    ck_assert_int_eq(down.used_memory, 0);
    ck_assert_int_ge(after.cpu_usec, down.cpu_usec);
    redis_host_close(host);
    scripts_free(registry);
    engine_free(e);
}
END_TEST

/* ---- one seed, one run ---------------------------------------------------------------------------------------------- */

static const char *const repeated[] = {
    "faults: [{at: 20s, redis: pause, for: 3s}]\n",
    "faults: [{at: 20s, redis: slow, factor: 30, for: 20s}]\n",
    "faults: [{at: 20s, redis: flush_scripts}]\n",
    "faults: [{at: 20s, redis: disconnect, for: 3s}]\n",
    "faults: [{at: 20s, redis: restart, for: 3s}]\n",
    "faults: [{at: 20s, redis: restart, data: lost, for: 3s}]\n",
    "faults:\n"
    "  - {at: 15s, redis: flush_scripts}\n"
    "  - {at: 20s, redis: pause, for: 3s}\n"
    "  - {at: 21s, redis: flush_scripts}\n"
    "  - {at: 22s, redis: restart, for: 3s}\n"
    "  - {at: 23s, redis: disconnect, for: 4s}\n"
    "  - {at: 24s, redis: slow, for: 10s}\n"
    "  - {at: 40s, redis: restart, for: 2s}\n"
    "  - {at: 41s, redis: restart, data: lost, for: 2s}\n"
    "  - {at: 41s, kind: crash, nodes: {share: 30%}, for: 3s}\n",
};

START_TEST(the_same_seed_gives_the_same_run) {
    char yaml[2048];
    snprintf(yaml, sizeof yaml, "%s%s", WORLD, repeated[_i]);
    sim_run *r = sim_run_new(yaml, NULL), *again = sim_run_new(yaml, NULL);
    ck_assert_str_eq(sim_run_broken(r), "");
    ck_assert_uint_gt(r->core[EV_CREATED], 100);
    ck_assert_uint_eq(r->hash, again->hash);
    ck_assert_uint_eq(r->facts.redis.commands, again->facts.redis.commands);
    ck_assert_uint_eq(r->facts.redis.bytes_received, again->facts.redis.bytes_received);
    ck_assert_uint_eq(r->facts.events, again->facts.events);
    sim_run_free(r);
    sim_run_free(again);
}
END_TEST

int main(void) {
    TCase *all = tcase_create("redis faults");
    tcase_set_timeout(all, 60);
    tcase_add_test(all, calls_wait_while_the_server_is_busy_and_nothing_is_lost);
    tcase_add_test(all, calls_that_waited_for_too_long_are_unknown_and_every_promise_is_kept);
    tcase_add_test(all, a_slow_server_takes_longer_for_each_call_and_then_no_more);
    tcase_add_test(all, scripts_that_the_server_forgot_are_loaded_again_and_nobody_notices);
    tcase_add_test(all, while_the_way_is_cut_calls_are_refused_and_jobs_that_run_are_kept);
    tcase_add_test(all, overlapping_cuts_end_with_the_last_of_them);
    tcase_add_test(all, a_server_that_comes_back_with_its_data_goes_on_where_it_was);
    tcase_add_test(all, a_server_that_comes_back_empty_is_filled_again_by_its_nodes);
    tcase_add_test(all, a_server_that_two_restarts_hold_down_comes_back_once_and_empty_when_one_of_them_says_so);
    tcase_add_test(all, a_restart_ends_a_pause);
    tcase_add_test(all, the_time_that_a_server_worked_counts_over_its_death);
    tcase_add_loop_test(all, the_same_seed_gives_the_same_run, 0, sizeof repeated / sizeof *repeated);
    return suite_run_case("redis faults", all);
}
