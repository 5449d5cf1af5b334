/* sync_cluster.h - the connections of a blocking client to the masters of a Redis Cluster; for sync_client.c alone.
 *
 * It knows where a call belongs and which of the connections owes the next answer; it speaks to them through sync_client.h.
 *
 * Ownership  It owns its connections. Threads: none. */
#ifndef CORE_REDIS_SYNC_CLUSTER_H
#define CORE_REDIS_SYNC_CLUSTER_H

#include "core/redis/sync_client.h"

typedef struct sync_cluster sync_cluster;

/* Asks the nodes of the URL in turn until one tells the map, then connects to all masters. Failures of sync_client_open_url(). */
sched_status sync_cluster_open(const redis_url *url, usec_t patience, sync_cluster **ret_cluster, sched_error *err);
/* Takes NULL, returns NULL. */
sync_cluster *sync_cluster_close(sync_cluster *c);
/* Reads the map again; connections to masters that are still there are kept. Nothing is owed. */
sched_status sync_cluster_refresh(sync_cluster *c, sched_error *err);

int sync_cluster_masters(const sync_cluster *c);
sync_client *sync_cluster_at(const sync_cluster *c, int master);
void sync_cluster_turn_to(sync_cluster *c, int master);
/* The master to which a call goes. */
int sync_cluster_master_of(sync_cluster *c, const redis_call *call);

/* `master` owes one more answer; who owes the earliest that was not taken yet. */
void sync_cluster_owe(sync_cluster *c, int master);
int sync_cluster_take(sync_cluster *c);

#endif
