/* redis_url.h - where a Redis is and who we are there, from one text:
 *
 *     redis://[user:password@]host[:port][/db]     port 6379, db 0 unless given; host may be [::1]
 *     redis+cluster://[user:password@]host[:port][,host[:port]...]      any nodes of a Redis Cluster, up to eight; it has no
 *                                                  databases but 0
 *     unix://[user:password@]/path[?db=n]
 *     rediss://...                                 TLS: refused, the message says why
 *
 * "user@" alone is a user without a password, ":password@" the default user. User and password are percent-decoded.
 *
 * Secrecy   A password appears in no message, neither here nor in what others make of redis_url_where(). So messages quote
 *           the database at most. */
#ifndef CORE_REDIS_REDIS_URL_H
#define CORE_REDIS_REDIS_URL_H

#include "core/base/status.h"

#include <stdbool.h>

enum {
    REDIS_SOCKET_MAX = 107, /* bytes of a path of a unix socket */
    REDIS_HOST_MAX = 255,
    REDIS_SECRET_MAX = 255, /* of user and of password, decoded */
    REDIS_WHERE_MAX = REDIS_HOST_MAX + 32,
    REDIS_OTHERS_MAX = 7,
};

typedef struct redis_host_port {
    char host[REDIS_HOST_MAX + 1];
    int port; /* 1..65535 */
} redis_host_port;

typedef struct redis_url {
    char socket[REDIS_SOCKET_MAX + 1]; /* "": TCP */
    char host[REDIS_HOST_MAX + 1];
    int port; /* 1..65535 */
    int db;   /* >= 0 */
    bool cluster;
    int others; /* of a cluster: further nodes to ask when this one is away */
    redis_host_port other[REDIS_OTHERS_MAX];
    char user[REDIS_SECRET_MAX + 1], password[REDIS_SECRET_MAX + 1]; /* "": none */
} redis_url;

/* SCHED_EINVAL. */
sched_status redis_url_parse(const char *text, redis_url *ret_url, sched_error *err);
/* A unix socket, database 0, nobody in particular; `path` of at most REDIS_SOCKET_MAX bytes (assert). */
redis_url redis_url_of_socket(const char *path);

/* "host:6379", "[::1]:6379", "/path", with "/2" or "?db=2" behind it where the database is not 0. Returns `text`. */
char *redis_url_where(const redis_url *url, char text[REDIS_WHERE_MAX]);

#endif
