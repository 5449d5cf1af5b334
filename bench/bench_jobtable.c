/* bench_jobtable.c - the way of a scheduler with threads: one hash table of jobs, a read-write lock around it.
 *
 * Threads look jobs up and move them to their next state, at random, as fast as they can. Every 8th operation is timed, the two
 * kinds apart; reading the clock twice costs some 40 ns of what is told. With more threads than processors the tail is that of
 * the system's scheduler: who is preempted while it holds the lock holds up all. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "bench/bench_jobtable.h"
#include "core/base/histogram.h"
#include "core/base/limits.h"
#include "core/base/mem.h"
#include "core/base/rng.h"
#include "core/domain/job.h"

enum { ID_SIZE = 24, JOBS = 100000, THREADS_MAX = 4, TIMED = 8, OPS = 1000000 };

typedef struct entry {
    char id[ID_MAX + 1];
    job_state state;
    int64_t attempt;
    char node[ID_MAX + 1];
    UT_hash_handle hh;
} entry;

typedef struct locked_table {
    pthread_rwlock_t lock;
    entry *by_id, *entries;
    char (*ids)[ID_SIZE]; /* what threads ask for, beside the table */
} locked_table;

typedef struct worker {
    pthread_t thread;
    locked_table *table;
    rng random;
    int reads_percent;
    int64_t ops;
    uint64_t seen;
    histogram *reads, *writes;
} worker;

static locked_table *table_new(void) {
    locked_table *t = mem_zalloc(1, sizeof *t);
    pthread_rwlock_init(&t->lock, NULL);
    t->entries = mem_zalloc(JOBS, sizeof *t->entries);
    t->ids = mem_zalloc(JOBS, sizeof *t->ids);
    for (int i = 0; i < JOBS; i++) {
        entry *e = &t->entries[i];
        snprintf(t->ids[i], sizeof t->ids[i], "j%03d-%016x", i % 256, (unsigned)i);
        memcpy(e->id, t->ids[i], sizeof t->ids[i]);
        e->attempt = 1;
        HASH_ADD_STR(t->by_id, id, e);
    }
    return t;
}

static void table_free(locked_table *t) {
    HASH_CLEAR(hh, t->by_id);
    pthread_rwlock_destroy(&t->lock);
    free(t->entries);
    free(t->ids);
    free(t);
}

static uint64_t look_up(locked_table *t, const char *id) {
    entry *e;
    entry copy = {.attempt = 0};
    pthread_rwlock_rdlock(&t->lock);
    HASH_FIND_STR(t->by_id, id, e);
    if (e) copy = *e;
    pthread_rwlock_unlock(&t->lock);
    return (uint64_t)copy.attempt + (uint64_t)copy.state;
}

/* To its next state, if it is still in this attempt. */
static uint64_t move_on(locked_table *t, const char *id, int64_t attempt, const char *node) {
    entry *e;
    pthread_rwlock_wrlock(&t->lock);
    HASH_FIND_STR(t->by_id, id, e);
    if (e && e->attempt >= attempt) {
        e->state = (job_state)((e->state + 1) % JOB_STATES);
        if (!e->state) e->attempt++;
        memcpy(e->node, node, strlen(node) + 1);
    }
    pthread_rwlock_unlock(&t->lock);
    return e ? (uint64_t)e->attempt : 0;
}

static void *work(void *arg) {
    worker *w = arg;
    for (int64_t i = 0; i < w->ops; i++) {
        const char *id = w->table->ids[rng_below(&w->random, JOBS)];
        bool reads = rng_below(&w->random, 100) < (uint64_t)w->reads_percent;
        int64_t began = i % TIMED ? 0 : bench_nanoseconds();
        w->seen += reads ? look_up(w->table, id) : move_on(w->table, id, 1, "node-00017");
        if (began) histogram_record(reads ? w->reads : w->writes, bench_nanoseconds() - began);
    }
    return NULL;
}

static sched_status race(worker *workers, int threads, sched_error *err) {
    int started = 0;
    while (started < threads && !pthread_create(&workers[started].thread, NULL, work, &workers[started])) started++;
    for (int i = 0; i < started; i++) pthread_join(workers[i].thread, NULL);
    return started == threads ? SCHED_OK : sched_fail(err, SCHED_EIO, "thread %d could not be started", started);
}

/* ---- the measurement ------------------------------------------------------------------------------------------------- */

enum { OPS_PER_S, READ_P50, READ_P99, WRITE_P50, WRITE_P99, CORES };

typedef struct contest {
    int threads;
    worker workers[THREADS_MAX];
    histogram *reads, *writes; /* of all */
} contest;

static void contest_init(contest *c, int threads, int reads_percent, int64_t ops, locked_table *table) {
    *c = (contest){.threads = threads, .reads = bench_latencies(), .writes = bench_latencies()};
    for (int i = 0; i < threads; i++) {
        c->workers[i] = (worker){.table = table,
                                 .reads_percent = reads_percent,
                                 .ops = ops / threads,
                                 .reads = bench_latencies(),
                                 .writes = bench_latencies()};
        rng_init(&c->workers[i].random, 1, "bench.jobtable", (uint64_t)i);
    }
}

static void contest_free(contest *c) {
    for (int i = 0; i < c->threads; i++) {
        histogram_free(c->workers[i].reads);
        histogram_free(c->workers[i].writes);
    }
    histogram_free(c->reads);
    histogram_free(c->writes);
}

static void gather(contest *c) {
    histogram_reset(c->reads);
    histogram_reset(c->writes);
    for (int i = 0; i < c->threads; i++) {
        worker *w = &c->workers[i];
        histogram_add(c->reads, w->reads);
        histogram_add(c->writes, w->writes);
        histogram_reset(w->reads);
        histogram_reset(w->writes);
        bench_keep(w->seen);
    }
}

static sched_status measure(bench_run *run, contest *c, sched_error *err) {
    double began = bench_seconds(), cpu = bench_cpu_seconds();
    sched_status status = race(c->workers, c->threads, err);
    if (status) return status;
    double took = bench_seconds() - began;
    gather(c);
    bench_record(run, OPS_PER_S, (double)(c->workers[0].ops * c->threads) / took);
    bench_record(run, READ_P50, (double)histogram_percentile(c->reads, 50));
    bench_record(run, READ_P99, (double)histogram_percentile(c->reads, 99));
    bench_record(run, WRITE_P50, (double)histogram_percentile(c->writes, 50));
    bench_record(run, WRITE_P99, (double)histogram_percentile(c->writes, 99));
    bench_record(run, CORES, (bench_cpu_seconds() - cpu) / took);
    return SCHED_OK;
}

sched_status bench_jobtable_run(bench_run *run, int threads, int reads_percent, sched_error *err) {
    contest c;
    sched_status status = SCHED_OK;
    locked_table *table = table_new();
    contest_init(&c, threads, reads_percent, bench_work(run, OPS), table);
    while (!status && bench_again(run)) status = measure(run, &c, err);
    contest_free(&c);
    table_free(table);
    return status;
}
