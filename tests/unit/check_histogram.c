/* check_histogram.c - against sorted arrays of the same values, and the layout and table against HdrHistogram's. */
#include "core/base/histogram.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/rng.h"
#include "tests/support/suite.h"

static const int64_t HOUR = INT64_C(3600000000);
static const double PERCENTILES[] = {0, 0.1, 1, 10, 25, 50, 75, 90, 95, 99, 99.9, 99.99, 99.999, 100};
enum { PERCENTILE_COUNT = sizeof PERCENTILES / sizeof *PERCENTILES, SEEDS = 20, VALUES_MAX = 5000 };

/* Values of very different sizes: small ones, ties, borders of buckets, a long tail, a few beyond `highest`. */
static size_t make_values(uint64_t seed, int64_t highest, int64_t values[VALUES_MAX]) {
    rng r;
    rng_init(&r, seed, "values", 0);
    size_t count = 1 + rng_below(&r, VALUES_MAX);
    for (size_t i = 0; i < count; i++) {
        int64_t border = INT64_C(1) << rng_below(&r, 31);
        switch (rng_below(&r, 4)) {
        case 0: values[i] = (int64_t)rng_below(&r, 3000); break;
        case 1: values[i] = border - 1 + (int64_t)rng_below(&r, 3); break;
        case 2: values[i] = (int64_t)rng_lognormal(&r, 50000, 3); break;
        default: values[i] = (int64_t)rng_below(&r, (uint64_t)highest + 1); break;
        }
    }
    return count;
}

static int by_value(const void *left, const void *right) {
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

START_TEST(percentiles_are_those_of_the_sorted_values_within_one_part_in_a_thousand) {
    int64_t values[VALUES_MAX];
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        histogram *h = histogram_new(HOUR);
        size_t count = make_values(seed, HOUR, values);
        for (size_t i = 0; i < count; i++) histogram_record(h, values[i]);
        qsort(values, count, sizeof *values, by_value);
        for (size_t p = 0; p < PERCENTILE_COUNT; p++) {
            size_t rank = (size_t)ceil(PERCENTILES[p] * (double)count / 100 - 1e-6);
            int64_t exact = values[rank ? rank - 1 : 0], got = histogram_percentile(h, PERCENTILES[p]);
            ck_assert_msg(got >= exact && (double)(got - exact) < (double)exact / 1000 + 1e-9,
                          "seed %" PRIu64 ": p%g is %" PRId64 ", exactly %" PRId64, seed, PERCENTILES[p], got, exact);
            ck_assert_int_le(got, histogram_max(h));
        }
        histogram_free(h);
    }
}
END_TEST

START_TEST(count_min_max_mean_and_spread_are_exact) {
    int64_t values[VALUES_MAX];
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        histogram *h = histogram_new(HOUR);
        size_t count = make_values(seed, HOUR, values);
        long double sum = 0, squares = 0;
        for (size_t i = 0; i < count; i++) histogram_record(h, values[i]);
        for (size_t i = 0; i < count; i++) sum += (long double)values[i];
        double mean = (double)(sum / (long double)count);
        for (size_t i = 0; i < count; i++) squares += ((long double)values[i] - mean) * ((long double)values[i] - mean);
        qsort(values, count, sizeof *values, by_value);
        ck_assert_uint_eq(histogram_count(h), count);
        ck_assert_int_eq(histogram_min(h), values[0]);
        ck_assert_int_eq(histogram_max(h), values[count - 1]);
        ck_assert_double_eq(histogram_mean(h), mean);
        double stddev = (double)sqrtl(squares / (long double)count);
        ck_assert_double_eq_tol(histogram_stddev(h), stddev, stddev * 1e-12);
        histogram_free(h);
    }
}
END_TEST

/* A spread of 3 around 10^12: a difference of two squares in doubles would have lost it. */
START_TEST(the_spread_of_close_large_values_is_kept) {
    histogram *h = histogram_new(HISTOGRAM_HIGHEST_MAX);
    const int64_t center = INT64_C(1000000000000);
    for (int i = 0; i < 1000; i++) {
        histogram_record(h, center - 3);
        histogram_record(h, center + 3);
    }
    ck_assert_double_eq(histogram_stddev(h), 3);
    ck_assert_double_eq(histogram_mean(h), 1e12);

    histogram_reset(h);
    histogram_record_n(h, center, 3);
    histogram_record_n(h, center + 1, 1);
    ck_assert_double_eq(histogram_stddev(h), sqrt(3.0 / 16));
    histogram_free(h);
}
END_TEST

