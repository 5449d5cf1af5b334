/* tell.c - one stream of events in the order of simulated time, from two sources.
 *
 * A handler of the instance runs when its message arrives, but begins, in simulated time, when the processor is free: the core's
 * events may be stamped later than the engine's present. Those wait here until the world has come as far. Handlers begin
 * one after the other, so what waits is in order already. How much waits is the backlog of the processor. */
#include "sim/world/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"

typedef struct held_event {
    sched_event event; /* its texts point nowhere; they are below */
    bool has_pair;
    lang_pair pair;
    char job[ID_MAX + 1], node[ID_MAX + 1], session[ID_MAX + 1], code[CODE_MAX + 1];
} held_event;

struct teller {
    held_event *held;              /* a ring */
    size_t first, count, capacity; /* a power of two, or 0 */
};

void teller_new(world *w) {
    w->teller = mem_zalloc(1, sizeof *w->teller);
}

void teller_free(world *w) {
    if (!w->teller) return;
    free(w->teller->held);
    free(w->teller);
}

static void hand_over(world *w, const trace_event *event) {
    if (w->env.trace.event) w->env.trace.event(w->env.trace.ctx, event);
}

static void hand_over_core(world *w, const sched_event *event) {
    hand_over(w,
              &(trace_event){.kind = TRACE_CORE, .at = event->at, .core = event, .node_index = -1, .group_index = -1});
}

static void release_until(world *w, usec_t until) {
    teller *t = w->teller;
    while (t->count > 0) {
        held_event *h = &t->held[t->first];
        if (h->event.at > until) return;
        sched_event event = h->event;
        event.job = h->job;
        event.node = h->node;
        event.session = h->session;
        event.code = h->code;
        event.pair = h->has_pair ? &h->pair : NULL;
        hand_over_core(w, &event);
        t->first = (t->first + 1) & (t->capacity - 1);
        t->count--;
    }
}

static void grow(teller *t) {
    size_t capacity = t->capacity ? 2 * t->capacity : 64;
    held_event *held = mem_alloc(capacity * sizeof *held);
    for (size_t i = 0; i < t->count; i++) held[i] = t->held[(t->first + i) & (t->capacity - 1)];
    free(t->held);
    t->held = held;
    t->first = 0;
    t->capacity = capacity;
}

static void hold(teller *t, const sched_event *event) {
    if (t->count == t->capacity) grow(t);
    held_event *h = &t->held[(t->first + t->count++) & (t->capacity - 1)];
    h->event = *event;
    h->has_pair = event->pair != NULL;
    if (event->pair) h->pair = *event->pair;
    snprintf(h->job, sizeof h->job, "%s", event->job);
    snprintf(h->node, sizeof h->node, "%s", event->node);
    snprintf(h->session, sizeof h->session, "%s", event->session);
    snprintf(h->code, sizeof h->code, "%s", event->code);
}

void teller_core(world *w, const sched_event *event) {
    usec_t now = world_now(w);
    release_until(w, now);
    if (event->at > now)
        hold(w->teller, event);
    else
        hand_over_core(w, event);
}

void teller_world(world *w, const trace_event *event) {
    release_until(w, event->at);
    hand_over(w, event);
}

void world_settle_trace(world *w) {
    release_until(w, world_now(w));
}
