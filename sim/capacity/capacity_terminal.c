/* capacity_terminal.c - the verdict, what was busy, and a line for each value that was tried. */
#include <inttypes.h>

#include "core/base/text_table.h"
#include "sim/capacity/capacity_words.h"

static void print_bindings(const capacity *c, FILE *out) {
    binding list[BINDINGS_MAX];
    size_t n = capacity_bindings(c, list);
    if (!n) return;
    fputs("\nbusy where the objectives begin to be missed\n", out);
    for (size_t i = 0; i < n; i++) fprintf(out, "  %5.1f %%  %s\n", 100 * list[i].use, list[i].name);
}

static void print_points(const capacity *c, FILE *out) {
    int64_t values[CAPACITY_RUNS_MAX];
    size_t n = capacity_values(c, values, CAPACITY_RUNS_MAX), columns = 2, column = 2;
    for (capacity_figure f = 0; f < CAPACITY_FIGURES; f++) columns += capacity_rows[f].shown;
    text_table *t = text_table_new(n + 1, columns);
    char text[CAPACITY_TEXT_MAX];
    text_table_set(t, 0, 0, "%s", capacity_unit(c, CAPACITY_UNIT_PLAIN));
    text_table_set(t, 0, 1, "met");
    for (size_t i = 0; i < n; i++) {
        text_table_set(t, i + 1, 0, "%" PRId64, values[i]);
        text_table_set(t, i + 1, 1, "%s", capacity_held_text(c, values[i], text));
    }
    for (capacity_figure f = 0; f < CAPACITY_FIGURES; f++) {
        if (!capacity_rows[f].shown) continue;
        text_table_set(t, 0, column, "%s", capacity_rows[f].name);
        for (size_t i = 0; i < n; i++) text_table_set(t, i + 1, column, "%s", capacity_cell(c, values[i], f, text));
        column++;
    }
    fputc('\n', out);
    text_table_print(t, 0, out);
    text_table_free(t);
}

void capacity_terminal(const capacity *c, const char *where, FILE *out) {
    char sentences[CAPACITY_SENTENCES_MAX][CAPACITY_SENTENCE_MAX];
    size_t n = capacity_verdict(c, sentences);
    for (size_t i = 0; i < n; i++) fprintf(out, "%s%s\n", i ? "- " : "", sentences[i]);
    fprintf(out, "%s, %s=%" PRId64 "..%" PRId64 ", seed %" PRId64 " .. %" PRId64 ", %zu runs\n", c->sc->name,
            c->axis->path, c->axis->low, c->axis->high, c->first_seed, c->first_seed + (int64_t)c->seeds - 1,
            c->run_count);
    print_bindings(c, out);
    print_points(c, out);
    if (where) fprintf(out, "\nreport       %s\n", where);
}
