/* host_virtual.c - the virtual kind: a server in the engine's time, the line in front of it, and the links. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "sim/redis_host/host_internal.h"
#include "sim/redis_host/link_virtual.h"

typedef struct host_virtual {
    redis_host host;
    engine *engine;
    scripts *scripts;
    virtual_redis *redis;
    virtual_server *server;
    link_virtual **links; /* one of each instance, and behind them the readers */
    int32_t link_count;
    bool way_is_cut;
    bool *cut_off; /* of each instance: its way is cut */
} host_virtual;

static host_virtual *of(redis_host *host) {
    return (host_virtual *)host;
}

static void close_host(redis_host *host) {
    host_virtual *h = of(host);
    for (int32_t i = 0; i < h->link_count; i++) link_virtual_free(h->links[i]);
    free(h->links);
    free(h->cut_off);
    virtual_server_free(h->server);
    virtual_redis_stop(h->redis);
    free(h);
}

static redis_link link_of(redis_host *host, int32_t number) {
    return link_virtual_interface(of(host)->links[number]);
}

static redis_link reader_of(redis_host *host, int32_t number) {
    return link_virtual_interface(of(host)->links[host->instances + number]);
}

static void issue_at(redis_host *host, int32_t number, usec_t at) {
    const host_virtual *h = of(host);
    for (int32_t i = number; i < h->link_count; i += host->instances) link_virtual_issue_at(h->links[i], at);
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

/* ---- what goes wrong ------------------------------------------------------------------------------------------------ */

static bool answers(const redis_host *host) {
    return virtual_redis_lives(((const host_virtual *)host)->redis);
}

static void pause_server(redis_host *host, usec_t until) {
    if (answers(host)) virtual_server_pause(of(host)->server, until);
}

static void slow(redis_host *host, double factor) {
    virtual_server_slow(of(host)->server, factor);
}

static void flush_scripts(redis_host *host) {
    if (answers(host)) virtual_server_flush_scripts(of(host)->server);
}

static void cut_links(host_virtual *h, bool died) {
    for (int32_t i = 0; i < h->link_count; i++) link_virtual_cut(h->links[i], died);
}

/* Whether connections could be made: a server that is there, and a way. */
static void reach(host_virtual *h) {
    if (h->way_is_cut || !virtual_redis_lives(h->redis)) return;
    for (int32_t i = 0; i < h->link_count; i++)
        if (!h->cut_off[i % h->host.instances]) link_virtual_mend(h->links[i]);
}

/* Links first: their tickets are of the connection that ends with the server. */
static void kill_server(redis_host *host, bool save) {
    host_virtual *h = of(host);
    cut_links(h, true);
    virtual_server_died(h->server);
    virtual_redis_kill(h->redis, save);
}

static void revive(redis_host *host, bool with_data) {
    host_virtual *h = of(host);
    virtual_redis_revive(h->redis, with_data, h->scripts);
    reach(h);
}

static void cut(redis_host *host) {
    of(host)->way_is_cut = true;
    cut_links(of(host), false);
}

static void mend(redis_host *host) {
    of(host)->way_is_cut = false;
    reach(of(host));
}

static void cut_instance(redis_host *host, int32_t number) {
    host_virtual *h = of(host);
    h->cut_off[number] = true;
    for (int32_t i = number; i < h->link_count; i += host->instances) link_virtual_cut(h->links[i], false);
}

static void mend_instance(redis_host *host, int32_t number) {
    of(host)->cut_off[number] = false;
    reach(of(host));
}

static void hang_up(redis_host *host, int32_t number) {
    const host_virtual *h = of(host);
    for (int32_t i = number; i < h->link_count; i += host->instances) link_virtual_hang_up(h->links[i]);
}

static const redis_host_kind kind = {
    .close = close_host,
    .link = link_of,
    .reader = reader_of,
    .issue_at = issue_at,
    .run = run,
    .settle = settle,
    .ask = ask,
    .expire = expire,
    .traffic = traffic,
    .answers = answers,
    .pause = pause_server,
    .slow = slow,
    .flush_scripts = flush_scripts,
    .kill = kill_server,
    .revive = revive,
    .cut = cut,
    .mend = mend,
    .cut_instance = cut_instance,
    .mend_instance = mend_instance,
    .hang_up = hang_up,
    .time_is_free = true,
};

sched_status redis_host_open_virtual(const redis_host_options *options, redis_host **ret_host, sched_error *err) {
    host_virtual *h = mem_zalloc(1, sizeof *h);
    h->host.kind = &kind;
    h->host.instances = options->instances;
    h->host.readers = options->readers;
    h->host.share_readers = options->share_readers;
    h->engine = options->engine;
    h->scripts = options->scripts;
    virtual_redis_options redis = virtual_redis_defaults;
    redis.binary = options->binary;
    redis.seed = options->seed;
    redis.max_skew = options->max_skew;
    virtual_server_options serving = {.costs = options->costs, .profile = options->profile, .seed = options->seed};
    link_virtual_options line = {.delay = options->delay, .window = options->window, .seed = options->seed};
    sched_status status = virtual_redis_start(h->engine, &redis, &h->redis, err);
    if (!status) status = virtual_server_new(h->engine, h->redis, options->scripts, &serving, &h->server, err);
    if (status) {
        close_host(&h->host);
        return status;
    }
    h->link_count = options->instances * (options->readers && !options->share_readers ? 2 : 1);
    h->cut_off = mem_zalloc((size_t)options->instances, sizeof *h->cut_off);
    h->links = mem_zalloc((size_t)h->link_count, sizeof *h->links);
    for (int32_t i = 0; i < h->link_count; i++) {
        bool reader = i >= options->instances;
        line.instance = (uint64_t)reader << 32 | (uint64_t)(i % options->instances);
        h->links[i] = link_virtual_new(h->engine, h->server, &line);
    }
    h->host.url = redis_url_of_socket(virtual_redis_socket(h->redis));
    snprintf(h->host.version, sizeof h->host.version, "%s", virtual_redis_version(h->redis));
    *ret_host = &h->host;
    return SCHED_OK;
}
