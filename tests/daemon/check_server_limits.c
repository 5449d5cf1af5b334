/* check_server_limits.c - what one client may do before the door is shut: floods, silence, half handshakes, too many of them.
 * Mostly waits: for limits of time. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tests/support/door.h"
#include "tests/support/suite.h"

enum { CLIENTS_MAX = 64 };

static server_options limited(void (*change)(server_limits *limits)) {
    server_options options = door_options();
    change(&options.limits);
    return options;
}

/* ---- floods ---- */

static void ten_per_sec(server_limits *limits) {
    limits->messages_per_sec = 10;
    limits->flood_cut = 60 * USEC_PER_SEC;
}

START_TEST(a_flood_is_told_once_and_reading_rests_but_nothing_is_lost) {
    server_options options = limited(ten_per_sec);
    door_open(&options);
    ws_client *c = door_enter(), *other = door_enter();
    char text[16];
    for (int i = 0; i < 30; i++) {
        snprintf(text, sizeof text, "%d", i);
        ws_client_send_text(c, text);
    }
    uint64_t began = uv_hrtime();
    int next = 0, told = 0;
    while (next < 30) {
        const char *heard = ws_client_text(c);
        if (strcmp(heard, "flood") == 0)
            told++;
        else
            ck_assert_int_eq(atoi(heard), next++);
        if (next == 22) { /* it rests by now, and others do not */
            ws_client_send_text(other, "calm");
            ck_assert_str_eq(ws_client_text(other), "calm");
        }
    }
    double msec = (double)(uv_hrtime() - began) / 1e6;
    ck_assert_int_eq(told, 1);
    ck_assert_int_eq(door.flooded, 1);
    ck_assert_uint_eq(door_count().floods, 1);
    ck_assert_uint_eq(door_count().flood_cuts, 0);
    /* Twenty at once, ten more at ten per second. */
    ck_assert_msg(msec > 700, "%.0f ms", msec);
    ws_client_free(c);
    ws_client_free(other);
    door_close();
}
END_TEST

static void cut_soon(server_limits *limits) {
    limits->messages_per_sec = 20;
    limits->flood_cut = 400 * USEC_PER_MSEC;
}

START_TEST(a_flood_that_does_not_end_is_cut_with_1008) {
    server_options options = limited(cut_soon);
    door_open(&options);
    ws_client *c = door_enter();
    unsigned char bytes[16];
    size_t length = ws_client_header(bytes, true, WS_TEXT, true, 1);
    bytes[length++] = 'x';
    uint64_t began = uv_hrtime();
    for (int i = 0; i < 200; i++) ws_client_send_bytes(c, bytes, length);
    ck_assert_int_eq(ws_client_closed(c), 1008);
    double msec = (double)(uv_hrtime() - began) / 1e6;
    ck_assert_msg(msec >= 350, "%.0f ms", msec);
    ck_assert_uint_eq(door_count().flood_cuts, 1);
    ck_assert_int_eq(door.flooded, 1);
    ck_assert_int_lt(door.messages, 100); /* 40 at once, and 20 per second */
    DOOR_UNTIL(door.closed);
    ws_client_free(c);
    door_close();
}
END_TEST

START_TEST(whoever_stays_below_the_rate_is_never_told) {
    server_options options = limited(cut_soon);
    door_open(&options);
    ws_client *c = door_enter();
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 15; i++) ws_client_send_text(c, "x");
        for (int i = 0; i < 15; i++) ck_assert_str_eq(ws_client_text(c), "x");
        door_turn_msec(800);
    }
    ck_assert_uint_eq(door_count().floods, 0);
    ws_client_free(c);
    door_close();
}
END_TEST

START_TEST(a_flooder_that_leaves_while_reading_rests_is_gone) {
    server_options options = limited(ten_per_sec);
    door_open(&options);
    ws_client *c = door_enter();
    for (int i = 0; i < 100; i++) ws_client_send_text(c, "x");
    DOOR_UNTIL(door.flooded);
    server_close(door.conn, 1000, "enough");
    DOOR_UNTIL(door.closed);
    ws_client_free(c);
    door_close();
}
END_TEST

/* ---- silence ---- */

static void idle_soon(server_limits *limits) {
    limits->idle = 400 * USEC_PER_MSEC;
}

