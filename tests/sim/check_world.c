/* The simulated world: what its nodes, speakers, network, processor and faults do, seen in the trace of whole runs. */
#include "sim/world/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/hash.h"
#include "core/base/mem.h"
#include "tests/support/sim_run.h"
#include "tests/support/suite.h"

enum { NODES_MAX = 32, LINES_MAX = 4096 };

static sim_run *watched(const char *yaml, void (*event)(void *ctx, const trace_event *event), void *ctx) {
    trace_sink also = {event, ctx};
    return sim_run_new(yaml, &(sim_run_options){.also = &also});
}

static bool is_core(const trace_event *e, sched_event_kind kind) {
    return e->kind == TRACE_CORE && e->core->kind == kind;
}

/* ---- independence --------------------------------------------------------------------------------------------------- */

static void never_asked(void *ctx, const redis_call *call, usec_t patience, link_callback *done, void *arg) {
    (void)ctx, (void)call, (void)patience, (void)done, (void)arg;
    ck_abort_msg("nothing runs here");
}

/* A world before its first event. */
static world *still_world(const char *yaml, scenario **ret_scenario, engine **ret_engine) {
    sched_error err;
    world *w;
    ck_assert_msg(!scenario_parse("test", yaml, strlen(yaml), ret_scenario, &err), "%s", err.message);
    *ret_engine = engine_new((*ret_scenario)->start);
    world_env env = {.engine = *ret_engine, .redis = &(redis_link){.submit = never_asked}};
    ck_assert_msg(!world_new(*ret_scenario, &env, &w, &err), "%s", err.message);
    return w;
}

static bool same_stream(const rng *a, const rng *b) {
    return !memcmp(a->state, b->state, sizeof a->state);
}

#define ONE_GROUP    "nodes:\n  - {name: first, count: 3, languages: 2}\n"
#define MORE_NODES   "  - {name: second, count: 5, languages: 3}\n"
#define FEW_SPEAKERS "languages: {count: 6}\nsessions: [{concurrent: 1}]\n"

START_TEST(more_nodes_do_not_move_the_draws_of_those_that_were_there) {
    scenario *alone, *both;
    engine *clock_alone, *clock_both;
    world *a = still_world(FEW_SPEAKERS ONE_GROUP, &alone, &clock_alone);
    world *b = still_world(FEW_SPEAKERS ONE_GROUP MORE_NODES, &both, &clock_both);
    for (int i = 0; i < 3; i++) {
        ck_assert(same_stream(&a->nodes[i].net, &b->nodes[i].net));
        ck_assert(same_stream(&a->nodes[i].beats, &b->nodes[i].beats));
        ck_assert(same_stream(&a->nodes[i].service, &b->nodes[i].service));
        node_registration left, right;
        node_languages_draw(&a->nodes[i], &left);
        node_languages_draw(&b->nodes[i], &right);
        ck_assert_mem_eq(&left.asr, &right.asr, sizeof left.asr);
    }
    for (int i = 0; i < 8; i++) {
        const node *n = &b->nodes[i];
        ck_assert(!same_stream(&n->net, &n->beats) && !same_stream(&n->beats, &n->service));
        for (int j = 0; j < i; j++) ck_assert(!same_stream(&n->beats, &b->nodes[j].beats));
    }
    world_free(a);
    world_free(b);
    engine_free(clock_alone);
    engine_free(clock_both);
    scenario_free(alone);
    scenario_free(both);
}
END_TEST

/* When who said how much. */
static void hash_speech(void *ctx, const trace_event *e) {
    uint64_t *hash = ctx;
    char line[256];
    if (e->kind != TRACE_CLIENT_SENT) return;
    snprintf(line, sizeof line, "%llx %lld %s %llu %lld %s %s", (unsigned long long)*hash, (long long)e->at, e->session,
             (unsigned long long)e->utterance, (long long)e->length, e->pair->src, e->pair->tgt);
    *hash = hash_text(line);
}

#define SHORT "duration: 40s\nwarmup: 0s\n"

START_TEST(speakers_speak_the_same_whatever_becomes_of_it) {
    static const char *const worlds[] = {
        SHORT "languages: {count: 3}\nsessions: [{concurrent: 10}]\nnodes: [{count: 10}]\n",
        SHORT
        "languages: {count: 3}\nsessions: [{concurrent: 10}]\nnodes: [{count: 3, slots: 1, speed: 0.2}, {count: 2}]\n",
        SHORT "languages: {count: 3}\nsessions: [{concurrent: 10}]\nnodes: [{count: 10}]\nscheduler: {phase: '3'}\n",
    };
    uint64_t hash[3] = {0};
    for (int i = 0; i < 3; i++) sim_run_free(watched(worlds[i], hash_speech, &hash[i]));
    ck_assert_uint_ne(hash[0], 0);
    ck_assert_uint_eq(hash[1], hash[0]);
    ck_assert_uint_eq(hash[2], hash[0]);
}
END_TEST

