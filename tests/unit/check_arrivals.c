/* check_arrivals.c - patterns of arrivals against theory, on fixed seeds. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "sim/scenario/scenario.h"
#include "sim/world/arrival_process.h"
#include "tests/support/chance.h"
#include "tests/support/suite.h"

#define SEC USEC_PER_SEC

static scenario *group_with(const char *keys) {
    char text[512];
    scenario *s = NULL;
    sched_error err;
    snprintf(text, sizeof text, "duration: 1d\nsessions: [{%s}]\n", keys);
    ck_assert_msg(!scenario_parse("a.yaml", text, strlen(text), &s, &err), "%s", err.message);
    return s;
}

static arrival_process process_of(const scenario *s, uint64_t seed) {
    arrival_process p;
    arrival_process_init(&p, &s->session_groups[0].arrivals, s->session_groups[0].rate, seed, 0, s->start, s->start);
    return p;
}

/* Instants of the first `count` arrivals, in seconds since the start. */
static double *arrivals_of(const scenario *s, uint64_t seed, size_t count) {
    arrival_process p = process_of(s, seed);
    double *at = mem_zalloc(count, sizeof *at);
    usec_t now = s->start;
    for (size_t i = 0; i < count; i++) {
        now = arrival_process_next(&p, now);
        at[i] = (double)(now - s->start) / SEC;
    }
    return at;
}

/* Mean and variance / mean of the counts in windows. */
static void count_windows(const double *at, size_t count, double width, double *ret_mean, double *ret_dispersion) {
    size_t windows = (size_t)(at[count - 1] / width), i = 0;
    double sum = 0, squares = 0;
    for (size_t k = 0; k < windows; k++) {
        double n = 0;
        for (; i < count && at[i] < (double)(k + 1) * width; i++) n++;
        sum += n;
        squares += n * n;
    }
    double mean = sum / (double)windows;
    *ret_mean = mean;
    *ret_dispersion = (squares / (double)windows - mean * mean) / mean;
}

static double exponential_cdf(double x, const void *mean) {
    return 1 - exp(-x / *(const double *)mean);
}

static void to_gaps(double *at, size_t count) {
    for (size_t i = count - 1; i > 0; i--) at[i] -= at[i - 1];
}

START_TEST(poisson_arrivals_have_exponential_gaps_and_a_dispersion_of_one) {
    scenario *s = group_with("rate: 5/s");
    double *at = arrivals_of(s, (uint64_t)_i, 50000), mean, dispersion;
    count_windows(at, 50000, 10, &mean, &dispersion);
    ck_assert_msg(fabs(mean - 50) < 1, "%g arrivals in 10 s", mean);
    ck_assert_msg(fabs(dispersion - 1) < 0.15, "dispersion %g", dispersion);
    to_gaps(at, 50000);
    double gap = 0.2, d = chance_kolmogorov(at, 50000, exponential_cdf, &gap);
    ck_assert_msg(d < CHANCE_KS_LIMIT, "distance %g", d);
    free(at);
    scenario_free(s);
}
END_TEST

START_TEST(constant_arrivals_are_evenly_spaced) {
    scenario *s = group_with("rate: 8/s, arrivals: constant");
    double *at = arrivals_of(s, 1, 100);
    for (size_t i = 0; i < 100; i++) ck_assert_double_eq_tol(at[i], (double)(i + 1) / 8, 1e-9);
    free(at);
    scenario_free(s);
}
END_TEST

/* Index of dispersion of the counts in windows of t, for an MMPP of two states (Fischer and Meier-Hellstern 1993). */
static double mmpp_dispersion(double calm_rate, double burst_rate, double calm, double burst, double t) {
    double to_burst = 1 / calm, to_calm = 1 / burst, both = to_burst + to_calm;
    double weight = calm_rate * to_calm + burst_rate * to_burst, gap = burst_rate - calm_rate;
    double limit = 2 * to_burst * to_calm * gap * gap / (both * both * weight);
    return 1 + limit - limit / (both * t) * (1 - exp(-both * t));
}

START_TEST(bursts_have_the_rate_and_the_dispersion_of_their_mmpp) {
    scenario *s = group_with("rate: 7/s, arrivals: {bursts: {factor: 8, calm: 5s, burst: 1s}}");
    double calm = 7 * 6.0 / 13, *at = arrivals_of(s, (uint64_t)_i, 800000);
    for (double width = 1; width <= 16; width *= 4) {
        double mean, dispersion, expected = mmpp_dispersion(calm, 8 * calm, 5, 1, width);
        count_windows(at, 800000, width, &mean, &dispersion);
        ck_assert_msg(fabs(mean / width / 7 - 1) < 0.02, "rate %g", mean / width);
        ck_assert_msg(fabs(dispersion / expected - 1) < 0.1, "windows of %g s: dispersion %g, expected %g", width,
                      dispersion, expected);
    }
    free(at);
    scenario_free(s);
}
END_TEST

