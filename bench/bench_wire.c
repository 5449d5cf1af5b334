/* bench_wire.c - what it costs to read and write the four messages of an utterance: its own, the assignment, the result, the answer.
 *
 * The texts are as existing clients and nodes write them; the parameter is the sound in them, in bytes before base64. The fifth row is the
 * way of a whole utterance, each message read from the text and written into the frame that the front would send. Time is this
 * process's own on the processor: nothing here waits. */
#include "bench/bench_wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/benchmarks.h"
#include "core/base/mem.h"
#include "core/base/rng.h"
#include "core/wire/base64.h"
#include "core/wire/client_message.h"
#include "core/wire/node_message.h"
#include "core/wire/to_client.h"
#include "core/wire/to_node.h"

enum { ROUNDS = 20000, HEAD_MAX = 4096 };

struct bench_texts {
    char *utterance, *result;
    size_t utterance_bytes, result_bytes;
    client_message said; /* the utterance, read */
    node_message found;  /* the result, read */
};

/* `before` and `after` around so many bytes of random sound in base64. */
static char *around(const char *before, int64_t sound, const char *after, size_t *ret_bytes) {
    size_t bytes = (size_t)sound, size = base64_size(bytes);
    unsigned char *data = mem_alloc(bytes);
    char *text = mem_alloc(HEAD_MAX + size);
    rng r;
    rng_init(&r, 1, "bench", 0);
    for (size_t i = 0; i < bytes; i++) data[i] = (unsigned char)rng_u64(&r);
    size_t at = strlen(before);
    memcpy(text, before, at);
    base64_encode(data, bytes, text + at);
    memcpy(text + at + size, after, strlen(after) + 1);
    *ret_bytes = at + size + strlen(after);
    free(data);
    return text;
}

static sched_status open_texts(int64_t sound, bench_texts *t, sched_error *err) {
    t->utterance =
        around("{\"type\":\"utterance\",\"session_id\":\"s-1A2B3C4D\",\"utterance_index\":42,\"manual_cut\":true,"
               "\"src_lang\":\"zh\",\"tgt_lang\":\"en\",\"audio\":\"",
               sound,
               "\",\"audio_format\":\"opus\",\"sample_rate\":16000,\"trace_id\":\"trace-9f86d081884c7d65\","
               "\"features\":{\"emotion_detection\":false,\"voice_style_detection\":false}}",
               &t->utterance_bytes);
    t->result = around(
        "{\"type\":\"job_result\",\"job_id\":\"job-9f86d081884c7d65\",\"attempt_id\":1,\"node_id\":\"node-1A2B3C4D\","
        "\"session_id\":\"s-1A2B3C4D\",\"utterance_index\":42,\"success\":true,\"text_asr\":\"\xe4\xbb\x8a\xe5\xa4\xa9"
        "\xe5\xa4\xa9\xe6\xb0\x94\xe5\xbe\x88\xe5\xa5\xbd\",\"text_translated\":\"The weather is fine today\","
        "\"tts_audio\":\"",
        sound,
        "\",\"tts_format\":\"opus\",\"extra\":{\"service_timings\":{\"asr_ms\":412,\"nmt_ms\":131,\"tts_ms\":305,"
        "\"total_ms\":848},\"language_probability\":0.98},\"processing_time_ms\":848,"
        "\"trace_id\":\"trace-9f86d081884c7d65\",\"node_completed_at_ms\":1764351640123,"
        "\"asr_quality_level\":\"good\",\"reason_codes\":[],\"quality_score\":0.93,\"rerun_count\":0,"
        "\"segments_meta\":{\"count\":2,\"max_gap\":0.4,\"avg_duration\":1.3}}",
        &t->result_bytes);
    sched_status status = client_message_parse(t->utterance, t->utterance_bytes, "s-1A2B3C4D", NULL, &t->said, err);
    if (status) return status;
    return node_message_parse(t->result, t->result_bytes, &t->found, err);
}

static void close_texts(bench_texts *t) {
    client_message_free(&t->said);
    node_message_free(&t->found);
    free(t->utterance);
    free(t->result);
}

/* ---- one message: how many bytes went through ------------------------------------------------------------------------ */

typedef size_t bench_message(const bench_texts *t);

