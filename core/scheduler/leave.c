/* leave.c - an instance stops in good order.
 *
 * Its nodes drain: nobody gives them a new job, and each is told to connect elsewhere when its last one is done. Sessions get their
 * answers; new requests are refused, for another instance to take. Whoever is not done by close_limit is left as by a crash: nodes come
 * back elsewhere, and a request that comes again takes its job over. Presence goes last, because until then others answer us. */
#include "core/scheduler/remote_flow.h"

#include "core/scheduler/node_flow.h"

#include <assert.h>

enum { STEP_USEC = 20000, DRAINS_MAX = 64, BEAT_STEPS = 25 };

static const char moving[] = "moving";

bool leave_under_way(const scheduler *s) {
    return s->leave.done != NULL;
}

const char *leave_reason(const scheduler *s) {
    return leave_under_way(s) ? moving : "drained";
}

static void on_left(void *arg) {
    scheduler *s = arg;
    scheduler_stop(s);
    s->leave.done(s->leave.arg);
}

static void close_nodes(scheduler *s) {
    for (node_conn *n = s->nodes_by_conn; n; n = n->hh.next)
        if (!n->closed) node_close(n, moving);
}

static void depart(scheduler *s) {
    const timer_source *timers = &s->env.timers;
    close_nodes(s);
    if (s->self)
        instance_leave(s->self, on_left, s);
    else
        timers->set(timers->ctx, sched_now(s), on_left, s);
}

/* A few at a time, because each is some calls. */
static void drain_nodes(scheduler *s) {
    int most = DRAINS_MAX;
    for (node_conn *n = s->nodes_by_id; n && most > 0; n = n->hh_node.next) {
        if (n->draining || n->wants_drain) continue;
        n->wants_drain = true;
        node_send_drain(n);
        most--;
    }
}

/* Reservations of guests are given back elsewhere; only an answer to a heartbeat tells us that none is left. */
static void beat_for_nodes(scheduler *s) {
    for (node_conn *n = s->nodes_by_id, *next; n; n = next) {
        next = n->hh_node.next;
        if (n->draining) node_send_heartbeat(n);
    }
}

static void on_step(void *arg) {
    scheduler *s = arg;
    const scheduler_counts *counts = &s->counts;
    const timer_source *timers = &s->env.timers;
    usec_t now = sched_now(s);
    s->leave.timer = 0;
    if (now >= s->leave.until || (counts->jobs == 0 && counts->guests == 0 && counts->nodes == 0)) {
        depart(s);
        return;
    }
    drain_nodes(s);
    if (++s->leave.steps % BEAT_STEPS == 0) beat_for_nodes(s);
    s->leave.timer = timers->set(timers->ctx, now + STEP_USEC, on_step, s);
}

void scheduler_leave(scheduler *s, void (*done)(void *arg), void *arg) {
    assert(done && !s->leave.done);
    const timer_source *timers = &s->env.timers;
    s->leave.done = done;
    s->leave.arg = arg;
    s->leave.until = sched_now(s) + s->config.close_limit;
    s->leave.timer = timers->set(timers->ctx, sched_now(s), on_step, s);
}

void leave_stop(scheduler *s) {
    s->env.timers.cancel(s->env.timers.ctx, s->leave.timer);
    s->leave.timer = 0;
}
