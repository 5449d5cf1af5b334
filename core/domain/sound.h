/* sound.h - the two formats in which speech arrives, and how long so many bytes of it last.
 *
 * PCM16 is mono, two bytes per sample: exact. Opus packets come concatenated and without their borders, so their length is taken
 * from the rate at which existing clients encode, 24 kbit/s (60 bytes per 20 ms); a client that encodes at another rate is
 * off by that factor, and only the cut by max-duration and the attempts' deadlines depend on it. */
#ifndef CORE_DOMAIN_SOUND_H
#define CORE_DOMAIN_SOUND_H

#include "core/base/clock.h"
#include "core/base/status.h"

#include <stdint.h>

enum { SAMPLE_RATE_MIN = 8000, SAMPLE_RATE_MAX = 48000, SAMPLE_RATE_DEFAULT = 16000 };

typedef enum sound_format { SOUND_PCM16, SOUND_OPUS, SOUND_FORMATS } sound_format;

/* "pcm16", "opus". */
const char *sound_format_name(sound_format format);
/* SCHED_EINVAL names the value and the formats that there are. */
sched_status sound_format_parse(const char *name, sound_format *ret_format, sched_error *err);
/* Of `bytes` >= 0; additive to a microsecond per call. `sample_rate` counts for PCM16 only. */
usec_t sound_duration(sound_format format, int64_t sample_rate, int64_t bytes);

#endif
