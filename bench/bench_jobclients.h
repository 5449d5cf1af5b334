/* bench_jobclients.h - threads at the jobs in Redis, each over a connection of its own; a part of bench_jobstore.c. */
#ifndef BENCH_BENCH_JOBCLIENTS_H
#define BENCH_BENCH_JOBCLIENTS_H

#include "bench/harness.h"

enum { CLIENTS_MAX = 4, CLIENT_DEPTH_MAX = 64 };

/* `threads` 1..CLIENTS_MAX, each with `depth` 1..CLIENT_DEPTH_MAX commands under way, `reads_percent` of them look-ups. Metrics as those
 * of bench_jobtable_run(), from the question to the answer, but in us; the last one is the processors that the threads kept busy,
 * without the server's. SCHED_EIO, SCHED_ENOENT when there is no server to be had. */
sched_status bench_jobclients_run(bench_run *run, int threads, int depth, int reads_percent, sched_error *err);

#endif
