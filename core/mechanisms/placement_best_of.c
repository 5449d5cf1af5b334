/* placement_best_of.c - power of d choices: the least loaded of d random candidates.
 *
 * Why it is worth d reads: with random placement the longest queue grows like log n / log log n, with two choices like
 * log log n / log 2 (Azar et al. 1999, Mitzenmacher 2001); more than two choices gain only a constant factor.
 * An insertion sort, because it is stable and d is at most 8. */
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

const placement placement_best_of = {"best_of_d", compares_d, least_loaded_first};
