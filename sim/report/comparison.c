/* comparison.c - what the model says beside what a clock on the wall says, and how far that clock is to be trusted. */
#include <inttypes.h>
#include <string.h>

#include "core/base/units.h"
#include "sim/report/run_report.h"

void run_report_compare(run_report *report, const run_report *measured) {
    report->measured = measured;
    report->pass = report->pass && measured->pass;
}

static double share_of(const run_report *r, int row) {
    outcome_row rows[OUTCOME_ROWS];
    run_report_outcomes(r, rows);
    return rows[0].count ? (double)rows[row].count / (double)rows[0].count : 0;
}

/* The rows of outcome that are shares of all requests; row 0 is all requests. */
static int compare_outcomes(const run_report *r, comparison_row *rows) {
    static const int compared[] = {1, 3, 4, 5, 6, 7, 11};
    outcome_row names[OUTCOME_ROWS];
    int n = 0;
    run_report_outcomes(r, names);
    for (size_t i = 0; i < sizeof compared / sizeof *compared; i++)
        rows[n++] = (comparison_row){
            .key = names[compared[i]].key,
            .name = names[compared[i]].name,
            .figure = "share",
            .simulated = share_of(r, compared[i]),
            .measured = share_of(r->measured, compared[i]),
            .is_share = true,
        };
    return n;
}

static int compare_latency(const latency_row *simulated, const latency_row *measured, comparison_row *rows) {
    static const struct {
        const char *name;
        double percentile; /* 0: the mean */
    } figures[] = {{"mean", 0}, {"p50", 50}, {"p95", 95}, {"p99", 99}};
    int n = 0;
    if (!histogram_count(simulated->h) || !histogram_count(measured->h)) return 0;
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
        double p = figures[i].percentile;
        rows[n++] = (comparison_row){
            .key = simulated->key,
            .name = simulated->name,
            .figure = figures[i].name,
            .simulated =
                (p > 0 ? (double)histogram_percentile(simulated->h, p) : histogram_mean(simulated->h)) / USEC_PER_MSEC,
            .measured =
                (p > 0 ? (double)histogram_percentile(measured->h, p) : histogram_mean(measured->h)) / USEC_PER_MSEC,
        };
    }
    return n;
}

int run_report_comparison(const run_report *r, comparison_row ret_rows[COMPARISON_ROWS_MAX]) {
    if (!r->measured) return 0;
    latency_row simulated[LATENCIES], measured[LATENCIES];
    int rows = run_report_latencies(r, simulated), others = run_report_latencies(r->measured, measured);
    int n = compare_outcomes(r, ret_rows);
    for (int k = 0; k < rows && k < others; k++)
        if (!strcmp(simulated[k].key, measured[k].key)) n += compare_latency(&simulated[k], &measured[k], &ret_rows[n]);
    return n;
}

bool run_report_is_late(const run_report *r) {
    return r->facts->late.p99 > LATE_USEC;
}

char *run_report_lateness(const run_report *r, char text[LATENESS_TEXT_MAX]) {
    const simulation_lateness *late = &r->facts->late;
    *text = '\0';
    if (r->facts->clock == CLOCK_WALL)
        snprintf(text, LATENESS_TEXT_MAX,
                 "%s: of %" PRIu64 " events half ran within %.2f ms of their time, 99 %% within %.2f ms, all within "
                 "%.2f ms.",
                 run_report_is_late(r) ? "WARNING, the machine did not keep up, its figures are too high"
                                       : "The machine kept up",
                 late->events, (double)late->p50 / USEC_PER_MSEC, (double)late->p99 / USEC_PER_MSEC,
                 (double)late->max / USEC_PER_MSEC);
    return text;
}
