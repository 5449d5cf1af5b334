/* peer_way.c - one connection of ours to one instance: made when there is something to say, again after pauses, gone when it is silent.
 *
 * A letter leaves the queue when it is written to a socket, and is never written again, so nothing is doubled; letters of one way leave in
 * order, over one connection after the other, so nothing is reordered.
 *
 * A connection that is given up is cut loose first: the library still has to close it, in a later turn, and calls us with a socket that
 * belongs to nobody then. */
#include <assert.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "core/base/mem.h"
#include "core/daemon/peers_internal.h"

enum { LETTER_COST = 64, RECEIVE_BYTES = 1024, SEND_BYTES = 1 << 20 };

static usec_t now_of(const way *w) {
    return clock_now(&w->peers->clock);
}

/* ---- addresses ------------------------------------------------------------------------------------------------------ */

bool peer_address_parse(const char *text, peer_address *ret_address) {
    peer_address a = {0};
    a.tls = strncmp(text, "wss://", 6) == 0;
    if (!a.tls && strncmp(text, "ws://", 5) != 0) return false;
    const char *host = text + (a.tls ? 6 : 5), *behind;
    if (*host == '[') {
        host++;
        behind = strchr(host, ']');
        if (!behind) return false;
    } else {
        behind = host + strcspn(host, ":/");
    }
    size_t length = (size_t)(behind - host);
    if (!length || length >= sizeof a.host) return false;
    memcpy(a.host, host, length);
    if (*behind == ']') behind++;
    a.port = a.tls ? 443 : 80;
    if (*behind == ':') {
        char *end;
        long port = strtol(behind + 1, &end, 10);
        if (end == behind + 1 || port < 1 || port > 65535) return false;
        a.port = (int)port;
        behind = end;
    }
    if (*behind && *behind != '/') return false;
    if (strlen(behind) >= sizeof a.path) return false;
    snprintf(a.path, sizeof a.path, "%s", *behind ? behind : "/");
    *ret_address = a;
    return true;
}

/* ---- letters -------------------------------------------------------------------------------------------------------- */

static frame *take_letter(way *w) {
    letter *l = w->first;
    frame *f = l->frame;
    w->first = l->next;
    if (!w->first) w->end = &w->first;
    w->queued_bytes -= f->bytes + LETTER_COST;
    free(l);
    return f;
}

static void drop_letter(way *w) {
    frame_unref(take_letter(w));
    w->peers->counts.dropped++;
}

static void drop_late_letters(way *w) {
    usec_t now = now_of(w);
    while (w->first && w->first->until <= now) drop_letter(w);
}

/* ---- the connection comes and goes ---------------------------------------------------------------------------------- */

static void connect_now(way *w);
static void on_alarm(void *arg);

static void set_alarm(way *w) {
    peers *p = w->peers;
    usec_t at = w->stage == WAY_OPEN ? w->used + p->idle : w->stage == WAY_IDLE ? USEC_NEVER : w->deadline;
    if (w->stage != WAY_OPEN && w->first && w->first->until < at) at = w->first->until;
    p->timers.cancel(p->timers.ctx, w->alarm);
    w->alarm = at == USEC_NEVER ? 0 : p->timers.set(p->timers.ctx, at, on_alarm, w);
}

static void cut_loose(way *w) {
    struct lws *wsi = w->wsi;
    w->wsi = NULL;
    if (w->stage == WAY_OPEN) w->peers->counts.connected--;
    if (!wsi) return;
    lws_set_opaque_user_data(wsi, NULL);
    lws_set_timeout(wsi, PENDING_TIMEOUT_USER_REASON_BASE, LWS_TO_KILL_ASYNC);
    lws_cancel_service(w->peers->lws);
}

static void pause_way(way *w) {
    int doublings = w->failures < 10 ? w->failures : 10;
    usec_t pause = PEERS_PAUSE_MIN << doublings;
    w->failures++;
    w->stage = WAY_PAUSES;
    w->deadline = now_of(w) + (pause < PEERS_PAUSE_MAX ? pause : PEERS_PAUSE_MAX);
    set_alarm(w);
}

static void fail(way *w, const char *reason) {
    peers *p = w->peers;
    p->counts.failures++;
    log_write(&p->log, LOG_WARN, "peer_unreachable", "instance=%s address=%s failures=%d reason=\"%s\"", w->instance,
              w->address, w->failures + 1, reason);
    cut_loose(w);
    pause_way(w);
}

