/* resp.c - written by hand because the client library's formatter allocates anew for each command. */
#include "core/redis/resp.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"

static char *put_bytes(char *at, const char *bytes, size_t len) {
    memcpy(at, bytes, len);
    return at + len;
}

/* "$12\r\n" */
static char *put_count(char *at, char sign, size_t n) {
    char digits[20];
    int used = 0;
    do digits[used++] = (char)('0' + n % 10);
    while (n /= 10);
    *at++ = sign;
    while (used) *at++ = digits[--used];
    return put_bytes(at, "\r\n", 2);
}

static char *put_bulk(char *at, const char *bytes, size_t len) {
    at = put_count(at, '$', len);
    at = put_bytes(at, bytes, len);
    return put_bytes(at, "\r\n", 2);
}

static void reserve(resp *r, size_t len) {
    if (len <= r->capacity) return;
    free(r->text);
    r->text = mem_alloc(2 * len);
    r->capacity = 2 * len;
}

void resp_write(resp *r, const redis_call *call, const char *sha) {
    call_argv argv;
    call_argv_make(&argv, call, sha);
    r->len = call_wire_size(call);
    reserve(r, r->len);
    char *at = put_count(r->text, '*', (size_t)argv.argc);
    for (int i = 0; i < argv.argc; i++) at = put_bulk(at, argv.argv[i], argv.len[i]);
    assert((size_t)(at - r->text) == r->len);
}

void resp_write_script_load(resp *r, const char *text, size_t len) {
    reserve(r, len + 64);
    char *at = put_count(r->text, '*', 3);
    at = put_bulk(at, "SCRIPT", 6);
    at = put_bulk(at, "LOAD", 4);
    at = put_bulk(at, text, len);
    r->len = (size_t)(at - r->text);
}

void resp_copy(resp *r, const resp *from) {
    reserve(r, from->len);
    memcpy(r->text, from->text, from->len);
    r->len = from->len;
}

void resp_free(resp *r) {
    free(r->text);
    *r = (resp){0};
}
