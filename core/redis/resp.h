/* resp.h - a call in the Redis protocol, written into a buffer that is reused.
 * Ownership: the buffer belongs to whoever declared it; start with {0}, end with resp_free(). */
#ifndef CORE_REDIS_RESP_H
#define CORE_REDIS_RESP_H

#include "core/redis/call.h"

#include <stddef.h>

typedef struct resp {
    char *text;
    size_t len, capacity;
} resp;

/* Each replaces the content. `sha` of the script; ignored for a plain command. */
void resp_write(resp *r, const redis_call *call, const char *sha);
void resp_write_script_load(resp *r, const char *text, size_t len);
void resp_copy(resp *r, const resp *from);
void resp_free(resp *r);

#endif
