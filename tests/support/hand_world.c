/* hand_world.c - see the header. The transport and the observer only write down what they are told. */
#include "tests/support/hand_world.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"

static const usec_t start = INT64_C(1767225600) * USEC_PER_SEC;
const usec_t second = USEC_PER_SEC;

engine *e;
virtual_redis *redis;
virtual_server *server;
link_virtual *wire;
static scripts *lua;
scheduler *s;
scheduler_config config;
catalog_source catalog;
work_meter meter;
sched_error err;

/* ---- what the scheduler said ---------------------------------------------------------------------------------------- */

said assigned[LOG_MAX], cancelled[LOG_MAX], answered[LOG_MAX], known[LOG_MAX], missing[LOG_MAX], events[LOG_MAX];
sched_event_kind kinds[LOG_MAX];
int assigned_count, cancelled_count, answered_count, event_count, registered_count, refused_count, closed_count;
char last_node[ID_MAX + 1], last_refusal[256], last_close_reason[64], last_error[256];
int known_count, missing_count, error_count, session_closed_count;
unsigned char last_sound[4096];
conn_token last_closed;
room_said viewed[ROOM_LOG_MAX], expired[ROOM_LOG_MAX], relayed[ROOM_LOG_MAX];
int viewed_count, expired_count, relayed_count;
room_said partials[ROOM_LOG_MAX];
int partial_count;

static void node_registered(void *ctx, conn_token conn, const char *node_id) {
    (void)ctx, (void)conn;
    registered_count++;
    snprintf(last_node, sizeof last_node, "%s", node_id);
}

static void node_refused(void *ctx, conn_token conn, const char *code, const char *message) {
    (void)ctx, (void)conn;
    refused_count++;
    snprintf(last_refusal, sizeof last_refusal, "%s %s", code, message);
}

static void node_assign(void *ctx, conn_token conn, const job_assign *a) {
    (void)ctx;
    said *line = &assigned[assigned_count++];
    *line = (said){.conn = conn,
                   .attempt = a->attempt,
                   .at = engine_now(e),
                   .utterance = a->utterance,
                   .cut = a->cut,
                   .bytes = (int64_t)a->sound->bytes};
    snprintf(line->job, sizeof line->job, "%s", a->job_id);
    snprintf(line->tgt, sizeof line->tgt, "%s", a->pair->tgt);
    size_t bytes = a->sound->bytes < sizeof last_sound ? a->sound->bytes : sizeof last_sound;
    if (a->sound->data) memcpy(last_sound, a->sound->data, bytes);
}

static void node_cancel(void *ctx, conn_token conn, const char *job_id, int64_t attempt, const char *reason) {
    (void)ctx;
    said *line = &cancelled[cancelled_count++];
    *line = (said){.conn = conn, .attempt = attempt, .at = engine_now(e)};
    snprintf(line->job, sizeof line->job, "%s", job_id);
    snprintf(line->code, sizeof line->code, "%s", reason);
}

static void node_close(void *ctx, conn_token conn, const char *reason) {
    (void)ctx;
    closed_count++;
    last_closed = conn;
    snprintf(last_close_reason, sizeof last_close_reason, "%s", reason);
}

static void session_answer(void *ctx, conn_token conn, const job_answer *a) {
    (void)ctx;
    said *line = &answered[answered_count++];
    *line = (said){.conn = conn, .outcome = a->outcome, .at = engine_now(e), .utterance = a->utterance};
    line->bytes = a->content ? (int64_t)a->content->bytes : 0;
    snprintf(line->job, sizeof line->job, "%s", a->job_id);
    snprintf(line->code, sizeof line->code, "%s", a->code);
    snprintf(line->tgt, sizeof line->tgt, "%s", a->pair->tgt);
}

static void session_known(void *ctx, conn_token conn, const job_known *k) {
    (void)ctx;
    said *line = &known[known_count++];
    *line = (said){.conn = conn, .outcome = k->outcome, .at = engine_now(e), .utterance = k->utterance};
    snprintf(line->job, sizeof line->job, "%s", k->job_id);
    snprintf(line->code, sizeof line->code, "%s", k->state);
}

