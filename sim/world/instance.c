/* instance.c - the scheduler's process: one processor that works off what comes, in the order in which it comes.
 *
 * Messages, answers of Redis and timers of the core are handlers. A message costs `instances.cpu.cost`, the others
 * `instances.cpu.answer`, and each what it looks at besides (core_costs.h); it begins when the one before is done. What it sends to nodes, sessions and Redis leaves when the work up to
 * there is done.
 *
 * How: the core's code for a handler runs at once when the handler arrives, with the clock set to the instant at which it
 * begins. That gives the same run as a queue would: handlers begin in the order of their arrival, nothing outside sees
 * their work before it leaves, and a timer that one handler cancels while it stands in line behind it would not
 * have run either. So no answer of Redis has to be kept for later. */
#include "sim/world/instance_parts.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <utlist.h>

#include "core/base/mem.h"
#include "sim/world/core_costs.h"

/* ---- handlers ------------------------------------------------------------------------------------------------------- */

static usec_t thread_usec(void) {
    struct timespec spent;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
    return (usec_t)spent.tv_sec * USEC_PER_SEC + spent.tv_nsec / 1000;
}

/* What comes after it leaves later. */
static void work_on(process *p, usec_t cost) {
    const world_env *env = &p->w->env;
    p->leaves += cost;
    p->spent += cost;
    if (env->issue_at) env->issue_at(env->issue_ctx, p->number, p->leaves);
}

void handler_begin(process *p, handler_kind kind) {
    assert(!p->handling && p->scheduler);
    world *w = p->w;
    usec_t now = world_now(w);
    const instance_plan *plan = &w->sc->instances;
    bool measured = plan->cpu_model == CORE_COSTS_MEASURED;
    p->begins = p->leaves > now ? p->leaves : now;
    p->leaves = p->begins;
    p->handling = true;
    p->measured_from = measured ? thread_usec() : 0;
    work_on(p, measured ? 0 : dist_draw_usec(kind == HANDLE_MESSAGE ? &plan->cpu_cost : &plan->cpu_answer, &p->cpu));
}

usec_t process_leaves(process *p) {
    if (p->handling && p->measured_from) {
        usec_t now = thread_usec();
        work_on(p, now - p->measured_from);
        p->measured_from = now;
    }
    return p->leaves;
}

void handler_end(process *p) {
    timers_run_soon(p);
    process_leaves(p);
    p->handling = false;
}

static double usec_of_one(const process *p, sched_work kind) {
    const machine_costs *measured = p->w->sc->redis.profile.costs;
    return measured && measured->core_usec[kind] >= 0 ? measured->core_usec[kind] : core_costs_default.usec[kind];
}

/* What is less than a microsecond is kept for the next time. */
static void did(void *ctx, sched_work kind, int64_t count) {
    process *p = ctx;
    p->fraction += usec_of_one(p, kind) * (double)count;
    usec_t whole = (usec_t)p->fraction;
    p->fraction -= (double)whole;
    if (whole) work_on(p, whole);
}

static work_meter meter_of(process *p) {
    bool calibrated = p->w->sc->instances.cpu_model == CORE_COSTS_CALIBRATED;
    return (work_meter){calibrated ? did : NULL, p};
}

static usec_t core_clock(void *ctx) {
    const process *p = ctx;
    return p->handling ? p->begins : world_now(p->w);
}

/* ---- Redis ---------------------------------------------------------------------------------------------------------- */

void call_forget(open_call *c) {
    process *p = c->p;
    DL_DELETE(p->open, c);
    if (c->sent) {
        c->done = NULL;
        p->orphans++;
    } else {
        pool_give(p->calls, c);
    }
}

static void answered(void *arg, link_status status, const redis_reply *reply) {
    open_call *c = arg;
    process *p = c->p;
    p->at_link--;
    link_callback *done = c->done;
    void *done_arg = c->arg;
    if (done)
        DL_DELETE(p->open, c);
    else
        p->orphans--;
    pool_give(p->calls, c);
    if (!done) return;
    handler_begin(p, HANDLE_ANSWER);
    done(done_arg, status, reply);
    handler_end(p);
}

static void submit_over(process *p, const redis_link *link, const redis_call *asked, usec_t patience,
                        link_callback *done, void *arg) {
    open_call *c = pool_take(p->calls);
    *c = (open_call){.p = p, .done = done, .arg = arg, .sent = p->state != PROCESS_DIES};
    DL_APPEND(p->open, c);
    process_leaves(p); /* measured: the link is told */
    if (!c->sent) return;
    p->at_link++;
    link_submit(link, asked, patience, answered, c);
}

static void submit(void *ctx, const redis_call *asked, usec_t patience, link_callback *done, void *arg) {
    process *p = ctx;
    submit_over(p, &p->redis, asked, patience, done, arg);
}

static void submit_read(void *ctx, const redis_call *asked, usec_t patience, link_callback *done, void *arg) {
    process *p = ctx;
    submit_over(p, &p->reader, asked, patience, done, arg);
}

/* ---- the instance --------------------------------------------------------------------------------------------------- */

static void on_event(void *ctx, const sched_event *event) {
    const process *p = ctx;
    if (p->state != PROCESS_DIES) teller_core(p->w, p->number, p->id, event);
}

static void on_log(void *ctx, log_level level, const char *event, const char *fields) {
    const process *p = ctx;
    const logger *log = &p->w->env.log;
    if (p->state != PROCESS_DIES && log->write) log->write(log->ctx, level, event, fields);
}

