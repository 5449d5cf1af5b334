/* mouth.h - the sound of one speech as it comes out: in chunks of equal length, the last one shorter.
 *
 * All zero is a mouth that is closed. A chunk is ready when its last moment was spoken. */
#ifndef SIM_WORLD_MOUTH_H
#define SIM_WORLD_MOUTH_H

#include "core/base/clock.h"
#include "core/domain/sound.h"

#include <stdbool.h>

typedef struct mouth {
    usec_t began, length, period;
    int64_t bytes_per_second;
    int64_t chunks, bytes; /* that came out */
    sound_format format;
} mouth;

typedef struct mouthful {
    int64_t bytes;   /* may be 0 when the period is short */
    usec_t duration; /* as the scheduler hears it: of the bytes */
    bool last;
} mouthful;

/* When the next chunk is ready; USEC_NEVER when all was said. */
usec_t mouth_next(const mouth *m);
/* That chunk. The sum of all has at least one sample. */
mouthful mouth_take(mouth *m);

#endif
