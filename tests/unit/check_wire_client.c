/* check_wire_client.c - what a client may say, what is made of it, and what it is told when it says something else. */
#include <check.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/rng.h"
#include "core/wire/base64.h"
#include "core/wire/client_message.h"
#include "core/wire/to_node.h"
#include "tests/support/suite.h"

static client_message m;
static sched_error err;

static void parse(const char *text) {
    sched_status status = client_message_parse(text, strlen(text), "s-me", "t-made", &m, &err);
    ck_assert_msg(!status, "%s: %s", err.message, text);
}

static void refused(const char *text, const char *why) {
    ck_assert_msg(client_message_parse(text, strlen(text), "s-me", "t-made", &m, &err) == SCHED_EINVAL, "%s", text);
    ck_assert_str_eq(err.message, why);
}

/* ---- sessions ------------------------------------------------------------------------------------------------------- */

/* With these further members. */
static void parse_init(const char *members) {
    char text[8192];
    snprintf(text, sizeof text, "{\"type\":\"session_init\"%s%s}", *members ? "," : "", members);
    parse(text);
    ck_assert_int_eq(m.kind, CLIENT_SESSION_INIT);
    ck_assert_str_eq(m.session_id, "");
}

static void init_refused(const char *members, const char *why) {
    char text[8192];
    snprintf(text, sizeof text, "{\"type\":\"session_init\"%s%s}", *members ? "," : "", members);
    refused(text, why);
}

static void assert_init(const char *members, const char *src, const char *tgt, bool two_way) {
    parse_init(members);
    ck_assert_str_eq(m.init.pair.src, src);
    ck_assert_str_eq(m.init.pair.tgt, tgt);
    ck_assert_int_eq(m.init.two_way, two_way);
    client_message_free(&m);
}

START_TEST(a_session_speaks_from_its_source_or_from_a_to_b) {
    assert_init("\"src_lang\":\"ZH\",\"tgt_lang\":\"en\"", "zh", "en", false);
    assert_init("\"src_lang\":\"zh\",\"tgt_lang\":\"en\",\"mode\":\"one_way\"", "zh", "en", false);
    assert_init("\"src_lang\":\"zh\",\"tgt_lang\":\"en\",\"mode\":\"two_way_auto\"", "zh", "en", true);
    assert_init("\"src_lang\":\"auto\",\"tgt_lang\":\"en\",\"lang_a\":\"zh\",\"lang_b\":\"en\"", "zh", "en", false);
    assert_init("\"src_lang\":\"auto\",\"tgt_lang\":\"auto\",\"lang_a\":\"ja\",\"lang_b\":\"ko\",\"mode\":\"two_way_"
                "auto\"",
                "ja", "ko", true);
    init_refused("\"src_lang\":\"auto\",\"tgt_lang\":\"en\"",
                 "session_init: src_lang: expected a language, or lang_a and lang_b with auto, got \"auto\"");
    init_refused("\"src_lang\":\"auto\",\"tgt_lang\":\"en\",\"lang_a\":\"zh\"",
                 "session_init: src_lang: expected a language, or lang_a and lang_b with auto, got \"auto\"");
    init_refused("\"src_lang\":\"zh\",\"tgt_lang\":\"zh\"",
                 "session_init: language pair \"zh:zh\": source and target are the same");
    init_refused("\"src_lang\":\"zh\",\"tgt_lang\":\"e_n\"",
                 "session_init: language \"e_n\": expected only a-z, 0-9 and -");
    init_refused("\"src_lang\":\"zh\"", "session_init: tgt_lang: expected a text, got nothing");
}
END_TEST

START_TEST(a_session_speaks_opus_unless_it_says_otherwise) {
    parse_init("\"src_lang\":\"zh\",\"tgt_lang\":\"en\"");
    ck_assert_int_eq(m.init.format, SOUND_OPUS);
    ck_assert_int_eq(m.init.sample_rate, 16000);
    client_message_free(&m);
    parse_init("\"src_lang\":\"zh\",\"tgt_lang\":\"en\",\"audio_format\":\"pcm16\",\"sample_rate\":48000");
    ck_assert_int_eq(m.init.format, SOUND_PCM16);
    ck_assert_int_eq(m.init.sample_rate, 48000);
    client_message_free(&m);
    init_refused("\"src_lang\":\"zh\",\"tgt_lang\":\"en\",\"audio_format\":\"mp3\"",
                 "session_init: sound format \"mp3\": expected pcm16 or opus");
    init_refused("\"src_lang\":\"zh\",\"tgt_lang\":\"en\",\"sample_rate\":7999",
                 "session_init: sample_rate: expected a whole number from 8000 to 48000, got 7999");
}
END_TEST

