/* remote_send.c - a job of ours whose node another instance has: it is asked to send it, and says what comes of it.
 *
 * The chain stays busy from the entry until we know. Until it was fetched the node cannot have it: then another attempt may begin
 * as soon as the reservation is given back. Once it was fetched, silence leaves open whether the node has it; so that node counts as one
 * that was sent the job, and is told to stop.
 *
 * A word of the node itself says that it was sent, whatever became of the message that should have said so. */
#include "core/scheduler/remote_flow.h"

#include "core/scheduler/node_flow.h"
#include "core/scheduler/session_flow.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum { CONNECTION_TEXT = 1 + 16 }; /* behind the instance in an owner's name */

static void instance_of_owner(const char *owner, char instance_id[ID_MAX + 1]) {
    size_t len = strlen(owner);
    snprintf(instance_id, ID_MAX + 1, "%.*s", len > CONNECTION_TEXT ? (int)(len - CONNECTION_TEXT) : 0, owner);
}

bool remote_is_elsewhere(const job *j) {
    char instance_id[ID_MAX + 1];
    instance_of_owner(j->owner, instance_id);
    return j->s->self && *instance_id && strcmp(instance_id, j->s->instance) != 0;
}

bool remote_waits(const job *j) {
    return j->remote.stage == REMOTE_ASKED || j->remote.stage == REMOTE_FETCHED;
}

static void say(const job *j, peer_message message) {
    message.job = j->id;
    message.attempt = j->attempt;
    message.node = j->node;
    remote_say(j->s, j->remote.holder, j->remote.address, message);
}

void remote_cancel(const job *j, const char *code) {
    say(j, (peer_message){.kind = PEER_CANCEL, .code = code});
}

static void cancel_timer(job *j) {
    const timer_source *timers = &j->s->env.timers;
    timers->cancel(timers->ctx, j->remote.patience);
    j->remote.patience = 0;
}

void remote_forget(job *j) {
    cancel_timer(j);
    j->remote = (remote_end){.stage = REMOTE_NONE};
}

/* ---- the end of the question ---------------------------------------------------------------------------------------- */

/* Nothing that names the job is out any more. */
static void settle(job *j) {
    if (j->remote.entry_out) return;
    cancel_timer(j);
    j->busy = false;
    if (j->remote.stage == REMOTE_SENT) {
        job_dispatched(j);
        affinity_sent(j);
        job_rest(j);
    } else if (j->noted & (NOTE_NODE_LOST | NOTE_CANCEL)) {
        job_rest(j);
    } else {
        job_confirm_refused(j, j->remote.code);
    }
}

static void sent(job *j) {
    j->remote.stage = REMOTE_SENT;
    settle(j);
}

static void refused(job *j, const char *code) {
    j->remote.stage = REMOTE_REFUSED;
    snprintf(j->remote.code, sizeof j->remote.code, "%s", code);
    settle(j);
}

static void silent(job *j) {
    remote_fell_silent(j->s, j->remote.holder);
    if (j->remote.stage == REMOTE_FETCHED) {
        j->sent = true;
        remote_cancel(j, "RESERVATION_LOST");
    }
    refused(j, "silent");
}

/* ---- what the other instance is told -------------------------------------------------------------------------------- */

static void hand_over(job *j) {
    say(j, (peer_message){
               .kind = PEER_JOB,
               .session = j->session,
               .utterance = j->utterance,
               .pair = &j->pair,
               .cut = j->cut,
               .padding = job_padding(j),
               .sound = j->sound,
               .until = j->marked + job_attempt_limit(j),
           });
}

static void on_patience(void *arg);

static void wait_for(job *j, usec_t patience) {
    const timer_source *timers = &j->s->env.timers;
    cancel_timer(j);
    j->remote.patience = timers->set(timers->ctx, sched_now(j->s) + patience, on_patience, j);
}

/* It is handed over once more before we give up. */
static void on_patience(void *arg) {
    job *j = arg;
    j->remote.patience = 0;
    if (j->remote.stage == REMOTE_FETCHED && !j->remote.again) {
        j->remote.again = true;
        hand_over(j);
        wait_for(j, j->s->config.instance.peer_patience / 2);
    } else {
        silent(j);
    }
}

static void on_entry_sent(void *arg, send_result result) {
    job *j = arg;
    j->remote.entry_out = false;
    if (!remote_waits(j)) {
        settle(j);
    } else if (result == SEND_GONE || result == SEND_FULL) {
        remote_fell_silent(j->s, j->remote.holder);
        refused(j, result == SEND_GONE ? "gone" : "full");
    } else if (result == SEND_FAILED) {
        refused(j, "failed");
    } else if (!j->remote.patience) {
        wait_for(j, j->s->config.instance.peer_patience);
    }
}

