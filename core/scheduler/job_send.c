/* job_send.c - the compare-and-set that decides which node has the job, the last look at the node, and the assignment that leaves.
 *
 * Sent is only what was marked: whoever loses the mark gives the reservation back and stops. And only what the node confirms: a
 * grant may be some calls old by now. What was marked and not confirmed was never sent, so the next attempt excludes nobody. */
#include "core/scheduler/job_flow.h"
#include "core/scheduler/node_flow.h"
#include "core/scheduler/session_flow.h"

/* How long the node may stay silent: an acknowledging node must acknowledge first. */
static usec_t first_deadline(const job *j, const node_conn *n) {
    const scheduler *s = j->s;
    usec_t attempt = job_attempt_limit(j);
    return n && n->acks && s->config.ack_limit < attempt ? s->config.ack_limit : attempt;
}

void job_confirm_call(redis_call *call, const job *j, const node_conn *n, usec_t deadline) {
    const scheduler *s = j->s;
    usec_t hold = deadline + s->config.reservation_grace - sched_now(s);
    char owner[OWNER_MAX + 1];
    redis_key key;
    sched_owner(s, n->conn, owner);
    call_script(call, SCRIPT_CONFIRM_RESERVATION);
    call_key(call, key_node(&key, &s->config.keys, j->node));
    call_key(call, key_node_reservations(&key, &s->config.keys, j->node));
    call_str(call, j->id);
    call_int(call, j->attempt);
    call_str(call, owner);
    call_int(call, hold > 0 ? usec_to_msec_up(hold) : 1);
}

static usec_t padding_of(const scheduler_config *config, cut_reason cut) {
    if (cut == CUT_MANUAL) return config->padding_manual;
    return cut_continues(cut) ? config->padding_auto : 0;
}

static void send_assignment(job *j, const node_conn *n) {
    scheduler *s = j->s;
    job_assign assign = {
        .job_id = j->id,
        .session_id = j->session,
        .attempt = j->attempt,
        .utterance = j->utterance,
        .pair = &j->pair,
        .sound = j->sound,
        .cut = j->cut,
        .padding = padding_of(&s->config, j->cut),
    };
    j->sent = true;
    job_emit(j, (sched_event){.kind = EV_DISPATCHED,
                              .node = j->node,
                              .until = j->due,
                              .value = j->held_until / USEC_PER_MSEC});
    wait_queue_placed(j);
    sched_tell(s, node_assign, n->conn, &assign);
    affinity_sent(j);
    job_rest(j);
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

/* ---- the confirmation ----------------------------------------------------------------------------------------------- */

static void confirm(job *j);

static void attempt_again(job *j) {
    job_retry(j, "RESERVATION_LOST", false);
}

static void confirm_refused(job *j, const char *why) {
    job_emit(j, (sched_event){.kind = EV_CONFIRM_REFUSED, .node = j->node, .code = why});
    job_release_then(j, attempt_again);
}

static void on_confirmed(void *arg, link_status status, const redis_reply *reply) {
    job *j = arg;
    sched_answered(j->s, SCRIPT_CONFIRM_RESERVATION, status, reply);
    j->busy = false;
    if (status == LINK_UNKNOWN && ++j->tries < UNKNOWN_TRIES) {
        confirm(j);
        return;
    }
    j->tries = 0;
    const node_conn *n = node_by_id(j->s, j->node);
    if (status != LINK_OK)
        confirm_refused(j, link_status_name(status));
    else if (!reply_says(reply, "OK"))
        confirm_refused(j, reply_text(reply_at(reply, 1)));
    else if (!n)
        confirm_refused(j, "owner");
    else if (j->noted & (NOTE_NODE_LOST | NOTE_CANCEL))
        job_rest(j);
    else {
        j->held_until = reply_int(reply_at(reply, 1)) * USEC_PER_MSEC;
        send_assignment(j, n);
    }
}

/* Who writes to the node's socket asks for it: between the grant and this instant the node may have gone, or come back elsewhere. */
static void confirm(job *j) {
    scheduler *s = j->s;
    const node_conn *n = node_by_id(s, j->node);
    if (!n) {
        confirm_refused(j, "owner");
        return;
    }
    redis_call call;
    job_confirm_call(&call, j, n, j->marked + job_attempt_limit(j));
    j->busy = true;
    sched_call(s, &call, on_confirmed, j);
}

/* ---- the mark ------------------------------------------------------------------------------------------------------- */

static void marked(job *j, const redis_reply *reply) {
    job_forget_candidates(j);
    j->state = JOB_DISPATCHED;
    j->marked = sched_now(j->s);
    job_set_due(j, reply_int(reply_at(reply, 1)) * USEC_PER_MSEC);
    if (j->noted & NOTE_CANCEL)
        job_rest(j);
    else
        confirm(j);
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
