/* The wall clock: the same scenario in real time against an ordinary Redis, and what the model says of it.
 * Mostly waits: for real time to pass. */
#include "sim/world/simulation.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/rng.h"
#include "core/redis/private_cluster.h"
#include "core/redis/sync_client.h"
#include "sim/measure/recorder.h"
#include "sim/redis_host/clock_wall.h"
#include "tests/support/sim_run.h"
#include "tests/support/suite.h"

/* About 20 requests a second on 40 slots. */
#define SCENARIO                                                                                                       \
    "duration: 12s\n"                                                                                                  \
    "warmup: 2s\n"                                                                                                     \
    "languages: {count: 3}\n"                                                                                          \
    "nodes: [{name: gpu, count: 20, slots: 2, join: {over: 500ms}}]\n"                                                 \
    "sessions: [{name: talk, concurrent: 30, join: {at: 1s, over: 500ms},\n"                                           \
    "            talk: {utterance: 800ms, pause: 200ms}}]\n"

static sched_error err;

/* ---- the clock ------------------------------------------------------------------------------------------------------ */

enum { EVENTS = 200 };

typedef struct followed {
    engine *engine;
    usec_t due[EVENTS], ran[EVENTS], present[EVENTS];
    int count;
} followed;

static void on_event(void *arg) {
    followed *f = arg;
    f->present[f->count] = engine_now(f->engine);
    f->ran[f->count++] = clock_wall_epoch();
}

START_TEST(events_run_when_their_time_has_come_and_carry_it) {
    clock_wall *clock;
    followed f = {.engine = engine_new(clock_wall_epoch())};
    ck_assert_msg(!clock_wall_new(f.engine, &clock, &err), "%s", err.message);
    usec_t start = engine_now(f.engine);
    for (int i = 0; i < EVENTS; i++) {
        f.due[i] = start + 1000 + 1371 * (usec_t)i;
        engine_at(f.engine, f.due[i], on_event, &f);
    }
    clock_wall_run(clock, f.due[EVENTS - 1] + 5000);
    ck_assert_int_eq(f.count, EVENTS);
    ck_assert_int_ge(engine_now(f.engine), f.due[EVENTS - 1] + 5000);
    for (int i = 0; i < EVENTS; i++) {
        ck_assert_int_eq(f.present[i], f.due[i]);
        ck_assert_int_ge(f.ran[i] + 1000, f.due[i]);
    }
    ck_assert_uint_eq(histogram_count(clock_wall_lateness(clock)), EVENTS);
    clock_wall_free(clock);
    engine_free(f.engine);
}
END_TEST

static void stall(void *arg) {
    const followed *f = arg;
    while (clock_wall_epoch() < engine_now(f->engine) + 50 * USEC_PER_MSEC) continue;
}

START_TEST(a_stall_makes_events_late_but_not_their_time) {
    clock_wall *clock;
    followed f = {.engine = engine_new(clock_wall_epoch())};
    ck_assert_msg(!clock_wall_new(f.engine, &clock, &err), "%s", err.message);
    usec_t start = engine_now(f.engine);
    engine_at(f.engine, start + 1000, stall, &f);
    engine_at(f.engine, start + 2000, on_event, &f);
    clock_wall_run(clock, start + 3000);
    ck_assert_int_eq(f.present[0], start + 2000);
    ck_assert_int_ge(f.ran[0], start + 50 * USEC_PER_MSEC);
    ck_assert_int_ge(histogram_max(clock_wall_lateness(clock)), 49 * USEC_PER_MSEC);
    clock_wall_free(clock);
    engine_free(f.engine);
}
END_TEST

/* ---- whole runs ----------------------------------------------------------------------------------------------------- */

typedef struct watched {
    sim_run *run;
    recorder *recorder;
} watched;

