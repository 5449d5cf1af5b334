/* words.c - members are written as they are: ids and languages of a scenario need no escapes, and what is given back stands there as
 * it came.
 *
 * The length of a speech travels in the trace id ("s341000.talkers-7.12"), which the protocol hands through to the node: a node's
 * service time follows the speech of the scenario, whatever weight of sound is sent for it. */
#include "bench/load/words.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/domain/sound.h"

struct words {
    uint32_t nonce;
    int64_t result_bytes;
    char *text;
    size_t bytes, size;
    char *sound; /* base64 of sound_bytes, without padding */
    size_t sound_bytes;
};

words *words_new(uint32_t nonce, int64_t result_bytes) {
    words *w = mem_zalloc(1, sizeof *w);
    w->nonce = nonce;
    w->result_bytes = result_bytes;
    return w;
}

words *words_free(words *w) {
    if (!w) return NULL;
    free(w->text);
    free(w->sound);
    free(w);
    return NULL;
}

/* ---- writing ----------------------------------------------------------------------------------------------------------- */

static char *room(words *w, size_t bytes) {
    if (w->bytes + bytes > w->size) {
        w->size = 2 * (w->bytes + bytes) + 4096;
        w->text = mem_realloc(w->text, w->size, 1);
    }
    return w->text + w->bytes;
}

static void put(words *w, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void put(words *w, const char *format, ...) {
    va_list args;
    va_start(args, format);
    int len = vsnprintf(room(w, 512), 512, format, args);
    va_end(args);
    if (len >= 512) {
        va_start(args, format);
        vsnprintf(room(w, (size_t)len + 1), (size_t)len + 1, format, args);
        va_end(args);
    }
    w->bytes += (size_t)len;
}

static void begin(words *w, const char *type) {
    w->bytes = 0;
    put(w, "{\"type\":\"%s\"", type);
}

static words_text end(words *w) {
    put(w, "}");
    return (words_text){w->text, w->bytes};
}

/* The first of a row without a pattern: what compresses, or is all zero, is no sound. */
static void grow_sound(words *w, size_t bytes) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    rng r;
    rng_init(&r, 1, "sound of a load", 0);
    size_t triples = bytes / 3 + 1;
    w->sound = mem_realloc(w->sound, triples, 4);
    for (size_t i = 0; i < triples * 4; i++) w->sound[i] = digits[rng_below(&r, sizeof digits - 1)];
    w->sound_bytes = triples * 3;
}

/* Whole triples of the row, and an end of zeros with its padding. */
static void put_sound(words *w, const char *key, int64_t count) {
    static const char *const ends[] = {"", "AA==", "AAA="};
    size_t bytes = count > 0 ? (size_t)count : 0;
    if (bytes > w->sound_bytes) grow_sound(w, 2 * bytes);
    put(w, ",\"%s\":\"", key);
    size_t whole = bytes / 3 * 4;
    memcpy(room(w, whole), w->sound, whole);
    w->bytes += whole;
    put(w, "%s\"", ends[bytes % 3]);
}

/* ---- nodes ------------------------------------------------------------------------------------------------------------- */

static void put_list(words *w, const char *key, const lang_list *list) {
    put(w, "%s\"%s\":[", w->text[w->bytes - 1] == '{' ? "" : ",", key);
    for (int i = 0; i < list->count; i++) put(w, "%s\"%s\"", i ? "," : "", list->tag[i]);
    put(w, "]");
}

/* "id" or "id@version", by one space. */
static void put_services(words *w, const char *services, bool ready) {
    char one[SERVICE_MAX + 1];
    int count = 0;
    put(w, ",\"installed_services\":[");
    for (const char *at = services ? services : ""; *at; count++) {
        size_t len = strcspn(at, " ");
        snprintf(one, sizeof one, "%.*s", (int)len, at);
        at += len + (at[len] == ' ');
        char *version = strchr(one, '@');
        if (version) *version++ = '\0';
        put(w, "%s{\"service_id\":\"%s\",\"type\":\"asr\",\"device\":\"gpu\",\"status\":\"%s\"", count ? "," : "", one,
            ready ? "running" : "stopped");
        if (version) put(w, ",\"version\":\"%s\"", version);
        put(w, "}");
    }
    if (!count && !ready) put(w, "{\"service_id\":\"asr\",\"type\":\"asr\",\"device\":\"gpu\",\"status\":\"stopped\"}");
    put(w, "],\"capability_by_type\":[");
    static const char *const types[] = {"asr", "nmt", "tts", "semantic"};
    for (int i = 0; i < 4; i++)
        put(w, "%s{\"type\":\"%s\",\"ready\":%s}", i ? "," : "", types[i], ready ? "true" : "false");
    put(w, "]");
}