START_TEST(one_value_has_no_spread_and_is_every_percentile) {
    static const int64_t some[] = {0, 1, 2047, 2048, 2049, 123456789, 3600000000};
    for (size_t i = 0; i < sizeof some / sizeof *some; i++) {
        histogram *h = histogram_new(HOUR);
        histogram_record_n(h, some[i], 7);
        ck_assert_double_eq(histogram_stddev(h), 0);
        ck_assert_int_eq(histogram_min(h), some[i]);
        for (size_t p = 0; p < PERCENTILE_COUNT; p++)
            ck_assert_int_eq(histogram_percentile(h, PERCENTILES[p]), some[i]);
        histogram_free(h);
    }
}
END_TEST

START_TEST(values_below_2048_are_kept_apart_and_larger_ones_fall_together_by_power_of_two) {
    histogram *h = histogram_new(HOUR);
    for (int64_t value = 0; value < 2048; value++) histogram_record(h, value);
    for (int64_t rank = 1; rank <= 2048; rank++)
        ck_assert_int_eq(histogram_percentile(h, (double)rank * 100 / 2048), rank - 1);
    histogram_free(h);

    static const struct {
        int64_t value, last_with_it;
    } groups[] = {{2048, 2049},
                  {2049, 2049},
                  {4095, 4095},
                  {4096, 4099},
                  {4099, 4099},
                  {1000000, 1000447},
                  {1 << 20, (1 << 20) + 1023},
                  {INT64_C(1) << 31, (INT64_C(1) << 31) + (1 << 21) - 1}};
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
        h = histogram_new(HOUR);
        histogram_record(h, groups[i].value);
        histogram_record(h, HOUR); /* so that the maximum does not cut what is shown */
        ck_assert_int_eq(histogram_percentile(h, 50), groups[i].last_with_it);
        histogram_free(h);
    }
}
END_TEST

START_TEST(a_rank_is_not_raised_by_the_rounding_of_a_percentile) {
    histogram *h = histogram_new(HOUR);
    for (int64_t value = 1; value <= 1000; value++) histogram_record(h, value);
    ck_assert_int_eq(histogram_percentile(h, 99.9), 999);
    ck_assert_int_eq(histogram_percentile(h, 99.91), 1000);
    ck_assert_int_eq(histogram_percentile(h, 29), 290);
    ck_assert_int_eq(histogram_percentile(h, 56.7), 567);
    ck_assert_int_eq(histogram_percentile(h, 0), 1);

    histogram_reset(h); /* 99.9 * 41000 / 100 is 40959.00000000001 in doubles */
    histogram_record_n(h, 1, 40959);
    histogram_record_n(h, 2, 41);
    ck_assert_int_eq(histogram_percentile(h, 99.9), 1);
    histogram_free(h);
}
END_TEST

START_TEST(values_above_highest_are_recorded_as_highest_and_counted) {
    histogram *h = histogram_new(5000);
    histogram_record(h, 5000);
    ck_assert_uint_eq(histogram_clamped(h), 0);
    histogram_record(h, 5001);
    histogram_record_n(h, INT64_MAX, 3);
    ck_assert_uint_eq(histogram_clamped(h), 4);
    ck_assert_uint_eq(histogram_count(h), 5);
    ck_assert_int_eq(histogram_min(h), 5000);
    ck_assert_int_eq(histogram_max(h), 5000);
    ck_assert_double_eq(histogram_mean(h), 5000);
    ck_assert_int_eq(histogram_percentile(h, 100), 5000);
    histogram_free(h);
}
END_TEST

/* The whole file that the histogram writes; free() it. */
static char *hgrm_of(const histogram *h, int ticks, double unit) {
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    ck_assert_ptr_nonnull(out);
    histogram_write_hgrm(h, out, ticks, unit);
    fclose(out);
    return text;
}

/* Equal in everything that can be asked. */
static void check_same(const histogram *a, const histogram *b, const char *what) {
    char *left = hgrm_of(a, 20, 1), *right = hgrm_of(b, 20, 1);
    ck_assert_msg(!strcmp(left, right), "%s: tables differ", what);
    ck_assert_uint_eq(histogram_clamped(a), histogram_clamped(b));
    ck_assert_int_eq(histogram_min(a), histogram_min(b));
    ck_assert_double_eq(histogram_mean(a), histogram_mean(b));
    ck_assert_double_eq(histogram_stddev(a), histogram_stddev(b));
    free(left);
    free(right);
}

