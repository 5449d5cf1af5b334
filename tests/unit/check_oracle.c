/* check_oracle.c - the oracles against queueing theory, on fixed seeds, and against small cases worked out by hand. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/rng.h"
#include "sim/measure/oracle.h"
#include "tests/support/suite.h"

#define SECOND USEC_PER_SEC

enum { JOBS = 400000 };

static lang_service service_of(const char *sources, const char *targets) {
    lang_service s;
    ck_assert_int_eq(lang_list_parse(sources, &s.sources, NULL), SCHED_OK);
    ck_assert_int_eq(lang_list_parse(targets, &s.targets, NULL), SCHED_OK);
    return s;
}

static oracle_fleet *fleet_of(size_t nodes, int64_t slots) {
    lang_service all = service_of("de en", "de en");
    oracle_fleet *f = oracle_fleet_new(nodes);
    for (size_t i = 0; i < nodes; i++) oracle_fleet_set(f, i, slots, 1, &all);
    return f;
}

/* Poisson arrivals, exponential work of mean one second; `load` is the share of all slots that they need. */
static oracle_job *markov_jobs(oracle_fleet *f, double slots, double load, uint64_t seed) {
    oracle_job *jobs = mem_zalloc(JOBS, sizeof *jobs);
    uint16_t de = oracle_fleet_language(f, "de"), en = oracle_fleet_language(f, "en");
    double at = 0;
    rng r;
    rng_init(&r, seed, "test", 0);
    for (int i = 0; i < JOBS; i++) {
        at += rng_exponential(&r, 1e6 / (slots * load));
        jobs[i] = (oracle_job){(usec_t)at, (usec_t)rng_exponential(&r, 1e6), de, en, i >= JOBS / 20};
    }
    return jobs;
}

/* Mean wait in seconds of M/M/n with mean service of one second. */
static double erlang_c_wait(int n, double load) {
    double offered = n * load, term = 1, sum = 0;
    for (int k = 0; k < n; k++) {
        sum += term;
        term *= offered / (k + 1);
    }
    double queued = term / (1 - load);
    return queued / (sum + queued) / (n * (1 - load));
}

static double mean_wait(oracle_kind kind, size_t nodes, int64_t slots, double load, uint64_t seed) {
    oracle_fleet *f = fleet_of(nodes, slots);
    oracle_job *jobs = markov_jobs(f, (double)nodes * (double)slots, load, seed);
    histogram *waits = histogram_new(3600 * SECOND);
    oracle_run(f, kind, jobs, JOBS, seed, waits);
    double mean = histogram_mean(waits) / 1e6;
    ck_assert_uint_eq(histogram_count(waits), JOBS - JOBS / 20);
    histogram_free(waits);
    free(jobs);
    oracle_fleet_free(f);
    return mean;
}

static void expect_near(const char *what, double got, double expected, double tolerance) {
    ck_assert_msg(fabs(got / expected - 1) < tolerance, "%s: mean wait %.5f s, theory %.5f s (off by %+.1f %%)", what,
                  got, expected, 100 * (got / expected - 1));
}

START_TEST(the_central_queue_waits_as_erlang_c_says) {
    static const struct {
        size_t nodes;
        int64_t slots;
        double load;
    } cases[] = {{1, 1, 0.7}, {8, 1, 0.8}, {4, 5, 0.85}, {100, 1, 0.95}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int n = (int)((int64_t)cases[i].nodes * cases[i].slots);
        double mean = mean_wait(ORACLE_CENTRAL_QUEUE, cases[i].nodes, cases[i].slots, cases[i].load, 11);
        expect_near("central queue", mean, erlang_c_wait(n, cases[i].load), 0.05);
    }
}
END_TEST

START_TEST(random_placement_waits_as_so_many_separate_queues) {
    expect_near("random, 10 of M/M/1", mean_wait(ORACLE_RANDOM, 10, 1, 0.7, 12), erlang_c_wait(1, 0.7), 0.05);
    expect_near("random, 5 of M/M/4", mean_wait(ORACLE_RANDOM, 5, 4, 0.8, 13), erlang_c_wait(4, 0.8), 0.05);
}
END_TEST

START_TEST(the_shortest_queue_lies_between_the_central_queue_and_chance) {
    double central = mean_wait(ORACLE_CENTRAL_QUEUE, 10, 1, 0.9, 14);
    double shortest = mean_wait(ORACLE_SHORTEST_QUEUE, 10, 1, 0.9, 14);
    double random = mean_wait(ORACLE_RANDOM, 10, 1, 0.9, 14);
    ck_assert_msg(central < shortest && shortest < random / 4, "%.4f s, %.4f s, %.4f s", central, shortest, random);
}
END_TEST

START_TEST(with_one_node_all_three_are_the_same_queue) {
    double central = mean_wait(ORACLE_CENTRAL_QUEUE, 1, 6, 0.8, 15);
    ck_assert(mean_wait(ORACLE_SHORTEST_QUEUE, 1, 6, 0.8, 15) == central);
    ck_assert(mean_wait(ORACLE_RANDOM, 1, 6, 0.8, 15) == central);
}
END_TEST

/* ---- by hand -------------------------------------------------------------------------------------------------------- */

/* Node 0 knows de and en; node 1 knows all three languages and is twice as fast. */
static oracle_fleet *mixed_fleet(void) {
    lang_service two = service_of("de en", "de en"), three = service_of("de en fr", "de en fr");
    oracle_fleet *f = oracle_fleet_new(2);
    oracle_fleet_set(f, 0, 1, 1, &two);
    oracle_fleet_set(f, 1, 1, 2, &three);
    return f;
}

