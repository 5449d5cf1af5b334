/* bench_micro.c - the small parts that everything else calls millions of times.
 *
 * Each loop feeds what it computes to bench_keep(), so that the compiler cannot drop it, and takes inputs that change, so that
 * it cannot lift them out of the loop. */
#include <stdio.h>
#include <string.h>

#include "bench/benchmarks.h"
#include "core/base/clock.h"
#include "core/base/detmath.h"
#include "core/base/embedded.h"
#include "core/base/histogram.h"
#include "core/base/rng.h"
#include "core/base/yaml_doc.h"
#include "core/domain/lang_pair.h"
#include "core/domain/result_order.h"
#include "core/domain/sound.h"
#include "core/domain/speech.h"
#include "core/redis/call.h"
#include "core/redis/keys.h"
#include "sim/scenario/scenario.h"

enum { ROUNDS = 10000000, WALK_LANGS = 20, VALUES = 4096 };

static void record_ns(bench_run *run, double began, int64_t count) {
    bench_record(run, 0, (bench_seconds() - began) * 1e9 / (double)count);
}

static sched_status run_rng(bench_run *run, sched_error *err) {
    (void)err;
    rng r;
    rng_init(&r, 1, "bench", 0);
    int64_t rounds = bench_work(run, ROUNDS);
    while (bench_again(run)) {
        double began = bench_seconds();
        uint64_t sum = 0;
        for (int64_t i = 0; i < rounds; i++) sum += rng_u64(&r);
        bench_keep(sum);
        record_ns(run, began, rounds);
    }
    return SCHED_OK;
}

static sched_status run_log(bench_run *run, sched_error *err) {
    (void)err;
    int64_t rounds = bench_work(run, ROUNDS);
    while (bench_again(run)) {
        double began = bench_seconds(), sum = 0;
        for (int64_t i = 0; i < rounds; i++) sum += det_log(1.0 + (double)i);
        bench_keep((uint64_t)sum);
        record_ns(run, began, rounds);
    }
    return SCHED_OK;
}

static sched_status run_histogram(bench_run *run, sched_error *err) {
    (void)err;
    histogram *h = histogram_new(3600 * USEC_PER_SEC);
    int64_t values[VALUES]; /* waits around a second, as a run records them */
    rng r;
    rng_init(&r, 1, "bench", 0);
    for (int i = 0; i < VALUES; i++) values[i] = (int64_t)rng_exponential(&r, (double)USEC_PER_SEC);
    int64_t rounds = bench_work(run, ROUNDS);
    while (bench_again(run)) {
        double began = bench_seconds();
        for (int64_t i = 0; i < rounds; i++) histogram_record(h, values[i % VALUES]);
        bench_keep(histogram_count(h));
        record_ns(run, began, rounds);
    }
    histogram_free(h);
    return SCHED_OK;
}

static sched_status run_pairs(bench_run *run, sched_error *err) {
    lang_service service = {0};
    for (int i = 0; i < WALK_LANGS; i++) {
        char tag[LANG_MAX + 1];
        snprintf(tag, sizeof tag, "l%02d", i);
        sched_status status = lang_list_add(i % 2 ? &service.sources : &service.targets, tag, err);
        if (status) return status;
    }
    int64_t walks = bench_work(run, ROUNDS / 100);
    while (bench_again(run)) {
        int64_t pairs = 0;
        double began = bench_seconds();
        for (int64_t i = 0; i < walks; i++) {
            lang_pair pair;
            for (int cursor = 0; lang_service_next(&service, &cursor, &pair); pairs++)
                bench_keep((uint64_t)pair.src[1]);
        }
        record_ns(run, began, pairs);
    }
    return SCHED_OK;
}

static sched_status run_call(bench_run *run, sched_error *err) {
    keyspace keys;
    sched_status status = keyspace_init(&keys, NULL, err);
    if (status) return status;
    int64_t rounds = bench_work(run, ROUNDS / 10);
    while (bench_again(run)) {
        double began = bench_seconds();
        for (int64_t i = 0; i < rounds; i++) {
            redis_key key;
            redis_call call;
            call_script(&call, SCRIPT_RELEASE_RESERVATION);
            call_key(&call, key_node_reservations(&key, &keys, "node-00000001"));
            call_key(&call, key_node(&key, &keys, "node-00000001"));
            call_str(&call, "j042-9f86d081884c7d65");
            call_int(&call, i);
            call_str(&call, "success");
            call_int(&call, 0);
            bench_keep(call.used);
        }
        record_ns(run, began, rounds);
    }
    return SCHED_OK;
}

/* One session that never stops speaking: PCM16 at 16 kHz in chunks of 200 ms, each with its duration and, every 3 s or 10 s, a
 * cut. What is kept between two chunks is the struct on the stack; nothing is allocated. */
