/* rig.c - the loop of a scheduler in real time, with nodes and one session that live inside it.
 *
 * Timers and clock are an engine that is set to the real time before each step, so that nothing of the scheduler knows that no
 * simulation is going on. Messages are put aside and delivered between two steps, since a transport must not call back. */
#include "bench/rig.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/server_cpu.h"
#include "core/base/mem.h"
#include "core/redis/private_server.h"
#include "sim/engine/engine.h"
#include "sim/redis_host/virtual_redis.h"

enum {
    PATIENCE_SEC = 30,
    SESSION_CONN = RIG_NODES_MAX + 1, /* nodes have 1 .. RIG_NODES_MAX */
    REGISTER_TOGETHER = 64,           /* nodes that come at once: their joins must fit into the window */
    AUDIO_MS = 2000,
};
#define STILL_NOW (1700000000 * USEC_PER_SEC) /* where time stands when it does */

typedef struct assignment {
    char job_id[ID_MAX + 1];
    int64_t attempt;
    conn_token conn;
} assignment;

struct rig {
    private_server *server; /* one of these three */
    private_cluster *cluster;
    virtual_redis *still;
    scripts *texts;
    sync_client *client;
    pipe_link *pipe;
    engine *time;
    scheduler *s;
    keyspace keys;
    int nodes, ready, sources, targets;
    audio *sound;
    uint64_t utterance;
    int64_t dispatched, answered;
    bool hold;
    assignment *kept; /* not answered yet */
    size_t kept_count, kept_size;
    sched_error trouble; /* what must not happen here */
};

/* --- time ------------------------------------------------------------------------------------------------------------- */

static usec_t real_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (usec_t)now.tv_sec * USEC_PER_SEC + now.tv_nsec / 1000;
}

/* Where time stands still, what the present has left is run. */
static void advance(rig *r) {
    usec_t now = r->still ? engine_now(r->time) : real_now();
    if (r->still || now > engine_now(r->time)) engine_run(r->time, now);
}

/* --- nodes and session, as the scheduler's transport -------------------------------------------------------------------- */

static void node_registered(void *ctx, conn_token conn, const char *node_id) {
    (void)ctx, (void)conn, (void)node_id;
}

static void node_refused(void *ctx, conn_token conn, const char *code, const char *message) {
    (void)conn;
    rig *r = ctx;
    sched_fail(&r->trouble, SCHED_EPROTO, "a node was refused: %s, %s", code, message);
}

static void node_assign(void *ctx, conn_token conn, const job_assign *assign) {
    rig *r = ctx;
    r->dispatched++;
    if (r->kept_count == r->kept_size) {
        r->kept_size = r->kept_size ? 2 * r->kept_size : 1024;
        r->kept = mem_realloc(r->kept, r->kept_size, sizeof *r->kept);
    }
    assignment *kept = &r->kept[r->kept_count++];
    *kept = (assignment){.attempt = assign->attempt, .conn = conn};
    snprintf(kept->job_id, sizeof kept->job_id, "%s", assign->job_id);
}

static void node_cancel(void *ctx, conn_token conn, const char *job_id, int64_t attempt, const char *reason) {
    (void)conn, (void)attempt;
    rig *r = ctx;
    sched_fail(&r->trouble, SCHED_EPROTO, "job %s was cancelled: %s", job_id, reason);
}

static void node_close(void *ctx, conn_token conn, const char *reason) {
    (void)conn;
    rig *r = ctx;
    sched_fail(&r->trouble, SCHED_EPROTO, "a node's connection was closed: %s", reason);
}

static void session_answer(void *ctx, conn_token conn, const job_answer *answer) {
    (void)conn;
    rig *r = ctx;
    r->answered++;
    if (answer->outcome != OUTCOME_OK)
        sched_fail(&r->trouble, SCHED_EPROTO, "job %s ended %s, %s", answer->job_id,
                   answer->outcome ? job_outcome_name(answer->outcome) : "refused", answer->code);
}

static void observe(void *ctx, const sched_event *event) {
    rig *r = ctx;
    if (event->kind == EV_NODE_READY) r->ready++;
    if (event->kind == EV_REDIS)
        sched_fail(&r->trouble, SCHED_EPROTO, "%s: Redis answered %s",
                   event->value < 0 ? "a plain command" : scripts_name((script_id)event->value), event->code);
}

