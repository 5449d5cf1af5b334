/* call.c - the arguments lie one after the other in one buffer, each closed by a NUL, so that a call is copied by
 * copying a struct and each argument can be read as a string. */
#include "core/redis/call.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void call_script(redis_call *call, script_id script) {
    assert(script > SCRIPT_NONE && script < SCRIPT_COUNT);
    call->script = script;
    call->keys = 0;
    call->args = 0;
    call->key = -1;
    call->used = 0;
}

void call_command(redis_call *call, const char *name) {
    call->script = SCRIPT_NONE;
    call->keys = 0;
    call->args = 0;
    call->key = -1;
    call->used = 0;
    call_str(call, name);
}

void call_key(redis_call *call, const char *key) {
    if (call->script != SCRIPT_NONE) {
        assert(call->keys == call->args && "keys come before other arguments");
        call->keys++;
    }
    if (call->key < 0) call->key = call->args;
    call_str(call, key);
}

void call_str(redis_call *call, const char *text) {
    call_bytes(call, text, strlen(text));
}

void call_bytes(redis_call *call, const char *bytes, size_t len) {
    assert(call->args < CALL_ARGS_MAX);
    assert(len < (size_t)CALL_TEXT_MAX - call->used);
    char *place = call->text + call->used;
    if (len) memcpy(place, bytes, len);
    place[len] = '\0';
    call->offset[call->args] = call->used;
    call->length[call->args] = (uint16_t)len;
    call->used = (uint16_t)(call->used + len + 1);
    call->args++;
}

void call_int(redis_call *call, int64_t value) {
    char text[24];
    int len = snprintf(text, sizeof text, "%" PRId64, value);
    call_bytes(call, text, (size_t)len);
}

const char *call_arg(const redis_call *call, int i) {
    assert(i >= 0 && i < call->args);
    return call->text + call->offset[i];
}

static void push(call_argv *out, const char *text, size_t len) {
    out->argv[out->argc] = text;
    out->len[out->argc] = len;
    out->argc++;
}

void call_argv_make(call_argv *ret_argv, const redis_call *call, const char *sha) {
    ret_argv->argc = 0;
    if (call->script != SCRIPT_NONE) {
        assert(sha[0] && "the script was never loaded");
        int len = snprintf(ret_argv->keys, sizeof ret_argv->keys, "%d", call->keys);
        push(ret_argv, "EVALSHA", 7);
        push(ret_argv, sha, strlen(sha));
        push(ret_argv, ret_argv->keys, (size_t)len);
    }
    for (int i = 0; i < call->args; i++) push(ret_argv, call_arg(call, i), call->length[i]);
}

static size_t digits(size_t n) {
    size_t count = 1;
    for (; n >= 10; n /= 10) count++;
    return count;
}

/* "$3\r\nSET\r\n" */
static size_t bulk_size(size_t len) {
    return 1 + digits(len) + 2 + len + 2;
}

size_t call_wire_size(const redis_call *call) {
    size_t argc = (size_t)call->args;
    size_t size = 0;
    if (call->script != SCRIPT_NONE) {
        argc += 3;
        size += bulk_size(strlen("EVALSHA")) + bulk_size(SCRIPT_SHA_LEN) + bulk_size(digits((size_t)call->keys));
    }
    for (int i = 0; i < call->args; i++) size += bulk_size(call->length[i]);
    return size + 1 + digits(argc) + 2;
}
