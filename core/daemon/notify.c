/* notify.c - libsystemd, or nothing. */
#include "core/daemon/notify.h"

#ifdef HAVE_LIBSYSTEMD

#include <stdio.h>
#include <systemd/sd-daemon.h>
#include <time.h>

void notify(const char *state) {
    sd_notify(0, state);
}

void notify_reloading(void) {
    char text[64];
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    snprintf(text, sizeof text, "RELOADING=1\nMONOTONIC_USEC=%lld",
             (long long)now.tv_sec * USEC_PER_SEC + now.tv_nsec / 1000);
    sd_notify(0, text);
}

usec_t notify_watchdog_period(void) {
    uint64_t usec = 0;
    return sd_watchdog_enabled(0, &usec) > 0 ? (usec_t)(usec / 2) : 0;
}

#else

void notify(const char *state) {
    (void)state;
}

void notify_reloading(void) {
}

usec_t notify_watchdog_period(void) {
    return 0;
}

#endif
