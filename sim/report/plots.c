/* plots.c - gnuplot draws, but does not count: whatever a figure needs beyond a column of the CSV files is computed here, where it is
 * tested and deterministic. */
#include "sim/report/plots.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/version.h"
#include "sim/report/gnuplot_script.h"
#include "sim/report/text_file.h"

enum { POINTS_MAX = 600 };

const figure report_figures[FIGURES] = {
    {"latency_cdf", 420, "Share of jobs over time, one curve for each part of the way",
     "A curve further right is slower. Each step on the vertical axis is a tenth of the jobs below it, so that the "
     "tail can be seen. "
     "The bold curve is what speakers feel; where it leaves the service behind, jobs have waited."},
    {"series", 860, "Requests, jobs, slots and times to the answer over simulated time",
     "Red bands are faults, the grey band is the warm-up. Where fewer requests end than come, work piles up; the "
     "distance between the "
     "two lines of slots is the room that is left."},
    {"latency_map", 420, "How long answers took, by the time at which they came",
     "A column is a slice of time, brighter is more of its answers. A band that stays level is steady; one that climbs "
     "is "
     "work that piles up; a second band above it are those who wait for something. The line is 95 % of the answers."},
    {"utilisation", 380, "Slot time in use of each node, the busiest first",
     "Flat is even. A steep left end means hot spots, a cliff on the right nodes that hardly anybody needs."},
    {"utilisation_map", 420, "Slots in use by node and time",
     "Brighter is busier, empty is not connected. Stripes along time: some nodes get more than others. Edges across "
     "all nodes: "
     "something happened to all of them."},
    {"jobs_per_node", 340, "Jobs of each node, the one with most first",
     "Nodes that know more or commoner languages, or that are faster, get more. A few nodes far above the line are a "
     "herd."},
    {"redis_load", 340, "Commands and bytes per second between scheduler and Redis over simulated time",
     "Flat under steady load. What rises while the requests do not is asked in vain: retries, waiting, nodes that "
     "join."},
};

/* ---- titles --------------------------------------------------------------------------------------------------------- */

static const char *span(char text[32], usec_t usec) {
    if (usec < USEC_PER_SEC)
        snprintf(text, 32, "%.0f ms", (double)usec / USEC_PER_MSEC);
    else
        snprintf(text, 32, "%.2f s", (double)usec / USEC_PER_SEC);
    return text;
}

static void latency_headline(const run_report *r, char text[HEADLINE_MAX]) {
    const histogram *h = recorder_latency(r->recorder, LATENCY_END_TO_END);
    char half[32], most[32];
    snprintf(text, HEADLINE_MAX, "Half of the answers are back within %s, 99 %% within %s",
             span(half, histogram_percentile(h, 50)), span(most, histogram_percentile(h, 99)));
}

static void series_headline(const run_report *r, char text[HEADLINE_MAX]) {
    size_t rows;
    const series_row *row = recorder_series(r->recorder, &rows);
    int64_t submitted = 0, in_flight = 0, waiting = 0;
    for (size_t i = 0; i < rows; i++) {
        submitted += row[i].submitted;
        if (row[i].in_flight > in_flight) in_flight = row[i].in_flight;
        if (row[i].waiting > waiting) waiting = row[i].waiting;
    }
    double time = (double)rows * (double)recorder_bin(r->recorder) / USEC_PER_SEC;
    char room[64] = "none ever waiting for room";
    if (waiting) snprintf(room, sizeof room, "up to %" PRId64 " waiting for room", waiting);
    snprintf(text, HEADLINE_MAX, "%.1f requests per second; up to %" PRId64 " jobs in flight, %s",
             rows ? (double)submitted / time : 0, in_flight, room);
}

static void latency_map_headline(const run_report *r, char text[HEADLINE_MAX]) {
    size_t rows, worst = 0;
    const series_row *row = recorder_series(r->recorder, &rows);
    usec_t bin = recorder_bin(r->recorder);
    char most[32];
    for (size_t i = 0; i < rows; i++)
        if (row[i].answered && row[i].e2e_p95 > row[worst].e2e_p95) worst = i;
    snprintf(text, HEADLINE_MAX, "Answers are slowest %.0f s into the run: 95 %% then take up to %s",
             (double)bin * (double)worst / USEC_PER_SEC, span(most, rows ? row[worst].e2e_p95 : 0));
}

static void utilisation_headline(const run_report *r, char text[HEADLINE_MAX]) {
    utilisation u = recorder_utilisation(r->recorder);
    snprintf(text, HEADLINE_MAX, "The nodes work %.1f %% of the time, the busiest one %.1f %%", 100 * u.mean,
             100 * u.max);
}

static void map_headline(const run_report *r, char text[HEADLINE_MAX]) {
    size_t marks;
    recorder_marks(r->recorder, &marks);
    snprintf(text, HEADLINE_MAX, "How busy each node is over time%s", marks ? ", and what the faults did" : "");
}