words_text words_register(words *w, const node_registration *who) {
    begin(w, "node_register");
    put(w,
        ",\"node_id\":\"%s\",\"version\":\"2.0.0\",\"capability_schema_version\":\"2.0\",\"platform\":\"linux\""
        ",\"hardware\":{\"cpu_cores\":8,\"memory_gb\":32,\"gpus\":[{\"name\":\"load\",\"memory_gb\":12}]}"
        ",\"installed_models\":[]",
        who->node_id);
    put_services(w, who->services, true);
    put(w,
        ",\"features_supported\":{},\"accept_public_jobs\":true,\"max_concurrent_jobs\":%" PRId64
        ",\"language_capabilities\":{",
        who->slots);
    put_list(w, "asr_languages", &who->asr);
    put_list(w, "tts_languages", &who->tts);
    put_list(w, "semantic_languages", &who->semantic);
    put(w, ",\"semantic_core_ready\":true}");
    return end(w);
}

words_text words_heartbeat(words *w, const char *node, const node_registration *who, const message *m,
                           int64_t now_msec) {
    begin(w, "node_heartbeat");
    put(w,
        ",\"node_id\":\"%s\",\"timestamp\":%" PRId64 ",\"resource_usage\":{\"cpu_percent\":%.1f,\"gpu_percent\":%.1f"
        ",\"mem_percent\":%.1f,\"running_jobs\":%" PRId64 "}",
        node, now_msec, m->usage[0], m->usage[1], m->usage[2], m->value);
    put_services(w, who->services, !m->unready);
    return end(w);
}

words_text words_drain(words *w, const char *node) {
    begin(w, "node_drain");
    put(w, ",\"node_id\":\"%s\"", node);
    return end(w);
}

static void put_job(words *w, const char *node, const words_job *job, const message *m) {
    put(w, ",\"job_id\":\"%s\",\"attempt_id\":%" PRId64 ",\"node_id\":\"%s\",\"session_id\":\"%s\",\"trace_id\":\"%s\"",
        job->job, m->attempt, node, job->session, job->trace);
}

words_text words_about_job(words *w, const char *node, const words_job *job, const message *m) {
    begin(w, m->kind == MSG_ACK ? "job_ack" : "job_started");
    put_job(w, node, job, m);
    return end(w);
}

/* MODEL_NOT_AVAILABLE names its service. */
static void put_failure(words *w, const message *m) {
    char service[SERVICE_MAX + 1];
    put(w, ",\"success\":false,\"error\":{\"code\":\"%s\",\"message\":\"%s\"", m->code, m->code);
    if (m->service && *m->service) {
        snprintf(service, sizeof service, "%s", m->service);
        char *version = strchr(service, '@');
        if (version) *version++ = '\0';
        put(w, ",\"details\":{\"service_id\":\"%s\",\"service_version\":\"%s\"}", service, version ? version : "");
    }
    put(w, "}");
}

words_text words_result(words *w, const char *node, const words_job *job, const message *m, int64_t now_msec) {
    begin(w, "job_result");
    put_job(w, node, job, m);
    put(w, ",\"utterance_index\":%" PRId64 ",\"node_completed_at_ms\":%" PRId64, job->utterance, now_msec);
    if (m->outcome == OUTCOME_FAILED) {
        put_failure(w, m);
    } else if (m->outcome == OUTCOME_NO_TEXT) {
        put(w, ",\"success\":true,\"text_asr\":\"\",\"text_translated\":\"\",\"tts_audio\":\"\""
               ",\"extra\":{\"reason\":\"ASR_EMPTY\"}");
    } else {
        put(w, ",\"success\":true,\"text_asr\":\"what was said\",\"text_translated\":\"what it means\""
               ",\"tts_format\":\"opus\"");
        put_sound(w, "tts_audio", w->result_bytes);
    }
    return end(w);
}

/* ---- clients ----------------------------------------------------------------------------------------------------------- */

static const char *mode_of(const outside_speaker *who) {
    return who->two_way ? "two_way_auto" : "one_way";
}

