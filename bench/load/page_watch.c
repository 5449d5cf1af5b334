/* page_watch.c - the thread writes into the round's own fields, and the loop reads them when the round is over.
 *
 * A mark blocks the loop for as long as one page takes: the window of a load begins and ends once, and a figure that is taken some time
 * after its mark would belong to neither side. */
#include "bench/load/page_watch.h"

#include <assert.h>
#include <stdlib.h>
#include <time.h>
#include <uv.h>

#include "bench/load/http_get.h"
#include "core/base/mem.h"

#define PATIENCE     (5 * USEC_PER_SEC)
#define TOOK_HIGHEST (60 * USEC_PER_SEC)

struct page_watch {
    page_watch_options options;
    uv_work_t work;
    bool under_way;
    usec_t took[PAGE_PATHS_MAX]; /* of the round; -1: it failed */
    uint64_t failures[PAGE_PATHS_MAX];
    histogram *histograms[PAGE_PATHS_MAX];
    prom_histogram begin, end;
};

page_watch *page_watch_new(const page_watch_options *options) {
    assert(options->path_count <= PAGE_PATHS_MAX);
    page_watch *p = mem_zalloc(1, sizeof *p);
    p->options = *options;
    p->work.data = p;
    for (int i = 0; i < options->path_count; i++) p->histograms[i] = histogram_new(TOOK_HIGHEST);
    return p;
}

page_watch *page_watch_free(page_watch *p) {
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
    page_watch *p = work->data;
    const page_watch_options *o = &p->options;
    for (int i = 0; i < o->path_count; i++) {
        char *body = NULL;
        usec_t from = monotonic();
        bool fine = !http_get(&o->targets[0], o->paths[i], o->token, PATIENCE, &body, NULL);
        p->took[i] = fine ? monotonic() - from : -1;
        if (fine) free(body);
    }
}

static void fetched(uv_work_t *work, int status) {
    page_watch *p = work->data;
    p->under_way = false;
    for (int i = 0; i < p->options.path_count && !status; i++) {
        if (p->took[i] >= 0)
            histogram_record(p->histograms[i], p->took[i]);
        else
            p->failures[i]++;
    }
}

bool page_watch_round(page_watch *p) {
    if (p->under_way || !p->options.path_count) return false;
    p->under_way = !uv_queue_work(p->options.loop, &p->work, fetch, fetched);
    return p->under_way;
}

static prom_histogram dispatches_now(const page_watch *p) {
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

void page_watch_mark_begin(page_watch *p) {
    p->begin = dispatches_now(p);
}

void page_watch_mark_end(page_watch *p) {
    p->end = dispatches_now(p);
}

int page_watch_count(const page_watch *p) {
    return p->options.path_count;
}

page_watched page_watch_at(const page_watch *p, int i) {
    return (page_watched){p->options.paths[i], p->failures[i], p->histograms[i]};
}

prom_histogram page_watch_dispatches(const page_watch *p) {
    return prom_histogram_since(&p->end, &p->begin);
}
