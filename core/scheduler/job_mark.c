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

void job_taken(job *j) {
    job_emit(j, (sched_event){.kind = EV_STALE, .node = j->node});
    if (session_by_conn(j->s, j->conn)) session_answered(j, OUTCOME_FAILED, "JOB_LOST");
    job_drop(j);
}

void job_lost(job *j) {
    job_emit(j, (sched_event){.kind = EV_FINISHED,
                              .node = j->node,
                              .outcome = OUTCOME_FAILED,
                              .code = "JOB_LOST",
                              .value = j->sound->duration});
    job_emit(j, (sched_event){.kind = EV_RELEASED});
    session_answered(j, OUTCOME_FAILED, "JOB_LOST");
    job_drop(j);
}

static void marked(job *j, usec_t due) {
    job_forget_candidates(j);
    j->state = JOB_DISPATCHED;
    j->marked = sched_now(j->s);
    job_set_due(j, due);
    if (j->noted & NOTE_CANCEL)
        job_rest(j);
    else
        job_send(j);
}

static void on_marked(job *j, const store_answer *a) {
    if (a->status == LINK_UNKNOWN && ++j->tries < UNKNOWN_TRIES) {
        job_mark(j); /* the same node and attempt: if it did happen, this one is DONE again */
        return;
    }
    j->tries = 0;
    if (a->word == STORE_DONE)
        marked(j, a->due);
    else if (job_was_forgotten(j, a))
        job_make_again(j);
    else if (a->status == LINK_OK)
        job_release_then(j, job_taken);
    else if (a->status == LINK_UNKNOWN)
        job_rest(j); /* it may be dispatched: only the deadline's compare-and-set can tell */
    else
        job_release_then(j, place_again);
}

void job_mark(job *j) {
    if (j->noted & NOTE_CANCEL) {
        job_rest(j);
        return;
    }
    store_question question = {
        .op = STORE_MARK,
        .node = j->node,
        .limit = first_deadline(j, node_by_id(j->s, j->node)),
    };
    job_ask(j, question, on_marked);
}