static double jobs_of_all(const run_report *r, double *ret_most) {
    double sum = 0, most = 0;
    for (int32_t i = 0; i < r->facts->nodes; i++) {
        double jobs = (double)recorder_node(r->recorder, i)->jobs;
        sum += jobs;
        if (jobs > most) most = jobs;
    }
    *ret_most = most;
    return sum;
}

static void jobs_headline(const run_report *r, char text[HEADLINE_MAX]) {
    double most, sum = jobs_of_all(r, &most);
    snprintf(text, HEADLINE_MAX, "%.1f jobs for each node on the mean, %.0f for the one with most",
             r->facts->nodes ? sum / (double)r->facts->nodes : 0, most);
}

static void redis_headline(const run_report *r, char text[HEADLINE_MAX]) {
    size_t rows;
    const series_row *row = recorder_series(r->recorder, &rows);
    uint64_t most = 0;
    usec_t bin = recorder_bin(r->recorder);
    for (size_t i = 0; i < rows; i++)
        if ((usec_t)i * bin >= r->sc->warmup && row[i].redis_commands > most) most = row[i].redis_commands;
    snprintf(text, HEADLINE_MAX, "Redis serves up to %.0f commands per second after the warm-up",
             (double)most * USEC_PER_SEC / (double)bin);
}

char *figure_headline(const run_report *r, size_t i, char text[HEADLINE_MAX]) {
    static void (*const write[FIGURES])(const run_report *, char *) = {latency_headline,     series_headline,
                                                                       latency_map_headline, utilisation_headline,
                                                                       map_headline,         jobs_headline,
                                                                       redis_headline};
    write[i](r, text);
    return text;
}

/* ---- tables --------------------------------------------------------------------------------------------------------- */

/* A fault without end lasts as long as the run. */
static usec_t end_of(const run_report *r, const fault_mark *marks, size_t count, size_t begin) {
    for (size_t i = begin + 1; i < count; i++)
        if (!marks[i].begins && !strcmp(marks[i].code, marks[begin].code) && marks[i].nodes == marks[begin].nodes)
            return marks[i].at;
    return r->sc->duration;
}

/* A fault of Redis hits no node. */
static void write_band(const fault_mark *mark, usec_t end, FILE *out) {
    fprintf(out, "%.3f,%.3f,%s", (double)mark->at / USEC_PER_SEC, (double)end / USEC_PER_SEC, mark->code);
    if (mark->nodes) fprintf(out, " of %" PRId64 " nodes", mark->nodes);
    fputc('\n', out);
}

static void write_faults(const void *ctx, FILE *out) {
    const run_report *r = ctx;
    size_t count;
    const fault_mark *mark = recorder_marks(r->recorder, &count);
    fputs("begin_s,end_s,label\n", out);
    for (size_t i = 0; i < count; i++)
        if (mark[i].begins) write_band(&mark[i], end_of(r, mark, count, i), out);
    if (!count) fputs("-1,-1,\n", out); /* outside of every axis: gnuplot does not take an empty table */
}

static int busiest_first(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x > y ? -1 : x < y;
}

/* Sorts the values, the greatest first, and writes at most POINTS_MAX of them and the last. */
static void write_ranks(double *value, int64_t count, const char *columns, FILE *out) {
    qsort(value, (size_t)count, sizeof *value, busiest_first);
    int64_t step = (count + POINTS_MAX - 1) / POINTS_MAX;
    fprintf(out, "%s\n", columns);
    for (int64_t i = 0; i < count; i += step) fprintf(out, "%" PRId64 ",%.3f\n", i, value[i]);
    if (count) fprintf(out, "%" PRId64 ",%.3f\n", count, value[count - 1]);
}

static void write_nodes(const void *ctx, FILE *out) {
    const run_report *r = ctx;
    int64_t total = r->facts->nodes, count = 0;
    double *share = mem_zalloc((size_t)total + 1, sizeof *share);
    for (int32_t i = 0; i < total; i++) {
        const node_figures *n = recorder_node(r->recorder, i);
        if (n->group >= 0) share[count++] = 100 * node_utilisation(n);
    }
    write_ranks(share, count, "rank,percent", out);
    free(share);
}

static void write_jobs(const void *ctx, FILE *out) {
    const run_report *r = ctx;
    int64_t total = r->facts->nodes;
    double *jobs = mem_zalloc((size_t)total + 1, sizeof *jobs);
    for (int32_t i = 0; i < total; i++) jobs[i] = (double)recorder_node(r->recorder, i)->jobs;
    write_ranks(jobs, total, "rank,jobs", out);
    free(jobs);
}

static void write_map(const void *ctx, FILE *out) {
    const run_report *r = ctx;
    heat_map *map = mem_zalloc(1, sizeof *map);
    recorder_heat(r->recorder, map);
    double width = (double)r->sc->duration / USEC_PER_SEC / (double)map->columns;
    fputs("t_s,node,percent\n", out);
    for (size_t row = 0; row < map->rows; row++)
        for (size_t column = 0; column < map->columns; column++) {
            double share = map->cell[row][column];
            fprintf(out, "%.3f,%.1f,", ((double)column + 0.5) * width,
                    ((double)row + 0.5) * (double)map->nodes_per_row);
            if (share < 0)
                fputs("NaN\n", out);
            else
                fprintf(out, "%.1f\n", 100 * share);
        }
    free(map);
}

