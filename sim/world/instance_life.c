/* instance_life.c - how the process of an instance ends, and how another one takes its place, under an id that was never used.
 *
 * A crash is the end of everything at one instant: what the process would have begun later does not happen, what it has not sent yet is
 * never sent, its timers are gone, its connections break. Calls to Redis that are out may still execute there, but nobody waits.
 *
 * The core may only be freed when none of its calls is out. So they are answered to it here, at once and as lost, while it can do
 * nothing any more: what it asks is refused, what it says nobody hears, and no timer is kept. What the link answers later finds nobody. */
#include "sim/world/instance_parts.h"

#include <assert.h>
#include <stdio.h>
#include <utlist.h>

#define LEAVING_POLL  (10 * USEC_PER_MSEC)
#define LEAVING_LIMIT (30 * USEC_PER_SEC)
#define LOST_PAUSE    USEC_PER_SEC

enum { LAST_CALLS_MAX = 10000000 };

/* ---- the end -------------------------------------------------------------------------------------------------------- */

static void answer_all(process *p) {
    for (int i = 0; p->open; i++) {
        assert(i < LAST_CALLS_MAX);
        open_call *c = p->open;
        link_callback *done = c->done;
        void *arg = c->arg;
        link_status status = c->sent ? LINK_UNKNOWN : LINK_REFUSED;
        call_forget(c);
        done(arg, status, NULL);
    }
}

static void tell(const process *p, trace_kind kind, const char *code) {
    world_tell(p->w, (trace_event){.kind = kind,
                                   .instance = p->id,
                                   .code = code,
                                   .value = p->number,
                                   .node_index = -1,
                                   .group_index = -1});
}

/* The process is gone, and everything that was in it. */
static void end(process *p, const char *code) {
    world *w = p->w;
    assert(!p->handling);
    teller_crashed(w, p->number);
    p->state = PROCESS_DIES;
    p->ended_at = world_now(w);
    p->begins = p->leaves = p->ended_at;
    scheduler_stop(p->scheduler);
    answer_all(p);
    p->scheduler = scheduler_free(p->scheduler);
    timers_drop(p);
    if (w->env.host) redis_host_hang_up(w->env.host, p->number);
    p->state = PROCESS_DOWN;
    tell(p, TRACE_INSTANCE_DOWN, code);
}

/* `posted`: the process still lives, and is told. */
static void end_connections(process *p, const char *code, bool posted) {
    nodes_lose_instance(p->w, p->number, posted);
    speakers_lose_instance(p->w, p->number, code, posted);
}

void process_crash(process *p) {
    end(p, "crash");
    end_connections(p, "crash", false);
}

/* ---- leaving -------------------------------------------------------------------------------------------------------- */

static void has_left(process *p) {
    usec_t pause = p->pause;
    end(p, "stop");
    if (pause) process_start_later(p, pause);
}

static void wait_for_calls(void *arg) {
    process *p = arg;
    world *w = p->w;
    p->farewell = 0;
    bool over = scheduler_count(p->scheduler).calls == 0 && world_now(w) > p->leaves;
    if (over || world_now(w) >= p->leave_limit)
        has_left(p);
    else
        p->farewell = engine_at(w->env.engine, world_now(w) + LEAVING_POLL, wait_for_calls, p);
}

/* Told from inside of a handler: the rest is done when that is over. */
static void on_left(void *arg) {
    process *p = arg;
    world *w = p->w;
    p->closed = true;
    end_connections(p, "stop", true);
    if (!p->farewell) p->farewell = engine_at(w->env.engine, p->leaves + LEAVING_POLL, wait_for_calls, p);
}

void process_leave(process *p, usec_t pause) {
    world *w = p->w;
    p->state = PROCESS_LEAVES;
    p->pause = pause;
    p->leave_limit = world_now(w) + LEAVING_LIMIT;
    handler_begin(p, HANDLE_MESSAGE);
    scheduler_leave(p->scheduler, on_left, p);
    handler_end(p);
}

/* It stood still, or was cut off, for so long that others took it for dead. */
static void begin_anew(void *arg) {
    process *p = arg;
    p->farewell = 0;
    end(p, "lost");
    end_connections(p, "lost", false);
    process_start_later(p, LOST_PAUSE);
}

void process_lost(process *p) {
    world *w = p->w;
    if (p->state != PROCESS_RUNS || p->farewell) return;
    p->farewell = engine_at(w->env.engine, p->leaves > world_now(w) ? p->leaves : world_now(w), begin_anew, p);
}

/* ---- the next one --------------------------------------------------------------------------------------------------- */

static void start_next(void *arg) {
    process *p = arg;
    p->next = 0;
    if (p->w->halted || p->state != PROCESS_DOWN) return;
    process_start(p);
    tell(p, TRACE_INSTANCE_UP, "");
}

void process_start_later(process *p, usec_t after) {
    engine_cancel(p->w->env.engine, p->next);
    p->next = engine_at(p->w->env.engine, world_now(p->w) + after, start_next, p);
}

void process_cancel_plans(process *p) {
    engine_cancel(p->w->env.engine, p->farewell);
    engine_cancel(p->w->env.engine, p->next);
    p->farewell = p->next = 0;
}
