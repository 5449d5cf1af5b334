/* Whole runs of small scenarios: the production core, a real Redis in virtual time, and the checker watching. */
#include "sim/world/simulation.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/sim_run.h"
#include "tests/support/suite.h"

#define QUIET                                                                                                          \
    "duration: 60s\n"                                                                                                  \
    "warmup: 0s\n"                                                                                                     \
    "languages: {count: 4}\n"                                                                                          \
    "nodes: [{name: gpu, count: 12, slots: 4}]\n"                                                                      \
    "sessions: [{name: talk, concurrent: 20, talk: {pause: 2s}}]\n"

static uint64_t trace_of(const char *yaml) {
    sim_run *r = sim_run_new(yaml, NULL);
    sim_run_expect_clean(r);
    uint64_t hash = r->hash;
    sim_run_free(r);
    return hash;
}

START_TEST(every_job_of_a_healthy_run_ends_ok_and_is_answered_once) {
    sim_run *r = sim_run_new(QUIET, NULL);
    sim_run_expect_clean(r);
    uint64_t jobs = r->core[EV_SUBMITTED];
    ck_assert_uint_gt(jobs, 100);
    ck_assert_uint_eq(r->core[EV_CREATED], jobs);
    ck_assert_uint_eq(r->finished[OUTCOME_OK], jobs);
    ck_assert_uint_eq(r->core[EV_RELEASED], jobs);
    ck_assert_uint_eq(r->world[TRACE_CLIENT_SENT], jobs);
    ck_assert_uint_eq(r->world[TRACE_CLIENT_ANSWERED], jobs);
    ck_assert_uint_eq(r->world[TRACE_NODE_FINISHED], jobs);
    ck_assert_uint_eq(r->core[EV_RETRY] + r->core[EV_STALE] + r->core[EV_REDIS], 0);
    ck_assert_uint_eq(r->core[EV_NODE_READY], 12);
    ck_assert_uint_eq(r->world[TRACE_SESSION_OPENED], r->world[TRACE_SESSION_CLOSED]);
    sim_run_free(r);
}
END_TEST

START_TEST(one_seed_tells_one_trace_and_another_seed_another) {
    uint64_t first = trace_of("seed: 7\n" QUIET);
    ck_assert_uint_eq(trace_of("seed: 7\n" QUIET), first);
    ck_assert_uint_ne(trace_of("seed: 8\n" QUIET), first);
}
END_TEST

START_TEST(every_phase_serves_the_same_speakers) {
    static const char *const phases[] = {"'3'", "production"};
    for (size_t i = 0; i < sizeof phases / sizeof *phases; i++) {
        char yaml[1024];
        snprintf(yaml, sizeof yaml, QUIET "scheduler: {phase: %s}\n", phases[i]);
        sim_run *r = sim_run_new(yaml, NULL);
        sim_run_expect_clean(r);
        ck_assert_uint_eq(r->finished[OUTCOME_OK], r->world[TRACE_CLIENT_SENT]);
        sim_run_free(r);
    }
}
END_TEST

/* Of jobs alone: nodes, pools and heartbeats cost calls too. */
static uint64_t script_calls_of_jobs(const simulation_facts *facts) {
    static const script_id of_jobs[] = {SCRIPT_SELECT_NODE,       SCRIPT_RESERVE_NODE,       SCRIPT_RELEASE_RESERVATION,
                                        SCRIPT_CREATE_JOB,        SCRIPT_MARK_DISPATCHED,    SCRIPT_ACCEPT_JOB,
                                        SCRIPT_START_JOB,         SCRIPT_COMPLETE_TASK,      SCRIPT_RELEASE_JOB,
                                        SCRIPT_FAILOVER_REASSIGN, SCRIPT_CONFIRM_RESERVATION};
    uint64_t sum = 0;
    for (size_t i = 0; i < sizeof of_jobs / sizeof *of_jobs; i++) sum += facts->redis.by_script[of_jobs[i]];
    return sum;
}

START_TEST(a_job_costs_seven_script_calls_and_each_report_of_its_node_one_more) {
    static const struct {
        const char *reports;
        uint64_t calls;
    } kinds[] = {{"acks: no, starts: no", 7}, {"acks: yes, starts: no", 8}, {"acks: yes, starts: yes", 9}};
    enum { UNDER_WAY = 10 }; /* jobs at most, when the calls are counted */
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        char yaml[1024];
        snprintf(yaml, sizeof yaml,
                 "duration: 60s\nwarmup: 0s\nlanguages: {count: 3}\n"
                 "nodes: [{name: gpu, count: 20, slots: 8, %s}]\n"
                 "sessions: [{name: talk, concurrent: 20, talk: {pause: 2s}}]\n",
                 kinds[i].reports);
        sim_run *r = sim_run_new(yaml, NULL);
        sim_run_expect_clean(r);
        uint64_t jobs = r->facts.redis.by_script[SCRIPT_CREATE_JOB];
        uint64_t calls = script_calls_of_jobs(&r->facts);
        ck_assert_uint_gt(jobs, 100);
        ck_assert_msg(calls <= kinds[i].calls * jobs && calls > kinds[i].calls * (jobs - UNDER_WAY),
                      "%s: %llu script calls for %llu jobs, expected %llu each", kinds[i].reports,
                      (unsigned long long)calls, (unsigned long long)jobs, (unsigned long long)kinds[i].calls);
        sim_run_free(r);
    }
}
END_TEST

