/* bench_placement.c - what it costs Redis to propose a node and to grant it, by the size of the pool.
 *
 * A proposal draws candidates from one pair's members; it is asked as the scheduler asks. A grant and its release touch one
 * node of many: what they cost more with more nodes is the server's cache.
 *
 * Cost is CPU time of the server's main thread, from INFO, per call: reading, the script, writing. Calls come in pipelines of
 * BATCH, so the system calls of the socket are shared by many. */
#include "bench/bench_placement.h"

#include "bench/benchmarks.h"
#include "core/mechanisms/placement.h"
#include "core/mechanisms/grant_call.h"

enum { CALLS = 20000, BATCH = 200 };

typedef void make_call(redis_call *call, const rig *r, rng *draws, int64_t nodes, int64_t i);

static void make_proposal(redis_call *call, const rig *r, rng *draws, int64_t nodes, int64_t i) {
    (void)nodes, (void)i;
    lang_pair pair = rig_pair(r, 0);
    redis_key key;
    call_script(call, SCRIPT_SELECT_NODE);
    call_key(call, key_pool_members(&key, rig_keys(r), pair.src, pair.tgt));
    call_int(call, CANDIDATES_FIRST);
    call_int(call, 0);
    for (int c = 0; c < CANDIDATES_FIRST; c++) call_int(call, rng_u32(draws));
}

/* Even calls take a slot of a node, odd ones give it back. */
static void make_grant(redis_call *call, const rig *r, rng *draws, int64_t nodes, int64_t i) {
    (void)draws;
    char name[ID_MAX + 1];
    redis_key key;
    uint64_t mixed = (uint64_t)(i / 2) * UINT64_C(0x9e3779b97f4a7c15); /* nodes in no order */
    rig_node_name(name, (int)((mixed >> 32) % (uint64_t)nodes));
    if (i % 2) {
        call_script(call, SCRIPT_RELEASE_RESERVATION);
        call_key(call, key_node_reservations(&key, rig_keys(r), name));
        call_key(call, key_node(&key, rig_keys(r), name));
        call_str(call, "j000-0000000000000001");
        call_int(call, 1);
        call_str(call, "success");
        call_int(call, 0);
        return;
    }
    lang_pair pair = rig_pair(r, 0);
    grant_call(call, rig_keys(r),
               &(grant_question){
                   .node = name,
                   .job_id = "j000-0000000000000001",
                   .attempt = 1,
                   .version = 1,
                   .pair = &pair,
                   .mode = GRANT_ENFORCE,
                   .hold_msec = 60000,
                   .resource_limit = 85,
               });
}

/* Every answer of a script here is an array; an error, or {"GONE"}, would be measured as a fast call. */
static sched_status read_answers(sync_client *client, int count, sched_error *err) {
    for (int i = 0; i < count; i++) {
        redis_reply *reply = NULL;
        sched_status status = sync_client_read(client, &reply, err);
        if (!status && reply_count(reply) < 2)
            status = sched_fail(err, SCHED_EPROTO, "unexpected answer: \"%s\"",
                                reply_text(reply_count(reply) ? reply_at(reply, 0) : reply));
        sync_reply_free(reply);
        if (status) return status;
    }
    return SCHED_OK;
}

static sched_status call_many(rig *r, make_call *make, rng *draws, int64_t nodes, int64_t calls, sched_error *err) {
    sched_status status = SCHED_OK;
    for (int64_t i = 0; i < calls && !status;) {
        int batch = 0;
        for (; batch < BATCH && i < calls && !status; batch++, i++) {
            redis_call call;
            make(&call, r, draws, nodes, i);
            status = sync_client_append(rig_client(r), &call, err);
        }
        if (!status) status = read_answers(rig_client(r), batch, err);
    }
    return status;
}

sched_status bench_placement_propose(rig *r, rng *draws, int64_t calls, sched_error *err) {
    return call_many(r, make_proposal, draws, 0, calls, err);
}

static sched_status measure(bench_run *run, rig *r, make_call *make, sched_error *err) {
    int64_t nodes = bench_number(run), calls = bench_work(run, CALLS);
    sched_status status = rig_add_nodes(r, (int)nodes, 1, 1, err);
    rng draws;
    rng_init(&draws, 1, "bench", 0);
    while (!status && bench_again(run)) {
        double before = 0, after = 0, began = bench_seconds();
        status = rig_server_cpu(r, &before, err);
        if (!status) status = call_many(r, make, &draws, nodes, calls, err);
        if (!status) status = rig_server_cpu(r, &after, err);
        if (status) break;
        bench_record(run, 0, (after - before) * 1e6 / (double)calls);
        bench_record(run, 1, (double)calls / (bench_seconds() - began));
    }
    return status;
}

static sched_status run_with(bench_run *run, make_call *make, sched_error *err) {
    rig *r = NULL;
    sched_status status = rig_new("production", &r, err);
    if (!status) status = measure(run, r, make, err);
    rig_free(r);
    return status;
}

static sched_status run_proposal(bench_run *run, sched_error *err) {
    return run_with(run, make_proposal, err);
}

static sched_status run_grant(bench_run *run, sched_error *err) {
    return run_with(run, make_grant, err);
}

static const bench_value nodes[] = {{.number = 100}, {.number = 1000}, {.number = 5000}, {.number = 20000}};

const benchmark bench_placement[] = {
    {
        .name = "placement.pool",
        .what = "a first proposal from the nodes of one pair",
        .param = "nodes",
        .values = nodes,
        .value_count = sizeof nodes / sizeof *nodes,
        .metrics = {{"server_cpu_us_per_call", "us"}, {"calls_per_s", "1/s"}},
        .run = run_proposal,
    },
    {
        .name = "placement.grant",
        .what = "a reservation and its release, two calls, spread over the nodes",
        .param = "nodes",
        .values = nodes,
        .value_count = sizeof nodes / sizeof *nodes,
        .metrics = {{"server_cpu_us_per_call", "us"}, {"calls_per_s", "1/s"}},
        .run = run_grant,
    },
    {.name = NULL},
};
