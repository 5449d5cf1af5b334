/* instance_timers.c - the timers of a core as events of the engine, each fired as a handler of its own.
 *
 * One that is set for now runs behind the handler under way, before anything else comes, and costs nothing: that is how a core
 * answers itself from memory. Handles carry a generation, so that one of a timer that has fired cancels nothing. */
#include "sim/world/instance_parts.h"

#include <assert.h>
#include <stdlib.h>

#include "core/base/mem.h"

static core_timer *timer_new(process *p) {
    core_timers *all = &p->timers;
    core_timer *t = all->free;
    if (t) {
        all->free = t->next;
        return t;
    }
    if (all->count == all->capacity) {
        all->capacity = all->capacity ? 2 * all->capacity : 256;
        all->at = mem_realloc(all->at, all->capacity, sizeof(core_timer *));
    }
    t = pool_take(all->all);
    *t = (core_timer){.p = p, .place = (uint32_t)all->count};
    all->at[all->count++] = t;
    return t;
}

static void timer_free(core_timer *t) {
    core_timers *all = &t->p->timers;
    t->pending = 0;
    t->soon = false;
    t->generation++;
    t->next = all->free;
    all->free = t;
}

static void timer_fires(void *arg) {
    core_timer *t = arg;
    process *p = t->p;
    void (*fire)(void *) = t->fire;
    void *fire_arg = t->arg;
    timer_free(t);
    if (p->w->halted) return;
    handler_begin(p, HANDLE_ANSWER);
    fire(fire_arg);
    handler_end(p);
}

/* One that is cancelled stays in line, and is only freed when its turn comes. */
void timers_run_soon(process *p) {
    core_timers *all = &p->timers;
    while (all->soon) {
        core_timer *t = all->soon;
        all->soon = t->next;
        if (!all->soon) all->soon_end = &all->soon;
        void (*fire)(void *) = t->fire;
        void *fire_arg = t->arg;
        timer_free(t);
        if (fire) fire(fire_arg);
    }
}

static void set_soon(core_timers *all, core_timer *t) {
    t->soon = true;
    t->next = NULL;
    *all->soon_end = t;
    all->soon_end = &t->next;
}

static timer_handle timer_set(void *ctx, usec_t at, void (*fire)(void *arg), void *arg) {
    process *p = ctx;
    usec_t now = world_now(p->w);
    core_timer *t = timer_new(p);
    if (p->state == PROCESS_DIES) { /* its handle is stale already */
        timer_handle stale = (timer_handle)t->generation << 32 | (t->place + 1);
        timer_free(t);
        return stale;
    }
    t->fire = fire;
    t->arg = arg;
    if (p->handling && at <= p->begins)
        set_soon(&p->timers, t);
    else
        t->pending = engine_at(p->w->env.engine, at > now ? at : now, timer_fires, t);
    return (timer_handle)t->generation << 32 | (t->place + 1);
}

static void timer_cancel(void *ctx, timer_handle handle) {
    process *p = ctx;
    if (!handle) return;
    size_t place = (size_t)(handle & UINT32_MAX) - 1;
    assert(place < p->timers.count);
    core_timer *t = p->timers.at[place];
    if (t->generation != handle >> 32 || !(t->pending || t->soon)) return;
    if (t->soon) {
        t->fire = NULL;
        return;
    }
    engine_cancel(p->w->env.engine, t->pending);
    timer_free(t);
}

timer_source process_timers(process *p) {
    return (timer_source){timer_set, timer_cancel, p};
}

void timers_new(process *p) {
    p->timers.all = pool_new(sizeof(core_timer));
    p->timers.soon_end = &p->timers.soon;
}

void timers_drop(process *p) {
    for (size_t i = 0; i < p->timers.count; i++) {
        core_timer *t = p->timers.at[i];
        if (!t->pending) continue;
        engine_cancel(p->w->env.engine, t->pending);
        timer_free(t);
    }
    assert(!p->timers.soon);
}

void timers_free(process *p) {
    pool_free(p->timers.all);
    free(p->timers.at);
}
