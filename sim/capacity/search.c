/* search.c - steps away from a guess, each the square of the last, until it holds on one side and fails on the other; then thirds.
 *
 * Why thirds and two values at once: a trial is a run of minutes on one processor, and there are at least two. Two trials side by
 * side leave a third of the bracket, two one after the other a quarter, in twice the time.
 *
 * Invariant: between `good` and `bad` nothing has been tried. */
#include "sim/capacity/search.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

void search_begin(search *s, const search_options *o) {
    assert(o->low >= 1 && o->low <= o->high && o->step > 1 && o->precision > 0);
    *s = (search){.options = *o, .factor = o->step};
    int64_t easy = o->sense == SEARCH_LEAST ? o->high : o->low;
    if (!o->start) s->options.start = easy;
    if (s->options.start < o->low) s->options.start = o->low;
    if (s->options.start > o->high) s->options.start = o->high;
}

static bool is_easier(const search *s, int64_t a, int64_t b) {
    return s->options.sense == SEARCH_LEAST ? a > b : a < b;
}

static int64_t hard_end(const search *s) {
    return s->options.sense == SEARCH_LEAST ? s->options.low : s->options.high;
}

static int64_t easy_end(const search *s) {
    return s->options.sense == SEARCH_LEAST ? s->options.high : s->options.low;
}

/* A value harder (or easier) by the factor, by one at least, within the range. */
static int64_t away(const search *s, int64_t value, bool harder) {
    bool up = harder == (s->options.sense != SEARCH_LEAST);
    double far = up ? (double)value * s->factor : (double)value / s->factor;
    if (up && far < (double)value + 1) far = (double)value + 1;
    if (!up && far > (double)value - 1) far = (double)value - 1;
    if (far > (double)s->options.high) return s->options.high;
    if (far < (double)s->options.low) return s->options.low;
    return (int64_t)llround(far);
}

static int64_t width(const search *s) {
    return llabs(s->bad - s->good);
}

static bool is_narrow(const search *s) {
    double middle = ((double)s->good + (double)s->bad) / 2;
    return width(s) <= 1 || (double)width(s) <= s->options.precision * middle;
}

search_end search_result(const search *s) {
    if (s->options.sense == SEARCH_UNKNOWN) {
        if (!s->tried_ends) return SEARCH_GOES_ON;
        return s->hold_low ? SEARCH_EVERYWHERE : SEARCH_NOWHERE;
    }
    if (s->has_good && s->has_bad) return is_narrow(s) ? SEARCH_FOUND : SEARCH_GOES_ON;
    if (s->has_good && s->good == hard_end(s)) return SEARCH_EVERYWHERE;
    if (s->has_bad && s->bad == easy_end(s)) return SEARCH_NOWHERE;
    return SEARCH_GOES_ON;
}

static size_t ask_ends(const search *s, int64_t values[SEARCH_ASKS]) {
    values[0] = s->options.low;
    values[1] = s->options.high;
    return s->options.low == s->options.high ? 1 : 2;
}

/* The guess and the next step behind it, because guesses lie below the crossing more often than not. */
static size_t ask_first(const search *s, int64_t values[SEARCH_ASKS]) {
    values[0] = s->options.start;
    values[1] = away(s, s->options.start, true);
    return values[0] == values[1] ? 1 : 2;
}

static size_t ask_thirds(const search *s, int64_t values[SEARCH_ASKS]) {
    double third = (double)(s->bad - s->good) / 3;
    values[0] = s->good + (int64_t)llround(third);
    values[1] = s->good + (int64_t)llround(2 * third);
    return width(s) == 2 ? 1 : 2;
}

size_t search_ask(const search *s, int64_t values[SEARCH_ASKS]) {
    if (search_result(s) != SEARCH_GOES_ON) return 0;
    if (s->options.sense == SEARCH_UNKNOWN) return ask_ends(s, values);
    if (!s->has_good && !s->has_bad) return ask_first(s, values);
    if (s->has_good && s->has_bad) return ask_thirds(s, values);
    values[0] = s->has_good ? away(s, s->good, true) : away(s, s->bad, false);
    return 1;
}

static void tell_end(search *s, int64_t value, bool holds) {
    if (value == s->options.low) s->hold_low = holds;
    if (value == s->options.high) s->hold_high = holds;
    s->tried_ends = value == s->options.high;
    if (!s->tried_ends || s->hold_low == s->hold_high) return;
    s->options.sense = s->hold_low ? SEARCH_GREATEST : SEARCH_LEAST;
    s->has_good = s->has_bad = true;
    s->good = s->hold_low ? s->options.low : s->options.high;
    s->bad = s->hold_low ? s->options.high : s->options.low;
}

void search_tell(search *s, int64_t value, bool holds) {
    bool stepping = s->has_good != s->has_bad;
    if (s->options.sense == SEARCH_UNKNOWN) {
        tell_end(s, value, holds);
    } else if (holds) {
        if (s->has_bad && !is_easier(s, value, s->bad)) return; /* behind a failure */
        if (!s->has_good || is_easier(s, s->good, value)) s->good = value;
        s->has_good = true;
    } else {
        if (!s->has_bad || is_easier(s, value, s->bad)) s->bad = value;
        s->has_bad = true;
    }
    if (stepping && s->has_good != s->has_bad) s->factor *= s->factor;
}

double search_crossing(const search *s) {
    assert(search_result(s) == SEARCH_FOUND);
    return width(s) <= 1 ? (double)s->good : ((double)s->good + (double)s->bad) / 2;
}

double search_doubt(const search *s) {
    return width(s) <= 1 ? 0 : (double)width(s) / 2;
}
