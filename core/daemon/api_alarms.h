/* api_alarms.h - what a person should look at, by rules; docs/OPERATIONS.md says of each what to do.
 *
 * Rules see this instance, its last minute, and the latest look at the whole system, if there was one. An alarm ends when its rule
 * does not hold any more. */
#ifndef CORE_DAEMON_API_ALARMS_H
#define CORE_DAEMON_API_ALARMS_H

#include "core/daemon/api_history.h"
#include "core/daemon/metrics.h"

#include <jansson.h>

/* The whole system, as Redis told of it. */
typedef struct survey {
    usec_t at; /* by our clock; 0: there was none yet */
    int64_t nodes, ready, degraded, slots, load;
    int64_t instances, lost; /* that live; dead ones whose entries nobody has taken over yet */
    int64_t dead_letters;    /* of all instances */
    int64_t sessions, pools, waiting, unfinished, due;
} survey;

typedef struct alarms alarms;

alarms *alarms_new(void);
alarms *alarms_free(alarms *a); /* takes NULL, returns NULL */
/* To be called once a second. `found` NULL: the whole system is not known. */
void alarms_tick(alarms *a, usec_t at, const metrics_now *now, const metrics_figures *figures, const history *h,
                 const survey *found);
/* Those that hold, the worst first: [{"alarm", "severity": "critical" or "warning", "text", "since"}]. */
json_t *alarms_json(const alarms *a);

#endif
