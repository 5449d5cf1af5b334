/* check_bench_rig.c - the scheduler that benchmarks drive: it does what they count, and a dead server is a failure and no crash. */
#include <stdio.h>
#include <string.h>

#include "bench/gate/command_stats.h"
#include "bench/rig.h"
#include "tests/support/suite.h"
#include "tests/support/temp_files.h"

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

/* What `jobs` jobs made of a rig in which time stands still. */
typedef struct still_run {
    pipe_counts calls;
    command_stats commands;
    int64_t bytes; /* of all keys, with their hash tables */
} still_run;

static still_run run_still(void) {
    still_run run;
    rig *r = NULL;
    sched_error err = {0};
    ck_assert_msg(!rig_open(&(rig_options){.phase = "production", .still = true}, &r, &err), "%s", err.message);
    ck_assert_msg(!rig_add_nodes(r, NODES, LANGS, LANGS, &err), "%s", err.message);
    ck_assert_msg(!rig_run_jobs(r, JOBS, WINDOW, &err), "%s", err.message);
    run.calls = rig_counts(r);
    ck_assert_msg(!command_stats_ask(rig_client(r), &run.commands, &err), "%s", err.message);
    ck_assert_msg(!rig_key_bytes(r, &run.bytes, &err), "%s", err.message);
    rig_free(r);
    return run;
}

START_TEST(while_time_stands_still_two_runs_are_the_same) {
    still_run one = run_still(), two = run_still();
    ck_assert_int_eq(one.calls.bytes, two.calls.bytes);
    ck_assert_int_eq(one.calls.scripts, two.calls.scripts);
    ck_assert_int_eq(one.calls.plain, two.calls.plain);
    ck_assert_int_eq(one.bytes, two.bytes);
    ck_assert_int_eq(one.commands.total, two.commands.total);
    ck_assert_mem_eq(&one.commands, &two.commands, sizeof one.commands);
    ck_assert_int_gt(one.commands.total, 10 * JOBS);
}
END_TEST

START_TEST(commands_inside_of_scripts_are_counted_and_those_of_onlookers_are_not) {
    rig *r = rig_with_nodes("production");
    sched_error err = {0};
    command_stats before, after;
    ck_assert_int_eq(rig_settle(r, &err), SCHED_OK);
    ck_assert_int_eq(command_stats_ask(rig_client(r), &before, &err), SCHED_OK);
    node_load load = {.cpu = 50};
    scheduler_node_heartbeat(rig_scheduler(r), rig_node_conn(3), &load);
    ck_assert_int_eq(rig_settle(r, &err), SCHED_OK);
    ck_assert_int_eq(command_stats_ask(rig_client(r), &after, &err), SCHED_OK);
    command_stats between = command_stats_between(&before, &after);
    int64_t calls = 0, others = 0;
    for (int i = 0; i < between.count; i++) {
        bool is_script = !strcmp(between.row[i].name, "evalsha");
        *(is_script ? &calls : &others) += between.row[i].calls;
        ck_assert_str_ne(between.row[i].name, "info");
        ck_assert_msg(!i || strcmp(between.row[i - 1].name, between.row[i].name) < 0, "%s", between.row[i].name);
    }
    ck_assert_int_eq(calls, 1);
    ck_assert_int_ge(others, 3);
    ck_assert_int_eq(between.total, calls + others);
    rig_free(r);
}
END_TEST

typedef struct stages {
    rig *r;
    int64_t calls, stages, largest;
    int64_t of_script[SCRIPT_COUNT];
} stages;

/* The connection is free: a call may be made here. */
static sched_status count_stage(void *ctx, script_id script, int calls, sched_error *err) {
    stages *s = ctx;
    command_stats stats;
    s->stages++;
    s->calls += calls;
    s->largest = calls > s->largest ? calls : s->largest;
    if (script != SCRIPT_NONE) s->of_script[script] += calls;
    return command_stats_ask(rig_client(s->r), &stats, err);
}

START_TEST(by_stages_a_window_of_jobs_goes_through_its_scripts_in_step) {
    stages s = {.r = rig_with_nodes("3")};
    sched_error err = {0};
    ck_assert_int_eq(rig_settle(s.r, &err), SCHED_OK);
    pipe_counts before = rig_counts(s.r);
    rig_by_stages(s.r, count_stage, &s);
    ck_assert_msg(!rig_run_jobs(s.r, WINDOW, WINDOW, &err), "%s", err.message);
    pipe_counts after = rig_counts(s.r);
    ck_assert_int_eq(s.calls, after.scripts - before.scripts);
    ck_assert_int_eq(s.calls, 7 * WINDOW);
    ck_assert_int_eq(s.of_script[SCRIPT_CREATE_JOB], WINDOW);
    ck_assert_int_eq(s.of_script[SCRIPT_COMPLETE_TASK], WINDOW);
    ck_assert_int_eq(s.largest, WINDOW);
    ck_assert_int_le(s.stages, 2 * 7);
    rig_free(s.r);
}
END_TEST

static sched_status fail_stage(void *ctx, script_id script, int calls, sched_error *err) {
    (void)ctx, (void)script, (void)calls;
    return sched_fail(err, SCHED_EPROTO, "planned");
}

START_TEST(a_stage_that_fails_ends_the_run) {
    rig *r = rig_with_nodes("production");
    sched_error err = {0};
    ck_assert_int_eq(rig_settle(r, &err), SCHED_OK);
    rig_by_stages(r, fail_stage, NULL);
    ck_assert_int_eq(rig_run_jobs(r, JOBS, WINDOW, &err), SCHED_EPROTO);
    ck_assert_str_eq(err.message, "planned");
    rig_free(r);
}
END_TEST

/* A shell stands in for what instruments: it leaves a trace and becomes the server. It asks the kernel who it is, since getpid() is
 * pinned in it as in the server. */
START_TEST(a_launcher_runs_the_server_of_a_rig_that_stands_still) {
    char folder[TEMP_PATH_MAX], trace[TEMP_PATH_MAX + 8], script[2 * TEMP_PATH_MAX];
    sched_error err = {0};
    rig *r = NULL;
    temp_folder_make(folder);
    snprintf(trace, sizeof trace, "%s/trace", folder);
    snprintf(script, sizeof script, "read pid rest < /proc/self/stat; echo $pid > %s; exec \"$@\"", trace);
    const char *const words[] = {"/bin/sh", "-c", script, "sh", NULL};
    ck_assert_msg(!rig_open(&(rig_options){.phase = "3", .still = true, .launcher = words}, &r, &err), "%s",
                  err.message);
    FILE *file = fopen(trace, "r");
    int pid = 0;
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fscanf(file, "%d", &pid), 1);
    fclose(file);
    ck_assert_int_eq(pid, rig_server_pid(r));
    rig_free(r);
    temp_folder_remove(folder);
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
        while_time_stands_still_two_runs_are_the_same,
        commands_inside_of_scripts_are_counted_and_those_of_onlookers_are_not,
        by_stages_a_window_of_jobs_goes_through_its_scripts_in_step,
        a_stage_that_fails_ends_the_run,
        a_launcher_runs_the_server_of_a_rig_that_stands_still,
        an_unknown_phase_is_refused,
        on_a_cluster_all_masters_work,
    };
    return SUITE_RUN("bench_rig", tests);
}
