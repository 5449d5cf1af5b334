/* remote.c - how a scheduler lives among others, as long as none has anything to say to another one: it leaves at once, and what it hears
 * concerns nobody. */
#include "core/scheduler/internal.h"

void scheduler_peer_message(scheduler *s, const char *from, const peer_message *message) {
    (void)s, (void)from, (void)message;
}

void scheduler_leave(scheduler *s, void (*done)(void *arg), void *arg) {
    scheduler_stop(s);
    s->env.timers.set(s->env.timers.ctx, sched_now(s), done, arg);
}