static void answer_kept(rig *r) {
    size_t count = r->kept_count; /* answering may bring new ones: they wait for the next round */
    for (size_t i = 0; i < count; i++) {
        assignment a = r->kept[i];
        node_result result = {.job_id = a.job_id, .attempt = a.attempt, .outcome = OUTCOME_OK, .code = ""};
        scheduler_node_result(r->s, a.conn, &result);
    }
    memmove(r->kept, r->kept + count, (r->kept_count - count) * sizeof *r->kept);
    r->kept_count -= count;
}

/* --- the loop --------------------------------------------------------------------------------------------------------- */

static sched_status step(rig *r, sched_error *err) {
    advance(r);
    if (!r->hold && r->kept_count) answer_kept(r);
    sched_status status = pipe_link_pump(r->pipe, err);
    if (!status && r->trouble.status) status = sched_fail(err, r->trouble.status, "%s", r->trouble.message);
    return status;
}

sched_status rig_settle(rig *r, sched_error *err) {
    sched_status status = SCHED_OK;
    do status = step(r, err);
    while (!status && (pipe_link_in_flight(r->pipe) || (r->kept_count && !r->hold)));
    return status;
}

void rig_hold_results(rig *r, bool hold) {
    r->hold = hold;
}

/* --- its beginning and end ---------------------------------------------------------------------------------------------- */

static sched_status start_still(rig *r, const rig_options *given, redis_url *ret_url, sched_error *err) {
    virtual_redis_options options = virtual_redis_defaults;
    options.launcher = given->launcher;
    sched_status status = virtual_redis_start(r->time, &options, &r->still, err);
    if (status) return status;
    virtual_redis_settle(r->still);
    *ret_url = redis_url_of_socket(virtual_redis_socket(r->still));
    return SCHED_OK;
}

static sched_status start_servers(rig *r, const rig_options *given, redis_url *ret_url, sched_error *err) {
    if (given->still) return start_still(r, given, ret_url, err);
    private_cluster_options options = private_cluster_defaults;
    options.masters = given->masters;
    options.node_timeout_ms = PATIENCE_SEC * 1000; /* a master that is busy for long is not dead */
    sched_status status = given->masters ? private_cluster_start(&options, &r->cluster, err)
                                         : private_server_start(&private_server_defaults, &r->server, err);
    if (!status)
        *ret_url =
            given->masters ? private_cluster_url(r->cluster) : redis_url_of_socket(private_server_socket(r->server));
    return status;
}

static sched_status start_redis(rig *r, const rig_options *given, sched_error *err) {
    redis_url url;
    usec_t patience = PATIENCE_SEC * USEC_PER_SEC;
    sched_status status = scripts_new(given->scripts, &r->texts, err);
    if (!status) status = start_servers(r, given, &url, err);
    if (!status) status = sync_client_open_url(&url, patience, &r->client, err);
    if (!status) status = sync_client_load(r->client, r->texts, err);
    return status;
}

/* Nobody reports in here while a benchmark runs, and no deadline may pass: all limits are far away. */
static sched_status start_scheduler(rig *r, const char *phase, sched_error *err) {
    scheduler_config config;
    sched_status status = scheduler_config_preset(phase, &config, err);
    if (status) return status;
    config.node_slots = RIG_SLOTS;
    config.pairs_max = (int64_t)LANGS_MAX * LANGS_MAX;
    config.node_ttl = 3600 * USEC_PER_SEC;
    config.attempt_base = 3600 * USEC_PER_SEC;
    config.pending_limit = 3600 * USEC_PER_SEC;
    config.unanswered_max = 10000;
    r->keys = config.keys;
    scheduler_env env = {
        .clock = engine_clock(r->time),
        .timers = engine_timers(r->time),
        .seed = 1,
        .redis = pipe_link_as_link(r->pipe),
        .net = {.node_registered = node_registered,
                .node_refused = node_refused,
                .node_assign = node_assign,
                .node_cancel = node_cancel,
                .node_close = node_close,
                .session_answer = session_answer,
                .ctx = r},
        .observer = {observe, r},
        .instance_id = "bench",
    };
    status = scheduler_new(&config, &env, &r->s, err);
    if (status) return status;
    scheduler_stop(r->s); /* sweeps come by real time: they would be counted in one run and not in another */
    session_offer offer = {.session_id = "session", .pair = {"en", "de"}, .sample_rate = SAMPLE_RATE_DEFAULT};
    return scheduler_session_open(r->s, SESSION_CONN, &offer, err);
}

