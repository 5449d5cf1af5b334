/* instance.c - the scheduler's process: one processor that works off what comes, in the order in which it comes.
 *
 * Messages, answers of Redis and timers of the core are handlers. Each costs `instances.cpu.cost`; it begins when the one
 * before is done, and what it sends to nodes, sessions and Redis leaves at its end.
 *
 * How: the core's code for a handler runs at once when the handler arrives, with the clock set to the instant at which it
 * begins. That gives the same run as a queue would: handlers begin in the order of their arrival, nothing outside sees
 * their work before it leaves, and a timer that one handler cancels while it stands in line behind it would not
 * have run either. So no answer of Redis has to be kept for later. */
#include "sim/world/internal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/hash.h"
#include "core/base/mem.h"

/* What the core asked of Redis; the answer is a handler. */
typedef struct call {
    world *w;
    link_callback *done;
    void *arg;
} call;

/* A timer of the core. The handle given to it is generation << 32 | place + 1. */
typedef struct core_timer {
    world *w;
    void (*fire)(void *arg);
    void *arg;
    timer_handle pending; /* of the engine */
    bool soon;            /* it runs behind the handler under way */
    uint32_t place, generation;
    struct core_timer *next; /* free, or soon */
} core_timer;

struct instance {
    scheduler *scheduler;
    rng cpu;
    usec_t begins, leaves; /* of the handler under way, or of the latest */
    usec_t spent;
    bool handling;
    pool *calls, *timers;
    core_timer **timer_at; /* by place */
    size_t timer_count, timer_capacity;
    core_timer *free_timers;
    core_timer *soon, **soon_end; /* in the order in which they were set */
};

/* ---- handlers ------------------------------------------------------------------------------------------------------- */

static void handler_begin(world *w) {
    instance *i = w->instance;
    assert(!i->handling);
    usec_t now = world_now(w);
    usec_t cost = dist_draw_usec(&w->sc->instances.cpu_cost, &i->cpu);
    i->begins = i->leaves > now ? i->leaves : now;
    i->leaves = i->begins + cost;
    i->spent += cost;
    i->handling = true;
    if (w->env.issue_at) w->env.issue_at(w->env.issue_ctx, i->leaves);
}

static void run_soon(world *w);

static void handler_end(world *w) {
    run_soon(w);
    w->instance->handling = false;
}

static usec_t core_clock(void *ctx) {
    world *w = ctx;
    return w->instance->handling ? w->instance->begins : world_now(w);
}

/* ---- timers --------------------------------------------------------------------------------------------------------- */

static core_timer *timer_new(instance *i) {
    core_timer *t = i->free_timers;
    if (t) {
        i->free_timers = t->next;
        return t;
    }
    if (i->timer_count == i->timer_capacity) {
        i->timer_capacity = i->timer_capacity ? 2 * i->timer_capacity : 256;
        i->timer_at = mem_realloc(i->timer_at, i->timer_capacity, sizeof(core_timer *));
    }
    t = pool_take(i->timers);
    *t = (core_timer){.place = (uint32_t)i->timer_count};
    i->timer_at[i->timer_count++] = t;
    return t;
}

static void timer_free(instance *i, core_timer *t) {
    t->pending = 0;
    t->soon = false;
    t->generation++;
    t->next = i->free_timers;
    i->free_timers = t;
}

static void timer_fires(void *arg) {
    core_timer *t = arg;
    world *w = t->w;
    void (*fire)(void *) = t->fire;
    void *fire_arg = t->arg;
    timer_free(w->instance, t);
    if (w->halted) return;
    handler_begin(w);
    fire(fire_arg);
    handler_end(w);
}

/* One that is cancelled stays in line, and is only freed when its turn comes. */
static void run_soon(world *w) {
    instance *i = w->instance;
    while (i->soon) {
        core_timer *t = i->soon;
        i->soon = t->next;
        if (!i->soon) i->soon_end = &i->soon;
        void (*fire)(void *) = t->fire;
        void *fire_arg = t->arg;
        timer_free(i, t);
        if (fire) fire(fire_arg);
    }
}

static void set_soon(instance *i, core_timer *t) {
    t->soon = true;
    t->next = NULL;
    *i->soon_end = t;
    i->soon_end = &t->next;
}

