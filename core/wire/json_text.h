/* json_text.h - a message as it came: one JSON object, its members found and their types checked.
 *
 * Reading is strict: one object of JSON (json_scan.h), at most JSON_MEMBERS_MAX members, none of them twice. A member that is null counts
 * as absent, and so does one whose name is spelled with escapes.
 *
 * Errors     The first one stays in *err: later reads give what they give for absent members, so a message is read straight through
 *            and `status` is asked once, at the end.
 * Ownership  Texts that are returned lie in one block, which json_text_end() hands over; trees live until then; slices as long as the
 *            message's own text. */
#ifndef CORE_WIRE_JSON_TEXT_H
#define CORE_WIRE_JSON_TEXT_H

#include "core/base/status.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { JSON_MEMBERS_MAX = 64, JSON_TREES_MAX = 8 };

typedef struct json_slice {
    const char *text; /* NULL when absent */
    size_t bytes;
} json_slice;

typedef struct json_member {
    json_slice key, value; /* the key without its quotes; the value as it stands there */
    const char *text;      /* of a text that was read: what it stands for */
    bool base64;           /* a long text that was found to be base64 */
} json_member;

typedef struct json_text json_text;

struct json_text {
    json_slice whole;
    const char *type; /* the member `type`; "message" until it is known */
    int count;
    json_member members[JSON_MEMBERS_MAX];
    char *texts; /* the block, made when the first text is read, with room for all */
    size_t used;
    json_text *outer; /* NULL: it is a message */
    json_t *trees[JSON_TREES_MAX];
    int tree_count;
    sched_status status;
    sched_error *err;
};

/* SCHED_EINVAL; then nothing is to be ended. `err` is kept for what is read later. */
sched_status json_text_parse(const char *text, size_t bytes, json_text *ret_text, sched_error *err);
/* The block with the texts, to be freed with free(); NULL when there is none. */
char *json_text_end(json_text *t);
/* The members of a member that is an object; none when it is absent or in error. It has `outer`'s type and status, and is not ended;
 * `outer` stays where it is. */
void json_text_within(json_text *outer, const char *name, json_text *ret_text);

/* "TYPE: NAME: expected EXPECTED, got ..." unless something failed before. `got` NULL: what stands there. */
void json_text_fail(json_text *t, const char *name, const char *expected, const char *got);
/* "TYPE: WHY" the same. */
void json_text_refuse(json_text *t, const char *why);
bool json_text_failed(const json_text *t);

/* As it stands there. */
json_slice json_text_slice(const json_text *t, const char *name);

/* _or: what it is when it is absent; without: it has to be there. */
const char *json_text_str(json_text *t, const char *name);
const char *json_text_str_or(json_text *t, const char *name, const char *absent);
bool json_text_bool(json_text *t, const char *name);
bool json_text_bool_or(json_text *t, const char *name, bool absent);
/* Whole numbers only; `absent` need not lie within the bounds. */
int64_t json_text_int(json_text *t, const char *name, int64_t min, int64_t max);
int64_t json_text_int_or(json_text *t, const char *name, int64_t min, int64_t max, int64_t absent);
double json_text_number_or(json_text *t, const char *name, double absent);
/* A text of strict base64, as it stands there; NULL when it is absent or in error. */
json_slice json_text_base64(json_text *t, const char *name);

/* Of what is only handed on: that it is of this type, or absent. */
typedef enum value_type { VALUE_TEXT, VALUE_OBJECT, VALUE_LIST, VALUE_NUMBER, VALUE_BOOL } value_type;
void json_text_check(json_text *t, const char *name, value_type type);
/* A list as a tree, for what is not read often; NULL when it is absent or in error. */
json_t *json_text_list(json_text *t, const char *name);

#endif
