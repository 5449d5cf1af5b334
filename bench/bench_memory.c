/* bench_memory.c - what a node, a job and a silent session occupy: in Redis, MEMORY USAGE of every key divided by their number; of a
 * session also in the scheduler's own process.
 *
 * A node's part of pools and indexes is in it, since their keys are counted too. Small hashes are packed by Redis, so the result
 * depends on the number of nodes; it stays the same when one is in a hurry, because nothing is measured by the clock. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bench/benchmarks.h"
#include "bench/rig.h"

enum { NODES = 1000, JOBS = 2000, WINDOW = 256, SESSIONS = 100000, FIRST_SESSION_CONN = 1 << 24 };

/* A fresh server for each run, so that no run stands on the keys of another. */
static sched_status node_bytes(int langs, double *ret_bytes, sched_error *err) {
    rig *r = NULL;
    int64_t bytes = 0;
    sched_status status = rig_new("production", &r, err);
    if (!status) status = rig_add_nodes(r, NODES, langs, langs, err);
    if (!status) status = rig_key_bytes(r, &bytes, err);
    if (!status) *ret_bytes = (double)bytes / NODES;
    rig_free(r);
    return status;
}

static sched_status run_node(bench_run *run, sched_error *err) {
    int langs = (int)lround(sqrt((double)bench_number(run)));
    while (bench_again(run)) {
        double bytes;
        sched_status status = node_bytes(langs, &bytes, err);
        if (status) return status;
        bench_record(run, 0, bytes);
    }
    return SCHED_OK;
}

static sched_status job_bytes(rig *r, bool finished, double *ret_bytes, sched_error *err) {
    int64_t before = 0, after = 0;
    sched_status status = rig_add_nodes(r, NODES, 1, 1, err);
    if (!status) status = rig_key_bytes(r, &before, err);
    rig_hold_results(r, !finished);
    if (!status) status = rig_run_jobs(r, JOBS, finished ? WINDOW : JOBS, err);
    if (!status) status = rig_key_bytes(r, &after, err);
    if (!status) *ret_bytes = (double)(after - before) / JOBS;
    if (!finished) { /* nothing may be left unfinished when the scheduler ends */
        rig_hold_results(r, false);
        if (!status) status = rig_settle(r, err);
    }
    return status;
}

static sched_status run_job(bench_run *run, sched_error *err) {
    bool finished = !strcmp(bench_text(run), "released");
    while (bench_again(run)) {
        rig *r = NULL;
        double bytes = 0;
        sched_status status = rig_new("production", &r, err);
        if (!status) status = job_bytes(r, finished, &bytes, err);
        rig_free(r);
        if (status) return status;
        bench_record(run, 0, bytes);
    }
    return SCHED_OK;
}

static sched_status open_sessions(rig *r, sched_error *err) {
    sched_status status = SCHED_OK;
    for (int i = 0; i < SESSIONS && !status; i++) {
        char id[ID_MAX + 1];
        snprintf(id, sizeof id, "s-%08X", (unsigned)i);
        session_offer offer = {.session_id = id, .pair = {"en", "de"}, .sample_rate = SAMPLE_RATE_DEFAULT};
        status = scheduler_session_open(rig_scheduler(r), FIRST_SESSION_CONN + (conn_token)i, &offer, err);
        if (!status && i % WINDOW == 0) status = rig_settle(r, err);
    }
    return status ? status : rig_settle(r, err);
}

static sched_status run_session(bench_run *run, sched_error *err) {
    while (bench_again(run)) {
        rig *r = NULL;
        double before, after;
        int64_t keys_before = 0, keys_after = 0;
        sched_status status = rig_new("production", &r, err);
        if (!status) status = rig_settle(r, err);
        if (!status) status = rig_key_bytes(r, &keys_before, err);
        before = bench_allocated_bytes();
        if (!status) status = open_sessions(r, err);
        after = bench_allocated_bytes();
        if (!status) status = rig_key_bytes(r, &keys_after, err);
        rig_free(r);
        if (status) return status;
        bench_record(run, 0, (after - before) / SESSIONS);
        bench_record(run, 1, (double)(keys_after - keys_before) / SESSIONS);
    }
    return SCHED_OK;
}

static const bench_value pairs[] = {{.number = 9}, {.number = 100}}; /* squares */
static const bench_value states[] = {{.text = "dispatched"}, {.text = "released"}};

const benchmark bench_memory[] = {
    {
        .name = "memory.node",
        .what = "keys of 1,000 nodes that are in their pools",
        .param = "pairs",
        .values = pairs,
        .value_count = sizeof pairs / sizeof *pairs,
        .metrics = {{"bytes_per_node", "B"}},
        .run = run_node,
    },
    {
        .name = "memory.job",
        .what = "keys of jobs that a node has, and of those that are done",
        .param = "state",
        .values = states,
        .value_count = sizeof states / sizeof *states,
        .metrics = {{"bytes_per_job", "B"}},
        .run = run_job,
    },
    {
        .name = "memory.session",
        .what = "100,000 open sessions in which nobody speaks",
        .metrics = {{"process_bytes_per_session", "B"}, {"redis_bytes_per_session", "B"}},
        .run = run_session,
    },
    {.name = NULL},
};
