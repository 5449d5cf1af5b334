/* histogram.c - one array of counts; the index is the value's leading eleven bits and how far they were shifted.
 *
 * Why sums beside the counts: means of latencies are compared between runs, and a mean from bucket borders would carry the
 * buckets' error. The sums are integers, so that adding histograms in any order gives the same bytes. They need 128 bits:
 * a square of HISTOGRAM_HIGHEST_MAX has 94, which leaves room for 2^34 of them.
 *
 * Invariant: the counts add up to `count`. */
#include "core/base/histogram.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"

__extension__ typedef unsigned __int128 uint128;

enum { SUB_BITS = 11, SUB_COUNT = 1 << SUB_BITS, SUB_HALF = SUB_COUNT / 2 };

struct histogram {
    int64_t highest, min, max;
    uint64_t count, clamped;
    uint128 sum, sum_of_squares;
    size_t len;
    uint64_t counts[];
};

/* How far a value is shifted to fit into eleven bits. */
static unsigned bucket_of(int64_t value) {
    return (unsigned)(64 - SUB_BITS - __builtin_clzll((uint64_t)value | (SUB_COUNT - 1)));
}

/* Buckets above the first have only their upper half, so each starts SUB_HALF after the one before. */
static size_t index_of(int64_t value) {
    unsigned bucket = bucket_of(value);
    return (size_t)bucket * SUB_HALF + (size_t)(value >> bucket);
}

/* The highest value that has this index. */
static int64_t highest_at(size_t index) {
    size_t bucket = index < SUB_COUNT ? 0 : index / SUB_HALF - 1;
    int64_t sub = (int64_t)(index - bucket * SUB_HALF);
    return ((sub + 1) << bucket) - 1;
}

/* What is shown for a value counted there. */
static int64_t shown_at(const histogram *h, size_t index) {
    int64_t value = highest_at(index);
    return value < h->max ? value : h->max;
}

static size_t bucket_count(const histogram *h) {
    return h->len / SUB_HALF - 1;
}

histogram *histogram_new(int64_t highest) {
    assert(highest >= SUB_COUNT && highest <= HISTOGRAM_HIGHEST_MAX);
    size_t len = (size_t)(bucket_of(highest) + 2) * SUB_HALF;
    histogram *h = mem_zalloc(1, sizeof *h + len * sizeof h->counts[0]);
    h->highest = highest;
    h->len = len;
    return h;
}

histogram *histogram_free(histogram *h) {
    free(h);
    return NULL;
}

void histogram_reset(histogram *h) {
    int64_t highest = h->highest;
    size_t len = h->len;
    memset(h, 0, sizeof *h + len * sizeof h->counts[0]);
    h->highest = highest;
    h->len = len;
}

void histogram_record(histogram *h, int64_t value) {
    histogram_record_n(h, value, 1);
}

void histogram_record_n(histogram *h, int64_t value, uint64_t count) {
    assert(value >= 0);
    if (!count) return;
    if (value > h->highest) {
        value = h->highest;
        h->clamped += count;
    }
    if (!h->count || value < h->min) h->min = value;
    if (value > h->max) h->max = value;
    h->counts[index_of(value)] += count;
    h->count += count;
    uint128 part = (uint128)(uint64_t)value * count;
    h->sum += part;
    h->sum_of_squares += part * (uint64_t)value;
}

void histogram_add(histogram *h, const histogram *from) {
    assert(h->highest == from->highest);
    if (!from->count) return;
    if (!h->count || from->min < h->min) h->min = from->min;
    if (from->max > h->max) h->max = from->max;
    for (size_t i = 0; i < h->len; i++) h->counts[i] += from->counts[i];
    h->count += from->count;
    h->clamped += from->clamped;
    h->sum += from->sum;
    h->sum_of_squares += from->sum_of_squares;
}

uint64_t histogram_count(const histogram *h) {
    return h->count;
}

uint64_t histogram_clamped(const histogram *h) {
    return h->clamped;
}

