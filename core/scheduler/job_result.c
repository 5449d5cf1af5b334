/* job_result.c - what a node's result does to its job.
 *
 * An empty result is not believed at once: existing nodes answer "no text" for the part of an utterance that they heard first, and
 * send the full result behind it. So it is held for config.empty_hold; a full result of the same attempt wins. If the job ends
 * meanwhile for another reason (node lost, deadline), what there is counts: it was processed, and had no text.
 *
 * DUPLICATE_JOB_ID says that the node has this very job. Where the node holds the attempt, and never failed the job, that is so: the true
 * result follows, and the message is only counted. */
#include "core/scheduler/job_flow.h"
#include "core/scheduler/node_flow.h"
#include "core/scheduler/remote_flow.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MODEL_MISSING "MODEL_NOT_AVAILABLE"

/* ---- what the chain makes of it ------------------------------------------------------------------------------------- */

static void on_hold_over(void *arg) {
    job *j = arg;
    j->empty_timer = 0;
    job_note(j, NOTE_EMPTY);
}

static void hold_empty(job *j) {
    const timer_source *timers = &j->s->env.timers;
    usec_t until = sched_now(j->s) + j->s->config.empty_hold;
    j->empty_held = true;
    j->empty_timer = timers->set(timers->ctx, until, on_hold_over, j);
    job_emit(j, (sched_event){.kind = EV_EMPTY_HELD, .node = j->node, .until = until});
    job_rest(j);
}

/* Failures that say nothing about the node's health. */
static const char *const blameless[] = {"DUPLICATE_JOB_ID", "DUPLICATE_UTTERANCE_INDEX", MODEL_MISSING,
                                        "NODE_OVERLOADED"};

static attempt_verdict verdict_of(const job *j) {
    if (j->result != OUTCOME_FAILED) return VERDICT_SUCCESS;
    for (size_t i = 0; i < sizeof blameless / sizeof *blameless; i++)
        if (!strcmp(j->result_code, blameless[i])) return VERDICT_NONE;
    return VERDICT_FAILURE;
}

void job_take_result(job *j) {
    j->says = verdict_of(j);
    j->spoke = true;
    if (j->result == OUTCOME_FAILED) {
        j->noted &= ~(unsigned)(NOTE_ACK | NOTE_STARTED | NOTE_NODE_LOST | NOTE_DUE);
        job_retry(j, j->result_code, false);
    } else if (j->result == OUTCOME_NO_TEXT && j->s->config.empty_hold > 0) {
        hold_empty(j);
    } else {
        job_finish(j, j->result, "", false);
    }
}

/* ---- what is let through to it -------------------------------------------------------------------------------------- */

/* A full result may come behind an empty one; anything else behind a result is said twice. */
static bool is_repeated(const job *j, const node_result *result) {
    bool have = j->empty_held || (j->noted & NOTE_RESULT);
    return have && !(j->result == OUTCOME_NO_TEXT && result->outcome == OUTCOME_OK);
}

static bool is_still_at_it(const job *j, const node_result *result) {
    return result->outcome == OUTCOME_FAILED && result->code && !strcmp(result->code, "DUPLICATE_JOB_ID") &&
           !job_was_tried(j, j->node);
}

void job_hear_result(scheduler *s, const char *node, const node_result *result) {
    job *j = job_of_message(s, node, result->job_id, result->attempt);
    if (!j) return;
    bool still = is_still_at_it(j, result);
    if (still || is_repeated(j, result)) {
        job_emit(j, (sched_event){.kind = EV_STALE, .node = j->node, .code = still ? result->code : "REPEATED"});
        return;
    }
    bool waits = remote_waits(j); /* then the chain is busy, and the result is only noted */
    j->result = result->outcome;
    snprintf(j->result_code, sizeof j->result_code, "%s", result->code ? result->code : "");
    payload_unref(j->content);
    j->content = payload_ref(result->content);
    if (result->outcome == OUTCOME_FAILED && !strcmp(j->result_code, MODEL_MISSING))
        model_missing(j, result->service);
    else
        job_note(j, NOTE_RESULT);
    if (waits) remote_node_spoke(j);
}

void scheduler_node_result(scheduler *s, conn_token conn, const node_result *result) {
    assert(result->outcome == OUTCOME_OK || result->outcome == OUTCOME_FAILED || result->outcome == OUTCOME_NO_TEXT);
    const node_conn *n = node_by_conn(s, conn);
    if (remote_guest_result(s, n, result)) return;
    if (s->self && n && !job_find(s, result->job_id))
        remote_stray_result(s, n->node, result);
    else
        job_hear_result(s, node_name(n), result);
}
