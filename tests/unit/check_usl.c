/* check_usl.c - the Universal Scalability Law fitted to points that were made with known coefficients. */
#include <math.h>
#include <string.h>

#include "core/base/rng.h"
#include "sim/capacity/usl.h"
#include "tests/support/suite.h"

enum { MOST = 64 };

typedef struct points {
    size_t count;
    double n[MOST], y[MOST];
} points;

static double law(double lambda, double sigma, double kappa, double n) {
    return lambda * n / (1 + sigma * (n - 1) + kappa * n * (n - 1));
}

/* Throughput at 1, 2, 4 ... 32 and between, each `runs` times, with relative errors of that deviation. */
static points made(double lambda, double sigma, double kappa, double noise, int runs, uint64_t seed) {
    static const double places[] = {1, 2, 3, 4, 6, 8, 12, 16, 24, 32};
    points p = {0};
    rng r;
    rng_init(&r, seed, "made", 0);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        for (int k = 0; k < runs; k++) {
            p.n[p.count] = places[i];
            p.y[p.count++] = law(lambda, sigma, kappa, places[i]) * (1 + rng_normal(&r, 0, noise));
        }
    }
    return p;
}

static usl_fit fit(const points *p) {
    usl_fit f;
    sched_error err;
    ck_assert_msg(usl_fit_points(p->n, p->y, p->count, 1, &f, &err) == SCHED_OK, "%s", err.message);
    return f;
}

static void expect_near(double got, double expected, double tolerance, const char *what) {
    ck_assert_msg(fabs(got - expected) <= tolerance, "%s is %g, expected %g", what, got, expected);
}

START_TEST(points_without_noise_give_their_coefficients_back) {
    static const double all[][3] = {{1000, 0.05, 0.002}, {20, 0.3, 0}, {5, 0, 0.01}, {1e6, 0, 0}, {0.01, 0.9, 1e-5}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        points p = made(all[i][0], all[i][1], all[i][2], 0, 1, 1);
        usl_fit f = fit(&p);
        expect_near(f.lambda.value / all[i][0], 1, 1e-9, "lambda");
        expect_near(f.sigma.value, all[i][1], 1e-9, "sigma");
        expect_near(f.kappa.value, all[i][2], 1e-11, "kappa");
        ck_assert_int_eq(f.sigma_is_zero, !(all[i][1] > 0));
        ck_assert_int_eq(f.kappa_is_zero, !(all[i][2] > 0));
        expect_near(usl_at(&f, 100) / law(all[i][0], all[i][1], all[i][2], 100), 1, 1e-6, "throughput at 100");
    }
}
END_TEST

START_TEST(the_peak_is_where_throughput_is_greatest) {
    points p = made(100, 0.02, 0.0005, 0, 1, 1);
    usl_fit f = fit(&p);
    expect_near(f.peak, sqrt(0.98 / 0.0005), 1e-6, "the peak");
    ck_assert(usl_at(&f, f.peak) > usl_at(&f, f.peak - 1) && usl_at(&f, f.peak) > usl_at(&f, f.peak + 1));
    p = made(100, 0.02, 0, 0, 1, 1);
    f = fit(&p);
    ck_assert(isinf(f.peak));
    p = made(100, 1.2, 0.1, 0, 1, 1);
    f = fit(&p);
    expect_near(f.peak, 1, 0, "the peak where each further one takes away");
}
END_TEST

/* 95 of 100 are promised; of 200, fewer than 174 come about once in a million if that is so. */
START_TEST(intervals_hold_the_true_coefficients_as_often_as_they_promise) {
    int lambda = 0, sigma = 0, kappa = 0;
    const int fits = 200;
    for (int i = 0; i < fits; i++) {
        points p = made(500, 0.08, 0.001, 0.03, 3, (uint64_t)i + 1);
        usl_fit f = fit(&p);
        lambda += f.lambda.low <= 500 && 500 <= f.lambda.high;
        sigma += f.sigma.low <= 0.08 && 0.08 <= f.sigma.high;
        kappa += f.kappa.low <= 0.001 && 0.001 <= f.kappa.high;
        ck_assert(f.lambda.low <= f.lambda.value && f.lambda.value <= f.lambda.high);
    }
    ck_assert_msg(lambda >= 174 && sigma >= 174 && kappa >= 174, "of %d intervals hold: lambda %d, sigma %d, kappa %d",
                  fits, lambda, sigma, kappa);
}
END_TEST

START_TEST(a_kappa_of_zero_is_told_from_a_real_one) {
    int taken_for_zero = 0, found = 0;
    const int fits = 100;
    for (int i = 0; i < fits; i++) {
        points without = made(500, 0.08, 0, 0.03, 3, (uint64_t)i + 1),
               with = made(500, 0.08, 0.002, 0.03, 3, (uint64_t)i + 1);
        taken_for_zero += fit(&without).kappa_is_zero;
        found += !fit(&with).kappa_is_zero;
    }
    ck_assert_msg(taken_for_zero >= 90, "kappa 0 was taken for one above 0 in %d of %d", fits - taken_for_zero, fits);
    ck_assert_msg(found == fits, "kappa 0.002 was taken for 0 in %d of %d", fits - found, fits);
}
END_TEST

START_TEST(the_same_points_give_the_same_intervals) {
    points p = made(500, 0.08, 0.001, 0.03, 2, 9);
    usl_fit a = fit(&p), b = fit(&p);
    ck_assert(!memcmp(&a.lambda, &b.lambda, sizeof a.lambda) && !memcmp(&a.kappa, &b.kappa, sizeof a.kappa));
}
END_TEST

/* Superlinear points are the best fit of a straight line: neither coefficient goes below 0. */
START_TEST(coefficients_are_never_below_zero) {
    points p = {.count = 4, .n = {1, 2, 4, 8}, .y = {1, 2.1, 4.5, 9.9}};
    usl_fit f = fit(&p);
    ck_assert(f.sigma.value == 0 && f.kappa.value == 0 && f.sigma_is_zero && f.kappa_is_zero);
    ck_assert(f.lambda.value > 1 && f.lambda.value < 1.24);
}
END_TEST

START_TEST(what_cannot_be_fitted_is_told) {
    static const struct {
        points p;
        const char *why;
    } bad[] = {
        {{.count = 4, .n = {1, 1, 2, 2}, .y = {1, 1, 2, 2}}, "2 different places"},
        {{.count = 0}, "0 different places"},
        {{.count = 3, .n = {1, 2, 0.5}, .y = {1, 2, 3}}, "point 3: 0.5 is no number of instances"},
        {{.count = 3, .n = {1, 2, 3}, .y = {1, 0, 3}}, "point 2: a throughput of 0"},
        {{.count = 3, .n = {1, 2, 3}, .y = {1, NAN, 3}}, "point 2: a throughput of nan"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        usl_fit f;
        sched_error err;
        ck_assert_int_eq(usl_fit_points(bad[i].p.n, bad[i].p.y, bad[i].p.count, 1, &f, &err), SCHED_EINVAL);
        ck_assert_msg(strstr(err.message, bad[i].why) != NULL, "%s; expected %s", err.message, bad[i].why);
    }
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        points_without_noise_give_their_coefficients_back,
        the_peak_is_where_throughput_is_greatest,
        intervals_hold_the_true_coefficients_as_often_as_they_promise,
        a_kappa_of_zero_is_told_from_a_real_one,
        the_same_points_give_the_same_intervals,
        coefficients_are_never_below_zero,
        what_cannot_be_fitted_is_told,
    };
    return SUITE_RUN("usl", tests);
}
