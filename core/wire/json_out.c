/* json_out.c - one buffer that doubles; commas follow from the last character that was written. */
#include "core/wire/json_out.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/text.h"

json_out json_out_begin(size_t headroom, size_t expect) {
    json_out o = {.start = headroom, .size = expect + 64};
    o.block = mem_alloc(headroom + o.size + 1);
    return o;
}

char *json_out_room(json_out *o, size_t bytes) {
    if (bytes > o->size - o->bytes) {
        o->size = 2 * (o->bytes + bytes);
        o->block = mem_realloc(o->block, o->start + o->size + 1, 1);
    }
    char *room = o->block + o->start + o->bytes;
    o->bytes += bytes;
    return room;
}

void json_out_raw(json_out *o, const char *text, size_t bytes) {
    if (bytes > 0) memcpy(json_out_room(o, bytes), text, bytes);
}

static void put(json_out *o, char c) {
    *json_out_room(o, 1) = c;
}

static void comma(json_out *o) {
    char last = o->bytes > 0 ? o->block[o->start + o->bytes - 1] : '{';
    if (last != '{' && last != '[' && last != ':') put(o, ',');
}

json_out json_out_message(const char *type, size_t expect) {
    json_out o = json_out_begin(FRAME_HEADROOM, expect);
    put(&o, '{');
    json_out_str(&o, "type", type);
    return o;
}

frame *json_out_end_message(json_out *o) {
    assert(o->start == FRAME_HEADROOM);
    put(o, '}');
    return frame_adopt(false, o->block, o->bytes);
}

payload *json_out_payload(json_out *o) {
    assert(o->start == 0);
    return payload_new(o->block, o->bytes);
}

void json_out_open(json_out *o, char bracket) {
    comma(o);
    put(o, bracket);
}

void json_out_close(json_out *o, char bracket) {
    put(o, bracket);
}

void json_out_key(json_out *o, const char *key) {
    size_t bytes = strlen(key);
    comma(o);
    char *room = json_out_room(o, bytes + 3);
    *room = '"';
    memcpy(room + 1, key, bytes);
    memcpy(room + 1 + bytes, "\":", 2);
}

/* ---- texts ---------------------------------------------------------------------------------------------------------- */

/* Bytes that stand for themselves. */
static size_t plain(const char *text) {
    size_t n = 0;
    for (unsigned char c = (unsigned char)text[0]; c >= 0x20 && c < 0x80 && c != '"' && c != '\\';)
        c = (unsigned char)text[++n];
    return n;
}

static void put_special(json_out *o, unsigned char c) {
    char form[8];
    switch (c) {
    case '"': json_out_raw(o, "\\\"", 2); return;
    case '\\': json_out_raw(o, "\\\\", 2); return;
    case '\n': json_out_raw(o, "\\n", 2); return;
    case '\r': json_out_raw(o, "\\r", 2); return;
    case '\t': json_out_raw(o, "\\t", 2); return;
    default: break;
    }
    if (c < 0x20)
        snprintf(form, sizeof form, "\\u%04x", c);
    else
        memcpy(form, "\\ufffd", 7);
    json_out_raw(o, form, 6);
}

void json_out_text(json_out *o, const char *text) {
    comma(o);
    put(o, '"');
    while (*text) {
        size_t run = plain(text);
        json_out_raw(o, text, run);
        text += run;
        if (!*text) break;
        size_t bytes = text_char_at(text);
        if (bytes > 1)
            json_out_raw(o, text, bytes);
        else
            put_special(o, (unsigned char)*text);
        text += bytes > 1 ? bytes : 1;
    }
    put(o, '"');
}

/* ---- the rest ------------------------------------------------------------------------------------------------------- */

void json_out_int(json_out *o, int64_t number) {
    char form[24];
    comma(o);
    json_out_raw(o, form, (size_t)snprintf(form, sizeof form, "%" PRId64, number));
}

void json_out_members(json_out *o, const char *text, size_t bytes) {
    if (bytes == 0) return;
    comma(o);
    json_out_raw(o, text, bytes);
}

void json_out_str(json_out *o, const char *key, const char *text) {
    json_out_key(o, key);
    json_out_text(o, text);
}

void json_out_str_opt(json_out *o, const char *key, const char *text) {
    if (text && *text) json_out_str(o, key, text);
}

void json_out_num(json_out *o, const char *key, int64_t number) {
    json_out_key(o, key);
    json_out_int(o, number);
}

void json_out_bool(json_out *o, const char *key, bool is) {
    json_out_value(o, key, is ? "true" : "false", is ? 4 : 5);
}

void json_out_value(json_out *o, const char *key, const char *json, size_t bytes) {
    json_out_key(o, key);
    json_out_raw(o, json, bytes);
}
