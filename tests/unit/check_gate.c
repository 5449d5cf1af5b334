/* check_gate.c - the rules of the gate: when it fails, when it only wonders, what it keeps, and what others read of it. */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/gate/baseline.h"
#include "bench/gate/bootstrap.h"
#include "bench/gate/report.h"
#include "core/base/rng.h"
#include "tests/support/suite.h"
#include "tests/support/temp_files.h"

enum { PAIRS = 10 };

static figures figures_of(const char *const names[], const double values[], size_t count) {
    figures f = {0};
    for (size_t i = 0; i < count; i++) figures_add(&f, values[i], "%s", names[i]);
    return f;
}

static gate_word word_of(const gate_report *r, const char *name) {
    for (size_t i = 0; i < r->count; i++)
        if (!strcmp(r->rows[i].name, name)) return r->rows[i].word;
    ck_abort_msg("no row \"%s\"", name);
}

/* Rounds around `mean`, up to `spread` of it more: what is busy besides only ever adds. */
static pace_series series(rng *draws, double mean, double spread) {
    pace_series s;
    for (int i = 0; i < PAIRS; i++) s.value[i] = mean * (1 + spread * rng_unit(draws));
    return s;
}

static gate_word pace(double base_mean, double cand_mean, double spread, double other_base) {
    rng draws;
    rng_init(&draws, 7, "test", 0);
    pace_series base[3] = {series(&draws, base_mean, spread), series(&draws, other_base, spread),
                           series(&draws, base_mean, spread)};
    pace_series cand = series(&draws, cand_mean, spread);
    gate_report r = {0};
    gate_judge_pace(&r, "x", base, &cand, PAIRS);
    gate_word word = r.rows[0].word;
    gate_report_free(&r);
    return word;
}

/* --- rules ---- */

START_TEST(a_counter_is_equal_or_it_fails) {
    static const char *const names[] = {"same", "more", "less", "third", "zero", "from_zero"};
    const double before[] = {7, 7, 7, 1.0 / 3, 0, 0}, after[] = {7, 8, 6, 0.333333333333333, 0, 1};
    figures base = figures_of(names, before, 6), cand = figures_of(names, after, 6);
    gate_report r = {0};
    gate_judge_counters(&r, &base, &cand);
    ck_assert_int_eq(word_of(&r, "same"), GATE_SAME);
    ck_assert_int_eq(word_of(&r, "third"), GATE_SAME);
    ck_assert_int_eq(word_of(&r, "zero"), GATE_SAME);
    ck_assert_int_eq(word_of(&r, "more"), GATE_FAIL);
    ck_assert_int_eq(word_of(&r, "less"), GATE_FAIL);
    ck_assert_int_eq(word_of(&r, "from_zero"), GATE_FAIL);
    ck_assert_int_eq(gate_worst(&r, LAYER_COUNTERS), GATE_FAIL);
    ck_assert_int_eq(gate_worst(&r, LAYER_PACE), GATE_SAME);
    gate_report_free(&r);
    figures_free(&base);
    figures_free(&cand);
}
END_TEST

START_TEST(what_one_side_does_not_have_fails) {
    static const char *const old_name[] = {"old"}, *const new_name[] = {"new"};
    const double one[] = {1};
    figures base = figures_of(old_name, one, 1), cand = figures_of(new_name, one, 1);
    gate_report r = {0};
    gate_judge_counters(&r, &base, &cand);
    ck_assert_uint_eq(r.count, 2);
    ck_assert_int_eq(word_of(&r, "old"), GATE_FAIL);
    ck_assert_int_eq(word_of(&r, "new"), GATE_FAIL);
    gate_report_free(&r);
    figures_free(&base);
    figures_free(&cand);
}
END_TEST

START_TEST(instructions_warn_beyond_one_percent_and_fail_beyond_five) {
    static const char *const names[] = {"a", "b", "c", "d", "e"};
    const double before[] = {1000, 1000, 1000, 1000, 1000}, after[] = {1009, 1011, 1049, 1051, 980};
    static const gate_word expected[] = {GATE_SAME, GATE_WARN, GATE_WARN, GATE_FAIL, GATE_BETTER};
    figures base = figures_of(names, before, 5), cand = figures_of(names, after, 5);
    gate_report r = {0};
    gate_judge_instructions(&r, &base, &cand);
    for (int i = 0; i < 5; i++) ck_assert_int_eq(word_of(&r, names[i]), expected[i]);
    gate_report_free(&r);
    figures_free(&base);
    figures_free(&cand);
}
END_TEST