/* It was open and has ended: what waits goes over the next one. */
static void lose(way *w) {
    log_write(&w->peers->log, LOG_INFO, "peer_gone", "instance=%s address=%s", w->instance, w->address);
    w->peers->counts.connected--;
    w->wsi = NULL;
    w->stage = WAY_IDLE;
    pause_way(w);
}

static void connect_now(way *w) {
    peers *p = w->peers;
    peer_address to;
    w->stage = WAY_CONNECTS;
    w->deadline = now_of(w) + p->patience;
    set_alarm(w);
    if (!peer_address_parse(w->address, &to)) {
        fail(w, "this is no address: ws://host:port/path was expected");
        return;
    }
    int tls = LCCSCF_USE_SSL;
    if (!p->verify_tls)
        tls |= LCCSCF_ALLOW_SELFSIGNED | LCCSCF_SKIP_SERVER_CERT_HOSTNAME_CHECK | LCCSCF_ALLOW_EXPIRED |
               LCCSCF_ALLOW_INSECURE;
    struct lws_client_connect_info info = {
        .context = p->lws,
        .vhost = p->vhost,
        .address = to.host,
        .host = to.host,
        .port = to.port,
        .path = to.path,
        .ssl_connection = to.tls ? tls : 0,
        .alpn = "http/1.1",
        .local_protocol_name = way_protocols[0].name,
        .opaque_user_data = w,
        .pwsi = &w->wsi,
    };
    /* It may fail from inside the call, with or without telling. */
    if (!lws_client_connect_via_info(&info) && w->stage == WAY_CONNECTS) {
        w->wsi = NULL;
        fail(w, "it cannot be called");
    }
}

static void on_alarm(void *arg) {
    way *w = arg;
    peers *p = w->peers;
    w->alarm = 0;
    usec_t now = now_of(w);
    if (w->stage != WAY_OPEN) drop_late_letters(w);
    if (w->stage == WAY_CONNECTS && now >= w->deadline) {
        fail(w, "no answer in time");
    } else if (w->stage == WAY_OPEN && !w->first && now - w->used >= p->idle && !lws_partial_buffered(w->wsi)) {
        cut_loose(w);
        w->stage = WAY_IDLE;
    } else if (w->stage == WAY_PAUSES && now >= w->deadline) {
        w->stage = WAY_IDLE;
        if (w->first)
            connect_now(w);
        else
            w->failures = 0;
    } else if (w->stage == WAY_OPEN && now - w->used >= p->idle) {
        w->used = now;
    }
    if (!w->alarm) set_alarm(w);
}

/* ---- what the library calls ----------------------------------------------------------------------------------------- */

static int add_header(struct lws *wsi, const char *name, const char *value, unsigned char **at, unsigned char *end) {
    return lws_add_http_header_by_name(wsi, (const unsigned char *)name, (const unsigned char *)value,
                                       (int)strlen(value), at, end);
}

static int add_headers(way *w, struct lws *wsi, unsigned char **at, size_t room) {
    unsigned char *end = *at + room;
    char bearer[SECRET_MAX + 8];
    snprintf(bearer, sizeof bearer, "Bearer %s", w->peers->secret);
    return add_header(wsi, "authorization:", bearer, at, end) ||
                   add_header(wsi, "x-lingua-from:", w->peers->instance_id, at, end) ||
                   add_header(wsi, "x-lingua-to:", w->instance, at, end)
               ? -1
               : 0;
}

static void on_open(way *w) {
    peers *p = w->peers;
    /* What is written and not acknowledged for so long ends the connection: its host is gone. */
    unsigned patience_msec = (unsigned)(p->patience / USEC_PER_MSEC);
    int on = 1, fd = lws_get_socket_fd(w->wsi);
    setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &patience_msec, sizeof patience_msec);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    w->stage = WAY_OPEN;
    w->failures = 0;
    w->used = now_of(w);
    p->counts.connects++;
    p->counts.connected++;
    drop_late_letters(w);
    w->dirty = true;
    set_alarm(w);
    log_write(&p->log, LOG_INFO, "peer_open", "instance=%s address=%s", w->instance, w->address);
}

