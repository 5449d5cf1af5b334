/* overrides.c - collects; what an assignment means is found out with the scenario, whose keys decide it. */
#include "sim/commands/overrides.h"

#include <stdio.h>

bool overrides_add(overrides *o, const char *assignment) {
    if (o->count == OVERRIDES_MAX) {
        fprintf(stderr, "--set %s: more than %d are given; write them into a file that includes the scenario\n",
                assignment, OVERRIDES_MAX);
        return false;
    }
    o->set[o->count++] = assignment;
    return true;
}