START_TEST(pace_fails_only_when_ten_percent_are_certain) {
    ck_assert_int_eq(pace(1, 1, 0.02, 1), GATE_SAME);
    ck_assert_int_eq(pace(1, 1.3, 0.02, 1), GATE_FAIL);
    ck_assert_int_eq(pace(1, 0.7, 0.02, 1), GATE_BETTER);
    ck_assert_int_eq(pace(1, 1.1, 0.3, 1), GATE_INCONCLUSIVE); /* it may be slower, and may be not */
}
END_TEST

START_TEST(where_base_against_base_would_fail_nothing_is_certain) {
    ck_assert_int_eq(pace(1, 1.3, 0.02, 1.5), GATE_INCONCLUSIVE);
    ck_assert_int_eq(pace(1, 1.3, 0.02, 0.6), GATE_INCONCLUSIVE);
}
END_TEST

/* --- the interval ---- */

START_TEST(the_same_seed_gives_the_same_interval_and_the_ratio_lies_in_it) {
    rng draws;
    rng_init(&draws, 1, "test", 0);
    pace_series base = series(&draws, 1, 0.2), cand = series(&draws, 1.5, 0.2);
    ratio_interval one = bootstrap_ratio(base.value, cand.value, PAIRS, 3);
    ratio_interval two = bootstrap_ratio(base.value, cand.value, PAIRS, 3);
    ck_assert_double_eq(one.low, two.low);
    ck_assert_double_eq(one.high, two.high);
    ck_assert(one.low <= one.ratio && one.ratio <= one.high);
    ck_assert(one.low > 1.2 && one.high < 1.9);
}
END_TEST

START_TEST(without_spread_the_interval_is_a_point) {
    double base[PAIRS], cand[PAIRS];
    for (int i = 0; i < PAIRS; i++) base[i] = 2, cand[i] = 3;
    ratio_interval r = bootstrap_ratio(base, cand, PAIRS, 1);
    ck_assert_double_eq(r.low, 1.5);
    ck_assert_double_eq(r.high, 1.5);
}
END_TEST

/* Of 400 comparisons of a thing with itself 5 % miss the truth; the percentile interval of medians is a little narrow. */
START_TEST(the_interval_covers_the_truth_about_as_often_as_it_says) {
    rng draws;
    rng_init(&draws, 11, "test", 0);
    int covered = 0;
    enum { TRIES = 400 };
    for (int t = 0; t < TRIES; t++) {
        pace_series base = series(&draws, 1, 1), cand = series(&draws, 1, 1);
        ratio_interval r = bootstrap_ratio(base.value, cand.value, PAIRS, (uint64_t)t);
        covered += r.low <= 1 && 1 <= r.high;
    }
    ck_assert_msg(covered > TRIES * 88 / 100, "%d of %d", covered, TRIES);
}
END_TEST

/* Three of ten runs are held up tenfold, on either side. */
START_TEST(outliers_do_not_make_a_regression) {
    rng draws;
    rng_init(&draws, 5, "test", 0);
    for (int t = 0; t < 50; t++) {
        pace_series base = series(&draws, 1, 0.05), cand = series(&draws, 1, 0.05);
        for (int i = 0; i < 3; i++) {
            base.value[rng_below(&draws, PAIRS)] *= 10;
            cand.value[rng_below(&draws, PAIRS)] *= 10;
        }
        ck_assert_double_le(bootstrap_ratio(base.value, cand.value, PAIRS, 1).low, 1.1);
    }
}
END_TEST

/* --- the baseline ---- */

