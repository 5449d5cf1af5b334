/* compare_terminal.c - the verdict, one table, and what was claimed: as a reader at a terminal wants it. */
#include "sim/report/compare.h"

#include <inttypes.h>
#include <math.h>

#include "core/base/text_table.h"

static void print_table(const compare *c, FILE *out) {
    size_t rows = 1, row = 1;
    for (compare_figure f = 0; f < COMPARE_FIGURES; f++) rows += compare_rows[f].section ? 2 : 1;
    rows += 3;
    text_table *t = text_table_new(rows, c->columns + 1);
    for (size_t i = 0; i < c->columns; i++) text_table_set(t, 0, i + 1, "%s", c->column[i].name);
    for (compare_figure f = 0; f < COMPARE_FIGURES; f++) {
        char text[COMPARE_TEXT_MAX];
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
    text_table *t = text_table_new(c->columns + 1, 9);
    static const char *const heads[] = {"",           "claimed: nodes", "sessions",
                                        "requests/s", "here: nodes",    "requests/s",
                                        "sessions",   "carried it",     "sessions at saturation"};
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) text_table_set(t, 0, i, "%s", heads[i]);
    for (size_t i = 0; i < c->columns; i++) {
        compare_claim claim = compare_claim_of(c, i);
        text_table_set(t, i + 1, 0, "  %s", c->column[i].name);
        text_table_set(t, i + 1, 1, "%s", claim.nodes ? claim.nodes : "-");
        text_table_set(t, i + 1, 2, "%s", claim.sessions ? claim.sessions : "-");
        text_table_set(t, i + 1, 3, "%s", claim.requests ? claim.requests : "-");
        text_table_set(t, i + 1, 4, "%.0f", claim.here_nodes);
        text_table_set(t, i + 1, 5, "%.1f", claim.here_requests);
        text_table_set(t, i + 1, 6, "%.0f", claim.here_sessions);
        text_table_set(t, i + 1, 7, "%s", claim.carried ? "yes" : "no");
        text_table_set(t, i + 1, 8, isnan(claim.at_saturation) ? "-" : "%.0f", claim.at_saturation);
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
