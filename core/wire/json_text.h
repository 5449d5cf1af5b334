/* json_text.h - a message as it came: one JSON object, its members found and their types checked.
 *
 * Reading is strict: one object, UTF-8, no member twice, no NUL in a text, numbers that fit, at most JSON_MEMBERS_MAX members and
 * JSON_DEPTH_MAX levels. A member that is null counts as absent, and so does one whose name is spelled with escapes.
 *
 * Errors     The first one stays in *err: later reads give what they give for absent members, so a message is read straight through
 *            and `status` is asked once, at the end.
 * Ownership  Texts that are returned live until json_text_free(); slices as long as the message's own text, too. */
#ifndef CORE_WIRE_JSON_TEXT_H
#define CORE_WIRE_JSON_TEXT_H

#include "core/base/status.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { JSON_MEMBERS_MAX = 64, JSON_DEPTH_MAX = 32 };

typedef struct json_slice {
    const char *text; /* NULL when absent */
    size_t bytes;
} json_slice;

typedef struct json_member {
    json_slice key, value; /* the key without its quotes; the value as it stands there */
    bool lifted;           /* a long text without escapes, not in the tree: json_text.c */
} json_member;

typedef struct json_text {
    json_slice whole;
    json_t *root;
    const char *type; /* the member `type`; "message" until it is known */
    int count;
    json_member members[JSON_MEMBERS_MAX];
    sched_status status;
    sched_error *err;
} json_text;

/* SCHED_EINVAL; then nothing is to be freed. `err` is kept for what is read later. */
sched_status json_text_parse(const char *text, size_t bytes, json_text *ret_text, sched_error *err);
void json_text_free(json_text *t);

/* "TYPE: NAME: expected EXPECTED, got ..." unless something failed before. `got` NULL: what stands there. */
void json_text_fail(json_text *t, const char *name, const char *expected, const char *got);

/* The member, NULL when it is absent. */
const json_member *json_text_member(const json_text *t, const char *name);
json_slice json_text_slice(const json_text *t, const char *name);
json_t *json_text_value(const json_text *t, const char *name);

/* _or: what it is when it is absent; without: it has to be there. */
const char *json_text_str(json_text *t, const char *name);
const char *json_text_str_or(json_text *t, const char *name, const char *absent);
bool json_text_bool(json_text *t, const char *name);
bool json_text_bool_or(json_text *t, const char *name, bool absent);
/* Whole numbers only; `absent` need not lie within the bounds. */
int64_t json_text_int(json_text *t, const char *name, int64_t min, int64_t max);
int64_t json_text_int_or(json_text *t, const char *name, int64_t min, int64_t max, int64_t absent);
/* NULL when it is absent. */
json_t *json_text_object(json_text *t, const char *name);
json_t *json_text_array(json_text *t, const char *name);
/* A text of strict base64, as it stands there; NULL when it is absent or in error. */
json_slice json_text_base64(json_text *t, const char *name);

#endif
