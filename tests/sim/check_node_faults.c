/* What goes wrong with nodes, and how nodes of the existing kind behave: each fault's effect, seen in the trace of whole runs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/redis/sync_client.h"
#include "sim/redis_host/redis_host.h"
#include "sim/world/internal.h"
#include "tests/support/sim_run.h"
#include "tests/support/suite.h"

/* About seven requests a second. */
#define WORLD                                                                                                          \
    "duration: 90s\nwarmup: 0s\nlanguages: {list: [en, de, fr]}\n"                                                     \
    "sessions: [{concurrent: 40, talk: {pause: 1s}}]\n"
#define NODES "nodes: [{name: gpu, count: 10, slots: 4}]\n"

/* What the run told, split at the fault's begin and end: before, during, after. */
enum { BEFORE, DURING, AFTER, SPANS };

typedef struct seen {
    int span;
    usec_t began, ended, last_finished;
    uint64_t rejected[SPANS], finished[SPANS], lost[SPANS], up[SPANS], offline[SPANS], stale[SPANS];
    uint64_t other_code; /* rejections with another code than `code` */
    const char *code;
    const char *node; /* the next two count what this one does */
    uint64_t finished_there[SPANS], into_fr_there[SPANS], others_there[SPANS];
    double length[SPANS], length_elsewhere[SPANS]; /* sums of time in slots */
    uint64_t works[SPANS], works_elsewhere[SPANS];
    bool is_fr[4096]; /* by the digits of a job's number */
} seen;

static bool is_core(const trace_event *e, sched_event_kind kind) {
    return e->kind == TRACE_CORE && e->core->kind == kind;
}

static void take_work(seen *s, const trace_event *e) {
    bool here = s->node && !strcmp(e->node, s->node);
    s->finished[s->span]++;
    s->finished_there[s->span] += here;
    (here ? s->length : s->length_elsewhere)[s->span] += (double)e->length;
    (here ? s->works : s->works_elsewhere)[s->span]++;
}

static void watch(void *ctx, const trace_event *e) {
    seen *s = ctx;
    if (e->kind == TRACE_FAULT_BEGIN) {
        s->span = DURING;
        s->began = e->at;
    }
    if (e->kind == TRACE_FAULT_END) {
        s->span = AFTER;
        s->ended = e->at;
    }
    if (e->kind == TRACE_NODE_FINISHED) take_work(s, e);
    s->lost[s->span] += e->kind == TRACE_NODE_LOST;
    s->up[s->span] += e->kind == TRACE_NODE_UP;
    s->offline[s->span] += is_core(e, EV_NODE_OFFLINE);
    s->stale[s->span] += is_core(e, EV_STALE);
    if (e->kind == TRACE_NODE_REJECTED) {
        s->rejected[s->span]++;
        s->other_code += s->code && strcmp(e->code, s->code) != 0;
    }
}

static sim_run *run(const char *yaml, seen *s) {
    trace_sink also = {watch, s};
    return sim_run_new(yaml, &(sim_run_options){.also = &also});
}

/* ---- connections ---------------------------------------------------------------------------------------------------- */

typedef struct drop {
    usec_t start, at, back;
    uint64_t lost, down, up, late_results, finished_apart;
    bool apart[16]; /* by node */
} drop;

static void watch_drop(void *ctx, const trace_event *e) {
    drop *d = ctx;
    if (!d->start) d->start = e->at;
    if (e->at - d->start > 90 * USEC_PER_SEC) return;
    if (e->kind == TRACE_FAULT_BEGIN) d->at = e->at;
    if (!d->at) return;
    d->lost += e->kind == TRACE_NODE_LOST;
    d->late_results += is_core(e, EV_STALE);
    if (e->kind == TRACE_NODE_DOWN || e->kind == TRACE_NODE_UP) {
        d->apart[e->node_index] = e->kind == TRACE_NODE_DOWN;
        d->down += e->kind == TRACE_NODE_DOWN;
        d->up += e->kind == TRACE_NODE_UP;
        if (e->kind == TRACE_NODE_UP) d->back = e->at;
    }
    if (e->kind == TRACE_NODE_FINISHED) d->finished_apart += d->apart[e->node_index];
}

