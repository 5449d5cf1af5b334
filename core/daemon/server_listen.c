/* server_listen.c - sockets that listen are our own, and what they accept is given to libwebsockets.
 *
 * Why not its own listening: an address that cannot be bound shall be an error with its reason, a free port be known, a stale
 * unix socket be replaced, listening end while connections go on, and a process that has run out of descriptors rest instead of
 * spinning. */
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/daemon/server_internal.h"

enum { BACKLOG = 1024, ACCEPTS_PER_EVENT = 64 };

static void address_text(const struct sockaddr_storage *from, char *text, size_t size) {
    snprintf(text, size, "%s", from->ss_family == AF_UNIX ? "unix" : "?");
    if (from->ss_family == AF_INET) {
        inet_ntop(AF_INET, &((const struct sockaddr_in *)from)->sin_addr, text, (socklen_t)size);
    } else if (from->ss_family == AF_INET6) {
        const struct in6_addr *six = &((const struct sockaddr_in6 *)from)->sin6_addr;
        if (IN6_IS_ADDR_V4MAPPED(six))
            inet_ntop(AF_INET, six->s6_addr + 12, text, (socklen_t)size);
        else
            inet_ntop(AF_INET6, six, text, (socklen_t)size);
    }
}

static void adopt(server *s, int fd, const struct sockaddr_storage *from) {
    int on = 1;
    if (from->ss_family != AF_UNIX) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    server_conn *c = mem_zalloc(1, sizeof *c);
    c->server = s;
    c->end = &c->first;
    address_text(from, c->address, sizeof c->address);
    s->sockets++;
    s->counts.accepted++;
    s->adopting = c;
    struct lws *wsi = lws_adopt_descriptor_vhost_via_info(
        &(lws_adopt_desc_t){.vh = s->vhost,
                            .type = LWS_ADOPT_SOCKET | LWS_ADOPT_HTTP | LWS_ADOPT_ALLOW_SSL,
                            .fd = {.sockfd = fd},
                            .opaque = c});
    if (!wsi) {
        if (s->adopting == c) { /* it was not even told of its end */
            s->sockets--;
            free(c);
        }
        s->adopting = NULL;
        return;
    }
    s->adopting = NULL;
    c->wsi = wsi;
    watch_for(c, WAIT_HANDSHAKE);
}

static void on_readable(uv_poll_t *poll, int status, int events) {
    listener *l = poll->data;
    server *s = l->server;
    (void)status;
    (void)events;
    for (int i = 0; i < ACCEPTS_PER_EVENT && l->fd >= 0; i++) {
        struct sockaddr_storage from = {0};
        socklen_t size = sizeof from;
        int fd = accept4(l->fd, (struct sockaddr *)&from, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)) {
            log_write(&s->log, LOG_WARN, "accept_rests", "error=\"%s\" sockets=%lld", strerror(errno),
                      (long long)s->sockets);
            for (int k = 0; k < s->listener_count; k++) uv_poll_stop(&s->listeners[k]->poll);
            s->resting = true;
            return;
        }
        if (fd < 0) return;
        if (from.ss_family == AF_UNSPEC) from.ss_family = AF_UNIX;
        if (s->sockets - s->counts.connections - s->ended >= HTTP_SOCKETS_MAX) {
            s->counts.refused_full++;
            close(fd);
        } else {
            adopt(s, fd, &from);
        }
    }
}

void server_listen_again(server *s) {
    if (!s->resting) return;
    s->resting = false;
    for (int i = 0; i < s->listener_count; i++) uv_poll_start(&s->listeners[i]->poll, UV_READABLE, on_readable);
}

static void start(server *s, int fd) {
    listener *l = mem_zalloc(1, sizeof *l);
    l->server = s;
    l->fd = fd;
    s->listeners[s->listener_count++] = l;
    uv_poll_init_socket(s->loop, &l->poll, fd);
    l->poll.data = l;
    uv_poll_start(&l->poll, UV_READABLE, on_readable);
}

/* ---- addresses ------------------------------------------------------------------------------------------------------ */

