/* wall_seconds.c - the monotonic clock: somebody who sets the time of the day makes nothing look longer. */
#include "sim/commands/wall_seconds.h"

#include <time.h>

double wall_seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}
