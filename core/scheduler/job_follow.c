/* job_follow.c - what happens to a job that was sent: its node speaks, or stays silent until a deadline.
 *
 * Every transition is a compare-and-set on (state, attempt) in the store; what we hold here is only a memory of the last answer.
 * A message of an older attempt changes nothing and is counted. Timers here only wake us: whether a deadline has passed is asked
 * of the store (only_if_due). */
#include "core/scheduler/job_flow.h"
#include "core/scheduler/node_flow.h"
#include "core/scheduler/remote_flow.h"

#include <assert.h>
#include <string.h>

usec_t job_attempt_limit(const job *j) {
    const scheduler_config *config = &j->s->config;
    return config->attempt_base + (usec_t)(config->attempt_audio_factor * (double)j->sound->duration);
}

/* ---- notes ---------------------------------------------------------------------------------------------------------- */

static void advance(job *j, store_op op);

static bool take(job *j, note what) {
    if (!(j->noted & what)) return false;
    j->noted &= ~(unsigned)what;
    return true;
}

/* A full result that is here already decides; whatever else is here, nobody waits for. */
static bool is_cancelled(const job *j) {
    bool full = (j->noted & NOTE_RESULT) && j->result == OUTCOME_OK;
    return (j->noted & NOTE_CANCEL) && !full;
}

static void take_cancel(job *j) {
    job_emit(j, (sched_event){.kind = EV_CANCELLED, .node = j->node, .code = j->cancel_code});
    job_cancel_at_node(j, j->cancel_code);
    j->says = VERDICT_NONE;
    job_finish(j, j->cancel_outcome, j->cancel_code, false);
}

static void take_due(job *j) {
    if (j->state == JOB_CREATED && j->node[0] == '\0')
        job_finish(j, OUTCOME_TIMED_OUT, "NO_AVAILABLE_NODE", true);
    else
        job_retry(j, "JOB_TIMEOUT", true);
}

void job_rest(job *j) {
    assert(!j->busy);
    if (take(j, NOTE_COMPLETE)) {
        job_complete_again(j);
    } else if (j->finishing) {
        j->noted = 0;
    } else if (j->remaking) {
        if (take(j, NOTE_DUE)) job_make_again(j);
    } else if (j->moving) {
        if (take(j, NOTE_DUE)) job_retry(j, j->retry_code, j->retry_if_due);
    } else if (is_cancelled(j)) {
        take_cancel(j);
    } else if (take(j, NOTE_RESULT)) {
        job_take_result(j);
    } else if (j->empty_held && (j->noted & (NOTE_EMPTY | NOTE_NODE_LOST | NOTE_DUE))) {
        job_finish(j, OUTCOME_NO_TEXT, "", false);
    } else if (take(j, NOTE_NODE_LOST)) {
        job_retry(j, "NODE_LOST", false);
    } else if (take(j, NOTE_DUE)) {
        take_due(j);
    } else if (take(j, NOTE_ACK)) {
        advance(j, STORE_ACCEPT);
    } else if (take(j, NOTE_STARTED)) {
        advance(j, STORE_START);
    }
}

void job_note(job *j, note what) {
    j->noted |= what;
    if (!j->busy) job_rest(j);
}

bool job_is_decided(const job *j) {
    return j->finishing || j->moving || j->remaking;
}

static void set_timer(job *j, usec_t at);

static void on_due(void *arg) {
    job *j = arg;
    usec_t rest = job_is_decided(j) ? 0 : outage_deadlines_rest(j->s);
    j->due_timer = 0;
    if (rest)
        set_timer(j, rest);
    else
        job_note(j, j->finishing ? NOTE_COMPLETE : NOTE_DUE);
}

static void set_timer(job *j, usec_t at) {
    const timer_source *timers = &j->s->env.timers;
    timers->cancel(timers->ctx, j->due_timer);
    j->due_timer = timers->set(timers->ctx, at, on_due, j);
}

void job_set_due(job *j, usec_t at) {
    j->due = at;
    set_timer(j, at);
}

void job_look_again(job *j, usec_t at) {
    usec_t soonest = sched_now(j->s) + j->s->config.retry_min;
    job_set_due(j, at > soonest ? at : soonest);
    job_rest(j);
}

