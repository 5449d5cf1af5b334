/* spin.h - asking again before sleeping, on both sides of the pipe between simulator and server.
 *
 *     if (spin_begin(&spin, budget)) do { if (it is there) { spin_won(&spin); return it; } } while (spin_again(&spin));
 *     sleep until it is there;
 *
 * Most commands in virtual time travel alone. Round trip of a small script on two idle cores: 47 usec when both
 * sides sleep, 8 when both spin. With a third busy process spinning alone takes 100, as it keeps the other side off
 * its core; giving way (sched_yield) between two looks, 14. With ten busy processes whoever gives way waits for all
 * of them, 700, while a sleeper is woken ahead of them: so when giving way took long, spinning pauses, longer each
 * time up to a second.
 *
 * Real time, and nothing but speed depends on it. */
#ifndef SIM_REDIS_HOST_PRELOAD_SPIN_H
#define SIM_REDIS_HOST_PRELOAD_SPIN_H

#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { SPIN_GAP_NSEC = 50 * 1000, SPIN_PAUSE_MIN_NSEC = 50 * 1000 * 1000, SPIN_PAUSE_MAX_NSEC = 1000 * 1000 * 1000 };

typedef struct spin {
    uint64_t last, end, resume; /* instants */
    uint64_t pause;
} spin;

/* A system call, because the preloaded library answers clock_gettime() itself. */
static inline uint64_t spin_now(void) {
    struct timespec ts;
    syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/* False when the machine is too busy for it. */
static inline bool spin_begin(spin *s, uint64_t budget_nsec) {
    if (!budget_nsec) return false;
    s->last = spin_now();
    s->end = s->last + budget_nsec;
    return s->last >= s->resume;
}

static inline bool spin_again(spin *s) {
    sched_yield();
    uint64_t now = spin_now(), gap = now - s->last;
    s->last = now;
    if (gap < SPIN_GAP_NSEC) return now < s->end;
    s->pause = s->pause ? s->pause * 2 : SPIN_PAUSE_MIN_NSEC;
    if (s->pause > SPIN_PAUSE_MAX_NSEC) s->pause = SPIN_PAUSE_MAX_NSEC;
    s->resume = now + s->pause;
    return false;
}

static inline void spin_won(spin *s) {
    s->pause = 0;
}

#endif
