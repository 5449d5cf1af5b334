/* bench_jobstore.c - where the state of a job may be: a table under a lock, Redis, or a table that one thread owns.
 *
 * jobstore.locked    Threads and a read-write lock: bench_jobtable.c.
 * jobstore.redis     The job scripts, one call for each transition: jobs go from CREATED to RELEASED, so many at a time. The latency
 *                    is that of one transition, from the question to the answer, its wait in the pipeline included.
 * jobstore.commands  The same without rules: HMGET and HSET in turn, as many at a time.
 * jobstore.clients   The same by threads, each over its own connection: what jobstore.locked does, in Redis (bench_jobclients.c).
 * jobstore.memory    The core's own table, the same transitions as jobstore.redis: no lock, no thread, no second instance.
 * jobstore.kept      What a finished job occupies in that table for as long as it is remembered.
 *
 * One rule for all: an operation is one question about one job, or one transition of it. */
#include <stdio.h>

#include "bench/bench_jobclients.h"
#include "bench/bench_jobtable.h"
#include "bench/benchmarks.h"
#include "bench/pipe_link.h"
#include "core/base/histogram.h"
#include "core/base/rng.h"
#include "core/mechanisms/jobstore.h"
#include "core/redis/private_server.h"
#include "sim/engine/engine.h"
#include "sim/redis_host/redis_info.h"

enum { REDIS_JOBS = 10000, MEMORY_JOBS = 100000, COMMANDS = 100000, KEYS = 10000 };
enum { DEPTH_MAX = 64, STEPS = 5, PATIENCE_SEC = 30, FINISHED_MAX = 10000 };
enum { OPS_PER_S, P50, P99, CLIENT_CPU, SERVER_CPU };

static sched_status run_locked(bench_run *run, sched_error *err) {
    int threads = 1, reads = 100;
    if (sscanf(bench_text(run), "%dx%d", &threads, &reads) != 2)
        return sched_fail(err, SCHED_EINVAL, "%s: expected threads, x, percent of reads", bench_text(run));
    return bench_jobtable_run(run, threads, reads, err);
}

static sched_status run_clients(bench_run *run, sched_error *err) {
    int threads = 1, depth = 1, reads = 100;
    if (sscanf(bench_text(run), "%dx%dx%d", &threads, &depth, &reads) != 3)
        return sched_fail(err, SCHED_EINVAL, "%s: expected threads, x, commands at once, x, percent of reads",
                          bench_text(run));
    return bench_jobclients_run(run, threads, depth, reads, err);
}

/* ---- what both kinds of a server need -------------------------------------------------------------------------------- */

typedef struct place {
    private_server *server; /* NULL: memory */
    sync_client *client;
    scripts *texts;
    histogram *latency; /* ns */
} place;

static sched_status place_open(place *p, bool redis, sched_error *err) {
    *p = (place){.latency = bench_latencies()};
    if (!redis) return SCHED_OK;
    sched_status status = scripts_new(NULL, &p->texts, err);
    if (!status) status = private_server_start(NULL, &p->server, err);
    if (!status)
        status =
            sync_client_open_socket(private_server_socket(p->server), PATIENCE_SEC * USEC_PER_SEC, &p->client, err);
    return status ? status : sync_client_load(p->client, p->texts, err);
}

static void place_close(place *p) {
    sync_client_close(p->client);
    private_server_stop(p->server);
    scripts_free(p->texts);
    histogram_free(p->latency);
}

static sched_status server_cpu(const place *p, double *ret_seconds, sched_error *err) {
    redis_call call;
    redis_reply *reply = NULL;
    *ret_seconds = 0;
    if (!p->client) return SCHED_OK;
    call_command(&call, "INFO");
    call_str(&call, "cpu");
    sched_status status = sync_client_call(p->client, &call, &reply, err);
    if (!status) *ret_seconds = (double)redis_info_usage(reply_text(reply), "").cpu_usec * 1e-6;
    sync_reply_free(reply);
    return status;
}

