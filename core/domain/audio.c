/* audio.c - counted references instead of copies: a job, its retries and the message on its way share one recording. */
#include "core/domain/audio.h"

#include "core/base/mem.h"

#include <assert.h>
#include <stdlib.h>

audio *audio_new(usec_t duration, size_t bytes, unsigned char *data) {
    assert(duration > 0);
    audio *a = mem_alloc(sizeof *a);
    *a = (audio){.refs = 1, .duration = duration, .bytes = bytes, .data = data};
    return a;
}

audio *audio_ref(audio *a) {
    assert(a && a->refs > 0);
    a->refs++;
    return a;
}

audio *audio_unref(audio *a) {
    if (!a) return NULL;
    assert(a->refs > 0);
    if (--a->refs == 0) {
        payload_unref(a->about);
        free(a->data);
        free(a);
    }
    return NULL;
}
