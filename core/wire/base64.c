/* base64.c - by tables, eight characters or four at a time; what is no base64 is found at the end, by one bit that was collected.
 *
 * Sound is most of what goes over the wire, and each second of it passes here three times, so these loops are what a message costs. */
#include "core/wire/base64.h"

#include <endian.h>
#include <stdint.h>
#include <string.h>

static const char digits[64] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

enum { BAD = 0x80 };

/* The value of each character, BAD for those that are none. */
#define X BAD
static const unsigned char values[256] = {
    X,  X,  X,  X,  X,  X,  X,  X, X, X, X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,
    X,  X,  X,  X,  X,  X,  X,  X, X, X, X,  X,  X,  X,  62, X,  X,  X,  63, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61,
    X,  X,  X,  X,  X,  X,  X,  0, 1, 2, 3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
    22, 23, 24, 25, X,  X,  X,  X, X, X, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44,
    45, 46, 47, 48, 49, 50, 51, X, X, X, X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,
    X,  X,  X,  X,  X,  X,  X,  X, X, X, X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,
    X,  X,  X,  X,  X,  X,  X,  X, X, X, X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,
    X,  X,  X,  X,  X,  X,  X,  X, X, X, X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,
    X,  X,  X,  X,  X,  X,  X,  X, X, X, X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,
};
#undef X

/* Three bytes, the first one highest. */
static void put_group(char *text, unsigned group) {
    text[0] = digits[group >> 18 & 63];
    text[1] = digits[group >> 12 & 63];
    text[2] = digits[group >> 6 & 63];
    text[3] = digits[group & 63];
}

void base64_encode(const unsigned char *data, size_t bytes, char *text) {
    size_t i = 0;
    for (; i + 8 <= bytes; i += 6, text += 8) { /* eight are read, six of them used */
        uint64_t word;
        memcpy(&word, data + i, sizeof word);
        word = be64toh(word);
        put_group(text, (unsigned)(word >> 40));
        put_group(text + 4, (unsigned)(word >> 16));
    }
    for (; i < bytes; i += 3, text += 4) {
        size_t left = bytes - i;
        unsigned group = (unsigned)data[i] << 16;
        if (left > 1) group |= (unsigned)data[i + 1] << 8;
        if (left > 2) group |= data[i + 2];
        put_group(text, group);
        if (left < 3) text[3] = '=';
        if (left < 2) text[2] = '=';
    }
}

/* Three bytes of the last four characters; 0 to 3 of them count. -1: they are none. */
static int last_group(const unsigned char *c, unsigned char out[3]) {
    int pads = c[3] != '=' ? 0 : c[2] != '=' ? 1 : 2;
    unsigned third = pads < 2 ? values[c[2]] : 0, fourth = pads < 1 ? values[c[3]] : 0;
    if ((values[c[0]] | values[c[1]] | third | fourth) & BAD) return -1;
    unsigned group = (unsigned)values[c[0]] << 18 | (unsigned)values[c[1]] << 12 | third << 6 | fourth;
    for (int i = 0; i < 3; i++) out[i] = (unsigned char)(group >> (16 - 8 * i));
    bool lost = (pads == 1 && out[2]) || (pads == 2 && (out[1] | out[2]));
    return lost ? -1 : 3 - pads;
}

bool base64_decode(const char *text, size_t size, unsigned char *data, size_t *ret_bytes) {
    const unsigned char *c = (const unsigned char *)text;
    unsigned char *end = data;
    unsigned bad = 0;
    if (size % 4 != 0) return false;
    for (; size > 4; size -= 4, c += 4, end += 3) {
        unsigned a = values[c[0]], b = values[c[1]], third = values[c[2]], fourth = values[c[3]];
        bad |= a | b | third | fourth;
        uint32_t group = htobe32(a << 26 | b << 20 | third << 14 | fourth << 8);
        memcpy(end, &group, sizeof group); /* the fourth byte belongs to the next group, which is there */
    }
    unsigned char last[3];
    int bytes = size ? last_group(c, last) : 0;
    if (bad & BAD || bytes < 0) return false;
    memcpy(end, last, (size_t)bytes);
    *ret_bytes = (size_t)(end - data) + (size_t)bytes;
    return true;
}

bool base64_valid(const char *text, size_t size) {
    const unsigned char *c = (const unsigned char *)text;
    unsigned bad = 0;
    unsigned char last[3];
    if (size % 4 != 0) return false;
    for (; size > 4; size -= 4, c += 4) bad |= values[c[0]] | values[c[1]] | values[c[2]] | values[c[3]];
    return !(bad & BAD) && (size == 0 || last_group(c, last) >= 0);
}
