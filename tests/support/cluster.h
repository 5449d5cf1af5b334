/* cluster.h - three masters of a Redis Cluster on this machine, each a private server on ports that were free. */
#ifndef TESTS_SUPPORT_CLUSTER_H
#define TESTS_SUPPORT_CLUSTER_H

#include "core/redis/private_server.h"

enum { CLUSTER_MASTERS = 3 };

/* Returns when every master knows all slots; about one second. SCHED_ETIMEDOUT when they do not agree within 20 s. */
sched_status cluster_start(private_server *masters[CLUSTER_MASTERS], sched_error *err);
void cluster_stop(private_server *masters[CLUSTER_MASTERS]);
/* Which of the masters has the slot, 0..16383. */
int cluster_master_of(int slot);

#endif
