/* check_recording.c - what linguad records, and what lingua-sim makes of it: a run in virtual time stands for the daemon, whose events are
 * the same. */
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/daemon/recording.h"
#include "sim/commands/commands.h"
#include "sim/scenario/recorded.h"
#include "tests/support/command_world.h"
#include "tests/support/sim_run.h"
#include "tests/support/suite.h"

#define SCENARIO                                                                                                       \
    "name: before\nduration: 3min\nlanguages: {list: [en, de]}\n"                                                      \
    "nodes: [{name: secretnode, count: 9, slots: 2}]\n"                                                                \
    "sessions: [{name: secretspeaker, concurrent: 60}]\n"

static char folder[TEMP_PATH_MAX];
static recording *rec;
static sched_error err;
static int log_lines;

static void on_log(void *ctx, log_level level, const char *event, const char *fields) {
    (void)ctx, (void)level, (void)fields;
    log_lines += !strcmp(event, "recording_ended");
}

static recording_options options_of(uint64_t file_bytes, int64_t files) {
    return (recording_options){.folder = "rec",
                               .file_bytes = file_bytes,
                               .files = files,
                               .key = 0x1234567890abcdef,
                               .now = 1000 * USEC_PER_SEC,
                               .log = {on_log, NULL, LOG_DEBUG}};
}

static void begin(uint64_t file_bytes, int64_t files) {
    recording_options options = options_of(file_bytes, files);
    ck_assert_msg(!recording_new(&options, &rec, &err), "%s", err.message);
}

static void on_event(void *ctx, const trace_event *e) {
    (void)ctx;
    if (e->core) recording_event(rec, e->core);
}

static void record_a_run(void) {
    trace_sink sink = {on_event, NULL};
    begin(1 << 30, 4);
    sim_run *run = sim_run_new(SCENARIO, &(sim_run_options){.also = &sink});
    sim_run_expect_clean(run);
    sim_run_free(run);
    rec = recording_free(rec);
}

/* `n` requests, a second apart, each of which ends a second and a half later. */
static void feed(int n) {
    lang_pair pair = {"en", "de"};
    for (int i = 0; i < n; i++) {
        char job[16];
        usec_t at = (1001 + i) * USEC_PER_SEC;
        snprintf(job, sizeof job, "j-%d", i);
        sched_event e = {.kind = EV_SUBMITTED,
                         .at = at,
                         .until = at,
                         .value = 2 * USEC_PER_SEC,
                         .job = job,
                         .session = "s-1",
                         .node = "n-1",
                         .code = "",
                         .pair = &pair,
                         .utterance = (uint64_t)i,
                         .attempt = 1};
        recording_event(rec, &e);
        e.arrived = at;
        e.sent = at + USEC_PER_SEC / 2;
        e.kind = EV_FINISHED;
        e.outcome = OUTCOME_OK;
        e.at += USEC_PER_SEC * 3 / 2;
        recording_event(rec, &e);
    }
}

static bool is_there(const char *path) {
    return access(path, F_OK) == 0;
}

START_TEST(a_line_tells_when_it_came_and_what_became_of_it) {
    begin(1 << 20, 4);
    feed(1);
    rec = recording_free(rec);
    char *came = command_text("rec/arrivals-000001.csv"), *ended = command_text("rec/outcomes-000001.csv");
    ck_assert_msg(!strncmp(came, "arrival_s,session,utterance,src,tgt,speech_s\n1.000000,", 54), "%s", came);
    ck_assert_msg(strstr(came, ",0,en,de,2.000000\n") != NULL, "%s", came);
    ck_assert_msg(strstr(ended, "\n1.000000,en,de,2.000000,ok,,1,0.500000,1.000000,1.500000\n") != NULL, "%s", ended);
    free(came);
    free(ended);
}
END_TEST

START_TEST(a_recording_becomes_a_scenario_of_the_same_nodes_load_and_service) {
    record_a_run();
    recorded_facts f;
    ck_assert_msg(!recorded_import("rec", "out", &f, &err), "%s", err.message);
    ck_assert_int_eq(f.nodes, 9);
    ck_assert_int_eq(f.groups, 1);
    ck_assert_int_gt(f.arrivals, 1000);
    /* Defaults of scenarios: 0.15 and 0.1 of the speech, 100 + 150 + 150 ms. */
    ck_assert_msg(fabs(f.rtf - 0.25) < 0.02, "rtf %g", f.rtf);
    ck_assert_msg(fabs(f.overhead_s - 0.4) < 0.06, "overhead %g", f.overhead_s);
    int status =
        command_run(cmd_run, "run",
                    (const char *const[]){"out/scenario.yaml", "--out", "again", "--no-report", "--quiet", NULL});
    command_expect_status(status, 0);
    char expected[64], *said = command_text("stdout");
    snprintf(expected, sizeof expected, "submitted %lld,", (long long)f.arrivals);
    ck_assert_msg(strstr(said, expected) != NULL, "expected %s in %s", expected, said);
    free(said);
}
END_TEST

