/* story_event.h - one line of trace.jsonl as a struct, and as a sentence. */
#ifndef SIM_REPORT_STORY_EVENT_H
#define SIM_REPORT_STORY_EVENT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

#include "core/base/status.h"

/* Texts live as long as `root`; absent ones are "". */
typedef struct story_event {
    double t;
    const char *event, *job, *node, *session, *from, *pair, *outcome, *code, *instance;
    int64_t utterance; /* -1: none */
    int64_t attempt, value, limit;
    double until, length_ms;
    const json_t *candidates; /* NULL: none */
    json_t *root;
} story_event;

/* `number`: of the line, for the message. */
sched_status story_event_read(const char *line, size_t bytes, const char *path, int64_t number, story_event *ret_event,
                              sched_error *err);
void story_event_free(story_event *e);

/* Writes what it says, without time and without end of line; false when it says nothing that people would miss. */
bool story_event_say(const story_event *e, FILE *out);

#endif
