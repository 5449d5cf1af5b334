/* report_words.c - numbers and phrases that all reports use, so that they say the same. */
#include <math.h>
#include <string.h>

#include "bench/gate/report.h"

/* Whole numbers in groups of three; else up to three digits behind the point. */
static void grouped(double value, char text[GATE_NUMBER_MAX]) {
    char digits[GATE_NUMBER_MAX];
    bool whole = fabs(value - round(value)) < 1e-9 || fabs(value) >= 10000;
    int len = snprintf(digits, sizeof digits, whole ? "%.0f" : "%.3f", value);
    if (!whole || len > GATE_NUMBER_MAX / 2) {
        snprintf(text, GATE_NUMBER_MAX, "%s", digits);
        return;
    }
    char *to = text;
    for (int i = 0; i < len; i++) {
        if (i && digits[i - 1] != '-' && (len - i) % 3 == 0) *to++ = ',';
        *to++ = digits[i];
    }
    *to = '\0';
}

const char *gate_number(gate_layer layer, double value, char text[GATE_NUMBER_MAX]) {
    if (isnan(value))
        snprintf(text, GATE_NUMBER_MAX, "-");
    else if (layer == LAYER_PACE)
        snprintf(text, GATE_NUMBER_MAX, "%.3g ms", value * 1e3);
    else
        grouped(value, text);
    return text;
}

static double percent(double ratio) {
    return (ratio - 1) * 100;
}

static void with_interval(const ratio_interval *r, char text[GATE_CHANGE_MAX]) {
    snprintf(text, GATE_CHANGE_MAX, "%+.1f %% (%+.1f to %+.1f)", percent(r->ratio), percent(r->low), percent(r->high));
}

const char *gate_change(const gate_row *row, char text[GATE_CHANGE_MAX]) {
    if (isnan(row->base))
        snprintf(text, GATE_CHANGE_MAX, "new");
    else if (isnan(row->cand))
        snprintf(text, GATE_CHANGE_MAX, "gone");
    else if (row->layer == LAYER_PACE)
        with_interval(&row->ratio, text);
    else if (isnan(row->ratio.ratio))
        snprintf(text, GATE_CHANGE_MAX, "%s", row->word == GATE_SAME ? "=" : "from 0");
    else if (row->ratio.ratio == 1)
        snprintf(text, GATE_CHANGE_MAX, "=");
    else
        snprintf(text, GATE_CHANGE_MAX, "%+.2f %%", percent(row->ratio.ratio));
    return text;
}

const char *gate_spread(const gate_row *row, char text[GATE_CHANGE_MAX]) {
    text[0] = '\0';
    if (row->layer == LAYER_PACE) with_interval(&row->base_base, text);
    return text;
}

void gate_layer_words(const gate_report *r, gate_layer layer, char text[2 * GATE_TEXT_MAX]) {
    if (!r->layer[layer].ran) {
        snprintf(text, 2 * GATE_TEXT_MAX, "skipped: %s", r->layer[layer].skipped);
        return;
    }
    size_t used = 0;
    for (int w = 0; w < GATE_WORDS; w++) {
        int count = gate_count(r, layer, (gate_word)w);
        if (!count) continue;
        used += (size_t)snprintf(text + used, 2 * GATE_TEXT_MAX - used, "%d %s, ", count, gate_word_name((gate_word)w));
    }
    snprintf(text + used, 2 * GATE_TEXT_MAX - used, "against %s", r->layer[layer].against);
}

void gate_verdict_words(const gate_report *r, char text[GATE_TEXT_MAX]) {
    bool any = false;
    for (int l = 0; l < GATE_LAYERS; l++) any |= r->layer[l].ran;
    if (r->interrupted)
        snprintf(text, GATE_TEXT_MAX, "interrupted: what was measured so far");
    else if (!any)
        snprintf(text, GATE_TEXT_MAX, "nothing was compared");
    else if (gate_worst(r, GATE_LAYERS) != GATE_FAIL)
        snprintf(text, GATE_TEXT_MAX, "pass");
    else
        snprintf(text, GATE_TEXT_MAX, "FAIL: %d of counters, %d of instructions, %d of pace",
                 gate_count(r, LAYER_COUNTERS, GATE_FAIL), gate_count(r, LAYER_INSTRUCTIONS, GATE_FAIL),
                 gate_count(r, LAYER_PACE, GATE_FAIL));
}
