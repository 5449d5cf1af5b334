/* crew.c - the loop of several schedulers in real time, in turns: timers that are due, frames from one to another, results of nodes,
 * answers of Redis.
 *
 * A copy of the nodes (phase 2) is complete when it was read twice as often as there are nodes: records are read bucket after bucket, and
 * by the end of the second round the languages that the first one has asked for are there. */
#include "bench/crew.h"

#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <uv.h>

#include "bench/harness.h"
#include "bench/server_cpu.h"
#include "core/base/mem.h"
#include "core/redis/link_uv.h"
#include "core/redis/private_server.h"
#include "core/scheduler/scheduler.h"
#include "core/wire/peer_frame.h"
#include "sim/engine/engine.h"

enum { PATIENCE_SEC = 30, SESSION_CONN = CREW_NODES_MAX + 1, AUDIO_MS = 2000, AUDIO_BYTES = 4096, WINDOW = 1 << 16 };

typedef struct member {
    crew *c;
    int number;
    char id[ID_MAX + 1];
    link_uv *calls, *reads;
    scheduler *s;
    int64_t copied; /* records of nodes, read into its copy */
} member;

/* What stands in line: a result of a node, or a frame. */
typedef struct assignment {
    member *at;
    char job_id[ID_MAX + 1];
    int64_t attempt;
    conn_token conn;
} assignment;

typedef struct parcel {
    member *to;
    frame *f;
} parcel;

struct crew {
    private_server *server;
    scripts *texts;
    sync_client *client;
    uv_loop_t loop;
    bool has_loop;
    engine *time;
    keyspace keys;
    member member[CREW_INSTANCES_MAX];
    int count, langs, ready;
    bool copies; /* phase 2 */
    audio *sound;
    uint64_t utterance;
    int64_t answered, remote;
    assignment *assigned;
    size_t assigned_count, assigned_size;
    parcel *parcels;
    size_t parcel_count, parcel_size;
    sched_error trouble; /* what must not happen here */
};

static usec_t real_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (usec_t)now.tv_sec * USEC_PER_SEC + now.tv_nsec / 1000;
}

/* --- nodes, sessions and other instances, as a scheduler sees them ---------------------------------------------------------- */

static void node_registered(void *ctx, conn_token conn, const char *node_id) {
    (void)ctx, (void)conn, (void)node_id;
}

static void node_refused(void *ctx, conn_token conn, const char *code, const char *message) {
    (void)conn;
    member *m = ctx;
    sched_fail(&m->c->trouble, SCHED_EPROTO, "a node was refused: %s, %s", code, message);
}

static void node_assign(void *ctx, conn_token conn, const job_assign *assign) {
    member *m = ctx;
    crew *c = m->c;
    if (c->assigned_count == c->assigned_size) {
        c->assigned_size = c->assigned_size ? 2 * c->assigned_size : 256;
        c->assigned = mem_realloc(c->assigned, c->assigned_size, sizeof *c->assigned);
    }
    assignment *a = &c->assigned[c->assigned_count++];
    *a = (assignment){.at = m, .attempt = assign->attempt, .conn = conn};
    snprintf(a->job_id, sizeof a->job_id, "%s", assign->job_id);
    int session = 0;
    c->remote += sscanf(assign->session_id, "session-%d", &session) == 1 && session != m->number;
}

static void node_cancel(void *ctx, conn_token conn, const char *job_id, int64_t attempt, const char *reason) {
    (void)conn, (void)attempt;
    member *m = ctx;
    sched_fail(&m->c->trouble, SCHED_EPROTO, "job %s was cancelled: %s", job_id, reason);
}

static void node_close(void *ctx, conn_token conn, const char *reason) {
    (void)conn;
    member *m = ctx;
    sched_fail(&m->c->trouble, SCHED_EPROTO, "a node's connection was closed: %s", reason);
}

static void session_answer(void *ctx, conn_token conn, const job_answer *answer) {
    (void)conn;
    member *m = ctx;
    m->c->answered++;
    if (answer->outcome != OUTCOME_OK)
        sched_fail(&m->c->trouble, SCHED_EPROTO, "job %s ended %s, %s", answer->job_id,
                   answer->outcome ? job_outcome_name(answer->outcome) : "refused", answer->code);
}

static void instance_lost(void *ctx, const char *why) {
    member *m = ctx;
    sched_fail(&m->c->trouble, SCHED_EPROTO, "instance %s was taken for dead: %s", m->id, why);
}

