/* entropy.h - numbers that nobody can guess, from the kernel: tokens of connections, ids of sessions, traces, instances.
 *
 * Never fails: before the kernel's pool is ready, at the machine's start, it waits. */
#ifndef CORE_DAEMON_ENTROPY_H
#define CORE_DAEMON_ENTROPY_H

#include <stdint.h>

uint64_t entropy_u64(void);
/* Never 0. */
uint64_t entropy_token(void);

enum { TRACE_ID_LEN = 36 };
/* A random UUID (version 4), as traces are named. Returns `text`. */
char *entropy_uuid(char text[TRACE_ID_LEN + 1]);

#endif
