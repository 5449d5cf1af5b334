/* api_history.c - two rings: seconds for the alarms, points for the page. */
#include "core/daemon/api_history.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/daemon/metrics_internal.h"

enum { SECONDS = 60, NEAR = 10 };

typedef struct second {
    int64_t waiting;
    uint64_t lag_upto[BUCKETS], lag_count; /* since the start of the instance */
} second;

typedef struct point {
    usec_t at;
    metrics_figures figures; /* of the last ten seconds */
    int64_t waiting, jobs, sessions, nodes;
    double lag_p99_ms;
} point;

struct history {
    second seconds[SECONDS + 1];
    point points[HISTORY_POINTS];
    uint64_t ticks, point_count;
};

history *history_new(void) {
    return mem_zalloc(1, sizeof(history));
}

history *history_free(history *h) {
    free(h);
    return NULL;
}

/* `ago` seconds before the latest one. */
static const second *second_at(const history *h, uint64_t ago) {
    return &h->seconds[(h->ticks - 1 - ago) % (SECONDS + 1)];
}

static void add_point(history *h, usec_t at, const metrics_now *now, const metrics *m) {
    h->points[h->point_count++ % HISTORY_POINTS] = (point){
        .at = at,
        .figures = metrics_recent(m),
        .waiting = now->scheduler.waiting,
        .jobs = now->scheduler.jobs,
        .sessions = now->scheduler.sessions,
        .nodes = now->scheduler.nodes,
        .lag_p99_ms = history_lag_p99_ms(h),
    };
}

void history_tick(history *h, usec_t at, const metrics_now *now, const metrics *m) {
    second *s = &h->seconds[h->ticks++ % (SECONDS + 1)];
    *s = (second){.waiting = now->scheduler.waiting};
    if (now->loop_lag) {
        histogram_count_up_to(now->loop_lag, metrics_bounds, BUCKETS, s->lag_upto);
        s->lag_count = histogram_count(now->loop_lag);
    }
    if (h->ticks % HISTORY_EVERY == 0) add_point(h, at, now, m);
}

/* ---- for alarms ----------------------------------------------------------------------------------------------------- */

double history_lag_p99_ms(const history *h) {
    static const second zero = {.waiting = 0};
    if (h->ticks == 0) return 0;
    const second *last = second_at(h, 0), *first = h->ticks > SECONDS ? second_at(h, SECONDS) : &zero;
    uint64_t count = last->lag_count - first->lag_count;
    if (count == 0) return 0;
    for (int i = 0; i < BUCKETS; i++)
        if (100 * (last->lag_upto[i] - first->lag_upto[i]) >= 99 * count)
            return (double)metrics_bounds[i] / USEC_PER_MSEC;
    return (double)metrics_bounds[BUCKETS - 1] / USEC_PER_MSEC;
}

static double mean_waiting(const history *h, uint64_t from) {
    double sum = 0;
    for (uint64_t i = from; i < from + NEAR; i++) sum += (double)second_at(h, i)->waiting;
    return sum / NEAR;
}

bool history_waiting(const history *h, double *ret_now, double *ret_before) {
    if (h->ticks <= SECONDS) return false;
    *ret_now = mean_waiting(h, 0);
    *ret_before = mean_waiting(h, SECONDS - NEAR);
    return true;
}

/* ---- for the page --------------------------------------------------------------------------------------------------- */

typedef struct column {
    const char *name;
    size_t at;
    bool is_number; /* int64_t; else double */
} column;

#define REAL(name, field)                                                                                              \
    { name, offsetof(point, field), false }
#define WHOLE(name, field)                                                                                             \
    { name, offsetof(point, field), true }

static const column columns[] = {
    REAL("jobs_per_sec", figures.jobs_per_sec),
    REAL("refused_per_sec", figures.refused_per_sec),
    REAL("dispatch_p50_ms", figures.dispatch_p50_ms),
    REAL("dispatch_p99_ms", figures.dispatch_p99_ms),
    REAL("end_to_end_p50_ms", figures.end_to_end_p50_ms),
    REAL("end_to_end_p99_ms", figures.end_to_end_p99_ms),
    REAL("loop_lag_p99_ms", lag_p99_ms),
    WHOLE("jobs_waiting", waiting),
    WHOLE("jobs", jobs),
    WHOLE("sessions", sessions),
    WHOLE("nodes", nodes),
};

static json_t *value_json(const point *p, const column *c) {
    const char *at = (const char *)p + c->at;
    if (c->is_number) return json_integer(*(const int64_t *)(const void *)at);
    return json_real(*(const double *)(const void *)at);
}

json_t *history_json(const history *h) {
    uint64_t count = h->point_count < HISTORY_POINTS ? h->point_count : HISTORY_POINTS;
    json_t *document = json_object(), *instants = json_array();
    json_object_set_new(document, "every_ms", json_integer(HISTORY_EVERY * 1000));
    json_object_set_new(document, "at", instants);
    for (size_t c = 0; c < sizeof columns / sizeof *columns; c++)
        json_object_set_new(document, columns[c].name, json_array());
    for (uint64_t i = h->point_count - count; i < h->point_count; i++) {
        const point *p = &h->points[i % HISTORY_POINTS];
        json_array_append_new(instants, json_integer(p->at / USEC_PER_MSEC));
        for (size_t c = 0; c < sizeof columns / sizeof *columns; c++)
            json_array_append_new(json_object_get(document, columns[c].name), value_json(p, &columns[c]));
    }
    return document;
}
