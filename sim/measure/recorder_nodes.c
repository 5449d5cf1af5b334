/* recorder_nodes.c - how busy the nodes are: for each node over the window, for all together over each bin, and for the map.
 *
 * Slots in use change with events only, so that time is added up at each change: exact, and nothing is sampled. */
#include "sim/measure/recorder_internal.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "core/base/mem.h"

void nodes_new(recorder *r) {
    const recorder_options *o = &r->options;
    size_t count = (size_t)o->nodes;
    r->nodes = mem_zalloc(count ? count : 1, sizeof *r->nodes);
    for (size_t i = 0; i < count; i++) r->nodes[i] = (node_record){.figures.group = -1, .since = o->start};
    r->totals.since = o->start;
    r->nodes_per_row = (o->nodes + HEAT_ROWS_MAX - 1) / HEAT_ROWS_MAX;
    if (r->nodes_per_row < 1) r->nodes_per_row = 1;
    r->heat_rows = (count + (size_t)r->nodes_per_row - 1) / (size_t)r->nodes_per_row;
    r->heat_width = (o->duration + HEAT_COLUMNS - 1) / HEAT_COLUMNS;
    size_t cells = (r->heat_rows ? r->heat_rows : 1) * HEAT_COLUMNS;
    r->heat_busy = mem_zalloc(cells, sizeof *r->heat_busy);
    r->heat_offered = mem_zalloc(cells, sizeof *r->heat_offered);
}

void nodes_free(recorder *r) {
    free(r->nodes);
    free(r->heat_busy);
    free(r->heat_offered);
}

static usec_t within(usec_t from, usec_t to, usec_t begin, usec_t end) {
    if (from < begin) from = begin;
    if (to > end) to = end;
    return to > from ? to - from : 0;
}

static void heat(recorder *r, const node_record *n, usec_t to) {
    size_t row = (size_t)(n - r->nodes) / (size_t)r->nodes_per_row;
    usec_t from = n->since - r->options.start;
    to -= r->options.start;
    if (to > r->options.duration) to = r->options.duration;
    while (from < to) {
        usec_t column = from / r->heat_width;
        usec_t until = (column + 1) * r->heat_width < to ? (column + 1) * r->heat_width : to;
        size_t cell = row * HEAT_COLUMNS + (size_t)column;
        r->heat_busy[cell] += (double)(n->busy * (until - from));
        r->heat_offered[cell] += (double)(n->slots * (until - from));
        from = until;
    }
}

static void node_reach(recorder *r, node_record *n, usec_t at) {
    if (n->slots > 0) {
        usec_t time = within(n->since, at, r->window_begin, r->window_end);
        n->figures.busy += n->busy * time;
        n->figures.offered += n->slots * time;
        heat(r, n, at);
    }
    n->since = at;
}

void nodes_reach(recorder *r, usec_t at) {
    node_totals *t = &r->totals;
    usec_t time = within(t->since, at, r->options.start, r->window_end);
    r->busy_time += (double)(t->busy * time);
    r->slot_time += (double)(t->slots * time);
    t->since = at;
}

static void set(recorder *r, node_record *n, usec_t at, int64_t slots, int64_t busy) {
    node_reach(r, n, at);
    nodes_reach(r, at);
    r->totals.up += (slots > 0) - (n->slots > 0);
    r->totals.slots += slots - n->slots;
    r->totals.busy += busy - n->busy;
    n->slots = slots;
    n->busy = busy;
}

/* Windows are numbered from 1, so that a node that never got a job is in none. */
static void herd_take(recorder *r, node_record *n, usec_t at) {
    herd_record *h = &r->herd;
    if (!r->options.herd || !in_window(r, at)) return;
    int64_t window = (at - r->window_begin) / r->options.herd + 1;
    if (window != h->window) {
        h->window = window;
        h->most = 0;
        h->sums.windows++;
    }
    n->herd_jobs = n->herd_window == window ? n->herd_jobs + 1 : 1;
    n->herd_window = window;
    h->sums.jobs++;
    if (n->herd_jobs <= h->most) return;
    h->most = n->herd_jobs;
    h->most_sum++;
}

herding recorder_herd(const recorder *r) {
    herding h = r->herd.sums;
    h.top1_share = h.jobs ? (double)r->herd.most_sum / (double)h.jobs : 0;
    return h;
}

void nodes_take(recorder *r, const trace_event *event) {
    assert(event->node_index >= 0 && event->node_index < r->options.nodes);
    node_record *n = &r->nodes[event->node_index];
    switch (event->kind) {
    case TRACE_NODE_UP:
        n->figures.group = event->group_index;
        n->figures.slots = event->value;
        set(r, n, event->at, event->value, n->working);
        break;
    case TRACE_NODE_DOWN: set(r, n, event->at, 0, 0); break;
    case TRACE_NODE_RECEIVED: herd_take(r, n, event->at); break;
    case TRACE_NODE_STARTED: n->figures.jobs += in_window(r, event->at); /* fall through */
    case TRACE_NODE_FINISHED:
    case TRACE_NODE_CANCELLED:
    case TRACE_NODE_LOST:
        n->working = event->value;
        if (n->slots > 0) set(r, n, event->at, n->slots, event->value);
        break;
    default: break;
    }
}

void nodes_end(recorder *r, usec_t now) {
    for (int32_t i = 0; i < r->options.nodes; i++) node_reach(r, &r->nodes[i], now);
    nodes_reach(r, now);
}

const node_figures *recorder_node(const recorder *r, int32_t i) {
    assert(i >= 0 && i < r->options.nodes);
    return &r->nodes[i].figures;
}

double node_utilisation(const node_figures *n) {
    return n->offered ? (double)n->busy / (double)n->offered : 0;
}

utilisation recorder_utilisation(const recorder *r) {
    utilisation u = {0};
    double busy = 0, offered = 0;
    for (int32_t i = 0; i < r->options.nodes; i++) {
        const node_figures *n = &r->nodes[i].figures;
        busy += (double)n->busy;
        offered += (double)n->offered;
        if (node_utilisation(n) > u.max) u.max = node_utilisation(n);
    }
    if (offered > 0) u.mean = busy / offered;
    return u;
}

fairness recorder_fairness(const recorder *r) {
    double count = 0, jobs = 0, top = 0, sum = 0, squares = 0;
    for (int32_t i = 0; i < r->options.nodes; i++) {
        const node_figures *n = &r->nodes[i].figures;
        if (!n->offered) continue;
        double rate = (double)n->jobs / ((double)n->offered / USEC_PER_SEC);
        count++;
        jobs += (double)n->jobs;
        if ((double)n->jobs > top) top = (double)n->jobs;
        sum += rate;
        squares += rate * rate;
    }
    if (jobs == 0) return (fairness){0};
    double mean = sum / count, variance = squares / count - mean * mean;
    return (fairness){
        .top1_share = top / jobs,
        .jain = sum * sum / (count * squares),
        .cv = variance > 0 ? sqrt(variance) / mean : 0,
    };
}

void recorder_heat(const recorder *r, heat_map *ret_map) {
    ret_map->rows = r->heat_rows;
    ret_map->columns = HEAT_COLUMNS;
    ret_map->nodes_per_row = r->nodes_per_row;
    for (size_t row = 0; row < r->heat_rows; row++)
        for (size_t column = 0; column < HEAT_COLUMNS; column++) {
            size_t cell = row * HEAT_COLUMNS + column;
            double offered = r->heat_offered[cell];
            ret_map->cell[row][column] = offered > 0 ? r->heat_busy[cell] / offered : -1;
        }
}
