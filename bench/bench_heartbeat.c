/* bench_heartbeat.c - a node that says nothing new: one call on one slot, whatever the number of its language pairs. */
#include <math.h>

#include "bench/benchmarks.h"
#include "bench/rig.h"

enum { NODES = 100, ROUNDS = 200 };

static sched_status beat(rig *r, int64_t rounds, sched_error *err) {
    sched_status status = SCHED_OK;
    for (int64_t i = 0; i < rounds && !status; i++) {
        node_load load = {.cpu = 50, .gpu = 90, .mem = 40, .running_jobs = i % RIG_SLOTS};
        for (int n = 0; n < NODES; n++) scheduler_node_heartbeat(rig_scheduler(r), rig_node_conn(n), &load);
        status = rig_settle(r, err);
    }
    return status;
}

static sched_status measure(bench_run *run, rig *r, sched_error *err) {
    int langs = (int)lround(sqrt((double)bench_number(run)));
    sched_status status = rig_add_nodes(r, NODES, langs, langs, err);
    int64_t rounds = bench_work(run, ROUNDS), beats = rounds * NODES;
    while (!status && bench_again(run)) {
        double before = 0, after = 0;
        pipe_counts first = rig_counts(r);
        status = rig_server_cpu(r, &before, err);
        if (!status) status = beat(r, rounds, err);
        if (!status) status = rig_server_cpu(r, &after, err);
        if (status) break;
        pipe_counts last = rig_counts(r);
        bench_record(run, 0, (after - before) * 1e6 / (double)beats);
        bench_record(run, 1, (double)(last.scripts - first.scripts + last.plain - first.plain) / (double)beats);
        bench_record(run, 2, (double)(last.bytes - first.bytes) / (double)beats);
    }
    return status;
}

static sched_status run_unchanged(bench_run *run, sched_error *err) {
    rig *r = NULL;
    sched_status status = rig_new("production", &r, err);
    if (!status) status = measure(run, r, err);
    rig_free(r);
    return status;
}

static const bench_value pairs[] = {{.number = 1}, {.number = 9}, {.number = 100}, {.number = 400}}; /* squares */

const benchmark bench_heartbeat[] = {
    {
        .name = "heartbeat.unchanged",
        .what = "a node reports in, and nothing of it has changed",
        .param = "pairs",
        .values = pairs,
        .value_count = sizeof pairs / sizeof *pairs,
        .metrics = {{"server_cpu_us_per_call", "us"}, {"calls_per_heartbeat", "1"}, {"bytes_per_heartbeat", "B"}},
        .run = run_unchanged,
    },
    {.name = NULL},
};
