/* text.c - cutting and escaping for messages and logs.
 *
 * Why escape instead of drop: the reader of a log has to see that a name carried a line break; who sends one may hope to
 * forge a second line. Bytes that are no UTF-8 are shown too, for a message may go into JSON, which holds nothing else; half a
 * character is left where somebody cuts a quoted name ("%.40s"). Backslashes stay as they are: the result is read by people,
 * never parsed back. */
#include "core/base/text.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Bytes that a character starting with `lead` has; 1 for what is not a lead byte. */
static size_t char_len(unsigned char lead) {
    return lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
}

size_t text_prefix(const char *text, size_t max) {
    size_t len = strnlen(text, max + 1);
    if (len <= max) return len;
    for (size_t back = 1; back <= 3 && back <= max; back++) {
        unsigned char byte = (unsigned char)text[max - back];
        if ((byte & 0xC0) == 0x80) continue;
        return char_len(byte) > back ? max - back : max;
    }
    return max;
}

size_t text_char_at(const char *text) {
    const unsigned char *byte = (const unsigned char *)text;
    if (byte[0] < 0x80) return 1;
    if (byte[0] < 0xC2 || byte[0] > 0xF4) return 0;
    size_t len = char_len(byte[0]);
    for (size_t i = 1; i < len; i++)
        if ((byte[i] & 0xC0) != 0x80) return 0;
    bool overlong = (byte[0] == 0xE0 && byte[1] < 0xA0) || (byte[0] == 0xF0 && byte[1] < 0x90);
    bool surrogate = byte[0] == 0xED && byte[1] > 0x9F, too_high = byte[0] == 0xF4 && byte[1] > 0x8F;
    return overlong || surrogate || too_high ? 0 : len;
}

enum { CHAR_MAX_BYTES = 4 };

/* Most of what arrives is ASCII, which is looked at in eights. */
static size_t ascii_prefix(const char *data, size_t bytes) {
    size_t at = 0;
    for (uint64_t eight; at + sizeof eight <= bytes; at += sizeof eight) {
        memcpy(&eight, data + at, sizeof eight);
        if (eight & UINT64_C(0x8080808080808080)) break;
    }
    return at;
}

bool text_is_utf8(const char *data, size_t bytes) {
    size_t at = 0;
    while (at < bytes) {
        at += ascii_prefix(data + at, bytes - at);
        for (int i = 0; i < 8 && at < bytes; i++) {
            char last[CHAR_MAX_BYTES + 1] = {0};
            const char *here = data + at;
            if (bytes - at < CHAR_MAX_BYTES) here = memcpy(last, data + at, bytes - at);
            size_t len = text_char_at(here);
            if (!len) return false;
            at += len;
        }
    }
    return true;
}

/* How the single byte `c` is written in one line; `form` has room for "\xHH". */
static const char *shown(unsigned char c, char form[5]) {
    switch (c) {
    case '\n': return "\\n";
    case '\r': return "\\r";
    case '\t': return "\\t";
    default: break;
    }
    if (c < 0x20 || c >= 0x7F) {
        snprintf(form, 5, "\\x%02x", c);
    } else {
        form[0] = (char)c;
        form[1] = '\0';
    }
    return form;
}

char *text_one_line(char *out, size_t size, const char *text) {
    assert(size > 4);
    char form[5];
    size_t used = 0, fits = 0; /* fits: the last border of characters after which "..." has room */
    for (size_t taken; *text; text += taken) {
        taken = text_char_at(text);
        const char *piece = taken > 1 ? text : shown((unsigned char)*text, form);
        size_t len = taken > 1 ? taken : strlen(piece);
        if (taken == 0) taken = 1;
        if (used + sizeof "..." <= size) fits = used;
        if (used + len + 1 > size) {
            memcpy(out + fits, "...", sizeof "...");
            return out;
        }
        memcpy(out + used, piece, len);
        used += len;
    }
    out[used] = '\0';
    return out;
}
