/* histories.h - plays random histories of weighted operations, and shrinks and prints one that fails. */
#ifndef TESTS_SUPPORT_HISTORIES_H
#define TESTS_SUPPORT_HISTORIES_H

#include "tests/support/shrink.h"

#include <stdint.h>

/* What `a` and `b` mean is the kind's business; they are uniform in 0..255. */
typedef struct op {
    uint8_t kind, a, b;
} op;

typedef struct op_row {
    const char *name;
    unsigned weight; /* how often it is drawn */
} op_row;

typedef struct histories {
    const char *stream; /* of the random numbers; each history is a seed of it */
    const op_row *kinds;
    unsigned kind_count;
    size_t ops;    /* of one history */
    int count;     /* unless the environment's HISTORIES says otherwise */
    double latest; /* share of the operations whose `a` is below 6: those that concern what came last */
    shrink_fails *fails;
    const char *wrong; /* what was wrong with the history that failed last */
} histories;

/* Fails the test with the first seed whose history fails, shrunk and printed. */
void histories_play(const histories *h);

#endif
