/* check_wire_protocol.c - docs/PROTOCOL.md cannot lie: each of its examples is read, or is what we write, and none is missing. */
#include <check.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/wire/client_message.h"
#include "core/wire/node_message.h"
#include "core/wire/to_client.h"
#include "core/wire/to_node.h"
#include "tests/support/suite.h"

enum { EXAMPLES_MAX = 128 };

#define SESSION_ID "s-1A2B3C4D"
#define JOB_ID     "job-9f86d081884c7d65"

static const int64_t now_msec = 1764351641200;
static const char *const client_types[] = {
    "session_init",
    "audio_chunk",
    "utterance",
    "client_heartbeat",
    "tts_started",
    "tts_play_ended",
    "session_close",
    "room_create",
    "room_join",
    "room_leave",
    "room_raw_voice_preference",
    "webrtc_offer",
    "webrtc_answer",
    "webrtc_ice",
};

typedef struct example {
    char who[16];
    char *text;
    json_t *json;
} example;

static example examples[EXAMPLES_MAX];
static int example_count;

static char *whole_file(const char *path) {
    FILE *file = fopen(path, "rb");
    ck_assert_msg(file, "%s: tests run in the root of the tree", path);
    char *text = mem_alloc(1024 * 1024);
    text[fread(text, 1, 1024 * 1024 - 1, file)] = '\0';
    fclose(file);
    return text;
}

static void read_examples(void) {
    static const char fence[] = "\n```json ";
    char *text = whole_file("docs/PROTOCOL.md");
    json_error_t error;
    for (char *at = strstr(text, fence); at; at = strstr(at, fence)) {
        ck_assert_int_lt(example_count, EXAMPLES_MAX);
        example *x = &examples[example_count++];
        at += strlen(fence);
        char *body = strchr(at, '\n') + 1, *end = strstr(body, "\n```");
        snprintf(x->who, sizeof x->who, "%.*s", (int)(body - 1 - at), at);
        x->text = strndup(body, (size_t)(end - body));
        x->json = json_loads(x->text, JSON_REJECT_DUPLICATES, &error);
        ck_assert_msg(x->json, "%s\n%s", error.text, x->text);
        at = end;
    }
    free(text);
    ck_assert_int_gt(example_count, 30);
}

static const char *type_of(const example *x) {
    return json_string_value(json_object_get(x->json, "type"));
}

/* The `nth` example of this type that somebody says. */
static const example *example_of(const char *who, const char *type, int nth) {
    for (int i = 0; i < example_count; i++)
        if (!strcmp(examples[i].who, who) && !strcmp(type_of(&examples[i]), type) && nth-- == 0) return &examples[i];
    ck_abort_msg("docs/PROTOCOL.md has no example of %s, %s", type, who);
}

static client_message read_client(const example *x) {
    client_message m;
    sched_error err;
    sched_status status = client_message_parse(x->text, strlen(x->text), SESSION_ID, "t-78", &m, &err);
    ck_assert_msg(!status, "%s\n%s", err.message, x->text);
    return m;
}

static node_message read_node(const example *x) {
    node_message m;
    sched_error err;
    sched_status status = node_message_parse(x->text, strlen(x->text), &m, &err);
    ck_assert_msg(!status, "%s\n%s", err.message, x->text);
    return m;
}

START_TEST(every_message_of_a_client_has_an_example_that_is_read) {
    read_examples();
    for (size_t i = 0; i < sizeof client_types / sizeof *client_types; i++) {
        client_message m = read_client(example_of("client", client_types[i], 0));
        const char *name = client_kind_name(m.kind);
        ck_assert_msg(!strncmp(client_types[i], name, strlen(name)), "%s is read as %s", client_types[i], name);
        client_message_free(&m);
    }
}
END_TEST

START_TEST(every_message_of_a_node_has_an_example_that_is_read) {
    read_examples();
    for (int kind = 0; kind < NODE_KINDS; kind++) {
        node_message m = read_node(example_of("node", node_kind_name((node_kind)kind), 0));
        ck_assert_int_eq(m.kind, kind);
        node_message_free(&m);
    }
}
END_TEST

/* ---- what we write -------------------------------------------------------------------------------------------------- */

static int written_count;

/* The example is this frame; the frame is given back. */
static void assert_example(const char *who, const char *type, int nth, frame *f) {
    const example *x = example_of(who, type, nth);
    json_error_t error;
    ck_assert(!f->binary);
    ck_assert_uint_eq(strlen(f->data), f->bytes);
    json_t *written = json_loadb(f->data, f->bytes, JSON_REJECT_DUPLICATES, &error);
    ck_assert_msg(written, "%s\n%s", error.text, f->data);
    ck_assert_msg(json_equal(written, x->json), "written: %s\nin docs/PROTOCOL.md: %s", f->data, x->text);
    json_decref(written);
    frame_unref(f);
    written_count++;
}

