/* capacity_run.h - makes the runs that a capacity takes, as few as possible, and hands over what came out.
 *
 * OUT/runs/1970-s1/          the files of one run: the value, the seed; behind "-lost" the one without the largest group
 *
 * Runs are processes of their own, several at a time (sweep_run.h). Which ones are made depends on the results of those before, not on
 * how many run at once, so that an interrupted search goes on where it was: every run that ended is kept. */
#ifndef SIM_COMMANDS_CAPACITY_RUN_H
#define SIM_COMMANDS_CAPACITY_RUN_H

#include "sim/capacity/capacity.h"
#include "sim/commands/overrides.h"

typedef struct capacity_arguments {
    const char *scenario, *out;
    const overrides *sets; /* the objectives among them */
    const capacity_axis *axis;
    const scenario *sc; /* as read with `sets` */
    const char *command;
    int64_t first_seed, jobs; /* jobs 0: one per processor */
    size_t seeds;
    double precision;
    bool headroom; /* search again without the largest group, when there are several */
    bool curve;    /* runs beside the crossing, for the curve */
    bool report;   /* of each run, too */
    bool fresh, quiet;
} capacity_arguments;

/* Exit status 0: all runs ended, and `conclude` says what it is then; 1: some gave no result; 2: bad input; 130: interrupted.
 * `conclude` is called in any case but 2. */
int capacity_run_all(const capacity_arguments *args, int (*conclude)(void *ctx, const capacity *c), void *ctx);

#endif
