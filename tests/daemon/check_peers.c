/* check_peers.c - what instances say to each other, over real connections: in order, never twice, and to nobody else.
 * Mostly waits: for connections that are tried again. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "core/base/mem.h"
#include "core/daemon/loop_clock.h"
#include "core/daemon/peers.h"
#include "core/daemon/server.h"
#include "core/wire/peer_frame.h"
#include "tests/support/suite.h"

enum { HEARD_MAX = 1000 };

static uv_loop_t loop;
static server *s;
static loop_clock *c;
static peers *p;
static peer_link to;
static sched_error err;
static char address[64];

static struct {
    int count, opened, closed;
    int64_t attempts[HEARD_MAX];
    size_t sound_bytes;
    bool sound_right;
    server_conn *conn;
} heard;

static int admit(void *ctx, const server_knock *knock, void **ret_pass) {
    (void)ctx;
    (void)ret_pass;
    if (strcmp(knock->token, "the secret of the peers") != 0) return 401;
    ck_assert_str_eq(knock->from, "i-1");
    return strcmp(knock->to, "i-2") == 0 ? 0 : 409;
}

static void *opened(void *ctx, server_conn *conn, void *pass) {
    (void)pass;
    heard.opened++;
    heard.conn = conn;
    return ctx;
}

static void message(void *ctx, server_conn *conn, void *user, bool binary, const char *data, size_t bytes) {
    (void)ctx;
    (void)conn;
    (void)user;
    ck_assert(binary);
    peer_frame f;
    ck_assert_msg(peer_frame_decode(data, bytes, &f, &err) == SCHED_OK, "%s", err.message);
    ck_assert_str_eq(f.from, "i-1");
    ck_assert_int_lt(heard.count, HEARD_MAX);
    heard.attempts[heard.count++] = f.message.attempt;
    heard.sound_bytes = f.message.sound ? f.message.sound->bytes : 0;
    heard.sound_right = true;
    for (size_t i = 0; i < heard.sound_bytes; i++)
        if (f.message.sound->data[i] != (unsigned char)(i * 7)) heard.sound_right = false;
    peer_frame_free(&f);
}

static void closed(void *ctx, server_conn *conn, void *user) {
    (void)ctx;
    (void)conn;
    (void)user;
    heard.closed++;
    heard.conn = NULL;
}

static const server_door doors[] = {
    {.path = "/ws/peer",
     .ctx = &heard,
     .trusted = true,
     .admit = admit,
     .opened = opened,
     .message = message,
     .closed = closed},
    {0},
};

static void open_server(int port) {
    server_options options = {
        .loop = &loop,
        .host = "127.0.0.1",
        .port = port,
        .doors = doors,
        .limits = {.connections = 100,
                   .message_bytes = 1 << 20,
                   .messages_per_sec = 1,
                   .queue_bytes = 1 << 20,
                   .handshake = 10 * USEC_PER_SEC,
                   .idle = 60 * USEC_PER_SEC,
                   .flood_cut = 5 * USEC_PER_SEC},
    };
    ck_assert_msg(server_new(&options, &s, &err) == SCHED_OK, "%s", err.message);
    snprintf(address, sizeof address, "ws://127.0.0.1:%d/ws/peer", server_port(s));
}

static void set_up_with(const char *secret, usec_t patience, usec_t idle, uint64_t queue_bytes) {
    memset(&heard, 0, sizeof heard);
    ck_assert_int_eq(uv_loop_init(&loop), 0);
    c = loop_clock_new(&loop);
    open_server(0);
    p = peers_new(s, &(peers_options){.instance_id = "i-1",
                                      .secret = secret,
                                      .queue_bytes = queue_bytes,
                                      .patience = patience,
                                      .idle = idle,
                                      .clock = loop_clock_source(c),
                                      .timers = loop_clock_timers(c)});
    to = peers_link(p);
}

static void set_up(void) {
    set_up_with("the secret of the peers", 5 * USEC_PER_SEC, 60 * USEC_PER_SEC, 64 << 20);
}

static void tear_down(void) {
    p = peers_free(p);
    s = server_free(s);
    c = loop_clock_free(c);
    uv_run(&loop, UV_RUN_DEFAULT);
    ck_assert_int_eq(uv_loop_close(&loop), 0);
}

static void say(const char *instance, const char *where, int64_t attempt) {
    loop_clock_catch_up(c);
    to.send(to.ctx, instance, where,
            &(peer_message){.kind = PEER_FETCH,
                            .job = "j-1",
                            .node = "n-1",
                            .session = "",
                            .to = "",
                            .request = "",
                            .code = "",
                            .service = "",
                            .room = "",
                            .address = "",
                            .attempt = attempt});
    loop_clock_settle(c);
}

static void turn(void) {
    uv_run(&loop, UV_RUN_ONCE);
}

static bool is_late(uint64_t began, int sec) {
    return uv_hrtime() - began > (uint64_t)sec * 1000000000;
}

static void until_heard(int count) {
    for (uint64_t began = uv_hrtime(); heard.count < count; turn()) ck_assert(!is_late(began, 20));
}

static void until_dropped(uint64_t count) {
    for (uint64_t began = uv_hrtime(); peers_count(p).dropped < count; turn()) ck_assert(!is_late(began, 20));
}

static void for_msec(uint64_t msec) {
    for (uint64_t began = uv_hrtime(); uv_hrtime() - began < msec * 1000000;) turn();
}

START_TEST(messages_arrive_in_order_over_one_connection) {
    enum { MANY = 500 };
    set_up();
    for (int i = 0; i < MANY; i++) say("i-2", address, i);
    until_heard(MANY);
    for (int i = 0; i < MANY; i++) ck_assert_int_eq(heard.attempts[i], i);
    ck_assert_int_eq(heard.opened, 1);
    peers_counts n = peers_count(p);
    ck_assert_int_eq(n.connected, 1);
    ck_assert_uint_eq(n.connects, 1);
    ck_assert_uint_eq(n.sent, MANY);
    ck_assert_uint_eq(n.dropped + n.failures, 0);
    ck_assert_uint_gt(n.bytes, MANY * 20);
    tear_down();
}
END_TEST

START_TEST(a_message_of_two_mebibytes_arrives_whole) {
    set_up();
    enum { BYTES = 2 << 20 };
    unsigned char *samples = mem_alloc(BYTES);
    for (size_t i = 0; i < BYTES; i++) samples[i] = (unsigned char)(i * 7);
    audio *sound = audio_new(USEC_PER_SEC, BYTES, samples);
    peer_message m = {.kind = PEER_JOB,
                      .job = "j-1",
                      .node = "n-1",
                      .session = "s-1",
                      .to = "",
                      .request = "",
                      .code = "",
                      .service = "",
                      .room = "",
                      .address = "",
                      .attempt = 1,
                      .sound = sound};
    for (int i = 0; i < 3; i++) to.send(to.ctx, "i-2", address, &m);
    until_heard(3);
    ck_assert_uint_eq(heard.sound_bytes, BYTES);
    ck_assert(heard.sound_right);
    audio_unref(sound);
    tear_down();
}
END_TEST

START_TEST(a_message_to_an_instance_that_does_not_answer_there_reaches_nobody) {
    set_up_with("the secret of the peers", 300 * USEC_PER_MSEC, USEC_PER_SEC, 1 << 20);
    say("i-3", address, 1);
    until_dropped(1);
    ck_assert_int_eq(heard.opened, 0);
    ck_assert_uint_ge(peers_count(p).failures, 2); /* it was tried again */
    ck_assert_uint_eq(peers_count(p).sent, 0);
    tear_down();
}
END_TEST

