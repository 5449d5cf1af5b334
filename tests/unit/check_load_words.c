/* check_load_words.c - what a load says is read by the daemon's own codec, and what that writes is read by the load; pauses that make a
 * scenario as fast as is asked for. */
#include <stdio.h>
#include <string.h>

#include "bench/load/speech_rate.h"
#include "bench/load/words.h"
#include "core/wire/client_message.h"
#include "core/wire/node_message.h"
#include "core/wire/to_client.h"
#include "core/wire/to_node.h"
#include "tests/support/suite.h"

enum { RESULT = 1000 };

static const session_group alone;
static const outside_speaker somebody = {.id = "talkers-7",
                                         .pair = {"de", "en"},
                                         .format = SOUND_OPUS,
                                         .group = &alone};
static const words_job job = {.job = "job-1", .session = "s-1", .trace = "s5.talkers-7.3", .utterance = 3};

static client_message client(words_text text) {
    client_message m;
    sched_error err = {0};
    ck_assert_msg(!client_message_parse(text.text, text.bytes, "s-1", NULL, &m, &err), "%s: %.*s", err.message,
                  (int)text.bytes, text.text);
    return m;
}

static node_message node(words_text text) {
    node_message m;
    sched_error err = {0};
    ck_assert_msg(!node_message_parse(text.text, text.bytes, &m, &err), "%s: %.*s", err.message, (int)text.bytes,
                  text.text);
    return m;
}

static message said(message_kind kind) {
    message m = {.kind = kind, .utterance = 3, .speech = 341000, .pair = {"de", "en"}, .attempt = 2};
    snprintf(m.job, sizeof m.job, "job-1");
    return m;
}

/* ---- clients ----------------------------------------------------------------------------------------------------------- */

START_TEST(a_session_is_opened_as_the_scenario_wants_it) {
    words *w = words_new(1, RESULT);
    client_message m = client(words_open(w, &somebody));
    ck_assert_int_eq(m.kind, CLIENT_SESSION_INIT);
    ck_assert_str_eq(m.init.pair.src, "de");
    ck_assert_str_eq(m.init.pair.tgt, "en");
    ck_assert(!m.init.two_way && m.init.format == SOUND_OPUS && m.init.sample_rate == SAMPLE_RATE_DEFAULT);
    client_message_free(&m);
    outside_speaker two = somebody;
    two.two_way = true;
    m = client(words_open(w, &two));
    ck_assert(m.init.two_way);
    client_message_free(&m);
    words_free(w);
}
END_TEST

/* Every remainder of three, and more than was ever asked for before. */
START_TEST(an_utterance_carries_as_many_bytes_as_it_says) {
    words *w = words_new(0xabc, RESULT);
    static const int64_t sizes[] = {1, 2, 3, 4, 1024, 15 * 1024, 7, 100000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        message asked = said(MSG_REQUEST);
        asked.cut = CUT_MANUAL;
        client_message m = client(words_request(w, &somebody, "s-1", &asked, sizes[i]));
        ck_assert_int_eq(m.kind, CLIENT_UTTERANCE);
        ck_assert_str_eq(m.session_id, "s-1");
        ck_assert_uint_eq(m.utterance.utterance, 3);
        ck_assert(m.utterance.manual);
        ck_assert_str_eq(m.utterance.request_id, "talkers-7:3:00000abc");
        ck_assert_uint_eq(m.utterance.sound->bytes, (size_t)sizes[i]);
        client_message_free(&m);
    }
    words_free(w);
}
END_TEST

