/* metrics_internal.h - the counters as metrics*.c share them; nobody else includes it. */
#ifndef CORE_DAEMON_METRICS_INTERNAL_H
#define CORE_DAEMON_METRICS_INTERNAL_H

#include "core/base/histogram.h"
#include "core/daemon/metrics.h"
#include "core/daemon/metrics_table.h"
#include "core/daemon/metrics_window.h"

#include <stddef.h>

#define METRICS_ID(id, ...) id,
typedef enum counter_id { METRICS_COUNTERS(METRICS_ID) COUNTERS } counter_id;
typedef enum histogram_id { METRICS_HISTOGRAMS(METRICS_ID) HISTOGRAMS } histogram_id;

enum { VALUES_MAX = 20, BUCKETS = 16 };

typedef struct counter_row {
    const char *name, *label;
    const char *const *values; /* NULL: no label */
    const char *help;
} counter_row;

typedef struct histogram_row {
    const char *name, *help;
} histogram_row;

/* Counts of values up to a bound; of more than the last bound in the place behind it. */
typedef struct bucket_counts {
    uint64_t counts[BUCKETS + 1], count;
    double sum; /* seconds */
} bucket_counts;

enum { DOORS = 4 };

struct metrics {
    clock_source clock;
    uint64_t counts[COUNTERS][VALUES_MAX];
    uint64_t refused_messages[DOORS][VALUES_MAX];
    uint64_t cut_usec; /* length of what was cut */
    bucket_counts histograms[HISTOGRAMS];
    metrics_window *window;
};

extern const counter_row metrics_counters[COUNTERS];
extern const histogram_row metrics_histograms[HISTOGRAMS];
extern const usec_t metrics_bounds[BUCKETS]; /* ascending */
extern const char *const metrics_doors[DOORS + 1], *const metrics_refusals[];

#endif
