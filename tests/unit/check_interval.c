/* check_interval.c - means and 95 % intervals by hand. */
#include <math.h>

#include "sim/report/interval.h"
#include "tests/support/suite.h"

START_TEST(the_quantile_is_that_of_students_tables) {
    static const struct {
        size_t degrees;
        double t;
    } known[] = {{1, 12.706}, {2, 4.303},  {4, 2.776},  {9, 2.262},   {10, 2.228},
                 {11, 2.201}, {20, 2.086}, {30, 2.042}, {100, 1.984}, {1000000, 1.960}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        double t = student_t(known[i].degrees);
        ck_assert_msg(fabs(t - known[i].t) < 0.0011, "%zu degrees: %.5f, expected %.3f", known[i].degrees, t,
                      known[i].t);
    }
}
END_TEST

/* 2, 4, 6: deviation 2, half = 4.303 * 2 / sqrt(3). */
START_TEST(the_interval_is_t_times_the_standard_error_about_the_mean) {
    interval i = interval_of((const double[]){2, 4, 6}, 3);
    ck_assert_uint_eq(i.n, 3);
    ck_assert_double_eq_tol(i.mean, 4, 1e-12);
    ck_assert_double_eq_tol(i.half, 4.968, 0.001);
}
END_TEST

START_TEST(one_value_has_a_mean_and_no_interval) {
    interval i = interval_of((const double[]){7}, 1);
    ck_assert_uint_eq(i.n, 1);
    ck_assert_double_eq(i.mean, 7);
    ck_assert(isnan(i.half));
    ck_assert(!interval_excludes_zero(&i));
}
END_TEST

START_TEST(what_was_not_measured_is_left_out) {
    interval i = interval_of((const double[]){NAN, 2, NAN, 4}, 4), none = interval_of((const double[]){NAN}, 1);
    ck_assert_uint_eq(i.n, 2);
    ck_assert_double_eq_tol(i.mean, 3, 1e-12);
    ck_assert_uint_eq(none.n, 0);
    ck_assert(isnan(none.mean));
}
END_TEST

/* Seeds differ by far more than the two settings do. */
START_TEST(differences_by_seed_show_what_two_intervals_hide) {
    const double a[] = {100, 200, 300}, b[] = {99, 198.9, 299.1};
    interval d = interval_of_differences(a, b, 3), first = interval_of(a, 3), second = interval_of(b, 3);
    ck_assert_double_eq_tol(d.mean, 1, 1e-9);
    ck_assert(interval_excludes_zero(&d));
    ck_assert(first.mean - first.half < second.mean + second.half);
}
END_TEST

START_TEST(differences_that_may_be_none_hold_zero) {
    interval d = interval_of_differences((const double[]){1, 2, 3}, (const double[]){2, 1, 3}, 3);
    ck_assert(!interval_excludes_zero(&d));
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        the_quantile_is_that_of_students_tables,
        the_interval_is_t_times_the_standard_error_about_the_mean,
        one_value_has_a_mean_and_no_interval,
        what_was_not_measured_is_left_out,
        differences_by_seed_show_what_two_intervals_hide,
        differences_that_may_be_none_hold_zero,
    };
    return SUITE_RUN("interval", tests);
}
