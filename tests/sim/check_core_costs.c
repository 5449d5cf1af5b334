/* check_core_costs.c - what the scheduler's processor is charged, and what dashboards make of it. */
#include <stdio.h>
#include <string.h>

#include "sim/world/core_costs.h"
#include "tests/support/sim_run.h"
#include "tests/support/suite.h"

/* Heartbeats are rare, so that scans for jobs are nearly all there is. */
#define RUN                                                                                                            \
    "duration: 60s\nwarmup: 0s\nlanguages: {count: 2}\n"                                                               \
    "nodes: [{name: gpu, count: %d, heartbeat: 40s, jitter: 0}]\n"                                                     \
    "sessions: [{name: talk, concurrent: 20, talk: {pause: 2s}}]\n"                                                    \
    "scheduler: {phase: %s, node_ttl: 90s}\n"                                                                          \
    "instances: {cpu: {cost: 10us, answer: 1us, model: %s}}\n%s"

typedef struct cost {
    double cpu, jobs;
    uint64_t hash, asked, told;
} cost;

static cost of(int nodes, const char *phase, const char *model, const char *more) {
    char yaml[2048];
    snprintf(yaml, sizeof yaml, RUN, nodes, phase, model, more);
    sim_run *r = sim_run_new(yaml, NULL);
    sim_run_expect_clean(r);
    cost c = {(double)r->facts.cpu, (double)r->core[EV_CREATED], r->hash, r->world[TRACE_DASHBOARD_ASKED],
              r->world[TRACE_DASHBOARD_ANSWERED]};
    ck_assert(c.jobs > 100);
    sim_run_free(r);
    return c;
}

/* What scans cost each job more, in microseconds, than the same run without a charge for them. */
static double scan_of(int nodes, const char *phase) {
    cost with = of(nodes, phase, "calibrated", ""), without = of(nodes, phase, "flat", "");
    ck_assert(with.jobs == without.jobs);
    return (with.cpu - without.cpu) / with.jobs;
}

START_TEST(a_scan_of_all_nodes_costs_each_job_in_proportion_to_them) {
    const double each = core_costs_default.usec[WORK_NODE];
    double few = scan_of(100, "0"), many = scan_of(1000, "0");
    ck_assert_msg(few > 100 * each && few < 140 * each + 2, "100 nodes: %.2f us a job", few);
    ck_assert_msg(many - few > 0.85 * 900 * each && many - few < 1.4 * 900 * each, "900 more: %.2f us a job",
                  many - few);
}
END_TEST

START_TEST(pools_cost_the_core_nothing_that_grows) {
    double few = scan_of(100, "production"), many = scan_of(1000, "production");
    ck_assert_msg(few < 0.01 && many < 0.01, "%.3f and %.3f us a job", few, many);
}
END_TEST

START_TEST(messages_and_answers_are_charged_apart) {
    static const char dear[] = "faults: []\n";
    cost c = of(100, "production", "flat", dear);
    char yaml[2048];
    snprintf(yaml, sizeof yaml, RUN, 100, "production", "flat", dear);
    char *answer = strstr(yaml, "answer: 1us");
    memcpy(answer, "answer: 9us", strlen("answer: 9us"));
    sim_run *r = sim_run_new(yaml, NULL);
    double more = ((double)r->facts.cpu - c.cpu) / c.jobs;
    sim_run_free(r);
    ck_assert_msg(more > 8 * 9 && more < 8 * 100, "8 us more for each answer, and sweeps: %.1f us a job", more);
}
END_TEST

START_TEST(measured_costs_are_those_of_this_machine_and_the_run_keeps_its_promises) {
    cost c = of(200, "production", "measured", "");
    double each = c.cpu / c.jobs;
    ck_assert_msg(each > 1 && each < 20000, "%.1f us a job", each);
}
END_TEST

START_TEST(dashboards_ask_and_are_answered_by_one_seed_the_same) {
    static const char pages[] = "dashboards: {count: 7, period: 1s}\ncatalog: {outages: [{at: 20s, for: 10s}]}\n";
    cost first = of(20, "1", "calibrated", pages), again = of(20, "1", "calibrated", pages);
    ck_assert_uint_eq(first.hash, again.hash);
    ck_assert_uint_gt(first.asked, 7 * 50);
    ck_assert_uint_eq(first.asked, first.told);
}
END_TEST

START_TEST(a_page_without_a_catalog_waits_and_asks_again) {
    static const char pages[] = "dashboards: {count: 7, period: 1s}\ncatalog: {outages: [{at: 10s, for: 50s}]}\n";
    cost c = of(20, "0", "calibrated", pages);
    ck_assert_uint_lt(c.asked, 7 * (10 + 4));
    ck_assert_uint_eq(c.asked, c.told);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        a_scan_of_all_nodes_costs_each_job_in_proportion_to_them,
        pools_cost_the_core_nothing_that_grows,
        messages_and_answers_are_charged_apart,
        measured_costs_are_those_of_this_machine_and_the_run_keeps_its_promises,
        dashboards_ask_and_are_answered_by_one_seed_the_same,
        a_page_without_a_catalog_waits_and_asks_again,
    };
    return SUITE_RUN("core_costs", tests);
}
