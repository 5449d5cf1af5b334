/* json_scan.h - is it JSON, and where does it end: RFC 8259 to the letter, without a tree and without an allocation.
 *
 * Stricter than that in four things: texts are UTF-8 and surrogates come in pairs, no text holds a NUL, a number is at most
 * JSON_NUMBER_MAX characters and not beyond a double, and values nest at most JSON_DEPTH_MAX deep. */
#ifndef CORE_WIRE_JSON_SCAN_H
#define CORE_WIRE_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>

enum { JSON_DEPTH_MAX = 32, JSON_NUMBER_MAX = 64 };

typedef struct json_scan {
    const char *at, *end;
    int depth;
    const char *expected; /* what should have stood at `at`, when something is wrong */
} json_scan;

void json_scan_space(json_scan *s);
/* Behind it, or false. */
bool json_scan_value(json_scan *s);
bool json_scan_string(json_scan *s);
/* The character behind any space, if it is `c`. */
bool json_scan_char(json_scan *s, char c);
/* What a text that was scanned, without its quotes, stands for: at most `bytes` bytes and no NUL; returns their number. */
size_t json_unescape(const char *text, size_t bytes, char *out);

#endif
