/* host_wall.c - the wall kind: an ordinary server or cluster in real time, the links that the daemon uses, and a blocking client beside it.
 *
 * Every answer first brings the engine to the present, so that the core hears of it at the instant at which it came.
 *
 * The blocking client holds up the loop. It is used before the run, after it, and for the one measurement at the end of the
 * scenario's time, when what is late shows in nothing but the drain. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/redis/link_url.h"
#include "core/redis/private_cluster.h"
#include "core/redis/private_server.h"
#include "sim/redis_host/clock_wall.h"
#include "sim/redis_host/host_internal.h"

#define READY_PATIENCE  (10 * USEC_PER_SEC)
#define ASK_PATIENCE    (60 * USEC_PER_SEC)
#define SETTLE_PATIENCE (2 * USEC_PER_SEC)
#define STEP            (10 * USEC_PER_MSEC)
#define CLOCKS_DIFFER   (200 * USEC_PER_MSEC)

enum { KEYS_AT_ONCE = 500, REASON_MAX = 256 };

typedef struct answer_to {
    struct answer_to *next; /* free */
    struct host_wall *host;
    link_callback *done;
    void *arg;
} answer_to;

/* Of one instance. */
typedef struct line {
    struct host_wall *host;
    link_url *link;
    redis_link inner;
} line;

typedef struct host_wall {
    redis_host host;
    usec_t paused_until;
    sched_error failure; /* of what was done to the server */
    engine *engine;
    keyspace keys;
    private_server *server; /* NULL: a given one, or: */
    private_cluster *cluster;
    clock_wall *clock;
    line *lines; /* one of each instance, and behind them the readers */
    int32_t line_count;
    sync_client *client;
    int turned_to;
    answer_to *free;
    char reason[REASON_MAX]; /* why there is no connection */
} host_wall;

static host_wall *of(redis_host *host) {
    return (host_wall *)host;
}

/* ---- the link ------------------------------------------------------------------------------------------------------- */

static void on_answer(void *arg, link_status status, const redis_reply *reply) {
    answer_to *a = arg;
    host_wall *h = a->host;
    link_callback *done = a->done;
    void *done_arg = a->arg;
    a->next = h->free;
    h->free = a;
    clock_wall_catch_up(h->clock);
    done(done_arg, status, reply);
}

static void submit(void *ctx, const redis_call *call, usec_t patience, link_callback *done, void *arg) {
    const line *l = ctx;
    host_wall *h = l->host;
    answer_to *a = h->free;
    if (a)
        h->free = a->next;
    else
        a = mem_alloc(sizeof *a);
    *a = (answer_to){.host = h, .done = done, .arg = arg};
    link_submit(&l->inner, call, patience, on_answer, a);
}

static redis_link link_of(redis_host *host, int32_t number) {
    return (redis_link){.submit = submit, .ctx = &of(host)->lines[number]};
}

static redis_link reader_of(redis_host *host, int32_t number) {
    return (redis_link){.submit = submit, .ctx = &of(host)->lines[host->instances + number]};
}

static void on_state(void *ctx, link_uv_state state, const char *text) {
    host_wall *h = ctx;
    snprintf(h->reason, sizeof h->reason, "%s", state == LINK_UV_READY ? "" : text);
}

/* ---- the kind ------------------------------------------------------------------------------------------------------- */

/* A connection that is lost is a part of the run, as it is of the daemon's life. */
static sched_status run(redis_host *host, usec_t until, sched_error *err) {
    host_wall *h = of(host);
    clock_wall_run(h->clock, until);
    if (h->failure.status && err) *err = h->failure;
    return h->failure.status;
}

static int64_t in_flight(const host_wall *h) {
    int64_t sum = 0;
    for (int32_t i = 0; i < h->line_count; i++) sum += link_url_count(h->lines[i].link).in_flight;
    return sum;
}

static void settle(redis_host *host) {
    host_wall *h = of(host);
    usec_t limit = engine_now(h->engine) + SETTLE_PATIENCE;
    while (in_flight(h) > 0 && engine_now(h->engine) < limit) clock_wall_run(h->clock, engine_now(h->engine) + STEP);
}

