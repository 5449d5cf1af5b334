/* json_text.c - members by their place in the text, and values only where they are asked for.
 *
 * Why not a tree of the whole: most of a message is one long text of base64, and much of the rest is only handed on. A library walks
 * every character three times and allocates every value; here a text is scanned once, what is handed on is copied as it stands, and the
 * base64, which needs no unescaping, is checked for what it is. The four messages of an utterance cost 6 us with 1 KiB of sound and 30 us
 * with 15 KiB (lingua-bench run codec). Lists, which only registrations and heartbeats have, are read by jansson. */
#include "core/wire/json_text.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/wire/base64.h"
#include "core/wire/json_scan.h"

enum { BASE64_LONG = 64, SHOWN_MAX = 40 };

static json_text *outermost(json_text *t) {
    return t->outer ? t->outer : t;
}

static bool is(json_slice slice, const char *name) {
    size_t bytes = strlen(name);
    return slice.bytes == bytes && !memcmp(slice.text, name, bytes);
}

static json_slice inside(json_slice quoted) {
    return (json_slice){quoted.text + 1, quoted.bytes - 2};
}

/* ---- the members ---------------------------------------------------------------------------------------------------- */

/* Behind a long text, if it is base64: what is scanned this way needs no other look. */
static bool scan_base64(json_scan *s) {
    json_scan_space(s);
    size_t left = (size_t)(s->end - s->at);
    if (left < BASE64_LONG || *s->at != '"') return false;
    const char *quote = memchr(s->at + 1, '"', left - 1);
    size_t bytes = quote ? (size_t)(quote - s->at - 1) : 0;
    if (bytes < BASE64_LONG || !base64_valid(s->at + 1, bytes)) return false;
    s->at = quote + 1;
    return true;
}

static bool is_twice(const json_text *t, json_slice key) {
    for (int i = 0; i < t->count; i++)
        if (t->members[i].key.bytes == key.bytes && !memcmp(t->members[i].key.text, key.text, key.bytes)) return true;
    return false;
}

static bool expect(json_scan *s, const char *expected) {
    if (!s->expected) s->expected = expected;
    return false;
}

static bool scan_member(json_text *t, json_scan *s) {
    json_scan_space(s);
    const char *begin = s->at;
    if (!json_scan_string(s)) return false;
    json_slice key = {begin + 1, (size_t)(s->at - begin - 2)};
    if (is_twice(t, key)) {
        s->at = begin;
        return expect(s, "each member once");
    }
    if (!json_scan_char(s, ':')) return expect(s, "':'");
    if (t->count == JSON_MEMBERS_MAX) return expect(s, "at most 64 members");
    json_scan_space(s);
    const char *value = s->at;
    bool base64 = scan_base64(s);
    if (!base64 && !json_scan_value(s)) return false;
    t->members[t->count++] = (json_member){key, {value, (size_t)(s->at - value)}, NULL, base64};
    return true;
}

static bool scan_object(json_text *t, json_scan *s) {
    s->depth = 1;
    if (!json_scan_char(s, '{')) return expect(s, "an object");
    if (json_scan_char(s, '}')) return true;
    do {
        if (!scan_member(t, s)) return false;
    } while (json_scan_char(s, ','));
    return json_scan_char(s, '}') || expect(s, "',' or '}'");
}

static void start(json_text *t, json_slice whole, sched_error *err) {
    t->whole = whole;
    t->type = "message";
    t->count = 0;
    t->texts = NULL;
    t->used = 0;
    t->outer = NULL;
    t->tree_count = 0;
    t->status = SCHED_OK;
    t->err = err;
}

sched_status json_text_parse(const char *text, size_t bytes, json_text *ret_text, sched_error *err) {
    json_text *t = ret_text;
    json_scan s = {.at = text, .end = text + bytes};
    start(t, (json_slice){text, bytes}, err);
    bool right = scan_object(t, &s);
    json_scan_space(&s);
    if (right && s.at != s.end) right = expect(&s, "nothing more");
    if (!right)
        return sched_fail(err, SCHED_EINVAL, "message: no JSON of ours: expected %s at byte %zu", s.expected,
                          (size_t)(s.at - text));
    t->type = json_text_str(t, "type");
    if (t->status) free(json_text_end(t));
    return t->status;
}

