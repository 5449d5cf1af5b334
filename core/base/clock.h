/* clock.h - time and timers as the core sees them: handed in, never asked of the machine.
 *
 * usec_t counts microseconds. Instants of a clock_source are since the Unix epoch (the simulator starts its epoch where
 * the scenario says); durations are plain differences. In Redis times are integer milliseconds. */
#ifndef CORE_BASE_CLOCK_H
#define CORE_BASE_CLOCK_H

#include <stdint.h>

typedef int64_t usec_t;

#define USEC_PER_MSEC ((usec_t)1000)
#define USEC_PER_SEC  ((usec_t)1000000)
#define USEC_NEVER    INT64_MAX

typedef struct clock_source {
    usec_t (*now)(void *ctx); /* never goes back */
    void *ctx;
} clock_source;

typedef uint64_t timer_handle; /* 0: no timer */

/* One-shot timers. `fire` runs from the loop, never from inside set(). Timers due at the same instant fire in the order
 * in which they were set. cancel() takes 0 and handles that have fired. */
typedef struct timer_source {
    timer_handle (*set)(void *ctx, usec_t at, void (*fire)(void *arg), void *arg);
    void (*cancel)(void *ctx, timer_handle handle);
    void *ctx;
} timer_source;

static inline usec_t clock_now(const clock_source *clock) {
    return clock->now(clock->ctx);
}

#endif
