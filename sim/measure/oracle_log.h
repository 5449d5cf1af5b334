/* oracle_log.h - writes down the jobs of a run for the oracles, and asks these when the run is over.
 *
 * Memory: 32 bytes for each job, at most ORACLE_JOBS_MAX of them (later ones are left out), and the jobs in flight. */
#ifndef SIM_MEASURE_ORACLE_LOG_H
#define SIM_MEASURE_ORACLE_LOG_H

#include "sim/measure/oracle.h"
#include "sim/measure/trace.h"
#include "sim/scenario/scenario.h"

enum { ORACLE_JOBS_MAX = 2000000 };

typedef struct oracle_log oracle_log;

/* The scenario must outlive it. */
oracle_log *oracle_log_new(const scenario *sc);
oracle_log *oracle_log_free(oracle_log *log); /* takes NULL, returns NULL */
trace_sink oracle_log_sink(oracle_log *log);

typedef struct oracle_waits {
    int64_t jobs; /* whose wait was measured; 0: the figures mean nothing */
    struct {
        double mean;
        usec_t p99;
    } real, of[ORACLES]; /* usec; real: from the arrival of the request until a slot took it, network and all */
} oracle_waits;

/* Waits of jobs that arrived in the window [warmup, duration) and ended at a node. */
void oracle_log_ask(oracle_log *log, oracle_waits *ret_waits);

#endif
