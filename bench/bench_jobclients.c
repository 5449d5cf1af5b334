/* bench_jobclients.c - the counterpart of the locked table: the same look-ups and transitions by as many threads, but in Redis.
 *
 * Each thread has a connection and keeps it filled. The server has one thread; what several clients win is their own work beside it, and
 * what they lose is the queue in front of it. A look-up is HMGET, a transition HSET of the same three fields, without rules: more would
 * measure the scripts, which jobstore.redis does. */
#include "bench/bench_jobclients.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "core/base/histogram.h"
#include "core/base/rng.h"
#include "core/redis/private_server.h"
#include "core/redis/sync_client.h"

enum { KEYS = 10000, OPS = 100000, PATIENCE_SEC = 30 };
enum { OPS_PER_S, READ_P50, READ_P99, WRITE_P50, WRITE_P99, CORES };

typedef struct asked {
    int64_t at_ns;
    bool reads;
} asked;

typedef struct client {
    pthread_t thread;
    sync_client *link;
    rng random;
    int depth, reads_percent;
    int64_t ops;
    histogram *reads, *writes;
    asked asked[CLIENT_DEPTH_MAX]; /* a ring */
    sched_status status;
    sched_error err;
} client;

typedef struct crowd {
    private_server *server;
    int threads;
    client clients[CLIENTS_MAX];
    histogram *reads, *writes; /* of all */
} crowd;

/* ---- one thread ----------------------------------------------------------------------------------------------------- */

static sched_status ask(client *c, asked *question) {
    static const char *const fields[][2] = {{"state", "RUNNING"}, {"attempt", "1"}, {"node", "node-00017"}};
    char key[32];
    redis_call call;
    question->reads = rng_below(&c->random, 100) < (uint64_t)c->reads_percent;
    snprintf(key, sizeof key, "job:%u", (unsigned)rng_below(&c->random, KEYS));
    call_command(&call, question->reads ? "HMGET" : "HSET");
    call_key(&call, key);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        call_str(&call, fields[i][0]);
        if (!question->reads) call_str(&call, fields[i][1]);
    }
    question->at_ns = bench_nanoseconds();
    return sync_client_append(c->link, &call, &c->err);
}

static sched_status take_answer(client *c, const asked *question) {
    redis_reply *reply = NULL;
    sched_status status = sync_client_read(c->link, &reply, &c->err);
    if (!status) histogram_record(question->reads ? c->reads : c->writes, bench_nanoseconds() - question->at_ns);
    sync_reply_free(reply);
    return status;
}

static void *work(void *arg) {
    client *c = arg;
    c->status = SCHED_OK;
    for (int64_t put = 0, taken = 0; taken < c->ops && !c->status; taken++) {
        for (; put < c->ops && put - taken < c->depth && !c->status; put++)
            c->status = ask(c, &c->asked[put % CLIENT_DEPTH_MAX]);
        if (!c->status) c->status = take_answer(c, &c->asked[taken % CLIENT_DEPTH_MAX]);
    }
    return NULL;
}

/* ---- all of them ---------------------------------------------------------------------------------------------------- */

static sched_status crowd_open(crowd *all, int threads, int depth, int reads_percent, int64_t ops, sched_error *err) {
    *all = (crowd){.threads = threads, .reads = bench_latencies(), .writes = bench_latencies()};
    sched_status status = private_server_start(NULL, &all->server, err);
    for (int i = 0; i < threads && !status; i++) {
        client *c = &all->clients[i];
        *c = (client){.depth = depth, .reads_percent = reads_percent, .ops = ops / threads};
        c->reads = bench_latencies();
        c->writes = bench_latencies();
        rng_init(&c->random, 1, "bench.jobclients", (uint64_t)i);
        status =
            sync_client_open_socket(private_server_socket(all->server), PATIENCE_SEC * USEC_PER_SEC, &c->link, err);
    }
    return status;
}

static void crowd_close(crowd *all) {
    for (int i = 0; i < all->threads; i++) {
        sync_client_close(all->clients[i].link);
        histogram_free(all->clients[i].reads);
        histogram_free(all->clients[i].writes);
    }
    private_server_stop(all->server);
    histogram_free(all->reads);
    histogram_free(all->writes);
}

static sched_status race(crowd *all, sched_error *err) {
    int started = 0;
    while (started < all->threads && !pthread_create(&all->clients[started].thread, NULL, work, &all->clients[started]))
        started++;
    for (int i = 0; i < started; i++) pthread_join(all->clients[i].thread, NULL);
    if (started < all->threads) return sched_fail(err, SCHED_EIO, "thread %d could not be started", started);
    for (int i = 0; i < started; i++) {
        const client *c = &all->clients[i];
        if (c->status) return sched_fail(err, c->status, "%s", c->err.message);
    }
    return SCHED_OK;
}

static void gather(crowd *all) {
    histogram_reset(all->reads);
    histogram_reset(all->writes);
    for (int i = 0; i < all->threads; i++) {
        client *c = &all->clients[i];
        histogram_add(all->reads, c->reads);
        histogram_add(all->writes, c->writes);
        histogram_reset(c->reads);
        histogram_reset(c->writes);
    }
}

static sched_status measure(bench_run *run, crowd *all, sched_error *err) {
    double began = bench_seconds(), cpu = bench_cpu_seconds();
    sched_status status = race(all, err);
    if (status) return status;
    double took = bench_seconds() - began;
    gather(all);
    bench_record(run, OPS_PER_S, (double)(all->clients[0].ops * all->threads) / took);
    bench_record(run, READ_P50, (double)histogram_percentile(all->reads, 50) * 1e-3);
    bench_record(run, READ_P99, (double)histogram_percentile(all->reads, 99) * 1e-3);
    bench_record(run, WRITE_P50, (double)histogram_percentile(all->writes, 50) * 1e-3);
    bench_record(run, WRITE_P99, (double)histogram_percentile(all->writes, 99) * 1e-3);
    bench_record(run, CORES, (bench_cpu_seconds() - cpu) / took);
    return SCHED_OK;
}

sched_status bench_jobclients_run(bench_run *run, int threads, int depth, int reads_percent, sched_error *err) {
    if (threads < 1 || threads > CLIENTS_MAX || depth < 1 || depth > CLIENT_DEPTH_MAX)
        return sched_fail(err, SCHED_EINVAL, "%d threads, %d commands at once: expected 1 to %d, 1 to %d", threads,
                          depth, CLIENTS_MAX, CLIENT_DEPTH_MAX);
    crowd all;
    sched_status status = crowd_open(&all, threads, depth, reads_percent, bench_work(run, OPS), err);
    while (!status && bench_again(run)) status = measure(run, &all, err);
    crowd_close(&all);
    return status;
}
