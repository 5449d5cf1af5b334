/* bench_jobtable.h - threads at one table of jobs under a read-write lock; a part of bench_jobstore.c. */
#ifndef BENCH_BENCH_JOBTABLE_H
#define BENCH_BENCH_JOBTABLE_H

#include "bench/harness.h"

/* `threads` 1..4, `reads_percent` 0..100. Metrics: operations per second; ns of a look-up, half and 99 % of them, the same of a
 * transition; processors that were busy. SCHED_EIO when there are no threads to be had. */
sched_status bench_jobtable_run(bench_run *run, int threads, int reads_percent, sched_error *err);

#endif
