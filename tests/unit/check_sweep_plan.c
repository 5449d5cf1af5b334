/* check_sweep_plan.c - which points a sweep has, and what their scenarios are. */
#include "sim/scenario/sweep.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support/suite.h"
#include "tests/support/temp_files.h"

#define BASE                                                                                                           \
    "name: base\n"                                                                                                     \
    "duration: 2min\n"                                                                                                 \
    "languages: {count: 4}\n"                                                                                          \
    "nodes: [{count: 50}]\n"                                                                                           \
    "sessions: [{concurrent: 30}]\n"

static char folder[TEMP_PATH_MAX], path[TEMP_PATH_MAX];
static sched_error err;

static void setup(void) {
    temp_folder_make(folder);
}

static void teardown(void) {
    temp_folder_remove(folder);
}

static sweep_plan *load(const char *text) {
    sweep_plan *plan = NULL;
    temp_file_write(folder, "s.yaml", text, path);
    sched_status status = sweep_load(path, NULL, 0, &plan, &err);
    ck_assert_msg(!status, "%s", err.message);
    return plan;
}

static sweep_plan *load_variants(const char *const *variants, size_t count) {
    sweep_plan *plan = NULL;
    temp_file_write(folder, "s.yaml", BASE, path);
    return sweep_load_variants(path, NULL, 0, variants, count, &plan, &err) ? NULL : plan;
}

static scenario *point(sweep_plan *plan, size_t i) {
    scenario *s = NULL;
    sched_status status = sweep_scenario(plan, i, &s, &err);
    ck_assert_msg(!status, "%s", err.message);
    return s;
}

/* The message, whose place begins after the folder. */
static void expect_error(const char *expected) {
    size_t len = strlen(folder) + 1;
    const char *message = strncmp(err.message, folder, len - 1) ? err.message : err.message + len;
    ck_assert_str_eq(message, expected);
}

static void expect_hash_of(scenario *s, const char *text) {
    char hash[2][SCENARIO_HASH_MAX + 1];
    scenario *written = NULL;
    sched_status status = scenario_parse("s.yaml", text, strlen(text), &written, &err);
    ck_assert_msg(!status, "%s", err.message);
    ck_assert_str_eq(scenario_hash(s, hash[0]), scenario_hash(written, hash[1]));
    scenario_free(written);
}

START_TEST(points_are_the_product_of_the_axes_and_the_last_one_varies_fastest) {
    static const char *const expected[] = {"20 random 5s", "20 random 15s", "20 best_of_2 5s", "20 best_of_2 15s",
                                           "40 random 5s", "40 random 15s", "40 best_of_2 5s", "40 best_of_2 15s"};
    sweep_plan *plan = load(BASE "sweep:\n"
                                 "  sessions.0.concurrent: [20, 40]\n"
                                 "  scheduler.placement: [random, best_of_2]\n"
                                 "  nodes.0.heartbeat: [5s, 15s]\n");
    ck_assert_uint_eq(sweep_points(plan), 8);
    ck_assert_uint_eq(sweep_axes(plan), 3);
    ck_assert_str_eq(sweep_axis(plan, 1), "scheduler.placement");
    for (size_t i = 0; i < 8; i++) {
        char text[64];
        snprintf(text, sizeof text, "%s %s %s", sweep_value(plan, i, 0), sweep_value(plan, i, 1),
                 sweep_value(plan, i, 2));
        ck_assert_str_eq(text, expected[i]);
        scenario *s = point(plan, i);
        ck_assert_int_eq(s->session_groups[0].concurrent, i < 4 ? 20 : 40);
        ck_assert_int_eq(s->node_groups[0].heartbeat, (i % 2 ? 15 : 5) * USEC_PER_SEC);
        scenario_free(s);
    }
    sweep_free(plan);
}
END_TEST

START_TEST(a_point_has_the_hash_of_the_scenario_written_out) {
    sweep_plan *plan = load(BASE "sweep: {nodes.0.count: [50, 70]}\nruns: 3\n");
    ck_assert_int_eq(sweep_runs(plan), 3);
    scenario *first = point(plan, 0), *second = point(plan, 1);
    expect_hash_of(first, BASE);
    expect_hash_of(second, "name: base\nduration: 2min\nlanguages: {count: 4}\nnodes: [{count: 70}]\n"
                           "sessions: [{concurrent: 30}]\n");
    scenario_free(first);
    scenario_free(second);
    sweep_free(plan);
}
END_TEST

