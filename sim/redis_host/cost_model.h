/* cost_model.h - how long the simulated Redis server works on a call.
 *
 * calibrated  base + per byte of the call, a gamma variate with the row's spread; rows in cost_profile.c. Drawn from a seeded stream and
 *             rounded to whole microseconds at random, so that the mean is kept.
 * zero        nothing takes time: pure logic.
 * measured    the real time of each call; not reproducible. The caller measures; cost_model_draw() must not be asked. */
#ifndef SIM_REDIS_HOST_COST_MODEL_H
#define SIM_REDIS_HOST_COST_MODEL_H

#include "core/base/clock.h"
#include "core/base/rng.h"
#include "core/redis/scripts.h"

#include <stddef.h>

typedef enum cost_kind { COST_CALIBRATED, COST_ZERO, COST_MEASURED, COST_KINDS } cost_kind;

const char *cost_kind_name(cost_kind kind);

typedef struct cost_row {
    double base_usec;
    double usec_per_byte; /* of the call on the wire */
    double cv;            /* standard deviation / mean */
} cost_row;

typedef struct cost_profile {
    cost_row script[SCRIPT_COUNT];
    cost_row command; /* every plain command */
} cost_profile;

extern const cost_profile cost_profile_default;

typedef struct cost_model {
    cost_kind kind;
    const cost_profile *profile;
    rng stream;
} cost_model;

/* `profile` is borrowed; NULL for the default. */
void cost_model_init(cost_model *m, cost_kind kind, const cost_profile *profile, uint64_t seed);
/* SCRIPT_NONE: a plain command. `bytes`: call_wire_size(). */
usec_t cost_model_draw(cost_model *m, script_id script, size_t bytes);
/* The mean of what cost_model_draw() gives, in microseconds. */
double cost_model_mean(const cost_model *m, script_id script, size_t bytes);

#endif