START_TEST(bursts_of_written_rates_follow_them) {
    scenario *s = group_with("arrivals: {bursts: {calm_rate: 0/s, burst_rate: 40/s, calm: 3s, burst: 1s}}");
    ck_assert_double_eq_tol(s->session_groups[0].rate, 10, 1e-9);
    ck_assert_int_eq(s->session_groups[0].concurrent, 0);
    double *at = arrivals_of(s, 3, 200000), mean, dispersion, expected = mmpp_dispersion(0, 40, 3, 1, 2);
    count_windows(at, 200000, 2, &mean, &dispersion);
    ck_assert_msg(fabs(mean / 20 - 1) < 0.03, "%g in 2 s", mean);
    ck_assert_msg(fabs(dispersion / expected - 1) < 0.1, "dispersion %g, expected %g", dispersion, expected);
    free(at);
    scenario_free(s);
}
END_TEST

/* Expected arrivals from 0 to `t` seconds of a day pattern, by the midpoint rule. */
static double expected_by(const session_group *g, double t) {
    const day_pattern *day = &g->arrivals.diurnal;
    double sum = 0, seconds = (double)day->day / SEC;
    enum { STEPS = 2000 };
    for (int i = 0; i < STEPS; i++) {
        double hour = fmod(day->begins + t * (i + 0.5) / STEPS / seconds * 24, 24);
        sum += day_factor(day, hour);
    }
    return g->rate / day_mean(day) * sum * t / STEPS;
}

static const char *const days[] = {
    "rate: 20/s, arrivals: {diurnal: {day: 1min}}",
    "rate: 20/s, arrivals: {diurnal: {day: 90s, begins: 7.5, trough: 0, peak: 3, peak_hour: 20}}",
    "rate: 20/s, arrivals: {diurnal: {day: 1min, begins: 22, curve: {2: 0.1, 9: 1.5, 13: 0.8, 18: 2}}}",
    "rate: 20/s, arrivals: {diurnal: {day: 40s, curve: {6: 1}}}",
};

/* Time rescaled by the expected number of arrivals makes any Poisson process one of rate 1. */
START_TEST(the_rescaled_gaps_of_a_day_are_exponential) {
    enum { COUNT = 4000 };
    scenario *s = group_with(days[_i]);
    double *at = arrivals_of(s, 11, COUNT), one = 1;
    for (size_t i = 0; i < COUNT; i++) at[i] = expected_by(&s->session_groups[0], at[i]);
    to_gaps(at, COUNT);
    double d = chance_kolmogorov(at, COUNT, exponential_cdf, &one);
    ck_assert_msg(d < CHANCE_KS_LIMIT, "distance %g", d);
    free(at);
    scenario_free(s);
}
END_TEST

START_TEST(a_day_has_the_mean_rate_of_its_group) {
    scenario *s = group_with(days[_i]);
    double *at = arrivals_of(s, 5, 200000), mean, dispersion;
    count_windows(at, 200000, (double)s->session_groups[0].arrivals.diurnal.day / SEC, &mean, &dispersion);
    double rate = mean / ((double)s->session_groups[0].arrivals.diurnal.day / SEC);
    ck_assert_msg(fabs(rate / 20 - 1) < 0.01, "rate %g", rate);
    ck_assert_msg(fabs(dispersion - 1) < 0.4, "whole days: dispersion %g", dispersion);
    free(at);
    scenario_free(s);
}
END_TEST

START_TEST(a_curve_is_straight_between_its_hours_and_over_midnight) {
    scenario *s = group_with("arrivals: {diurnal: {curve: {2: 1, 8: 4, 20: 1.5}}}");
    const day_pattern *day = &s->session_groups[0].arrivals.diurnal;
    static const double points[][2] = {{2, 1}, {5, 2.5}, {8, 4}, {14, 2.75}, {20, 1.5}, {23, 1.25}, {0, 1 + 1.0 / 6}};
    for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
        ck_assert_double_eq_tol(day_factor(day, points[i][0]), points[i][1], 1e-12);
    }
    ck_assert_double_eq_tol(day_mean(day), (2.5 * 6 + 2.75 * 12 + 1.25 * 6) / 24, 1e-12);
    ck_assert_double_eq(day_most(day), 4);
    scenario_free(s);
}
END_TEST

