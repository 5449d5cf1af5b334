/* search.h - where something ceases to hold along a whole number: brackets the place, then narrows it down.
 *
 * A step asks for one or two values, which may be tried side by side, and is told what came out. The search knows nothing of what is
 * tried, so that the same answers give the same questions. It assumes that what holds at a value holds at easier ones; where chance
 * says otherwise, the first failure on the way from easy to hard counts.
 *
 *     search_begin(&s, &options);
 *     while ((n = search_ask(&s, values))) for each: search_tell(&s, values[i], holds(values[i]));
 *     search_result(&s) */
#ifndef SIM_CAPACITY_SEARCH_H
#define SIM_CAPACITY_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum search_sense {
    SEARCH_GREATEST, /* small values are easy: how many sessions? */
    SEARCH_LEAST,    /* great values are easy: how many nodes? */
    SEARCH_UNKNOWN,  /* both ends are tried first, and tell */
} search_sense;

typedef struct search_options {
    search_sense sense;
    int64_t low, high; /* 1 <= low <= high; nothing else is asked for */
    int64_t start;     /* a guess, or 0: none */
    double step; /* > 1: factor of the first step away from the guess; each further one is the square of the last */
    double precision; /* > 0: narrow enough is a bracket of that share of its middle, or two neighbours */
} search_options;

typedef enum search_end {
    SEARCH_GOES_ON,
    SEARCH_FOUND,      /* it holds at `good` and fails at `bad`, and both are close */
    SEARCH_EVERYWHERE, /* it holds at the hard end of the range, too */
    SEARCH_NOWHERE,    /* it fails at the easy end already */
} search_end;

typedef struct search {
    search_options options;
    double factor;
    bool has_good, has_bad;
    int64_t good, bad;                    /* the hardest that holds, the easiest that fails */
    bool tried_ends, hold_low, hold_high; /* SEARCH_UNKNOWN */
} search;

enum { SEARCH_ASKS = 2 };

void search_begin(search *s, const search_options *options);
/* How many values are to be tried now, from easy to hard; 0: it has ended. */
size_t search_ask(const search *s, int64_t ret_values[SEARCH_ASKS]);
/* What came out, in the order in which they were asked for. */
void search_tell(search *s, int64_t value, bool holds);
search_end search_result(const search *s);

/* The crossing as one number: the middle of the bracket; of two neighbours the one at which it holds. FOUND only. */
double search_crossing(const search *s);
/* How far from it the true one may be: half of the bracket; 0 of two neighbours. */
double search_doubt(const search *s);

#endif
