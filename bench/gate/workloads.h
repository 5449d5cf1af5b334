/* workloads.h - fixed inputs for parts of the scheduler, in this process: what instructions are counted of, and what is timed.
 *
 * A row is opened once and run as often as wanted; each run does so many rounds of the same work. */
#ifndef BENCH_GATE_WORKLOADS_H
#define BENCH_GATE_WORKLOADS_H

#include <stdint.h>

#include "core/base/status.h"

typedef struct workload {
    const char *name; /* "placement.table" */
    sched_status (*open)(void **ret_ctx, sched_error *err);
    void (*run)(void *ctx, int64_t rounds);
    void (*close)(void *ctx);
    int64_t counted; /* rounds of one run under callgrind */
    int64_t timed;   /* rounds of one run by the clock: some 4 ms */
} workload;

extern const workload workloads[]; /* closed by a name that is NULL */

/* What is collected, and where a part of it ends: functions that callgrind is told the names of. */
#define WORKLOAD_RUN  "gate_work"
#define WORKLOAD_MARK "gate_mark"
void gate_work(const workload *w, void *ctx, int64_t rounds);
void gate_mark(int64_t rounds);

#endif
