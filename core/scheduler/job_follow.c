/* job_follow.c - the second half of a job's way: what its node says, its deadlines, its retries, and its end.
 *
 * Every transition is a compare-and-set on (state, attempt) in Redis; what we hold here is only a memory of the last answer.
 * A message of an older attempt changes nothing and is counted. The reservation is given back before the end is written, so
 * that in the normal case one call takes a job from any state to RELEASED; if giving back fails, the job is left FINISHED, its
 * reservation expires by itself, and the sweep releases the job.
 *
 * Timers here only wake us: whether a deadline has passed is asked of the index in Redis (only_if_due). */
#include "core/scheduler/internal.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

usec_t job_attempt_limit(const job *j) {
    const scheduler_config *config = &j->s->config;
    return config->attempt_base + (usec_t)(config->attempt_audio_factor * (double)j->sound->duration);
}

/* ---- notes ---------------------------------------------------------------------------------------------------------- */

static void advance(job *j, script_id script);
/* The next attempt, excluding the node of this one. */
static void retry(job *j, const char *code, bool only_if_due);
static void complete(job *j, bool only_if_due);

static bool take(job *j, note what) {
    if (!(j->noted & what)) return false;
    j->noted &= ~(unsigned)what;
    return true;
}

static void take_result(job *j) {
    j->noted &= ~(unsigned)(NOTE_ACK | NOTE_STARTED | NOTE_NODE_LOST | NOTE_DUE);
    if (j->result == OUTCOME_FAILED)
        retry(j, j->result_code, false);
    else
        job_finish(j, j->result, "", false);
}

static void take_due(job *j) {
    if (j->state == JOB_CREATED && j->node[0] == '\0')
        job_finish(j, OUTCOME_TIMED_OUT, "NO_AVAILABLE_NODE", true);
    else
        retry(j, "JOB_TIMEOUT", true);
}

void job_rest(job *j) {
    assert(!j->busy);
    if (take(j, NOTE_COMPLETE)) {
        complete(j, false);
    } else if (j->finishing) {
        j->noted = 0;
    } else if (j->moving) {
        if (take(j, NOTE_DUE)) retry(j, j->retry_code, j->retry_if_due);
    } else if (take(j, NOTE_RESULT)) {
        take_result(j);
    } else if (take(j, NOTE_NODE_LOST)) {
        retry(j, "NODE_LOST", false);
    } else if (take(j, NOTE_DUE)) {
        take_due(j);
    } else if (take(j, NOTE_ACK)) {
        advance(j, SCRIPT_ACCEPT_JOB);
    } else if (take(j, NOTE_STARTED)) {
        advance(j, SCRIPT_START_JOB);
    }
}

void job_note(job *j, note what) {
    j->noted |= what;
    if (!j->busy) job_rest(j);
}

static void on_due(void *arg) {
    job *j = arg;
    j->due_timer = 0;
    job_note(j, j->finishing ? NOTE_COMPLETE : NOTE_DUE);
}

void job_set_due(job *j, usec_t at) {
    const timer_source *timers = &j->s->env.timers;
    timers->cancel(timers->ctx, j->due_timer);
    j->due = at;
    j->due_timer = timers->set(timers->ctx, at, on_due, j);
}

/* Redis could not be asked, or says that it is not due yet: look again then. */
static void look_again(job *j, usec_t at) {
    usec_t soonest = sched_now(j->s) + j->s->config.retry_min;
    job_set_due(j, at > soonest ? at : soonest);
    job_rest(j);
}

/* NOTDUE carries the deadline of the index. None there means that nothing will ever end the job: we do not either, because
 * the index is the truth, and the checkers are there to find such a job. */
static void not_due(job *j, const redis_reply *reply) {
    int64_t due_msec = reply_int(reply_at(reply, 1));
    if (due_msec > 0)
        look_again(j, due_msec * USEC_PER_MSEC);
    else
        job_rest(j);
}

/* ---- what the node says --------------------------------------------------------------------------------------------- */

