/* check_server.c - the front door, by real sockets: what comes in, what goes out, who is refused, and who is sent away. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "core/base/mem.h"
#include "core/daemon/server.h"
#include "tests/support/suite.h"
#include "tests/support/ws_client.h"

enum { HEARD_MAX = 4096 };

static uv_loop_t loop;
static server *s;
static sched_error err;

static void pump(void *ctx) {
    (void)ctx;
    uv_run(&loop, UV_RUN_ONCE);
}

/* ---- a door that writes down what happens, and echoes what begins with "echo" ---- */

static struct {
    int opened, closed, flooded, admitted, messages;
    char last[256];
    size_t last_bytes;
    bool last_binary;
    server_conn *conn;
    char token[64], from[64], to[64], address[64];
    bool silent;
} heard;

static int admit(void *ctx, const server_knock *knock, void **ret_pass) {
    (void)ctx;
    heard.admitted++;
    snprintf(heard.token, sizeof heard.token, "%s", knock->token);
    snprintf(heard.from, sizeof heard.from, "%s", knock->from);
    snprintf(heard.to, sizeof heard.to, "%s", knock->to);
    snprintf(heard.address, sizeof heard.address, "%s", knock->address);
    if (strcmp(knock->token, "wrong") == 0) return 401;
    if (strcmp(knock->token, "taken") == 0) return 409;
    *ret_pass = mem_strdup(knock->token);
    return 0;
}

static void *opened(void *ctx, server_conn *conn, void *pass) {
    ck_assert_str_eq(pass ? pass : "", heard.token);
    heard.opened++;
    heard.conn = conn;
    return ctx;
}

static void say(server_conn *conn, const char *text) {
    frame *f = frame_of_text(text);
    server_send(conn, f);
    frame_unref(f);
}

static void message(void *ctx, server_conn *conn, void *user, bool binary, const char *data, size_t bytes) {
    ck_assert_ptr_eq(ctx, user);
    heard.messages++;
    heard.last_binary = binary;
    heard.last_bytes = bytes;
    snprintf(heard.last, sizeof heard.last, "%.*s", bytes > 200 ? 200 : (int)bytes, data);
    if (heard.silent) return;
    frame *f = frame_new(binary, bytes);
    memcpy(f->data, data, bytes);
    server_send(conn, f);
    frame_unref(f);
}

static void flooded(void *ctx, server_conn *conn, void *user) {
    (void)ctx;
    (void)user;
    heard.flooded++;
    say(conn, "flood");
}

static void closed(void *ctx, server_conn *conn, void *user) {
    ck_assert_ptr_eq(ctx, user);
    ck_assert_ptr_nonnull(conn);
    heard.closed++;
    if (heard.conn == conn) heard.conn = NULL;
}

static const server_door doors[] = {
    {.path = "/ws",
     .ctx = &heard,
     .admit = admit,
     .opened = opened,
     .message = message,
     .flooded = flooded,
     .closed = closed},
    {0},
};

static server_options usual(void) {
    return (server_options){
        .loop = &loop,
        .host = "127.0.0.1",
        .doors = doors,
        .limits = {.connections = 100,
                   .message_bytes = 1 << 20,
                   .messages_per_sec = 100000,
                   .queue_bytes = 4 << 20,
                   .handshake = 10 * USEC_PER_SEC,
                   .idle = 60 * USEC_PER_SEC,
                   .flood_cut = 5 * USEC_PER_SEC},
    };
}

static void begin(const server_options *options) {
    memset(&heard, 0, sizeof heard);
    ck_assert_int_eq(uv_loop_init(&loop), 0);
    sched_status status = server_new(options, &s, &err);
    ck_assert_msg(status == SCHED_OK, "%s", err.message);
}

static void set_up(void) {
    server_options options = usual();
    begin(&options);
}

static void tear_down(void) {
    s = server_free(s);
    uv_run(&loop, UV_RUN_DEFAULT);
    ck_assert_int_eq(uv_loop_close(&loop), 0);
}

static ws_client *come(void) {
    return ws_client_tcp(server_port(s), pump, NULL);
}

static ws_client *open_ws(void) {
    ws_client *c = come();
    ck_assert_int_eq(ws_client_upgrade(c, "/ws", ""), 101);
    return c;
}

START_TEST(a_server_that_nobody_used_ends_without_a_trace) {
    set_up();
    tear_down();
}
END_TEST

START_TEST(what_a_client_says_arrives_and_what_it_is_told_too) {
    set_up();
    ws_client *c = open_ws();
    ws_client_send_text(c, "echo");
    ck_assert_str_eq(ws_client_text(c), "echo");
    ck_assert_int_eq(heard.opened, 1);
    ck_assert_int_eq(heard.messages, 1);
    c = ws_client_free(c);
    while (!heard.closed) pump(NULL);
    tear_down();
    ck_assert_int_eq(heard.closed, 1);
}
END_TEST

START_TEST(connections_that_are_open_are_closed_with_the_server) {
    set_up();
    ws_client *a = open_ws(), *b = open_ws(), *young = come();
    tear_down();
    ck_assert_int_eq(heard.closed, 2);
    ws_client_free(a);
    ws_client_free(b);
    ws_client_free(young);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        a_server_that_nobody_used_ends_without_a_trace,
        what_a_client_says_arrives_and_what_it_is_told_too,
        connections_that_are_open_are_closed_with_the_server,
    };
    return SUITE_RUN("server", tests);
}