START_TEST(a_baseline_comes_back_as_it_was_blessed) {
    char folder[TEMP_PATH_MAX], path[TEMP_PATH_MAX + 16], text[100];
    sched_error err = {0};
    temp_folder_make(folder);
    snprintf(path, sizeof path, "%s/baseline.json", folder);
    baseline first = {0}, again = {0};
    snprintf(first.env.text[ENV_REDIS], ENV_TEXT_MAX, "7.0.15 build abc");
    figures_add(&first.counters, 41.494, "job.commands");
    figures_add(&first.counters, 12716, "sim.commands");
    figures_add(&first.instructions, 1.0 / 3, "core.x");
    ck_assert_msg(!baseline_bless(&first, "because \"so\"", path, &err), "%s", err.message);
    ck_assert_msg(!baseline_read(path, &again, &err), "%s", err.message);
    ck_assert_int_eq(environment_differs(&first.env, &again.env), ENV_ITEMS);
    gate_report r = {0};
    gate_judge_counters(&r, &first.counters, &again.counters);
    gate_judge_counters(&r, &first.instructions, &again.instructions);
    ck_assert_uint_eq(r.count, 3);
    ck_assert_int_eq(gate_worst(&r, GATE_LAYERS), GATE_SAME);
    baseline_reason(&again, text, sizeof text);
    ck_assert_ptr_nonnull(strstr(text, ": because \"so\""));
    for (int i = 0; i < 30; i++)
        ck_assert_msg(!baseline_bless(&again, i ? "more" : "second", path, &err), "%s", err.message);
    ck_assert_uint_eq(json_array_size(again.blessed), 20);
    gate_report_free(&r);
    baseline_free(&first);
    baseline_free(&again);
    temp_folder_remove(folder);
}
END_TEST

START_TEST(what_is_no_baseline_is_refused_with_its_place) {
    static const struct {
        const char *text, *message;
    } bad[] = {
        {"{\"schema\": \"lingua.bench.baseline/1\",\n \"counters\": {\"a\": }}", ":2:"},
        {"{\"schema\": \"lingua.bench.result/1\"}", "expected schema \"lingua.bench.baseline/1\""},
        {"{\"schema\": \"lingua.bench.baseline/1\", \"environment\": {}, \"counters\": {\"a\": \"b\"}}",
         "figure \"a\": expected a number"},
        {"{\"schema\": \"lingua.bench.baseline/1\", \"environment\": 3}", "environment: expected an object"},
    };
    char folder[TEMP_PATH_MAX], path[TEMP_PATH_MAX];
    temp_folder_make(folder);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        baseline b;
        sched_error err = {0};
        temp_file_write(folder, "baseline.json", bad[i].text, path);
        ck_assert_int_eq(baseline_read(path, &b, &err), SCHED_EINVAL);
        ck_assert_msg(strstr(err.message, bad[i].message) && strstr(err.message, path), "%s", err.message);
    }
    temp_folder_remove(folder);
    baseline none;
    ck_assert_int_eq(baseline_read(path, &none, NULL), SCHED_ENOENT);
}
END_TEST

START_TEST(environments_differ_by_what_code_depends_on_and_not_by_the_name_of_the_processor) {
    environment here = environment_here(), there = here;
    ck_assert_str_ne(here.text[ENV_LIBRARIES], "");
    ck_assert_ptr_nonnull(strstr(here.text[ENV_LIBRARIES], "libc.so.6 "));
    ck_assert_ptr_nonnull(strstr(here.text[ENV_REDIS], " build "));
    snprintf(there.text[ENV_MODEL], ENV_TEXT_MAX, "another");
    ck_assert_int_eq(environment_differs(&here, &there), ENV_ITEMS);
    snprintf(there.text[ENV_REDIS], ENV_TEXT_MAX, "7.0.15 build other");
    ck_assert_int_eq(environment_differs(&here, &there), ENV_REDIS);
    char version[32];
    environment_redis_version(&there, version);
    ck_assert_str_eq(version, "7.0.15");
}
END_TEST

/* --- reports ---- */

static gate_report example(void) {
    static const char *const names[] = {"job.commands", "job.bytes"};
    const double before[] = {41.5, 1924}, after[] = {42.5, 1924}, thousands[] = {102206, 9780.25};
    figures base = figures_of(names, before, 2), cand = figures_of(names, after, 2),
            counts = figures_of(names, thousands, 2);
    gate_report r = {.pairs = PAIRS, .base = "a <b> & \"c\""};
    gate_judge_counters(&r, &base, &cand);
    gate_judge_instructions(&r, &counts, &counts);
    r.layer[LAYER_COUNTERS].ran = r.layer[LAYER_INSTRUCTIONS].ran = true;
    snprintf(r.layer[LAYER_COUNTERS].against, GATE_TEXT_MAX, "the baseline");
    snprintf(r.layer[LAYER_PACE].skipped, GATE_TEXT_MAX, "needs <--base>");
    figures_free(&base);
    figures_free(&cand);
    figures_free(&counts);
    return r;
}

