/* work_meter.h - work in one handler that grows with what there is: whoever models the processor charges for it. */
#ifndef CORE_BASE_WORK_METER_H
#define CORE_BASE_WORK_METER_H

#include <stdint.h>

typedef enum sched_work {
    WORK_NODE,  /* a node was looked at by a scan */
    WORK_JOB,   /* a job was */
    WORK_COPY,  /* a node of the copy was written anew */
    WORK_STORE, /* an operation of the table of jobs in memory */
    WORK_STATS, /* a node, job or session was counted for the dashboard */
    WORK_KINDS
} sched_work;

typedef struct work_meter {
    void (*did)(void *ctx, sched_work kind, int64_t count); /* NULL: nobody wants to know */
    void *ctx;
} work_meter;

static inline void work_did(const work_meter *meter, sched_work kind, int64_t count) {
    if (meter->did && count > 0) meter->did(meter->ctx, kind, count);
}

#endif
