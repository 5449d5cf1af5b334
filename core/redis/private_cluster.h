/* private_cluster.h - a Redis Cluster of our own on this machine: private servers on ports that were free, introduced to each other.
 *
 * Masters have equal shares of the slots, in order: master i has those from i * share on. Each is a redis-server as
 * private_server.h describes it, and goes with its owner in the same way.
 *
 * Failure   Those of private_server_start(); SCHED_ETIMEDOUT when they do not agree within 20 s; SCHED_EPROTO when one refuses. */
#ifndef CORE_REDIS_PRIVATE_CLUSTER_H
#define CORE_REDIS_PRIVATE_CLUSTER_H

#include "core/redis/private_server.h"
#include "core/redis/redis_url.h"

enum { PRIVATE_MASTERS_MAX = 8, PRIVATE_REPLICAS_MAX = 2 };

typedef struct private_cluster private_cluster;

typedef struct private_cluster_options {
    const char *binary;  /* NULL: "redis-server" on PATH */
    int masters;         /* 1..PRIVATE_MASTERS_MAX */
    int replicas;        /* of each master, 0..PRIVATE_REPLICAS_MAX */
    int node_timeout_ms; /* how long a node may be silent before it counts as failed */
} private_cluster_options;

extern const private_cluster_options private_cluster_defaults; /* three masters, no replicas, 2 s */

/* Returns when all know all slots, and replicas have their master's data: one to three seconds. NULL: the defaults. */
sched_status private_cluster_start(const private_cluster_options *options, private_cluster **ret_cluster,
                                   sched_error *err);
/* Takes NULL, returns NULL. */
private_cluster *private_cluster_stop(private_cluster *cluster);

int private_cluster_masters(const private_cluster *cluster);
/* Masters first, then replicas: that of master i stands at masters + i. */
int private_cluster_servers(const private_cluster *cluster);
private_server *private_cluster_server(const private_cluster *cluster, int i);
int private_cluster_port(const private_cluster *cluster, int i);
/* Which master had the slot at the start. */
int private_cluster_master_of(const private_cluster *cluster, int slot);
/* With the addresses of all servers, as many as a URL takes. */
redis_url private_cluster_url(const private_cluster *cluster);

#endif
