/* workloads.c - one row for each part that every job, node or chunk of speech goes through.
 *
 * Inputs come from fixed seeds and are made when a row is opened, so that a run measures the part and not how its input is made. */
#include "bench/gate/workloads.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/bench_wire.h"
#include "bench/harness.h"
#include "bench/stand.h"
#include "core/base/histogram.h"
#include "core/base/mem.h"
#include "core/base/rng.h"
#include "core/domain/sound.h"
#include "core/domain/speech.h"
#include "core/mechanisms/placement.h"
#include "core/redis/call.h"
#include "core/redis/keys.h"
#include "core/redis/resp.h"

static rng draws_for(const char *purpose) {
    rng r;
    rng_init(&r, 1, purpose, 0);
    return r;
}

/* --- placement: candidates put in the order of asking -------------------------------------------------------------------------- */

enum { SETS = 64 };

typedef struct choosing {
    candidate set[SETS][CANDIDATES_FIRST];
} choosing;

static sched_status open_choosing(void **ret_ctx, sched_error *err) {
    (void)err;
    choosing *c = mem_zalloc(1, sizeof *c);
    rng draws = draws_for("gate choosing");
    for (int s = 0; s < SETS; s++) {
        for (int i = 0; i < CANDIDATES_FIRST; i++) {
            candidate *k = &c->set[s][i];
            snprintf(k->node, sizeof k->node, "node-%05d", (int)rng_below(&draws, 20000));
            k->load = (int64_t)rng_below(&draws, 4);
        }
    }
    *ret_ctx = c;
    return SCHED_OK;
}

static void run_choosing(void *ctx, int64_t rounds) {
    const choosing *c = ctx;
    candidate some[CANDIDATES_FIRST];
    for (int64_t i = 0; i < rounds; i++) {
        memcpy(some, c->set[i % SETS], sizeof some);
        placement_best_of.order(some, placement_best_of.compares(CANDIDATES_FIRST, CANDIDATES_FIRST));
        bench_keep((uint64_t)some[0].load);
    }
}

/* --- placement: a proposal out of the table of nodes ------------------------------------------------------------------------------ */

enum { TABLE_NODES = 1000, TABLE_JOBS_OPEN = 1000 };

typedef struct tables {
    stand t;
    registry *nodes;
    job_store *jobs;
    int64_t number, wrong;
    rng draws;
} tables;

static void close_tables(void *ctx) {
    tables *t = ctx;
    registry_free(t->nodes);
    job_store_free(t->jobs);
    stand_close(&t->t);
    free(t);
}

static sched_status open_stand(tables **ret_tables, sched_error *err) {
    tables *t = mem_zalloc(1, sizeof *t);
    t->draws = draws_for("gate table");
    sched_status status = stand_open(&t->t, err);
    if (status) {
        free(t);
        return status;
    }
    *ret_tables = t;
    return SCHED_OK;
}

static sched_status open_proposals(void **ret_ctx, sched_error *err) {
    static const registry_settings settings = {.kind = REGISTRY_CANDIDATES,
                                               .load = LOAD_OWN,
                                               .limit = true,
                                               .node_ttl = 3600 * USEC_PER_SEC,
                                               .ready_limit = USEC_PER_SEC,
                                               .mark_ttl = USEC_PER_SEC,
                                               .reap_batch = 100};
    tables *t;
    sched_status status = open_stand(&t, err);
    if (status) return status;
    t->nodes = registry_new(&t->t.env, &settings);
    stand_add_nodes(&t->t, t->nodes, TABLE_NODES);
    *ret_ctx = t;
    return SCHED_OK;
}

static void keep_proposal(void *arg, const proposal *answer) {
    (void)arg;
    bench_keep((uint64_t)answer->count);
}

static void run_proposals(void *ctx, int64_t rounds) {
    tables *t = ctx;
    static const lang_pair pair = {"de", "en"};
    proposal_question question = {.pair = &pair, .shard = true, .want = 1, .draws = &t->draws};
    for (int64_t i = 0; i < rounds; i++) {
        t->nodes->ops->propose(t->nodes, &question, keep_proposal, NULL);
        stand_run_answers(&t->t);
    }
}

