/* check_load_frames.c - what a client of a load writes and reads: frames, members of JSON, buckets of Prometheus. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/load/json_pick.h"
#include "bench/load/prometheus.h"
#include "bench/load/ws_client.h"
#include "bench/load/ws_frame.h"
#include "tests/support/suite.h"

/* ---- frames ------------------------------------------------------------------------------------------------------------ */

START_TEST(a_header_holds_the_length_in_as_few_bytes_as_it_takes) {
    static const struct {
        size_t bytes, header;
        unsigned char second;
    } cases[] = {{0, 6, 0x80},     {125, 6, 0xfd},    {126, 8, 0xfe},      {127, 8, 0xfe},
                 {65535, 8, 0xfe}, {65536, 14, 0xff}, {16 << 20, 14, 0xff}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        unsigned char out[WS_HEADER_MAX];
        size_t size = ws_header_write(out, WS_TEXT, cases[i].bytes, 0x01020304);
        ck_assert_msg(size == cases[i].header && out[0] == 0x81 && out[1] == cases[i].second,
                      "%zu bytes: %zu, %02x %02x", cases[i].bytes, size, out[0], out[1]);
        uint64_t length = 0;
        for (size_t k = 2; k + 4 < size; k++) length = length << 8 | out[k];
        if (size > 6) ck_assert_uint_eq(length, cases[i].bytes);
        uint32_t mask;
        memcpy(&mask, out + size - 4, 4);
        ck_assert_uint_eq(mask, 0x01020304);
    }
}
END_TEST

START_TEST(masking_twice_gives_back_the_text_at_every_length) {
    unsigned char text[64], masked[64];
    for (size_t i = 0; i < sizeof text; i++) text[i] = (unsigned char)(i * 7 + 1);
    for (size_t bytes = 0; bytes <= sizeof text; bytes++) {
        ws_mask(masked, text, bytes, 0xdeadbeef);
        const unsigned char key[] = {0xef, 0xbe, 0xad, 0xde};
        for (size_t i = 0; i < bytes; i++) ck_assert_uint_eq(masked[i], text[i] ^ key[i % 4]);
        ws_mask(masked, masked, bytes, 0xdeadbeef);
        ck_assert_mem_eq(masked, text, bytes);
    }
}
END_TEST

static ws_parse parse(const char *bytes, size_t count, ws_header *h) {
    return ws_header_read((const unsigned char *)bytes, count, 1000, h);
}

START_TEST(a_servers_header_is_read_from_any_beginning_of_it) {
    ws_header h;
    ck_assert_int_eq(parse("\x81", 1, &h), WS_MORE);
    ck_assert_int_eq(parse("\x81\x05", 2, &h), WS_PARSED);
    ck_assert(h.opcode == WS_TEXT && h.final && h.bytes == 5 && h.size == 2);
    ck_assert_int_eq(parse("\x81\x7e\x01", 3, &h), WS_MORE);
    ck_assert_int_eq(parse("\x81\x7e\x01\x02", 4, &h), WS_PARSED);
    ck_assert(h.bytes == 0x102 && h.size == 4);
    ck_assert_int_eq(parse("\x01\x03", 2, &h), WS_PARSED);
    ck_assert(!h.final);
    ck_assert_int_eq(parse("\x82\x7f\0\0\0\0\0\0\x01\0", 10, &h), WS_PARSED);
    ck_assert(h.bytes == 256 && h.size == 10 && h.opcode == WS_BINARY);
}
END_TEST

START_TEST(what_no_server_may_send_is_bad) {
    static const struct {
        const char *bytes;
        size_t count;
    } bad[] = {{"\xc1\x01", 2}, {"\x81\x81", 2}, {"\x83\x01", 2},        {"\x8b\x01", 2},
               {"\x09\x01", 2}, {"\x89\x7e", 2}, {"\x81\x7e\x03\xe9", 4}};
    ws_header h;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_msg(parse(bad[i].bytes, bad[i].count, &h) == WS_BAD, "number %zu is taken", i);
}
END_TEST

