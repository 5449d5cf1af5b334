/* html.c - report.html. Everything that comes from outside (names, codes, messages) is escaped where it is written. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/version.h"
#include "sim/report/figure_page.h"
#include "sim/report/html_text.h"
#include "sim/report/pages.h"
#include "sim/report/template.h"

static const run_report *report_of(const void *ctx) {
    return ((const page *)ctx)->report;
}

/* ---- the head ------------------------------------------------------------------------------------------------------- */

static void title(const void *ctx, FILE *out) {
    const run_report *r = report_of(ctx);
    html_text(out, r->sc->name);
    fputs(r->pass ? ": pass" : ": fail", out);
}

static void heading(const void *ctx, FILE *out) {
    const run_report *r = report_of(ctx);
    html_text(out, r->sc->name);
    fprintf(out, " · seed %" PRId64 " · phase ", r->sc->seed);
    html_text(out, r->sc->scheduler.phase);
    fprintf(out, " · scenario %s", r->hash);
}

static void verdict_class(const void *ctx, FILE *out) {
    fputs(report_of(ctx)->pass ? "pass" : "fail", out);
}

static void verdict(const void *ctx, FILE *out) {
    char text[VERDICT_MAX];
    html_text(out, run_report_verdict(report_of(ctx), text));
}

static void summary(const void *ctx, FILE *out) {
    page_summary(ctx, out);
}

static void violations(const void *ctx, FILE *out) {
    const run_report *r = report_of(ctx);
    size_t count = checker_violations(r->checker);
    if (!count) return;
    fputs("<h2>Which promises were broken?</h2>\n<ul>\n", out);
    for (size_t i = 0; i < count; i++) {
        const violation *v = checker_violation(r->checker, i);
        fprintf(out, "<li>%.6f s, <code>%s</code>: ", (double)(v->at - r->sc->start) / USEC_PER_SEC,
                violation_name(v->kind));
        html_text(out, v->message);
        fputs("</li>\n", out);
    }
    fputs("</ul>\n<pre>", out);
    const violation *first = checker_violation(r->checker, 0);
    html_text(out, first->history ? first->history : "");
    fputs("</pre>\n", out);
}

/* ---- tables --------------------------------------------------------------------------------------------------------- */

static void objectives(const void *ctx, FILE *out) {
    const run_report *r = report_of(ctx);
    if (!r->slo_count) {
        fputs("<p>The scenario sets none (<code>slo:</code>).</p>", out);
        return;
    }
    fputs("<table>\n<tr><th>objective</th><th class=\"n\">measured</th><th></th></tr>\n", out);
    for (size_t i = 0; i < r->slo_count; i++) {
        char value[SLO_VALUE_MAX];
        fputs("<tr>", out);
        html_cell(out, "", r->slo[i].objective->text);
        html_cell(out, "n", slo_value_text(value, &r->slo[i]));
        html_cell(out, r->slo[i].ok ? "good" : "bad", r->slo[i].ok ? "✓ met" : "✗ missed");
        fputs("</tr>\n", out);
    }
    fputs("</table>", out);
}

static void outcomes(const void *ctx, FILE *out) {
    const run_report *r = report_of(ctx);
    outcome_row rows[OUTCOME_ROWS];
    run_report_outcomes(r, rows);
    int64_t submitted = rows[0].count;
    fputs("<table>\n<tr><th></th><th class=\"n\">requests</th><th class=\"n\">share</th><th></th></tr>\n", out);
    for (int i = 0; i < OUTCOME_ROWS; i++) {
        char count[32], share[32];
        snprintf(count, sizeof count, "%" PRId64, rows[i].count);
        snprintf(share, sizeof share, "%.3f %%", submitted ? 100 * (double)rows[i].count / (double)submitted : 0.0);
        fputs("<tr>", out);
        html_cell(out, "", rows[i].name);
        html_cell(out, "n", count);
        html_cell(out, "n", share);
        html_cell(out, "why", rows[i].meaning);
        fputs("</tr>\n", out);
    }
    fputs("</table>", out);
}

static void code_line(FILE *out, const char *what, const code_table *table) {
    if (!table->count) return;
    fprintf(out, "<p>%s ", what);
    for (size_t i = 0; i < table->count; i++) {
        fprintf(out, "%s<code>", i ? ", " : "");
        html_text(out, table->row[i].code);
        fprintf(out, "</code> %" PRId64, table->row[i].count);
    }
    fputs("</p>\n", out);
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
    int rows_count = run_report_besides(report_of(ctx), rows);
    if (!rows_count) return;
    fputs("<table>\n<tr><th>besides</th><th class=\"n\">times</th><th></th></tr>\n", out);
    for (int i = 0; i < rows_count; i++) {
        char count[32];
        snprintf(count, sizeof count, "%" PRId64, rows[i].count);
        fputs("<tr>", out);
        html_cell(out, "", rows[i].words->name);
        html_cell(out, "n", count);
        html_cell(out, "why", rows[i].words->meaning);
        fputs("</tr>\n", out);
    }
    fputs("</table>", out);
}

