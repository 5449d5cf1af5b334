/* check_bench_crew.c - the instances that benchmarks drive: they share nodes and jobs, and everything is answered. */
#include "bench/benchmarks.h"
#include "bench/crew.h"
#include "tests/support/suite.h"

#include <string.h>

enum { INSTANCES = 2, NODES = 20, LANGS = 2, JOBS = 400, WINDOW = 20 };

static sched_error err;

static crew *crew_with_nodes(const char *phase) {
    crew *c = NULL;
    ck_assert_msg(!crew_open(phase, INSTANCES, &c, &err), "%s", err.message);
    ck_assert_msg(!crew_add_nodes(c, NODES, LANGS, &err), "%s", err.message);
    return c;
}

static void expect_shared_jobs(const char *phase, int64_t least_scripts, int64_t least_remote, int64_t most_remote) {
    crew *c = crew_with_nodes(phase);
    pipe_counts before = crew_counts(c);
    double began = 0, ended = 0;
    ck_assert(!crew_server_cpu(c, &began, &err));
    ck_assert_msg(!crew_run_jobs(c, JOBS, WINDOW, &err), "phase %s: %s", phase, err.message);
    ck_assert(!crew_server_cpu(c, &ended, &err));
    pipe_counts after = crew_counts(c);
    ck_assert_int_ge(crew_remote_jobs(c), least_remote);
    ck_assert_int_le(crew_remote_jobs(c), most_remote);
    ck_assert_int_ge(after.scripts - before.scripts, least_scripts * JOBS);
    ck_assert_int_gt(after.bytes - before.bytes, 100 * JOBS);
    ck_assert_double_gt(ended, began);
    crew_close(c);
}

/* Of the scripts that a job takes: grant, confirmation and release, and the writes of the copy. Whose node seems the least loaded depends
 * on how old the copies are: most jobs may well be remote. */
START_TEST(in_phase_2_instances_place_jobs_at_each_others_nodes) {
    expect_shared_jobs("2", 5, 1, JOBS);
}
END_TEST

/* The seven of check_bench_rig. Half of the nodes are at each, and chance knows nothing of that: of 400 jobs a fifth is far from a half. */
START_TEST(in_phase_3_and_production_they_do_so_too) {
    expect_shared_jobs("3", 7, JOBS / 5, JOBS - JOBS / 5);
    expect_shared_jobs("production", 7, JOBS / 5, JOBS - JOBS / 5);
}
END_TEST

START_TEST(a_phase_that_nobody_knows_is_refused) {
    crew *c = NULL;
    ck_assert_int_eq(crew_open("prodction", INSTANCES, &c, &err), SCHED_EINVAL);
    ck_assert_ptr_null(c);
}
END_TEST

START_TEST(jobs_per_second_are_told_of_every_phase_and_of_phase_2_at_two_instances) {
    static const char *const phases[] = {"0", "1", "2", "3", "production"};
    const benchmark *b = bench_flow;
    while (strcmp(b->name, "flow.jobs_per_s") != 0) b++;
    ck_assert_int_eq(b->value_count, 5);
    for (int i = 0; i < 5; i++) ck_assert_str_eq(b->values[i].text, phases[i]);
    bench_results results = {0};
    bench_options options = {.runs = 1, .quick = true};
    ck_assert_msg(!bench_measure(b, &b->values[2], &options, &results, &err), "%s", err.message);
    ck_assert_double_gt(results.list[0].summary.median, 0);
    ck_assert_double_ge(results.list[2].summary.median, 5); /* script calls of a job */
    bench_results_free(&results);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        in_phase_2_instances_place_jobs_at_each_others_nodes,
        in_phase_3_and_production_they_do_so_too,
        a_phase_that_nobody_knows_is_refused,
        jobs_per_second_are_told_of_every_phase_and_of_phase_2_at_two_instances,
    };
    return SUITE_RUN("bench_crew", tests);
}
