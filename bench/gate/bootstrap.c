/* bootstrap.c - why medians: a single run that was held up for long moves a mean, and no median. */
#include "bench/gate/bootstrap.h"

#include <assert.h>
#include <stdlib.h>

#include "bench/harness.h"
#include "core/base/rng.h"

enum { DRAWS = 2000 };
#define TAIL 0.025

static double ratio_of(const double *base, const double *cand, int count) {
    return bench_summarize(cand, count).median / bench_summarize(base, count).median;
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

ratio_interval bootstrap_ratio(const double *base, const double *cand, int count, uint64_t seed) {
    assert(count >= 2 && count <= BOOTSTRAP_PAIRS_MAX);
    double ratios[DRAWS], some_base[BOOTSTRAP_PAIRS_MAX], some_cand[BOOTSTRAP_PAIRS_MAX];
    rng draws;
    rng_init(&draws, seed, "bootstrap", 0);
    for (int d = 0; d < DRAWS; d++) {
        for (int i = 0; i < count; i++) {
            uint64_t pair = rng_below(&draws, (uint64_t)count);
            some_base[i] = base[pair];
            some_cand[i] = cand[pair];
        }
        ratios[d] = ratio_of(some_base, some_cand, count);
    }
    qsort(ratios, DRAWS, sizeof *ratios, by_value);
    return (ratio_interval){
        .ratio = ratio_of(base, cand, count),
        .low = ratios[(int)(TAIL * DRAWS)],
        .high = ratios[DRAWS - 1 - (int)(TAIL * DRAWS)],
    };
}
