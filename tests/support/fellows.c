#include "tests/support/fellows.h"

#include <check.h>
#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"

enum { KEYS_TEXT_MAX = 65536 };

typedef struct fellow_state fellow_state;

/* Something that is to run in a fellow: later, when it is paused now. */
typedef struct deferred {
    void (*run)(void *arg);
    void *arg;
    struct deferred *next;
} deferred;

struct fellow_state {
    int number;
    char id[ID_MAX + 1];
    instance *me;
    link_virtual *wire, *read_wire;
    handling handles;
    usec_t slow;
    bool paused, crashed, left, leaving;
    char lost[128];
    char deaths[FELLOWS_MAX][ID_MAX + 1];
    int death_count;
    deferred *waiting, **waiting_end;
};

engine *fellow_engine;
virtual_redis *fellow_redis;
keyspace keys;
instance_config fellow_config;
sched_error fellow_err;
const usec_t fellow_second = USEC_PER_SEC;
told tellings[TOLD_MAX];
int told_count;

static const usec_t start = INT64_C(1700000000) * USEC_PER_SEC, patience = USEC_PER_SEC, poll = 20 * USEC_PER_MSEC;
static scripts *lua;
static virtual_server *server;
static fellow_state fellows[FELLOWS_MAX];
static uint64_t commands;
static int fellow_count;

/* ---- a process that may be stopped ---------------------------------------------------------------------------------- */

static void run_in(fellow_state *f, void (*run)(void *arg), void *arg) {
    if (!f->paused) {
        run(arg);
        return;
    }
    deferred *d = mem_alloc(sizeof *d);
    *d = (deferred){run, arg, NULL};
    *f->waiting_end = d;
    f->waiting_end = &d->next;
}

typedef struct timer {
    fellow_state *f;
    void (*fire)(void *arg);
    void *arg;
    timer_handle handle, pending; /* as the core knows it; of the engine */
    bool cancelled;
    struct timer *next;
} timer;

static timer *timers;
static timer_handle timer_number;

static void forget_timer(timer *t) {
    timer **at = &timers;
    while (*at != t) at = &(*at)->next;
    *at = t->next;
    free(t);
}

static void fire_now(void *arg) {
    timer t = *(timer *)arg;
    forget_timer(arg);
    if (!t.cancelled) t.fire(t.arg);
}

static void on_timer_due(void *arg) {
    timer *t = arg;
    t->pending = 0;
    run_in(t->f, fire_now, t);
}

static timer_handle timer_set(void *ctx, usec_t at, void (*fire)(void *arg), void *arg) {
    timer *t = mem_alloc(sizeof *t);
    *t = (timer){.f = ctx, .fire = fire, .arg = arg, .handle = ++timer_number, .next = timers};
    timers = t;
    t->pending =
        engine_at(fellow_engine, at > engine_now(fellow_engine) ? at : engine_now(fellow_engine), on_timer_due, t);
    return t->handle;
}

static void timer_cancel(void *ctx, timer_handle handle) {
    (void)ctx;
    for (timer *t = timers; t; t = t->next) {
        if (t->handle != handle) continue;
        t->cancelled = true;
        if (!t->pending) return; /* it waits for its process */
        engine_cancel(fellow_engine, t->pending);
        forget_timer(t);
        return;
    }
}

/* ---- links ---------------------------------------------------------------------------------------------------------- */

typedef struct flight {
    fellow_state *f;
    redis_call call;
    usec_t until; /* of a read that waits; of other calls their patience */
    link_callback *done;
    void *arg;
    link_status status;
    redis_reply *reply; /* a copy, while the process is stopped */
} flight;

static void hand_over(void *arg) {
    flight w = *(flight *)arg;
    free(arg);
    w.done(w.arg, w.status, w.reply);
    if (w.reply) freeReplyObject(w.reply);
}

static redis_reply *copy_of(const redis_reply *reply) {
    redis_reply *copy = mem_alloc(sizeof *copy);
    *copy = *reply;
    if (reply->str) {
        copy->str = mem_alloc(reply->len + 1);
        memcpy(copy->str, reply->str, reply->len + 1);
    }
    if (reply->element) copy->element = mem_zalloc(reply->elements, sizeof *copy->element);
    for (size_t i = 0; i < reply->elements; i++) copy->element[i] = copy_of(reply->element[i]);
    return copy;
}

