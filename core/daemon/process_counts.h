/* process_counts.h - what the kernel says of this process. */
#ifndef CORE_DAEMON_PROCESS_COUNTS_H
#define CORE_DAEMON_PROCESS_COUNTS_H

#include <stdint.h>

typedef struct process_counts {
    double cpu_sec;
    int64_t resident_bytes;
    int64_t open_fds; /* -1: not told */
    int64_t fds_max;
} process_counts;

/* A few system calls; no walk over what is open. */
process_counts process_count(void);

#endif