static char *printed(void (*print)(const gate_report *, FILE *), const gate_report *r) {
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    print(r, out);
    fclose(out);
    return text;
}

static void print_short(const gate_report *r, FILE *out) {
    gate_report_terminal(r, false, out);
}

static void expect(const char *text, const char *const *parts) {
    for (; *parts; parts++) ck_assert_msg(strstr(text, *parts), "no \"%s\" in:\n%s", *parts, text);
}

START_TEST(the_terminal_shows_what_changed_and_says_how_to_agree_to_it) {
    gate_report r = example();
    char *text = printed(print_short, &r);
    expect(text, (const char *const[]){"job.commands", "41.500", "42.500", "+2.41 %", "FAIL",
                                       "1 same, 1 FAIL, against the baseline", "skipped: needs <--base>",
                                       "FAIL: 1 of counters, 0 of instructions, 0 of pace", "--bless", NULL});
    ck_assert_ptr_null(strstr(text, "job.bytes"));
    free(text);
    gate_report_free(&r);
}
END_TEST

START_TEST(markdown_has_the_verdict_first_and_all_rows) {
    gate_report r = example();
    char *text = printed(gate_report_markdown, &r);
    ck_assert_ptr_eq(strstr(text, "## Benchmarks: FAIL: 1 of counters"), text);
    expect(text, (const char *const[]){"| job.commands", "| job.bytes", "102,206", "9780.250", "<details>", NULL});
    free(text);
    gate_report_free(&r);
}
END_TEST

START_TEST(json_says_all_that_the_others_say) {
    gate_report r = example();
    char *text = printed(gate_report_json, &r);
    json_t *doc = json_loads(text, 0, NULL);
    ck_assert_str_eq(json_string_value(json_object_get(doc, "schema")), "lingua.bench.gate/1");
    ck_assert_str_eq(json_string_value(json_object_get(doc, "verdict")), "FAIL");
    const json_t *layers = json_object_get(doc, "layers"), *counters = json_array_get(layers, LAYER_COUNTERS);
    ck_assert_uint_eq(json_array_size(layers), GATE_LAYERS);
    ck_assert_str_eq(json_string_value(json_object_get(counters, "verdict")), "FAIL");
    const json_t *row = json_array_get(json_object_get(counters, "rows"), 0);
    ck_assert_double_eq(json_number_value(json_object_get(row, "candidate")), 42.5);
    ck_assert_str_eq(json_string_value(json_object_get(json_array_get(layers, LAYER_PACE), "skipped")),
                     "needs <--base>");
    json_decref(doc);
    free(text);
    gate_report_free(&r);
}
END_TEST

START_TEST(junit_counts_failures_and_skips_and_escapes_its_texts) {
    gate_report r = example();
    char *text = printed(gate_report_junit, &r);
    static const char failure[] = "<testcase classname=\"gate.counters\" name=\"job.commands\">"
                                  "<failure message=\"41.500 -&gt; 42.500, +2.41 %\"/></testcase>";
    expect(text, (const char *const[]){"<testsuite name=\"counters\" tests=\"2\" failures=\"1\" skipped=\"0\">",
                                       failure, "<testsuite name=\"pace\" tests=\"1\" failures=\"0\" skipped=\"1\">",
                                       "<skipped message=\"needs &lt;--base&gt;\"/>", NULL});
    free(text);
    gate_report_free(&r);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        a_counter_is_equal_or_it_fails,
        what_one_side_does_not_have_fails,
        instructions_warn_beyond_one_percent_and_fail_beyond_five,
        pace_fails_only_when_ten_percent_are_certain,
        where_base_against_base_would_fail_nothing_is_certain,
        the_same_seed_gives_the_same_interval_and_the_ratio_lies_in_it,
        without_spread_the_interval_is_a_point,
        the_interval_covers_the_truth_about_as_often_as_it_says,
        outliers_do_not_make_a_regression,
        a_baseline_comes_back_as_it_was_blessed,
        what_is_no_baseline_is_refused_with_its_place,
        environments_differ_by_what_code_depends_on_and_not_by_the_name_of_the_processor,
        the_terminal_shows_what_changed_and_says_how_to_agree_to_it,
        markdown_has_the_verdict_first_and_all_rows,
        json_says_all_that_the_others_say,
        junit_counts_failures_and_skips_and_escapes_its_texts,
    };
    return SUITE_RUN("gate", tests);
}
