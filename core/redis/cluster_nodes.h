/* cluster_nodes.h - the nodes of a Redis Cluster that a router is connected to, and the map that says which of them has a slot.
 *
 * It has a link to each node of the map and keeps the map up to date; which call goes where, and when again, is the router's
 * (core/redis/router_cluster.h). Nodes are numbers, 0..CLUSTER_NODES_MAX-1; one that has left the map goes, and its number with it,
 * when it has nothing in flight.
 *
 * Time       The map is read when cluster_nodes_want_map() was called, every MAP_PAUSE (50 ms) at most, until that succeeds.
 * Ownership  Loop and scripts are borrowed. Threads: all from the thread of the loop. */
#ifndef CORE_REDIS_CLUSTER_NODES_H
#define CORE_REDIS_CLUSTER_NODES_H

#include "core/redis/cluster_map.h"
#include "core/redis/link_uv.h"

typedef struct cluster_nodes cluster_nodes;

enum { CLUSTER_NO_NODE = -1 };

/* `changed`: a node became ready, or the map is new: calls that wait may have a place now. It may submit calls. */
cluster_nodes *cluster_nodes_new(struct uv_loop_s *loop, const redis_url *url, scripts *s,
                                 const link_uv_options *options, void (*changed)(void *ctx), void *ctx);
/* As link_uv_free(). */
cluster_nodes *cluster_nodes_free(cluster_nodes *n);

bool cluster_nodes_mapped(const cluster_nodes *n); /* a map was read, now or earlier */
bool cluster_nodes_ready(const cluster_nodes *n);  /* each slot has a master, and all masters are connected */
void cluster_nodes_want_map(cluster_nodes *n);
uint64_t cluster_nodes_maps(const cluster_nodes *n); /* that were read */

/* The master of a slot, as far as it is known; one that is ready, of those that have slots; CLUSTER_NO_NODE when there is none. */
int cluster_nodes_master(const cluster_nodes *n, int slot);
int cluster_nodes_any(const cluster_nodes *n);
/* The node at an address, which may be new; CLUSTER_NO_NODE when there is no room for it. */
int cluster_nodes_at(cluster_nodes *n, const redis_host_port *at);
/* It is the master of this slot, somebody said, until the next map says otherwise. */
void cluster_nodes_correct(cluster_nodes *n, int slot, int node);

/* Of a number that one of the above has returned and that has calls in flight, or in the same turn. */
link_uv *cluster_nodes_link(const cluster_nodes *n, int node);
const redis_host_port *cluster_nodes_address(const cluster_nodes *n, int node);
/* False for a number that is nobody's any more, too. */
bool cluster_nodes_is_ready(const cluster_nodes *n, int node);

typedef struct cluster_node_state {
    redis_host_port at;
    bool is_master, ready;
    int slots;
} cluster_node_state;

/* The nodes of the map; returns how many. */
int cluster_nodes_list(const cluster_nodes *n, cluster_node_state ret_nodes[CLUSTER_NODES_MAX]);
/* Sums over all links, also those that are gone. */
link_uv_counts cluster_nodes_count(const cluster_nodes *n);

#endif