static void observe(void *ctx, const sched_event *event) {
    member *m = ctx;
    if (event->kind == EV_NODE_READY) m->c->ready++;
    if (event->kind == EV_REDIS)
        sched_fail(&m->c->trouble, SCHED_EPROTO, "%s: Redis answered %s",
                   event->value < 0 ? "a plain command" : scripts_name((script_id)event->value), event->code);
}

static void count_work(void *ctx, sched_work kind, int64_t count) {
    member *m = ctx;
    if (kind == WORK_COPY) m->copied += count;
}

static void send_peer(void *ctx, const char *instance_id, const char *address, const peer_message *message) {
    (void)address;
    member *m = ctx;
    crew *c = m->c;
    for (int i = 0; i < c->count; i++) {
        if (strcmp(c->member[i].id, instance_id) != 0) continue;
        if (c->parcel_count == c->parcel_size) {
            c->parcel_size = c->parcel_size ? 2 * c->parcel_size : 256;
            c->parcels = mem_realloc(c->parcels, c->parcel_size, sizeof *c->parcels);
        }
        c->parcels[c->parcel_count++] = (parcel){&c->member[i], peer_frame_encode(m->id, message)};
    }
}

/* --- the loop ------------------------------------------------------------------------------------------------------------- */

/* What comes meanwhile waits for the next turn. */
static void answer_assigned(crew *c) {
    size_t count = c->assigned_count;
    for (size_t i = 0; i < count; i++) {
        assignment a = c->assigned[i];
        node_result result = {.job_id = a.job_id, .attempt = a.attempt, .outcome = OUTCOME_OK, .code = ""};
        scheduler_node_result(a.at->s, a.conn, &result);
    }
    c->assigned_count -= count;
    memmove(c->assigned, c->assigned + count, c->assigned_count * sizeof *c->assigned);
}

static void deliver_parcels(crew *c) {
    size_t count = c->parcel_count;
    for (size_t i = 0; i < count; i++) {
        parcel p = c->parcels[i];
        peer_frame f;
        sched_status status = peer_frame_decode(p.f->data, p.f->bytes, &f, &c->trouble);
        frame_unref(p.f);
        if (status) continue;
        scheduler_peer_message(p.to->s, f.from, &f.message);
        peer_frame_free(&f);
    }
    c->parcel_count -= count;
    memmove(c->parcels, c->parcels + count, c->parcel_count * sizeof *c->parcels);
}

static sched_status turn(crew *c, sched_error *err) {
    usec_t now = real_now();
    if (now > engine_now(c->time)) engine_run(c->time, now);
    if (c->parcel_count) deliver_parcels(c);
    if (c->assigned_count) answer_assigned(c);
    uv_run(&c->loop, UV_RUN_NOWAIT);
    return c->trouble.status ? sched_fail(err, c->trouble.status, "%s", c->trouble.message) : SCHED_OK;
}

static bool links_are_ready(const crew *c) {
    for (int i = 0; i < c->count; i++)
        if (!link_uv_ready(c->member[i].calls) || !link_uv_ready(c->member[i].reads)) return false;
    return true;
}

static bool nodes_are_known(const crew *c, int64_t nodes) {
    if (c->ready < nodes) return false;
    for (int i = 0; i < c->count && c->copies; i++)
        if (c->member[i].copied < 2 * nodes) return false;
    return true;
}

static bool calls_are_back(const crew *c) {
    for (int i = 0; i < c->count; i++)
        if (c->member[i].s && scheduler_count(c->member[i].s).calls) return false;
    return true;
}

/* --- beginning and end ------------------------------------------------------------------------------------------------------ */

static sched_status start_redis(crew *c, sched_error *err) {
    sched_status status = scripts_new(NULL, &c->texts, err);
    if (!status) status = private_server_start(&private_server_defaults, &c->server, err);
    if (!status)
        status =
            sync_client_open_socket(private_server_socket(c->server), PATIENCE_SEC * USEC_PER_SEC, &c->client, err);
    if (!status) status = sync_client_load(c->client, c->texts, err);
    return status;
}

static sched_status start_links(crew *c, sched_error *err) {
    redis_url url = redis_url_of_socket(private_server_socket(c->server));
    link_uv_options options = link_uv_defaults;
    options.window = WINDOW;
    for (int i = 0; i < c->count; i++) {
        c->member[i].calls = link_uv_new(&c->loop, &url, c->texts, &options);
        c->member[i].reads = link_uv_new(&c->loop, &url, c->texts, &options);
    }
    double limit = bench_seconds() + PATIENCE_SEC;
    while (!links_are_ready(c) && bench_seconds() < limit) uv_run(&c->loop, UV_RUN_ONCE);
    return links_are_ready(c) ? SCHED_OK : sched_fail(err, SCHED_ETIMEDOUT, "Redis was not reached");
}