static void latency_cells(FILE *out, const histogram *h) {
    char text[32];
    for (int i = -1; i <= PERCENTILES; i++) {
        double usec = i < 0              ? histogram_mean(h)
                      : i == PERCENTILES ? (double)histogram_max(h)
                                         : (double)histogram_percentile(h, report_percentiles[i]);
        snprintf(text, sizeof text, histogram_count(h) ? "%.1f" : "–", usec / USEC_PER_MSEC);
        html_cell(out, "n", text);
    }
}

static void latencies(const void *ctx, FILE *out) {
    static const char *const heads[] = {"mean", "p50", "p90", "p95", "p99", "p99.9", "max"};
    latency_row rows[LATENCIES];
    int count = run_report_latencies(report_of(ctx), rows);
    fputs("<div class=\"wide\"><table>\n<tr><th></th>", out);
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) fprintf(out, "<th class=\"n\">%s</th>", heads[i]);
    fputs("<th></th></tr>\n", out);
    for (int i = 0; i < count; i++) {
        fputs("<tr>", out);
        html_cell(out, "", rows[i].name);
        latency_cells(out, rows[i].h);
        html_cell(out, "why", rows[i].meaning);
        fputs("</tr>\n", out);
    }
    fputs("</table></div>", out);
}

static void comparison(const void *ctx, FILE *out) {
    comparison_row rows[COMPARISON_ROWS_MAX];
    int count = run_report_comparison(report_of(ctx), rows);
    if (!count) return;
    fputs("<h2>Does the model agree with a clock on the wall?</h2>\n<p>", out);
    page_comparison(ctx, out);
    fputs("</p>\n<table>\n<tr><th></th><th></th><th class=\"n\">simulated</th><th class=\"n\">measured</th>"
          "<th class=\"n\">error</th></tr>\n",
          out);
    for (int i = 0; i < count; i++) {
        double scale = rows[i].is_share ? 100 : 1;
        const char *unit = rows[i].is_share ? "%" : "ms";
        fprintf(out,
                "<tr><td>%s</td><td>%s</td><td class=\"n\">%.2f %s</td><td class=\"n\">%.2f %s</td>"
                "<td class=\"n\">%+.2f %s</td></tr>\n",
                rows[i].name, rows[i].figure, scale * rows[i].simulated, unit, scale * rows[i].measured, unit,
                scale * (rows[i].simulated - rows[i].measured), unit);
    }
    fputs("</table>", out);
}

static void pairs(const void *ctx, FILE *out) {
    pair_figures worst[WORST_PAIRS];
    size_t total, count = recorder_worst_pairs(report_of(ctx)->recorder, PAIR_ANSWERS_MIN, worst, WORST_PAIRS, &total);
    fprintf(out,
            "<p class=\"soft\">The %zu with the highest p95 of end to end (to an eighth), of %zu pairs that were asked "
            "for; at least "
            "%d answers. The "
            "p95 here is at most 12 %% too high.</p>\n",
            count, total, PAIR_ANSWERS_MIN);
    if (!count) return;
    fputs("<table>\n<tr><th>pair</th><th class=\"n\">requests</th><th class=\"n\">refused</th><th class=\"n\">mean, "
          "ms</th>"
          "<th class=\"n\">p95, ms</th><th class=\"n\">max, ms</th></tr>\n",
          out);
    for (size_t i = 0; i < count; i++) {
        const pair_figures *w = &worst[i];
        char name[PAIR_MAX + 1];
        fprintf(out,
                "<tr><td>%s</td><td class=\"n\">%" PRId64 "</td><td class=\"n\">%" PRId64
                "</td><td class=\"n\">%.1f</td><td class=\"n\">%.1f</td><td class=\"n\">%.1f</td></tr>\n",
                lang_pair_text(name, &w->pair), w->submitted, w->refused, (double)w->mean / USEC_PER_MSEC,
                (double)w->p95 / USEC_PER_MSEC, (double)w->max / USEC_PER_MSEC);
    }
    fputs("</table>", out);
}

static void waits(const void *ctx, FILE *out) {
    wait_line lines[WAIT_ROWS];
    page_waits(ctx, lines);
    fputs("<p>", out);
    page_waits_verdict(ctx, out);
    fputs("</p>\n<table>\n<tr><th>wait until a slot is there</th><th class=\"n\">mean, ms</th><th class=\"n\">p99, "
          "ms</th>"
          "<th></th></tr>\n",
          out);
    for (int i = 0; i < WAIT_ROWS; i++) {
        char text[32];
        fputs("<tr>", out);
        html_cell(out, "", lines[i].name);
        snprintf(text, sizeof text, "%.1f", lines[i].mean / USEC_PER_MSEC);
        html_cell(out, "n", text);
        snprintf(text, sizeof text, "%.1f", lines[i].p99 / USEC_PER_MSEC);
        html_cell(out, "n", text);
        html_cell(out, "why", lines[i].meaning);
        fputs("</tr>\n", out);
    }
    fputs("</table>", out);
}

