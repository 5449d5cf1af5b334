/* validation_folder.c - what a validation leaves in its folder: figures for tools, a page for people, one plot of both curves. */
#include "sim/report/validation.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "core/base/embedded.h"
#include "core/base/version.h"
#include "sim/report/folder.h"
#include "sim/report/gnuplot.h"
#include "sim/report/gnuplot_script.h"
#include "sim/report/html_text.h"
#include "sim/report/svg.h"
#include "sim/report/template.h"
#include "sim/report/text_file.h"

enum { PATH_TEXT_MAX = 4096 };

typedef struct page {
    const validation *v;
    const char *note; /* why there is no plot */
    char *svg;        /* NULL: none */
} page;

static sched_status write_file(const page *p, const char *folder, const char *name,
                               void (*write)(const page *p, FILE *out), sched_error *err) {
    char path[PATH_TEXT_MAX];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *out = fopen(path, "we");
    if (!out) return sched_fail(err, SCHED_EIO, "%s: %s", path, strerror(errno));
    write(p, out);
    bool bad = ferror(out) != 0;
    if (fclose(out) == 0 && !bad) return SCHED_OK;
    return sched_fail(err, SCHED_EIO, "%s: could not be written: %s", path, strerror(errno));
}

/* ---- for tools ------------------------------------------------------------------------------------------------------ */

static json_t *number(double value) {
    return isnan(value) ? json_null() : json_real(round(value * 1e6) / 1e6);
}

static json_t *figure_json(const validation_level *level, validation_figure f) {
    json_t *o = json_object();
    json_object_set_new(o, "simulated", number(level->simulated[f]));
    json_object_set_new(o, "measured", number(level->measured[f]));
    json_object_set_new(o, "error", number(validation_error(level, f, false)));
    if (level->has_daemon) {
        json_object_set_new(o, "daemon", number(level->daemon[f]));
        json_object_set_new(o, "daemon_error", number(validation_error(level, f, true)));
    }
    return o;
}

static void json(const page *p, FILE *out) {
    const validation *v = p->v;
    validation_score score = validation_judge(v);
    json_t *o = json_object(), *levels = json_array();
    for (size_t i = 0; i < v->count; i++) {
        const validation_level *level = &v->level[i];
        json_t *one = json_object(), *figures = json_object();
        for (int f = 0; f < VALID_FIGURES; f++)
            json_object_set_new(figures, validation_rows[f].key, figure_json(level, (validation_figure)f));
        json_object_set_new(one, "load", number(level->factor));
        json_object_set_new(one, "scenario_hash", json_string(level->hash));
        json_object_set_new(one, "utilisation", number(level->utilisation));
        json_object_set_new(one, "lateness_p99_ms", number(level->late_ms));
        json_object_set_new(one, "kept_up", json_boolean(level->kept_up));
        json_object_set_new(one, "pass", json_boolean(level->pass));
        json_object_set_new(one, "figures", figures);
        json_array_append_new(levels, one);
    }
    json_object_set_new(o, "schema", json_string("lingua.sim.validation/1"));
    json_object_set_new(o, "scenario", json_string(v->name));
    json_object_set_new(o, "seed", json_integer(v->seed));
    json_object_set_new(o, "aims_met", json_integer(score.met));
    json_object_set_new(o, "aims", json_integer(score.of));
    json_object_set_new(o, "loads", levels);
    json_dumpf(o, out, JSON_INDENT(2) | JSON_REAL_PRECISION(12));
    fputc('\n', out);
    json_decref(o);
}

/* ---- the plot ------------------------------------------------------------------------------------------------------- */

static void plot_value(double value, FILE *out) {
    if (isnan(value))
        fputs(",NaN", out);
    else
        fprintf(out, ",%.6g", value);
}

static void table(const page *p, FILE *out) {
    static const validation_figure drawn[] = {VALID_E2E_P50, VALID_E2E_P95, VALID_E2E_P99};
    fputs("load,simulated_p50,simulated_p95,simulated_p99,measured_p50,measured_p95,measured_p99,daemon_p50,daemon_p95,"
          "daemon_p99\n",
          out);
    for (size_t i = 0; i < p->v->count; i++) {
        const validation_level *level = &p->v->level[i];
        fprintf(out, "%.6g", 100 * level->utilisation);
        for (size_t f = 0; f < 3; f++) plot_value(level->simulated[drawn[f]], out);
        for (size_t f = 0; f < 3; f++) plot_value(level->measured[drawn[f]], out);
        for (size_t f = 0; f < 3; f++) plot_value(level->daemon[drawn[f]], out);
        fputc('\n', out);
    }
}

static double worst_p95(const validation *v) {
    double worst = NAN;
    for (size_t i = 0; i < v->count; i++)
        if (v->level[i].kept_up) worst = fmax(worst, fabs(validation_error(&v->level[i], VALID_E2E_P95, false)));
    return worst;
}

