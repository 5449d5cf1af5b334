/* check_compare.c - lingua-sim compare as its user meets it: columns, files, bytes, mistakes. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/commands/commands.h"
#include "sim/report/compare_plots.h"
#include "sim/report/json_path.h"
#include "tests/support/command_world.h"
#include "tests/support/suite.h"

#define SMALL                                                                                                          \
    "name: small\n"                                                                                                    \
    "duration: 20s\n"                                                                                                  \
    "warmup: 2s\n"                                                                                                     \
    "languages: {count: 3}\n"                                                                                          \
    "nodes: [{name: gpu, count: 10, languages: 3, slots: 1}]\n"                                                        \
    "sessions: [{name: talkers, concurrent: 10, join: {at: 6s, over: 2s}}]\n"                                          \
    "slo: [\"lost==0\"]\n"
#define TWO "--phases", "3,production"

static char folder[TEMP_PATH_MAX];

#define COMPARE(...) command_run(cmd_compare, "compare", (const char *const[]){__VA_ARGS__, NULL})

static json_t *row_of(json_t *o, const char *key) {
    size_t i;
    json_t *row;
    json_array_foreach(json_at(o, "rows"), i, row) {
        if (!strcmp(json_string_value(json_at(row, "key")), key)) return row;
    }
    ck_abort_msg("no row %s", key);
}

static void expect_number(json_t *o, const char *path, double expected, double tolerance) {
    double value = json_number_at(o, path);
    ck_assert_msg(fabs(value - expected) <= tolerance, "%s is %g, expected %g", path, value, expected);
}

START_TEST(columns_are_phases_and_then_variants_under_the_same_seeds) {
    command_write("s.yaml", SMALL);
    command_expect_status(COMPARE("s.yaml", "--out", "a", TWO, "--variant", "more:sessions.0.concurrent=14", "--runs",
                                  "2", "--seed", "5"),
                          STATUS_FINE);
    json_t *o = command_json("a/compare.json");
    static const char *const names[] = {"phase-3", "production", "more"};
    ck_assert_str_eq(json_string_value(json_at(o, "schema")), "lingua.sim.compare/1");
    ck_assert_uint_eq(json_array_size(json_at(o, "columns")), 3);
    for (size_t i = 0; i < 3; i++) {
        json_t *column = json_array_get(json_at(o, "columns"), i);
        ck_assert_str_eq(json_string_value(json_at(column, "name")), names[i]);
        ck_assert_int_eq(json_integer_value(json_at(column, "runs")), 2);
    }
    command_expect_in("a/phase-3/seed-5/result.json", "\"phase\": \"3\"");
    command_expect_in("a/production/seed-6/result.json", "\"seed\": 6,");
    command_expect_in("stdout", "small, 3 columns, seed 5 .. 6; mean and 95 % interval of 2 runs\n");
    json_decref(o);
}
END_TEST

START_TEST(what_the_scenario_lays_side_by_side_are_the_columns_unless_the_arguments_say) {
    command_write("s.yaml", SMALL "variants: [\"as_it_is\", \"chance:scheduler.placement=random\"]\n");
    command_expect_status(COMPARE("s.yaml", "--out", "a"), STATUS_FINE);
    json_t *o = command_json("a/compare.json");
    ck_assert_uint_eq(json_array_size(json_at(o, "columns")), 2);
    ck_assert_str_eq(json_string_value(json_at(json_array_get(json_at(o, "columns"), 1), "name")), "chance");
    ck_assert_str_eq(json_string_value(json_at(o, "command")), "lingua-sim compare SCENARIO");
    json_decref(o);
    command_expect_status(COMPARE("s.yaml", "--out", "b", TWO), STATUS_FINE);
    o = command_json("b/compare.json");
    ck_assert_str_eq(json_string_value(json_at(json_array_get(json_at(o, "columns"), 0), "name")), "phase-3");
    json_decref(o);
}
END_TEST

/* With t = 12.706 for one degree of freedom, half of the interval is 6.353 times the distance of the two. */
START_TEST(figures_are_those_of_the_runs_with_students_interval) {
    command_write("s.yaml", SMALL);
    command_expect_status(COMPARE("s.yaml", "--out", "a", TWO, "--runs", "2"), STATUS_FINE);
    json_t *o = command_json("a/compare.json"), *first = command_json("a/phase-3/seed-1/result.json"),
           *second = command_json("a/phase-3/seed-2/result.json"), *row = row_of(o, "e2e_p95_ms");
    double x = json_number_at(first, "latency_ms.end_to_end.p95"),
           y = json_number_at(second, "latency_ms.end_to_end.p95");
    ck_assert(x != y);
    expect_number(row, "columns.phase-3.n", 2, 0);
    expect_number(row, "columns.phase-3.mean", (x + y) / 2, 0.01);
    expect_number(row, "columns.phase-3.high", (x + y) / 2 + 12.7062 * fabs(x - y) / 2, 1);
    expect_number(row_of(o, "decisions_per_s"), "columns.production.n", 2, 0);
    json_decref(first);
    json_decref(second);
    json_decref(o);
}
END_TEST

