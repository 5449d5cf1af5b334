/* bench_flow.c - whole jobs through the real scheduler, as fast as one client and one Redis can.
 *
 * A window of jobs is kept unfinished; nodes answer at once. So the time is that of the calls alone, and jobs_per_s is what one
 * instance could do if nothing else cost anything. Calls per job are counted, not measured: they are the same in every run
 * unless a grant was refused.
 *
 * Phases 0 and 1 have nothing in Redis but sessions: their cost is the core's. Phase 2 is left out, because its copy of the nodes is
 * filled by a timer, and the rig has none that run: `lingua-sim compare` has it. */
#include "bench/benchmarks.h"
#include "bench/rig.h"

enum { NODES = 500, LANGS = 3, JOBS = 20000, WINDOW = 256 };

static sched_status measure(bench_run *run, rig *r, sched_error *err) {
    sched_status status = rig_add_nodes(r, NODES, LANGS, LANGS, err);
    int64_t jobs = bench_work(run, JOBS);
    while (!status && bench_again(run)) {
        double before = 0, after = 0;
        pipe_counts first = rig_counts(r);
        status = rig_server_cpu(r, &before, err);
        double began = bench_seconds();
        if (!status) status = rig_run_jobs(r, jobs, WINDOW, err);
        double took = bench_seconds() - began;
        if (!status) status = rig_server_cpu(r, &after, err);
        if (status) break;
        pipe_counts last = rig_counts(r);
        double per_job = 1.0 / (double)jobs;
        bench_record(run, 0, (double)jobs / took);
        bench_record(run, 1, (double)(last.scripts - first.scripts + last.plain - first.plain) / took);
        bench_record(run, 2, (double)(last.scripts - first.scripts) * per_job);
        bench_record(run, 3, (double)(last.plain - first.plain) * per_job);
        bench_record(run, 4, (double)(last.bytes - first.bytes) * per_job);
        bench_record(run, 5, (after - before) * 1e6 * per_job);
    }
    return status;
}

static sched_status run_jobs(bench_run *run, sched_error *err) {
    rig *r = NULL;
    sched_status status = rig_new(bench_text(run), &r, err);
    if (!status) status = measure(run, r, err);
    rig_free(r);
    return status;
}

static const bench_value phases[] = {{.text = "0"}, {.text = "1"}, {.text = "3"}, {.text = "production"}};

const benchmark bench_flow[] = {
    {
        .name = "flow.jobs_per_s",
        .what = "jobs from request to release, 500 nodes on 9 pairs",
        .param = "phase",
        .values = phases,
        .value_count = sizeof phases / sizeof *phases,
        .metrics = {{"jobs_per_s", "1/s"},
                    {"calls_per_s", "1/s"},
                    {"script_calls_per_job", "1"},
                    {"plain_calls_per_job", "1"},
                    {"bytes_per_job", "B"},
                    {"server_cpu_us_per_job", "us"}},
        .run = run_jobs,
    },
    {.name = NULL},
};