/* A stopped process reads what has come when it goes on. */
static void on_answer(void *arg, link_status status, const redis_reply *reply) {
    flight *w = arg;
    if (!w->f->paused) {
        flight now = *w;
        free(w);
        now.done(now.arg, status, reply);
        return;
    }
    w->status = status;
    w->reply = reply ? copy_of(reply) : NULL;
    run_in(w->f, hand_over, w);
}

static void submit_now(void *arg) {
    flight *w = arg;
    redis_link link = link_virtual_interface(w->f->wire);
    link_submit(&link, &w->call, w->until, on_answer, w);
}

static void submit(void *ctx, const redis_call *call, usec_t wait, link_callback *done, void *arg) {
    fellow_state *f = ctx;
    flight *w = mem_alloc(sizeof *w);
    *w = (flight){.f = f, .call = *call, .until = wait, .done = done, .arg = arg};
    commands++;
    if (f->slow)
        engine_at(fellow_engine, engine_now(fellow_engine) + f->slow, submit_now, w);
    else
        submit_now(w);
}

static void ask_again(void *arg);

static void on_read(void *arg, link_status status, const redis_reply *reply) {
    flight *w = arg;
    bool nothing = status == LINK_OK && reply_is_nil(reply) && engine_now(fellow_engine) < w->until && !w->f->crashed;
    if (nothing)
        engine_at(fellow_engine, engine_now(fellow_engine) + poll, ask_again, w);
    else
        on_answer(w, status, reply);
}

static void ask_again(void *arg) {
    flight *w = arg;
    redis_link link = link_virtual_interface(w->f->read_wire);
    link_submit(&link, &w->call, patience, on_read, w);
}

/* The same call without "BLOCK ms". */
static void submit_read(void *ctx, const redis_call *call, usec_t wait, link_callback *done, void *arg) {
    flight *w = mem_alloc(sizeof *w);
    *w = (flight){.f = ctx, .done = done, .arg = arg, .until = engine_now(fellow_engine) + wait - 2 * patience};
    call_command(&w->call, call_arg(call, 0));
    for (int i = 1; i < call->args; i++) {
        if (!strcmp(call_arg(call, i), "BLOCK"))
            i++;
        else
            call_str(&w->call, call_arg(call, i));
    }
    ask_again(w);
}

/* ---- what they are told --------------------------------------------------------------------------------------------- */

static void tell(fellow_state *f, bool orphan, const inbox_entry *entry, const entry_token *token) {
    ck_assert_int_lt(told_count, TOLD_MAX);
    told *t = &tellings[told_count++];
    *t = (told){.who = f->number,
                .orphan = orphan,
                .well = f->handles == HANDLE_WELL,
                .at = engine_now(fellow_engine),
                .token = *token};
    snprintf(t->job, sizeof t->job, "%s", entry->job);
    if (f->handles != HANDLE_NEVER) instance_handled(f->me, token, f->handles == HANDLE_WELL, "NOT_HERE");
}

static void on_entry(void *ctx, const inbox_entry *entry, const entry_token *token) {
    tell(ctx, false, entry, token);
}

static void on_orphan(void *ctx, const char *dead_instance, const inbox_entry *entry, const entry_token *token) {
    ck_assert_str_eq(dead_instance, token->instance);
    tell(ctx, true, entry, token);
}

static void on_died(void *ctx, const char *instance_id) {
    fellow_state *f = ctx;
    ck_assert_int_lt(f->death_count, FELLOWS_MAX);
    snprintf(f->deaths[f->death_count++], sizeof f->deaths[0], "%s", instance_id);
}

static void on_lost(void *ctx, const char *why) {
    fellow_state *f = ctx;
    ck_assert_str_eq(f->lost, "");
    snprintf(f->lost, sizeof f->lost, "%s", why);
}

int told_of(const char *job, int who) {
    int count = 0;
    for (int i = 0; i < told_count; i++) count += !strcmp(tellings[i].job, job) && (who < 0 || tellings[i].who == who);
    return count;
}