START_TEST(one_run_is_told_by_its_value_alone) {
    command_write("s.yaml", SMALL);
    command_expect_status(COMPARE("s.yaml", "--out", "a", "--variant", "as_it_is", "--quiet"), STATUS_FINE);
    json_t *o = command_json("a/compare.json"), *result = command_json("a/as_it_is/result.json"),
           *row = row_of(o, "top1_share_percent");
    expect_number(row, "columns.as_it_is.mean", 100 * json_number_at(result, "fairness.top1_share"), 1e-3);
    ck_assert(json_is_null(json_at(row, "columns.as_it_is.low")));
    char *said = command_text("stdout");
    ck_assert_ptr_null(strstr(said, "±"));
    free(said);
    char *quiet = command_text("stderr");
    ck_assert_str_eq(quiet, "");
    free(quiet);
    json_decref(result);
    json_decref(o);
}
END_TEST

#define CRASH                                                                                                          \
    "instances: {count: 2}\n"                                                                                          \
    "faults: [{at: 12s, instance: crash, which: 0, for: 2s}]\n"                                                        \
    "variants: [\"dual:scheduler.job_store=dual,scheduler.idempotency=lock\", \"single\"]\n"

START_TEST(what_a_crash_left_behind_is_told_by_count) {
    command_write("s.yaml", SMALL CRASH);
    command_expect_status(COMPARE("s.yaml", "--out", "a"), STATUS_FINE);
    json_t *o = command_json("a/compare.json"), *wrong = row_of(o, "states_disagree"), *caught = row_of(o, "caught");
    double jobs = json_number_at(caught, "columns.dual.mean");
    ck_assert_msg(jobs > 0, "%g jobs were caught", jobs);
    expect_number(wrong, "columns.dual.mean", jobs, 0);
    expect_number(wrong, "columns.single.mean", 0, 0);
    command_expect_in("a/dual/result.json", "\"unfinished\": ");
    command_expect_in("stdout", "Left with another state in Redis: ");
    command_expect_in("stdout", " with dual, none elsewhere.");
    command_expect_in("a/report.md", "Under way when their instance ended: ");
    json_decref(o);
}
END_TEST

START_TEST(the_same_seed_gives_the_same_bytes_however_many_run_at_once) {
    static const char *const files[] = {"stdout", "compare.json", "compare.csv", "report.html", "report.md"};
    command_write("s.yaml", SMALL);
    command_expect_status(COMPARE("s.yaml", "--out", "a", TWO, "--runs", "2", "--jobs", "1"), STATUS_FINE);
    ck_assert_int_eq(rename("a", "first") || rename("stdout", "first/stdout"), 0);
    command_expect_status(COMPARE("s.yaml", "--out", "a", TWO, "--runs", "2", "--jobs", "2"), STATUS_FINE);
    command_expect_same("first/stdout", "stdout");
    for (size_t i = 1; i < sizeof files / sizeof *files; i++) {
        char a[64], b[64];
        snprintf(a, sizeof a, "first/%s", files[i]);
        snprintf(b, sizeof b, "a/%s", files[i]);
        command_expect_same(a, b);
    }
}
END_TEST

START_TEST(the_page_says_the_verdict_first_and_holds_its_figures) {
    command_write("s.yaml", SMALL);
    command_expect_status(COMPARE("s.yaml", "--out", "a", TWO, "--variant", "x:sessions.0.concurrent=4"), STATUS_FINE);
    json_t *o = command_json("a/compare.json");
    command_expect_in("a/report.md", json_string_value(json_array_get(json_at(o, "verdict"), 1)));
    char *page = command_text("a/report.html");
    const char *drawn = page;
    for (int i = 0; i < COMPARE_PLOTS; i++) {
        drawn = strstr(drawn, "<svg ");
        ck_assert_msg(drawn != NULL, "only %d figures: %s", i, page);
        drawn++;
    }
    ck_assert_ptr_null(strstr(page, "{{"));
    ck_assert_ptr_nonnull(strstr(page, "lingua-sim compare SCENARIO --phases 3,production --variant "
                                       "'x:sessions.0.concurrent=4'"));
    free(page);
    json_decref(o);
}
END_TEST

START_TEST(what_differs_is_told_by_mechanism) {
    command_write("s.yaml", SMALL);
    command_expect_status(COMPARE("s.yaml", "--out", "a", TWO), STATUS_FINE);
    json_t *o = command_json("a/compare.json");
    ck_assert_str_eq(json_string_value(json_at(o, "differs.placement.phase-3")), "random");
    ck_assert_str_eq(json_string_value(json_at(o, "differs.placement.production")), "best_of_2");
    ck_assert_ptr_null(json_at(o, "differs.registry"));
    json_decref(o);
}
END_TEST

/* Exit status 0: what broke is a row of the table. */
START_TEST(a_missed_objective_is_a_row_and_no_error) {
    command_write("s.yaml", SMALL);
    command_expect_status(COMPARE("s.yaml", "--out", "a", "--phases", "3", "--set", "slo=[\"e2e_p50<1ms\"]"),
                          STATUS_FINE);
    json_t *o = command_json("a/compare.json");
    json_t *column = json_array_get(json_at(o, "columns"), 0);
    ck_assert_int_eq(json_integer_value(json_at(column, "objectives_met")), 0);
    ck_assert_int_eq(json_integer_value(json_at(column, "promises_kept")), 1);
    json_decref(o);
}
END_TEST

