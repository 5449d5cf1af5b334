/* engine.h - the event queue and the virtual clock: all there is of time in a simulation.
 *
 * An event is a function and its argument, due at an instant. Events run in order of (instant, insertion): ties are
 * broken by who came first. An event may add and cancel events, also for the present instant; it may not go back in
 * time (assert). No allocation per event in steady state: slots are reused, the arrays grow by doubling.
 *
 * Cost: add and cancel O(1) amortized; pop O(1) amortized in the number of pending events, O(log of its distance in
 * time); see `lingua-bench run engine.hold`. engine_next() may read all events that share a bucket with the first:
 * ask it between rounds, not for each event. Bounds: 2^24 pending events, 2^40 events in all (asserted). The engine
 * knows neither jobs nor Redis. */
#ifndef SIM_ENGINE_ENGINE_H
#define SIM_ENGINE_ENGINE_H

#include "core/base/clock.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct engine engine;
typedef void engine_action(void *arg);

engine *engine_new(usec_t start);
engine *engine_free(engine *e); /* takes NULL, returns NULL; pending events are dropped */

usec_t engine_now(const engine *e);
/* now <= at < USEC_NEVER. A handle, never 0, valid until the event has run or was cancelled; no two events of an
 * engine have the same. */
timer_handle engine_at(engine *e, usec_t at, engine_action *action, void *arg);
/* True when the event was pending. Takes 0 and handles of events that have run. */
bool engine_cancel(engine *e, timer_handle handle);
size_t engine_pending(const engine *e);
usec_t engine_next(const engine *e);     /* instant of the next event; USEC_NEVER when none */
uint64_t engine_events(const engine *e); /* that have run */

/* Runs the next event; false when there is none. */
bool engine_step(engine *e);
/* Runs every event due up to and including `until`, then sets the clock to `until`. */
void engine_run(engine *e, usec_t until);

/* The engine as the core sees it. */
clock_source engine_clock(engine *e);
timer_source engine_timers(engine *e);

#endif
