/* bench_cluster.c - the same work on one server, and on a Redis Cluster of one, two and three masters.
 *
 * One client, one thread, everything on this machine: so what is gained by a second master ends where client and servers together
 * have used up the processors. Hence the three figures beside the rate. `server_cpu_us` is what the cluster has to spend on a job or
 * call, all masters together. `busiest_percent` is the share of it that the busiest master carries: of masters on machines of their
 * own, the whole could do 1e6 / server_cpu_us / busiest_percent * 100 per second. `cores` is how many processors were busy, client
 * included: near the number that there are, the machine is what binds, and near 1 it is the client. */
#include <stdio.h>

#include "bench/benchmarks.h"
#include "bench/rig.h"

enum { NODES = 500, LANGS = 3, JOBS = 10000, WINDOW = 512, CALLS = 100000, JOB_PATIENCE_MS = 60000 };

/* What was used until an instant. */
typedef struct meter {
    double at, client, server[PRIVATE_MASTERS_MAX];
    int servers;
} meter;

static sched_status read_meter(rig *r, meter *m, sched_error *err) {
    sched_status status = rig_servers_cpu(r, m->server, &m->servers, err);
    m->client = bench_cpu_seconds();
    m->at = bench_seconds();
    return status;
}

enum { RATE, CLIENT_CPU, SERVER_CPU, BUSIEST, CORES };

static void record(bench_run *run, const meter *from, const meter *to, int64_t count) {
    double took = to->at - from->at, client = to->client - from->client, server = 0, busiest = 0;
    for (int i = 0; i < to->servers; i++) {
        double used = to->server[i] - from->server[i];
        server += used;
        if (used > busiest) busiest = used;
    }
    bench_record(run, RATE, (double)count / took);
    bench_record(run, CLIENT_CPU, client * 1e6 / (double)count);
    bench_record(run, SERVER_CPU, server * 1e6 / (double)count);
    bench_record(run, BUSIEST, server > 0 ? busiest / server * 100 : 100);
    bench_record(run, CORES, (client + server) / took);
}

static sched_status measure(bench_run *run, rig *r, int64_t count,
                            sched_status (*work)(rig *r, int64_t count, sched_error *err), sched_error *err) {
    sched_status status = rig_add_nodes(r, NODES, LANGS, LANGS, err);
    while (!status && bench_again(run)) {
        meter from, to;
        status = read_meter(r, &from, err);
        if (!status) status = work(r, count, err);
        if (!status) status = read_meter(r, &to, err);
        if (!status) record(run, &from, &to, count);
    }
    return status;
}

static sched_status run_on(bench_run *run, int64_t full, sched_status (*work)(rig *, int64_t, sched_error *),
                           sched_error *err) {
    rig *r = NULL;
    sched_status status = rig_new_on((int)bench_number(run), "production", &r, err);
    if (!status) status = measure(run, r, bench_work(run, full), work, err);
    rig_free(r);
    return status;
}

/* ---- whole jobs ------------------------------------------------------------------------------------------------------ */

static sched_status work_jobs(rig *r, int64_t jobs, sched_error *err) {
    return rig_run_jobs(r, jobs, WINDOW, err);
}

static sched_status run_jobs(bench_run *run, sched_error *err) {
    return run_on(run, JOBS, work_jobs, err);
}

/* ---- scripts --------------------------------------------------------------------------------------------------------- */

/* In turn a node takes a job and is free of it again: two scripts of medium cost that leave nothing. */
static sched_status put_call(rig *r, int64_t i, sched_error *err) {
    redis_key key;
    redis_call call;
    char node[ID_MAX + 1], job[32];
    const keyspace *ks = rig_keys(r);
    bool takes = i % 2 == 0;
    rig_node_name(node, (int)(i / 2 * 7 % NODES));
    snprintf(job, sizeof job, "job-%06lld", (long long)(i / 2));
    call_script(&call, takes ? SCRIPT_RESERVE_NODE : SCRIPT_RELEASE_RESERVATION);
    if (takes) {
        lang_pair pair = rig_pair(r, (int)(i / 2 % (LANGS * LANGS)));
        call_key(&call, key_node(&key, ks, node));
        call_key(&call, key_node_reservations(&key, ks, node));
        call_key(&call, key_node_langs(&key, ks, node));
        call_key(&call, key_node_marks(&key, ks, node));
        call_str(&call, job);
        call_int(&call, 1);
        call_int(&call, 1);
        call_str(&call, pair.src);
        call_str(&call, pair.tgt);
        call_int(&call, 0);
        call_int(&call, JOB_PATIENCE_MS);
        call_int(&call, 0);
    } else {
        call_key(&call, key_node_reservations(&key, ks, node));
        call_key(&call, key_node(&key, ks, node));
        call_str(&call, job);
        call_int(&call, 1);
        call_str(&call, "none");
        call_int(&call, 0);
    }
    return sync_client_append(rig_client(r), &call, err);
}

static sched_status take_answer(rig *r, sched_error *err) {
    redis_reply *reply = NULL;
    sched_status status = sync_client_read(rig_client(r), &reply, err);
    if (!status && reply_is_error(reply)) status = sched_fail(err, SCHED_EPROTO, "%s", reply_text(reply));
    sync_reply_free(reply);
    return status;
}

static sched_status work_scripts(rig *r, int64_t calls, sched_error *err) {
    sched_status status = SCHED_OK;
    for (int64_t put = 0, taken = 0; taken < calls && !status;) {
        while (put < calls && put - taken < WINDOW && !status) status = put_call(r, put++, err);
        for (int i = 0; i < WINDOW / 2 && taken < put && !status; i++, taken++) status = take_answer(r, err);
    }
    return status;
}

static sched_status run_scripts(bench_run *run, sched_error *err) {
    return run_on(run, CALLS, work_scripts, err);
}

/* ---- the table ------------------------------------------------------------------------------------------------------- */

static const bench_value masters[] = {{.number = 0}, {.number = 1}, {.number = 2}, {.number = 3}}; /* 0: no cluster */

const benchmark bench_cluster[] = {
    {
        .name = "cluster.jobs",
        .what = "jobs from request to release, on so many masters (0: a server without cluster)",
        .param = "masters",
        .values = masters,
        .value_count = sizeof masters / sizeof *masters,
        .metrics = {{"jobs_per_s", "1/s"},
                    {"client_cpu_us", "us"},
                    {"server_cpu_us", "us"},
                    {"busiest_percent", "%"},
                    {"cores", "1"}},
        .run = run_jobs,
    },
    {
        .name = "cluster.scripts",
        .what = "reserve_node and release_reservation in a pipeline, on so many masters",
        .param = "masters",
        .values = masters,
        .value_count = sizeof masters / sizeof *masters,
        .metrics = {{"calls_per_s", "1/s"},
                    {"client_cpu_us", "us"},
                    {"server_cpu_us", "us"},
                    {"busiest_percent", "%"},
                    {"cores", "1"}},
        .run = run_scripts,
    },
    {.name = NULL},
};
