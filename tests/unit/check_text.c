/* check_text.c - cutting between characters, and a text that stays in its line. */
#include "core/base/text.h"

#include <stdbool.h>
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

int main(void) {
    const TTest *const tests[] = {
        a_prefix_ends_between_characters,
        what_is_not_utf8_is_cut_anywhere,
        one_line_shows_control_characters,
        one_line_cuts_between_characters_and_says_so,
        one_line_stays_in_its_buffer_whatever_the_bytes,
    };
    return SUITE_RUN("text", tests);
}
