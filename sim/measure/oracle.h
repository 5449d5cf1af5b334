/* oracle.h - how long the jobs of a run would have waited, had they been placed with perfect knowledge, or with none.
 *
 * The same nodes with the same languages, slots and speeds; the same arrivals; the same work. Three ways of placing:
 *   central_queue   one line for all, and a slot that comes free takes the longest-waiting job that its node can do: the least
 *                   waiting that the languages allow, near enough
 *   shortest_queue  each job goes at once to the node where the fewest rounds of its slots stand in line, known to the instant
 *   random          each job goes at once to any node that serves its pair, however long its line is
 * A wait is the time from the arrival until a slot takes the job.
 *
 * What is ignored: network and scheduler take no time, lines have no limit, and nobody fails: every node is there from the start.
 * Work is the time in the slot that was really drawn, times the speed of the node where that was; on another node it takes work /
 * speed. Jobs that never ended at a node are left out, since their work is not known.
 *
 * Cost: O(log slots) for each job, plus a walk over bits: one for each node where a node is chosen, one for each pair with waiting
 * jobs where a job is chosen. */
#ifndef SIM_MEASURE_ORACLE_H
#define SIM_MEASURE_ORACLE_H

#include "core/base/histogram.h"
#include "core/domain/lang_pair.h"
#include "core/base/clock.h"

#include <stdbool.h>
#include <stddef.h>

typedef enum oracle_kind { ORACLE_CENTRAL_QUEUE, ORACLE_SHORTEST_QUEUE, ORACLE_RANDOM, ORACLES } oracle_kind;

const char *oracle_name(oracle_kind kind); /* "central_queue" */

typedef struct oracle_fleet oracle_fleet;

oracle_fleet *oracle_fleet_new(size_t nodes); /* > 0 */
oracle_fleet *oracle_fleet_free(oracle_fleet *f);
/* Each node once, before the first run. slots >= 1, speed > 0. */
void oracle_fleet_set(oracle_fleet *f, size_t node, int64_t slots, double speed, const lang_service *service);
/* The number by which jobs name that language. */
uint16_t oracle_fleet_language(oracle_fleet *f, const char *tag);

typedef struct oracle_job {
    usec_t arrived;
    usec_t work; /* time in a slot of a node of speed 1 */
    uint16_t src, tgt;
    bool measured; /* its wait is recorded */
} oracle_job;

/* Jobs in the order of arrival; those that no node serves are left out. Adds the waits to `waits` (usec). */
void oracle_run(oracle_fleet *f, oracle_kind kind, const oracle_job *jobs, size_t count, uint64_t seed,
                histogram *waits);

#endif