static void leave_entry(job *j) {
    scheduler *s = j->s;
    inbox_entry entry = {
        .kind = ENTRY_ASSIGN,
        .from = s->instance,
        .address = s->env.address ? s->env.address : "",
        .job = j->id,
        .session = j->session,
        .node = j->node,
        .attempt = j->attempt,
        .deadline_msec = (j->marked + job_attempt_limit(j)) / USEC_PER_MSEC,
    };
    instance_send(s->self, j->remote.holder, &entry, on_entry_sent, j);
}

/* The incident: a node whose key has lapsed is nobody's, whatever its record says. */
static void on_owner(void *arg, link_status status, const char *owner) {
    job *j = arg;
    if (status == LINK_OK && *owner) {
        snprintf(j->remote.holder, sizeof j->remote.holder, "%s", owner);
        leave_entry(j);
    } else {
        j->remote.entry_out = false;
        refused(j, "owner");
    }
}

void remote_send(job *j) {
    scheduler *s = j->s;
    remote_forget(j);
    instance_of_owner(j->owner, j->remote.holder);
    j->remote.stage = REMOTE_ASKED;
    j->remote.entry_out = true;
    j->busy = true;
    if (s->config.incidents.owner_keys)
        instance_ask_owner(s->self, OWNED_NODE, j->node, on_owner, j);
    else
        leave_entry(j);
}

/* ---- what the other instance says ----------------------------------------------------------------------------------- */

static void fetched(scheduler *s, const char *from, const peer_message *m) {
    job *j = job_find(s, m->job);
    bool waits = j && j->attempt == m->attempt && !strcmp(j->node, m->node) && remote_waits(j);
    bool wanted = waits && !(j->noted & (NOTE_NODE_LOST | NOTE_CANCEL));
    if (!wanted) remote_say(s, from, m->address, remote_about(PEER_NOT_HERE, m->job, m->attempt, m->node));
    if (waits && !wanted) refused(j, "");
    if (!wanted) return;
    snprintf(j->remote.address, sizeof j->remote.address, "%s", m->address);
    j->remote.stage = REMOTE_FETCHED;
    hand_over(j);
    wait_for(j, s->config.instance.peer_patience / 2);
}

static void sent_until(job *j, usec_t held_until) {
    if (!remote_waits(j)) return;
    if (held_until > j->held_until) j->held_until = held_until;
    sent(j);
}

void remote_node_spoke(job *j) {
    sent_until(j, 0);
}

/* The note stands before the chain rests, so it is taken up in the order of job_rest(). */
static void node_said(job *j, note what) {
    bool waits = remote_waits(j);
    job_note(j, what);
    if (waits) remote_node_spoke(j);
}

void remote_job_heard(scheduler *s, const char *from, const peer_message *m) {
    if (m->kind == PEER_FETCH) {
        fetched(s, from, m);
        return;
    }
    job *j = job_of_message(s, m->node, m->job, m->attempt);
    if (!j) return;
    switch (m->kind) {
    case PEER_SENT: sent_until(j, m->until); break;
    case PEER_REFUSED:
        if (remote_waits(j)) refused(j, m->code);
        break;
    case PEER_ACK: node_said(j, NOTE_ACK); break;
    case PEER_STARTED: node_said(j, NOTE_STARTED); break;
    case PEER_PARTIAL:
        node_said(j, NOTE_STARTED);
        job_tell_partial(s, m->job, m->content);
        break;
    case PEER_NODE_LOST: node_said(j, NOTE_NODE_LOST); break;
    default: assert(false && "a message about a job of ours");
    }
}

void remote_jobs_of_dead(scheduler *s, const char *instance_id) {
    job *j, *next;
    remote_fell_silent(s, instance_id);
    HASH_ITER (hh, s->jobs, j, next) {
        if (strcmp(j->remote.holder, instance_id) != 0) continue;
        if (remote_waits(j))
            refused(j, "gone");
        else if (j->sent && !j->finishing)
            job_note(j, NOTE_NODE_LOST);
    }
}

void remote_jobs_stop(scheduler *s) {
    for (job *j = s->jobs; j; j = j->hh.next) {
        if (remote_waits(j)) j->busy = false;
        remote_forget(j);
    }
}
