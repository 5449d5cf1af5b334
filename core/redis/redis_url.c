/* redis_url.c - cut at fixed marks, from the outside in: scheme, user info, address, database.
 *
 * The '@' that ends the user info is the last one before the path: a password that was not encoded may hold one, and then
 * still nothing of it can get into the host, and so into a message. Messages quote nothing that stands before the path: in
 * "redis://user:secret", where the host was forgotten, the secret is what looks like a port. */
#include "core/redis/redis_url.h"

#include <assert.h>
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/text.h"

enum { PORT_DEFAULT = 6379, PORT_MAX = 65535, DB_MAX = 1000000, SHOWN_MAX = 40 };

/* A whole number of digits alone; -1 when it is not one or is above `max`. */
static int number(const char *text, size_t len, int max) {
    int value = 0;
    if (len == 0) return -1;
    for (size_t i = 0; i < len; i++) {
        if (!isdigit((unsigned char)text[i])) return -1;
        value = 10 * value + (text[i] - '0');
        if (value > max) return -1;
    }
    return value;
}

static int hex(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    c = (char)tolower((unsigned char)c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* False when it is too long, or a '%' is not followed by two digits, or one spells NUL. */
static bool decode(char out[REDIS_SECRET_MAX + 1], const char *text, size_t len) {
    size_t used = 0;
    for (size_t i = 0; i < len; i++) {
        int c = (unsigned char)text[i];
        if (c == '%') {
            if (i + 2 >= len || hex(text[i + 1]) < 0 || hex(text[i + 2]) < 0) return false;
            c = 16 * hex(text[i + 1]) + hex(text[i + 2]);
            i += 2;
        }
        if (c == 0 || used == REDIS_SECRET_MAX) return false;
        out[used++] = (char)c;
    }
    out[used] = '\0';
    return true;
}

static sched_status parse_user_info(const char *text, size_t len, redis_url *url, sched_error *err) {
    const char *colon = memchr(text, ':', len);
    size_t user_len = colon ? (size_t)(colon - text) : len;
    if (!decode(url->user, text, user_len))
        return sched_fail(err, SCHED_EINVAL, "redis URL: user name: expected at most %d bytes, '%%' as %%25",
                          REDIS_SECRET_MAX);
    if (colon && !decode(url->password, colon + 1, len - user_len - 1))
        return sched_fail(err, SCHED_EINVAL, "redis URL: password: expected at most %d bytes, '%%' as %%25",
                          REDIS_SECRET_MAX);
    return SCHED_OK;
}

static sched_status parse_port(const char *text, size_t len, int *ret_port, sched_error *err) {
    *ret_port = number(text, len, PORT_MAX);
    if (*ret_port >= 1) return SCHED_OK;
    return sched_fail(err, SCHED_EINVAL, "redis URL: port: expected 1 to %d", PORT_MAX);
}

static sched_status parse_db(const char *text, redis_url *url, sched_error *err) {
    url->db = number(text, strlen(text), DB_MAX);
    if (url->db >= 0) return SCHED_OK;
    return sched_fail(err, SCHED_EINVAL, "redis URL: database \"%.*s\": expected a number, 0 to %d",
                      (int)text_prefix(text, SHOWN_MAX), text, DB_MAX);
}

/* "host", "host:port", "[::1]", "[::1]:port" */
static sched_status parse_address(const char *text, size_t len, char ret_host[REDIS_HOST_MAX + 1], int *ret_port,
                                  sched_error *err) {
    const char *host = text, *end = text + len, *host_end;
    if (len && *text == '[') {
        host++;
        host_end = memchr(text, ']', len);
        if (!host_end) return sched_fail(err, SCHED_EINVAL, "redis URL: host: expected a ']' behind the '['");
    } else {
        host_end = memchr(text, ':', len);
        if (!host_end) host_end = end;
    }
    size_t host_len = (size_t)(host_end - host);
    if (host_len == 0) return sched_fail(err, SCHED_EINVAL, "redis URL: the host is missing");
    if (host_len > REDIS_HOST_MAX)
        return sched_fail(err, SCHED_EINVAL, "redis URL: host: expected at most %d characters", REDIS_HOST_MAX);
    memcpy(ret_host, host, host_len);
    ret_host[host_len] = '\0';

    const char *rest = host_end + (host != text);
    *ret_port = PORT_DEFAULT;
    if (rest == end) return SCHED_OK;
    if (*rest != ':') return sched_fail(err, SCHED_EINVAL, "redis URL: host: expected ':' and a port behind the ']'");
    return parse_port(rest + 1, (size_t)(end - rest - 1), ret_port, err);
}

/* "host:port,[::1]:port,host" */
static sched_status parse_addresses(const char *text, size_t len, redis_url *url, sched_error *err) {
    const char *comma = memchr(text, ',', len);
    size_t first = comma ? (size_t)(comma - text) : len;
    sched_status status = parse_address(text, first, url->host, &url->port, err);
    while (!status && comma) {
        const char *next = comma + 1, *end = text + len;
        comma = memchr(next, ',', (size_t)(end - next));
        size_t next_len = (size_t)((comma ? comma : end) - next);
        if (url->others == REDIS_OTHERS_MAX)
            return sched_fail(err, SCHED_EINVAL, "redis URL: expected at most %d nodes of a cluster",
                              REDIS_OTHERS_MAX + 1);
        redis_host_port *other = &url->other[url->others++];
        status = parse_address(next, next_len, other->host, &other->port, err);
    }
    return status;
}

static sched_status parse_socket(const char *path, redis_url *url, sched_error *err) {
    size_t len = strcspn(path, "?");
    if (len > REDIS_SOCKET_MAX)
        return sched_fail(err, SCHED_EINVAL, "redis URL: path of the socket: expected at most %d bytes",
                          REDIS_SOCKET_MAX);
    memcpy(url->socket, path, len);
    url->socket[len] = '\0';
    if (!path[len]) return SCHED_OK;
    if (strncmp(path + len, "?db=", 4))
        return sched_fail(err, SCHED_EINVAL, "redis URL: \"%.*s\": expected \"?db=\" and a number",
                          (int)text_prefix(path + len, SHOWN_MAX), path + len);
    return parse_db(path + len + 4, url, err);
}

/* What stands behind "scheme://". */
static sched_status parse_rest(const char *text, bool is_socket, redis_url *url, sched_error *err) {
    size_t len = strcspn(text, "/");
    const char *at = memrchr(text, '@', len);
    const char *address = at ? at + 1 : text;
    size_t address_len = len - (size_t)(address - text);
    const char *path = text + len;
    sched_status status = at ? parse_user_info(text, (size_t)(at - text), url, err) : SCHED_OK;
    if (status) return status;
    if (is_socket) {
        if (address_len || !*path)
            return sched_fail(err, SCHED_EINVAL, "redis URL: expected unix:// and an absolute path");
        return parse_socket(path, url, err);
    }
    if (strchr(path, '@')) return sched_fail(err, SCHED_EINVAL, "redis URL: expected '/' in user or password as %%2F");
    if (url->cluster)
        status = parse_addresses(address, address_len, url, err);
    else
        status = parse_address(address, address_len, url->host, &url->port, err);
    if (status || !*path || !path[1]) return status;
    status = parse_db(path + 1, url, err);
    if (!status && url->cluster && url->db)
        status = sched_fail(err, SCHED_EINVAL, "redis URL: database %d: a cluster has none but 0", url->db);
    return status;
}

sched_status redis_url_parse(const char *text, redis_url *ret_url, sched_error *err) {
    redis_url url = {0};
    sched_status status;
    url.cluster = !strncmp(text, "redis+cluster://", 16);
    if (!strncmp(text, "redis://", 8))
        status = parse_rest(text + 8, false, &url, err);
    else if (url.cluster)
        status = parse_rest(text + 16, false, &url, err);
    else if (!strncmp(text, "unix://", 7))
        status = parse_rest(text + 7, true, &url, err);
    else if (!strncmp(text, "rediss://", 9))
        status = sched_fail(err, SCHED_EINVAL,
                            "redis URL: rediss:// (TLS) is not built into this program; use redis:// "
                            "behind a local TLS proxy, or unix://");
    else
        status =
            sched_fail(err, SCHED_EINVAL, "redis URL: expected redis://, redis+cluster:// or unix:// at its beginning");
    if (!status) *ret_url = url;
    return status;
}

redis_url redis_url_of_socket(const char *path) {
    redis_url url = {0};
    size_t len = strlen(path);
    assert(len <= REDIS_SOCKET_MAX);
    memcpy(url.socket, path, len);
    return url;
}

char *redis_url_where(const redis_url *url, char text[REDIS_WHERE_MAX]) {
    char db[16] = "";
    if (url->db) snprintf(db, sizeof db, "%s%d", *url->socket ? "?db=" : "/", url->db);
    bool is_v6 = strchr(url->host, ':') != NULL;
    if (*url->socket)
        snprintf(text, REDIS_WHERE_MAX, "%s%s", url->socket, db);
    else
        snprintf(text, REDIS_WHERE_MAX, is_v6 ? "[%s]:%d%s" : "%s:%d%s", url->host, url->port, db);
    return text;
}
