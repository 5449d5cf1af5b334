/* ws_client.c - a TCP stream, a handshake, frames. See the header for why it is our own.
 *
 * Frames are read out of the shared buffer where they lie; only the rest of one that has not come as a whole is kept with the
 * connection, so an idle connection keeps nothing. */
#include "bench/load/ws_client.h"

#include <assert.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "bench/load/ws_frame.h"
#include "core/base/mem.h"
#include "core/base/units.h"

enum { BUFFER = 256 * 1024, REQUEST_MAX = 1024, ANSWER_MAX = 8192 };

typedef enum client_state { CONNECTS, SHAKES, OPEN, ENDS } client_state;

struct ws_client {
    uv_tcp_t tcp;
    uv_connect_t connect;
    ws_crowd *crowd;
    const ws_target *target;
    const ws_handler *handler;
    void *user;
    client_state state;
    bool silent; /* whoever had it wants to hear nothing */
    char *rest;  /* of a frame, or of the handshake's answer */
    size_t rest_bytes;
    char *early; /* frames that wait for the handshake */
    size_t early_bytes;
    char *parts; /* of a fragmented message */
    size_t parts_bytes;
    const char *path, *token, *why; /* why: it was lost; NULL: it was not */
};

typedef struct ws_write {
    uv_write_t req;
    ws_client *c;
    size_t bytes;
    char data[];
} ws_write;

/* ---- targets --------------------------------------------------------------------------------------------------------- */

sched_status ws_target_parse(const char *url, ws_target *ret_target, sched_error *err) {
    static const char scheme[] = "ws://";
    ws_target target = {.host = ""};
    if (strncmp(url, scheme, sizeof scheme - 1))
        return sched_fail(err, SCHED_EINVAL, "\"%s\": expected ws://host:port", url);
    const char *host = url + sizeof scheme - 1;
    size_t len = strcspn(host, "/");
    const char *colon = memrchr(host, ':', len);
    if (!colon || colon == host || colon == host + len - 1 || len >= sizeof target.host ||
        (host[len] == '/' && host[len + 1]))
        return sched_fail(err, SCHED_EINVAL, "\"%s\": expected ws://host:port", url);
    memcpy(target.host, host, len);
    sched_error why;
    int64_t number;
    char name[sizeof target.host], port[8];
    bool bracketed = host[0] == '[' && colon[-1] == ']';
    snprintf(name, sizeof name, "%.*s", (int)(colon - host) - 2 * bracketed, host + bracketed);
    snprintf(port, sizeof port, "%.*s", (int)(host + len - colon - 1), colon + 1);
    if (units_parse_count(port, &number, &why) || number < 1 || number > 65535)
        return sched_fail(err, SCHED_EINVAL, "\"%s\": expected a port from 1 to 65535", url);
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV}, *found = NULL;
    int error = getaddrinfo(name, port, &hints, &found);
    if (error) return sched_fail(err, SCHED_EIO, "\"%s\": %s", url, gai_strerror(error));
    memcpy(&target.address, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    *ret_target = target;
    return SCHED_OK;
}

void ws_crowd_init(ws_crowd *crowd, struct uv_loop_s *loop, uint64_t seed) {
    *crowd = (ws_crowd){.loop = loop, .buffer = mem_alloc(BUFFER), .buffer_bytes = BUFFER, .masks = seed | 1};
}

void ws_crowd_release(ws_crowd *crowd) {
    free(crowd->buffer);
    crowd->buffer = NULL;
}

/* ---- the end ----------------------------------------------------------------------------------------------------------- */

static void wake(const ws_crowd *crowd) {
    if (crowd->wake) crowd->wake(crowd->wake_ctx);
}

static void on_closed(uv_handle_t *handle) {
    ws_client *c = handle->data;
    wake(c->crowd);
    if (!c->silent) c->handler->lost(c->user, c->why);
    free(c->rest);
    free(c->early);
    free(c->parts);
    free(c);
}

/* Whoever has it is told out of a callback of its own: it may be in the middle of a send. */
static void lose(ws_client *c, const char *why) {
    if (c->state == ENDS) return;
    c->state = ENDS;
    c->why = why;
    uv_close((uv_handle_t *)&c->tcp, on_closed);
}

/* ---- writing ----------------------------------------------------------------------------------------------------------- */

static void on_written(uv_write_t *req, int status) {
    ws_write *w = req->data;
    ws_client *c = w->c;
    c->crowd->queued -= (int64_t)w->bytes;
    free(w);
    if (status < 0) lose(c, "reset");
}