START_TEST(a_node_whose_connection_drops_works_on_and_sends_its_results_over_the_next_one) {
    drop d = {0};
    trace_sink also = {watch_drop, &d};
    sim_run *r = sim_run_new(WORLD "nodes: [{name: gpu, count: 10, slots: 4, reconnect: 4s}]\n"
                                   "faults: [{at: 40s, kind: reconnect, nodes: {count: 4}}]\n",
                             &(sim_run_options){.also = &also});
    sim_run_expect_clean(r);
    ck_assert_uint_eq(d.lost, 0);
    ck_assert_uint_eq(d.down, 4);
    ck_assert_uint_eq(d.up, 4);
    ck_assert_int_eq(d.back - d.at, 4 * USEC_PER_SEC);
    ck_assert_uint_gt(d.finished_apart, 0);
    /* the jobs went elsewhere at once; what comes of them over the new connection is too late */
    ck_assert_uint_ge(r->core[EV_RETRY], d.finished_apart);
    ck_assert_uint_ge(d.late_results, d.finished_apart);
    /* whoever went from one of the four to another twice has failed */
    ck_assert_uint_ge(100 * r->finished[OUTCOME_OK], 99 * r->core[EV_CREATED]);
    sim_run_free(r);
}
END_TEST

START_TEST(a_silent_node_works_until_it_is_taken_for_dead) {
    seen s = {.node = "gpu-3"};
    sim_run *r = run(WORLD "nodes: [{name: gpu, count: 10, slots: 4, heartbeat: 1s}]\n"
                           "scheduler: {node_ttl: 10s}\n"
                           "faults: [{at: 30s, kind: silent, nodes: {names: [gpu-3]}, for: 30s}]\n",
                     &s);
    sim_run_expect_clean(r);
    ck_assert_uint_eq(s.offline[BEFORE], 0);
    ck_assert_uint_eq(s.offline[DURING], 1);
    ck_assert_uint_gt(s.finished_there[DURING], 0);
    ck_assert_uint_eq(r->core[EV_NODE_EXPIRED_HEARTBEAT], 1);
    ck_assert_uint_gt(s.finished_there[AFTER], 0);
    ck_assert_uint_eq(r->finished[OUTCOME_OK], r->core[EV_CREATED]);
    sim_run_free(r);
}
END_TEST

/* ---- jobs that fail ------------------------------------------------------------------------------------------------- */

START_TEST(nodes_with_errors_answer_every_job_failed_at_once_until_it_is_over) {
    seen s = {.code = "PROCESSING_ERROR"};
    sim_run *r = run(WORLD NODES "faults: [{at: 30s, kind: errors, nodes: {count: 2}, for: 20s}]\n", &s);
    sim_run_expect_clean(r);
    ck_assert_uint_eq(s.rejected[BEFORE], 0);
    ck_assert_uint_gt(s.rejected[DURING], 3);
    ck_assert_uint_eq(s.rejected[AFTER], 0);
    ck_assert_uint_eq(s.other_code, 0);
    ck_assert_uint_ge(r->core[EV_RETRY], s.rejected[DURING]);
    ck_assert_uint_eq(r->finished[OUTCOME_OK], r->core[EV_CREATED]);
    sim_run_free(r);
}
END_TEST

typedef struct model {
    char target[4096][LANG_MAX + 1]; /* by job, in the order of creation */
    char job[4096][ID_MAX + 1];
    size_t jobs;
    uint64_t into_fr, into_others, other_code;
} model;

static void watch_model(void *ctx, const trace_event *e) {
    model *m = ctx;
    if (is_core(e, EV_CREATED)) {
        ck_assert_uint_lt(m->jobs, 4096);
        snprintf(m->job[m->jobs], ID_MAX + 1, "%s", e->core->job);
        snprintf(m->target[m->jobs++], LANG_MAX + 1, "%s", e->core->pair->tgt);
    }
    if (e->kind != TRACE_NODE_REJECTED) return;
    size_t i = m->jobs - 1;
    while (i > 0 && strcmp(m->job[i], e->job) != 0) i--;
    m->other_code += strcmp(e->code, "MODEL_NOT_AVAILABLE") != 0;
    if (!strcmp(m->target[i], "fr"))
        m->into_fr++;
    else
        m->into_others++;
}

