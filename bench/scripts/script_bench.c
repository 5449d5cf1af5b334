/* script_bench.c - makes the world of a plan, calls, reads the meters.
 *
 * Calls are put into words before the first one leaves: what is measured is the server, and a client that has nothing to do but send and
 * read. */
#include "bench/scripts/script_bench.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "bench/gate/command_stats.h"
#include "bench/scripts/call_text.h"
#include "bench/server_cpu.h"
#include "core/base/mem.h"
#include "core/redis/private_server.h"

enum {
    PIPELINED = 2000,
    SYNC = 500,
    CALLS_LEAST = 20,
    LINEAR_FROM = 10, /* from this size on, fewer calls of linear ones */
    WINDOW = 256,
};
#define PATIENCE (60 * USEC_PER_SEC)

typedef struct world {
    const script_plan *plan;
    private_server *server;
    scripts *texts;
    sync_client *client;
    keyspace keys;
    rng draws;
    int64_t size, pipelined, sync, groups;
} world;

/* --- beginning and end ---------------------------------------------------------------------------------------------------- */

static int64_t calls_of(bench_run *run, const world *w, int64_t full) {
    if (w->plan->linear && w->size > LINEAR_FROM) full = full * LINEAR_FROM / w->size;
    int64_t calls = bench_work(run, full);
    return calls > CALLS_LEAST ? calls : CALLS_LEAST;
}

static int64_t groups_of(const world *w) {
    int64_t calls = w->pipelined + w->sync, each = w->size / 10;
    if (w->plan->groups == TOGETHER) return 1;
    if (w->plan->groups == APART || each < 1) return calls;
    return (calls + each - 1) / each;
}

static sched_status world_open(bench_run *run, world *w, sched_error *err) {
    const benchmark *row = bench_row(run);
    *w = (world){.plan = row->plan, .size = row->param ? bench_number(run) : 1};
    w->pipelined = calls_of(run, w, PIPELINED);
    w->sync = calls_of(run, w, SYNC);
    w->groups = groups_of(w);
    sched_status status = keyspace_init(&w->keys, NULL, err);
    if (!status) status = scripts_new(NULL, &w->texts, err);
    if (!status) status = private_server_start(&private_server_defaults, &w->server, err);
    if (!status) status = sync_client_open_socket(private_server_socket(w->server), PATIENCE, &w->client, err);
    if (!status) status = sync_client_load(w->client, w->texts, err);
    return status;
}

static void world_close(world *w) {
    sync_client_close(w->client);
    private_server_stop(w->server);
    scripts_free(w->texts);
}

/* --- calls ---------------------------------------------------------------------------------------------------------------- */

/* Of the calls that are measured: in turn to each group. */
static call_numbers numbers_of_call(world *w, int64_t i) {
    return (
        call_numbers){.call = i, .group = i % w->groups, .place = i / w->groups, .size = w->size, .draws = &w->draws};
}

/* NULL `answer`: anything but an error. */
static bool is_answer(const world *w, const char *answer, const redis_reply *reply) {
    if (reply_is_error(reply)) return false;
    if (!answer) return true;
    if (!strcmp(answer, "%n")) return reply_int(reply_at(reply, 0)) == w->size;
    return reply_says(reply, answer);
}

static sched_status check_answer(const world *w, const char *text, const char *answer, const redis_reply *reply,
                                 sched_error *err) {
    if (is_answer(w, answer, reply)) return SCHED_OK;
    return sched_fail(err, SCHED_EPROTO, "%.60s: answered \"%.60s\"", text,
                      reply_text(reply_is_array(reply) ? reply_at(reply, 0) : reply));
}

static sched_status take_answer(world *w, const char *text, const char *answer, sched_error *err) {
    redis_reply *reply = NULL;
    sched_status status = sync_client_read(w->client, &reply, err);
    if (!status) status = check_answer(w, text, answer, reply, err);
    sync_reply_free(reply);
    return status;
}

/* What a line of preparation makes of number `at` of `count`. */
static void step_call(world *w, const script_step *step, int64_t at, redis_call *ret_call) {
    call_numbers n = {.call = at, .size = w->size, .draws = &w->draws};
    if (step->times == PER_GROUP) n.group = at;
    if (step->times == PER_CALL) n = numbers_of_call(w, at);
    if (step->times == PER_MEMBER) {
        n.group = at / w->size;
        n.call = n.place = at % w->size;
    }
    call_text_make(ret_call, step->text, &w->keys, &n);
}

