/* probe.h - asks a server for pages while a load runs, and takes the time: out of a thread of libuv's pool, so that the load is not
 * held up by what it waits for.
 *
 * One round at a time: each page once, one after the other, a connection for each. What /metrics says of dispatches is kept from a
 * round that was asked for. Threads: the pool's one for the fetching; everything else from the loop. */
#ifndef BENCH_LOAD_PROBE_H
#define BENCH_LOAD_PROBE_H

#include "bench/load/prometheus.h"
#include "bench/load/ws_client.h"
#include "core/base/histogram.h"

enum { PROBE_PATHS_MAX = 4 };

typedef struct probe probe;

typedef struct probe_options {
    struct uv_loop_s *loop;
    const ws_target *targets;
    int target_count;
    const char *const *paths; /* whose time is taken, of the first target */
    int path_count;
    const char *token;     /* "": none */
    const char *histogram; /* of /metrics of all targets: the dispatches */
} probe_options;

probe *probe_new(const probe_options *options);
/* Waits for the round under way. Takes NULL, returns NULL. */
probe *probe_free(probe *p);

/* Unless one is under way: false. */
bool probe_round(probe *p);
/* Reads the dispatches as they are now; waited for, so that begin and end mean what they say. */
void probe_mark_begin(probe *p);
void probe_mark_end(probe *p);

typedef struct probe_path {
    const char *path;
    uint64_t failures;
    const histogram *took;
} probe_path;

int probe_path_count(const probe *p);
probe_path probe_path_at(const probe *p, int i);
/* Between the marks; count 0: the server has no such histogram. */
prom_histogram probe_dispatches(const probe *p);

#endif
