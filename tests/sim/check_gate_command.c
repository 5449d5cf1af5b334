/* check_gate_command.c - the gate as a shell sees it: what has not changed passes, one command more per job does not, and all can be
 * told why. Instructions and pace are tried by .ci/run (scripts/gate_trials.sh), because they take longer. */
#include <jansson.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/program.h"
#include "tests/support/suite.h"
#include "tests/support/temp_files.h"

enum { LINE_MAX_LEN = 2048 };

static char folder[TEMP_PATH_MAX];
static program_run run;

static void gate(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void gate(const char *format, ...) {
    char line[LINE_MAX_LEN];
    int len = snprintf(line, sizeof line, "lingua-bench gate ");
    va_list args;
    va_start(args, format);
    vsnprintf(line + len, sizeof line - (size_t)len, format, args);
    va_end(args);
    program_free(&run);
    run = program_call(line);
}

static void expect(int status, const char *out) {
    ck_assert_msg(run.status == status && strstr(run.out, out), "status %d\n%s%s", run.status, run.out, run.err);
}

static void plant(const char *kind) {
    char line[LINE_MAX_LEN];
    snprintf(line, sizeof line, "scripts/plant.sh %s %s/plant", kind, folder);
    ck_assert_int_eq(system(line), 0);
}

static void remove_folder(void) {
    char line[LINE_MAX_LEN];
    snprintf(line, sizeof line, "rm -rf %s", folder);
    ck_assert_int_eq(system(line), 0);
}

START_TEST(what_is_the_same_passes_and_one_command_more_per_job_does_not) {
    temp_folder_make(folder);
    gate("--layers 1 --baseline %s/b.json --bless because", folder);
    expect(0, "b.json: blessed, because");

    gate("--layers counters --baseline %s/b.json --junit %s/j.xml", folder, folder);
    expect(0, "verdict       pass");
    ck_assert_ptr_null(strstr(run.out, "FAIL"));

    plant("command");
    gate("--layers 1 --baseline %s/b.json --scripts %s/plant --out -", folder, folder);
    ck_assert_msg(run.status == 3, "status %d\n%s%s", run.status, run.out, run.err);
    json_t *doc = json_loads(run.out, 0, NULL);
    ck_assert_str_eq(json_string_value(json_object_get(doc, "verdict")), "FAIL");
    ck_assert_ptr_nonnull(strstr(json_string_value(json_object_get(doc, "blessed")), ": because"));
    const json_t *rows = json_object_get(json_array_get(json_object_get(doc, "layers"), 0), "rows"), *row;
    size_t i;
    int found = 0;
    json_array_foreach(rows, i, row) {
        if (strcmp(json_string_value(json_object_get(row, "name")), "job.3.commands") != 0) continue;
        double more =
            json_number_value(json_object_get(row, "candidate")) - json_number_value(json_object_get(row, "base"));
        ck_assert_double_eq_tol(more, 1, 1e-9);
        ck_assert_str_eq(json_string_value(json_object_get(row, "verdict")), "FAIL");
        found++;
    }
    ck_assert_int_eq(found, 1);
    json_decref(doc);
    remove_folder();
}
END_TEST

/* In a folder without bench/baseline.json. */
START_TEST(a_layer_that_has_nothing_to_stand_against_says_what_it_needs) {
    char home[PATH_MAX];
    temp_folder_make(folder);
    ck_assert(getcwd(home, sizeof home) && !chdir(folder));
    gate("--layers 1,3");
    expect(0, "counters      skipped: there is no baseline: needs --base, or --bless to make one");
    expect(0, "pace          skipped: needs --base");
    expect(0, "verdict       nothing was compared");
    gate("--layers 2");
    expect(0, "instructions  skipped: ");
    ck_assert_int_eq(chdir(home), 0);
    temp_folder_remove(folder);
}
END_TEST

START_TEST(a_baseline_of_another_redis_is_not_trusted) {
    char path[TEMP_PATH_MAX];
    temp_folder_make(folder);
    temp_file_write(folder, "b.json",
                    "{\"schema\": \"lingua.bench.baseline/1\", \"environment\": {\"redis\": \"6.9.9 build x\"},\n"
                    " \"counters\": {\"a\": 1}, \"instructions\": {\"b\": 1}}",
                    path);
    gate("--layers 1,2 --baseline %s", path);
    expect(0, "counters      skipped: the baseline is of another version of Redis: needs --base");
    expect(0, "instructions  skipped: ");
    temp_folder_remove(folder);
}
END_TEST

START_TEST(a_side_that_is_no_benchmark_is_an_error_and_no_regression) {
    char path[TEMP_PATH_MAX], line[LINE_MAX_LEN];
    temp_folder_make(folder);
    temp_file_write(folder, "lingua-bench", "#!/bin/sh\necho 'what a pity' >&2\nexit 4\n", path);
    snprintf(line, sizeof line, "chmod +x %s", path);
    ck_assert_int_eq(system(line), 0);
    gate("--layers 1 --cand %s", folder);
    ck_assert_msg(run.status == 1 && strstr(run.err, "lingua-bench probe environment: what a pity"), "%d %s",
                  run.status, run.err);
    temp_folder_remove(folder);
}
END_TEST

static const struct {
    const char *options, *message;
} bad[] = {
    {"--layers 4", "--layers: \"4\": expected counters, instructions, pace, or 1, 2, 3"},
    {"--layers counter", "did you mean \"counters\"?"},
    {"--pairs 9", "--pairs=9: expected a whole number, 10..99"},
    {"--base no/such", "--base=no/such: No such file or directory; expected a lingua-bench or its build folder"},
    {"--bless", "Try: lingua-bench gate --help"},
    {"--bless why --base build", "--bless wants a reason, and goes without --base"},
    {"surplus", "\"surplus\" is one word too many"},
    {"--layers 1 --baseline no/such.json", "--baseline=no/such.json: No such file or directory"},
    {"--layers 3 --out no/such/file", "no/such/file: No such file or directory"},
};

START_TEST(bad_usage_is_told_and_nothing_is_measured) {
    gate("%s", bad[_i].options);
    bool told = strstr(run.err, bad[_i].message);
    /* the build folder of this test need not be "build" */
    bool elsewhere = strstr(bad[_i].options, "--base build") && strstr(run.err, "--base=build: ");
    ck_assert_msg(run.status == 2 && (told || elsewhere), "%d %s", run.status, run.err);
    ck_assert_str_eq(run.out, "");
}
END_TEST

int main(void) {
    TCase *tests = tcase_create("gate_command");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, what_is_the_same_passes_and_one_command_more_per_job_does_not);
    tcase_add_test(tests, a_layer_that_has_nothing_to_stand_against_says_what_it_needs);
    tcase_add_test(tests, a_baseline_of_another_redis_is_not_trusted);
    tcase_add_test(tests, a_side_that_is_no_benchmark_is_an_error_and_no_regression);
    tcase_add_loop_test(tests, bad_usage_is_told_and_nothing_is_measured, 0, sizeof bad / sizeof *bad);
    return suite_run_case("gate_command", tests);
}
