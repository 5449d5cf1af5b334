/* internal.h - the scheduler itself, as the files of core/scheduler share it; nobody else includes it.
 *
 * Its three parts have headers of their own: job_flow.h, node_flow.h, session_flow.h. */
#ifndef CORE_SCHEDULER_INTERNAL_H
#define CORE_SCHEDULER_INTERNAL_H

#include "core/base/rng.h"
#include "core/instance/instance.h"
#include "core/mechanisms/jobstore.h"
#include "core/mechanisms/mechanism.h"
#include "core/mechanisms/placement.h"
#include "core/mechanisms/registry.h"
#include "core/scheduler/scheduler.h"

#include <uthash.h>

enum { OWNER_MAX = GRANT_OWNER_MAX };

typedef struct guest guest;
typedef struct job job;
typedef struct missing_models missing_models;
typedef struct node_conn node_conn;
typedef struct orphan orphan;
typedef struct dashboard dashboard;
typedef struct pool_change pool_change;
typedef struct room room;
typedef struct session session;
typedef struct silence silence;
typedef struct stray stray;
typedef struct target target;
typedef struct wait_queue wait_queue;

/* Tells the transport; a function that it does not have drops the message. */
#define sched_tell(s, what, ...)                                                                                       \
    do {                                                                                                               \
        if ((s)->env.net.what) (s)->env.net.what((s)->env.net.ctx, __VA_ARGS__);                                       \
    } while (0)

struct scheduler {
    scheduler_config config;
    scheduler_env env;
    char instance[ID_MAX + 1];
    soon *soon;         /* answers out of memory */
    mechanism_env mech; /* what mechanisms are handed */
    const placement *place;
    job_store *store;
    registry *registry;
    rng draws;                              /* job ids, candidates, node ids */
    struct explain *explains[EXPLAINS_MAX]; /* under way; NULL: a free place */
    uint64_t explains_begun;                /* each has random numbers of its own */
    instance *self;                         /* among others; NULL when there are none */
    job *jobs;
    guest *guests;
    guest *guests_by_job; /* of each job the latest attempt */
    silence *silences;    /* instances that have not answered lately */
    bool self_stopped;
    node_conn *nodes_by_conn, *nodes_by_id;
    session *sessions_by_conn, *sessions_by_id;
    session *renewals; /* sessions, by the instant at which their records are renewed */
    timer_handle renew_timer;
    room *rooms;       /* with members on this instance, by code */
    room *room_checks; /* the same, by the instant at which they may have ended */
    timer_handle room_timer;
    wait_queue *queues;
    dashboard *dashboard;    /* NULL before anybody asked */
    missing_models *missing; /* NULL before one was */
    int errands;             /* questions about others under way */
    stray *held;             /* empty results of jobs that are not followed here, until a full one may have come */
    orphan *late;            /* jobs behind their deadline that their owner, which seems to live, may yet move */
    bool stopped;
    scheduler_counts counts;
    usec_t full_said; /* that the link's window is full */
    struct {
        pool_change *first, **end; /* that wait for their turn */
        int out;                   /* calls of all changes */
    } pool_changes;
    struct {
        void (*done)(void *arg); /* NULL while it does not leave */
        void *arg;
        usec_t until;
        unsigned steps;
        timer_handle timer;
    } leave;
    timer_handle sweep_timer;
    unsigned sweep_bucket;
    struct {
        int unanswered;        /* calls in a row */
        usec_t deadlines_from; /* deadlines are not acted upon before */
        unsigned number;       /* of the repair under way, or the latest; 0: there was none */
        usec_t repaired_at;
        timer_handle timer;
    } outage;
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
void sched_worked(const scheduler *s, sched_work kind, int64_t count);

/* stats.c */
void stats_stop(scheduler *s);
void stats_free(scheduler *s);

/* explain.c: those under way are dropped without an answer */
void explain_free_all(scheduler *s);

/* sweep.c: the walk over the deadline and expiry indexes */
void sweep_start(scheduler *s);
void sweep_stop(scheduler *s);

/* outage.c */
/* Hears what came of every call. */
void outage_answered(scheduler *s, link_status status, const redis_reply *reply);
/* 0, or the instant before which no deadline is acted upon; while Redis is down, when to ask again. */
usec_t outage_deadlines_rest(const scheduler *s);
/* Redis has forgotten something that it was told: nodes, too, are looked after at once. */
void outage_data_lost(scheduler *s);
void outage_stop(scheduler *s);

#endif
