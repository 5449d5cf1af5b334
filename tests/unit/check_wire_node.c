/* check_wire_node.c - existing nodes are served as they are: what is made of what they say, and what their answers become. */
#include <check.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/rng.h"
#include "core/wire/base64.h"
#include "core/wire/node_message.h"
#include "core/wire/to_client.h"
#include "tests/support/suite.h"

static node_message m;
static sched_error err;

static void parse(const char *text) {
    sched_status status = node_message_parse(text, strlen(text), &m, &err);
    ck_assert_msg(!status, "%s: %s", err.message, text);
}

static void refused(const char *text, const char *why) {
    ck_assert_msg(node_message_parse(text, strlen(text), &m, &err) == SCHED_EINVAL, "%s", text);
    ck_assert_str_eq(err.message, why);
}

/* ---- registration and heartbeat -------------------------------------------------------------------------------------- */

#define LANGUAGES                                                                                                      \
    "\"language_capabilities\":{\"asr_languages\":[\"zh\",\"EN\",\"zh\"],\"semantic_languages\":[\"zh\"],\"tts_"       \
    "languages\":[\"en\",\"ja\"],"                                                                                     \
    "\"supported_language_pairs\":[{\"src\":\"zh\",\"tgt\":\"en\"}]}"

START_TEST(a_registration_has_its_languages_and_what_is_shown_to_people) {
    char text[LANG_LIST_TEXT_MAX];
    parse("{\"type\":\"node_register\",\"version\":\"2.0.0\",\"platform\":\"windows\",\"hardware\":{\"cpu_cores\":8},"
          "\"installed_services\":[{\"service_id\":\"asr "
          "one\"},{\"service_id\":\"nmt\",\"version\":\"1.2\"},{\"type\":\"tts\"},5,"
          "{\"service_id\":\"tts\",\"version\":\"\"},{\"service_id\":7}]," LANGUAGES "}");
    ck_assert_int_eq(m.kind, NODE_REGISTER);
    ck_assert_str_eq(m.registration.node_id, "");
    ck_assert_str_eq(lang_list_text(text, &m.registration.asr), "en zh");
    ck_assert_str_eq(lang_list_text(text, &m.registration.semantic), "zh");
    ck_assert_str_eq(lang_list_text(text, &m.registration.tts), "en ja");
    ck_assert_str_eq(m.registration.services, "nmt@1.2 tts");
    ck_assert_int_eq(m.registration.slots, 0);
    node_message_free(&m);
    parse("{\"type\":\"node_register\",\"node_id\":\"n-1\",\"max_concurrent_jobs\":9}");
    ck_assert_str_eq(m.node_id, "n-1");
    ck_assert_str_eq(m.registration.node_id, "n-1");
    ck_assert_int_eq(m.registration.slots, 9);
    ck_assert_int_eq(m.registration.asr.count, 0); /* the scheduler says that it needs some */
    node_message_free(&m);
}
END_TEST

START_TEST(services_that_have_no_room_are_not_shown) {
    char text[8192] = "{\"type\":\"node_register\",\"installed_services\":[";
    for (int i = 0; i < 40; i++)
        snprintf(text + strlen(text), 128,
                 "%s{\"service_id\":\"service-number-%02d-with-a-long-name\",\"version\":\"1\"}", i ? "," : "", i);
    strcat(text, "]}");
    parse(text);
    ck_assert_uint_le(strlen(m.registration.services), SERVICES_MAX);
    ck_assert_uint_gt(strlen(m.registration.services), SERVICES_MAX - 64);
    ck_assert(!strncmp(m.registration.services, "service-number-00-with-a-long-name@1 service-number-01", 54));
    node_message_free(&m);
}
END_TEST

