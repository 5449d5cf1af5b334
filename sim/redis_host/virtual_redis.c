/* virtual_redis.c - a private server, its clock page, and one pipe to it.
 *
 * The rule about time, in one place (enter_batch): the page may move only while the pipe has nothing in flight,
 * because a command reads the time when it executes, not when it is sent. So a batch has one time, that of its
 * first command.
 *
 * The first command of a batch is sent at once, because most batches hold one, and the server can work on it while
 * the simulator goes on; those that follow leave together with the next read. (With both cores busy otherwise,
 * sending all of them with the read was as fast.)
 *
 * What Redis does by itself on real time is off or held: active expire, rehashing and the allocator's thread by
 * configuration, the periodic work by the monotonic clock of the page, which stands still except for one tick per
 * simulated second, unless the options say otherwise. A tick is followed by a command: Redis runs due periodic work between executing a command and
 * sending its reply, or earlier, so when that reply is here the work has been done exactly once. */
#include "sim/redis_host/virtual_redis.h"

#include <assert.h>
#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/redis/private_server.h"
#include "core/redis/resp.h"
#include "sim/redis_host/clock_page.h"

enum {
    SPIN_NSEC = 50 * 1000,
    SWEEP_SECONDS = 60, /* time in which the upkeep visits every key once */
    SWEEP_MIN = 100,    /* keys that it visits each second at least */
    BEFORE_USEC = 765432,
};

struct virtual_redis {
    engine *engine;
    clock_page *page;
    private_server *server;
    redis_pipe *pipe; /* NULL: it was killed */
    sched_error failure;
    redis_pipe_counts before; /* of earlier connections */
    uint64_t spin_nsec;
    usec_t max_skew;
    timer_handle upkeep;
    usec_t pause;    /* of the upkeep */
    char cursor[24]; /* of the SCAN of the upkeep */
    resp request;    /* of upkeep and sync */
    uint64_t commands, batches;
    uint64_t own_sent, own_received; /* bytes of upkeep and sync */
};

const virtual_redis_options virtual_redis_defaults = {.seed = 1, .max_skew = 100, .upkeep = USEC_PER_SEC};

// clang-format off
static const char *const config[] = {
    "io-threads", "1",
    "hz", "1",
    "dynamic-hz", "no",
    "activerehashing", "no",
    "activedefrag", "no",
    "jemalloc-bg-thread", "no",
    "latency-tracking", "no",
    "slowlog-log-slower-than", "-1",
    "busy-reply-threshold", "0",  /* a script is never told busy because the machine is */
    "maxmemory-policy", "noeviction",
    NULL,
};
// clang-format on

/* ---- batches ----------------------------------------------------------------------------------------------------- */

static void set_time(virtual_redis *redis) {
    assert(!redis->pipe || redis_pipe_in_flight(redis->pipe) == 0 || redis_pipe_status(redis->pipe, NULL));
    clock_page_set(redis->page, engine_now(redis->engine));
}

/* True when a new batch begins with the command that is about to be appended. */
static bool enter_batch(virtual_redis *redis) {
    bool joins = redis_pipe_in_flight(redis->pipe) > 0 &&
                 engine_now(redis->engine) - clock_page_get(redis->page) <= redis->max_skew;
    if (joins) return false;
    redis_pipe_drain(redis->pipe);
    set_time(redis);
    return true;
}

redis_ticket virtual_redis_append(virtual_redis *redis, const char *text, size_t len) {
    assert(redis->pipe);
    bool first = enter_batch(redis);
    redis_ticket ticket = redis_pipe_append(redis->pipe, text, len);
    if (first) redis_pipe_flush(redis->pipe);
    redis->commands++;
    redis->batches += first;
    return ticket;
}

