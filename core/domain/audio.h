/* audio.h - the sound of one utterance, shared by reference count between the session's owner and the transport.
 *
 * The owner keeps it until the job is FINISHED, because a retry sends it again. It never goes to Redis or a log. The
 * simulator carries no samples: `data` is NULL there, `bytes` and `duration` are what counts. */
#ifndef CORE_DOMAIN_AUDIO_H
#define CORE_DOMAIN_AUDIO_H

#include "core/base/clock.h"
#include "core/domain/payload.h"

#include <stddef.h>

typedef struct audio {
    int refs;
    usec_t duration; /* of speech, > 0 */
    size_t bytes;
    unsigned char *data; /* owned; NULL in the simulator */
    payload *
        about; /* a reference, or NULL: what only the node understands of it; the scheduler hands it on with the sound */
} audio;

/* One reference, about NULL; takes ownership of `data`, which may be NULL. */
audio *audio_new(usec_t duration, size_t bytes, unsigned char *data);
audio *audio_ref(audio *a);
/* Takes NULL, returns NULL; the last one frees. */
audio *audio_unref(audio *a);

#endif
