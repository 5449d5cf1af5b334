/* story.h - what happened to one utterance, told from trace.jsonl in sentences: who was asked, who refused and why, how long each step
 * took.
 *
 * An utterance is found by the id of its job, or by "session:utterance" or "session:utterance:target"; in a room all its jobs are told.
 *
 * Failure   SCHED_ENOENT: no trace, or nobody of that name in it. SCHED_EINVAL: a line that is no event; with its number.
 * Cost      The file is read twice, line by line; memory is a line. */
#ifndef SIM_REPORT_STORY_H
#define SIM_REPORT_STORY_H

#include "core/base/status.h"

#include <stdio.h>

/* `path`: a trace.jsonl. Writes nothing on failure. */
sched_status story_tell(const char *path, const char *name, FILE *out, sched_error *err);

enum { STORY_WORST = 10 };

/* The utterances that took longest, were tried most often, or got no result: a table whose names story_tell() takes. */
sched_status story_list(const char *path, FILE *out, sched_error *err);

#endif