START_TEST(whole_mappings_and_texts_that_need_quotes_are_values_too) {
    sweep_plan *plan = load(BASE "sweep: {\"sessions.0.arrivals\": [poisson, {bursts: {factor: 8, calm: 20s}}], "
                                 "provenance: [\"a, b\", \"\"]}\n");
    ck_assert_str_eq(sweep_value(plan, 2, 0), "{bursts: {factor: 8, calm: 20s}}");
    ck_assert_str_eq(sweep_value(plan, 0, 1), "\"a, b\"");
    ck_assert_str_eq(sweep_value(plan, 1, 1), "\"\"");
    scenario *s = point(plan, 2);
    ck_assert_int_eq(s->session_groups[0].arrivals.kind, ARRIVALS_BURSTS);
    ck_assert_str_eq(s->provenance, "a, b");
    scenario_free(s);
    sweep_free(plan);
}
END_TEST

START_TEST(a_scenario_without_a_sweep_is_one_point) {
    sweep_plan *plan = load(BASE);
    ck_assert_uint_eq(sweep_points(plan), 1);
    ck_assert_uint_eq(sweep_axes(plan), 0);
    ck_assert_int_eq(sweep_runs(plan), 1);
    sweep_free(plan);
}
END_TEST

static const struct {
    const char *sweep, *message;
} bad[] = {
    {"sweep: [1]\n", "s.yaml:6:8: sweep: expected a mapping, not a list"},
    {"sweep: {nodes.0.count: 5}\n", "s.yaml:6:24: nodes.0.count: expected a list of 1 .. 100 values for this path"},
    {"sweep: {nodes.0.count: []}\n", "s.yaml:6:24: nodes.0.count: expected a list of 1 .. 100 values for this path"},
    {"sweep: {seed: [1, 2]}\n",
     "s.yaml:6:9: sweep: \"seed\" cannot be an axis; `runs` is how often a point is run, each with another seed"},
    {"runs: 0\n", "s.yaml:6:7: runs: \"0\" is out of bounds: expected 1 .. 1000"},
};

START_TEST(a_sweep_that_is_none_is_refused_with_its_place) {
    char text[512];
    sweep_plan *plan = NULL;
    snprintf(text, sizeof text, "%s%s", BASE, bad[_i].sweep);
    temp_file_write(folder, "s.yaml", text, path);
    ck_assert_int_eq(sweep_load(path, NULL, 0, &plan, &err), SCHED_EINVAL);
    expect_error(bad[_i].message);
}
END_TEST

static const struct {
    const char *sweep, *message;
} bad_points[] = {
    {"sweep: {scheduler.placment: [random]}\n", "s.yaml:6:9: unknown key \"placment\"; did you mean \"placement\"?"},
    {"sweep: {nodes.1.count: [5]}\n", "s.yaml:6:9: nodes.1: there is no element 1: expected an index 0 .. 0"},
    {"sweep: {nodes..count: [5]}\n",
     "s.yaml:6:9: \"nodes..count\" is no path: expected keys and indexes such as nodes.0.count"},
    {"sweep: {nodes.0.count: [5, 5x]}\n", "s.yaml:6:28: count: \"5x\""},
};

START_TEST(a_bad_path_is_told_at_the_path_and_a_bad_value_at_the_value) {
    char text[512];
    snprintf(text, sizeof text, "%s%s", BASE, bad_points[_i].sweep);
    sweep_plan *plan = load(text);
    ck_assert_int_eq(sweep_check(plan, &err), SCHED_EINVAL);
    size_t len = strlen(folder) + 1, prefix = strlen(bad_points[_i].message);
    ck_assert_msg(!strncmp(err.message + len, bad_points[_i].message, prefix), "%s", err.message);
    sweep_free(plan);
}
END_TEST

