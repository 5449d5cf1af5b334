/* harness.h - what a benchmark is, how often it runs, and what is kept of its numbers.
 *
 * A benchmark is a row: name, question, the values it is repeated for, its metrics, and a function that sets up once and
 * measures as often as bench_again() says. The first run warms up and is not counted. Seeds are fixed; what varies from run
 * to run is the machine, and that is shown by low and high beside the median.
 *
 * Ownership  Rows are static data; a bench_results owns its list and borrows the texts of the rows.
 * Threads    None. */
#ifndef BENCH_HARNESS_H
#define BENCH_HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "core/base/histogram.h"
#include "core/base/status.h"

enum { BENCH_METRICS_MAX = 7, BENCH_RUNS_MAX = 99, BENCH_RUNS = 5, BENCH_RUNS_QUICK = 3 };

typedef struct bench_metric {
    const char *name; /* carries the unit where it has one: "server_cpu_us_per_call" */
    const char *unit;
} bench_metric;

/* One value of the parameter that is varied: a number, or a text when `text` is not NULL. */
typedef struct bench_value {
    const char *text;
    int64_t number;
} bench_value;

typedef struct bench_run bench_run;

typedef struct benchmark {
    const char *name;                            /* "group.what" */
    const char *what;                            /* the question, in half a line */
    const char *param;                           /* NULL: nothing is varied */
    const bench_value *values;                   /* of the parameter */
    int value_count;                             /* 0 when nothing is varied */
    bench_metric metrics[BENCH_METRICS_MAX + 1]; /* closed by a name that is NULL */
    sched_status (*run)(bench_run *run, sched_error *err);
    const void *plan; /* for `run` alone: rows that differ in data may share a function */
    bool wide;        /* in the table for people: a line for each value, metrics beside one another */
} benchmark;

/* --- for benchmarks ---- */

/* Its row. */
const benchmark *bench_row(const bench_run *run);
/* The value of the parameter. */
int64_t bench_number(const bench_run *run);
const char *bench_text(const bench_run *run);
/* The amount of work for one run: `full`, or a tenth of it when the user is in a hurry; at least 1. */
int64_t bench_work(const bench_run *run, int64_t full);
/* True while another run is wanted: `while (bench_again(run)) { ...; bench_record(run, 0, value); }`. */
bool bench_again(bench_run *run);
/* The value of metric `metric` in this run; each is recorded once per run. */
void bench_record(bench_run *run, int metric, double value);

/* Seconds of real time since some instant. */
double bench_seconds(void);
int64_t bench_nanoseconds(void);
/* Of the processors, in this process. */
double bench_cpu_seconds(void);
/* Of nanoseconds, up to a minute; free it with histogram_free(). */
histogram *bench_latencies(void);
/* That this process has from the allocator. */
double bench_allocated_bytes(void);
/* Makes the compiler believe that `value` is used. */
static inline void bench_keep(uint64_t value) {
    __asm__ volatile("" : : "r"(value) : "memory");
}

/* --- for those who run them ---- */

typedef struct bench_summary {
    double median, low, high; /* low and high: the least and the greatest of all runs */
    int runs;
} bench_summary;

/* 1 <= count <= BENCH_RUNS_MAX; the median of an even number is the mean of the middle two. */
bench_summary bench_summarize(const double *values, int count);

typedef struct bench_result {
    const benchmark *bench;
    const bench_value *value; /* NULL when nothing is varied */
    const bench_metric *metric;
    bench_summary summary;
} bench_result;

typedef struct bench_results {
    bench_result *list;
    size_t count;
} bench_results;

typedef struct bench_options {
    int runs; /* 1..BENCH_RUNS_MAX, without the warm-up */
    bool quick;
    /* Asked before each run; true ends the benchmark with SCHED_EINTR. NULL: never. */
    bool (*interrupted)(void);
} bench_options;

/* Runs `bench` for one value (NULL when it varies nothing) and appends a result for each metric. On failure nothing is
 * appended. A run that recorded no value for a metric is a bug (assert). */
sched_status bench_measure(const benchmark *bench, const bench_value *value, const bench_options *options,
                           bench_results *results, sched_error *err);
void bench_results_free(bench_results *results);

/* "pending=1000", "" when nothing is varied. */
enum { BENCH_PARAM_MAX = 64 };
const char *bench_param_text(const benchmark *bench, const bench_value *value, char text[BENCH_PARAM_MAX]);
/* A table for people: a line for each metric with median, low and high. Of `wide` rows, which come in a table of their own where they
 * follow one another: a line for each value with the medians, and the widest of the spreads, (high - low) / median. */
void bench_print_table(const bench_results *results, FILE *out);
/* {"schema":"lingua.bench.result/1","results":[...]}, one line per result. SCHED_EIO when it cannot be written. */
sched_status bench_print_json(const bench_results *results, FILE *out, sched_error *err);

#endif