static void write_latency_map(const void *ctx, FILE *out) {
    const run_report *r = ctx;
    const latency_map *map = recorder_latency_map(r->recorder);
    double width = (double)r->sc->duration / USEC_PER_SEC / (double)map->columns;
    fputs("t_s,row,percent\n", out);
    for (size_t row = 0; row < LATENCY_ROWS; row++)
        for (size_t column = 0; column < map->columns; column++) {
            fprintf(out, "%.3f,%.1f,", ((double)column + 0.5) * width, (double)row + 0.5);
            if (!map->count[row][column])
                fputs("NaN\n", out);
            else
                fprintf(out, "%.2f\n", 100.0 * map->count[row][column] / (double)map->answers[column]);
        }
}

/* The rows that hold something: ends of the axis. */
static void set_latency_rows(const run_report *r, FILE *out) {
    const latency_map *map = recorder_latency_map(r->recorder);
    size_t low = LATENCY_ROWS, high = 0;
    for (size_t row = 0; row < LATENCY_ROWS; row++)
        for (size_t column = 0; column < map->columns; column++) {
            if (!map->count[row][column]) continue;
            if (low == LATENCY_ROWS) low = row;
            high = row;
        }
    fprintf(out, "lowest_row = %zu\nhighest_row = %zu\nper_doubling = %d\n", low, high + 1, LATENCY_ROWS_PER_DOUBLING);
}

/* ---- drawing -------------------------------------------------------------------------------------------------------- */

static double power_of_ten_above(double value) {
    double power = 1;
    while (power < value) power *= 10;
    return power;
}

static void set_variables(const void *ctx, FILE *out) {
    const run_report *r = ctx;
    const recorder *rec = r->recorder;
    size_t rows;
    recorder_series(rec, &rows);
    const histogram *e2e = recorder_latency(rec, LATENCY_END_TO_END);
    fprintf(out, "every_rows = %zu\n", (rows + POINTS_MAX - 1) / POINTS_MAX);
    script_number(out, "duration", (double)r->sc->duration / USEC_PER_SEC);
    script_number(out, "warmup", (double)r->sc->warmup / USEC_PER_SEC);
    script_number(out, "bin", (double)recorder_bin(rec) / USEC_PER_SEC);
    script_number(out, "slowest", power_of_ten_above((double)histogram_max(e2e) / USEC_PER_MSEC));
    script_number(out, "most",
                  power_of_ten_above((double)histogram_count(e2e)) < 100
                      ? 100
                      : power_of_ten_above((double)histogram_count(e2e)));
    script_number(out, "queue_wait_max",
                  (double)histogram_max(recorder_latency(rec, LATENCY_QUEUE_WAIT)) / USEC_PER_MSEC);
    set_latency_rows(r, out);
    double most_jobs, jobs = jobs_of_all(r, &most_jobs);
    script_number(out, "mean_jobs", r->facts->nodes ? jobs / (double)r->facts->nodes : 0);
    script_number(out, "mean", 100 * recorder_utilisation(rec).mean);
    fprintf(out, "nodes = %" PRId64 "\nper_row = %" PRId64 "\n", r->facts->nodes,
            (r->facts->nodes + HEAT_ROWS_MAX - 1) / HEAT_ROWS_MAX);
}

static sched_status draw(const run_report *r, size_t i, const char *folder, char **ret_svg, sched_error *err) {
    char headline[HEADLINE_MAX], print[FIGURE_PRINT_MAX];
    snprintf(print, sizeof print, "%s · seed %" PRId64 " · scenario %s · lingua " LINGUA_VERSION, r->sc->name,
             r->sc->seed, r->hash);
    figure_script script = {
        .name = report_figures[i].name,
        .height = report_figures[i].height,
        .headline = figure_headline(r, i, headline),
        .print = print,
        .set = set_variables,
        .ctx = r,
    };
    return figure_draw(&script, folder, ret_svg, err);
}

sched_status plots_draw(const run_report *r, const char *folder, char *ret_svg[FIGURES], sched_error *err) {
    size_t rows;
    recorder_series(r->recorder, &rows);
    if (!rows || !histogram_count(recorder_latency(r->recorder, LATENCY_END_TO_END))) return SCHED_OK;
    sched_status status = text_file_write(folder, "plots/faults.csv", write_faults, r, err);
    if (!status) status = text_file_write(folder, "plots/nodes.csv", write_nodes, r, err);
    if (!status) status = text_file_write(folder, "plots/jobs.csv", write_jobs, r, err);
    if (!status) status = text_file_write(folder, "plots/map.csv", write_map, r, err);
    if (!status) status = text_file_write(folder, "plots/latency.csv", write_latency_map, r, err);
    for (size_t i = 0; i < FIGURES && !status; i++) status = draw(r, i, folder, &ret_svg[i], err);
    return status;
}
