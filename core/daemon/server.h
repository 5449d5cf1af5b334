/* server.h - the front door: WebSocket and HTTP on one port (or unix socket), on a libuv loop, over libwebsockets.
 *
 * It knows connections, bytes and limits, and nothing of the protocol: doors (paths) and their handlers are handed in.
 *
 * Messages   Whole ones, fragments put together, at most limits.message_bytes. Text is checked to be UTF-8.
 * Sending    Never blocks, never fails: a frame is queued by reference. A connection whose queue passes limits.queue_bytes has a
 *            reader that is too slow: it is closed, and counted.
 * Floods     A token bucket per connection: beyond limits.messages_per_sec (burst: twice that) the connection is told once
 *            (handler `flooded`) and reading from it rests until there are tokens again; limits.flood_cut after that it is closed.
 * Silence    A connection that says nothing for limits.idle, pings included, is closed; the server pings at half of it.
 * Handshake  Not complete within limits.handshake: closed. Beyond limits.connections: HTTP 503.
 * Tokens     "Authorization: Bearer T", or "?token=T" for browsers. The door's `admit` decides.
 * Callbacks  From the loop, never from inside a function of ours, except that closed() may follow inside server_free().
 * Threads    One loop. SIGPIPE must be ignored by the program. */
#ifndef CORE_DAEMON_SERVER_H
#define CORE_DAEMON_SERVER_H

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/status.h"
#include "core/wire/frame.h"

#include <stdbool.h>
#include <stdint.h>

struct uv_loop_s;

typedef struct server server;
typedef struct server_conn server_conn; /* a WebSocket connection */
typedef struct server_request server_request;

typedef struct server_limits {
    int64_t connections;
    uint64_t message_bytes;
    int64_t messages_per_sec;
    uint64_t queue_bytes;
    usec_t handshake, idle, flood_cut;
} server_limits;

/* Who knocks, for admit(): texts live until it returns, and are "" when absent. */
typedef struct server_knock {
    const char *path, *token, *address;
    const char *from, *to; /* headers x-lingua-from and x-lingua-to: instance ids (peers.h) */
} server_knock;

/* A WebSocket path. `user` is what opened() returned. */
typedef struct server_door {
    const char *path;
    void *ctx;
    /* For other instances: no flood control, never refused for limits.connections, and four times the message_bytes and queue_bytes,
     * because they carry what others sent, and more. */
    bool trusted;
    /* 0: come in; else the HTTP status it is refused with: 401, 403, 409, or 503 for who is to come elsewhere. NULL: everybody. What *ret_pass is set to comes from
     * malloc(), is lent to opened(), and freed by the server, also when the connection ends before. */
    int (*admit)(void *ctx, const server_knock *knock, void **ret_pass);
    void *(*opened)(void *ctx, server_conn *conn, void *pass);
    void (*message)(void *ctx, server_conn *conn, void *user, bool binary, const char *data, size_t bytes);
    void (*flooded)(void *ctx, server_conn *conn, void *user); /* NULL: nothing is said */
    void (*closed)(void *ctx, server_conn *conn, void *user);  /* `conn` is gone when it returns */
} server_door;

/* A path of HTTP GET (HEAD too); "/api/v1/nodes/" with a slash at the end takes everything below it. */
typedef struct server_route {
    const char *path;
    int (*admit)(void *ctx, const server_knock *knock); /* as of a door */
    /* Answers by server_answer(), now or later, once. */
    void (*get)(void *ctx, server_request *request);
    void *ctx;
} server_route;

typedef struct server_options {
    struct uv_loop_s *loop;
    const char *host, *socket;             /* socket: path of a unix socket instead of host and port; NULL: none */
    int port;                              /* 0: any free one */
    const char *tls_certificate, *tls_key; /* NULL: no TLS */
    const server_door *doors;              /* closed by one without a path; borrowed */
    const server_route *routes;
    server_limits limits;
    logger log;
} server_options;

/* SCHED_EIO: the address is taken, a certificate cannot be read, ...: with the value. */
sched_status server_new(const server_options *options, server **ret_server, sched_error *err);
/* Takes NULL, returns NULL. Closes what is open (closed() is called); the loop must run once more. */
server *server_free(server *s);
int server_port(const server *s);
/* For SIGHUP: holds for connections that are open, too. */
void server_set_limits(server *s, const server_limits *limits);
/* No new connections are taken; those that are open go on. */
void server_stop_listening(server *s);

void server_send(server_conn *conn, frame *f); /* takes a reference of its own */
/* After what is queued has left, at the latest a second later. `code` as RFC 6455: 1000, 1008, 1011, ... */
void server_close(server_conn *conn, int code, const char *reason);
const char *server_conn_address(const server_conn *conn); /* of the other end */
uint64_t server_conn_queued(const server_conn *conn);     /* bytes */

/* ---- HTTP ---- */
const char *server_request_path(const server_request *r);
/* What stands behind the route's path; "" else. */
const char *server_request_rest(const server_request *r);
/* The decoded value of a query parameter, NULL when absent; lives as long as the request. */
const char *server_request_param(server_request *r, const char *name);
/* Takes the frame's reference. The request is gone behind it; one whose client went away meanwhile swallows the answer. */
void server_answer(server_request *r, int status, const char *content_type, frame *body);

typedef struct server_counts {
    int64_t connections; /* open now */
    uint64_t accepted, refused_full, refused_token, refused_away, handshakes_late;
    uint64_t messages_in, messages_out, bytes_in, bytes_out;
    uint64_t too_large, not_utf8, floods, flood_cuts, slow_readers, idle_cuts;
    uint64_t http_requests;
    uint64_t queued_bytes; /* now */
} server_counts;

server_counts server_count(const server *s);

#endif
