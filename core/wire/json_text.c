/* json_text.c - two readers over one text: ours finds the members, jansson says whether it is JSON and what they are.
 *
 * Why ours at all: most of a message is one long text of base64, and jansson walks it three times, a character at a time. So such a
 * text is lifted out before: it is checked to be base64, which needs no unescaping, and jansson is given "" in its place. And what is
 * only handed on (a result's texts, its `extra`) is copied as it stands there, instead of being taken apart and written anew.
 *
 * Ours looks at brackets, quotes, colons and commas only, and believes nothing: where the text is no JSON, what it finds is
 * nonsense, but within the text; jansson then says so, and nobody sees it. */
#include "core/wire/json_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/wire/base64.h"

enum { LIFTED_MIN = 128, SHOWN_MAX = 40 };

static const char *const base64_names[] = {"audio", "payload", "tts_audio"};

static bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is(json_slice slice, const char *name) {
    size_t bytes = strlen(name);
    return slice.bytes == bytes && !memcmp(slice.text, name, bytes);
}

/* ---- the members ---------------------------------------------------------------------------------------------------- */

/* Of the text whose first character stands at `at`: where its closing quote is; `end` when there is none. */
static const char *closing_quote(const char *at, const char *end) {
    const char *begin = at;
    while (at < end) {
        const char *quote = memchr(at, '"', (size_t)(end - at));
        if (!quote) return end;
        const char *back = quote;
        while (back > begin && back[-1] == '\\') back--;
        if ((quote - back) % 2 == 0) return quote;
        at = quote + 1;
    }
    return end;
}

static json_slice trimmed(const char *begin, const char *end) {
    while (begin < end && is_space(*begin)) begin++;
    while (begin < end && is_space(end[-1])) end--;
    return (json_slice){begin, (size_t)(end - begin)};
}

static json_slice inside(json_slice quoted) {
    return (json_slice){quoted.text + 1, quoted.bytes - 2};
}

static bool is_lifted(const json_member *m) {
    if (m->value.bytes < LIFTED_MIN || m->value.text[0] != '"') return false;
    bool named = false;
    for (size_t i = 0; i < sizeof base64_names / sizeof *base64_names; i++) named |= is(m->key, base64_names[i]);
    return named && base64_valid(inside(m->value).text, inside(m->value).bytes);
}

static sched_status refuse(json_text *t, const char *why) {
    return sched_fail(t->err, SCHED_EINVAL, "%s", why);
}

static sched_status add_member(json_text *t, json_slice key, const char *value, const char *end) {
    if (t->count == JSON_MEMBERS_MAX) return refuse(t, "message: expected at most 64 members");
    json_member *m = &t->members[t->count++];
    *m = (json_member){.key = key, .value = trimmed(value, end)};
    m->lifted = is_lifted(m);
    return SCHED_OK;
}

static sched_status find_members(json_text *t) {
    const char *at = t->whole.text, *end = at + t->whole.bytes, *value = NULL;
    json_slice key = {0};
    int depth = 0;
    sched_status status = SCHED_OK;
    while (at < end && is_space(*at)) at++;
    if (at == end || *at != '{') return refuse(t, "message: expected one JSON object");
    for (; at < end && !status; at++) {
        char c = *at;
        if (c == '"') {
            const char *quote = closing_quote(at + 1, end);
            if (depth == 1 && !value) key = (json_slice){at + 1, (size_t)(quote - at - 1)};
            if (quote == end) break;
            at = quote;
        } else if (c == '{' || c == '[') {
            if (++depth > JSON_DEPTH_MAX) return refuse(t, "message: expected at most 32 levels");
        } else if (c == ':' && depth == 1 && !value) {
            value = at + 1;
        } else if (depth == 1 && (c == ',' || c == '}')) {
            if (value) status = add_member(t, key, value, at);
            value = NULL;
            if (c == '}') break;
        } else if (c == '}' || c == ']') {
            depth--;
        }
    }
    return status;
}

/* ---- the tree ------------------------------------------------------------------------------------------------------- */

/* Where byte `at` of the text without what was lifted stands in the whole. */
static size_t place_in_whole(const json_text *t, size_t at) {
    for (int i = 0; i < t->count; i++) {
        const json_member *m = &t->members[i];
        if (m->lifted && (size_t)(m->value.text - t->whole.text) < at) at += inside(m->value).bytes;
    }
    return at;
}

static sched_status load(json_text *t, const char *text, size_t bytes) {
    json_error_t error;
    t->root = json_loadb(text, bytes, JSON_REJECT_DUPLICATES, &error);
    if (t->root) return SCHED_OK;
    return sched_fail(t->err, SCHED_EINVAL, "message: no JSON: %s, at byte %zu", error.text,
                      place_in_whole(t, error.position < 0 ? 0 : (size_t)error.position));
}

static sched_status load_without_lifted(json_text *t) {
    const char *from = t->whole.text, *end = from + t->whole.bytes;
    char *small = mem_alloc(t->whole.bytes), *to = small;
    for (int i = 0; i < t->count; i++) {
        if (!t->members[i].lifted) continue;
        json_slice out = inside(t->members[i].value);
        memcpy(to, from, (size_t)(out.text - from));
        to += out.text - from;
        from = out.text + out.bytes;
    }
    memcpy(to, from, (size_t)(end - from));
    to += end - from;
    sched_status status = load(t, small, (size_t)(to - small));
    free(small);
    return status;
}