static int bound_port(int fd) {
    struct sockaddr_storage at;
    socklen_t size = sizeof at;
    if (getsockname(fd, (struct sockaddr *)&at, &size) != 0) return 0;
    return ntohs(at.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&at)->sin6_port
                                          : ((struct sockaddr_in *)&at)->sin_port);
}

static int open_listening(const struct addrinfo *a, const char *host) {
    int on = 1, off = 0;
    int fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    /* "::" takes IPv4, too; other addresses stand for themselves. */
    if (a->ai_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, strcmp(host, "::") == 0 ? &off : &on, sizeof on);
    if (bind(fd, a->ai_addr, a->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0) return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

static void put_port(struct addrinfo *a, int port) {
    if (a->ai_family == AF_INET6)
        ((struct sockaddr_in6 *)a->ai_addr)->sin6_port = htons((uint16_t)port);
    else
        ((struct sockaddr_in *)a->ai_addr)->sin_port = htons((uint16_t)port);
}

/* All addresses of the host, on one port. Those that this machine does not have are left out, unless it has none of them. */
static sched_status listen_tcp(server *s, const char *host, int port, sched_error *err) {
    struct addrinfo *found = NULL, hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    int error = getaddrinfo(host, NULL, &hints, &found);
    if (error) return sched_fail(err, SCHED_EIO, "listen on %s: %s", host, gai_strerror(error));
    sched_status status = SCHED_OK;
    s->port = port;
    int missing = 0;
    for (struct addrinfo *a = found; a && s->listener_count < LISTENERS_MAX && !status; a = a->ai_next) {
        if (a->ai_family != AF_INET && a->ai_family != AF_INET6) continue;
        put_port(a, s->port);
        int fd = open_listening(a, host);
        if (fd >= 0) {
            s->port = bound_port(fd);
            start(s, fd);
        } else if (errno == EADDRNOTAVAIL || errno == EAFNOSUPPORT) {
            missing = errno;
        } else {
            status = sched_fail(err, SCHED_EIO, "listen on %s port %d: %s", host, s->port, strerror(errno));
        }
    }
    if (!status && !s->listener_count)
        status = sched_fail(err, SCHED_EIO, "listen on %s port %d: %s", host, port,
                            missing ? strerror(missing) : "it has no address");
    freeaddrinfo(found);
    return status;
}

/* A socket file that nobody listens behind is left over from a process that died. */
static bool is_stale(const struct sockaddr_un *at) {
    struct stat st;
    if (lstat(at->sun_path, &st) != 0 || !S_ISSOCK(st.st_mode)) return false;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return false;
    bool stale = connect(fd, (const struct sockaddr *)at, sizeof *at) != 0 && errno == ECONNREFUSED;
    close(fd);
    return stale;
}

static sched_status listen_unix(server *s, const char *path, sched_error *err) {
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof at.sun_path)
        return sched_fail(err, SCHED_EINVAL, "listen on %s: the path has more than %zu bytes", path,
                          sizeof at.sun_path - 1);
    snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
    if (is_stale(&at)) unlink(path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&at, sizeof at) != 0 || listen(fd, BACKLOG) != 0) {
        sched_status status = sched_fail(err, SCHED_EIO, "listen on %s: %s", path, strerror(errno));
        if (fd >= 0) close(fd);
        return status;
    }
    s->socket_path = mem_strdup(path);
    start(s, fd);
    return SCHED_OK;
}

sched_status server_listen(server *s, const server_options *options, sched_error *err) {
    if (options->socket) return listen_unix(s, options->socket, err);
    return listen_tcp(s, options->host, options->port, err);
}

static void on_listener_closed(uv_handle_t *handle) {
    listener *l = handle->data;
    server *s = l->server;
    free(l);
    server_handle_closed(s);
}

void server_listen_end(server *s) {
    for (int i = 0; i < s->listener_count; i++) {
        listener *l = s->listeners[i];
        s->handles++;
        uv_close((uv_handle_t *)&l->poll, on_listener_closed);
        close(l->fd);
        l->fd = -1;
    }
    s->listener_count = 0;
    s->resting = false;
    if (s->socket_path) unlink(s->socket_path);
    free(s->socket_path);
    s->socket_path = NULL;
}