START_TEST(a_trace_id_is_the_clients_or_the_one_handed_in) {
    parse_init("\"src_lang\":\"zh\",\"tgt_lang\":\"en\",\"trace_id\":\"t-own\"");
    ck_assert_str_eq(m.init.trace_id, "t-own");
    ck_assert(strstr(m.init.about->data, "\"trace_id\":\"t-own\""));
    client_message_free(&m);
    parse_init("\"src_lang\":\"zh\",\"tgt_lang\":\"en\"");
    ck_assert_str_eq(m.init.trace_id, "t-made");
    client_message_free(&m);
    const char *text = "{\"type\":\"session_init\",\"src_lang\":\"zh\",\"tgt_lang\":\"en\"}";
    ck_assert(!client_message_parse(text, strlen(text), NULL, NULL, &m, &err));
    ck_assert_str_eq(m.init.trace_id, "");
    client_message_free(&m);
}
END_TEST

/* The members of a payload as an object. */
static json_t *object_of(const payload *members) {
    char *text = mem_alloc(members->bytes + 3);
    snprintf(text, members->bytes + 3, "{%.*s}", (int)members->bytes, members->data);
    json_error_t error;
    json_t *object = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    ck_assert_msg(object, "%s: %s", error.text, text);
    free(text);
    return object;
}

START_TEST(what_only_a_node_understands_travels_as_it_came) {
    parse_init("\"src_lang\":\"zh\",\"tgt_lang\":\"en\",\"features\":{\"emotion_detection\": "
               "true},\"dialect\":\"\\u7ca4\",\"mode\":\"x\","
               "\"lang_a\":\"zh\",\"lang_b\":\"en\",\"auto_langs\":[\"zh\", \"en\"],\"enable_streaming_asr\":true,"
               "\"partial_update_interval_ms\":500,\"tenant_id\":\"acme\",\"trace_id\":\"t\",\"unknown\":1,\"pairing_"
               "code\":\"77\"");
    json_error_t error;
    json_t *about = object_of(m.init.about);
    json_t *expected = json_loads(
        "{\"features\":{\"emotion_detection\":true},\"dialect\":\"\\u7ca4\",\"mode\":\"x\",\"lang_a\":\"zh\","
        "\"lang_b\":\"en\",\"auto_langs\":[\"zh\",\"en\"],\"enable_streaming_asr\":true,"
        "\"partial_update_interval_ms\":500,\"tenant_id\":\"acme\",\"trace_id\":\"t\",\"audio_format\":\"opus\","
        "\"sample_rate\":16000,\"pipeline\":{\"use_asr\":true,\"use_nmt\":true,\"use_tts\":true,"
        "\"use_semantic\":false,\"use_tone\":false}}",
        0, &error);
    ck_assert_msg(json_equal(about, expected), "%.*s", (int)m.init.about->bytes, m.init.about->data);
    json_decref(about), json_decref(expected);
    client_message_free(&m);
}
END_TEST

START_TEST(what_a_node_is_handed_has_its_type_and_a_bound) {
    char text[6000];
    init_refused("\"src_lang\":\"zh\",\"tgt_lang\":\"en\",\"features\":[]",
                 "session_init: features: expected an object, got []");
    init_refused("\"src_lang\":\"zh\",\"tgt_lang\":\"en\",\"auto_langs\":\"zh\"",
                 "session_init: auto_langs: expected a list, got \"zh\"");
    init_refused("\"src_lang\":\"zh\",\"tgt_lang\":\"en\",\"enable_streaming_asr\":1",
                 "session_init: enable_streaming_asr: expected true or false, got 1");
    init_refused("\"src_lang\":\"zh\",\"tgt_lang\":\"en\",\"pipeline\":{\"use_asr\":\"no\"}",
                 "session_init: use_asr: expected true or false, got \"no\"");
    snprintf(text, sizeof text, "\"src_lang\":\"zh\",\"tgt_lang\":\"en\",\"dialect\":\"%04200d\"", 0);
    init_refused(text, "session_init: features: expected at most 4096 bytes with what goes with them, got more");
}
END_TEST

/* ---- chunks and utterances ------------------------------------------------------------------------------------------ */

