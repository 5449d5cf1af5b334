/* job_lives.h - what became of each job, as the trace tells it: who follows it, how it ended, and what the end of an instance did to it.
 *
 * The truth that Redis is held against (job_audit.h). A job has ended when that was told: to its session, or as its end. Where the
 * state of jobs is in memory alone, or only copied to Redis, a job is gone with the instance that follows it.
 *
 * Memory: jobs that are under way, those that ended within `kept`, and those that were under way when an instance ended (about 250
 * bytes each). Cost: O(1) for an event, a walk over the jobs at the end of an instance. */
#ifndef SIM_MEASURE_JOB_LIVES_H
#define SIM_MEASURE_JOB_LIVES_H

#include "sim/measure/trace.h"

#include <stdbool.h>

typedef struct lives_rules {
    usec_t kept;       /* what has ended is known so long yet */
    bool jobs_survive; /* the end of their instance */
} lives_rules;

typedef enum life_state { LIFE_UNDER_WAY, LIFE_ENDED, LIFE_GONE } life_state;

typedef struct job_life {
    char id[ID_MAX + 1];
    life_state state;
    int64_t attempt;
    job_outcome outcome; /* NONE unless it has ended */
    usec_t at;           /* of its end; 0 before */
} job_life;

typedef struct lives_counts {
    /* Ends of instances, and what was under way there. */
    int64_t ends, caught;
    int64_t caught_ok;       /* of these jobs ended with a result */
    int64_t caught_answered; /* of their requests: the client got a result in the end, by whichever job */
    usec_t caught_last;      /* from the end of the instance to the last end of such a job */
    /* Of the processes that took the place of one that ended: from that end to the first job that it gives to a node. */
    int64_t resumed;
    usec_t resume_sum, resume_max;
    /* Somebody asked about a job at an instance that does not follow it, and the answer was known there, or not. */
    int64_t asked_elsewhere, unknown_elsewhere;
    int64_t twice; /* jobs made for a request that had one, which was not gone */
} lives_counts;

typedef struct job_lives job_lives;

job_lives *job_lives_new(const lives_rules *rules);
job_lives *job_lives_free(job_lives *l); /* takes NULL, returns NULL */
trace_sink job_lives_sink(job_lives *l);

const lives_counts *job_lives_counts(const job_lives *l);
/* Until the next event; NULL: nobody told of it, or it ended long ago. */
const job_life *job_lives_find(const job_lives *l, const char *job_id);
/* All of them, in the order in which they were first told of. */
void job_lives_each(const job_lives *l, void (*visit)(void *ctx, const job_life *life), void *ctx);

#endif
