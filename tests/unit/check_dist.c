/* check_dist.c - distributions: what is drawn, what its mean is, how it is written. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/yaml_doc.h"
#include "sim/scenario/dist.h"
#include "tests/support/suite.h"

static sched_status read_text(const setting_type *type, const char *text, dist *ret_dist, sched_error *err) {
    yaml_doc *doc = NULL;
    sched_status status = yaml_doc_parse("d", text, strlen(text), &doc, err);
    if (!status) status = type->read(yaml_doc_root(doc), ret_dist, err);
    yaml_doc_free(doc);
    return status;
}

static dist duration(const char *text) {
    dist d = {.kind = DIST_CONSTANT};
    sched_error err = {0};
    ck_assert_msg(!read_text(&dist_of_duration, text, &d, &err), "%s: %s", text, err.message);
    return d;
}

static const char *const shapes[] = {
    "5s",
    "{dist: uniform, min: 1s, max: 3s}",
    "{dist: exponential, mean: 5min}",
    "{dist: exponential, mean: 5min, min: 10s}",
    "{dist: exponential, mean: 5s, max: 6s}",
    "{dist: lognormal, mean: 5s, cv: 0.6}",
    "{dist: lognormal, mean: 5s, cv: 0.6, min: 300ms, max: 30s}",
    "{dist: lognormal, mean: 5s, cv: 2, min: 4s, max: 8s}",
    "{dist: lognormal, mean: 5s, cv: 0}",
    "{dist: lognormal, mean: 5s, cv: 0.001, min: 4.99s, max: 5.01s}",
    "{dist: gamma, mean: 5s, cv: 0.001, min: 5s}",
    "{dist: gamma, mean: 10ms, cv: 0.3}",
    "{dist: gamma, mean: 10ms, cv: 0.3, min: 8ms}",
    "{dist: gamma, mean: 10ms, cv: 0.05, min: 9ms, max: 11ms}",
    "{dist: gamma, mean: 10ms, cv: 2, max: 15ms}",
    "{dist: gamma, mean: 10ms, cv: 5, min: 1us}",
};
enum { SHAPES = sizeof shapes / sizeof *shapes, DRAWS = 200000 };

/* Four standard errors; the seed is fixed. */
START_TEST(the_mean_that_is_told_is_the_mean_of_what_is_drawn) {
    dist d = duration(shapes[_i]);
    rng r;
    rng_init(&r, 7, "dist", (uint64_t)_i);
    double sum = 0, squares = 0;
    for (int i = 0; i < DRAWS; i++) {
        double x = dist_draw(&d, &r);
        ck_assert_msg(x >= d.min && x <= d.max, "%s drew %g", shapes[_i], x);
        sum += x;
        squares += x * x;
    }
    double mean = sum / DRAWS, error = sqrt(fabs(squares / DRAWS - mean * mean) / DRAWS);
    ck_assert_msg(fabs(mean - dist_mean(&d)) <= 4 * error + 1e-9 * mean, "%s: drawn %.6g +- %.2g, told %.6g",
                  shapes[_i], mean, error, dist_mean(&d));
}
END_TEST

/* Against closed forms: an exponential cut at b has mean m - b / (e^(b/m) - 1), one cut below at a has a + m. */
START_TEST(the_mean_of_a_cut_exponential_is_that_of_the_formula) {
    dist d = duration("{dist: exponential, mean: 5s, max: 6s}");
    double exact = 5e6 - 6e6 / (exp(6.0 / 5) - 1);
    ck_assert_msg(fabs(dist_mean(&d) / exact - 1) < 1e-4, "%.9g instead of %.9g", dist_mean(&d), exact);
    d = duration("{dist: exponential, mean: 5min, min: 10s}");
    ck_assert_msg(fabs(dist_mean(&d) / 310e6 - 1) < 1e-4, "%.9g instead of 310e6", dist_mean(&d));
    d = duration("{dist: exponential, mean: 5min}");
    ck_assert_double_eq(dist_mean(&d), 300e6);
}
END_TEST

START_TEST(a_constant_takes_no_random_number) {
    dist d = duration("15ms");
    rng r, before;
    rng_init(&r, 1, "c", 0);
    before = r;
    ck_assert_int_eq(dist_draw_usec(&d, &r), 15000);
    ck_assert_mem_eq(&r, &before, sizeof r);
}
END_TEST

START_TEST(a_window_that_is_hardly_ever_hit_ends_at_its_nearer_end) {
    dist d = duration("{dist: exponential, mean: 5s, min: 4999999us, max: 5000001us}");
    rng r;
    rng_init(&r, 1, "w", 0);
    for (int i = 0; i < 1000; i++) {
        double x = dist_draw(&d, &r);
        ck_assert_msg(x >= 4999999 && x <= 5000001, "%g", x);
    }
}
END_TEST