static timer_handle timer_set(void *ctx, usec_t at, void (*fire)(void *arg), void *arg) {
    world *w = ctx;
    instance *i = w->instance;
    usec_t now = world_now(w);
    core_timer *t = timer_new(i);
    t->w = w;
    t->fire = fire;
    t->arg = arg;
    if (i->handling && at <= i->begins)
        set_soon(i, t);
    else
        t->pending = engine_at(w->env.engine, at > now ? at : now, timer_fires, t);
    return (timer_handle)t->generation << 32 | (t->place + 1);
}

static void timer_cancel(void *ctx, timer_handle handle) {
    world *w = ctx;
    instance *i = w->instance;
    if (!handle) return;
    size_t place = (size_t)(handle & UINT32_MAX) - 1;
    assert(place < i->timer_count);
    core_timer *t = i->timer_at[place];
    if (t->generation != handle >> 32 || !(t->pending || t->soon)) return;
    if (t->soon) {
        t->fire = NULL;
        return;
    }
    engine_cancel(w->env.engine, t->pending);
    timer_free(i, t);
}

/* ---- Redis ---------------------------------------------------------------------------------------------------------- */

static void answered(void *arg, link_status status, const redis_reply *reply) {
    call made = *(call *)arg;
    pool_give(made.w->instance->calls, arg);
    handler_begin(made.w);
    made.done(made.arg, status, reply);
    handler_end(made.w);
}

static void submit(void *ctx, const redis_call *asked, usec_t patience, link_callback *done, void *arg) {
    world *w = ctx;
    call *c = pool_take(w->instance->calls);
    *c = (call){w, done, arg};
    link_submit(&w->env.redis, asked, patience, answered, c);
}

/* ---- what comes ----------------------------------------------------------------------------------------------------- */

static void request_job(world *w, const message *m) {
    const speaker *sp = speaker_at_instance(w, m->conn);
    assert(sp); /* it is forgotten only when its end arrives, behind its requests */
    audio *sound = audio_new(m->speech, (size_t)m->value, NULL);
    job_request request = {
        .session_id = speaker_id(sp),
        .utterance = m->utterance,
        .pair = m->pair,
        .cut = m->cut,
        .sound = sound,
    };
    scheduler_submit(w->instance->scheduler, m->conn, &request);
    audio_unref(sound);
}

static void take_chunk(world *w, const message *m) {
    const speaker *sp = speaker_at_instance(w, m->conn);
    session_chunk chunk = {
        .bytes = m->value,
        .is_final = m->is_final,
        .src = speaker_two_way(sp) ? m->pair.src : NULL,
    };
    scheduler_session_chunk(w->instance->scheduler, m->conn, &chunk);
}

/* It wants to hear what it speaks. */
static void enter_room(world *w, const message *m) {
    const speaker *sp = speaker_at_instance(w, m->conn);
    scheduler *s = w->instance->scheduler;
    if (m->kind == MSG_ROOM_CREATE)
        scheduler_room_create(s, m->conn, speaker_pair(sp)->src, speaker_id(sp));
    else
        scheduler_room_join(s, m->conn, m->code, speaker_pair(sp)->src, speaker_id(sp));
}

static void open_session(world *w, const message *m) {
    sched_error err;
    const speaker *sp = speaker_at_instance(w, m->conn);
    session_offer offer = {
        .session_id = speaker_id(sp),
        .pair = *speaker_pair(sp),
        .two_way = speaker_two_way(sp),
        .format = speaker_format(sp),
        .sample_rate = SAMPLE_RATE_DEFAULT,
    };
    sched_status status = scheduler_session_open(w->instance->scheduler, m->conn, &offer, &err);
    if (status) log_write(&w->env.log, LOG_ERROR, "session_open", "reason=\"%s\"", err.message);
}

static void register_node(world *w, const message *m) {
    const node *n = node_at_instance(w, m->conn);
    node_registration registration = {.node_id = n->id, .slots = n->group->slots, .services = n->group->services};
    node_languages_draw(n, &registration);
    scheduler_node_register(w->instance->scheduler, m->conn, &registration);
}