START_TEST(a_missing_model_fails_the_jobs_into_its_targets_and_no_other) {
    model *m = mem_zalloc(1, sizeof *m);
    trace_sink also = {watch_model, m};
    sim_run *r = sim_run_new(WORLD NODES "faults:\n"
                                         "  - {at: 30s, kind: missing_model, nodes: {group: gpu, share: 30%},\n"
                                         "     service: nmt-fr@2, targets: [fr], for: 30s}\n",
                             &(sim_run_options){.also = &also});
    sim_run_expect_clean(r);
    ck_assert_uint_gt(m->into_fr, 0);
    ck_assert_uint_eq(m->into_others, 0);
    ck_assert_uint_eq(m->other_code, 0);
    ck_assert_uint_eq(r->finished[OUTCOME_OK], r->core[EV_CREATED]);
    free(m);
    sim_run_free(r);
}
END_TEST

/* ---- slowness ------------------------------------------------------------------------------------------------------- */

#define EVEN_NODES                                                                                                     \
    "nodes:\n  - name: gpu\n    count: 10\n    slots: 8\n    service:\n"                                               \
    "      {asr: {rtf: 0, overhead: 200ms, cv: 0}, nmt: {rtf: 0, cv: 0}, tts: {rtf: 0, cv: 0}}\n"

START_TEST(slow_nodes_take_the_factor_longer_and_factors_multiply) {
    enum { JOB = 500 * 1000 }; /* of 200, 150 and 150 ms */
    seen s = {.node = "gpu-7"};
    sim_run *r = run(WORLD EVEN_NODES "faults:\n"
                                      "  - {at: 30s, kind: slow, nodes: {names: [gpu-7]}, factor: 4}\n",
                     &s);
    sim_run_expect_clean(r);
    ck_assert_double_eq(s.length[BEFORE] / (double)s.works[BEFORE], JOB);
    ck_assert_double_eq(s.length_elsewhere[DURING] / (double)s.works_elsewhere[DURING], JOB);
    ck_assert_uint_gt(s.works[DURING], 2);
    double mean = s.length[DURING] / (double)s.works[DURING];
    ck_assert_msg(mean > 3.5 * JOB && mean <= 4 * JOB, "%g us in a slot", mean);
    sim_run_free(r);

    s = (seen){.node = "gpu-7"};
    r = run(WORLD EVEN_NODES "faults:\n"
                             "  - {at: 20s, kind: slow, nodes: {names: [gpu-7]}, factor: 2, for: 60s}\n"
                             "  - {at: 20s, kind: slow, nodes: {names: [gpu-7]}, factor: 3, for: 60s}\n",
            &s);
    sim_run_expect_clean(r);
    mean = s.length[DURING] / (double)s.works[DURING];
    ck_assert_msg(mean > 5 * JOB && mean <= 6 * JOB, "%g us in a slot", mean);
    sim_run_free(r);
}
END_TEST

/* ---- languages ------------------------------------------------------------------------------------------------------ */

typedef struct learning {
    int span;
    char pair_of[4096][PAIR_MAX + 1], job[4096][ID_MAX + 1];
    size_t jobs;
    uint64_t de[SPANS], fr[SPANS], registered[SPANS], down;
} learning;

static void watch_learning(void *ctx, const trace_event *e) {
    learning *l = ctx;
    if (e->kind == TRACE_FAULT_BEGIN) l->span = DURING;
    if (e->kind == TRACE_FAULT_END) l->span = AFTER;
    l->registered[l->span] += is_core(e, EV_NODE_REGISTERED);
    l->down += e->kind == TRACE_NODE_DOWN && l->span == DURING;
    if (is_core(e, EV_CREATED)) {
        ck_assert_uint_lt(l->jobs, 4096);
        snprintf(l->job[l->jobs], ID_MAX + 1, "%s", e->core->job);
        lang_pair_text(l->pair_of[l->jobs++], e->core->pair);
    }
    if (!is_core(e, EV_DISPATCHED) || strncmp(e->core->node, "turn", 4)) return;
    size_t i = l->jobs - 1;
    while (i > 0 && strcmp(l->job[i], e->core->job) != 0) i--;
    l->de[l->span] += !strcmp(l->pair_of[i], "en:de");
    l->fr[l->span] += !strcmp(l->pair_of[i], "en:fr");
}

