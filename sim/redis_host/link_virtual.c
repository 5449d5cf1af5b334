/* link_virtual.c - the flight of each call as events of the engine; flights are reused, so a call in steady state
 * allocates nothing but the client library's reply.
 *
 * Flights in the air stand in a list in the order of submission, and callbacks run from its head only. An answer
 * that comes before the one ahead of it waits, as bytes of one connection do; so does one behind a script that has
 * to be sent again.
 *
 * A flight whose connection was closed is out of that list ("forgotten") but travels on until the server has
 * executed it. */
#include "sim/redis_host/link_virtual.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/redis/link_uv.h"
#include "core/redis/resp.h"

enum { BACKOFF_DOUBLINGS_MAX = 30 };

typedef enum flight_state {
    FREE,      /* in the list of free flights */
    REFUSED,   /* `event` is its callback */
    OUTBOUND,  /* `event` is its arrival at the server */
    AT_DOOR,   /* at the server, behind a read that waits */
    AT_SERVER, /* in line, or waiting aside */
    HOMEWARD,  /* executed; `event` is the arrival of the answer */
    HERE,      /* the answer is here, but not yet those to earlier calls */
} flight_state;

typedef struct flight flight;
struct flight {
    service service; /* first: the server hands back a pointer to it */
    link_virtual *link;
    flight *next;   /* in the air, or free */
    flight *behind; /* at the door */
    flight_state state;
    bool forgotten;
    bool full; /* refused because of the window */
    usec_t issued;
    timer_handle event, deadline;
    link_callback *done;
    void *arg;
    blocking_read *read; /* of a read that waits; NULL: none */
    resp request;
};

struct link_virtual {
    engine *engine;
    virtual_server *server;
    virtual_redis *redis;
    dist delay;
    rng stream;
    int64_t window;
    usec_t issue_at; /* of the handler that is at work */
    usec_t last_arrival;
    flight *first, **end; /* in the air, by submission; *end is the link behind the last */
    flight *reading;      /* the read that waits at the server */
    flight *door, **door_end;
    flight *free;
    flight **all;
    size_t all_count, all_capacity;
    bool cut;             /* the server cannot be reached */
    bool down;            /* there is no connection */
    int failures;         /* attempts to connect since there was one */
    timer_handle attempt; /* the next, or the end of the one under way */
    rng pauses;
    link_virtual_counts counts;
};

static usec_t later_of(usec_t a, usec_t b) {
    return a > b ? a : b;
}

/* ---- flights ----------------------------------------------------------------------------------------------------- */

static flight *new_flight(link_virtual *link) {
    if (link->all_count == link->all_capacity) {
        link->all_capacity = link->all_capacity ? link->all_capacity * 2 : 64;
        link->all = mem_realloc(link->all, link->all_capacity, sizeof(flight *));
    }
    flight *f = mem_zalloc(1, sizeof *f);
    f->link = link;
    link->all[link->all_count++] = f;
    link->counts.flights++;
    return f;
}

static flight *take_flight(link_virtual *link, link_callback *done, void *arg) {
    flight *f = link->free;
    if (f)
        link->free = f->next;
    else
        f = new_flight(link);
    f->next = NULL;
    f->forgotten = false;
    f->event = f->deadline = 0;
    f->done = done;
    f->arg = arg;
    return f;
}

static void give_flight(flight *f) {
    free(f->read);
    f->read = NULL;
    f->state = FREE;
    f->next = f->link->free;
    f->link->free = f;
}

static void enter_air(flight *f) {
    link_virtual *link = f->link;
    *link->end = f;
    link->end = &f->next;
    link->counts.in_flight++;
}

static flight *leave_air(link_virtual *link) {
    flight *f = link->first;
    link->first = f->next;
    if (!link->first) link->end = &link->first;
    link->counts.in_flight--;
    return f;
}

/* ---- answers ----------------------------------------------------------------------------------------------------- */

static void enter(flight *f) {
    f->state = AT_SERVER;
    if (f->read) f->link->reading = f;
    virtual_server_arrive(f->link->server, &f->service);
}

