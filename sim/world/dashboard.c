/* dashboard.c - those who look at the figures of the instances again and again, and the service catalog that the instances ask.
 *
 * A question is a message like any other: it is a handler of the instance, which others wait behind. One that an instance cannot take
 * is asked again after the period. */
#include "sim/world/instance_parts.h"

#include <stdlib.h>
#include <utlist.h>

#include "core/base/mem.h"

#define PATIENCE (30 * USEC_PER_SEC)

typedef struct poller {
    world *w;
    process *p;
    rng net;
    usec_t asked;
    usec_t age;           /* of the figures that are on their way back; -1: none */
    timer_handle waiting; /* for an answer, but not for ever */
} poller;

struct dashboards {
    poller *pollers;
    rng latency; /* of the catalog */
    struct question *questions;
};

/* ---- pollers -------------------------------------------------------------------------------------------------------- */

static void ask(void *arg);

static void rest(poller *p, usec_t from) {
    if (!p->w->hushed) engine_at(p->w->env.engine, from + p->w->sc->dashboards.period, ask, p);
}

static usec_t way(poller *p) {
    return dist_draw_usec(&p->w->sc->dashboards.delay, &p->net);
}

static void tell(poller *p, trace_kind kind) {
    usec_t now = world_now(p->w);
    world_tell(p->w, (trace_event){.kind = kind,
                                   .length = now - p->asked,
                                   .value = p->age < 0 ? -1 : p->age,
                                   .node_index = -1,
                                   .group_index = -1});
}

static void have_answer(void *arg) {
    poller *p = arg;
    if (p->age >= 0) p->age += world_now(p->w) - p->asked;
    tell(p, TRACE_DASHBOARD_ANSWERED);
    rest(p, world_now(p->w));
}

/* Nobody answered: its process has ended meanwhile, or it could not take the question. */
static void give_up(void *arg) {
    poller *p = arg;
    p->waiting = 0;
    rest(p, world_now(p->w));
}

/* In a handler of the instance; the age is kept relative to the question until the answer is there. */
static void on_figures(void *arg, const stats_figures *figures) {
    poller *p = arg;
    engine *e = p->w->env.engine;
    engine_cancel(e, p->waiting);
    p->waiting = 0;
    p->age = figures->at ? p->asked - figures->at : -1;
    if (figures->at > p->asked) p->age = 0;
    engine_at(e, process_leaves(p->p) + way(p), have_answer, p);
}

static void arrive(void *arg) {
    poller *p = arg;
    if (p->w->halted) return;
    p->waiting = engine_at(p->w->env.engine, p->asked + PATIENCE, give_up, p);
    if (p->p->state != PROCESS_RUNS) return;
    handler_begin(p->p, HANDLE_MESSAGE);
    scheduler_stats(p->p->scheduler, on_figures, p, NULL);
    handler_end(p->p);
}

static void ask(void *arg) {
    poller *p = arg;
    if (p->w->hushed) return;
    p->asked = world_now(p->w);
    p->age = -1;
    tell(p, TRACE_DASHBOARD_ASKED);
    engine_at(p->w->env.engine, p->asked + way(p), arrive, p);
}

/* ---- the catalog ---------------------------------------------------------------------------------------------------- */

typedef struct question {
    process *p;
    uint32_t life; /* of the process that asked */
    bool ok;
    catalog_done *done;
    void *arg;
    struct question *next, *prev;
} question;

static question take_out(question *q) {
    question taken = *q;
    DL_DELETE(q->p->w->dashboards->questions, q);
    free(q);
    return taken;
}

/* Whoever asked for a process that has ended only forgets its question. */
static void catalog_answers(void *arg) {
    question q = take_out(arg);
    bool there = q.life == q.p->life && q.p->scheduler;
    if (there) handler_begin(q.p, HANDLE_MESSAGE);
    q.done(q.arg, there && q.ok, q.p->w->sc->catalog.services);
    if (there) handler_end(q.p);
}

static bool is_out(const world *w, usec_t at) {
    const catalog_settings *c = &w->sc->catalog;
    for (size_t i = 0; i < c->outage_count; i++) {
        usec_t from = w->began + c->outages[i].at;
        if (at >= from && at < from + c->outages[i].lasts) return true;
    }
    return false;
}

static void ask_catalog(void *ctx, usec_t patience, catalog_done *done, void *arg) {
    process *p = ctx;
    world *w = p->w;
    question *q = mem_zalloc(1, sizeof *q);
    usec_t takes = dist_draw_usec(&w->sc->catalog.latency, &w->dashboards->latency);
    usec_t leave = process_leaves(p);
    bool ok = takes < patience && !is_out(w, leave);
    *q = (question){.p = p, .life = p->life, .ok = ok, .done = done, .arg = arg};
    DL_APPEND(w->dashboards->questions, q);
    engine_at(w->env.engine, leave + (ok ? takes : patience), catalog_answers, q);
}

catalog_source process_catalog(process *p) {
    return (catalog_source){ask_catalog, p};
}

/* ---- both ----------------------------------------------------------------------------------------------------------- */

void dashboards_new(world *w) {
    w->dashboards = mem_zalloc(1, sizeof *w->dashboards);
    rng_init(&w->dashboards->latency, w->seed, "catalog", 0);
}

void dashboards_start(world *w) {
    const dashboard_settings *d = &w->sc->dashboards;
    if (d->count) w->dashboards->pollers = mem_zalloc((size_t)d->count, sizeof *w->dashboards->pollers);
    for (int64_t i = 0; i < d->count; i++) {
        poller *p = &w->dashboards->pollers[i];
        p->w = w;
        p->p = &w->instances[i % w->instance_count];
        rng_init(&p->net, w->seed, "dashboard", (uint64_t)i);
        usec_t first = w->began + (usec_t)(rng_unit(&p->net) * (double)d->period);
        engine_at(w->env.engine, first, ask, p);
    }
}

void dashboards_free(world *w) {
    if (!w->dashboards) return;
    while (w->dashboards->questions) {
        question q = take_out(w->dashboards->questions);
        q.done(q.arg, false, 0);
    }
    free(w->dashboards->pollers);
    free(w->dashboards);
}
