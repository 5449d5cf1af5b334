/* about.c - checked for their types, and copied as they came: whoever wrote them knows best how. */
#include "core/wire/about.h"

#include <stdlib.h>
#include <string.h>

#include "core/wire/json_out.h"

const char about_default[] =
    "\"pipeline\":{\"use_asr\":true,\"use_nmt\":true,\"use_tts\":true,\"use_semantic\":false,\"use_tone\":false},"
    "\"audio_format\":\"opus\",\"sample_rate\":16000";

/* Members that are handed on unseen, by type. */
static const char *const texts[] = {"dialect", "mode", "lang_a", "lang_b", "tenant_id"};

static void check_types(json_text *t) {
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) json_text_check(t, texts[i], VALUE_TEXT);
    json_text_check(t, "features", VALUE_OBJECT);
    json_text_check(t, "auto_langs", VALUE_LIST);
    json_text_check(t, "enable_streaming_asr", VALUE_BOOL);
    json_text_int_or(t, "partial_update_interval_ms", 0, INT32_MAX, 0);
}

static void copy(json_out *o, const json_text *t, const char *name) {
    json_slice value = json_text_slice(t, name);
    if (value.text) json_out_value(o, name, value.text, value.bytes);
}

/* Nodes want all five parts told; without a pipeline, or without a part of it, it is what it always was. */
static void put_pipeline(json_out *o, json_text *t) {
    json_text pipeline;
    json_text_within(t, "pipeline", &pipeline);
    json_out_key(o, "pipeline");
    json_out_open(o, '{');
    json_out_bool(o, "use_asr", json_text_bool_or(&pipeline, "use_asr", true));
    json_out_bool(o, "use_nmt", json_text_bool_or(&pipeline, "use_nmt", true));
    json_out_bool(o, "use_tts", json_text_bool_or(&pipeline, "use_tts", true));
    json_out_bool(o, "use_semantic", json_text_bool_or(&pipeline, "use_semantic", false));
    json_out_bool(o, "use_tone", json_text_bool_or(&pipeline, "use_tone", false));
    json_out_close(o, '}');
}

payload *about_of(json_text *message, const char *trace_id, sound_format format, int64_t sample_rate) {
    json_out o = json_out_begin(0, 256);
    check_types(message);
    put_pipeline(&o, message);
    json_out_str(&o, "audio_format", sound_format_name(format));
    json_out_num(&o, "sample_rate", sample_rate);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) copy(&o, message, texts[i]);
    copy(&o, message, "features");
    copy(&o, message, "auto_langs");
    copy(&o, message, "enable_streaming_asr");
    copy(&o, message, "partial_update_interval_ms");
    json_out_str_opt(&o, "trace_id", trace_id);
    if (o.bytes > ABOUT_MAX) json_text_fail(message, "features", "at most 4096 bytes with what goes with them", "more");
    payload *about = json_out_payload(&o);
    return json_text_failed(message) ? payload_unref(about) : about;
}
