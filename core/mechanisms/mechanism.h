/* mechanism.h - what a mechanism is handed by the scheduler that chose it.
 *
 * Time, timers and Redis as the scheduler has them. Calls go through the scheduler, because it counts them and hears of outages by
 * their answers: every callback begins with mechanism_answered(). What answers out of memory answers through `soon`. */
#ifndef CORE_MECHANISMS_MECHANISM_H
#define CORE_MECHANISMS_MECHANISM_H

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/soon.h"
#include "core/base/work_meter.h"
#include "core/redis/keys.h"
#include "core/redis/link.h"

typedef struct mechanism_env {
    clock_source clock;
    timer_source timers;
    soon *soon;
    const keyspace *keys;
    void (*submit)(void *ctx, const redis_call *call, link_callback *done, void *arg);
    void (*answered)(void *ctx, script_id script, link_status status, const redis_reply *reply);
    work_meter work;
    logger log;
    void *ctx;
} mechanism_env;

static inline void mechanism_call(const mechanism_env *env, const redis_call *call, link_callback *done, void *arg) {
    env->submit(env->ctx, call, done, arg);
}

static inline void mechanism_answered(const mechanism_env *env, script_id script, link_status status,
                                      const redis_reply *reply) {
    env->answered(env->ctx, script, status, reply);
}

#endif
