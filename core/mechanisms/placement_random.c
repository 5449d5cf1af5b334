/* placement_random.c - the order of a sample is random and uniform already, so there is nothing to do or to read; that of a
 * shard is made so. */
#include "core/mechanisms/placement.h"

void candidates_shuffle(candidate *candidates, int count, rng *draws) {
    for (int left = count; left > 1; left--) {
        candidate *a = &candidates[left - 1], *b = &candidates[rng_below(draws, (uint64_t)left)];
        candidate kept = *a;
        *a = *b;
        *b = kept;
    }
}

static int compares_none(int d, int count) {
    (void)d, (void)count;
    return 0;
}

static void keep_order(candidate *candidates, int compared) {
    (void)candidates, (void)compared;
}

const placement placement_random = {PROPOSE_SAMPLE, compares_none, keep_order};
