/* private_server.h - a redis-server of our own, for simulator, benchmarks and tests: started on a unix socket in a
 * fresh folder under TMPDIR (/tmp), without persistence, gone without a trace when the owner ends, however it ends.
 *
 * A guardian process stands between: it waits on a pipe whose other end the owner holds, so that even a kill -9 of
 * the owner ends the server and removes the folder. The server in turn dies with its guardian (PR_SET_PDEATHSIG).
 *
 * Failure   SCHED_ENOENT: no redis-server on PATH (the message says how to install it); SCHED_EINVAL: older than 7;
 *           SCHED_EIO: it did not answer within 10 s (the message carries the last line of its log). */
#ifndef CORE_REDIS_PRIVATE_SERVER_H
#define CORE_REDIS_PRIVATE_SERVER_H

#include "core/base/status.h"

#include <stdbool.h>

typedef struct private_server private_server;

typedef struct private_server_options {
    const char *binary;        /* NULL: "redis-server" on PATH */
    const char *const *config; /* pairs "name", "value", closed by NULL; NULL: none */
    int preload_fd;            /* >= 0: a memfd with a shared library to LD_PRELOAD; -1: none */
    int inherit_fd;            /* >= 0: one more descriptor that the server inherits (the clock page); -1: none */
    const char *const *env;    /* "NAME=value" to add to the server's environment, closed by NULL; NULL: none */
    int port;                  /* 0: unix socket only; else it listens on 127.0.0.1 too (cluster tests) */
    /* A program, by its whole path, and its arguments, closed by NULL, that runs the server: an instrumenting one, which gets six
     * times the patience. NULL: none. */
    const char *const *launcher;
} private_server_options;

extern const private_server_options private_server_defaults;

sched_status private_server_start(const private_server_options *options, private_server **ret_server, sched_error *err);
/* Ends the server, removes the folder; takes NULL, returns NULL. */
private_server *private_server_stop(private_server *server);

/* kill -9 of redis-server itself. Its folder, its configuration and what SAVE has written there stay. */
void private_server_kill(private_server *server);
/* Starts it again on the same socket, with what was saved last or empty. Failures of private_server_start(). */
sched_status private_server_revive(private_server *server, bool with_data, sched_error *err);

const char *private_server_socket(const private_server *server);
const char *private_server_version(const private_server *server); /* "7.0.15" */
int private_server_pid(const private_server *server);             /* of redis-server itself; 0: killed */

#endif
