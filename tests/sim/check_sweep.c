/* check_sweep.c - lingua-sim sweep and run --variant as their user meets them: files, bytes, interrupts. */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sim/commands/commands.h"
#include "sim/commands/farm.h"
#include "tests/support/command_world.h"
#include "tests/support/suite.h"

#define SMALL                                                                                                          \
    "name: small\n"                                                                                                    \
    "duration: 20s\n"                                                                                                  \
    "warmup: 2s\n"                                                                                                     \
    "languages: {count: 3}\n"                                                                                          \
    "nodes: [{name: gpu, count: 10, languages: 3, slots: 1}]\n"                                                        \
    "sessions: [{name: talkers, concurrent: 10, join: {at: 6s, over: 2s}}]\n"
#define AXES "sweep: {\"sessions.0.concurrent\": [5, 15], \"scheduler.placement\": [random, best_of_2]}\n"

enum { ROWS_MAX = 32, PATIENCE_S = 30 };

static char folder[TEMP_PATH_MAX];

static void setup(void) {
    command_enter(folder);
}

static void teardown(void) {
    command_leave(folder);
}

#define SWEEP(...) command_run(cmd_sweep, "sweep", (const char *const[]){__VA_ARGS__, NULL})
#define RUN(...)   command_run(cmd_run, "run", (const char *const[]){__VA_ARGS__, NULL})

/* 0 when it is not there yet. */
static int count_lines(const char *path) {
    if (access(path, F_OK) != 0) return 0;
    char *text = command_text(path);
    int n = 0;
    for (const char *c = text; *c; c++) n += *c == '\n';
    free(text);
    return n;
}

/* Field `column` (from 0) of row `row` (0: head) of a CSV file without quotes. */
static char *csv_cell(const char *path, int row, int column) {
    static const char comma[] = ",";
    char *text = command_text(path), *line = text;
    for (; row > 0 && line; row--) line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL;
    ck_assert_msg(line && *line, "%s: no such row", path);
    line[strcspn(line, "\n")] = '\0';
    for (; column > 0; column--) {
        line = strstr(line, comma);
        ck_assert_msg(line != NULL, "%s: no such column", path);
        line++;
    }
    char *cell = strndup(line, strcspn(line, comma));
    free(text);
    return cell;
}

static void expect_row(const char *path, int row, const char *const cells[]) {
    for (int i = 0; cells[i]; i++) {
        char *cell = csv_cell(path, row, i);
        ck_assert_msg(!strcmp(cell, cells[i]), "%s: row %d, column %d is %s, expected %s", path, row, i, cell,
                      cells[i]);
        free(cell);
    }
}
#define EXPECT_ROW(path, row, ...) expect_row(path, row, (const char *const[]){__VA_ARGS__, NULL})

START_TEST(the_rows_are_the_points_in_their_order_each_with_successive_seeds) {
    command_write("s.yaml", SMALL AXES "runs: 2\n");
    command_expect_status(SWEEP("s.yaml", "--out", "a", "--seed", "7"), STATUS_FINE);
    ck_assert_int_eq(count_lines("a/points.csv"), 9);
    EXPECT_ROW("a/points.csv", 0, "point", "run", "sessions.0.concurrent", "scheduler.placement", "seed", "verdict",
               "submitted");
    EXPECT_ROW("a/points.csv", 1, "1", "1", "5", "random", "7", "pass");
    EXPECT_ROW("a/points.csv", 2, "1", "2", "5", "random", "8", "pass");
    EXPECT_ROW("a/points.csv", 3, "2", "1", "5", "best_of_2", "7", "pass");
    EXPECT_ROW("a/points.csv", 8, "4", "2", "15", "best_of_2", "8", "pass");
    command_expect_in("a/points/4-15-best_of_2/seed-8/result.json", "\"seed\": 8,");
    command_expect_in("a/points/4-15-best_of_2/seed-8/terminal.txt", "PASS: ");
    command_expect_in("stdout", "PASS: 8 of 8 runs passed.\nsmall, 4 points, seed 7 .. 8;");
    command_expect_in("a/summary.md", "| concurrent | placement | pass |");
    command_expect_in("a/summary.md", "(plots/sweep_latency.svg)");
    command_expect_in("a/plots/sweep_latency.svg", "best_of_2");
}
END_TEST

