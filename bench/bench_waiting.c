/* bench_waiting.c - what a freed slot costs when thousands of pairs wait for nodes that are not there.
 *
 * Each finished job offers the room on its node to the longest-waiting job that the node serves. Here none of those that wait is
 * such a one, which is the worst case: the search ends with nothing. Jobs are put into their queues by hand, because on their
 * proper way each would try its luck meanwhile. */
#include <stdio.h>
#include <stdlib.h>

#include "bench/benchmarks.h"
#include "core/base/mem.h"
#include "core/scheduler/job_flow.h"
#include "core/scheduler/node_flow.h"
#include "sim/engine/engine.h"

enum { ROUNDS = 100000 };

static void never_submit(void *ctx, const redis_call *call, usec_t patience, link_callback *done, void *arg) {
    (void)ctx, (void)call, (void)patience, (void)done, (void)arg;
}

static sched_status open_scheduler(engine *e, scheduler **ret_scheduler, sched_error *err) {
    scheduler_config config;
    sched_status status = scheduler_config_preset("production", &config, err);
    if (status) return status;
    scheduler_env env = {
        .clock = engine_clock(e),
        .timers = engine_timers(e),
        .seed = 1,
        .redis = {.submit = never_submit},
        .instance_id = "bench",
    };
    return scheduler_new(&config, &env, ret_scheduler, err);
}

/* It serves 3 x 3 languages. */
static node_conn *add_node(scheduler *s) {
    node_conn *n = node_conn_for(s, 1);
    snprintf(n->node, sizeof n->node, "node-00000001");
    n->sources = mem_strdup("de en fr");
    n->targets = mem_strdup("es it pt");
    n->pairs = 9;
    n->slots = 4;
    return n;
}

static job *add_waiting(scheduler *s, int number) {
    job *j = mem_zalloc(1, sizeof *j);
    j->s = s;
    snprintf(j->id, sizeof j->id, "j000-%016x", (unsigned)number);
    snprintf(j->pair.src, sizeof j->pair.src, "a%d", number / 100);
    snprintf(j->pair.tgt, sizeof j->pair.tgt, "b%d", number % 100);
    wait_queue_add(j);
    return j;
}

static sched_status run_room(bench_run *run, sched_error *err) {
    int count = (int)bench_number(run);
    int64_t rounds = bench_work(run, ROUNDS);
    engine *e = engine_new(0);
    scheduler *s = NULL;
    sched_status status = open_scheduler(e, &s, err);
    if (status) goto out;
    node_conn *n = add_node(s);
    job **waiting = mem_zalloc((size_t)count, sizeof(job *));
    for (int i = 0; i < count; i++) waiting[i] = add_waiting(s, i);
    while (bench_again(run)) {
        double began = bench_seconds();
        for (int64_t i = 0; i < rounds; i++) bench_keep(wait_queue_room(s, n));
        bench_record(run, 0, (bench_seconds() - began) * 1e9 / (double)rounds);
    }
    for (int i = 0; i < count; i++) {
        wait_queue_remove(waiting[i]);
        free(waiting[i]);
    }
    free(waiting);
out:
    scheduler_free(s);
    engine_free(e);
    return status;
}

static const bench_value pairs[] = {{.number = 1}, {.number = 100}, {.number = 1000}, {.number = 5000}};

const benchmark bench_waiting[] = {
    {
        .name = "waiting.room",
        .what = "a freed slot of a node with 9 pairs, while others wait",
        .param = "pairs",
        .values = pairs,
        .value_count = sizeof pairs / sizeof *pairs,
        .metrics = {{"ns_per_op", "ns"}},
        .run = run_room,
    },
    {.name = NULL},
};
