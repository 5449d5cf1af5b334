/* job_mark.c - the compare-and-set that decides which node has the job.
 *
 * Sent is only what was marked: whoever loses the mark gives the reservation back and stops. */
#include "core/scheduler/job_flow.h"
#include "core/scheduler/node_flow.h"
#include "core/scheduler/session_flow.h"

/* How long the node may stay silent: an acknowledging node must acknowledge first. */
static usec_t first_deadline(const job *j, const node_conn *n) {
    const scheduler *s = j->s;
    usec_t attempt = job_attempt_limit(j);
    return n && n->acks && s->config.ack_limit < attempt ? s->config.ack_limit : attempt;
}

static void place_again(job *j) {
    job_leave_node(j);
    job_wait_for_room(j);
}

void job_lost(job *j) {
    job_emit(j, (sched_event){.kind = EV_FINISHED, .node = j->node, .outcome = OUTCOME_FAILED, .code = "JOB_LOST"});
    job_emit(j, (sched_event){.kind = EV_RELEASED});
    session_answered(j, OUTCOME_FAILED, "JOB_LOST");
    job_drop(j);
}

static void marked(job *j, const redis_reply *reply) {
    job_forget_candidates(j);
    j->state = JOB_DISPATCHED;
    j->marked = sched_now(j->s);
    job_set_due(j, reply_int(reply_at(reply, 1)) * USEC_PER_MSEC);
    if (j->noted & NOTE_CANCEL)
        job_rest(j);
    else
        job_send(j);
}

static void on_marked(void *arg, link_status status, const redis_reply *reply) {
    job *j = arg;
    sched_answered(j->s, SCRIPT_MARK_DISPATCHED, status, reply);
    j->busy = false;
    if (status == LINK_UNKNOWN && ++j->tries < UNKNOWN_TRIES) {
        job_mark(j); /* the same node and attempt: if it did happen, this call answers OK again */
        return;
    }
    j->tries = 0;
    if (status == LINK_OK && reply_says(reply, "OK"))
        marked(j, reply);
    else if (status == LINK_OK && job_was_forgotten(j, reply))
        job_make_again(j);
    else if (status == LINK_OK)
        job_release_then(j, job_lost);
    else if (status == LINK_UNKNOWN)
        job_rest(j); /* it may be dispatched: only the deadline's compare-and-set can tell */
    else
        job_release_then(j, place_again);
}

void job_mark(job *j) {
    scheduler *s = j->s;
    if (j->noted & NOTE_CANCEL) {
        job_rest(j);
        return;
    }
    unsigned bucket = job_bucket_of_request(j->request);
    redis_key key;
    redis_call call;
    call_script(&call, SCRIPT_MARK_DISPATCHED);
    call_key(&call, key_job(&key, &s->config.keys, j->id));
    call_key(&call, key_job_deadlines(&key, &s->config.keys, bucket));
    call_str(&call, j->id);
    call_int(&call, j->attempt);
    call_str(&call, j->node);
    call_int(&call, usec_to_msec_up(first_deadline(j, node_by_id(s, j->node))));
    j->busy = true;
    sched_call(s, &call, on_marked, j);
}
