/* oracle_log.c - the work of a job is known when it ends at a node: then it is written down, and the rest is put into the order of
 * arrival at the end.
 *
 * The real wait is of the attempt that did the work: what earlier attempts cost is waiting too. */
#include "sim/measure/oracle_log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "core/base/mem.h"
#include "sim/world/world.h"

typedef struct pending_job {
    char id[ID_MAX + 1];
    usec_t arrived, started;
    uint16_t src, tgt;
    UT_hash_handle hh;
} pending_job;

struct oracle_log {
    const scenario *sc;
    oracle_fleet *fleet;
    usec_t arrived; /* of the request whose creation follows */
    pending_job *pending;
    oracle_job *jobs;
    size_t count, capacity;
    histogram *real;
};

/* ---- the run -------------------------------------------------------------------------------------------------------- */

static void created(oracle_log *log, const sched_event *e, pending_job *j) {
    if (j || !e->pair) return;
    j = mem_zalloc(1, sizeof *j);
    snprintf(j->id, sizeof j->id, "%s", e->job);
    j->arrived = log->arrived;
    j->src = oracle_fleet_language(log->fleet, e->pair->src);
    j->tgt = oracle_fleet_language(log->fleet, e->pair->tgt);
    HASH_ADD_STR(log->pending, id, j);
}

static bool in_window(const oracle_log *log, usec_t at) {
    return at >= log->sc->start + log->sc->warmup && at < log->sc->start + log->sc->duration;
}

static void add(oracle_log *log, const pending_job *j, usec_t work) {
    if (log->count == log->capacity) {
        log->capacity = log->capacity ? 2 * log->capacity : 1024;
        log->jobs = mem_realloc(log->jobs, log->capacity, sizeof *log->jobs);
    }
    bool measured = in_window(log, j->arrived);
    log->jobs[log->count++] = (oracle_job){j->arrived, work, j->src, j->tgt, measured};
    if (measured) histogram_record(log->real, j->started - j->arrived);
}

static void forget(oracle_log *log, pending_job *j) {
    HASH_DEL(log->pending, j);
    free(j);
}

static void worked(oracle_log *log, const trace_event *e, pending_job *j) {
    double speed = log->sc->node_groups[e->group_index].speed;
    j->started = e->at - e->length;
    if (log->count < ORACLE_JOBS_MAX) add(log, j, (usec_t)((double)e->length * speed + 0.5));
    forget(log, j);
}

static void on_event(void *ctx, const trace_event *event) {
    oracle_log *log = ctx;
    const sched_event *e = event->core;
    const char *id = e ? e->job : event->job;
    pending_job *j = NULL;
    if (*id) HASH_FIND_STR(log->pending, id, j);
    if (e && e->kind == EV_SUBMITTED)
        log->arrived = e->until;
    else if (e && e->kind == EV_CREATED)
        created(log, e, j);
    else if (e && e->kind == EV_FINISHED && j)
        forget(log, j);
    else if (!e && event->kind == TRACE_NODE_FINISHED && j)
        worked(log, event, j);
}

/* ---- the fleet ------------------------------------------------------------------------------------------------------ */

static oracle_fleet *fleet_of(const scenario *sc) {
    oracle_fleet *fleet = oracle_fleet_new((size_t)scenario_total(sc).nodes);
    size_t node = 0;
    for (size_t g = 0; g < sc->node_group_count; g++)
        for (int64_t i = 0; i < sc->node_groups[g].count; i++, node++) {
            lang_list asr, tts, semantic;
            lang_service service = {0};
            world_node_languages(sc, (int32_t)g, i, &asr, &tts, &semantic);
            lang_service_make(&asr, &semantic, &tts, LANGS_MAX * LANGS_MAX, &service, NULL);
            oracle_fleet_set(fleet, node, sc->node_groups[g].slots, sc->node_groups[g].speed, &service);
        }
    return fleet;
}

oracle_log *oracle_log_new(const scenario *sc) {
    oracle_log *log = mem_zalloc(1, sizeof *log);
    log->sc = sc;
    log->fleet = fleet_of(sc);
    log->real = histogram_new(3600 * USEC_PER_SEC);
    return log;
}

oracle_log *oracle_log_free(oracle_log *log) {
    if (!log) return NULL;
    pending_job *j, *next;
    HASH_ITER (hh, log->pending, j, next) forget(log, j);
    oracle_fleet_free(log->fleet);
    histogram_free(log->real);
    free(log->jobs);
    free(log);
    return NULL;
}

trace_sink oracle_log_sink(oracle_log *log) {
    return (trace_sink){on_event, log};
}

/* Equal arrivals are told apart by nothing but what the oracles look at: any order of them gives the same figures. */
static int by_arrival(const void *a, const void *b) {
    const oracle_job *x = a, *y = b;
    if (x->arrived != y->arrived) return x->arrived < y->arrived ? -1 : 1;
    if (x->work != y->work) return x->work < y->work ? -1 : 1;
    if (x->src != y->src) return x->src < y->src ? -1 : 1;
    return x->tgt < y->tgt ? -1 : x->tgt > y->tgt;
}

void oracle_log_ask(oracle_log *log, oracle_waits *ret_waits) {
    *ret_waits = (oracle_waits){.jobs = (int64_t)histogram_count(log->real)};
    ret_waits->real.mean = histogram_mean(log->real);
    ret_waits->real.p99 = histogram_percentile(log->real, 99);
    if (log->count)
        qsort(log->jobs, log->count, sizeof *log->jobs, by_arrival); /* of a run that was interrupted early, none */
    histogram *waits = histogram_new(3600 * USEC_PER_SEC);
    for (oracle_kind k = 0; k < ORACLES; k++) {
        histogram_reset(waits);
        oracle_run(log->fleet, k, log->jobs, log->count, (uint64_t)log->sc->seed, waits);
        ret_waits->of[k].mean = histogram_mean(waits);
        ret_waits->of[k].p99 = histogram_percentile(waits, 99);
    }
    histogram_free(waits);
}
