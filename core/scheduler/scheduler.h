/* scheduler.h - the scheduler core of one instance: the header that daemon, simulator and benchmarks start from.
 *
 * The flow of a job is one code path: submit → create → propose → grant → mark → send → follow → release (job_place.c and
 * job_follow.c). What varies by phase sits behind the tables of core/mechanisms. State is in Redis; here live only what the
 * instance's own connections and the audio of its own sessions need.
 *
 * World      Nothing is asked for: clock, timers, randomness, Redis, transport, log and observer are handed in.
 * Threads    None: every call comes from one loop. Two schedulers may live in one process.
 * Re-entry   The transport and the observer must not call back into the scheduler from inside their functions.
 * Ownership  Texts and structs passed in are copied; audio is shared by reference (audio.h).
 * Bounds     jobs, waiting jobs per pair, pairs per node, reaper batches: scheduler_config. */
#ifndef CORE_SCHEDULER_SCHEDULER_H
#define CORE_SCHEDULER_SCHEDULER_H

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/status.h"
#include "core/domain/audio.h"
#include "core/domain/job.h"
#include "core/domain/lang_pair.h"
#include "core/redis/link.h"
#include "core/scheduler/config.h"
#include "core/scheduler/events.h"

typedef struct scheduler scheduler;

/* A connection of a node or a session, named by the front; random, never 0, never used twice. In Redis it is the token
 * by which a late clean-up of an old connection is told from the node that came back. */
typedef uint64_t conn_token;

typedef struct job_assign {
    const char *job_id, *session_id;
    int64_t attempt; /* >= 1 */
    uint64_t utterance;
    const lang_pair *pair;
    audio *sound; /* take a reference to keep it */
} job_assign;

typedef struct job_answer {
    const char *request_id, *session_id, *job_id; /* job_id "" when refused */
    uint64_t utterance;
    const lang_pair *pair;
    job_outcome outcome; /* OUTCOME_NONE when refused */
    const char *code;    /* "" or an error code of the protocol: NO_AVAILABLE_NODE, JOB_TIMEOUT, ... */
} job_answer;

/* How messages leave. Each returns at once; a message to a connection that is gone is dropped by the transport. */
typedef struct transport {
    void (*node_registered)(void *ctx, conn_token conn, const char *node_id);
    void (*node_refused)(void *ctx, conn_token conn, const char *code, const char *message);
    void (*node_assign)(void *ctx, conn_token conn, const job_assign *assign);
    void (*node_cancel)(void *ctx, conn_token conn, const char *job_id, int64_t attempt, const char *reason);
    void (*node_close)(void *ctx, conn_token conn, const char *reason);
    void (*session_answer)(void *ctx, conn_token conn, const job_answer *answer);
    void *ctx;
} transport;

typedef struct scheduler_env {
    clock_source clock;
    timer_source timers;
    uint64_t seed; /* of every random number that the scheduler draws */
    redis_link redis;
    transport net;
    sched_observer observer; /* event may be NULL */
    logger log;
    const char *instance_id; /* id_valid() */
} scheduler_env;

/* Starts the reapers' timers; the scripts of `env->redis` are loaded by the link. SCHED_EINVAL for a bad configuration. */
sched_status scheduler_new(const scheduler_config *config, const scheduler_env *env, scheduler **ret_scheduler,
                           sched_error *err);
/* Drops all local state without a call to Redis: outstanding calls must have come back (the link is drained or gone).
 * Takes NULL, returns NULL. */
scheduler *scheduler_free(scheduler *s);
/* Stops the reapers, so that a loop without other work can end. */
void scheduler_stop(scheduler *s);

typedef struct node_registration {
    const char *node_id; /* "" or NULL: the scheduler makes node-XXXXXXXX */
    lang_list asr, semantic, tts;
    int64_t slots; /* concurrency limit; 0: the configured default */
} node_registration;

typedef struct node_load {
    double cpu, gpu, mem; /* percent; what is no sensible number is taken for the nearest one that is */
    int64_t running_jobs;
} node_load;

/* Answered by node_registered, or by node_refused with the reason. A new registration on a connection replaces its old one;
 * under another name it is refused until the one before was answered. */
void scheduler_node_register(scheduler *s, conn_token conn, const node_registration *registration);
/* The first one puts the node into its pools; a heartbeat of a connection that never registered is refused. */
void scheduler_node_heartbeat(scheduler *s, conn_token conn, const node_load *load);
/* The connection ended: the node goes offline unless another connection owns it by now. */
void scheduler_node_gone(scheduler *s, conn_token conn);
void scheduler_node_ack(scheduler *s, conn_token conn, const char *job_id, int64_t attempt);
void scheduler_node_started(scheduler *s, conn_token conn, const char *job_id, int64_t attempt);

typedef struct node_result {
    const char *job_id;
    int64_t attempt;
    job_outcome outcome; /* OK, FAILED or NO_TEXT */
    const char *code;    /* of a failure; "" else */
} node_result;

void scheduler_node_result(scheduler *s, conn_token conn, const node_result *result);

/* SCHED_EINVAL for a bad id and for a connection that has a session, SCHED_FULL when the id is open on another one. */
sched_status scheduler_session_open(scheduler *s, conn_token conn, const char *session_id, sched_error *err);
/* Its jobs run to their end; their results are counted as EV_SESSION_GONE. */
void scheduler_session_gone(scheduler *s, conn_token conn);

typedef struct job_request {
    const char *request_id; /* "" or NULL: session:utterance:target */
    const char *session_id;
    uint64_t utterance;
    lang_pair pair;
    audio *sound; /* the scheduler takes a reference of its own */
} job_request;

/* Always answered, once, by session_answer: the result, or a refusal with its reason. */
void scheduler_submit(scheduler *s, conn_token conn, const job_request *request);

typedef struct scheduler_counts {
    int64_t jobs;    /* unfinished jobs of this instance */
    int64_t waiting; /* of these, waiting for room */
    int64_t calls;   /* to Redis without answer yet */
    int64_t nodes;   /* registered over this instance's connections */
    int64_t sessions;
} scheduler_counts;

scheduler_counts scheduler_count(const scheduler *s);

#endif