static void costs(const void *ctx, FILE *out) {
    const run_report *r = report_of(ctx);
    cost_line lines[COST_ROWS];
    page_costs(ctx, lines);
    fputs("<table>\n", out);
    for (int i = 0; i < COST_ROWS; i++) {
        fputs("<tr>", out);
        html_cell(out, "", lines[i].name);
        html_cell(out, "n", lines[i].value);
        html_cell(out, "why", lines[i].meaning);
        fputs("</tr>\n", out);
    }
    fputs("</table>\n<table>\n<tr><th>script</th><th class=\"n\">calls</th><th class=\"n\">per job</th></tr>\n", out);
    for (int i = 0; i < SCRIPT_COUNT; i++) {
        uint64_t calls = r->facts->redis.by_script[i];
        if (calls)
            fprintf(out, "<tr><td><code>%s</code></td><td class=\"n\">%" PRIu64 "</td><td class=\"n\">%.3f</td></tr>\n",
                    scripts_name((script_id)i), calls, run_report_per_job(r, (double)calls));
    }
    fputs("</table>", out);
}

static void nodes(const void *ctx, FILE *out) {
    fputs("<p>", out);
    page_nodes(ctx, out);
    fputs("</p>", out);
}

static void again(const void *ctx, FILE *out) {
    const run_report *r = report_of(ctx);
    fputs("<p><code>lingua-sim run SCENARIO --seed ", out);
    fprintf(out, "%" PRId64 "</code> with lingua-scheduler " LINGUA_VERSION " and the scenario <code>", r->sc->seed);
    html_text(out, r->sc->name);
    fprintf(out, "</code> (hash <code>%s</code>). ", r->hash);
    page_again(ctx, out);
    fputs("</p>\n", out);
    if (*r->sc->provenance) {
        fputs("<p>Where its numbers come from: ", out);
        html_text(out, r->sc->provenance);
        fputs("</p>\n", out);
    }
}

static void configuration(const void *ctx, FILE *out) {
    char *text = NULL;
    size_t len = 0;
    FILE *dump = open_memstream(&text, &len);
    if (!dump) return;
    scenario_dump(report_of(ctx)->sc, dump);
    fclose(dump);
    html_text(out, text);
    free(text);
}

/* ---- figures -------------------------------------------------------------------------------------------------------- */

static void draw(const page *p, size_t i, FILE *out) {
    if (p->figure[i])
        figure_html(&report_figures[i], p->figure[i], out);
    else if (i == 0 && *p->note)
        figure_missing_html(p->note, out);
}

static void figure_latency_cdf(const void *ctx, FILE *out) {
    draw(ctx, 0, out);
}

static void figure_series(const void *ctx, FILE *out) {
    draw(ctx, 1, out);
}

static void figure_latency_map(const void *ctx, FILE *out) {
    draw(ctx, 2, out);
}

static void figure_utilisation(const void *ctx, FILE *out) {
    draw(ctx, 3, out);
}

static void figure_utilisation_map(const void *ctx, FILE *out) {
    draw(ctx, 4, out);
}

static void figure_jobs_per_node(const void *ctx, FILE *out) {
    draw(ctx, 5, out);
}

static void figure_redis_load(const void *ctx, FILE *out) {
    draw(ctx, 6, out);
}

void page_html(const page *p, FILE *out) {
    static const template_field fields[] = {
        {"style", html_style},
        {"title", title},
        {"heading", heading},
        {"verdict_class", verdict_class},
        {"verdict", verdict},
        {"summary", summary},
        {"violations", violations},
        {"objectives", objectives},
        {"outcomes", outcomes},
        {"reasons", reasons},
        {"besides", besides},
        {"latencies", latencies},
        {"figure_latency_cdf", figure_latency_cdf},
        {"comparison", comparison},
        {"figure_series", figure_series},
        {"figure_latency_map", figure_latency_map},
        {"nodes", nodes},
        {"figure_utilisation", figure_utilisation},
        {"figure_utilisation_map", figure_utilisation_map},
        {"figure_jobs_per_node", figure_jobs_per_node},
        {"figure_redis_load", figure_redis_load},
        {"waits", waits},
        {"pairs", pairs},
        {"costs", costs},
        {"again", again},
        {"configuration", configuration},
        {NULL, NULL},
    };
    template_write("report.html.in", fields, p, out);
}