static void on_advanced(job *j, job_state state, sched_event_kind kind, const redis_reply *reply) {
    if (reply_says(reply, "OK")) {
        usec_t due = reply_int(reply_at(reply, 1)) * USEC_PER_MSEC;
        j->state = state;
        job_emit(j, (sched_event){.kind = kind, .node = j->node, .until = due});
        job_set_due(j, due);
    } else if (reply) {
        job_emit(j, (sched_event){.kind = EV_STALE, .node = j->node, .code = reply_text(reply_at(reply, 0))});
    }
    job_rest(j);
}

static void on_accepted(void *arg, link_status status, const redis_reply *reply) {
    job *j = arg;
    sched_answered(j->s, SCRIPT_ACCEPT_JOB, status, reply);
    j->busy = false;
    on_advanced(j, JOB_ACCEPTED, EV_ACCEPTED, status == LINK_OK ? reply : NULL);
}

static void on_started(void *arg, link_status status, const redis_reply *reply) {
    job *j = arg;
    sched_answered(j->s, SCRIPT_START_JOB, status, reply);
    j->busy = false;
    on_advanced(j, JOB_RUNNING, EV_STARTED, status == LINK_OK ? reply : NULL);
}

/* An acknowledged job has the whole attempt from its dispatch; a started one has it anew. */
static void advance(job *j, script_id script) {
    scheduler *s = j->s;
    bool accept = script == SCRIPT_ACCEPT_JOB;
    if (!job_may(j->state, accept ? JOB_ACCEPTED : JOB_RUNNING)) {
        job_rest(j);
        return;
    }
    usec_t from = accept ? j->sent : sched_now(s);
    usec_t left = from + job_attempt_limit(j) - sched_now(s);
    redis_key key;
    redis_call call;
    call_script(&call, script);
    call_key(&call, key_job(&key, &s->config.keys, j->id));
    call_key(&call, key_job_deadlines(&key, &s->config.keys, job_bucket_of_request(j->request)));
    call_str(&call, j->id);
    call_int(&call, j->attempt);
    call_str(&call, j->node);
    call_int(&call, left > 0 ? usec_to_msec_up(left) : 1);
    j->busy = true;
    sched_call(s, &call, accept ? on_accepted : on_started, j);
}

/* The job, if this connection's node has this attempt of it; else the message is stale and is counted. The connection need
 * not own the id in Redis: a node that comes back may speak before its registration is stored. */
static job *job_of_message(scheduler *s, const node_conn *n, const char *job_id, int64_t attempt) {
    job *j = job_find(s, job_id);
    bool has = n && *n->node && j && j->attempt == attempt && !strcmp(j->node, n->node);
    if (has && !j->finishing) return j;
    sched_emit(s, (sched_event){.kind = EV_STALE, .job = job_id, .attempt = attempt, .node = n ? n->node : ""});
    return NULL;
}

void scheduler_node_ack(scheduler *s, conn_token conn, const char *job_id, int64_t attempt) {
    node_conn *n = node_by_conn(s, conn);
    job *j = job_of_message(s, n, job_id, attempt);
    if (!j) return;
    n->acks = true;
    job_note(j, NOTE_ACK);
}

void scheduler_node_started(scheduler *s, conn_token conn, const char *job_id, int64_t attempt) {
    job *j = job_of_message(s, node_by_conn(s, conn), job_id, attempt);
    if (j) job_note(j, NOTE_STARTED);
}

void scheduler_node_result(scheduler *s, conn_token conn, const node_result *result) {
    assert(result->outcome == OUTCOME_OK || result->outcome == OUTCOME_FAILED || result->outcome == OUTCOME_NO_TEXT);
    job *j = job_of_message(s, node_by_conn(s, conn), result->job_id, result->attempt);
    if (!j) return;
    if (j->noted & NOTE_RESULT) {
        job_emit(j, (sched_event){.kind = EV_STALE, .node = j->node, .code = "REPEATED"});
        return;
    }
    j->result = result->outcome;
    snprintf(j->result_code, sizeof j->result_code, "%s", result->code ? result->code : "");
    job_note(j, NOTE_RESULT);
}

/* ---- giving the reservation back ------------------------------------------------------------------------------------ */

typedef void job_step(job *j);

void job_leave_node(job *j) {
    j->noted &= ~(unsigned)NOTE_NODE_LOST; /* what was noted of that node says nothing about the next one */
    j->node[0] = '\0';
    j->released = true;
}

