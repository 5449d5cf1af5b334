/* prometheus.h - histograms out of Prometheus text: what was counted between two readings, and where its percentiles lie.
 *
 * Percentiles are as exact as the buckets: a straight line is drawn through each. Threads: none. */
#ifndef BENCH_LOAD_PROMETHEUS_H
#define BENCH_LOAD_PROMETHEUS_H

#include <stdbool.h>

enum { PROM_BUCKETS_MAX = 64 };

typedef struct prom_histogram {
    int count;                      /* of buckets; 0: there is no such histogram */
    double below[PROM_BUCKETS_MAX]; /* upper bound; the last may be INFINITY */
    double cumulative[PROM_BUCKETS_MAX];
    double sum;
} prom_histogram;

/* The histogram `name` in `text`, over all its label sets. */
prom_histogram prom_histogram_read(const char *text, const char *name);
/* Adds another one with the same buckets; one without buckets takes those. */
void prom_histogram_add(prom_histogram *h, const prom_histogram *more);
/* `after` - `before`; a counter that went back was reset: then `after`. */
prom_histogram prom_histogram_since(const prom_histogram *after, const prom_histogram *before);
double prom_histogram_total(const prom_histogram *h);
double prom_histogram_percentile(const prom_histogram *h, double percentile); /* 0 when empty */
/* The share of what is not above `value`, by the same line; 1 when empty. */
double prom_histogram_share_within(const prom_histogram *h, double value);

#endif
