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
#include "core/base/work_meter.h"
#include "core/domain/audio.h"
#include "core/domain/grant.h"
#include "core/domain/job.h"
#include "core/domain/lang_pair.h"
#include "core/domain/payload.h"
#include "core/domain/sound.h"
#include "core/domain/speech.h"
#include "core/instance/peer.h"
#include "core/redis/link.h"
#include "core/scheduler/config.h"
#include "core/scheduler/events.h"
#include "core/scheduler/stats.h"

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
    cut_reason cut;
    usec_t padding; /* silence that the node adds */
} job_assign;

/* A result (OK, NO_TEXT), told in the order of the utterances of its session and target; or any other end, or a refusal, told at
 * once. */
typedef struct job_answer {
    const char *request_id, *session_id, *job_id; /* job_id "" when refused; session_id is the speaker's */
    uint64_t utterance;
    const lang_pair *pair;
    job_outcome outcome; /* OUTCOME_NONE when refused */
    const char *code;    /* "" or an error code of the protocol: NO_AVAILABLE_NODE, JOB_TIMEOUT, ... */
    payload *content;    /* what the node answered; NULL when there is none; take a reference to keep it */
} job_answer;

/* What a node has understood so far of a job that it has, for the speaker; not kept, not ordered, lost with any connection. */
typedef struct job_partial {
    const char *session_id, *job_id;
    uint64_t utterance;
    const lang_pair *pair;
    payload *content; /* take a reference to keep it */
} job_partial;

/* The request id was bound before: nothing new was made. */
typedef struct job_known {
    const char *request_id, *session_id, *job_id;
    uint64_t utterance;
    const lang_pair *pair;
    const char *state;   /* as in Redis; "" when it could not be read */
    job_outcome outcome; /* NONE while it is not finished */
} job_known;

/* No result of this utterance will be told any more. */
typedef struct missing_result {
    const char *session_id;
    uint64_t utterance;
    const lang_pair *pair;
    const char *reason; /* gap_timeout */
} missing_result;

enum { ROOM_CODE_LEN = 6, ROOM_MEMBERS_MAX = 32, ROOM_LANGS_MAX = 12, ROOM_NAME_MAX = 64 };

typedef struct room_member {
    const char *session_id, *name; /* name may be "" */
    const char *lang;              /* "" when it wants no translation */
    int64_t joined_msec;           /* since 1970 */
} room_member;

typedef struct room_view {
    const char *code;
    const room_member *members; /* by session id */
    int count;
} room_view;

/* How messages leave. Each returns at once; a message to a connection that is gone is dropped by the transport, and so is one
 * whose function is NULL. A connection that was closed by node_close() is still to be reported as gone; of what it says until then
 * only results count. */
typedef struct transport {
    void (*node_registered)(void *ctx, conn_token conn, const char *node_id);
    void (*node_refused)(void *ctx, conn_token conn, const char *code, const char *message);
    void (*node_assign)(void *ctx, conn_token conn, const job_assign *assign);
    void (*node_cancel)(void *ctx, conn_token conn, const char *job_id, int64_t attempt, const char *reason);
    void (*node_close)(void *ctx, conn_token conn, const char *reason);
    void (*session_answer)(void *ctx, conn_token conn, const job_answer *answer);
    void (*session_known)(void *ctx, conn_token conn, const job_known *known);
    void (*session_partial)(void *ctx, conn_token conn, const job_partial *partial);
    void (*session_missing)(void *ctx, conn_token conn, const missing_result *missing);
    /* What a chunk or a room message was refused for. */
    void (*session_error)(void *ctx, conn_token conn, const char *code, const char *message);
    /* The answer to scheduler_session_close(): everything was told, or the limit has passed. */
    void (*session_closed)(void *ctx, conn_token conn);
    void (*room_members)(void *ctx, conn_token conn, const room_view *room);
    void (*room_expired)(void *ctx, conn_token conn, const char *code);
    void (*session_relay)(void *ctx, conn_token conn, const char *from_session, payload *message);
    /* We were away for so long that others may have taken over what we had: whoever runs us ends all connections, frees us, and begins
     * again under a new id. */
    void (*instance_lost)(void *ctx, const char *why);
    void *ctx;
} transport;

