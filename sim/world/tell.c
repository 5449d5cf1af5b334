/* tell.c - one stream of events in the order of simulated time, from the world and from every instance.
 *
 * A handler of an instance runs when its message arrives, but begins, in simulated time, when the processor is free: the core's
 * events may be stamped later than the engine's present. Those wait here until the world has come as far. Handlers of one instance
 * begin one after the other, so what waits for it is in order already, and never happens when the instance
 * ends before; of several the earliest goes first, at one instant that of
 * the lowest number. How much waits is the backlog of the processors. */
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
    char *sources, *targets; /* owned, as are the candidates; few events have any */
    candidate *candidates;
} held_event;

/* Of one instance. */
typedef struct backlog {
    held_event *held;              /* a ring */
    size_t first, count, capacity; /* a power of two, or 0 */
    const char *instance;          /* its id */
} backlog;

struct teller {
    backlog of[INSTANCES_MAX];
    size_t held; /* by all of them */
};

void teller_new(world *w) {
    w->teller = mem_zalloc(1, sizeof *w->teller);
}

static void drop_first(teller *t, backlog *b) {
    held_event *h = &b->held[b->first];
    free(h->sources);
    free(h->targets);
    free(h->candidates);
    b->first = (b->first + 1) & (b->capacity - 1);
    b->count--;
    t->held--;
}

static void drop_all(teller *t, backlog *b) {
    while (b->count > 0) drop_first(t, b);
}

void teller_free(world *w) {
    teller *t = w->teller;
    if (!t) return;
    for (int i = 0; i < INSTANCES_MAX; i++) {
        drop_all(t, &t->of[i]);
        free(t->of[i].held);
    }
    free(t);
}

static void hand_over(world *w, const trace_event *event) {
    if (w->env.trace.event) w->env.trace.event(w->env.trace.ctx, event);
}

static void hand_over_core(world *w, const char *id, const sched_event *event) {
    hand_over(w, &(trace_event){.kind = TRACE_CORE,
                                .at = event->at,
                                .core = event,
                                .instance = id,
                                .node_index = -1,
                                .group_index = -1});
}

static const held_event *first_of(const backlog *b) {
    return &b->held[b->first];
}

/* That with the earliest event; somebody holds one. */
static backlog *earliest(teller *t, int32_t count) {
    backlog *found = NULL;
    for (int32_t i = 0; i < count; i++) {
        backlog *b = &t->of[i];
        if (b->count && (!found || first_of(b)->event.at < first_of(found)->event.at)) found = b;
    }
    return found;
}

static void release_until(world *w, usec_t until) {
    teller *t = w->teller;
    while (t->held > 0) {
        backlog *b = earliest(t, w->instance_count);
        const held_event *h = first_of(b);
        if (h->event.at > until) return;
        sched_event event = h->event;
        event.job = h->job;
        event.node = h->node;
        event.session = h->session;
        event.code = h->code;
        event.pair = h->has_pair ? &h->pair : NULL;
        event.sources = h->sources;
        event.targets = h->targets;
        event.candidates = h->candidates;
        hand_over_core(w, b->instance, &event);
        drop_first(t, b);
    }
}

static void grow(backlog *b) {
    size_t capacity = b->capacity ? 2 * b->capacity : 64;
    held_event *held = mem_alloc(capacity * sizeof *held);
    for (size_t i = 0; i < b->count; i++) held[i] = b->held[(b->first + i) & (b->capacity - 1)];
    free(b->held);
    b->held = held;
    b->first = 0;
    b->capacity = capacity;
}

static candidate *copy_candidates(const sched_event *event) {
    if (!event->candidates || event->value == 0) return NULL;
    size_t bytes = (size_t)event->value * sizeof *event->candidates;
    return memcpy(mem_alloc(bytes), event->candidates, bytes);
}

static void hold(backlog *b, const sched_event *event) {
    if (b->count == b->capacity) grow(b);
    held_event *h = &b->held[(b->first + b->count++) & (b->capacity - 1)];
    h->event = *event;
    h->has_pair = event->pair != NULL;
    if (event->pair) h->pair = *event->pair;
    snprintf(h->job, sizeof h->job, "%s", event->job);
    snprintf(h->node, sizeof h->node, "%s", event->node);
    snprintf(h->session, sizeof h->session, "%s", event->session);
    snprintf(h->code, sizeof h->code, "%s", event->code);
    h->sources = event->sources ? mem_strdup(event->sources) : NULL;
    h->targets = event->targets ? mem_strdup(event->targets) : NULL;
    h->candidates = copy_candidates(event);
}

void teller_core(world *w, int32_t number, const char *id, const sched_event *event) {
    usec_t now = world_now(w);
    release_until(w, now);
    if (event->at <= now) {
        hand_over_core(w, id, event);
        return;
    }
    w->teller->of[number].instance = id;
    w->teller->held++;
    hold(&w->teller->of[number], event);
}

void teller_crashed(world *w, int32_t number) {
    backlog *b = &w->teller->of[number];
    release_until(w, world_now(w));
    drop_all(w->teller, b);
}

void teller_world(world *w, const trace_event *event) {
    release_until(w, event->at);
    hand_over(w, event);
}

void world_settle_trace(world *w) {
    release_until(w, world_now(w));
}