START_TEST(a_chunk_has_sound_or_ends_the_sentence_or_both) {
    parse("{\"type\":\"audio_chunk\",\"session_id\":\"s-1\",\"seq\":1,\"is_final\":false,\"payload\":\"Zm9v\"}");
    ck_assert_str_eq(m.session_id, "s-1");
    ck_assert_uint_eq(m.chunk.bytes, 3);
    ck_assert(!memcmp(m.chunk.data, "foo", 3) && !m.chunk.is_final);
    ck_assert_str_eq(m.chunk.src, "");
    client_message_free(&m);
    parse("{\"type\":\"audio_chunk\",\"session_id\":\"s-1\",\"is_final\":true,\"src_lang\":\"en\"}");
    ck_assert(m.chunk.is_final && m.chunk.bytes == 0 && !m.chunk.data);
    ck_assert_str_eq(m.chunk.src, "en");
    client_message_free(&m);
    parse("{\"type\":\"audio_chunk\",\"session_id\":\"s-1\",\"is_final\":true,\"payload\":\"\"}");
    ck_assert_uint_eq(m.chunk.bytes, 0);
    client_message_free(&m);
    refused("{\"type\":\"audio_chunk\",\"session_id\":\"s-1\",\"is_final\":true,\"payload\":\"Zm9\"}",
            "audio_chunk: payload: expected base64, got what is none");
    refused("{\"type\":\"audio_chunk\",\"session_id\":\"s-1\",\"is_final\":true,\"payload\":7}",
            "audio_chunk: payload: expected a text, got 7");
    refused("{\"type\":\"audio_chunk\",\"session_id\":\"s-1\"}",
            "audio_chunk: is_final: expected true or false, got nothing");
}
END_TEST

#define UTTERANCE(rest)                                                                                                \
    "{\"type\":\"utterance\",\"session_id\":\"s-1\",\"manual_cut\":true,\"src_lang\":\"zh\",\"tgt_lang\":\"en\"," rest \
    "}"

START_TEST(an_utterance_has_its_sound_and_how_long_it_lasts) {
    char text[8192], sound[4269];
    unsigned char data[3200] = {1, 2, 3};
    base64_encode(data, sizeof data, sound);
    sound[base64_size(sizeof data)] = '\0';
    snprintf(text, sizeof text,
             UTTERANCE("\"utterance_index\":9007199254740991,\"audio\":\"%s\",\"audio_format\":\"pcm16\",\"sample_"
                       "rate\":16000"),
             sound);
    parse(text);
    ck_assert_uint_eq(m.utterance.utterance, 9007199254740991u);
    ck_assert(m.utterance.manual);
    ck_assert_str_eq(m.utterance.request_id, "");
    ck_assert_str_eq(m.utterance.trace_id, "t-made");
    ck_assert_uint_eq(m.utterance.sound->bytes, sizeof data);
    ck_assert(!memcmp(m.utterance.sound->data, data, sizeof data));
    ck_assert_int_eq(m.utterance.sound->duration, 100 * USEC_PER_MSEC);
    ck_assert(strstr(m.utterance.sound->about->data, "\"audio_format\":\"pcm16\",\"sample_rate\":16000"));
    client_message_free(&m);
}
END_TEST

START_TEST(an_utterance_without_sound_or_with_another_format_is_refused) {
    refused(UTTERANCE("\"utterance_index\":1,\"audio\":\"\",\"audio_format\":\"opus\",\"sample_rate\":16000"),
            "utterance: audio: expected some sound, got none");
    refused(UTTERANCE("\"utterance_index\":1,\"audio_format\":\"opus\",\"sample_rate\":16000"),
            "utterance: audio: expected some sound, got none");
    refused(UTTERANCE("\"utterance_index\":1,\"audio\":\"!\",\"audio_format\":\"opus\",\"sample_rate\":16000"),
            "utterance: audio: expected base64, got what is none");
    refused(UTTERANCE("\"utterance_index\":1,\"audio\":\"AAAA\",\"audio_format\":\"wav\",\"sample_rate\":16000"),
            "utterance: sound format \"wav\": expected pcm16 or opus");
    refused(UTTERANCE("\"utterance_index\":-1,\"audio\":\"AAAA\",\"audio_format\":\"opus\",\"sample_rate\":16000"),
            "utterance: utterance_index: expected a whole number from 0 to 9007199254740991, got -1");
    refused(UTTERANCE("\"utterance_index\":9007199254740992,\"audio\":\"AAAA\",\"audio_format\":\"opus\",\"sample_"
                      "rate\":16000"),
            "utterance: utterance_index: expected a whole number from 0 to 9007199254740991, got 9007199254740992");
    refused(UTTERANCE("\"utterance_index\":1,\"audio\":\"AAAA\",\"audio_format\":\"opus\",\"sample_rate\":16000.5"),
            "utterance: sample_rate: expected a whole number from 8000 to 48000, got 16000.5");
}
END_TEST

