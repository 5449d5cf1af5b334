/* check_detmath.c - how far log, exp and pow are from the truth, and that their bits are the same everywhere.
 *
 * The truth is the C library's long double, which has 11 more bits here. */
#include "core/base/detmath.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "core/base/rng.h"
#include "tests/support/suite.h"

enum { POINTS = 200000 };

static uint64_t bits_of(double x) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

/* The distance from `truth` in units of the last place of a double of that size. */
static double ulps(double got, long double truth) {
    int exponent;
    frexpl(truth, &exponent);
    if (exponent < DBL_MIN_EXP) exponent = DBL_MIN_EXP;
    return (double)(fabsl((long double)got - truth) / ldexpl(1.0L, exponent - DBL_MANT_DIG));
}

/* A passing ck_assert() writes to a file; in loops this long only what fails may do so. */
static void check_ulps(const char *what, double x, double got, long double truth, double allowed) {
    double off = ulps(got, truth);
    if (off >= allowed) ck_abort_msg("%s(%.17g) = %.17g is %.3f ulp from %.20Lg", what, x, got, off, truth);
}

/* A double whose bits are random, but positive and finite: every exponent is as likely, subnormal ones too. */
static double any_positive(rng *r) {
    uint64_t bits = 1 + rng_below(r, UINT64_C(0x7FF0000000000000) - 1);
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

START_TEST(log_is_less_than_one_ulp_off_over_all_doubles) {
    rng r;
    rng_init(&r, 1, "log", 0);
    for (int i = 0; i < POINTS; i++) {
        double x = any_positive(&r);
        check_ulps("log", x, det_log(x), logl((long double)x), 1);
    }
}
END_TEST

START_TEST(log_keeps_its_precision_around_one) {
    rng r;
    rng_init(&r, 2, "log", 0);
    for (int i = 0; i < POINTS; i++) {
        double distance = ldexp(1.0, -(int)rng_below(&r, 52));
        double x = 1.0 + (rng_unit(&r) - 0.5) * distance;
        check_ulps("log", x, det_log(x), logl((long double)x), 1);
    }
}
END_TEST

START_TEST(log_of_subnormals_is_as_good) {
    for (double x = 0x1p-1074; x < DBL_MIN; x = x * 1.37 + 0x1p-1074)
        check_ulps("log", x, det_log(x), logl((long double)x), 1);
}
END_TEST

START_TEST(log_of_special_values) {
    ck_assert_uint_eq(bits_of(det_log(1.0)), bits_of(0.0));
    ck_assert(isinf(det_log(INFINITY)) && det_log(INFINITY) > 0);
    ck_assert_double_eq(det_log(2.0), 0x1.62e42fefa39efp-1);
    ck_assert_double_eq(det_log(0x1p-1074), -0x1.74385446d71c3p+9);
    ck_assert_double_eq(det_log(DBL_MAX), 0x1.62e42fefa39efp+9);
}
END_TEST

START_TEST(exp_is_less_than_one_ulp_off_where_it_is_normal) {
    rng r;
    rng_init(&r, 3, "exp", 0);
    for (int i = 0; i < POINTS; i++) {
        double x = -708.0 + rng_unit(&r) * (709.78 + 708.0);
        check_ulps("exp", x, det_exp(x), expl((long double)x), 1);
        x = (rng_unit(&r) - 0.5) * ldexp(1.0, -(int)rng_below(&r, 60));
        check_ulps("exp", x, det_exp(x), expl((long double)x), 1);
    }
}
END_TEST

START_TEST(exp_ends_in_subnormals) {
    for (double x = -708.0; x > -745.13; x -= 0.0137) check_ulps("exp", x, det_exp(x), expl((long double)x), 1.01);
    ck_assert_double_eq(det_exp(-745.1), 0x1p-1074);
}
END_TEST

START_TEST(exp_of_special_values) {
    ck_assert_double_eq(det_exp(0.0), 1.0);
    ck_assert_double_eq(det_exp(-0.0), 1.0);
    ck_assert_double_eq(det_exp(1.0), 0x1.5bf0a8b145769p+1);
    ck_assert_double_eq(det_exp(-745.15), 0.0);
    ck_assert_double_eq(det_exp(-1e300), 0.0);
    ck_assert_double_eq(det_exp(-INFINITY), 0.0);
    ck_assert_double_eq(det_exp(0x1p-1074), 1.0);
    ck_assert(isfinite(det_exp(709.782712893384)));
    ck_assert(isinf(det_exp(709.7827128933841)));
    ck_assert(isinf(det_exp(709.8)));
    ck_assert(isinf(det_exp(INFINITY)));
}
END_TEST

START_TEST(exp_undoes_log) {
    rng r;
    rng_init(&r, 4, "both", 0);
    for (int i = 0; i < POINTS; i++) {
        double x = ldexp(1.0 + rng_unit(&r), (int)rng_below(&r, 40) - 20);
        double back = det_exp(det_log(x));
        if (fabs(back - x) > x * (2 + fabs(log(x))) * 4e-16) ck_abort_msg("exp(log(%.17g)) = %.17g", x, back);
    }
}
END_TEST

START_TEST(exp_never_falls_where_the_series_changes_its_power_of_two) {
    for (int k = -1000; k < 1000; k++) {
        double border = (k + 0.5) * 0x1.62e42fefa39efp-1;
        double x = border * (1 - 0x1p-48), before = det_exp(x);
        for (int step = 0; step < 64; step++) {
            x = nextafter(x, INFINITY);
            double now = det_exp(x);
            if (now < before * (1 - 0x1p-52)) ck_abort_msg("exp(%.17g) falls from %.17g to %.17g", x, before, now);
            before = now;
        }
    }
}
END_TEST

START_TEST(pow_has_the_error_that_its_header_says) {
    rng r;
    rng_init(&r, 5, "pow", 0);
    for (int i = 0; i < POINTS; i++) {
        double x = ldexp(1.0 + rng_unit(&r), (int)rng_below(&r, 60) - 30), y = (rng_unit(&r) - 0.5) * 30;
        long double truth = powl((long double)x, (long double)y);
        double got = det_pow(x, y), allowed = (2 + fabs(y * log(x))) * 4e-16;
        double off = (double)(fabsl((long double)got - truth) / truth);
        if (off >= allowed)
            ck_abort_msg("pow(%.17g, %.17g) = %.17g is off by %.3g, allowed %.3g", x, y, got, off, allowed);
    }
}
END_TEST

START_TEST(pow_of_special_values) {
    ck_assert_double_eq(det_pow(3.7, 0.0), 1.0);
    ck_assert_double_eq(det_pow(1.0, 1e300), 1.0);
    ck_assert_double_eq(det_pow(0.5, 1e300), 0.0);
    ck_assert(isinf(det_pow(2.0, 1e300)));
    ck_assert_double_eq_tol(det_pow(2.0, 10.0), 1024.0, 1e-11);
}
END_TEST

START_TEST(the_cosine_has_the_error_that_its_header_says) {
    rng r;
    rng_init(&r, 9, "cosine", 0);
    for (int i = 0; i < 100000; i++) {
        double x = (rng_unit(&r) - 0.5) * 20,
               expected = (double)cosl(2 * 3.14159265358979323846264338327950288L * (long double)x);
        ck_assert_msg(fabs(det_cos_turns(x) - expected) < 1e-13, "cos of %.17g turns: %.17g, expected %.17g", x,
                      det_cos_turns(x), expected);
    }
    static const double quarters[] = {1, 0, -1, 0, 1};
    for (int i = 0; i < 5; i++) {
        ck_assert_double_eq(det_cos_turns(i * 0.25), quarters[i]);
        ck_assert_double_eq(det_cos_turns(-i * 0.25 - 7), quarters[i]);
    }
}
END_TEST

START_TEST(the_bits_of_results_are_these_on_every_machine) {
    static const struct {
        double x;
        uint64_t log, exp;
    } golden[] = {
        // clang-format off
        {           0x1p-1074, 0xc0874385446d71c3, 0x3ff0000000000000},
        {              1e-300, 0xc085963447f87fb5, 0x3ff0000000000000},
        {                1e-9, 0xc034b927f32bffb8, 0x3ff000000044b830},
        {                 0.1, 0xc0026bb1bbb55515, 0x3ff1aec7b35a00d4},
        {                 0.5, 0xbfe62e42fefa39ef, 0x3ffa61298e1e069c},
        { 0.70710678118654752, 0xbfd62e42fefa39ee, 0x4000399458f5a0d7},
        {        0.9999999999, 0xbddb7ce00005e728, 0x4005bf0a8b0b0063},
        {        1.0000000001, 0x3ddb7cdffffa18d8, 0x4005bf0a8b1dae70},
        {  1.4142135623730951, 0x3fd62e42fefa39f0, 0x401073f7e8448776},
        {                   2, 0x3fe62e42fefa39ef, 0x401d8e64b8d4ddae},
        {   2.718281828459045, 0x3ff0000000000000, 0x402e4efb75e4527a},
        {   3.141592653589793, 0x3ff250d048e7a1bd, 0x403724046eb09339},
        {                  10, 0x40026bb1bbb55516, 0x40d5829dcf950560},
        {              100.25, 0x40126e4046808320, 0x48f8c39b9134bac4},
        {             345.678, 0x401761ccc5a59570, 0x5f1a22ad25ccb60e},
        {               700.5, 0x401a3509950c84a7, 0x7f18625c7d4f56c2},
        {              709.75, 0x401a42787ff488a0, 0x7feef85a11e73f2d},
        // clang-format on
    };
    for (size_t i = 0; i < sizeof golden / sizeof *golden; i++) {
        uint64_t log_bits = bits_of(det_log(golden[i].x)), exp_bits = bits_of(det_exp(golden[i].x));
        ck_assert_msg(log_bits == golden[i].log, "log(%g) = 0x%016" PRIx64, golden[i].x, log_bits);
        ck_assert_msg(exp_bits == golden[i].exp, "exp(%g) = 0x%016" PRIx64, golden[i].x, exp_bits);
    }
}
END_TEST

/* One number for many results: it moves when a single bit of a single one does. */
START_TEST(the_bits_of_a_hundred_thousand_results_are_the_same_on_every_machine) {
    rng r;
    rng_init(&r, 6, "golden", 0);
    uint64_t hash = 0;
    for (int i = 0; i < 100000; i++) {
        double x = any_positive(&r), y = (rng_unit(&r) - 0.5) * 1500, z = rng_unit(&r) * 20;
        hash = hash * UINT64_C(0x100000001B3) + bits_of(det_log(x));
        hash = hash * UINT64_C(0x100000001B3) + bits_of(det_exp(y));
        hash = hash * UINT64_C(0x100000001B3) + bits_of(det_pow(1 + z, z));
    }
    ck_assert_msg(hash == UINT64_C(0x7352742229164d18), "the results hash to 0x%016" PRIx64, hash);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        log_is_less_than_one_ulp_off_over_all_doubles,
        log_keeps_its_precision_around_one,
        log_of_subnormals_is_as_good,
        log_of_special_values,
        exp_is_less_than_one_ulp_off_where_it_is_normal,
        exp_ends_in_subnormals,
        exp_of_special_values,
        exp_undoes_log,
        exp_never_falls_where_the_series_changes_its_power_of_two,
        pow_has_the_error_that_its_header_says,
        pow_of_special_values,
        the_cosine_has_the_error_that_its_header_says,
        the_bits_of_results_are_these_on_every_machine,
        the_bits_of_a_hundred_thousand_results_are_the_same_on_every_machine,
    };
    return SUITE_RUN("detmath", tests);
}