static void take_node_message(world *w, const message *m) {
    scheduler *s = w->instance->scheduler;
    node_load load = {m->usage[0], m->usage[1], m->usage[2], m->value, m->unready};
    node_result result = {m->job, m->attempt, m->outcome, m->code, m->service, NULL};
    switch (m->kind) {
    case MSG_REGISTER: register_node(w, m); break;
    case MSG_HEARTBEAT: scheduler_node_heartbeat(s, m->conn, &load); break;
    case MSG_ACK: scheduler_node_ack(s, m->conn, m->job, m->attempt); break;
    case MSG_STARTED: scheduler_node_started(s, m->conn, m->job, m->attempt); break;
    case MSG_RESULT: scheduler_node_result(s, m->conn, &result); break;
    case MSG_DRAIN: scheduler_node_drain(s, m->conn); break;
    case MSG_NODE_GONE: scheduler_node_gone(s, m->conn); break;
    default: assert(false && "a message for the instance");
    }
}

static void take_speaker_message(world *w, const message *m) {
    switch (m->kind) {
    case MSG_OPEN: open_session(w, m); break;
    case MSG_REQUEST: request_job(w, m); break;
    case MSG_CHUNK: take_chunk(w, m); break;
    case MSG_ROOM_CREATE:
    case MSG_ROOM_JOIN: enter_room(w, m); break;
    case MSG_SESSION_CLOSE: scheduler_session_close(w->instance->scheduler, m->conn); break;
    case MSG_SPEAKER_GONE:
        scheduler_session_gone(w->instance->scheduler, m->conn);
        speaker_forget(w, m->conn);
        break;
    default: assert(false && "a message for the instance");
    }
}

static void tell_sound(world *w, const message *m) {
    const speaker *sp = speaker_at_instance(w, m->conn);
    world_tell(w, (trace_event){.kind = TRACE_SOUND_CAME,
                                .session = speaker_id(sp),
                                .value = m->value,
                                .node_index = -1,
                                .group_index = -1});
}

void instance_deliver(world *w, const message *m) {
    bool of_node = !(m->conn & SPEAKER_BIT);
    if (of_node && !node_at_instance(w, m->conn)) return;
    if (m->kind == MSG_CHUNK) tell_sound(w, m);
    handler_begin(w);
    if (of_node)
        take_node_message(w, m);
    else
        take_speaker_message(w, m);
    handler_end(w);
}

/* ---- what leaves ---------------------------------------------------------------------------------------------------- */

static void send_to_node(world *w, message *m) {
    node *n = node_of(w, m->conn);
    if (n)
        message_send(m, w->instance->leaves, &n->down, &n->group->delay, &n->net);
    else
        message_free(m);
}

static message *job_message(world *w, message_kind kind, conn_token conn, const char *job_id, int64_t attempt) {
    message *m = message_new(w, kind, conn);
    snprintf(m->job, sizeof m->job, "%s", job_id);
    m->attempt = attempt;
    return m;
}

static void on_node_registered(void *ctx, conn_token conn, const char *node_id) {
    world *w = ctx;
    (void)node_id;
    send_to_node(w, message_new(w, MSG_REGISTERED, conn));
}

static void on_node_refused(void *ctx, conn_token conn, const char *code, const char *text) {
    world *w = ctx;
    log_write(&w->env.log, LOG_WARN, "node_refused", "code=%s reason=\"%s\"", code, text);
    send_to_node(w, message_new(w, MSG_REFUSED, conn));
}

static void on_node_assign(void *ctx, conn_token conn, const job_assign *assign) {
    world *w = ctx;
    message *m = job_message(w, MSG_ASSIGN, conn, assign->job_id, assign->attempt);
    m->speech = assign->sound->duration;
    m->spoken = hash_text(assign->session_id) + assign->utterance;
    m->pair = *assign->pair;
    send_to_node(w, m);
}

static void on_node_cancel(void *ctx, conn_token conn, const char *job_id, int64_t attempt, const char *reason) {
    world *w = ctx;
    message *m = job_message(w, MSG_CANCEL, conn, job_id, attempt);
    snprintf(m->code, sizeof m->code, "%s", reason);
    send_to_node(w, m);
}

