/* pace.h - the third layer, one round: how long fixed inputs take by the clock, in this process and on an ordinary Redis.
 *
 * Seconds of each workload, of proposals on a pool, and of whole jobs; the shortest of three goes, because what else the machine does
 * only ever makes them longer. Under a second. */
#ifndef BENCH_GATE_PACE_H
#define BENCH_GATE_PACE_H

#include "bench/gate/figures.h"

/* `folder`: of the scripts; NULL: those of the binary. Failures of rig_open(). */
sched_status pace_measure(const char *folder, figures *ret_figures, sched_error *err);

#endif
