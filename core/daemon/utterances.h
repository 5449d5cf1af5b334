/* utterances.h - what a session remembers of its utterances until they are answered: the trace that the client gave one, and when it
 * began.
 *
 * Bounds  UTTERANCES_MAX; then the oldest is forgotten, and what is told of it carries the session's trace and no time. A session that says
 *         nothing holds no memory.
 * Cost    A walk over those that are open, which are one or two. */
#ifndef CORE_DAEMON_UTTERANCES_H
#define CORE_DAEMON_UTTERANCES_H

#include "core/base/clock.h"

#include <stdint.h>

enum { UTTERANCES_MAX = 64 };

typedef struct utterance_note {
    uint64_t number;
    usec_t began; /* 0: it is not known yet */
    char *trace;  /* owned; NULL: that of the session */
    int jobs;     /* that are not answered */
} utterance_note;

typedef struct utterances {
    utterance_note *notes; /* the oldest first */
    int count, capacity;
} utterances;

/* All zero is empty. */
void utterances_clear(utterances *u);
/* NULL: nothing is known of it. */
const utterance_note *utterances_find(const utterances *u, uint64_t number);
/* `trace` NULL: that of the session. What was known of this number is forgotten, but for its jobs. */
void utterances_say(utterances *u, uint64_t number, const char *trace);
/* A job was asked for at that instant. */
void utterances_begin(utterances *u, uint64_t number, usec_t at);
/* One of its jobs was answered; the last one ends the note. */
void utterances_answer(utterances *u, uint64_t number);

#endif
