/* fuzz_wire_json.c - what we take for JSON a library takes for JSON, and reads as the same. */
#include <jansson.h>
#include <string.h>

#include "core/wire/json_text.h"
#include "tests/fuzz/fuzz.h"

/* Numbers of common size for us may be too big for the library; that is no finding. */
static json_t *read_by_library(const uint8_t *data, size_t size) {
    json_error_t error;
    json_t *tree = json_loadb((const char *)data, size, 0, &error);
    if (tree) return tree;
    enum json_error_code code = json_error_code(&error);
    FUZZ_ASSERT(code == json_error_numeric_overflow);
    return NULL;
}

static void compare_member(json_text *t, const json_t *tree, const json_member *m) {
    char key[64];
    if (m->key.bytes >= sizeof key || memchr(m->key.text, '\\', m->key.bytes)) return;
    memcpy(key, m->key.text, m->key.bytes);
    key[m->key.bytes] = '\0';
    const json_t *value = json_object_get(tree, key);
    FUZZ_ASSERT(value);
    if (json_is_string(value)) FUZZ_ASSERT(!strcmp(json_text_str(t, key), json_string_value(value)));
    if (json_is_integer(value)) FUZZ_ASSERT(json_text_int(t, key, INT64_MIN, INT64_MAX) == json_integer_value(value));
    if (json_is_boolean(value)) FUZZ_ASSERT(json_text_bool(t, key) == json_is_true(value));
    if (json_is_null(value)) FUZZ_ASSERT(!json_text_slice(t, key).text);
    if (json_is_object(value)) {
        json_text in;
        json_text_within(t, key, &in);
    }
    json_text_base64(t, key);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    json_text t;
    sched_error err;
    if (json_text_parse((const char *)data, size, &t, &err)) {
        FUZZ_ASSERT(*err.message);
        return 0;
    }
    json_t *tree = read_by_library(data, size);
    for (int i = 0; tree && i < t.count; i++) {
        compare_member(&t, tree, &t.members[i]);
        t.status = SCHED_OK; /* of another type: read on */
    }
    json_decref(tree);
    free(json_text_end(&t));
    return 0;
}