/* `work` does `count` operations and records their latencies. */
static sched_status measure(bench_run *run, place *p, int64_t count,
                            sched_status (*work)(void *ctx, int64_t count, sched_error *err), void *ctx,
                            sched_error *err) {
    sched_status status = SCHED_OK;
    while (!status && bench_again(run)) {
        double server_before = 0, server_after = 0;
        histogram_reset(p->latency);
        status = server_cpu(p, &server_before, err);
        double began = bench_seconds(), cpu = bench_cpu_seconds();
        if (!status) status = work(ctx, count, err);
        double took = bench_seconds() - began, used = bench_cpu_seconds() - cpu;
        if (!status) status = server_cpu(p, &server_after, err);
        if (status) break;
        bench_record(run, OPS_PER_S, (double)count / took);
        bench_record(run, P50, (double)histogram_percentile(p->latency, 50) * 1e-3);
        bench_record(run, P99, (double)histogram_percentile(p->latency, 99) * 1e-3);
        bench_record(run, CLIENT_CPU, used * 1e6 / (double)count);
        bench_record(run, SERVER_CPU, (server_after - server_before) * 1e6 / (double)count);
    }
    return status;
}

/* ---- jobs through a store -------------------------------------------------------------------------------------------- */

typedef struct walker {
    struct walk *walk;
    char job[ID_MAX + 1], request[REQUEST_ID_MAX + 1];
    int step;
    int64_t asked_ns;
} walker;

/* Jobs that go their way, some at a time, each with its next question when the last one was answered. */
typedef struct walk {
    place place;
    engine *time;
    pipe_link *pipe; /* NULL: memory */
    redis_link link;
    keyspace keys;
    mechanism_env env;
    job_store *store;
    int depth;
    walker walkers[DEPTH_MAX];
    int64_t jobs, started, over;
    int64_t number; /* over all runs, so that no name comes again */
    sched_error trouble;
} walk;

static const lang_pair pair = {"de", "en"};

static void ask_next(walker *w);

static void begin_job(walker *w) {
    long long number = w->walk->number++;
    w->walk->started++;
    snprintf(w->request, sizeof w->request, "s%lld:%lld:en", number % 1000, number);
    job_id_make(w->job, w->request, (uint64_t)number);
    w->step = 0;
    ask_next(w);
}

static void on_answer(void *arg, const store_answer *answer) {
    walker *w = arg;
    walk *all = w->walk;
    if (!answer) return;
    histogram_record(all->place.latency, bench_nanoseconds() - w->asked_ns);
    if (answer->word != STORE_DONE)
        sched_fail(&all->trouble, SCHED_EPROTO, "step %d of job %s was answered %d", w->step, w->job, answer->word);
    if (++w->step < STEPS) {
        ask_next(w);
        return;
    }
    all->over++;
    if (all->started < all->jobs) begin_job(w);
}

static void ask_next(walker *w) {
    static const store_op steps[STEPS] = {STORE_CREATE, STORE_MARK, STORE_ACCEPT, STORE_START, STORE_COMPLETE};
    store_question question = {
        .op = steps[w->step],
        .job = w->job,
        .request = w->request,
        .attempt = 1,
        .owner = "bench",
        .session = "s1",
        .utterance = 1,
        .pair = &pair,
        .audio = 2 * USEC_PER_SEC,
        .node = "node-00017",
        .limit = 60 * USEC_PER_SEC,
        .outcome = OUTCOME_OK,
        .code = "",
        .released = true,
        .keep = USEC_PER_SEC,
    };
    w->asked_ns = bench_nanoseconds();
    job_store_ask(w->walk->store, &question, on_answer, w);
}

static void submit(void *ctx, const redis_call *call, link_callback *done, void *arg) {
    walk *all = ctx;
    link_submit(&all->link, call, PATIENCE_SEC * USEC_PER_SEC, done, arg);
}

static void answered(void *ctx, script_id script, link_status status, const redis_reply *reply) {
    (void)script;
    walk *all = ctx;
    if (status == LINK_ERROR) sched_fail(&all->trouble, SCHED_EPROTO, "%s", reply_text(reply));
}

