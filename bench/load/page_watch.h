/* page_watch.h - asks a server for pages while a load runs, and takes the time: out of a thread of libuv's pool, so that the load is not
 * held up by what it waits for.
 *
 * One round at a time: each page once, one after the other, a connection for each. What /metrics says of dispatches is kept from a
 * round that was asked for. Threads: the pool's one for the fetching; everything else from the loop. */
#ifndef BENCH_LOAD_PAGE_WATCH_H
#define BENCH_LOAD_PAGE_WATCH_H

#include "bench/load/prometheus.h"
#include "bench/load/ws_client.h"
#include "core/base/histogram.h"

enum { PAGE_PATHS_MAX = 4 };

typedef struct page_watch page_watch;

typedef struct page_watch_options {
    struct uv_loop_s *loop;
    const ws_target *targets;
    int target_count;
    const char *const *paths; /* whose time is taken, of the first target */
    int path_count;
    const char *token;     /* "": none */
    const char *histogram; /* of /metrics of all targets: the dispatches */
} page_watch_options;

page_watch *page_watch_new(const page_watch_options *options);
/* Waits for the round under way. Takes NULL, returns NULL. */
page_watch *page_watch_free(page_watch *p);

/* Unless one is under way: false. */
bool page_watch_round(page_watch *p);
/* Reads the dispatches as they are now; waited for, so that begin and end mean what they say. */
void page_watch_mark_begin(page_watch *p);
void page_watch_mark_end(page_watch *p);

typedef struct page_watched {
    const char *path;
    uint64_t failures;
    const histogram *took;
} page_watched;

int page_watch_count(const page_watch *p);
page_watched page_watch_at(const page_watch *p, int i);
/* Between the marks; count 0: the server has no such histogram. */
prom_histogram page_watch_dispatches(const page_watch *p);

#endif
