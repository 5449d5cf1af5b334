/* world.c - the world as a whole: its parts, its beginning and its end.
 *
 * The world decides nothing about jobs. It behaves, tells, and knows when nothing is under way any more. */
#include "sim/world/internal.h"

#include <assert.h>
#include <stdlib.h>

#include "core/base/mem.h"

sched_status world_new(const scenario *sc, const world_env *env, world **ret_world, sched_error *err) {
    assert(sc && env && env->engine && (env->redis || env->outside.take) && ret_world);
    sched_status status = env->outside.take ? outside_check_faults(sc, err) : SCHED_OK;
    if (status) return status;
    world *w = mem_zalloc(1, sizeof *w);
    w->sc = sc;
    w->env = *env;
    w->seed = (uint64_t)sc->seed;
    w->began = engine_now(env->engine);
    w->messages = pool_new(sizeof(message));
    w->tasks = pool_new(sizeof(task));
    teller_new(w);
    world_nodes_new(w);
    speakers_new(w);
    peer_ways_new(w);
    dashboards_new(w);
    status = instances_new(w, err);
    if (status) {
        world_free(w);
        return status;
    }
    *ret_world = w;
    return SCHED_OK;
}

world *world_free(world *w) {
    if (!w) return NULL;
    instances_free(w);
    peer_ways_free(w);
    dashboards_free(w);
    faults_free(w);
    arrivals_free(w);
    speakers_free(w);
    world_nodes_free(w);
    teller_free(w);
    pool_free(w->tasks);
    pool_free(w->messages);
    free(w);
    return NULL;
}

void world_start(world *w) {
    world_nodes_start(w);
    arrivals_start(w);
    faults_start(w);
    if (!w->env.outside.take) dashboards_start(w);
}

void world_stop_speaking(world *w) {
    w->hushed = true;
    speakers_hush(w);
}

/* Nobody works for a speaker, or would have to. */
static bool all_is_told(const world *w, const scheduler_counts *counts) {
    return !counts->jobs && !counts->audio_bytes && !w->jobs_on_the_way && speakers_are_connected(w) &&
           speakers_are_silent(w);
}

void world_close_sessions(world *w) {
    scheduler_counts counts = world_counts(w);
    if (w->hushed && all_is_told(w, &counts)) speakers_close(w);
}

bool world_idle(const world *w) {
    scheduler_counts counts = world_counts(w);
    if (counts.sessions || !all_is_told(w, &counts)) return false;
    for (int32_t i = 0; i < w->node_count; i++)
        if (w->nodes[i].busy && !node_held(&w->nodes[i], FAULT_HANG)) return false;
    return true;
}

bool world_disconnect_nodes(world *w, int32_t count) {
    w->closing = true;
    for (; count > 0 && w->disconnected < w->node_count; count--) node_disconnect(&w->nodes[w->disconnected++]);
    return w->disconnected < w->node_count;
}

void world_stop(world *w) {
    instances_stop(w);
}

void world_halt(world *w) {
    w->halted = true;
    world_stop(w);
}

int32_t world_node_count(const world *w) {
    return w->node_count;
}

usec_t world_longest_speech(const world *w) {
    return w->longest_speech;
}

usec_t world_now(const world *w) {
    return engine_now(w->env.engine);
}

void world_tell(world *w, trace_event event) {
    event.at = world_now(w);
    if (!event.job) event.job = "";
    if (!event.node) event.node = "";
    if (!event.session) event.session = "";
    if (!event.code) event.code = "";
    if (!event.from) event.from = "";
    teller_world(w, &event);
}
