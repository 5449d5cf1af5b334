/* counters.h - the first layer: what can be counted and is the same in every run, on every machine with the same Redis.
 *
 * Jobs, nodes and heartbeats through the scheduler while time stands still (rig.h), by phase; and short scenarios in virtual time.
 * Counted are commands in Redis, those inside of scripts included, calls, bytes, allocations of our own code, events, and simulated
 * waits. About 10 s. */
#ifndef BENCH_GATE_COUNTERS_H
#define BENCH_GATE_COUNTERS_H

#include "bench/gate/figures.h"

/* `folder`: of the scripts; NULL: those of the binary. Failures of rig_open() and simulation_run(). */
sched_status counters_measure(const char *folder, figures *ret_figures, sched_error *err);

#endif
