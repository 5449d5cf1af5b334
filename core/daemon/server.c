/* server.c - a libwebsockets context on a loop that is not its own: how it begins, what it calls, how it ends.
 *
 * The end takes turns of the loop. The library closes its sockets at once, but the loop gives their handles back later, and only then
 * closes two handles of the library's own; when these are gone, and not before, a second call to destroy frees the context. The
 * library does not tell that moment, so the handles it made are remembered and an idle handle looks whether the loop still has them. */
#include "core/daemon/server.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/daemon/server_internal.h"

enum { DESCRIPTORS_MAX = 1 << 20, HEADERS_BYTES = 8192, LIBRARY_PATIENCE_SEC = 3600, REASON_BYTES = 200 };

usec_t server_now(const server *s) {
    return (usec_t)uv_now(s->loop) * USEC_PER_MSEC;
}

struct lws_context *server_lws(server *s) {
    return s->lws;
}

/* ---- what the library calls ----------------------------------------------------------------------------------------- */

static void socket_gone(server_conn *c) {
    http_gone(c);
    ws_gone(c);
}

static int on_socket(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t bytes) {
    (void)user;
    server_conn *c = NULL;
    switch (reason) {
    case LWS_CALLBACK_WSI_CREATE: {
        server *s = lws_context_user(lws_get_context(wsi));
        s->adopting = NULL;
        return 0;
    }
    case LWS_CALLBACK_SERVER_NEW_CLIENT_INSTANTIATED:
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
    case LWS_CALLBACK_HTTP:
    case LWS_CALLBACK_HTTP_WRITEABLE:
    case LWS_CALLBACK_CLOSED_HTTP:
    case LWS_CALLBACK_ESTABLISHED:
    case LWS_CALLBACK_RECEIVE:
    case LWS_CALLBACK_RECEIVE_PONG:
    case LWS_CALLBACK_SERVER_WRITEABLE:
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
    case LWS_CALLBACK_WS_SERVER_DROP_PROTOCOL:
    case LWS_CALLBACK_CLOSED:
    case LWS_CALLBACK_WSI_DESTROY: c = lws_get_opaque_user_data(wsi); break;
    default: return 0;
    }
    if (!c) return 0;
    switch (reason) {
    case LWS_CALLBACK_SERVER_NEW_CLIENT_INSTANTIATED: c->wsi = wsi; return 0;
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE: return ws_confirm(c);
    case LWS_CALLBACK_HTTP: return http_request(c);
    case LWS_CALLBACK_HTTP_WRITEABLE: return http_writeable(c);
    case LWS_CALLBACK_ESTABLISHED: return ws_established(c);
    case LWS_CALLBACK_RECEIVE: return ws_receive(c, in, bytes);
    case LWS_CALLBACK_RECEIVE_PONG:
        if (c->wait == WAIT_PONG) watch_for(c, WAIT_WORD);
        return 0;
    case LWS_CALLBACK_SERVER_WRITEABLE: ws_writeable(c); return 0;
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
    case LWS_CALLBACK_WS_SERVER_DROP_PROTOCOL: ws_ends(c); return 0;
    case LWS_CALLBACK_CLOSED_HTTP:
    case LWS_CALLBACK_CLOSED: socket_gone(c); return 0;
    case LWS_CALLBACK_WSI_DESTROY:
        socket_gone(c);
        c->server->sockets--;
        if (c->ended) c->server->ended--;
        free(c);
        return 0;
    default: return 0;
    }
}

/* Only who has user data, of whatever size, is told that the library begins to close a socket. */
static const struct lws_protocols protocols[] = {
    {.name = "lingua",
     .callback = on_socket,
     .per_session_data_size = 1,
     .rx_buffer_size = RECEIVE_BYTES,
     .tx_packet_size = SEND_BYTES},
    {0},
};

/* No pings and timeouts of the library's own: for each connection its default keeps a timer in one sorted list, which is walked for
 * each that comes. */
static const lws_retry_bo_t no_keepalive;

void server_kill(server_conn *c) {
    watch_for(c, WAIT_NOTHING);
    c->told_end = true;
    if (!c->close_code) c->close_code = LWS_CLOSE_STATUS_ABNORMAL_CLOSE;
    lws_set_timeout(c->wsi, PENDING_TIMEOUT_USER_REASON_BASE, LWS_TO_KILL_ASYNC);
    lws_cancel_service(c->server->lws);
}

/* ---- the beginning -------------------------------------------------------------------------------------------------- */

typedef struct handle_list {
    uv_handle_t **handles;
    int count, room;
} handle_list;

static void collect(uv_handle_t *handle, void *arg) {
    handle_list *list = arg;
    if (list->count == list->room) {
        list->room = list->room ? 2 * list->room : 16;
        list->handles = mem_realloc(list->handles, (size_t)list->room, sizeof(uv_handle_t *));
    }
    list->handles[list->count++] = handle;
}

static bool holds(const handle_list *list, const uv_handle_t *handle) {
    for (int i = 0; i < list->count; i++)
        if (list->handles[i] == handle) return true;
    return false;
}

static void remember_new_handles(server *s, const handle_list *before) {
    handle_list after = {0};
    uv_walk(s->loop, collect, &after);
    for (int i = 0; i < after.count; i++) {
        uv_handle_t *h = after.handles[i];
        uv_handle_type type = uv_handle_get_type(h); /* not h->type: the library does not align them */
        if (holds(before, h) || (type != UV_IDLE && type != UV_TIMER)) continue;
        assert(s->lws_handle_count < (int)(sizeof s->lws_handles / sizeof *s->lws_handles));
        s->lws_handles[s->lws_handle_count++] = h;
    }
    free(after.handles);
}