/* Whoever closes hears of the end at once; what the node sent meanwhile is lost. */
static void on_node_close(void *ctx, conn_token conn, const char *reason) {
    world *w = ctx;
    (void)reason;
    if (!node_at_instance(w, conn)) return;
    send_to_node(w, message_new(w, MSG_CLOSE, conn));
    message_post(message_new(w, MSG_NODE_GONE, conn), w->instance->leaves);
}

/* `m->session` is the speaker, who need not be the one that is told. */
static void send_about(world *w, message *m, const char *session, uint64_t utterance, const lang_pair *pair,
                       job_outcome outcome) {
    snprintf(m->session, sizeof m->session, "%s", session);
    m->utterance = utterance;
    m->pair = *pair;
    m->outcome = outcome;
    speaker_send_down(w, m, w->instance->leaves);
}

static void on_session_answer(void *ctx, conn_token conn, const job_answer *answer) {
    world *w = ctx;
    message *m = job_message(w, MSG_ANSWER, conn, answer->job_id, 0);
    snprintf(m->code, sizeof m->code, "%s", answer->code);
    send_about(w, m, answer->session_id, answer->utterance, answer->pair, answer->outcome);
}

static void on_session_known(void *ctx, conn_token conn, const job_known *known) {
    world *w = ctx;
    message *m = job_message(w, MSG_KNOWN, conn, known->job_id, 0);
    send_about(w, m, known->session_id, known->utterance, known->pair, known->outcome);
}

static void on_session_missing(void *ctx, conn_token conn, const missing_result *missing) {
    world *w = ctx;
    message *m = job_message(w, MSG_MISSED, conn, "", 0);
    snprintf(m->code, sizeof m->code, "%s", missing->reason);
    send_about(w, m, missing->session_id, missing->utterance, missing->pair, OUTCOME_TIMED_OUT);
}

static void on_session_error(void *ctx, conn_token conn, const char *code, const char *text) {
    world *w = ctx;
    (void)text;
    message *m = message_new(w, MSG_ERROR, conn);
    snprintf(m->code, sizeof m->code, "%s", code);
    speaker_send_down(w, m, w->instance->leaves);
}

static void on_session_closed(void *ctx, conn_token conn) {
    world *w = ctx;
    speaker_send_down(w, message_new(w, MSG_SESSION_CLOSED, conn), w->instance->leaves);
}

static void on_room_members(void *ctx, conn_token conn, const room_view *room) {
    world *w = ctx;
    message *m = message_new(w, MSG_ROOM, conn);
    snprintf(m->code, sizeof m->code, "%s", room->code);
    speaker_send_down(w, m, w->instance->leaves);
}

/* ---- the instance --------------------------------------------------------------------------------------------------- */

static void on_event(void *ctx, const sched_event *event) {
    teller_core(ctx, event);
}

sched_status instance_new(world *w, sched_error *err) {
    instance *i = mem_zalloc(1, sizeof *i);
    w->instance = i;
    rng_init(&i->cpu, w->seed, "instance cpu", 0);
    i->calls = pool_new(sizeof(call));
    i->timers = pool_new(sizeof(core_timer));
    i->soon_end = &i->soon;
    scheduler_env env = {
        .clock = {core_clock, w},
        .timers = {timer_set, timer_cancel, w},
        .seed = w->seed,
        .redis = {submit, w},
        .net = {.node_registered = on_node_registered,
                .node_refused = on_node_refused,
                .node_assign = on_node_assign,
                .node_cancel = on_node_cancel,
                .node_close = on_node_close,
                .session_answer = on_session_answer,
                .session_known = on_session_known,
                .session_missing = on_session_missing,
                .session_error = on_session_error,
                .session_closed = on_session_closed,
                .room_members = on_room_members,
                .ctx = w},
        .observer = {on_event, w},
        .log = w->env.log,
        .instance_id = "i0",
    };
    return scheduler_new(&w->sc->scheduler, &env, &i->scheduler, err);
}

void instance_free(world *w) {
    instance *i = w->instance;
    if (!i) return;
    scheduler_free(i->scheduler);
    pool_free(i->calls);
    pool_free(i->timers);
    free(i->timer_at);
    free(i);
}

scheduler *instance_scheduler(const world *w) {
    return w->instance->scheduler;
}

usec_t instance_cpu_spent(const world *w) {
    return w->instance->spent;
}
