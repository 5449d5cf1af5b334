/* terminal.c - the result as a reader at a terminal wants it: the verdict first, one screen, columns that line up. */
#include <inttypes.h>

#include "core/base/units.h"
#include "sim/report/files.h"

static void print_latencies(const run_report *r, FILE *out) {
    latency_row rows[LATENCIES];
    int count = run_report_latencies(r, rows);
    fprintf(out, "\nlatency, ms  %9s %9s %9s %9s %9s %9s %9s\n", "mean", "p50", "p90", "p95", "p99", "p99.9", "max");
    for (int i = 0; i < count; i++) {
        const histogram *h = rows[i].h;
        fprintf(out, "  %-10s ", rows[i].name);
        if (!histogram_count(h)) {
            fputs("nothing measured\n", out);
            continue;
        }
        fprintf(out, "%9.1f", histogram_mean(h) / USEC_PER_MSEC);
        for (int p = 0; p < PERCENTILES; p++)
            fprintf(out, " %9.1f", (double)histogram_percentile(h, report_percentiles[p]) / USEC_PER_MSEC);
        fprintf(out, " %9.1f\n", (double)histogram_max(h) / USEC_PER_MSEC);
    }
}

static void print_codes(FILE *out, const char *what, const code_table *table) {
    if (!table->count) return;
    fprintf(out, "  %-10s", what);
    for (size_t i = 0; i < table->count; i++) fprintf(out, " %s %" PRId64, table->row[i].code, table->row[i].count);
    fputc('\n', out);
}

static void print_besides(const run_report *r, FILE *out) {
    besides_row rows[BESIDES_MAX];
    int count = run_report_besides(r, rows);
    for (int i = 0; i < count; i++)
        fprintf(out, "%s%s %" PRId64 "%s", i % 6 ? ", " : "  ", rows[i].words->name, rows[i].count,
                i % 6 == 5 || i == count - 1 ? "\n" : "");
}

static void print_jobs(const run_report *r, FILE *out) {
    const job_counts *n = recorder_counts(r->recorder);
    outcome_row rows[OUTCOME_ROWS];
    run_report_outcomes(r, rows);
    fputs("\njobs\n ", out);
    for (int i = 0; i < OUTCOME_ROWS; i++) {
        if (i == 3 || i == 9) fputs("\n ", out);
        fprintf(out, " %s %" PRId64 "%s", rows[i].name, rows[i].count,
                i == 2 || i == 8 || i == OUTCOME_ROWS - 1 ? "" : ",");
    }
    fputc('\n', out);
    print_codes(out, "refused:", &n->refused_by);
    print_codes(out, "failed:", &n->failed_by);
    print_codes(out, "retried:", &n->retried_by);
    print_codes(out, "moved:", &n->moved_by);
    print_besides(r, out);
}

static void print_costs(const run_report *r, FILE *out) {
    const simulation_redis *redis = &r->facts->redis;
    utilisation u = recorder_utilisation(r->recorder);
    fairness f = recorder_fairness(r->recorder);
    fprintf(out,
            "\nnodes        %.1f %% of the slots in use, the busiest %.1f %%; evenness (Jain) %.4f, cv %.3f, most jobs "
            "on one "
            "node %.2f %%\n",
            100 * u.mean, 100 * u.max, f.jain, f.cv, 100 * f.top1_share);
    if (r->oracle.jobs)
        fprintf(out, "waiting      p99 %.1f ms until a slot; perfect placement %.1f ms, by chance %.1f ms\n",
                (double)r->oracle.real.p99 / USEC_PER_MSEC,
                (double)r->oracle.of[ORACLE_CENTRAL_QUEUE].p99 / USEC_PER_MSEC,
                (double)r->oracle.of[ORACLE_RANDOM].p99 / USEC_PER_MSEC);
    fprintf(out,
            "Redis        %.2f commands per job (%.2f of them scripts, %.2f for the job itself), %.0f bytes; busy %.1f "
            "%%\n",
            run_report_per_job(r, (double)redis->commands), run_report_per_job(r, (double)redis->script_calls),
            run_report_per_job(r, (double)run_report_flow_calls(r)),
            run_report_per_job(r, (double)(redis->bytes_sent + redis->bytes_received)),
            r->simulated ? 100 * (double)redis->busy / (double)r->simulated : 0.0);
}

static void print_objectives(const run_report *r, FILE *out) {
    if (!r->slo_count) return;
    fputs("\nobjectives\n", out);
    for (size_t i = 0; i < r->slo_count; i++) {
        char value[SLO_VALUE_MAX];
        fprintf(out, "  %-6s %-24s measured %s\n", r->slo[i].ok ? "met" : "MISSED", r->slo[i].objective->text,
                slo_value_text(value, &r->slo[i]));
    }
}

static void print_violations(const run_report *r, FILE *out) {
    size_t count = checker_violations(r->checker);
    if (!count) return;
    fprintf(out, "\nbroken promises (seed %" PRId64 ", scenario %s)\n", r->sc->seed, r->hash);
    for (size_t i = 0; i < count; i++) {
        const violation *v = checker_violation(r->checker, i);
        fprintf(out, "  %.6f s  %s: %s\n", (double)(v->at - r->sc->start) / USEC_PER_SEC, violation_name(v->kind),
                v->message);
    }
    const violation *first = checker_violation(r->checker, 0);
    if (first->history) fprintf(out, "\n%s", first->history);
}

/* Shares in per cent, latencies in ms. */
static void print_comparison(const run_report *r, FILE *out) {
    comparison_row rows[COMPARISON_ROWS_MAX];
    char late[LATENESS_TEXT_MAX];
    int count = run_report_comparison(r, rows);
    if (!count) return;
    fprintf(out, "\nthe model beside the clock on the wall\n  %-12s %-6s %11s %11s %11s\n", "", "", "simulated",
            "measured", "error");
    for (int i = 0; i < count; i++) {
        const char *unit = rows[i].is_share ? "%" : "ms";
        double scale = rows[i].is_share ? 100 : 1;
        fprintf(out, "  %-12s %-6s %11.2f %11.2f %+11.2f %s\n", rows[i].name, rows[i].figure, scale * rows[i].simulated,
                scale * rows[i].measured, scale * (rows[i].simulated - rows[i].measured), unit);
    }
    fprintf(out, "  %s\n", run_report_lateness(r->measured, late));
}

void report_terminal(const run_report *r, const char *where, FILE *out) {
    char verdict[VERDICT_MAX], simulated[UNITS_TEXT_MAX];
    fprintf(out, "%s\n", run_report_verdict(r, verdict));
    fprintf(out, "%s, seed %" PRId64 ", phase %s, %s %s, scenario %s\n", r->sc->name, r->sc->seed,
            r->sc->scheduler.phase, units_format_duration(simulated, r->simulated),
            r->facts->clock == CLOCK_WALL ? "in real time" : "simulated", r->hash);
    char late[LATENESS_TEXT_MAX];
    if (*run_report_lateness(r, late)) fprintf(out, "%s\n", late);
    print_objectives(r, out);
    print_jobs(r, out);
    print_latencies(r, out);
    print_costs(r, out);
    print_comparison(r, out);
    print_violations(r, out);
    if (r->measured) print_violations(r->measured, out);
    if (where) fprintf(out, "\nreport       %s\n", where);
}
