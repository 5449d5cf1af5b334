/* check_validate.c - lingua-sim validate: what is taken from which file, what the aims make of it, and one validation as its user meets it. */
#include <hiredis/hiredis.h>
#include <jansson.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/redis/private_server.h"
#include "sim/commands/commands.h"
#include "sim/report/validation.h"
#include "tests/support/command_world.h"
#include "tests/support/suite.h"

#define VALIDATE(...) command_run(cmd_validate, "validate", (const char *const[]){__VA_ARGS__, NULL})

enum { PATIENCE_S = 60 };

static char folder[TEMP_PATH_MAX];
static sched_error err;

static void write_run(const char *path, double measured_p95, double late_ms) {
    char text[2048];
    snprintf(text, sizeof text,
             "{\"scenario\":{\"hash\":\"00112233445566aa\"},\"simulated_s\":10.0,\"verdict\":\"pass\","
             "\"utilisation\":{\"mean\":0.5},\"jobs\":{\"submitted\":200,\"ok\":198},"
             "\"latency_ms\":{\"placement\":{\"p50\":1.0,\"p95\":2.0},\"end_to_end\":{\"p50\":1000.0,\"p95\":2000.0}},"
             "\"wall\":{\"verdict\":\"pass\",\"jobs\":{\"submitted\":200,\"ok\":200},\"lateness_ms\":{\"p99\":%g},"
             "\"latency_ms\":{\"placement\":{\"p50\":0.5,\"p95\":4.0},\"end_to_end\":{\"p50\":1000.0,\"p95\":%g}}}}",
             late_ms, measured_p95);
    command_write(path, text);
}

static validation one_level(double measured_p95, double late_ms) {
    validation v = {.name = "test", .command = "", .seed = 1, .count = 1};
    write_run("result.json", measured_p95, late_ms);
    ck_assert_msg(!validation_read_run("result.json", &v.level[0], &err), "%s", err.message);
    return v;
}

START_TEST(an_error_is_a_share_of_what_was_measured_or_a_difference_in_points) {
    validation v = one_level(2500, 1);
    ck_assert_double_eq_tol(validation_error(&v.level[0], VALID_E2E_P95, false), -0.2, 1e-12);
    ck_assert_double_eq_tol(validation_error(&v.level[0], VALID_PLACEMENT_P50, false), 1.0, 1e-12);
    ck_assert_double_eq_tol(validation_error(&v.level[0], VALID_OK, false), -1.0, 1e-9);
    ck_assert(isnan(validation_error(&v.level[0], VALID_E2E_P99, false)));
}
END_TEST

START_TEST(an_aim_is_met_up_to_its_bound_and_missed_beyond) {
    validation near = one_level(2000 / 1.149, 1), far = one_level(2000 / 1.151, 1);
    validation_score close = validation_judge(&near), off = validation_judge(&far);
    ck_assert_int_eq(close.of, 4); /* throughput, outcome, p50, p95 */
    ck_assert_int_eq(close.met, 4);
    ck_assert_int_eq(off.met, 3);
    char text[VALIDATION_VERDICT_MAX];
    ck_assert_str_eq(validation_verdict(&far, text), "The simulator is off: 3 of 4 aims met at 1 load.");
}
END_TEST

START_TEST(a_load_at_which_the_machine_was_late_counts_for_nothing) {
    validation v = one_level(5000, 6);
    ck_assert_int_eq(validation_judge(&v).of, 0);
    char text[VALIDATION_VERDICT_MAX];
    ck_assert_msg(strstr(validation_verdict(&v, text), "At 1 more the machine did not keep up") != NULL, "%s", text);
}
END_TEST

static void read_load(validation *v, int heard) {
    char text[512];
    snprintf(text, sizeof text,
             "{\"schema\":\"lingua.bench.load/1\",\"scenario_hash\":\"00112233445566aa\",\"time_s\":11.0,"
             "\"outcomes\":{\"said\":100,\"ok\":99,\"heard\":%d},"
             "\"latency_ms\":{\"end_to_end_corrected\":{\"p50\":800.0,\"p95\":2500.0}}}",
             heard);
    command_write("load.json", text);
    ck_assert_msg(!validation_read_load(v, "load.json", &err), "%s", err.message);
    ck_assert(v->level[0].has_daemon);
}

