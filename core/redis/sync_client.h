/* sync_client.h - a connection that waits for its answers: for tests, benchmarks and lingua-ctl. The scheduler never
 * uses it.
 *
 * One call at a time with sync_client_call(), or pipelined with append and read. An error reply of the server is an
 * answer (SCHED_OK, reply_is_error()), not a failure.
 *
 * Cluster   A URL that says so leads to all masters: a call goes to the one that has the slot of its first key (call_key()), and
 *           answers come in the order of the calls. One at a time, calls follow a slot that has moved; pipelined ones are answered
 *           with the error that tells it.
 *
 * Failure   SCHED_EIO: the connection broke; SCHED_ETIMEDOUT: no answer within the patience. After either the client
 *           can only be closed.
 * Signals   The program ignores SIGPIPE, which the client library raises when it writes to a connection that has ended.
 * Ownership Replies belong to the caller: sync_reply_free(). The scripts are borrowed and must outlive the client.
 * Threads   None: one client belongs to one thread. */
#ifndef CORE_REDIS_SYNC_CLIENT_H
#define CORE_REDIS_SYNC_CLIENT_H

#include "core/base/clock.h"
#include "core/redis/call.h"
#include "core/redis/redis_url.h"
#include "core/redis/reply.h"

typedef struct sync_client sync_client;

/* `patience`: of connecting and of each answer, > 0. */
sched_status sync_client_open_socket(const char *path, usec_t patience, sync_client **ret_client, sched_error *err);
sched_status sync_client_open_tcp(const char *host, int port, usec_t patience, sync_client **ret_client,
                                  sched_error *err);
/* As who the URL says, in its database, or to its cluster. SCHED_EPROTO when the server refuses either; no message tells the password. */
sched_status sync_client_open_url(const redis_url *url, usec_t patience, sync_client **ret_client, sched_error *err);
/* As sync_client_open_url(); a server that says it belongs to a cluster is opened as that, and url->cluster says so from then on. */
sched_status sync_client_find(redis_url *url, usec_t patience, sync_client **ret_client, sched_error *err);
/* Takes NULL, returns NULL. */
sync_client *sync_client_close(sync_client *client);

/* Masters; 1 of a single server. A call without a key goes to the one that was turned to, the first to begin with; MULTI, EXEC,
 * DISCARD and UNWATCH go where the last call with a key went. */
int sync_client_masters(const sync_client *client);
void sync_client_turn_to(sync_client *client, int master);

/* Loads every script of the registry and keeps the registry for calls of scripts. */
sched_status sync_client_load(sync_client *client, scripts *s, sched_error *err);

/* Waits for the answer. A script that the server has lost (NOSCRIPT) is loaded again and the call repeated, once.
 * Nothing may be outstanding from append. */
sched_status sync_client_call(sync_client *client, const redis_call *call, redis_reply **ret_reply, sched_error *err);

/* Writes to a buffer of the client; what is outstanding is sent by the next read. NOSCRIPT is answered as the error
 * it is. */
sched_status sync_client_append(sync_client *client, const redis_call *call, sched_error *err);
/* The answer to the earliest append that was not read yet. */
sched_status sync_client_read(sync_client *client, redis_reply **ret_reply, sched_error *err);

/* Takes NULL, returns NULL. */
redis_reply *sync_reply_free(redis_reply *reply);

#endif