/* ---- the world ------------------------------------------------------------------------------------------------------ */

void fellow_pass(usec_t time) {
    engine_run(fellow_engine, engine_now(fellow_engine) + time);
}

void open_fellows(void) {
    virtual_redis_options redis_options = virtual_redis_defaults;
    virtual_server_options options = {.costs = COST_ZERO, .seed = 1};
    redis_options.upkeep = 10 * USEC_PER_SEC; /* lives of minutes pass between two operations */
    fellow_engine = engine_new(start);
    fellow_count = told_count = 0;
    commands = 0;
    ck_assert_msg(!virtual_redis_start(fellow_engine, &redis_options, &fellow_redis, &fellow_err), "%s",
                  fellow_err.message);
    ck_assert_msg(!scripts_new(NULL, &lua, &fellow_err), "%s", fellow_err.message);
    ck_assert_msg(!virtual_server_new(fellow_engine, fellow_redis, lua, &options, &server, &fellow_err), "%s",
                  fellow_err.message);
    ck_assert_msg(!keyspace_init(&keys, NULL, &fellow_err), "%s", fellow_err.message);
    fellow_config = (instance_config){.presence_ttl = 30 * fellow_second,
                                      .presence_refresh = 10 * fellow_second,
                                      .inbox_block = fellow_second,
                                      .inbox_max = 1000,
                                      .inbox_batch = 16,
                                      .inbox_ttl = 3600 * fellow_second,
                                      .reclaim_idle = 5 * fellow_second,
                                      .dead_deliveries = 10,
                                      .dead_after = 60 * fellow_second,
                                      .dead_ttl = 3600 * fellow_second,
                                      .dead_max = 1000,
                                      .adopt_every = 5 * fellow_second,
                                      .lease_ttl = 30 * fellow_second,
                                      .tombstone_ttl = 3600 * fellow_second,
                                      .peer_patience = fellow_second};
}

static link_virtual *open_link(void) {
    link_virtual_options options = {.delay = {.kind = DIST_CONSTANT}, .window = 1000, .seed = 1};
    return link_virtual_new(fellow_engine, server, &options);
}

int fellow_start(void) {
    ck_assert_int_lt(fellow_count, FELLOWS_MAX);
    fellow_state *f = &fellows[fellow_count];
    memset(f, 0, sizeof *f);
    f->number = fellow_count++;
    f->waiting_end = &f->waiting;
    snprintf(f->id, sizeof f->id, "i%d", f->number);
    f->wire = open_link();
    f->read_wire = open_link();
    instance_env env = {.clock = engine_clock(fellow_engine),
                        .timers = {timer_set, timer_cancel, f},
                        .seed = (uint64_t)f->number + 1,
                        .redis = {submit, f},
                        .reader = {submit_read, f},
                        .patience = patience,
                        .id = f->id,
                        .address = f->id,
                        .host = "here",
                        .pid = 1};
    instance_events events = {on_entry, on_orphan, on_died, on_lost, f};
    f->me = instance_open(&fellow_config, &keys, &env, &events);
    instance_start(f->me);
    fellow_pass(100 * USEC_PER_MSEC);
    return f->number;
}

instance *fellow(int who) {
    return fellows[who].me;
}

const char *fellow_id(int who) {
    return fellows[who].id;
}

void fellow_handles(int who, handling how) {
    fellows[who].handles = how;
}

void fellow_crash(int who) {
    fellows[who].crashed = true;
    instance_stop(fellows[who].me);
}

void fellow_pause(int who) {
    fellows[who].paused = true;
}

void fellow_resume(int who) {
    fellow_state *f = &fellows[who];
    f->paused = false;
    deferred *d = f->waiting;
    f->waiting = NULL;
    f->waiting_end = &f->waiting;
    for (deferred *next; d; d = next) {
        next = d->next;
        run_in(f, d->run, d->arg);
        free(d);
    }
}

static void on_left(void *arg) {
    ((fellow_state *)arg)->left = true;
}

