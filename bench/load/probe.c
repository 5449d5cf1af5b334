/* probe.c - the thread writes into the round's own fields, and the loop reads them when the round is over.
 *
 * A mark blocks the loop for as long as one page takes: the window of a load begins and ends once, and a figure that is taken some time
 * after its mark would belong to neither side. */
#include "bench/load/probe.h"

#include <assert.h>
#include <stdlib.h>
#include <time.h>
#include <uv.h>

#include "bench/load/http_get.h"
#include "core/base/mem.h"

#define PATIENCE     (5 * USEC_PER_SEC)
#define TOOK_HIGHEST (60 * USEC_PER_SEC)

struct probe {
    probe_options options;
    uv_work_t work;
    bool under_way;
    usec_t took[PROBE_PATHS_MAX]; /* of the round; -1: it failed */
    uint64_t failures[PROBE_PATHS_MAX];
    histogram *histograms[PROBE_PATHS_MAX];
    prom_histogram begin, end;
};

probe *probe_new(const probe_options *options) {
    assert(options->path_count <= PROBE_PATHS_MAX);
    probe *p = mem_zalloc(1, sizeof *p);
    p->options = *options;
    p->work.data = p;
    for (int i = 0; i < options->path_count; i++) p->histograms[i] = histogram_new(TOOK_HIGHEST);
    return p;
}

probe *probe_free(probe *p) {
    if (!p) return NULL;
    while (p->under_way) uv_run(p->options.loop, UV_RUN_ONCE);
    for (int i = 0; i < p->options.path_count; i++) histogram_free(p->histograms[i]);
    free(p);
    return NULL;
}

static usec_t monotonic(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (usec_t)t.tv_sec * USEC_PER_SEC + t.tv_nsec / 1000;
}

static void fetch(uv_work_t *work) {
    probe *p = work->data;
    const probe_options *o = &p->options;
    for (int i = 0; i < o->path_count; i++) {
        char *body = NULL;
        usec_t from = monotonic();
        bool fine = !http_get(&o->targets[0], o->paths[i], o->token, PATIENCE, &body, NULL);
        p->took[i] = fine ? monotonic() - from : -1;
        if (fine) free(body);
    }
}

static void fetched(uv_work_t *work, int status) {
    probe *p = work->data;
    p->under_way = false;
    for (int i = 0; i < p->options.path_count && !status; i++) {
        if (p->took[i] >= 0)
            histogram_record(p->histograms[i], p->took[i]);
        else
            p->failures[i]++;
    }
}

bool probe_round(probe *p) {
    if (p->under_way || !p->options.path_count) return false;
    p->under_way = !uv_queue_work(p->options.loop, &p->work, fetch, fetched);
    return p->under_way;
}

static prom_histogram dispatches_now(const probe *p) {
    prom_histogram sum = {0};
    for (int i = 0; i < p->options.target_count; i++) {
        char *body = NULL;
        if (http_get(&p->options.targets[i], "/metrics", p->options.token, PATIENCE, &body, NULL)) continue;
        prom_histogram one = prom_histogram_read(body, p->options.histogram);
        prom_histogram_add(&sum, &one);
        free(body);
    }
    return sum;
}

void probe_mark_begin(probe *p) {
    p->begin = dispatches_now(p);
}

void probe_mark_end(probe *p) {
    p->end = dispatches_now(p);
}

int probe_path_count(const probe *p) {
    return p->options.path_count;
}

probe_path probe_path_at(const probe *p, int i) {
    return (probe_path){p->options.paths[i], p->failures[i], p->histograms[i]};
}

prom_histogram probe_dispatches(const probe *p) {
    return prom_histogram_since(&p->end, &p->begin);
}