START_TEST(chunks_rooms_heartbeats_and_the_end_are_understood) {
    words *w = words_new(1, RESULT);
    message chunk = said(MSG_CHUNK);
    chunk.value = 600;
    client_message m = client(words_chunk(w, "s-1", &chunk));
    ck_assert(m.kind == CLIENT_AUDIO_CHUNK && m.chunk.bytes == 600 && !m.chunk.is_final);
    client_message_free(&m);
    chunk.value = 0;
    chunk.is_final = true;
    m = client(words_chunk(w, "s-1", &chunk));
    ck_assert(m.chunk.bytes == 0 && m.chunk.is_final);
    client_message_free(&m);
    m = client(words_client_heartbeat(w, "s-1", 5));
    ck_assert_int_eq(m.kind, CLIENT_HEARTBEAT);
    client_message_free(&m);
    m = client(words_room_create(w, &somebody, 5));
    ck_assert_int_eq(m.kind, CLIENT_ROOM_CREATE);
    ck_assert_str_eq(m.room.lang, "de");
    client_message_free(&m);
    m = client(words_room_join(w, &somebody, "123456"));
    ck_assert_str_eq(m.room.code, "123456");
    client_message_free(&m);
    m = client(words_close(w, "s-1"));
    ck_assert_int_eq(m.kind, CLIENT_SESSION_CLOSE);
    client_message_free(&m);
    words_free(w);
}
END_TEST

/* ---- nodes ------------------------------------------------------------------------------------------------------------- */

START_TEST(a_node_registers_with_its_languages_slots_and_services) {
    words *w = words_new(1, RESULT);
    node_registration who = {.node_id = "gpu-1", .slots = 3, .services = "whisper@2 nmt"};
    lang_list_add(&who.asr, "de", NULL);
    lang_list_add(&who.asr, "en", NULL);
    lang_list_add(&who.tts, "en", NULL);
    who.semantic = who.asr;
    node_message m = node(words_register(w, &who));
    ck_assert_int_eq(m.kind, NODE_REGISTER);
    ck_assert_str_eq(m.registration.node_id, "gpu-1");
    ck_assert_int_eq(m.registration.slots, 3);
    ck_assert_str_eq(m.registration.services, "whisper@2 nmt");
    ck_assert_int_eq(m.registration.asr.count, 2);
    ck_assert_int_eq(m.registration.semantic.count, 2);
    ck_assert_int_eq(m.registration.tts.count, 1);
    node_message_free(&m);
    words_free(w);
}
END_TEST

START_TEST(a_heartbeat_tells_the_load_and_whether_the_node_is_ready) {
    words *w = words_new(1, RESULT);
    const node_registration bare = {.node_id = "gpu-1"}, served = {.node_id = "gpu-1", .services = "whisper@2"};
    const node_registration *const who[] = {&bare, &served};
    for (int unready = 0; unready < 2; unready++)
        for (int i = 0; i < 2; i++) {
            message beat = said(MSG_HEARTBEAT);
            beat.value = 5;
            beat.usage[0] = 12.5;
            beat.unready = unready;
            node_message m = node(words_heartbeat(w, "gpu-1", who[i], &beat, 1));
            ck_assert_int_eq(m.kind, NODE_HEARTBEAT);
            ck_assert_int_eq(m.load.running_jobs, 5);
            ck_assert_double_eq_tol(m.load.cpu, 12.5, 0.01);
            ck_assert_int_eq(m.load.unready, unready);
            node_message_free(&m);
        }
    words_free(w);
}
END_TEST