static sched_status walk_open(walk *all, bool redis, int depth, sched_error *err) {
    *all = (walk){.depth = depth, .time = engine_new(0)};
    sched_status status = place_open(&all->place, redis, err);
    if (!status) status = keyspace_init(&all->keys, NULL, err);
    if (status) return status;
    all->env = (mechanism_env){.clock = engine_clock(all->time),
                               .timers = engine_timers(all->time),
                               .keys = &all->keys,
                               .submit = submit,
                               .answered = answered,
                               .ctx = all};
    all->env.soon = soon_new(all->env.clock, all->env.timers);
    if (redis) {
        all->pipe = pipe_link_new(all->place.client);
        all->link = pipe_link_as_link(all->pipe);
        all->store = job_store_redis_new(&all->env);
    } else {
        all->store = job_store_memory_new(&all->env, FINISHED_MAX);
    }
    return SCHED_OK;
}

static void walk_close(walk *all) {
    if (all->pipe) pipe_link_hang_up(all->pipe);
    job_store_free(all->store);
    soon_free(all->env.soon);
    pipe_link_free(all->pipe);
    engine_free(all->time);
    place_close(&all->place);
}

/* `ops` transitions. In memory time stands still while answers run, and then goes on by a microsecond for each round of them. */
static sched_status walk_jobs(void *ctx, int64_t ops, sched_error *err) {
    walk *all = ctx;
    sched_status status = SCHED_OK;
    all->jobs = ops / STEPS;
    all->started = all->over = 0;
    for (int i = 0; i < all->depth && all->started < all->jobs; i++) {
        all->walkers[i].walk = all;
        begin_job(&all->walkers[i]);
    }
    while (all->over < all->jobs && !status) {
        if (all->pipe)
            status = pipe_link_pump(all->pipe, err);
        else
            engine_run(all->time, engine_now(all->time) + 1);
        if (!status && all->trouble.status) status = sched_fail(err, all->trouble.status, "%s", all->trouble.message);
    }
    return status;
}

static sched_status run_walk(bench_run *run, bool redis, int64_t jobs, sched_error *err) {
    walk all;
    sched_status status = walk_open(&all, redis, (int)bench_number(run), err);
    if (!status) status = measure(run, &all.place, bench_work(run, jobs) * STEPS, walk_jobs, &all, err);
    walk_close(&all);
    return status;
}

static sched_status run_redis(bench_run *run, sched_error *err) {
    return run_walk(run, true, REDIS_JOBS, err);
}

static sched_status run_memory(bench_run *run, sched_error *err) {
    return run_walk(run, false, MEMORY_JOBS, err);
}

static sched_status run_kept(bench_run *run, sched_error *err) {
    sched_status status = SCHED_OK;
    while (!status && bench_again(run)) {
        walk all;
        status = walk_open(&all, false, DEPTH_MAX, err);
        double before = bench_allocated_bytes();
        if (!status) status = walk_jobs(&all, FINISHED_MAX * STEPS, err);
        if (!status) bench_record(run, 0, (bench_allocated_bytes() - before) / FINISHED_MAX);
        walk_close(&all);
    }
    return status;
}

/* ---- plain commands -------------------------------------------------------------------------------------------------- */

typedef struct commands {
    place place;
    int depth;
    rng random;
} commands;

static sched_status put_command(commands *c, bool reads, sched_error *err) {
    char key[32];
    redis_call call;
    snprintf(key, sizeof key, "job:%u", (unsigned)rng_below(&c->random, KEYS));
    call_command(&call, reads ? "HMGET" : "HSET");
    call_key(&call, key);
    call_str(&call, "state");
    if (!reads) call_str(&call, "RUNNING");
    call_str(&call, "attempt");
    if (!reads) call_str(&call, "1");
    call_str(&call, "node");
    if (!reads) call_str(&call, "node-00017");
    return sync_client_append(c->place.client, &call, err);
}