static void session_partial(void *ctx, conn_token conn, const job_partial *p) {
    (void)ctx;
    room_said *line = &partials[partial_count++ % ROOM_LOG_MAX];
    *line = (room_said){.conn = conn};
    snprintf(line->text, sizeof line->text, "%s %llu %s: %.*s", p->job_id, (unsigned long long)p->utterance,
             p->pair->tgt, (int)p->content->bytes, p->content->data);
}

static void session_missing(void *ctx, conn_token conn, const missing_result *m) {
    (void)ctx;
    said *line = &missing[missing_count++];
    *line = (said){.conn = conn, .at = engine_now(e), .utterance = m->utterance};
    snprintf(line->code, sizeof line->code, "%s", m->reason);
}

static void session_error(void *ctx, conn_token conn, const char *code, const char *message) {
    (void)ctx, (void)conn;
    error_count++;
    snprintf(last_error, sizeof last_error, "%s %s", code, message);
}

static void session_closed(void *ctx, conn_token conn) {
    (void)ctx, (void)conn;
    session_closed_count++;
}

static void room_members(void *ctx, conn_token conn, const room_view *view) {
    (void)ctx;
    room_said *line = &viewed[viewed_count++ % ROOM_LOG_MAX];
    *line = (room_said){.conn = conn};
    snprintf(line->code, sizeof line->code, "%s", view->code);
    size_t at = 0;
    for (int i = 0; i < view->count && at < sizeof line->text; i++)
        at += (size_t)snprintf(line->text + at, sizeof line->text - at, "%s%s(%s,%s)", i ? " " : "",
                               view->members[i].session_id, view->members[i].lang, view->members[i].name);
}

static void room_expired(void *ctx, conn_token conn, const char *code) {
    (void)ctx;
    room_said *line = &expired[expired_count++ % ROOM_LOG_MAX];
    *line = (room_said){.conn = conn};
    snprintf(line->code, sizeof line->code, "%s", code);
}

static void session_relay(void *ctx, conn_token conn, const char *from_session, payload *message) {
    (void)ctx;
    room_said *line = &relayed[relayed_count++ % ROOM_LOG_MAX];
    *line = (room_said){.conn = conn};
    snprintf(line->text, sizeof line->text, "%s: %.*s", from_session, (int)message->bytes, message->data);
}

static void observe(void *ctx, const sched_event *event) {
    (void)ctx;
    ck_assert_int_lt(event_count, LOG_MAX);
    kinds[event_count] = event->kind;
    said *line = &events[event_count++];
    *line = (said){.attempt = event->attempt,
                   .at = event->at,
                   .value = event->value,
                   .outcome = event->outcome,
                   .utterance = event->utterance};
    snprintf(line->job, sizeof line->job, "%s", event->job);
    snprintf(line->node, sizeof line->node, "%s", event->node);
    snprintf(line->code, sizeof line->code, "%s", event->code);
}

int count_of(sched_event_kind kind) {
    int n = 0;
    for (int i = 0; i < event_count; i++) n += kinds[i] == kind;
    return n;
}

const said *last_of(sched_event_kind kind) {
    for (int i = event_count - 1; i >= 0; i--)
        if (kinds[i] == kind) return &events[i];
    ck_abort_msg("no event %s", sched_event_name(kind));
    return NULL;
}

/* ---- the world ------------------------------------------------------------------------------------------------------ */

void pass(usec_t time) {
    engine_run(e, engine_now(e) + time);
}

void open_world(const char *phase) {
    virtual_redis_options redis_options = virtual_redis_defaults;
    redis_options.upkeep = 10 * second; /* lives of minutes pass between two operations */
    virtual_server_options server_options = {.costs = COST_ZERO, .seed = 1};
    link_virtual_options link_options = {.delay = {.kind = DIST_CONSTANT}, .window = 10000, .seed = 1};
    assigned_count = cancelled_count = answered_count = event_count = 0;
    e = engine_new(start);
    ck_assert_msg(!virtual_redis_start(e, &redis_options, &redis, &err), "%s", err.message);
    ck_assert_msg(!scripts_new(NULL, &lua, &err), "%s", err.message);
    ck_assert_msg(!virtual_server_new(e, redis, lua, &server_options, &server, &err), "%s", err.message);
    wire = link_virtual_new(e, server, &link_options);
    ck_assert_msg(!scheduler_config_preset(phase, &config, &err), "%s", err.message);
}

