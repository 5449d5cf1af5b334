/* internal.h - what the files of core/scheduler share; nobody else includes it.
 *
 * A job is followed by one chain of Redis calls at a time. What happens meanwhile (a result, a lost node, a deadline) is
 * noted in job->noted and taken up when the chain rests (job_rest() in job_follow.c), in one fixed order. So no two calls for one
 * job are ever under way together, and every step can rely on the fields it finds. */
#ifndef CORE_SCHEDULER_INTERNAL_H
#define CORE_SCHEDULER_INTERNAL_H

#include "core/base/rng.h"
#include "core/mechanisms/placement.h"
#include "core/scheduler/scheduler.h"

#include <uthash.h>

enum {
    TRIED_MAX = 8,     /* nodes that failed a job and are excluded from its next proposals; the latest are kept */
    ROUNDS_MAX = 2,    /* proposals of one placement before the job waits */
    UNKNOWN_TRIES = 3, /* how often a call whose outcome is unknown is repeated at once */
    OWNER_MAX = ID_MAX + 1 + 16,
};

typedef enum note {
    NOTE_RESULT = 1, /* job->result_* hold it */
    NOTE_NODE_LOST = 2,
    NOTE_DUE = 4, /* the deadline passed by our clock */
    NOTE_ACK = 8,
    NOTE_STARTED = 16,
    NOTE_COMPLETE = 32, /* the end could not be written; try again */
} note;

typedef struct wait_queue wait_queue;

typedef struct job {
    scheduler *s;
    char id[ID_MAX + 1], request[REQUEST_ID_MAX + 1], session[ID_MAX + 1];
    uint64_t utterance;
    lang_pair pair;
    audio *sound;
    conn_token conn; /* of the session */
    usec_t arrived, created;

    job_state state; /* as Redis last told us */
    int64_t attempt;
    char node[ID_MAX + 1]; /* of this attempt; "" while none holds a reservation */
    usec_t sent, due;      /* due: USEC_NEVER while none is known */
    timer_handle due_timer;

    bool busy;      /* a call of the chain is out */
    unsigned noted; /* set of note */
    int tries;      /* repetitions of the call under way after an unknown outcome */
    job_outcome result;
    char result_code[48];
    bool released;  /* the reservation of this attempt was given back, or there was none */
    bool finishing; /* the outcome is decided and being written; result and result_code hold it */

    void (*then)(struct job *j); /* what follows the release under way */
    char retry_code[48];         /* why the next attempt is made; also while it is being asked for */
    bool retry_if_due;
    bool moving; /* Redis may have made the next attempt or not: that is found out before anything else happens */

    candidate *candidates; /* owned, while a placement is tried */
    int candidate_count, candidate_next, asked, loads_out, round;
    char tried[TRIED_MAX][ID_MAX + 1];
    int tried_count;

    wait_queue *waiting; /* NULL unless the job stands in it */
    bool trying;         /* it stands there, and a placement is being tried */
    struct job *next, *prev;
    UT_hash_handle hh;
} job;

typedef struct node_conn {
    scheduler *s;
    conn_token conn;
    char node[ID_MAX + 1];
    char *sources, *targets; /* languages, space-separated: what the registration serves */
    int64_t slots, version;
    int64_t changing_to;                 /* the version whose pools are being joined; 0: no change is under way */
    node_load load;                      /* of the last heartbeat */
    bool registered, silent, acks, gone; /* silent: the registration under way is our own repair */
    int registering;                     /* registrations that Redis has not answered */
    int calls;                           /* callbacks that still name this struct */
    UT_hash_handle hh;                   /* by conn */
    UT_hash_handle hh_node;              /* by node id, when it owns that id */
} node_conn;

typedef struct session {
    char id[ID_MAX + 1];
    conn_token conn;
    UT_hash_handle hh; /* by conn */
    UT_hash_handle hh_id;
} session;

