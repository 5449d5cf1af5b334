/* bench_ctl.c - the operator's consistency check on a large fleet: how long it takes, and whether the server notices.
 *
 * A command that holds the server up for more than 10 ms would be felt by every job, so the server itself is asked: its
 * slow log must stay empty. It measures real time, so a machine that takes the CPU away from the server shows there, too. */
#include "bench/benchmarks.h"
#include "bench/rig.h"
#include "core/ctl/fsck.h"

enum { NODES = 10000, LANGS = 3, JOBS = 100000, WINDOW = 256 };

static sched_status command(rig *r, const char *const words[], int64_t *ret_number, sched_error *err) {
    redis_call call;
    redis_reply *reply = NULL;
    call_command(&call, words[0]);
    for (int i = 1; words[i]; i++) call_str(&call, words[i]);
    sched_status status = sync_client_call(rig_client(r), &call, &reply, err);
    if (!status && reply_is_error(reply)) status = sched_fail(err, SCHED_EPROTO, "%s", reply_text(reply));
    if (!status && ret_number) *ret_number = reply_int(reply);
    sync_reply_free(reply);
    return status;
}

static sched_status begin_slow_log(rig *r, sched_error *err) {
    sched_status status =
        command(r, (const char *[]){"CONFIG", "SET", "slowlog-log-slower-than", "10000", NULL}, NULL, err);
    if (!status) status = command(r, (const char *[]){"SLOWLOG", "RESET", NULL}, NULL, err);
    return status;
}

static sched_status fill(rig *r, int64_t nodes, int64_t jobs, sched_error *err) {
    sched_status status = rig_add_nodes(r, (int)nodes, LANGS, LANGS, err);
    int64_t running = jobs / 4;
    if (!status) status = rig_run_jobs(r, jobs - running, WINDOW, err);
    rig_hold_results(r, true);
    if (!status) status = rig_run_jobs(r, running, running, err);
    return status;
}

static sched_status check_once(rig *r, bench_run *run, int64_t nodes, sched_error *err) {
    fsck_report report;
    int64_t slow = 0;
    sched_status status = begin_slow_log(r, err);
    double before = bench_seconds();
    if (!status) status = fsck_run(rig_client(r), rig_keys(r), &report, err);
    double took = bench_seconds() - before;
    if (!status) status = command(r, (const char *[]){"SLOWLOG", "LEN", NULL}, &slow, err);
    if (!status && (report.findings || report.nodes != nodes))
        status = sched_fail(err, SCHED_EBROKEN, "fsck: %lld nodes, %lld findings: %s", (long long)report.nodes,
                            (long long)report.findings, report.text[0]);
    if (status) return status;
    bench_record(run, 0, took);
    bench_record(run, 1, (double)slow);
    bench_record(run, 2, (double)report.keys / took);
    return SCHED_OK;
}

static sched_status run_fsck(bench_run *run, sched_error *err) {
    rig *r = NULL;
    int64_t nodes = bench_work(run, NODES);
    sched_status status = rig_new("production", &r, err);
    if (!status) status = fill(r, nodes, bench_work(run, JOBS), err);
    while (!status && bench_again(run)) status = check_once(r, run, nodes, err);
    if (r) rig_hold_results(r, false);
    if (!status) status = rig_settle(r, err);
    rig_free(r);
    return status;
}

const benchmark bench_ctl[] = {
    {
        .name = "ctl.fsck",
        .what = "10,000 nodes in 9 pools each, 100,000 jobs, a quarter of them unfinished",
        .metrics = {{"seconds", "s"}, {"commands_over_10ms", "1"}, {"keys_per_second", "1/s"}},
        .run = run_fsck,
    },
    {.name = NULL},
};
