/* node_result.c - of a success, the members that a client's translation_result has are copied as the node wrote them; of a failure,
 * its message and details.
 *
 * Why the client's message is prepared here, at the instance with the node: the answer waits for its turn, may cross to another
 * instance, and may go to a whole room; by then it is only bytes between a head and a brace. */
#include "core/wire/node_result.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/wire/json_out.h"

#define GENERAL_FAILURE "PROCESSING_ERROR"

enum { CODE_MAX = 47, MESSAGE_MAX = 512, DETAILS_MAX = 4096, SERVICE_TEXT_MAX = 2 * 128 + 2 };

/* ---- success -------------------------------------------------------------------------------------------------------- */

static bool is(json_slice slice, const char *text) {
    return slice.bytes == strlen(text) && !memcmp(slice.text, text, slice.bytes);
}

static void copy(json_out *o, const json_text *t, const char *name, const char *absent) {
    json_slice value = json_text_slice(t, name);
    if (value.text)
        json_out_value(o, name, value.text, value.bytes);
    else if (absent)
        json_out_value(o, name, absent, strlen(absent));
}

static void check_types(json_text *t) {
    static const char *const texts[] = {"text_asr", "text_translated", "tts_format", "group_id", "asr_quality_level"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) json_text_check(t, texts[i], VALUE_TEXT);
    json_text_base64(t, "tts_audio");
    json_text_check(t, "segments_meta", VALUE_OBJECT);
    json_text_check(t, "reason_codes", VALUE_LIST);
    json_text_check(t, "quality_score", VALUE_NUMBER);
    json_text_int_or(t, "part_index", 0, INT64_MAX, 0);
    json_text_int_or(t, "rerun_count", 0, UINT32_MAX, 0);
    json_text_int_or(t, "processing_time_ms", 0, INT64_MAX, 0);
}

/* What the node's services took: as it says so itself, else the whole time. */
static void put_timings(json_out *o, const json_text *t, const json_text *extra) {
    json_slice timings = json_text_slice(extra, "service_timings"), whole = json_text_slice(t, "processing_time_ms");
    if (timings.text) {
        json_out_value(o, "service_timings", timings.text, timings.bytes);
    } else if (whole.text) {
        json_out_key(o, "service_timings");
        json_out_open(o, '{');
        json_out_value(o, "total_ms", whole.text, whole.bytes);
        json_out_close(o, '}');
    }
}

static payload *content_of_success(const json_text *t, const json_text *extra) {
    json_out o = json_out_begin(0, t->whole.bytes);
    copy(&o, t, "text_asr", "\"\"");
    copy(&o, t, "text_translated", "\"\"");
    copy(&o, t, "tts_audio", "\"\"");
    copy(&o, t, "tts_format", "\"pcm16\"");
    copy(&o, t, "extra", NULL);
    copy(&o, t, "group_id", NULL);
    copy(&o, t, "part_index", NULL);
    put_timings(&o, t, extra);
    copy(&o, t, "asr_quality_level", NULL);
    copy(&o, t, "reason_codes", NULL);
    copy(&o, t, "quality_score", NULL);
    copy(&o, t, "rerun_count", NULL);
    copy(&o, t, "segments_meta", NULL);
    return json_out_payload(&o);
}

/* The node says that there is nothing to translate. */
static bool says_empty(const json_text *extra) {
    json_slice reason = json_text_slice(extra, "reason");
    return is(reason, "\"NO_TEXT_ASSIGNED\"") || is(reason, "\"ASR_EMPTY\"");
}

