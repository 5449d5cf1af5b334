/* check_wire_text.c - JSON and base64, read and written: what is let through, what is refused and why. */
#include <check.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/rng.h"
#include "core/wire/base64.h"
#include "core/wire/json_out.h"
#include "core/wire/json_scan.h"
#include "core/wire/json_text.h"
#include "tests/support/suite.h"

static json_text t;
static sched_error err;

/* ---- base64 --------------------------------------------------------------------------------------------------------- */

static bool decodes(const char *text, size_t size, const char *bytes, size_t count) {
    unsigned char data[64];
    size_t decoded;
    bool valid = base64_decode(text, size, data, &decoded);
    ck_assert_int_eq(base64_valid(text, size), valid);
    return valid && decoded == count && !memcmp(data, bytes, count);
}

START_TEST(base64_is_that_of_the_rfc) {
    static const char *const pairs[][2] = {{"", ""},
                                           {"f", "Zg=="},
                                           {"fo", "Zm8="},
                                           {"foo", "Zm9v"},
                                           {"foob", "Zm9vYg=="},
                                           {"fooba", "Zm9vYmE="},
                                           {"foobar", "Zm9vYmFy"}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        char text[16] = "";
        size_t bytes = strlen(pairs[i][0]);
        base64_encode((const unsigned char *)pairs[i][0], bytes, text);
        ck_assert_uint_eq(base64_size(bytes), strlen(pairs[i][1]));
        ck_assert_str_eq(text, pairs[i][1]);
        ck_assert(decodes(text, strlen(text), pairs[i][0], bytes));
    }
}
END_TEST