START_TEST(a_target_is_scheme_host_and_port) {
    ws_target t;
    sched_error err;
    ck_assert_int_eq(ws_target_parse("ws://127.0.0.1:5010", &t, &err), SCHED_OK);
    ck_assert_str_eq(t.host, "127.0.0.1:5010");
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)&t.address;
    ck_assert_uint_eq(ntohs(v4->sin_port), 5010);
    ck_assert_int_eq(ws_target_parse("ws://[::1]:80/", &t, &err), SCHED_OK);
    ck_assert_int_eq(t.address.ss_family, AF_INET6);
    static const char *const bad[] = {
        "",        "wss://h:1", "http://h:1",         "ws://h",       "ws://:1",
        "ws://h:", "ws://h:0",  "ws://127.0.0.1:1/x", "ws://h:http2", "ws://127.0.0.1:65536",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_msg(ws_target_parse(bad[i], &t, &err) == SCHED_EINVAL, "\"%s\" is taken", bad[i]);
    char unknown[128] = "ws://"; /* a label has at most 63 letters, so nobody is asked for it */
    memset(unknown + strlen(unknown), 'a', 70);
    strcat(unknown, ":1");
    ck_assert_int_eq(ws_target_parse(unknown, &t, &err), SCHED_EIO);
}
END_TEST

/* ---- members ----------------------------------------------------------------------------------------------------------- */

static bool pick(const char *text, const char *name, json_span *span) {
    json_want want = {name, span};
    return json_pick(text, strlen(text), &want, 1);
}

