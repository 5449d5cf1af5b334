/* arrival_process.h - the instants at which the sessions of a group come: a pattern of arrivals (sim/scenario/arrivals.h) made
 * a process. It knows no world, so that it can be held against theory.
 *
 * Threads: none. Cost of a draw: one or two random numbers; more for a diurnal pattern with a high peak (thinning: peak / mean
 * tries each) and for bursts that are short against the gaps. */
#ifndef SIM_WORLD_ARRIVAL_PROCESS_H
#define SIM_WORLD_ARRIVAL_PROCESS_H

#include "core/base/rng.h"
#include "sim/scenario/arrivals.h"

typedef struct arrival_process {
    const arrivals *pattern; /* outlives the process */
    double rate;             /* mean, per second */
    double calm_rate, burst_rate;
    double day_scale, day_most; /* rate for a factor of 1, and at the peak */
    usec_t began, first;        /* the run, the group */
    rng gaps, states;
    bool bursting;
    usec_t state_ends;
    size_t next_row;
} arrival_process;

/* `began`: the instant at which days and runs begin; `first` >= began: nobody comes before. Streams are those of `group`. */
void arrival_process_init(arrival_process *p, const arrivals *pattern, double rate, uint64_t seed, uint64_t group,
                          usec_t began, usec_t first);
/* The next arrival; `after` is the one before, or `first`. USEC_NEVER when a trace has no more. */
usec_t arrival_process_next(arrival_process *p, usec_t after);
/* The line of the trace whose instant was drawn last; NULL for other patterns. */
const trace_row *arrival_process_row(const arrival_process *p);

#endif