/* --- jobs in memory ------------------------------------------------------------------------------------------------------------- */

static sched_status open_jobs(void **ret_ctx, sched_error *err) {
    tables *t;
    sched_status status = open_stand(&t, err);
    if (status) return status;
    t->jobs = job_store_memory_new(&t->t.env, TABLE_JOBS_OPEN);
    while (t->number < TABLE_JOBS_OPEN) stand_job(&t->t, t->jobs, t->number++, TABLE_JOBS_OPEN, &t->wrong);
    *ret_ctx = t;
    return SCHED_OK;
}

static void run_jobs(void *ctx, int64_t rounds) {
    tables *t = ctx;
    for (int64_t i = 0; i < rounds; i++) stand_job(&t->t, t->jobs, t->number++, TABLE_JOBS_OPEN, &t->wrong);
    assert(!t->wrong);
}

/* --- the event queue -------------------------------------------------------------------------------------------------------------- */

enum { PENDING = 10000, DELAYS = 2048 };

typedef struct holding {
    engine *e;
    unsigned next;
    uint32_t delay[DELAYS];
} holding;

static void hold_on(void *arg) {
    holding *h = arg;
    engine_at(h->e, engine_now(h->e) + h->delay[h->next++ % DELAYS], hold_on, h);
}

static sched_status open_holding(void **ret_ctx, sched_error *err) {
    (void)err;
    holding *h = mem_zalloc(1, sizeof *h);
    rng draws = draws_for("gate hold");
    h->e = engine_new(0);
    for (int i = 0; i < DELAYS; i++) h->delay[i] = (uint32_t)rng_exponential(&draws, (double)USEC_PER_SEC);
    for (int i = 0; i < PENDING; i++)
        engine_at(h->e, (usec_t)rng_exponential(&draws, (double)USEC_PER_SEC), hold_on, h);
    *ret_ctx = h;
    return SCHED_OK;
}

static void run_holding(void *ctx, int64_t rounds) {
    const holding *h = ctx;
    for (int64_t i = 0; i < rounds; i++) engine_step(h->e);
}

static void close_holding(void *ctx) {
    holding *h = ctx;
    engine_free(h->e);
    free(h);
}

/* --- speech ----------------------------------------------------------------------------------------------------------------------- */

static sched_status open_nothing(void **ret_ctx, sched_error *err) {
    (void)err;
    *ret_ctx = NULL;
    return SCHED_OK;
}

static void close_nothing(void *ctx) {
    (void)ctx;
}

/* A speaker who never stops, with a final chunk every 3 s. */
static void run_speech(void *ctx, int64_t rounds) {
    (void)ctx;
    enum { CHUNK_BYTES = 6400, CHUNKS_TO_FINAL = 15 };
    const usec_t gap = 200 * USEC_PER_MSEC;
    const speech_rules rules = {
        .pause = 3 * USEC_PER_SEC,
        .max_duration = 10 * USEC_PER_SEC,
        .bytes_max = 500 * 1024,
        .hangover_manual = 200 * USEC_PER_MSEC,
        .hangover_auto = 150 * USEC_PER_MSEC,
    };
    speech sp = {0};
    speech_cut cuts[SPEECH_CUTS_MAX];
    for (int64_t i = 0; i < rounds; i++) {
        usec_t duration = sound_duration(SOUND_PCM16, SAMPLE_RATE_DEFAULT, CHUNK_BYTES);
        int count =
            speech_chunk(&sp, &rules, i * gap, CHUNK_BYTES, duration, i % CHUNKS_TO_FINAL == CHUNKS_TO_FINAL - 1, cuts);
        bench_keep((uint64_t)count);
    }
}

/* --- a call to Redis, put together and written ------------------------------------------------------------------------------------ */

typedef struct calling {
    keyspace keys;
    resp text;
} calling;

static sched_status open_calling(void **ret_ctx, sched_error *err) {
    calling *c = mem_zalloc(1, sizeof *c);
    sched_status status = keyspace_init(&c->keys, NULL, err);
    if (status) {
        free(c);
        return status;
    }
    *ret_ctx = c;
    return SCHED_OK;
}