START_TEST(what_is_no_strict_base64_is_refused) {
    static const char *const bad[] = {"A",        "AA",       "AAA",  "AAAAA", "A===",    "====",
                                      "=AAA",     "A=AA",     "AA=A", "AB==",  "AAB=",    "AAAA====",
                                      "AA==AAAA", "AAA AAAA", "AA-_", "AAA\n", "AAA\xff", "Zm9v Zm9"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_msg(!decodes(bad[i], strlen(bad[i]), "", 0) && !base64_valid(bad[i], strlen(bad[i])), "%s", bad[i]);
    ck_assert(!base64_valid("AAA\0AAAA", 8));
}
END_TEST

START_TEST(whatever_is_encoded_comes_back_and_no_byte_behind_it_is_touched) {
    rng r;
    rng_init(&r, 1, "base64", 0);
    for (size_t bytes = 0; bytes < 300; bytes++) {
        unsigned char *data = mem_alloc(bytes + 1), *back = mem_alloc(base64_size(bytes) / 4 * 3 + 1);
        char *text = mem_alloc(base64_size(bytes) + 1);
        size_t decoded;
        for (size_t i = 0; i < bytes; i++) data[i] = (unsigned char)rng_u64(&r);
        text[base64_size(bytes)] = 'x';
        base64_encode(data, bytes, text);
        ck_assert_int_eq(text[base64_size(bytes)], 'x');
        ck_assert(base64_decode(text, base64_size(bytes), back, &decoded));
        ck_assert_uint_eq(decoded, bytes);
        ck_assert(!memcmp(back, data, bytes));
        free(data), free(back), free(text);
    }
}
END_TEST

START_TEST(of_each_character_base64_says_whether_it_is_one) {
    for (int c = 0; c < 256; c++) {
        char text[8] = {'A', (char)c, 'A', 'A', 'A', 'A', 'A', 'A'}, last[4] = {'A', 'A', 'A', (char)c};
        bool in = c && strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", c);
        ck_assert_msg(base64_valid(text, 8) == in, "character %d", c);
        ck_assert_msg(base64_valid(last, 4) == (in || c == '='), "character %d at the end", c);
    }
}
END_TEST

/* ---- JSON is read --------------------------------------------------------------------------------------------------- */

static void parse(const char *text) {
    sched_status status = json_text_parse(text, strlen(text), &t, &err);
    ck_assert_msg(!status, "%s: %s", err.message, text);
}

/* Refused, as these bytes in a block of exactly their size, with this reason. */
static void assert_refused(const char *text, size_t bytes, const char *why) {
    char *exact = mem_alloc(bytes ? bytes : 1);
    memcpy(exact, text, bytes);
    ck_assert_msg(json_text_parse(exact, bytes, &t, &err) == SCHED_EINVAL, "%s", text);
    ck_assert_msg(strstr(err.message, why), "%s: \"%s\" is not in \"%s\"", text, why, err.message);
    free(exact);
}

static void refused(const char *text, const char *why) {
    assert_refused(text, strlen(text), why);
}

START_TEST(what_is_no_json_is_refused_and_it_is_said_where) {
    refused("", "expected an object at byte 0");
    refused("  [1]", "expected an object at byte 2");
    refused("{", "expected a text at byte 1");
    refused("{\"type\"", "expected ':'");
    refused("{\"type\":", "expected a value at byte 8");
    refused("{\"type\":\"x\"", "expected ',' or '}' at byte 11");
    refused("{\"type\":\"x\",}", "expected a text at byte 12");
    refused("{\"type\":\"x\"} {}", "expected nothing more at byte 13");
    refused("{\"type\":\"x}", "expected the end of a text");
    refused("{\"type\":nul}", "expected a value");
    refused("{\"type\":NaN}", "expected a value");
    refused("{\"type\":Infinity}", "expected a value");
    refused("{\"type\":01}", "expected ',' or '}'");
    refused("{\"type\":1.}", "expected a digit");
    refused("{\"type\":1e}", "expected a digit");
    refused("{\"type\":+1}", "expected a value");
    refused("{\"type\":[1,]}", "expected a value");
    refused("{\"type\":[1 2]}", "expected ',' or ']'");
    refused("{'type':1}", "expected a text at byte 1");
    refused("{\"a\":\"\t\"}", "expected a control character to be escaped");
    refused("{\"a\":\"\\x\"}", "expected an escape that there is");
    refused("{\"a\":\"\\", "expected the end of a text");
}
END_TEST

START_TEST(every_beginning_of_a_message_is_refused_and_nothing_behind_it_is_read) {
    const char *whole =
        "{\"type\":\"\\ud83d\\ude00\xf0\x9f\x98\x80\",\"a\":[1.5e3,true,null,{\"b\":\"c\"}],\"payload\":\"AAAA\"}";
    for (size_t bytes = 0; bytes < strlen(whole); bytes++) assert_refused(whole, bytes, "expected");
    parse(whole);
    ck_assert_str_eq(t.type, "\xf0\x9f\x98\x80\xf0\x9f\x98\x80");
    free(json_text_end(&t));
}
END_TEST

START_TEST(texts_are_utf8_and_surrogates_come_in_pairs) {
    refused("{\"a\":\"\xff\"}", "expected UTF-8 at byte 6");
    refused("{\"a\":\"\xc0\xaf\"}", "expected UTF-8");
    refused("{\"a\":\"\xed\xa0\x80\"}", "expected UTF-8");
    refused("{\"a\":\"\xf4\x90\x80\x80\"}", "expected UTF-8");
    refused("{\"\xff\":1}", "expected UTF-8");
    refused("{\"a\":\"\\ud800\"}", "both halves of a surrogate pair");
    refused("{\"a\":\"\\ud800\\u0041\"}", "both halves of a surrogate pair");
    refused("{\"a\":\"\\udc00\"}", "a character behind \\u");
    refused("{\"a\":\"\\u00g0\"}", "a character behind \\u");
    refused("{\"a\":\"\\u0000\"}", "a character behind \\u");
    assert_refused("{\"a\":\"\0\"}", 9, "a control character to be escaped");
    parse("{\"type\":\"\\u00e4\\u20AC\\uD83D\\uDE00\\\"\\\\\\/\\b\\f\\n\\r\\t\"}");
    ck_assert_str_eq(t.type, "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"\\/\b\f\n\r\t");
    free(json_text_end(&t));
}
END_TEST

START_TEST(nesting_members_and_numbers_have_bounds) {
    char deep[256] = "{\"type\":\"x\",\"a\":", many[4096] = "{\"type\":\"x\"", big[256];
    memset(deep + strlen(deep), '[', 100);
    refused(deep, "at most 32 levels");
    for (int i = 0; i < 64; i++) snprintf(many + strlen(many), 32, ",\"m%d\":1", i);
    strcat(many, "}");
    refused(many, "at most 64 members");
    snprintf(big, sizeof big, "{\"type\":\"x\",\"a\":%0*d}", JSON_NUMBER_MAX + 1, 0);
    big[strlen("{\"type\":\"x\",\"a\":")] = '1';
    refused(big, "a number of common size");
    refused("{\"type\":\"x\",\"a\":1e999}", "a number of common size");
    refused("{\"type\":\"x\",\"a\":-1E+400}", "a number of common size");
    refused("{\"type\":\"x\",\"a\":1,\"a\":1}", "each member once");
}
END_TEST

START_TEST(members_that_are_null_or_spelled_with_escapes_count_as_absent) {
    parse("{\"type\":\"x\",\"a\":null,\"\\u0062\":\"hidden\",\"c\":\"\"}");
    ck_assert_str_eq(json_text_str_or(&t, "a", "none"), "none");
    ck_assert_str_eq(json_text_str_or(&t, "b", "none"), "none");
    ck_assert_str_eq(json_text_str_or(&t, "c", "none"), "");
    ck_assert(!json_text_failed(&t));
    ck_assert_str_eq(json_text_str(&t, "a"), "");
    ck_assert_str_eq(err.message, "x: a: expected a text, got nothing");
    free(json_text_end(&t));
}
END_TEST

/* The whole number at "n". */
static bool reads_int(const char *number, int64_t min, int64_t max, int64_t expected) {
    char text[128];
    snprintf(text, sizeof text, "{\"type\":\"x\",\"n\":%s}", number);
    parse(text);
    int64_t read = json_text_int(&t, "n", min, max);
    bool right = !json_text_failed(&t) && read == expected;
    free(json_text_end(&t));
    return right;
}

START_TEST(whole_numbers_are_read_exactly_or_not_at_all) {
    ck_assert(reads_int("9223372036854775807", INT64_MIN, INT64_MAX, INT64_MAX));
    ck_assert(reads_int("-9223372036854775808", INT64_MIN, INT64_MAX, INT64_MIN));
    ck_assert(reads_int("0", 0, 9, 0));
    ck_assert(reads_int("-0", 0, 9, 0));
    ck_assert(!reads_int("9223372036854775808", INT64_MIN, INT64_MAX, 0));
    ck_assert(!reads_int("-9223372036854775809", INT64_MIN, INT64_MAX, 0));
    ck_assert(!reads_int("10", 0, 9, 0));
    ck_assert(!reads_int("-1", 0, 9, 0));
    ck_assert(!reads_int("1.0", 0, 9, 1));
    ck_assert(!reads_int("1e0", 0, 9, 1));
    ck_assert(!reads_int("\"1\"", 0, 9, 1));
    ck_assert_str_eq(err.message, "x: n: expected a whole number from 0 to 9, got \"1\"");
}
END_TEST

START_TEST(the_first_error_stays_and_what_was_there_is_cut_to_fit) {
    char text[512] = "{\"type\":\"x\",\"a\":\"", expected[128];
    for (int i = 0; i < 60; i++) strcat(text, "\xc3\xa4");
    strcat(text, "\",\"b\":[1,\n2]}");
    parse(text);
    ck_assert_int_eq(json_text_int_or(&t, "a", 0, 1, 7), 7);
    ck_assert(!json_text_bool_or(&t, "b", false));
    snprintf(expected, sizeof expected, "x: a: expected a whole number from 0 to 1, got \"");
    for (int i = 0; i < 19; i++) strcat(expected, "\xc3\xa4");
    strcat(expected, "...");
    ck_assert_str_eq(err.message, expected);
    free(json_text_end(&t));
    parse("{\"type\":\"x\",\"b\":[1,\n2]}");
    json_text_bool(&t, "b");
    ck_assert_str_eq(err.message, "x: b: expected true or false, got [1,\\n2]");
    free(json_text_end(&t));
}
END_TEST

START_TEST(what_is_within_a_member_is_read_the_same_way) {
    json_text in, inner;
    parse("{\"type\":\"x\",\"a\":{\"b\":{\"c\":\"deep\",\"d\":1},\"e\":2.5},\"f\":5}");
    json_text_within(&t, "a", &in);
    json_text_within(&in, "b", &inner);
    ck_assert_str_eq(json_text_str(&inner, "c"), "deep");
    ck_assert(json_text_number_or(&in, "e", 0) == 2.5);
    json_text_within(&t, "absent", &inner);
    ck_assert_str_eq(json_text_str_or(&inner, "c", "none"), "none");
    ck_assert(!json_text_failed(&t));
    json_text_within(&t, "f", &inner);
    ck_assert(json_text_failed(&inner) && json_text_failed(&t));
    ck_assert_str_eq(err.message, "x: f: expected an object, got 5");
    free(json_text_end(&t));
    parse("{\"type\":\"x\",\"a\":{\"b\":1,\"b\":2}}");
    json_text_within(&t, "a", &in);
    ck_assert_msg(json_text_failed(&t) && strstr(err.message, "each member once"), "%s", err.message);
    free(json_text_end(&t));
}
END_TEST

START_TEST(a_long_text_of_base64_is_a_text_as_any_other) {
    char text[512], sound[201];
    memset(sound, 'Q', 200);
    sound[200] = '\0';
    snprintf(text, sizeof text, "{\"type\":\"x\",\"session_id\":\"%s\",\"short\":\"QUJD\",\"slash\":\"QU\\/D\"}",
             sound);
    parse(text);
    ck_assert_str_eq(json_text_str(&t, "session_id"), sound);
    ck_assert_uint_eq(json_text_base64(&t, "session_id").bytes, 200);
    ck_assert(!memcmp(json_text_base64(&t, "short").text, "QUJD", 4));
    ck_assert(!memcmp(json_text_base64(&t, "slash").text, "QU/D", 4));
    ck_assert_ptr_null(json_text_base64(&t, "absent").text);
    ck_assert(!json_text_failed(&t));
    free(json_text_end(&t));
}
END_TEST

/* ---- agreement with a library, on what chance makes ------------------------------------------------------------------ */

static const char *const pieces[] = {"{",      "}",        "[",     "]",           ":",
                                     ",",      "\"a\"",    "\"b\"", "\"\\u00e4\"", "1",
                                     "-0.5e1", "true",     "null",  "\"\\n\"",     "\"\xc3\xa4\"",
                                     " ",      "\"type\"", "\"x\"", "false",       "2",
                                     "\\ud800"};
enum { PIECES = sizeof pieces / sizeof *pieces, TEXTS = 200000 };

START_TEST(what_chance_makes_is_json_for_us_when_it_is_for_a_library) {
    rng r;
    int right = 0;
    rng_init(&r, 1, "pieces", 0);
    for (int i = 0; i < TEXTS; i++) {
        char text[512] = "{\"type\":\"x\"";
        int count = (int)(rng_u64(&r) % 9);
        for (int p = 0; p < count; p++)
            strcat(text, pieces[p == 0 ? 5 : p == 1 ? 6 : p == 2 ? 4 : (int)(rng_u64(&r) % PIECES)]);
        if (rng_u64(&r) % 4) strcat(text, "}");
        json_t *tree = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
        bool ours = json_text_parse(text, strlen(text), &t, &err) == SCHED_OK;
        if (ours) free(json_text_end(&t));
        /* In inner objects we leave members that stand there twice to whoever reads them. */
        json_t *tolerant = tree ? json_incref(tree) : json_loads(text, 0, NULL);
        ck_assert_msg(ours ? tolerant != NULL : tree == NULL, "ours %d: %s", ours, text);
        right += ours;
        json_decref(tree), json_decref(tolerant);
    }
    ck_assert_msg(right > TEXTS / 100, "only %d of %d texts were JSON", right, TEXTS);
}
END_TEST

/* ---- JSON is written ------------------------------------------------------------------------------------------------ */

static void assert_written(json_out *o, const char *expected) {
    frame *f = json_out_end_message(o);
    ck_assert_str_eq(f->data, expected);
    ck_assert_uint_eq(f->bytes, strlen(expected));
    frame_unref(f);
}

START_TEST(commas_stand_where_they_belong) {
    json_out o = json_out_message("m", 0);
    json_out_members(&o, "", 0);
    json_out_members(&o, "\"a\":1", 5);
    json_out_key(&o, "list");
    json_out_open(&o, '[');
    json_out_int(&o, INT64_MIN);
    json_out_open(&o, '{');
    json_out_bool(&o, "yes", true);
    json_out_str_opt(&o, "no", "");
    json_out_str_opt(&o, "no", NULL);
    json_out_close(&o, '}');
    json_out_text(&o, "[");
    json_out_text(&o, "");
    json_out_close(&o, ']');
    json_out_num(&o, "n", 5);
    assert_written(&o, "{\"type\":\"m\",\"a\":1,\"list\":[-9223372036854775808,{\"yes\":true},\"[\",\"\"],\"n\":5}");
}
END_TEST

START_TEST(texts_are_escaped_and_what_is_no_utf8_is_replaced) {
    json_out o = json_out_message("m", 0);
    json_out_str(&o, "a", "\"\\\n\r\t\x01\x1f\x7f");
    json_out_str(&o, "b", "\xc3\xa4\xff\xf0\x9f\x98\x80\xed\xa0\x80\xc3");
    assert_written(&o, "{\"type\":\"m\",\"a\":\"\\\"\\\\\\n\\r\\t\\u0001\\u001f\x7f\","
                       "\"b\":\"\xc3\xa4\\ufffd\xf0\x9f\x98\x80\\ufffd\\ufffd\\ufffd\\ufffd\"}");
}
END_TEST

START_TEST(a_frame_lives_until_its_last_reference_and_has_room_before_it) {
    frame *f = frame_of_text("hello");
    ck_assert_str_eq(f->data, "hello");
    ck_assert_uint_eq(f->bytes, 5);
    memset(f->data - FRAME_HEADROOM, 'h', FRAME_HEADROOM);
    ck_assert_ptr_eq(frame_ref(f), f);
    ck_assert_ptr_null(frame_unref(f));
    ck_assert_str_eq(f->data, "hello");
    ck_assert_ptr_null(frame_unref(f));
    ck_assert_ptr_null(frame_unref(NULL));
    f = frame_new(true, 3);
    ck_assert(f->binary && f->data[3] == '\0');
    frame_unref(f);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        base64_is_that_of_the_rfc,
        what_is_no_strict_base64_is_refused,
        whatever_is_encoded_comes_back_and_no_byte_behind_it_is_touched,
        of_each_character_base64_says_whether_it_is_one,
        what_is_no_json_is_refused_and_it_is_said_where,
        every_beginning_of_a_message_is_refused_and_nothing_behind_it_is_read,
        texts_are_utf8_and_surrogates_come_in_pairs,
        nesting_members_and_numbers_have_bounds,
        members_that_are_null_or_spelled_with_escapes_count_as_absent,
        whole_numbers_are_read_exactly_or_not_at_all,
        the_first_error_stays_and_what_was_there_is_cut_to_fit,
        what_is_within_a_member_is_read_the_same_way,
        a_long_text_of_base64_is_a_text_as_any_other,
        what_chance_makes_is_json_for_us_when_it_is_for_a_library,
        commas_stand_where_they_belong,
        texts_are_escaped_and_what_is_no_utf8_is_replaced,
        a_frame_lives_until_its_last_reference_and_has_room_before_it,
    };
    return SUITE_RUN("wire_text", tests);
}