/* A master of a cluster may have died during the run, and another has what it had. */
static sched_status connect_again(host_wall *h, sched_error *err) {
    h->client = sync_client_close(h->client);
    return sync_client_open_url(&h->host.url, ASK_PATIENCE, &h->client, err);
}

static sched_status ask(redis_host *host, const redis_call *call, redis_reply **ret_reply, sched_error *err) {
    host_wall *h = of(host);
    if (!h->client) return sched_fail(err, SCHED_EIO, "Redis is down at this moment of the run");
    sched_status status = sync_client_call(h->client, call, ret_reply, err);
    if (status == SCHED_EIO && h->host.url.cluster) {
        status = connect_again(h, err);
        if (!status) sync_client_turn_to(h->client, h->turned_to);
        if (!status) status = sync_client_call(h->client, call, ret_reply, err);
    }
    return status;
}

static int masters(const redis_host *host) {
    const host_wall *h = (const host_wall *)host;
    return h->client ? sync_client_masters(h->client) : 1;
}

static void turn_to(redis_host *host, int master) {
    host_wall *h = of(host);
    h->turned_to = master;
    if (h->client) sync_client_turn_to(h->client, master);
}

static void add_traffic(redis_traffic *t, const link_url *link) {
    link_uv_counts counts = link_url_count(link);
    t->commands += counts.sent + counts.reloads;
    t->bytes_sent += counts.bytes_sent;
    t->bytes_received += counts.bytes_received;
    for (int i = 0; i < SCRIPT_COUNT; i++) {
        t->by_script[i] += counts.by_script[i];
        t->script_calls += counts.by_script[i];
    }
}

static redis_traffic traffic(const redis_host *host) {
    redis_traffic t = {0};
    const host_wall *h = (const host_wall *)host;
    for (int32_t i = 0; i < h->line_count; i++) add_traffic(&t, h->lines[i].link);
    return t;
}

static redis_host_lateness late(const redis_host *host) {
    const histogram *h = clock_wall_lateness(((const host_wall *)host)->clock);
    return (redis_host_lateness){
        .events = histogram_count(h),
        .p50 = histogram_percentile(h, 50),
        .p99 = histogram_percentile(h, 99),
        .max = histogram_max(h),
    };
}

/* ---- deleting ------------------------------------------------------------------------------------------------------- */

static const char sweep[] = "local page = redis.call('SCAN', ARGV[1], 'MATCH', ARGV[2], 'COUNT', ARGV[3])\n"
                            "for _, key in ipairs(page[2]) do\n"
                            "  if ARGV[4] == 'all' or redis.call('PTTL', key) >= 0 then redis.call('UNLINK', key) end\n"
                            "end\n"
                            "return page[1]\n";

/* Those of the master that was turned to. */
static sched_status delete_here(host_wall *h, const char *which, sched_error *err) {
    char cursor[24] = "0", pattern[KEYSPACE_MAX + 2];
    snprintf(pattern, sizeof pattern, "%s*", h->keys.prefix);
    sched_status status = SCHED_OK;
    do {
        redis_call call;
        redis_reply *reply = NULL;
        call_command(&call, "EVAL");
        call_str(&call, sweep);
        call_int(&call, 0);
        call_str(&call, cursor);
        call_str(&call, pattern);
        call_int(&call, KEYS_AT_ONCE);
        call_str(&call, which);
        status = sync_client_call(h->client, &call, &reply, err);
        if (!status && reply_is_error(reply))
            status = sched_fail(err, SCHED_EPROTO, "deleting %s: %s", pattern, reply_text(reply));
        if (!status) snprintf(cursor, sizeof cursor, "%s", reply_text(reply));
        sync_reply_free(reply);
    } while (!status && strcmp(cursor, "0"));
    return status;
}

/* Keys of this run only. */
static sched_status delete_keys(host_wall *h, const char *which, sched_error *err) {
    sched_status status = h->host.url.cluster ? connect_again(h, err) : SCHED_OK;
    if (status) return status;
    for (int i = 0; i < sync_client_masters(h->client) && !status; i++) {
        sync_client_turn_to(h->client, i);
        status = delete_here(h, which, err);
    }
    sync_client_turn_to(h->client, 0);
    return status;
}

static sched_status expire(redis_host *host, sched_error *err) {
    return delete_keys(of(host), "expiring", err);
}