static watched watch(simulation_clock clock, const redis_url *url) {
    scenario *sc;
    ck_assert_int_eq(scenario_parse("test", SCENARIO, strlen(SCENARIO), &sc, &err), SCHED_OK);
    recorder *r = recorder_new(&(recorder_options){
        .start = sc->start,
        .warmup = sc->warmup,
        .duration = sc->duration,
        .bin = sc->measure.bin,
        .nodes = (int32_t)scenario_total(sc).nodes,
        .groups = sc->node_group_count,
    });
    trace_sink also = recorder_sink(r);
    sim_run *run = sim_run_new(SCENARIO, &(sim_run_options){.also = &also, .clock = clock, .redis_url = url});
    recorder_end(r, sc->start + run->facts.simulated);
    scenario_free(sc);
    return (watched){run, r};
}

static void unwatch(watched w) {
    recorder_free(w.recorder);
    sim_run_free(w.run);
}

static double share(const watched *w, job_outcome outcome) {
    const job_counts *n = recorder_counts(w->recorder);
    return 100 * (double)n->ended[outcome] / (double)n->submitted;
}

static void print_latency(const char *name, const watched *w) {
    for (latency_kind k = 0; k < LATENCIES; k++) {
        const histogram *h = recorder_latency(w->recorder, k);
        printf("%-8s %-10s mean %8.2f p50 %8.2f p95 %8.2f p99 %8.2f ms\n", name, latency_name(k),
               histogram_mean(h) / 1000, (double)histogram_percentile(h, 50) / 1000,
               (double)histogram_percentile(h, 95) / 1000, (double)histogram_percentile(h, 99) / 1000);
    }
}

static void aside(const redis_url *url, const char *const *words, redis_reply **ret_reply) {
    sync_client *client = NULL;
    redis_call call;
    call_command(&call, words[0]);
    for (int i = 1; words[i]; i++) call_str(&call, words[i]);
    ck_assert_msg(!sync_client_open_url(url, USEC_PER_SEC, &client, &err), "%s", err.message);
    ck_assert_int_eq(sync_client_call(client, &call, ret_reply, &err), SCHED_OK);
    sync_client_close(client);
}

/* A Redis that others use, too. */
static private_server *start_shared(redis_url *ret_url) {
    private_server *server;
    signal(SIGPIPE, SIG_IGN);
    ck_assert_msg(!private_server_start(NULL, &server, &err), "%s", err.message);
    *ret_url = redis_url_of_socket(private_server_socket(server));
    ret_url->db = 2;
    redis_reply *reply = NULL;
    aside(ret_url, (const char *[]){"SET", "lingua:v1:of-others", "1", NULL}, &reply);
    sync_reply_free(reply);
    return server;
}

static void expect_left_as_it_was(const redis_url *url) {
    redis_reply *reply = NULL;
    aside(url, (const char *[]){"KEYS", "*", NULL}, &reply);
    ck_assert_uint_eq(reply_count(reply), 1);
    ck_assert_str_eq(reply_text(reply_at(reply, 0)), "lingua:v1:of-others");
    sync_reply_free(reply);
}

START_TEST(both_clocks_see_the_same_outcomes_and_a_given_redis_is_left_as_it_was) {
    redis_url url;
    private_server *server = start_shared(&url);
    watched simulated = watch(CLOCK_VIRTUAL, NULL), measured = watch(CLOCK_WALL, &url);
    print_latency("virtual", &simulated);
    print_latency("wall", &measured);
    const simulation_lateness *late = &measured.run->facts.late;
    printf("late     p50 %.3f p99 %.3f max %.3f ms\n", (double)late->p50 / 1000, (double)late->p99 / 1000,
           (double)late->max / 1000);
    sim_run_expect_clean(measured.run);
    sim_run_expect_clean(simulated.run);
    ck_assert_uint_gt(late->events, 1000);
    ck_assert_uint_eq(simulated.run->facts.late.events, 0);
    ck_assert_int_eq(measured.run->facts.cpu, 0);
    ck_assert_uint_gt(measured.run->facts.redis.by_script[SCRIPT_CREATE_JOB], 100);
    for (job_outcome o = OUTCOME_OK; o < JOB_OUTCOMES; o++)
        ck_assert_msg(share(&simulated, o) - share(&measured, o) < 1 && share(&measured, o) - share(&simulated, o) < 1,
                      "outcome %d: simulated %.2f %%, measured %.2f %%", o, share(&simulated, o), share(&measured, o));
    const histogram *model = recorder_latency(simulated.recorder, LATENCY_SERVICE);
    const histogram *real = recorder_latency(measured.recorder, LATENCY_SERVICE);
    double error = histogram_mean(model) / histogram_mean(real) - 1;
    ck_assert_msg(error > -0.1 && error < 0.1, "service: simulated %.1f, measured %.1f us", histogram_mean(model),
                  histogram_mean(real));

    expect_left_as_it_was(&url);
    unwatch(simulated);
    unwatch(measured);
    private_server_stop(server);
}
END_TEST

