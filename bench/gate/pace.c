/* pace.c - what is timed is opened before and closed behind; only the work itself lies between two looks at the clock. */
#include "bench/gate/pace.h"

#include "bench/bench_placement.h"
#include "bench/gate/workloads.h"
#include "bench/harness.h"

enum { GOES = 3, NODES = 100, LANGS = 2, PROPOSALS = 1000, JOBS = 250, WINDOW = 128 };

static double shorter(double a, double b) {
    return a < b ? a : b;
}

static sched_status time_workload(const workload *w, figures *f, sched_error *err) {
    void *ctx = NULL;
    double best = 1e9;
    sched_status status = w->open(&ctx, err);
    if (status) return status;
    for (int go = 0; go < GOES; go++) {
        double began = bench_seconds();
        gate_work(w, ctx, w->timed);
        best = shorter(best, bench_seconds() - began);
    }
    w->close(ctx);
    figures_add(f, best, "core.%s", w->name);
    return SCHED_OK;
}

static sched_status time_redis(rig *r, figures *f, sched_error *err) {
    double proposals = 1e9, jobs = 1e9;
    rng draws;
    rng_init(&draws, 1, "gate pace", 0);
    sched_status status = rig_add_nodes(r, NODES, LANGS, LANGS, err);
    for (int go = 0; go < GOES && !status; go++) {
        double began = bench_seconds();
        status = bench_placement_propose(r, &draws, PROPOSALS, err);
        double between = bench_seconds();
        if (!status) status = rig_run_jobs(r, JOBS, WINDOW, err);
        proposals = shorter(proposals, between - began);
        jobs = shorter(jobs, bench_seconds() - between);
    }
    if (status) return status;
    figures_add(f, proposals, "redis.select_node");
    figures_add(f, jobs, "flow.jobs");
    return SCHED_OK;
}

sched_status pace_measure(const char *folder, figures *ret_figures, sched_error *err) {
    figures f = {0};
    rig *r = NULL;
    sched_status status = SCHED_OK;
    for (const workload *w = workloads; w->name && !status; w++) status = time_workload(w, &f, err);
    if (!status) status = rig_open(&(rig_options){.phase = "production", .scripts = folder}, &r, err);
    if (!status) status = time_redis(r, &f, err);
    rig_free(r);
    if (status)
        figures_free(&f);
    else
        *ret_figures = f;
    return status;
}
