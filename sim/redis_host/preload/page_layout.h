/* page_layout.h - one page of shared memory: the time and the entropy of a redis-server in virtual time.
 *
 * The owner (clock_page.c) makes it as a memfd, the server inherits the descriptor, the preloaded library finds its
 * number in the environment and maps it. Both sides are built from this file; a page with another magic is not
 * used.
 *
 * Only the owner writes. It changes a time while the server has no command to work on, and sends the next command
 * afterwards: the socket orders the two; release and acquire keep the compiler from undoing that. */
#ifndef SIM_REDIS_HOST_PRELOAD_PAGE_LAYOUT_H
#define SIM_REDIS_HOST_PRELOAD_PAGE_LAYOUT_H

#include <stdint.h>

#define CLOCK_PAGE_ENV   "LINGUA_CLOCK_PAGE_FD"
#define CLOCK_PAGE_MAGIC UINT64_C(0x31304b434c474e4c) /* "LNGLCK01", the last two the version of the layout */

enum {
    CLOCK_PAGE_BYTES = 4096,
    /* What getpid() answers. Above the highest process id of Linux (2^22), so that a signal sent to it reaches
     * nobody. */
    CLOCK_PAGE_PID = 0x10000000,
};

typedef struct clock_page_layout {
    uint64_t magic;
    uint64_t seed;      /* of /dev/urandom */
    int64_t real_usec;  /* CLOCK_REALTIME, since the Unix epoch */
    int64_t mono_usec;  /* CLOCK_MONOTONIC: moves only to let the server's background work run */
    uint64_t spin_nsec; /* how long epoll_wait() asks again before it sleeps */
} clock_page_layout;

#endif