START_TEST(whoever_does_not_know_the_secret_is_not_let_in) {
    set_up_with("another secret than theirs", 300 * USEC_PER_MSEC, USEC_PER_SEC, 1 << 20);
    say("i-2", address, 1);
    until_dropped(1);
    ck_assert_int_eq(heard.opened, 0);
    ck_assert_uint_ge(server_count(s).refused_token, 1);
    tear_down();
}
END_TEST

START_TEST(what_has_no_connection_within_its_patience_is_dropped) {
    set_up_with("the secret of the peers", 300 * USEC_PER_MSEC, USEC_PER_SEC, 1 << 20);
    static const char *const nowhere[] = {"ws://127.0.0.1:1/ws/peer", "nonsense", "ws://127.0.0.1:99999/", "ws://:80/"};
    for (size_t i = 0; i < sizeof nowhere / sizeof *nowhere; i++) {
        uint64_t dropped = peers_count(p).dropped, failures = peers_count(p).failures;
        char instance[16];
        snprintf(instance, sizeof instance, "i-%zu", 10 + i);
        say(instance, nowhere[i], 1);
        ck_assert_uint_eq(peers_count(p).dropped, dropped); /* patience has just begun */
        until_dropped(dropped + 1);
        ck_assert_uint_gt(peers_count(p).failures, failures);
    }
    say("i-2", "", 1); /* an instance that has no address at all */
    ck_assert_uint_eq(peers_count(p).dropped, 5);
    tear_down();
}
END_TEST