START_TEST(the_wave_of_a_day_peaks_at_its_hour) {
    scenario *s = group_with("arrivals: diurnal");
    const day_pattern *day = &s->session_groups[0].arrivals.diurnal;
    ck_assert_double_eq_tol(day_factor(day, 15), 1.8, 1e-12);
    ck_assert_double_eq_tol(day_factor(day, 3), 0.2, 1e-12);
    ck_assert_double_eq_tol(day_factor(day, 9), 1, 1e-12);
    scenario_free(s);
}
END_TEST

START_TEST(a_pattern_is_the_same_for_one_seed_and_another_for_another) {
    static const char *const patterns[] = {"arrivals: poisson", "arrivals: bursts", "arrivals: diurnal"};
    scenario *s = group_with(patterns[_i]);
    double *a = arrivals_of(s, 1, 100), *b = arrivals_of(s, 1, 100), *c = arrivals_of(s, 2, 100);
    ck_assert_mem_eq(a, b, 100 * sizeof *a);
    ck_assert(memcmp(a, c, 100 * sizeof *a) != 0);
    free(a);
    free(b);
    free(c);
    scenario_free(s);
}
END_TEST

/* --- what is refused -------------------------------------------------------------------------------------------- */

static const struct {
    const char *group, *message;
} bad[] = {
    {"arrivals: {burst: {}}", "a.yaml:2:24: unknown key \"burst\"; did you mean \"bursts\"?"},
    {"arrivals: {bursts: {factor: 0.5}}", "a.yaml:2:41: factor: \"0.5\" is out of bounds: expected 1 .. 10000"},
    {"arrivals: {bursts: {calm_rate: 1/s}}",
     "a.yaml:2:32: bursts: calm_rate and burst_rate are given together or not at all"},
    {"arrivals: {bursts: {factor: 2, calm_rate: 1/s, burst_rate: 2/s}}",
     "a.yaml:2:41: bursts: either factor or rates, not both"},
    {"rate: 1/s, arrivals: {bursts: {calm_rate: 1/s, burst_rate: 2/s}}",
     "a.yaml:2:19: rate: has no meaning here: the rate of the bursts says when sessions come"},
    {"arrivals: {diurnal: {peak: 2, curve: {1: 1}}}", "a.yaml:2:40: peak: has no meaning beside a curve"},
    {"arrivals: {diurnal: {curve: {9: 1, 8: 1}}}", "a.yaml:2:48: curve: hours must grow from point to point"},
    {"arrivals: {diurnal: {curve: {24: 1}}}", "a.yaml:2:42: curve: \"24\" is no hour: expected 0 .. 23.99"},
    {"arrivals: {diurnal: {curve: {1: 0}}}", "a.yaml:2:41: curve: nobody comes at any hour"},
    {"arrivals: {trace: {time: t}}",
     "a.yaml:2:31: \"file\" is missing: a CSV file with a header, from the folder of the scenario"},
    {"arrivals: {trace: {file: no/such.csv, time: t}}",
     "a.yaml:2:38: file: no/such.csv: cannot be opened: No such file or directory"},
    {"arrivals: {trace: {file: x, time: t, src: a}}",
     "a.yaml:2:31: trace: src and tgt are given together or not at all"},
};

START_TEST(a_pattern_that_makes_no_sense_is_refused_with_its_place) {
    char text[512];
    scenario *s = NULL;
    sched_error err = {0};
    snprintf(text, sizeof text, "duration: 1d\nsessions: [{%s}]\n", bad[_i].group);
    ck_assert_int_eq(scenario_parse("a.yaml", text, strlen(text), &s, &err), SCHED_EINVAL);
    ck_assert_str_eq(err.message, bad[_i].message);
}
END_TEST

int main(void) {
    TCase *tests = tcase_create("arrivals");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, poisson_arrivals_have_exponential_gaps_and_a_dispersion_of_one, 1, 4);
    tcase_add_test(tests, constant_arrivals_are_evenly_spaced);
    tcase_add_loop_test(tests, bursts_have_the_rate_and_the_dispersion_of_their_mmpp, 1, 4);
    tcase_add_test(tests, bursts_of_written_rates_follow_them);
    tcase_add_loop_test(tests, the_rescaled_gaps_of_a_day_are_exponential, 0, sizeof days / sizeof *days);
    tcase_add_loop_test(tests, a_day_has_the_mean_rate_of_its_group, 0, sizeof days / sizeof *days);
    tcase_add_test(tests, a_curve_is_straight_between_its_hours_and_over_midnight);
    tcase_add_test(tests, the_wave_of_a_day_peaks_at_its_hour);
    tcase_add_loop_test(tests, a_pattern_is_the_same_for_one_seed_and_another_for_another, 0, 3);
    tcase_add_loop_test(tests, a_pattern_that_makes_no_sense_is_refused_with_its_place, 0, sizeof bad / sizeof *bad);
    return suite_run_case("arrivals", tests);
}
