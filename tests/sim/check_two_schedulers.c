/* check_two_schedulers.c - two schedulers of different phases in one process: each does, event by event, what it does alone.
 *
 * They share the engine and the Redis, under a namespace of their own each or under one. A life is the same few minutes for each: two
 * nodes, one of which leaves and comes back, utterances of one speaker, answers, failures, silence. Service costs and network
 * delays are zero, so that the other's calls take no time from anybody; languages differ, so that in a registry that both share no node
 * is a candidate for the other. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/scheduler/scheduler.h"
#include "sim/engine/engine.h"
#include "sim/redis_host/link_virtual.h"
#include "tests/support/suite.h"

enum { LIVES = 2, NODES = 2, UTTERANCES = 40, SESSION = 100 };

static const usec_t start = INT64_C(1767225600) * USEC_PER_SEC, second = USEC_PER_SEC;
static const char *const phases[] = {"0", "1", "2", "3", "production"};
enum { PHASES = sizeof phases / sizeof *phases, PAIRS = PHASES * PHASES };

static engine *e;
static virtual_redis *redis;
static scripts *lua;
static virtual_server *server;
static sched_error err;

typedef struct life {
    link_virtual *wire, *reader;
    scheduler *s;
    const char *session, *src, *tgt;
    char nodes[NODES][8];
    int spoken, assigned;
    bool away; /* the second node */
    FILE *out;
    char *diary; /* what happened, a line each */
    size_t diary_len;
} life;

/* ---- what it says --------------------------------------------------------------------------------------------------- */

static void note(life *l, const char *what, const char *job, const char *more, int64_t number) {
    fprintf(l->out, "%lld %s %s %s %lld\n", (long long)(engine_now(e) - start), what, job, more, (long long)number);
}

static void on_event(void *ctx, const sched_event *event) {
    life *l = ctx;
    note(l, sched_event_name(event->kind), event->job, event->node, event->attempt);
    note(l, " ", event->session, event->code, event->value);
}

static void on_answer(void *ctx, conn_token conn, const job_answer *a) {
    (void)conn;
    note(ctx, "answer", a->job_id, a->code, (int64_t)a->outcome);
}

typedef struct reply {
    life *l;
    conn_token conn;
    int64_t attempt;
    int number;
    char job[ID_MAX + 1];
} reply;

static void answer_it(void *arg) {
    reply *r = arg;
    bool fails = r->number % 7 == 3;
    node_result result = {.job_id = r->job,
                          .attempt = r->attempt,
                          .outcome = fails ? OUTCOME_FAILED : OUTCOME_OK,
                          .code = fails ? "NO_LUCK" : ""};
    if (r->l->s) scheduler_node_result(r->l->s, r->conn, &result);
    free(r);
}

/* Every fifth is met with silence. */
static void on_assign(void *ctx, conn_token conn, const job_assign *a) {
    life *l = ctx;
    int number = l->assigned++;
    note(l, "assign", a->job_id, a->pair->tgt, a->attempt);
    if (number % 5 == 4) return;
    reply *r = mem_zalloc(1, sizeof *r);
    *r = (reply){.l = l, .conn = conn, .attempt = a->attempt, .number = number};
    snprintf(r->job, sizeof r->job, "%s", a->job_id);
    engine_at(e, engine_now(e) + 700 * USEC_PER_MSEC, answer_it, r);
}

/* ---- what it is told ------------------------------------------------------------------------------------------------ */

static void register_node(life *l, int node) {
    lang_list langs;
    char both[2 * LANG_MAX + 2];
    snprintf(both, sizeof both, "%s %s", l->src, l->tgt);
    ck_assert(!lang_list_parse(both, &langs, &err));
    node_registration r = {.node_id = l->nodes[node], .asr = langs, .semantic = langs, .tts = langs, .slots = 4};
    scheduler_node_register(l->s, 1 + (conn_token)node, &r);
}

static void beat(life *l) {
    for (int node = 0; node < NODES; node++)
        if (node == 0 || !l->away) scheduler_node_heartbeat(l->s, 1 + (conn_token)node, &(node_load){.cpu = 10});
}

static void speak(life *l) {
    job_request request = {.session_id = l->session,
                           .utterance = (uint64_t)l->spoken++,
                           .sound = audio_new(3 * second, 1024, NULL)};
    ck_assert(!lang_pair_make(l->src, l->tgt, &request.pair, &err));
    scheduler_submit(l->s, SESSION, &request);
    audio_unref(request.sound);
}

static void on_tick(void *arg) {
    life *l = arg;
    if (!l->s) return;
    int tick = l->spoken;
    if (tick % 5 == 0) beat(l);
    if (tick == 15) scheduler_node_gone(l->s, 2);
    if (tick == 15 || tick == 25) l->away = tick == 15;
    if (tick == 25) register_node(l, 1);
    if (tick < UTTERANCES) {
        speak(l);
        engine_at(e, engine_now(e) + second, on_tick, l);
    }
}