/* The answer carries the deadline of the index. None there means that nothing will ever end the job: we do not either, because
 * the index is the truth, and the checkers are there to find such a job. */
void job_not_due(job *j, const store_answer *answer) {
    if (answer->due > 0)
        job_look_again(j, answer->due);
    else
        job_rest(j);
}

/* ---- what the node says --------------------------------------------------------------------------------------------- */

static void on_extended(void *arg, const confirm_answer *answer) {
    job *j = arg;
    j->busy = false;
    if (answer->held) {
        j->held_until = answer->expiry;
        job_emit(j, (sched_event){.kind = EV_EXTENDED, .node = j->node, .until = j->held_until});
    }
    job_rest(j);
}

/* A job that began late may run beyond what its reservation was made for, and the node would be given one more. Half of the grace is
 * enough, so that one that began soon costs no call. */
static bool extend_reservation(job *j) {
    const node_conn *n = node_by_id(j->s, j->node);
    char owner[OWNER_MAX + 1];
    if (n) /* by now it may speak over another connection */
        sched_owner(j->s, n->conn, owner);
    else
        memcpy(owner, j->owner, sizeof owner);
    if (!*owner || j->due + j->s->config.reservation_grace / 2 <= j->held_until) return false;
    job_confirm(j, owner, j->due, on_extended);
    return true;
}

static void advanced(job *j, job_state state, sched_event_kind kind, const store_answer *a) {
    if (a->word == STORE_DONE) {
        j->state = state;
        job_emit(j, (sched_event){.kind = kind, .node = j->node, .until = a->due});
        job_set_due(j, a->due);
        if (state == JOB_RUNNING && extend_reservation(j)) return;
    } else if (job_was_forgotten(j, a)) {
        job_make_again(j);
        return;
    } else if (a->status == LINK_OK) {
        job_emit(j, (sched_event){.kind = EV_STALE, .node = j->node, .code = "STALE"});
    }
    job_rest(j);
}

static void on_accepted(job *j, const store_answer *a) {
    advanced(j, JOB_ACCEPTED, EV_ACCEPTED, a);
}

static void on_started(job *j, const store_answer *a) {
    advanced(j, JOB_RUNNING, EV_STARTED, a);
}

/* An acknowledged job has the whole attempt from its dispatch; a started one has it anew. */
static void advance(job *j, store_op op) {
    bool accept = op == STORE_ACCEPT;
    if (!job_may(j->state, accept ? JOB_ACCEPTED : JOB_RUNNING)) {
        job_rest(j);
        return;
    }
    usec_t now = sched_now(j->s), left = (accept ? j->marked : now) + job_attempt_limit(j) - now;
    store_question question = {.op = op, .node = j->node, .limit = left > 0 ? left : USEC_PER_MSEC};
    job_ask(j, question, accept ? on_accepted : on_started);
}

/* The connection need not own the id in Redis: a node that comes back may speak before its registration is stored. */
job *job_of_message(scheduler *s, const char *node, const char *job_id, int64_t attempt) {
    job *j = job_find(s, job_id);
    bool has = *node && j && j->attempt == attempt && !strcmp(j->node, node);
    if (has && !j->finishing && !j->moved) return j;
    sched_emit(s, (sched_event){.kind = EV_STALE, .job = job_id, .attempt = attempt, .node = node});
    return NULL;
}

void scheduler_node_ack(scheduler *s, conn_token conn, const char *job_id, int64_t attempt) {
    node_conn *n = node_by_conn(s, conn);
    if (remote_guest_acked(s, n, job_id, attempt)) {
        n->acks = true;
        return;
    }
    job *j = job_of_message(s, node_name(n), job_id, attempt);
    if (!j) return;
    n->acks = true;
    job_note(j, NOTE_ACK);
}

void scheduler_node_started(scheduler *s, conn_token conn, const char *job_id, int64_t attempt) {
    const node_conn *n = node_by_conn(s, conn);
    if (remote_guest_started(s, n, job_id, attempt)) return;
    job *j = job_of_message(s, node_name(n), job_id, attempt);
    if (j) job_note(j, NOTE_STARTED);
}