sched_status json_text_parse(const char *text, size_t bytes, json_text *ret_text, sched_error *err) {
    json_text *t = ret_text;
    t->whole = (json_slice){text, bytes};
    t->root = NULL;
    t->type = "message";
    t->count = 0;
    t->status = SCHED_OK;
    t->err = err;
    sched_status status = find_members(t);
    if (status) return status;
    bool lifted = false;
    for (int i = 0; i < t->count; i++) lifted |= t->members[i].lifted;
    status = lifted ? load_without_lifted(t) : load(t, text, bytes);
    if (status) return status;
    t->type = json_text_str(t, "type");
    if (t->status) json_text_free(t);
    return t->status;
}

void json_text_free(json_text *t) {
    json_decref(t->root);
    t->root = NULL;
}

/* ---- reading -------------------------------------------------------------------------------------------------------- */

const json_member *json_text_member(const json_text *t, const char *name) {
    for (int i = 0; i < t->count; i++)
        if (is(t->members[i].key, name)) return is(t->members[i].value, "null") ? NULL : &t->members[i];
    return NULL;
}

json_slice json_text_slice(const json_text *t, const char *name) {
    const json_member *m = json_text_member(t, name);
    return m ? m->value : (json_slice){0};
}

json_t *json_text_value(const json_text *t, const char *name) {
    return json_text_member(t, name) ? json_object_get(t->root, name) : NULL;
}

/* The beginning of what stands there, whole characters. */
static void show(json_slice value, char shown[SHOWN_MAX + 8]) {
    size_t bytes = value.bytes <= SHOWN_MAX ? value.bytes : SHOWN_MAX;
    while (bytes < value.bytes && bytes > 0 && (value.text[bytes] & 0xC0) == 0x80) bytes--;
    snprintf(shown, SHOWN_MAX + 8, "%.*s%s", (int)bytes, value.text, bytes < value.bytes ? "..." : "");
}

void json_text_fail(json_text *t, const char *name, const char *expected, const char *got) {
    if (t->status) return;
    char shown[SHOWN_MAX + 8] = "nothing";
    json_slice value = json_text_slice(t, name);
    if (value.text && !got) show(value, shown);
    t->status =
        sched_fail(t->err, SCHED_EINVAL, "%.40s: %s: expected %s, got %s", t->type, name, expected, got ? got : shown);
}

/* Its value if it is there and of the type that `fits`; NULL when it is absent or in error. */
static json_t *typed(json_text *t, const char *name, bool needed, bool fits(const json_t *), const char *expected) {
    json_t *value = json_text_value(t, name);
    if (value ? !fits(value) : needed) {
        json_text_fail(t, name, expected, NULL);
        return NULL;
    }
    return t->status ? NULL : value;
}

static bool fits_text(const json_t *v) {
    return json_is_string(v);
}

static bool fits_bool(const json_t *v) {
    return json_is_boolean(v);
}

static bool fits_object(const json_t *v) {
    return json_is_object(v);
}

static bool fits_array(const json_t *v) {
    return json_is_array(v);
}

static const char *read_text(json_text *t, const char *name, bool needed, const char *absent) {
    json_t *value = typed(t, name, needed, fits_text, "a text");
    return value ? json_string_value(value) : absent;
}

const char *json_text_str(json_text *t, const char *name) {
    return read_text(t, name, true, "");
}

const char *json_text_str_or(json_text *t, const char *name, const char *absent) {
    return read_text(t, name, false, absent);
}

bool json_text_bool(json_text *t, const char *name) {
    return json_is_true(typed(t, name, true, fits_bool, "true or false"));
}

bool json_text_bool_or(json_text *t, const char *name, bool absent) {
    json_t *value = typed(t, name, false, fits_bool, "true or false");
    return value ? json_is_true(value) : absent;
}

static int64_t read_int(json_text *t, const char *name, bool needed, int64_t min, int64_t max, int64_t absent) {
    json_t *value = json_text_value(t, name);
    if (!value && !needed) return absent;
    if (json_is_integer(value) && json_integer_value(value) >= min && json_integer_value(value) <= max)
        return json_integer_value(value);
    char expected[64];
    snprintf(expected, sizeof expected, "a whole number from %lld to %lld", (long long)min, (long long)max);
    json_text_fail(t, name, expected, NULL);
    return absent;
}

int64_t json_text_int(json_text *t, const char *name, int64_t min, int64_t max) {
    return read_int(t, name, true, min, max, min);
}

int64_t json_text_int_or(json_text *t, const char *name, int64_t min, int64_t max, int64_t absent) {
    return read_int(t, name, false, min, max, absent);
}

json_t *json_text_object(json_text *t, const char *name) {
    return typed(t, name, false, fits_object, "an object");
}

json_t *json_text_array(json_text *t, const char *name) {
    return typed(t, name, false, fits_array, "a list");
}

json_slice json_text_base64(json_text *t, const char *name) {
    const json_member *m = json_text_member(t, name);
    if (m && m->lifted) return inside(m->value);
    json_t *value = typed(t, name, false, fits_text, "a text of base64");
    if (!value) return (json_slice){0};
    json_slice text = {json_string_value(value), json_string_length(value)};
    if (base64_valid(text.text, text.bytes)) return text;
    json_text_fail(t, name, "base64", "what is none");
    return (json_slice){0};
}
