/* recorded.h - a recording of linguad (core/daemon/recording.h) as a scenario: what came, the nodes that were there, and how fast they were.
 *
 * Arrivals are taken as they are. Nodes are grouped by slots and languages; a group counts as many as were ready at once. Service is what
 * the least squares of (service, speech) say of jobs that ended well at their first attempt: rtf, overhead, and the spread of what is left
 * over, less the way to the node and back.
 *
 * Failure  SCHED_ENOENT: no table there; SCHED_EINVAL with file:line for what it says; SCHED_EIO.
 * Bounds   RECORDED_GROUPS_MAX groups and RECORDED_NODES_MAX nodes; more are SCHED_EINVAL. Parts that were rotated away are simply not
 *          there. */
#ifndef SIM_SCENARIO_RECORDED_H
#define SIM_SCENARIO_RECORDED_H

#include "core/base/status.h"

#include <stdint.h>

enum { RECORDED_GROUPS_MAX = 200, RECORDED_NODES_MAX = 200000 };

typedef struct recorded_facts {
    int64_t arrivals, ended, ok, refused, nodes, groups;
    double span_s;                   /* from the first arrival to the last */
    double rtf, overhead_s, cv;      /* of service */
    double total_p50_s, total_p95_s; /* of those that ended well */
} recorded_facts;

/* Writes `out`/scenario.yaml and `out`/arrivals.csv; `out` is made when it is not there. */
sched_status recorded_import(const char *folder, const char *out, recorded_facts *ret_facts, sched_error *err);

#endif
