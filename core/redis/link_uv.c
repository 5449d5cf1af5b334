/* link_uv.c - calls of one link, and the connection that carries them.
 *
 * Flights stand in a list in the order of submission and are answered from its head only. That keeps the order of the contract
 * where an answer is held up: a call whose script the server had lost is sent again, and answers behind it wait.
 *
 * Why the client library's own list of callbacks is not enough: it ends with its connection at a moment of its choice, in its own
 * order. Here a connection that ends is only told "it is gone"; what becomes of the calls is decided in one place (lose).
 *
 * One timer watches over all patience. It is set for the earliest deadline that was seen and looks at every flight when it
 * fires, so a call costs no timer of its own; in steady state it fires once per patience. When somebody is late it waits one
 * more turn of the loop before it acts: after a stall of the process the answers may lie in the socket already.
 *
 * A context of the client library whose `data` is NULL is none of ours any more: it is being freed. */
#include "core/redis/link_uv.h"

#include <assert.h>
#include <hiredis/async.h>
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "core/base/mem.h"
#include "core/base/rng.h"
#include "core/base/text.h"
#include "core/redis/resp.h"
#include "core/redis/uv_attach.h"

enum { TEXT_MAX = 512, REASON_MAX = 160, HANDLES = 3, BACKOFF_DOUBLINGS_MAX = 30 };

typedef struct flight {
    struct flight *next; /* in flight, refused, or free */
    link_uv *link;
    script_id script;
    bool asking;   /* ASKING goes before it */
    bool repeated; /* after NOSCRIPT */
    bool full;     /* refused because of the window */
    bool here;     /* answered, but one before it is not; `reply` is ours */
    usec_t deadline;
    link_callback *done;
    void *arg;
    redis_reply *reply;
    resp request;
} flight;

typedef struct flight_list {
    flight *first, **end; /* *end is the pointer behind the last */
} flight_list;

typedef enum stage { PAUSING, CONNECTING, READY } stage;

struct link_uv {
    uv_loop_t *loop;
    redis_url url;
    scripts *scripts;
    link_uv_options options;
    rng jitter;
    stage stage;
    redisAsyncContext *redis;   /* NULL while PAUSING */
    int greetings;              /* answers to the greeting that are still to come */
    int failures;               /* attempts since it was ready last */
    bool loading[SCRIPT_COUNT]; /* a SCRIPT LOAD is under way on this connection */
    bool in_callback, freed;
    int handles; /* that are not closed yet */
    uv_timer_t pace, patience;
    uv_idle_t refusing;
    usec_t alarm;   /* of `patience`: not later than any deadline in flight; USEC_NEVER: not set */
    usec_t overdue; /* deadlines up to here have passed, and the loop looks at the socket once more; 0: none */
    flight_list flying, refused;
    flight *free;
    resp load;
    link_uv_counts counts;
};

const link_uv_options link_uv_defaults = {
    .window = 1024,
    .connect_patience = 2 * USEC_PER_SEC,
    .backoff_min = 50 * USEC_PER_MSEC,
    .backoff_max = 5 * USEC_PER_SEC,
};

static usec_t now_usec(void) {
    return (usec_t)(uv_hrtime() / 1000);
}

/* Timers of libuv count whole milliseconds from the beginning of the turn. */
static uint64_t timeout_ms(usec_t from_now) {
    return from_now <= 0 ? 1 : (uint64_t)(from_now + USEC_PER_MSEC - 1) / (uint64_t)USEC_PER_MSEC;
}

/* ---- flights -------------------------------------------------------------------------------------------------------- */

static void list_clear(flight_list *list) {
    list->first = NULL;
    list->end = &list->first;
}

static void list_put(flight_list *list, flight *f) {
    f->next = NULL;
    *list->end = f;
    list->end = &f->next;
}

static flight *list_take(flight_list *list) {
    flight *f = list->first;
    list->first = f->next;
    if (!list->first) list->end = &list->first;
    return f;
}