START_TEST(languages_that_are_none_are_refused_by_name) {
    refused("{\"type\":\"node_register\",\"language_capabilities\":{\"asr_languages\":[\"auto\"]}}",
            "node_register: language \"auto\": a node and a pair need a real language");
    refused("{\"type\":\"node_register\",\"language_capabilities\":{\"tts_languages\":[5]}}",
            "node_register: tts_languages: expected languages as texts, got [5]");
    refused("{\"type\":\"node_register\",\"language_capabilities\":{\"tts_languages\":\"en\"}}",
            "node_register: tts_languages: expected a list, got \"en\"");
    refused("{\"type\":\"node_register\",\"language_capabilities\":[]}",
            "node_register: language_capabilities: expected an object, got []");
    refused("{\"type\":\"node_register\",\"max_concurrent_jobs\":-1}",
            "node_register: max_concurrent_jobs: expected a whole number from 0 to 1000000, got -1");
    char text[4096] = "{\"type\":\"node_register\",\"language_capabilities\":{\"asr_languages\":[\"zz\"";
    for (int i = 0; i < LANGS_MAX; i++) snprintf(text + strlen(text), 16, ",\"l%02d\"", i);
    strcat(text, "]}}");
    refused(text, "node_register: language \"l63\": the list holds its 64 languages already");
}
END_TEST

START_TEST(a_heartbeat_has_the_load) {
    parse("{\"type\":\"node_heartbeat\",\"node_id\":\"n-1\",\"timestamp\":1,\"resource_usage\":{\"cpu_percent\":31.5,"
          "\"gpu_percent\":62,\"gpu_mem_percent\":99,\"mem_percent\":4e1,\"running_jobs\":2},\"installed_services\":[],"
          "\"capability_by_type\":[],\"rerun_metrics\":{\"totalReruns\":0}}");
    ck_assert(m.load.cpu == 31.5 && m.load.gpu == 62 && m.load.mem == 40);
    ck_assert_int_eq(m.load.running_jobs, 2);
    ck_assert(!m.load.unready);
    node_message_free(&m);
    parse("{\"type\":\"node_heartbeat\",\"resource_usage\":{\"gpu_percent\":null,\"running_jobs\":-1e300}}");
    ck_assert(m.load.cpu == 0 && m.load.gpu == 0 && m.load.running_jobs == 0);
    node_message_free(&m);
    parse("{\"type\":\"node_heartbeat\",\"resource_usage\":{\"running_jobs\":1e300}}");
    ck_assert_int_eq(m.load.running_jobs, SLOTS_MAX);
    node_message_free(&m);
    parse("{\"type\":\"node_heartbeat\"}");
    ck_assert(m.load.cpu == 0 && !m.load.unready);
    node_message_free(&m);
    refused("{\"type\":\"node_heartbeat\",\"resource_usage\":{\"cpu_percent\":\"all\"}}",
            "node_heartbeat: cpu_percent: expected a number, got \"all\"");
}
END_TEST

static void assert_unready(bool unready, const char *services, const char *capabilities) {
    char text[1024];
    snprintf(text, sizeof text, "{\"type\":\"node_heartbeat\",\"installed_services\":%s,\"capability_by_type\":%s}",
             services, capabilities);
    parse(text);
    ck_assert_msg(m.load.unready == unready, "%s", text);
    node_message_free(&m);
}

START_TEST(a_node_is_unready_when_it_lists_services_of_which_none_runs) {
    assert_unready(false, "null", "null");
    assert_unready(false, "[]", "[]");
    assert_unready(false, "[{\"type\":\"tone\",\"status\":\"stopped\"}]", "[]");
    assert_unready(false, "[{\"type\":\"asr\",\"status\":\"running\"},{\"type\":\"tts\",\"status\":\"error\"}]", "[]");
    assert_unready(true, "[{\"type\":\"asr\",\"status\":\"stopped\"},{\"type\":\"tts\",\"status\":\"error\"}]", "[]");
    assert_unready(true, "null", "[{\"type\":\"asr\",\"ready\":false},{\"type\":\"nmt\",\"ready\":false}]");
    assert_unready(false, "null", "[{\"type\":\"asr\",\"ready\":false},{\"type\":\"nmt\",\"ready\":true}]");
    assert_unready(false, "[{\"type\":\"asr\",\"status\":\"stopped\"}]", "[{\"type\":\"asr\",\"ready\":true}]");
    assert_unready(true, "[{\"type\":\"asr\",\"status\":\"stopped\"}]", "[{\"type\":\"semantic\",\"ready\":true}]");
}
END_TEST

/* ---- results -------------------------------------------------------------------------------------------------------- */

/* A job_result with these further members. */
static void parse_result(const char *members) {
    char text[8192];
    snprintf(text, sizeof text, "{\"type\":\"job_result\",\"job_id\":\"j-1\",\"attempt_id\":2,\"node_id\":\"n\",%s}",
             members);
    parse(text);
    ck_assert_int_eq(m.kind, NODE_JOB_RESULT);
    ck_assert_str_eq(m.result.job_id, "j-1");
    ck_assert_int_eq(m.result.attempt, 2);
    ck_assert_ptr_eq(m.result.content, m.content);
}

