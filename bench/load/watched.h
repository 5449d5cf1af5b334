/* watched.h - the processes beside a load: how much of the processor and of memory they take, as the kernel says.
 *
 * One is named on the command line as NAME=PID. What has ended reads as it was last. Threads: none. */
#ifndef BENCH_LOAD_WATCHED_H
#define BENCH_LOAD_WATCHED_H

#include "core/base/clock.h"
#include "core/base/status.h"

#include <stdint.h>
#include <sys/types.h>

enum { WATCHED_MAX = 8, WATCHED_NAME_MAX = 31 };

typedef struct watched_reading {
    usec_t cpu;  /* user and system, since it began */
    int64_t rss; /* bytes */
} watched_reading;

typedef struct watched {
    char name[WATCHED_NAME_MAX + 1];
    pid_t pid;
    watched_reading start, begin, end; /* before the load; of the window */
} watched;

/* SCHED_EINVAL: not NAME=PID, or there is no such process. */
sched_status watched_parse(const char *text, watched *ret_watched, sched_error *err);
void watched_read(const watched *w, watched_reading *reading);

#endif
