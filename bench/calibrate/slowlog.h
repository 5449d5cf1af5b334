/* slowlog.h - how long a server worked on each call of a run, by script, as its SLOWLOG tells: execution alone, in whole microseconds,
 * without reading the call and writing the answer.
 *
 * Why the SLOWLOG: commandstats put all scripts together, and a client's clock would add the way there. It holds the commands inside
 * the scripts as well, and to keep one costs the server more than most of them take; so what takes less than five microseconds
 * is left out: hardly a script does. Plain commands are told by commandstats. */
#ifndef BENCH_CALIBRATE_SLOWLOG_H
#define BENCH_CALIBRATE_SLOWLOG_H

#include "core/redis/scripts.h"
#include "core/redis/sync_client.h"

enum { SLOWLOG_ENTRIES_MAX = 400000 };

typedef struct slow_figures {
    int64_t calls;
    double mean_usec; /* of those up to the 99th percentile: a server that was preempted did not work */
    double cv;        /* half of what lies between the percentiles 16 and 84, by the median */
    double p16, p50, p84;
} slow_figures;

typedef struct slow_times {
    slow_figures script[SCRIPT_COUNT];
    slow_figures command; /* plain ones, also those inside scripts; no spread is known of them */
} slow_times;

/* Pairs for private_server_options.config: script calls of 5 us and more are kept. */
extern const char *const slowlog_config[];

/* Of all calls since the server's start; `scripts` as loaded by `client`. SCHED_EPROTO when the log is full: calls are missing. */
sched_status slowlog_read(sync_client *client, const scripts *loaded, slow_times *ret_times, sched_error *err);

#endif
