/* stats.c - see the header. A request that walks pays for it in the handler that everybody else waits behind; a snapshot pays every
 * few seconds, whoever asks.
 *
 * A fetch may outlive the scheduler: its record says whose it is, and loses its owner when that ends. */
#include "core/scheduler/stats.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "core/base/mem.h"
#include "core/scheduler/node_flow.h"
#include "core/scheduler/session_flow.h"

/* One request, on its way to its answer. */
typedef struct asked {
    scheduler *s;
    stats_done *done;
    void *arg;
    timer_handle timer; /* of an answer that needs no fetch */
    struct asked *next, *prev;
} asked;

typedef struct fetch {
    scheduler *s; /* NULL: it has ended */
    asked *by;    /* NULL: the snapshot's */
    struct fetch *next, *prev;
} fetch;

struct dashboard {
    stats_figures figures; /* of the snapshot; its services also where requests walk */
    asked *requests;
    int request_count;
    fetch *fetches;
    timer_handle walk_timer, catalog_timer;
    usec_t last_request;
    int failures; /* of the catalog, in a row */
};

static dashboard *dashboard_of(scheduler *s) {
    if (!s->dashboard) {
        s->dashboard = mem_zalloc(1, sizeof *s->dashboard);
        s->dashboard->figures.services = -1;
    }
    return s->dashboard;
}

static timer_handle set_timer(scheduler *s, usec_t after, void (*fire)(void *arg), void *arg) {
    return s->env.timers.set(s->env.timers.ctx, sched_now(s) + after, fire, arg);
}

/* ---- the walk ------------------------------------------------------------------------------------------------------- */

typedef struct lang_count {
    stats_lang is;
    UT_hash_handle hh;
} lang_count;

static lang_count *count_of(lang_count **all, const char *lang) {
    lang_count *c;
    HASH_FIND_STR(*all, lang, c);
    if (c) return c;
    c = mem_zalloc(1, sizeof *c);
    snprintf(c->is.lang, sizeof c->is.lang, "%s", lang);
    HASH_ADD_STR(*all, is.lang, c);
    return c;
}

static int most_used(const lang_count *a, const lang_count *b) {
    int64_t x = a->is.as_source + a->is.as_target, y = b->is.as_source + b->is.as_target;
    if (x != y) return x > y ? -1 : 1;
    return strcmp(a->is.lang, b->is.lang);
}

static void walk_sessions(const scheduler *s, stats_figures *f) {
    lang_count *all = NULL, *c, *next;
    for (const session *one = s->sessions_by_conn; one; one = one->hh.next) {
        f->sessions++;
        count_of(&all, one->pair.src)->is.as_source++;
        count_of(&all, one->pair.tgt)->is.as_target++;
    }
    HASH_SORT(all, most_used);
    HASH_ITER (hh, all, c, next) {
        if (f->lang_count < STATS_LANGS) f->langs[f->lang_count++] = c->is;
        HASH_DEL(all, c);
        free(c);
    }
}

static void walk_nodes(const scheduler *s, stats_figures *f) {
    for (const node_conn *n = s->nodes_by_id; n; n = n->hh_node.next) {
        f->nodes++;
        f->slots += n->slots;
        f->running_jobs += n->load.running_jobs;
        f->draining += n->draining;
        f->degraded += n->degraded;
    }
}

static void walk_jobs(const scheduler *s, stats_figures *f) {
    for (const job *j = s->jobs; j; j = j->hh.next) {
        f->jobs++;
        f->jobs_waiting += j->waiting != NULL;
    }
}

/* The catalog's figures stay. */
static void walk(scheduler *s) {
    stats_figures *f = &dashboard_of(s)->figures;
    *f = (stats_figures){.at = sched_now(s), .services = f->services, .services_at = f->services_at};
    walk_nodes(s, f);
    walk_sessions(s, f);
    walk_jobs(s, f);
    sched_worked(s, WORK_STATS, f->nodes + f->sessions + f->jobs);
}

/* ---- answers -------------------------------------------------------------------------------------------------------- */

static void tell(asked *a) {
    scheduler *s = a->s;
    dashboard *d = s->dashboard;
    DL_DELETE(d->requests, a);
    d->request_count--;
    a->done(a->arg, &d->figures);
    free(a);
}

static void on_answer(void *arg) {
    tell(arg);
}

/* ---- the catalog ---------------------------------------------------------------------------------------------------- */

static void plan_catalog(scheduler *s);