/* ---- a cluster ------------------------------------------------------------------------------------------------------ */

#define SHORT                                                                                                          \
    "duration: 5s\n"                                                                                                   \
    "warmup: 1s\n"                                                                                                     \
    "languages: {count: 3}\n"                                                                                          \
    "nodes: [{name: gpu, count: 20, slots: 2, join: {over: 300ms}}]\n"                                                 \
    "sessions: [{name: talk, concurrent: 30, join: {at: 500ms, over: 300ms},\n"                                        \
    "            talk: {utterance: 800ms, pause: 200ms}}]\n"

static int64_t keys_at(const redis_url *url) {
    redis_reply *reply = NULL;
    aside(url, (const char *[]){"DBSIZE", NULL}, &reply);
    int64_t keys = reply_int(reply);
    sync_reply_free(reply);
    return keys;
}

/* Any of its servers names it; what others have there stays. */
START_TEST(a_given_cluster_carries_a_run_on_all_its_masters_and_is_left_as_it_was) {
    private_cluster *cluster;
    redis_reply *reply = NULL;
    redis_url at[3];
    signal(SIGPIPE, SIG_IGN);
    ck_assert_msg(!private_cluster_start(NULL, &cluster, &err), "%s", err.message);
    for (int i = 0; i < 3; i++) at[i] = redis_url_of_socket(private_server_socket(private_cluster_server(cluster, i)));
    redis_url all = private_cluster_url(cluster);
    sync_client *client = NULL;
    ck_assert_int_eq(sync_client_open_url(&all, USEC_PER_SEC, &client, &err), SCHED_OK);
    redis_call call;
    call_command(&call, "SET");
    call_key(&call, "lingua:v1:of-others");
    call_str(&call, "1");
    ck_assert_int_eq(sync_client_call(client, &call, &reply, &err), SCHED_OK);
    sync_reply_free(reply);
    sync_client_close(client);

    sim_run *run = sim_run_new(SHORT, &(sim_run_options){.clock = CLOCK_WALL, .redis_url = &at[1]});
    sim_run_expect_clean(run);
    ck_assert_uint_gt(run->finished[OUTCOME_OK], 50);
    ck_assert_uint_gt(run->facts.redis.script_calls, 300);
    ck_assert_int_eq(keys_at(&at[0]) + keys_at(&at[1]) + keys_at(&at[2]), 1);
    for (int i = 0; i < 3; i++) {
        aside(&at[i], (const char *[]){"INFO", "commandstats", NULL}, &reply);
        ck_assert_msg(strstr(reply_text(reply), "cmdstat_evalsha:"), "master %d has run no script", i);
        sync_reply_free(reply);
    }
    sim_run_free(run);
    private_cluster_stop(cluster);
}
END_TEST

#define FAILOVER                                                                                                       \
    "duration: 16s\n"                                                                                                  \
    "warmup: 1s\n"                                                                                                     \
    "languages: {count: 3}\n"                                                                                          \
    "nodes: [{name: gpu, count: 20, slots: 2, join: {over: 300ms}}]\n"                                                 \
    "sessions: [{name: talk, concurrent: 20, join: {at: 500ms, over: 300ms},\n"                                        \
    "            talk: {utterance: 800ms, pause: 200ms}}]\n"

typedef struct killing {
    private_server *server;
    int64_t asked;
    usec_t since;
} killing;