static void assert_content(const char *expected) {
    ck_assert_msg(m.content->bytes == strlen(expected) && !memcmp(m.content->data, expected, m.content->bytes), "%.*s",
                  (int)m.content->bytes, m.content->data);
}

START_TEST(a_result_is_copied_as_the_node_wrote_it) {
    parse_result("\"success\":true,\"quality_score\":0.1,\"text_asr\":\"\\u4f60\",\"tts_audio\":\"QUJD\",\"reason_"
                 "codes\":[\"A\", \"B\"],"
                 "\"extra\":{\"x\": "
                 "1.0},\"part_index\":3,\"processing_time_ms\":12,\"segments_meta\":{\"count\":1},\"unknown\":{}");
    ck_assert_int_eq(m.result.outcome, OUTCOME_OK);
    ck_assert_str_eq(m.result.code, "");
    assert_content(
        "\"text_asr\":\"\\u4f60\",\"text_translated\":\"\",\"tts_audio\":\"QUJD\",\"tts_format\":\"pcm16\",\"extra\":{"
        "\"x\": 1.0},"
        "\"part_index\":3,\"service_timings\":{\"total_ms\":12},\"reason_codes\":[\"A\", \"B\"],\"quality_score\":0.1,"
        "\"segments_meta\":{\"count\":1}");
    node_message_free(&m);
}
END_TEST

static void assert_outcome(job_outcome outcome, const char *members) {
    parse_result(members);
    ck_assert_msg(m.result.outcome == outcome, "%s: %s", members, job_outcome_name(m.result.outcome));
    node_message_free(&m);
}

START_TEST(no_text_is_said_in_three_ways) {
    assert_outcome(OUTCOME_NO_TEXT, "\"success\":true");
    assert_outcome(OUTCOME_NO_TEXT, "\"success\":true,\"text_asr\":\"\",\"text_translated\":\"\",\"tts_audio\":\"\"");
    assert_outcome(OUTCOME_NO_TEXT, "\"success\":true,\"extra\":{\"reason\":\"NO_TEXT_ASSIGNED\"}");
    assert_outcome(OUTCOME_NO_TEXT, "\"success\":true,\"text_asr\":\"x\",\"extra\":{\"reason\":\"ASR_EMPTY\"}");
    assert_outcome(OUTCOME_NO_TEXT, "\"success\":false,\"extra\":{\"reason\":\"ASR_EMPTY\"}");
    assert_outcome(OUTCOME_OK, "\"success\":true,\"text_asr\":\"x\"");
    assert_outcome(OUTCOME_OK, "\"success\":true,\"text_translated\":\"x\"");
    assert_outcome(OUTCOME_OK, "\"success\":true,\"tts_audio\":\"QUJD\"");
    assert_outcome(OUTCOME_OK, "\"success\":true,\"text_asr\":\"x\",\"extra\":{\"reason\":\"other\"}");
    assert_outcome(OUTCOME_FAILED, "\"success\":false");
    assert_outcome(OUTCOME_FAILED, "\"success\":false,\"text_asr\":\"x\"");
    assert_outcome(OUTCOME_FAILED, "\"success\":true,\"text_asr\":\"x\",\"error\":{\"code\":\"NMT_TIMEOUT\"}");
}
END_TEST

static void assert_failure(const char *error, const char *code, const char *service, const char *content) {
    char members[4096];
    snprintf(members, sizeof members, "\"success\":false,\"error\":%s", error);
    parse_result(members);
    ck_assert_int_eq(m.result.outcome, OUTCOME_FAILED);
    ck_assert_str_eq(m.result.code, code);
    ck_assert_str_eq(m.result.service ? m.result.service : "", service);
    assert_content(content);
    node_message_free(&m);
}