START_TEST(nodes_that_learn_other_languages_get_their_jobs_and_no_others_until_they_forget_them) {
    learning *l = mem_zalloc(1, sizeof *l);
    trace_sink also = {watch_learning, l};
    sim_run *r = sim_run_new("duration: 90s\nwarmup: 0s\nlanguages: {list: [en, de, fr]}\n"
                             "sessions: [{concurrent: 30, pairs: [en:de, en:fr], talk: {pause: 1s}}]\n"
                             "nodes:\n"
                             "  - {name: both, count: 5, slots: 4}\n"
                             "  - {name: turn, count: 5, slots: 4, languages: [en, de]}\n"
                             "faults:\n"
                             "  - {at: 30s, kind: languages, nodes: {group: turn, share: 100%}, languages: [en, fr],\n"
                             "     for: 30s}\n",
                             &(sim_run_options){.also = &also});
    sim_run_expect_clean(r);
    ck_assert_uint_eq(l->down, 0);
    ck_assert_uint_eq(l->registered[BEFORE], 10);
    ck_assert_uint_eq(l->registered[DURING], 5);
    ck_assert_uint_eq(l->registered[AFTER], 5);
    ck_assert_uint_gt(l->de[BEFORE], 0);
    ck_assert_uint_eq(l->fr[BEFORE], 0);
    ck_assert_uint_gt(l->fr[DURING], 0);
    ck_assert_uint_le(l->de[DURING], 2); /* those that were being placed at that moment */
    ck_assert_uint_gt(l->de[AFTER], 0);
    ck_assert_uint_le(l->fr[AFTER], 2);
    free(l);
    sim_run_free(r);
}
END_TEST

static void never_asked(void *ctx, const redis_call *call, usec_t patience, link_callback *done, void *arg) {
    (void)ctx, (void)call, (void)patience, (void)done, (void)arg;
    ck_abort_msg("nothing runs here");
}

START_TEST(without_a_list_the_languages_are_drawn_anew_and_the_same_in_every_run) {
    static const char yaml[] = "languages: {count: 30}\nsessions: [{concurrent: 1}]\n"
                               "nodes: [{name: a, count: 20, languages: 4}]\n"
                               "faults: [{at: 1s, kind: languages, nodes: {share: 100%}}]\n";
    scenario *sc;
    sched_error err;
    ck_assert_msg(!scenario_parse("test", yaml, strlen(yaml), &sc, &err), "%s", err.message);
    engine *e = engine_new(sc->start);
    world_env env = {.engine = e, .redis = &(redis_link){.submit = never_asked}};
    world *w;
    ck_assert_msg(!world_new(sc, &env, &w, &err), "%s", err.message);
    int changed = 0;
    for (int i = 0; i < 20; i++) {
        node_registration before, during, again, after;
        node_hold hold = {.what = &sc->faults[0], .node = i};
        node_languages_draw(&w->nodes[i], &before);
        w->nodes[i].holds = &hold;
        node_languages_draw(&w->nodes[i], &during);
        node_languages_draw(&w->nodes[i], &again);
        w->nodes[i].holds = NULL;
        node_languages_draw(&w->nodes[i], &after);
        changed += memcmp(&before.asr, &during.asr, sizeof before.asr) != 0;
        ck_assert_int_eq(during.asr.count, 4);
        ck_assert_mem_eq(&during.asr, &again.asr, sizeof again.asr);
        ck_assert_mem_eq(&before.asr, &after.asr, sizeof after.asr);
    }
    ck_assert_int_gt(changed, 10);
    world_free(w);
    engine_free(e);
    scenario_free(sc);
}
END_TEST

/* ---- drains --------------------------------------------------------------------------------------------------------- */

typedef struct leaving {
    usec_t begins, ends, last_offline, first_back;
    uint64_t draining, drained, given_meanwhile, lost, back;
    bool asked[16];
} leaving;

