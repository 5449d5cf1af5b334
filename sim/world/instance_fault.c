/* instance_fault.c - faults of instances: once, or time and again by chance.
 *
 * One that is hit while it is down is left alone: there is nothing that could fail. Those that come by chance do so to each instance on its
 * own, as processes and machines fail, and end with the time of the scenario. */
#include "sim/world/instance_parts.h"

#include <stdlib.h>
#include <utlist.h>

#include "core/base/mem.h"

typedef struct strike {
    world *w;
    const fault *what;
    int32_t number; /* of the instance; -1: drawn when it happens */
    int32_t hit;
    rng draws;
    struct strike *next;
} strike;

static void tell(const strike *s, trace_kind kind) {
    world_tell(s->w, (trace_event){.kind = kind,
                                   .code = fault_name((fault_kind)s->what->kind),
                                   .value = 1,
                                   .instance = s->w->instances[s->hit].id,
                                   .node_index = -1,
                                   .group_index = -1});
}

static void set_partition(process *p, int more) {
    redis_host *host = p->w->env.host;
    int before = p->partitions;
    p->partitions += more;
    if (before == 0)
        redis_host_cut_instance(host, p->number);
    else if (p->partitions == 0)
        redis_host_mend_instance(host, p->number);
}

static void end_strike(void *arg) {
    const strike *s = arg;
    tell(s, TRACE_FAULT_END);
    if (s->what->kind == FAULT_INSTANCE_PARTITION) set_partition(&s->w->instances[s->hit], -1);
}

static void hit(strike *s) {
    world *w = s->w;
    process *p = &w->instances[s->hit];
    usec_t lasts = s->what->lasts;
    tell(s, TRACE_FAULT_BEGIN);
    switch (s->what->kind) {
    case FAULT_INSTANCE_CRASH:
        process_crash(p);
        if (lasts) process_start_later(p, lasts);
        break;
    case FAULT_INSTANCE_STOP:
    case FAULT_INSTANCE_RESTART: process_leave(p, lasts); break;
    case FAULT_INSTANCE_PAUSE: process_pause(p, lasts); break;
    default: set_partition(p, +1);
    }
    if (lasts) engine_at(w->env.engine, world_now(w) + lasts, end_strike, s);
}

/* One of those that run; -1 when there is none. */
static int32_t draw_living(strike *s) {
    int32_t living[INSTANCES_MAX], count = 0;
    for (int32_t k = 0; k < s->w->instance_count; k++)
        if (s->w->instances[k].state == PROCESS_RUNS) living[count++] = k;
    return count ? living[rng_below(&s->draws, (uint64_t)count)] : -1;
}

static void strikes(void *arg);

static void plan_next(strike *s) {
    usec_t pause = s->what->lasts + (usec_t)rng_exponential(&s->draws, (double)s->what->every);
    engine_at(s->w->env.engine, world_now(s->w) + pause, strikes, s);
}

static void strikes(void *arg) {
    strike *s = arg;
    world *w = s->w;
    if (w->closing || (s->what->every && w->hushed)) return;
    s->hit = s->number >= 0 ? s->number : draw_living(s);
    if (s->hit >= 0 && w->instances[s->hit].state == PROCESS_RUNS) hit(s);
    if (s->what->every) plan_next(s);
}

static strike *strike_new(world *w, const fault *what, uint64_t entity, int32_t number) {
    strike *s = mem_zalloc(1, sizeof *s);
    *s = (strike){.w = w, .what = what, .number = number};
    rng_init(&s->draws, w->seed, "instance fault", entity);
    LL_PREPEND(w->strikes, s);
    return s;
}

void instance_fault_start(world *w, const fault *what, size_t number) {
    usec_t first = w->began + what->at;
    if (!what->every) {
        engine_at(w->env.engine, first, strikes, strike_new(w, what, number, (int32_t)what->which - 1));
        return;
    }
    for (int32_t k = 0; k < w->instance_count; k++) {
        if (what->which && what->which != k + 1) continue;
        strike *s = strike_new(w, what, (uint64_t)number << 32 | (uint64_t)(k + 1), k);
        engine_at(w->env.engine, first + (usec_t)rng_exponential(&s->draws, (double)what->every), strikes, s);
    }
}

void instance_faults_free(world *w) {
    strike *s, *next;
    LL_FOREACH_SAFE(w->strikes, s, next) free(s);
}
