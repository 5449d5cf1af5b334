/* about.h - what a client says of its speech that only the node understands: features, dialect, mode, pipeline, format, trace.
 *
 * It is kept as the text of JSON members ("\"trace_id\":\"t1\",\"audio_format\":\"opus\"", no braces), written once per session or
 * utterance, and travels with the sound (audio.about) to whichever instance writes the job_assign. The scheduler never looks into it. */
#ifndef CORE_WIRE_ABOUT_H
#define CORE_WIRE_ABOUT_H

#include "core/domain/payload.h"
#include "core/domain/sound.h"
#include "core/wire/json_text.h"

enum { ABOUT_MAX = 4096 }; /* bytes: it lies with every session and utterance */

/* Of a session_init or utterance: the members that job_assign has too, and `tenant_id`. NULL when the text is in error, as
 * it is with more than ABOUT_MAX bytes; else one reference. `trace_id` may be NULL. */
payload *about_of(json_text *message, const char *trace_id, sound_format format, int64_t sample_rate);
/* Of sound that came without: the whole pipeline, and the format that every session has unless it says otherwise. */
extern const char about_default[];

#endif
