/* histogram.h - counts of values in the layout of HdrHistogram, 3 significant digits.
 *
 * Values are non-negative integers (microseconds throughout the project) up to `highest`. A recorded value is off by at most
 * one part in a thousand. A value above `highest` is recorded as `highest` and counted in histogram_clamped(): tails are
 * never dropped. Layout: bucket b holds 2048 sub-buckets of width 2^b, the upper half of which is used for b > 0 (Tene's
 * HdrHistogram). Memory: 8 bytes * (log2(highest) - 9) * 1024. record is O(1) and never allocates. */
#ifndef CORE_BASE_HISTOGRAM_H
#define CORE_BASE_HISTOGRAM_H

#include <stdint.h>
#include <stdio.h>

typedef struct histogram histogram;

histogram *histogram_new(int64_t highest); /* highest >= 2048 */
histogram *histogram_free(histogram *h);   /* takes NULL, returns NULL */
void histogram_reset(histogram *h);

void histogram_record(histogram *h, int64_t value); /* value >= 0 */
void histogram_record_n(histogram *h, int64_t value, uint64_t count);
/* Adds every count of `from`; both have the same `highest`. */
void histogram_add(histogram *h, const histogram *from);

uint64_t histogram_count(const histogram *h);
uint64_t histogram_clamped(const histogram *h);
int64_t histogram_min(const histogram *h); /* 0 when empty, as all below */
int64_t histogram_max(const histogram *h); /* exact, unlike percentiles */
double histogram_mean(const histogram *h); /* exact sum / count */
double histogram_stddev(const histogram *h);
/* The highest value equivalent to the one at rank ceil(percentile / 100 * count), at least rank 1; percentile in 0..100. */
int64_t histogram_percentile(const histogram *h, double percentile);

/* The percentile table that HdrHistogram tools read: value, percentile, total count, 1 / (1 - percentile), with `ticks`
 * steps per halving of the distance to 100 %; values divided by `unit` (1000 for milliseconds). */
void histogram_write_hgrm(const histogram *h, FILE *out, int ticks, double unit);

#endif