/* At 4 s; it is never the end. */
static bool kill_once(void *ctx) {
    killing *k = ctx;
    if (!k->asked++) k->since = clock_wall_epoch();
    if (k->server && clock_wall_epoch() - k->since > 4 * USEC_PER_SEC) {
        private_server_kill(k->server);
        k->server = NULL;
    }
    return false;
}

/* Slots whose release was refused meanwhile stay taken until their time is over: that alone may be found. */
START_TEST(a_run_goes_on_when_a_master_dies_and_its_replica_takes_over) {
    private_cluster *cluster;
    private_cluster_options options = private_cluster_defaults;
    signal(SIGPIPE, SIG_IGN);
    options.replicas = 1;
    options.node_timeout_ms = 1000;
    ck_assert_msg(!private_cluster_start(&options, &cluster, &err), "%s", err.message);
    redis_url url = private_cluster_url(cluster);
    killing k = {.server = private_cluster_server(cluster, 1)};
    sim_run *run =
        sim_run_new(FAILOVER, &(sim_run_options){.clock = CLOCK_WALL, .redis_url = &url, .stop = kill_once, .ctx = &k});
    ck_assert_ptr_null(k.server);
    for (size_t i = 0; i < checker_violations(run->checker); i++) {
        const violation *v = checker_violation(run->checker, i);
        ck_assert_msg(strstr(v->message, "reservation-leak: "), "%s: %s", violation_name(v->kind), v->message);
    }
    ck_assert_msg(run->facts.drained, "%lld jobs are left", (long long)run->facts.jobs_left);
    ck_assert_uint_gt(run->finished[OUTCOME_OK], 100);
    sim_run_free(run);
    private_cluster_stop(cluster);
}
END_TEST

START_TEST(a_private_cluster_is_a_number) {
    sim_run *run = sim_run_new(SHORT, &(sim_run_options){.clock = CLOCK_WALL, .redis_masters = 2});
    sim_run_expect_clean(run);
    ck_assert_uint_gt(run->finished[OUTCOME_OK], 50);
    sim_run_free(run);
}
END_TEST

static bool after_twenty_questions(void *ctx) {
    int *asked = ctx;
    return ++*asked >= 20;
}

START_TEST(a_run_that_ends_early_leaves_a_given_redis_as_it_was_too) {
    redis_url url;
    int asked = 0;
    private_server *server = start_shared(&url);
    sim_run *run = sim_run_new(SCENARIO, &(sim_run_options){.clock = CLOCK_WALL,
                                                            .redis_url = &url,
                                                            .stop = after_twenty_questions,
                                                            .ctx = &asked});
    ck_assert(run->facts.stopped);
    ck_assert_uint_gt(run->core[EV_NODE_READY], 0);
    expect_left_as_it_was(&url);
    sim_run_free(run);
    private_server_stop(server);
}
END_TEST

START_TEST(a_redis_that_is_not_there_is_told_with_its_address) {
    scenario *sc;
    simulation_facts facts;
    redis_url url = redis_url_of_socket("/nonexistent/redis.sock");
    simulation_options options = simulation_defaults;
    options.clock = CLOCK_WALL;
    options.redis_url = &url;
    ck_assert_int_eq(scenario_parse("test", SCENARIO, strlen(SCENARIO), &sc, &err), SCHED_OK);
    ck_assert_int_eq(simulation_run(sc, &options, &facts, &err), SCHED_EIO);
    ck_assert_str_eq(err.message, "redis at /nonexistent/redis.sock: No such file or directory");
    scenario_free(sc);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        events_run_when_their_time_has_come_and_carry_it,
        a_stall_makes_events_late_but_not_their_time,
        both_clocks_see_the_same_outcomes_and_a_given_redis_is_left_as_it_was,
        a_run_that_ends_early_leaves_a_given_redis_as_it_was_too,
        a_redis_that_is_not_there_is_told_with_its_address,
        a_given_cluster_carries_a_run_on_all_its_masters_and_is_left_as_it_was,
        a_private_cluster_is_a_number,
        a_run_goes_on_when_a_master_dies_and_its_replica_takes_over,
    };
    return SUITE_RUN("wall", tests);
}
