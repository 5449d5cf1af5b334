/* report_text.c - the terminal and Markdown: the same tables, once plain and once with bars. */
#include "bench/gate/report.h"
#include "core/base/text_table.h"

enum { COLUMNS_PLAIN = 5, COLUMNS_PACE = 6 };

static bool is_shown(const gate_row *row, gate_layer layer, bool same, bool other) {
    return row->layer == layer && (row->word == GATE_SAME ? same : other);
}

/* NULL when no row is to be shown. */
static text_table *make_table(const gate_report *r, gate_layer layer, bool same, bool other) {
    size_t rows = 0, at = 1, columns = layer == LAYER_PACE ? COLUMNS_PACE : COLUMNS_PLAIN;
    for (size_t i = 0; i < r->count; i++) rows += is_shown(&r->rows[i], layer, same, other);
    if (!rows) return NULL;
    text_table *t = text_table_new(rows + 1, columns);
    const char *const heads[] = {gate_layer_name(layer), "base", "candidate", "change", "verdict", "base against base"};
    for (size_t c = 0; c < columns; c++) text_table_set(t, 0, c, "%s", heads[c]);
    for (size_t i = 0; i < r->count; i++) {
        const gate_row *row = &r->rows[i];
        char number[GATE_NUMBER_MAX], text[GATE_CHANGE_MAX];
        if (!is_shown(row, layer, same, other)) continue;
        text_table_set(t, at, 0, "%s", row->name);
        text_table_set(t, at, 1, "%s", gate_number(layer, row->base, number));
        text_table_set(t, at, 2, "%s", gate_number(layer, row->cand, number));
        text_table_set(t, at, 3, "%s", gate_change(row, text));
        text_table_set(t, at, 4, "%s", gate_word_name(row->word));
        if (layer == LAYER_PACE) text_table_set(t, at, 5, "%s", gate_spread(row, text));
        at++;
    }
    return t;
}

/* Pace is always shown: there are few rows, and each has its interval to be seen. */
void gate_report_terminal(const gate_report *r, bool all, FILE *out) {
    char words[2 * GATE_TEXT_MAX], verdict[GATE_TEXT_MAX];
    for (int l = 0; l < GATE_LAYERS; l++) {
        text_table *t = make_table(r, (gate_layer)l, all || l == LAYER_PACE, true);
        if (!t) continue;
        text_table_print(t, 1, out);
        fputs("\n", out);
        text_table_free(t);
    }
    for (int l = 0; l < GATE_LAYERS; l++) {
        gate_layer_words(r, (gate_layer)l, words);
        fprintf(out, "%-13s %s\n", gate_layer_name((gate_layer)l), words);
    }
    gate_verdict_words(r, verdict);
    fprintf(out, "%-13s %s\n", "verdict", verdict);
    if (gate_count(r, LAYER_COUNTERS, GATE_FAIL))
        fputs("\nIf the counters are meant to change: lingua-bench gate --bless \"why\", and commit the baseline.\n",
              out);
}

void gate_report_markdown(const gate_report *r, FILE *out) {
    char words[2 * GATE_TEXT_MAX], verdict[GATE_TEXT_MAX];
    gate_verdict_words(r, verdict);
    fprintf(out, "## Benchmarks: %s\n\n", verdict);
    for (int l = 0; l < GATE_LAYERS; l++) {
        gate_layer_words(r, (gate_layer)l, words);
        fprintf(out, "- **%s**: %s\n", gate_layer_name((gate_layer)l), words);
    }
    if (*r->blessed) fprintf(out, "- baseline blessed %s\n", r->blessed);
    for (int same = 0; same < 2; same++) {
        if (same) fputs("\n<details><summary>what is the same</summary>\n", out);
        for (int l = 0; l < GATE_LAYERS; l++) {
            text_table *t = make_table(r, (gate_layer)l, same, !same);
            if (!t) continue;
            fputs("\n", out);
            text_table_markdown(t, 1, out);
            text_table_free(t);
        }
        if (same) fputs("\n</details>\n", out);
    }
    fprintf(out, "\nRedis %s; %s; %s; %s.\n", r->env.text[ENV_REDIS], r->env.text[ENV_COMPILER], r->env.text[ENV_MODEL],
            r->env.text[ENV_VALGRIND]);
    if (r->layer[LAYER_PACE].ran)
        fprintf(out, "Pace: ratio of medians of %d interleaved pairs with its 95 %% bootstrap interval.\n", r->pairs);
}
