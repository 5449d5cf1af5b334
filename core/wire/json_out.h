/* json_out.h - JSON written from front to back into one growing block, which becomes a frame or a payload without a copy.
 *
 * What is written is JSON if the calls are in its order; commas are set where they belong. Texts are escaped, and what is no UTF-8 in
 * them becomes U+FFFD: a client's browser would end the connection for it. */
#ifndef CORE_WIRE_JSON_OUT_H
#define CORE_WIRE_JSON_OUT_H

#include "core/domain/payload.h"
#include "core/wire/frame.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct json_out {
    char *block;
    size_t start, bytes, size; /* headroom; what is written behind it; room for that */
} json_out;

/* `expect`: bytes that will be about enough. */
json_out json_out_begin(size_t headroom, size_t expect);
/* '{', and of a message its type. */
json_out json_out_message(const char *type, size_t expect);
frame *json_out_end_message(json_out *o); /* '}' */
payload *json_out_payload(json_out *o);

void json_out_raw(json_out *o, const char *text, size_t bytes);
void json_out_open(json_out *o, char bracket); /* { [ with the comma before it that it needs */
void json_out_close(json_out *o, char bracket);
void json_out_key(json_out *o, const char *key);   /* plain ASCII */
void json_out_text(json_out *o, const char *text); /* an element of a list, or behind a key */
void json_out_int(json_out *o, int64_t number);
/* Members as text, without braces; none is fine. */
void json_out_members(json_out *o, const char *text, size_t bytes);
/* Room for `bytes` more, to be written by the caller. */
char *json_out_room(json_out *o, size_t bytes);

/* key and value */
void json_out_str(json_out *o, const char *key, const char *text);
void json_out_str_opt(json_out *o, const char *key, const char *text); /* left out when NULL or "" */
void json_out_num(json_out *o, const char *key, int64_t number);
void json_out_bool(json_out *o, const char *key, bool is);
void json_out_value(json_out *o, const char *key, const char *json, size_t bytes);

#endif
