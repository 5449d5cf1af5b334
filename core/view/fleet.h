/* fleet.h - nodes as their records in Redis tell of them.
 *
 * Nodes are found by the expiry indexes, so one that no index knows is not among them (fsck finds it). What is read at different
 * instants may not fit together on a server at work. */
#ifndef CORE_VIEW_FLEET_H
#define CORE_VIEW_FLEET_H

#include <stdbool.h>

#include <jansson.h>

#include "core/base/limits.h"
#include "core/domain/lang_pair.h"
#include "core/redis/keys.h"
#include "core/view/asker.h"

enum { FLEET_TEXT_MAX = 16 };

typedef struct fleet_node {
    char id[ID_MAX + 1];
    char status[FLEET_TEXT_MAX]; /* "" when there is no record */
    char owner[2 * ID_MAX + 1];
    char hist[FLEET_TEXT_MAX];
    int64_t version, assigned; /* of the registration, and that which the pools agree with */
    int64_t slots, load;       /* load: unexpired reservations */
    int64_t cpu, gpu, mem, running;
    int64_t seen, since, trial, marked; /* ms; 0: not told */
    bool up;                            /* its services are ready */
} fleet_node;

typedef struct fleet {
    fleet_node *nodes; /* by id */
    size_t count, capacity;
} fleet;

/* All nodes; fleet_free() also after a failure, which is kept in `ask`. */
void fleet_read(asker *ask, const keyspace *ks, fleet *ret_fleet);
/* Members of the pool of one pair, in the same way. */
void fleet_read_pool(asker *ask, const keyspace *ks, const lang_pair *pair, fleet *ret_fleet);
void fleet_free(fleet *f);
/* NULL when it is not among them. */
const fleet_node *fleet_node_of(const fleet *f, const char *node_id);

/* Fills each node whose id is set, in pipelines. */
void fleet_fill(asker *ask, const keyspace *ks, fleet_node *nodes, size_t count);
/* A JSON object with the fields of fleet_node that are told: "node", "status", ... */
json_t *fleet_node_json(const fleet_node *node);

/* "registering" to "offline", in the order of a node's life. */
enum { FLEET_STATUSES = 5 };
extern const char *const fleet_statuses[FLEET_STATUSES];
bool fleet_status_valid(const char *text);

#endif
