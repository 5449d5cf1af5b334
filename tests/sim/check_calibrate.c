/* check_calibrate.c - lingua-bench calibrate: from durations to a profile, and what a profile does to a run. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bench/calibrate/calibrate.h"
#include "sim/commands/commands.h"
#include "sim/scenario/machine_costs.h"
#include "sim/world/core_costs.h"
#include "tests/support/command_world.h"
#include "tests/support/program.h"
#include "tests/support/sim_run.h"
#include "tests/support/suite.h"

#define SMALL                                                                                                          \
    "name: small\nduration: 20s\nwarmup: 2s\nlanguages: {count: 2}\n"                                                  \
    "nodes: [{name: gpu, count: 8, slots: 4, join: {at: 0s, over: 1s}}]\n"                                             \
    "sessions: [{name: talk, concurrent: 20, join: {at: 2s, over: 1s}}]\n"

static char home[TEMP_PATH_MAX], folder[TEMP_PATH_MAX];
static sched_error err;

static slow_figures times_of(double usec) {
    return (slow_figures){.calls = 1000, .mean_usec = usec, .cv = 0.2, .p16 = usec, .p50 = usec, .p84 = usec};
}

enum { CALLS = 1000 };

/* Every script but the last took `usec` of execution, a plain command 2, and the server as much again as `besides` for each call. */
static workload_figures a_run(double usec, double besides) {
    workload_figures f = {.wire = {.usec_per_call = 1, .usec_per_byte = 0.001, .way_usec = 20}};
    for (int id = 0; id + 1 < SCRIPT_COUNT; id++) {
        f.times.script[id] = times_of(usec);
        f.by_script[id] = CALLS;
    }
    f.times.command = times_of(2);
    f.commands = (SCRIPT_COUNT - 1) * CALLS + CALLS;
    f.bytes = 100.0 * (double)f.commands;
    f.cpu_usec = (SCRIPT_COUNT - 1) * CALLS * usec + CALLS * 2 + (besides + 0.1) * (double)f.commands;
    f.jobs_per_s = 1000;
    return f;
}

static double shipped(int id) {
    const cost_row *row = &cost_profile_default.script[id];
    return row->base_usec + row->usec_per_byte * 220;
}

START_TEST(a_row_is_the_median_of_the_runs_with_what_a_call_costs_besides) {
    workload_figures runs[] = {a_run(12, 7), a_run(10, 7), a_run(90, 7)};
    calibration c;
    calibration_conclude(runs, 3, &c);
    ck_assert_double_eq_tol(c.script[SCRIPT_SELECT_NODE].base_usec, 19, 1e-9);
    ck_assert_double_eq_tol(c.script[SCRIPT_SELECT_NODE].low, 17, 1e-9);
    ck_assert_double_eq_tol(c.script[SCRIPT_SELECT_NODE].high, 97, 1e-9);
    ck_assert_double_eq_tol(c.script[SCRIPT_SELECT_NODE].usec_per_byte, 0.001, 1e-12);
    ck_assert_double_eq_tol(c.command.base_usec, 9, 1e-9);
    ck_assert_double_eq_tol(c.jobs_per_s, 1000, 1e-9);
}
END_TEST

START_TEST(a_call_costs_besides_at_least_what_one_of_many_sent_together_does) {
    workload_figures run = a_run(10, 0);
    calibration c;
    calibration_conclude(&run, 1, &c);
    ck_assert_double_eq_tol(c.script[SCRIPT_SELECT_NODE].base_usec, 11, 1e-9);
}
END_TEST

START_TEST(what_was_hardly_called_is_scaled_as_the_others_are) {
    workload_figures run = a_run(10, 7);
    calibration c;
    calibration_conclude(&run, 1, &c);
    const calibrated_row *last = &c.script[SCRIPT_COUNT - 1];
    ck_assert(last->scaled);
    double ratio = (last->base_usec + last->usec_per_byte * 220) / shipped(SCRIPT_COUNT - 1);
    ck_assert_double_eq_tol(ratio, c.ratio, 1e-9);
}
END_TEST

START_TEST(the_residual_is_of_the_run_that_the_others_tell_worst) {
    workload_figures alike[] = {a_run(10, 7), a_run(10, 7), a_run(10, 7)};
    calibration c;
    calibration_conclude(alike, 3, &c);
    ck_assert_double_eq_tol(c.residual, 0, 1e-6);
    alike[1].cpu_usec *= 1.25;
    calibration_conclude(alike, 3, &c);
    ck_assert_double_eq_tol(c.residual, 1 / 1.25 - 1, 0.005);
    ck_assert(!calibration_is_doubtful(&c));
    calibration_conclude(alike, 1, &c);
    ck_assert_msg(isnan(c.residual), "one run tells nothing of itself: %g", c.residual);
}
END_TEST