sched_status open_session(conn_token conn, const char *id) {
    session_offer offer = {.session_id = id, .pair = {"en", "de"}, .sample_rate = SAMPLE_RATE_DEFAULT};
    return scheduler_session_open(s, conn, &offer, &err);
}

scheduler_env hand_env(redis_link link) {
    return (scheduler_env){
        .clock = engine_clock(e),
        .timers = engine_timers(e),
        .seed = 7,
        .redis = link,
        .net = {.node_registered = node_registered,
                .node_refused = node_refused,
                .node_assign = node_assign,
                .node_cancel = node_cancel,
                .node_close = node_close,
                .session_answer = session_answer,
                .session_known = session_known,
                .session_partial = session_partial,
                .session_missing = session_missing,
                .session_error = session_error,
                .session_closed = session_closed,
                .room_members = room_members,
                .room_expired = room_expired,
                .session_relay = session_relay},
        .observer = {observe, NULL},
        .work = meter,
        .catalog = catalog,
        .instance_id = "one",
    };
}

void open_scheduler_on(redis_link link) {
    scheduler_env env = hand_env(link);
    ck_assert_msg(!scheduler_new(&config, &env, &s, &err), "%s", err.message);
    ck_assert_msg(!open_session(SESSION, "s-1"), "%s", err.message);
}

/* ---- answers that get lost ------------------------------------------------------------------------------------------ */

static struct {
    script_id script;
    int count;
    bool executed;
} losing = {.script = SCRIPT_NONE};

typedef struct lost_answer {
    link_callback *done;
    void *arg;
} lost_answer;

static void on_lost_answer(void *arg) {
    lost_answer lost = *(lost_answer *)arg;
    free(arg);
    lost.done(lost.arg, LINK_UNKNOWN, NULL);
}

static void ignore_answer(void *arg, link_status status, const redis_reply *reply) {
    (void)arg, (void)status, (void)reply;
}

static void submit_and_lose(void *ctx, const redis_call *call, usec_t patience, link_callback *done, void *arg) {
    redis_link real = link_virtual_interface(wire);
    (void)ctx;
    if (losing.count == 0 || call->script != losing.script) {
        link_submit(&real, call, patience, done, arg);
        return;
    }
    losing.count--;
    if (losing.executed) link_submit(&real, call, patience, ignore_answer, NULL);
    lost_answer *lost = mem_alloc(sizeof *lost);
    *lost = (lost_answer){done, arg};
    engine_at(e, engine_now(e) + patience, on_lost_answer, lost);
}

void open_scheduler_on_lossy_link(void) {
    open_scheduler_on((redis_link){.submit = submit_and_lose});
}

void lose_answers(script_id script, int count, bool executed) {
    losing.script = script;
    losing.count = count;
    losing.executed = executed;
}

void open_scheduler(void) {
    open_scheduler_on(link_virtual_interface(wire));
}

void start_production(void) {
    open_world("production");
    open_scheduler();
}

void close_world(void) {
    if (s) scheduler_stop(s);
    pass(2 * second);
    s = scheduler_free(s);
    wire = link_virtual_free(wire);
    server = virtual_server_free(server);
    lua = scripts_free(lua);
    redis = virtual_redis_stop(redis);
    e = engine_free(e);
}

lang_list langs(const char *text) {
    lang_list list;
    ck_assert(!lang_list_parse(text, &list, &err));
    return list;
}

void offer_now(conn_token conn, const char *node, const char *languages, int64_t slots) {
    node_registration r = {.node_id = node,
                           .asr = langs(languages),
                           .semantic = langs(languages),
                           .tts = langs(languages),
                           .slots = slots};
    scheduler_node_register(s, conn, &r);
}

void offer(conn_token conn, const char *node, const char *languages, int64_t slots) {
    offer_now(conn, node, languages, slots);
    pass(10 * USEC_PER_MSEC);
}

void beat_with(conn_token conn, node_load load) {
    scheduler_node_heartbeat(s, conn, &load);
    pass(10 * USEC_PER_MSEC);
}

void beat(conn_token conn) {
    beat_with(conn, (node_load){.cpu = 10});
}

void join(conn_token conn, const char *node, int64_t slots) {
    offer(conn, node, "en de", slots);
    beat(conn);
}