static bool any_daemon(const validation *v) {
    for (size_t i = 0; i < v->count; i++)
        if (v->level[i].has_daemon) return true;
    return false;
}

static sched_status draw(const validation *v, const char *folder, sched_error *err) {
    char *script = NULL, headline[160], note[256];
    size_t len = 0;
    double worst = worst_p95(v);
    FILE *out = open_memstream(&script, &len);
    if (!out) return sched_fail(err, SCHED_EIO, "script of the figure: %s", strerror(errno));
    if (isnan(worst))
        snprintf(headline, sizeof headline, "Simulated and measured answer times over load");
    else
        snprintf(headline, sizeof headline, "Simulated answer times are within %.1f %% of the measured ones (p95)",
                 100 * worst);
    snprintf(note, sizeof note, "%s · seed %" PRId64 " · lingua " LINGUA_VERSION, v->name, v->seed);
    script_text(out, "out", "plots/validation.svg");
    script_text(out, "name", "validation");
    script_text(out, "headline", headline);
    script_text(out, "note", note);
    script_number(out, "daemon", any_daemon(v));
    script_file(out, "common.gp");
    script_file(out, "validation.gp");
    fclose(out);
    sched_status status = gnuplot_run(folder, script, err);
    free(script);
    return status;
}

static sched_status take_svg(const char *folder, char **ret_svg, sched_error *err) {
    char path[PATH_TEXT_MAX];
    snprintf(path, sizeof path, "%s/plots/validation.svg", folder);
    char *svg = text_file_read(path);
    FILE *out = svg ? fopen(path, "we") : NULL;
    if (!out) {
        free(svg);
        return sched_fail(err, SCHED_EIO, "%s: %s", path, strerror(errno));
    }
    svg_alone(svg, "validation", out);
    fclose(out);
    *ret_svg = svg;
    return SCHED_OK;
}

/* ---- for people ----------------------------------------------------------------------------------------------------- */

static const char caption[] =
    "Lines are simulated, marks measured in real time: where a mark lies on its line, the simulator is "
    "right. Towards the right the nodes are busier; both must bend at the same load.";

static const validation *of(const void *ctx) {
    return ((const page *)ctx)->v;
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

static void figure(const void *ctx, FILE *out) {
    const page *p = ctx;
    if (p->svg) {
        fputs("<figure>\n", out);
        svg_inline(p->svg, "validation", out);
        fprintf(out, "<figcaption>%s</figcaption>\n</figure>", caption);
    } else {
        fputs("<p class=\"soft\">", out);
        html_text(out, p->note);
        fputs("</p>", out);
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

static void rows(const void *ctx, FILE *out) {
    const validation *v = of(ctx);
    bool daemon = any_daemon(v);
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
            snprintf(text, sizeof text, "within %.0f %s", r->points ? r->aim : 100 * r->aim, r->points ? "pt" : "%");
            html_cell(out, "", r->aim > 0 ? text : "");
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

static void html(const page *p, FILE *out) {
    static const template_field fields[] =
        {{"name", name},       {"style", html_style}, {"verdict_class", verdict_class},
         {"verdict", verdict}, {"figure", figure},    {"table", rows},
         {"again", again},     {NULL, NULL}};
    const embedded_file *file = embedded_find(embedded_reports, "validation.html.in");
    template_write((const char *)file->data, fields, p, out);
}

static void markdown(const page *p, FILE *out) {
    char text[VALIDATION_VERDICT_MAX];
    fprintf(out, "# %s: simulated and measured\n\n**%s**\n\n", p->v->name, validation_verdict(p->v, text));
    if (p->svg)
        fprintf(out, "![Answer times over load, simulated and measured](plots/validation.svg)\n%s\n\n", caption);
    validation_markdown(p->v, out);
    fprintf(out, "\nMade by `%s`.\n", p->v->command);
}

sched_status validation_write(const validation *v, const char *folder, char ret_note[VALIDATION_NOTE_MAX],
                              sched_error *err) {
    char plots[PATH_TEXT_MAX];
    sched_error why;
    page p = {.v = v, .note = ret_note};
    *ret_note = '\0';
    snprintf(plots, sizeof plots, "%s/plots", folder);
    sched_status status = folder_make(plots, err);
    if (!status) status = write_file(&p, folder, "validation.json", json, err);
    if (!status) status = write_file(&p, folder, "plots/validation.csv", table, err);
    if (!status && (draw(v, folder, &why) || take_svg(folder, &p.svg, &why)))
        snprintf(ret_note, VALIDATION_NOTE_MAX, "There is no plot: %.200s", why.message);
    if (!status) status = write_file(&p, folder, "report.html", html, err);
    if (!status) status = write_file(&p, folder, "report.md", markdown, err);
    free(p.svg);
    return status;
}
