/* json_pick.h - single members of a JSON object's text, without making anything of the rest.
 *
 * A load generator reads messages as large as their sound only to learn a type and an id: a tree of values for each would be a third of
 * its work. Members of inner objects are named with a path of one step: "error.code".
 *
 * Strictness  As much as it takes not to be fooled by nesting, strings and escapes; what is picked out of text that is not JSON
 *             means nothing.
 * Ownership   Spans point into the text. Strings are without their quotes, escapes as they stand. Threads: none. */
#ifndef BENCH_LOAD_JSON_PICK_H
#define BENCH_LOAD_JSON_PICK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct json_span {
    const char *text; /* NULL: absent, or null */
    size_t bytes;
} json_span;

typedef struct json_want {
    const char *name;
    json_span *ret;
} json_want;

/* Fills what is there and clears the rest. False when the text is no object, or ends in the middle of it. */
bool json_pick(const char *text, size_t bytes, const json_want *wants, size_t count);

bool json_span_is(json_span span, const char *text);
/* A copy with a NUL, cut to `size`. */
char *json_span_copy(json_span span, char *out, size_t size);
int64_t json_span_number(json_span span); /* 0 when it is none */

#endif