static void on_arrival(void *arg) {
    flight *f = arg;
    link_virtual *link = f->link;
    f->event = 0;
    if (f->forgotten && f->read) { /* its connection has ended */
        give_flight(f);
        return;
    }
    if (f->forgotten || !link->reading) {
        enter(f);
        return;
    }
    f->state = AT_DOOR;
    f->behind = NULL;
    *link->door_end = f;
    link->door_end = &f->behind;
}

/* Those behind it go in, up to the next read that waits. */
static void read_is_over(link_virtual *link) {
    link->reading = NULL;
    while (link->door && !link->reading) {
        flight *f = link->door;
        link->door = f->behind;
        if (!link->door) link->door_end = &link->door;
        enter(f);
    }
}

static redis_reply *take_answer(flight *f) {
    if (!f->read) return virtual_redis_take(f->link->redis, f->service.ticket);
    redis_reply *answer = f->service.answer;
    f->service.answer = NULL;
    return answer;
}

/* Executed, and nobody wants to know. */
static void drop_answer(flight *f) {
    if (f->read)
        virtual_redis_reply_free(take_answer(f));
    else
        virtual_redis_drop(f->link->redis, f->service.ticket);
}

/* One connection: nothing overtakes. */
static void send_off(flight *f, usec_t from) {
    link_virtual *link = f->link;
    link->last_arrival = later_of(from + dist_draw_usec(&link->delay, &link->stream), link->last_arrival);
    f->state = OUTBOUND;
    f->event = engine_at(link->engine, link->last_arrival, on_arrival, f);
}

static bool lost_script(const flight *f, const redis_reply *reply) {
    return f->service.script != SCRIPT_NONE && !f->service.load_first && reply_is_error(reply) &&
           !strncmp(reply_text(reply), "NOSCRIPT", 8);
}

/* Answers the first call in the air; false when it has to be sent again. */
static bool answer_first(link_virtual *link) {
    flight *f = link->first;
    redis_reply *reply = take_answer(f);
    if (reply && lost_script(f, reply)) {
        virtual_redis_reply_free(reply);
        f->service.load_first = true;
        send_off(f, engine_now(link->engine));
        return false;
    }
    leave_air(link);
    engine_cancel(link->engine, f->deadline);
    link_callback *done = f->done;
    void *arg = f->arg;
    give_flight(f);
    link_status status = !reply ? LINK_UNKNOWN : reply_is_error(reply) ? LINK_ERROR : LINK_OK;
    if (reply)
        link->counts.answered++;
    else
        link->counts.unknown++;
    done(arg, status, reply);
    virtual_redis_reply_free(reply);
    return true;
}

static void on_answer(void *arg) {
    flight *f = arg;
    link_virtual *link = f->link;
    f->event = 0;
    f->state = HERE;
    while (link->first && link->first->state == HERE && answer_first(link)) continue;
}

static void on_started(service *s, usec_t end) {
    flight *f = (flight *)s;
    link_virtual *link = f->link;
    bool read = f->read && link->reading == f;
    if (f->forgotten) {
        drop_answer(f);
        give_flight(f);
        return;
    }
    f->state = HOMEWARD;
    f->event = engine_at(link->engine, end + dist_draw_usec(&link->delay, &link->stream), on_answer, f);
    if (read) read_is_over(link);
}

/* ---- deadlines --------------------------------------------------------------------------------------------------- */

/* The server drops whoever waits when the connection ends. */
static void leave_server(flight *f) {
    virtual_server_withdraw(f->link->server, &f->service);
    drop_answer(f);
    give_flight(f);
}

/* With its connection; what stands at the door is lost, since nobody reads it any more. */
static void forget(flight *f) {
    link_virtual *link = f->link;
    engine_cancel(link->engine, f->deadline);
    if (f->state == HOMEWARD || f->state == HERE) {
        engine_cancel(link->engine, f->event);
        drop_answer(f);
        give_flight(f);
    } else if (f->read && f->state == AT_SERVER) {
        leave_server(f);
    } else if (f->state == AT_DOOR) {
        give_flight(f);
    } else {
        f->forgotten = true;
    }
}

