/* instructions.h - the second layer: instructions for fixed inputs, counted by callgrind.
 *
 * Of this program: each workload (workloads.h), in a child under valgrind. Of redis-server: each script that nodes and jobs call,
 * in a server under valgrind whose time stands still, so that its hash functions, and with them the counts, are the same each time.
 * Figures are instructions per round, or per call. About 20 s.
 *
 * Needs valgrind, and symbols: SCHED_ENOENT, SCHED_EPROTO say which is missing. */
#ifndef BENCH_GATE_INSTRUCTIONS_H
#define BENCH_GATE_INSTRUCTIONS_H

#include "bench/gate/figures.h"

/* `folder`: of the scripts; NULL: those of the binary. */
sched_status instructions_measure(const char *folder, figures *ret_figures, sched_error *err);
/* What the child does; a status of its own to exit with. */
sched_status instructions_run_workloads(sched_error *err);

#endif
