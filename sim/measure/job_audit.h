/* job_audit.h - what Redis says of each job, held against what became of it: one yardstick for records that decide and for copies.
 *
 * To be asked when nothing is under way any more. What Redis has forgotten in time (`kept` after a job's end) is no disagreement. */
#ifndef SIM_MEASURE_JOB_AUDIT_H
#define SIM_MEASURE_JOB_AUDIT_H

#include "core/redis/keys.h"
#include "sim/measure/job_lives.h"
#include "sim/redis_host/redis_host.h"

typedef enum disagreement {
    DISAGREES_UNFINISHED, /* Redis says that it is under way; it has ended, or is gone */
    DISAGREES_OTHERWISE,  /* Redis says that it ended; its session was told otherwise */
    DISAGREES_MISSING,    /* it has ended not long ago, and Redis knows nothing of it */
    DISAGREES_NOBODYS,    /* Redis says that it is under way; nobody was ever told that it was made */
    DISAGREEMENTS
} disagreement;

typedef struct job_audit {
    bool done;
    int64_t jobs; /* that were looked at: in Redis, or missing there */
    int64_t count[DISAGREEMENTS];
} job_audit;

typedef struct audit_rules {
    bool copies; /* of jobs in memory; else records */
    usec_t kept; /* a finished job is known so long */
    usec_t now;  /* as the trace counts */
} audit_rules;

const char *disagreement_name(disagreement kind); /* "unfinished" */
int64_t job_audit_total(const job_audit *audit);

/* One script for each server. SCHED_EIO; SCHED_EPROTO when a server answers with an error. */
sched_status job_audit_measure(redis_host *redis, const keyspace *keys, const job_lives *lives,
                               const audit_rules *rules, job_audit *ret_audit, sched_error *err);

/* What is said of one job: `state` and `outcome` as they stand in Redis, `life` NULL when nobody told of it. True: they disagree. */
bool job_audit_judge(const job_life *life, const char *state, const char *outcome, disagreement *ret_kind);

#endif
