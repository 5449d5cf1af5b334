/* server_ws.c - WebSocket connections: whole messages in, a queue of shared frames out, and goodbyes.
 *
 * Sending  What handlers queue during a turn of the loop is written at its end, before the loop sleeps: straight to the socket, frame
 *          after frame, until the socket takes no more. Asking the library for its "writeable" callback first would cost two
 *          changes of the poll set and a turn for each message; it is asked only when a socket is full. Of a frame that did not
 *          fit the library keeps the rest, so there is one at most, and it is not counted in the queue.
 * Closing  server_close() marks the connection: nothing more is heard. When the queue is empty the close frame goes, at the end of a
 *          turn: libraries built for debugging, as Debian's is, close a socket twice where a callback asks for it, and the second
 *          time is not polite. Whatever happens, server_watch.c ends the socket CLOSE_PATIENCE after the mark. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/daemon/server_internal.h"

_Static_assert(FRAME_HEADROOM >= LWS_PRE, "the library frames a message in front of its text");

enum { PARTS_TRUSTED = 64 * 1024, QUEUED_COST = 64, TRUST = 4 };

/* ---- coming --------------------------------------------------------------------------------------------------------- */

static const server_door *find_door(const server *s, const char *path) {
    for (const server_door *d = s->doors; d && d->path; d++)
        if (strcmp(d->path, path) == 0) return d;
    return NULL;
}

/* What the library would only notice when it is too late to answer. */
static bool is_handshake(struct lws *wsi) {
    char version[8];
    return lws_hdr_total_length(wsi, WSI_TOKEN_GET_URI) > 0 && lws_hdr_total_length(wsi, WSI_TOKEN_HOST) > 0 &&
           lws_hdr_total_length(wsi, WSI_TOKEN_KEY) == 24 && lws_hdr_total_length(wsi, WSI_TOKEN_PROTOCOL) == 0 &&
           lws_hdr_copy(wsi, version, sizeof version, WSI_TOKEN_VERSION) > 0 && strcmp(version, "13") == 0;
}

int ws_confirm(server_conn *c) {
    server *s = c->server;
    knock_room room;
    server_knock knock;
    c->had_request = true;
    http_knock(c, &room, &knock);
    char upgrade[16];
    if (lws_hdr_copy(c->wsi, upgrade, sizeof upgrade, WSI_TOKEN_UPGRADE) <= 0 || strcasecmp(upgrade, "websocket") != 0)
        return http_refuse(c, 400);
    c->door = find_door(s, knock.path);
    if (!c->door) return http_refuse(c, 404);
    if (!is_handshake(c->wsi)) return http_refuse(c, 400);
    if (!c->door->trusted && s->counts.connections >= s->limits.connections) {
        s->counts.refused_full++;
        return http_refuse(c, 503);
    }
    free(c->pass);
    c->pass = NULL;
    int status = c->door->admit ? c->door->admit(c->door->ctx, &knock, &c->pass) : 0;
    if (!status) return 0;
    if (status == 503)
        s->counts.refused_away++;
    else
        s->counts.refused_token++;
    return http_refuse(c, status);
}

int ws_established(server_conn *c) {
    server *s = c->server;
    c->open = true;
    s->counts.connections++;
    watch_for(c, WAIT_WORD);
    c->user = c->door->opened(c->door->ctx, c, c->pass);
    free(c->pass);
    c->pass = NULL;
    return 0;
}

static uint64_t bound(const server_conn *c, uint64_t limit) {
    return c->door->trusted ? TRUST * limit : limit;
}

/* ---- in ------------------------------------------------------------------------------------------------------------- */

static void drop_parts(server_conn *c) {
    free(c->parts);
    c->parts = NULL;
    c->parts_bytes = c->parts_room = 0;
}

/* Room for what a header promises is made only up to a bound: promises cost nothing. */
static void keep_part(server_conn *c, const char *data, size_t bytes, size_t promised) {
    size_t need = c->parts_bytes + bytes;
    if (need > c->parts_room) {
        size_t room = 2 * c->parts_room;
        if (room < need + promised) room = need + promised > PARTS_TRUSTED ? PARTS_TRUSTED : need + promised;
        if (room < need) room = need;
        c->parts = mem_realloc(c->parts, 1, room);
        c->parts_room = room;
    }
    if (bytes) memcpy(c->parts + c->parts_bytes, data, bytes);
    c->parts_bytes = need;
}

static void take_message(server_conn *c, const char *data, size_t bytes) {
    server *s = c->server;
    bool binary = lws_frame_is_binary(c->wsi);
    s->counts.messages_in++;
    s->counts.bytes_in += bytes;
    if (!binary && !text_is_utf8(data, bytes)) {
        s->counts.not_utf8++;
        server_close(c, LWS_CLOSE_STATUS_INVALID_PAYLOAD, "text is not UTF-8");
        return;
    }
    if (!watch_message(c)) lws_rx_flow_control(c->wsi, 0);
    if (!c->close_code) c->door->message(c->door->ctx, c, c->user, binary, data, bytes);
}

