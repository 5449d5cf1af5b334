/* story_walk.h - the lines of a trace.jsonl, one after the other. */
#ifndef SIM_REPORT_STORY_WALK_H
#define SIM_REPORT_STORY_WALK_H

#include "sim/report/story_event.h"

typedef void story_visit(void *ctx, const story_event *e);

/* SCHED_ENOENT, SCHED_EIO: no such file, or it cannot be read; SCHED_EINVAL: a line that is no event, with its number. */
sched_status story_walk(const char *path, story_visit *visit, void *ctx, sched_error *err);

#endif