static uint64_t real_nsec(void) {
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

redis_ticket virtual_redis_append_timed(virtual_redis *redis, const char *text, size_t len, usec_t *ret_real) {
    redis_pipe_drain(redis->pipe);
    uint64_t begin = real_nsec();
    redis_ticket ticket = virtual_redis_append(redis, text, len);
    redis_pipe_drain(redis->pipe);
    *ret_real = (usec_t)((real_nsec() - begin + 500) / 1000);
    return ticket;
}

redis_reply *virtual_redis_take(virtual_redis *redis, redis_ticket ticket) {
    return redis_pipe_take(redis->pipe, ticket);
}

void virtual_redis_drop(virtual_redis *redis, redis_ticket ticket) {
    redis_pipe_drop(redis->pipe, ticket);
}

redis_reply *virtual_redis_reply_free(redis_reply *reply) {
    freeReplyObject(reply);
    return NULL;
}

void virtual_redis_settle(virtual_redis *redis) {
    if (redis->pipe) redis_pipe_drain(redis->pipe);
    set_time(redis);
}

/* ---- commands outside of simulated service ----------------------------------------------------------------------- */

/* Sends redis->request, which executes at the time of the page; nothing is in flight. */
static sched_status ask_request(virtual_redis *redis, redis_reply **ret_reply, sched_error *err) {
    if (!redis->pipe) return sched_fail(err, SCHED_EIO, "Redis is down at this moment of the run");
    if (redis_pipe_status(redis->pipe, NULL)) return redis_pipe_status(redis->pipe, err);
    assert(redis_pipe_in_flight(redis->pipe) == 0);
    uint64_t received = redis_pipe_count(redis->pipe).bytes_received;
    redis_ticket ticket = redis_pipe_append(redis->pipe, redis->request.text, redis->request.len);
    redis_reply *reply = redis_pipe_take(redis->pipe, ticket);
    redis->own_sent += redis->request.len;
    redis->own_received += redis_pipe_count(redis->pipe).bytes_received - received;
    if (reply) *ret_reply = reply;
    return redis_pipe_status(redis->pipe, err);
}

static sched_status ask(virtual_redis *redis, const redis_call *call, redis_reply **ret_reply, sched_error *err) {
    assert(call->script == SCRIPT_NONE);
    resp_write(&redis->request, call, "");
    return ask_request(redis, ret_reply, err);
}

sched_status virtual_redis_sync(virtual_redis *redis, const redis_call *call, redis_reply **ret_reply,
                                sched_error *err) {
    virtual_redis_settle(redis);
    return ask(redis, call, ret_reply, err);
}

static sched_status load_script(virtual_redis *redis, scripts *s, script_id id, sched_error *err) {
    size_t len;
    const char *text = scripts_text(s, id, &len);
    resp_write_script_load(&redis->request, text, len);
    redis_reply *reply = NULL;
    sched_status status = ask_request(redis, &reply, err);
    if (!status) status = scripts_loaded(s, id, reply, err);
    freeReplyObject(reply);
    return status;
}

sched_status virtual_redis_load(virtual_redis *redis, scripts *s, sched_error *err) {
    virtual_redis_settle(redis);
    for (int id = 0; id < SCRIPT_COUNT; id++) {
        sched_status status = load_script(redis, s, (script_id)id, err);
        if (status) return status;
    }
    return SCHED_OK;
}

/* "DEBUG SET-ACTIVE-EXPIRE 0": words, separated by single spaces. */
static void call_words(redis_call *call, const char *words) {
    size_t len = strcspn(words, " ");
    char name[32];
    snprintf(name, sizeof name, "%.*s", (int)len, words);
    call_command(call, name);
    while (words[len]) {
        words += len + 1;
        len = strcspn(words, " ");
        call_bytes(call, words, len);
    }
}

static sched_status ask_words(virtual_redis *redis, const char *words, redis_reply **ret_reply, sched_error *err) {
    redis_call call;
    call_words(&call, words);
    redis_reply *reply = NULL;
    sched_status status = ask(redis, &call, &reply, err);
    if (status) return status;
    if (reply_is_error(reply)) {
        status = sched_fail(err, SCHED_EPROTO, "%s: %s", words, reply_text(reply));
        freeReplyObject(reply);
        return status;
    }
    *ret_reply = reply;
    return SCHED_OK;
}

/* ---- upkeep ------------------------------------------------------------------------------------------------------ */

static sched_status scan_some(virtual_redis *redis, int64_t keys, sched_error *err) {
    char words[80];
    snprintf(words, sizeof words, "SCAN %s COUNT %" PRId64, redis->cursor, keys);
    redis_reply *reply = NULL;
    sched_status status = ask_words(redis, words, &reply, err);
    if (status) return status;
    snprintf(redis->cursor, sizeof redis->cursor, "%s", reply_text(reply_at(reply, 0)));
    freeReplyObject(reply);
    return SCHED_OK;
}

/* Lets the periodic work run once, and tells how many keys there are. */
static sched_status tick(virtual_redis *redis, int64_t *ret_keys, sched_error *err) {
    virtual_redis_settle(redis);
    clock_page_tick(redis->page, USEC_PER_SEC);
    redis_reply *reply = NULL;
    sched_status status = ask_words(redis, "DBSIZE", &reply, err);
    if (status) return status;
    *ret_keys = reply_int(reply);
    freeReplyObject(reply);
    return SCHED_OK;
}

static void on_upkeep(void *arg) {
    virtual_redis *redis = arg;
    int64_t keys = 0;
    /* a broken connection is reported by virtual_redis_status() */
    if (redis->pipe && (tick(redis, &keys, NULL) || scan_some(redis, keys / SWEEP_SECONDS + SWEEP_MIN, NULL))) return;
    redis->upkeep = engine_at(redis->engine, engine_now(redis->engine) + redis->pause, on_upkeep, redis);
}

sched_status virtual_redis_expire_all(virtual_redis *redis, sched_error *err) {
    virtual_redis_settle(redis);
    snprintf(redis->cursor, sizeof redis->cursor, "0");
    sched_status status;
    do status = scan_some(redis, 1000, err);
    while (!status && strcmp(redis->cursor, "0"));
    return status;
}

/* ---- start and stop ---------------------------------------------------------------------------------------------- */

static uint64_t spin_nsec(void) {
    cpu_set_t cpus;
    if (sched_getaffinity(0, sizeof cpus, &cpus)) return 0;
    return CPU_COUNT(&cpus) > 1 ? SPIN_NSEC : 0;
}

static sched_status start_server(virtual_redis *redis, const virtual_redis_options *given, sched_error *err) {
    int library = -1;
    sched_status status = clock_page_preload(&library, err);
    if (status) return status;
    private_server_options options = private_server_defaults;
    options.binary = given->binary;
    options.launcher = given->launcher;
    options.config = config;
    options.preload_fd = library;
    options.inherit_fd = clock_page_fd(redis->page);
    const char *env[] = {clock_page_env(redis->page), NULL};
    options.env = env;
    status = private_server_start(&options, &redis->server, err);
    close(library);
    return status;
}

static sched_status check_time(virtual_redis *redis, sched_error *err) {
    redis_reply *reply = NULL;
    sched_status status = ask_words(redis, "TIME", &reply, err);
    if (status) return status;
    usec_t told = reply_int(reply_at(reply, 0)) * USEC_PER_SEC + reply_int(reply_at(reply, 1));
    usec_t expected = clock_page_get(redis->page);
    freeReplyObject(reply);
    if (told == expected) return SCHED_OK;
    return sched_fail(err, SCHED_EPROTO,
                      "redis-server is not in virtual time: its TIME is %" PRId64 " usec, the clock page says %" PRId64
                      "; the preloaded clock library did not take",
                      told, expected);
}

/* At two times, so that no chance agreement passes: the server was started before the engine's present. */
static sched_status check_clock(virtual_redis *redis, sched_error *err) {
    sched_status status = check_time(redis, err);
    if (status) return status;
    set_time(redis);
    return check_time(redis, err);
}

static sched_status prepare(virtual_redis *redis, sched_error *err) {
    sched_status status = check_clock(redis, err);
    if (status) return status;
    redis_reply *reply = NULL;
    status = ask_words(redis, "DEBUG SET-ACTIVE-EXPIRE 0", &reply, err);
    if (status) return status;
    freeReplyObject(reply);
    int64_t keys;
    return tick(redis, &keys, err);
}

static sched_status connect_and_prepare(virtual_redis *redis, sched_error *err) {
    const char *socket = private_server_socket(redis->server);
    sched_status status = redis_pipe_open(socket, redis->spin_nsec, &redis->pipe, err);
    return status ? status : prepare(redis, err);
}

sched_status virtual_redis_start(engine *e, const virtual_redis_options *options, virtual_redis **ret_redis,
                                 sched_error *err) {
    usec_t now = engine_now(e);
    assert(options->max_skew >= 0 && options->upkeep > 0 && now >= USEC_PER_SEC);
    virtual_redis *redis = mem_zalloc(1, sizeof *redis);
    redis->engine = e;
    redis->max_skew = options->max_skew;
    redis->pause = options->upkeep;
    snprintf(redis->cursor, sizeof redis->cursor, "0");
    redis->spin_nsec =
        options->launcher ? 0 : spin_nsec(); /* what instruments a server lets one of its threads run at a time */
    sched_status status = clock_page_new(now - BEFORE_USEC, options->seed, redis->spin_nsec, &redis->page, err);
    if (!status) status = start_server(redis, options, err);
    if (!status) status = connect_and_prepare(redis, err);
    if (status) {
        virtual_redis_stop(redis);
        return status;
    }
    redis->upkeep = engine_at(e, now + redis->pause, on_upkeep, redis);
    *ret_redis = redis;
    return SCHED_OK;
}

virtual_redis *virtual_redis_stop(virtual_redis *redis) {
    if (!redis) return NULL;
    engine_cancel(redis->engine, redis->upkeep);
    redis_pipe_close(redis->pipe);
    private_server_stop(redis->server);
    clock_page_free(redis->page);
    resp_free(&redis->request);
    free(redis);
    return NULL;
}

/* ---- death and return -------------------------------------------------------------------------------------------- */

static sched_status save_data(virtual_redis *redis, sched_error *err) {
    redis_reply *reply = NULL;
    sched_status status = ask_words(redis, "SAVE", &reply, err);
    if (!status) freeReplyObject(reply);
    return status;
}

void virtual_redis_kill(virtual_redis *redis, bool save) {
    virtual_redis_settle(redis);
    if (save) save_data(redis, &redis->failure);
    redis_pipe_counts counts = redis_pipe_count(redis->pipe);
    redis->before.bytes_sent += counts.bytes_sent;
    redis->before.bytes_received += counts.bytes_received;
    redis->before.writes += counts.writes;
    redis->before.waits += counts.waits;
    redis->pipe = redis_pipe_close(redis->pipe);
    private_server_kill(redis->server);
}

void virtual_redis_revive(virtual_redis *redis, bool with_data, scripts *s) {
    sched_error *err = &redis->failure;
    set_time(redis);
    snprintf(redis->cursor, sizeof redis->cursor, "0");
    sched_status status = private_server_revive(redis->server, with_data, err);
    if (!status) status = connect_and_prepare(redis, err);
    if (!status) virtual_redis_load(redis, s, err);
}

bool virtual_redis_lives(const virtual_redis *redis) {
    return redis->pipe != NULL;
}

/* ---- readings ---------------------------------------------------------------------------------------------------- */

sched_status virtual_redis_status(const virtual_redis *redis, sched_error *err) {
    if (redis->failure.status && err) *err = redis->failure;
    if (redis->failure.status || !redis->pipe) return redis->failure.status;
    return redis_pipe_status(redis->pipe, err);
}

const char *virtual_redis_version(const virtual_redis *redis) {
    return private_server_version(redis->server);
}

const char *virtual_redis_socket(const virtual_redis *redis) {
    return private_server_socket(redis->server);
}

int virtual_redis_pid(const virtual_redis *redis) {
    return private_server_pid(redis->server);
}

virtual_redis_counts virtual_redis_count(const virtual_redis *redis) {
    redis_pipe_counts pipe = redis->pipe ? redis_pipe_count(redis->pipe) : (redis_pipe_counts){0};
    return (virtual_redis_counts){
        .commands = redis->commands,
        .bytes_sent = redis->before.bytes_sent + pipe.bytes_sent - redis->own_sent,
        .bytes_received = redis->before.bytes_received + pipe.bytes_received - redis->own_received,
        .batches = redis->batches,
        .writes = redis->before.writes + pipe.writes,
        .waits = redis->before.waits + pipe.waits,
    };
}

sched_status virtual_redis_measure(virtual_redis *redis, redis_usage *ret_usage, sched_error *err) {
    virtual_redis_settle(redis);
    redis_reply *cpu = NULL, *memory = NULL;
    sched_status status = ask_words(redis, "INFO cpu", &cpu, err);
    if (!status) status = ask_words(redis, "INFO memory", &memory, err);
    if (!status) *ret_usage = redis_info_usage(reply_text(cpu), reply_text(memory));
    freeReplyObject(cpu);
    freeReplyObject(memory);
    return status;
}