static void watch_leaving(void *ctx, const trace_event *e) {
    leaving *l = ctx;
    if (e->kind == TRACE_FAULT_BEGIN) l->begins = e->at;
    if (e->kind == TRACE_FAULT_END) l->ends = e->at;
    if (!l->begins || (l->ends && e->at > l->ends + 6 * USEC_PER_SEC)) return;
    l->draining += is_core(e, EV_NODE_DRAINING);
    if (is_core(e, EV_NODE_DRAINING)) l->asked[atoi(e->core->node + strlen("gpu-"))] = true;
    if (is_core(e, EV_RESERVED)) l->given_meanwhile += l->asked[atoi(e->core->node + strlen("gpu-"))] && !l->ends;
    if (is_core(e, EV_NODE_OFFLINE) && !strcmp(e->core->code, "drained")) {
        l->drained++;
        l->last_offline = e->at;
    }
    l->lost += e->kind == TRACE_NODE_LOST;
    if (e->kind == TRACE_NODE_UP && ++l->back == 1) l->first_back = e->at;
}

START_TEST(a_draining_node_gets_no_job_finishes_what_it_has_and_stays_away_until_it_is_over) {
    leaving l = {0};
    trace_sink also = {watch_leaving, &l};
    sim_run *r = sim_run_new(WORLD "nodes: [{name: gpu, count: 10, slots: 4, reconnect: 3s}]\n"
                                   "faults: [{at: 30s, kind: drain, nodes: {count: 4}, for: 40s}]\n",
                             &(sim_run_options){.also = &also});
    sim_run_expect_clean(r);
    ck_assert_uint_eq(l.draining, 4);
    ck_assert_uint_eq(l.drained, 4);
    ck_assert_uint_eq(l.given_meanwhile, 0);
    ck_assert_uint_eq(l.lost, 0);
    ck_assert_int_gt(l.last_offline - l.begins, 100 * USEC_PER_MSEC);
    ck_assert_int_lt(l.last_offline - l.begins, 10 * USEC_PER_SEC);
    ck_assert_uint_eq(l.back, 4);
    ck_assert_int_eq(l.first_back - l.ends, 3 * USEC_PER_SEC);
    ck_assert_uint_eq(r->finished[OUTCOME_OK], r->core[EV_CREATED]);
    sim_run_free(r);
}
END_TEST

/* ---- nodes as they are ---------------------------------------------------------------------------------------------- */

START_TEST(an_empty_result_is_followed_by_the_full_one_and_whichever_counts_is_the_schedulers_choice) {
    sim_run *r = sim_run_new(WORLD "nodes: [{count: 10, slots: 4, empty_first: 30%, empty_gap: 300ms}]\n"
                                   "scheduler: {empty_hold: 1s}\n",
                             NULL);
    sim_run_expect_clean(r);
    ck_assert_uint_gt(r->world[TRACE_NODE_EMPTY], 20);
    ck_assert_uint_lt(r->world[TRACE_NODE_EMPTY], r->core[EV_CREATED] / 2);
    ck_assert_uint_eq(r->core[EV_EMPTY_HELD], r->world[TRACE_NODE_EMPTY]);
    ck_assert_uint_eq(r->finished[OUTCOME_OK], r->core[EV_CREATED]);
    sim_run_free(r);
    r = sim_run_new(WORLD "nodes: [{count: 10, slots: 4, empty_first: 30%, empty_gap: 3s}]\n"
                          "scheduler: {empty_hold: 1s}\n",
                    NULL);
    sim_run_expect_clean(r);
    ck_assert_uint_eq(r->finished[OUTCOME_NO_TEXT], r->world[TRACE_NODE_EMPTY]);
    ck_assert_uint_eq(r->finished[OUTCOME_OK] + r->finished[OUTCOME_NO_TEXT], r->core[EV_CREATED]);
    sim_run_free(r);
}
END_TEST

typedef struct early {
    usec_t up[16]; /* when it connected last */
    usec_t soonest;
    uint64_t assigned, rejected;
} early;

static void watch_early(void *ctx, const trace_event *e) {
    early *s = ctx;
    if (e->kind == TRACE_NODE_UP) s->up[e->node_index] = e->at;
    s->rejected += e->kind == TRACE_NODE_REJECTED;
    if (e->kind != TRACE_NODE_RECEIVED) return;
    usec_t after = e->at - s->up[e->node_index];
    if (s->assigned++ == 0 || after < s->soonest) s->soonest = after;
}

