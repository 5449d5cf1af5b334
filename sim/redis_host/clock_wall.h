/* clock_wall.h - makes an engine follow the machine's clock: each event runs when its instant has come, and between events the
 * loop looks after connections.
 *
 * Time       The engine's instants are real ones, since the Unix epoch: they agree with the TIME of a Redis on this machine. They are
 *            counted by the monotonic clock from what the wall clock said at clock_wall_new(), so they never jump.
 * Lateness   An event that runs late still runs with its own instant as the engine's present, and what follows from it is planned
 *            from there: the world does not slow down with its machine (open loop). Only what comes back from outside carries
 *            real time: whoever is called by the loop calls clock_wall_catch_up() first, which moves the engine to the present.
 *            So a latency that begins at an event and ends with an answer counts from when the event should have happened.
 * Failure    SCHED_EIO when the machine has no timers or descriptors left. Threads: none. */
#ifndef SIM_REDIS_HOST_CLOCK_WALL_H
#define SIM_REDIS_HOST_CLOCK_WALL_H

#include "core/base/histogram.h"
#include "core/base/status.h"
#include "sim/engine/engine.h"

struct uv_loop_s;

typedef struct clock_wall clock_wall;

/* The wall clock: where an engine that shall follow it starts. */
usec_t clock_wall_epoch(void);

/* The engine is borrowed; its present is not after the wall clock's. */
sched_status clock_wall_new(engine *e, clock_wall **ret_clock, sched_error *err);
/* Lets the loop close what others have left on it to be closed. Takes NULL, returns NULL. */
clock_wall *clock_wall_free(clock_wall *c);

/* The machine's clock as the engine counts; the engine may be behind. */
usec_t clock_wall_present(const clock_wall *c);
struct uv_loop_s *clock_wall_loop(clock_wall *c);
/* Runs events as they come due and the loop in between, until `until` has come. */
void clock_wall_run(clock_wall *c, usec_t until);
/* Runs what is due by now and sets the engine to the present. Not from inside an event. */
void clock_wall_catch_up(clock_wall *c);
/* How late events ran, in usec: the time from an event's instant to the end of the round in which it ran, counted for all events of
 * the round by the first: an upper bound. */
const histogram *clock_wall_lateness(const clock_wall *c);

#endif
