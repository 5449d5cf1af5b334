/* placement_random.c - the order of the proposal is random and uniform already, so there is nothing to do or to read. */
#include "core/mechanisms/placement.h"

static int compares_none(int d, int count) {
    (void)d, (void)count;
    return 0;
}

static void keep_order(candidate *candidates, int compared) {
    (void)candidates, (void)compared;
}

const placement placement_random = {PROPOSE_SAMPLE, compares_none, keep_order};
