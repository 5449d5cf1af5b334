/* capacity_words.c - numbers as people read them. */
#include "sim/capacity/capacity_words.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

const char *capacity_unit(const capacity *c, capacity_unit_form form) {
    bool capital = form == CAPACITY_UNIT_CAPITAL;
    switch (c->axis->kind) {
    case AXIS_SESSIONS: return capital ? "Sessions:" : "sessions";
    case AXIS_NODES: return capital ? "Nodes:" : "nodes";
    case AXIS_PATH: break;
    }
    return c->axis->path;
}

char *capacity_interval_text(const capacity_answer *a, char text[CAPACITY_TEXT_MAX]) {
    if (a->low >= a->high)
        snprintf(text, CAPACITY_TEXT_MAX, a->seeds > 1 ? "with every seed" : "one seed");
    else
        snprintf(text, CAPACITY_TEXT_MAX, "%s%.0f to %.0f, ± %.1f %%", a->seeds > 1 ? "95 % interval " : "one seed, ",
                 a->low, a->high, 100 * (a->high - a->low) / 2 / a->value);
    return text;
}

char *capacity_cell(const capacity *c, int64_t value, capacity_figure f, char text[CAPACITY_TEXT_MAX]) {
    interval i = capacity_interval(c, value, f);
    int decimals = capacity_rows[f].decimals;
    if (!i.n)
        snprintf(text, CAPACITY_TEXT_MAX, "-");
    else if (i.n < 3) /* of two the interval is too wide to say anything */
        snprintf(text, CAPACITY_TEXT_MAX, "%.*f", decimals, i.mean);
    else
        snprintf(text, CAPACITY_TEXT_MAX, "%.*f ± %.*f", decimals, i.mean, decimals, i.half);
    return text;
}

char *capacity_held_text(const capacity *c, int64_t value, char text[CAPACITY_TEXT_MAX]) {
    size_t runs, held = capacity_held(c, value, &runs);
    snprintf(text, CAPACITY_TEXT_MAX, "%zu of %zu", held, runs);
    return text;
}

static void add_zero(size_t *len, char text[CAPACITY_SENTENCE_MAX], const char *what) {
    if (*len < CAPACITY_SENTENCE_MAX) *len += (size_t)snprintf(text + *len, CAPACITY_SENTENCE_MAX - *len, "%s", what);
}

char *usl_sentence(const usl_fit *f, char text[CAPACITY_SENTENCE_MAX]) {
    size_t len =
        (size_t)snprintf(text, CAPACITY_SENTENCE_MAX,
                         "Universal Scalability Law over %zu points at %zu places: lambda %.4g (%.4g to %.4g), sigma "
                         "%.3g (%.3g to %.3g), kappa %.3g "
                         "(%.3g to %.3g), off by %.1f %%",
                         f->points, f->places, f->lambda.value, f->lambda.low, f->lambda.high, f->sigma.value,
                         f->sigma.low, f->sigma.high, f->kappa.value, f->kappa.low, f->kappa.high, 100 * f->error);
    if (f->kappa_is_zero)
        add_zero(&len, text, "; kappa cannot be told from 0: nothing says that more would ever make it slower");
    else if (isfinite(f->peak) && len < CAPACITY_SENTENCE_MAX)
        len += (size_t)snprintf(text + len, CAPACITY_SENTENCE_MAX - len,
                                "; throughput is greatest at %.0f, and falls behind it", f->peak);
    if (f->sigma_is_zero)
        add_zero(&len, text,
                 f->kappa_is_zero ? ", nor sigma: it scales with what is added" : "; sigma cannot be told from 0");
    add_zero(&len, text, ".");
    return text;
}