START_TEST(a_run_without_result_is_an_error_and_told) {
    command_write("s.yaml", SMALL);
    ck_assert_int_eq(system("mkdir a && touch a/production"), 0);
    command_expect_status(COMPARE("s.yaml", "--out", "a", TWO), STATUS_FAILED);
    command_expect_in("stderr", "a/production: ended with status 1 and without a result: ");
    command_expect_in("stdout", "- production has results of 0 of 1 runs only.\n");
    command_expect_not_in("stdout", "Nothing was lost");
    command_expect_not_in("stdout", "nan");
    command_expect_not_in("stderr", "nan");
}
END_TEST

START_TEST(bad_input_is_told_before_anything_is_run) {
    static const struct {
        const char *option, *value, *said;
    } bad[] = {
        {"--phases", "3,7", "lingua-sim compare: --phases: phase \"7\" does not exist: expected one of 0, 1, 2, 3"},
        {"--phases", "3,prodction", "did you mean \"production\"?"},
        {"--phases", "3,,2", "phase \"\" does not exist"},
        {"--phases", "3,production,3", "phase 3 is there twice"},
        {"--variant", "scheduler.placement=random", "expected name:path=value,path=value"},
        {"--variant", ":scheduler.placement=random", "expected name:path=value,path=value"},
        {"--variant", "x:scheduler.placment=random", "did you mean \"placement\"?"},
        {"--variant", "x:nodes.0.count=0", "variant \"x\": --set nodes.0.count=0"},
        {"--runs", "0", "--runs: \"0\" is out of bounds"},
        {"--set", "nodes.0.count=x", "count"},
        {"--seed", "x", "--seed: "},
    };
    command_write("s.yaml", SMALL);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        command_expect_status(COMPARE("s.yaml", "--out", "a", bad[i].option, bad[i].value), STATUS_BAD_INPUT);
        command_expect_in("stderr", bad[i].said);
    }
    command_expect_status(COMPARE("s.yaml", "--out", "a", "--phases", "3", "--variant", "phase-3"), STATUS_BAD_INPUT);
    command_expect_in("stderr", "two variants are named \"phase-3\"");
    command_expect_status(COMPARE("--out", "a"), STATUS_BAD_INPUT);
    command_expect_status(COMPARE("-", "--out", "a"), STATUS_BAD_INPUT);
    command_expect_status(COMPARE("none.yaml", "--out", "a"), STATUS_BAD_INPUT);
    ck_assert_int_ne(access("a", F_OK), 0);
}
END_TEST

START_TEST(help_tells_options_exit_status_and_examples) {
    command_expect_status(COMPARE("--help"), STATUS_FINE);
    command_expect_in("stdout", "--phases LIST");
    command_expect_in("stdout", "Exit status: 0");
    command_expect_in("stdout", "\nExamples:\n  lingua-sim compare ");
}
END_TEST

START_TEST(run_takes_a_phase) {
    command_write("s.yaml", SMALL);
    int status = command_run(cmd_run, "run", (const char *const[]){"s.yaml", "--phase", "3", "--out", "a", NULL});
    command_expect_status(status, STATUS_FINE);
    command_expect_in("a/result.json", "\"phase\": \"3\"");
    status = command_run(cmd_run, "run", (const char *const[]){"s.yaml", "--phase", "9", "--out", "b", NULL});
    command_expect_status(status, STATUS_BAD_INPUT);
    command_expect_in("stderr", "--phase: phase \"9\" does not exist");
}
END_TEST

static void setup(void) {
    command_enter(folder);
}

static void teardown(void) {
    command_leave(folder);
}

int main(void) {
    TCase *tests = tcase_create("compare");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, columns_are_phases_and_then_variants_under_the_same_seeds);
    tcase_add_test(tests, what_the_scenario_lays_side_by_side_are_the_columns_unless_the_arguments_say);
    tcase_add_test(tests, figures_are_those_of_the_runs_with_students_interval);
    tcase_add_test(tests, one_run_is_told_by_its_value_alone);
    tcase_add_test(tests, what_a_crash_left_behind_is_told_by_count);
    tcase_add_test(tests, the_same_seed_gives_the_same_bytes_however_many_run_at_once);
    tcase_add_test(tests, the_page_says_the_verdict_first_and_holds_its_figures);
    tcase_add_test(tests, what_differs_is_told_by_mechanism);
    tcase_add_test(tests, a_missed_objective_is_a_row_and_no_error);
    tcase_add_test(tests, a_run_without_result_is_an_error_and_told);
    tcase_add_test(tests, bad_input_is_told_before_anything_is_run);
    tcase_add_test(tests, help_tells_options_exit_status_and_examples);
    tcase_add_test(tests, run_takes_a_phase);
    return suite_run_case("compare", tests);
}
