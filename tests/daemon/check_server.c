/* check_server.c - messages in and out through the front door, by real sockets and a client that shares no code with it.
 * Mostly waits: for limits of time. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "core/base/mem.h"
#include "tests/support/door.h"
#include "tests/support/suite.h"

START_TEST(a_server_that_nobody_used_ends_without_a_trace) {
    door_open(NULL);
    ck_assert_int_gt(server_port(door.server), 0);
    door_close();
}
END_TEST

START_TEST(connections_that_are_open_are_closed_with_the_server) {
    door_open(NULL);
    ws_client *a = door_enter(), *b = door_enter(), *young = door_come();
    door_say(door.conn, "unsent");
    door_close();
    ck_assert_int_eq(door.closed, 2);
    ws_client_free(a);
    ws_client_free(b);
    ws_client_free(young);
}
END_TEST

/* ---- in ---- */

START_TEST(a_message_arrives_and_is_answered_and_counted) {
    door_open(NULL);
    ws_client *c = door_enter();
    ws_client_send_text(c, "good morning");
    ck_assert_str_eq(ws_client_text(c), "good morning");
    ck_assert(!door.last_binary);
    ws_client_send_frame(c, true, WS_BINARY, "\0\xff\x80", 3); /* needs not be UTF-8 */
    ws_frame f = ws_client_read(c);
    ck_assert_int_eq(f.opcode, WS_BINARY);
    ck_assert_uint_eq(f.bytes, 3);
    ck_assert_mem_eq(f.data, "\0\xff\x80", 3);
    ck_assert(door.last_binary);
    server_counts n = door_count();
    ck_assert_uint_eq(n.messages_in, 2);
    ck_assert_uint_eq(n.messages_out, 2);
    ck_assert_uint_eq(n.bytes_in, 15);
    ck_assert_uint_eq(n.bytes_out, 15);
    ck_assert_int_eq(n.connections, 1);
    ck_assert_uint_eq(n.accepted, 1);
    ck_assert_uint_eq(n.queued_bytes, 0);
    ws_client_free(c);
    DOOR_UNTIL(door.closed);
    ck_assert_int_eq(door_count().connections, 0);
    door_close();
    ck_assert_int_eq(door.closed, 1);
}
END_TEST

START_TEST(messages_of_all_lengths_come_whole_and_in_order) {
    static const size_t lengths[] = {0,     1,     125,   126,   127,   4096,   16363,
                                     16364, 16365, 40000, 65535, 65536, 300000, 1 << 20};
    enum { LENGTHS = sizeof lengths / sizeof *lengths };
    door_open(NULL);
    ws_client *c = door_enter();
    char *text = mem_alloc(1 << 20);
    for (size_t i = 0; i < 1 << 20; i++) text[i] = (char)('a' + i % 23);
    for (size_t i = 0; i < LENGTHS; i++) {
        ws_client_send_frame(c, true, i % 2 ? WS_TEXT : WS_BINARY, text, lengths[i]);
        ws_frame f = ws_client_read(c);
        ck_assert_int_eq(f.opcode, i % 2 ? WS_TEXT : WS_BINARY);
        ck_assert_uint_eq(f.bytes, lengths[i]);
        ck_assert(memcmp(f.data, text, lengths[i]) == 0);
        ck_assert_uint_eq(door.last_bytes, lengths[i]);
    }
    free(text);
    ws_client_free(c);
    door_close();
}
END_TEST

START_TEST(fragments_are_put_together_and_a_ping_between_them_is_answered) {
    door_open(NULL);
    ws_client *c = door_enter();
    ws_client_send_frame(c, false, WS_TEXT, "gr\xc3", 3); /* a character is cut */
    ws_client_send_frame(c, true, WS_PING, "still there?", 12);
    ws_client_send_frame(c, false, WS_CONT, "", 0);
    ws_client_send_frame(c, true, WS_CONT, "\xbc\xc3\x9f dich", 8);
    for (int i = 0; i < 2; i++) {
        ws_frame f = ws_client_read(c);
        ck_assert_str_eq(f.data, f.opcode == WS_PONG ? "still there?" : "gr\xc3\xbc\xc3\x9f dich");
    }
    ck_assert_int_eq(door.messages, 1);
    ws_client_free(c);
    door_close();
}
END_TEST