START_TEST(a_point_is_what_run_gives_with_the_same_settings) {
    command_write("s.yaml", SMALL AXES);
    command_expect_status(SWEEP("s.yaml", "--out", "a"), STATUS_FINE);
    command_expect_status(RUN("s.yaml", "--set", "sessions.0.concurrent=15", "--set", "scheduler.placement=random",
                              "--out", "b", "--no-report"),
                          STATUS_FINE);
    command_expect_in("stderr", "s.yaml: runs the scenario as it stands, without its sweep");
    command_expect_same("a/points/3-15-random/result.json", "b/result.json");
    command_expect_same("a/points/3-15-random/timeline.csv", "b/timeline.csv");
}
END_TEST

START_TEST(runs_side_by_side_give_the_same_bytes_as_one_after_the_other) {
    command_write("s.yaml", SMALL AXES "runs: 2\n");
    command_expect_status(SWEEP("s.yaml", "--out", "a", "--jobs", "1"), STATUS_FINE);
    ck_assert_int_eq(rename("a", "first") || rename("stdout", "first/stdout"), 0);
    command_expect_status(SWEEP("s.yaml", "--out", "a", "--jobs", "2"), STATUS_FINE);
    command_expect_same("first/stdout", "stdout");
    command_expect_same("first/points.csv", "a/points.csv");
    command_expect_same("first/summary.md", "a/summary.md");
    command_expect_same("first/points/4-15-best_of_2/seed-2/result.json", "a/points/4-15-best_of_2/seed-2/result.json");
}
END_TEST

static struct timespec changed(const char *path) {
    struct stat file;
    ck_assert_msg(stat(path, &file) == 0, "%s: %s", path, strerror(errno));
    return file.st_mtim;
}

static void expect_changed(const char *path, struct timespec before, bool expected) {
    struct timespec now = changed(path);
    bool same = now.tv_sec == before.tv_sec && now.tv_nsec == before.tv_nsec;
    ck_assert_msg(same != expected, "%s %s", path, same ? "was not written again" : "was written again");
}

/* Waits until the file has that many lines. */
static void await_lines(const char *path, int lines) {
    for (int i = 0; i < PATIENCE_S * 100 && count_lines(path) < lines; i++)
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    ck_assert_int_ge(count_lines(path), lines);
}

#define LONG_POINTS SMALL "sweep: {duration: [20s, 10h, 10h]}\n"

/* Starts a sweep whose second point takes for ever, and ends it when the first one is done. */
static void sweep_interrupted(int signal) {
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) _exit(SWEEP("long.yaml", "--out", "a", "--jobs", "1"));
    await_lines("a/points.csv", 2);
    nanosleep(&(struct timespec){.tv_nsec = 500000000}, NULL);
    int status = 0;
    kill(child, signal);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == STATUS_INTERRUPTED, "wait status %d", status);
}

START_TEST(an_interrupted_sweep_keeps_what_is_done_and_goes_on_from_there) {
    command_write("long.yaml", LONG_POINTS);
    sweep_interrupted(_i ? SIGTERM : SIGINT);
    ck_assert_int_eq(count_lines("a/points.csv"), 2);
    command_expect_in("a/points/2-10h/result.json", "\"interrupted\": true");
    command_expect_in("stderr", "interrupted; the same command goes on");
    command_expect_in("stdout", "FAIL: 1 of 3 runs passed, 2 were not run to their end.");
    ck_assert_int_ne(access("a/points/3-10h", F_OK), 0);

    struct timespec first = changed("a/points/1-20s/result.json");
    command_write("short.yaml", SMALL "sweep: {duration: [20s, 21s, 22s]}\n");
    command_expect_status(SWEEP("short.yaml", "--out", "a"), STATUS_FINE);
    command_expect_in("stderr", "sweep: 1 of 3 runs are kept from before");
    expect_changed("a/points/1-20s/result.json", first, false);
    command_expect_status(SWEEP("short.yaml", "--out", "b"), STATUS_FINE);
    command_expect_same("a/points.csv", "b/points.csv");
}
END_TEST