/* Those of the first process of the first instance are the run's own: alone, it draws what it would without any others. */
static uint64_t seed_of(const process *p) {
    rng r;
    if (p->number == 0 && p->life == 1) return p->w->seed;
    rng_init(&r, p->w->seed, "instance", (uint64_t)p->life << 32 | (uint64_t)p->number);
    return rng_u64(&r);
}

static sched_status start(process *p, sched_error *err) {
    p->life++;
    if (p->life == 1)
        snprintf(p->id, sizeof p->id, "i%d", (int)p->number);
    else
        snprintf(p->id, sizeof p->id, "i%d-%u", (int)p->number, (unsigned)p->life);
    scheduler_env env = {
        .clock = {core_clock, p},
        .timers = process_timers(p),
        .seed = seed_of(p),
        .redis = {submit, p},
        .reader = {p->reader.submit ? submit_read : NULL, p},
        .peer = process_peers(p),
        .net = process_transport(p),
        .observer = {on_event, p},
        .work = meter_of(p),
        .catalog = process_catalog(p),
        .log = {on_log, p, p->w->env.log.least},
        .instance_id = p->id,
        .address = p->id,
    };
    p->state = PROCESS_RUNS;
    p->closed = false;
    return scheduler_new(&p->w->sc->scheduler, &env, &p->scheduler, err);
}

void process_start(process *p) {
    sched_error err;
    sched_status status = start(p, &err);
    assert(!status && "the configuration was good for the first one");
    (void)status;
}

void process_pause(process *p, usec_t length) {
    usec_t until = world_now(p->w) + length;
    if (p->leaves < until) p->leaves = until;
}

static void process_init(process *p, world *w, int32_t number) {
    p->w = w;
    p->number = number;
    if (w->env.redis) p->redis = w->env.redis[number];
    if (w->env.readers) p->reader = w->env.readers[number];
    rng_init(&p->cpu, w->seed, "instance cpu", (uint64_t)number);
    p->calls = pool_new(sizeof(open_call));
    timers_new(p);
}

static void process_free(process *p) {
    scheduler_free(p->scheduler);
    pool_free(p->calls);
    timers_free(p);
}

/* ---- all of them ---------------------------------------------------------------------------------------------------- */

/* One that is elsewhere takes connections, and that is all there is of it. */
static sched_status begin(process *p, sched_error *err) {
    if (!p->w->env.outside.take) return start(p, err);
    p->life = 1;
    p->state = PROCESS_RUNS;
    return SCHED_OK;
}

sched_status instances_new(world *w, sched_error *err) {
    sched_status status = SCHED_OK;
    int32_t count = (int32_t)w->sc->instances.count;
    w->instances = mem_zalloc((size_t)count, sizeof *w->instances);
    for (int32_t k = 0; k < count && !status; k++) {
        process_init(&w->instances[k], w, k);
        w->instance_count = k + 1;
        status = begin(&w->instances[k], err);
    }
    return status;
}

void instances_free(world *w) {
    for (int32_t k = 0; k < w->instance_count; k++) process_free(&w->instances[k]);
    free(w->instances);
}

void instances_stop(world *w) {
    for (int32_t k = 0; k < w->instance_count; k++) {
        process_cancel_plans(&w->instances[k]);
        if (w->instances[k].scheduler) scheduler_stop(w->instances[k].scheduler);
    }
}

bool instance_takes_connections(const world *w, int32_t number) {
    return w->instances[number].state == PROCESS_RUNS;
}

uint32_t instance_life(const world *w, int32_t number) {
    return w->instances[number].life;
}

static bool is_end(message_kind kind) {
    return kind == MSG_NODE_GONE || kind == MSG_SPEAKER_GONE;
}

bool instance_missed(const world *w, const message *m) {
    assert(m->instance >= 0 && m->instance < w->instance_count);
    const process *p = &w->instances[m->instance];
    bool same = p->life == m->life && p->scheduler;
    if (m->kind < MSG_REGISTERED) return !same || (p->closed && !is_end(m->kind));
    return !same && m->left > p->ended_at;
}

void instance_deliver(world *w, const message *m) {
    process_take(&w->instances[m->instance], m);
}

scheduler *world_scheduler(world *w, int32_t number) {
    assert(number >= 0 && number < w->instance_count);
    return w->instances[number].scheduler;
}

scheduler_counts world_counts(const world *w) {
    scheduler_counts sum = {0};
    for (int32_t k = 0; k < w->instance_count; k++) {
        const process *p = &w->instances[k];
        scheduler_counts one = p->scheduler ? scheduler_count(p->scheduler) : (scheduler_counts){0};
        sum.jobs += one.jobs;
        sum.waiting += one.waiting;
        sum.calls += one.calls + p->orphans;
        sum.nodes += one.nodes;
        sum.sessions += one.sessions;
        sum.audio_bytes += one.audio_bytes;
        sum.redis_down |= one.redis_down;
    }
    return sum;
}

int64_t world_calls_out(const world *w) {
    int64_t sum = 0;
    for (int32_t k = 0; k < w->instance_count; k++) sum += w->instances[k].at_link;
    return sum;
}

usec_t world_cpu_spent(const world *w) {
    usec_t sum = 0;
    for (int32_t k = 0; k < w->instance_count; k++) sum += w->instances[k].spent;
    return sum;
}