START_TEST(bytes_may_come_one_by_one) {
    door_open(NULL);
    ws_client *c = door_enter();
    unsigned char bytes[64];
    size_t length = ws_client_header(bytes, true, WS_TEXT, true, 5);
    memcpy(bytes + length, "hallo", 5);
    for (size_t i = 0; i < length + 5; i++) {
        ws_client_send_bytes(c, bytes + i, 1);
        door_turn(NULL);
    }
    ck_assert_str_eq(ws_client_text(c), "hallo");
    ws_client_free(c);
    door_close();
}
END_TEST

START_TEST(text_that_is_not_utf8_ends_its_connection_with_1007) {
    door_open(NULL);
    ws_client *other = door_enter(), *c = door_enter();
    ws_client_send_frame(c, false, WS_TEXT, "abc\xc3", 4);
    ws_client_send_frame(c, true, WS_CONT, "(", 1);
    ck_assert_int_eq(ws_client_closed(c), 1007);
    ck_assert_uint_eq(door_count().not_utf8, 1);
    ck_assert_int_eq(door.messages, 0);
    DOOR_UNTIL(door.closed == 1);
    ws_client_send_text(other, "nothing happened");
    ck_assert_str_eq(ws_client_text(other), "nothing happened");
    ws_client_free(c);
    ws_client_free(other);
    door_close();
}
END_TEST

/* Whether the server ends a connection that sends so much of a message, with 1009. */
static void assert_too_large(size_t first, size_t second, bool promise) {
    door_open(NULL);
    server_limits limits = door_options().limits;
    limits.message_bytes = 100000;
    server_set_limits(door.server, &limits);
    ws_client *c = door_enter();
    size_t bytes = promise ? 0 : first + second;
    char *text = mem_zalloc(1, bytes + 1);
    memset(text, 'x', bytes);
    if (promise) {
        unsigned char head[14];
        ws_client_send_bytes(c, head, ws_client_header(head, true, WS_TEXT, true, first));
        ws_client_send_bytes(c, "abc", 3); /* the rest is never sent */
    } else {
        ws_client_send_frame(c, second == 0, WS_TEXT, text, first);
        if (second) ws_client_send_frame(c, true, WS_CONT, text, second);
    }
    ck_assert_int_eq(ws_client_closed(c), 1009);
    ck_assert_uint_eq(door_count().too_large, 1);
    ck_assert_int_eq(door.messages, 0);
    free(text);
    ws_client_free(c);
    door_close();
}

START_TEST(a_message_that_is_too_large_ends_its_connection_with_1009) {
    assert_too_large(100001, 0, false);
    assert_too_large(60000, 40001, false);
    assert_too_large(3 << 20, 0, true);
    assert_too_large((size_t)1 << 62, 0, true);
}
END_TEST

START_TEST(a_trusted_door_takes_four_times_as_much) {
    door_open(NULL);
    server_limits limits = door_options().limits;
    limits.message_bytes = 100000;
    limits.messages_per_sec = 1;
    server_set_limits(door.server, &limits);
    ws_client *c = door_come();
    ck_assert_int_eq(ws_client_upgrade(c, "/trusted", ""), 101);
    char *text = mem_zalloc(1, 400001);
    for (int i = 0; i < 10; i++) { /* and is never too fast */
        ws_client_send_frame(c, true, WS_BINARY, text, 400000);
        ck_assert_uint_eq(ws_client_read(c).bytes, 400000);
    }
    ws_client_send_frame(c, true, WS_BINARY, text, 400001);
    ck_assert_int_eq(ws_client_closed(c), 1009);
    ck_assert_uint_eq(door_count().floods, 0);
    free(text);
    ws_client_free(c);
    door_close();
}
END_TEST

START_TEST(what_breaks_the_protocol_ends_its_connection) {
    static const struct {
        const char *what;
        unsigned char bytes[12];
        size_t length;
    } bad[] = {
        {"an unknown opcode", {0x83, 0x80, 0, 0, 0, 0}, 6},
        {"a fragmented ping", {0x09, 0x80, 0, 0, 0, 0}, 6},
        {"a ping of 126 bytes", {0x89, 0xfe, 0, 126, 0, 0, 0, 0}, 8},
        {"a continuation of nothing", {0x80, 0x80, 0, 0, 0, 0}, 6},
        {"a reserved bit", {0xc1, 0x80, 0, 0, 0, 0}, 6},
        {"a text inside a text", {0x01, 0x80, 0, 0, 0, 0, 0x81, 0x80, 0, 0, 0, 0}, 12},
        {"a negative length", {0x81, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0}, 10},
    };
    door_open(NULL);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ws_client *c = door_enter();
        ws_client_send_bytes(c, bad[i].bytes, bad[i].length);
        int code = ws_client_closed(c);
        ck_assert_msg(code == 1002 || code == 0, "%s: %d", bad[i].what, code);
        ws_client_free(c);
        DOOR_UNTIL(door.closed == (int)i + 1);
    }
    ck_assert_int_eq(door.messages, 0);
    door_close();
}
END_TEST

