/* api_history.h - the last ten minutes of an instance, so that who opens the dashboard sees what led to the present.
 *
 * A sample is taken every second: of it, alarms want the last minute, and every fifth becomes a point that is told. */
#ifndef CORE_DAEMON_API_HISTORY_H
#define CORE_DAEMON_API_HISTORY_H

#include "core/daemon/metrics.h"

#include <jansson.h>

enum { HISTORY_POINTS = 120, HISTORY_EVERY = 5 };

typedef struct history history;

history *history_new(void);
history *history_free(history *h); /* takes NULL, returns NULL */
/* To be called once a second. */
void history_tick(history *h, usec_t at, const metrics_now *now, const metrics *m);

/* {"every_ms": 5000, "at": [...], "jobs_per_sec": [...], ...}: columns of equal length, the oldest first. */
json_t *history_json(const history *h);

/* Of the event loop's lag in the last minute, by the buckets of lingua_loop_lag_seconds: an upper bound; 0 when nothing was measured. */
double history_lag_p99_ms(const history *h);
/* Waiting jobs, the mean of the last ten seconds and of the ten seconds a minute before that end; false while we do not live so long. */
bool history_waiting(const history *h, double *ret_now, double *ret_before);

#endif
