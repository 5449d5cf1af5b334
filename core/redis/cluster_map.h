/* cluster_map.h - which node of a Redis Cluster has which key: slots, the map of them, and what a node says that has not got it.
 *
 * Everything here is arithmetic and reading; core/redis/router_cluster.h is who uses it. Threads: none. */
#ifndef CORE_REDIS_CLUSTER_MAP_H
#define CORE_REDIS_CLUSTER_MAP_H

#include "core/redis/redis_url.h"
#include "core/redis/reply.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CLUSTER_SLOTS = 16384, CLUSTER_NODES_MAX = 64, CLUSTER_NOBODY = 255 };

/* The slot of a key: of what stands between its first '{' and the next '}' when that is not empty, else of all of it. */
int cluster_slot_of(const char *key, size_t len);

bool cluster_address_same(const redis_host_port *a, const redis_host_port *b);

typedef enum cluster_refusal {
    CLUSTER_NO_REFUSAL, /* an error like any other */
    CLUSTER_MOVED,      /* the slot belongs to another node, from now on */
    CLUSTER_ASK,        /* this one call belongs there: the slot is on its way */
    CLUSTER_LATER,      /* nobody can do it now: keys on their way, no majority, a node that loads its data */
} cluster_refusal;

/* What an error reply says about where its call belongs. The call was not executed, unless it is CLUSTER_NO_REFUSAL. *ret_slot and
 * *ret_to are written for MOVED and ASK only; a host that is not told is `asked`, who answered. */
cluster_refusal cluster_refusal_of(const char *error, const char *asked, int *ret_slot, redis_host_port *ret_to);

typedef struct cluster_map {
    int nodes;
    redis_host_port node[CLUSTER_NODES_MAX];
    bool is_master[CLUSTER_NODES_MAX]; /* else a replica */
    uint8_t master[CLUSTER_SLOTS];     /* index of node; CLUSTER_NOBODY: the slot is nobody's */
    int covered;                       /* slots that are somebody's */
} cluster_map;

/* Reads the answer to CLUSTER SLOTS; a host that is not told is `asked`. SCHED_EPROTO: it is no such answer; SCHED_FULL: more than
 * CLUSTER_NODES_MAX nodes. */
sched_status cluster_map_read(const redis_reply *answer, const char *asked, cluster_map *ret_map, sched_error *err);

#endif
