/* check_theory.c - the scheduler in the simulator against queueing theory: a hundred nodes of one slot, 90 % of their time asked for,
 * Poisson arrivals, exponential service, nothing else takes time.
 *
 * The wait until a slot takes a job, its 99th percentile in service times:
 *     at random              45    ln(0.9 / 0.01) / (1 - 0.9): a hundred separate M/M/1
 *     the better of two       7.4  the load of a node exceeds i with probability 0.9^(2^i - 1) (Mitzenmacher 2001, n without bound)
 *     the shortest of all     1.9  no closed form: the oracle over many jobs
 *     one queue for all       0.3  Erlang C
 * The oracles are checked against theory over a million jobs and more; the scheduler over as many as a test may take, and against the
 * oracle on the same arrivals and work, which leaves no room for chance. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/rng.h"
#include "sim/measure/oracle_log.h"
#include "tests/support/sim_run.h"
#include "tests/support/suite.h"

enum { FLEET = 100 };

#define LOAD      0.9
#define TOLERANCE 0.15

static const double random_p99 = 45.0, two_p99 = 7.4, shortest_p99 = 1.9, central_p99 = 0.3;

static void expect_near(const char *what, double got, double expected, double tolerance) {
    ck_assert_msg(fabs(got / expected - 1) <= tolerance, "%s: the p99 of waits is %.3f service times, expected %.3f",
                  what, got, expected);
}

/* ---- the oracles ---------------------------------------------------------------------------------------------------- */

static double oracle_p99(oracle_kind kind, size_t count) {
    lang_service all;
    ck_assert(!lang_list_parse("de en", &all.sources, NULL) && !lang_list_parse("de en", &all.targets, NULL));
    oracle_fleet *f = oracle_fleet_new(FLEET);
    for (size_t i = 0; i < FLEET; i++) oracle_fleet_set(f, i, 1, 1, &all);
    uint16_t de = oracle_fleet_language(f, "de"), en = oracle_fleet_language(f, "en");
    oracle_job *jobs = mem_zalloc(count, sizeof *jobs);
    double at = 0;
    rng r;
    rng_init(&r, 1, "theory", (uint64_t)kind);
    for (size_t i = 0; i < count; i++) {
        at += rng_exponential(&r, 1e6 / (FLEET * LOAD));
        jobs[i] = (oracle_job){(usec_t)at, (usec_t)rng_exponential(&r, 1e6), de, en, i >= count / 20};
    }
    histogram *waits = histogram_new(3600 * USEC_PER_SEC);
    oracle_run(f, kind, jobs, count, 1, waits);
    double p99 = (double)histogram_percentile(waits, 99) / 1e6;
    histogram_free(waits);
    free(jobs);
    oracle_fleet_free(f);
    return p99;
}

START_TEST(the_oracles_wait_as_theory_says) {
    expect_near("oracle, at random", oracle_p99(ORACLE_RANDOM, 2000000), random_p99, TOLERANCE);
    expect_near("oracle, the shortest queue", oracle_p99(ORACLE_SHORTEST_QUEUE, 2000000), shortest_p99, TOLERANCE);
    expect_near("oracle, one queue", oracle_p99(ORACLE_CENTRAL_QUEUE, 6000000), central_p99, TOLERANCE);
}
END_TEST

/* ---- the scheduler -------------------------------------------------------------------------------------------------- */

/* A service time is 100 ms. Nine thousand speakers who seldom speak arrive by chance; the first seconds are not measured. */
static oracle_waits simulate(const char *mechanisms, int seconds) {
    static const char *const scenario_text =
        "duration: %ds\nwarmup: 30s\nlanguages: {list: [en, de]}\n"
        "nodes: [{count: 100, slots: 1, languages: all, delay: 0s, heartbeat: 1h, queue: 1000000, join: {at: 0s, over: "
        "0s}, "
        "service: {asr: {rtf: 0, overhead: 100ms, cv: 1}, nmt: {rtf: 0, overhead: 0s, cv: 0}, "
        "tts: {rtf: 0, overhead: 0s, cv: 0}}}]\n"
        "sessions: [{concurrent: 9045, length: 1d, delay: 0s, pairs: uniform, join: {at: 0s, over: 9s}, "
        "talk: {utterance: 300ms, pause: {dist: exponential, mean: 9700ms}}}]\n"
        "instances: {delay: 0s, cpu: {cost: 0us}}\nredis: {delay: 0s, costs: zero}\n"
        "scheduler: {phase: 1, idempotency: none, node_ttl: 1h, reap_round: 600s, resource_limit: 0, pending_limit: "
        "1h, "
        "attempt_base: 1h, ack_limit: 10min, gap_limit: 1h, finished_ttl: 10s, unanswered_max: 10000, session_ttl: "
        "86400s, "
        "jobs_max: 1000000, waiting_max: 1000000, %s}\n";
    char yaml[4096];
    snprintf(yaml, sizeof yaml, scenario_text, seconds, mechanisms);
    scenario *sc;
    sched_error err;
    ck_assert_msg(!scenario_parse("theory", yaml, strlen(yaml), &sc, &err), "%s", err.message);
    oracle_log *log = oracle_log_new(sc);
    trace_sink also = oracle_log_sink(log);
    sim_run *r = sim_run_new(yaml, &(sim_run_options){.also = &also});
    sim_run_expect_clean(r);
    oracle_waits waits;
    oracle_log_ask(log, &waits);
    sim_run_free(r);
    oracle_log_free(log);
    scenario_free(sc);
    return waits;
}

static double in_service_times(usec_t wait) {
    return (double)wait / 100000;
}

START_TEST(jobs_placed_at_random_wait_as_a_hundred_separate_queues) {
    oracle_waits w = simulate("placement: random, limit: no", 150);
    expect_near("at random", in_service_times(w.real.p99), random_p99, TOLERANCE);
}
END_TEST

START_TEST(the_better_of_two_waits_as_mitzenmacher_says) {
    oracle_waits w = simulate("placement: best_of_2, limit: no", 70);
    expect_near("the better of two", in_service_times(w.real.p99), two_p99, TOLERANCE);
}
END_TEST

START_TEST(the_least_loaded_by_own_placements_is_the_shortest_queue) {
    oracle_waits w = simulate("placement: least, limit: no", 100);
    expect_near("the shortest of all", in_service_times(w.real.p99), shortest_p99, TOLERANCE);
    expect_near("the shortest of all, beside its oracle", in_service_times(w.real.p99),
                in_service_times(w.of[ORACLE_SHORTEST_QUEUE].p99), 0.05);
}
END_TEST

/* So rarely does a job wait here that chance moves the percentile of 60,000 jobs by a third; on the same jobs, the oracle says what is
 * right. */
START_TEST(nodes_that_refuse_and_jobs_that_wait_are_one_queue_for_all) {
    oracle_waits w = simulate("placement: least, limit: yes", 100);
    expect_near("one queue, beside its oracle", in_service_times(w.real.p99),
                in_service_times(w.of[ORACLE_CENTRAL_QUEUE].p99), 0.01);
    expect_near("one queue, mean beside its oracle", w.real.mean, w.of[ORACLE_CENTRAL_QUEUE].mean, 0.01);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        the_oracles_wait_as_theory_says,
        jobs_placed_at_random_wait_as_a_hundred_separate_queues,
        the_better_of_two_waits_as_mitzenmacher_says,
        the_least_loaded_by_own_placements_is_the_shortest_queue,
        nodes_that_refuse_and_jobs_that_wait_are_one_queue_for_all,
    };
    return SUITE_RUN("theory", tests);
}
