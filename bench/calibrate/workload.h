/* workload.h - the run whose calls are measured: a small world in real time in which nearly every script is called, on a server of its own
 * that keeps all calls. */
#ifndef BENCH_CALIBRATE_WORKLOAD_H
#define BENCH_CALIBRATE_WORKLOAD_H

#include "bench/calibrate/slowlog.h"
#include "bench/calibrate/wire_cost.h"
#include "core/base/clock.h"

typedef struct workload_figures {
    slow_times times;
    wire_cost wire;
    double cpu_usec;      /* that the server's main thread spent on the run, measured */
    double modelled_usec; /* what wire and times make of its calls */
    char redis_version[32];
} workload_figures;

/* `length`: of the run, 5 s or more. */
sched_status workload_run(usec_t length, int64_t seed, workload_figures *ret_figures, sched_error *err);

#endif
