/* callgrind.h - instructions counted by valgrind: inside one function only, and in parts.
 *
 * A program is started with callgrind's words in front of its own. While it is in the function `collect`, or what that calls,
 * instructions are counted; whenever it enters the function `mark`, the count since the mark before goes to a file. Both are found
 * by their symbols: our programs have them all, and redis-server exports its own for modules, even when it is stripped.
 *
 * Failure   SCHED_ENOENT: no valgrind on PATH (the message says how to install it); SCHED_EIO.
 * Ownership callgrind_close() removes the files. */
#ifndef BENCH_GATE_CALLGRIND_H
#define BENCH_GATE_CALLGRIND_H

#include <limits.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/base/status.h"

enum { CALLGRIND_WORDS = 8 };

typedef struct callgrind {
    char valgrind[PATH_MAX], folder[PATH_MAX];
    char out[PATH_MAX + 64], collect[128], mark[128];
    const char *words[CALLGRIND_WORDS + 1]; /* what to put in front, closed by NULL; lives as long as this does */
} callgrind;

sched_status callgrind_open(const char *collect, const char *mark, callgrind *ret_callgrind, sched_error *err);
void callgrind_close(callgrind *c);
/* Instructions of part 1, 2, ... of the process; it has entered `mark` so often. 0 when `collect` was not entered meanwhile, or has no
 * symbol. SCHED_EIO. */
sched_status callgrind_part(const callgrind *c, pid_t pid, int part, int64_t *ret_instructions, sched_error *err);

#endif