typedef struct scheduler_env {
    clock_source clock;
    timer_source
        timers; /* one that is set for now, or earlier, runs behind the present handler, before anything else comes */
    uint64_t seed; /* of every random number that the scheduler draws */
    redis_link redis;
    redis_link
        reader; /* a connection of its own for blocking reads; needed when there are others (scheduler_config_is_shared()) */
    peer_link peer; /* send NULL: no other instance can be reached */
    transport net;
    sched_observer observer; /* event may be NULL */
    work_meter work;
    catalog_source catalog;
    logger log;
    const char *instance_id; /* id_valid(); never used before */
    const char *address;     /* under which others reach our peer link; NULL: "" */
    const char *host;        /* for people who look at the instances; without spaces; NULL: "" */
    int64_t pid;             /* the same; 0: not told */
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
    int64_t slots;        /* concurrency limit; 0: the configured default */
    const char *services; /* ids by one space, for people; NULL or "": none told; at most SERVICES_MAX bytes */
} node_registration;

typedef struct node_load {
    double cpu, gpu, mem; /* percent; what is no sensible number is taken for the nearest one that is */
    int64_t running_jobs;
    bool unready; /* its services are not ready, or not ready any more: it gets no job */
} node_load;

/* Answered by node_registered, or by node_refused with the reason; a refused one leaves the one before as it was. A new registration
 * on a connection replaces its old one, and keeps its name when it gives none; under another name it is refused while calls about
 * the old one are under way. */
void scheduler_node_register(scheduler *s, conn_token conn, const node_registration *registration);
/* The first one puts the node into its pools; it need not wait for the answer to the registration. A heartbeat of a connection
 * that never registered is refused, and the connection closed. */
void scheduler_node_heartbeat(scheduler *s, conn_token conn, const node_load *load);
/* It wants no new job; when it has none any more it is offline, and its connection is closed with "drained". */
void scheduler_node_drain(scheduler *s, conn_token conn);
/* The connection ended: the node goes offline unless another connection owns it by now. */
void scheduler_node_gone(scheduler *s, conn_token conn);
void scheduler_node_ack(scheduler *s, conn_token conn, const char *job_id, int64_t attempt);
void scheduler_node_started(scheduler *s, conn_token conn, const char *job_id, int64_t attempt);

/* Counts as a start, for nodes that report none, and is told to the speaker; of a job that this node does not have it is stale. `content` is
 * shared by reference. */
void scheduler_node_partial(scheduler *s, conn_token conn, const char *job_id, payload *content);

typedef struct node_result {
    const char *job_id;
    int64_t attempt;
    job_outcome outcome; /* OK, FAILED or NO_TEXT */
    const char *code;    /* of a failure; "" else */
    const char *service; /* with MODEL_NOT_AVAILABLE: "id@version"; NULL or "" when it was not told */
    payload *content;    /* the scheduler takes a reference of its own; NULL: none */
} node_result;

/* An empty result (NO_TEXT) is held for config.empty_hold: a full one within that time wins. */
void scheduler_node_result(scheduler *s, conn_token conn, const node_result *result);

typedef struct session_offer {
    const char *session_id;
    lang_pair pair;
    bool two_way; /* a chunk or a request may go from pair.tgt to pair.src as well */
    sound_format format;
    int64_t sample_rate; /* SAMPLE_RATE_MIN..MAX */
    payload *about;      /* audio.about of what is cut here; the scheduler takes a reference of its own; NULL: none */
} session_offer;

/* SCHED_EINVAL for bad values and for a connection that has a session, SCHED_FULL when the id is open on another connection, or
 * config.sessions_max are open. */
sched_status scheduler_session_open(scheduler *s, conn_token conn, const session_offer *offer, sched_error *err);
/* What was spoken is cut and processed; session_closed() follows its last answer, at the latest config.close_limit later. */
void scheduler_session_close(scheduler *s, conn_token conn);
/* The connection ended. What was collected is dropped; jobs run to their end, and their results are counted as EV_SESSION_GONE. */
void scheduler_session_gone(scheduler *s, conn_token conn);

typedef struct session_chunk {
    const unsigned char *data; /* copied; NULL in the simulator */
    int64_t bytes;             /* 0..config.utterance_bytes */
    bool is_final;             /* the speaker has ended the sentence; legal without any sound */
    const char *src;           /* two-way: who speaks; "" or NULL: as before */
} session_chunk;

/* Becomes a job when its utterance is cut (core/domain/speech.h). Refused by session_error(): INVALID_SESSION, INVALID_MESSAGE (too large,
 * or a language that is not the session's), or SCHEDULER_OVERLOADED when the audio limits are reached; the session stays as it is, but
 * a final chunk ends the sentence in any case. */
void scheduler_session_chunk(scheduler *s, conn_token conn, const session_chunk *chunk);