START_TEST(a_node_is_small_enough_for_a_hundred_thousand_of_them) {
    ck_assert_uint_le(sizeof(node), 512);
}
END_TEST

/* ---- network -------------------------------------------------------------------------------------------------------- */

/* What was sent to each node and has not arrived, in order. */
typedef struct wires {
    char job[NODES_MAX][LINES_MAX][ID_MAX + 1];
    size_t sent[NODES_MAX], came[NODES_MAX], most;
    uint64_t wrong;
} wires;

static void watch_wires(void *ctx, const trace_event *e) {
    wires *w = ctx;
    if (is_core(e, EV_DISPATCHED)) {
        int n = atoi(strchr(e->core->node, '-') + 1);
        ck_assert(n < NODES_MAX && w->sent[n] < LINES_MAX);
        memcpy(w->job[n][w->sent[n]++], e->core->job, strlen(e->core->job) + 1);
        if (w->sent[n] - w->came[n] > w->most) w->most = w->sent[n] - w->came[n];
    } else if (e->kind == TRACE_NODE_RECEIVED) {
        int n = e->node_index;
        if (w->came[n] >= w->sent[n] || strcmp(w->job[n][w->came[n]], e->job) != 0) w->wrong++;
        w->came[n]++;
    }
}

START_TEST(messages_of_one_connection_arrive_in_the_order_in_which_they_were_sent) {
    wires *w = mem_zalloc(1, sizeof *w);
    sim_run *r = watched(SHORT "languages: {count: 2}\n"
                               "nodes: [{name: gpu, count: 2, slots: 100, delay: {dist: uniform, min: 1ms, max: 2s}}]\n"
                               "sessions: [{concurrent: 100, talk: {pause: 1s}}]\n",
                         watch_wires, w);
    sim_run_expect_clean(r);
    ck_assert_uint_gt(w->most, 5); /* several were under way together */
    ck_assert_uint_gt(w->came[0], 100);
    ck_assert_uint_eq(w->wrong, 0);
    sim_run_free(r);
    free(w);
}
END_TEST

/* ---- the processor of the instance ---------------------------------------------------------------------------------- */

typedef struct pace {
    usec_t last, least; /* between two handlers that told something */
} pace;

static void watch_pace(void *ctx, const trace_event *e) {
    pace *p = ctx;
    if (e->kind != TRACE_CORE || e->at == p->last) return;
    if (p->last && (p->least == 0 || e->at - p->last < p->least)) p->least = e->at - p->last;
    p->last = e->at;
}

START_TEST(an_instance_does_one_thing_at_a_time) {
    pace seen = {0};
    sim_run *r = watched(SHORT "languages: {count: 2}\ninstances: {cpu: {cost: 3ms, answer: 3ms}}\n"
                               "nodes: [{count: 10}]\nsessions: [{concurrent: 40, talk: {pause: 1s}}]\n",
                         watch_pace, &seen);
    sim_run_expect_clean(r);
    ck_assert_int_ge(seen.least, 3 * USEC_PER_MSEC);
    ck_assert_int_eq(r->facts.cpu % (3 * USEC_PER_MSEC), 0);
    ck_assert_int_gt(r->facts.cpu, 10 * USEC_PER_SEC);
    sim_run_free(r);
}
END_TEST

/* ---- sessions ------------------------------------------------------------------------------------------------------- */

typedef struct crowd {
    usec_t start;
    int open, least, most;
} crowd;

static void watch_crowd(void *ctx, const trace_event *e) {
    crowd *c = ctx;
    if (!c->start) c->start = e->at;
    c->open += e->kind == TRACE_SESSION_OPENED;
    c->open -= e->kind == TRACE_SESSION_CLOSED;
    if (e->at < c->start + 30 * USEC_PER_SEC || e->at > c->start + 170 * USEC_PER_SEC) return;
    if (!c->most || c->open < c->least) c->least = c->open;
    if (c->open > c->most) c->most = c->open;
}

/* With whole lengths for the first ones there would be twice as many after a minute, then none of the first. */
START_TEST(the_number_of_sessions_is_steady_from_the_start) {
    crowd seen = {0};
    sim_run *r = watched("duration: 180s\nwarmup: 0s\nlanguages: {count: 2}\nnodes: [{count: 10}]\n"
                         "sessions: [{concurrent: 200, length: 60s, talk: {pause: 20s}}]\n",
                         watch_crowd, &seen);
    sim_run_expect_clean(r);
    ck_assert_int_ge(seen.least, 150);
    ck_assert_int_le(seen.most, 260);
    sim_run_free(r);
}
END_TEST

/* ---- faults --------------------------------------------------------------------------------------------------------- */

#define BUSY                                                                                                           \
    "duration: 2min\n"                                                                                                 \
    "warmup: 0s\n"                                                                                                     \
    "languages: {count: 3}\n"                                                                                          \
    "sessions: [{concurrent: 60, talk: {pause: 2s}}]\n"

typedef struct outage {
    usec_t start, begins, ends, first_offline, last_offline, first_back;
    const char *offline_code;
    uint64_t offline, lost, retried_elsewhere, retried_there, stale_after;
} outage;

