/* compare_markdown.c - report.md: the same as report.html for those who paste it into a ticket; figures are linked. */
#include <inttypes.h>

#include "core/base/version.h"
#include "sim/report/compare_pages.h"
#include "sim/report/figure_page.h"
#include "sim/report/html_text.h"
#include "sim/report/template.h"

static const compare *compare_of(const void *ctx) {
    return ((const compare_page *)ctx)->compare;
}

static void heading(const void *ctx, FILE *out) {
    compare_heading(ctx, out);
}

static void headline(const void *ctx, FILE *out) {
    const compare_page *p = ctx;
    markdown_text(out, p->sentence_count ? p->sentences[0] : "Nothing was measured.");
}

static void sentences(const void *ctx, FILE *out) {
    const compare_page *p = ctx;
    for (size_t i = 1; i < p->sentence_count; i++) {
        fputs("- ", out);
        markdown_text(out, p->sentences[i]);
        fputc('\n', out);
    }
}

static void method(const void *ctx, FILE *out) {
    compare_method(ctx, out);
}

static void claims_note(const void *ctx, FILE *out) {
    compare_claims_note(ctx, out);
}

static void figures(const void *ctx, FILE *out) {
    const compare_page *p = ctx;
    for (size_t i = 0; i < COMPARE_PLOTS; i++) {
        if (p->svg[i]) figure_markdown(&compare_plots[i], out);
    }
    if (*p->note) fprintf(out, "%s\n\n", p->note);
}

static void head(const compare *c, FILE *out) {
    fputs("| |", out);
    for (size_t i = 0; i < c->columns; i++) {
        fputc(' ', out);
        markdown_text(out, c->column[i].name);
        fputs(" |", out);
    }
    fputs("\n|---|", out);
    for (size_t i = 0; i < c->columns; i++) fputs("--:|", out);
}

static void table(const void *ctx, FILE *out) {
    const compare *c = compare_of(ctx);
    char text[COMPARE_TEXT_MAX];
    head(c, out);
    for (compare_figure f = 0; f < COMPARE_FIGURES; f++) {
        if (!compare_is_shown(c, f)) continue;
        if (compare_rows[f].section) fprintf(out, "\n| **%s** |", compare_rows[f].section);
        for (size_t i = 0; compare_rows[f].section && i < c->columns; i++) fputs(" |", out);
        fprintf(out, "\n| %s |", compare_rows[f].name);
        for (size_t i = 0; i < c->columns; i++) fprintf(out, " %s |", compare_text(c, i, f, text));
        if (f != COMPARE_DECISIONS) continue;
        fputs("\n| what binds |", out);
        for (size_t i = 0; i < c->columns; i++) fprintf(out, " %s |", compare_binds(c, i, text));
    }
    fputs("\n| runs that kept all promises |", out);
    for (size_t i = 0; i < c->columns; i++)
        fprintf(out, " %" PRId64 " of %" PRId64 " |", c->column[i].kept, c->column[i].ended);
    if (!c->objectives) return;
    fputs("\n| runs that met all objectives |", out);
    for (size_t i = 0; i < c->columns; i++)
        fprintf(out, " %" PRId64 " of %" PRId64 " |", c->column[i].met, c->column[i].ended);
}

static void claims(const void *ctx, FILE *out) {
    const compare *c = compare_of(ctx);
    fputc('|', out);
    for (int i = 0; i < CLAIM_CELLS; i++) fprintf(out, " %s |", compare_claim_heads[i]);
    fputs("\n|---|", out);
    for (int i = 1; i < CLAIM_CELLS; i++) fputs("--:|", out);
    for (size_t k = 0; k < c->columns; k++) {
        char cells[CLAIM_CELLS][COMPARE_TEXT_MAX];
        compare_claim_cells(c, k, cells);
        fputs("\n|", out);
        for (int i = 0; i < CLAIM_CELLS; i++) {
            fputc(' ', out);
            markdown_text(out, cells[i]);
            fputs(" |", out);
        }
    }
}

static void mechanisms(const void *ctx, FILE *out) {
    const compare *c = compare_of(ctx);
    compare_mechanism m[COMPARE_MECHANISMS_MAX];
    size_t n = compare_mechanisms(c, m);
    if (!n) {
        fputs("No setting of the scheduler.", out);
        return;
    }
    head(c, out);
    for (size_t i = 0; i < n; i++) {
        fprintf(out, "\n| %s |", m[i].name);
        for (size_t k = 0; k < c->columns; k++) fprintf(out, " %s |", m[i].value[k]);
    }
}

static void again(const void *ctx, FILE *out) {
    fprintf(out, "`%s` with lingua-scheduler " LINGUA_VERSION ".", compare_of(ctx)->command);
}

void compare_markdown(const compare_page *p, FILE *out) {
    static const template_field fields[] = {
        {"heading", heading},
        {"headline", headline},
        {"sentences", sentences},
        {"method", method},
        {"figures", figures},
        {"table", table},
        {"claims_note", claims_note},
        {"claims", claims},
        {"mechanisms", mechanisms},
        {"again", again},
        {NULL, NULL},
    };
    template_write("compare.md.in", fields, p, out);
}