START_TEST(the_same_stream_gives_the_same_draws) {
    dist d = duration(shapes[6]);
    rng a, b;
    rng_init(&a, 3, "s", 5);
    rng_init(&b, 3, "s", 5);
    for (int i = 0; i < 1000; i++) ck_assert_int_eq(dist_draw_usec(&d, &a), dist_draw_usec(&d, &b));
}
END_TEST

START_TEST(what_is_printed_reads_back) {
    dist d = duration(shapes[_i]), again;
    char text[256] = "";
    FILE *out = fmemopen(text, sizeof text, "w");
    dist_of_duration.print(&d, out);
    fclose(out);
    again = duration(text);
    ck_assert_msg(d.kind == again.kind && d.mean == again.mean && d.cv == again.cv && d.min == again.min &&
                      d.max == again.max,
                  "%s became %s", shapes[_i], text);
}
END_TEST

static const struct {
    const char *text, *message;
} bad[] = {
    {"5", "d:1:1: value: \"5\" is not a duration: expected a number with a unit such as 250ms, 15s, 2min or 1h30min"},
    {"{dist: normal, mean: 5s}", "d:1:8: dist: \"normal\" is not one of constant, uniform, exponential, lognormal, "
                                 "gamma; did you mean \"lognormal\"?"},
    {"{dist: gamma}", "d:1:1: a distribution that is gamma needs a mean"},
    {"{mean: 5s, sd: 1s}", "d:1:12: unknown key \"sd\"; known here: dist, mean, cv, min, max"},
    {"{dist: gamma, mean: 5s, cv: 6}", "d:1:29: cv: \"6\" is out of bounds: expected 0 .. 5"},
    {"{dist: gamma, mean: 5s, cv: 1e-9}", "d:1:29: cv: \"1e-9\" is too small: expected 0, or 0.001 .. 5"},
    {"{dist: gamma, mean: 0s}", "d:1:1: mean: 0 makes no gamma distribution"},
    {"{dist: exponential, mean: 5s, cv: 1}", "d:1:35: exponential has no cv of its own"},
    {"{dist: uniform, min: 5s}", "d:1:1: a uniform needs a max"},
    {"{dist: uniform, mean: 5s, max: 6s}", "d:1:1: a uniform takes min and max, no mean or cv"},
    {"{dist: uniform, min: 5s, max: 4s}", "d:1:1: min is above max"},
    {"{dist: gamma, mean: 5s, max: 4s}", "d:1:1: the mean is not between min and max"},
    {"{dist: gamma, mean: 5s, min: 6s}", "d:1:1: the mean is not between min and max"},
    {"[5s]", "d:1:1: value: expected a duration, not a list"},
    {"25h", "d:1:1: value: \"25h\" is out of bounds: expected 0s .. 1d"},
};

START_TEST(what_is_no_distribution_is_refused_with_the_reason) {
    dist d;
    sched_error err = {0};
    ck_assert_msg(read_text(&dist_of_duration, bad[_i].text, &d, &err) == SCHED_EINVAL, "accepted: %s", bad[_i].text);
    ck_assert_str_eq(err.message, bad[_i].message);
}
END_TEST

START_TEST(a_distribution_of_numbers_has_no_units) {
    dist d;
    sched_error err = {0};
    ck_assert_int_eq(read_text(&dist_of_number, "{dist: gamma, mean: 2.5, cv: 0.5}", &d, &err), SCHED_OK);
    ck_assert_double_eq(d.mean, 2.5);
    ck_assert_int_eq(read_text(&dist_of_number, "5s", &d, &err), SCHED_EINVAL);
}
END_TEST

int main(void) {
    TCase *tests = tcase_create("dist");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, the_mean_that_is_told_is_the_mean_of_what_is_drawn, 0, SHAPES);
    tcase_add_test(tests, the_mean_of_a_cut_exponential_is_that_of_the_formula);
    tcase_add_test(tests, a_constant_takes_no_random_number);
    tcase_add_test(tests, a_window_that_is_hardly_ever_hit_ends_at_its_nearer_end);
    tcase_add_test(tests, the_same_stream_gives_the_same_draws);
    tcase_add_loop_test(tests, what_is_printed_reads_back, 0, SHAPES);
    tcase_add_loop_test(tests, what_is_no_distribution_is_refused_with_the_reason, 0, sizeof bad / sizeof *bad);
    tcase_add_test(tests, a_distribution_of_numbers_has_no_units);
    return suite_run_case("dist", tests);
}
