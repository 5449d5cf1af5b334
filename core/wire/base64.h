/* base64.h - RFC 4648 base64, as JSON carries sound. */
#ifndef CORE_WIRE_BASE64_H
#define CORE_WIRE_BASE64_H

#include <stdbool.h>
#include <stddef.h>

static inline size_t base64_size(size_t bytes) {
    return (bytes + 2) / 3 * 4;
}

/* Writes base64_size(bytes) characters and no NUL. */
void base64_encode(const unsigned char *data, size_t bytes, char *text);
/* Strict: the alphabet, padding, no bits that get lost, nothing behind it; "" is no bytes. `data` has room for size / 4 * 3. False when it is no base64. */
bool base64_decode(const char *text, size_t size, unsigned char *data, size_t *ret_bytes);

/* What base64_decode() takes. */
bool base64_valid(const char *text, size_t size);

#endif
