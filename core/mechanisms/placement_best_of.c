/* placement_best_of.c - the least loaded of d random candidates (power of d choices), or of a whole shard.
 *
 * Why d reads are worth it: with random placement the longest queue grows like log n / log log n, with two choices like
 * log log n / log 2 (Azar et al. 1999, Mitzenmacher 2001); more than two choices gain only a constant factor. The whole
 * shard is the other end of that scale, and shows what the reads cost.
 *
 * An insertion sort, because it is stable and there are at most 100. */
#include "core/mechanisms/placement.h"

static int compares_d(int d, int count) {
    return count < 2 ? 0 : d < count ? d : count;
}

static void least_loaded_first(candidate *candidates, int compared) {
    for (int i = 1; i < compared; i++) {
        candidate moving = candidates[i];
        int place = i;
        for (; place > 0 && candidates[place - 1].load > moving.load; place--)
            candidates[place] = candidates[place - 1];
        candidates[place] = moving;
    }
}

static int compares_all(int d, int count) {
    (void)d;
    return count < 2 ? 0 : count;
}

const placement placement_best_of = {PROPOSE_SAMPLE, compares_d, least_loaded_first};
const placement placement_least = {PROPOSE_SHARD, compares_all, least_loaded_first};