START_TEST(a_result_says_whether_it_is_one_none_or_a_failure) {
    words *w = words_new(1, RESULT);
    message end = said(MSG_RESULT);
    end.outcome = OUTCOME_OK;
    node_message m = node(words_result(w, "gpu-1", &job, &end, 1));
    ck_assert_int_eq(m.kind, NODE_JOB_RESULT);
    ck_assert_str_eq(m.result.job_id, "job-1");
    ck_assert_int_eq(m.result.attempt, 2);
    ck_assert_int_eq(m.result.outcome, OUTCOME_OK);
    ck_assert_uint_gt(m.content->bytes, RESULT / 3 * 4);
    node_message_free(&m);
    end.outcome = OUTCOME_NO_TEXT;
    m = node(words_result(w, "gpu-1", &job, &end, 1));
    ck_assert_int_eq(m.result.outcome, OUTCOME_NO_TEXT);
    node_message_free(&m);
    end.outcome = OUTCOME_FAILED;
    end.service = "whisper@2";
    snprintf(end.code, sizeof end.code, "MODEL_NOT_AVAILABLE");
    m = node(words_result(w, "gpu-1", &job, &end, 1));
    ck_assert_int_eq(m.result.outcome, OUTCOME_FAILED);
    ck_assert_str_eq(m.result.code, "MODEL_NOT_AVAILABLE");
    ck_assert_str_eq(m.result.service, "whisper@2");
    node_message_free(&m);
    words_free(w);
}
END_TEST

START_TEST(acknowledgements_starts_and_drains_are_understood) {
    words *w = words_new(1, RESULT);
    message ack = said(MSG_ACK), started = said(MSG_STARTED);
    node_message m = node(words_about_job(w, "gpu-1", &job, &ack));
    ck_assert(m.kind == NODE_JOB_ACK && m.job.attempt == 2);
    node_message_free(&m);
    m = node(words_about_job(w, "gpu-1", &job, &started));
    ck_assert_int_eq(m.kind, NODE_JOB_STARTED);
    node_message_free(&m);
    m = node(words_drain(w, "gpu-1"));
    ck_assert_int_eq(m.kind, NODE_DRAIN);
    node_message_free(&m);
    words_free(w);
}
END_TEST

/* ---- what is heard ----------------------------------------------------------------------------------------------------- */

static const lang_pair pair = {"de", "en"};

START_TEST(the_length_of_a_speech_comes_back_with_the_job_whatever_it_weighs) {
    words *w = words_new(1, RESULT);
    message asked = said(MSG_REQUEST);
    client_message m = client(words_request(w, &somebody, "s-1", &asked, 90));
    job_assign assign = {.job_id = "job-1",
                         .session_id = "s-1",
                         .attempt = 2,
                         .utterance = 3,
                         .pair = &pair,
                         .sound = m.utterance.sound,
                         .cut = CUT_MANUAL};
    frame *f = to_node_assign(&assign);
    heard h;
    ck_assert(words_hear(f->data, f->bytes, &h));
    ck_assert(json_span_is(h.type, "job_assign") && json_span_is(h.job, "job-1") && json_span_is(h.session, "s-1"));
    ck_assert_int_eq(json_span_number(h.attempt), 2);
    ck_assert_int_eq(json_span_number(h.utterance), 3);
    ck_assert_uint_eq(h.audio.bytes, 120);
    ck_assert_int_eq(words_speech(&h), 341000);
    h.trace = (json_span){"c.talkers-7", 11}; /* cut by the server: 90 bytes of Opus at 3,000 per second */
    ck_assert_int_eq(words_speech(&h), 30000);
    frame_unref(f);
    client_message_free(&m);
    words_free(w);
}
END_TEST

static heard hear(frame *f) {
    heard h;
    ck_assert(words_hear(f->data, f->bytes, &h));
    return h;
}

