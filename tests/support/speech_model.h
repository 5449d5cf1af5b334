/* speech_model.h - what a whole list of events is cut into, for tests to compare the machine of speech.h with. */
#ifndef TESTS_SUPPORT_SPEECH_MODEL_H
#define TESTS_SUPPORT_SPEECH_MODEL_H

#include "core/domain/speech.h"

typedef enum speech_event_kind { EVENT_CHUNK, EVENT_TIMER, EVENT_FLUSH } speech_event_kind;

/* Instants do not go back; `bytes`, `duration` and `is_final` are a chunk's, else 0. */
typedef struct speech_event {
    speech_event_kind kind;
    usec_t at;
    int64_t bytes;
    usec_t duration;
    bool is_final;
} speech_event;

typedef struct model_cut {
    speech_cut cut;
    usec_t at;   /* the instant at which it is due */
    int told_by; /* the event that tells it; the number of events when none of them does */
} model_cut;

/* The cuts that `count` events and the time after them make, at most `max`; returns their number. O(count). */
int model_cuts(const speech_rules *rules, const speech_event *events, int count, model_cut *ret_cuts, int max);

#endif
