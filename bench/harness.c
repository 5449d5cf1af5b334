/* harness.c - runs a benchmark, keeps its numbers, sums them up.
 *
 * Why median, low and high and no mean or interval: with five runs on a machine that others use too, the errors are one-sided
 * and far from normal. The median says what to expect, the ends say how far to trust it. */
#include "bench/harness.h"

#include <assert.h>
#include <malloc.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/mem.h"

enum { QUICK_PART = 10 };

struct bench_run {
    const benchmark *bench;
    const bench_value *value;
    const bench_options *options;
    int metrics;
    int round; /* 0 before the first run, 1 in the warm-up, then 2 .. runs + 1 */
    bool recorded[BENCH_METRICS_MAX];
    bool interrupted;
    double values[BENCH_METRICS_MAX][BENCH_RUNS_MAX + 1];
};

/* --- for benchmarks --------------------------------------------------------------------------------------------------- */

const benchmark *bench_row(const bench_run *run) {
    return run->bench;
}

int64_t bench_number(const bench_run *run) {
    assert(run->value && !run->value->text);
    return run->value->number;
}

const char *bench_text(const bench_run *run) {
    assert(run->value && run->value->text);
    return run->value->text;
}

int64_t bench_work(const bench_run *run, int64_t full) {
    int64_t work = run->options->quick ? full / QUICK_PART : full;
    return work > 0 ? work : 1;
}

bool bench_again(bench_run *run) {
    for (int m = 0; run->round > 0 && m < run->metrics; m++) assert(run->recorded[m]);
    memset(run->recorded, 0, sizeof run->recorded);
    run->interrupted = run->options->interrupted && run->options->interrupted();
    if (run->interrupted || run->round == run->options->runs + 1) return false;
    run->round++;
    return true;
}

void bench_record(bench_run *run, int metric, double value) {
    assert(metric >= 0 && metric < run->metrics && run->round > 0 && !run->recorded[metric]);
    run->recorded[metric] = true;
    run->values[metric][run->round - 1] = value;
}

/* jemalloc's, where it is linked; else the C library is asked. Pages in memory would tell less: what one run has freed, the next uses. */
int mallctl(const char *name, void *ret_value, size_t *size, void *value, size_t value_size) __attribute__((weak));

double bench_allocated_bytes(void) {
    uint64_t epoch = 1;
    size_t bytes = 0, size = sizeof bytes;
    if (!mallctl) return (double)mallinfo2().uordblks;
    mallctl("epoch", NULL, NULL, &epoch, sizeof epoch);
    mallctl("stats.allocated", &bytes, &size, NULL, 0);
    return (double)bytes;
}

static double seconds(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

double bench_seconds(void) {
    return seconds(CLOCK_MONOTONIC);
}

double bench_cpu_seconds(void) {
    return seconds(CLOCK_PROCESS_CPUTIME_ID);
}

int64_t bench_nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

histogram *bench_latencies(void) {
    return histogram_new(INT64_C(1) << 36);
}

/* --- running ---------------------------------------------------------------------------------------------------------- */

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

bench_summary bench_summarize(const double *values, int count) {
    assert(count >= 1 && count <= BENCH_RUNS_MAX);
    double sorted[BENCH_RUNS_MAX];
    memcpy(sorted, values, (size_t)count * sizeof *sorted);
    qsort(sorted, (size_t)count, sizeof *sorted, by_value);
    double middle = (sorted[(count - 1) / 2] + sorted[count / 2]) / 2;
    return (bench_summary){.median = middle, .low = sorted[0], .high = sorted[count - 1], .runs = count};
}

sched_status bench_measure(const benchmark *bench, const bench_value *value, const bench_options *options,
                           bench_results *results, sched_error *err) {
    assert(!value == !bench->param && options->runs >= 1 && options->runs <= BENCH_RUNS_MAX);
    bench_run run = {.bench = bench, .value = value, .options = options};
    while (bench->metrics[run.metrics].name) run.metrics++;
    sched_status status = bench->run(&run, err);
    if (status) return status;
    if (run.interrupted) return sched_fail(err, SCHED_EINTR, "%s: interrupted", bench->name);
    assert(run.round == options->runs + 1);

    size_t count = results->count + (size_t)run.metrics;
    results->list = mem_realloc(results->list, count, sizeof *results->list);
    for (int m = 0; m < run.metrics; m++)
        results->list[results->count++] = (bench_result){
            .bench = bench,
            .value = value,
            .metric = &bench->metrics[m],
            .summary = bench_summarize(run.values[m] + 1, options->runs),
        };
    return SCHED_OK;
}

void bench_results_free(bench_results *results) {
    free(results->list);
    *results = (bench_results){0};
}
