/* capacity_html.c - the page of a capacity: the number first, then the hockey stick, then what binds. */
#include <inttypes.h>

#include "core/base/version.h"
#include "sim/capacity/capacity_pages.h"
#include "sim/capacity/capacity_words.h"
#include "sim/report/figure_page.h"
#include "sim/report/html_text.h"
#include "sim/report/template.h"

static const capacity *capacity_of(const void *ctx) {
    return ((const capacity_page *)ctx)->capacity;
}

static void name(const void *ctx, FILE *out) {
    html_text(out, capacity_of(ctx)->sc->name);
}

static void heading(const void *ctx, FILE *out) {
    const capacity *c = capacity_of(ctx);
    html_text(out, c->sc->name);
    fputs(c->all.sense == SEARCH_LEAST ? ": how much does it take?" : ": how much does it carry?", out);
}

static void verdict_class(const void *ctx, FILE *out) {
    fputs(capacity_is_answered(capacity_of(ctx)) ? "pass" : "fail", out);
}

static void headline(const void *ctx, FILE *out) {
    html_text(out, ((const capacity_page *)ctx)->sentences[0]);
}

static void sentences(const void *ctx, FILE *out) {
    const capacity_page *p = ctx;
    if (p->sentence_count < 2) return;
    fputs("<ul>\n", out);
    for (size_t i = 1; i < p->sentence_count; i++) {
        fputs("<li>", out);
        html_text(out, p->sentences[i]);
        fputs("</li>\n", out);
    }
    fputs("</ul>", out);
}

static void busy(const void *ctx, FILE *out) {
    binding list[BINDINGS_MAX];
    size_t n = capacity_bindings(capacity_of(ctx), list);
    fputs("<table>\n", out);
    for (size_t i = 0; i < n; i++) {
        char text[CAPACITY_TEXT_MAX];
        snprintf(text, sizeof text, "%.1f %%", 100 * list[i].use);
        fputs("<tr>", out);
        html_cell(out, "", list[i].name);
        html_cell(out, "n", text);
        fputs("</tr>\n", out);
    }
    fputs("</table>", out);
}

static void points(const void *ctx, FILE *out) {
    const capacity *c = capacity_of(ctx);
    int64_t values[CAPACITY_RUNS_MAX];
    size_t n = capacity_values(c, values, CAPACITY_RUNS_MAX);
    char text[CAPACITY_TEXT_MAX];
    fputs("<table>\n<tr><th class=\"n\">", out);
    html_text(out, capacity_unit(c, CAPACITY_UNIT_PLAIN));
    fputs("</th><th class=\"n\">met</th>", out);
    for (capacity_figure f = 0; f < CAPACITY_FIGURES; f++)
        if (capacity_rows[f].shown) fprintf(out, "<th class=\"n\">%s</th>", capacity_rows[f].name);
    fputs("</tr>\n", out);
    for (size_t i = 0; i < n; i++) {
        snprintf(text, sizeof text, "%" PRId64, values[i]);
        fputs("<tr>", out);
        html_cell(out, "n", text);
        html_cell(out, "n", capacity_held_text(c, values[i], text));
        for (capacity_figure f = 0; f < CAPACITY_FIGURES; f++)
            if (capacity_rows[f].shown) html_cell(out, "n", capacity_cell(c, values[i], f, text));
        fputs("</tr>\n", out);
    }
    fputs("</table>", out);
}

static void seeds(const void *ctx, FILE *out) {
    const capacity *c = capacity_of(ctx);
    fputs("<table>\n<tr><th>seed</th><th class=\"n\">met at</th><th class=\"n\">missed at</th></tr>\n", out);
    for (size_t i = 0; i < c->seeds && c->complete; i++) {
        const search *s = &c->all.seed[i];
        fprintf(out, "<tr><td>%" PRId64 "</td>", c->first_seed + (int64_t)i);
        fprintf(out, s->has_good ? "<td class=\"n\">%" PRId64 "</td>" : "<td class=\"n\">-</td>", s->good);
        fprintf(out, s->has_bad ? "<td class=\"n\">%" PRId64 "</td>" : "<td class=\"n\">-</td>", s->bad);
        fputs("</tr>\n", out);
    }
    fputs("</table>", out);
}

static void again(const void *ctx, FILE *out) {
    fputs("<p><code>", out);
    html_text(out, capacity_of(ctx)->command);
    fputs("</code> with lingua-scheduler " LINGUA_VERSION
          ". The same seeds give the same bytes in every file but timing.json, with "
          "the same Redis version. Each run has a folder of its own in <code>runs/</code>; <code>points.csv</code> has "
          "a row for "
          "each.</p>",
          out);
}

static void draw(const capacity_page *p, size_t i, FILE *out) {
    static const char few[] = "There are too few points for this figure, or the axis says nothing about it.";
    if (p->svg[i])
        figure_html(&capacity_plots[i], p->svg[i], out);
    else
        figure_missing_html(*p->note ? p->note : few, out);
}

static void figure_latency(const void *ctx, FILE *out) {
    draw(ctx, CAPACITY_PLOT_LATENCY, out);
}

static void figure_use(const void *ctx, FILE *out) {
    draw(ctx, CAPACITY_PLOT_USE, out);
}

static void figure_usl(const void *ctx, FILE *out) {
    draw(ctx, CAPACITY_PLOT_USL, out);
}

void capacity_html(const capacity_page *p, FILE *out) {
    static const template_field fields[] = {
        {"style", html_style},
        {"name", name},
        {"heading", heading},
        {"verdict_class", verdict_class},
        {"headline", headline},
        {"sentences", sentences},
        {"figure_latency", figure_latency},
        {"figure_use", figure_use},
        {"figure_usl", figure_usl},
        {"busy", busy},
        {"points", points},
        {"seeds", seeds},
        {"again", again},
        {NULL, NULL},
    };
    template_write("capacity.html.in", fields, p, out);
}