START_TEST(what_waits_goes_over_the_next_connection_and_nothing_goes_twice) {
    set_up();
    say("i-2", address, 1);
    until_heard(1);
    int port = server_port(s);
    server_close(heard.conn, 1001, "restart");
    while (!heard.closed || peers_count(p).connected) turn();
    server_stop_listening(s);
    say("i-2", address, 2); /* nobody listens now */
    say("i-2", address, 3);
    for_msec(200);
    ck_assert_int_eq(heard.count, 1);
    ck_assert_uint_ge(peers_count(p).failures, 1);
    /* The listening socket comes back in a server of its own, on the same loop. */
    server *old = s;
    open_server(port);
    until_heard(3);
    ck_assert_int_eq(heard.attempts[1], 2);
    ck_assert_int_eq(heard.attempts[2], 3);
    ck_assert_uint_eq(peers_count(p).connects, 2);
    ck_assert_uint_eq(peers_count(p).dropped, 0);
    p = peers_free(p);
    s = server_free(s);
    s = old;
    tear_down();
}
END_TEST

START_TEST(an_instance_that_moves_is_called_at_its_new_address) {
    set_up();
    say("i-2", "ws://127.0.0.1:1/ws/peer", 1);
    say("i-2", address, 2);
    until_heard(2);
    ck_assert_int_eq(heard.attempts[0], 1);
    ck_assert_int_eq(heard.attempts[1], 2);
    tear_down();
}
END_TEST

START_TEST(a_queue_that_is_full_takes_nothing_more) {
    set_up_with("the secret of the peers", 5 * USEC_PER_SEC, 60 * USEC_PER_SEC, 2000);
    for (int i = 0; i < 100; i++) say("i-2", address, i);
    uint64_t dropped = peers_count(p).dropped;
    ck_assert_uint_gt(dropped, 50);
    until_heard(100 - (int)dropped);
    for (int i = 0; i < heard.count; i++) ck_assert_int_eq(heard.attempts[i], i);
    say("i-2", address, 200);
    until_heard(101 - (int)dropped);
    ck_assert_int_eq(heard.attempts[heard.count - 1], 200);
    tear_down();
}
END_TEST

START_TEST(an_idle_connection_is_closed_and_made_again_when_there_is_something_to_say) {
    set_up_with("the secret of the peers", 5 * USEC_PER_SEC, 200 * USEC_PER_MSEC, 1 << 20);
    for (int i = 1; i <= 3; i++) {
        say("i-2", address, i);
        until_heard(i);
        ck_assert_int_eq(heard.opened, i);
        for (uint64_t began = uv_hrtime(); heard.closed < i; turn()) ck_assert(!is_late(began, 20));
        ck_assert_int_eq(peers_count(p).connected, 0);
    }
    tear_down();
}
END_TEST

START_TEST(more_instances_than_places_share_them_as_long_as_they_are_silent) {
    set_up_with("the secret of the peers", 300 * USEC_PER_MSEC, 60 * USEC_PER_SEC, 1 << 20);
    char name[16];
    for (int i = 0; i < PEERS_MAX + 6; i++) {
        snprintf(name, sizeof name, "x-%d", i);
        say(name, "ws://127.0.0.1:1/ws/peer", i);
    }
    ck_assert_uint_eq(peers_count(p).dropped, 6); /* all places have something to say */
    until_dropped(PEERS_MAX + 6);
    say("i-2", address, 1);
    until_heard(1);
    tear_down();
}
END_TEST

START_TEST(peers_end_with_letters_unsent_and_connections_open) {
    set_up();
    say("i-2", address, 1);
    until_heard(1);
    say("i-2", address, 2);
    say("i-4", "ws://127.0.0.1:1/", 2);
    say("i-5", address, 2);
    turn();
    tear_down();
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        messages_arrive_in_order_over_one_connection,
        a_message_of_two_mebibytes_arrives_whole,
        a_message_to_an_instance_that_does_not_answer_there_reaches_nobody,
        whoever_does_not_know_the_secret_is_not_let_in,
        what_has_no_connection_within_its_patience_is_dropped,
        what_waits_goes_over_the_next_connection_and_nothing_goes_twice,
        an_instance_that_moves_is_called_at_its_new_address,
        a_queue_that_is_full_takes_nothing_more,
        an_idle_connection_is_closed_and_made_again_when_there_is_something_to_say,
        more_instances_than_places_share_them_as_long_as_they_are_silent,
        peers_end_with_letters_unsent_and_connections_open,
    };
    return SUITE_RUN("peers", tests);
}
