/* about.h - what a client says of its speech that only the node understands: features, dialect, mode, pipeline, format, trace.
 *
 * It is kept as the text of JSON members ("\"trace_id\":\"t1\",\"audio_format\":\"opus\"", no braces), written once per session or
 * utterance, and travels with the sound (audio.about) to whichever instance writes the job_assign. The scheduler never looks into it. */
#ifndef CORE_WIRE_ABOUT_H
#define CORE_WIRE_ABOUT_H

#include "core/domain/payload.h"
#include "core/domain/sound.h"

#include <jansson.h>

/* Of a session_init or utterance object: the members that job_assign has too. One reference. */
payload *about_of(const json_t *message, const char *trace_id, sound_format format, int64_t sample_rate);

#endif
