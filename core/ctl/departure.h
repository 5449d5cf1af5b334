/* departure.h - takes a node out of everything, as its instance would: no more jobs, out of its pools, forgotten.
 *
 * It may be cut short at any point: until the last step the node stands in the expiry index, and the sweep of any instance does
 * the rest. */
#ifndef CORE_CTL_DEPARTURE_H
#define CORE_CTL_DEPARTURE_H

#include <stdbool.h>

#include "core/domain/lang_pair.h"
#include "core/redis/keys.h"
#include "core/view/asker.h"

enum { DEPARTURE_TOMBSTONE_MSEC = 60000 };

typedef struct departure {
    char answer[16]; /* of node_offline: OFFLINE, NOTOWNER, NOTDUE, GONE; "" when it was not asked */
    int64_t pools;   /* that it was taken out of */
    int64_t jobs;    /* that it had, at most 1,000 are told */
    bool forgotten;
} departure;

/* Scripts must be loaded. `owner` as the record has it; "" when the index says that the node is due. A failure is kept in `ask`. */
void departure_run(asker *ask, const keyspace *ks, const char *node_id, const char *owner, departure *ret_departure);

/* One node out of one pool, under the registration `version`; a join of that version is refused for `tombstone_msec`. */
void departure_leave_call(redis_call *call, const keyspace *ks, const lang_pair *pair, const char *node_id,
                          int64_t version, int64_t tombstone_msec);

#endif
