/* link_uv.h - the link of a process that lives in real time: one connection to one Redis server, asynchronous on a libuv loop.
 * core/redis/link.h has the contract; what it leaves open is said here.
 *
 * Connection  Made from the loop, never inside a call of ours: socket, AUTH, SELECT, SCRIPT LOAD of every script; then it is
 *             ready. When it is not ready within `connect_patience`, or is lost, the next attempt comes after a pause:
 *             uniform in [d/2, d], d = min(backoff_max, backoff_min * 2^failures), failures since it was ready last.
 * Patience    Runs from link_submit(). Answers that have arrived count, also when the process was late to look. When the patience of
 *             one call is over, the connection is closed: all calls in flight are LINK_UNKNOWN, in order, except those whose
 *             answer was here and waited for one before it.
 * Refusals    LINK_REFUSED and LINK_FULL come in the next turn of the loop, ahead of answers to earlier calls.
 * Window      Counts calls without an answer. A call that had to be repeated keeps its place.
 * Bounds      Memory: one flight (its call in RESP; the buffers are reused) for each call of the window or refused in one turn.
 * Cost        One write for all calls of a turn. The client library allocates once per call and once or more per reply.
 * Not done    Subscriptions, blocking commands; a cluster has a link for each of its nodes (core/redis/router_cluster.h). A host name is looked up with the C library's resolver, which can hold
 *             up the loop: give an address where that matters.
 * Threads     All from the thread of the loop. SIGPIPE must be ignored by the program. */
#ifndef CORE_REDIS_LINK_UV_H
#define CORE_REDIS_LINK_UV_H

#include "core/redis/link.h"
#include "core/redis/redis_url.h"
#include "core/redis/resp.h"

#include <stdbool.h>

struct uv_loop_s;

typedef struct link_uv link_uv;

typedef enum link_uv_state {
    LINK_UV_READY,  /* calls go through */
    LINK_UV_LOST,   /* a connection that was ready has ended */
    LINK_UV_FAILED, /* an attempt to connect has failed */
} link_uv_state;

typedef struct link_uv_options {
    int64_t window; /* calls in flight, >= 1 */
    usec_t connect_patience;
    usec_t backoff_min, backoff_max; /* 1 ms <= min <= max <= 1 h */
    uint64_t seed;                   /* of the pauses; instances of one system take different ones */
    /* Each change, from the loop. `text`: address and reason, in one line, without secrets; for logs. It may submit calls, but
     * not free the link. May be NULL. */
    void (*on_state)(void *ctx, link_uv_state state, const char *text);
    void *ctx;
} link_uv_options;

extern const link_uv_options link_uv_defaults; /* window 1024, patience 2 s, backoff 50 ms .. 5 s */

/* Never fails: a server that cannot be reached is a state. The loop and the scripts are borrowed; the URL is copied. */
link_uv *link_uv_new(struct uv_loop_s *loop, const redis_url *url, scripts *s, const link_uv_options *options);
/* Calls in flight are forgotten: no callback runs any more. Not from inside a callback of this link (assert). The memory goes
 * when the loop has run once more, which it must. Takes NULL, returns NULL. */
link_uv *link_uv_free(link_uv *link);

redis_link link_uv_interface(link_uv *link);
bool link_uv_ready(const link_uv *link);
/* No callback is still to come. */
bool link_uv_idle(const link_uv *link);

/* For a router that may have to make a call at several nodes: as submit(), of a call that was put into RESP before, with the digest
 * of its script. `asking`: ASKING goes before it, also when it has to be repeated. */
void link_uv_submit_written(link_uv *link, const resp *request, script_id script, bool asking, usec_t patience,
                            link_callback *done, void *arg);

typedef struct link_uv_counts {
    uint64_t calls; /* submitted, refused ones included */
    uint64_t answered, refused, unknown;
    uint64_t sent;                       /* commands on the wire for calls: repeats included, SCRIPT LOAD not */
    uint64_t by_script[SCRIPT_COUNT];    /* of these */
    uint64_t bytes_sent, bytes_received; /* of calls, as RESP writes them */
    uint64_t reloads;                    /* SCRIPT LOADs after NOSCRIPT */
    uint64_t connections;                /* that became ready */
    int64_t in_flight;
} link_uv_counts;

link_uv_counts link_uv_count(const link_uv *link);

#endif