static void write_later(ws_client *c, const char *data, size_t bytes) {
    ws_write *w = mem_alloc(sizeof *w + bytes);
    w->c = c;
    w->bytes = bytes;
    w->req.data = w;
    memcpy(w->data, data, bytes);
    c->crowd->queued += (int64_t)bytes;
    uv_buf_t buf = uv_buf_init(w->data, (unsigned)bytes);
    if (!uv_write(&w->req, (uv_stream_t *)&c->tcp, &buf, 1, on_written)) return;
    c->crowd->queued -= (int64_t)bytes;
    free(w);
    lose(c, "reset");
}

static void write_now(ws_client *c, char *data, size_t bytes) {
    uv_buf_t buf = uv_buf_init(data, (unsigned)bytes);
    int taken = uv_try_write((uv_stream_t *)&c->tcp, &buf, 1);
    c->crowd->bytes_sent += bytes;
    if (taken == UV_EAGAIN) taken = 0;
    if (taken < 0)
        lose(c, "reset");
    else if ((size_t)taken < bytes)
        write_later(c, data + taken, bytes - (size_t)taken);
}

/* xorshift64 (Marsaglia 2003): masks must vary, no more. */
static uint32_t next_mask(ws_crowd *crowd) {
    crowd->masks ^= crowd->masks << 13;
    crowd->masks ^= crowd->masks >> 7;
    crowd->masks ^= crowd->masks << 17;
    return (uint32_t)(crowd->masks >> 32);
}

static void send_frame(ws_client *c, ws_opcode opcode, const char *payload, size_t bytes) {
    char small[4096];
    char *frame = bytes + WS_HEADER_MAX <= sizeof small ? small : mem_alloc(bytes + WS_HEADER_MAX);
    uint32_t mask = next_mask(c->crowd);
    size_t header = ws_header_write((unsigned char *)frame, opcode, bytes, mask);
    ws_mask((unsigned char *)frame + header, (const unsigned char *)payload, bytes, mask);
    if (c->state == OPEN) {
        write_now(c, frame, header + bytes);
    } else {
        c->early = mem_realloc(c->early, c->early_bytes + header + bytes, 1);
        memcpy(c->early + c->early_bytes, frame, header + bytes);
        c->early_bytes += header + bytes;
    }
    if (frame != small) free(frame);
}

void ws_client_send(ws_client *c, const char *text, size_t bytes) {
    if (c->state == ENDS) return;
    c->crowd->sent++;
    send_frame(c, WS_TEXT, text, bytes);
}

void ws_client_close(ws_client *c) {
    static const char normal[] = {0x03, (char)0xe8}; /* 1000 */
    if (!c) return;
    c->silent = true;
    if (c->state == OPEN) send_frame(c, WS_CLOSE, normal, sizeof normal);
    lose(c, "");
}

/* ---- reading ----------------------------------------------------------------------------------------------------------- */

static void take_part(ws_client *c, const char *payload, size_t bytes, bool final) {
    c->parts = mem_realloc(c->parts, c->parts_bytes + bytes + 1, 1);
    memcpy(c->parts + c->parts_bytes, payload, bytes);
    c->parts_bytes += bytes;
    if (!final) return;
    char *whole = c->parts;
    size_t whole_bytes = c->parts_bytes;
    c->parts = NULL;
    c->parts_bytes = 0;
    c->handler->message(c->user, whole, whole_bytes);
    free(whole);
}

static void take_frame(ws_client *c, const ws_header *h, const char *payload) {
    size_t bytes = (size_t)h->bytes;
    bool goes_on = h->opcode == WS_CONTINUATION;
    switch (h->opcode) {
    case WS_PING: send_frame(c, WS_PONG, payload, bytes); return;
    case WS_PONG: return;
    case WS_CLOSE: lose(c, "closed"); return;
    default: break;
    }
    bool bad = goes_on != (c->parts != NULL) || c->parts_bytes + bytes > WS_MESSAGE_MAX;
    if (bad) {
        lose(c, "protocol");
        return;
    }
    if (h->final) c->crowd->received++;
    if (h->final && !goes_on)
        c->handler->message(c->user, payload, bytes);
    else
        take_part(c, payload, bytes, h->final);
}

/* Returns how much of it was read. */
static size_t take_frames(ws_client *c, const char *data, size_t bytes) {
    size_t at = 0;
    while (c->state == OPEN) {
        ws_header h;
        ws_parse parse = ws_header_read((const unsigned char *)data + at, bytes - at, WS_MESSAGE_MAX, &h);
        if (parse == WS_BAD) lose(c, "protocol");
        if (parse != WS_PARSED || bytes - at - h.size < h.bytes) break;
        take_frame(c, &h, data + at + h.size);
        at += h.size + (size_t)h.bytes;
    }
    return at;
}

