/* job_send.c - the last look at the node, and the assignment that leaves.
 *
 * Sent is only what the node confirms: a grant may be some calls old by now. What was marked and not confirmed was never sent, so the
 * next attempt excludes nobody. */
#include "core/scheduler/job_flow.h"
#include "core/scheduler/node_flow.h"
#include "core/scheduler/remote_flow.h"
#include "core/scheduler/session_flow.h"

void job_confirm(job *j, const char *owner, usec_t deadline, confirm_done *done) {
    scheduler *s = j->s;
    usec_t hold = deadline + s->config.reservation_grace - sched_now(s);
    confirm_question question = {
        .node = j->node,
        .job_id = j->id,
        .attempt = j->attempt,
        .owner = owner,
        .hold_msec = hold > 0 ? usec_to_msec_up(hold) : 1,
    };
    j->busy = true;
    s->registry->ops->confirm(s->registry, &question, done, j);
}

usec_t job_padding(const job *j) {
    const scheduler_config *config = &j->s->config;
    if (j->cut == CUT_MANUAL) return config->padding_manual;
    return cut_continues(j->cut) ? config->padding_auto : 0;
}

void job_dispatched(job *j) {
    j->sent = true;
    job_emit(j, (sched_event){.kind = EV_DISPATCHED,
                              .node = j->node,
                              .until = j->due,
                              .value = j->held_until / USEC_PER_MSEC});
    wait_queue_placed(j);
}

static void send_assignment(job *j, const node_conn *n) {
    job_assign assign = {
        .job_id = j->id,
        .session_id = j->session,
        .attempt = j->attempt,
        .utterance = j->utterance,
        .pair = &j->pair,
        .sound = j->sound,
        .cut = j->cut,
        .padding = job_padding(j),
    };
    job_dispatched(j);
    sched_tell(j->s, node_assign, n->conn, &assign);
    affinity_sent(j);
    job_rest(j);
}

static void attempt_again(job *j) {
    job_retry(j, "RESERVATION_LOST", false);
}

void job_confirm_refused(job *j, const char *why) {
    job_emit(j, (sched_event){.kind = EV_CONFIRM_REFUSED, .node = j->node, .code = why});
    job_release_then(j, attempt_again);
}

static void on_confirmed(void *arg, const confirm_answer *answer) {
    job *j = arg;
    j->busy = false;
    if (answer->status == LINK_UNKNOWN && ++j->tries < UNKNOWN_TRIES) {
        job_send(j);
        return;
    }
    j->tries = 0;
    const node_conn *n = node_by_id(j->s, j->node);
    if (answer->status != LINK_OK)
        job_confirm_refused(j, link_status_name(answer->status));
    else if (!answer->held)
        job_confirm_refused(j, answer->why);
    else if (!n)
        job_confirm_refused(j, "owner");
    else if (j->noted & (NOTE_NODE_LOST | NOTE_CANCEL))
        job_rest(j);
    else {
        j->held_until = answer->expiry;
        send_assignment(j, n);
    }
}

/* Who writes to the node's socket asks for it: between the grant and this instant the node may have gone, or come back elsewhere. */
void job_send(job *j) {
    scheduler *s = j->s;
    const node_conn *n = node_by_id(s, j->node);
    if (!n) {
        if (remote_is_elsewhere(j))
            remote_send(j);
        else
            job_confirm_refused(j, "owner");
        return;
    }
    char owner[OWNER_MAX + 1];
    sched_owner(s, n->conn, owner);
    job_confirm(j, owner, j->marked + job_attempt_limit(j), on_confirmed);
}

void job_cancel_at_node(const job *j, const char *code) {
    const node_conn *n = j->sent ? node_by_id(j->s, j->node) : NULL;
    if (j->sent && j->remote.stage != REMOTE_NONE)
        remote_cancel(j, code);
    else if (n)
        sched_tell(j->s, node_cancel, n->conn, j->id, j->attempt, code);
}
