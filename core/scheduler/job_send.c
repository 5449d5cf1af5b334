/* job_send.c - the last look at the node, and the assignment that leaves.
 *
 * Sent is only what the node confirms: a grant may be some calls old by now. What was marked and not confirmed was never sent, so the
 * next attempt excludes nobody. */
#include "core/scheduler/job_flow.h"
#include "core/scheduler/node_flow.h"
#include "core/scheduler/session_flow.h"

void job_confirm_call(redis_call *call, const job *j, const char *owner, usec_t deadline) {
    const scheduler *s = j->s;
    usec_t hold = deadline + s->config.reservation_grace - sched_now(s);
    redis_key key;
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
        job_send(j);
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
void job_send(job *j) {
    scheduler *s = j->s;
    const node_conn *n = node_by_id(s, j->node);
    if (!n) {
        confirm_refused(j, "owner");
        return;
    }
    char owner[OWNER_MAX + 1];
    redis_call call;
    sched_owner(s, n->conn, owner);
    job_confirm_call(&call, j, owner, j->marked + job_attempt_limit(j));
    j->busy = true;
    sched_call(s, &call, on_confirmed, j);
}

void job_cancel_at_node(const job *j, const char *code) {
    const node_conn *n = j->sent ? node_by_id(j->s, j->node) : NULL;
    if (n) sched_tell(j->s, node_cancel, n->conn, j->id, j->attempt, code);
}