/* Takes what has been issued out of the air, in order; calls that leave later will use the new connection. */
static flight *cut_issued(link_virtual *link) {
    usec_t now = engine_now(link->engine);
    flight *cut = NULL, **end = &cut;
    link->reading = NULL;
    link->door = NULL;
    link->door_end = &link->door;
    while (link->first && link->first->issued <= now) {
        flight *f = leave_air(link);
        *end = f;
        end = &f->next;
        f->next = NULL;
    }
    return cut;
}

static void tell_unknown(flight *cut) {
    for (flight *f = cut, *next; f; f = next) {
        next = f->next;
        link_callback *done = f->done;
        void *done_arg = f->arg;
        f->link->counts.unknown++;
        forget(f);
        done(done_arg, LINK_UNKNOWN, NULL);
    }
}

static void on_deadline(void *arg) {
    link_virtual *link = ((flight *)arg)->link;
    link->counts.reconnects++;
    usec_t connected = engine_now(link->engine);
    for (int way = 0; way < 2; way++) connected += dist_draw_usec(&link->delay, &link->stream);
    link->last_arrival = later_of(connected, link->last_arrival);
    tell_unknown(cut_issued(link));
}

/* ---- refusals ---------------------------------------------------------------------------------------------------- */

static void on_refused(void *arg) {
    flight *f = arg;
    link_callback *done = f->done;
    void *done_arg = f->arg;
    link_status status = f->full ? LINK_FULL : LINK_REFUSED;
    f->link->counts.refused++;
    give_flight(f);
    done(done_arg, status, NULL);
}

/* ---- cuts -------------------------------------------------------------------------------------------------------- */

static void plan_attempt(link_virtual *link);

static void on_connected(void *arg) {
    link_virtual *link = arg;
    link->attempt = 0;
    if (link->cut) {
        link->failures++;
        plan_attempt(link);
        return;
    }
    link->down = false;
    link->counts.reconnects++;
    link->last_arrival = engine_now(link->engine);
}

/* Two ways, when somebody is there to answer. */
static void on_attempt(void *arg) {
    link_virtual *link = arg;
    usec_t answered = engine_now(link->engine);
    for (int way = 0; way < 2 && !link->cut; way++) answered += dist_draw_usec(&link->delay, &link->pauses);
    link->attempt = engine_at(link->engine, answered, on_connected, link);
}

static void plan_attempt(link_virtual *link) {
    int doublings = link->failures < BACKOFF_DOUBLINGS_MAX ? link->failures : BACKOFF_DOUBLINGS_MAX;
    usec_t longest = link_uv_defaults.backoff_min << doublings;
    if (longest > link_uv_defaults.backoff_max) longest = link_uv_defaults.backoff_max;
    usec_t pause = longest / 2 + (usec_t)rng_below(&link->pauses, (uint64_t)(longest / 2) + 1);
    link->attempt = engine_at(link->engine, engine_now(link->engine) + pause, on_attempt, link);
}

/* They have not left yet, and will find nothing to leave by. */
static void refuse_unissued(link_virtual *link) {
    while (link->first) {
        flight *f = leave_air(link);
        engine_cancel(link->engine, f->event);
        engine_cancel(link->engine, f->deadline);
        f->state = REFUSED;
        f->event = engine_at(link->engine, f->issued, on_refused, f);
    }
}

/* What nobody waits for any more: it is lost on its way, and in line, too, when the server has died. */
static void lose_forgotten(link_virtual *link, bool died) {
    for (size_t i = 0; i < link->all_count; i++) {
        flight *f = link->all[i];
        if (f->state == FREE || !f->forgotten || (f->state == AT_SERVER && !died)) continue;
        assert(f->state == OUTBOUND || f->state == AT_SERVER);
        if (f->state == OUTBOUND)
            engine_cancel(link->engine, f->event);
        else
            virtual_server_withdraw(link->server, &f->service);
        give_flight(f);
    }
}