START_TEST(a_node_whose_services_start_late_gets_its_first_job_when_they_are_ready) {
    early s = {0};
    trace_sink also = {watch_early, &s};
    sim_run *r = sim_run_new(WORLD "nodes:\n"
                                   "  - {name: gpu, count: 10, slots: 4, unready: 20s, join: {over: 5s},\n"
                                   "     services: asr-large@3 nmt@1}\n"
                                   "faults: [{at: 60s, kind: crash, nodes: {count: 3}, for: 1s}]\n",
                             &(sim_run_options){.also = &also});
    sim_run_expect_clean(r);
    ck_assert_uint_gt(s.assigned, 100);
    ck_assert_uint_eq(s.rejected, 0);
    ck_assert_int_ge(s.soonest, 20 * USEC_PER_SEC);
    ck_assert_int_lt(s.soonest, 21 * USEC_PER_SEC); /* it says so at once */
    ck_assert_uint_eq(r->core[EV_NODE_READY], 13);
    sim_run_free(r);
}
END_TEST

/* What the instance was told is in Redis before the nodes leave. */
typedef struct told {
    char cpu[16], gpu[16], mem[16], services[64];
} told;

static void read_record(void *ctx, redis_host *redis, const keyspace *ks) {
    static const char *const fields[] = {"cpu", "gpu", "mem", "services", NULL};
    told *t = ctx;
    char *const texts[] = {t->cpu, t->gpu, t->mem, t->services};
    const size_t sizes[] = {sizeof t->cpu, sizeof t->gpu, sizeof t->mem, sizeof t->services};
    redis_call call;
    redis_key key;
    redis_reply *reply = NULL;
    sched_error err;
    call_command(&call, "HMGET");
    call_key(&call, key_node(&key, ks, "gpu-4"));
    for (int i = 0; fields[i]; i++) call_str(&call, fields[i]);
    ck_assert_msg(!redis_host_ask(redis, &call, &reply, &err), "%s", err.message);
    for (size_t i = 0; i < 4; i++) snprintf(texts[i], sizes[i], "%s", reply_text(reply_at(reply, i)));
    sync_reply_free(reply);
}

START_TEST(heartbeats_report_the_usage_that_is_written_and_registrations_the_services) {
    static const char yaml[] = WORLD "nodes:\n"
                                     "  - {name: gpu, count: 10, services: asr-large@3 nmt@1,\n"
                                     "     usage: {cpu: 35, gpu: {dist: uniform, min: 50, max: 60}}}\n";
    scenario *sc;
    sched_error err;
    simulation_facts facts;
    told t = {.cpu = ""};
    simulation_options options = simulation_defaults;
    options.measured = read_record;
    options.ctx = &t;
    ck_assert_msg(!scenario_parse("test", yaml, strlen(yaml), &sc, &err), "%s", err.message);
    ck_assert_msg(!simulation_run(sc, &options, &facts, &err), "%s", err.message);
    ck_assert_double_eq(atof(t.cpu), 35);
    ck_assert_msg(atof(t.gpu) >= 50 && atof(t.gpu) <= 60, "gpu \"%s\"", t.gpu);
    ck_assert_double_eq(atof(t.mem), 0);
    ck_assert_str_eq(t.services, "asr-large@3 nmt@1");
    scenario_free(sc);
}
END_TEST

/* The world alone: one node, given jobs by hand. */
static uint64_t refusals_of_the_second(bool strict, const char *code) {
    char yaml[256];
    snprintf(yaml, sizeof yaml, "languages: {count: 3}\nsessions: [{concurrent: 1}]\nnodes: [{count: 1, strict: %s}]\n",
             strict ? "yes" : "no");
    scenario *sc;
    sched_error err;
    ck_assert_msg(!scenario_parse("test", yaml, strlen(yaml), &sc, &err), "%s", err.message);
    engine *e = engine_new(sc->start);
    seen s = {.code = code};
    world_env env = {.engine = e, .redis = &(redis_link){.submit = never_asked}, .trace = {watch, &s}};
    world *w;
    ck_assert_msg(!world_new(sc, &env, &w, &err), "%s", err.message);
    static const struct {
        const char *job;
        uint64_t spoken;
    } jobs[] = {{"j1", 7}, {"j2", 7}, {"j3", 8}};
    for (size_t i = 0; i < 3; i++) {
        message *m = message_new(w, MSG_ASSIGN, node_conn_token(&w->nodes[0]));
        snprintf(m->job, sizeof m->job, "%s", jobs[i].job);
        m->spoken = jobs[i].spoken;
        work_take(&w->nodes[0], m);
        message_free(m);
    }
    ck_assert_uint_eq(s.other_code, 0);
    world_free(w);
    engine_free(e);
    scenario_free(sc);
    return s.rejected[BEFORE];
}

