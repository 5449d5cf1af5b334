/* payload.h - what a node answered (texts and speech), shared by reference count between the result's way and the transport.
 *
 * The scheduler does not look into it: it is held until its turn in the order of results, and handed on. It never goes to Redis or a
 * log. The simulator carries none. */
#ifndef CORE_DOMAIN_PAYLOAD_H
#define CORE_DOMAIN_PAYLOAD_H

#include <stddef.h>

typedef struct payload {
    int refs;
    size_t bytes;
    char *data; /* owned */
} payload;

/* One reference; takes ownership of `data`. */
payload *payload_new(char *data, size_t bytes);
/* Takes NULL, returns NULL. */
payload *payload_ref(payload *p);
/* Takes NULL, returns NULL; the last one frees. */
payload *payload_unref(payload *p);

#endif
