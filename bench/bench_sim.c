/* bench_sim.c - how fast whole runs are simulated, and how far that is from what Redis could do.
 *
 * The same calls, pipelined by one client that never waits (flow.jobs_per_s), are the limit: a simulation cannot go faster than
 * the real Redis behind it. It stays below because a job is a chain of calls, each of which needs the answer to the one
 * before: with few jobs in flight at the same simulated instant, few calls travel together. Both are measured in one run, the
 * ratio with them. The time of start, drain and final checks is left out. */
#include "bench/benchmarks.h"
#include "bench/rig.h"
#include "sim/redis_host/redis_host.h"
#include "sim/scenario/scenario.h"
#include "sim/world/simulation.h"

#include <string.h>

enum { FLOW_JOBS = 10000, FLOW_WINDOW = 256, FLOW_NODES = 500, FLOW_LANGS = 3 };

/* 500 nodes of one slot at 44 % load, 12 languages: the quickstart without its length. */
static const char scenario_text[] = "duration: 40s\n"
                                    "languages: {count: 12}\n"
                                    "warmup: 10s\n"
                                    "nodes: [{count: 500, languages: 6, slots: 1, join: {over: 5s}}]\n"
                                    "sessions: [{concurrent: 1000, join: {at: 5s, over: 5s}}]\n";

typedef struct stopwatch {
    double began, ended;
} stopwatch;

static void on_measured(void *ctx, redis_host *redis, const keyspace *keys) {
    (void)redis;
    (void)keys;
    stopwatch *watch = ctx;
    watch->ended = bench_seconds();
}

static void on_progress(void *ctx, const simulation_progress *progress) {
    stopwatch *watch = ctx;
    if (watch->began == 0 && progress->stage == SIMULATION_RUNS) watch->began = bench_seconds();
}

static sched_status pipelined_calls(rig *r, double *ret_per_second, sched_error *err) {
    pipe_counts first = rig_counts(r);
    double began = bench_seconds();
    sched_status status = rig_run_jobs(r, FLOW_JOBS, FLOW_WINDOW, err);
    double took = bench_seconds() - began;
    if (status) return status;
    pipe_counts last = rig_counts(r);
    *ret_per_second = (double)(last.scripts - first.scripts + last.plain - first.plain) / took;
    return SCHED_OK;
}

static sched_status measure(bench_run *run, rig *r, const scenario *sc, sched_error *err) {
    sched_status status = SCHED_OK;
    while (!status && bench_again(run)) {
        double limit = 0;
        stopwatch watch = {0};
        simulation_facts facts;
        simulation_options options = simulation_defaults;
        options.progress = on_progress;
        options.measured = on_measured;
        options.ctx = &watch;
        status = pipelined_calls(r, &limit, err);
        if (!status) status = simulation_run(sc, &options, &facts, err);
        if (status) break;
        double took = watch.ended - watch.began;
        double commands = (double)facts.redis.commands / took;
        bench_record(run, 0, (double)sc->duration / (double)USEC_PER_SEC / took);
        bench_record(run, 1, commands);
        bench_record(run, 2, (double)facts.redis.commands / (double)facts.redis.batches);
        bench_record(run, 3, limit);
        bench_record(run, 4, commands / limit);
    }
    return status;
}

static sched_status run_scenario(bench_run *run, sched_error *err) {
    rig *r = NULL;
    scenario *sc = NULL;
    sched_status status = scenario_parse("bench", scenario_text, strlen(scenario_text), &sc, err);
    if (!status) status = rig_new("production", &r, err);
    if (!status) status = rig_add_nodes(r, FLOW_NODES, FLOW_LANGS, FLOW_LANGS, err);
    if (!status) status = measure(run, r, sc, err);
    rig_free(r);
    scenario_free(sc);
    return status;
}

const benchmark bench_sim[] = {
    {
        .name = "sim.run",
        .what = "a scenario in simulated time, beside the same calls pipelined",
        .metrics = {{"simulated_s_per_s", "1"},
                    {"redis_commands_per_s", "1/s"},
                    {"mean_batch", "1"},
                    {"pipelined_commands_per_s", "1/s"},
                    {"ratio_to_pipelined", "1"}},
        .run = run_scenario,
    },
    {.name = NULL},
};