int ws_receive(server_conn *c, const char *data, size_t bytes) {
    server *s = c->server;
    if (c->close_code) return 0;
    size_t promised = lws_remaining_packet_payload(c->wsi);
    uint64_t most = bound(c, s->limits.message_bytes);
    if (promised > most || c->parts_bytes + bytes + promised > most) {
        s->counts.too_large++;
        drop_parts(c);
        server_close(c, LWS_CLOSE_STATUS_MESSAGE_TOO_LARGE, "the message is too large");
        return 0;
    }
    if (!lws_is_final_fragment(c->wsi)) {
        keep_part(c, data, bytes, promised);
    } else if (!c->parts) {
        take_message(c, data, bytes);
    } else {
        keep_part(c, data, bytes, 0);
        char *whole = c->parts;
        size_t whole_bytes = c->parts_bytes;
        c->parts = NULL;
        drop_parts(c);
        take_message(c, whole, whole_bytes);
        free(whole);
    }
    return 0;
}

/* ---- out ------------------------------------------------------------------------------------------------------------ */

static void soil(server_conn *c) {
    if (c->dirty) return;
    c->dirty = true;
    c->next_dirty = c->server->dirty;
    c->server->dirty = c;
}

static void drop_queue(server_conn *c) {
    for (queued *q = c->first, *next; q; q = next) {
        next = q->next;
        frame_unref(q->frame);
        free(q);
    }
    c->first = NULL;
    c->end = &c->first;
    c->server->counts.queued_bytes -= c->queued_bytes;
    c->queued_bytes = 0;
}

static void cut(server_conn *c) {
    c->server->counts.slow_readers++;
    drop_queue(c);
    server_close(c, LWS_CLOSE_STATUS_POLICY_VIOLATION, "reads too slowly");
}

void server_send(server_conn *c, frame *f) {
    server *s = c->server;
    if (!c->open || c->close_code) return;
    uint64_t cost = f->bytes + QUEUED_COST;
    if (c->queued_bytes + cost > bound(c, s->limits.queue_bytes)) {
        cut(c);
        return;
    }
    queued *q = mem_alloc(sizeof *q);
    *q = (queued){.frame = frame_ref(f)};
    *c->end = q;
    c->end = &q->next;
    c->queued_bytes += cost;
    s->counts.queued_bytes += cost;
    soil(c);
}

/* False: the socket has failed. */
static bool write_queue(server_conn *c) {
    server *s = c->server;
    while (c->first && !lws_partial_buffered(c->wsi)) {
        queued *q = c->first;
        frame *f = q->frame;
        uint64_t cost = f->bytes + QUEUED_COST;
        c->first = q->next;
        if (!c->first) c->end = &c->first;
        free(q);
        c->queued_bytes -= cost;
        s->counts.queued_bytes -= cost;
        int written =
            lws_write(c->wsi, (unsigned char *)f->data, f->bytes, f->binary ? LWS_WRITE_BINARY : LWS_WRITE_TEXT);
        s->counts.messages_out++;
        s->counts.bytes_out += f->bytes;
        frame_unref(f);
        if (written < 0) return false;
    }
    return true;
}

static void say_goodbye(server_conn *c) {
    c->told_end = true;
    lws_close_reason(c->wsi, (enum lws_close_status)c->close_code, (unsigned char *)c->close_reason,
                     strlen(c->close_reason));
    lws_set_timeout(c->wsi, PENDING_TIMEOUT_USER_REASON_BASE, LWS_TO_KILL_SYNC);
}

void ws_flush_all(server *s) {
    while (s->dirty) {
        server_conn *c = s->dirty;
        s->dirty = c->next_dirty;
        c->dirty = false;
        if (!c->open || c->told_end) continue;
        if (!write_queue(c))
            server_kill(c);
        else if (c->first || lws_partial_buffered(c->wsi))
            lws_callback_on_writable(c->wsi);
        else if (c->close_code)
            say_goodbye(c);
    }
}

/* The socket takes more. */
void ws_writeable(server_conn *c) {
    if (c->first || c->close_code) soil(c);
}

/* Of one byte, because the library keeps pongs of none to itself. */
void ws_ping(server_conn *c) {
    unsigned char room[LWS_PRE + 1] = {0};
    if (c->open && !c->told_end && !lws_partial_buffered(c->wsi)) lws_write(c->wsi, room + LWS_PRE, 1, LWS_WRITE_PING);
}

/* ---- going ---------------------------------------------------------------------------------------------------------- */

void server_close(server_conn *c, int code, const char *reason) {
    if (!c->open || c->close_code) return;
    c->close_code = code;
    snprintf(c->close_reason, sizeof c->close_reason, "%s", reason);
    watch_for(c, WAIT_END);
    drop_parts(c);
    lws_rx_flow_control(c->wsi, 1);
    soil(c);
}

void ws_ends(server_conn *c) {
    if (!c->open) return;
    c->told_end = true;
    if (!c->close_code) c->close_code = LWS_CLOSE_STATUS_NORMAL;
    drop_queue(c);
    if (c->wait != WAIT_END) watch_for(c, WAIT_END);
}

void ws_gone(server_conn *c) {
    server *s = c->server;
    watch_for(c, WAIT_NOTHING);
    if (c->dirty) {
        server_conn **at = &s->dirty;
        while (*at != c) at = &(*at)->next_dirty;
        *at = c->next_dirty;
        c->dirty = false;
    }
    drop_queue(c);
    drop_parts(c);
    free(c->pass);
    c->pass = NULL;
    if (!c->open) return;
    c->open = false;
    c->ended = true;
    s->ended++;
    s->counts.connections--;
    c->door->closed(c->door->ctx, c, c->user);
}

const char *server_conn_address(const server_conn *c) {
    return c->address;
}

uint64_t server_conn_queued(const server_conn *c) {
    return c->queued_bytes;
}
