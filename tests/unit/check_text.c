/* check_text.c - cutting between characters, and a text that stays in its line. */
#include "core/base/text.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/rng.h"
#include "tests/support/suite.h"

START_TEST(a_prefix_ends_between_characters) {
    static const char text[] = "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80z"; /* of 1, 2, 3, 4 and 1 bytes */
    static const size_t expected[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11, 11};
    for (size_t max = 0; max < sizeof expected / sizeof *expected; max++)
        ck_assert_msg(text_prefix(text, max) == expected[max], "at most %zu: %zu", max, text_prefix(text, max));
}
END_TEST

START_TEST(what_is_not_utf8_is_cut_anywhere) {
    ck_assert_uint_eq(text_prefix("\x80\x80\x80\x80\x80\x80\x80", 5), 5);
    ck_assert_uint_eq(text_prefix("abc\x80\x80", 4), 4);
    ck_assert_uint_eq(text_prefix("a\xc3", 2), 2); /* not longer than allowed: nothing is cut */
    ck_assert_uint_eq(text_prefix("\xff\xff\xff", 2), 1);
}
END_TEST

/* The code point of the character at `text` and its length, by the definition: the shortest form of its value; 0 bytes when it
 * is none. */
static size_t decode(const char *text, uint32_t *ret_point) {
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned char lead = (unsigned char)*text;
    size_t len = lead < 0x80 ? 1 : lead >> 5 == 6 ? 2 : lead >> 4 == 14 ? 3 : lead >> 3 == 30 ? 4 : 0;
    uint32_t point = len == 1 ? lead : lead & (0x7Fu >> len);
    for (size_t i = 1; i < len; i++) {
        if (((unsigned char)text[i] & 0xC0) != 0x80) return 0;
        point = point << 6 | ((unsigned char)text[i] & 0x3F);
    }
    *ret_point = point;
    bool surrogate = point >= 0xD800 && point < 0xE000;
    return len == 0 || point < least[len] || surrogate || point > 0x10FFFF ? 0 : len;
}

/* Where `text` is not UTF-8 any more: its length when it is to the end. */
static size_t valid_length(const char *text, size_t len) {
    uint32_t point;
    size_t at = 0;
    for (size_t next; at < len && (next = decode(text + at, &point)) > 0 && at + next <= len;) at += next;
    return at;
}

static size_t encode(char *out, uint32_t point) {
    if (point < 0x80) {
        out[0] = (char)point;
        return 1;
    }
    size_t len = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    for (size_t i = len - 1; i > 0; i--, point >>= 6) out[i] = (char)(0x80 | (point & 0x3F));
    out[0] = (char)((0xF00u >> len & 0xFF) | point);
    return len;
}

enum { CHARS_MAX = 20 };

/* Random characters of 1 to 4 bytes, each length as likely; returns the text's length, without the NUL. */
static size_t draw_utf8(rng *r, char text[4 * CHARS_MAX + 1]) {
    static const uint32_t below[] = {0x80, 0x800, 0xD800, 0x110000}, from[] = {1, 0x80, 0x800, 0x10000};
    size_t len = 0, chars = rng_below(r, CHARS_MAX + 1);
    for (size_t i = 0; i < chars; i++) {
        size_t kind = rng_below(r, 4);
        len += encode(text + len, from[kind] + (uint32_t)rng_below(r, below[kind] - from[kind]));
    }
    text[len] = '\0';
    return len;
}

START_TEST(utf8_cut_at_any_limit_stays_utf8_and_loses_less_than_a_character) {
    rng r;
    rng_init(&r, 1, "utf8", 0);
    for (int i = 0; i < 20000; i++) {
        char text[4 * CHARS_MAX + 1];
        size_t len = draw_utf8(&r, text);
        ck_assert_uint_eq(valid_length(text, len), len);
        for (size_t max = 0; max <= len + 2; max++) {
            size_t kept = text_prefix(text, max), wanted = max < len ? max : len;
            uint32_t point;
            bool whole = valid_length(text, kept) == kept;
            bool longest = kept == len || kept + decode(text + kept, &point) > wanted;
            if (kept > wanted || !whole || !longest)
                ck_abort_msg("text %d of %zu bytes, at most %zu: %zu, whole %d, longest %d", i, len, max, kept, whole,
                             longest);
        }
    }
}
END_TEST

START_TEST(one_line_is_utf8_whatever_the_bytes) {
    rng r;
    rng_init(&r, 2, "utf8", 0);
    for (int i = 0; i < 100000; i++) {
        char text[4 * CHARS_MAX + 1], out[100];
        size_t len = draw_utf8(&r, text), size = 5 + rng_below(&r, sizeof out - 4);
        for (uint64_t broken = rng_below(&r, 4); len > 0 && broken > 0; broken--)
            text[rng_below(&r, len)] = (char)(1 + rng_below(&r, 255));
        text_one_line(out, size, text);
        size_t valid = valid_length(out, strlen(out));
        if (valid != strlen(out)) ck_abort_msg("text %d into %zu bytes: \"%s\" is broken at %zu", i, size, out, valid);
    }
}
END_TEST