char *json_text_end(json_text *t) {
    assert(!t->outer);
    for (int i = 0; i < t->tree_count; i++) json_decref(t->trees[i]);
    t->tree_count = 0;
    return t->texts;
}

static json_member *find(json_text *t, const char *name) {
    for (int i = 0; i < t->count; i++)
        if (is(t->members[i].key, name)) return is(t->members[i].value, "null") ? NULL : &t->members[i];
    return NULL;
}

/* It was scanned, so only a member that stands there twice can be wrong. */
void json_text_within(json_text *outer, const char *name, json_text *ret_text) {
    json_slice whole = json_text_slice(outer, name);
    start(ret_text, whole, NULL);
    ret_text->type = outermost(outer)->type;
    ret_text->outer = outermost(outer);
    json_text_check(outer, name, VALUE_OBJECT);
    if (!whole.text || json_text_failed(outer)) return;
    json_scan s = {.at = whole.text, .end = whole.text + whole.bytes};
    if (scan_object(ret_text, &s)) return;
    json_text_fail(outer, name, s.expected, NULL);
    ret_text->count = 0;
}

/* ---- errors --------------------------------------------------------------------------------------------------------- */

bool json_text_failed(const json_text *t) {
    return (t->outer ? t->outer : t)->status != SCHED_OK;
}

/* The beginning of what stands there, whole characters. */
static void show(json_slice value, char shown[SHOWN_MAX + 8]) {
    size_t bytes = value.bytes <= SHOWN_MAX ? value.bytes : SHOWN_MAX;
    while (bytes < value.bytes && bytes > 0 && (value.text[bytes] & 0xC0) == 0x80) bytes--;
    snprintf(shown, SHOWN_MAX + 8, "%.*s%s", (int)bytes, value.text, bytes < value.bytes ? "..." : "");
}

void json_text_fail(json_text *t, const char *name, const char *expected, const char *got) {
    json_text *out = outermost(t);
    if (out->status) return;
    char shown[SHOWN_MAX + 8] = "nothing";
    json_slice value = json_text_slice(t, name);
    if (value.text && !got) show(value, shown);
    out->status = sched_fail(out->err, SCHED_EINVAL, "%.40s: %s: expected %s, got %s", t->type, name, expected,
                             got ? got : shown);
}

void json_text_refuse(json_text *t, const char *why) {
    json_text *out = outermost(t);
    if (!out->status) out->status = sched_fail(out->err, SCHED_EINVAL, "%.40s: %s", t->type, why);
}

/* ---- reading -------------------------------------------------------------------------------------------------------- */

json_slice json_text_slice(const json_text *t, const char *name) {
    for (int i = 0; i < t->count; i++)
        if (is(t->members[i].key, name) && !is(t->members[i].value, "null")) return t->members[i].value;
    return (json_slice){0};
}

static bool has_type(json_slice value, value_type type) {
    char first = value.text[0];
    switch (type) {
    case VALUE_TEXT: return first == '"';
    case VALUE_OBJECT: return first == '{';
    case VALUE_LIST: return first == '[';
    case VALUE_NUMBER: return first == '-' || (first >= '0' && first <= '9');
    case VALUE_BOOL: return first == 't' || first == 'f';
    }
    return false;
}

static const char *const type_names[] = {
    [VALUE_TEXT] = "a text",     [VALUE_OBJECT] = "an object",   [VALUE_LIST] = "a list",
    [VALUE_NUMBER] = "a number", [VALUE_BOOL] = "true or false",
};

/* The member if it is there and of this type; NULL when it is absent or in error. */
static json_member *typed(json_text *t, const char *name, bool needed, value_type type) {
    json_member *m = find(t, name);
    if (m ? !has_type(m->value, type) : needed) json_text_fail(t, name, type_names[type], NULL);
    return json_text_failed(t) ? NULL : m;
}

void json_text_check(json_text *t, const char *name, value_type type) {
    typed(t, name, false, type);
}

