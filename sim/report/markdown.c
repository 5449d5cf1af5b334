/* markdown.c - report.md: the same as report.html for those who paste it into a ticket; figures are linked. */
#include <inttypes.h>
#include <string.h>

#include "core/base/version.h"
#include "sim/report/html_text.h"
#include "sim/report/pages.h"
#include "sim/report/template.h"

static const run_report *report_of(const void *ctx) {
    return ((const page *)ctx)->report;
}

static void heading(const void *ctx, FILE *out) {
    const run_report *r = report_of(ctx);
    markdown_text(out, r->sc->name);
    fprintf(out, " · seed %" PRId64 " · phase %s · scenario %s", r->sc->seed, r->sc->scheduler.phase, r->hash);
}

static void verdict(const void *ctx, FILE *out) {
    char text[VERDICT_MAX];
    markdown_text(out, run_report_verdict(report_of(ctx), text));
}

static void summary(const void *ctx, FILE *out) {
    page_summary(ctx, out);
}

static void violations(const void *ctx, FILE *out) {
    const run_report *r = report_of(ctx);
    size_t count = checker_violations(r->checker);
    if (!count) return;
    fputs("## Broken promises\n\n", out);
    for (size_t i = 0; i < count; i++) {
        const violation *v = checker_violation(r->checker, i);
        fprintf(out, "- %.6f s, `%s`: ", (double)(v->at - r->sc->start) / USEC_PER_SEC, violation_name(v->kind));
        markdown_text(out, v->message);
        putc('\n', out);
    }
    const violation *first = checker_violation(r->checker, 0);
    fprintf(out, "\n```\n%s```\n\n", first->history ? first->history : "");
}

static void objectives(const void *ctx, FILE *out) {
    const run_report *r = report_of(ctx);
    if (!r->slo_count) {
        fputs("The scenario sets none.", out);
        return;
    }
    fputs("| objective | measured | |\n|---|--:|---|", out);
    for (size_t i = 0; i < r->slo_count; i++) {
        char value[SLO_VALUE_MAX];
        fprintf(out, "\n| `%s` | %s | %s |", r->slo[i].objective->text, slo_value_text(value, &r->slo[i]),
                r->slo[i].ok ? "met" : "**missed**");
    }
}

static void outcomes(const void *ctx, FILE *out) {
    outcome_row rows[OUTCOME_ROWS];
    run_report_outcomes(report_of(ctx), rows);
    fputs("| | requests | share | |\n|---|--:|--:|---|", out);
    for (int i = 0; i < OUTCOME_ROWS; i++)
        fprintf(out, "\n| %s | %" PRId64 " | %.3f %% | %s |", rows[i].name, rows[i].count,
                rows[0].count ? 100 * (double)rows[i].count / (double)rows[0].count : 0.0, rows[i].meaning);
}

static void code_line(FILE *out, const char *what, const code_table *table) {
    if (!table->count) return;
    fprintf(out, "\n%s", what);
    for (size_t i = 0; i < table->count; i++)
        fprintf(out, "%s `%s` %" PRId64, i ? "," : "", table->row[i].code, table->row[i].count);
    putc('\n', out);
}

static void reasons(const void *ctx, FILE *out) {
    const job_counts *n = recorder_counts(report_of(ctx)->recorder);
    code_line(out, "Refused because of", &n->refused_by);
    code_line(out, "Failed or timed out because of", &n->failed_by);
    code_line(out, "Retried because of", &n->retried_by);
    code_line(out, "Sentences moved because their node was", &n->moved_by);
}

static void besides(const void *ctx, FILE *out) {
    besides_row rows[BESIDES_MAX];
    int count = run_report_besides(report_of(ctx), rows);
    if (!count) return;
    fputs("\n| besides | | |\n|---|--:|---|\n", out);
    for (int i = 0; i < count; i++)
        fprintf(out, "| %s | %" PRId64 " | %s |\n", rows[i].words->name, rows[i].count, rows[i].words->meaning);
}

static void latencies(const void *ctx, FILE *out) {
    latency_row rows[LATENCIES];
    int count = run_report_latencies(report_of(ctx), rows);
    fputs("| | mean | p50 | p90 | p95 | p99 | p99.9 | max |\n|---|--:|--:|--:|--:|--:|--:|--:|", out);
    for (int i = 0; i < count; i++) {
        const histogram *h = rows[i].h;
        fprintf(out, "\n| %s |", rows[i].name);
        if (!histogram_count(h)) {
            fputs(" – | – | – | – | – | – | – |", out);
            continue;
        }
        fprintf(out, " %.1f |", histogram_mean(h) / USEC_PER_MSEC);
        for (int p = 0; p < PERCENTILES; p++)
            fprintf(out, " %.1f |", (double)histogram_percentile(h, report_percentiles[p]) / USEC_PER_MSEC);
        fprintf(out, " %.1f |", (double)histogram_max(h) / USEC_PER_MSEC);
    }
}

