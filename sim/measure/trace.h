/* trace.h - all that happens in a run, as one stream of events in the order of simulated time.
 *
 * The world writes it (clients, nodes, faults, and the core's own events passed on); recorder, checker and trace file read it. No
 * reader may change the run. Texts live until the sink returns; absent ones are "". */
#ifndef SIM_MEASURE_TRACE_H
#define SIM_MEASURE_TRACE_H

#include "core/scheduler/events.h"

#include <stdint.h>

typedef enum trace_kind {
    TRACE_CORE,           /* *core: an event of the scheduler */
    TRACE_SESSION_OPENED, /* session */
    TRACE_SESSION_CLOSED, /* the connection ends; code VANISHED: in the middle of it */
    /* session, utterance, pair, length, code = reason of the cut: an utterance left the client. In a room it goes to
     * whoever is there, and the pair is that of the session */
    TRACE_CLIENT_SENT,
    TRACE_CLIENT_RESENT,   /* the same: no answer came, the same request leaves again */
    TRACE_CLIENT_ANSWERED, /* session, utterance, pair, job, outcome (NONE: refused), code: the client has it */
    TRACE_CLIENT_HEARD,    /* session, from, utterance, pair, job, outcome: it has what another one in its room said */
    TRACE_CLIENT_KNOWN,    /* session, utterance, pair, job, outcome: what was sent again is a job already */
    TRACE_CLIENT_MISSED,   /* session, from, utterance, pair, code: it is told that no result will come */
    TRACE_CLIENT_CLOSES,   /* session: it asks for the end */
    TRACE_CLIENT_ERROR,    /* session, code: what it sent is refused, other than an utterance */
    TRACE_SOUND_CAME,      /* session; value = bytes of a chunk that reached the instance */
    TRACE_NODE_RECEIVED, /* node, job, attempt: the assignment arrived; value = jobs waiting in the node's queue with it */
    TRACE_NODE_STARTED, /* a slot took it; value = busy slots with this one */
    TRACE_NODE_FINISHED, /* the work is done, the result leaves; value = busy slots without it; length = time in the slot */
    TRACE_NODE_EMPTY,     /* job, attempt: an empty result leaves; the full one will follow */
    TRACE_NODE_REJECTED,  /* the node refuses it or fails at once; code */
    TRACE_NODE_CANCELLED, /* a job_cancel took it out of the queue or stopped it; value = busy slots without it */
    TRACE_NODE_LOST,      /* the node died with it */
    TRACE_NODE_UP,        /* it connects; value = its slots */
    TRACE_NODE_DOWN,      /* its connection ended */
    TRACE_DASHBOARD_ASKED,
    TRACE_DASHBOARD_ANSWERED, /* length = since it asked; value = age of the figures, usec; -1: there were none yet */
    TRACE_FAULT_BEGIN,        /* code = kind ("crash", "hang"), value = nodes hit */
    TRACE_FAULT_END,
    TRACE_INSTANCE_DOWN, /* instance: its process ends; code = crash, stop, lost; value = its place */
    TRACE_INSTANCE_UP,   /* instance: another process is there, under that id; value = its place */
    TRACE_SESSION_LOST,  /* session: its connection ended without its will; code = of the instance's end */
    TRACE_SESSION_BACK,  /* session: it is connected again, and opens under its old id */
    TRACE_KINDS
} trace_kind;

typedef struct trace_event {
    trace_kind kind;
    usec_t at;
    const sched_event *core; /* TRACE_CORE only; then the fields below are not set, but for the next */
    const char *instance;    /* that tells it, or that it is about: "i0"; NULL: none */
    const char *job, *node, *session, *code;
    const char *from;                /* session that spoke, when it is another one */
    int32_t node_index, group_index; /* of the node, in the order of the scenario; -1: no node */
    const lang_pair *pair;           /* NULL when there is none */
    uint64_t utterance;
    int64_t attempt, value;
    usec_t length;
    job_outcome outcome;
} trace_event;

typedef struct trace_sink {
    void (*event)(void *ctx, const trace_event *event);
    void *ctx;
} trace_sink;

const char *trace_kind_name(trace_kind kind);

#endif