static flight *take_flight(link_uv *link, link_callback *done, void *arg) {
    flight *f = link->free;
    if (f)
        link->free = f->next;
    else
        f = mem_zalloc(1, sizeof *f);
    f->link = link;
    f->repeated = f->here = false;
    f->reply = NULL;
    f->done = done;
    f->arg = arg;
    return f;
}

/* Its place may be taken again by what the callback submits. */
static void answer(flight *f, link_status status, const redis_reply *reply) {
    link_uv *link = f->link;
    link_callback *done = f->done;
    void *arg = f->arg;
    f->next = link->free;
    link->free = f;
    switch (status) {
    case LINK_OK:
    case LINK_ERROR: link->counts.answered++; break;
    case LINK_REFUSED:
    case LINK_FULL: link->counts.refused++; break;
    case LINK_UNKNOWN: link->counts.unknown++; break;
    }
    bool nested = link->in_callback;
    link->in_callback = true;
    done(arg, status, reply);
    link->in_callback = nested;
}

static flight *land_first(link_uv *link) {
    link->counts.in_flight--;
    return list_take(&link->flying);
}

static link_status status_of(const redis_reply *reply) {
    return reply_is_error(reply) ? LINK_ERROR : LINK_OK;
}

static void answer_held(flight *f) {
    redis_reply *reply = f->reply;
    f->here = false;
    answer(f, status_of(reply), reply);
    freeReplyObject(reply);
}

static void on_refusing(uv_idle_t *handle) {
    link_uv *link = handle->data;
    flight_list now = link->refused;
    if (now.first) *now.end = NULL;
    list_clear(&link->refused);
    uv_idle_stop(&link->refusing);
    for (flight *f = now.first, *next; f; f = next) {
        next = f->next;
        answer(f, f->full ? LINK_FULL : LINK_REFUSED, NULL);
    }
}

/* ---- the connection comes and goes ---------------------------------------------------------------------------------- */

static void connect_now(uv_timer_t *handle);
static void lose(link_uv *link, bool freeing, const char *format, ...) __attribute__((format(printf, 3, 4)));

static void tell(link_uv *link, link_uv_state state, const char *reason) {
    char where[REDIS_WHERE_MAX], line[TEXT_MAX], text[TEXT_MAX];
    if (!link->options.on_state) return;
    snprintf(line, sizeof line, "redis at %s: %s", redis_url_where(&link->url, where), reason);
    text_one_line(text, sizeof text, line);
    bool nested = link->in_callback;
    link->in_callback = true;
    link->options.on_state(link->options.ctx, state, text);
    link->in_callback = nested;
}

static usec_t backoff(link_uv *link) {
    int doublings = link->failures < BACKOFF_DOUBLINGS_MAX ? link->failures : BACKOFF_DOUBLINGS_MAX;
    usec_t longest = link->options.backoff_max >> doublings < link->options.backoff_min
                         ? link->options.backoff_max
                         : link->options.backoff_min << doublings;
    return longest / 2 + (usec_t)rng_below(&link->jitter, (uint64_t)(longest - longest / 2) + 1);
}