START_TEST(a_member_is_picked_whatever_stands_around_it) {
    static const struct {
        const char *text, *name, *value;
    } cases[] = {
        {"{\"a\":\"x\"}", "a", "x"},
        {" { \"b\" : [1,{\"a\":\"no\"}] , \"a\" : \"yes\" } ", "a", "yes"},
        {"{\"b\":\"\\\"a\\\":\",\"a\":\"q\\\"\\\\\"}", "a", "q\\\"\\\\"},
        {"{\"b\":\"]}\",\"c\":{\"d\":\"}\"},\"a\":7}", "a", "7"},
        {"{\"a\":-12.5e3,\"b\":1}", "a", "-12.5e3"},
        {"{\"a\":{\"b\":[1,2]}}", "a", "{\"b\":[1,2]}"},
        {"{\"a\":true}", "a", "true"},
        {"{\"e\":{\"code\":\"C\"},\"code\":\"D\"}", "e.code", "C"},
        {"{\"a\":\"\"}", "a", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        json_span span;
        char value[64];
        ck_assert_msg(pick(cases[i].text, cases[i].name, &span) && span.text, "%s", cases[i].text);
        ck_assert_str_eq(json_span_copy(span, value, sizeof value), cases[i].value);
    }
}
END_TEST

START_TEST(what_is_absent_or_null_is_empty) {
    json_span span = {"old", 3};
    ck_assert(pick("{\"b\":1}", "a", &span) && !span.text);
    ck_assert(pick("{\"a\":null}", "a", &span) && !span.text);
    ck_assert(pick("{}", "a", &span) && !span.text);
    ck_assert(pick("{\"a\":\"null\"}", "a", &span) && span.text);
    ck_assert_int_eq(json_span_number((json_span){NULL, 0}), 0);
}
END_TEST

/* Every prefix of a good text ends too early, and none is read beyond its end: the block has no byte more. */
START_TEST(a_text_that_ends_early_is_no_object) {
    static const char text[] = "{\"a\":\"x\\\"y\",\"b\":[1,{\"c\":\"d\"}],\"e\":-5}";
    for (size_t bytes = 0; bytes < sizeof text - 1; bytes++) {
        char *part = malloc(bytes + 1);
        memcpy(part, text, bytes);
        char *exact = realloc(part, bytes ? bytes : 1);
        json_span span;
        json_want want = {"e", &span};
        ck_assert_msg(!json_pick(exact, bytes, &want, 1), "%.*s", (int)bytes, text);
        free(exact);
    }
}
END_TEST

START_TEST(numbers_are_read_as_far_as_they_are_whole) {
    static const struct {
        const char *text;
        int64_t number;
    } cases[] = {{"0", 0}, {"42", 42}, {"-7", -7}, {"12.9", 12}, {"x", 0}, {"1795889491524", INT64_C(1795889491524)}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        ck_assert_int_eq(json_span_number((json_span){cases[i].text, strlen(cases[i].text)}), cases[i].number);
}
END_TEST

/* ---- buckets ----------------------------------------------------------------------------------------------------------- */

static const char metrics[] = "# TYPE d_seconds histogram\n"
                              "d_seconds_bucket{le=\"0.001\"} 10\n"
                              "d_seconds_bucket{le=\"0.01\"} 90\n"
                              "d_seconds_bucket{le=\"+Inf\"} 100\n"
                              "d_seconds_sum 0.5\n"
                              "d_seconds_count 100\n"
                              "other_bucket{le=\"0.001\"} 7\n"
                              "d_seconds_else 3\n";

START_TEST(a_percentile_lies_on_the_line_through_its_bucket) {
    prom_histogram h = prom_histogram_read(metrics, "d_seconds");
    ck_assert_int_eq(h.count, 3);
    ck_assert_double_eq(prom_histogram_total(&h), 100);
    ck_assert_double_eq_tol(prom_histogram_percentile(&h, 5), 0.0005, 1e-12);
    ck_assert_double_eq_tol(prom_histogram_percentile(&h, 50), 0.001 + 0.009 * 40 / 80, 1e-12);
    ck_assert_double_eq(prom_histogram_percentile(&h, 99), 0.01); /* beyond the last bound: at least that */
    ck_assert_double_eq_tol(prom_histogram_share_within(&h, 0.01), 0.9, 1e-12);
    ck_assert_double_eq_tol(prom_histogram_share_within(&h, 0.0055), 0.5, 1e-12);
    ck_assert_double_eq(h.sum, 0.5);
}
END_TEST

START_TEST(label_sets_and_instances_are_added) {
    prom_histogram h = prom_histogram_read("x_bucket{a=\"1\",le=\"1\"} 2\nx_bucket{a=\"1\",le=\"+Inf\"} 3\n"
                                           "x_bucket{a=\"2\",le=\"1\"} 4\nx_bucket{a=\"2\",le=\"+Inf\"} 4\n",
                                           "x");
    prom_histogram sum = {0};
    prom_histogram_add(&sum, &h);
    prom_histogram_add(&sum, &h);
    ck_assert_int_eq(sum.count, 2);
    ck_assert_double_eq(sum.cumulative[0], 12);
    ck_assert_double_eq(prom_histogram_total(&sum), 14);
}
END_TEST

START_TEST(between_two_readings_a_counter_that_went_back_was_reset) {
    prom_histogram before = prom_histogram_read("x_bucket{le=\"1\"} 5\nx_bucket{le=\"+Inf\"} 9\n", "x");
    prom_histogram after = prom_histogram_read("x_bucket{le=\"1\"} 7\nx_bucket{le=\"+Inf\"} 19\n", "x");
    prom_histogram reset = prom_histogram_read("x_bucket{le=\"1\"} 1\nx_bucket{le=\"+Inf\"} 2\n", "x");
    prom_histogram none = prom_histogram_read("", "x");
    prom_histogram since = prom_histogram_since(&after, &before);
    ck_assert_double_eq(prom_histogram_total(&since), 10);
    since = prom_histogram_since(&reset, &before);
    ck_assert_double_eq(prom_histogram_total(&since), 2);
    since = prom_histogram_since(&none, &none);
    ck_assert_double_eq(prom_histogram_percentile(&since, 99), 0);
    ck_assert_double_eq(prom_histogram_share_within(&since, 1), 1);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        a_header_holds_the_length_in_as_few_bytes_as_it_takes,
        masking_twice_gives_back_the_text_at_every_length,
        a_servers_header_is_read_from_any_beginning_of_it,
        what_no_server_may_send_is_bad,
        a_target_is_scheme_host_and_port,
        a_member_is_picked_whatever_stands_around_it,
        what_is_absent_or_null_is_empty,
        a_text_that_ends_early_is_no_object,
        numbers_are_read_as_far_as_they_are_whole,
        a_percentile_lies_on_the_line_through_its_bucket,
        label_sets_and_instances_are_added,
        between_two_readings_a_counter_that_went_back_was_reset,
    };
    return SUITE_RUN("load_frames", tests);
}
