/* bootstrap.h - how far the ratio of two medians can be trusted. */
#ifndef BENCH_GATE_BOOTSTRAP_H
#define BENCH_GATE_BOOTSTRAP_H

#include <stdint.h>

enum { BOOTSTRAP_PAIRS_MAX = 99 };

typedef struct ratio_interval {
    double ratio, low, high; /* median(cand) / median(base), and 95 % of what it might as well have been */
} ratio_interval;

/* Pairs that were measured side by side, base[i] > 0 with cand[i] > 0; 2 <= count <= BOOTSTRAP_PAIRS_MAX. Pairs are drawn again as
 * pairs, since what disturbs one side for a while disturbs the other too (Efron and Tibshirani 1993, percentile interval). The same
 * seed gives the same interval. */
ratio_interval bootstrap_ratio(const double *base, const double *cand, int count, uint64_t seed);

#endif