/* ---- what goes wrong ------------------------------------------------------------------------------------------------ */

static const char *cannot(const redis_host *host, redis_trouble trouble) {
    if (trouble == REDIS_IS_SLOW) return "a real server cannot be made slow by a factor";
    if (trouble == REDIS_IS_CUT_OFF) return "the way to a real server cannot be cut";
    const host_wall *h = (const host_wall *)host;
    if (h->cluster) return "nothing is done to the servers of a cluster";
    return h->server ? NULL : "others may use the Redis that was given";
}

static bool is_paused(const host_wall *h) {
    return h->paused_until > engine_now(h->engine);
}

static bool answers(const redis_host *host) {
    const host_wall *h = (const host_wall *)host;
    return h->client && !is_paused(h);
}

static void signal_server(const host_wall *h, int number) {
    pid_t pid = private_server_pid(h->server);
    if (pid > 0) kill(pid, number);
}

static void end_pause(void *arg) {
    const host_wall *h = arg;
    if (!is_paused(h)) signal_server(h, SIGCONT);
}

/* It stands still and its connections stay, as those of a busy server do. */
static void pause_server(redis_host *host, usec_t until) {
    host_wall *h = of(host);
    if (!h->client) return;
    if (until > h->paused_until) h->paused_until = until;
    signal_server(h, SIGSTOP);
    engine_at(h->engine, h->paused_until, end_pause, h);
}

static void forget_answer(void *arg, link_status status, const redis_reply *reply) {
    (void)arg, (void)status, (void)reply;
}

/* Over the first link, in the order of its calls. */
static void flush_scripts(redis_host *host) {
    host_wall *h = of(host);
    redis_call call;
    call_command(&call, "SCRIPT");
    call_str(&call, "FLUSH");
    link_submit(&h->lines[0].inner, &call, ASK_PATIENCE, forget_answer, NULL);
}

static sched_status save_data(host_wall *h, sched_error *err) {
    redis_call call;
    redis_reply *reply = NULL;
    call_command(&call, "SAVE");
    signal_server(h, SIGCONT);
    sched_status status = sync_client_call(h->client, &call, &reply, err);
    if (!status && reply_is_error(reply)) status = sched_fail(err, SCHED_EPROTO, "SAVE: %s", reply_text(reply));
    sync_reply_free(reply);
    return status;
}

static void kill_server(redis_host *host, bool save) {
    host_wall *h = of(host);
    if (save) save_data(h, &h->failure);
    h->client = sync_client_close(h->client);
    h->paused_until = 0;
    private_server_kill(h->server);
}

static void revive(redis_host *host, bool with_data) {
    host_wall *h = of(host);
    sched_status status = private_server_revive(h->server, with_data, &h->failure);
    if (!status) sync_client_open_url(&h->host.url, ASK_PATIENCE, &h->client, &h->failure);
}

/* ---- opening and closing -------------------------------------------------------------------------------------------- */

static void close_host(redis_host *host) {
    host_wall *h = of(host);
    for (int32_t i = 0; i < h->line_count; i++) link_url_free(h->lines[i].link);
    free(h->lines);
    if (h->client && !h->server && !h->cluster) delete_keys(h, "all", NULL);
    sync_client_close(h->client);
    clock_wall_free(h->clock);
    private_server_stop(h->server);
    private_cluster_stop(h->cluster);
    for (answer_to *a = h->free, *next; a; a = next) {
        next = a->next;
        free(a);
    }
    free(h);
}

static const redis_host_kind kind = {
    .close = close_host,
    .link = link_of,
    .reader = reader_of,
    .run = run,
    .settle = settle,
    .ask = ask,
    .masters = masters,
    .turn_to = turn_to,
    .expire = expire,
    .traffic = traffic,
    .late = late,
    .cannot = cannot,
    .answers = answers,
    .pause = pause_server,
    .flush_scripts = flush_scripts,
    .kill = kill_server,
    .revive = revive,
    .time_is_free = false,
};

static sched_status start_server(host_wall *h, const char *binary, sched_error *err) {
    private_server_options options = private_server_defaults;
    options.binary = binary;
    sched_status status = private_server_start(&options, &h->server, err);
    if (!status) h->host.url = redis_url_of_socket(private_server_socket(h->server));
    return status;
}

