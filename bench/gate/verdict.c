/* verdict.c - the rules of the header, and nothing else: no figure is measured or printed here. */
#include "bench/gate/verdict.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/harness.h"
#include "core/base/mem.h"

#define EQUAL             1e-9 /* the last digits of a quotient, written and read again */
#define INSTRUCTIONS_WARN 1.01
#define INSTRUCTIONS_FAIL 1.05
#define PACE_FAIL         1.10
#define BOOTSTRAP_SEED    1

static const char *const words[GATE_WORDS] = {
    [GATE_SAME] = "same", [GATE_BETTER] = "better", [GATE_INCONCLUSIVE] = "inconclusive",
    [GATE_WARN] = "warn", [GATE_FAIL] = "FAIL",
};
static const char *const layers[GATE_LAYERS] = {
    [LAYER_COUNTERS] = "counters",
    [LAYER_INSTRUCTIONS] = "instructions",
    [LAYER_PACE] = "pace",
};

const char *gate_word_name(gate_word word) {
    return words[word];
}

const char *gate_layer_name(gate_layer layer) {
    return layers[layer];
}

void gate_report_free(gate_report *r) {
    free(r->rows);
    r->rows = NULL;
    r->count = 0;
}

gate_word gate_worst(const gate_report *r, gate_layer layer) {
    gate_word worst = GATE_SAME;
    for (size_t i = 0; i < r->count; i++)
        if ((layer == GATE_LAYERS || r->rows[i].layer == layer) && r->rows[i].word > worst) worst = r->rows[i].word;
    return worst;
}

int gate_count(const gate_report *r, gate_layer layer, gate_word word) {
    int count = 0;
    for (size_t i = 0; i < r->count; i++) count += r->rows[i].layer == layer && r->rows[i].word == word;
    return count;
}

static gate_row *add_row(gate_report *r, gate_layer layer, const char *name) {
    r->rows = mem_realloc(r->rows, r->count + 1, sizeof *r->rows);
    gate_row *row = &r->rows[r->count++];
    const ratio_interval unknown = {NAN, NAN, NAN};
    *row = (gate_row){.layer = layer, .base = NAN, .cand = NAN, .ratio = unknown, .base_base = unknown};
    snprintf(row->name, sizeof row->name, "%s", name);
    return row;
}

/* --- counters and instructions ---------------------------------------------------------------------------------------------- */

static bool is_equal(double a, double b) {
    return fabs(a - b) <= EQUAL * fmax(fabs(a), fabs(b));
}

static gate_word judge_counter(double base, double cand) {
    return is_equal(base, cand) ? GATE_SAME : GATE_FAIL;
}

static gate_word judge_instructions(double base, double cand) {
    double ratio = cand / base;
    if (ratio > INSTRUCTIONS_FAIL) return GATE_FAIL;
    if (ratio > INSTRUCTIONS_WARN) return GATE_WARN;
    return ratio < 2 - INSTRUCTIONS_WARN ? GATE_BETTER : GATE_SAME;
}

static void judge(gate_report *r, gate_layer layer, const figures *base, const figures *cand,
                  gate_word (*rule)(double base, double cand)) {
    for (size_t i = 0; i < cand->count; i++) {
        const figure *mine = &cand->list[i], *other = figures_find(base, mine->name);
        gate_row *row = add_row(r, layer, mine->name);
        row->cand = mine->value;
        row->word = GATE_FAIL;
        if (!other) continue;
        row->base = other->value;
        row->word = rule(other->value, mine->value);
        double ratio = other->value != 0 ? mine->value / other->value : NAN;
        row->ratio = (ratio_interval){ratio, ratio, ratio};
    }
    for (size_t i = 0; i < base->count; i++) {
        if (figures_find(cand, base->list[i].name)) continue;
        gate_row *row = add_row(r, layer, base->list[i].name);
        row->base = base->list[i].value;
        row->word = GATE_FAIL;
    }
}

void gate_judge_counters(gate_report *r, const figures *base, const figures *cand) {
    judge(r, LAYER_COUNTERS, base, cand, judge_counter);
}

void gate_judge_instructions(gate_report *r, const figures *base, const figures *cand) {
    judge(r, LAYER_INSTRUCTIONS, base, cand, judge_instructions);
}

/* --- pace ------------------------------------------------------------------------------------------------------------------- */

static gate_word judge_pace(const ratio_interval *ratio, const ratio_interval *base_base) {
    bool too_noisy = base_base->low > PACE_FAIL || base_base->high < 1 / PACE_FAIL;
    if (too_noisy) return GATE_INCONCLUSIVE;
    if (ratio->low > PACE_FAIL) return GATE_FAIL;
    if (ratio->high < 1 / PACE_FAIL) return GATE_BETTER;
    return ratio->low >= 1 / PACE_FAIL && ratio->high <= PACE_FAIL ? GATE_SAME : GATE_INCONCLUSIVE;
}

void gate_judge_pace(gate_report *r, const char *name, const pace_series base[3], const pace_series *cand, int count) {
    gate_row *row = add_row(r, LAYER_PACE, name);
    row->base = bench_summarize(base[2].value, count).median;
    row->cand = bench_summarize(cand->value, count).median;
    row->ratio = bootstrap_ratio(base[2].value, cand->value, count, BOOTSTRAP_SEED);
    row->base_base = bootstrap_ratio(base[0].value, base[1].value, count, BOOTSTRAP_SEED);
    row->word = judge_pace(&row->ratio, &row->base_base);
}