START_TEST(a_run_is_done_again_when_asked_or_when_scenario_seed_or_result_are_others) {
    static const char result[] = "a/points/1-5/result.json";
    command_write("s.yaml", SMALL "sweep: {sessions.0.concurrent: [5]}\n");
    command_expect_status(SWEEP("s.yaml", "--out", "a"), STATUS_FINE);
    struct timespec before = changed(result);
    command_expect_status(SWEEP("s.yaml", "--out", "a"), STATUS_FINE);
    expect_changed(result, before, false);
    command_expect_status(SWEEP("s.yaml", "--out", "a", "--fresh"), STATUS_FINE);
    expect_changed(result, before, true);
    before = changed(result);
    command_expect_status(SWEEP("s.yaml", "--out", "a", "--seed", "2"), STATUS_FINE);
    expect_changed(result, before, true);
    before = changed(result);
    command_expect_status(SWEEP("s.yaml", "--out", "a", "--seed", "2", "--set", "nodes.0.count=11"), STATUS_FINE);
    expect_changed(result, before, true);
    command_write(result, "{\"schema\": \"ling");
    command_expect_status(SWEEP("s.yaml", "--out", "a"), STATUS_FINE);
    command_expect_in(result, "\"verdict\": \"pass\"");
}
END_TEST

START_TEST(a_point_that_fails_does_not_stop_the_others) {
    command_write("s.yaml", SMALL "sweep: {slo: [[\"e2e_p50<1ms\"], [\"e2e_p50<1min\"]]}\n");
    command_expect_status(SWEEP("s.yaml", "--out", "a", "--jobs", "1"), STATUS_FAILED);
    ck_assert_int_eq(count_lines("a/points.csv"), 3);
    command_expect_in("a/points.csv", "1,1,\"[\"\"e2e_p50<1ms\"\"]\",1,fail,");
    command_expect_in("a/points.csv", "2,1,\"[\"\"e2e_p50<1min\"\"]\",1,pass,");
    command_expect_in("stdout", "FAIL: 1 of 2 runs passed.");
}
END_TEST

START_TEST(a_run_that_gives_no_result_is_an_error_with_its_reason) {
    command_write("s.yaml", SMALL "sweep: {sessions.0.concurrent: [5, 15]}\n");
    ck_assert_int_eq(mkdir("a", 0777) || mkdir("a/points", 0777), 0);
    command_write("a/points/1-5", "in the way");
    command_expect_status(SWEEP("s.yaml", "--out", "a"), STATUS_FAILED);
    EXPECT_ROW("a/points.csv", 1, "1", "1", "5", "1", "error", "");
    EXPECT_ROW("a/points.csv", 2, "2", "1", "15", "1", "pass");
    command_expect_in("stderr", "a/points/1-5: ended with status 1 and without a result: ");
}
END_TEST

START_TEST(bad_input_is_told_before_anything_is_run) {
    command_write("s.yaml", SMALL "sweep: {nodes.0.count: [10, 20, 20x]}\n");
    command_write("plain.yaml", SMALL);
    ck_assert_int_eq(SWEEP("s.yaml", "--out", "a"), STATUS_BAD_INPUT);
    command_expect_in("stderr", "s.yaml:7:33: count: \"20x\"");
    ck_assert_int_eq(SWEEP("s.yaml", "--out", "a", "--set", "sweep={scheduler.placment: [a]}"), STATUS_BAD_INPUT);
    command_expect_in("stderr", "unknown key \"placment\"; did you mean \"placement\"?");
    ck_assert_int_eq(SWEEP("plain.yaml", "--out", "a"), STATUS_BAD_INPUT);
    command_expect_in("stderr", "plain.yaml: there is nothing to sweep");
    ck_assert_int_eq(SWEEP("plain.yaml", "--out", "a", "--jobs", "0"), STATUS_BAD_INPUT);
    command_expect_in("stderr", "--jobs: \"0\" is out of bounds: expected 1 .. 256");
    ck_assert_int_eq(SWEEP("-", "--out", "a"), STATUS_BAD_INPUT);
    ck_assert_int_eq(SWEEP("--out", "a"), STATUS_BAD_INPUT);
    ck_assert_int_eq(RUN("plain.yaml", "--out", "a", "--jobs", "2"), STATUS_BAD_INPUT);
    ck_assert_int_eq(RUN("plain.yaml", "--out", "a", "--variant", "x:nodes.0.count=0"), STATUS_BAD_INPUT);
    command_expect_in("stderr", "variant \"x\": --set nodes.0.count=0: count: \"0\" is out of bounds");
    ck_assert_int_ne(access("a", F_OK), 0);
}
END_TEST