START_TEST(what_a_daemon_did_belongs_to_the_load_of_its_scenario) {
    validation v = one_level(2000, 1);
    read_load(&v, 0);
    ck_assert_double_eq_tol(validation_error(&v.level[0], VALID_E2E_P50, true), 0.25, 1e-12);
    ck_assert_double_eq_tol(validation_error(&v.level[0], VALID_E2E_P95, true), -0.2, 1e-12);
    ck_assert_double_eq_tol(v.level[0].daemon[VALID_THROUGHPUT], 9.9, 1e-12);
    ck_assert_double_eq_tol(validation_error(&v.level[0], VALID_THROUGHPUT, true), 1, 1e-12); /* 19.8 simulated */
    ck_assert_double_eq_tol(validation_error(&v.level[0], VALID_OK, true), 0, 1e-9);
    command_write("other.json", "{\"schema\":\"lingua.bench.load/1\",\"scenario_hash\":\"ffff\"}");
    ck_assert_int_eq(validation_read_load(&v, "other.json", &err), SCHED_EINVAL);
    ck_assert_msg(strstr(err.message, "scenario ffff") != NULL, "%s", err.message);
    command_write("none.json", "{}");
    ck_assert_int_eq(validation_read_load(&v, "none.json", &err), SCHED_EINVAL);
}
END_TEST

START_TEST(answers_to_speech_that_a_daemon_cut_tell_no_throughput) {
    validation v = one_level(2000, 1);
    read_load(&v, 7);
    ck_assert(isnan(v.level[0].daemon[VALID_THROUGHPUT]));
    ck_assert_double_eq_tol(v.level[0].daemon[VALID_E2E_P95], 2500, 1e-12);
}
END_TEST

START_TEST(the_plot_has_the_daemon_where_one_was_measured) {
    char note[VALIDATION_NOTE_MAX];
    validation v = one_level(2000, 1);
    ck_assert_msg(!validation_write(&v, "without", note, &err), "%s", err.message);
    ck_assert_msg(!*note, "%s", note);
    command_expect_in("without/report.html", "p95 measured");
    command_expect_in("without/report.html", "✓ met (10 %)");
    command_expect_not_in("without/report.html", "p95 linguad");
    read_load(&v, 0);
    ck_assert_msg(!validation_write(&v, "with", note, &err), "%s", err.message);
    ck_assert_msg(!*note, "%s", note);
    command_expect_in("with/report.html", "p95 linguad");
}
END_TEST

START_TEST(a_run_with_one_clock_is_no_validation) {
    validation_level level;
    command_write("virtual.json", "{\"scenario\":{\"hash\":\"00\"},\"simulated_s\":10}");
    ck_assert_int_eq(validation_read_run("virtual.json", &level, &err), SCHED_EINVAL);
    ck_assert_msg(strstr(err.message, "--clock both") != NULL, "%s", err.message);
}
END_TEST

/* Both clocks see the same world, so half of the answers come after the same time, however slow this machine is. */
START_TEST(simulated_and_real_time_agree_about_a_small_world) {
    command_write("s.yaml", "name: tiny\nduration: 6s\nwarmup: 1s\nlanguages: {count: 2}\n"
                            "nodes: [{name: gpu, count: 4, slots: 4, service: {asr: {rtf: 0, overhead: 300ms, cv: 0}, "
                            "nmt: {rtf: 0, overhead: 0s, cv: 0}, tts: {rtf: 0, overhead: 0s, cv: 0}}, join: {at: 0s, "
                            "over: 200ms}}]\n"
                            "sessions: [{name: talk, concurrent: 8, join: {at: 500ms, over: 500ms}}]\n");
    int status = VALIDATE("s.yaml", "--levels", "1", "--out", "out", "--quiet");
    if (status == STATUS_BAD_INPUT) ck_abort_msg("%s", command_text("stderr"));
    json_error_t why;
    json_t *o = json_load_file("out/validation.json", 0, &why);
    ck_assert_msg(o != NULL, "%s", why.text);
    json_t *p50 =
        json_object_get(json_object_get(json_array_get(json_object_get(o, "loads"), 0), "figures"), "e2e_p50");
    ck_assert_double_lt(fabs(json_number_value(json_object_get(p50, "error"))), 0.3);
    ck_assert_double_gt(json_number_value(json_object_get(p50, "measured")), 300);
    json_decref(o);
    command_expect_in("stdout", "end to end p95, ms");
    command_expect_in("out/report.html", "<svg");
    command_expect_in("out/report.html", "validate s.yaml --levels 1");
    command_expect_in("out/report.md", "| end to end p50, ms");
}
END_TEST

START_TEST(commands_tell_what_a_load_on_a_daemon_needs) {
    command_write("s.yaml", "duration: 1min\nnodes: [{count: 4}]\nsessions: [{concurrent: 10}, {rate: 2/s}]\n");
    ck_assert_int_eq(VALIDATE("s.yaml", "--levels", "0.5,2", "--commands"), STATUS_FINE);
    command_expect_in("stdout", "--set sessions.0.concurrent=5 --set sessions.1.rate=1/s\n"
                                "--set sessions.0.concurrent=20 --set sessions.1.rate=4/s\n");
}
END_TEST

