/* dist.h - a random quantity of a scenario: how long an utterance is, how long a message travels.
 *
 * Written as a plain quantity (a constant), as {dist: lognormal, mean: 5s, cv: 0.6, min: 300ms, max: 30s}, or as a column of
 * a file (dist_sample.h). Values are doubles in the unit of the field: microseconds for durations, the number itself else.
 *
 * min and max truncate: a draw outside is drawn again (at most DIST_REDRAWS times, then moved to the nearer end). So
 * the mean of what is drawn differs a little from the `mean` that is written; dist_mean() tells the former. */
#ifndef SIM_SCENARIO_DIST_H
#define SIM_SCENARIO_DIST_H

#include "core/base/clock.h"
#include "core/base/rng.h"
#include "core/base/settings.h"

enum { DIST_REDRAWS = 100 };

typedef enum dist_kind {
    DIST_CONSTANT,
    DIST_UNIFORM,
    DIST_EXPONENTIAL,
    DIST_LOGNORMAL,
    DIST_GAMMA,
    DIST_SAMPLE,
} dist_kind;

typedef struct dist_sample dist_sample;

typedef struct dist {
    int kind;            /* dist_kind */
    double mean;         /* of the untruncated distribution; CONSTANT: the value; UNIFORM: (min + max) / 2 */
    double cv;           /* standard deviation / mean; LOGNORMAL and GAMMA */
    double min, max;     /* 0 <= min <= max; max is INFINITY when there is none */
    dist_sample *sample; /* SAMPLE: owned by whoever read it; copies of a dist share it */
} dist;

/* One value, min <= value <= max. A constant takes no random number. */
double dist_draw(const dist *d, rng *r);
/* The same, rounded to whole microseconds. */
usec_t dist_draw_usec(const dist *d, rng *r);
/* Mean of what dist_draw() gives, by integration of the density; relative error below 1e-3. Cost: about a millisecond
 * when truncated, else O(1). */
double dist_mean(const dist *d);

/* Readers for setting rows. */
extern const setting_type dist_of_duration; /* values in usec */
extern const setting_type dist_of_number;
extern const setting_type dist_cv; /* a double: 0, or 0.001 .. 5; less would be lost in rounding */

#endif
