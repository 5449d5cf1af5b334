/* stand.h - what a mechanism of the core is handed when it stands alone, in memory and at one instant: for benchmarks of its tables.
 *
 * Answers come behind the question; stand_run_answers() lets them come. Threads: none. */
#ifndef BENCH_STAND_H
#define BENCH_STAND_H

#include "core/mechanisms/jobstore.h"
#include "core/mechanisms/registry.h"
#include "sim/engine/engine.h"

typedef struct stand {
    engine *e;
    keyspace keys;
    mechanism_env env;
} stand;

sched_status stand_open(stand *t, sched_error *err);
void stand_close(stand *t);
void stand_run_answers(const stand *t);

/* Idle nodes that serve 3 x 3 languages ("de en fr"), each with 4 slots. */
void stand_add_nodes(const stand *t, registry *r, int64_t count);

/* Job `number` is made and marked, and the one that is `open` jobs older, if there is one, is ended: STAND_JOB_OPS operations. What was
 * not done counts in *wrong. */
enum { STAND_JOB_OPS = 3 };
void stand_job(const stand *t, job_store *store, int64_t number, int64_t open, int64_t *wrong);

#endif