int64_t histogram_min(const histogram *h) {
    return h->min;
}

int64_t histogram_max(const histogram *h) {
    return h->max;
}

double histogram_mean(const histogram *h) {
    return h->count ? (double)h->sum / (double)h->count : 0;
}

/* Squares are taken around the whole part of the mean. That is exact, although the products below may wrap around 2^128:
 * what remains after the subtraction is a sum of squares that fits. It is at least `rest`, as each square of a whole number is
 * at least that number, so the variance cannot come out negative. */
double histogram_stddev(const histogram *h) {
    if (!h->count) return 0;
    uint128 center = h->sum / h->count, rest = h->sum % h->count;
    uint128 squares = h->sum_of_squares - 2 * center * h->sum + center * center * h->count;
    double offset = (double)rest / (double)h->count;
    return sqrt((double)squares / (double)h->count - offset * offset);
}

/* A percentile such as 99.9 is not a double; the slack of a few units in the last place keeps 99.9 % of 1000 at 999. */
static uint64_t rank_of(const histogram *h, double percentile) {
    double exact = percentile * (double)h->count / 100;
    uint64_t rank = (uint64_t)ceil(exact * (1 - 0x1p-50));
    return rank ? rank : 1;
}

int64_t histogram_percentile(const histogram *h, double percentile) {
    assert(percentile >= 0 && percentile <= 100);
    if (!h->count) return 0;
    uint64_t rank = rank_of(h, percentile), below = 0;
    for (size_t i = 0; i < h->len; i++) {
        below += h->counts[i];
        if (below >= rank) return shown_at(h, i);
    }
    return h->max;
}

void histogram_count_up_to(const histogram *h, const int64_t *bounds, size_t count, uint64_t *ret_counts) {
    uint64_t below = 0;
    size_t i = 0;
    for (size_t b = 0; b < count; b++) {
        for (; i < h->len && shown_at(h, i) <= bounds[b]; i++) below += h->counts[i];
        ret_counts[b] = below;
    }
}

/* The next level of the table: each halving of the distance to 100 doubles the number of steps, until a step is less than the
 * last place of a double; then comes 100. */
static double next_level(double level, int ticks) {
    double halvings = 1;
    for (double distance = 100 / (100 - level); distance >= 1; distance /= 2) halvings *= 2;
    double next = level + 100 / (ticks * halvings);
    return next > level ? next : 100;
}

/* A line whenever the counts reach the next level; one count may reach several. The last of them stands at 100 %. */
static void write_lines(const histogram *h, FILE *out, int ticks, double unit) {
    double level = 0;
    uint64_t below = 0;
    for (size_t i = 0; below < h->count; i++) {
        below += h->counts[i];
        if (!h->counts[i]) continue;
        while (level < 100 && 100.0 * (double)below / (double)h->count >= level) {
            fprintf(out, "%12.3f %2.12f %10" PRIu64 " %14.2f\n", (double)shown_at(h, i) / unit, level / 100, below,
                    1 / (1 - level / 100));
            level = next_level(level, ticks);
            if (below == h->count) break;
        }
    }
    if (h->count) fprintf(out, "%12.3f %2.12f %10" PRIu64 "\n", (double)h->max / unit, 1.0, h->count);
}

void histogram_write_hgrm(const histogram *h, FILE *out, int ticks, double unit) {
    assert(ticks > 0 && unit > 0);
    fprintf(out, "%12s %14s %10s %14s\n\n", "Value", "Percentile", "TotalCount", "1/(1-Percentile)");
    write_lines(h, out, ticks, unit);
    fprintf(out, "#[Mean    = %12.3f, StdDeviation   = %12.3f]\n", histogram_mean(h) / unit,
            histogram_stddev(h) / unit);
    fprintf(out, "#[Max     = %12.3f, Total count    = %12" PRIu64 "]\n", (double)h->max / unit, h->count);
    fprintf(out, "#[Buckets = %12zu, SubBuckets     = %12d]\n", bucket_count(h), SUB_COUNT);
}
