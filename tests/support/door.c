/* door.c - the fixture of the tests of the front door. */
#include "tests/support/door.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/mem.h"

door_notes door;

static int admit(void *ctx, const server_knock *knock, void **ret_pass) {
    (void)ctx;
    door.admitted++;
    snprintf(door.token, sizeof door.token, "%s", knock->token);
    snprintf(door.from, sizeof door.from, "%s", knock->from);
    snprintf(door.to, sizeof door.to, "%s", knock->to);
    snprintf(door.address, sizeof door.address, "%s", knock->address);
    snprintf(door.path, sizeof door.path, "%s", knock->path);
    if (strcmp(knock->token, "wrong") == 0) return 401;
    if (strcmp(knock->token, "banned") == 0) return 403;
    *ret_pass = mem_strdup(knock->token);
    return strcmp(knock->token, "taken") == 0 ? 409 : 0;
}

static void *opened(void *ctx, server_conn *conn, void *pass) {
    if (pass) ck_assert_str_eq(pass, door.token);
    door.opened++;
    door.conn = conn;
    return ctx;
}

static void message(void *ctx, server_conn *conn, void *user, bool binary, const char *data, size_t bytes) {
    ck_assert_ptr_eq(ctx, user);
    door.messages++;
    door.last_binary = binary;
    door.last_bytes = bytes;
    snprintf(door.last, sizeof door.last, "%.*s", bytes > 200 ? 200 : (int)bytes, data);
    if (door.silent) return;
    frame *f = frame_new(binary, bytes);
    memcpy(f->data, data, bytes);
    server_send(conn, f);
    frame_unref(f);
}

static void flooded(void *ctx, server_conn *conn, void *user) {
    ck_assert_ptr_eq(ctx, user);
    door.flooded++;
    door_say(conn, "flood");
}

static void closed(void *ctx, server_conn *conn, void *user) {
    ck_assert_ptr_eq(ctx, user);
    ck_assert_ptr_nonnull(conn);
    door.closed++;
    if (door.conn == conn) door.conn = NULL;
}

#define DOOR(where) .path = where, .ctx = &door, .opened = opened, .message = message, .closed = closed
static const server_door doors[] = {
    {DOOR("/ws"), .admit = admit, .flooded = flooded},
    {DOOR("/trusted"), .trusted = true},
    {0},
};

server_options door_options(void) {
    return (server_options){
        .loop = &door.loop,
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

void door_open(const server_options *options) {
    sched_error err;
    server_options usual = door_options();
    door = (door_notes){0};
    ck_assert_int_eq(uv_loop_init(&door.loop), 0);
    sched_status status = server_new(options ? options : &usual, &door.server, &err);
    ck_assert_msg(status == SCHED_OK, "%s", err.message);
}

void door_close(void) {
    door.server = server_free(door.server);
    ck_assert_ptr_null(door.server);
    uv_run(&door.loop, UV_RUN_DEFAULT);
    ck_assert_int_eq(uv_loop_close(&door.loop), 0);
}

void door_turn(void *ctx) {
    (void)ctx;
    uv_run(&door.loop, UV_RUN_ONCE);
}

void door_turn_msec(int64_t msec) {
    for (uint64_t began = uv_hrtime(); uv_hrtime() - began < (uint64_t)msec * 1000000;) door_turn(NULL);
}

ws_client *door_come(void) {
    return ws_client_tcp(server_port(door.server), door_turn, NULL);
}

ws_client *door_enter(void) {
    ws_client *c = door_come();
    ck_assert_int_eq(ws_client_upgrade(c, "/ws", ""), 101);
    return c;
}

void door_say(server_conn *conn, const char *text) {
    frame *f = frame_of_text(text);
    server_send(conn, f);
    frame_unref(f);
}

server_counts door_count(void) {
    return server_count(door.server);
}

char *door_curl(const char *format, ...) {
    char arguments[1024], command[1200];
    va_list args;
    va_start(args, format);
    vsnprintf(arguments, sizeof arguments, format, args);
    va_end(args);
    snprintf(command, sizeof command, "exec curl -sS --max-time 15 %s 2>&1", arguments);
    FILE *pipe = popen(command, "re");
    ck_assert_ptr_nonnull(pipe);
    fcntl(fileno(pipe), F_SETFL, O_NONBLOCK);
    char *text = mem_alloc(1);
    size_t bytes = 0;
    for (;;) {
        text = mem_realloc(text, 1, bytes + 65537);
        ssize_t got = read(fileno(pipe), text + bytes, 65536);
        if (got > 0) bytes += (size_t)got;
        if (got == 0) break;
        if (got < 0 && errno == EAGAIN) door_turn(NULL);
    }
    text[bytes] = '\0';
    pclose(pipe);
    return text;
}