static bool is_empty(const json_text *t) {
    static const char *const names[] = {"text_asr", "text_translated", "tts_audio"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (json_text_slice(t, names[i]).bytes > strlen("\"\"")) return false;
    return true;
}

/* ---- failure -------------------------------------------------------------------------------------------------------- */

static bool begins(const char *text, const char *with) {
    return !strncmp(text, with, strlen(with));
}

/* Codes go into keys of metrics, into Redis and to the client: what is no name is not passed on. */
static bool is_code(const char *code) {
    size_t len = strspn(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");
    return len > 0 && len <= CODE_MAX && code[len] == '\0';
}

/* Existing nodes answer PROCESSING_ERROR for whatever is no matter of a model. */
static const char *code_of(const char *code, const char *message) {
    static const char *const duplicates[] = {"DUPLICATE_JOB_ID", "DUPLICATE_UTTERANCE_INDEX"};
    if (!is_code(code)) code = GENERAL_FAILURE;
    if (strcmp(code, GENERAL_FAILURE) != 0) return code;
    for (size_t i = 0; i < sizeof duplicates / sizeof *duplicates; i++)
        if (begins(message, duplicates[i])) return duplicates[i];
    return code;
}

static payload *content_of_failure(const char *message, json_slice details) {
    char cut[MESSAGE_MAX + 1];
    json_out o = json_out_begin(0, MESSAGE_MAX);
    snprintf(cut, sizeof cut, "%.*s", (int)text_prefix(message, MESSAGE_MAX), message);
    json_out_str(&o, "message", cut);
    if (details.text && details.bytes <= DETAILS_MAX) json_out_value(&o, "details", details.text, details.bytes);
    return json_out_payload(&o);
}

/* "id@version", or "id" when no version is told; NULL when no service is. */
static char *service_of(json_text *details) {
    const char *id = json_text_str_or(details, "service_id", json_text_str_or(details, "model_id", ""));
    const char *version = json_text_str_or(details, "service_version", json_text_str_or(details, "version", ""));
    char text[SERVICE_TEXT_MAX];
    if (!*id) return NULL;
    snprintf(text, sizeof text, "%.*s%s%.*s", (int)text_prefix(id, SERVICE_MAX), id, *version ? "@" : "",
             (int)text_prefix(version, SERVICE_MAX), version);
    return mem_strdup(text);
}

static void read_failure(json_text *t, node_message *m) {
    json_text error;
    json_text_within(t, "error", &error);
    const char *message = json_text_str_or(&error, "message", "");
    json_slice details = json_text_slice(&error, "details");
    m->result.outcome = OUTCOME_FAILED;
    m->result.code = code_of(json_text_str_or(&error, "code", ""), message);
    m->content = content_of_failure(message, details);
    if (!strcmp(m->result.code, "MODEL_NOT_AVAILABLE") && details.text && *details.text == '{') {
        json_text inner;
        json_text_within(&error, "details", &inner);
        m->made = service_of(&inner);
    }
    m->result.service = m->made;
}

/* ---- both ----------------------------------------------------------------------------------------------------------- */

void node_result_read(json_text *t, node_message *m) {
    node_result *r = &m->result;
    *r = (node_result){.job_id = json_text_str(t, "job_id"), .attempt = json_text_int(t, "attempt_id", 0, UINT32_MAX)};
    bool success = json_text_bool(t, "success"), told = json_text_slice(t, "error").text != NULL;
    json_text extra;
    json_text_within(t, "extra", &extra);
    r->code = "";
    check_types(t);
    if (t->status) return;
    if (told || !(success || says_empty(&extra))) {
        read_failure(t, m);
    } else {
        r->outcome = says_empty(&extra) || is_empty(t) ? OUTCOME_NO_TEXT : OUTCOME_OK;
        m->content = content_of_success(t, &extra);
    }
    r->content = m->content;
}

void node_partial_read(json_text *t, node_message *m) {
    m->partial.job_id = json_text_str(t, "job_id");
    json_text_str(t, "text");
    json_text_bool(t, "is_final");
    if (t->status) return;
    json_out o = json_out_begin(0, 256);
    copy(&o, t, "text", NULL);
    copy(&o, t, "is_final", NULL);
    m->partial.content = m->content = json_out_payload(&o);
}
