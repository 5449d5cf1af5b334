/* sound.c - bytes to time, in one division for a whole chunk.
 *
 * Why not per frame of 20 ms: chunks need not end at a frame, and what is cut off at each of them adds up. At 3 chunks per
 * frame a speaker would seem to be silent. */
#include "core/domain/sound.h"

#include <assert.h>
#include <string.h>

#include "core/base/text.h"

enum { PCM16_BYTES_PER_SAMPLE = 2, OPUS_BYTES_PER_SEC = 24000 / 8, SHOWN_MAX = 40 };

static const char *const names[SOUND_FORMATS] = {
    [SOUND_PCM16] = "pcm16",
    [SOUND_OPUS] = "opus",
};

const char *sound_format_name(sound_format format) {
    assert(format >= 0 && format < SOUND_FORMATS);
    return names[format];
}

sched_status sound_format_parse(const char *name, sound_format *ret_format, sched_error *err) {
    for (int i = 0; i < SOUND_FORMATS; i++) {
        if (strcmp(name, names[i])) continue;
        *ret_format = (sound_format)i;
        return SCHED_OK;
    }
    return sched_fail(err, SCHED_EINVAL, "sound format \"%.*s\": expected %s or %s", (int)text_prefix(name, SHOWN_MAX),
                      name, names[SOUND_PCM16], names[SOUND_OPUS]);
}

usec_t sound_duration(sound_format format, int64_t sample_rate, int64_t bytes) {
    assert(bytes >= 0);
    if (format == SOUND_OPUS) return bytes * USEC_PER_SEC / OPUS_BYTES_PER_SEC;
    assert(format == SOUND_PCM16 && sample_rate >= SAMPLE_RATE_MIN && sample_rate <= SAMPLE_RATE_MAX);
    return bytes * USEC_PER_SEC / (sample_rate * PCM16_BYTES_PER_SAMPLE);
}