/* ---- out ---- */

START_TEST(one_frame_goes_to_many) {
    enum { MANY = 20 };
    door_open(NULL);
    ws_client *clients[MANY];
    server_conn *conns[MANY];
    for (int i = 0; i < MANY; i++) {
        clients[i] = door_enter();
        conns[i] = door.conn;
    }
    frame *f = frame_of_text("to all");
    for (int i = 0; i < MANY; i++) server_send(conns[i], f);
    ck_assert_int_eq(f->refs, MANY + 1);
    ck_assert_uint_gt(server_conn_queued(conns[0]), 0);
    for (int i = 0; i < MANY; i++) ck_assert_str_eq(ws_client_text(clients[i]), "to all");
    ck_assert_int_eq(f->refs, 1);
    ck_assert_uint_eq(server_conn_queued(conns[0]), 0);
    frame_unref(f);
    for (int i = 0; i < MANY; i++) ws_client_free(clients[i]);
    door_close();
}
END_TEST

static int small_receive_buffer(ws_client *c) {
    int bytes = 4096;
    return setsockopt(ws_client_fd(c), SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
}

START_TEST(what_a_socket_does_not_take_waits_and_arrives_in_order) {
    enum { MANY = 2000, BYTES = 10000 };
    server_options options = door_options();
    options.limits.queue_bytes = 64 << 20;
    door_open(&options);
    ws_client *c = door_enter();
    for (int i = 0; i < MANY; i++) {
        frame *f = frame_new(false, BYTES);
        memset(f->data, 'x', BYTES);
        snprintf(f->data, 16, "%15d", i);
        f->data[15] = 'x';
        server_send(door.conn, f);
        frame_unref(f);
    }
    for (int i = 0; i < 10; i++) door_turn(NULL);
    ck_assert_uint_gt(door_count().queued_bytes, 0); /* more than the kernel takes */
    for (int i = 0; i < MANY; i++) {
        const char *text = ws_client_text(c);
        ck_assert_int_eq(atoi(text), i);
        ck_assert_uint_eq(strlen(text), BYTES);
    }
    ck_assert_uint_eq(door_count().queued_bytes, 0);
    ck_assert_uint_eq(door_count().slow_readers, 0);
    ws_client_free(c);
    door_close();
}
END_TEST

START_TEST(a_reader_that_is_too_slow_is_cut_and_nobody_else) {
    door_open(NULL);
    ws_client *other = door_enter();
    server_conn *other_conn = door.conn;
    ws_client *c = door_enter();
    ck_assert_int_eq(small_receive_buffer(c), 0);
    int sent = 0;
    char *text = mem_zalloc(1, 100001);
    memset(text, 'x', 100000);
    while (!door_count().slow_readers) {
        ck_assert_int_lt(sent++, 1000);
        ck_assert_uint_le(server_conn_queued(door.conn), door_options().limits.queue_bytes);
        for (int i = 0; i < 8; i++) door_say(door.conn, text);
        door_turn(NULL);
    }
    ck_assert_uint_eq(server_conn_queued(door.conn), 0);
    DOOR_UNTIL(door.closed == 1);
    ck_assert_uint_eq(door_count().queued_bytes, 0);
    ck_assert_uint_eq(door_count().slow_readers, 1);
    door_say(other_conn, "hello");
    ck_assert_str_eq(ws_client_text(other), "hello");
    free(text);
    ws_client_free(c);
    ws_client_free(other);
    door_close();
}
END_TEST

START_TEST(a_connection_is_closed_behind_what_is_queued_with_code_and_reason) {
    door_open(NULL);
    ws_client *c = door_enter();
    door_say(door.conn, "one");
    door_say(door.conn, "two");
    server_close(door.conn, 1008, "no more of this");
    door_say(door.conn, "three");
    server_close(door.conn, 1011, "again");
    ws_client_send_text(c, "is not heard any more");
    ck_assert_str_eq(ws_client_text(c), "one");
    ck_assert_str_eq(ws_client_text(c), "two");
    ws_frame f = ws_client_read(c);
    ck_assert_int_eq(f.opcode, WS_CLOSE);
    ck_assert_int_eq(f.code, 1008);
    ck_assert_str_eq(f.data + 2, "no more of this");
    ck_assert_int_eq(door.messages, 0);
    ws_client_send_frame(c, true, WS_CLOSE, f.data, 2);
    ck_assert_int_eq(ws_client_read(c).opcode, -1);
    DOOR_UNTIL(door.closed);
    ws_client_free(c);
    door_close();
}
END_TEST

START_TEST(whoever_does_not_say_goodbye_is_gone_a_second_later) {
    door_open(NULL);
    ws_client *c = door_enter();
    uint64_t began = uv_hrtime();
    server_close(door.conn, 1000, "");
    DOOR_UNTIL(door.closed);
    double msec = (double)(uv_hrtime() - began) / 1e6;
    ck_assert_msg(msec >= 900, "%.0f ms", msec);
    ck_assert_int_eq(ws_client_closed(c), 1000);
    ws_client_free(c);
    /* The same where the socket takes nothing any more. */
    c = door_enter();
    ck_assert_int_eq(small_receive_buffer(c), 0);
    char *text = mem_zalloc(1, 3000001);
    memset(text, 'x', 3000000);
    for (int i = 0; i < 3; i++) {
        door_say(door.conn, text);
        door_turn(NULL);
    }
    server_close(door.conn, 1000, "");
    DOOR_UNTIL(door.closed == 2);
    free(text);
    ws_client_free(c);
    door_close();
}
END_TEST

START_TEST(a_client_that_says_goodbye_is_answered_with_its_code) {
    door_open(NULL);
    ws_client *c = door_enter();
    door_say(door.conn, "x");
    ck_assert_str_eq(ws_client_text(c), "x");
    ws_client_send_frame(c, true, WS_CLOSE,
                         "\x03\xe9"
                         "bye",
                         5);
    ws_frame f = ws_client_read(c);
    ck_assert_int_eq(f.opcode, WS_CLOSE);
    ck_assert_int_eq(f.code, 1001);
    ck_assert_int_eq(ws_client_read(c).opcode, -1);
    DOOR_UNTIL(door.closed);
    ws_client_free(c);
    /* What is sent to it meanwhile is lost, and harms nobody. */
    c = door_enter();
    ws_client_send_frame(c, true, WS_CLOSE, "", 0);
    while (!door.closed || door.conn) {
        if (door.conn) door_say(door.conn, "you are still here");
        door_turn(NULL);
    }
    ck_assert_uint_eq(door_count().queued_bytes, 0);
    ws_client_free(c);
    door_close();
}
END_TEST

START_TEST(many_messages_in_one_packet_are_many_messages) {
    enum { MANY = 5000 };
    door_open(NULL);
    ws_client *c = door_enter();
    unsigned char *all = mem_alloc(MANY * 32), *at = all;
    for (int i = 0; i < MANY; i++) {
        char text[8];
        snprintf(text, sizeof text, "%d", i);
        at += ws_client_header(at, true, WS_TEXT, true, strlen(text));
        memcpy(at, text, strlen(text));
        at += strlen(text);
    }
    ws_client_send_bytes(c, all, (size_t)(at - all));
    for (int i = 0; i < MANY; i++) ck_assert_int_eq(atoi(ws_client_text(c)), i);
    ck_assert_int_eq(door.messages, MANY);
    free(all);
    ws_client_free(c);
    door_close();
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        a_server_that_nobody_used_ends_without_a_trace,
        connections_that_are_open_are_closed_with_the_server,
        a_message_arrives_and_is_answered_and_counted,
        messages_of_all_lengths_come_whole_and_in_order,
        fragments_are_put_together_and_a_ping_between_them_is_answered,
        bytes_may_come_one_by_one,
        text_that_is_not_utf8_ends_its_connection_with_1007,
        a_message_that_is_too_large_ends_its_connection_with_1009,
        a_trusted_door_takes_four_times_as_much,
        what_breaks_the_protocol_ends_its_connection,
        one_frame_goes_to_many,
        what_a_socket_does_not_take_waits_and_arrives_in_order,
        a_reader_that_is_too_slow_is_cut_and_nobody_else,
        a_connection_is_closed_behind_what_is_queued_with_code_and_reason,
        whoever_does_not_say_goodbye_is_gone_a_second_later,
        a_client_that_says_goodbye_is_answered_with_its_code,
        many_messages_in_one_packet_are_many_messages,
    };
    return SUITE_RUN("server", tests);
}