static void begin(life *l, const char *phase, const char *prefix, int number) {
    link_virtual_options options = {.delay = {.kind = DIST_CONSTANT}, .window = 10000, .seed = 1};
    scheduler_config config;
    *l = (life){.session = number ? "s-b" : "s-a", .src = number ? "fr" : "de", .tgt = number ? "it" : "en"};
    l->out = open_memstream(&l->diary, &l->diary_len);
    l->wire = link_virtual_new(e, server, &options);
    l->reader = link_virtual_new(e, server, &options);
    ck_assert(!scheduler_config_preset(phase, &config, &err));
    ck_assert_msg(!keyspace_init(&config.keys, prefix, &err), "%s", err.message);
    scheduler_env env = {.clock = engine_clock(e),
                         .timers = engine_timers(e),
                         .seed = 7,
                         .redis = link_virtual_interface(l->wire),
                         .reader = link_virtual_interface(l->reader),
                         .net = {.node_assign = on_assign, .session_answer = on_answer, .ctx = l},
                         .observer = {on_event, l},
                         .instance_id = number ? "b" : "a"};
    ck_assert_msg(!scheduler_new(&config, &env, &l->s, &err), "%s", err.message);
    session_offer offer = {.session_id = l->session, .format = SOUND_PCM16, .sample_rate = SAMPLE_RATE_DEFAULT};
    ck_assert(!lang_pair_make(l->src, l->tgt, &offer.pair, &err));
    ck_assert_msg(!scheduler_session_open(l->s, SESSION, &offer, &err), "%s", err.message);
    for (int node = 0; node < NODES; node++) {
        snprintf(l->nodes[node], sizeof l->nodes[node], "%c%d", number ? 'b' : 'a', node);
        register_node(l, node);
    }
    beat(l);
    engine_at(e, engine_now(e) + 3 * second, on_tick, l); /* a copy has been read by then */
}

static void end(life *l) {
    scheduler_stop(l->s);
}

static void end_at_last(life *l) {
    l->s = scheduler_free(l->s);
    l->reader = link_virtual_free(l->reader);
    l->wire = link_virtual_free(l->wire);
}

/* Those whose phase is given live together; the diaries are the caller's. */
static void live(const char *const phase[LIVES], bool one_namespace, char *diaries[LIVES]) {
    static const char *const prefixes[LIVES] = {"first:", "second:"};
    virtual_redis_options redis_options = virtual_redis_defaults;
    virtual_server_options server_options = {.costs = COST_ZERO, .seed = 1};
    life lives[LIVES];
    e = engine_new(start);
    ck_assert_msg(!virtual_redis_start(e, &redis_options, &redis, &err), "%s", err.message);
    ck_assert_msg(!scripts_new(NULL, &lua, &err), "%s", err.message);
    ck_assert_msg(!virtual_server_new(e, redis, lua, &server_options, &server, &err), "%s", err.message);
    for (int i = 0; i < LIVES; i++)
        if (phase[i]) begin(&lives[i], phase[i], prefixes[one_namespace ? 0 : i], i);
    engine_run(e, start + (UTTERANCES + 30) * second);
    for (int i = 0; i < LIVES; i++)
        if (phase[i]) end(&lives[i]);
    engine_run(e, engine_now(e) + 3 * second);
    for (int i = 0; i < LIVES; i++) {
        if (!phase[i]) continue;
        end_at_last(&lives[i]);
        fclose(lives[i].out);
        diaries[i] = lives[i].diary;
    }
    server = virtual_server_free(server);
    lua = scripts_free(lua);
    redis = virtual_redis_stop(redis);
    e = engine_free(e);
}

static void expect_same(const char *who, const char *alone, const char *together) {
    size_t line = 1, from = 0;
    for (size_t i = 0; alone[i] == together[i] && alone[i]; i++)
        if (alone[i] == '\n') {
            line++;
            from = i + 1;
        }
    ck_assert_msg(!strcmp(alone, together), "phase %s: line %zu alone \"%.*s\", together \"%.*s\"", who, line,
                  (int)strcspn(alone + from, "\n"), alone + from, (int)strcspn(together + from, "\n"), together + from);
}

static void compare(const char *first, const char *second_one, bool one_namespace) {
    char *alone[LIVES], *together[LIVES];
    live((const char *const[LIVES]){first, NULL}, one_namespace, alone);
    live((const char *const[LIVES]){NULL, second_one}, one_namespace, alone);
    live((const char *const[LIVES]){first, second_one}, one_namespace, together);
    ck_assert_msg(strstr(alone[0], "finished") && strstr(alone[0], "retry") && strstr(alone[0], "node_offline"),
                  "phase %s has hardly lived: %.2000s", first, alone[0]);
    expect_same(first, alone[0], together[0]);
    expect_same(second_one, alone[1], together[1]);
    for (int i = 0; i < LIVES; i++) {
        free(alone[i]);
        free(together[i]);
    }
}

START_TEST(each_does_what_it_does_alone_beside_one_of_another_phase) {
    int first = _i / PHASES, other = _i % PHASES;
    if (first < other) compare(phases[first], phases[other], false);
}
END_TEST

START_TEST(also_in_the_same_namespace) {
    int first = _i / PHASES, other = _i % PHASES;
    if (first < other) compare(phases[first], phases[other], true);
}
END_TEST

int main(void) {
    TCase *tests = tcase_create("two_schedulers");
    tcase_add_loop_test(tests, each_does_what_it_does_alone_beside_one_of_another_phase, 0, PAIRS);
    tcase_add_loop_test(tests, also_in_the_same_namespace, 0, PAIRS);
    return suite_run_case("two_schedulers", tests);
}