static size_t read_utterance(const bench_texts *t) {
    client_message m;
    sched_error err;
    if (client_message_parse(t->utterance, t->utterance_bytes, "s-1A2B3C4D", NULL, &m, &err)) return 0;
    bench_keep(m.utterance.sound->bytes);
    client_message_free(&m);
    return t->utterance_bytes;
}

static size_t sent(frame *f) {
    size_t bytes = f->bytes;
    bench_keep((uint64_t)(unsigned char)f->data[bytes - 1]);
    frame_unref(f);
    return bytes;
}

static size_t write_assign(const bench_texts *t) {
    return sent(to_node_assign(&(job_assign){
        .job_id = "job-9f86d081884c7d65",
        .session_id = t->said.session_id,
        .attempt = 1,
        .utterance = t->said.utterance.utterance,
        .pair = &t->said.utterance.pair,
        .sound = t->said.utterance.sound,
        .cut = CUT_MANUAL,
        .padding = 280 * USEC_PER_MSEC,
    }));
}

static size_t read_result(const bench_texts *t) {
    node_message m;
    sched_error err;
    if (node_message_parse(t->result, t->result_bytes, &m, &err)) return 0;
    bench_keep(m.content->bytes);
    node_message_free(&m);
    return t->result_bytes;
}

static size_t write_answer(const bench_texts *t) {
    job_answer answer = {
        .request_id = "s-1A2B3C4D:42:en",
        .session_id = t->said.session_id,
        .job_id = "job-9f86d081884c7d65",
        .utterance = t->said.utterance.utterance,
        .pair = &t->said.utterance.pair,
        .outcome = t->found.result.outcome,
        .code = "",
        .content = t->found.content,
    };
    return sent(to_client_answer(&answer, t->said.utterance.trace_id, 1764351640200));
}

static size_t all_four(const bench_texts *t) {
    return read_utterance(t) + write_assign(t) + read_result(t) + write_answer(t);
}

sched_status bench_wire_open(int64_t sound, bench_texts **ret_texts, sched_error *err) {
    bench_texts *t = mem_zalloc(1, sizeof *t);
    sched_status status = open_texts(sound, t, err);
    if (status)
        free(t);
    else
        *ret_texts = t;
    return status;
}

void bench_wire_close(bench_texts *t) {
    close_texts(t);
    free(t);
}

size_t bench_wire_four(const bench_texts *t) {
    return all_four(t);
}

static sched_status measure(bench_run *run, bench_message *message, sched_error *err) {
    bench_texts t;
    sched_status status = open_texts(bench_number(run), &t, err);
    if (status) return status;
    int64_t rounds = bench_work(run, ROUNDS);
    while (bench_again(run)) {
        size_t bytes = 0;
        double began = bench_cpu_seconds();
        for (int64_t i = 0; i < rounds; i++) bytes += message(&t);
        double took = bench_cpu_seconds() - began;
        bench_record(run, 0, took * 1e6 / (double)rounds);
        bench_record(run, 1, (double)rounds / took);
        bench_record(run, 2, (double)bytes / took / 1e6);
    }
    close_texts(&t);
    return SCHED_OK;
}

static sched_status run_utterance(bench_run *run, sched_error *err) {
    return measure(run, read_utterance, err);
}

static sched_status run_assign(bench_run *run, sched_error *err) {
    return measure(run, write_assign, err);
}

static sched_status run_result(bench_run *run, sched_error *err) {
    return measure(run, read_result, err);
}

static sched_status run_answer(bench_run *run, sched_error *err) {
    return measure(run, write_answer, err);
}

static sched_status run_all(bench_run *run, sched_error *err) {
    return measure(run, all_four, err);
}

static const bench_value sounds[] = {{.number = 1024}, {.number = 15360}};

#define CODEC(last, question, function)                                                                                \
    {                                                                                                                  \
        .name = "codec." last, .what = question, .param = "sound", .values = sounds, .value_count = 2,                 \
        .metrics = {{"us_per_message", "us"}, {"messages_per_second", "1/s"}, {"megabytes_per_second", "MB/s"}},       \
        .run = function                                                                                                \
    }

const benchmark bench_wire[] = {
    CODEC("utterance", "an utterance read, its sound decoded", run_utterance),
    CODEC("job_assign", "an assignment written, its sound encoded", run_assign),
    CODEC("job_result", "a result read, the client's message prepared", run_result),
    CODEC("translation_result", "a client's message written", run_answer),
    CODEC("four", "all four messages of an utterance", run_all),
    {.name = NULL},
};