sched_status rig_new(const char *phase, rig **ret_rig, sched_error *err) {
    return rig_open(&(rig_options){.phase = phase}, ret_rig, err);
}

sched_status rig_new_on(int masters, const char *phase, rig **ret_rig, sched_error *err) {
    return rig_open(&(rig_options){.phase = phase, .masters = masters}, ret_rig, err);
}

sched_status rig_open(const rig_options *options, rig **ret_rig, sched_error *err) {
    assert(!(options->still && options->masters) && (options->still || !options->launcher));
    rig *r = mem_zalloc(1, sizeof *r);
    r->time = engine_new(options->still ? STILL_NOW : real_now());
    sched_status status = start_redis(r, options, err);
    if (!status) {
        r->pipe = pipe_link_new(r->client);
        r->sound = audio_new(AUDIO_MS * USEC_PER_MSEC, 0, NULL);
        status = start_scheduler(r, options->phase, err);
    }
    if (status) {
        rig_free(r);
        return status;
    }
    *ret_rig = r;
    return SCHED_OK;
}

rig *rig_free(rig *r) {
    if (!r) return NULL;
    if (r->pipe) pipe_link_hang_up(r->pipe); /* a scheduler may not be freed before its calls have come back */
    scheduler_free(r->s);
    pipe_link_free(r->pipe);
    sync_client_close(r->client);
    virtual_redis_stop(r->still);
    engine_free(r->time);
    private_server_stop(r->server);
    private_cluster_stop(r->cluster);
    scripts_free(r->texts);
    audio_unref(r->sound);
    free(r->kept);
    free(r);
    return NULL;
}

/* --- nodes ------------------------------------------------------------------------------------------------------------ */

const char *rig_node_name(char name[ID_MAX + 1], int i) {
    snprintf(name, ID_MAX + 1, "node-%05d", i);
    return name;
}

conn_token rig_node_conn(int i) {
    return (conn_token)i + 1;
}

/* Sources are s00, s01, ..., targets t00, ...: disjoint, so that every combination is a pair. */
static sched_status make_langs(char letter, int count, lang_list *ret_list, sched_error *err) {
    sched_status status = SCHED_OK;
    for (int i = 0; i < count && !status; i++) {
        char tag[LANG_MAX + 1];
        snprintf(tag, sizeof tag, "%c%02d", letter, i % 100);
        status = lang_list_add(ret_list, tag, err);
    }
    return status;
}

lang_pair rig_pair(const rig *r, int i) {
    lang_pair pair;
    snprintf(pair.src, sizeof pair.src, "s%02d", i / r->targets % 100);
    snprintf(pair.tgt, sizeof pair.tgt, "t%02d", i % r->targets % 100);
    return pair;
}

/* Joins of one node go a few at a time, so what is in flight follows from the number of nodes that come together. */
static sched_status add_some(rig *r, int from, int to, const node_registration *like, sched_error *err) {
    for (int i = from; i < to; i++) {
        char name[ID_MAX + 1];
        node_registration registration = *like;
        registration.node_id = rig_node_name(name, i);
        scheduler_node_register(r->s, rig_node_conn(i), &registration);
    }
    sched_status status = rig_settle(r, err);
    if (status) return status;
    node_load idle = {0};
    for (int i = from; i < to; i++) scheduler_node_heartbeat(r->s, rig_node_conn(i), &idle);
    return rig_settle(r, err);
}

