/* check_bench.c - the harness of the benchmarks: how often they run, what is counted, and the JSON that other tools read. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "bench/benchmarks.h"
#include "core/base/embedded.h"
#include "tests/support/suite.h"

enum { FULL_WORK = 1000, QUICK_WORK = 100 };

/* Records 100, then 3, 1, 2, 5, 4 ...: the first is the warm-up. */
static sched_status run_numbers(bench_run *run, sched_error *err) {
    static const double values[] = {100, 3, 1, 2, 5, 4};
    (void)err;
    for (int i = 0; bench_again(run); i++) {
        bench_record(run, 0, values[i]);
        bench_record(run, 1, (double)bench_work(run, FULL_WORK));
    }
    return SCHED_OK;
}

static sched_status run_parameter(bench_run *run, sched_error *err) {
    (void)err;
    while (bench_again(run)) bench_record(run, 0, (double)bench_number(run) / 3);
    return SCHED_OK;
}

static sched_status run_name(bench_run *run, sched_error *err) {
    (void)err;
    while (bench_again(run)) bench_record(run, 0, (double)strlen(bench_text(run)));
    return SCHED_OK;
}

static sched_status run_failing(bench_run *run, sched_error *err) {
    while (bench_again(run)) {
        bench_record(run, 0, 1);
        return sched_fail(err, SCHED_EPROTO, "planned");
    }
    return SCHED_OK;
}

static const bench_value numbers[] = {{.number = 1000}, {.number = 1000000}};
static const bench_value texts[] = {{.text = "production"}};

static const benchmark plain = {.name = "test.plain",
                                .what = "",
                                .metrics = {{"value", "us"}, {"work", "1"}},
                                .run = run_numbers};
static const benchmark by_number = {.name = "test.number",
                                    .what = "",
                                    .param = "size",
                                    .values = numbers,
                                    .value_count = 2,
                                    .metrics = {{"third", "1/s"}},
                                    .run = run_parameter};
static const benchmark by_text = {.name = "test.text",
                                  .what = "",
                                  .param = "phase",
                                  .values = texts,
                                  .value_count = 1,
                                  .metrics = {{"length", "B"}},
                                  .run = run_name};
static const benchmark failing = {.name = "test.failing", .what = "", .metrics = {{"value", "us"}}, .run = run_failing};

static const benchmark wide = {.name = "test.wide",
                               .what = "",
                               .param = "size",
                               .values = numbers,
                               .value_count = 2,
                               .metrics = {{"third_of_the_size", "1"}},
                               .run = run_parameter,
                               .wide = true};

static bool always(void) {
    return true;
}

static bench_results measure(const benchmark *bench, const bench_value *value, int runs, bool quick) {
    bench_results results = {0};
    sched_error err = {0};
    bench_options options = {.runs = runs, .quick = quick};
    ck_assert_msg(bench_measure(bench, value, &options, &results, &err) == SCHED_OK, "%s", err.message);
    return results;
}

static char *printed(const bench_results *results, bool json) {
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    if (json)
        ck_assert_int_eq(bench_print_json(results, out, NULL), SCHED_OK);
    else
        bench_print_table(results, out);
    fclose(out);
    return text;
}

START_TEST(median_low_and_high_do_not_depend_on_the_order) {
    const double values[] = {5, 1, 4, 2, 3};
    bench_summary s = bench_summarize(values, 5);
    ck_assert_double_eq(s.median, 3);
    ck_assert_double_eq(s.low, 1);
    ck_assert_double_eq(s.high, 5);
    ck_assert_int_eq(s.runs, 5);
}
END_TEST

START_TEST(the_median_of_an_even_number_is_the_mean_of_the_middle_two) {
    const double values[] = {10, 1, 4, 2};
    ck_assert_double_eq(bench_summarize(values, 4).median, 3);
    ck_assert_double_eq(bench_summarize(values, 1).median, 10);
    ck_assert_double_eq(bench_summarize(values, 2).median, 5.5);
}
END_TEST

START_TEST(the_first_run_warms_up_and_is_not_counted) {
    bench_results results = measure(&plain, NULL, 5, false);
    ck_assert_uint_eq(results.count, 2);
    ck_assert_double_eq(results.list[0].summary.median, 3);
    ck_assert_double_eq(results.list[0].summary.low, 1);
    ck_assert_double_eq(results.list[0].summary.high, 5);
    ck_assert_int_eq(results.list[0].summary.runs, 5);
    bench_results_free(&results);
}
END_TEST

START_TEST(in_a_hurry_a_tenth_of_the_work_is_done) {
    bench_results full = measure(&plain, NULL, 1, false), quick = measure(&plain, NULL, 1, true);
    ck_assert_double_eq(full.list[1].summary.median, FULL_WORK);
    ck_assert_double_eq(quick.list[1].summary.median, QUICK_WORK);
    bench_results_free(&full);
    bench_results_free(&quick);
}
END_TEST

START_TEST(a_failure_leaves_the_results_as_they_were) {
    bench_results results = measure(&plain, NULL, 1, false);
    sched_error err = {0};
    bench_options options = {.runs = 2};
    ck_assert_int_eq(bench_measure(&failing, NULL, &options, &results, &err), SCHED_EPROTO);
    ck_assert_str_eq(err.message, "planned");
    ck_assert_uint_eq(results.count, 2);
    bench_results_free(&results);
}
END_TEST

START_TEST(an_interrupt_ends_the_benchmark_before_its_next_run) {
    bench_results results = {0};
    sched_error err = {0};
    bench_options options = {.runs = 2, .interrupted = always};
    ck_assert_int_eq(bench_measure(&plain, NULL, &options, &results, &err), SCHED_EINTR);
    ck_assert_str_eq(err.message, "test.plain: interrupted");
    ck_assert_uint_eq(results.count, 0);
}
END_TEST

