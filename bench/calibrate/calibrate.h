/* calibrate.h - the figures of this machine, over several runs, as the profile that the simulator reads (machine_costs.h). */
#ifndef BENCH_CALIBRATE_CALIBRATE_H
#define BENCH_CALIBRATE_CALIBRATE_H

#include <stdbool.h>
#include <stdio.h>

#include "bench/calibrate/workload.h"
#include "bench/harness.h"
#include "core/base/work_meter.h"

enum { CALIBRATE_RUNS_MAX = 25, CALIBRATE_CALLS_MIN = 30 };

/* One script, or plain commands. */
typedef struct calibrated_row {
    double base_usec, usec_per_byte, cv;
    double low, high; /* the least and the greatest base of all runs */
    int64_t calls;    /* that were measured, of all runs */
    bool scaled;      /* hardly called: the shipped figure, times the ratio of the others */
} calibrated_row;

typedef struct calibration {
    calibrated_row script[SCRIPT_COUNT], command;
    double core_usec[WORK_KINDS], core_low[WORK_KINDS], core_high[WORK_KINDS]; /* < 0: not measured */
    double way_usec;
    double
        residual; /* server's CPU time after the model of the other runs / measured, - 1: the largest of the runs; NAN: one run */
    double jobs_per_s; /* at which it was measured */
    double ratio;      /* to the shipped profile, median of the scripts */
    int runs;
    char redis_version[32];
} calibration;

/* A run took a quarter more or less than the others say: the machine did something else meanwhile. */
bool calibration_is_doubtful(const calibration *c);

/* From the runs' figures; the core's own are measured apart. */
void calibration_conclude(const workload_figures *runs, int count, calibration *ret_calibration);
/* Of tables of 10,000. */
sched_status calibration_measure_core(int runs, bool (*interrupted)(void), calibration *c, sched_error *err);

void calibration_print(const calibration *c, FILE *out);
/* The profile, as machine_costs_read() takes it. */
void calibration_write(const calibration *c, FILE *out);

#endif
