/* bench_core.c - what the core's own tables cost: the figures behind sim/world/core_costs.c.
 *
 * Each is measured with tables of several sizes, because a table that fits into the nearest cache is a different thing from one that
 * does not. Answers come behind the question, through the queue that the scheduler uses, and that is counted. */
#include "bench/benchmarks.h"
#include "bench/stand.h"

enum { SCANNED = 20000000, STORED = 1000000 };

/* ---- a scan of all nodes for the least loaded of a pair ---- */

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
    stand_add_nodes(&t, r, nodes);
    rng draws;
    rng_init(&draws, 1, "bench", 0);
    lang_pair pair = {"de", "en"};
    proposal_question question = {.pair = &pair, .shard = true, .want = 1, .draws = &draws};
    int64_t scans = bench_work(run, SCANNED) / nodes;
    while (bench_again(run)) {
        double began = bench_seconds();
        for (int64_t i = 0; i < scans; i++) {
            r->ops->propose(r, &question, keep_proposal, NULL);
            stand_run_answers(&t);
        }
        bench_record(run, 0, (bench_seconds() - began) * 1e9 / (double)(scans * nodes));
    }
    registry_free(r);
    stand_close(&t);
    return SCHED_OK;
}

/* ---- jobs in memory: made, marked, ended ---- */

static sched_status run_store(bench_run *run, sched_error *err) {
    stand t;
    sched_status status = stand_open(&t, err);
    if (status) return status;
    int64_t open = bench_number(run), number = 0, wrong = 0, rounds = bench_work(run, STORED) / STAND_JOB_OPS;
    job_store *store = job_store_memory_new(&t.env, 1000);
    while (number < open) stand_job(&t, store, number++, open, &wrong);
    while (bench_again(run)) {
        double began = bench_seconds();
        for (int64_t i = 0; i < rounds; i++) stand_job(&t, store, number++, open, &wrong);
        bench_record(run, 0, (bench_seconds() - began) * 1e9 / (double)(rounds * STAND_JOB_OPS));
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