void fellow_leave(int who) {
    fellows[who].leaving = true;
    instance_leave(fellows[who].me, on_left, &fellows[who]);
}

void fellow_cut(int who) {
    link_virtual_cut(fellows[who].wire, false);
    link_virtual_cut(fellows[who].read_wire, false);
}

void fellow_mend(int who) {
    link_virtual_mend(fellows[who].wire);
    link_virtual_mend(fellows[who].read_wire);
}

void fellow_slow(int who, usec_t wait) {
    fellows[who].slow = wait;
}

static void on_sent(void *arg, send_result result) {
    if (arg) *(send_result *)arg = result;
}

void fellow_send_soon(int from, const char *to, const char *job, send_result *result) {
    inbox_entry entry = {.kind = ENTRY_ASSIGN,
                         .from = fellows[from].id,
                         .address = fellows[from].id,
                         .job = job,
                         .session = "s-1",
                         .node = "n1",
                         .attempt = 1,
                         .deadline_msec = engine_now(fellow_engine) / USEC_PER_MSEC + 10000};
    instance_send(fellows[from].me, to, &entry, on_sent, result);
}

send_result fellow_send(int from, const char *to, const char *job) {
    send_result result = SEND_UNKNOWN;
    fellow_send_soon(from, to, job, &result);
    fellow_pass(50 * USEC_PER_MSEC);
    return result;
}

bool fellow_runs(int who) {
    const fellow_state *f = &fellows[who];
    return who < fellow_count && !f->crashed && !f->leaving && !f->lost[0];
}

bool fellow_is_paused(int who) {
    return fellows[who].paused;
}

bool fellow_left(int who) {
    return fellows[who].left;
}

const char *fellow_lost(int who) {
    return fellows[who].lost;
}

int fellow_deaths(int who) {
    return fellows[who].death_count;
}

const char *fellow_death(int who, int n) {
    ck_assert_int_lt(n, fellows[who].death_count);
    return fellows[who].deaths[n];
}

void close_fellows(void) {
    for (int i = 0; i < fellow_count; i++) {
        fellow_resume(i);
        fellow_mend(i);
        instance_stop(fellows[i].me);
    }
    fellow_pass(5 * fellow_second);
    for (int i = 0; i < fellow_count; i++) {
        ck_assert_int_eq(instance_calls(fellows[i].me), 0);
        instance_close(fellows[i].me);
        link_virtual_free(fellows[i].wire);
        link_virtual_free(fellows[i].read_wire);
    }
    while (timers) forget_timer(timers);
    virtual_server_free(server);
    scripts_free(lua);
    virtual_redis_stop(fellow_redis);
    engine_free(fellow_engine);
}

uint64_t fellow_commands(void) {
    return commands;
}

/* ---- asking Redis --------------------------------------------------------------------------------------------------- */

int64_t fellow_ask_int(const char *command, const char *key) {
    redis_call call;
    redis_reply *reply;
    call_command(&call, command);
    call_key(&call, key);
    ck_assert_msg(!virtual_redis_sync(fellow_redis, &call, &reply, &fellow_err), "%s", fellow_err.message);
    int64_t value = reply_int(reply);
    virtual_redis_reply_free(reply);
    return value;
}

static int by_text(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char *all_keys(void) {
    enum { MOST = 1024 };
    static char text[KEYS_TEXT_MAX];
    const char *names[MOST];
    redis_call call;
    redis_reply *reply;
    ck_assert_msg(!virtual_redis_expire_all(fellow_redis, &fellow_err), "%s", fellow_err.message);
    call_command(&call, "KEYS");
    call_str(&call, "*");
    ck_assert_msg(!virtual_redis_sync(fellow_redis, &call, &reply, &fellow_err), "%s", fellow_err.message);
    size_t count = reply_count(reply) < MOST ? reply_count(reply) : MOST, used = 0;
    for (size_t i = 0; i < count; i++) names[i] = reply_text(reply_at(reply, i));
    qsort(names, count, sizeof *names, by_text);
    text[0] = '\0';
    for (size_t i = 0; i < count && used < sizeof text; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", i ? " " : "", names[i]);
    virtual_redis_reply_free(reply);
    return text;
}
