/* workload.h - the runs that are measured: a world in real time in which nearly every script is called some thousand times a second, on
 * a server of its own. Once it keeps the duration of every call, which costs it time; once more it does not, and tells its CPU time.
 *
 * Why so busy: a server that is woken for a single call finds cold caches and pays for the waking, several times what a call costs one
 * that works all the time. What a plan needs is the cost near the limit. */
#ifndef BENCH_CALIBRATE_WORKLOAD_H
#define BENCH_CALIBRATE_WORKLOAD_H

#include "bench/calibrate/slowlog.h"
#include "bench/calibrate/wire_cost.h"
#include "core/base/clock.h"

typedef struct workload_figures {
    slow_times times;
    wire_cost wire;
    int64_t commands;
    int64_t by_script[SCRIPT_COUNT]; /* of these */
    double bytes;                    /* on the wire, to the server */
    double cpu_usec;                 /* that the server's main thread spent on them, measured */
    double jobs_per_s;
    char redis_version[32];
} workload_figures;

/* `length`: of each of the two, 5 s or more. */
sched_status workload_run(usec_t length, int64_t seed, workload_figures *ret_figures, sched_error *err);

#endif