static void run_calling(void *ctx, int64_t rounds) {
    calling *c = ctx;
    for (int64_t i = 0; i < rounds; i++) {
        redis_key key;
        redis_call call;
        call_script(&call, SCRIPT_RELEASE_RESERVATION);
        call_key(&call, key_node_reservations(&key, &c->keys, "node-00000001"));
        call_key(&call, key_node(&key, &c->keys, "node-00000001"));
        call_str(&call, "j042-9f86d081884c7d65");
        call_int(&call, i);
        call_str(&call, "success");
        call_int(&call, 0);
        resp_write(&c->text, &call, "0123456789012345678901234567890123456789");
        bench_keep(c->text.len);
    }
}

static void close_calling(void *ctx) {
    calling *c = ctx;
    resp_free(&c->text);
    free(c);
}

/* --- the four messages of an utterance, in JSON ------------------------------------------------------------------------------------- */

enum { SOUND_BYTES = 15360 };

static sched_status open_messages(void **ret_ctx, sched_error *err) {
    bench_texts *t;
    sched_status status = bench_wire_open(SOUND_BYTES, &t, err);
    if (!status) *ret_ctx = t;
    return status;
}

static void run_messages(void *ctx, int64_t rounds) {
    for (int64_t i = 0; i < rounds; i++) bench_keep(bench_wire_four(ctx));
}

static void close_messages(void *ctx) {
    bench_wire_close(ctx);
}

/* --- what a report counts by -------------------------------------------------------------------------------------------------------- */

enum { VALUES = 4096 };

typedef struct counting {
    histogram *h;
    int64_t value[VALUES];
} counting;

static sched_status open_counting(void **ret_ctx, sched_error *err) {
    (void)err;
    counting *c = mem_zalloc(1, sizeof *c);
    rng draws = draws_for("gate histogram");
    c->h = histogram_new(3600 * USEC_PER_SEC);
    for (int i = 0; i < VALUES; i++) c->value[i] = (int64_t)rng_exponential(&draws, (double)USEC_PER_SEC);
    *ret_ctx = c;
    return SCHED_OK;
}

static void run_counting(void *ctx, int64_t rounds) {
    const counting *c = ctx;
    for (int64_t i = 0; i < rounds; i++) histogram_record(c->h, c->value[i % VALUES]);
}

static void close_counting(void *ctx) {
    counting *c = ctx;
    histogram_free(c->h);
    free(c);
}

static void run_draws(void *ctx, int64_t rounds) {
    (void)ctx;
    rng draws = draws_for("gate draws");
    double sum = 0;
    for (int64_t i = 0; i < rounds; i++) sum += rng_exponential(&draws, 1.0);
    bench_keep((uint64_t)sum);
}

/* --- the table ---------------------------------------------------------------------------------------------------------------------- */

// clang-format off
const workload workloads[] = {
    /* name               open            run            close           counted    timed */
    {"placement.best_of", open_choosing,  run_choosing,  free,             20000,  100000},
    {"placement.table",   open_proposals, run_proposals, close_tables,        20,     250},
    {"jobs.memory",       open_jobs,      run_jobs,      close_tables,       500,    4000},
    {"engine.hold",       open_holding,   run_holding,   close_holding,    10000,  100000},
    {"session.speech",    open_nothing,   run_speech,    close_nothing,    20000,  400000},
    {"redis.call",        open_calling,   run_calling,   close_calling,     1000,   15000},
    {"codec.four",        open_messages,  run_messages,  close_messages,      50,     150},
    {"histogram.record",  open_counting,  run_counting,  close_counting,   20000, 1000000},
    {"rng.exponential",   open_nothing,   run_draws,     close_nothing,    10000,  150000},
    {NULL,                NULL,           NULL,          NULL,                 0,       0},
};
// clang-format on

/* One function of this name, which has not ended before the work has. */
__attribute__((noinline)) void gate_work(const workload *w, void *ctx, int64_t rounds) {
    w->run(ctx, rounds);
    bench_keep((uint64_t)rounds);
}

__attribute__((noinline)) void gate_mark(int64_t rounds) {
    bench_keep((uint64_t)rounds);
}
