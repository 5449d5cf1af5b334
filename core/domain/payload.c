/* payload.c - counted references, as for audio: the content is handed from owner to owner without being copied. */
#include "core/domain/payload.h"

#include <assert.h>
#include <stdlib.h>

#include "core/base/mem.h"

payload *payload_new(char *data, size_t bytes) {
    payload *p = mem_alloc(sizeof *p);
    *p = (payload){.refs = 1, .bytes = bytes, .data = data};
    return p;
}

payload *payload_ref(payload *p) {
    if (!p) return NULL;
    assert(p->refs > 0);
    p->refs++;
    return p;
}

payload *payload_unref(payload *p) {
    if (!p) return NULL;
    assert(p->refs > 0);
    if (--p->refs == 0) {
        free(p->data);
        free(p);
    }
    return NULL;
}
