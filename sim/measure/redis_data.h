/* redis_data.h - how much memory the data in Redis takes, by the server's own count (MEMORY USAGE of every key). */
#ifndef SIM_MEASURE_REDIS_DATA_H
#define SIM_MEASURE_REDIS_DATA_H

#include "core/redis/keys.h"
#include "sim/redis_host/redis_host.h"

typedef struct redis_data {
    int64_t keys, bytes;
    int64_t job_bytes;             /* of jobs, their requests and deadlines; the rest is nodes and pools */
    int64_t jobs;                  /* records and copies of jobs */
    int64_t inboxes;               /* of instances, dead ones among them */
    int64_t entries, dead_letters; /* in them, and of them */
} redis_data;

/* Reads every key under the namespace in one script; reproducible. Cost: a few microseconds for each key. SCHED_EIO; SCHED_EPROTO
 * when the server answers with an error. */
sched_status redis_data_measure(redis_host *redis, const keyspace *ks, redis_data *ret_data, sched_error *err);

#endif