static sched_status start_cluster(host_wall *h, const redis_host_options *options, sched_error *err) {
    private_cluster_options servers = private_cluster_defaults;
    servers.binary = options->binary;
    servers.masters = options->masters;
    sched_status status = private_cluster_start(&servers, &h->cluster, err);
    if (!status) h->host.url = private_cluster_url(h->cluster);
    return status;
}

static sched_status compare_clock(host_wall *h, sched_error *err) {
    redis_call call;
    redis_reply *reply = NULL;
    call_command(&call, "TIME");
    usec_t before = clock_wall_epoch();
    sched_status status = sync_client_call(h->client, &call, &reply, err);
    usec_t after = clock_wall_epoch();
    if (status) return status;
    usec_t told = reply_int(reply_at(reply, 0)) * USEC_PER_SEC + reply_int(reply_at(reply, 1));
    sync_reply_free(reply);
    usec_t differ = told < before ? before - told : told > after ? told - after : 0;
    if (differ <= CLOCKS_DIFFER) return SCHED_OK;
    return sched_fail(err, SCHED_EPROTO, "the clock of Redis and that of this machine differ by %" PRId64 " ms",
                      differ / USEC_PER_MSEC);
}

/* Deadlines are compared with the clock of the core in one place and with the server's in another. */
static sched_status compare_clocks(host_wall *h, sched_error *err) {
    sched_status status = SCHED_OK;
    for (int i = 0; i < sync_client_masters(h->client) && !status; i++) {
        sync_client_turn_to(h->client, i);
        status = compare_clock(h, err);
    }
    sync_client_turn_to(h->client, 0);
    return status;
}

static bool all_ready(const host_wall *h) {
    for (int32_t i = 0; i < h->line_count; i++)
        if (!link_url_ready(h->lines[i].link)) return false;
    return true;
}

static sched_status wait_until_ready(host_wall *h, sched_error *err) {
    clock_wall_catch_up(h->clock);
    usec_t limit = engine_now(h->engine) + READY_PATIENCE;
    while (!all_ready(h) && engine_now(h->engine) < limit) clock_wall_run(h->clock, engine_now(h->engine) + STEP);
    if (all_ready(h)) return SCHED_OK;
    return sched_fail(err, SCHED_EIO, "%s", *h->reason ? h->reason : "Redis did not answer within 10 s");
}

static sched_status open_links(host_wall *h, const redis_host_options *options, sched_error *err) {
    sched_status status = clock_wall_new(h->engine, &h->clock, err);
    if (status) return status;
    link_uv_options how = link_uv_defaults;
    how.window = options->window;
    how.on_state = on_state;
    how.ctx = h;
    h->line_count = options->instances * (options->readers && !options->share_readers ? 2 : 1);
    h->lines = mem_zalloc((size_t)h->line_count, sizeof *h->lines);
    for (int32_t i = 0; i < h->line_count; i++) {
        how.seed = options->seed + (uint64_t)i;
        line *l = &h->lines[i];
        l->host = h;
        l->link = link_url_new(clock_wall_loop(h->clock), &h->host.url, options->scripts, &how);
        l->inner = link_url_interface(l->link);
    }
    return wait_until_ready(h, err);
}

sched_status redis_host_open_wall(const redis_host_options *options, redis_host **ret_host, sched_error *err) {
    host_wall *h = mem_zalloc(1, sizeof *h);
    h->host.kind = &kind;
    h->host.instances = options->instances;
    h->host.readers = options->readers;
    h->host.share_readers = options->share_readers;
    h->engine = options->engine;
    h->keys = *options->keys;
    sched_status status = SCHED_OK;
    if (options->url)
        h->host.url = *options->url;
    else if (options->masters)
        status = start_cluster(h, options, err);
    else
        status = start_server(h, options->binary, err);
    if (!status) status = sync_client_find(&h->host.url, ASK_PATIENCE, &h->client, err);
    if (!status) status = redis_host_learn_version(&h->host, err);
    if (!status) status = compare_clocks(h, err);
    if (!status) status = open_links(h, options, err);
    if (status) {
        close_host(&h->host);
        return status;
    }
    *ret_host = &h->host;
    return SCHED_OK;
}
