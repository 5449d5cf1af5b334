/* tally.h - what happened how often, besides the ends of jobs: one table for recorder, result.json, reports and objectives. */
#ifndef SIM_MEASURE_TALLY_H
#define SIM_MEASURE_TALLY_H

#include "sim/measure/trace.h"

#include <stdint.h>

typedef enum tally_kind {
    TALLY_CUTS_MANUAL, /* in the order of cut_reason */
    TALLY_CUTS_TIMEOUT,
    TALLY_CUTS_MAX_DURATION,
    TALLY_CUTS_MAX_LENGTH,
    TALLY_CUTS_CLOSE,
    TALLY_EMPTY_CUTS,
    TALLY_SOUND_REFUSED,
    TALLY_AFFINITY_KEPT,
    TALLY_AFFINITY_BROKEN,
    TALLY_MISSING,
    TALLY_LATE_DROPPED,
    TALLY_EMPTY_HELD,
    TALLY_CANCELS,
    TALLY_RESENT,
    TALLY_KNOWN,
    TALLY_VANISHED,
    TALLY_CLOSED_AT_LIMIT,
    TALLY_ROOM_JOINS,
    TALLY_HEARD,
    TALLY_DEGRADED,
    TALLY_RECOVERED,
    TALLY_DRAINED,
    TALLY_MARKED,
    TALLY_OUTAGES,
    TALLY_DEPENDENCY_LOST,
    TALLY_COPIES_DISAGREE,
    TALLY_STRANGERS, /* counted by the recorder: it knows who was created */
    TALLIES
} tally_kind;

typedef struct tally_words {
    const char *key, *name, *meaning; /* "late_dropped", "late dropped" */
} tally_words;

const tally_words *tally_words_of(tally_kind kind);
/* What the event counts as; TALLIES when it is none of these. */
tally_kind tally_of(const trace_event *event);

#endif
