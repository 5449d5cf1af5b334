/* fuzz_wire_node.c - whatever a node says, what the client is told of it is JSON with no member twice. */
#include <jansson.h>

#include "core/domain/ids.h"
#include "core/wire/node_message.h"
#include "core/wire/to_client.h"
#include "tests/fuzz/fuzz.h"

static const lang_pair pair = {"zh", "en"};

static void assert_json(frame *f) {
    json_error_t error;
    json_t *tree = json_loadb(f->data, f->bytes, 0, &error);
    FUZZ_ASSERT(tree || json_error_code(&error) == json_error_numeric_overflow);
    json_decref(tree);
    frame_unref(f);
}

static void assert_answer(const node_result *result) {
    job_answer answer = {
        .request_id = "r",
        .session_id = "s",
        .job_id = "j",
        .pair = &pair,
        .outcome = result->outcome,
        .code = result->code,
        .content = result->content,
    };
    assert_json(to_client_answer(&answer, "t", 1));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    node_message m;
    sched_error err;
    if (node_message_parse((const char *)data, size, &m, &err)) {
        FUZZ_ASSERT(err.status == SCHED_EINVAL && *err.message);
        return 0;
    }
    if (m.kind == NODE_JOB_RESULT) assert_answer(&m.result);
    if (m.kind == NODE_ASR_PARTIAL)
        assert_json(to_client_partial(&(job_partial){"s", "j", 1, &pair, m.partial.content}, "t"));
    if (m.kind == NODE_REGISTER) FUZZ_ASSERT(!service_list_check(m.registration.services, &err));
    node_message_free(&m);
    return 0;
}
