/* benchmarks.h - the tables of benchmarks, one per file; each ends with a row whose name is NULL. */
#ifndef BENCH_BENCHMARKS_H
#define BENCH_BENCHMARKS_H

#include "bench/harness.h"

extern const benchmark bench_micro[];         /* parts of core/base and core/domain, in this process */
extern const benchmark bench_wire[];          /* messages read and written */
extern const benchmark bench_engine[];        /* the simulator's event queue */
extern const benchmark bench_placement[];     /* proposals and grants, on a private Redis */
extern const benchmark bench_heartbeat[];     /* nodes that report in */
extern const benchmark bench_flow[];          /* whole jobs through the scheduler */
extern const benchmark bench_waiting[];       /* jobs that wait for room */
extern const benchmark bench_cluster[];       /* flow and scripts on one to three masters */
extern const benchmark bench_jobstore[];      /* the state of jobs: a locked table, Redis, the core's own table */
extern const benchmark bench_core[];          /* the core's tables in memory */
extern const benchmark bench_sim[];           /* whole runs of the simulator */
extern const benchmark bench_ctl[];           /* the consistency check on a large fleet */
extern const benchmark bench_server[];        /* the daemon's front door */
extern const benchmark bench_memory[];        /* what nodes, jobs and sessions occupy */
extern const benchmark bench_scripts_nodes[]; /* each script by itself: nodes, pools, reservations */
extern const benchmark bench_scripts_jobs[];  /* jobs */
extern const benchmark bench_scripts_talk[];  /* sessions, rooms, instances */

#endif