START_TEST(a_busy_machine_is_doubtful) {
    workload_figures runs[] = {a_run(10, 7), a_run(10, 7), a_run(10, 7)};
    calibration c;
    runs[2].cpu_usec *= 1.5;
    calibration_conclude(runs, 3, &c);
    ck_assert(calibration_is_doubtful(&c));
}
END_TEST

START_TEST(what_is_written_is_what_is_read) {
    workload_figures run = a_run(10, 7);
    calibration c;
    machine_costs costs;
    char digest[CSV_DIGEST_MAX + 1];
    calibration_conclude(&run, 1, &c);
    c.core_usec[WORK_STORE] = 0.5;
    FILE *out = fopen("p.json", "w");
    calibration_write(&c, out);
    fclose(out);
    ck_assert_msg(!machine_costs_read("p.json", &costs, digest, &err), "%s", err.message);
    ck_assert_double_eq_tol(costs.redis.script[SCRIPT_CREATE_JOB].base_usec, 17, 1e-4);
    ck_assert_double_eq_tol(costs.redis.command.base_usec, 9, 1e-4);
    ck_assert_double_eq_tol(costs.core_usec[WORK_STORE], 0.5, 1e-5);
    ck_assert(costs.core_usec[WORK_NODE] < 0);
    ck_assert_uint_eq(strlen(digest), 16);
}
END_TEST

