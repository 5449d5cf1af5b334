/* redis_fault.c - faults of Redis: what each begins and ends at the server and on the way to it.
 *
 * They may overlap. Of those that stop something the last one to end lets it go on: a server that two restarts hold down comes back
 * once, and empty when one of them was to lose the data. */
#include "sim/world/internal.h"

#include <assert.h>

#include "sim/redis_host/redis_host.h"

static redis_trouble trouble_of(const fault *f) {
    switch (f->kind) {
    case FAULT_REDIS_PAUSE: return REDIS_PAUSES;
    case FAULT_REDIS_SLOW: return REDIS_IS_SLOW;
    case FAULT_REDIS_FLUSH_SCRIPTS: return REDIS_FORGETS_SCRIPTS;
    case FAULT_REDIS_RESTART: return REDIS_RESTARTS;
    default: return REDIS_IS_CUT_OFF;
    }
}

sched_status world_check_redis_faults(const scenario *sc, const redis_host *host, sched_error *err) {
    for (size_t i = 0; i < sc->fault_count; i++) {
        const fault *f = &sc->faults[i];
        bool of_redis = fault_subject_of(f->kind) == FAULT_OF_REDIS || f->kind == FAULT_INSTANCE_PARTITION;
        const char *reason = of_redis ? redis_host_cannot(host, trouble_of(f)) : NULL;
        if (reason)
            return sched_fail(err, SCHED_EINVAL, "faults[%zu], %s: %s", i, fault_name((fault_kind)f->kind), reason);
    }
    return SCHED_OK;
}

static void set_factor(world *w, int slower, double factor) {
    w->redis.slow += slower;
    w->redis.factor = w->redis.slow ? factor : 1;
    redis_host_slow(w->env.host, w->redis.factor);
}

static void restart(world *w, bool loses) {
    if (w->redis.down++ == 0) {
        w->redis.loses = false;
        redis_host_kill(w->env.host, !loses);
    }
    w->redis.loses |= loses;
}

void redis_fault_begin(world *w, const fault *f) {
    redis_host *host = w->env.host;
    assert(host);
    switch (trouble_of(f)) {
    case REDIS_PAUSES: redis_host_pause(host, world_now(w) + f->lasts); break;
    case REDIS_IS_SLOW: set_factor(w, +1, (w->redis.slow ? w->redis.factor : 1) * f->factor); break;
    case REDIS_FORGETS_SCRIPTS: redis_host_flush_scripts(host); break;
    case REDIS_RESTARTS: restart(w, f->data == FAULT_DATA_LOST); break;
    default:
        if (w->redis.cut++ == 0) redis_host_cut(host);
    }
}

void redis_fault_end(world *w, const fault *f) {
    redis_host *host = w->env.host;
    switch (trouble_of(f)) {
    case REDIS_IS_SLOW: set_factor(w, -1, w->redis.factor / f->factor); break;
    case REDIS_RESTARTS:
        if (--w->redis.down == 0) redis_host_revive(host, !w->redis.loses);
        break;
    case REDIS_IS_CUT_OFF:
        if (--w->redis.cut == 0) redis_host_mend(host);
        break;
    default: break; /* over by itself */
    }
}
