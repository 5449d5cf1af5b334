/* compare_html.c - the page of a comparison: the verdict first, then what one sees in five seconds, then every figure. */
#include <inttypes.h>

#include "core/base/version.h"
#include "sim/report/compare_pages.h"
#include "sim/report/figure_page.h"
#include "sim/report/html_text.h"
#include "sim/report/template.h"

static const compare *compare_of(const void *ctx) {
    return ((const compare_page *)ctx)->compare;
}

static void name(const void *ctx, FILE *out) {
    html_text(out, compare_of(ctx)->name);
}

static void heading(const void *ctx, FILE *out) {
    compare_heading(ctx, out);
}

static void verdict_class(const void *ctx, FILE *out) {
    const compare *c = compare_of(ctx);
    bool broken = false;
    for (size_t i = 0; i < c->columns; i++) broken |= c->column[i].kept < c->runs;
    fputs(broken ? "fail" : "pass", out);
}

static void headline(const void *ctx, FILE *out) {
    const compare_page *p = ctx;
    html_text(out, p->sentence_count ? p->sentences[0] : "Nothing was measured.");
}

static void sentences(const void *ctx, FILE *out) {
    const compare_page *p = ctx;
    if (p->sentence_count < 2) return;
    fputs("<ul>\n", out);
    for (size_t i = 1; i < p->sentence_count; i++) {
        fputs("<li>", out);
        html_text(out, p->sentences[i]);
        fputs("</li>\n", out);
    }
    fputs("</ul>", out);
}

static void method(const void *ctx, FILE *out) {
    compare_method(ctx, out);
}

static void claims_note(const void *ctx, FILE *out) {
    compare_claims_note(ctx, out);
}

/* ---- tables --------------------------------------------------------------------------------------------------------- */

static void head(const compare *c, FILE *out) {
    fputs("<tr><th></th>", out);
    for (size_t i = 0; i < c->columns; i++) {
        fputs("<th class=\"n\">", out);
        html_text(out, c->column[i].name);
        fputs("</th>", out);
    }
}

static void binds_row(const compare *c, FILE *out) {
    char text[COMPARE_TEXT_MAX];
    fputs("<tr><td>what binds</td>", out);
    for (size_t i = 0; i < c->columns; i++) html_cell(out, "n", compare_binds(c, i, text));
    fputs("</tr>\n", out);
}

static void figure_row(const compare *c, compare_figure f, FILE *out) {
    const compare_row *row = &compare_rows[f];
    char text[COMPARE_TEXT_MAX];
    if (row->section) fprintf(out, "<tr><th colspan=\"%zu\">%s</th></tr>\n", c->columns + 1, row->section);
    fputs("<tr>", out);
    html_cell(out, "", row->name);
    for (size_t i = 0; i < c->columns; i++) html_cell(out, "n", compare_text(c, i, f, text));
    fputs("</tr>\n", out);
}

static void share_row(const compare *c, const char *what, bool kept, FILE *out) {
    fputs("<tr>", out);
    html_cell(out, "", what);
    for (size_t i = 0; i < c->columns; i++) {
        const compare_column *col = &c->column[i];
        char text[COMPARE_TEXT_MAX];
        snprintf(text, sizeof text, "%" PRId64 " of %" PRId64, kept ? col->kept : col->met, col->ended);
        html_cell(out, "n", text);
    }
    fputs("</tr>\n", out);
}

static void meanings(FILE *out) {
    fputs("<details>\n<summary>What the rows mean</summary>\n<table>\n", out);
    for (compare_figure f = 0; f < COMPARE_FIGURES; f++) {
        if (!*compare_rows[f].meaning) continue;
        fputs("<tr>", out);
        html_cell(out, "", compare_rows[f].name);
        html_cell(out, "why", compare_rows[f].meaning);
        fputs("</tr>\n", out);
    }
    fputs("</table>\n</details>", out);
}

