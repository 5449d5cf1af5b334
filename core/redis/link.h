/* link.h - the one way from the core to Redis: submit a call, get a callback.
 *
 * Whoever runs the core hands in an implementation: asynchronous on an event loop in the daemon, pipelined in virtual time
 * in the simulator. Contract of all of them:
 *  - the call is copied; nothing of the caller's is kept but `arg`;
 *  - the callback runs exactly once, never from inside link_submit();
 *  - calls of one link reach one server in the order of submission, and their callbacks come in that order;
 *  - in flight are at most as many calls as the link's window: the next is answered LINK_FULL;
 *  - a script that the server has lost (NOSCRIPT) is loaded again and the call repeated, unseen by the caller.
 * Over a Redis Cluster (core/redis/router_cluster.h) order is promised for calls of one hash slot: they are executed, and their
 * callbacks come, in the order of submission; of a slot that changes its master, those that were sent to the old one and not
 * executed there come behind those that were. Calls of different slots stand in no order. */
#ifndef CORE_REDIS_LINK_H
#define CORE_REDIS_LINK_H

#include "core/base/clock.h"
#include "core/redis/call.h"
#include "core/redis/reply.h"

typedef enum link_status {
    LINK_OK,      /* `reply` is there and is no error */
    LINK_ERROR,   /* the server answered with an error; `reply` is that error, its first word is a stable code */
    LINK_REFUSED, /* it was not sent and did not happen: there is no connection */
    LINK_FULL,    /* the same: the window is full. Says nothing about the server */
    LINK_UNKNOWN, /* it was sent, but no answer came by the deadline: it may have happened */
} link_status;

/* `reply` is NULL unless it is LINK_OK or LINK_ERROR, and lives until the callback returns. */
typedef void link_callback(void *arg, link_status status, const redis_reply *reply);

typedef struct redis_link {
    /* `patience`: how long to wait for the answer from now on, > 0. */
    void (*submit)(void *ctx, const redis_call *call, usec_t patience, link_callback *done, void *arg);
    void *ctx;
} redis_link;

static inline void link_submit(const redis_link *link, const redis_call *call, usec_t patience, link_callback *done,
                               void *arg) {
    link->submit(link->ctx, call, patience, done, arg);
}

const char *link_status_name(link_status status);

#endif
