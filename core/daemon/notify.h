/* notify.h - what the service manager is told (sd_notify), when there is one and the program was built with libsystemd; else nothing
 * happens. */
#ifndef CORE_DAEMON_NOTIFY_H
#define CORE_DAEMON_NOTIFY_H

#include "core/base/clock.h"

/* "READY=1", "STOPPING=1", "STATUS=..."; several lines by newline. */
void notify(const char *state);
/* RELOADING=1 carries the instant, so that READY=1 behind it is known to be an answer to it. */
void notify_reloading(void);
/* How often the service manager wants to hear WATCHDOG=1, halved; 0: never. */
usec_t notify_watchdog_period(void);

#endif
