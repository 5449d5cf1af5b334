/* http_get.c - HTTP/1.0, so that the end of the connection is the end of the body. */
#include "bench/load/http_get.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "core/base/mem.h"

static sched_status connect_to(const ws_target *target, usec_t patience, int *ret_fd, sched_error *err) {
    int fd = socket(target->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return sched_fail(err, SCHED_EIO, "%s: %s", target->host, strerror(errno));
    struct timeval limit = {patience / USEC_PER_SEC, patience % USEC_PER_SEC};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    socklen_t size = target->address.ss_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
    if (connect(fd, (const struct sockaddr *)&target->address, size)) {
        sched_status status = sched_fail(err, SCHED_EIO, "%s: %s", target->host, strerror(errno));
        close(fd);
        return status;
    }
    *ret_fd = fd;
    return SCHED_OK;
}

static sched_status ask(int fd, const ws_target *target, const char *path, const char *token, sched_error *err) {
    char request[2048];
    int len = snprintf(request, sizeof request, "GET %s HTTP/1.0\r\nHost: %s\r\n%s%s%s\r\n", path, target->host,
                       *token ? "Authorization: Bearer " : "", token, *token ? "\r\n" : "");
    if (send(fd, request, (size_t)len, MSG_NOSIGNAL) == len) return SCHED_OK;
    return sched_fail(err, SCHED_EIO, "%s%s: %s", target->host, path, strerror(errno));
}

static sched_status read_all(int fd, const ws_target *target, const char *path, char **ret_text, sched_error *err) {
    size_t bytes = 0, size = 64 * 1024;
    char *text = mem_alloc(size);
    for (;;) {
        ssize_t count = recv(fd, text + bytes, size - bytes - 1, 0);
        if (count == 0) break;
        if (count < 0 || bytes + (size_t)count > HTTP_BODY_MAX) {
            free(text);
            return sched_fail(err, SCHED_EIO, "%s%s: %s", target->host, path, count < 0 ? strerror(errno) : "too long");
        }
        bytes += (size_t)count;
        if (bytes + 1 == size) text = mem_realloc(text, size *= 2, 1);
    }
    text[bytes] = '\0';
    *ret_text = text;
    return SCHED_OK;
}

sched_status http_get(const ws_target *target, const char *path, const char *token, usec_t patience, char **ret_body,
                      sched_error *err) {
    int fd = -1;
    char *text = NULL;
    sched_status status = connect_to(target, patience, &fd, err);
    if (status) return status;
    status = ask(fd, target, path, token, err);
    if (!status) status = read_all(fd, target, path, &text, err);
    close(fd);
    if (status) return status;
    char *body = strstr(text, "\r\n\r\n");
    int code = 0;
    if (!body || sscanf(text, "HTTP/%*s %d", &code) != 1 || code != 200) {
        status = sched_fail(err, SCHED_EPROTO, "%s%s: status %d", target->host, path, code);
        free(text);
        return status;
    }
    memmove(text, body + 4, strlen(body + 4) + 1);
    *ret_body = text;
    return SCHED_OK;
}