static oracle_job job(oracle_fleet *f, usec_t arrived, usec_t work, const char *src, const char *tgt) {
    return (oracle_job){arrived, work, oracle_fleet_language(f, src), oracle_fleet_language(f, tgt), true};
}

START_TEST(the_central_queue_keeps_the_node_that_knows_more_for_those_who_need_it) {
    oracle_fleet *f = mixed_fleet();
    oracle_job jobs[] = {job(f, 0, 10 * SECOND, "de", "en"), job(f, 1, 10 * SECOND, "de", "fr")};
    histogram *waits = histogram_new(3600 * SECOND);
    oracle_run(f, ORACLE_CENTRAL_QUEUE, jobs, 2, 1, waits);
    ck_assert_int_eq(histogram_max(waits), 0);
    histogram_free(waits);
    oracle_fleet_free(f);
}
END_TEST

START_TEST(a_free_slot_takes_the_longest_waiting_job_that_its_node_can_do) {
    oracle_fleet *f = mixed_fleet();
    oracle_job jobs[] = {
        job(f, 0, 10 * SECOND, "de", "en"), /* node 0 until 10 s */
        job(f, 1, 40 * SECOND, "de", "fr"), /* node 1, twice as fast: until 20 s */
        job(f, 2, 1 * SECOND, "fr", "de"),  /* only node 1: waits until 20 s */
        job(f, 3, 1 * SECOND, "en", "de"),  /* came later, but node 0 can do it: at 10 s */
    };
    histogram *waits = histogram_new(3600 * SECOND);
    oracle_run(f, ORACLE_CENTRAL_QUEUE, jobs, 4, 1, waits);
    ck_assert_int_eq(histogram_max(waits), 20 * SECOND + 1 - 2);
    ck_assert_double_eq_tol(histogram_mean(waits), (20e6 + 1 - 2 + 10e6 - 3) / 4, 1e-6);
    histogram_free(waits);
    oracle_fleet_free(f);
}
END_TEST

START_TEST(of_two_waiting_pairs_the_one_whose_job_came_first_is_served_first) {
    oracle_fleet *f = fleet_of(1, 1);
    oracle_job jobs[] = {
        job(f, 0, 10 * SECOND, "de", "en"), job(f, 1 * SECOND, 5 * SECOND, "en", "de"), /* waits 9 s */
        job(f, 2 * SECOND, 5 * SECOND, "de", "en"),                                     /* waits 13 s */
    };
    histogram *waits = histogram_new(3600 * SECOND);
    oracle_run(f, ORACLE_CENTRAL_QUEUE, jobs, 3, 1, waits);
    ck_assert_int_eq(histogram_max(waits), 13 * SECOND);
    histogram_free(waits);
    oracle_fleet_free(f);
}
END_TEST

START_TEST(a_job_that_nobody_serves_is_left_out) {
    oracle_fleet *f = mixed_fleet();
    oracle_job jobs[] = {job(f, 0, SECOND, "de", "xx"), job(f, 0, SECOND, "de", "en")};
    for (oracle_kind k = 0; k < ORACLES; k++) {
        histogram *waits = histogram_new(3600 * SECOND);
        oracle_run(f, k, jobs, 2, 1, waits);
        ck_assert_uint_eq(histogram_count(waits), 1);
        histogram_free(waits);
    }
    oracle_fleet_free(f);
}
END_TEST

START_TEST(random_placement_reaches_only_nodes_that_serve_the_pair_and_each_of_them) {
    enum { NODES = 200, EVERY = 50 };
    lang_service rare = service_of("de xx", "en xx"), plain = service_of("de", "en");
    oracle_fleet *f = oracle_fleet_new(NODES);
    for (size_t i = 0; i < NODES; i++) oracle_fleet_set(f, i, 1, 1, i % EVERY ? &plain : &rare);
    oracle_job jobs[400];
    for (int i = 0; i < 400; i++) jobs[i] = job(f, 0, SECOND, "de", "xx");
    histogram *waits = histogram_new(3600 * SECOND);
    oracle_run(f, ORACLE_RANDOM, jobs, 400, 1, waits);
    /* Four nodes share 400 jobs of one second: about a hundred each, and none waits for more than all of them. */
    ck_assert_msg(histogram_max(waits) > 99 * SECOND && histogram_max(waits) < 140 * SECOND, "longest wait %.1f s",
                  (double)histogram_max(waits) / 1e6);
    histogram_reset(waits);
    oracle_run(f, ORACLE_SHORTEST_QUEUE, jobs, 400, 1, waits);
    ck_assert_int_eq(histogram_max(waits), 99 * SECOND);
    histogram_free(waits);
    oracle_fleet_free(f);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        the_central_queue_waits_as_erlang_c_says,
        random_placement_waits_as_so_many_separate_queues,
        the_shortest_queue_lies_between_the_central_queue_and_chance,
        with_one_node_all_three_are_the_same_queue,
        the_central_queue_keeps_the_node_that_knows_more_for_those_who_need_it,
        a_free_slot_takes_the_longest_waiting_job_that_its_node_can_do,
        of_two_waiting_pairs_the_one_whose_job_came_first_is_served_first,
        a_job_that_nobody_serves_is_left_out,
        random_placement_reaches_only_nodes_that_serve_the_pair_and_each_of_them,
    };
    return SUITE_RUN("oracle", tests);
}