words_text words_open(words *w, const outside_speaker *who) {
    begin(w, "session_init");
    put(w,
        ",\"client_version\":\"1.0.0\",\"platform\":\"api-gateway\",\"src_lang\":\"%s\",\"tgt_lang\":\"%s\""
        ",\"mode\":\"%s\",\"audio_format\":\"%s\",\"sample_rate\":%d,\"trace_id\":\"c.%s\"",
        who->pair.src, who->pair.tgt, mode_of(who), sound_format_name(who->format), SAMPLE_RATE_DEFAULT, who->id);
    if (who->two_way) put(w, ",\"lang_a\":\"%s\",\"lang_b\":\"%s\"", who->pair.src, who->pair.tgt);
    return end(w);
}

words_text words_request(words *w, const outside_speaker *who, const char *session, const message *m, int64_t bytes) {
    begin(w, "utterance");
    put(w,
        ",\"session_id\":\"%s\",\"utterance_index\":%" PRIu64
        ",\"manual_cut\":%s,\"src_lang\":\"%s\",\"tgt_lang\":\"%s\""
        ",\"audio_format\":\"%s\",\"sample_rate\":%d",
        session, m->utterance, m->cut == CUT_MANUAL ? "true" : "false", m->pair.src, m->pair.tgt,
        sound_format_name(who->format), SAMPLE_RATE_DEFAULT);
    put(w, ",\"trace_id\":\"s%" PRId64 ".%s.%" PRIu64 "\",\"request_id\":\"%s:%" PRIu64 ":%08" PRIx32 "\"", m->speech,
        who->id, m->utterance, who->id, m->utterance, w->nonce);
    put_sound(w, "audio", bytes);
    return end(w);
}

words_text words_chunk(words *w, const char *session, const message *m) {
    begin(w, "audio_chunk");
    put(w, ",\"session_id\":\"%s\",\"seq\":0,\"is_final\":%s,\"src_lang\":\"%s\"", session,
        m->is_final ? "true" : "false", m->pair.src);
    if (m->value > 0) put_sound(w, "payload", m->value);
    return end(w);
}

words_text words_close(words *w, const char *session) {
    begin(w, "session_close");
    put(w, ",\"session_id\":\"%s\",\"reason\":\"done\"", session);
    return end(w);
}

words_text words_client_heartbeat(words *w, const char *session, int64_t now_msec) {
    begin(w, "client_heartbeat");
    put(w, ",\"session_id\":\"%s\",\"timestamp\":%" PRId64, session, now_msec);
    return end(w);
}

/* It wants to hear what it speaks. */
words_text words_room_create(words *w, const outside_speaker *who, int64_t now_msec) {
    begin(w, "room_create");
    put(w, ",\"client_ts\":%" PRId64 ",\"display_name\":\"%s\",\"preferred_lang\":\"%s\"", now_msec, who->id,
        who->pair.src);
    return end(w);
}

words_text words_room_join(words *w, const outside_speaker *who, const char *code) {
    begin(w, "room_join");
    put(w, ",\"room_code\":\"%s\",\"display_name\":\"%s\",\"preferred_lang\":\"%s\"", code, who->id, who->pair.src);
    return end(w);
}

/* ---- reading ----------------------------------------------------------------------------------------------------------- */

bool words_hear(const char *text, size_t bytes, heard *ret_heard) {
    heard h;
    const json_want wants[] = {
        {"type", &h.type},
        {"session_id", &h.session},
        {"job_id", &h.job},
        {"trace_id", &h.trace},
        {"code", &h.code},
        {"reason", &h.reason},
        {"room_code", &h.room},
        {"outcome", &h.outcome},
        {"utterance_index", &h.utterance},
        {"attempt_id", &h.attempt},
        {"audio", &h.audio},
        {"audio_format", &h.format},
        {"src_lang", &h.src},
        {"tgt_lang", &h.tgt},
        {"text_asr", &h.text_asr},
        {"text_translated", &h.text_translated},
    };
    if (!json_pick(text, bytes, wants, sizeof wants / sizeof *wants)) return false;
    *ret_heard = h;
    return true;
}

usec_t words_speech(const heard *h) {
    if (h->trace.bytes > 1 && *h->trace.text == 's') {
        usec_t told = json_span_number((json_span){h->trace.text + 1, h->trace.bytes - 1});
        if (told > 0) return told;
    }
    sound_format format = json_span_is(h->format, "pcm16") ? SOUND_PCM16 : SOUND_OPUS;
    usec_t length = sound_duration(format, SAMPLE_RATE_DEFAULT, (int64_t)h->audio.bytes / 4 * 3);
    return length > 0 ? length : 1;
}
