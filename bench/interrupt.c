/* interrupt.c - see the header. */
#include "bench/interrupt.h"

#include <signal.h>
#include <stddef.h>

bool interrupt_pending(void) {
    sigset_t pending;
    sigpending(&pending);
    return sigismember(&pending, SIGINT) || sigismember(&pending, SIGTERM);
}

void interrupts_hold(void) {
    sigset_t held;
    sigemptyset(&held);
    sigaddset(&held, SIGINT);
    sigaddset(&held, SIGTERM);
    sigprocmask(SIG_BLOCK, &held, NULL);
}
