/* cost_model.c - see the header. Spread is a gamma variate: positive, one parameter, and with a tail like that of a
 * server's times; its mean does not move with the spread. */
#include "sim/redis_host/cost_model.h"

#include <assert.h>

static const char *const names[COST_KINDS] = {"calibrated", "zero", "measured"};

const char *cost_kind_name(cost_kind kind) {
    assert(kind >= 0 && kind < COST_KINDS);
    return names[kind];
}

void cost_model_init(cost_model *m, cost_kind kind, const cost_profile *profile, uint64_t seed) {
    m->kind = kind;
    m->profile = profile ? profile : &cost_profile_default;
    rng_init(&m->stream, seed, "redis.cost", 0);
}

static const cost_row *row_of(const cost_model *m, script_id script) {
    return script == SCRIPT_NONE ? &m->profile->command : &m->profile->script[script];
}

double cost_model_mean(const cost_model *m, script_id script, size_t bytes) {
    if (m->kind == COST_ZERO) return 0;
    const cost_row *row = row_of(m, script);
    return row->base_usec + row->usec_per_byte * (double)bytes;
}

usec_t cost_model_draw(cost_model *m, script_id script, size_t bytes) {
    assert(m->kind != COST_MEASURED);
    double mean = cost_model_mean(m, script, bytes);
    if (mean <= 0) return 0;
    double cv = row_of(m, script)->cv;
    double cost = cv > 0 ? rng_gamma(&m->stream, mean, cv) : mean;
    usec_t whole = (usec_t)cost;
    return whole + (rng_unit(&m->stream) < cost - (double)whole);
}
