/* bench_flow.c - whole jobs through the real scheduler, as fast as one client and one Redis can.
 *
 * A window of jobs is kept unfinished; nodes answer at once. So the time is that of the calls alone, and jobs_per_s is what one
 * instance could do if nothing else cost anything. Calls per job are counted, not measured: they are the same in every run
 * unless a grant was refused.
 *
 * Phases 0 and 1 have nothing in Redis but sessions: their cost is the core's.
 *
 * Phase 2 is about several instances, so it runs on a crew of two (crew.h) instead of the still rig: with its timers, among them the one
 * by which each instance reads all nodes again and again, and with many a job at a node of the other instance. What is not per job
 * is counted with the jobs, for as long as they take. flow.instances puts the phases that can be shared on the same two instances, so
 * that they can be compared. */
#include "bench/benchmarks.h"
#include "bench/crew.h"
#include "bench/rig.h"

#include <string.h>

enum { NODES = 500, LANGS = 3, JOBS = 20000, WINDOW = 256, INSTANCES = 2, CREW_JOBS = 5000 };

/* The figures of `jobs` that took `took` seconds and `cpu` seconds of the server. */
static void record(bench_run *run, int64_t jobs, double took, double cpu, const pipe_counts *first,
                   const pipe_counts *last) {
    double per_job = 1.0 / (double)jobs;
    bench_record(run, 0, (double)jobs / took);
    bench_record(run, 1, (double)(last->scripts - first->scripts + last->plain - first->plain) / took);
    bench_record(run, 2, (double)(last->scripts - first->scripts) * per_job);
    bench_record(run, 3, (double)(last->plain - first->plain) * per_job);
    bench_record(run, 4, (double)(last->bytes - first->bytes) * per_job);
    bench_record(run, 5, cpu * 1e6 * per_job);
}

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
        record(run, jobs, took, after - before, &first, &last);
    }
    return status;
}

static sched_status measure_crew(bench_run *run, crew *c, sched_error *err) {
    sched_status status = crew_add_nodes(c, NODES, LANGS, err);
    int64_t jobs = bench_work(run, CREW_JOBS);
    while (!status && bench_again(run)) {
        double before = 0, after = 0;
        pipe_counts first = crew_counts(c);
        int64_t remote = crew_remote_jobs(c);
        status = crew_server_cpu(c, &before, err);
        double began = bench_seconds();
        if (!status) status = crew_run_jobs(c, jobs, WINDOW, err);
        double took = bench_seconds() - began;
        if (!status) status = crew_server_cpu(c, &after, err);
        if (status) break;
        pipe_counts last = crew_counts(c);
        record(run, jobs, took, after - before, &first, &last);
        if (bench_row(run)->metrics[6].name)
            bench_record(run, 6, (double)(crew_remote_jobs(c) - remote) / (double)jobs);
    }
    return status;
}

static sched_status run_crew(bench_run *run, sched_error *err) {
    crew *c = NULL;
    sched_status status = crew_open(bench_text(run), INSTANCES, &c, err);
    if (!status) status = measure_crew(run, c, err);
    crew_close(c);
    return status;
}

static sched_status run_jobs(bench_run *run, sched_error *err) {
    if (!strcmp(bench_text(run), "2")) return run_crew(run, err);
    rig *r = NULL;
    sched_status status = rig_new(bench_text(run), &r, err);
    if (!status) status = measure(run, r, err);
    rig_free(r);
    return status;
}

static const bench_value phases[] = {{.text = "0"},
                                     {.text = "1"},
                                     {.text = "2"},
                                     {.text = "3"},
                                     {.text = "production"}};
static const bench_value shared_phases[] = {{.text = "2"}, {.text = "3"}, {.text = "production"}};

const benchmark bench_flow[] = {
    {
        .name = "flow.jobs_per_s",
        .what = "jobs from request to release, 500 nodes on 9 pairs (phase 2: at two instances)",
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
    {
        .name = "flow.instances",
        .what = "the same at two instances, with all that runs besides",
        .param = "phase",
        .values = shared_phases,
        .value_count = sizeof shared_phases / sizeof *shared_phases,
        .metrics = {{"jobs_per_s", "1/s"},
                    {"calls_per_s", "1/s"},
                    {"script_calls_per_job", "1"},
                    {"plain_calls_per_job", "1"},
                    {"bytes_per_job", "B"},
                    {"server_cpu_us_per_job", "us"},
                    {"remote_per_job", "1"}},
        .run = run_crew,
    },
    {.name = NULL},
};