START_TEST(failures_mean_what_existing_nodes_mean_by_them) {
    assert_failure("{\"code\":\"NMT_TIMEOUT\",\"message\":\"slow\"}", "NMT_TIMEOUT", "", "\"message\":\"slow\"");
    assert_failure("{\"code\":\"PROCESSING_ERROR\",\"message\":\"DUPLICATE_JOB_ID: j-1\"}", "DUPLICATE_JOB_ID", "",
                   "\"message\":\"DUPLICATE_JOB_ID: j-1\"");
    assert_failure("{\"code\":\"PROCESSING_ERROR\",\"message\":\"DUPLICATE_UTTERANCE_INDEX\"}",
                   "DUPLICATE_UTTERANCE_INDEX", "", "\"message\":\"DUPLICATE_UTTERANCE_INDEX\"");
    assert_failure("{\"code\":\"PROCESSING_ERROR\",\"message\":\"no DUPLICATE_JOB_ID\"}", "PROCESSING_ERROR", "",
                   "\"message\":\"no DUPLICATE_JOB_ID\"");
    assert_failure("{\"code\":\"NMT_TIMEOUT\",\"message\":\"DUPLICATE_JOB_ID\"}", "NMT_TIMEOUT", "",
                   "\"message\":\"DUPLICATE_JOB_ID\"");
    assert_failure("{\"message\":\"x\"}", "PROCESSING_ERROR", "", "\"message\":\"x\"");
    assert_failure("{\"code\":\"a code\\n\"}", "PROCESSING_ERROR", "", "\"message\":\"\"");
    assert_failure("{\"code\":\"A1234567890123456789012345678901234567890123456789\"}", "PROCESSING_ERROR", "",
                   "\"message\":\"\"");
    assert_failure("null", "PROCESSING_ERROR", "", "\"message\":\"\"");
}
END_TEST

START_TEST(a_missing_model_is_named_with_its_version) {
    assert_failure("{\"code\":\"MODEL_NOT_AVAILABLE\",\"details\":{\"service_id\":\"piper\",\"service_version\":\"1."
                   "2\"}}",
                   "MODEL_NOT_AVAILABLE", "piper@1.2",
                   "\"message\":\"\",\"details\":{\"service_id\":\"piper\",\"service_version\":\"1.2\"}");
    assert_failure("{\"code\":\"MODEL_NOT_AVAILABLE\",\"details\":{\"model_id\":\"m2m\",\"version\":\"3\"}}",
                   "MODEL_NOT_AVAILABLE", "m2m@3",
                   "\"message\":\"\",\"details\":{\"model_id\":\"m2m\",\"version\":\"3\"}");
    assert_failure("{\"code\":\"MODEL_NOT_AVAILABLE\",\"details\":{\"model_id\":\"m2m\"}}", "MODEL_NOT_AVAILABLE",
                   "m2m", "\"message\":\"\",\"details\":{\"model_id\":\"m2m\"}");
    assert_failure("{\"code\":\"MODEL_NOT_AVAILABLE\",\"details\":\"gone\"}", "MODEL_NOT_AVAILABLE", "",
                   "\"message\":\"\",\"details\":\"gone\"");
    assert_failure("{\"code\":\"MODEL_NOT_AVAILABLE\"}", "MODEL_NOT_AVAILABLE", "", "\"message\":\"\"");
}
END_TEST

START_TEST(what_is_passed_on_of_a_failure_is_bounded) {
    char members[8192];
    snprintf(members, sizeof members,
             "\"success\":false,\"error\":{\"code\":\"X\",\"message\":\"%0600d\",\"details\":\"%05000d\"}", 0, 0);
    parse_result(members);
    ck_assert_uint_eq(m.content->bytes, strlen("\"message\":\"\"") + 512);
    node_message_free(&m);
}
END_TEST

START_TEST(results_of_other_types_are_refused) {
    refused("{\"type\":\"job_result\",\"job_id\":\"j\",\"attempt_id\":1}",
            "job_result: success: expected true or false, got nothing");
    refused("{\"type\":\"job_result\",\"job_id\":\"j\",\"attempt_id\":1,\"success\":true,\"tts_audio\":\"no base64\"}",
            "job_result: tts_audio: expected base64, got what is none");
    refused("{\"type\":\"job_result\",\"job_id\":\"j\",\"attempt_id\":1,\"success\":true,\"text_asr\":5}",
            "job_result: text_asr: expected a text, got 5");
    refused("{\"type\":\"job_result\",\"job_id\":\"j\",\"attempt_id\":1,\"success\":true,\"extra\":[]}",
            "job_result: extra: expected an object, got []");
    refused("{\"type\":\"job_result\",\"job_id\":\"j\",\"attempt_id\":4294967296,\"success\":true}",
            "job_result: attempt_id: expected a whole number from 0 to 4294967295, got 4294967296");
    refused("{\"type\":\"job_result\",\"job_id\":\"j\",\"attempt_id\":1,\"success\":false,\"error\":\"x\"}",
            "job_result: error: expected an object, got \"x\"");
    refused("{\"type\":\"utterance\"}", "message: type \"utterance\": no message of a node has it");
}
END_TEST