sched_status rig_add_nodes(rig *r, int count, int sources, int targets, sched_error *err) {
    assert(!r->nodes && count <= RIG_NODES_MAX && sources <= LANGS_MAX && targets <= LANGS_MAX);
    r->nodes = count;
    r->sources = sources;
    r->targets = targets;
    node_registration like = {.slots = RIG_SLOTS};
    sched_status status = make_langs('s', sources, &like.asr, err);
    if (!status) status = make_langs('t', targets, &like.tts, err);
    like.semantic = like.asr;
    for (int from = 0; from < count && !status; from += REGISTER_TOGETHER) {
        int to = count - from < REGISTER_TOGETHER ? count : from + REGISTER_TOGETHER;
        status = add_some(r, from, to, &like, err);
    }
    if (!status && r->ready != count)
        status = sched_fail(err, SCHED_EPROTO, "%d of %d nodes came into their pools", r->ready, count);
    return status;
}

/* --- jobs ------------------------------------------------------------------------------------------------------------- */

static void submit_job(rig *r) {
    job_request request = {
        .session_id = "session",
        .utterance = r->utterance,
        .pair = rig_pair(r, (int)(r->utterance % (uint64_t)(r->sources * r->targets))),
        .sound = r->sound,
    };
    r->utterance++;
    scheduler_submit(r->s, SESSION_CONN, &request);
}

sched_status rig_run_jobs(rig *r, int64_t jobs, int64_t window, sched_error *err) {
    const int64_t *done = r->hold ? &r->dispatched : &r->answered;
    int64_t start = *done, submitted = 0;
    while (*done - start < jobs) {
        for (; submitted < jobs && submitted - (*done - start) < window; submitted++) submit_job(r);
        sched_status status = step(r, err);
        if (status) return status;
    }
    return rig_settle(r, err);
}

/* --- what it cost ----------------------------------------------------------------------------------------------------- */

scheduler *rig_scheduler(rig *r) {
    return r->s;
}

pipe_counts rig_counts(const rig *r) {
    return pipe_link_counts(r->pipe);
}

void rig_by_stages(rig *r, pipe_stage_done *done, void *ctx) {
    pipe_link_by_stages(r->pipe, done, ctx);
}

sync_client *rig_client(rig *r) {
    assert(!pipe_link_on_wire(r->pipe));
    return r->client;
}

int rig_server_pid(const rig *r) {
    return virtual_redis_pid(r->still);
}

const keyspace *rig_keys(const rig *r) {
    return &r->keys;
}

sched_status rig_servers_cpu(rig *r, double ret_seconds[PRIVATE_MASTERS_MAX], int *ret_count, sched_error *err) {
    int count = sync_client_masters(r->client);
    sched_status status = SCHED_OK;
    for (int i = 0; i < count && !status; i++) {
        sync_client_turn_to(r->client, i);
        status = server_cpu_ask(rig_client(r), &ret_seconds[i], err);
    }
    sync_client_turn_to(r->client, 0);
    if (!status) *ret_count = count;
    return status;
}

sched_status rig_server_cpu(rig *r, double *ret_seconds, sched_error *err) {
    double each[PRIVATE_MASTERS_MAX], sum = 0;
    int count = 0;
    sched_status status = rig_servers_cpu(r, each, &count, err);
    for (int i = 0; i < count; i++) sum += each[i];
    if (!status) *ret_seconds = sum;
    return status;
}

static sched_status memory_of(sync_client *client, const char *key, int64_t *bytes, sched_error *err) {
    redis_call call;
    call_command(&call, "MEMORY");
    call_str(&call, "USAGE");
    call_str(&call, key);
    call_str(&call, "SAMPLES");
    call_int(&call, 0);
    redis_reply *reply = NULL;
    sched_status status = sync_client_call(client, &call, &reply, err);
    if (!status) *bytes += reply_int(reply);
    sync_reply_free(reply);
    return status;
}

sched_status rig_key_bytes(rig *r, int64_t *ret_bytes, sched_error *err) {
    redis_call call;
    call_command(&call, "KEYS");
    call_str(&call, "*");
    redis_reply *reply = NULL;
    int64_t bytes = 0;
    sched_status status = sync_client_call(rig_client(r), &call, &reply, err);
    for (size_t i = 0; !status && i < reply_count(reply); i++)
        status = memory_of(r->client, reply_text(reply_at(reply, i)), &bytes, err);
    sync_reply_free(reply);
    if (!status) *ret_bytes = bytes;
    return status;
}