/* ---- the rest ------------------------------------------------------------------------------------------------------- */

START_TEST(rooms_are_named_where_there_is_one) {
    parse("{\"type\":\"room_create\",\"client_ts\":1,\"display_name\":\"Ann\",\"preferred_lang\":null}");
    ck_assert_str_eq(m.room.code, "");
    ck_assert_str_eq(m.room.name, "Ann");
    ck_assert_str_eq(m.room.lang, "");
    client_message_free(&m);
    parse("{\"type\":\"room_raw_voice_preference\",\"room_code\":\"204813\",\"target_session_id\":\"s-2\",\"receive_"
          "raw_voice\":true}");
    ck_assert_int_eq(m.kind, CLIENT_ROOM_PREFER);
    ck_assert_str_eq(m.room.code, "204813");
    ck_assert_str_eq(m.room.target, "s-2");
    ck_assert(m.room.wants);
    client_message_free(&m);
    refused("{\"type\":\"room_join\"}", "room_join: room_code: expected a text, got nothing");
    refused("{\"type\":\"room_raw_voice_preference\",\"room_code\":\"204813\"}",
            "room_raw_voice_preference: target_session_id: expected a text, got nothing");
}
END_TEST

START_TEST(a_relayed_message_is_the_same_but_for_its_sender) {
    parse("{\"type\":\"webrtc_offer\",\"room_code\":\"204813\", \"to\" : "
          "\"s-2\",\"sdp\":{\"to\":\"x\",\"sdp\":\"v=0\\r\\n\"}}");
    ck_assert_int_eq(m.kind, CLIENT_RELAY);
    ck_assert_str_eq(m.relay.to, "s-2");
    const char *expected = "{\"type\":\"webrtc_offer\",\"room_code\":\"204813\",\"sdp\":{\"to\":\"x\",\"sdp\":\"v="
                           "0\\r\\n\"},\"to\":\"s-me\"}";
    ck_assert_uint_eq(m.relay.text->bytes, strlen(expected));
    ck_assert(!memcmp(m.relay.text->data, expected, strlen(expected)));
    client_message_free(&m);
    refused("{\"type\":\"webrtc_ice\",\"candidate\":null}", "webrtc_ice: to: expected a text, got nothing");
    char *big = mem_alloc(70000);
    snprintf(big, 70000, "{\"type\":\"webrtc_ice\",\"to\":\"s\",\"candidate\":\"%066000d\"}", 0);
    refused(big, "webrtc_ice: sdp: expected a message of at most 64 KiB, got more");
    free(big);
}
END_TEST

START_TEST(a_type_that_is_none_of_a_clients_is_named) {
    refused("{\"type\":\"job_result\"}", "message: type \"job_result\": no message of a client has it");
    refused("{\"type\":\"\"}", "message: type \"\": no message of a client has it");
    refused("{\"type\":5}", "message: type: expected a text, got 5");
    refused("{\"a\":5}", "message: type: expected a text, got nothing");
    refused("{\"type\":\"session_close\"}", "session_close: session_id: expected a text, got nothing");
    refused("{\"type\":\"client_heartbeat\",\"session_id\":\"s\",\"timestamp\":\"now\"}",
            "client_heartbeat: timestamp: expected a whole number from -9223372036854775808 to 9223372036854775807, "
            "got \"now\"");
}
END_TEST

START_TEST(a_megabyte_is_read_like_anything_else) {
    size_t bytes = 700 * 1024;
    unsigned char *data = mem_alloc(bytes);
    char *text = mem_alloc(base64_size(bytes) + 512);
    memset(data, 0xA5, bytes);
    int head =
        snprintf(text, 512, "%s", "{\"type\":\"audio_chunk\",\"session_id\":\"s-1\",\"is_final\":true,\"payload\":\"");
    base64_encode(data, bytes, text + head);
    memcpy(text + head + base64_size(bytes), "\"}", 3);
    parse(text);
    ck_assert_uint_eq(m.chunk.bytes, bytes);
    ck_assert(!memcmp(m.chunk.data, data, bytes));
    client_message_free(&m);
    memset(text + head - 1, '{', base64_size(bytes));
    refused(text, "message: no JSON of ours: expected a text at byte 68");
    free(data), free(text);
}
END_TEST

/* ---- there and back, by chance --------------------------------------------------------------------------------------- */

static rng r;