typedef struct job_request {
    const char *request_id; /* "" or NULL: session:utterance:target */
    const char *session_id;
    uint64_t utterance; /* below 2^53 */
    lang_pair pair;
    cut_reason cut; /* how its end was found */
    audio *sound;   /* the scheduler takes a reference of its own */
} job_request;

/* A whole utterance, cut by the client. Answered once, by session_answer (the result, or a refusal with its reason), by
 * session_known, or by session_missing. In a room it becomes one job for each language that the other members want. */
void scheduler_submit(scheduler *s, conn_token conn, const job_request *request);
/* The job ends cancelled, unless its end is decided already; false when it is none of ours. */
bool scheduler_cancel(scheduler *s, const char *job_id, const char *reason);

/* ---- rooms: answered by room_members() to every member on this instance, or by session_error() with ROOM_NOT_FOUND,
 * ALREADY_IN_ROOM, ROOM_FULL, INVALID_ROOM_CODE; INVALID_SESSION for one that is no member, INVALID_MESSAGE for a bad language or id,
 * SCHEDULER_OVERLOADED beyond 64 that wait, SCHEDULER_DEPENDENCY_DOWN when Redis does not answer: the session is where it was then.
 * What one session asks is done in order; no answer need be waited for. room_expired() tells that it is in no room any more. ---- */

/* `lang` "" or NULL: wants no translation; `name` NULL: none; cut to ROOM_NAME_MAX bytes, between two characters. */
void scheduler_room_create(scheduler *s, conn_token conn, const char *lang, const char *name);
/* In the same room again: says anew what it wants. */
void scheduler_room_join(scheduler *s, conn_token conn, const char *code, const char *lang, const char *name);
void scheduler_room_leave(scheduler *s, conn_token conn);
/* Whether this member wants to hear the raw voice of that one; without an answer. */
void scheduler_room_prefer(scheduler *s, conn_token conn, const char *sender_session, bool wants);
/* Hands a WebRTC message to another member, on any instance, unless that one does not want this one's raw voice. The scheduler takes
 * a reference of its own. */
void scheduler_room_relay(scheduler *s, conn_token conn, const char *to_session, payload *message);

/* ---- among other instances ---- */

/* What instance `from` says to us (core/instance/peer.h). What concerns nobody here changes nothing. */
void scheduler_peer_message(scheduler *s, const char *from, const peer_message *message);
/* Stops in good order: nothing new is taken, and what is here comes to its end or goes elsewhere. `done` is called once, later; then whoever
 * runs us ends the connections, and waits for the calls to come back. */
void scheduler_leave(scheduler *s, void (*done)(void *arg), void *arg);

/* ---- a dry run of a placement: what would happen to a job of this pair now; nothing is written, no job's draw is used ---- */

enum { EXPLAINED_MAX = 8, EXPLAINS_MAX = 16 };

typedef struct explained_node {
    char node[ID_MAX + 1];
    grant_verdict verdict; /* GRANT_UNKNOWN when it did not answer */
    int64_t load;          /* as the placement read it; -1 when it reads none, or could not */
} explained_node;

typedef struct explanation {
    const lang_pair *pair;
    bool answered;     /* false: Redis did not tell the pool; nothing below is known */
    int64_t pool_size; /* nodes in the pool */
    int count;
    explained_node nodes[EXPLAINED_MAX]; /* of a random proposal, in the order in which they would be asked */
} explanation;

/* `explained` lives until the function returns; it must not call back into the scheduler. */
typedef void explain_done(void *arg, const explanation *explained);
/* `done` is called once, later. SCHED_FULL while EXPLAINS_MAX are under way. */
sched_status scheduler_explain(scheduler *s, const lang_pair *pair, explain_done *done, void *arg, sched_error *err);

typedef struct scheduler_counts {
    int64_t jobs;    /* unfinished jobs of this instance */
    int64_t guests;  /* jobs of other instances at nodes of this one */
    int64_t waiting; /* of these, waiting for room */
    int64_t calls;   /* to Redis without answer yet */
    int64_t nodes;   /* registered over this instance's connections */
    int64_t sessions;
    int64_t audio_bytes; /* collected, and of unfinished jobs */
    bool redis_down;     /* the last calls were refused or not answered */
} scheduler_counts;

scheduler_counts scheduler_count(const scheduler *s);
/* What it counts among other instances (core/instance/instance.h); all 0 when there are none. */
struct instance_counts;
struct instance_counts scheduler_instance_count(const scheduler *s);

#endif
