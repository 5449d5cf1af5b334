/* fuzz_wire_client.c - whatever a client says, what nodes and other clients are told of it is JSON. */
#include <jansson.h>

#include "core/wire/client_message.h"
#include "core/wire/to_node.h"
#include "tests/fuzz/fuzz.h"

static void assert_json(const char *text, size_t size) {
    json_error_t error;
    json_t *tree = json_loadb(text, size, 0, &error);
    FUZZ_ASSERT(tree || json_error_code(&error) == json_error_numeric_overflow);
    json_decref(tree);
}

static void assert_assignment(const client_message *m) {
    frame *f = to_node_assign(&(job_assign){
        .job_id = "j",
        .session_id = m->session_id,
        .attempt = 1,
        .utterance = m->utterance.utterance,
        .pair = &m->utterance.pair,
        .sound = m->utterance.sound,
    });
    assert_json(f->data, f->bytes);
    frame_unref(f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    client_message m;
    sched_error err;
    if (client_message_parse((const char *)data, size, "s-1", "t-1", &m, &err)) {
        FUZZ_ASSERT(err.status == SCHED_EINVAL && *err.message);
        return 0;
    }
    if (m.kind == CLIENT_RELAY) assert_json(m.relay.text->data, m.relay.text->bytes);
    if (m.kind == CLIENT_UTTERANCE) assert_assignment(&m);
    client_message_free(&m);
    return 0;
}
