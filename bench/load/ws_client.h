/* ws_client.h - one WebSocket connection of a client, on a libuv loop: as little of RFC 6455 as a load generator needs.
 *
 * Why not libwebsockets, which the daemon uses: a generator with thousands of connections shares two cores with what it measures, and
 * what is measured should not be its own mirror. Measured with 500 to 2,000 clients on one loop, 1.4 kB to a linguad and an answer
 * back: 13 to 15 us of this process against 18 to 22 us there, and 0.5 KiB for an idle client against 5.4 KiB.
 *
 * Sending    Never blocks, never fails: what the socket does not take at once is queued without a bound (a generator counts what
 *            waits). Texts may be sent before the connection stands; they leave when it does.
 * Receiving  Whole messages, fragments put together, at most WS_MESSAGE_MAX bytes. Pings are answered.
 * Callbacks  From the loop, never from inside a function of ours. After lost() nothing comes any more.
 * Memory     About 500 bytes, and what is under way; one buffer for reading is shared by all clients of a loop.
 * Bounds     No TLS, no extension, no redirect. Threads: one loop. SIGPIPE must be ignored by the program. */
#ifndef BENCH_LOAD_WS_CLIENT_H
#define BENCH_LOAD_WS_CLIENT_H

#include "core/base/clock.h"
#include "core/base/status.h"

#include <netinet/in.h>
#include <stdint.h>
#include <sys/socket.h>

struct uv_loop_s;

enum { WS_MESSAGE_MAX = 16 << 20, WS_TOKEN_MAX = 512 };

/* Where the clients of a load connect to: "ws://host:port". */
typedef struct ws_target {
    struct sockaddr_storage address;
    char host[256]; /* as a header has it: "127.0.0.1:5010" */
} ws_target;

/* SCHED_EINVAL: not ws://host:port[/]; SCHED_EIO: the name is unknown. Blocks for the name. */
sched_status ws_target_parse(const char *url, ws_target *ret_target, sched_error *err);

typedef struct ws_client ws_client;

/* What all clients of a loop share. */
typedef struct ws_crowd {
    struct uv_loop_s *loop;
    char *buffer; /* for reading */
    size_t buffer_bytes;
    uint64_t masks;
    void (*wake)(void *ctx); /* before anything that came is looked at; may close clients; NULL: nothing */
    void *wake_ctx;
    uint64_t sent, received, bytes_sent, bytes_received; /* messages; bytes on the wire */
    int64_t queued;                                      /* bytes that sockets did not take yet */
} ws_crowd;

void ws_crowd_init(ws_crowd *crowd, struct uv_loop_s *loop, uint64_t seed);
void ws_crowd_release(ws_crowd *crowd);

typedef struct ws_handler {
    void (*opened)(void *user);
    void (*message)(void *user, const char *text, size_t bytes);
    /* It ended without our doing; `why` is one word: refused, token, handshake, closed, protocol, reset. The client frees itself behind
     * it. */
    void (*lost)(void *user, const char *why);
} ws_handler;

/* `token` "": none; at most WS_TOKEN_MAX bytes. All that is pointed to is borrowed. Never fails: what cannot connect is lost, later. */
ws_client *ws_client_open(ws_crowd *crowd, const ws_target *target, const char *path, const char *token,
                          const ws_handler *handler, void *user);
void ws_client_send(ws_client *c, const char *text, size_t bytes);
/* Says goodbye and ends; no callback follows, and the client frees itself. Not after lost(). Takes NULL. */
void ws_client_close(ws_client *c);

#endif