static void watch_outage(void *ctx, const trace_event *e) {
    outage *o = ctx;
    if (!o->start) o->start = e->at;
    if (e->kind == TRACE_FAULT_BEGIN) o->begins = e->at;
    if (e->kind == TRACE_FAULT_END) o->ends = e->at;
    if (!o->begins || e->at > o->start + 2 * 60 * USEC_PER_SEC) return;
    if (e->kind == TRACE_NODE_LOST) o->lost++;
    if (e->kind == TRACE_NODE_UP && !o->first_back) o->first_back = e->at;
    if (is_core(e, EV_STALE) && o->ends) o->stale_after++;
    if (is_core(e, EV_NODE_OFFLINE)) {
        if (o->offline++ == 0) o->first_offline = e->at;
        o->last_offline = e->at;
        o->offline_code = !strcmp(e->core->code, "expired") ? "expired" : "other";
    }
}

START_TEST(the_work_of_a_node_that_dies_is_done_elsewhere) {
    outage seen = {0};
    sim_run *r = watched(BUSY "nodes: [{name: gpu, count: 10, slots: 4, reconnect: 5s}]\n"
                              "faults: [{at: 40s, kind: crash, nodes: {count: 4}, for: 20s}]\n",
                         watch_outage, &seen);
    sim_run_expect_clean(r);
    ck_assert_uint_gt(seen.lost, 0);
    ck_assert_uint_eq(seen.offline, 4);
    ck_assert_uint_ge(r->core[EV_RETRY], seen.lost); /* assignments on their way are lost too */
    ck_assert_int_lt(seen.last_offline - seen.begins, USEC_PER_SEC);
    ck_assert_int_eq(seen.first_back - seen.ends, 5 * USEC_PER_SEC);
    ck_assert_uint_eq(r->world[TRACE_NODE_UP], 14);
    ck_assert_uint_eq(r->finished[OUTCOME_OK], r->core[EV_CREATED]);
    sim_run_free(r);
}
END_TEST

/* Attempts may take a minute here, and results may wait for each other for longer, so that the end of the node, not that of an attempt, is what the scheduler notices. */
START_TEST(a_node_that_hangs_is_offline_after_45_seconds_and_its_late_results_change_nothing) {
    outage seen = {0};
    sim_run *r = watched(BUSY "nodes: [{name: gpu, count: 10, slots: 4, heartbeat: 1s, jitter: 0%}]\n"
                              "scheduler: {attempt_base: 1min, gap_limit: 5min}\n"
                              "faults: [{at: 30s, kind: hang, nodes: {count: 3}, for: 1min}]\n",
                         watch_outage, &seen);
    sim_run_expect_clean(r);
    const scheduler_config *config = &r->scenario->scheduler;
    ck_assert_uint_eq(seen.offline, 3);
    ck_assert_str_eq(seen.offline_code, "expired");
    ck_assert_int_ge(seen.first_offline - seen.begins, config->node_ttl - 2 * USEC_PER_SEC);
    ck_assert_int_le(seen.last_offline - seen.begins, config->node_ttl + config->reap_round + 2 * USEC_PER_SEC);
    ck_assert_uint_gt(r->core[EV_RETRY], 0);
    ck_assert_uint_ge(seen.stale_after, r->core[EV_RETRY]);
    ck_assert_uint_eq(r->core[EV_NODE_EXPIRED_HEARTBEAT], 3);
    ck_assert_uint_eq(r->finished[OUTCOME_OK], r->core[EV_CREATED]);
    sim_run_free(r);
}
END_TEST

START_TEST(a_node_whose_queue_is_full_says_so_and_the_job_is_tried_elsewhere) {
    sim_run *r = sim_run_new(SHORT "languages: {count: 2}\n"
                                   "nodes: [{count: 6, slots: 2, queue: 0}]\n"
                                   "sessions: [{concurrent: 40, talk: {pause: 2s}}]\n"
                                   "scheduler: {phase: '3'}\n",
                             NULL);
    sim_run_expect_clean(r);
    ck_assert_uint_gt(r->world[TRACE_NODE_REJECTED], 0);
    ck_assert_uint_gt(r->core[EV_RETRY], 0);
    sim_run_free(r);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        more_nodes_do_not_move_the_draws_of_those_that_were_there,
        speakers_speak_the_same_whatever_becomes_of_it,
        a_node_is_small_enough_for_a_hundred_thousand_of_them,
        messages_of_one_connection_arrive_in_the_order_in_which_they_were_sent,
        an_instance_does_one_thing_at_a_time,
        the_number_of_sessions_is_steady_from_the_start,
        the_work_of_a_node_that_dies_is_done_elsewhere,
        a_node_that_hangs_is_offline_after_45_seconds_and_its_late_results_change_nothing,
        a_node_whose_queue_is_full_says_so_and_the_job_is_tried_elsewhere,
    };
    return SUITE_RUN("world", tests);
}
