/* job_end.c - the end of a job: its reservation is given back, then the end is written.
 *
 * In this order one call takes a job from any state to RELEASED in the normal case. If giving back fails, the job is left FINISHED,
 * its reservation expires by itself, and the sweep releases the job; one that is in memory has no index to be swept, and is released
 * at once. */
#include "core/scheduler/job_flow.h"
#include "core/scheduler/node_flow.h"
#include "core/scheduler/session_flow.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

void job_offer_room(scheduler *s, const char *node_id, const lang_pair *pair) {
    if (!*node_id) return;
    const node_conn *n = node_by_id(s, node_id);
    if (n)
        wait_queue_room(s, n);
    else if (s->self && pair)
        wait_queue_room_elsewhere(s, node_id, pair);
}

/* `stored`: its state there. One that is FINISHED is released by the sweep. */
static void finished(job *j, job_state stored) {
    scheduler *s = j->s;
    char node[ID_MAX + 1];
    lang_pair pair = j->pair;
    bool spoke = j->spoke;
    if (j->in_doubt) {
        job_drop(j);
        return;
    }
    memcpy(node, j->node, sizeof node);
    job_emit(j, (sched_event){.kind = EV_FINISHED,
                              .node = node,
                              .outcome = j->result,
                              .code = j->result_code,
                              .value = j->sound->duration});
    if (stored == JOB_RELEASED) job_emit(j, (sched_event){.kind = EV_RELEASED});
    session_answered(j, j->result, j->result_code);
    job_drop(j);
    job_offer_room(s, node, spoke ? &pair : NULL);
}

void job_cancel(job *j, job_outcome outcome, const char *code) {
    if (j->finishing || (j->noted & NOTE_CANCEL)) return;
    j->cancel_outcome = outcome;
    snprintf(j->cancel_code, sizeof j->cancel_code, "%s", code);
    job_note(j, NOTE_CANCEL);
}

bool scheduler_cancel(scheduler *s, const char *job_id, const char *reason) {
    job *j = job_find(s, job_id);
    if (j) job_cancel(j, OUTCOME_CANCELLED, reason);
    return j != NULL;
}

/* An unknown outcome was repeated, and the first call had happened after all. */
static bool finished_by_us(const job *j, const store_answer *a) {
    return j->tries > 0 && a->word == STORE_STALE && a->attempt <= j->attempt && a->outcome == j->result;
}

static void complete_as(job *j, int64_t attempt, bool only_if_due);

/* The end is decided: the session need not wait until Redis is there again. */
static void tell_in_outage(job *j) {
    if (j->s->counts.redis_down) session_answered(j, j->result, j->result_code);
}

/* An older copy of the job: its record ends as the job did. */
static bool is_older(const job *j, const store_answer *a) {
    return a->word == STORE_STALE && job_was_forgotten(j, a) && a->outcome == OUTCOME_NONE;
}

static void on_completed(job *j, const store_answer *a) {
    if (a->status != LINK_OK) {
        j->tries += a->status == LINK_UNKNOWN;
        tell_in_outage(j);
        job_look_again(j, sched_now(j->s) + j->s->config.retry_max);
    } else if (is_older(j, a)) {
        complete_as(j, a->attempt, false);
    } else if (a->word == STORE_GONE) {
        finished(j, JOB_RELEASED); /* Redis has lost it: there is nothing left to release */
    } else if (a->word == STORE_DONE || finished_by_us(j, a)) {
        finished(j, a->state);
    } else if (a->word == STORE_NOT_DUE) {
        j->finishing = false;
        job_not_due(j, a);
    } else if (j->in_doubt) {
        job_drop(j);
    } else {
        job_taken(j);
    }
}

static void complete_as(job *j, int64_t attempt, bool only_if_due) {
    store_question question = {
        .op = STORE_COMPLETE,
        .attempt = attempt,
        .outcome = j->result,
        .code = j->result_code,
        .released = j->released || j->s->config.job_store != JOB_STORE_REDIS,
        .keep = j->in_doubt ? USEC_PER_MSEC : j->s->config.finished_ttl,
        .only_if_due = only_if_due,
    };
    job_ask(j, question, on_completed);
}

static void complete_now(job *j) {
    complete_as(j, j->attempt, false);
}

void job_complete_again(job *j) {
    job_release_then(j, complete_now);
}

void job_finish(job *j, job_outcome outcome, const char *code, bool only_if_due) {
    assert(!j->busy && !j->finishing && outcome != OUTCOME_NONE);
    j->finishing = true;
    j->tries = 0;
    j->result = outcome;
    if (j->result_code != code) snprintf(j->result_code, sizeof j->result_code, "%s", code);
    if (only_if_due) {
        assert(j->released); /* only a job that is still waiting for a node ends by its deadline alone */
        complete_as(j, j->attempt, true);
    } else {
        tell_in_outage(j);
        job_release_then(j, complete_now);
    }
}