START_TEST(one_line_shows_bytes_that_are_not_utf8) {
    static const char *const cases[][2] = {
        {"half \xe2\x82\": x", "half \\xe2\\x82\": x"},
        {"\x80", "\\x80"},
        {"\xc0\x80", "\\xc0\\x80"},                   /* overlong */
        {"\xe0\x9f\xbf", "\\xe0\\x9f\\xbf"},          /* overlong */
        {"\xed\xa0\x80", "\\xed\\xa0\\x80"},          /* a surrogate */
        {"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"}, /* above U+10FFFF */
        {"\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf"},
        {"\xed\x9f\xbf\xee\x80\x80", "\xed\x9f\xbf\xee\x80\x80"},
    };
    char out[64];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        ck_assert_str_eq(text_one_line(out, sizeof out, cases[i][0]), cases[i][1]);
}
END_TEST

START_TEST(one_line_shows_control_characters) {
    char out[64];
    ck_assert_str_eq(text_one_line(out, sizeof out, ""), "");
    ck_assert_str_eq(text_one_line(out, sizeof out, "plain \\ \xc3\xa4"), "plain \\ \xc3\xa4");
    ck_assert_str_eq(text_one_line(out, sizeof out, "a\nb\rc\td\x1b[0m\x7f\x01"), "a\\nb\\rc\\td\\x1b[0m\\x7f\\x01");
}
END_TEST

START_TEST(one_line_cuts_between_characters_and_says_so) {
    char out[8];
    ck_assert_str_eq(text_one_line(out, sizeof out, "1234567"), "1234567");
    ck_assert_str_eq(text_one_line(out, sizeof out, "12345678"), "1234...");
    ck_assert_str_eq(text_one_line(out, sizeof out, "123\xc3\xa4xyz"), "123...");
    ck_assert_str_eq(text_one_line(out, sizeof out, "12\xc3\xa4xyzw"), "12\xc3\xa4...");
    ck_assert_str_eq(text_one_line(out, sizeof out, "12\n\nxyz"), "12\\n...");
    ck_assert_str_eq(text_one_line(out, sizeof out, "123\n\nxyz"), "123...");
    ck_assert_str_eq(text_one_line(out, 5, "\xf0\x9f\x98\x80"), "\xf0\x9f\x98\x80");
    ck_assert_str_eq(text_one_line(out, 5, "\xf0\x9f\x98\x80!"), "...");
}
END_TEST

START_TEST(one_line_stays_in_its_buffer_whatever_the_bytes) {
    rng r;
    rng_init(&r, 1, "bytes", 0);
    for (int i = 0; i < 100000; i++) {
        char text[40], out[48];
        size_t len = rng_below(&r, sizeof text), size = 5 + rng_below(&r, sizeof out - 5);
        for (size_t c = 0; c < len; c++) text[c] = (char)(1 + rng_below(&r, 255));
        text[len] = '\0';
        memset(out, '\n', sizeof out);
        text_one_line(out, size, text);
        bool closed = memchr(out, '\0', size) != NULL, one = closed && !strpbrk(out, "\n\r\t\x1b\x7f");
        bool untouched = out[size] == '\n';
        if (!one || !untouched)
            ck_abort_msg("text %d, %zu bytes into %zu: closed %d, one line %d", i, len, size, closed, one);
    }
}
END_TEST

START_TEST(bytes_are_utf8_when_every_character_is_and_none_is_cut) {
    rng r;
    rng_init(&r, 7, "utf8", 0);
    int good = 0;
    for (int round = 0; round < 20000; round++) {
        char text[64];
        size_t len = 0;
        while (len < sizeof text - 8 && rng_below(&r, 20)) {
            uint32_t point = (uint32_t)rng_below(&r, rng_chance(&r, 0.7) ? 0x80 : 0x110000);
            if (point < 0xD800 || point >= 0xE000) len += encode(text + len, point);
        }
        if (len && rng_chance(&r, 0.5)) text[rng_below(&r, len)] = (char)rng_below(&r, 256);
        if (len && rng_chance(&r, 0.2)) len--;
        char *exact = malloc(len ? len : 1); /* nothing is read behind it: valgrind and ASan look */
        memcpy(exact, text, len);
        text[len] = '\0';
        bool expected = valid_length(text, len) == len;
        ck_assert_msg(text_is_utf8(exact, len) == expected, "round %d: %zu bytes", round, len);
        good += expected;
        free(exact);
    }
    ck_assert_int_gt(good, 2000);
    ck_assert_int_lt(good, 19000);
    ck_assert(text_is_utf8("", 0));
    ck_assert(text_is_utf8("a\0b", 3));
    ck_assert(!text_is_utf8("01234567\xc3", 9));
    ck_assert(!text_is_utf8("0123456789abcde\xff", 16));
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        a_prefix_ends_between_characters,
        what_is_not_utf8_is_cut_anywhere,
        utf8_cut_at_any_limit_stays_utf8_and_loses_less_than_a_character,
        one_line_shows_control_characters,
        one_line_shows_bytes_that_are_not_utf8,
        one_line_is_utf8_whatever_the_bytes,
        one_line_cuts_between_characters_and_says_so,
        one_line_stays_in_its_buffer_whatever_the_bytes,
        bytes_are_utf8_when_every_character_is_and_none_is_cut,
    };
    return SUITE_RUN("text", tests);
}