START_TEST(the_other_messages_have_what_is_needed) {
    parse("{\"type\":\"job_started\",\"job_id\":\"j\",\"attempt_id\":3}");
    ck_assert_int_eq(m.kind, NODE_JOB_STARTED);
    ck_assert_int_eq(m.job.attempt, 3);
    node_message_free(&m);
    parse("{\"type\":\"asr_partial\",\"job_id\":\"j\",\"text\":\"a\\\"b\",\"is_final\":true,\"trace_id\":\"t\"}");
    ck_assert_ptr_eq(m.partial.content, m.content);
    assert_content("\"text\":\"a\\\"b\",\"is_final\":true");
    node_message_free(&m);
    parse("{\"type\":\"node_error\",\"code\":\"GPU_LOST\"}");
    ck_assert_str_eq(m.error.code, "GPU_LOST");
    ck_assert_str_eq(m.error.message, "");
    node_message_free(&m);
    refused("{\"type\":\"asr_partial\",\"job_id\":\"j\",\"text\":\"x\"}",
            "asr_partial: is_final: expected true or false, got nothing");
    refused("{\"type\":\"job_ack\",\"job_id\":\"j\"}",
            "job_ack: attempt_id: expected a whole number from 0 to 4294967295, got nothing");
}
END_TEST

/* ---- what the client is told ---------------------------------------------------------------------------------------- */

static const lang_pair pair = {"zh", "en"};

static json_t *told(job_outcome outcome, const char *code, payload *content) {
    job_answer answer = {.request_id = "r",
                         .session_id = "s",
                         .job_id = "j",
                         .utterance = 1,
                         .pair = &pair,
                         .outcome = outcome,
                         .code = code,
                         .content = content};
    frame *f = to_client_answer(&answer, "t", 5);
    json_error_t error;
    json_t *object = json_loadb(f->data, f->bytes, JSON_REJECT_DUPLICATES, &error);
    ck_assert_msg(object, "%s: %s", error.text, f->data);
    frame_unref(f);
    return object;
}

static void assert_error(json_t *object, const char *code, const char *message) {
    ck_assert_str_eq(json_string_value(json_object_get(object, "type")), "error");
    ck_assert_str_eq(json_string_value(json_object_get(object, "code")), code);
    ck_assert_str_eq(json_string_value(json_object_get(object, "message")), message);
    json_decref(object);
}

START_TEST(a_failure_is_told_in_the_nodes_words_and_any_other_end_in_ours) {
    parse_result(
        "\"success\":false,\"error\":{\"code\":\"GPU_LOST\",\"message\":\"no \\\"gpu\\\"\",\"details\":{\"a\":1}}");
    json_t *object = told(OUTCOME_FAILED, "GPU_LOST", m.content);
    ck_assert_int_eq(json_integer_value(json_object_get(json_object_get(object, "details"), "a")), 1);
    assert_error(object, "GPU_LOST", "no \"gpu\"");
    node_message_free(&m);
    assert_error(told(OUTCOME_TIMED_OUT, "", NULL), "JOB_TIMEOUT", "no node answered in time");
    assert_error(told(OUTCOME_CANCELLED, "user", NULL), "user", "the utterance was not translated");
    assert_error(told(OUTCOME_FAILED, "", NULL), "INTERNAL_ERROR", "the scheduler has failed; its log says more");
    parse_result("\"success\":true,\"text_asr\":\"it came, but too late\"");
    object = told(OUTCOME_CANCELLED, "user", m.content);
    ck_assert_ptr_null(json_object_get(object, "text_asr"));
    json_decref(object);
    node_message_free(&m);
}
END_TEST

START_TEST(a_success_without_content_is_a_result_without_text) {
    json_t *object = told(OUTCOME_OK, "", NULL);
    ck_assert_str_eq(json_string_value(json_object_get(object, "type")), "translation_result");
    ck_assert_str_eq(json_string_value(json_object_get(object, "text_asr")), "");
    ck_assert_str_eq(json_string_value(json_object_get(object, "tts_format")), "pcm16");
    json_decref(object);
}
END_TEST

