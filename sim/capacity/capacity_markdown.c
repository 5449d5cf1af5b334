/* capacity_markdown.c - report.md: the same as report.html for those who paste it into a ticket; figures are linked. */
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

static void heading(const void *ctx, FILE *out) {
    const capacity *c = capacity_of(ctx);
    markdown_text(out, c->sc->name);
    fputs(c->all.sense == SEARCH_LEAST ? ": how much does it take?" : ": how much does it carry?", out);
}

static void headline(const void *ctx, FILE *out) {
    markdown_text(out, ((const capacity_page *)ctx)->sentences[0]);
}

static void sentences(const void *ctx, FILE *out) {
    const capacity_page *p = ctx;
    for (size_t i = 1; i < p->sentence_count; i++) {
        fputs("- ", out);
        markdown_text(out, p->sentences[i]);
        fputc('\n', out);
    }
}

static void figures(const void *ctx, FILE *out) {
    const capacity_page *p = ctx;
    for (size_t i = 0; i < CAPACITY_PLOTS; i++) {
        if (p->svg[i]) figure_markdown(&capacity_plots[i], out);
    }
    if (*p->note) fprintf(out, "%s\n\n", p->note);
}

static void busy(const void *ctx, FILE *out) {
    binding list[BINDINGS_MAX];
    size_t n = capacity_bindings(capacity_of(ctx), list);
    fputs("| | busy |\n|---|--:|", out);
    for (size_t i = 0; i < n; i++) {
        fputs("\n| ", out);
        markdown_text(out, list[i].name);
        fprintf(out, " | %.1f %% |", 100 * list[i].use);
    }
}

static void points(const void *ctx, FILE *out) {
    const capacity *c = capacity_of(ctx);
    int64_t values[CAPACITY_RUNS_MAX];
    size_t n = capacity_values(c, values, CAPACITY_RUNS_MAX);
    char text[CAPACITY_TEXT_MAX];
    fputs("| ", out);
    markdown_text(out, capacity_unit(c, CAPACITY_UNIT_PLAIN));
    fputs(" | met |", out);
    for (capacity_figure f = 0; f < CAPACITY_FIGURES; f++)
        if (capacity_rows[f].shown) fprintf(out, " %s |", capacity_rows[f].name);
    fputs("\n|--:|--:|", out);
    for (capacity_figure f = 0; f < CAPACITY_FIGURES; f++)
        if (capacity_rows[f].shown) fputs("--:|", out);
    for (size_t i = 0; i < n; i++) {
        fprintf(out, "\n| %" PRId64 " | %s |", values[i], capacity_held_text(c, values[i], text));
        for (capacity_figure f = 0; f < CAPACITY_FIGURES; f++)
            if (capacity_rows[f].shown) fprintf(out, " %s |", capacity_cell(c, values[i], f, text));
    }
}

static void again(const void *ctx, FILE *out) {
    fprintf(out, "`%s` with lingua-scheduler " LINGUA_VERSION ".", capacity_of(ctx)->command);
}

void capacity_markdown(const capacity_page *p, FILE *out) {
    static const template_field fields[] = {
        {"heading", heading}, {"headline", headline}, {"sentences", sentences}, {"figures", figures},
        {"busy", busy},       {"points", points},     {"again", again},         {NULL, NULL},
    };
    template_write("capacity.md.in", fields, p, out);
}
