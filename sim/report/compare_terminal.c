/* compare_terminal.c - the verdict, one table, and what was claimed: as a reader at a terminal wants it. */
#include <inttypes.h>

#include "core/base/text_table.h"
#include "sim/report/compare_pages.h"

static void print_table(const compare *c, FILE *out) {
    size_t rows = 1, row = 1;
    for (compare_figure f = 0; f < COMPARE_FIGURES; f++)
        rows += compare_is_shown(c, f) ? (compare_rows[f].section ? 2 : 1) : 0;
    rows += 3;
    text_table *t = text_table_new(rows, c->columns + 1);
    for (size_t i = 0; i < c->columns; i++) text_table_set(t, 0, i + 1, "%s", c->column[i].name);
    for (compare_figure f = 0; f < COMPARE_FIGURES; f++) {
        char text[COMPARE_TEXT_MAX];
        if (!compare_is_shown(c, f)) continue;
        if (compare_rows[f].section) text_table_set(t, row++, 0, "%s", compare_rows[f].section);
        text_table_set(t, row, 0, "  %s", compare_rows[f].name);
        for (size_t i = 0; i < c->columns; i++) text_table_set(t, row, i + 1, "%s", compare_text(c, i, f, text));
        row++;
        if (f != COMPARE_DECISIONS) continue;
        text_table_set(t, row, 0, "  what binds");
        for (size_t i = 0; i < c->columns; i++) text_table_set(t, row, i + 1, "%s", compare_binds(c, i, text));
        row++;
    }
    text_table_set(t, row, 0, "  runs that kept all promises");
    text_table_set(t, row + 1, 0, "  runs that met all %zu objectives", c->objectives);
    for (size_t i = 0; i < c->columns; i++) {
        const compare_column *col = &c->column[i];
        text_table_set(t, row, i + 1, "%" PRId64 " of %" PRId64, col->kept, col->ended);
        text_table_set(t, row + 1, i + 1, "%" PRId64 " of %" PRId64, col->met, col->ended);
    }
    text_table_print(t, 1, out);
    text_table_free(t);
}

static void print_mechanisms(const compare *c, FILE *out) {
    compare_mechanism m[COMPARE_MECHANISMS_MAX];
    size_t n = compare_mechanisms(c, m);
    if (!n) return;
    fputs("\nwhat differs\n", out);
    text_table *t = text_table_new(n, c->columns + 1);
    for (size_t i = 0; i < n; i++) {
        text_table_set(t, i, 0, "  %s", m[i].name);
        for (size_t k = 0; k < c->columns; k++) text_table_set(t, i, k + 1, "%s", m[i].value[k]);
    }
    text_table_print(t, 1, out);
    text_table_free(t);
}

static void print_claims(const compare *c, FILE *out) {
    text_table *t = text_table_new(c->columns + 1, CLAIM_CELLS);
    for (size_t i = 0; i < CLAIM_CELLS; i++) text_table_set(t, 0, i, "%s", compare_claim_heads[i]);
    for (size_t k = 0; k < c->columns; k++) {
        char cells[CLAIM_CELLS][COMPARE_TEXT_MAX];
        compare_claim_cells(c, k, cells);
        for (size_t i = 0; i < CLAIM_CELLS; i++) text_table_set(t, k + 1, i, i ? "%s" : "  %s", cells[i]);
    }
    fputs("\nclaimed and measured\n", out);
    text_table_print(t, 1, out);
    text_table_free(t);
}

void compare_terminal(const compare *c, const char *where, FILE *out) {
    char sentences[COMPARE_SENTENCES_MAX][COMPARE_SENTENCE_MAX];
    size_t n = compare_verdict(c, sentences);
    fprintf(out, "%s, %zu columns, seed %" PRId64, c->name, c->columns, c->first_seed);
    if (c->runs > 1)
        fprintf(out, " .. %" PRId64 "; mean and 95 %% interval of %" PRId64 " runs", c->first_seed + c->runs - 1,
                c->runs);
    fputs("\n\n", out);
    for (size_t i = 0; i < n; i++) fprintf(out, "- %s\n", sentences[i]);
    fputc('\n', out);
    print_table(c, out);
    print_mechanisms(c, out);
    print_claims(c, out);
    if (where) fprintf(out, "\nreport       %s\n", where);
}
