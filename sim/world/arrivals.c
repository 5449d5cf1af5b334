/* arrivals.c - when sessions come: those that are under way at the start, then a stream of new ones.
 *
 * The `concurrent` first ones get what is left of a session, the later ones whole lengths, at the rate at which sessions
 * end: so their number is steady from the beginning, in the mean (little's law), whatever the distribution of lengths.
 *
 * A line of a trace is a call of one utterance. */
#include "sim/world/arrival_process.h"
#include "sim/world/internal.h"

#include <stdlib.h>

#include "core/base/mem.h"

typedef struct arrival {
    world *w;
    const session_group *group;
    arrival_process process;
    uint64_t opened;
    int64_t first; /* of the `concurrent` first ones that came */
} arrival;

static usec_t first_at(const arrival *a) {
    const join_time *join = &a->group->join;
    double share = (double)a->first / (double)a->group->concurrent;
    return a->w->began + join->at + (usec_t)((double)join->over * share);
}

/* One at a time, or all who are in one room. */
static int64_t come_together(const session_group *group) {
    return group->room.members ? group->room.members : 1;
}

static void open_some(arrival *a, bool under_way) {
    if (a->group->room.members)
        speaker_open_room(a->w, a->group, a->opened, under_way);
    else
        speaker_open(a->w, a->group, a->opened, under_way);
    a->opened += (uint64_t)come_together(a->group);
}

static void open_first(void *arg) {
    arrival *a = arg;
    if (a->w->hushed) return;
    open_some(a, true);
    a->first += come_together(a->group);
    if (a->first < a->group->concurrent) engine_at(a->w->env.engine, first_at(a), open_first, a);
}

static void wait_for_next(arrival *a);

static void open_next(void *arg) {
    arrival *a = arg;
    if (a->w->hushed) return;
    const trace_row *call = arrival_process_row(&a->process);
    if (call)
        speaker_call(a->w, a->group, a->opened++, call);
    else
        open_some(a, false);
    wait_for_next(a);
}

static void wait_for_next(arrival *a) {
    usec_t at = arrival_process_next(&a->process, world_now(a->w));
    if (at != USEC_NEVER) engine_at(a->w->env.engine, at, open_next, a);
}

static void begin_stream(void *arg) {
    wait_for_next(arg);
}

void arrivals_start(world *w) {
    const scenario *sc = w->sc;
    w->arrivals = mem_zalloc(sc->session_group_count, sizeof *w->arrivals);
    for (size_t g = 0; g < sc->session_group_count; g++) {
        arrival *a = &w->arrivals[g];
        a->w = w;
        a->group = &sc->session_groups[g];
        usec_t first = w->began + a->group->join.at;
        double rate = a->group->rate / (double)come_together(a->group);
        arrival_process_init(&a->process, &a->group->arrivals, rate, w->seed, g, w->began, first);
        if (a->group->concurrent > 0) engine_at(w->env.engine, first_at(a), open_first, a);
        engine_at(w->env.engine, first, begin_stream, a);
    }
}

void arrivals_free(world *w) {
    free(w->arrivals);
}