static void comparison(const void *ctx, FILE *out) {
    comparison_row rows[COMPARISON_ROWS_MAX];
    int count = run_report_comparison(report_of(ctx), rows);
    if (!count) return;
    fputs("## The model beside the clock on the wall\n\n", out);
    page_comparison(ctx, out);
    fputs("\n\n| | | simulated | measured | error |\n|---|---|--:|--:|--:|", out);
    for (int i = 0; i < count; i++) {
        double scale = rows[i].is_share ? 100 : 1;
        const char *unit = rows[i].is_share ? "%" : "ms";
        fprintf(out, "\n| %s | %s | %.2f %s | %.2f %s | %+.2f %s |", rows[i].name, rows[i].figure,
                scale * rows[i].simulated, unit, scale * rows[i].measured, unit,
                scale * (rows[i].simulated - rows[i].measured), unit);
    }
    fputs("\n\n", out);
}

static void figures(const void *ctx, FILE *out) {
    const page *p = ctx;
    if (*p->note) fprintf(out, "\n%s\n\n", p->note);
    for (size_t i = 0; i < FIGURES; i++) {
        char headline[HEADLINE_MAX], path[PLOT_PATH_MAX];
        if (p->figure[i])
            fprintf(out, "![%s](%s)\n\n", figure_headline(p->report, i, headline),
                    figure_path(report_figures[i].name, path));
    }
}

static void nodes(const void *ctx, FILE *out) {
    page_nodes(ctx, out);
}

static void pairs(const void *ctx, FILE *out) {
    pair_figures worst[WORST_PAIRS];
    size_t total, count = recorder_worst_pairs(report_of(ctx)->recorder, PAIR_ANSWERS_MIN, worst, WORST_PAIRS, &total);
    fprintf(out, "By p95 of end to end (to an eighth), of %zu pairs that were asked for; at least %d answers.", total,
            PAIR_ANSWERS_MIN);
    if (count)
        fputs("\n\n| pair | requests | refused | mean, ms | p95, ms | max, ms |\n|---|--:|--:|--:|--:|--:|", out);
    for (size_t i = 0; i < count; i++) {
        const pair_figures *w = &worst[i];
        char name[PAIR_MAX + 1];
        fprintf(out, "\n| %s | %" PRId64 " | %" PRId64 " | %.1f | %.1f | %.1f |", lang_pair_text(name, &w->pair),
                w->submitted, w->refused, (double)w->mean / USEC_PER_MSEC, (double)w->p95 / USEC_PER_MSEC,
                (double)w->max / USEC_PER_MSEC);
    }
}

static void waits(const void *ctx, FILE *out) {
    wait_line lines[WAIT_ROWS];
    page_waits(ctx, lines);
    page_waits_verdict(ctx, out);
    fputs("\n\n| wait until a slot is there | mean, ms | p99, ms | |\n|---|--:|--:|---|", out);
    for (int i = 0; i < WAIT_ROWS; i++)
        fprintf(out, "\n| %s | %.1f | %.1f | %s |", lines[i].name, lines[i].mean / USEC_PER_MSEC,
                lines[i].p99 / USEC_PER_MSEC, lines[i].meaning);
}

static void costs(const void *ctx, FILE *out) {
    cost_line lines[COST_ROWS];
    page_costs(ctx, lines);
    fputs("| | | |\n|---|--:|---|", out);
    for (int i = 0; i < COST_ROWS; i++)
        fprintf(out, "\n| %s | %s | %s |", lines[i].name, lines[i].value, lines[i].meaning);
}

static void again(const void *ctx, FILE *out) {
    const run_report *r = report_of(ctx);
    fprintf(out, "`lingua-sim run SCENARIO --seed %" PRId64 "` with lingua-scheduler " LINGUA_VERSION ". ",
            r->sc->seed);
    page_again(ctx, out);
    if (*r->sc->provenance) {
        fputs(" Where the numbers of the scenario come from: ", out);
        markdown_text(out, r->sc->provenance);
    }
}

void page_markdown(const page *p, FILE *out) {
    static const template_field fields[] = {
        {"heading", heading},
        {"verdict", verdict},
        {"summary", summary},
        {"violations", violations},
        {"objectives", objectives},
        {"outcomes", outcomes},
        {"reasons", reasons},
        {"besides", besides},
        {"latencies", latencies},
        {"figures", figures},
        {"nodes", nodes},
        {"waits", waits},
        {"pairs", pairs},
        {"costs", costs},
        {"again", again},
        {"comparison", comparison},
        {NULL, NULL},
    };
    template_write("report.md.in", fields, p, out);
}