/* A text is shorter than what stands for it with its quotes, so all of them have room, each with its NUL. */
static const char *text_of(json_text *t, json_member *m) {
    json_text *out = outermost(t);
    if (m->text) return m->text;
    if (!out->texts) out->texts = mem_alloc(out->whole.bytes);
    json_slice text = inside(m->value);
    char *at = out->texts + out->used;
    size_t bytes = json_unescape(text.text, text.bytes, at);
    at[bytes] = '\0';
    out->used += bytes + 1;
    return m->text = at;
}

const char *json_text_str(json_text *t, const char *name) {
    json_member *m = typed(t, name, true, VALUE_TEXT);
    return m ? text_of(t, m) : "";
}

const char *json_text_str_or(json_text *t, const char *name, const char *absent) {
    json_member *m = typed(t, name, false, VALUE_TEXT);
    return m ? text_of(t, m) : absent;
}

bool json_text_bool(json_text *t, const char *name) {
    const json_member *m = typed(t, name, true, VALUE_BOOL);
    return m && m->value.text[0] == 't';
}

bool json_text_bool_or(json_text *t, const char *name, bool absent) {
    const json_member *m = typed(t, name, false, VALUE_BOOL);
    return m ? m->value.text[0] == 't' : absent;
}

/* False when it is no whole number, or beyond `min` and `max`. */
static bool whole_number(json_slice value, int64_t min, int64_t max, int64_t *ret_number) {
    bool negative = value.text[0] == '-';
    int64_t number = 0;
    if (!has_type(value, VALUE_NUMBER)) return false;
    for (size_t i = negative; i < value.bytes; i++) {
        int digit = value.text[i] - '0';
        if (digit < 0 || digit > 9 || __builtin_mul_overflow(number, 10, &number)) return false;
        if (__builtin_add_overflow(number, negative ? -digit : digit, &number)) return false;
    }
    *ret_number = number;
    return number >= min && number <= max;
}

static int64_t read_int(json_text *t, const char *name, bool needed, int64_t min, int64_t max, int64_t absent) {
    json_slice value = json_text_slice(t, name);
    int64_t number = absent;
    char expected[64];
    if (value.text ? whole_number(value, min, max, &number) : !needed) return number;
    snprintf(expected, sizeof expected, "a whole number from %" PRId64 " to %" PRId64, min, max);
    json_text_fail(t, name, expected, NULL);
    return absent;
}

int64_t json_text_int(json_text *t, const char *name, int64_t min, int64_t max) {
    return read_int(t, name, true, min, max, min);
}

int64_t json_text_int_or(json_text *t, const char *name, int64_t min, int64_t max, int64_t absent) {
    return read_int(t, name, false, min, max, absent);
}

double json_text_number_or(json_text *t, const char *name, double absent) {
    const json_member *m = typed(t, name, false, VALUE_NUMBER);
    char number[JSON_NUMBER_MAX + 1];
    if (!m) return absent;
    memcpy(number, m->value.text, m->value.bytes);
    number[m->value.bytes] = '\0';
    return strtod(number, NULL);
}

/* Short ones, and such with escapes ("\/"), were not looked at yet. */
json_slice json_text_base64(json_text *t, const char *name) {
    json_member *m = typed(t, name, false, VALUE_TEXT);
    if (!m) return (json_slice){0};
    if (m->base64) return inside(m->value);
    const char *text = text_of(t, m);
    if (base64_valid(text, strlen(text))) return (json_slice){text, strlen(text)};
    json_text_fail(t, name, "base64", "what is none");
    return (json_slice){0};
}

json_t *json_text_list(json_text *t, const char *name) {
    json_text *out = outermost(t);
    const json_member *m = typed(t, name, false, VALUE_LIST);
    if (!m) return NULL;
    assert(out->tree_count < JSON_TREES_MAX);
    json_t *tree = json_loadb(m->value.text, m->value.bytes, JSON_REJECT_DUPLICATES, NULL);
    if (tree)
        out->trees[out->tree_count++] = tree;
    else
        json_text_fail(t, name, "a list without members twice, and numbers of common size", NULL);
    return tree;
}
