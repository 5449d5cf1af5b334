/* event_log.h - the scheduler's events as lines of the log: what becomes of nodes for everybody, what becomes of jobs and sessions at
 * level debug, because that is a line for every step of every utterance.
 *
 * An event that is not written costs a look into a table. */
#ifndef CORE_DAEMON_EVENT_LOG_H
#define CORE_DAEMON_EVENT_LOG_H

#include "core/daemon/log_writer.h"
#include "core/scheduler/events.h"

void event_log(log_writer *w, const sched_event *event);

#endif
