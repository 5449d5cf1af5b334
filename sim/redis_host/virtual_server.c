/* virtual_server.c - a line, and the instant from which the server is free.
 *
 * There is no event for the end of a service: only when somebody waits is there one at `free_at`, to start the
 * next. A call that finds the server free starts at once, so an idle server costs no event at all. */
#include "sim/redis_host/virtual_server.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "core/base/mem.h"
#include "core/redis/resp.h"

struct virtual_server {
    engine *engine;
    virtual_redis *redis;
    scripts *scripts;
    cost_model costs;
    service *first, **end; /* the line; *end is the link behind the last */
    service *aside;        /* reads that wait for an entry, the longest first */
    uint64_t waiting;
    usec_t free_at;
    timer_handle wake;
    resp load; /* SCRIPT LOAD of a script that was lost */
    double factor;
    service flush; /* SCRIPT FLUSH */
    bool flushes;  /* it is in line */
    virtual_server_counts counts;
};

sched_status virtual_server_new(engine *e, virtual_redis *redis, scripts *s, const virtual_server_options *options,
                                virtual_server **ret_server, sched_error *err) {
    sched_status status = virtual_redis_load(redis, s, err);
    if (status) return status;
    virtual_server *server = mem_zalloc(1, sizeof *server);
    server->engine = e;
    server->redis = redis;
    server->scripts = s;
    cost_model_init(&server->costs, options->costs, options->profile, options->seed);
    server->end = &server->first;
    server->factor = 1;
    *ret_server = server;
    return SCHED_OK;
}

virtual_server *virtual_server_free(virtual_server *server) {
    if (!server) return NULL;
    if (server->flushes) virtual_server_withdraw(server, &server->flush);
    assert(!server->first && !server->aside && "a link still has a call in line");
    engine_cancel(server->engine, server->wake);
    resp_free(&server->load);
    free(server);
    return NULL;
}

const scripts *virtual_server_scripts(const virtual_server *server) {
    return server->scripts;
}

virtual_redis *virtual_server_redis(const virtual_server *server) {
    return server->redis;
}

virtual_server_counts virtual_server_count(const virtual_server *server) {
    return server->counts;
}

/* Hands one command to the real server; tells what it costs. */
static usec_t execute(virtual_server *server, script_id script, const char *request, size_t len,
                      redis_ticket *ret_ticket) {
    usec_t cost;
    if (server->costs.kind == COST_MEASURED) {
        *ret_ticket = virtual_redis_append_timed(server->redis, request, len, &cost);
    } else {
        *ret_ticket = virtual_redis_append(server->redis, request, len);
        cost = cost_model_draw(&server->costs, script, len);
    }
    if (server->factor != 1) cost = (usec_t)((double)cost * server->factor + 0.5);
    server->counts.commands++;
    server->counts.busy += cost;
    return cost;
}

static usec_t load_script(virtual_server *server, script_id script) {
    size_t len;
    const char *text = scripts_text(server->scripts, script, &len);
    resp_write_script_load(&server->load, text, len);
    redis_ticket ticket;
    usec_t cost = execute(server, SCRIPT_NONE, server->load.text, server->load.len, &ticket);
    virtual_redis_drop(server->redis, ticket);
    server->counts.reloads++;
    return cost;
}

/* ---- reads that wait ------------------------------------------------------------------------------------------------ */

static void wait_is_over(void *arg) {
    service *s = arg;
    virtual_server *server = s->server;
    s->over = 0;
    s->aside = false;
    DL_DELETE(server->aside, s);
    usec_t now = engine_now(server->engine);
    s->started(s, server->free_at > now ? server->free_at : now);
}

/* True when there is nothing to read, and time to wait. */
static bool step_aside(virtual_server *server, service *s) {
    usec_t now = engine_now(server->engine);
    virtual_redis_reply_free(s->answer);
    s->answer = virtual_redis_take(server->redis, s->ticket);
    if (!s->until) s->until = s->read->block < USEC_NEVER - now ? now + s->read->block : USEC_NEVER;
    if (!s->answer || !reply_is_nil(s->answer) || s->until <= now) return false;
    s->aside = true;
    s->server = server;
    s->over = s->until < USEC_NEVER ? engine_at(server->engine, s->until, wait_is_over, s) : 0;
    DL_APPEND(server->aside, s);
    return true;
}

