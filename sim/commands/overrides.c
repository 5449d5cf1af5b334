/* overrides.c - collects; what an assignment means is found out with the scenario, whose keys decide it. */
#include "sim/commands/overrides.h"

#include <stdio.h>

#include "core/scheduler/config.h"

bool overrides_add(overrides *o, const char *assignment) {
    if (o->count == OVERRIDES_MAX) {
        fprintf(stderr, "--set %s: more than %d are given; write them into a file that includes the scenario\n",
                assignment, OVERRIDES_MAX);
        return false;
    }
    o->set[o->count++] = assignment;
    return true;
}

bool overrides_add_phase(overrides *o, const char *phase) {
    scheduler_config config;
    sched_error err;
    if (scheduler_config_preset(phase, &config, &err)) {
        fprintf(stderr, "--phase: %s\n", err.message);
        return false;
    }
    snprintf(o->phase, sizeof o->phase, "scheduler.phase=%s", config.phase);
    return overrides_add(o, o->phase);
}
