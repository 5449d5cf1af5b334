/* trace_file.h - the trace as lines of JSON, one for each event, for people and for tools.
 *
 * {"t": seconds since the start, "event": name, ...}: job, node, session, from, pair, utterance, attempt, value, limit, until_s,
 * length_ms, outcome, code, instance, candidates [{node, load}]; what an event does not have is left out. Names are those of events.h and trace.h. */
#ifndef SIM_MEASURE_TRACE_FILE_H
#define SIM_MEASURE_TRACE_FILE_H

#include "sim/measure/trace.h"

#include <stdbool.h>
#include <stdio.h>

typedef struct trace_file {
    FILE *out; /* of the caller; errors show in ferror() */
    usec_t start;
    bool several; /* instances: each of their events names the one that tells it */
} trace_file;

/* `file` must outlive the run. */
trace_sink trace_file_sink(trace_file *file);

#endif
