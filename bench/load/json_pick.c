/* json_pick.c - one pass from left to right, with memchr for the long strings. */
#include "bench/load/json_pick.h"

#include <string.h>

typedef struct reader {
    const char *at, *end;
    const json_want *wants;
    size_t count;
} reader;

static void skip_space(reader *r) {
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\n' || *r->at == '\t' || *r->at == '\r')) r->at++;
}

static bool take(reader *r, char c) {
    skip_space(r);
    if (r->at == r->end || *r->at != c) return false;
    r->at++;
    return true;
}

/* Quotes behind an odd number of backslashes are of the string. */
static bool read_string(reader *r, json_span *ret_span) {
    if (!take(r, '"')) return false;
    const char *from = r->at;
    for (;;) {
        const char *quote = memchr(r->at, '"', (size_t)(r->end - r->at));
        if (!quote) return false;
        const char *slash = quote;
        while (slash > from && slash[-1] == '\\') slash--;
        r->at = quote + 1;
        if ((quote - slash) % 2) continue;
        *ret_span = (json_span){from, (size_t)(quote - from)};
        return true;
    }
}

/* Of an array, or of an object that nobody asks about. */
static bool skip_nested(reader *r) {
    json_span ignored;
    int depth = 0;
    do {
        skip_space(r);
        if (r->at == r->end) return false;
        char c = *r->at;
        if (c == '"') {
            if (!read_string(r, &ignored)) return false;
            continue;
        }
        depth += (c == '{' || c == '[') - (c == '}' || c == ']');
        r->at++;
    } while (depth > 0);
    return true;
}

static bool read_value(reader *r, json_span *ret_span) {
    skip_space(r);
    if (r->at == r->end) return false;
    if (*r->at == '"') return read_string(r, ret_span);
    const char *from = r->at;
    if (*r->at == '{' || *r->at == '[') {
        if (!skip_nested(r)) return false;
    } else {
        while (r->at < r->end && !memchr(",}] \n\t\r", *r->at, 7)) r->at++;
    }
    *ret_span = (json_span){from, (size_t)(r->at - from)};
    if (json_span_is(*ret_span, "null")) *ret_span = (json_span){NULL, 0};
    return true;
}

/* The part of `name` behind "outer." when `outer` is that member; NULL else. */
static const char *inner_name(const char *name, json_span outer) {
    if (strncmp(name, outer.text, outer.bytes) || name[outer.bytes] != '.') return NULL;
    return name + outer.bytes + 1;
}

static void pick_inner(json_span name, json_span value, const json_want *wants, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const char *inner = inner_name(wants[i].name, name);
        if (!inner || !value.text || *value.text != '{') continue;
        json_want one = {inner, wants[i].ret};
        json_pick(value.text, value.bytes, &one, 1);
    }
}

static bool read_members(reader *r) {
    if (!take(r, '{')) return false;
    if (take(r, '}')) return true;
    do {
        json_span name, value;
        if (!read_string(r, &name) || !take(r, ':') || !read_value(r, &value)) return false;
        for (size_t i = 0; i < r->count; i++)
            if (json_span_is(name, r->wants[i].name)) *r->wants[i].ret = value;
        pick_inner(name, value, r->wants, r->count);
    } while (take(r, ','));
    return take(r, '}');
}

bool json_pick(const char *text, size_t bytes, const json_want *wants, size_t count) {
    reader r = {text, text + bytes, wants, count};
    for (size_t i = 0; i < count; i++) *wants[i].ret = (json_span){NULL, 0};
    return read_members(&r);
}

bool json_span_is(json_span span, const char *text) {
    return span.text && strlen(text) == span.bytes && !memcmp(span.text, text, span.bytes);
}

char *json_span_copy(json_span span, char *out, size_t size) {
    size_t bytes = span.bytes < size - 1 ? span.bytes : size - 1;
    if (span.text) memcpy(out, span.text, bytes);
    out[span.text ? bytes : 0] = '\0';
    return out;
}

int64_t json_span_number(json_span span) {
    int64_t value = 0;
    size_t i = span.bytes && *span.text == '-';
    for (; i < span.bytes && span.text[i] >= '0' && span.text[i] <= '9' && value < INT64_MAX / 10 - 1; i++)
        value = 10 * value + (span.text[i] - '0');
    return span.bytes && *span.text == '-' ? -value : value;
}
