/* door.h - a server on a loop of the test's own, with a door that writes down what happens and echoes what it is told. */
#ifndef TESTS_SUPPORT_DOOR_H
#define TESTS_SUPPORT_DOOR_H

#include <uv.h>

#include "core/daemon/server.h"
#include "tests/support/ws_client.h"

typedef struct door_notes {
    uv_loop_t loop;
    server *server;
    bool silent; /* nothing is echoed */
    int admitted, opened, closed, flooded, messages;
    char last[256]; /* of the last message: its beginning */
    size_t last_bytes;
    bool last_binary;
    server_conn *conn;                                       /* the one that opened last, while it lasts */
    char token[64], from[64], to[64], address[64], path[64]; /* of the last knock */
    const server_route *routes;
} door_notes;

extern door_notes door;

/* 127.0.0.1, a free port, the door "/ws" (tokens "wrong" 401, "taken" 409, "banned" 403), a trusted one "/trusted", generous limits. */
server_options door_options(void);
/* With door_options() where `options` is NULL. */
void door_open(const server_options *options);
/* Ends the server and lets the loop end with it. */
void door_close(void);
/* One turn of the loop. */
void door_turn(void *ctx);
/* Turns for so long, at least. */
void door_turn_msec(int64_t msec);
/* Turns until `condition` holds; fails after 20 s. */
#define DOOR_UNTIL(condition)                                                                                          \
    for (uint64_t door_began = uv_hrtime(); !(condition); door_turn(NULL))                                             \
    ck_assert_msg(uv_hrtime() - door_began < UINT64_C(20000000000), "never: %s", #condition)

ws_client *door_come(void);
/* Through "/ws". */
ws_client *door_enter(void);
void door_say(server_conn *conn, const char *text);
server_counts door_count(void);

/* What curl prints with `arguments` ("-i http://..."); the loop turns meanwhile. free() it. */
char *door_curl(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