/* No deadline of a job or a node may pass: these limits are far away. */
static sched_status start_scheduler(member *m, const char *phase, sched_error *err) {
    crew *c = m->c;
    scheduler_config config;
    sched_status status = scheduler_config_preset(phase, &config, err);
    if (status) return status;
    config.node_slots = 4;
    config.node_ttl = 3600 * USEC_PER_SEC;
    config.attempt_base = 3600 * USEC_PER_SEC;
    config.pending_limit = 3600 * USEC_PER_SEC;
    config.unanswered_max = 10000;
    c->keys = config.keys;
    c->copies = config.registry == REGISTRY_COPY;
    scheduler_env env = {
        .clock = engine_clock(c->time),
        .timers = engine_timers(c->time),
        .seed = (uint64_t)m->number + 1,
        .redis = link_uv_interface(m->calls),
        .reader = link_uv_interface(m->reads),
        .peer = {send_peer, m},
        .net = {.node_registered = node_registered,
                .node_refused = node_refused,
                .node_assign = node_assign,
                .node_cancel = node_cancel,
                .node_close = node_close,
                .session_answer = session_answer,
                .instance_lost = instance_lost,
                .ctx = m},
        .observer = {observe, m},
        .work = {count_work, m},
        .instance_id = m->id,
        .address = m->id,
    };
    status = scheduler_new(&config, &env, &m->s, err);
    if (status) return status;
    char session[ID_MAX + 1];
    snprintf(session, sizeof session, "session-%d", m->number);
    session_offer offer = {.session_id = session, .pair = {"en", "de"}, .sample_rate = SAMPLE_RATE_DEFAULT};
    return scheduler_session_open(m->s, SESSION_CONN + (conn_token)m->number, &offer, err);
}

sched_status crew_open(const char *phase, int instances, crew **ret_crew, sched_error *err) {
    assert(instances > 0 && instances <= CREW_INSTANCES_MAX);
    signal(SIGPIPE, SIG_IGN);
    crew *c = mem_zalloc(1, sizeof *c);
    c->count = instances;
    c->time = engine_new(real_now());
    c->sound = audio_new(AUDIO_MS * USEC_PER_MSEC, AUDIO_BYTES, memset(mem_alloc(AUDIO_BYTES), 7, AUDIO_BYTES));
    c->has_loop = uv_loop_init(&c->loop) == 0;
    sched_status status = c->has_loop ? start_redis(c, err) : sched_fail(err, SCHED_EIO, "no event loop");
    for (int i = 0; i < instances; i++) {
        c->member[i].c = c;
        c->member[i].number = i;
        snprintf(c->member[i].id, sizeof c->member[i].id, "bench-%d", i);
    }
    if (!status) status = start_links(c, err);
    for (int i = 0; i < instances && !status; i++) status = start_scheduler(&c->member[i], phase, err);
    if (status) {
        crew_close(c);
        return status;
    }
    *ret_crew = c;
    return SCHED_OK;
}

/* Calls must have come back before a scheduler is freed; those that wait at inboxes do within a second. Without a server they come
 * back as unknown. */
static void end_schedulers(crew *c) {
    sched_error ignored;
    for (int i = 0; i < c->count; i++)
        if (c->member[i].s) scheduler_stop(c->member[i].s);
    double limit = bench_seconds() + PATIENCE_SEC;
    while (!calls_are_back(c) && bench_seconds() < limit) turn(c, &ignored);
    for (int i = 0; i < c->count; i++) {
        link_uv_free(c->member[i].calls);
        link_uv_free(c->member[i].reads);
        scheduler_free(c->member[i].s);
    }
}

crew *crew_close(crew *c) {
    if (!c) return NULL;
    end_schedulers(c);
    if (c->has_loop) {
        uv_run(&c->loop, UV_RUN_DEFAULT); /* what links leave to the loop */
        uv_loop_close(&c->loop);
    }
    for (size_t i = 0; i < c->parcel_count; i++) frame_unref(c->parcels[i].f);
    engine_free(c->time);
    sync_client_close(c->client);
    private_server_stop(c->server);
    scripts_free(c->texts);
    audio_unref(c->sound);
    free(c->assigned);
    free(c->parcels);
    free(c);
    return NULL;
}