static void take_services(scheduler *s, bool ok, int64_t services) {
    dashboard *d = s->dashboard;
    d->failures = ok ? 0 : d->failures + 1;
    if (!ok) return;
    d->figures.services = services;
    d->figures.services_at = sched_now(s);
}

static void on_fetched(void *arg, bool ok, int64_t services) {
    fetch *f = arg;
    scheduler *s = f->s;
    if (s) {
        DL_DELETE(s->dashboard->fetches, f);
        take_services(s, ok, services);
        if (f->by)
            tell(f->by);
        else
            plan_catalog(s);
    }
    free(f);
}

static void fetch_catalog(scheduler *s, asked *by) {
    fetch *f = mem_zalloc(1, sizeof *f);
    f->s = s;
    f->by = by;
    DL_APPEND(s->dashboard->fetches, f);
    s->env.catalog.fetch(s->env.catalog.ctx, CATALOG_PATIENCE, on_fetched, f);
}

/* ---- the snapshot --------------------------------------------------------------------------------------------------- */

static bool somebody_looks(const scheduler *s) {
    return sched_now(s) - s->dashboard->last_request < STATS_REST;
}

static void on_walk(void *arg) {
    scheduler *s = arg;
    dashboard *d = s->dashboard;
    d->walk_timer = 0;
    if (!somebody_looks(s)) return;
    walk(s);
    d->walk_timer = set_timer(s, STATS_PERIOD, on_walk, s);
}

static void on_catalog(void *arg) {
    scheduler *s = arg;
    s->dashboard->catalog_timer = 0;
    if (somebody_looks(s)) fetch_catalog(s, NULL);
}

static usec_t catalog_pause(int failures) {
    if (failures < CATALOG_FAILURES) return CATALOG_PERIOD;
    usec_t pause = CATALOG_PERIOD;
    for (int n = 2; n < failures && pause < CATALOG_PERIOD_MAX; n++) pause *= 2;
    return pause < CATALOG_PERIOD_MAX ? pause : CATALOG_PERIOD_MAX;
}

static void plan_catalog(scheduler *s) {
    dashboard *d = s->dashboard;
    if (somebody_looks(s)) d->catalog_timer = set_timer(s, catalog_pause(d->failures), on_catalog, s);
}

static bool is_fetching(const dashboard *d) {
    for (const fetch *f = d->fetches; f; f = f->next)
        if (!f->by) return true;
    return false;
}

/* Behind the request that wakes it: nobody waits for the walk. */
static void wake_snapshot(scheduler *s) {
    dashboard *d = s->dashboard;
    if (!d->walk_timer) d->walk_timer = set_timer(s, 1, on_walk, s);
    if (s->env.catalog.fetch && !d->catalog_timer && !is_fetching(d)) d->catalog_timer = set_timer(s, 1, on_catalog, s);
}

/* ---- the request ---------------------------------------------------------------------------------------------------- */

sched_status scheduler_stats(scheduler *s, stats_done *done, void *arg, sched_error *err) {
    dashboard *d = dashboard_of(s);
    if (d->request_count == STATS_REQUESTS_MAX)
        return sched_fail(err, SCHED_FULL, "%d requests for figures are under way", STATS_REQUESTS_MAX);
    asked *a = mem_zalloc(1, sizeof *a);
    *a = (asked){.s = s, .done = done, .arg = arg};
    DL_APPEND(d->requests, a);
    d->request_count++;
    d->last_request = sched_now(s);
    bool walks = s->config.stats == STATS_REQUEST;
    if (walks)
        walk(s);
    else
        wake_snapshot(s);
    if (walks && s->env.catalog.fetch)
        fetch_catalog(s, a);
    else
        a->timer = set_timer(s, 0, on_answer, a);
    return SCHED_OK;
}

void stats_stop(scheduler *s) {
    const timer_source *timers = &s->env.timers;
    if (!s->dashboard) return;
    timers->cancel(timers->ctx, s->dashboard->walk_timer);
    timers->cancel(timers->ctx, s->dashboard->catalog_timer);
    s->dashboard->walk_timer = s->dashboard->catalog_timer = 0;
}

void stats_free(scheduler *s) {
    dashboard *d = s->dashboard;
    asked *a, *next;
    fetch *f, *after;
    if (!d) return;
    DL_FOREACH_SAFE(d->requests, a, next) {
        s->env.timers.cancel(s->env.timers.ctx, a->timer);
        free(a);
    }
    DL_FOREACH_SAFE(d->fetches, f, after) f->s = NULL;
    free(d);
}