/* False: the socket has failed. */
static bool write_letters(way *w) {
    peers *p = w->peers;
    while (w->first && !lws_partial_buffered(w->wsi)) {
        frame *f = take_letter(w);
        assert(f->refs == 1); /* it is masked where it stands */
        int written = lws_write(w->wsi, (unsigned char *)f->data, f->bytes, LWS_WRITE_BINARY);
        p->counts.sent++;
        p->counts.bytes += f->bytes;
        w->used = now_of(w);
        frame_unref(f);
        if (written < 0) return false;
    }
    return true;
}

void way_flush(way *w) {
    if (!w->dirty || w->stage != WAY_OPEN) return;
    w->dirty = false;
    if (!write_letters(w)) {
        cut_loose(w);
        w->stage = WAY_IDLE;
        pause_way(w);
    } else if (w->first) {
        lws_callback_on_writable(w->wsi);
    }
}

static int on_socket(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t bytes) {
    (void)user;
    switch (reason) {
    case LWS_CALLBACK_CLIENT_APPEND_HANDSHAKE_HEADER:
    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
    case LWS_CALLBACK_CLIENT_ESTABLISHED:
    case LWS_CALLBACK_CLIENT_WRITEABLE:
    case LWS_CALLBACK_CLIENT_CLOSED:
    case LWS_CALLBACK_CLIENT_HTTP_REDIRECT: break;
    default: return 0;
    }
    way *w = lws_get_opaque_user_data(wsi);
    if (!w) return reason == LWS_CALLBACK_CLIENT_CONNECTION_ERROR || reason == LWS_CALLBACK_CLIENT_CLOSED ? 0 : -1;
    switch (reason) {
    case LWS_CALLBACK_CLIENT_APPEND_HANDSHAKE_HEADER: return add_headers(w, wsi, in, bytes);
    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR: {
        char text[160];
        snprintf(text, sizeof text, "%.*s", in ? (int)bytes : 0, in ? (char *)in : "");
        w->wsi = NULL;
        if (w->stage == WAY_CONNECTS) fail(w, text);
        return 0;
    }
    case LWS_CALLBACK_CLIENT_ESTABLISHED:
        w->wsi = wsi;
        on_open(w);
        return 0;
    case LWS_CALLBACK_CLIENT_WRITEABLE:
        if (!write_letters(w)) return -1;
        if (w->first) lws_callback_on_writable(wsi);
        return 0;
    case LWS_CALLBACK_CLIENT_CLOSED:
        if (w->stage == WAY_OPEN)
            lose(w);
        else if (w->stage == WAY_CONNECTS) {
            w->wsi = NULL;
            fail(w, "it hung up");
        }
        return 0;
    default: return -1; /* a redirection: nobody sends us elsewhere */
    }
}

const struct lws_protocols way_protocols[] = {
    {.name = "lingua-peer", .callback = on_socket, .rx_buffer_size = RECEIVE_BYTES, .tx_packet_size = SEND_BYTES},
    {0},
};

/* ---- ways ----------------------------------------------------------------------------------------------------------- */

void way_send(way *w, frame *f) {
    peers *p = w->peers;
    uint64_t cost = f->bytes + LETTER_COST;
    if (w->queued_bytes + cost > p->queue_bytes) {
        p->counts.dropped++;
        frame_unref(f);
        return;
    }
    letter *l = mem_alloc(sizeof *l);
    *l = (letter){.frame = f, .until = now_of(w) + p->patience};
    *w->end = l;
    w->end = &l->next;
    w->queued_bytes += cost;
    w->dirty = true;
    if (w->stage == WAY_IDLE)
        connect_now(w);
    else if (w->stage == WAY_PAUSES)
        set_alarm(w);
}

void way_move(way *w, const char *address) {
    cut_loose(w);
    w->stage = WAY_IDLE;
    w->failures = 0;
    snprintf(w->address, sizeof w->address, "%s", address);
    set_alarm(w);
}

way *way_new(peers *p, const char *instance, const char *address) {
    way *w = mem_zalloc(1, sizeof *w);
    w->peers = p;
    w->end = &w->first;
    w->used = clock_now(&p->clock);
    snprintf(w->instance, sizeof w->instance, "%s", instance);
    snprintf(w->address, sizeof w->address, "%s", address);
    return w;
}

way *way_free(way *w) {
    if (!w) return NULL;
    w->peers->timers.cancel(w->peers->timers.ctx, w->alarm);
    cut_loose(w);
    while (w->first) drop_letter(w);
    free(w);
    return NULL;
}
