/* job_remake.c - Redis has lost a job of ours: it came back empty, or from an older copy. The job is made again, with the next attempt.
 *
 * Nothing tells us so before the job's next call: it is answered GONE, or with an attempt that we have left behind. The record that we
 * make then is what it would have been without the loss, but for the attempt: whatever the old one's node still does must not count,
 * because nobody could say any more which of two nodes has the job. So that node is told to stop, and excluded.
 *
 * It was no failure: attempts_max counts those. A job whose result is here already just ends. */
#include "core/scheduler/job_flow.h"
#include "core/scheduler/node_flow.h"

#include <stdio.h>
#include <string.h>

static const char dependency_lost[] = "DEPENDENCY_LOST";

bool job_was_forgotten(const job *j, const store_answer *answer) {
    return answer->word == STORE_GONE || (answer->word == STORE_STALE && answer->attempt < j->attempt);
}

static void remade(job *j) {
    scheduler *s = j->s;
    char former[ID_MAX + 1];
    memcpy(former, j->node, sizeof former);
    job_cancel_at_node(j, dependency_lost);
    j->remaking = false;
    j->remade++;
    job_next_attempt(j);
    job_emit(j, (sched_event){.kind = EV_DEPENDENCY_LOST, .node = former});
    outage_data_lost(s);
    job_place(j);
}

/* Also when an unknown outcome was repeated, and the first call had happened after all. */
static bool stands(const job *j, const store_answer *a) {
    if (a->word == STORE_DONE) return true;
    return a->word == STORE_EXISTS && !strcmp(a->job, j->id) && a->state == JOB_CREATED && a->attempt == j->attempt + 1;
}

static void make(job *j);

static void on_made(job *j, const store_answer *a) {
    if (a->status == LINK_UNKNOWN && ++j->tries < UNKNOWN_TRIES) {
        make(j);
        return;
    }
    j->tries = 0;
    if (a->status != LINK_OK)
        job_look_again(j, sched_now(j->s) + j->s->config.retry_max);
    else if (stands(j, a))
        remade(j);
    else
        job_lost(j); /* the request has another job by now */
}

static void make(job *j) {
    job_ask_to_create(j, j->attempt + 1, on_made);
}

void job_make_again(job *j) {
    if (j->noted & NOTE_RESULT) {
        job_rest(j);
    } else if (j->empty_held) {
        job_finish(j, OUTCOME_NO_TEXT, "", false);
    } else {
        j->remaking = true;
        j->moving = false;
        j->tries = 0;
        job_release_then(j, make); /* of an older copy it may stand */
    }
}
