/* host_virtual.c - the virtual kind: a server in the engine's time, the line in front of it, and one link. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "sim/redis_host/host_internal.h"
#include "sim/redis_host/link_virtual.h"

typedef struct host_virtual {
    redis_host host;
    engine *engine;
    virtual_redis *redis;
    virtual_server *server;
    link_virtual *link;
} host_virtual;

static host_virtual *of(redis_host *host) {
    return (host_virtual *)host;
}

static void close_host(redis_host *host) {
    host_virtual *h = of(host);
    link_virtual_free(h->link);
    virtual_server_free(h->server);
    virtual_redis_stop(h->redis);
    free(h);
}

static redis_link link_of(redis_host *host) {
    return link_virtual_interface(of(host)->link);
}

static void issue_at(redis_host *host, usec_t at) {
    link_virtual_issue_at(of(host)->link, at);
}

static sched_status run(redis_host *host, usec_t until, sched_error *err) {
    engine_run(of(host)->engine, until);
    return virtual_redis_status(of(host)->redis, err);
}

static void settle(redis_host *host) {
    virtual_redis_settle(of(host)->redis);
}

static sched_status ask(redis_host *host, const redis_call *call, redis_reply **ret_reply, sched_error *err) {
    return virtual_redis_sync(of(host)->redis, call, ret_reply, err);
}

static sched_status expire(redis_host *host, sched_error *err) {
    return virtual_redis_expire_all(of(host)->redis, err);
}

static redis_traffic traffic(const redis_host *host) {
    const host_virtual *h = (const host_virtual *)host;
    virtual_server_counts served = virtual_server_count(h->server);
    virtual_redis_counts wire = virtual_redis_count(h->redis);
    redis_traffic t = {
        .commands = served.commands,
        .script_calls = served.script_calls,
        .bytes_sent = wire.bytes_sent,
        .bytes_received = wire.bytes_received,
        .batches = wire.batches,
        .waits = wire.waits,
        .busy = served.busy,
    };
    memcpy(t.by_script, served.by_script, sizeof t.by_script);
    return t;
}

static const redis_host_kind kind = {
    .close = close_host,
    .link = link_of,
    .issue_at = issue_at,
    .run = run,
    .settle = settle,
    .ask = ask,
    .expire = expire,
    .traffic = traffic,
    .time_is_free = true,
};

sched_status redis_host_open_virtual(const redis_host_options *options, redis_host **ret_host, sched_error *err) {
    host_virtual *h = mem_zalloc(1, sizeof *h);
    h->host.kind = &kind;
    h->engine = options->engine;
    virtual_redis_options redis = virtual_redis_defaults;
    redis.binary = options->binary;
    redis.seed = options->seed;
    redis.max_skew = options->max_skew;
    virtual_server_options serving = {.costs = options->costs, .seed = options->seed};
    link_virtual_options line = {.delay = options->delay, .window = options->window, .seed = options->seed};
    sched_status status = virtual_redis_start(h->engine, &redis, &h->redis, err);
    if (!status) status = virtual_server_new(h->engine, h->redis, options->scripts, &serving, &h->server, err);
    if (status) {
        close_host(&h->host);
        return status;
    }
    h->link = link_virtual_new(h->engine, h->server, &line);
    h->host.url = redis_url_of_socket(virtual_redis_socket(h->redis));
    snprintf(h->host.version, sizeof h->host.version, "%s", virtual_redis_version(h->redis));
    *ret_host = &h->host;
    return SCHED_OK;
}
