/* json_scan.c - a descent through the grammar, one function for each of its words. */
#include "core/wire/json_scan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/text.h"

static bool wrong(json_scan *s, const char *expected) {
    if (!s->expected) s->expected = expected;
    return false;
}

void json_scan_space(json_scan *s) {
    while (s->at < s->end && (*s->at == ' ' || *s->at == '\n' || *s->at == '\t' || *s->at == '\r')) s->at++;
}

bool json_scan_char(json_scan *s, char c) {
    json_scan_space(s);
    if (s->at == s->end || *s->at != c) return false;
    s->at++;
    return true;
}

/* ---- texts ---------------------------------------------------------------------------------------------------------- */

/* Bytes of the character at `at`; 0 when it is none, or not whole. */
static size_t char_at(const json_scan *s) {
    char rest[4] = "";
    size_t left = (size_t)(s->end - s->at);
    if (left >= sizeof rest) return text_char_at(s->at);
    memcpy(rest, s->at, left);
    return text_char_at(rest);
}

static int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The number behind "\u"; -1 when there is none. */
static int unit_at(const char *at, const char *end) {
    int unit = 0;
    if (end - at < 6 || at[0] != '\\' || at[1] != 'u') return -1;
    for (int i = 2; i < 6; i++) {
        int digit = hex_digit(at[i]);
        if (digit < 0) return -1;
        unit = unit << 4 | digit;
    }
    return unit;
}

static bool is_high(int unit) {
    return unit >= 0xD800 && unit < 0xDC00;
}

static bool is_low(int unit) {
    return unit >= 0xDC00 && unit < 0xE000;
}

static bool escape(json_scan *s) {
    if (s->end - s->at < 2) return wrong(s, "the end of a text");
    if (s->at[1] != 'u') {
        if (!s->at[1] || !strchr("\"\\/bfnrt", s->at[1])) return wrong(s, "an escape that there is");
        s->at += 2;
        return true;
    }
    int unit = unit_at(s->at, s->end), next = is_high(unit) ? unit_at(s->at + 6, s->end) : 0;
    if (unit <= 0 || is_low(unit)) return wrong(s, "a character behind \\u");
    if (is_high(unit) && !is_low(next)) return wrong(s, "both halves of a surrogate pair");
    s->at += is_high(unit) ? 12 : 6;
    return true;
}

bool json_scan_string(json_scan *s) {
    if (s->at == s->end || *s->at != '"') return wrong(s, "a text");
    s->at++;
    for (;;) {
        while (s->at < s->end && (unsigned char)*s->at >= 0x20 && (unsigned char)*s->at < 0x80 && *s->at != '"' &&
               *s->at != '\\')
            s->at++;
        if (s->at == s->end) return wrong(s, "the end of a text");
        unsigned char c = (unsigned char)*s->at;
        if (c == '"') break;
        if (c < 0x20) return wrong(s, "a control character to be escaped");
        if (c == '\\') {
            if (!escape(s)) return false;
        } else {
            size_t bytes = char_at(s);
            if (bytes == 0) return wrong(s, "UTF-8");
            s->at += bytes;
        }
    }
    s->at++;
    return true;
}

static size_t put_utf8(char *out, unsigned point) {
    static const unsigned char leads[] = {0, 0, 0xC0, 0xE0, 0xF0};
    size_t bytes = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    if (bytes == 1) {
        out[0] = (char)point;
        return 1;
    }
    for (size_t i = bytes - 1; i > 0; i--, point >>= 6) out[i] = (char)(0x80 | (point & 0x3F));
    out[0] = (char)(leads[bytes] | point);
    return bytes;
}

static char plain_escape(char c) {
    switch (c) {
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return c;
    }
}

size_t json_unescape(const char *text, size_t bytes, char *out) {
    const char *at = text, *end = text + bytes;
    char *to = out;
    while (at < end) {
        const char *back = memchr(at, '\\', (size_t)(end - at));
        size_t run = (size_t)((back ? back : end) - at);
        memcpy(to, at, run);
        to += run;
        at += run;
        if (at == end) break;
        int unit = unit_at(at, end);
        if (unit < 0) {
            *to++ = plain_escape(at[1]);
            at += 2;
        } else if (is_high(unit)) {
            unsigned low = (unsigned)unit_at(at + 6, end) & 0x3FF;
            to += put_utf8(to, 0x10000 + (((unsigned)unit & 0x3FF) << 10 | low));
            at += 12;
        } else {
            to += put_utf8(to, (unsigned)unit);
            at += 6;
        }
    }
    return (size_t)(to - out);
}

/* ---- numbers and words ---------------------------------------------------------------------------------------------- */

static bool digits(json_scan *s) {
    const char *begin = s->at;
    while (s->at < s->end && *s->at >= '0' && *s->at <= '9') s->at++;
    return s->at > begin;
}

static bool one_of(json_scan *s, const char *characters) {
    if (s->at == s->end || !*s->at || !strchr(characters, *s->at)) return false;
    s->at++;
    return true;
}

static bool is_finite(const char *begin, size_t bytes) {
    char number[JSON_NUMBER_MAX + 1];
    memcpy(number, begin, bytes);
    number[bytes] = '\0';
    return isfinite(strtod(number, NULL)) != 0;
}

static bool number(json_scan *s) {
    const char *begin = s->at;
    bool scaled = false;
    one_of(s, "-");
    if (!one_of(s, "0") && !digits(s)) return wrong(s, "a value");
    if (one_of(s, ".") && !digits(s)) return wrong(s, "a digit");
    if (one_of(s, "eE")) {
        scaled = true;
        one_of(s, "+-");
        if (!digits(s)) return wrong(s, "a digit");
    }
    size_t bytes = (size_t)(s->at - begin);
    if (bytes > JSON_NUMBER_MAX || (scaled && !is_finite(begin, bytes))) {
        s->at = begin;
        return wrong(s, "a number of common size");
    }
    return true;
}

static bool word(json_scan *s, const char *expected) {
    size_t bytes = strlen(expected);
    if ((size_t)(s->end - s->at) < bytes || memcmp(s->at, expected, bytes) != 0) return wrong(s, "a value");
    s->at += bytes;
    return true;
}

/* ---- lists and objects ---------------------------------------------------------------------------------------------- */

static bool member(json_scan *s) {
    json_scan_space(s);
    if (!json_scan_string(s)) return false;
    return json_scan_char(s, ':') ? json_scan_value(s) : wrong(s, "':'");
}

static bool many(json_scan *s, char close, bool (*one)(json_scan *)) {
    if (s->depth == JSON_DEPTH_MAX) return wrong(s, "at most 32 levels");
    s->depth++;
    s->at++;
    if (!json_scan_char(s, close)) {
        do {
            if (!one(s)) return false;
        } while (json_scan_char(s, ','));
        if (!json_scan_char(s, close)) return wrong(s, close == '}' ? "',' or '}'" : "',' or ']'");
    }
    s->depth--;
    return true;
}

bool json_scan_value(json_scan *s) {
    json_scan_space(s);
    switch (s->at < s->end ? *s->at : '\0') {
    case '"': return json_scan_string(s);
    case '{': return many(s, '}', member);
    case '[': return many(s, ']', json_scan_value);
    case 't': return word(s, "true");
    case 'f': return word(s, "false");
    case 'n': return word(s, "null");
    default: return number(s);
    }
}