START_TEST(check_reads_every_point) {
    command_write("s.yaml", SMALL "sweep: {nodes.0.count: [10, 20, 20x]}\n");
    ck_assert_int_eq(command_run(cmd_check, "check", (const char *const[]){"s.yaml", NULL}), STATUS_BAD_INPUT);
    command_expect_in("stderr", "s.yaml:7:33: count: \"20x\"");
}
END_TEST

START_TEST(variants_are_compared_side_by_side_with_the_same_seeds) {
    command_write("s.yaml", SMALL);
    command_expect_status(RUN("s.yaml", "--out", "a", "--no-report", "--runs", "2", "--variant", "as_it_is",
                              "--variant", "more:sessions.0.concurrent=20,nodes.0.count=12"),
                          STATUS_FINE);
    EXPECT_ROW("a/points.csv", 1, "1", "1", "as_it_is", "1", "pass");
    EXPECT_ROW("a/points.csv", 4, "2", "2", "more", "2", "pass");
    command_expect_in("a/as_it_is/seed-2/result.json", "\"seed\": 2,");
    command_expect_in("stdout", "small, 2 variants, seed 1 .. 2;");
    command_expect_in("stdout", "\ne2e_p95_ms ");
    command_expect_in("a/summary.md", "|  | as_it_is | more |");
}
END_TEST

/* ---- the farm ------------------------------------------------------------------------------------------------------- */

typedef struct told {
    int began, ended, most, running;
    int status[ROWS_MAX];
} told;

static int work(void *ctx, size_t task) {
    (void)ctx;
    if (task == 2) raise(SIGKILL);
    nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    return (int)task;
}

static void on_began(void *ctx, size_t task) {
    told *t = ctx;
    (void)task;
    t->began++;
    t->most = ++t->running > t->most ? t->running : t->most;
}

static void on_ended(void *ctx, size_t task, int status) {
    told *t = ctx;
    t->ended++;
    t->running--;
    t->status[task] = status;
}

static void on_tick(void *ctx) {
    (void)ctx;
}

START_TEST(a_farm_runs_each_task_once_and_no_more_at_a_time_than_it_may) {
    told t = {0};
    farm f = {.count = 9, .jobs = 3, .run = work, .began = on_began, .ended = on_ended, .tick = on_tick, .ctx = &t};
    ck_assert(farm_run(&f));
    ck_assert_int_eq(t.began, 9);
    ck_assert_int_eq(t.ended, 9);
    ck_assert_int_eq(t.most, 3);
    for (int i = 0; i < 9; i++) ck_assert_int_eq(t.status[i], i == 2 ? FARM_KILLED + SIGKILL : i);
}
END_TEST

int main(void) {
    TCase *tests = tcase_create("sweep");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, the_rows_are_the_points_in_their_order_each_with_successive_seeds);
    tcase_add_test(tests, a_point_is_what_run_gives_with_the_same_settings);
    tcase_add_test(tests, runs_side_by_side_give_the_same_bytes_as_one_after_the_other);
    tcase_add_loop_test(tests, an_interrupted_sweep_keeps_what_is_done_and_goes_on_from_there, 0, 2);
    tcase_add_test(tests, a_run_is_done_again_when_asked_or_when_scenario_seed_or_result_are_others);
    tcase_add_test(tests, a_point_that_fails_does_not_stop_the_others);
    tcase_add_test(tests, a_run_that_gives_no_result_is_an_error_with_its_reason);
    tcase_add_test(tests, bad_input_is_told_before_anything_is_run);
    tcase_add_test(tests, check_reads_every_point);
    tcase_add_test(tests, variants_are_compared_side_by_side_with_the_same_seeds);
    tcase_add_test(tests, a_farm_runs_each_task_once_and_no_more_at_a_time_than_it_may);
    return suite_run_case("sweep", tests);
}
