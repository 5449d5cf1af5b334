/* remote_stray.c - what concerns a job that nobody here follows: it changes nothing, and is counted. */
#include "core/scheduler/remote_flow.h"

static void stale(scheduler *s, const char *node, const char *job_id, int64_t attempt) {
    sched_emit(s, (sched_event){.kind = EV_STALE, .job = job_id, .attempt = attempt, .node = node});
}

void remote_stray_result(scheduler *s, const char *node, const node_result *result) {
    stale(s, node, result->job_id, result->attempt);
}

void remote_stray_entry(scheduler *s, const char *dead_instance, const inbox_entry *entry, const entry_token *token) {
    (void)dead_instance;
    stale(s, entry->node, entry->job, entry->attempt);
    instance_handled(s->self, token, true, NULL);
}

void remote_stray_message(scheduler *s, const char *from, const peer_message *message) {
    (void)s, (void)from, (void)message;
}