static void on_unreserved(job *j, link_status status, const redis_reply *reply) {
    sched_answered(j->s, SCRIPT_RELEASE_RESERVATION, status, reply);
    j->busy = false;
    if (status != LINK_OK) return;
    j->released = true;
    job_emit(j, (sched_event){.kind = EV_UNRESERVED, .node = j->node});
}

static void submit_release(job *j, link_callback *done) {
    scheduler *s = j->s;
    redis_key key;
    redis_call call;
    call_script(&call, SCRIPT_RELEASE_RESERVATION);
    call_key(&call, key_node_reservations(&key, &s->config.keys, j->node));
    call_str(&call, j->id);
    call_int(&call, j->attempt);
    j->busy = true;
    sched_call(s, &call, done, j);
}

static void on_released_then(void *arg, link_status status, const redis_reply *reply) {
    job *j = arg;
    job_step *then = j->then;
    on_unreserved(j, status, reply);
    then(j);
}

void job_release_then(job *j, job_step *then) {
    if (j->released) {
        then(j);
        return;
    }
    assert(j->node[0]);
    j->then = then;
    submit_release(j, on_released_then);
}

/* ---- the next attempt ----------------------------------------------------------------------------------------------- */

static void exclude(job *j, const char *node) {
    if (!*node) return;
    if (j->tried_count == TRIED_MAX) {
        memmove(j->tried[0], j->tried[1], sizeof j->tried - sizeof j->tried[0]);
        j->tried_count--;
    }
    snprintf(j->tried[j->tried_count++], sizeof j->tried[0], "%s", node);
}

/* A node that was silent may still be at work; one that is gone or has answered is not. */
static void cancel_at_node(job *j) {
    const node_conn *n = j->retry_if_due ? node_by_id(j->s, j->node) : NULL;
    if (n) j->s->env.net.node_cancel(j->s->env.net.ctx, n->conn, j->id, j->attempt, j->retry_code);
}

static void offer_room(scheduler *s, const char *node_id) {
    const node_conn *n = *node_id ? node_by_id(s, node_id) : NULL;
    if (n) wait_queue_room(s, n);
}

static void start_next_attempt(job *j) {
    scheduler *s = j->s;
    char failed[ID_MAX + 1];
    bool answered = !j->retry_if_due; /* a node that was silent gets no job for its silence */
    memcpy(failed, j->node, sizeof failed);
    exclude(j, failed);
    job_leave_node(j);
    j->attempt++;
    j->state = JOB_CREATED;
    if (j->noted & NOTE_RESULT) job_emit(j, (sched_event){.kind = EV_STALE, .node = failed, .attempt = j->attempt - 1});
    j->noted = 0;
    job_emit(j, (sched_event){.kind = EV_RETRY, .node = failed, .code = j->retry_code});
    job_set_due(j, sched_now(s) + s->config.pending_limit);
    job_place(j);
    if (answered) offer_room(s, failed);
}

static void give_up(job *j) {
    bool timed_out = !strcmp(j->retry_code, "JOB_TIMEOUT");
    job_finish(j, timed_out ? OUTCOME_TIMED_OUT : OUTCOME_FAILED, j->retry_code, false);
}

/* An unknown outcome was repeated, and the first call had happened after all. */
static bool moved_by_us(const job *j, const redis_reply *reply) {
    return (j->tries > 0 || j->moving) && reply_says(reply, "STALE") &&
           !strcmp(reply_text(reply_at(reply, 1)), "CREATED") && reply_int(reply_at(reply, 2)) == j->attempt + 1;
}

static void on_reassigned(void *arg, link_status status, const redis_reply *reply) {
    job *j = arg;
    sched_answered(j->s, SCRIPT_FAILOVER_REASSIGN, status, reply);
    j->busy = false;
    if (status == LINK_UNKNOWN && ++j->tries < UNKNOWN_TRIES) {
        retry(j, j->retry_code, j->retry_if_due);
        return;
    }
    bool again = status == LINK_OK && (reply_says(reply, "RETRY") || moved_by_us(j, reply));
    j->tries = 0;
    j->moving = status == LINK_UNKNOWN || (j->moving && status != LINK_OK);
    if (again) {
        cancel_at_node(j);
        job_release_then(j, start_next_attempt);
    } else if (status != LINK_OK) {
        look_again(j, sched_now(j->s) + j->s->config.retry_max); /* the deadline in the index still stands */
    } else if (reply_says(reply, "EXHAUSTED")) {
        cancel_at_node(j);
        give_up(j);
    } else if (reply_says(reply, "NOTDUE")) {
        not_due(j, reply);
    } else {
        job_release_then(j, job_lost);
    }
}