START_TEST(nobody_is_named) {
    record_a_run();
    static const char *const tables[] = {"rec/arrivals-000001.csv", "rec/outcomes-000001.csv", "rec/nodes-000001.csv"};
    for (size_t i = 0; i < 3; i++) {
        char *text = command_text(tables[i]);
        ck_assert_msg(!strstr(text, "secret"), "%s names somebody", tables[i]);
        free(text);
    }
}
END_TEST

START_TEST(parts_are_bounded_and_the_oldest_go) {
    begin(4096, 2);
    feed(400);
    rec = recording_free(rec);
    ck_assert(!is_there("rec/arrivals-000001.csv"));
    char last[64] = "";
    int parts = 0;
    for (int i = 1; i < 100; i++) {
        char path[64];
        snprintf(path, sizeof path, "rec/arrivals-%06d.csv", i);
        if (!is_there(path)) continue;
        parts++;
        snprintf(last, sizeof last, "%s", path);
        char *text = command_text(path);
        ck_assert(!strncmp(text, "arrival_s,", 10));
        ck_assert_uint_lt(strlen(text), 4096 + 200);
        free(text);
    }
    ck_assert_int_eq(parts, 2);
    char *text = command_text(last);
    ck_assert_msg(strstr(text, ",399,en,de,") != NULL, "the newest is not in %s", last);
    free(text);
}
END_TEST

START_TEST(what_waits_is_written_each_second) {
    begin(1 << 20, 4);
    feed(2); /* the second one comes a second later */
    char *text = command_text("rec/arrivals-000001.csv");
    ck_assert_msg(strstr(text, "\n1.000000,") != NULL, "%s", text);
    free(text);
    rec = recording_free(rec);
}
END_TEST

START_TEST(a_recording_that_is_there_is_not_mixed_with_another) {
    begin(1 << 20, 4);
    rec = recording_free(rec);
    recording_options options = options_of(1 << 20, 4);
    ck_assert_int_eq(recording_new(&options, &rec, &err), SCHED_EIO);
    ck_assert_msg(strstr(err.message, "rec/arrivals-000001.csv") != NULL, "%s", err.message);
}
END_TEST

START_TEST(a_full_disk_ends_the_recording_and_nothing_else) {
    signal(SIGXFSZ, SIG_IGN);
    begin(1 << 20, 4);
    struct rlimit limit = {8192, 8192};
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    feed(2000);
    ck_assert(recording_count(rec).failed);
    ck_assert_int_eq(log_lines, 1);
    rec = recording_free(rec);
}
END_TEST

START_TEST(what_a_table_says_wrong_is_told_with_its_line) {
    record_a_run();
    FILE *out = fopen("rec/arrivals-000001.csv", "a");
    ck_assert_ptr_nonnull(out);
    fputs("9999.0,aa,1,en,en,2.0\n", out);
    fclose(out);
    recorded_facts f;
    ck_assert_int_eq(recorded_import("rec", "out", &f, &err), SCHED_EINVAL);
    ck_assert_msg(strstr(err.message, "arrivals-000001.csv:") != NULL, "%s", err.message);
    ck_assert_int_eq(recorded_import("nowhere", "out", &f, &err), SCHED_ENOENT);
}
END_TEST

static void setup(void) {
    command_enter(folder);
}

static void teardown(void) {
    command_leave(folder);
}

int main(void) {
    TCase *tests = tcase_create("recording");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, a_line_tells_when_it_came_and_what_became_of_it);
    tcase_add_test(tests, a_recording_becomes_a_scenario_of_the_same_nodes_load_and_service);
    tcase_add_test(tests, nobody_is_named);
    tcase_add_test(tests, parts_are_bounded_and_the_oldest_go);
    tcase_add_test(tests, what_waits_is_written_each_second);
    tcase_add_test(tests, a_recording_that_is_there_is_not_mixed_with_another);
    tcase_add_test(tests, a_full_disk_ends_the_recording_and_nothing_else);
    tcase_add_test(tests, what_a_table_says_wrong_is_told_with_its_line);
    return suite_run_case("recording", tests);
}