void speak_as(const char *request_id, uint64_t utterance, const char *tgt) {
    job_request request = {.request_id = request_id,
                           .session_id = "s-1",
                           .utterance = utterance,
                           .pair = {"en", ""},
                           .sound = audio_new(5 * second, 1024, NULL)};
    snprintf(request.pair.tgt, sizeof request.pair.tgt, "%s", tgt);
    scheduler_submit(s, SESSION, &request);
    audio_unref(request.sound);
    pass(10 * USEC_PER_MSEC);
}

void speak(uint64_t utterance) {
    speak_as("", utterance, "de");
}

void answer(const said *a, job_outcome outcome, const char *code) {
    scheduler_node_result(s, a->conn,
                          &(node_result){.job_id = a->job, .attempt = a->attempt, .outcome = outcome, .code = code});
    pass(10 * USEC_PER_MSEC);
}

void assert_nothing_in_flight(void) {
    scheduler_counts counts = scheduler_count(s);
    ck_assert_int_eq(counts.jobs, 0);
    ck_assert_int_eq(counts.waiting, 0);
    ck_assert_int_eq(counts.calls, 0);
}

/* The reply of a plain command, as text or number. */
int64_t ask_int(const char *command, const char *key) {
    redis_call call;
    redis_reply *reply;
    call_command(&call, command);
    call_key(&call, key);
    ck_assert_msg(!virtual_redis_sync(redis, &call, &reply, &err), "%s", err.message);
    int64_t value = reply_int(reply);
    virtual_redis_reply_free(reply);
    return value;
}

static char field_value[1100];

const char *node_field(const char *node, const char *field) {
    redis_key key;
    redis_call call;
    redis_reply *reply;
    call_command(&call, "HGET");
    call_key(&call, key_node(&key, &config.keys, node));
    call_str(&call, field);
    ck_assert_msg(!virtual_redis_sync(redis, &call, &reply, &err), "%s", err.message);
    snprintf(field_value, sizeof field_value, "%s", reply_text(reply));
    virtual_redis_reply_free(reply);
    return field_value;
}

void set_node_field(const char *node, const char *field, const char *value) {
    redis_key key;
    redis_call call;
    redis_reply *reply;
    call_command(&call, "HSET");
    call_key(&call, key_node(&key, &config.keys, node));
    call_str(&call, field);
    call_str(&call, value);
    ck_assert_msg(!virtual_redis_sync(redis, &call, &reply, &err), "%s", err.message);
    virtual_redis_reply_free(reply);
}

static void on_operator_drained(void *arg, link_status status, const redis_reply *reply) {
    (void)arg;
    ck_assert_msg(status == LINK_OK, "drain_node: %s", reply_text(reply));
}

void operator_drains(const char *node, int64_t hold_msec) {
    redis_link link = link_virtual_interface(wire);
    redis_key key;
    redis_call call;
    call_script(&call, SCRIPT_DRAIN_NODE);
    call_key(&call, key_node(&key, &config.keys, node));
    call_key(&call, key_node_hold(&key, &config.keys, node));
    call_str(&call, "");
    call_int(&call, hold_msec);
    call_str(&call, "new disk");
    link_submit(&link, &call, second, on_operator_drained, NULL);
    pass(10 * USEC_PER_MSEC);
}

int64_t reservations_of(const char *node) {
    redis_key key;
    return ask_int("ZCARD", key_node_reservations(&key, &config.keys, node));
}

void reservations_of_all(int64_t held[], int nodes) {
    static const char count[] =
        "local held = {} for i, key in ipairs(KEYS) do held[i] = redis.call('ZCARD', key) end return held";
    redis_key key;
    redis_call call;
    redis_reply *reply;
    call_command(&call, "EVAL");
    call_str(&call, count);
    call_int(&call, nodes);
    for (int i = 0; i < nodes; i++) {
        char name[16];
        snprintf(name, sizeof name, "n%d", i);
        call_key(&call, key_node_reservations(&key, &config.keys, name));
    }
    ck_assert_msg(!virtual_redis_sync(redis, &call, &reply, &err), "%s", err.message);
    ck_assert_msg((int)reply_count(reply) == nodes, "%s", reply_text(reply));
    for (int i = 0; i < nodes; i++) held[i] = reply_int(reply_at(reply, (size_t)i));
    virtual_redis_reply_free(reply);
}

int64_t pool_size(const char *src, const char *tgt) {
    redis_key key;
    return ask_int("HLEN", key_pool_members(&key, &config.keys, src, tgt));
}
