/* events.h - what a scheduler tells whoever watches it: one event for each decision and transition.
 *
 * Recorder, checker, metrics and traces are fed from here and from nowhere else. Texts belong to the scheduler and live
 * until the observer returns; absent ones are "". An observer must not call back into the scheduler. */
#ifndef CORE_SCHEDULER_EVENTS_H
#define CORE_SCHEDULER_EVENTS_H

#include "core/base/clock.h"
#include "core/domain/candidate.h"
#include "core/domain/job.h"
#include "core/domain/lang_pair.h"

#include <stdint.h>

typedef enum sched_event_kind {
    EV_SUBMITTED, /* session, utterance, pair: a request is decided; EV_REFUSED or EV_CREATED follows at once.
                     * until = the instant at which it reached us; value = length of its speech, usec */
    EV_DUPLICATE, /* job: the request id was bound already; no new job, and not counted as submitted */
    EV_REFUSED,   /* code: answered with a reason, no job made */
    EV_CREATED,   /* job */
    EV_PROPOSED,  /* job, attempt, candidates; value = their number */
    EV_COMPARED, /* job, attempt, candidates with their loads, in the order in which they will be asked; value = their number */
    EV_GRANT_REFUSED, /* job, attempt, node, code = FULL, NOTREADY, NOTSERVED, GONE, BUSY, MARKED, TRIAL; or SILENT: its instance is */
    EV_RESERVED, /* job, attempt, node; until = expiry; value = the node's reservations with this one; limit = its limit */
    EV_WAITING,         /* job, attempt: every candidate was full; value = jobs waiting for the pair with this one */
    EV_DISPATCHED,      /* job, attempt, node: the state is in Redis, the assignment leaves now; until = the deadline;
                         * value = expiry of the reservation, ms since 1970 */
    EV_ACCEPTED,        /* job, attempt, node */
    EV_STARTED,         /* job, attempt, node; until = the new deadline */
    EV_RETRY,           /* job, attempt = the new one, node = the one that failed, code = why */
    EV_UNRESERVED,      /* job, attempt, node: the reservation was released */
    EV_FINISHED,        /* job, attempt, outcome, code; value = length of its speech, usec, 0 where its sound is not */
    EV_RELEASED,        /* job */
    EV_STALE,           /* job, attempt, node: a message of an older attempt or of a finished job changed nothing */
    EV_RESULT_SENT,     /* job, outcome: handed to the transport for the session */
    EV_SESSION_GONE,    /* job, outcome: finished, but nobody is there to tell */
    EV_NODE_REGISTERED, /* node; value = pairs, limit = slots, sources, targets */
    EV_NODE_READY,      /* node: it is in all its pools */
    EV_NODE_OFFLINE,    /* node, code = disconnected, expired, drained, renamed */
    EV_NODE_EXPIRED_HEARTBEAT, /* node: registered again from what its connection keeps */
    EV_REDIS,                  /* code = unknown, refused, or the error's first word; value = script id */
    EV_CUT,             /* session, utterance, pair, code = reason; value = bytes, until = length of the speech */
    EV_EMPTY_CUT,       /* session: a final chunk with nothing collected; no utterance number was used */
    EV_AUDIO_REFUSED,   /* session, code; value = bytes of the chunk */
    EV_AUDIO_DROPPED,   /* session: it is gone; value = bytes that were collected */
    EV_AFFINITY,        /* job, node = of the turn, code = kept, dead, full, unserved */
    EV_CONFIRM_REFUSED, /* job, attempt, node, code = released, owner, offline */
    EV_EMPTY_HELD,      /* job, attempt, node: an empty result; until = when it counts */
    EV_CANCELLED,       /* job, attempt, node, code: somebody wants it to end */
    EV_RESULT_MISSING,  /* session, utterance, pair, job: given up, because later results wait */
    EV_LATE_DROPPED,    /* job, session, utterance, outcome: its place in the order of results was given up */
    EV_SESSION_OPENED,  /* session */
    EV_SESSION_CLOSED,  /* session, code = closed, limit (closed with answers missing), gone, moved */
    EV_NODE_DEGRADED,   /* node, code = failures, never_ready */
    EV_NODE_RECOVERED,  /* node: a job went well again */
    EV_NODE_DRAINING,   /* node, code = operator, node */
    EV_NODE_MARKED,     /* node, pair, code = service: a model is missing there; until = how long it is honoured */
    EV_NODE_REFUSED,    /* node, code: its registration was refused */
    EV_REDIS_DOWN,      /* calls are not answered; new requests are refused */
    EV_REDIS_BACK,      /* until = deadlines are not acted upon before */
    EV_DEPENDENCY_LOST, /* job, attempt = the new one: Redis had lost it, it was made again */
    EV_ROOM_JOINED,     /* session, code = room; value = members */
    EV_ROOM_LEFT,       /* session, code = room; value = members that are left */
    EV_EXTENDED,        /* job, attempt, node: a job that began late; until = the new expiry of its reservation */
    EV_COPY_DISAGREES,  /* job, attempt, code = MISMATCH, or why it was not written: the copy of a job in memory */
    EV_FORWARDED,       /* job, outcome, code = the instance over which its session speaks now: told there */
    EV_ADOPTED, /* job, attempt = the new one, node = of the former one, code = the dead owner; it goes on here */
    EV_LOOKED_UP, /* job, code = known, unknown: a client or a node asked about it, and nobody here works on it; what the store says */
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
    const char *sources, *targets; /* languages by one space; NULL when there are none */
    const candidate *candidates;   /* `value` of them; NULL when there are none */
    usec_t arrived; /* of a job: when its request reached us; 0 where that is not known (it was taken over) */
    usec_t sent;    /* of a job: when its present attempt became the node's; 0 while it has not */
} sched_event;

typedef struct sched_observer {
    void (*event)(void *ctx, const sched_event *event);
    void *ctx;
} sched_observer;

const char *sched_event_name(sched_event_kind kind);

#endif
