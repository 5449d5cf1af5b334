/* calibrate.c - medians over the runs, so that a run in which the machine did something else does not count.
 *
 * A script's row is its own time and what the server spends on a call besides: reading, writing, being woken. This is what remains of
 * its CPU time when the calls' own time is taken away, shared out evenly; what it grows by with the length was measured apart. A model
 * made so reproduces the run that it was made of; whether it is right is told by the runs that it was not made of. What was called too
 * seldom to be told (a script of rare ends) keeps the shipped figure, scaled as the others are: machines differ by a factor far more
 * than by a script. */
#include "bench/calibrate/calibrate.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/benchmarks.h"
#include "core/base/text_table.h"
#include "sim/redis_host/cost_model.h"

enum { SHIPPED_WIRE = 220 }; /* bytes of a usual call: where rows of both profiles are compared */

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double median(double *values, int count) {
    qsort(values, (size_t)count, sizeof *values, by_value);
    return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

/* The calls' own time. */
static double executing(const workload_figures *f) {
    int64_t plain = f->commands;
    double usec = 0;
    for (int id = 0; id < SCRIPT_COUNT; id++) {
        usec += f->times.script[id].mean_usec * (double)f->by_script[id];
        plain -= f->by_script[id];
    }
    return usec + f->times.command.mean_usec * (double)plain;
}

/* Of a call, without what its bytes cost. */
static double usec_besides(const workload_figures *f) {
    double rest = f->cpu_usec - executing(f) - f->wire.usec_per_byte * f->bytes;
    return f->commands ? fmax(rest / (double)f->commands, f->wire.usec_per_call) : f->wire.usec_per_call;
}

static void row_of(const workload_figures *runs, int count, const slow_figures *(*pick)(const workload_figures *, int),
                   int id, calibrated_row *row) {
    double base[CALIBRATE_RUNS_MAX], slope[CALIBRATE_RUNS_MAX], cv[CALIBRATE_RUNS_MAX];
    int known = 0;
    *row = (calibrated_row){0};
    for (int i = 0; i < count; i++) {
        const slow_figures *f = pick(&runs[i], id);
        row->calls += f->calls;
        if (f->calls < CALIBRATE_CALLS_MIN) continue;
        base[known] = f->mean_usec + usec_besides(&runs[i]);
        slope[known] = runs[i].wire.usec_per_byte;
        cv[known++] = f->cv;
    }
    row->scaled = known == 0;
    if (row->scaled) return;
    row->base_usec = median(base, known); /* sorts */
    row->low = base[0];
    row->high = base[known - 1];
    row->usec_per_byte = median(slope, known);
    row->cv = median(cv, known);
}

static const slow_figures *of_script(const workload_figures *f, int id) {
    return &f->times.script[id];
}

static const slow_figures *of_command(const workload_figures *f, int id) {
    (void)id;
    return &f->times.command;
}

static double usual(const cost_row *row) {
    return row->base_usec + row->usec_per_byte * SHIPPED_WIRE;
}

static void scale_the_rest(calibration *c) {
    double ratio[SCRIPT_COUNT];
    int known = 0;
    for (int id = 0; id < SCRIPT_COUNT; id++) {
        const calibrated_row *row = &c->script[id];
        if (!row->scaled)
            ratio[known++] =
                (row->base_usec + row->usec_per_byte * SHIPPED_WIRE) / usual(&cost_profile_default.script[id]);
    }
    c->ratio = known ? median(ratio, known) : 1;
    for (int id = 0; id < SCRIPT_COUNT; id++) {
        calibrated_row *row = &c->script[id];
        const cost_row *shipped = &cost_profile_default.script[id];
        if (!row->scaled) continue;
        row->base_usec = row->low = row->high = shipped->base_usec * c->ratio;
        row->usec_per_byte = shipped->usec_per_byte * c->ratio;
        row->cv = shipped->cv;
    }
}

/* The server's CPU time in a run, after the rows. */
static double modelled(const calibration *c, const workload_figures *f) {
    int64_t plain = f->commands;
    double usec = 0;
    for (int id = 0; id < SCRIPT_COUNT; id++) {
        usec += c->script[id].base_usec * (double)f->by_script[id];
        plain -= f->by_script[id];
    }
    return usec + c->command.base_usec * (double)plain + c->command.usec_per_byte * f->bytes;
}

static void make_rows(const workload_figures *runs, int count, calibration *c) {
    for (int id = 0; id < SCRIPT_COUNT; id++) row_of(runs, count, of_script, id, &c->script[id]);
    row_of(runs, count, of_command, 0, &c->command);
    scale_the_rest(c);
}

static double residual_of(const workload_figures *runs, int count) {
    double worst = NAN;
    for (int left_out = 0; left_out < count && count > 1; left_out++) {
        workload_figures others[CALIBRATE_RUNS_MAX];
        calibration c = {0};
        int kept = 0;
        for (int i = 0; i < count; i++)
            if (i != left_out) others[kept++] = runs[i];
        make_rows(others, kept, &c);
        double off = modelled(&c, &runs[left_out]) / runs[left_out].cpu_usec - 1;
        if (isnan(worst) || fabs(off) > fabs(worst)) worst = off;
    }
    return worst;
}

void calibration_conclude(const workload_figures *runs, int count, calibration *ret_calibration) {
    double way[CALIBRATE_RUNS_MAX], rate[CALIBRATE_RUNS_MAX];
    calibration c = {.runs = count};
    make_rows(runs, count, &c);
    for (int i = 0; i < count; i++) {
        way[i] = runs[i].wire.way_usec;
        rate[i] = runs[i].jobs_per_s;
    }
    c.residual = residual_of(runs, count);
    c.way_usec = median(way, count);
    c.jobs_per_s = median(rate, count);
    for (int kind = 0; kind < WORK_KINDS; kind++) c.core_usec[kind] = -1;
    memcpy(c.redis_version, runs[0].redis_version, sizeof c.redis_version);
    *ret_calibration = c;
}

bool calibration_is_doubtful(const calibration *c) {
    return fabs(c->residual) > 0.25;
}

/* ---- the core's own work -------------------------------------------------------------------------------------------- */

static const benchmark *find(const char *name) {
    for (const benchmark *b = bench_core; b->name; b++)
        if (!strcmp(b->name, name)) return b;
    return NULL;
}

static sched_status measure(const char *name, const bench_options *how, bench_summary *ret_summary, sched_error *err) {
    static const bench_value many = {.number = 10000};
    bench_results results = {0};
    sched_status status = bench_measure(find(name), &many, how, &results, err);
    if (!status) *ret_summary = results.list[0].summary;
    bench_results_free(&results);
    return status;
}

static void set_core(calibration *c, sched_work kind, const bench_summary *ns) {
    c->core_usec[kind] = ns->median / 1e3;
    c->core_low[kind] = ns->low / 1e3;
    c->core_high[kind] = ns->high / 1e3;
}

sched_status calibration_measure_core(int runs, bool (*interrupted)(void), calibration *c, sched_error *err) {
    bench_options how = {.runs = runs, .quick = true, .interrupted = interrupted};
    bench_summary scan, store;
    sched_status status = measure("core.scan", &how, &scan, err);
    if (!status) status = measure("core.store", &how, &store, err);
    if (status) return status;
    set_core(c, WORK_NODE, &scan);
    set_core(c, WORK_JOB, &scan);   /* a look at an entry of a table, as a node's */
    set_core(c, WORK_STATS, &scan); /* likewise */
    set_core(c, WORK_STORE, &store);
    return SCHED_OK;
}

/* ---- for people ----------------------------------------------------------------------------------------------------- */

static void print_row(text_table *t, size_t at, const char *name, const calibrated_row *row, const cost_row *shipped) {
    text_table_set(t, at, 0, "%s", name);
    text_table_set(t, at, 1, "%.2f", row->base_usec + row->usec_per_byte * SHIPPED_WIRE);
    text_table_set(t, at, 2, "%.2f", usual(shipped));
    text_table_set(t, at, 3, "%.2f", row->cv);
    text_table_set(t, at, 4, "%" PRId64, row->calls);
    if (row->scaled)
        text_table_set(t, at, 5, "scaled");
    else
        text_table_set(t, at, 5, "%.2f .. %.2f", row->low + row->usec_per_byte * SHIPPED_WIRE,
                       row->high + row->usec_per_byte * SHIPPED_WIRE);
}

void calibration_print(const calibration *c, FILE *out) {
    static const char *const head[] = {"usec for a call of 220 bytes", "here", "shipped", "spread", "calls", "runs"};
    text_table *t = text_table_new(SCRIPT_COUNT + 2, 6);
    for (size_t i = 0; i < 6; i++) text_table_set(t, 0, i, "%s", head[i]);
    for (int id = 0; id < SCRIPT_COUNT; id++)
        print_row(t, (size_t)id + 1, scripts_name(id), &c->script[id], &cost_profile_default.script[id]);
    print_row(t, SCRIPT_COUNT + 1, "plain commands", &c->command, &cost_profile_default.command);
    text_table_print(t, 1, out);
    text_table_free(t);
    fprintf(out, "\nRedis %s, %d run%s of %.0f jobs per second: %.2f times the shipped figures", c->redis_version,
            c->runs, c->runs == 1 ? "" : "s", c->jobs_per_s, c->ratio);
    if (!isnan(c->residual)) fprintf(out, "; a run is told by the others within %.1f %%", 100 * fabs(c->residual));
    fprintf(out, "\none way to the server %.1f us: --set redis.delay=%.0fus\n", c->way_usec, fmax(1, c->way_usec));
}
