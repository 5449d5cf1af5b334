/* spread.c - to which instance a new connection goes, as a load balancer in front of them would say.
 *
 * Nodes and speakers take turns apart from each other, so that their orders do not mix. Draws are from a stream of the one connection. */
#include "sim/world/internal.h"

#include "core/base/detmath.h"

static double weight(const world *w, int32_t number) {
    if (w->sc->instances.spread == SPREAD_RANDOM) return 1;
    return det_pow((double)number + 1, -w->sc->instances.skew);
}

static int32_t draw(const world *w, const char *purpose, uint64_t entity, uint64_t connection) {
    rng r;
    double sum = 0;
    int32_t last = -1;
    for (int32_t k = 0; k < w->instance_count; k++)
        if (instance_takes_connections(w, k)) sum += weight(w, k);
    rng_init(&r, w->seed + connection, purpose, entity);
    double left = rng_unit(&r) * sum;
    for (int32_t k = 0; k < w->instance_count && left >= 0; k++) {
        if (!instance_takes_connections(w, k)) continue;
        left -= weight(w, k);
        last = k;
    }
    return last;
}

static int32_t take_turn(const world *w, int32_t *next) {
    for (int32_t i = 0; i < w->instance_count; i++) {
        int32_t chosen = *next;
        *next = (chosen + 1) % w->instance_count;
        if (instance_takes_connections(w, chosen)) return chosen;
    }
    return -1;
}

static int32_t choose(const world *w, const char *purpose, uint64_t entity, uint64_t connection, int32_t *next) {
    bool turns = w->sc->instances.spread == SPREAD_ROUND_ROBIN;
    return turns ? take_turn(w, next) : draw(w, purpose, entity, connection);
}

int32_t spread_node(world *w, uint64_t entity, uint64_t connection) {
    return choose(w, "spread of nodes", entity, connection, &w->next_of_nodes);
}

int32_t spread_speaker(world *w, uint64_t entity, uint64_t connection) {
    return choose(w, "spread of speakers", entity, connection, &w->next_of_speakers);
}
