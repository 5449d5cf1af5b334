/* stats.h - how much of everything there is, read once. */
#ifndef CORE_CTL_STATS_H
#define CORE_CTL_STATS_H

#include <jansson.h>

#include "core/ctl/asker.h"
#include "core/ctl/fleet.h"
#include "core/domain/job.h"
#include "core/redis/keys.h"

typedef struct stats {
    int64_t now; /* of the server, ms */
    int64_t nodes, by_status[FLEET_STATUSES], not_up;
    int64_t slots, load;          /* of ready and degraded nodes */
    int64_t reservations;         /* of all nodes, unexpired */
    int64_t by_state[JOB_STATES]; /* CREATED waits for a node; RELEASED is over */
    int64_t due;                  /* deadlines that have passed and that nobody has acted on yet */
    int64_t pools, members, sessions, rooms, keys;
    char redis_version[24];
    int64_t memory, memory_max, commands_per_sec, clients; /* memory_max 0: no bound */
} stats;

/* One walk over the keys of the namespace, two over the indexes: O(keys) in bounded batches. A failure is kept in `ask`. */
void stats_read(asker *ask, const keyspace *ks, stats *ret_stats);
json_t *stats_json(const stats *s);
void stats_print(const stats *s, FILE *out);

#endif