START_TEST(adding_histograms_equals_recording_everything_in_one) {
    int64_t values[VALUES_MAX];
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        const int64_t highest = HOUR / 2; /* some values are beyond */
        histogram *all = histogram_new(highest), *parts[3], *forward = histogram_new(highest),
                  *backward = histogram_new(highest);
        for (size_t p = 0; p < 3; p++) parts[p] = histogram_new(highest);
        size_t count = make_values(seed, HOUR, values);
        for (size_t i = 0; i < count; i++) {
            histogram_record(all, values[i]);
            histogram_record(parts[i % 7 % 3], values[i]);
        }
        for (size_t p = 0; p < 3; p++) {
            histogram_add(forward, parts[p]);
            histogram_add(backward, parts[2 - p]);
        }
        check_same(all, forward, "in order");
        check_same(all, backward, "in reverse");
        for (size_t p = 0; p < 3; p++) histogram_free(parts[p]);
        histogram_free(all);
        histogram_free(forward);
        histogram_free(backward);
    }
}
END_TEST

START_TEST(adding_an_empty_histogram_changes_nothing) {
    histogram *h = histogram_new(HOUR), *same = histogram_new(HOUR), *empty = histogram_new(HOUR);
    histogram_record(h, 77);
    histogram_record(same, 77);
    histogram_add(h, empty);
    check_same(h, same, "with nothing added");
    histogram_free(h);
    histogram_free(same);
    histogram_free(empty);
}
END_TEST

static void add_another_range(void) {
    histogram_add(histogram_new(5000), histogram_new(4999));
}

static void record_a_negative_value(void) {
    histogram_record(histogram_new(5000), -1);
}

START_TEST(another_range_and_a_negative_value_are_bugs) {
    ck_assert(suite_aborts(add_another_range));
    ck_assert(suite_aborts(record_a_negative_value));
}
END_TEST

/* So many that the share of all but one value is 1 in doubles. */
START_TEST(the_table_ends_with_more_values_than_a_double_can_count) {
    histogram *h = histogram_new(HOUR);
    histogram_record_n(h, 1, UINT64_C(1) << 60);
    histogram_record(h, 2);
    char *text = hgrm_of(h, 5, 1);
    ck_assert_ptr_nonnull(strstr(text, "       2.000 1.000000000000 1152921504606846977\n#[Mean"));
    free(text);
    histogram_free(h);
}
END_TEST

START_TEST(recording_n_equals_recording_n_times) {
    histogram *once = histogram_new(HOUR), *often = histogram_new(HOUR);
    for (int64_t value = 1; value < HOUR * 2; value = value * 3 + 1) {
        uint64_t n = (uint64_t)value % 5;
        histogram_record_n(once, value, n);
        for (uint64_t i = 0; i < n; i++) histogram_record(often, value);
    }
    check_same(once, often, "counts");
    histogram_free(once);
    histogram_free(often);
}
END_TEST

START_TEST(an_empty_histogram_is_zero_everywhere) {
    histogram *h = histogram_new(2048), *other = histogram_new(2048);
    histogram_add(h, other);
    histogram_record_n(h, 12, 0);
    ck_assert_uint_eq(histogram_count(h), 0);
    ck_assert_int_eq(histogram_min(h), 0);
    ck_assert_int_eq(histogram_max(h), 0);
    ck_assert_double_eq(histogram_mean(h), 0);
    ck_assert_double_eq(histogram_stddev(h), 0);
    ck_assert_int_eq(histogram_percentile(h, 50), 0);
    char *text = hgrm_of(h, 5, 1000);
    ck_assert_str_eq(text, "       Value     Percentile TotalCount 1/(1-Percentile)\n\n"
                           "#[Mean    =        0.000, StdDeviation   =        0.000]\n"
                           "#[Max     =        0.000, Total count    =            0]\n"
                           "#[Buckets =            2, SubBuckets     =         2048]\n");
    free(text);
    histogram_free(h);
    histogram_free(other);
    ck_assert_ptr_null(histogram_free(NULL));
}
END_TEST

START_TEST(reset_forgets_everything_but_the_range) {
    histogram *h = histogram_new(5000), *fresh = histogram_new(5000);
    for (int64_t value = 0; value < 9000; value += 7) histogram_record(h, value);
    histogram_reset(h);
    check_same(h, fresh, "after reset");
    histogram_record(h, 9000);
    histogram_record(fresh, 9000);
    check_same(h, fresh, "after one more");
    histogram_free(h);
    histogram_free(fresh);
}
END_TEST