START_TEST(json_holds_each_result_with_its_parameter) {
    bench_results results = measure(&by_number, &numbers[1], 3, false);
    sched_error err = {0};
    bench_options options = {.runs = 2};
    ck_assert_int_eq(bench_measure(&by_text, &texts[0], &options, &results, &err), SCHED_OK);
    char *text = printed(&results, true);
    ck_assert_str_eq(text,
                     "{\"schema\":\"lingua.bench.result/1\",\"results\":[\n"
                     " {\"name\":\"test.number\",\"params\":{\"size\":1000000},\"metric\":\"third\",\"unit\":\"1/s\","
                     "\"median\":333333.0,\"low\":333333.0,\"high\":333333.0,\"runs\":3},\n"
                     " {\"name\":\"test.text\",\"params\":{\"phase\":\"production\"},\"metric\":\"length\",\"unit\":"
                     "\"B\","
                     "\"median\":10.0,\"low\":10.0,\"high\":10.0,\"runs\":2}\n"
                     "]}\n");
    free(text);
    bench_results_free(&results);
}
END_TEST

START_TEST(json_without_results_or_parameters_is_json) {
    bench_results none = {0}, some = measure(&plain, NULL, 1, false);
    char *empty = printed(&none, true), *full = printed(&some, true);
    json_t *empty_doc = json_loads(empty, 0, NULL), *full_doc = json_loads(full, 0, NULL);
    ck_assert_uint_eq(json_array_size(json_object_get(empty_doc, "results")), 0);
    json_t *rows = json_object_get(full_doc, "results");
    ck_assert_uint_eq(json_array_size(rows), 2);
    ck_assert_uint_eq(json_object_size(json_object_get(json_array_get(rows, 0), "params")), 0);
    json_decref(empty_doc);
    json_decref(full_doc);
    free(empty);
    free(full);
    bench_results_free(&some);
}
END_TEST

START_TEST(the_table_groups_the_digits_of_large_numbers) {
    bench_results results = measure(&by_number, &numbers[1], 1, false);
    char *text = printed(&results, false);
    ck_assert_ptr_nonnull(strstr(text, " 333,333 "));
    ck_assert_ptr_nonnull(strstr(text, "size=1000000"));
    free(text);
    bench_results_free(&results);
    results = measure(&by_number, &numbers[0], 1, false);
    text = printed(&results, false);
    ck_assert_ptr_nonnull(strstr(text, " 333.3 "));
    free(text);
    bench_results_free(&results);
}
END_TEST

START_TEST(wide_rows_have_a_table_with_a_line_for_each_value) {
    bench_results results = measure(&by_number, &numbers[0], 1, false);
    sched_error err = {0};
    bench_options options = {.runs = 1};
    for (int i = 0; i < 2; i++) ck_assert(!bench_measure(&wide, &numbers[i], &options, &results, &err));
    ck_assert(!bench_measure(&plain, NULL, &(bench_options){.runs = 5}, &results, &err));
    char *text = printed(&results, false), *head = strstr(text, "third_of_the_size  spread\n");
    ck_assert_msg(head != NULL, "%s", text);
    char *first = strstr(head, "\ntest.wide "), *second = first ? strchr(first + 1, '\n') : NULL;
    if (!second) ck_abort_msg("%s", text);
    ck_assert_msg(strstr(first, "size=1000                    333.3     0 %\n") != NULL, "%s", text);
    ck_assert_msg(strstr(second, "size=1000000               333,333     0 %\n\nbenchmark ") != NULL, "%s", text);
    ck_assert_ptr_nonnull(strstr(second, "test.plain"));
    free(text);
    bench_results_free(&results);
}
END_TEST

static void run_quickly(const benchmark *b, const bench_value *value) {
    bench_results results = measure(b, value, 1, true);
    for (size_t i = 0; i < results.count; i++)
        ck_assert_msg(results.list[i].summary.median > 0, "%s: %s is %f", b->name, results.list[i].metric->name,
                      results.list[i].summary.median);
    bench_results_free(&results);
}

START_TEST(every_small_part_can_be_measured) {
    for (const benchmark *b = bench_micro; b->name; b++) {
        if (!b->param) run_quickly(b, NULL);
        for (int i = 0; i < b->value_count; i++) run_quickly(b, &b->values[i]);
    }
}
END_TEST

/* Time by rate is the length of what was read, in the same run. */
START_TEST(the_document_that_is_read_is_the_quickstart) {
    const benchmark *b = bench_micro;
    while (strcmp(b->name, "micro.yaml") != 0) b++;
    double bytes = (double)embedded_find(embedded_scenarios, "quickstart.yaml")->len;
    ck_assert_double_gt(bytes, 1000);
    for (int i = 0; i < b->value_count; i++) {
        bench_results results = measure(b, &b->values[i], 1, true);
        ck_assert_double_eq_tol(results.list[0].summary.median * results.list[1].summary.median, bytes, 1e-6);
        bench_results_free(&results);
    }
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        median_low_and_high_do_not_depend_on_the_order,
        the_median_of_an_even_number_is_the_mean_of_the_middle_two,
        the_first_run_warms_up_and_is_not_counted,
        in_a_hurry_a_tenth_of_the_work_is_done,
        a_failure_leaves_the_results_as_they_were,
        an_interrupt_ends_the_benchmark_before_its_next_run,
        json_holds_each_result_with_its_parameter,
        json_without_results_or_parameters_is_json,
        every_small_part_can_be_measured,
        the_document_that_is_read_is_the_quickstart,
        the_table_groups_the_digits_of_large_numbers,
        wide_rows_have_a_table_with_a_line_for_each_value,
    };
    return SUITE_RUN("bench", tests);
}
