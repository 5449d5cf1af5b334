/* redis_pipe.h - one connection to a real Redis, written ahead and read lazily: each command has a ticket, replies
 * are parsed when a ticket is asked for.
 *
 * "In flight" means: appended, reply not parsed yet. That depends on what the caller does and on nothing else (not
 * on how fast the server is), so decisions built on it are deterministic.
 * Failure   The first error stays; from then on every take returns NULL. Threads: none. */
#ifndef SIM_REDIS_HOST_REDIS_PIPE_H
#define SIM_REDIS_HOST_REDIS_PIPE_H

#include "core/base/clock.h"
#include "core/base/status.h"
#include "core/redis/reply.h"

#include <stddef.h>
#include <stdint.h>

typedef struct redis_pipe redis_pipe;
typedef uint64_t redis_ticket;

/* `spin_nsec`: how long a read asks again before it sleeps, real time. SCHED_EIO. */
sched_status redis_pipe_open(const char *socket, uint64_t spin_nsec, redis_pipe **ret_pipe, sched_error *err);
/* Every ticket is spent (assert). Takes NULL, returns NULL. */
redis_pipe *redis_pipe_close(redis_pipe *p);

/* SCHED_OK while the connection stands. */
sched_status redis_pipe_status(const redis_pipe *p, sched_error *err);

/* `resp` is copied. The ticket is spent by exactly one take or drop. */
redis_ticket redis_pipe_append(redis_pipe *p, const char *resp, size_t len);
/* Sends what was appended. */
void redis_pipe_flush(redis_pipe *p);
/* Sends, and reads up to that reply if it was not read yet. The caller owns it. */
redis_reply *redis_pipe_take(redis_pipe *p, redis_ticket ticket);
void redis_pipe_drop(redis_pipe *p, redis_ticket ticket);
/* Reads all replies; those not dropped are kept for their takers. */
void redis_pipe_drain(redis_pipe *p);
uint64_t redis_pipe_in_flight(const redis_pipe *p);

typedef struct redis_pipe_counts {
    uint64_t bytes_sent, bytes_received; /* of replies that were parsed */
    uint64_t writes;                     /* system calls that sent */
    uint64_t waits;                      /* reads that found nothing and had to wait; depends on real time */
} redis_pipe_counts;

redis_pipe_counts redis_pipe_count(const redis_pipe *p);

#endif
