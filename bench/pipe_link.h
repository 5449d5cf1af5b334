/* pipe_link.h - the scheduler's link over one blocking connection, for benchmarks: as fast as one client can be.
 *
 * Calls are written to a buffer and travel together when the next answer is waited for, so that client and server work at the
 * same time. It waits for as long as the connection's own patience; a call is never unknown or refused.
 *
 * By stages calls wait until they are asked for; then the earliest travels with all behind it that call the same script, and the
 * next group follows when all of these are answered. So a window of jobs goes through its calls in step, and what a group costs the
 * server is what one script costs.
 *
 * Failure   A broken connection ends the benchmark: the first failure is kept, and pipe_link_pump() returns it.
 * Ownership The client is borrowed.
 * Bounds    PIPE_WINDOW calls in flight (asserted). */
#ifndef BENCH_PIPE_LINK_H
#define BENCH_PIPE_LINK_H

#include "core/redis/link.h"
#include "core/redis/sync_client.h"

enum { PIPE_WINDOW = 1 << 16 };

typedef struct pipe_link pipe_link;

typedef struct pipe_counts {
    int64_t scripts, plain; /* calls submitted */
    int64_t bytes;          /* of these on the wire */
} pipe_counts;

pipe_link *pipe_link_new(sync_client *client);
/* Drops what is in flight; takes NULL, returns NULL. */
pipe_link *pipe_link_free(pipe_link *p);
redis_link pipe_link_as_link(pipe_link *p);

/* `calls` of `script` (SCRIPT_NONE: plain commands) were answered; nothing is on the wire. A failure breaks the link. */
typedef sched_status pipe_stage_done(void *ctx, script_id script, int calls, sched_error *err);
/* From now on by stages; nothing may be in flight. At most PIPE_STAGED calls then. */
enum { PIPE_STAGED = 4096 };
void pipe_link_by_stages(pipe_link *p, pipe_stage_done *done, void *ctx);

int pipe_link_in_flight(const pipe_link *p);
/* Of these, those that have left. */
int pipe_link_on_wire(const pipe_link *p);
/* Waits for the next answer and runs its callback; at once when nothing is in flight. */
sched_status pipe_link_pump(pipe_link *p, sched_error *err);
/* The end of a link that broke, or is not wanted any more: every call in flight is LINK_UNKNOWN, and every call that follows
 * from it. Afterwards nothing is in flight. */
void pipe_link_hang_up(pipe_link *p);
pipe_counts pipe_link_counts(const pipe_link *p);

#endif