START_TEST(whoever_answers_pings_stays_and_whoever_is_silent_is_cut) {
    server_options options = limited(idle_soon);
    door_open(&options);
    ws_client *alive = door_enter(), *dead = door_enter();
    uint64_t began = uv_hrtime();
    int pings = 0;
    while (uv_hrtime() - began < UINT64_C(1500000000)) {
        while (ws_client_waiting(alive)) {
            ws_frame f = ws_client_read(alive);
            ck_assert_int_eq(f.opcode, WS_PING);
            ws_client_send_frame(alive, true, WS_PONG, f.data, f.bytes);
            pings++;
        }
        door_turn(NULL);
    }
    ck_assert_int_ge(pings, 3);
    ck_assert_uint_eq(door_count().idle_cuts, 1);
    ck_assert_int_eq(ws_client_closed(dead), 1001);
    ws_client_send_text(alive, "here");
    while (ws_client_waiting(alive) == 0) door_turn(NULL);
    ck_assert_int_eq(door_count().connections, 1);
    ws_client_free(alive);
    ws_client_free(dead);
    door_close();
}
END_TEST

START_TEST(whoever_speaks_is_not_pinged) {
    server_options options = limited(idle_soon);
    door_open(&options);
    ws_client *c = door_enter();
    for (int i = 0; i < 20; i++) {
        ws_client_send_text(c, "x");
        ck_assert_int_eq(ws_client_read(c).opcode, WS_TEXT);
        door_turn_msec(50);
    }
    ck_assert_uint_eq(door_count().idle_cuts, 0);
    ws_client_free(c);
    door_close();
}
END_TEST

/* ---- handshakes ---- */

static void handshake_soon(server_limits *limits) {
    limits->handshake = 300 * USEC_PER_MSEC;
}

START_TEST(a_handshake_that_is_not_complete_in_time_is_closed) {
    server_options options = limited(handshake_soon);
    door_open(&options);
    ws_client *silent = door_come(), *half = door_come(), *slow = door_come(), *good = door_enter();
    ws_client_send_bytes(half, "GET /ws HTTP/1.1\r\nHost: x\r\nUpgra", 32);
    ws_client_send_bytes(slow, "GET /ws HTTP/1.1\r\nHost: ", 24);
    for (int i = 0; i < 200 && door_count().handshakes_late < 3; i++) {
        ws_client_try_bytes(slow, "x", 1); /* drop by drop does not help */
        door_turn(NULL);
    }
    ck_assert_int_eq(ws_client_byte(silent), -1);
    ck_assert_int_eq(ws_client_byte(half), -1);
    ck_assert_uint_eq(door_count().handshakes_late, 3);
    ws_client_send_text(good, "still here");
    ck_assert_str_eq(ws_client_text(good), "still here");
    ws_client_free(silent);
    ws_client_free(half);
    ws_client_free(slow);
    ws_client_free(good);
    door_close();
}
END_TEST

static int knock_with(const char *path, const char *headers) {
    ws_client *c = door_come();
    int status = ws_client_upgrade(c, path, headers);
    ws_client_free(c);
    return status;
}

START_TEST(the_door_decides_who_comes_in_and_hears_who_knocks) {
    door_open(NULL);
    ck_assert_int_eq(knock_with("/ws", "Authorization: Bearer let-me-in\r\n"), 101);
    ck_assert_str_eq(door.token, "let-me-in");
    ck_assert_str_eq(door.address, "127.0.0.1");
    ck_assert_str_eq(door.path, "/ws");
    ck_assert_str_eq(door.from, "");
    ck_assert_int_eq(knock_with("/ws?x=1&token=from%2Da%20page&y=2", ""), 101);
    ck_assert_str_eq(door.token, "from-a page");
    ck_assert_int_eq(knock_with("/ws?token=other", "Authorization: bearer mine\r\n"), 101);
    ck_assert_str_eq(door.token, "mine"); /* the header counts */
    ck_assert_int_eq(knock_with("/ws", "x-lingua-from: i-1\r\nX-Lingua-To: i-2\r\n"), 101);
    ck_assert_str_eq(door.from, "i-1");
    ck_assert_str_eq(door.to, "i-2");
    ck_assert_int_eq(knock_with("/ws", ""), 101);
    ck_assert_str_eq(door.token, "");
    ck_assert_int_eq(knock_with("/ws", "Authorization: Basic abc\r\n"), 101);
    ck_assert_str_eq(door.token, "");
    int opened = door.opened;
    ck_assert_int_eq(knock_with("/ws", "Authorization: Bearer wrong\r\n"), 401);
    ck_assert_int_eq(knock_with("/ws?token=banned", ""), 403);
    ck_assert_int_eq(knock_with("/ws?token=taken", ""), 409);
    ck_assert_uint_eq(door_count().refused_token, 3);
    ck_assert_int_eq(door.opened, opened);
    door_close();
}
END_TEST

