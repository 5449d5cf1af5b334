/* mouth.c - bytes are counted from the beginning of the speech, so that rounding does not add up over its chunks. */
#include "sim/world/mouth.h"

#include <assert.h>

enum { BYTES_LEAST = 2 };

usec_t mouth_next(const mouth *m) {
    usec_t said = m->chunks * m->period;
    if (said >= m->length) return USEC_NEVER;
    return m->began + (said + m->period < m->length ? said + m->period : m->length);
}

mouthful mouth_take(mouth *m) {
    usec_t at = mouth_next(m);
    assert(at != USEC_NEVER);
    usec_t said = at - m->began;
    int64_t bytes =
        said / USEC_PER_SEC * m->bytes_per_second + said % USEC_PER_SEC * m->bytes_per_second / USEC_PER_SEC;
    bool last = said == m->length;
    if (last && bytes < BYTES_LEAST) bytes = BYTES_LEAST;
    int64_t fresh = bytes - m->bytes;
    m->chunks++;
    m->bytes = bytes;
    return (mouthful){fresh, sound_duration(m->format, SAMPLE_RATE_DEFAULT, fresh), last};
}