/* ---- there and back, by chance --------------------------------------------------------------------------------------- */

static rng r;

static json_t *any_value(int depth) {
    static const char *const texts[] = {"", "a", "\"\\\n", "\xc3\xa4\xf0\x9f\x98\x80", "\x01"};
    uint64_t kind = rng_u64(&r) % (depth > 3 ? 5 : 7);
    json_t *many = kind == 5 ? json_array() : kind == 6 ? json_object() : NULL;
    for (uint64_t i = rng_u64(&r) % 4; many && i > 0; i--) {
        char key[8];
        snprintf(key, sizeof key, "k%d", (int)i);
        if (kind == 5)
            json_array_append_new(many, any_value(depth + 1));
        else
            json_object_set_new(many, key, any_value(depth + 1));
    }
    switch (kind) {
    case 0: return json_integer((json_int_t)rng_u64(&r));
    case 1: return json_real((double)(rng_u64(&r) % 1000000) / 64);
    case 2: return json_boolean(rng_u64(&r) & 1);
    case 3: return json_null();
    case 4: return json_string(texts[rng_u64(&r) % 5]);
    default: return many;
    }
}

START_TEST(what_a_node_found_is_what_the_client_is_told) {
    static const char *const same[] = {"text_asr", "text_translated", "tts_audio",     "tts_format",  "extra",
                                       "group_id", "reason_codes",    "quality_score", "rerun_count", "segments_meta"};
    static const size_t flags[] = {JSON_COMPACT, JSON_INDENT(2), JSON_ENSURE_ASCII, JSON_ESCAPE_SLASH};
    rng_init(&r, 1, "results", 0);
    for (int i = 0; i < 2000; i++) {
        unsigned char sound[300];
        char base64[401];
        size_t bytes = 1 + rng_u64(&r) % sizeof sound;
        for (size_t k = 0; k < bytes; k++) sound[k] = (unsigned char)rng_u64(&r);
        base64_encode(sound, bytes, base64);
        base64[base64_size(bytes)] = '\0';
        json_t *extra = json_object(), *result;
        json_object_set_new(extra, "any", any_value(0));
        result = json_pack("{s:s, s:s, s:i, s:b, s:s, s:s, s:s, s:s, s:o, s:s, s:[s], s:f, s:i, s:{s:o}}", "type",
                           "job_result", "job_id", "j", "attempt_id", 1, "success", 1, "text_asr", "\xc3\xa4/\"",
                           "text_translated", "b\n", "tts_audio", base64, "tts_format", "opus", "extra", extra,
                           "group_id", "g", "reason_codes", "R", "quality_score", (double)(rng_u64(&r) % 1024) / 1024,
                           "rerun_count", (int)(rng_u64(&r) % 9), "segments_meta", "m", any_value(1));
        char *text = json_dumps(result, flags[rng_u64(&r) % 4]);
        parse(text);
        json_t *object = told(m.result.outcome, "", m.content);
        for (size_t k = 0; k < sizeof same / sizeof *same; k++)
            ck_assert_msg(json_equal(json_object_get(result, same[k]), json_object_get(object, same[k])), "%s of %s",
                          same[k], text);
        json_decref(result), json_decref(object);
        node_message_free(&m);
        free(text);
    }
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        a_registration_has_its_languages_and_what_is_shown_to_people,
        services_that_have_no_room_are_not_shown,
        languages_that_are_none_are_refused_by_name,
        a_heartbeat_has_the_load,
        a_node_is_unready_when_it_lists_services_of_which_none_runs,
        a_result_is_copied_as_the_node_wrote_it,
        no_text_is_said_in_three_ways,
        failures_mean_what_existing_nodes_mean_by_them,
        a_missing_model_is_named_with_its_version,
        what_is_passed_on_of_a_failure_is_bounded,
        results_of_other_types_are_refused,
        the_other_messages_have_what_is_needed,
        a_failure_is_told_in_the_nodes_words_and_any_other_end_in_ours,
        a_success_without_content_is_a_result_without_text,
        what_a_node_found_is_what_the_client_is_told,
    };
    return SUITE_RUN("wire_node", tests);
}
