/* validation_html.c - the page of a validation: the verdict first, then both curves, then every figure with its error. */
#include <math.h>

#include "sim/report/figure_page.h"
#include "sim/report/html_text.h"
#include "sim/report/svg.h"
#include "sim/report/template.h"
#include "sim/report/validation_pages.h"

static const validation *of(const void *ctx) {
    return ((const validation_page *)ctx)->validation;
}

static void name(const void *ctx, FILE *out) {
    html_text(out, of(ctx)->name);
}

static void verdict_class(const void *ctx, FILE *out) {
    validation_score score = validation_judge(of(ctx));
    fputs(score.of > 0 && score.met == score.of ? "pass" : "fail", out);
}

static void verdict(const void *ctx, FILE *out) {
    char text[VALIDATION_VERDICT_MAX];
    html_text(out, validation_verdict(of(ctx), text));
}

static void both_curves(const void *ctx, FILE *out) {
    const validation_page *p = ctx;
    if (p->svg) {
        fputs("<figure>\n", out);
        svg_inline(p->svg, validation_plot.name, out);
        fprintf(out, "<figcaption>%s</figcaption>\n</figure>", validation_plot.caption);
    } else {
        figure_missing_html(p->note, out);
    }
}

static void cell_of(FILE *out, double value, const char *unit) {
    char text[64] = "-";
    if (!isnan(value)) snprintf(text, sizeof text, "%.*f%s", fabs(value) < 10 ? 2 : 1, value, unit);
    html_cell(out, "n", text);
}

static void error_cell(FILE *out, const validation_level *level, validation_figure f, bool daemon) {
    char text[64] = "-";
    const validation_row *r = &validation_rows[f];
    double error = validation_error(level, f, daemon);
    if (!isnan(error)) snprintf(text, sizeof text, "%+.1f %s", r->points ? error : 100 * error, r->points ? "pt" : "%");
    bool missed = !daemon && level->kept_up && r->aim > 0 && fabs(error) > r->aim;
    html_cell(out, missed ? "n bad" : "n", text);
}

static void aim_cell(FILE *out, const validation_level *level, validation_figure f) {
    char text[64] = "";
    const validation_row *r = &validation_rows[f];
    double error = validation_error(level, f, false);
    if (r->aim <= 0 || isnan(error)) {
        html_cell(out, "", "");
        return;
    }
    bool met = fabs(error) <= r->aim;
    snprintf(text, sizeof text, "%s (%.0f %s)",
             !level->kept_up ? "late"
             : met           ? "✓ met"
                             : "✗ missed",
             r->points ? r->aim : 100 * r->aim, r->points ? "pt" : "%");
    html_cell(out, !level->kept_up ? "" : met ? "good" : "bad", text);
}

static void rows(const void *ctx, FILE *out) {
    const validation *v = of(ctx);
    bool daemon = validation_has_daemon(v);
    fprintf(out,
            "<table>\n<tr><th>load</th><th>figure</th><th class=\"n\">simulated</th><th class=\"n\">real time</th>"
            "<th class=\"n\">error</th><th>aim</th>%s</tr>\n",
            daemon ? "<th class=\"n\">linguad</th><th class=\"n\">error</th>" : "");
    for (size_t i = 0; i < v->count; i++) {
        const validation_level *level = &v->level[i];
        for (int f = 0; f < VALID_FIGURES; f++) {
            const validation_row *r = &validation_rows[f];
            char text[96] = "";
            if (f == 0)
                snprintf(text, sizeof text, "%s, %.0f %% of the slots%s", level->name, 100 * level->utilisation,
                         level->kept_up ? "" : "; the machine was late");
            fputs("<tr>", out);
            html_cell(out, "", text);
            snprintf(text, sizeof text, "%s, %s", r->name, r->unit);
            html_cell(out, "", text);
            cell_of(out, level->simulated[f], "");
            cell_of(out, level->measured[f], "");
            error_cell(out, level, (validation_figure)f, false);
            aim_cell(out, level, (validation_figure)f);
            if (daemon) {
                cell_of(out, level->daemon[f], "");
                error_cell(out, level, (validation_figure)f, true);
            }
            fputs("</tr>\n", out);
        }
    }
    fputs("</table>", out);
}

static void again(const void *ctx, FILE *out) {
    fputs("<pre>", out);
    html_text(out, of(ctx)->command);
    fputs("</pre>", out);
}

void validation_html(const validation_page *p, FILE *out) {
    static const template_field fields[] = {{"name", name},
                                            {"style", html_style},
                                            {"verdict_class", verdict_class},
                                            {"verdict", verdict},
                                            {"figure", both_curves},
                                            {"table", rows},
                                            {"again", again},
                                            {NULL, NULL}};
    template_write("validation.html.in", fields, p, out);
}