static sched_status run_through(void *ctx, int64_t ops, sched_error *err) {
    commands *c = ctx;
    sched_status status = SCHED_OK;
    int64_t asked_ns[DEPTH_MAX];
    for (int64_t put = 0, taken = 0; taken < ops && !status;) {
        for (; put < ops && put - taken < c->depth && !status; put++) {
            asked_ns[put % DEPTH_MAX] = bench_nanoseconds();
            status = put_command(c, put % 2 == 0, err);
        }
        redis_reply *reply = NULL;
        if (!status) status = sync_client_read(c->place.client, &reply, err);
        if (!status) histogram_record(c->place.latency, bench_nanoseconds() - asked_ns[taken % DEPTH_MAX]);
        sync_reply_free(reply);
        taken++;
    }
    return status;
}

static sched_status run_commands(bench_run *run, sched_error *err) {
    commands c = {.depth = (int)bench_number(run)};
    rng_init(&c.random, 1, "bench.commands", 0);
    sched_status status = place_open(&c.place, true, err);
    if (!status) status = measure(run, &c.place, bench_work(run, COMMANDS), run_through, &c, err);
    place_close(&c.place);
    return status;
}

/* ---- the table ------------------------------------------------------------------------------------------------------- */

static const bench_value mixes[] = {{.text = "1x99"}, {.text = "1x50"}, {.text = "2x99"}, {.text = "2x90"},
                                    {.text = "2x50"}, {.text = "4x99"}, {.text = "4x90"}, {.text = "4x50"}};
static const bench_value crowds[] = {{.text = "1x1x90"},  {.text = "1x16x90"}, {.text = "2x1x90"}, {.text = "2x16x90"},
                                     {.text = "2x16x50"}, {.text = "4x16x90"}, {.text = "4x64x90"}};
static const bench_value depths[] = {{.number = 1}, {.number = 16}, {.number = 64}};

enum { CROWDS = sizeof crowds / sizeof *crowds };
enum { MIXES = sizeof mixes / sizeof *mixes, DEPTHS = sizeof depths / sizeof *depths };

#define STORE_METRICS                                                                                                  \
    {                                                                                                                  \
        {"ops_per_s", "1/s"}, {"p50_us", "us"}, {"p99_us", "us"}, {"client_cpu_us", "us"}, {                           \
            "server_cpu_us", "us"                                                                                      \
        }                                                                                                              \
    }

const benchmark bench_jobstore[] = {
    {
        .name = "jobstore.locked",
        .what = "look-ups and transitions in one table under a read-write lock, threads x percent of look-ups",
        .param = "mix",
        .values = mixes,
        .value_count = MIXES,
        .metrics = {{"ops_per_s", "1/s"},
                    {"read_p50_ns", "ns"},
                    {"read_p99_ns", "ns"},
                    {"write_p50_ns", "ns"},
                    {"write_p99_ns", "ns"},
                    {"cores", "1"}},
        .run = run_locked,
    },
    {
        .name = "jobstore.redis",
        .what = "transitions by the job scripts, so many jobs at a time",
        .param = "pipeline",
        .values = depths,
        .value_count = DEPTHS,
        .metrics = STORE_METRICS,
        .run = run_redis,
    },
    {
        .name = "jobstore.commands",
        .what = "HMGET and HSET of a job in turn, so many at a time",
        .param = "pipeline",
        .values = depths,
        .value_count = DEPTHS,
        .metrics = STORE_METRICS,
        .run = run_commands,
    },
    {
        .name = "jobstore.clients",
        .what = "HMGET and HSET by threads, each over its own connection: threads x at once x percent of look-ups",
        .param = "crowd",
        .values = crowds,
        .value_count = CROWDS,
        .metrics = {{"ops_per_s", "1/s"},
                    {"read_p50_us", "us"},
                    {"read_p99_us", "us"},
                    {"write_p50_us", "us"},
                    {"write_p99_us", "us"},
                    {"client_cores", "1"}},
        .run = run_clients,
    },
    {
        .name = "jobstore.memory",
        .what = "transitions in the core's own table, so many jobs at a time",
        .param = "at_once",
        .values = depths,
        .value_count = DEPTHS,
        .metrics = STORE_METRICS,
        .run = run_memory,
    },
    {
        .name = "jobstore.kept",
        .what = "finished jobs in the core's own table, after all that they needed on the way",
        .metrics = {{"process_bytes_per_job", "B"}},
        .run = run_kept,
    },
    {.name = NULL},
};
