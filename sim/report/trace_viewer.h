/* trace_viewer.h - a trace.jsonl for trace viewers: a track for each node with a slice for each job it worked on, a track for each
 * session with a slice from an utterance's end to its answer, faults as marks. Trace Event Format (the JSON that chrome://tracing and
 * Perfetto read); times in microseconds. */
#ifndef SIM_REPORT_TRACE_VIEWER_H
#define SIM_REPORT_TRACE_VIEWER_H

#include "core/base/status.h"

#include <stdio.h>

/* Failures of story_walk(); what was written by then is not whole. */
sched_status trace_viewer_write(const char *path, FILE *out, sched_error *err);

#endif
