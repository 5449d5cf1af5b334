/* text.h - text from outside, made fit to be shown: in one line, bounded, never half a character. */
#ifndef CORE_BASE_TEXT_H
#define CORE_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Length of the longest prefix of at most `max` bytes that ends at a border of UTF-8 characters. The whole length when the
 * text is not longer than `max`; bytes that are not UTF-8 count as characters of their own. */
size_t text_prefix(const char *text, size_t max);

/* Bytes of the UTF-8 character that `text` begins with; 0 when it begins with none (RFC 3629: no overlong form, no surrogate,
 * nothing above U+10FFFF). Reads no further than a NUL. */
size_t text_char_at(const char *text);

/* Whether all `bytes` are UTF-8, as text_char_at() means it; NULs are characters. */
bool text_is_utf8(const char *data, size_t bytes);

/* Copies `text` into `out` with control characters as \n, \r, \t or \xHH, so that it stays in its line, and bytes that are
 * not UTF-8 as \xHH, so that it is UTF-8 whatever came in. What does not fit into `size` (> 4) bytes with the NUL is cut
 * and ends in "...". Returns `out`. */
char *text_one_line(char *out, size_t size, const char *text);

#endif