/* --- nodes and jobs --------------------------------------------------------------------------------------------------------- */

static member *member_of(crew *c, int64_t number) {
    return &c->member[number % c->count];
}

static sched_status add_languages(char letter, int count, lang_list *ret_list, sched_error *err) {
    sched_status status = SCHED_OK;
    for (int i = 0; i < count && !status; i++) {
        char tag[LANG_MAX + 1];
        snprintf(tag, sizeof tag, "%c%02d", letter, i % 100);
        status = lang_list_add(ret_list, tag, err);
    }
    return status;
}

static sched_status wait_for_nodes(crew *c, int64_t nodes, sched_error *err) {
    double limit = bench_seconds() + PATIENCE_SEC;
    sched_status status = SCHED_OK;
    while (!status && !nodes_are_known(c, nodes)) {
        status = turn(c, err);
        if (!status && bench_seconds() > limit)
            status = sched_fail(err, SCHED_ETIMEDOUT, "%d of %lld nodes are ready", c->ready, (long long)nodes);
    }
    return status;
}

sched_status crew_add_nodes(crew *c, int count, int langs, sched_error *err) {
    assert(!c->langs && count <= CREW_NODES_MAX && langs <= LANGS_MAX);
    c->langs = langs;
    node_registration offer = {.slots = 4};
    sched_status status = add_languages('s', langs, &offer.asr, err);
    if (!status) status = add_languages('t', langs, &offer.tts, err);
    offer.semantic = offer.asr;
    node_load idle = {0};
    for (int i = 0; i < count && !status; i++) {
        char name[ID_MAX + 1];
        snprintf(name, sizeof name, "node-%05d", i);
        offer.node_id = name;
        scheduler_node_register(member_of(c, i)->s, (conn_token)i + 1, &offer);
        scheduler_node_heartbeat(member_of(c, i)->s, (conn_token)i + 1, &idle);
        status = turn(c, err);
    }
    return status ? status : wait_for_nodes(c, count, err);
}

static void submit_job(crew *c) {
    member *m = member_of(c, (int64_t)c->utterance);
    uint64_t own = c->utterance / (uint64_t)c->count;
    int pair = (int)(own % (uint64_t)(c->langs * c->langs));
    char session[ID_MAX + 1];
    snprintf(session, sizeof session, "session-%d", m->number);
    job_request request = {.session_id = session, .utterance = own, .sound = c->sound};
    snprintf(request.pair.src, sizeof request.pair.src, "s%02d", pair / c->langs % 100);
    snprintf(request.pair.tgt, sizeof request.pair.tgt, "t%02d", pair % c->langs % 100);
    c->utterance++;
    scheduler_submit(m->s, SESSION_CONN + (conn_token)m->number, &request);
}

sched_status crew_run_jobs(crew *c, int64_t jobs, int64_t window, sched_error *err) {
    int64_t start = c->answered, submitted = 0, seen = start;
    double limit = bench_seconds() + PATIENCE_SEC;
    while (c->answered - start < jobs) {
        for (; submitted < jobs && submitted - (c->answered - start) < window; submitted++) submit_job(c);
        sched_status status = turn(c, err);
        if (status) return status;
        if (c->answered != seen) limit = bench_seconds() + PATIENCE_SEC;
        seen = c->answered;
        if (bench_seconds() > limit)
            return sched_fail(err, SCHED_ETIMEDOUT, "%lld of %lld jobs were answered", (long long)(seen - start),
                              (long long)jobs);
    }
    return SCHED_OK;
}

/* --- what it cost ----------------------------------------------------------------------------------------------------------- */

static void add_counts(const link_uv *link, pipe_counts *sum) {
    link_uv_counts n = link_uv_count(link);
    int64_t of_scripts = 0;
    for (int id = 0; id < SCRIPT_COUNT; id++) of_scripts += (int64_t)n.by_script[id];
    sum->scripts += of_scripts;
    sum->plain += (int64_t)n.sent - of_scripts;
    sum->bytes += (int64_t)n.bytes_sent;
}

pipe_counts crew_counts(const crew *c) {
    pipe_counts sum = {0};
    for (int i = 0; i < c->count; i++) {
        add_counts(c->member[i].calls, &sum);
        add_counts(c->member[i].reads, &sum);
    }
    return sum;
}

int64_t crew_remote_jobs(const crew *c) {
    return c->remote;
}

sched_status crew_server_cpu(crew *c, double *ret_seconds, sched_error *err) {
    return server_cpu_ask(c->client, ret_seconds, err);
}