START_TEST(a_second_job_of_one_utterance_is_refused_by_strict_nodes_only) {
    ck_assert_uint_eq(refusals_of_the_second(true, "DUPLICATE_UTTERANCE_INDEX"), 1);
    ck_assert_uint_eq(refusals_of_the_second(false, ""), 0);
}
END_TEST

/* ---- all at once ---------------------------------------------------------------------------------------------------- */

#define EVERYTHING                                                                                                     \
    WORLD "nodes: [{name: a, count: 20, slots: 2, languages: 2, acks: yes, empty_first: 20%, unready: 3s}, {name: b, " \
          "count: 20, slots: 1}]\n"                                                                                    \
          "faults:\n"                                                                                                  \
          "  - {at: 20s, kind: reconnect, nodes: {share: 30%}}\n"                                                      \
          "  - {at: 21s, kind: hang, nodes: {share: 30%}, for: 10s}\n"                                                 \
          "  - {at: 22s, kind: languages, nodes: {group: a, share: 50%}, for: 20s}\n"                                  \
          "  - {at: 23s, kind: reconnect, nodes: {share: 50%}}\n"                                                      \
          "  - {at: 24s, kind: crash, nodes: {share: 20%}, for: 5s}\n"                                                 \
          "  - {at: 25s, kind: languages, nodes: {share: 20%}}\n"                                                      \
          "  - {at: 26s, kind: errors, nodes: {share: 20%}, for: 10s}\n"                                               \
          "  - {at: 27s, kind: missing_model, nodes: {share: 20%}, for: 20s}\n"                                        \
          "  - {at: 28s, kind: slow, nodes: {share: 20%}, for: 20s}\n"                                                 \
          "  - {at: 29s, kind: silent, nodes: {share: 20%}, for: 30s}\n"                                               \
          "  - {at: 30s, kind: crash, nodes: {share: 20%}, for: 1s}\n"                                                 \
          "  - {at: 32s, kind: reconnect, nodes: {share: 80%}}\n"                                                      \
          "  - {at: 33s, kind: drain, nodes: {share: 30%}, for: 10s}\n"

START_TEST(whatever_overlaps_every_promise_is_kept_and_one_seed_is_one_run) {
    for (int seed = 1; seed <= 3; seed++) {
        char yaml[sizeof EVERYTHING + 32];
        snprintf(yaml, sizeof yaml, "seed: %d\n%s", seed, EVERYTHING);
        sim_run *r = sim_run_new(yaml, NULL), *again = sim_run_new(yaml, NULL);
        sim_run_expect_clean(r);
        ck_assert_uint_gt(r->core[EV_CREATED], 300);
        ck_assert_uint_eq(r->world[TRACE_FAULT_BEGIN], 13);
        ck_assert_uint_eq(r->world[TRACE_FAULT_END], 12);
        ck_assert_uint_eq(r->hash, again->hash);
        sim_run_free(r);
        sim_run_free(again);
    }
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        a_node_whose_connection_drops_works_on_and_sends_its_results_over_the_next_one,
        a_silent_node_works_until_it_is_taken_for_dead,
        nodes_with_errors_answer_every_job_failed_at_once_until_it_is_over,
        a_missing_model_fails_the_jobs_into_its_targets_and_no_other,
        slow_nodes_take_the_factor_longer_and_factors_multiply,
        nodes_that_learn_other_languages_get_their_jobs_and_no_others_until_they_forget_them,
        without_a_list_the_languages_are_drawn_anew_and_the_same_in_every_run,
        a_draining_node_gets_no_job_finishes_what_it_has_and_stays_away_until_it_is_over,
        an_empty_result_is_followed_by_the_full_one_and_whichever_counts_is_the_schedulers_choice,
        a_node_whose_services_start_late_gets_its_first_job_when_they_are_ready,
        heartbeats_report_the_usage_that_is_written_and_registrations_the_services,
        a_second_job_of_one_utterance_is_refused_by_strict_nodes_only,
        whatever_overlaps_every_promise_is_kept_and_one_seed_is_one_run,
    };
    return SUITE_RUN("node faults", tests);
}
