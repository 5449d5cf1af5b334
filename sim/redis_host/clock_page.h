/* clock_page.h - the owner's side of the page from which a redis-server reads time and entropy.
 *
 * Rule: a time is set only while the server has nothing to work on. virtual_redis.c keeps it.
 * Threads: none. */
#ifndef SIM_REDIS_HOST_CLOCK_PAGE_H
#define SIM_REDIS_HOST_CLOCK_PAGE_H

#include "core/base/clock.h"
#include "core/base/status.h"

typedef struct clock_page clock_page;

/* `start`: the first instant, >= 0. `spin_nsec`: how long the server asks for work before it sleeps, real time.
 * SCHED_EIO. */
sched_status clock_page_new(usec_t start, uint64_t seed, uint64_t spin_nsec, clock_page **ret_page, sched_error *err);
clock_page *clock_page_free(clock_page *page); /* takes NULL, returns NULL */

/* Descriptor that the server inherits, and the "NAME=number" that tells the preloaded library which it is. */
int clock_page_fd(const clock_page *page);
const char *clock_page_env(const clock_page *page);

void clock_page_set(clock_page *page, usec_t now);
usec_t clock_page_get(const clock_page *page);
/* Moves the monotonic clock, on which the server's periodic work runs. */
void clock_page_tick(clock_page *page, usec_t by);

/* A new memfd with the preloaded library; the caller closes it. SCHED_EIO. */
sched_status clock_page_preload(int *ret_fd, sched_error *err);

#endif
