/* check_bench_rig.c - the scheduler that benchmarks drive: it does what they count, and a dead server is a failure and no crash. */
#include "bench/rig.h"
#include "tests/support/suite.h"

enum { NODES = 20, LANGS = 2, JOBS = 100, WINDOW = 10 };

static rig *rig_with_nodes(const char *phase) {
    rig *r = NULL;
    sched_error err = {0};
    ck_assert_msg(rig_new(phase, &r, &err) == SCHED_OK, "%s", err.message);
    ck_assert_msg(rig_add_nodes(r, NODES, LANGS, LANGS, &err) == SCHED_OK, "%s", err.message);
    return r;
}

START_TEST(a_job_of_phase_3_takes_seven_script_calls_and_no_question_about_affinity) {
    rig *r = rig_with_nodes("3");
    sched_error err = {0};
    pipe_counts before = rig_counts(r);
    ck_assert_msg(rig_run_jobs(r, JOBS, WINDOW, &err) == SCHED_OK, "%s", err.message);
    pipe_counts after = rig_counts(r);
    ck_assert_int_eq(after.scripts - before.scripts, 7 * JOBS);
    ck_assert_int_eq(after.plain - before.plain, 0);
    rig_free(r);
}
END_TEST

START_TEST(jobs_whose_results_are_held_back_end_when_they_are_let_go) {
    rig *r = rig_with_nodes("production");
    sched_error err = {0};
    int64_t empty = 0, held = 0, done = 0;
    ck_assert_int_eq(rig_key_bytes(r, &empty, &err), SCHED_OK);
    rig_hold_results(r, true);
    ck_assert_msg(rig_run_jobs(r, WINDOW, WINDOW, &err) == SCHED_OK, "%s", err.message);
    ck_assert_int_eq(scheduler_count(rig_scheduler(r)).jobs, WINDOW);
    ck_assert_int_eq(rig_key_bytes(r, &held, &err), SCHED_OK);
    rig_hold_results(r, false);
    ck_assert_msg(rig_settle(r, &err) == SCHED_OK, "%s", err.message);
    ck_assert_int_eq(scheduler_count(rig_scheduler(r)).jobs, 0);
    ck_assert_int_eq(rig_key_bytes(r, &done, &err), SCHED_OK);
    ck_assert_msg(empty < done && done < held, "%lld without jobs, %lld with them, %lld after", (long long)empty,
                  (long long)held, (long long)done);
    rig_free(r);
}
END_TEST

START_TEST(a_heartbeat_of_an_unchanged_node_is_one_call) {
    rig *r = rig_with_nodes("production");
    sched_error err = {0};
    pipe_counts before = rig_counts(r);
    node_load load = {.cpu = 50};
    scheduler_node_heartbeat(rig_scheduler(r), rig_node_conn(3), &load);
    ck_assert_msg(rig_settle(r, &err) == SCHED_OK, "%s", err.message);
    pipe_counts after = rig_counts(r);
    ck_assert_int_eq(after.scripts - before.scripts, 1);
    ck_assert_int_eq(after.plain - before.plain, 0);
    rig_free(r);
}
END_TEST

START_TEST(the_cpu_time_of_the_server_grows_with_its_work) {
    rig *r = rig_with_nodes("production");
    sched_error err = {0};
    double before = 0, after = 0;
    ck_assert_int_eq(rig_server_cpu(r, &before, &err), SCHED_OK);
    ck_assert_msg(rig_run_jobs(r, JOBS, WINDOW, &err) == SCHED_OK, "%s", err.message);
    ck_assert_int_eq(rig_server_cpu(r, &after, &err), SCHED_OK);
    ck_assert_double_gt(after, before);
    rig_free(r);
}
END_TEST

START_TEST(a_server_that_dies_ends_the_run_with_a_status) {
    rig *r = rig_with_nodes("production");
    sched_error err = {0};
    redis_call call;
    call_command(&call, "SHUTDOWN");
    call_str(&call, "NOSAVE");
    ck_assert_int_eq(sync_client_append(rig_client(r), &call, &err), SCHED_OK);
    ck_assert_int_eq(rig_run_jobs(r, JOBS, WINDOW, &err), SCHED_EIO);
    rig_free(r);
}
END_TEST

START_TEST(an_unknown_phase_is_refused) {
    rig *r = NULL;
    sched_error err = {0};
    ck_assert_int_eq(rig_new("prodction", &r, &err), SCHED_EINVAL);
    ck_assert_ptr_null(r);
}
END_TEST

START_TEST(on_a_cluster_all_masters_work) {
    rig *r = NULL;
    sched_error err = {0};
    int masters = 0;
    double before[PRIVATE_MASTERS_MAX], after[PRIVATE_MASTERS_MAX];
    ck_assert_msg(rig_new_on(2, "production", &r, &err) == SCHED_OK, "%s", err.message);
    ck_assert_msg(rig_add_nodes(r, 20, 2, 2, &err) == SCHED_OK, "%s", err.message);
    ck_assert_int_eq(rig_servers_cpu(r, before, &masters, &err), SCHED_OK);
    ck_assert_int_eq(masters, 2);
    ck_assert_msg(rig_run_jobs(r, 4 * JOBS, WINDOW, &err) == SCHED_OK, "%s", err.message);
    ck_assert_int_eq(rig_servers_cpu(r, after, &masters, &err), SCHED_OK);
    for (int i = 0; i < masters; i++) ck_assert_double_gt(after[i], before[i]);
    rig_free(r);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        a_job_of_phase_3_takes_seven_script_calls_and_no_question_about_affinity,
        jobs_whose_results_are_held_back_end_when_they_are_let_go,
        a_heartbeat_of_an_unchanged_node_is_one_call,
        the_cpu_time_of_the_server_grows_with_its_work,
        a_server_that_dies_ends_the_run_with_a_status,
        an_unknown_phase_is_refused,
        on_a_cluster_all_masters_work,
    };
    return SUITE_RUN("bench_rig", tests);
}
