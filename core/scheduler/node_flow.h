/* node_flow.h - nodes of this instance's connections; shared by the node_*.c files, pool_change.c, and by what asks for a node.
 *
 *     node_conn.c       which connection speaks for which node
 *     node_register.c   registration
 *     node_beat.c       heartbeats and the pools that follow from them
 *     node_drain.c      no new job, and the end when the last one is done
 *     node_leave.c      the end
 *
 * Redis holds what a node is; here is only who speaks for it. Every change of the record carries the owner (instance and
 * connection token), so the late end of an old connection never touches the node that came back. */
#ifndef CORE_SCHEDULER_NODE_FLOW_H
#define CORE_SCHEDULER_NODE_FLOW_H

#include "core/scheduler/internal.h"

struct node_conn {
    scheduler *s;
    conn_token conn;
    char node[ID_MAX + 1];
    char *sources, *targets; /* languages, space-separated: what the registration serves; NULL before the first one */
    int pairs;               /* that follow from them */
    char *services;
    int64_t slots, version;
    int64_t changing_to; /* the version whose pools are being joined, or left to drain; 0: no change is under way */
    node_report load;    /* of the last heartbeat */
    usec_t heard;        /* when that came; 0: none has */
    unsigned repaired;   /* by which repair after an outage it was beaten for */
    bool held_back;      /* by what that said, it got no job */
    bool registered, acks, closed, gone;
    bool silent;            /* the registration under way is our own repair: the node is not told */
    bool beats;             /* a heartbeat waits for the registration under way */
    bool wants_drain;       /* it said so, and Redis does not know it yet */
    bool draining;          /* Redis says so */
    bool left_pools;        /* and it is in none any more */
    bool degraded;          /* by failures, as far as we saw them */
    int registering;        /* registrations that Redis has not answered */
    int calls;              /* callbacks that still name this struct, and the name it has now */
    UT_hash_handle hh;      /* by conn */
    UT_hash_handle hh_node; /* by node id, when it owns that id */
};

/* node_conn.c */
node_conn *node_by_conn(scheduler *s, conn_token conn);   /* NULL unless it tried to register */
node_conn *node_by_id(scheduler *s, const char *node_id); /* NULL unless one of our connections owns that id */
node_conn *node_conn_for(scheduler *s, conn_token conn);  /* makes it when there is none */
const char *node_name(const node_conn *n);                /* "" for NULL */
bool node_serves(const node_conn *n, const lang_pair *pair);
/* It speaks for its id from now on; a connection that did so before is closed. */
void node_claim_id(node_conn *n);
void node_give_up_id(node_conn *n);
/* Redis says that another connection has the id. */
void node_lost_id(node_conn *n);
/* Before each question whose callback gets the connection: it lives until node_unref(). */
void node_ref(node_conn *n);
/* One callback less names this connection; the last one frees it when it has ended. */
void node_unref(node_conn *n);
/* For good: what it still says is not listened to, but for results. */
void node_close(node_conn *n, const char *reason);
void node_conn_free_all(scheduler *s);

/* node_register.c */
/* Its registration, or what else it said, is refused. */
void node_refuse(scheduler *s, conn_token conn, const char *node_id, const char *code, const char *message);
void node_register_again(node_conn *n); /* Redis has forgotten it */

/* node_beat.c */
/* It gets jobs from now on. */
void node_is_ready(node_conn *n);
void node_send_heartbeat(node_conn *n);

/* node_drain.c */
void node_send_drain(node_conn *n);
/* Nothing of it is in Redis any more, or will be soon. */
void node_end_drain(node_conn *n);
/* Redis says that it is draining, `load` reservations left. `generations` as in node_offline's answer; NULL: not told. */
void node_on_draining(node_conn *n, int64_t load, const redis_reply *generations);
/* A grant was refused because the node drains, or a release says so: the node need not be one of ours. */
void node_seen_draining(scheduler *s, const char *node_id);
void node_released(scheduler *s, const char *node_id, int64_t load, const char *status);

/* node_leave.c */
/* `owner` "" is the reaper: only when the node's expiry has passed. */
void node_take_offline(scheduler *s, const char *node_id, const char *owner, const char *why);

/* pool_change.c: a node joins and leaves the pools of many pairs, a few calls at a time */
pool_change *pool_change_new(scheduler *s, const char *node_id, int64_t version);
void pool_change_join(pool_change *c, const char *sources, const char *targets);
/* Pairs that are joined in the same change are not left. */
void pool_change_leave(pool_change *c, const char *sources, const char *targets);
/* Runs and frees the change; `done` learns whether every call was answered as hoped. */
void pool_change_run(pool_change *c, void (*done)(void *arg, bool complete), void *arg);
/* Those that wait for their turn end incomplete; no call to Redis is made. */
void pool_changes_drop(scheduler *s);
/* A member that turned out not to serve the pair any more. */
void pool_drop_member(scheduler *s, const lang_pair *pair, const char *node_id, int64_t version);

#endif