/* 8 slots for the work of about 20. */
START_TEST(a_full_system_lets_jobs_wait_then_says_no_and_loses_none) {
    sim_run *r = sim_run_new("duration: 90s\n"
                             "warmup: 0s\n"
                             "languages: {count: 2}\n"
                             "nodes: [{name: gpu, count: 4, slots: 2}]\n"
                             "sessions: [{name: talk, concurrent: 80, talk: {pause: 2s}}]\n",
                             NULL);
    sim_run_expect_clean(r);
    ck_assert_uint_gt(r->core[EV_WAITING], 100);
    ck_assert_uint_gt(r->finished[OUTCOME_OK], 100);
    ck_assert_uint_gt(r->finished[OUTCOME_TIMED_OUT], 100);
    ck_assert_uint_eq(r->finished[OUTCOME_OK] + r->finished[OUTCOME_TIMED_OUT], r->core[EV_CREATED]);
    ck_assert_uint_eq(r->core[EV_CREATED], r->world[TRACE_CLIENT_SENT]);
    sim_run_free(r);
}
END_TEST

/* ---- a job that nobody can take ------------------------------------------------------------------------------------- */

typedef struct give_up {
    usec_t sent;
    usec_t shortest, longest; /* from the creation of a job to its end for want of a node */
    uint64_t count;
} give_up;

/* One speaker: jobs come one after the other. */
static void watch_give_up(void *ctx, const trace_event *e) {
    give_up *g = ctx;
    if (e->kind != TRACE_CORE) return;
    if (e->core->kind == EV_CREATED) g->sent = e->at;
    if (e->core->kind != EV_FINISHED || strcmp(e->core->code, "NO_AVAILABLE_NODE") != 0) return;
    usec_t took = e->at - g->sent;
    if (g->count++ == 0 || took < g->shortest) g->shortest = took;
    if (took > g->longest) g->longest = took;
}

START_TEST(a_job_waits_ten_seconds_for_a_node_and_no_longer) {
    give_up seen = {0};
    trace_sink also = {watch_give_up, &seen};
    sim_run *r = sim_run_new("duration: 120s\n"
                             "warmup: 0s\n"
                             "languages: {count: 2}\n"
                             "nodes: [{name: gpu, count: 1, join: {at: 119s, over: 0s}}]\n"
                             "sessions: [{name: talk, concurrent: 1, arrivals: constant, length: 10min, talk: "
                             "{utterance: 5s, pause: 15s}}]\n",
                             &(sim_run_options){.also = &also});
    sim_run_expect_clean(r);
    ck_assert_uint_ge(seen.count, 3);
    ck_assert_uint_eq(seen.count, r->finished[OUTCOME_TIMED_OUT]);
    ck_assert_int_ge(seen.shortest, 10 * USEC_PER_SEC);
    ck_assert_int_le(seen.longest, 10 * USEC_PER_SEC + 10 * USEC_PER_MSEC);
    sim_run_free(r);
}
END_TEST

/* ---- ends before the end -------------------------------------------------------------------------------------------- */

static bool after_ten_questions(void *ctx) {
    int *asked = ctx;
    return ++*asked >= 10;
}

START_TEST(a_run_that_is_stopped_ends_there_and_says_so) {
    int asked = 0;
    sim_run *r = sim_run_new(QUIET, &(sim_run_options){.stop = after_ten_questions, .ctx = &asked});
    ck_assert(r->facts.stopped && !r->facts.interrupted);
    ck_assert_int_eq(r->facts.stage, SIMULATION_RUNS);
    ck_assert_int_ge(r->facts.simulated, USEC_PER_SEC);
    ck_assert_int_lt(r->facts.simulated, 2 * USEC_PER_SEC);
    sim_run_free(r);
}
END_TEST

static sched_status run_with(simulation_options options, simulation_facts *facts, sched_error *err) {
    scenario *sc;
    ck_assert_int_eq(scenario_parse("test", QUIET, strlen(QUIET), &sc, err), SCHED_OK);
    sched_status status = simulation_run(sc, &options, facts, err);
    scenario_free(sc);
    return status;
}

START_TEST(an_interrupt_ends_a_run_with_what_was_measured_so_far) {
    sched_error err;
    simulation_facts facts;
    volatile sig_atomic_t interrupt = 1;
    simulation_options options = simulation_defaults;
    options.interrupt = &interrupt;
    ck_assert_int_eq(run_with(options, &facts, &err), SCHED_OK);
    ck_assert(facts.interrupted && !facts.drained);
    ck_assert_uint_gt(facts.redis.commands, 0);
}
END_TEST

START_TEST(without_a_server_or_its_scripts_there_is_no_run) {
    sched_error err;
    simulation_facts facts;
    simulation_options options = simulation_defaults;
    options.redis_binary = "/nonexistent/redis-server";
    ck_assert_int_ne(run_with(options, &facts, &err), SCHED_OK);
    options = simulation_defaults;
    options.scripts = "/nonexistent/scripts";
    ck_assert_int_eq(run_with(options, &facts, &err), SCHED_ENOENT);
    ck_assert_ptr_nonnull(strstr(err.message, "/nonexistent/scripts"));
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        every_job_of_a_healthy_run_ends_ok_and_is_answered_once,
        one_seed_tells_one_trace_and_another_seed_another,
        every_phase_serves_the_same_speakers,
        a_job_costs_seven_script_calls_and_each_report_of_its_node_one_more,
        a_full_system_lets_jobs_wait_then_says_no_and_loses_none,
        a_job_waits_ten_seconds_for_a_node_and_no_longer,
        a_run_that_is_stopped_ends_there_and_says_so,
        an_interrupt_ends_a_run_with_what_was_measured_so_far,
        without_a_server_or_its_scripts_there_is_no_run,
    };
    return SUITE_RUN("simulation", tests);
}