START_TEST(bad_input_is_told_before_anything_is_run) {
    command_write("s.yaml", "duration: 1min\n");
    ck_assert_int_eq(VALIDATE("s.yaml", "--levels", "0.5,none"), STATUS_BAD_INPUT);
    command_expect_in("stderr", "\"none\"");
    ck_assert_int_eq(VALIDATE("nowhere.yaml"), STATUS_BAD_INPUT);
    command_expect_in("stderr", "nowhere.yaml");
    ck_assert_int_eq(VALIDATE("--levels", "1"), STATUS_BAD_INPUT);
}
END_TEST

#define SLOW_WORLD                                                                                                     \
    "name: slow\nduration: 40s\nlanguages: {count: 2}\nnodes: [{name: gpu, count: 4}]\n"                               \
    "sessions: [{name: talk, concurrent: 2}]\n"

/* Its run would take a minute and a half. */
START_TEST(a_load_file_that_fits_no_load_is_told_before_anything_is_run) {
    command_write("s.yaml", SLOW_WORLD);
    ck_assert_int_eq(VALIDATE("s.yaml", "--out", "out", "--load", "nowhere.json"), STATUS_BAD_INPUT);
    command_expect_in("stderr", "lingua-sim validate: nowhere.json: cannot be opened");
    command_write("other.json", "{\"schema\":\"lingua.bench.load/1\",\"scenario_hash\":\"ffff\"}");
    ck_assert_int_eq(VALIDATE("s.yaml", "--out", "out", "--load", "other.json"), STATUS_BAD_INPUT);
    command_expect_in("stderr", "other.json: it is of scenario ffff, and no load here is");
    ck_assert_int_ne(access("out", F_OK), 0);
}
END_TEST

/* The simulated half has a server of its own: keys in this one are of the half in real time. */
static void await_keys(const char *socket) {
    redisContext *redis = redisConnectUnix(socket);
    ck_assert(redis && !redis->err);
    long long keys = 0;
    for (int i = 0; i < PATIENCE_S * 50 && !keys; i++) {
        redisReply *reply = redisCommand(redis, "DBSIZE");
        ck_assert(reply && reply->type == REDIS_REPLY_INTEGER);
        keys = reply->integer;
        freeReplyObject(reply);
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    }
    redisFree(redis);
    ck_assert_int_gt(keys, 0);
}

START_TEST(an_interrupted_load_is_no_result_and_is_run_again) {
    private_server *server = NULL;
    char url[256];
    int status = 0;
    command_write("s.yaml", SLOW_WORLD);
    ck_assert_msg(!private_server_start(&private_server_defaults, &server, &err), "%s", err.message);
    snprintf(url, sizeof url, "unix://%s", private_server_socket(server));
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) _exit(VALIDATE("s.yaml", "--levels", "0.5,1", "--out", "out", "--redis", url));
    await_keys(private_server_socket(server));
    kill(child, SIGINT);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == STATUS_INTERRUPTED, "wait status %d", status);
    command_expect_in("stderr", "validate: 1 of 2: variant=x0.5 seed 1: interrupted");
    command_expect_in("stderr", "lingua-sim: interrupted; the same command goes on");
    command_expect_not_in("stderr", "cannot be opened");
    command_expect_in("out/x0.5/result.json", "\"interrupted\": true");
    command_expect_in("out/x0.5/report.md", "INTERRUPTED in real time, after ");
    private_server_stop(server);
}
END_TEST

static void setup(void) {
    command_enter(folder);
}

static void teardown(void) {
    command_leave(folder);
}

int main(void) {
    TCase *tests = tcase_create("validate");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, an_error_is_a_share_of_what_was_measured_or_a_difference_in_points);
    tcase_add_test(tests, an_aim_is_met_up_to_its_bound_and_missed_beyond);
    tcase_add_test(tests, a_load_at_which_the_machine_was_late_counts_for_nothing);
    tcase_add_test(tests, what_a_daemon_did_belongs_to_the_load_of_its_scenario);
    tcase_add_test(tests, answers_to_speech_that_a_daemon_cut_tell_no_throughput);
    tcase_add_test(tests, a_run_with_one_clock_is_no_validation);
    tcase_add_test(tests, simulated_and_real_time_agree_about_a_small_world);
    tcase_add_test(tests, the_plot_has_the_daemon_where_one_was_measured);
    tcase_add_test(tests, commands_tell_what_a_load_on_a_daemon_needs);
    tcase_add_test(tests, bad_input_is_told_before_anything_is_run);
    tcase_add_test(tests, a_load_file_that_fits_no_load_is_told_before_anything_is_run);
    tcase_add_test(tests, an_interrupted_load_is_no_result_and_is_run_again);
    return suite_run_case("validate", tests);
}
