/* server_cpu.h - the time that a redis-server's main thread has spent on the processor. */
#ifndef BENCH_SERVER_CPU_H
#define BENCH_SERVER_CPU_H

#include "core/redis/sync_client.h"

/* Seconds, user and system, of the master that `client` was turned to; nothing may be outstanding. SCHED_EPROTO: INFO does not tell. */
sched_status server_cpu_ask(sync_client *client, double *ret_seconds, sched_error *err);

#endif