START_TEST(a_refused_client_reads_why_before_the_socket_is_closed) {
    static const char expected[] = "401 Unauthorized\n";
    door_open(NULL);
    ws_client *c = door_come();
    ck_assert_int_eq(ws_client_upgrade(c, "/ws?token=wrong", ""), 401);
    for (size_t i = 0; expected[i]; i++) ck_assert_int_eq(ws_client_byte(c), expected[i]);
    ck_assert_int_eq(ws_client_byte(c), -1);
    ws_client_free(c);
    door_close();
}
END_TEST

START_TEST(what_is_no_handshake_is_refused) {
    static const struct {
        const char *request;
        int status; /* 0: closed without an answer */
    } bad[] = {
        {"GET /nowhere HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: "
         "13\r\n"
         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
         404},
        {"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: "
         "13\r\n\r\n",
         400},
        {"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 8\r\n"
         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
         400},
        {"GET /ws HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
         400},
        {"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\nConnection: Upgrade\r\nHTTP2-Settings: "
         "AAMAAABkAAQAAP__\r\n\r\n",
         400},
        {"POST /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nContent-Length: 0\r\n\r\n",
         400},
        {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 something of TLS\r\n\r\n", 0},
        {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 0},
        {"no HTTP at all\r\n\r\n", 0},
    };
    door_open(NULL);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ws_client *c = door_come();
        ws_client_send_bytes(c, bad[i].request, strlen(bad[i].request));
        char answer[32] = "";
        for (size_t k = 0; k + 1 < sizeof answer; k++) {
            int byte = ws_client_byte(c);
            if (byte < 0) break;
            answer[k] = (char)byte;
        }
        int status = 0;
        sscanf(answer, "HTTP/1.1 %d", &status);
        ck_assert_msg(status == bad[i].status || (!bad[i].status && status >= 400), "%zu: %s", i, answer);
        ws_client_free(c);
    }
    ck_assert_int_eq(door.opened, 0);
    door_close();
}
END_TEST

/* ---- how many ---- */

static void three(server_limits *limits) {
    limits->connections = 3;
}

START_TEST(beyond_the_limit_of_connections_the_answer_is_503_until_one_leaves) {
    server_options options = limited(three);
    door_open(&options);
    ws_client *c[3];
    for (int i = 0; i < 3; i++) c[i] = door_enter();
    ck_assert_int_eq(knock_with("/ws", ""), 503);
    ck_assert_uint_eq(door_count().refused_full, 1);
    ws_client *peer = door_come(); /* instances are not strangers */
    ck_assert_int_eq(ws_client_upgrade(peer, "/trusted", ""), 101);
    ws_client_free(peer);
    DOOR_UNTIL(door_count().connections == 3);
    c[0] = ws_client_free(c[0]);
    DOOR_UNTIL(door_count().connections == 2);
    ck_assert_int_eq(knock_with("/ws", ""), 101);
    server_limits more = options.limits;
    more.connections = 10;
    server_set_limits(door.server, &more);
    c[0] = door_enter();
    ws_client *fourth = door_enter();
    ws_client_free(fourth);
    for (int i = 0; i < 3; i++) ws_client_free(c[i]);
    door_close();
}
END_TEST

START_TEST(new_limits_hold_for_connections_that_are_open) {
    door_open(NULL);
    ws_client *c = door_enter();
    char text[2001];
    memset(text, 'x', sizeof text);
    ws_client_send_frame(c, true, WS_TEXT, text, sizeof text);
    ck_assert_uint_eq(ws_client_read(c).bytes, sizeof text);
    server_limits limits = door_options().limits;
    limits.message_bytes = 2000;
    server_set_limits(door.server, &limits);
    ws_client_send_frame(c, true, WS_TEXT, text, sizeof text);
    ck_assert_int_eq(ws_client_closed(c), 1009);
    ws_client_free(c);
    door_close();
}
END_TEST

