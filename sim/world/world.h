/* world.h - nodes, speakers, network and one scheduler instance, driven by an engine from a scenario.
 *
 * The scheduler in it is the production core; its clock and timers are the engine's, its link is virtual, and its transport is
 * a channel with the scenario's delays. Everything that is drawn comes from streams of the scenario's seed, one per entity
 * and purpose. The world decides nothing about jobs; it only behaves and tells the trace. */
#ifndef SIM_WORLD_WORLD_H
#define SIM_WORLD_WORLD_H

#include "core/redis/link.h"
#include "core/scheduler/scheduler.h"
#include "sim/engine/engine.h"
#include "sim/measure/trace.h"
#include "sim/scenario/scenario.h"

typedef struct world world;

typedef struct world_env {
    engine *engine;
    redis_link redis;   /* of the one instance */
    /* Told before each handler of the instance: what the core sends to Redis in it leaves the instance at that time. May be NULL. */
    void (*issue_at)(void *ctx, usec_t at);
    void *issue_ctx;
    trace_sink trace;
    logger log;
} world_env;

/* The scenario must outlive the world. Nothing happens before world_start(). */
sched_status world_new(const scenario *sc, const world_env *env, world **ret_world, sched_error *err);
world *world_free(world *w); /* takes NULL, returns NULL; the link has no calls out any more */

/* Plans the joining of nodes, the first sessions and the faults. */
void world_start(world *w);
/* Nobody speaks any more: sessions send nothing new and close when their last answer came; arrivals end. */
void world_stop_speaking(world *w);
/* Nothing is in flight any more, in the core, on the network and in the nodes. */
bool world_idle(const world *w);
/* Every node disconnects (also those that hang), pools empty. */
void world_disconnect_nodes(world *w);
/* The scheduler's sweeps stop; after it the engine runs out of events. */
void world_stop(world *w);

scheduler *world_scheduler(world *w);
int32_t world_node_count(const world *w);
usec_t world_cpu_spent(const world *w); /* modelled CPU time of the instance */

#endif
