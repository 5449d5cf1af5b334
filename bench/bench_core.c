/* bench_core.c - what the core's own tables cost: the figures behind sim/world/core_costs.c.
 *
 * Each is measured with tables of several sizes, because a table that fits into the nearest cache is a different thing from one that
 * does not. Answers come behind the question, through the queue that the scheduler uses, and that is counted. */
#include <stdio.h>
#include <string.h>

#include "bench/benchmarks.h"
#include "core/base/mem.h"
#include "core/mechanisms/jobstore.h"
#include "core/mechanisms/registry.h"
#include "sim/engine/engine.h"

enum { SCANNED = 20000000, STORED = 1000000, JOB_OPS = 3 };

/* ---- what a mechanism is handed ---- */

typedef struct stand {
    engine *e;
    keyspace keys;
    mechanism_env env;
} stand;

static sched_status stand_open(stand *t, sched_error *err) {
    sched_status status = keyspace_init(&t->keys, NULL, err);
    if (status) return status;
    t->e = engine_new(0);
    t->env = (mechanism_env){.clock = engine_clock(t->e), .timers = engine_timers(t->e), .keys = &t->keys};
    t->env.soon = soon_new(t->env.clock, t->env.timers);
    return SCHED_OK;
}

static void stand_close(stand *t) {
    soon_free(t->env.soon);
    engine_free(t->e);
}

static void run_answers(const stand *t) {
    engine_run(t->e, engine_now(t->e));
}

/* ---- a scan of all nodes for the least loaded of a pair ---- */

static void ignore_node(void *arg, const node_answer *answer) {
    (void)arg;
    bench_keep((uint64_t)answer->word);
}

static void add_nodes(const stand *t, registry *r, int64_t count) {
    char name[ID_MAX + 1], owner[ID_MAX + 1];
    const node_report idle = {0};
    for (int64_t i = 0; i < count; i++) {
        snprintf(name, sizeof name, "node-%08lld", (long long)i);
        snprintf(owner, sizeof owner, "one:%016llx", (unsigned long long)i + 1);
        node_offer offer =
            {.node = name, .owner = owner, .sources = "de en fr", .targets = "de en fr", .slots = 4, .services = ""};
        r->ops->enrol(r, &offer, ignore_node, NULL);
        run_answers(t);
        r->ops->beat(r, name, owner, &idle, ignore_node, NULL);
        run_answers(t);
    }
}

static void keep_proposal(void *arg, const proposal *answer) {
    (void)arg;
    bench_keep((uint64_t)answer->count);
}

static sched_status run_scan(bench_run *run, sched_error *err) {
    stand t;
    sched_status status = stand_open(&t, err);
    if (status) return status;
    int64_t nodes = bench_number(run);
    registry_settings settings = {.kind = REGISTRY_TABLE,
                                  .load = LOAD_OWN,
                                  .limit = true,
                                  .node_ttl = 3600 * USEC_PER_SEC,
                                  .ready_limit = USEC_PER_SEC,
                                  .mark_ttl = USEC_PER_SEC,
                                  .reap_batch = 100};
    registry *r = registry_new(&t.env, &settings);
    add_nodes(&t, r, nodes);
    rng draws;
    rng_init(&draws, 1, "bench", 0);
    lang_pair pair = {"de", "en"};
    proposal_question question = {.pair = &pair, .shard = true, .want = 1, .draws = &draws};
    int64_t scans = bench_work(run, SCANNED) / nodes;
    while (bench_again(run)) {
        double began = bench_seconds();
        for (int64_t i = 0; i < scans; i++) {
            r->ops->propose(r, &question, keep_proposal, NULL);
            run_answers(&t);
        }
        bench_record(run, 0, (bench_seconds() - began) * 1e9 / (double)(scans * nodes));
    }
    registry_free(r);
    stand_close(&t);
    return SCHED_OK;
}

/* ---- jobs in memory: made, marked, ended ---- */

static void keep_answer(void *arg, const store_answer *answer) {
    int64_t *wrong = arg;
    *wrong += !answer || answer->word != STORE_DONE;
}

/* `open` jobs before this one are not ended yet. */
static void job_ops(const stand *t, job_store *store, int64_t number, int64_t open, int64_t *wrong) {
    static const lang_pair pair = {"de", "en"};
    char job[ID_MAX + 1], request[64], old_job[ID_MAX + 1], old_request[64];
    snprintf(job, sizeof job, "j000-%016llx", (unsigned long long)number);
    snprintf(request, sizeof request, "s-%lld:0:en", (long long)number);
    store_question q = {.op = STORE_CREATE,
                        .job = job,
                        .request = request,
                        .attempt = 1,
                        .owner = "one",
                        .session = "s-1",
                        .pair = &pair,
                        .audio = USEC_PER_SEC,
                        .limit = 10 * USEC_PER_SEC};
    job_store_ask(store, &q, keep_answer, wrong);
    run_answers(t);
    q = (store_question){.op = STORE_MARK,
                         .job = job,
                         .request = request,
                         .attempt = 1,
                         .node = "n1",
                         .limit = USEC_PER_SEC};
    job_store_ask(store, &q, keep_answer, wrong);
    run_answers(t);
    if (number < open) return;
    snprintf(old_job, sizeof old_job, "j000-%016llx", (unsigned long long)(number - open));
    snprintf(old_request, sizeof old_request, "s-%lld:0:en", (long long)(number - open));
    q = (store_question){.op = STORE_COMPLETE,
                         .job = old_job,
                         .request = old_request,
                         .attempt = 1,
                         .outcome = OUTCOME_OK,
                         .code = "",
                         .released = true,
                         .keep = 1};
    job_store_ask(store, &q, keep_answer, wrong);
    run_answers(t);
}

static sched_status run_store(bench_run *run, sched_error *err) {
    stand t;
    sched_status status = stand_open(&t, err);
    if (status) return status;
    int64_t open = bench_number(run), number = 0, wrong = 0, rounds = bench_work(run, STORED) / JOB_OPS;
    job_store *store = job_store_memory_new(&t.env, 1000);
    while (number < open) job_ops(&t, store, number++, open, &wrong);
    while (bench_again(run)) {
        double began = bench_seconds();
        for (int64_t i = 0; i < rounds; i++) job_ops(&t, store, number++, open, &wrong);
        bench_record(run, 0, (bench_seconds() - began) * 1e9 / (double)(rounds * JOB_OPS));
    }
    job_store_free(store);
    stand_close(&t);
    return wrong ? sched_fail(err, SCHED_EPROTO, "%lld operations were not done", (long long)wrong) : SCHED_OK;
}

static const bench_value sizes[] = {{.number = 100}, {.number = 1000}, {.number = 10000}};

#define SIZES(what) .param = what, .values = sizes, .value_count = sizeof sizes / sizeof *sizes

const benchmark bench_core[] = {
    {.name = "core.scan",
     .what = "one node looked at by a scan for the least loaded",
     SIZES("nodes"),
     .metrics = {{"ns_per_node", "ns"}},
     .run = run_scan},
    {.name = "core.store",
     .what = "one operation of the table of jobs in memory",
     SIZES("jobs"),
     .metrics = {{"ns_per_operation", "ns"}},
     .run = run_store},
    {.name = NULL},
};
