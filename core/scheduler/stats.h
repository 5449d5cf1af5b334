/* stats.h - the figures of the dashboard: what one instance holds, and the services that the catalog offers.
 *
 * Two mechanisms (config.stats). `request`: each request walks everything, and fetches the catalog before it is answered. `snapshot`: a
 * request reads what a timer computes every STATS_PERIOD; the catalog is fetched every CATALOG_PERIOD, after CATALOG_FAILURES
 * failures in a row less and less often, and what it said last is kept. A snapshot begins with the first request and
 * rests when nobody asked for STATS_REST, so that an instance without a dashboard pays nothing.
 *
 * Figures of the periods: those of the predecessor's first phase. */
#ifndef CORE_SCHEDULER_STATS_H
#define CORE_SCHEDULER_STATS_H

#include "core/base/clock.h"
#include "core/base/limits.h"
#include "core/base/status.h"

#include <stdbool.h>
#include <stdint.h>

#define STATS_PERIOD       (5 * USEC_PER_SEC)
#define STATS_REST         (60 * USEC_PER_SEC)
#define CATALOG_PERIOD     (30 * USEC_PER_SEC)
#define CATALOG_PERIOD_MAX (300 * USEC_PER_SEC)
#define CATALOG_PATIENCE   (20 * USEC_PER_SEC)

enum { STATS_LANGS = 10, STATS_REQUESTS_MAX = 256, CATALOG_FAILURES = 3 };

typedef struct stats_lang {
    char lang[LANG_MAX + 1];
    int64_t as_source, as_target; /* sessions */
} stats_lang;

typedef struct stats_figures {
    usec_t at; /* of the walk; 0: there was none yet, and all else is 0 */
    int64_t nodes, slots, running_jobs, draining, degraded;
    int64_t sessions, jobs, jobs_waiting;
    int lang_count;
    stats_lang langs[STATS_LANGS]; /* most used first, then by name */
    int64_t services;              /* in the catalog; -1 while it never answered */
    usec_t services_at;            /* of that answer */
} stats_figures;

/* The catalog of services, elsewhere: answers once, later, at the latest after `patience`. `ok` false: it did not tell. */
typedef void catalog_done(void *arg, bool ok, int64_t services);
typedef struct catalog_source {
    void (*fetch)(void *ctx, usec_t patience, catalog_done *done, void *arg); /* NULL: there is none */
    void *ctx;
} catalog_source;

struct scheduler;

/* `figures` lives until the function returns; it must not call back into the scheduler. */
typedef void stats_done(void *arg, const stats_figures *figures);
/* `done` is called once, later. SCHED_FULL while STATS_REQUESTS_MAX are under way. */
sched_status scheduler_stats(struct scheduler *s, stats_done *done, void *arg, sched_error *err);

#endif