/* `freeing`: the client library is freeing the connection itself. */
static void lose(link_uv *link, bool freeing, const char *format, ...) {
    char reason[REASON_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(reason, sizeof reason, format, args);
    va_end(args);

    bool was_ready = link->stage == READY;
    redisAsyncContext *redis = link->redis;
    link->redis = NULL;
    link->stage = PAUSING;
    uv_timer_stop(&link->patience);
    link->alarm = USEC_NEVER;
    link->overdue = 0;
    if (redis) redis->data = NULL;
    if (redis && !freeing) redisAsyncFree(redis);
    uv_timer_start(&link->pace, connect_now, timeout_ms(backoff(link)), 0);
    link->failures++;
    tell(link, was_ready ? LINK_UV_LOST : LINK_UV_FAILED, reason);
    while (link->flying.first) {
        flight *f = land_first(link);
        if (f->here)
            answer_held(f);
        else
            answer(f, LINK_UNKNOWN, NULL);
    }
}

static void on_connect(const redisAsyncContext *redis, int status) {
    link_uv *link = redis->data;
    if (link && status != REDIS_OK) lose(link, true, "%s", redis->errstr);
}

static void on_disconnect(const redisAsyncContext *redis, int status) {
    link_uv *link = redis->data;
    if (link)
        lose(link, true, "%s", status != REDIS_OK && *redis->errstr ? redis->errstr : "the connection was closed");
}

static void on_not_ready(uv_timer_t *handle) {
    link_uv *link = handle->data;
    lose(link, false, "not ready within %lld ms", (long long)(link->options.connect_patience / USEC_PER_MSEC));
}

/* ---- the greeting --------------------------------------------------------------------------------------------------- */

/* What an answer is to; scripts by their ids from 0 on. */
enum { GREETING_AUTH = -2, GREETING_SELECT = -1 };

/* Of an answer to AUTH only the code is passed on: some servers repeat the arguments of a command they do not know. */
static bool is_welcome(link_uv *link, int greeting, const redis_reply *reply) {
    sched_error err;
    const char *text = reply_text(reply);
    if (greeting >= 0) {
        if (!scripts_loaded(link->scripts, (script_id)greeting, reply, &err)) return true;
        lose(link, false, "%s", err.message);
        return false;
    }
    if (!reply_is_error(reply)) return true;
    if (greeting == GREETING_AUTH)
        lose(link, false, "AUTH was refused: %.*s", (int)strcspn(text, " "), text);
    else
        lose(link, false, "SELECT %d: %s", link->url.db, text);
    return false;
}

static void on_greeting(redisAsyncContext *redis, void *reply, void *arg) {
    link_uv *link = redis->data;
    if (!link || !reply || !is_welcome(link, (int)(intptr_t)arg, reply) || --link->greetings) return;
    link->stage = READY;
    link->failures = 0;
    link->counts.connections++;
    uv_timer_stop(&link->pace);
    tell(link, LINK_UV_READY, "ready");
}

static void send_script(link_uv *link, script_id id, redisCallbackFn *answered) {
    size_t len;
    const char *text = scripts_text(link->scripts, id, &len);
    resp_write_script_load(&link->load, text, len);
    redisAsyncFormattedCommand(link->redis, answered, (void *)(intptr_t)id, link->load.text, link->load.len);
}

static void greet(link_uv *link) {
    const redis_url *url = &link->url;
    const char *auth[] = {"AUTH", url->user, url->password};
    size_t auth_len[] = {4, strlen(url->user), strlen(url->password)};
    link->greetings = SCRIPT_COUNT;
    if (*url->user || *url->password) {
        link->greetings++;
        if (!*url->user) {
            auth[1] = url->password;
            auth_len[1] = auth_len[2];
        }
        redisAsyncCommandArgv(link->redis, on_greeting, (void *)(intptr_t)GREETING_AUTH, *url->user ? 3 : 2, auth,
                              auth_len);
    }
    if (url->db) {
        link->greetings++;
        redisAsyncCommand(link->redis, on_greeting, (void *)(intptr_t)GREETING_SELECT, "SELECT %d", url->db);
    }
    for (int id = 0; id < SCRIPT_COUNT; id++) send_script(link, (script_id)id, on_greeting);
}

static void connect_now(uv_timer_t *handle) {
    link_uv *link = handle->data;
    const redis_url *url = &link->url;
    link->stage = CONNECTING;
    memset(link->loading, 0, sizeof link->loading);
    redisAsyncContext *redis =
        *url->socket ? redisAsyncConnectUnix(url->socket) : redisAsyncConnect(url->host, url->port);
    link->redis = redis;
    if (!redis) {
        lose(link, false, "out of memory");
        return;
    }
    redis->data = link;
    if (redis->err) {
        lose(link, false, "%s", redis->errstr);
        return;
    }
    int error = uv_attach(link->loop, redis);
    if (error) {
        lose(link, false, "%s", uv_strerror(error));
        return;
    }
    redisAsyncSetConnectCallback(redis, on_connect);
    redisAsyncSetDisconnectCallback(redis, on_disconnect);
    uv_update_time(link->loop);
    uv_timer_start(&link->pace, on_not_ready, timeout_ms(link->options.connect_patience), 0);
    greet(link);
}

/* ---- patience ------------------------------------------------------------------------------------------------------- */

static void on_alarm(uv_timer_t *handle);

static void set_alarm(link_uv *link, usec_t at, usec_t now) {
    link->alarm = at;
    uv_update_time(link->loop);
    uv_timer_start(&link->patience, on_alarm, timeout_ms(at - now), 0);
}

static usec_t earliest_deadline(const link_uv *link) {
    usec_t earliest = USEC_NEVER;
    for (const flight *f = link->flying.first; f; f = f->next)
        if (!f->here && f->deadline < earliest) earliest = f->deadline;
    return earliest;
}

static void on_alarm(uv_timer_t *handle) {
    link_uv *link = handle->data;
    usec_t now = now_usec();
    usec_t earliest = earliest_deadline(link);
    link->alarm = USEC_NEVER;
    if (earliest <= link->overdue) {
        lose(link, false, "no answer in time");
        return;
    }
    link->overdue = earliest <= now ? now : 0;
    if (link->overdue)
        set_alarm(link, now, now); /* in a millisecond, which leads through the sockets */
    else if (earliest != USEC_NEVER)
        set_alarm(link, earliest, now);
}

/* ---- calls ---------------------------------------------------------------------------------------------------------- */

static void on_reply(redisAsyncContext *redis, void *reply, void *arg);

/* An error of it shows in the call that follows. */
static void on_asking(redisAsyncContext *redis, void *reply, void *arg) {
    (void)redis, (void)reply, (void)arg;
}

static void send_flight(flight *f) {
    static const char asking[] = "*1\r\n$6\r\nASKING\r\n";
    link_uv *link = f->link;
    if (f->asking) redisAsyncFormattedCommand(link->redis, on_asking, NULL, asking, sizeof asking - 1);
    int status = redisAsyncFormattedCommand(link->redis, on_reply, f, f->request.text, f->request.len);
    assert(status == REDIS_OK && "the connection is ready");
    (void)status;
    link->counts.sent++;
    link->counts.bytes_sent += f->request.len;
    if (f->script != SCRIPT_NONE) link->counts.by_script[f->script]++;
}

static void on_reloaded(redisAsyncContext *redis, void *reply, void *arg) {
    link_uv *link = redis->data;
    if (link && reply) link->loading[(intptr_t)arg] = false;
}

static bool lost_script(const flight *f, const redis_reply *reply) {
    return f->script != SCRIPT_NONE && !f->repeated && reply_is_error(reply) &&
           !strncmp(reply_text(reply), "NOSCRIPT", 8);
}

/* Calls of the same script that come back meanwhile go behind the one SCRIPT LOAD. */
static void repeat(flight *f) {
    link_uv *link = f->link;
    f->repeated = true;
    if (!link->loading[f->script]) {
        link->loading[f->script] = true;
        link->counts.reloads++;
        send_script(link, f->script, on_reloaded);
    }
    send_flight(f);
}

/* The library frees a reply when its callback returns; an empty shell is left to it. */
static redis_reply *steal(redis_reply *reply) {
    redis_reply *stolen = mem_alloc(sizeof *stolen);
    *stolen = *reply;
    reply->type = REDIS_REPLY_NIL;
    return stolen;
}

static void on_reply(redisAsyncContext *redis, void *reply, void *arg) {
    link_uv *link = redis->data;
    flight *f = arg;
    if (!link || !reply) return; /* the connection ends: lose() answers */
    link->counts.bytes_received += reply_wire_size(reply);
    if (lost_script(f, reply)) {
        repeat(f);
        return;
    }
    if (f != link->flying.first) {
        f->reply = steal(reply);
        f->here = true;
        return;
    }
    answer(land_first(link), status_of(reply), reply);
    while (link->flying.first && link->flying.first->here) answer_held(land_first(link));
}

/* NULL when it was refused. */
static flight *admit(link_uv *link, script_id script, bool asking, link_callback *done, void *arg) {
    assert(done && !link->freed);
    flight *f = take_flight(link, done, arg);
    f->script = script;
    f->asking = asking;
    link->counts.calls++;
    f->full = link->stage == READY && link->counts.in_flight >= link->options.window;
    if (link->stage == READY && !f->full) return f;
    list_put(&link->refused, f);
    uv_idle_start(&link->refusing, on_refusing);
    return NULL;
}

static void depart(flight *f, usec_t patience) {
    link_uv *link = f->link;
    assert(patience > 0);
    usec_t now = now_usec();
    f->deadline = patience < USEC_NEVER - now ? now + patience : USEC_NEVER;
    list_put(&link->flying, f);
    link->counts.in_flight++;
    send_flight(f);
    if (f->deadline < link->alarm) set_alarm(link, f->deadline, now);
}

static void submit(void *ctx, const redis_call *call, usec_t patience, link_callback *done, void *arg) {
    link_uv *link = ctx;
    flight *f = admit(link, call->script, false, done, arg);
    if (!f) return;
    resp_write(&f->request, call, f->script == SCRIPT_NONE ? "" : scripts_sha(link->scripts, f->script));
    depart(f, patience);
}

void link_uv_submit_written(link_uv *link, const resp *request, script_id script, bool asking, usec_t patience,
                            link_callback *done, void *arg) {
    flight *f = admit(link, script, asking, done, arg);
    if (!f) return;
    resp_copy(&f->request, request);
    depart(f, patience);
}

/* ---- the interface -------------------------------------------------------------------------------------------------- */

redis_link link_uv_interface(link_uv *link) {
    return (redis_link){.submit = submit, .ctx = link};
}

bool link_uv_ready(const link_uv *link) {
    return link->stage == READY;
}

bool link_uv_idle(const link_uv *link) {
    return !link->flying.first && !link->refused.first;
}

link_uv_counts link_uv_count(const link_uv *link) {
    return link->counts;
}

link_uv *link_uv_new(uv_loop_t *loop, const redis_url *url, scripts *s, const link_uv_options *options) {
    assert(options->window > 0 && options->connect_patience > 0);
    assert(options->backoff_min >= USEC_PER_MSEC && options->backoff_min <= options->backoff_max);
    assert(options->backoff_max <= 3600 * USEC_PER_SEC);
    link_uv *link = mem_zalloc(1, sizeof *link);
    link->loop = loop;
    link->url = *url;
    link->scripts = s;
    link->options = *options;
    link->alarm = USEC_NEVER;
    rng_init(&link->jitter, options->seed, "redis.backoff", 0);
    list_clear(&link->flying);
    list_clear(&link->refused);
    uv_timer_init(loop, &link->pace);
    uv_timer_init(loop, &link->patience);
    uv_idle_init(loop, &link->refusing);
    link->pace.data = link->patience.data = link->refusing.data = link;
    link->handles = HANDLES;
    uv_timer_start(&link->pace, connect_now, 0, 0);
    return link;
}

static void free_flights(flight *first) {
    for (flight *f = first, *next; f; f = next) {
        next = f->next;
        if (f->here) freeReplyObject(f->reply);
        resp_free(&f->request);
        free(f);
    }
}

static void on_handle_closed(uv_handle_t *handle) {
    link_uv *link = handle->data;
    if (--link->handles) return;
    resp_free(&link->load);
    free(link);
}

link_uv *link_uv_free(link_uv *link) {
    if (!link) return NULL;
    assert(!link->in_callback && !link->freed);
    link->freed = true;
    if (link->redis) {
        link->redis->data = NULL;
        redisAsyncFree(link->redis);
    }
    free_flights(link->flying.first);
    free_flights(link->refused.first);
    free_flights(link->free);
    uv_close((uv_handle_t *)&link->pace, on_handle_closed);
    uv_close((uv_handle_t *)&link->patience, on_handle_closed);
    uv_close((uv_handle_t *)&link->refusing, on_handle_closed);
    return NULL;
}