/* What HdrHistogram 2.1.11 writes for these values (all below 2048, so nothing is rounded). */
START_TEST(the_table_is_that_of_hdr_histogram) {
    histogram *h = histogram_new(HOUR);
    for (int64_t value = 1; value <= 20; value++) histogram_record_n(h, value * 100, value < 20 ? 5 : 1);
    char *text = hgrm_of(h, 2, 1000);
    ck_assert_str_eq(text, "       Value     Percentile TotalCount 1/(1-Percentile)\n"
                           "\n"
                           "       0.100 0.000000000000          5           1.00\n"
                           "       0.500 0.250000000000         25           1.33\n"
                           "       1.000 0.500000000000         50           2.00\n"
                           "       1.200 0.625000000000         60           2.67\n"
                           "       1.500 0.750000000000         75           4.00\n"
                           "       1.600 0.812500000000         80           5.33\n"
                           "       1.700 0.875000000000         85           8.00\n"
                           "       1.800 0.906250000000         90          10.67\n"
                           "       1.800 0.937500000000         90          16.00\n"
                           "       1.900 0.953125000000         95          21.33\n"
                           "       1.900 0.968750000000         95          32.00\n"
                           "       1.900 0.976562500000         95          42.67\n"
                           "       1.900 0.984375000000         95          64.00\n"
                           "       1.900 0.988281250000         95          85.33\n"
                           "       2.000 0.992187500000         96         128.00\n"
                           "       2.000 1.000000000000         96\n"
                           "#[Mean    =        1.010, StdDeviation   =        0.554]\n"
                           "#[Max     =        2.000, Total count    =           96]\n"
                           "#[Buckets =           22, SubBuckets     =         2048]\n");
    free(text);
    histogram_free(h);
}
END_TEST

START_TEST(the_table_ends_at_100_percent_whatever_was_recorded) {
    int64_t values[VALUES_MAX];
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        histogram *h = histogram_new(HOUR);
        size_t count = make_values(seed, HOUR, values);
        for (size_t i = 0; i < count; i++) histogram_record(h, values[i]);
        char *text = hgrm_of(h, 1 + (int)seed, 1000);
        double value, percentile, last_value = -1, last_percentile = -1;
        uint64_t total = 0;
        const char *line = strstr(text, "\n\n") + 2;
        for (; *line != '#'; line = strchr(line, '\n') + 1) {
            ck_assert_int_eq(sscanf(line, "%lf %lf %" SCNu64, &value, &percentile, &total), 3);
            ck_assert_msg(value >= last_value && percentile > last_percentile, "seed %" PRIu64 ": %.60s", seed, line);
            last_value = value;
            last_percentile = percentile;
        }
        ck_assert_double_eq(last_percentile, 1);
        ck_assert_uint_eq(total, count);
        ck_assert_double_eq_tol(last_value, (double)histogram_max(h) / 1000, 0.0006);
        free(text);
        histogram_free(h);
    }
}
END_TEST

START_TEST(counts_up_to_bounds_are_those_of_the_values_within_one_part_in_a_thousand) {
    static const int64_t bounds[] = {0, 99, 100, 2047, 50000, 3600000000};
    enum { BOUNDS = sizeof bounds / sizeof *bounds };
    uint64_t counts[BOUNDS];
    histogram *h = histogram_new(HOUR);
    histogram_count_up_to(h, bounds, BOUNDS, counts);
    for (size_t i = 0; i < BOUNDS; i++) ck_assert_uint_eq(counts[i], 0);
    for (int64_t value = 1; value <= 100; value++) histogram_record(h, value);
    histogram_record_n(h, 49900, 10);
    histogram_record_n(h, 50100, 5);
    histogram_count_up_to(h, bounds, BOUNDS, counts);
    static const uint64_t expected[] = {0, 99, 100, 100, 110, 115};
    for (size_t i = 0; i < BOUNDS; i++) ck_assert_uint_eq(counts[i], expected[i]);
    histogram_free(h);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        percentiles_are_those_of_the_sorted_values_within_one_part_in_a_thousand,
        count_min_max_mean_and_spread_are_exact,
        the_spread_of_close_large_values_is_kept,
        one_value_has_no_spread_and_is_every_percentile,
        values_below_2048_are_kept_apart_and_larger_ones_fall_together_by_power_of_two,
        a_rank_is_not_raised_by_the_rounding_of_a_percentile,
        values_above_highest_are_recorded_as_highest_and_counted,
        adding_histograms_equals_recording_everything_in_one,
        adding_an_empty_histogram_changes_nothing,
        another_range_and_a_negative_value_are_bugs,
        the_table_ends_with_more_values_than_a_double_can_count,
        recording_n_equals_recording_n_times,
        an_empty_histogram_is_zero_everywhere,
        counts_up_to_bounds_are_those_of_the_values_within_one_part_in_a_thousand,
        reset_forgets_everything_but_the_range,
        the_table_is_that_of_hdr_histogram,
        the_table_ends_at_100_percent_whatever_was_recorded,
    };
    return SUITE_RUN("histogram", tests);
}