START_TEST(a_process_without_descriptors_left_rests_and_goes_on_when_it_has_some) {
    door_open(NULL);
    ws_client *c[CLIENTS_MAX];
    c[0] = door_enter();
    c[1] = door_come();
    c[2] = door_come();
    struct rlimit limit, few;
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    few = limit;
    few.rlim_cur = (rlim_t)ws_client_fd(c[2]) + 1; /* accepted sockets come behind it */
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
    for (int i = 0; i < 20; i++) door_turn(NULL);
    ws_client_send_text(c[0], "the others are not disturbed");
    ck_assert_str_eq(ws_client_text(c[0]), "the others are not disturbed");
    ck_assert_uint_eq(door_count().accepted, 1);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    ck_assert_int_eq(ws_client_upgrade(c[1], "/ws", ""), 101);
    ck_assert_int_eq(ws_client_upgrade(c[2], "/ws", ""), 101);
    for (int i = 0; i < 3; i++) ws_client_free(c[i]);
    door_close();
}
END_TEST

static int open_files(void) {
    int count = 0;
    for (int fd = 0; fd < 1024; fd++) count += lseek(fd, 0, SEEK_CUR) >= 0 || dup2(fd, fd) == fd;
    return count;
}

START_TEST(connections_that_come_and_go_leave_no_descriptor) {
    door_open(NULL);
    ws_client *first = door_enter();
    ws_client_free(first);
    DOOR_UNTIL(door.closed == 1);
    for (int i = 0; i < 5; i++) door_turn(NULL);
    int before = open_files();
    for (int i = 0; i < 100; i++) {
        ws_client *c = door_enter();
        if (i % 3 == 0) server_close(door.conn, 1000, "");
        if (i % 3 == 1) ws_client_send_frame(c, true, WS_CLOSE, "", 0);
        ws_client_free(c);
        ws_client_free(door_come());
    }
    DOOR_UNTIL(door.closed == 101);
    DOOR_UNTIL(open_files() == before);
    door_close();
}
END_TEST

enum { CROWD = 1200 };

static void let_in_a_crowd(server_limits *limits) {
    limits->connections = 2 * CROWD;
}

START_TEST(when_a_crowd_leaves_at_once_newcomers_are_let_in) {
    static ws_client *crowd[CROWD];
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    ck_assert_msg(files.rlim_max > 3 * CROWD && setrlimit(RLIMIT_NOFILE, &files) == 0, "too few descriptors");
    server_options options = limited(let_in_a_crowd);
    door_open(&options);
    for (int i = 0; i < CROWD; i++) crowd[i] = door_enter();
    for (int i = 0; i < CROWD; i++) ws_client_free(crowd[i]);
    ws_client *late = door_enter();
    ck_assert_uint_eq(door_count().refused_full, 0);
    ws_client_free(late);
    DOOR_UNTIL(door.closed == CROWD + 1);
    door_close();
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        a_flood_is_told_once_and_reading_rests_but_nothing_is_lost,
        a_flood_that_does_not_end_is_cut_with_1008,
        whoever_stays_below_the_rate_is_never_told,
        a_flooder_that_leaves_while_reading_rests_is_gone,
        whoever_answers_pings_stays_and_whoever_is_silent_is_cut,
        whoever_speaks_is_not_pinged,
        a_handshake_that_is_not_complete_in_time_is_closed,
        the_door_decides_who_comes_in_and_hears_who_knocks,
        a_refused_client_reads_why_before_the_socket_is_closed,
        what_is_no_handshake_is_refused,
        beyond_the_limit_of_connections_the_answer_is_503_until_one_leaves,
        new_limits_hold_for_connections_that_are_open,
        a_process_without_descriptors_left_rests_and_goes_on_when_it_has_some,
        connections_that_come_and_go_leave_no_descriptor,
        when_a_crowd_leaves_at_once_newcomers_are_let_in,
    };
    return SUITE_RUN("server_limits", tests);
}
