/* totals.h - how much of everything there is, read once. */
#ifndef CORE_VIEW_TOTALS_H
#define CORE_VIEW_TOTALS_H

#include <jansson.h>

#include "core/domain/job.h"
#include "core/redis/keys.h"
#include "core/view/asker.h"
#include "core/view/fleet.h"

typedef struct totals {
    int64_t now; /* of the server, ms */
    int64_t nodes, by_status[FLEET_STATUSES], not_up;
    int64_t slots, load;          /* of ready and degraded nodes */
    int64_t reservations;         /* of all nodes, unexpired */
    int64_t by_state[JOB_STATES]; /* CREATED waits for a node; RELEASED is over */
    int64_t due;                  /* deadlines that have passed and that nobody has acted on yet */
    int64_t pools, members, sessions, rooms, keys;
    char redis_version[24];
    int64_t memory, memory_max, commands_per_sec, clients; /* memory_max 0: no bound */
} totals;

/* One walk over the keys of the namespace, two over the indexes: O(keys) in bounded batches. A failure is kept in `ask`. */
void totals_read(asker *ask, const keyspace *ks, totals *ret_totals);
json_t *totals_json(const totals *s);

#endif