static void table(const void *ctx, FILE *out) {
    const compare *c = compare_of(ctx);
    fputs("<table>\n", out);
    head(c, out);
    fputs("</tr>\n", out);
    for (compare_figure f = 0; f < COMPARE_FIGURES; f++) {
        if (compare_is_shown(c, f)) figure_row(c, f, out);
        if (f == COMPARE_DECISIONS) binds_row(c, out);
    }
    share_row(c, "runs that kept all promises", true, out);
    if (c->objectives) share_row(c, "runs that met all objectives", false, out);
    fputs("</table>\n", out);
    meanings(out);
}

static void claims(const void *ctx, FILE *out) {
    const compare *c = compare_of(ctx);
    fputs("<table>\n<tr>", out);
    for (int i = 0; i < CLAIM_CELLS; i++) fprintf(out, "<th class=\"n\">%s</th>", compare_claim_heads[i]);
    fputs("</tr>\n", out);
    for (size_t k = 0; k < c->columns; k++) {
        char cells[CLAIM_CELLS][COMPARE_TEXT_MAX];
        compare_claim_cells(c, k, cells);
        fputs("<tr>", out);
        for (int i = 0; i < CLAIM_CELLS; i++) html_cell(out, i ? "n" : "", cells[i]);
        fputs("</tr>\n", out);
    }
    fputs("</table>", out);
}

static void mechanisms(const void *ctx, FILE *out) {
    const compare *c = compare_of(ctx);
    compare_mechanism m[COMPARE_MECHANISMS_MAX];
    size_t n = compare_mechanisms(c, m);
    if (!n) {
        fputs("<p>In no setting of the scheduler.</p>", out);
        return;
    }
    fputs("<table>\n", out);
    head(c, out);
    fputs("</tr>\n", out);
    for (size_t i = 0; i < n; i++) {
        fputs("<tr>", out);
        html_cell(out, "", m[i].name);
        for (size_t k = 0; k < c->columns; k++) html_cell(out, "n", m[i].value[k]);
        fputs("</tr>\n", out);
    }
    fputs("</table>", out);
}

static void again(const void *ctx, FILE *out) {
    const compare *c = compare_of(ctx);
    fputs("<p><code>", out);
    html_text(out, c->command);
    fputs("</code> with lingua-scheduler " LINGUA_VERSION ". The same seed gives the same bytes in every file but "
          "timing.json, with the same Redis version. The scenarios of the columns have the hashes",
          out);
    for (size_t i = 0; i < c->columns; i++) fprintf(out, "%s <code>%s</code>", i ? "," : "", c->column[i].hash);
    fputs(" (of the first seed); each run has a folder of its own beside this page.</p>", out);
}

/* ---- figures -------------------------------------------------------------------------------------------------------- */

static void draw(const compare_page *p, size_t i, FILE *out) {
    if (p->svg[i])
        figure_html(&compare_plots[i], p->svg[i], out);
    else
        figure_missing_html(p->note, out);
}

static void figure_latency(const void *ctx, FILE *out) {
    draw(ctx, 0, out);
}

static void figure_cost(const void *ctx, FILE *out) {
    draw(ctx, 1, out);
}

static void figure_evenness(const void *ctx, FILE *out) {
    draw(ctx, 2, out);
}

static void figure_commands(const void *ctx, FILE *out) {
    draw(ctx, 3, out);
}

void compare_html(const compare_page *p, FILE *out) {
    static const template_field fields[] = {
        {"style", html_style},
        {"name", name},
        {"heading", heading},
        {"verdict_class", verdict_class},
        {"headline", headline},
        {"sentences", sentences},
        {"method", method},
        {"figure_latency", figure_latency},
        {"figure_cost", figure_cost},
        {"figure_evenness", figure_evenness},
        {"figure_commands", figure_commands},
        {"table", table},
        {"claims_note", claims_note},
        {"claims", claims},
        {"mechanisms", mechanisms},
        {"again", again},
        {NULL, NULL},
    };
    template_write("compare.html.in", fields, p, out);
}