START_TEST(answers_are_told_apart) {
    job_answer answer = {.request_id = "r", .session_id = "s-1", .job_id = "job-1", .utterance = 3, .pair = &pair};
    answer.outcome = OUTCOME_FAILED;
    answer.code = "JOB_TIMEOUT";
    frame *f = to_client_answer(&answer, "t", 1);
    heard h = hear(f);
    ck_assert(json_span_is(h.type, "error") && json_span_is(h.code, "JOB_TIMEOUT"));
    ck_assert_int_eq(json_span_number(h.utterance), 3);
    frame_unref(f);
    answer.outcome = OUTCOME_OK;
    answer.code = "";
    f = to_client_answer(&answer, "t", 1);
    h = hear(f);
    ck_assert(json_span_is(h.type, "translation_result") && json_span_is(h.session, "s-1"));
    frame_unref(f);
    answer.outcome = OUTCOME_NO_TEXT;
    f = to_client_answer(&answer, "t", 1);
    h = hear(f);
    ck_assert(json_span_is(h.type, "missing_result") && json_span_is(h.reason, "silence_detected"));
    frame_unref(f);
    f = to_client_error("INVALID_MESSAGE", "no");
    h = hear(f);
    ck_assert(json_span_is(h.type, "error") && !h.utterance.text);
    frame_unref(f);
    const job_known known = {"r", "s-1", "job-1", 3, &pair, "FINISHED", OUTCOME_OK};
    f = to_client_known(&known);
    h = hear(f);
    ck_assert(json_span_is(h.type, "job_known") && json_span_is(h.outcome, "ok"));
    frame_unref(f);
}
END_TEST

/* ---- rate -------------------------------------------------------------------------------------------------------------- */

static scenario *of_text(const char *text) {
    scenario *sc = NULL;
    sched_error err = {0};
    ck_assert_msg(!scenario_parse("test.yaml", text, strlen(text), &sc, &err), "%s", err.message);
    return sc;
}

static const char two_groups[] = "languages: {count: 2}\n"
                                 "nodes: [{name: n, count: 1, languages: 2}]\n"
                                 "sessions:\n"
                                 "  - {name: a, concurrent: 100, length: 1h, talk: {utterance: 1s, pause: 1s}}\n"
                                 "  - name: b\n"
                                 "    concurrent: 10\n"
                                 "    length: 1h\n"
                                 "    talk: {utterance: 500ms, pause: {dist: exponential, mean: 500ms}}\n";

START_TEST(sessions_speak_once_in_an_utterance_and_a_pause) {
    scenario *sc = of_text(two_groups);
    ck_assert_double_eq_tol(speech_rate_of(sc), 100 / 2.0 + 10 / 1.0, 0.1);
    scenario_free(sc);
}
END_TEST

START_TEST(pauses_are_stretched_by_one_factor_until_the_rate_is_right) {
    static const double rates[] = {1, 25, 60, 100, 119};
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        scenario *sc = of_text(two_groups);
        sched_error err = {0};
        ck_assert_msg(!speech_rate_set(sc, rates[i], &err), "%s", err.message);
        ck_assert_double_eq_tol(speech_rate_of(sc), rates[i], 0.005 * rates[i]);
        double a = sc->session_groups[0].talk.pause.mean, b = sc->session_groups[1].talk.pause.mean;
        ck_assert_double_eq_tol(a / b, 2, 1e-6);
        scenario_free(sc);
    }
}
END_TEST

START_TEST(more_than_a_session_can_say_is_refused_with_what_it_can) {
    scenario *sc = of_text(two_groups);
    sched_error err;
    ck_assert_int_eq(speech_rate_set(sc, 121, &err), SCHED_EINVAL);
    ck_assert_msg(strstr(err.message, "at most 120.0 times"), "%s", err.message);
    scenario_free(sc);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        a_session_is_opened_as_the_scenario_wants_it,
        an_utterance_carries_as_many_bytes_as_it_says,
        chunks_rooms_heartbeats_and_the_end_are_understood,
        a_node_registers_with_its_languages_slots_and_services,
        a_heartbeat_tells_the_load_and_whether_the_node_is_ready,
        a_result_says_whether_it_is_one_none_or_a_failure,
        acknowledgements_starts_and_drains_are_understood,
        the_length_of_a_speech_comes_back_with_the_job_whatever_it_weighs,
        answers_are_told_apart,
        sessions_speak_once_in_an_utterance_and_a_pause,
        pauses_are_stretched_by_one_factor_until_the_rate_is_right,
        more_than_a_session_can_say_is_refused_with_what_it_can,
    };
    return SUITE_RUN("load_words", tests);
}