START_TEST(a_variant_sets_several_values_and_its_name_alone_sets_none) {
    const char *const variants[] = {"as_it_is",
                                    "two:nodes.0.count=70,sessions.0.arrivals={bursts: {factor: 8, calm: 20s}}"};
    sweep_plan *plan = load_variants(variants, 2);
    ck_assert_msg(plan != NULL, "%s", err.message);
    ck_assert_uint_eq(sweep_points(plan), 2);
    ck_assert_str_eq(sweep_axis(plan, 0), "variant");
    ck_assert_str_eq(sweep_value(plan, 1, 0), "two");
    scenario *first = point(plan, 0), *second = point(plan, 1);
    expect_hash_of(first, BASE);
    ck_assert_int_eq(second->node_groups[0].count, 70);
    ck_assert_int_eq(second->session_groups[0].arrivals.kind, ARRIVALS_BURSTS);
    scenario_free(first);
    scenario_free(second);
    sweep_free(plan);
}
END_TEST

START_TEST(variants_are_named_differently_and_as_a_folder_may_be) {
    const char *const same[] = {"a:nodes.0.count=1", "a:nodes.0.count=2"}, *const bad_name[] = {"../a:nodes.0.count=1"};
    ck_assert_ptr_null(load_variants(same, 2));
    expect_error("--variant a:nodes.0.count=2: two variants are named \"a\"");
    ck_assert_ptr_null(load_variants(bad_name, 1));
    expect_error(
        "--variant ../a:nodes.0.count=1: expected name:path=value,path=value with a name of at most 32 letters, "
        "digits, _ . and -");
}
END_TEST

START_TEST(a_bad_variant_is_told_with_its_name) {
    const char *const variants[] = {"a:nodes.0.cuont=1"};
    sweep_plan *plan = load_variants(variants, 1);
    ck_assert_int_eq(sweep_check(plan, &err), SCHED_EINVAL);
    expect_error("variant \"a\": --set nodes.0.cuont=1: unknown key \"cuont\"; did you mean \"count\"?");
    sweep_free(plan);
}
END_TEST

START_TEST(a_dump_of_a_sweep_reads_back_to_itself) {
    static const char text[] = BASE "sweep: {nodes.0.count: [5, 6], \"provenance\": [\"a: b\", no]}\nruns: 2\n";
    scenario *s = NULL, *again = NULL;
    ck_assert_int_eq(scenario_parse("s.yaml", text, strlen(text), &s, &err), SCHED_OK);
    ck_assert_str_eq(s->sweep, "{nodes.0.count: [5, 6], provenance: [\"a: b\", no]}");
    char *dump = NULL, hash[2][SCENARIO_HASH_MAX + 1];
    size_t len = 0;
    FILE *out = open_memstream(&dump, &len);
    scenario_dump(s, out);
    fclose(out);
    sched_status status = scenario_parse("dump.yaml", dump, len, &again, &err);
    ck_assert_msg(!status, "%s", err.message);
    ck_assert_str_eq(scenario_hash(s, hash[0]), scenario_hash(again, hash[1]));
    free(dump);
    scenario_free(s);
    scenario_free(again);
}
END_TEST

int main(void) {
    TCase *tests = tcase_create("sweep_plan");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, points_are_the_product_of_the_axes_and_the_last_one_varies_fastest);
    tcase_add_test(tests, a_point_has_the_hash_of_the_scenario_written_out);
    tcase_add_test(tests, whole_mappings_and_texts_that_need_quotes_are_values_too);
    tcase_add_test(tests, a_scenario_without_a_sweep_is_one_point);
    tcase_add_loop_test(tests, a_sweep_that_is_none_is_refused_with_its_place, 0, sizeof bad / sizeof *bad);
    tcase_add_loop_test(tests, a_bad_path_is_told_at_the_path_and_a_bad_value_at_the_value, 0,
                        sizeof bad_points / sizeof *bad_points);
    tcase_add_test(tests, a_variant_sets_several_values_and_its_name_alone_sets_none);
    tcase_add_test(tests, variants_are_named_differently_and_as_a_folder_may_be);
    tcase_add_test(tests, a_bad_variant_is_told_with_its_name);
    tcase_add_test(tests, a_dump_of_a_sweep_reads_back_to_itself);
    return suite_run_case("sweep_plan", tests);
}
