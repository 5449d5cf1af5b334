/* link_virtual.c - the flight of each call as events of the engine; flights are reused, so a call in steady state
 * allocates nothing but the client library's reply.
 *
 * Flights in the air stand in a list in the order of submission, and callbacks run from its head only. An answer
 * that comes before the one ahead of it waits, as bytes of one connection do; so does one behind a script that has
 * to be sent again.
 *
 * A flight whose connection was closed is out of that list ("forgotten") but travels on until the server has
 * executed it. */
#include "sim/redis_host/link_virtual_internal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/redis/resp.h"

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

void flight_give(flight *f) {
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

flight *flight_leaves_air(link_virtual *link) {
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
        flight_give(f);
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
void flight_drop_answer(flight *f) {
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
    flight_leaves_air(link);
    engine_cancel(link->engine, f->deadline);
    link_callback *done = f->done;
    void *arg = f->arg;
    flight_give(f);
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
        flight_drop_answer(f);
        flight_give(f);
        return;
    }
    f->state = HOMEWARD;
    f->event = engine_at(link->engine, end + dist_draw_usec(&link->delay, &link->stream), on_answer, f);
    if (read) read_is_over(link);
}

/* ---- refusals ---------------------------------------------------------------------------------------------------- */

void flight_refused(void *arg) {
    flight *f = arg;
    link_callback *done = f->done;
    void *done_arg = f->arg;
    link_status status = f->full ? LINK_FULL : LINK_REFUSED;
    f->link->counts.refused++;
    flight_give(f);
    done(done_arg, status, NULL);
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
        f->event = engine_at(link->engine, now, flight_refused, f);
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
    if (patience < USEC_NEVER - f->issued)
        f->deadline = engine_at(link->engine, f->issued + patience, link_virtual_late, f);
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
    if (f->state == HOMEWARD || f->state == HERE || (f->read && f->state == AT_SERVER)) flight_drop_answer(f);
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
