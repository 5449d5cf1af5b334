/* speech.h - where a stream of chunks is cut into utterances: the finalize state machine of one session.
 *
 * It counts bytes and time; the bytes themselves lie with the caller, who takes cut.bytes off the front of its buffer for each
 * cut that is told, in order. So every byte that came in goes out in exactly one cut, and none is lost by a silence, however
 * long. An utterance is cut by the first of
 *
 *   manual        the chunk says that it is the final one
 *   timeout       no chunk for rules.pause
 *   max_duration  the speech has reached rules.max_duration
 *   max_length    the buffer would pass, or has reached, rules.bytes_max
 *   close         the session ends, or the direction of a two-way session turns
 *
 *            chunk                     final, or pause over, or max_duration
 *   SILENT ────────▶ COLLECTING ──────────────────────────────────▶ HANGOVER ──(hangover over)──▶ cut, SILENT
 *                        │ bytes_max, close: cut at once, SILENT        │ bytes_max, close, final: cut at once
 *
 * What one chunk does at once is decided in the order of the list. A chunk that would pass bytes_max begins the next utterance.
 *
 * The hangover keeps the utterance open for chunks that are on their way: they still belong to it. After a manual cut they belong
 * to the next one, which collects behind it; what would end that one (final, max_duration, bytes_max) first ends the hangover.
 * Its pause is looked at when it is open. A final chunk in the hangover of an automatic cut makes it a manual one: the speaker
 * has ended the sentence. Otherwise what is cut in its hangover keeps its reason.
 *
 * A chunk of 0 bytes is no speech: it does not renew the pause. A final one ends what was collected, and cuts nothing where
 * nothing was.
 *
 * Time       Told with each event, never running backwards. An event that comes after a deadline first does what the deadline
 *            would have done: a late timer changes nothing, and a timer of an earlier utterance finds nothing due. That is
 *            the guard which a generation number would be.
 * Cost       O(1), no allocation. */
#ifndef CORE_DOMAIN_SPEECH_H
#define CORE_DOMAIN_SPEECH_H

#include "core/base/clock.h"

#include <stdbool.h>
#include <stdint.h>

typedef enum cut_reason {
    CUT_MANUAL,
    CUT_TIMEOUT,
    CUT_MAX_DURATION,
    CUT_MAX_LENGTH,
    CUT_CLOSE,
    CUT_REASONS
} cut_reason;

/* "manual", "timeout", "max_duration", "max_length", "close". */
const char *cut_reason_name(cut_reason reason);
/* The sentence goes on behind this cut, and the node keeps its tail: timeout and max_duration. */
bool cut_continues(cut_reason reason);

typedef struct speech_rules {
    usec_t pause;                          /* > 0 */
    usec_t max_duration;                   /* > 0 */
    int64_t bytes_max;                     /* > 0 */
    usec_t hangover_manual, hangover_auto; /* >= 0 */
    usec_t padding_manual, padding_auto;   /* silence that the node adds to the end */
} speech_rules;

typedef struct speech_part {
    int64_t bytes;
    usec_t duration;
} speech_part;

/* All zero is a session in which nobody has spoken. */
typedef struct speech {
    speech_part open; /* the utterance that collects, or is in its hangover */
    speech_part next; /* what came behind a manual cut in its hangover */
    usec_t last;      /* arrival of the latest chunk that had any bytes */
    usec_t cut_at;    /* end of the hangover, while in_hangover */
    cut_reason reason;
    bool in_hangover;
} speech;

typedef struct speech_cut {
    cut_reason reason;
    int64_t bytes; /* > 0: an empty utterance is never cut */
    usec_t duration;
    usec_t padding;
} speech_cut;

enum { SPEECH_CUTS_MAX = 3 };

/* Each writes the cuts that the event makes, in order, and returns their number. */

/* `bytes` 0..rules.bytes_max; with 0 bytes `duration` is 0. */
int speech_chunk(speech *sp, const speech_rules *rules, usec_t now, int64_t bytes, usec_t duration, bool is_final,
                 speech_cut ret_cuts[SPEECH_CUTS_MAX]);
/* Cuts what is due; may be called at any time. */
int speech_timer(speech *sp, const speech_rules *rules, usec_t now, speech_cut ret_cuts[SPEECH_CUTS_MAX]);
/* Everything that was collected is cut now; what was in its hangover keeps its reason, the rest has CUT_CLOSE. */
int speech_flush(speech *sp, const speech_rules *rules, usec_t now, speech_cut ret_cuts[SPEECH_CUTS_MAX]);
/* When speech_timer() has something to do; USEC_NEVER while nothing is collected. */
usec_t speech_wake(const speech *sp, const speech_rules *rules);

#endif