/* The soft limit is meant for programs that use select(). */
static void raise_descriptor_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    rlim_t wanted = limit.rlim_max < DESCRIPTORS_MAX ? limit.rlim_max : DESCRIPTORS_MAX;
    if (limit.rlim_cur == wanted) return;
    limit.rlim_cur = wanted;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static sched_status check_file(const char *what, const char *path, sched_error *err) {
    if (!path || access(path, R_OK) == 0) return SCHED_OK;
    return sched_fail(err, SCHED_EIO, "TLS %s %s: %s", what, path, strerror(errno));
}

static sched_status make_context(server *s, const server_options *options, sched_error *err) {
    char reason[REASON_BYTES];
    void *loops[] = {s->loop};
    handle_list before = {0};
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN_SERVER,
        .options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_EXPLICIT_VHOSTS | LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT |
                   LWS_SERVER_OPTION_SKIP_SERVER_CANONICAL_NAME,
        .foreign_loops = loops,
        .count_threads = 1,
        .user = s,
        .pt_serv_buf_size = READ_BYTES,
        .max_http_header_data = HEADERS_BYTES,
        .timeout_secs = LIBRARY_PATIENCE_SEC,
    };
    uv_walk(s->loop, collect, &before);
    server_log_capture(reason, sizeof reason);
    s->lws = lws_create_context(&info);
    if (s->lws) {
        remember_new_handles(s, &before);
        info.protocols = protocols;
        info.retry_and_idle_policy = &no_keepalive;
        info.vhost_name = "lingua";
        info.keepalive_timeout = LIBRARY_PATIENCE_SEC;
        info.ssl_cert_filepath = options->tls_certificate;
        info.ssl_private_key_filepath = options->tls_key;
        info.alpn = "http/1.1";
        s->vhost = lws_create_vhost(s->lws, &info);
    }
    server_log_capture(NULL, 0);
    free(before.handles);
    if (!s->lws) return sched_fail(err, SCHED_EIO, "libwebsockets: %s", reason);
    if (!s->vhost && options->tls_certificate)
        return sched_fail(err, SCHED_EIO, "TLS certificate %s, key %s: %s", options->tls_certificate, options->tls_key,
                          reason);
    return s->vhost ? SCHED_OK : sched_fail(err, SCHED_EIO, "libwebsockets: %s", reason);
}

struct lws_vhost *server_calls(server *s, const struct lws_protocols *calling) {
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN,
        .options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT,
        .vhost_name = "lingua-calls",
        .protocols = calling,
        .retry_and_idle_policy = &no_keepalive,
    };
    if (!s->calls) s->calls = lws_create_vhost(s->lws, &info);
    assert(s->calls);
    return s->calls;
}

static void on_flush(uv_prepare_t *handle) {
    ws_flush_all(handle->data);
}

static void on_tick(uv_timer_t *handle) {
    watch_tick(handle->data);
}

sched_status server_new(const server_options *options, server **ret_server, sched_error *err) {
    assert(options->loop && options->limits.messages_per_sec > 0);
    assert(!options->tls_certificate == !options->tls_key);
    server *s = mem_zalloc(1, sizeof *s);
    s->loop = options->loop;
    s->doors = options->doors;
    s->routes = options->routes;
    s->limits = options->limits;
    s->log = options->log;
    uv_prepare_init(s->loop, &s->flush);
    uv_timer_init(s->loop, &s->tick);
    uv_idle_init(s->loop, &s->burial);
    s->flush.data = s->tick.data = s->burial.data = s;
    s->handles = 3;
    raise_descriptor_limit();
    server_log_to(&s->log);

    sched_status status = check_file("certificate", options->tls_certificate, err);
    if (!status) status = check_file("key", options->tls_key, err);
    if (!status) status = make_context(s, options, err);
    if (!status) status = server_listen(s, options, err);
    if (status) {
        server_free(s);
        return status;
    }
    uv_prepare_start(&s->flush, on_flush);
    uv_timer_start(&s->tick, on_tick, TICK_MSEC, TICK_MSEC);
    *ret_server = s;
    return SCHED_OK;
}

int server_port(const server *s) {
    return s->port;
}

void server_set_limits(server *s, const server_limits *limits) {
    assert(limits->messages_per_sec > 0);
    s->limits = *limits;
}

void server_stop_listening(server *s) {
    server_listen_end(s);
}

server_counts server_count(const server *s) {
    return s->counts;
}

/* ---- the end -------------------------------------------------------------------------------------------------------- */

void server_handle_closed(server *s) {
    if (--s->handles == 0 && s->freed) free(s);
}

static void on_handle_closed(uv_handle_t *handle) {
    server_handle_closed(handle->data);
}

static void look_for_handles(uv_handle_t *handle, void *arg) {
    handle_list *found = arg;
    if (holds(found, handle)) found->room++;
}

static void on_burial(uv_idle_t *handle) {
    server *s = handle->data;
    handle_list mine = {.handles = s->lws_handles, .count = s->lws_handle_count, .room = 0};
    uv_walk(s->loop, look_for_handles, &mine);
    if (mine.room) return;
    if (s->lws) lws_context_destroy(s->lws);
    s->lws = NULL;
    uv_close((uv_handle_t *)handle, on_handle_closed);
}

server *server_free(server *s) {
    if (!s) return NULL;
    assert(!s->freed);
    s->freed = true;
    server_listen_end(s);
    uv_close((uv_handle_t *)&s->flush, on_handle_closed);
    uv_close((uv_handle_t *)&s->tick, on_handle_closed);
    server_log_to(NULL);
    if (s->lws) lws_context_destroy(s->lws);
    uv_idle_start(&s->burial, on_burial);
    return NULL;
}