START_TEST(a_profile_that_is_not_right_is_told_with_what_is_wrong) {
    static const char *const wrong[][2] = {
        {"{", "p.json:1:"},
        {"{\"schema\":\"other\"}", "schema \"other\""},
        {"{\"schema\":\"lingua.sim.costs/1\",\"scripts\":{\"nosuch\":{}}}", "\"nosuch\": there is no such script"},
        {"{\"schema\":\"lingua.sim.costs/1\",\"command\":{\"base_usec\":-1}}", "command.base_usec: expected a number"},
        {"{\"schema\":\"lingua.sim.costs/1\",\"core\":{\"thought\":{\"usec\":1}}}",
         "\"thought\": there is no such work"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        machine_costs costs;
        command_write("p.json", wrong[i][0]);
        ck_assert_int_eq(machine_costs_read("p.json", &costs, NULL, &err), SCHED_EINVAL);
        ck_assert_msg(strstr(err.message, wrong[i][1]) != NULL, "%s, expected %s", err.message, wrong[i][1]);
    }
    machine_costs costs;
    ck_assert_int_eq(machine_costs_read("none.json", &costs, NULL, &err), SCHED_EIO);
}
END_TEST

static void expect_row(const cost_row *row, const cost_row *expected, const char *name) {
    ck_assert_msg(row->base_usec == expected->base_usec && row->usec_per_byte == expected->usec_per_byte &&
                      row->cv == expected->cv,
                  "%s: %g, %g, %g", name, row->base_usec, row->usec_per_byte, row->cv);
}

START_TEST(the_default_is_what_was_measured_on_two_cores) {
    char path[TEMP_PATH_MAX + 64];
    machine_costs costs;
    snprintf(path, sizeof path, "%s/scenarios/profiles/two_cores.json", home);
    ck_assert_msg(!machine_costs_read(path, &costs, NULL, &err), "%s", err.message);
    for (int id = 0; id < SCRIPT_COUNT; id++)
        expect_row(&cost_profile_default.script[id], &costs.redis.script[id], scripts_name(id));
    expect_row(&cost_profile_default.command, &costs.redis.command, "command");
    for (int kind = 0; kind < WORK_KINDS; kind++)
        if (costs.core_usec[kind] >= 0) ck_assert_double_eq(core_costs_default.usec[kind], costs.core_usec[kind]);
}
END_TEST

static void write_costs(double usec) {
    char text[256];
    FILE *out = fopen("p.json", "w");
    fputs("{\"schema\":\"lingua.sim.costs/1\",\"scripts\":{", out);
    for (int id = 0; id < SCRIPT_COUNT; id++) {
        snprintf(text, sizeof text, "%s\"%s\":{\"base_usec\":%g,\"usec_per_byte\":0,\"cv\":0}", id ? "," : "",
                 scripts_name(id), usec);
        fputs(text, out);
    }
    fprintf(out, "},\"command\":{\"base_usec\":%g,\"usec_per_byte\":0,\"cv\":0}}", usec);
    fclose(out);
}

static double busy_per_command(const char *yaml) {
    sim_run *run = sim_run_new(yaml, NULL);
    sim_run_expect_clean(run);
    double usec = (double)run->facts.redis.busy / (double)run->facts.redis.commands;
    sim_run_free(run);
    return usec;
}

START_TEST(a_run_takes_what_the_profile_says) {
    write_costs(60);
    double usec = busy_per_command(SMALL "redis: {profile: p.json}\n");
    ck_assert_msg(fabs(usec - 60) < 0.5, "%g us for a command", usec);
    ck_assert_double_lt(busy_per_command(SMALL), 30);
}
END_TEST

START_TEST(another_file_than_was_meant_is_refused) {
    write_costs(30);
    command_write("s.yaml", SMALL "redis: {profile: {file: p.json, digest: \"0000000000000000\"}}\n");
    ck_assert_int_eq(command_run(cmd_check, "check", (const char *const[]){"s.yaml", NULL}), STATUS_BAD_INPUT);
    command_write("s.yaml", SMALL "redis: {profile: p.json}\n");
    ck_assert_int_eq(command_run(cmd_check, "check", (const char *const[]){"--dump", "s.yaml", NULL}), STATUS_FINE);
    char dump[32768] = "";
    FILE *in = fopen("stdout", "r");
    ck_assert_uint_gt(fread(dump, 1, sizeof dump - 1, in), 0);
    fclose(in);
    ck_assert_msg(strstr(dump, "profile: {file: \"p.json\", digest: \"") != NULL, "no digest in the dump");
    command_write("again.yaml", dump);
    ck_assert_int_eq(command_run(cmd_check, "check", (const char *const[]){"again.yaml", NULL}), STATUS_FINE);
}
END_TEST

START_TEST(a_machine_is_measured_as_its_user_does_it) {
    program_run run = program_call("lingua-bench calibrate --runs 1 --length 5s --out here.json");
    ck_assert_msg(run.status == 0, "%s", run.err);
    program_free(&run);
    machine_costs costs;
    ck_assert_msg(!machine_costs_read("here.json", &costs, NULL, &err), "%s", err.message);
    ck_assert_double_gt(costs.redis.script[SCRIPT_CREATE_JOB].base_usec, costs.redis.command.base_usec);
    ck_assert_double_gt(costs.core_usec[WORK_NODE], 0);
    run = program_call("lingua-bench calibrate --runs 0");
    ck_assert_int_eq(run.status, 2);
    program_free(&run);
}
END_TEST

START_TEST(a_profile_that_cannot_be_written_is_told_before_anything_is_measured) {
    program_run run = program_call("lingua-bench calibrate --out no/such/here.json");
    ck_assert_int_eq(run.status, 1);
    ck_assert_str_eq(run.err, "lingua-bench calibrate: no/such/here.json: No such file or directory\n");
    program_free(&run);
}
END_TEST

static void setup(void) {
    ck_assert_ptr_nonnull(getcwd(home, sizeof home));
    command_enter(folder);
}

static void teardown(void) {
    command_leave(folder);
}

int main(void) {
    TCase *tests = tcase_create("calibrate");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, a_row_is_the_median_of_the_runs_with_what_a_call_costs_besides);
    tcase_add_test(tests, a_call_costs_besides_at_least_what_one_of_many_sent_together_does);
    tcase_add_test(tests, what_was_hardly_called_is_scaled_as_the_others_are);
    tcase_add_test(tests, the_residual_is_of_the_run_that_the_others_tell_worst);
    tcase_add_test(tests, a_busy_machine_is_doubtful);
    tcase_add_test(tests, what_is_written_is_what_is_read);
    tcase_add_test(tests, a_profile_that_is_not_right_is_told_with_what_is_wrong);
    tcase_add_test(tests, the_default_is_what_was_measured_on_two_cores);
    tcase_add_test(tests, a_run_takes_what_the_profile_says);
    tcase_add_test(tests, another_file_than_was_meant_is_refused);
    tcase_add_test(tests, a_machine_is_measured_as_its_user_does_it);
    tcase_add_test(tests, a_profile_that_cannot_be_written_is_told_before_anything_is_measured);
    return suite_run_case("calibrate", tests);
}