static void retry(job *j, const char *code, bool only_if_due) {
    scheduler *s = j->s;
    redis_key key;
    redis_call call;
    if (j->retry_code != code) snprintf(j->retry_code, sizeof j->retry_code, "%s", code);
    j->retry_if_due = only_if_due;
    call_script(&call, SCRIPT_FAILOVER_REASSIGN);
    call_key(&call, key_job(&key, &s->config.keys, j->id));
    call_key(&call, key_job_deadlines(&key, &s->config.keys, job_bucket_of_request(j->request)));
    call_str(&call, j->id);
    call_int(&call, j->attempt);
    call_int(&call, s->config.attempts_max);
    call_int(&call, usec_to_msec_up(s->config.pending_limit));
    call_int(&call, only_if_due ? 1 : 0);
    j->busy = true;
    sched_call(s, &call, on_reassigned, j);
}

/* ---- the end -------------------------------------------------------------------------------------------------------- */

static void finished(job *j) {
    scheduler *s = j->s;
    char node[ID_MAX + 1];
    memcpy(node, j->node, sizeof node);
    job_emit(j, (sched_event){.kind = EV_FINISHED, .node = node, .outcome = j->result, .code = j->result_code});
    if (j->released) job_emit(j, (sched_event){.kind = EV_RELEASED});
    job_answer_session(j, j->result, j->result_code);
    job_drop(j);
    offer_room(s, node);
}

/* An unknown outcome was repeated, and the first call had happened after all. */
static bool finished_by_us(const job *j, const redis_reply *reply) {
    return j->tries > 0 && reply_says(reply, "STALE") && reply_int(reply_at(reply, 2)) == j->attempt &&
           !strcmp(reply_text(reply_at(reply, 3)), job_outcome_name(j->result));
}

static void on_completed(void *arg, link_status status, const redis_reply *reply) {
    job *j = arg;
    sched_answered(j->s, SCRIPT_COMPLETE_TASK, status, reply);
    j->busy = false;
    if (status != LINK_OK) { /* the end is decided; write it when Redis is there again */
        j->tries += status == LINK_UNKNOWN;
        look_again(j, sched_now(j->s) + j->s->config.retry_max);
    } else if (reply_says(reply, "OK") || finished_by_us(j, reply)) {
        finished(j);
    } else if (reply_says(reply, "NOTDUE")) {
        j->finishing = false;
        not_due(j, reply);
    } else {
        job_lost(j);
    }
}

static void complete(job *j, bool only_if_due) {
    scheduler *s = j->s;
    redis_key key;
    redis_call call;
    call_script(&call, SCRIPT_COMPLETE_TASK);
    call_key(&call, key_job(&key, &s->config.keys, j->id));
    call_key(&call, key_request(&key, &s->config.keys, j->request));
    call_key(&call, key_job_deadlines(&key, &s->config.keys, job_bucket_of_request(j->request)));
    call_str(&call, j->id);
    call_int(&call, j->attempt);
    call_str(&call, job_outcome_name(j->result));
    call_str(&call, j->result_code);
    call_int(&call, j->released ? 1 : 0);
    call_int(&call, usec_to_msec_up(s->config.finished_ttl));
    call_int(&call, only_if_due ? 1 : 0);
    j->busy = true;
    sched_call(s, &call, on_completed, j);
}

static void complete_now(job *j) {
    complete(j, false);
}

void job_finish(job *j, job_outcome outcome, const char *code, bool only_if_due) {
    assert(!j->busy && !j->finishing && outcome != OUTCOME_NONE);
    j->finishing = true;
    j->tries = 0;
    j->result = outcome;
    if (j->result_code != code) snprintf(j->result_code, sizeof j->result_code, "%s", code);
    if (only_if_due) {
        assert(j->released); /* only a job that is still waiting for a node ends by its deadline alone */
        complete(j, true);
    } else {
        job_release_then(j, complete_now);
    }
}
