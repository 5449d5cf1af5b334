/* blocking_read.h - reads of a stream that wait for an entry (XREADGROUP ... BLOCK ms ... STREAMS key >), and what may end the wait.
 *
 * The simulated server executes such a read without its BLOCK, so that the real one never waits in its own time. */
#ifndef SIM_REDIS_HOST_BLOCKING_READ_H
#define SIM_REDIS_HOST_BLOCKING_READ_H

#include "core/base/clock.h"
#include "core/redis/call.h"
#include "core/redis/keys.h"

#include <stdbool.h>

typedef struct blocking_read {
    usec_t block; /* how long it waits; USEC_NEVER: for ever */
    char key[KEY_MAX];
} blocking_read;

/* False when `call` is none. Else *ret_plain is the same read without BLOCK. Of one stream only (assert). */
bool blocking_read_parse(const redis_call *call, blocking_read *ret_read, redis_call *ret_plain);
/* Whether `call` may add an entry to a stream. */
bool call_adds_entry(const redis_call *call);

#endif
