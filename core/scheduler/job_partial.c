/* job_partial.c - what a node has understood so far of a job that it has: the job runs, and its speaker may read along.
 *
 * Existing nodes report no start, so this is how they show one. They name no attempt either: what counts is that this node has the job
 * now; from any other one it is stale. Listeners in a room are told nothing, for it is not in their language. */
#include "core/scheduler/job_flow.h"
#include "core/scheduler/node_flow.h"
#include "core/scheduler/remote_flow.h"
#include "core/scheduler/session_flow.h"

/* The job may have ended by what was noted before. */
void job_tell_partial(scheduler *s, const char *job_id, payload *content) {
    const job *j = job_find(s, job_id);
    const session *one = j ? session_by_conn(s, j->conn) : NULL;
    if (!one || !content || j->told || j->finishing || (j->noted & NOTE_RESULT)) return;
    job_partial partial = {
        .session_id = j->session,
        .job_id = j->id,
        .utterance = j->utterance,
        .pair = &j->pair,
        .content = content,
    };
    sched_tell(s, session_partial, one->conn, &partial);
}

void scheduler_node_partial(scheduler *s, conn_token conn, const char *job_id, payload *content) {
    const node_conn *n = node_by_conn(s, conn);
    if (remote_guest_partial(s, n, job_id, content)) return;
    const job *had = job_find(s, job_id);
    job *j = job_of_message(s, node_name(n), job_id, had ? had->attempt : 0);
    if (!j) return;
    job_note(j, NOTE_STARTED);
    job_tell_partial(s, job_id, content);
}