static sched_status run_step(world *w, const script_step *step, sched_error *err) {
    const int64_t counts[] = {
        [ONCE] = 1,
        [PER_GROUP] = w->groups,
        [PER_MEMBER] = w->groups * w->size,
        [PER_CALL] = w->pipelined + w->sync,
    };
    int64_t count = counts[step->times], put = 0, taken = 0;
    sched_status status = SCHED_OK;
    while (taken < count && !status) {
        for (; put < count && put - taken < WINDOW && !status; put++) {
            redis_call call;
            step_call(w, step, put, &call);
            status = sync_client_append(w->client, &call, err);
        }
        if (!status) status = take_answer(w, step->text, NULL, err);
        taken++;
    }
    return status;
}

static sched_status prepare(world *w, sched_error *err) {
    static const script_step empty = {ONCE, "FLUSHALL"};
    rng_init(&w->draws, 1, "scripts", 0);
    sched_status status = run_step(w, &empty, err);
    for (const script_step *step = w->plan->steps; step->text && !status; step++) status = run_step(w, step, err);
    return status;
}

static sched_status call_pipelined(world *w, const redis_call *calls, sched_error *err) {
    sched_status status = SCHED_OK;
    for (int64_t put = 0, taken = 0; taken < w->pipelined && !status;) {
        for (; put < w->pipelined && put - taken < WINDOW && !status; put++)
            status = sync_client_append(w->client, &calls[put], err);
        for (int i = 0; i < WINDOW / 2 && taken < put && !status; i++, taken++)
            status = take_answer(w, w->plan->call, w->plan->answer, err);
    }
    return status;
}

static sched_status call_sync(world *w, const redis_call *calls, sched_error *err) {
    sched_status status = SCHED_OK;
    for (int64_t i = 0; i < w->sync && !status; i++) {
        redis_reply *reply = NULL;
        status = sync_client_call(w->client, &calls[w->pipelined + i], &reply, err);
        if (!status) status = check_answer(w, w->plan->call, w->plan->answer, reply, err);
        sync_reply_free(reply);
    }
    return status;
}

/* --- one run -------------------------------------------------------------------------------------------------------------- */

typedef struct meters {
    command_stats commands;
    double cpu;
} meters;

/* The processor's meter is the inner one: what the other costs is nobody's call. */
static sched_status begin_meters(world *w, meters *ret_meters, sched_error *err) {
    sched_status status = command_stats_ask(w->client, &ret_meters->commands, err);
    return status ? status : server_cpu_ask(w->client, &ret_meters->cpu, err);
}

static sched_status end_meters(world *w, meters *ret_meters, sched_error *err) {
    sched_status status = server_cpu_ask(w->client, &ret_meters->cpu, err);
    return status ? status : command_stats_ask(w->client, &ret_meters->commands, err);
}

static sched_status measure(bench_run *run, world *w, const redis_call *calls, sched_error *err) {
    meters before, after;
    sched_status status = begin_meters(w, &before, err);
    double began = bench_seconds();
    if (!status) status = call_pipelined(w, calls, err);
    double pipelined = bench_seconds() - began;
    if (!status) status = end_meters(w, &after, err);
    began = bench_seconds();
    if (!status) status = call_sync(w, calls, err);
    if (status) return status;
    double sync = bench_seconds() - began, one = (double)w->pipelined;
    bench_record(run, 0, one / pipelined);
    bench_record(run, 1, (double)w->sync / sync);
    bench_record(run, 2, (after.cpu - before.cpu) * 1e6 / one);
    bench_record(run, 3, (double)(after.commands.total - before.commands.total) / one);
    return SCHED_OK;
}

static sched_status measure_runs(bench_run *run, world *w, sched_error *err) {
    int64_t count = w->pipelined + w->sync;
    redis_call *calls = mem_alloc((size_t)count * sizeof *calls);
    sched_status status = SCHED_OK;
    while (!status && bench_again(run)) {
        status = prepare(w, err);
        for (int64_t i = 0; i < count; i++) {
            call_numbers n = numbers_of_call(w, i);
            call_text_make(&calls[i], w->plan->call, &w->keys, &n);
        }
        if (!status) status = measure(run, w, calls, err);
    }
    free(calls);
    return status;
}

sched_status script_bench_run(bench_run *run, sched_error *err) {
    world w;
    sched_status status = world_open(run, &w, err);
    if (!status) status = measure_runs(run, &w, err);
    world_close(&w);
    return status;
}
