/* jobstore.h - where the state of a job is: one table of operations, whoever keeps it.
 *
 * The flow of a job asks a question and reads an answer; who answers is a setting. The answers mean the same everywhere, because the
 * rules are one table (core/domain/job.h): each transition is a compare-and-set on (state, attempt).
 *
 *     redis    one script for each operation; the request is bound by the script that creates
 *     memory   a table of this process, gone with it; binds no request
 *     dual     memory decides; what it decided is written to a copy in Redis before the answer. The copy has no say: that it could not
 *              be written, or is ahead, is told to `disagrees`, and the answer stays
 *
 * In front of a store that binds no requests may stand
 *
 *     lease    a table of this process keeps which request has which job, for a while
 *     lock     a binding in Redis does, and a lock around the creation keeps two instances from binding at once
 *
 * Time       Limits are durations from now; due times are instants: of Redis's clock in the redis store, else of the scheduler.
 * Answers    Exactly one for each question, never from inside job_store_ask(); out of memory by env.soon.
 * Ownership  The texts of a question live until its answer, and an answer until its function returns.
 * Bounds     Memory: as many unfinished jobs as are made; finished jobs and leases as told, the oldest are forgotten for new ones.
 * Cost       In Redis that of the script, and one call for each operation. In memory O(1), told to env.work. Dual: both. The lock:
 *            four calls more for each creation, one of which nobody waits for.
 * Threads    None. */
#ifndef CORE_MECHANISMS_JOBSTORE_H
#define CORE_MECHANISMS_JOBSTORE_H

#include "core/domain/job.h"
#include "core/domain/lang_pair.h"
#include "core/mechanisms/mechanism.h"

#include <stdbool.h>
#include <stdint.h>

typedef enum store_op {
    STORE_CREATE,   /* → CREATED; binds the request, and says so when it was bound before */
    STORE_MARK,     /* CREATED → DISPATCHED: this attempt goes to this node. The same again is DONE too */
    STORE_ACCEPT,   /* DISPATCHED → ACCEPTED, as this attempt's node says */
    STORE_START,    /* DISPATCHED, ACCEPTED → RUNNING, likewise */
    STORE_REASSIGN, /* any state before FINISHED → CREATED, with the next attempt */
    STORE_COMPLETE, /* any state before FINISHED → FINISHED, or RELEASED when nothing is held any more */
    STORE_FIND,     /* the job of a request */
    STORE_READ,     /* the state of a job, whoever has it */
    STORE_OPS
} store_op;

/* What an operation does not name is not read. */
typedef struct store_question {
    store_op op;
    const char *job;     /* all but FIND */
    const char *request; /* CREATE, COMPLETE, FIND; and wherever job is, for the bucket: the job was made for it */
    int64_t attempt;     /* CREATE: 1, or more when it is made again; else the present one */
    const char *owner, *session;
    uint64_t utterance;
    const lang_pair *pair;
    usec_t audio;         /* CREATE: length of the speech */
    const char *node;     /* MARK, ACCEPT, START */
    usec_t limit;         /* CREATE, MARK, ACCEPT, START, REASSIGN: until it is due, > 0 */
    int64_t attempts_max; /* REASSIGN */
    bool only_if_due;     /* REASSIGN, COMPLETE */
    job_outcome outcome;  /* COMPLETE, with the next three */
    const char *code;
    bool released;
    usec_t keep; /* it is known so long yet, > 0 */
} store_question;

typedef enum store_word {
    STORE_NOTHING,   /* the link did not say LINK_OK, or said what no script says */
    STORE_DONE,      /* it is so now; READ: here it is */
    STORE_EXISTS,    /* CREATE, FIND: the request's job; CREATE: of another job only the id need be known */
    STORE_STALE,     /* another attempt, node or state: nothing was changed */
    STORE_EXHAUSTED, /* it was the last attempt; nothing was changed */
    STORE_NOT_DUE,   /* nothing was changed */
    STORE_GONE,      /* no such job, or no job of that request */
} store_word;

typedef struct store_answer {
    link_status status; /* LINK_OK when memory alone answers */
    store_word word;
    bool full;           /* LINK_ERROR because Redis is out of memory */
    const char *job;     /* EXISTS; else "" */
    job_state state;     /* DONE of COMPLETE and READ, EXISTS, STALE; JOB_STATES when it is not told */
    int64_t attempt;     /* EXISTS, STALE; 0 when it is not told */
    job_outcome outcome; /* READ, EXISTS, STALE of COMPLETE */
    usec_t due;          /* DONE of CREATE, MARK, ACCEPT, START, REASSIGN; NOT_DUE: 0 when it has no deadline */
} store_answer;

/* `answer` NULL: the store is being freed; only `arg` may be looked after. */
typedef void store_done(void *arg, const store_answer *answer);

typedef struct job_store job_store;

/* A store is this table in front of what it needs; only the files jobstore*.c look inside. */
typedef struct store_ops {
    void (*ask)(job_store *store, const store_question *question, store_done *done, void *arg);
    void (*free)(job_store *store);
} store_ops;

struct job_store {
    const store_ops *ops;
    mechanism_env env;
    struct store_reply *replies; /* out of memory, still to come */
};

static inline void job_store_ask(job_store *store, const store_question *question, store_done *done, void *arg) {
    store->ops->ask(store, question, done, arg);
}

/* What is in memory is lost, and answers that are still to come are NULL; calls to Redis must have come back. Before env.soon is freed.
 * Takes NULL, returns NULL. */
job_store *job_store_free(job_store *store);

job_store *job_store_redis_new(const mechanism_env *env);
/* Knows at most `finished_max` (> 0) finished jobs. */
job_store *job_store_memory_new(const mechanism_env *env, int64_t finished_max);
/* A request is bound for `lease` from the creation of its job; at most `leases_max` (> 0) are. Owns `inner`. */
job_store *job_store_lease_new(const mechanism_env *env, job_store *inner, usec_t lease, int64_t leases_max);

typedef struct dual_settings {
    usec_t unfinished_ttl; /* > 0: a copy that is not written any more is forgotten */
    /* What the copy says instead of ours: "MISMATCH", or why it could not be written. */
    void (*disagrees)(void *ctx, const char *job, int64_t attempt, const char *code);
    void *ctx;
} dual_settings;

/* `owner` is the instance; it and ctx outlive the store. Owns `memory`. */
job_store *job_store_dual_new(const mechanism_env *env, job_store *memory, const char *owner,
                              const dual_settings *settings);
/* A request is bound for `ttl` from the creation of its job. Who finds it locked asks again for a second, and is then answered
 * LINK_REFUSED. Owns `inner`. */
job_store *job_store_lock_new(const mechanism_env *env, job_store *inner, usec_t ttl);

/* For stores: answers out of memory, soon; the answer is copied. */
void job_store_reply(job_store *store, const store_answer *answer, store_done *done, void *arg);

#endif
