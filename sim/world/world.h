/* world.h - nodes, speakers, network and instances of the scheduler, driven by an engine from a scenario.
 *
 * The scheduler in each instance is the production core; its clock and timers are the engine's, and its transport is a channel with the scenario's delays. Everything that is drawn comes from streams of the scenario's seed, one per entity
 * and purpose. The world decides nothing about jobs; it only behaves and tells the trace. */
#ifndef SIM_WORLD_WORLD_H
#define SIM_WORLD_WORLD_H

#include "core/redis/link.h"
#include "core/scheduler/scheduler.h"
#include "sim/engine/engine.h"
#include "sim/measure/trace.h"
#include "sim/redis_host/redis_host.h"
#include "sim/scenario/scenario.h"

typedef struct world world;
struct message;

/* Instances that are elsewhere (outside.h): take() gets what nodes and speakers say; the message lives until it returns. */
typedef struct world_outside {
    void (*take)(void *ctx, const struct message *m);
    void *ctx;
} world_outside;

typedef struct world_env {
    engine *engine;
    world_outside outside;     /* take NULL: the instances are in this world; else it needs no link and no host */
    const redis_link *redis;   /* one of each instance; copied, as are the next */
    const redis_link *readers; /* for their reads that wait; NULL: there are none */
    /* Told in each handler of an instance, before the core runs: what it sends to Redis leaves at that time. May be NULL. */
    void (*issue_at)(void *ctx, int32_t number, usec_t at);
    void *issue_ctx;
    redis_host *host; /* for faults of Redis; NULL when there are none */
    trace_sink trace;
    logger log;
} world_env;

/* The scenario must outlive the world. Nothing happens before world_start(). SCHED_EINVAL for a scheduler's bad configuration, or a
 * fault that instances elsewhere cannot have. */
sched_status world_new(const scenario *sc, const world_env *env, world **ret_world, sched_error *err);
/* The links have no calls out any more, and the engine does not run again. Takes NULL, returns NULL. */
world *world_free(world *w);

/* SCHED_EINVAL when that host cannot have a fault that the scenario plans. */
sched_status world_check_redis_faults(const scenario *sc, const redis_host *host, sched_error *err);

/* Plans the joining of nodes, the first sessions and the faults. */
void world_start(world *w);
/* Nobody speaks any more: what silence ends is still asked for; arrivals end. */
void world_stop_speaking(world *w);
/* After that, from time to time: those who are still there ask for their end when nothing is under way for anybody. */
void world_close_sessions(world *w);
/* Nothing is in flight any more, in the core, on the network and in the nodes. */
bool world_idle(const world *w);
/* The next `count` nodes disconnect (also those that hang) and no node comes back; false when all have gone. A caller who takes
 * a few at a time does not flood the link. */
bool world_disconnect_nodes(world *w, int32_t count);
/* The schedulers' sweeps stop; after it the engine runs out of events. */
void world_stop(world *w);
/* The end, at once: messages and timers are dropped as they come due, and the sweeps stop; only calls to Redis come back. */
void world_halt(world *w);
/* Tells the trace what is due by now: events of a busy instance wait until their time has come (tell.c). */
void world_settle_trace(world *w);

/* The languages with which node number `i` (0 ..) of a group registers, in every run of that scenario. */
void world_node_languages(const scenario *sc, int32_t group, int64_t i, lang_list *ret_asr, lang_list *ret_tts,
                          lang_list *ret_semantic);

scheduler *world_scheduler(world *w, int32_t number); /* NULL: that instance is down */
/* Sums over the instances; calls of processes that have ended are among them until they come back. */
scheduler_counts world_counts(const world *w);
/* Calls that the links have not answered, whoever made them and whatever for. */
int64_t world_calls_out(const world *w);
int32_t world_node_count(const world *w);
usec_t world_cpu_spent(const world *w);      /* modelled CPU time of all instances */
usec_t world_longest_speech(const world *w); /* of the utterances so far */

#endif
