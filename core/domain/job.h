/* job.h - the states of a job and what may follow what: the one table, which the scripts in scripts/lua repeat in their
 * conditions and tests/lua compares with it.
 *
 *     CREATED → DISPATCHED → ACCEPTED → RUNNING → FINISHED → RELEASED
 *        ↑           │           │         │
 *        └───────────┴───────────┴─────────┘   retry: attempt + 1 (also from CREATED itself)
 *
 * ACCEPTED and RUNNING may be skipped: existing nodes neither acknowledge nor report the start, and a result closes the job
 * from any state before FINISHED. Each transition is a compare-and-set on (state, attempt). */
#ifndef CORE_DOMAIN_JOB_H
#define CORE_DOMAIN_JOB_H

#include "core/base/limits.h"

#include <stdbool.h>
#include <stdint.h>

typedef enum job_state {
    JOB_CREATED,
    JOB_DISPATCHED,
    JOB_ACCEPTED,
    JOB_RUNNING,
    JOB_FINISHED,
    JOB_RELEASED,
    JOB_STATES
} job_state;

typedef enum job_outcome {
    OUTCOME_NONE, /* not finished */
    OUTCOME_OK,
    OUTCOME_FAILED,
    OUTCOME_TIMED_OUT,
    OUTCOME_CANCELLED,
    OUTCOME_NO_TEXT,
    JOB_OUTCOMES
} job_outcome;

/* Spelled as in Redis, traces and reports: "CREATED" ...; "ok", "failed", "timed_out", "cancelled", "no_text", "" for none. */
const char *job_state_name(job_state state);
const char *job_outcome_name(job_outcome outcome);
/* False when `name` is none of them. */
bool job_state_parse(const char *name, job_state *ret_state);
bool job_outcome_parse(const char *name, job_outcome *ret_outcome);

/* May a job in `from` go to `to`? A retry is to JOB_CREATED. */
bool job_may(job_state from, job_state to);

#endif
