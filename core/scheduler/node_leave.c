/* node_leave.c - a node ends: its connection has closed, its heartbeats stopped, or it was replaced.
 *
 * Three parts: mark it (no more grants), leave its pools, forget the record. A crash in between leaves the record in the expiry
 * index, where the sweep finds it and does the rest again. */
#include "core/base/mem.h"
#include "core/scheduler/job_flow.h"
#include "core/scheduler/node_flow.h"
#include "core/scheduler/remote_flow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Pools are being left. */
typedef struct departure {
    scheduler *s;
    char node[ID_MAX + 1];
    int64_t version;
} departure;

static void on_pools_left(void *arg, bool complete) {
    departure *d = arg;
    registry *r = d->s->registry;
    if (complete) r->ops->forget(r, d->node, d->version); /* else its record stays due, and the sweep tries again */
    free(d);
}

/* What was granted names the attempts that the node had: each is tried elsewhere at once. */
static void lose_jobs(scheduler *s, const node_answer *answer) {
    for (size_t i = 0; i < answer->held_count; i++) {
        const held_attempt *held = &answer->held[i];
        job *j = job_find(s, held->job);
        if (j && j->attempt == held->attempt && !strcmp(j->node, answer->node)) job_note(j, NOTE_NODE_LOST);
        if (!j) remote_guest_lost(s, answer->node, held->job, held->attempt);
    }
}

static void leave_pools(scheduler *s, const node_answer *answer) {
    departure *d = mem_zalloc(1, sizeof *d);
    d->s = s;
    d->version = answer->version;
    snprintf(d->node, sizeof d->node, "%s", answer->node);
    const redis_reply *generations = answer->generations;
    pool_change *change = pool_change_new(s, d->node, d->version);
    for (size_t i = 0; i + 2 < reply_count(generations); i += 3)
        pool_change_leave(change, reply_text(reply_at(generations, i + 1)), reply_text(reply_at(generations, i + 2)));
    pool_change_run(change, on_pools_left, d);
}

static void on_offline(void *arg, const node_answer *answer) {
    scheduler *s = arg;
    if (answer->word != NODE_OFFLINE) return; /* not ours, gone already, or left to the sweep */
    sched_emit(s, (sched_event){.kind = EV_NODE_OFFLINE, .node = answer->node, .code = answer->why});
    lose_jobs(s, answer);
    leave_pools(s, answer);
}

void node_take_offline(scheduler *s, const char *node_id, const char *owner, const char *why) {
    s->registry->ops->offline(s->registry, node_id, owner, why, on_offline, s);
}

void scheduler_node_gone(scheduler *s, conn_token conn) {
    node_conn *n = node_by_conn(s, conn);
    if (!n) return;
    HASH_DELETE(hh, s->nodes_by_conn, n);
    n->gone = true;
    if (n->registered) {
        char owner[OWNER_MAX + 1];
        sched_owner(s, conn, owner);
        node_give_up_id(n);
        node_take_offline(s, n->node, owner, "disconnected");
    }
    node_ref(n);
    node_unref(n);
}
