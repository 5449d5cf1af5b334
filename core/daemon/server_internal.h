/* server_internal.h - what the parts of the server share: sockets in lists by what they are waited for, and who does what.
 *
 * server.c         the libwebsockets context, its callback, beginning and end
 * server_listen.c  listening sockets; what is accepted becomes a server_conn
 * server_ws.c      messages in, the queue out, closing
 * server_http.c    requests and answers, refusals
 * server_watch.c   one tick for all that time decides: late handshakes, silence, floods, slow goodbyes */
#ifndef CORE_DAEMON_SERVER_INTERNAL_H
#define CORE_DAEMON_SERVER_INTERNAL_H

#include <libwebsockets.h>
#include <uv.h>

#include "core/base/status.h"
#include "core/daemon/server.h"

enum {
    LISTENERS_MAX = 8,
    HTTP_SOCKETS_MAX = 1024, /* sockets without an open WebSocket: in handshake, or of HTTP */
    READ_BYTES = 16384,      /* from a socket at once; one buffer for all */
    /* Of a frame, that libwebsockets keeps for a connection; with what it adds, a class of the allocator that shares pages. Pages of a
     * larger one would become resident one by one, whenever a frame happens to come in two reads. */
    RECEIVE_BYTES = 1024 - LWS_PRE - 4,
    SEND_BYTES = 1 << 20, /* of one frame, that are handed to the socket at once */
    TICK_MSEC = 50,
};

#define CLOSE_PATIENCE (1 * USEC_PER_SEC) /* from server_close() to the end of the socket */

typedef enum conn_wait {
    WAIT_NOTHING,
    WAIT_HANDSHAKE, /* until its request is complete; first in, first late */
    WAIT_WORD,      /* of the longest silence first */
    WAIT_PONG,      /* pinged, likewise */
    WAIT_TOKENS,    /* a flood: reading rests */
    WAIT_END,       /* is closing */
    CONN_WAITS
} conn_wait;

typedef struct queued {
    struct queued *next;
    frame *frame;
} queued;

/* A socket, whatever becomes of it. */
struct server_conn {
    server *server;
    struct lws *wsi;
    conn_wait wait;
    server_conn *before, *behind; /* in the list of `wait` */
    usec_t since;                 /* when it came, was heard last, or began to close */

    bool open;        /* an established WebSocket, from opened() to closed() */
    bool ended;       /* it was one */
    bool told_end;    /* our close frame is on its way, or theirs has come */
    bool dirty;       /* in the list of those to be flushed at the end of the turn */
    bool flood_told;  /* of this flood */
    bool had_request; /* one was complete */
    int close_code;   /* 0: not closing */
    char close_reason[64];

    const server_door *door;
    void *user, *pass;
    queued *first, **end;
    uint64_t queued_bytes;
    char *parts; /* of a message that has not come completely */
    size_t parts_bytes, parts_room;
    usec_t spent; /* token bucket: the instant up to which messages have been paid for */
    usec_t flood_since;
    server_conn *next_dirty;
    server_request *request;
    char address[48];
};

typedef struct conn_list {
    server_conn *first, *last;
} conn_list;

typedef struct listener {
    server *server;
    int fd; /* -1: closed */
    uv_poll_t poll;
} listener;

struct server {
    uv_loop_t *loop;
    struct lws_context *lws;
    struct lws_vhost *vhost, *calls;
    const server_door *doors;
    const server_route *routes;
    server_limits limits;
    logger log;
    listener *listeners[LISTENERS_MAX];
    int listener_count, port;
    bool resting; /* no descriptors are left: accepting waits for the next tick */
    char *socket_path;
    conn_list waiting[CONN_WAITS];
    server_conn *dirty;
    server_conn *adopting;
    int64_t sockets, ended; /* that are not destroyed; of these, whose WebSocket was open and is no more */
    uv_prepare_t flush;
    uv_timer_t tick;
    uv_idle_t burial;
    uv_handle_t *lws_handles[4]; /* those that outlive the sockets of libwebsockets */
    int lws_handle_count;
    int handles; /* of ours, that are not closed yet */
    bool freed;
    server_counts counts;
};

/* server.c */
usec_t server_now(const server *s);
struct lws_context *server_lws(server *s);
/* Where connections that we make live; made at the first call. `protocols` is static. */
struct lws_vhost *server_calls(server *s, const struct lws_protocols *protocols);
void server_handle_closed(server *s);
/* Not from inside a callback of libwebsockets for this socket. Nothing that is queued leaves. */
void server_kill(server_conn *c);

/* server_log.c */
void server_log_to(const logger *log);
void server_log_capture(char *text, size_t size); /* NULL: to the logger again */

/* server_listen.c */
sched_status server_listen(server *s, const server_options *options, sched_error *err);
void server_listen_end(server *s);
void server_listen_again(server *s);

/* server_watch.c */
void watch_for(server_conn *c, conn_wait wait);
void watch_tick(server *s);
/* A message has come. False: reading must rest now. */
bool watch_message(server_conn *c);

/* server_ws.c: what libwebsockets calls; the results are its own: 0, or -1 to close. */
int ws_confirm(server_conn *c);
int ws_established(server_conn *c);
int ws_receive(server_conn *c, const char *data, size_t bytes);
void ws_writeable(server_conn *c);
/* A close frame has come, or the library has begun to close the socket for what it has read: it says goodbye by itself. */
void ws_ends(server_conn *c);
void ws_flush_all(server *s);
void ws_ping(server_conn *c);
/* The socket is gone, or will be without a further word. */
void ws_gone(server_conn *c);

/* server_http.c */
int http_request(server_conn *c);
int http_writeable(server_conn *c);
void http_gone(server_conn *c);
/* From CONFIRM_UPGRADE: answers, and returns -1. */
int http_refuse(server_conn *c, int status);
/* Fills *knock; texts live in `room`. */
typedef struct knock_room {
    char path[256], token[1024], from[80], to[80];
} knock_room;
void http_knock(server_conn *c, knock_room *room, server_knock *ret_knock);

#endif
