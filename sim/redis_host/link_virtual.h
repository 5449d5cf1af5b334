/* link_virtual.h - the link of one scheduler instance to the simulated Redis (core/redis/link.h has the contract).
 *
 *     issue ──network──▶ arrival, waits in line, service, ──network──▶ answer
 *
 * The link is one TCP connection: what it sends arrives in the order of submission, answers come back in that
 * order, each way after a delay drawn from the link's own stream. `patience` runs from the issue.
 *
 * A read that waits (blocking_read.h) holds up what comes behind it on the same connection, as Redis does: use a link of its own.
 *
 * When a call's patience runs out, the link closes its connection, as the daemon's does: all calls that have been
 * issued and not answered are LINK_UNKNOWN at that instant, in order; they still reach the server and execute. The
 * new connection takes one round trip. LINK_REFUSED and LINK_FULL come at the instant of submission, by an event of
 * their own, so ahead of answers to earlier calls. */
#ifndef SIM_REDIS_HOST_LINK_VIRTUAL_H
#define SIM_REDIS_HOST_LINK_VIRTUAL_H

#include "core/redis/link.h"
#include "sim/redis_host/virtual_server.h"
#include "sim/scenario/dist.h"

typedef struct link_virtual link_virtual;

typedef struct link_virtual_options {
    dist delay;        /* one way, usec */
    int64_t window;    /* calls in flight, >= 1 */
    uint64_t seed;     /* of the run */
    uint64_t instance; /* number of the scheduler instance, and of the link among its links: its stream of delays */
} link_virtual_options;

link_virtual *link_virtual_new(engine *e, virtual_server *server, const link_virtual_options *options);
/* Calls in flight are forgotten: no callback runs, and what has not reached the server never does. Takes NULL,
 * returns NULL. */
link_virtual *link_virtual_free(link_virtual *link);

redis_link link_virtual_interface(link_virtual *link);

/* Where an instance is a processor that works off its handlers one after the other, what a handler sends leaves
 * when its work is done, later than the engine's present: calls that are submitted from now on leave at `at`, or at
 * once when that has passed. It never goes back. Takes the link as void *, to be handed on as a function with a
 * context. */
void link_virtual_issue_at(void *link, usec_t at);

/* The way to the server is cut, or the server itself has ended (`died`). What has been issued and not answered is LINK_UNKNOWN at
 * once, in order: of a cut way, what had reached the server will still execute; nothing else does. Calls that would have left
 * later, and all that come, are LINK_REFUSED. The link tries to connect as the daemon's does (link_uv.h: backoff), and each
 * attempt is refused at once until link_virtual_mend(). */
void link_virtual_cut(link_virtual *link, bool died);
void link_virtual_mend(link_virtual *link);

/* Its process has ended: the connection is closed. What has been issued is LINK_UNKNOWN at once, in order, and executes if it has reached
 * the server; what would have left later is LINK_REFUSED then. The next process finds a connection when it first sends. */
void link_virtual_hang_up(link_virtual *link);

typedef struct link_virtual_counts {
    uint64_t calls; /* submitted, refused ones included */
    uint64_t answered, refused, unknown;
    uint64_t reconnects; /* because of patience, or after a cut */
    int64_t in_flight;
    uint64_t flights; /* allocated: the most that were under way at once, those of closed connections included */
} link_virtual_counts;

link_virtual_counts link_virtual_count(const link_virtual *link);

#endif