static void assert_all_written(const char *who) {
    int said = 0;
    for (int i = 0; i < example_count; i++) said += !strcmp(examples[i].who, who);
    ck_assert_int_eq(said, written_count);
}

static const lang_pair zh_en = {"zh", "en"};

static job_answer answer_with(job_outcome outcome, const char *code, payload *content) {
    return (job_answer){
        .request_id = "s-1A2B3C4D:3:en:1",
        .session_id = SESSION_ID,
        .job_id = outcome ? JOB_ID : "",
        .utterance = 3,
        .pair = &zh_en,
        .outcome = outcome,
        .code = code,
        .content = content,
    };
}

static void write_answers(void) {
    node_message found = read_node(example_of("node", "job_result", 0));
    node_message partial = read_node(example_of("node", "asr_partial", 0));
    job_answer ok = answer_with(found.result.outcome, "", found.content);
    job_answer silent = answer_with(OUTCOME_NO_TEXT, "", NULL);
    job_answer refused = answer_with(OUTCOME_NONE, "NO_AVAILABLE_NODE", NULL);
    job_known known = {"s-1A2B3C4D:3:en:1", SESSION_ID, JOB_ID, 3, &zh_en, "RUNNING", OUTCOME_NONE};
    job_partial so_far = {SESSION_ID, JOB_ID, 3, &zh_en, partial.content};
    assert_example("to-client", "translation_result", 0, to_client_answer(&ok, "t-77", now_msec));
    assert_example("to-client", "missing_result", 0, to_client_answer(&silent, "t-77", now_msec));
    assert_example("to-client", "error", 0, to_client_answer(&refused, "t-77", now_msec));
    assert_example("to-client", "job_known", 0, to_client_known(&known));
    assert_example("to-client", "asr_partial", 0, to_client_partial(&so_far, "t-77"));
    node_message_free(&found);
    node_message_free(&partial);
}

static void write_rooms(void) {
    room_member members[] = {{SESSION_ID, "Ann", "en", 1764351641200}, {"s-5E6F7A8B", "", "", 1764351641200}};
    room_view view = {"204813", members, 2};
    assert_example("to-client", "room_create_ack", 0, to_client_room_created("204813"));
    assert_example("to-client", "room_members", 0, to_client_room_members(&view));
    assert_example("to-client", "room_error", 0, to_client_room_error("ROOM_NOT_FOUND", "there is no room 204813"));
    assert_example("to-client", "room_expired", 0, to_client_room_expired("204813"));
}

START_TEST(the_messages_to_a_client_are_written_as_their_examples) {
    read_examples();
    write_answers();
    write_rooms();
    assert_example("to-client", "session_init_ack", 0, to_client_init_ack(SESSION_ID, "t-77"));
    assert_example("to-client", "server_heartbeat", 0, to_client_heartbeat(SESSION_ID, now_msec));
    assert_example("to-client", "session_close_ack", 0, to_client_close_ack(SESSION_ID));
    assert_example("to-client", "error", 1,
                   to_client_error("INVALID_SESSION", "no session is open on this connection"));
    assert_example("to-client", "ui_event", 0, to_client_ui_event(SESSION_ID, "t-77", JOB_ID, 3, UI_DISPATCHED, 4, ""));
    assert_all_written("to-client");
}
END_TEST

START_TEST(the_messages_to_a_node_are_written_as_their_examples) {
    read_examples();
    client_message said = read_client(example_of("client", "utterance", 0));
    job_assign assign = {
        .job_id = JOB_ID,
        .session_id = said.session_id,
        .attempt = 1,
        .utterance = said.utterance.utterance,
        .pair = &said.utterance.pair,
        .sound = said.utterance.sound,
        .cut = CUT_MANUAL,
        .padding = 280 * USEC_PER_MSEC,
    };
    assert_example("to-node", "job_assign", 0, to_node_assign(&assign));
    assert_example("to-node", "node_register_ack", 0, to_node_register_ack("node-1A2B3C4D"));
    assert_example("to-node", "job_cancel", 0, to_node_cancel(JOB_ID, "t-77", "JOB_TIMEOUT"));
    node_message m;
    sched_error err;
    const char *bad = "{\"type\": \"node_heartbeat\", \"resource_usage\": 5}";
    ck_assert_int_eq(node_message_parse(bad, strlen(bad), &m, &err), SCHED_EINVAL);
    assert_example("to-node", "error", 0, to_node_error("INVALID_MESSAGE", err.message));
    assert_all_written("to-node");
    client_message_free(&said);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        every_message_of_a_client_has_an_example_that_is_read,
        every_message_of_a_node_has_an_example_that_is_read,
        the_messages_to_a_client_are_written_as_their_examples,
        the_messages_to_a_node_are_written_as_their_examples,
    };
    return SUITE_RUN("wire_protocol", tests);
}
