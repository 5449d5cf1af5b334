/* metrics_window.h - the last minute: counts and percentiles of what happened in it, in slices of ten seconds.
 *
 * Cost  A note is O(1). Reading adds up the slices: O(size of a histogram), some hundred microseconds.
 * Memory  Two histograms a slice, about 2 MiB in all, of which the pages that are used come into being. */
#ifndef CORE_DAEMON_METRICS_WINDOW_H
#define CORE_DAEMON_METRICS_WINDOW_H

#include "core/base/clock.h"
#include "core/daemon/metrics.h"
#include "core/domain/job.h"

typedef struct metrics_window metrics_window;

typedef enum window_count {
    WINDOW_CREATED,
    WINDOW_REFUSED,
    WINDOW_RETRIED,
    WINDOW_LATE,
    WINDOW_WAITED,
    WINDOW_ENDED, /* and behind it one for each outcome */
    WINDOW_COUNTS = WINDOW_ENDED + JOB_OUTCOMES
} window_count;

enum { WINDOW_RECENT = 2, WINDOW_MINUTE = 7 };

typedef enum window_time { WINDOW_DISPATCH, WINDOW_END_TO_END, WINDOW_TIMES } window_time;

metrics_window *metrics_window_new(usec_t now);
/* Takes NULL, returns NULL. */
metrics_window *metrics_window_free(metrics_window *w);
void metrics_window_note(metrics_window *w, usec_t now, int count);
void metrics_window_time(metrics_window *w, usec_t now, window_time which, usec_t took);
/* Of the present slice and those before it, `slices` in all. */
metrics_figures metrics_window_figures(const metrics_window *w, usec_t now, int slices);

#endif
