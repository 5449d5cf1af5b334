/* bench_placement.h - proposals as the scheduler asks for them, for whoever times them besides `run placement`. */
#ifndef BENCH_BENCH_PLACEMENT_H
#define BENCH_BENCH_PLACEMENT_H

#include "bench/rig.h"
#include "core/base/rng.h"

/* `calls` first proposals for pair 0 of the rig, in pipelines. SCHED_EPROTO when one is not answered with nodes. */
sched_status bench_placement_propose(rig *r, rng *draws, int64_t calls, sched_error *err);

#endif