void link_virtual_cut(link_virtual *link, bool died) {
    link->cut = true;
    flight *unknown = cut_issued(link);
    refuse_unissued(link);
    if (!link->down) {
        link->down = true;
        link->failures = 0;
        plan_attempt(link);
    }
    tell_unknown(unknown);
    lose_forgotten(link, died);
}

void link_virtual_hang_up(link_virtual *link) {
    flight *unknown = cut_issued(link);
    refuse_unissued(link);
    link->issue_at = engine_now(link->engine);
    link->last_arrival = link->issue_at;
    tell_unknown(unknown);
    lose_forgotten(link, false);
}

void link_virtual_mend(link_virtual *link) {
    link->cut = false;
}

/* ---- the interface ----------------------------------------------------------------------------------------------- */

static void submit(void *ctx, const redis_call *call, usec_t patience, link_callback *done, void *arg) {
    link_virtual *link = ctx;
    assert(patience > 0 && done);
    usec_t now = engine_now(link->engine);
    flight *f = take_flight(link, done, arg);
    link->counts.calls++;
    bool absent = link->down || virtual_redis_status(link->redis, NULL);
    f->full = !absent && link->counts.in_flight >= link->window;
    if (absent || f->full) {
        f->state = REFUSED;
        f->event = engine_at(link->engine, now, on_refused, f);
        return;
    }
    redis_call plain;
    blocking_read read;
    if (blocking_read_parse(call, &read, &plain)) {
        f->read = mem_alloc(sizeof read);
        *f->read = read;
        call = &plain;
    }
    resp_write(&f->request, call,
               call->script == SCRIPT_NONE ? "" : scripts_sha(virtual_server_scripts(link->server), call->script));
    f->service = (service){
        .request = f->request.text,
        .request_len = f->request.len,
        .script = call->script,
        .started = on_started,
        .read = f->read,
        .adds = call_adds_entry(call),
    };
    f->issued = later_of(now, link->issue_at);
    enter_air(f);
    send_off(f, f->issued);
    if (patience < USEC_NEVER - f->issued) f->deadline = engine_at(link->engine, f->issued + patience, on_deadline, f);
}

redis_link link_virtual_interface(link_virtual *link) {
    return (redis_link){.submit = submit, .ctx = link};
}

void link_virtual_issue_at(void *link, usec_t at) {
    link_virtual *l = link;
    l->issue_at = later_of(l->issue_at, at);
}

link_virtual_counts link_virtual_count(const link_virtual *link) {
    return link->counts;
}

link_virtual *link_virtual_new(engine *e, virtual_server *server, const link_virtual_options *options) {
    assert(options->window > 0);
    link_virtual *link = mem_zalloc(1, sizeof *link);
    link->engine = e;
    link->server = server;
    link->redis = virtual_server_redis(server);
    link->delay = options->delay;
    link->window = options->window;
    link->end = &link->first;
    link->door_end = &link->door;
    rng_init(&link->stream, options->seed, "redis.network", options->instance);
    rng_init(&link->pauses, options->seed, "redis.backoff", options->instance);
    return link;
}

static void abandon(flight *f) {
    link_virtual *link = f->link;
    engine_cancel(link->engine, f->event);
    engine_cancel(link->engine, f->deadline);
    if (f->state == AT_SERVER) virtual_server_withdraw(link->server, &f->service);
    if (f->state == HOMEWARD || f->state == HERE || (f->read && f->state == AT_SERVER)) drop_answer(f);
    free(f->read);
    resp_free(&f->request);
    free(f);
}

link_virtual *link_virtual_free(link_virtual *link) {
    if (!link) return NULL;
    engine_cancel(link->engine, link->attempt);
    for (size_t i = 0; i < link->all_count; i++) abandon(link->all[i]);
    free(link->all);
    free(link);
    return NULL;
}
