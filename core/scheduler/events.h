/* events.h - what a scheduler tells whoever watches it: one event for each decision and transition.
 *
 * Recorder, checker, metrics and traces are fed from here and from nowhere else. Texts belong to the scheduler and live
 * until the observer returns; absent ones are "". An observer must not call back into the scheduler. */
#ifndef CORE_SCHEDULER_EVENTS_H
#define CORE_SCHEDULER_EVENTS_H

#include "core/base/clock.h"
#include "core/domain/job.h"
#include "core/domain/lang_pair.h"

#include <stdint.h>

typedef enum sched_event_kind {
    EV_SUBMITTED,     /* session, utterance, pair: a request is decided; EV_REFUSED or EV_CREATED follows at once.
                     * until = the instant at which it reached us */
    EV_DUPLICATE,     /* job: the request id was bound already; no new job, and not counted as submitted */
    EV_REFUSED,       /* code: answered with a reason, no job made */
    EV_CREATED,       /* job */
    EV_PROPOSED,      /* job, attempt; value = number of candidates */
    EV_GRANT_REFUSED, /* job, attempt, node, code = FULL, NOTSERVED, DRAINING, GONE */
    EV_RESERVED, /* job, attempt, node; until = expiry; value = the node's reservations with this one; limit = its limit */
    EV_WAITING,         /* job, attempt: every candidate was full; value = jobs waiting for the pair with this one */
    EV_DISPATCHED,      /* job, attempt, node: the state is in Redis, the assignment leaves now; until = the deadline */
    EV_ACCEPTED,        /* job, attempt, node */
    EV_STARTED,         /* job, attempt, node; until = the new deadline */
    EV_RETRY,           /* job, attempt = the new one, node = the one that failed, code = why */
    EV_UNRESERVED,      /* job, attempt, node: the reservation was released */
    EV_FINISHED,        /* job, attempt, outcome, code */
    EV_RELEASED,        /* job */
    EV_STALE,           /* job, attempt, node: a message of an older attempt or of a finished job changed nothing */
    EV_RESULT_SENT,     /* job, outcome: handed to the transport for the session */
    EV_SESSION_GONE,    /* job, outcome: finished, but nobody is there to tell */
    EV_NODE_REGISTERED, /* node; value = pairs */
    EV_NODE_READY,      /* node: it is in all its pools */
    EV_NODE_OFFLINE,    /* node, code = disconnected, expired */
    EV_NODE_EXPIRED_HEARTBEAT, /* node: registered again from what its connection keeps */
    EV_REDIS,                  /* code = unknown, refused, or the error's first word; value = script id */
    EV_KINDS
} sched_event_kind;

typedef struct sched_event {
    sched_event_kind kind;
    usec_t at;
    usec_t until;
    const char *job, *node, *session, *code;
    const lang_pair *pair; /* NULL when there is none */
    uint64_t utterance;
    int64_t attempt;
    int64_t value, limit;
    job_outcome outcome;
} sched_event;

typedef struct sched_observer {
    void (*event)(void *ctx, const sched_event *event);
    void *ctx;
} sched_observer;

const char *sched_event_name(sched_event_kind kind);

#endif