/* The answer to the handshake ends with an empty line. Whether its key is right is not looked at: a load is not an attack. */
static size_t take_answer(ws_client *c, const char *data, size_t bytes) {
    static const char fine[] = "HTTP/1.1 101", unknown[] = "HTTP/1.1 401", blank[] = "\r\n\r\n";
    const char *last = memmem(data, bytes, blank, sizeof blank - 1);
    if (!last) {
        if (bytes > ANSWER_MAX) lose(c, "handshake");
        return 0;
    }
    if (strncmp(data, fine, sizeof fine - 1)) {
        lose(c, strncmp(data, unknown, sizeof unknown - 1) ? "handshake" : "token");
        return bytes;
    }
    c->state = OPEN;
    c->handler->opened(c->user);
    char *early = c->early;
    size_t early_bytes = c->early_bytes;
    c->early = NULL;
    c->early_bytes = 0;
    if (early && c->state == OPEN) write_now(c, early, early_bytes);
    free(early);
    return (size_t)(last - data) + sizeof blank - 1;
}

static void keep_rest(ws_client *c, const char *data, size_t bytes) {
    char *rest = bytes ? mem_alloc(bytes) : NULL;
    if (bytes) memcpy(rest, data, bytes);
    free(c->rest);
    c->rest = rest;
    c->rest_bytes = bytes;
}

static void take_bytes(ws_client *c, const char *data, size_t bytes) {
    size_t at = 0;
    if (c->state == SHAKES) at = take_answer(c, data, bytes);
    if (c->state == OPEN) at += take_frames(c, data + at, bytes - at);
    if (c->state != ENDS) keep_rest(c, data + at, bytes - at);
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buf) {
    ws_client *c = stream->data;
    wake(c->crowd);
    if (count < 0) lose(c, count == UV_EOF ? "closed" : "reset");
    if (count <= 0 || c->state == ENDS) return;
    c->crowd->bytes_received += (uint64_t)count;
    take_bytes(c, c->crowd->buffer, c->rest_bytes + (size_t)count);
    (void)buf;
}

/* Behind what is left of the last time, so that a frame lies in one piece. */
static void on_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *buf) {
    ws_client *c = handle->data;
    ws_crowd *crowd = c->crowd;
    (void)suggested;
    if (c->rest_bytes + BUFFER / 2 > crowd->buffer_bytes) {
        crowd->buffer_bytes = c->rest_bytes + BUFFER;
        crowd->buffer = mem_realloc(crowd->buffer, crowd->buffer_bytes, 1);
    }
    if (c->rest_bytes) memcpy(crowd->buffer, c->rest, c->rest_bytes);
    *buf = uv_buf_init(crowd->buffer + c->rest_bytes, (unsigned)(crowd->buffer_bytes - c->rest_bytes));
}

/* ---- the beginning ----------------------------------------------------------------------------------------------------- */

/* The key is a constant: it protects against caches, of which there are none on the way. */
static void ask(ws_client *c) {
    char request[REQUEST_MAX];
    int len = snprintf(request, sizeof request,
                       "GET %s HTTP/1.1\r\n"
                       "Host: %s\r\n"
                       "Upgrade: websocket\r\n"
                       "Connection: Upgrade\r\n"
                       "Sec-WebSocket-Key: bGluZ3VhLWJlbmNoIGxvYQ==\r\n"
                       "Sec-WebSocket-Version: 13\r\n"
                       "%s%s%s\r\n",
                       c->path, c->target->host, *c->token ? "Authorization: Bearer " : "", c->token,
                       *c->token ? "\r\n" : "");
    assert(len < REQUEST_MAX && "tokens are bounded by the command line");
    write_now(c, request, (size_t)len);
}

static void on_connected(uv_connect_t *req, int status) {
    ws_client *c = req->data;
    if (status < 0) {
        if (status != UV_ECANCELED) lose(c, "refused");
        return;
    }
    c->state = SHAKES;
    uv_tcp_nodelay(&c->tcp, 1);
    if (uv_read_start((uv_stream_t *)&c->tcp, on_buffer, on_read)) {
        lose(c, "reset");
        return;
    }
    ask(c);
}

ws_client *ws_client_open(ws_crowd *crowd, const ws_target *target, const char *path, const char *token,
                          const ws_handler *handler, void *user) {
    ws_client *c = mem_zalloc(1, sizeof *c);
    *c = (ws_client){.crowd = crowd, .target = target, .path = path, .token = token, .handler = handler, .user = user};
    uv_tcp_init(crowd->loop, &c->tcp);
    c->tcp.data = c->connect.data = c;
    if (uv_tcp_connect(&c->connect, &c->tcp, (const struct sockaddr *)&target->address, on_connected))
        lose(c, "refused");
    return c;
}