static sched_status run_speech(bench_run *run, sched_error *err) {
    (void)err;
    enum { CHUNK_BYTES = 6400, CHUNKS_TO_FINAL = 15 };
    const usec_t chunk_gap = 200 * USEC_PER_MSEC;
    const speech_rules rules = {
        .pause = 3 * USEC_PER_SEC,
        .max_duration = 10 * USEC_PER_SEC,
        .bytes_max = 500 * 1024,
        .hangover_manual = 200 * USEC_PER_MSEC,
        .hangover_auto = 150 * USEC_PER_MSEC,
    };
    bool by_final = !strcmp(bench_text(run), "manual");
    int64_t chunks = bench_work(run, ROUNDS);
    while (bench_again(run)) {
        speech sp = {0};
        speech_cut cuts[SPEECH_CUTS_MAX];
        int64_t bytes_cut = 0;
        int to_final = CHUNKS_TO_FINAL;
        double began = bench_seconds();
        for (int64_t i = 0; i < chunks; i++) {
            bool is_final = by_final && --to_final == 0;
            if (is_final) to_final = CHUNKS_TO_FINAL;
            usec_t duration = sound_duration(SOUND_PCM16, SAMPLE_RATE_DEFAULT, CHUNK_BYTES);
            int count = speech_chunk(&sp, &rules, i * chunk_gap, CHUNK_BYTES, duration, is_final, cuts);
            for (int c = 0; c < count; c++) bytes_cut += cuts[c].bytes;
        }
        bench_record(run, 0, (double)chunks / (bench_seconds() - began));
        bench_keep((uint64_t)bytes_cut);
    }
    return SCHED_OK;
}

/* Utterances of one session whose results come in reverse, `open` at a time: the first one is told last, so all wait for it. What is
 * told is counted, since an order that tells nothing is quick. */
static sched_status run_order(bench_run *run, sched_error *err) {
    int64_t open = bench_number(run), windows = bench_work(run, ROUNDS / 10) / open + 1;
    result_order *order = result_order_new((int)open);
    uint64_t first = 0, told = 0, wanted = 0;
    sched_status status = SCHED_OK;
    while (!status && bench_again(run)) {
        double began = bench_seconds();
        for (int64_t w = 0; w < windows && !status; w++, first += (uint64_t)open) {
            uint64_t utterance;
            void *result;
            for (int64_t i = 0; i < open && !status; i++) status = result_order_expect(order, first + (uint64_t)i, err);
            for (int64_t i = open; i-- > 0;) {
                result_order_arrive(order, first + (uint64_t)i, NULL, w);
                while (result_order_next(order, &utterance, &result)) told++;
            }
        }
        wanted += (uint64_t)(windows * open);
        record_ns(run, began, windows * open);
    }
    result_order_free(order, NULL);
    if (!status && told != wanted)
        status = sched_fail(err, SCHED_EPROTO, "%llu of %llu results were told", (unsigned long long)told,
                            (unsigned long long)wanted);
    return status;
}

/* The whole text, as a tree of values; or until the scenario is there: bound by the tables of settings, with all defaults, and checked. */
static sched_status parse_document(const embedded_file *file, sched_error *err) {
    yaml_doc *doc = NULL;
    sched_status status = yaml_doc_parse(file->name, (const char *)file->data, file->len, &doc, err);
    yaml_doc_free(doc);
    return status;
}

static sched_status parse_scenario(const embedded_file *file, sched_error *err) {
    scenario *sc = NULL;
    sched_status status = scenario_parse(file->name, (const char *)file->data, file->len, &sc, err);
    scenario_free(sc);
    return status;
}

static sched_status run_yaml(bench_run *run, sched_error *err) {
    const embedded_file *file = embedded_find(embedded_scenarios, "quickstart.yaml");
    bool bound = !strcmp(bench_text(run), "scenario");
    int64_t rounds = bench_work(run, ROUNDS / 5000);
    sched_status status = SCHED_OK;
    while (!status && bench_again(run)) {
        double began = bench_seconds();
        for (int64_t i = 0; i < rounds && !status; i++)
            status = bound ? parse_scenario(file, err) : parse_document(file, err);
        double took = bench_seconds() - began;
        bench_record(run, 0, took * 1e6 / (double)rounds);
        bench_record(run, 1, (double)file->len * (double)rounds / took / 1e6);
    }
    return status;
}

static const bench_value yaml_ends[] = {{.text = "values"}, {.text = "scenario"}};
static const bench_value open_results[] = {{.number = 1}, {.number = 4}, {.number = 64}};
static const bench_value speech_cuts[] = {{.text = "manual"}, {.text = "max_duration"}};

const benchmark bench_micro[] = {
    {.name = "micro.rng_u64", .what = "one 64-bit random number", .metrics = {{"ns_per_op", "ns"}}, .run = run_rng},
    {.name = "micro.det_log",
     .what = "one machine-independent logarithm",
     .metrics = {{"ns_per_op", "ns"}},
     .run = run_log},
    {.name = "micro.histogram_record",
     .what = "one value counted",
     .metrics = {{"ns_per_op", "ns"}},
     .run = run_histogram},
    {.name = "micro.lang_pairs",
     .what = "one step of the walk over a node's pairs",
     .metrics = {{"ns_per_op", "ns"}},
     .run = run_pairs},
    {.name = "micro.redis_call",
     .what = "one call to Redis put together",
     .metrics = {{"ns_per_op", "ns"}},
     .run = run_call},
    {.name = "micro.speech",
     .what = "chunks of a speaker through the finalize machine of a session",
     .param = "cut",
     .values = speech_cuts,
     .value_count = 2,
     .metrics = {{"chunks_per_second", "1/s"}},
     .run = run_speech},
    {.name = "micro.result_order",
     .what = "results of a session that come in reverse, told in order",
     .param = "open",
     .values = open_results,
     .value_count = 3,
     .metrics = {{"ns_per_result", "ns"}},
     .run = run_order},
    {.name = "micro.yaml",
     .what = "scenarios/quickstart.yaml, read as far as its values, or as a scenario with all checks",
     .param = "until",
     .values = yaml_ends,
     .value_count = 2,
     .metrics = {{"us_per_document", "us"}, {"megabytes_per_second", "MB/s"}},
     .run = run_yaml},
    {.name = NULL},
};
