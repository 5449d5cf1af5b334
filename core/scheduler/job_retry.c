/* job_retry.c - a job's next attempt, when the present one failed, or its node was lost or silent.
 *
 * The store makes it (attempt + 1, back to CREATED); only then the reservation is given back and the search begins anew, without the
 * nodes that failed. */
#include "core/scheduler/job_flow.h"
#include "core/scheduler/node_flow.h"

#include <stdio.h>
#include <string.h>

/* A node that was silent may still be at work; one that is gone or has answered is not. */
static void cancel_at_node(job *j) {
    if (j->retry_if_due) job_cancel_at_node(j, j->retry_code);
}

void job_next_attempt(job *j) {
    if (j->noted & NOTE_RESULT) job_emit(j, (sched_event){.kind = EV_STALE, .node = j->node});
    if (j->sent) job_exclude(j, j->node);
    job_leave_node(j);
    j->attempt++;
    j->moved = false;
    j->state = JOB_CREATED;
    j->noted &= NOTE_CANCEL;
    j->content = payload_unref(j->content);
    job_set_due(j, sched_now(j->s) + j->s->config.pending_limit);
}

static void start_next_attempt(job *j) {
    scheduler *s = j->s;
    char failed[ID_MAX + 1];
    lang_pair pair = j->pair;
    bool spoke = j->spoke, silent = j->retry_if_due; /* a node that was silent gets no job for its silence */
    memcpy(failed, j->node, sizeof failed);
    job_next_attempt(j);
    job_emit(j, (sched_event){.kind = EV_RETRY, .node = failed, .code = j->retry_code});
    job_place(j);
    if (!silent) job_offer_room(s, failed, spoke ? &pair : NULL);
}

/* It had the job and stayed silent. */
static void blame_silence(job *j) {
    if (j->retry_if_due && j->sent) j->says = VERDICT_FAILURE;
}

static void give_up(job *j) {
    bool timed_out = !strcmp(j->retry_code, "JOB_TIMEOUT");
    job_finish(j, timed_out ? OUTCOME_TIMED_OUT : OUTCOME_FAILED, j->retry_code, false);
}

/* An unknown outcome was repeated, and the first call had happened after all. */
static bool moved_by_us(const job *j, const store_answer *a) {
    return (j->tries > 0 || j->moving) && a->word == STORE_STALE && a->state == JOB_CREATED &&
           a->attempt == j->attempt + 1;
}

static void on_reassigned(job *j, const store_answer *a) {
    if (a->status == LINK_UNKNOWN && ++j->tries < UNKNOWN_TRIES) {
        job_retry(j, j->retry_code, j->retry_if_due);
        return;
    }
    bool again = a->word == STORE_DONE || moved_by_us(j, a);
    j->tries = 0;
    bool full = a->full && !j->moving;
    bool decided = j->moving || !j->retry_if_due; /* with a deadline, something else may happen yet */
    j->moving = a->status == LINK_UNKNOWN || (a->status != LINK_OK && decided);
    j->moved = again;
    if (again) {
        blame_silence(j);
        cancel_at_node(j);
        job_release_then(j, start_next_attempt);
    } else if (full) {
        j->moving = false;
        give_up(j); /* a full Redis refuses new attempts for as long as jobs hold what they have */
    } else if (a->status != LINK_OK) {
        job_look_again(j, sched_now(j->s) + j->s->config.retry_max); /* the deadline in the index still stands */
    } else if (a->word == STORE_EXHAUSTED) {
        blame_silence(j);
        cancel_at_node(j);
        give_up(j);
    } else if (a->word == STORE_NOT_DUE) {
        job_not_due(j, a);
    } else if (job_was_forgotten(j, a)) {
        job_make_again(j);
    } else {
        job_release_then(j, job_taken);
    }
}

void job_retry(job *j, const char *code, bool only_if_due) {
    const scheduler_config *config = &j->s->config;
    if (j->retry_code != code) snprintf(j->retry_code, sizeof j->retry_code, "%s", code);
    j->retry_if_due = only_if_due;
    store_question question = {
        .op = STORE_REASSIGN,
        .attempts_max = config->attempts_max + j->remade,
        .limit = config->pending_limit,
        .only_if_due = only_if_due,
    };
    job_ask(j, question, on_reassigned);
}