static void leave_aside(virtual_server *server, service *s) {
    engine_cancel(server->engine, s->over);
    s->over = 0;
    s->aside = false;
    DL_DELETE(server->aside, s);
}

/* Arguments are written as they are, each behind its length. */
static bool names(const service *s, const char *key) {
    size_t len = strlen(key);
    const char *at = s->request, *end = s->request + s->request_len;
    while ((at = memmem(at, (size_t)(end - at), key, len))) {
        if (at[-1] == '\n' && at[len] == '\r') return true;
        at++;
    }
    return false;
}

/* Those that wait longest stand first, ahead of all others. */
static void let_read(virtual_server *server, const service *adder) {
    service *s, *next, **at = &server->first;
    DL_FOREACH_SAFE(server->aside, s, next) {
        if (!names(adder, s->read->key)) continue;
        leave_aside(server, s);
        s->next = *at;
        *at = s;
        if (server->end == at) server->end = &s->next;
        at = &s->next;
        server->waiting++;
    }
}

static void start(virtual_server *server, service *s) {
    usec_t cost = s->load_first ? load_script(server, s->script) : 0;
    cost += execute(server, s->script, s->request, s->request_len, &s->ticket);
    if (s->script != SCRIPT_NONE) {
        server->counts.script_calls++;
        server->counts.by_script[s->script]++;
    }
    server->free_at = engine_now(server->engine) + cost;
    if (s->adds && server->aside) let_read(server, s);
    if (!s->read || !step_aside(server, s)) s->started(s, server->free_at);
}

static void on_wake(void *arg);

static void serve(virtual_server *server) {
    usec_t now = engine_now(server->engine);
    while (server->first && server->free_at <= now) {
        service *s = server->first;
        server->first = s->next;
        if (!server->first) server->end = &server->first;
        server->waiting--;
        start(server, s);
    }
    if (server->first && !server->wake) server->wake = engine_at(server->engine, server->free_at, on_wake, server);
}

static void on_wake(void *arg) {
    virtual_server *server = arg;
    server->wake = 0;
    serve(server);
}

void virtual_server_arrive(virtual_server *server, service *s) {
    s->next = NULL;
    *server->end = s;
    server->end = &s->next;
    server->waiting++;
    serve(server);
    if (server->waiting > server->counts.longest_line) server->counts.longest_line = server->waiting;
}

void virtual_server_withdraw(virtual_server *server, service *s) {
    if (s->aside) {
        leave_aside(server, s);
        return;
    }
    service **at = &server->first;
    while (*at != s) {
        assert(*at && "it is not in line");
        at = &(*at)->next;
    }
    *at = s->next;
    if (server->end == &s->next) server->end = at;
    server->waiting--;
}

/* ---- what goes wrong ------------------------------------------------------------------------------------------------ */

void virtual_server_pause(virtual_server *server, usec_t until) {
    if (until > server->free_at) server->free_at = until;
}

void virtual_server_slow(virtual_server *server, double factor) {
    assert(factor > 0);
    server->factor = factor;
}

static void on_flushed(service *s, usec_t end) {
    virtual_server *server = (virtual_server *)(void *)((char *)s - offsetof(virtual_server, flush));
    (void)end;
    server->flushes = false;
    virtual_redis_drop(server->redis, s->ticket);
}

void virtual_server_flush_scripts(virtual_server *server) {
    static const char request[] = "*2\r\n$6\r\nSCRIPT\r\n$5\r\nFLUSH\r\n";
    if (server->flushes) return;
    server->flushes = true;
    server->flush = (service){
        .request = request,
        .request_len = sizeof request - 1,
        .script = SCRIPT_NONE,
        .started = on_flushed,
    };
    virtual_server_arrive(server, &server->flush);
}

void virtual_server_died(virtual_server *server) {
    if (server->flushes) virtual_server_withdraw(server, &server->flush);
    server->flushes = false;
    server->free_at = engine_now(server->engine);
}