/* Text of any characters, also such that have to be escaped. */
static json_t *any_text(void) {
    static const char *const pieces[] = {"a",    "Z9", "\"",       "\\",           "\n",
                                         "\x01", "/",  "\xc3\xa4", "\xe4\xbd\xa0", "\xf0\x9f\x98\x80",
                                         " "};
    char text[64] = "";
    for (int i = (int)(rng_u64(&r) % 8); i > 0; i--)
        strcat(text, pieces[rng_u64(&r) % (sizeof pieces / sizeof *pieces)]);
    return json_string(text);
}

static size_t any_flags(void) {
    static const size_t flags[] = {JSON_COMPACT, JSON_INDENT(3), JSON_ENSURE_ASCII, JSON_ESCAPE_SLASH, JSON_SORT_KEYS};
    size_t first = rng_u64(&r) % 5, second = rng_u64(&r) % 5;
    return flags[first] | flags[second];
}

/* `object` as some writer writes it. */
static char *written(json_t *object) {
    char *text = json_dumps(object, any_flags());
    ck_assert_ptr_nonnull(text);
    return text;
}

static json_t *any_utterance(const unsigned char *data, size_t bytes) {
    char sound[1024];
    base64_encode(data, bytes, sound);
    sound[base64_size(bytes)] = '\0';
    json_t *u = json_pack("{s:s, s:o, s:I, s:b, s:s, s:s, s:s, s:s, s:i, s:o, s:{s:o}}", "type", "utterance",
                          "session_id", any_text(), "utterance_index", (json_int_t)(rng_u64(&r) >> 11), "manual_cut",
                          (int)(rng_u64(&r) & 1), "src_lang", "zh", "tgt_lang", "en", "audio", sound, "audio_format",
                          "pcm16", "sample_rate", 16000, "dialect", any_text(), "features", "x", any_text());
    ck_assert_ptr_nonnull(u);
    return u;
}

static void assert_same(const json_t *a, const json_t *b, const char *member) {
    ck_assert_msg(json_equal(json_object_get(a, member), json_object_get(b, member)), "%s", member);
}

START_TEST(what_a_client_says_is_what_the_node_is_told) {
    rng_init(&r, 1, "utterances", 0);
    for (int i = 0; i < 2000; i++) {
        unsigned char data[512];
        size_t bytes = 1 + rng_u64(&r) % sizeof data;
        for (size_t k = 0; k < bytes; k++) data[k] = (unsigned char)rng_u64(&r);
        json_t *u = any_utterance(data, bytes);
        char *text = written(u);
        parse(text);
        ck_assert_str_eq(m.session_id, json_string_value(json_object_get(u, "session_id")));
        ck_assert(!memcmp(m.utterance.sound->data, data, bytes));
        frame *f = to_node_assign(&(job_assign){
            .job_id = "job",
            .session_id = m.session_id,
            .attempt = 1,
            .utterance = m.utterance.utterance,
            .pair = &m.utterance.pair,
            .sound = m.utterance.sound,
            .cut = m.utterance.manual ? CUT_MANUAL : CUT_CLOSE,
        });
        json_error_t error;
        json_t *assign = json_loadb(f->data, f->bytes, JSON_REJECT_DUPLICATES, &error);
        ck_assert_msg(assign, "%s: %s", error.text, f->data);
        static const char *const same[] = {"session_id",   "utterance_index", "src_lang", "tgt_lang", "audio",
                                           "audio_format", "sample_rate",     "dialect",  "features"};
        for (size_t k = 0; k < sizeof same / sizeof *same; k++) assert_same(u, assign, same[k]);
        ck_assert_int_eq(json_is_true(json_object_get(assign, "is_manual_cut")), m.utterance.manual);
        json_decref(u), json_decref(assign);
        frame_unref(f);
        client_message_free(&m);
        free(text);
    }
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        a_session_speaks_from_its_source_or_from_a_to_b,
        a_session_speaks_opus_unless_it_says_otherwise,
        a_trace_id_is_the_clients_or_the_one_handed_in,
        what_only_a_node_understands_travels_as_it_came,
        what_a_node_is_handed_has_its_type_and_a_bound,
        a_chunk_has_sound_or_ends_the_sentence_or_both,
        an_utterance_has_its_sound_and_how_long_it_lasts,
        an_utterance_without_sound_or_with_another_format_is_refused,
        rooms_are_named_where_there_is_one,
        a_relayed_message_is_the_same_but_for_its_sender,
        a_type_that_is_none_of_a_clients_is_named,
        a_megabyte_is_read_like_anything_else,
        what_a_client_says_is_what_the_node_is_told,
    };
    return SUITE_RUN("wire_client", tests);
}