struct scheduler {
    scheduler_config config;
    scheduler_env env;
    char instance[ID_MAX + 1];
    const placement *place;
    rng draws; /* job ids, candidates, node ids */
    job *jobs;
    node_conn *nodes_by_conn, *nodes_by_id;
    session *sessions_by_conn, *sessions_by_id;
    wait_queue *queues;
    scheduler_counts counts;
    timer_handle sweep_timer;
    unsigned sweep_bucket;
};

/* scheduler.c */
usec_t sched_now(const scheduler *s);
/* Fills `at` and hands it to the observer. */
void sched_emit(scheduler *s, sched_event event);
void sched_call(scheduler *s, const redis_call *call, link_callback *done, void *arg);
/* Every callback begins with this: it counts the answer and reports anything but LINK_OK. */
void sched_answered(scheduler *s, script_id script, link_status status, const redis_reply *reply);
void sched_owner(const scheduler *s, conn_token conn, char owner[OWNER_MAX + 1]);
int64_t usec_to_msec_up(usec_t usec);

/* job_place.c: from the request to the assignment */
job *job_find(scheduler *s, const char *job_id);
void job_place(job *j);                        /* behind those that wait for the pair already */
void job_place_now(job *j);                    /* before them */
void job_place_on(job *j, const node_conn *n); /* on that node or not at all */
void job_drop(job *j);
bool job_was_tried(const job *j, const char *node); /* and failed there */
/* An event about this job: its id, attempt, node, session, pair and utterance are filled in. */
void job_emit(job *j, sched_event event);
/* Redis says that the job is not ours any more: the session is told, and we stop. */
void job_lost(job *j);
void job_answer_session(job *j, job_outcome outcome, const char *code);

/* job_follow.c: from the assignment to the end */
void job_note(job *j, note what); /* takes it up at once when the chain rests */
void job_rest(job *j);            /* the chain has nothing more to do now */
void job_set_due(job *j, usec_t at);
usec_t job_attempt_limit(const job *j);
/* Gives the reservation of the present attempt back, then goes on with `then`. */
void job_release_then(job *j, void (*then)(job *j));
/* No node has the job now. A reservation whose release failed is left to its expiry. */
void job_leave_node(job *j);
void job_finish(job *j, job_outcome outcome, const char *code, bool only_if_due);

/* wait_queue.c: jobs for which every candidate was full */
/* A job waits that comes before this one: for the pair, and not only for other nodes than those it failed on. */
bool wait_queue_before(const job *j);
/* In the order of arrival; a job that stands there already and found no room stays. */
void wait_queue_add(job *j);
void wait_queue_remove(job *j);
/* The job was placed: the next one of its pair may try at once. */
void wait_queue_placed(job *j);
/* A slot of this node came free: the longest-waiting job that it serves is placed there. */
void wait_queue_room(scheduler *s, const node_conn *n);

/* node_flow.c */
node_conn *node_by_conn(scheduler *s, conn_token conn);   /* NULL unless it tried to register */
node_conn *node_by_id(scheduler *s, const char *node_id); /* NULL unless one of our connections owns that id */
bool node_serves(const node_conn *n, const lang_pair *pair);
/* `owner` "" is the reaper: only when the node's expiry has passed. */
void node_take_offline(scheduler *s, const char *node_id, const char *owner, const char *why);
void node_conn_free_all(scheduler *s);

/* pool_change.c: a node joins and leaves the pools of many pairs, a few calls at a time */
typedef struct pool_change pool_change;
pool_change *pool_change_new(scheduler *s, const char *node_id, int64_t version);
void pool_change_join(pool_change *c, const char *sources, const char *targets);
/* Pairs that are joined in the same change are not left. */
void pool_change_leave(pool_change *c, const char *sources, const char *targets);
/* Runs and frees the change; `done` learns whether every call was answered as hoped. */
void pool_change_run(pool_change *c, void (*done)(void *arg, bool complete), void *arg);
/* A member that turned out not to serve the pair any more. */
void pool_drop_member(scheduler *s, const lang_pair *pair, const char *node_id, int64_t version);

/* sweep.c: the walk over the deadline and expiry indexes */
void sweep_start(scheduler *s);
void sweep_stop(scheduler *s);

#endif
