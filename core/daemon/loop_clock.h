/* loop_clock.h - the core's clock and timers on a libuv loop.
 *
 * Time     Since the Unix epoch, counted by the monotonic clock from what the wall clock said at the start: never goes back, never
 *          jumps. `now` is read once per turn (loop_clock_catch_up()), so all that one message does happens at one instant.
 * Timers   A heap of our own behind one timer of the loop: exact to a millisecond, in the order of (instant, set). What is set for now
 *          runs behind the present handler: whoever is called by the loop (a message, an answer of Redis) calls
 *          loop_clock_catch_up() first and loop_clock_settle() last.
 * Lag      How late timers run is the measure of a loop that is overloaded: loop_clock_lag(). */
#ifndef CORE_DAEMON_LOOP_CLOCK_H
#define CORE_DAEMON_LOOP_CLOCK_H

#include "core/base/clock.h"
#include "core/base/histogram.h"
#include "core/redis/link.h"

struct uv_loop_s;

typedef struct loop_clock loop_clock;

loop_clock *loop_clock_new(struct uv_loop_s *loop);
/* Takes NULL, returns NULL; timers that are set never fire. The loop must run once more. */
loop_clock *loop_clock_free(loop_clock *c);

clock_source loop_clock_source(loop_clock *c);
timer_source loop_clock_timers(loop_clock *c);
void loop_clock_catch_up(loop_clock *c);
/* Runs what is due by now, what that sets for now included, at most a bounded number. */
void loop_clock_settle(loop_clock *c);

/* A link whose answers catch up before and settle behind; lives as long as the clock. The inner one is borrowed. */
redis_link loop_clock_link(loop_clock *c, redis_link inner);

const histogram *loop_clock_lag(const loop_clock *c);

#endif
