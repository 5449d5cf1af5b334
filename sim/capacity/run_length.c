/* run_length.c - why cut: a search is made of some twenty runs, and where nothing new happens the second half of a long one says what
 * the first said. What it costs in certainty stands in the interval, which is that of the seeds. */
#include "sim/capacity/run_length.h"

static bool is_steady(const session_group *g, usec_t warmup) {
    bool even = g->arrivals.kind == ARRIVALS_POISSON || g->arrivals.kind == ARRIVALS_CONSTANT;
    return even && g->join.at + g->join.over <= warmup;
}

static bool is_there(const node_group *g, usec_t warmup) {
    return g->leave.share <= 0 && g->join.at + g->join.over <= warmup;
}

static bool goes_on_alike(const scenario *sc) {
    if (sc->fault_count || sc->warmup > RUN_LENGTH_USUAL / 3) return false;
    for (size_t i = 0; i < sc->session_group_count; i++)
        if (!is_steady(&sc->session_groups[i], sc->warmup)) return false;
    for (size_t i = 0; i < sc->node_group_count; i++)
        if (!is_there(&sc->node_groups[i], sc->warmup)) return false;
    return true;
}

usec_t run_length_usual(const scenario *sc) {
    return sc->duration > RUN_LENGTH_USUAL && goes_on_alike(sc) ? RUN_LENGTH_USUAL : sc->duration;
}
