/* histogram.h - counts of values in the layout of HdrHistogram, 3 significant digits.
 *
 * Values are non-negative integers (microseconds throughout the project) up to `highest`. A percentile is off by less than
 * one part in a thousand; count, min, max and mean are exact, whatever the order in which values were recorded or histograms
 * were added. A value above `highest` is recorded as `highest` and counted in histogram_clamped(): tails are never dropped.
 *
 * Layout: bucket b holds 2048 sub-buckets of width 2^b, the upper half of which is used for b > 0 (Tene's HdrHistogram).
 * Memory: 8 bytes * 1024 * (log2(highest) - 8), logarithm rounded down; 184 KiB for an hour. record is O(1) and never
 * allocates; percentiles, standard deviation and export walk the counts. */
#ifndef CORE_BASE_HISTOGRAM_H
#define CORE_BASE_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

typedef struct histogram histogram;

#define HISTOGRAM_HIGHEST_MAX (INT64_C(1) << 47) /* four years of microseconds */

histogram *histogram_new(int64_t highest); /* 2048..HISTOGRAM_HIGHEST_MAX */
histogram *histogram_free(histogram *h);   /* takes NULL, returns NULL */
void histogram_reset(histogram *h);

void histogram_record(histogram *h, int64_t value); /* value >= 0 */
void histogram_record_n(histogram *h, int64_t value, uint64_t count);
/* Adds every count of `from`; both have the same `highest`. */
void histogram_add(histogram *h, const histogram *from);

uint64_t histogram_count(const histogram *h);
uint64_t histogram_clamped(const histogram *h);
int64_t histogram_min(const histogram *h); /* 0 when empty, as all below */
int64_t histogram_max(const histogram *h);
double histogram_mean(const histogram *h);
double histogram_stddev(const histogram *h); /* of the whole population: divided by count */
/* The value at rank ceil(percentile / 100 * count), at least rank 1, percentile in 0..100: the highest value that is counted
 * together with it, but never above histogram_max(). */
int64_t histogram_percentile(const histogram *h, double percentile);

/* ret_counts[i]: how many values are at most bounds[i] (ascending), as exact as percentiles are. One walk. */
void histogram_count_up_to(const histogram *h, const int64_t *bounds, size_t count, uint64_t *ret_counts);

/* The percentile table that HdrHistogram tools read: value, percentile, total count, 1 / (1 - percentile), with `ticks` (> 0)
 * steps per halving of the distance to 100 %; values divided by `unit` (1000 for milliseconds). As HdrHistogram writes it,
 * except that the last value, the mean and the standard deviation are the exact ones. */
void histogram_write_hgrm(const histogram *h, FILE *out, int ticks, double unit);

#endif
