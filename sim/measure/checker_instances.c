/* checker_instances.c - what the end of an instance excuses, and what it does not.
 *
 * With a process goes what it alone knew. It may have told Redis something that it could not tell us any more: its jobs ("orphans") may be
 * further than we have seen, but never less far, and their deadline may be that of the step which was under way; they still end once.
 * Where the state of jobs was its own, they are gone: that is counted, not a violation. Its speakers hear nothing of what they asked
 * for before; who asks again is owed an answer again. One that stood still has its limits from when it goes on. */
#include "sim/measure/checker_internal.h"

#include <utlist.h>

static void job_is_gone(checker *c, watched_job *j, usec_t at) {
    j->state = SEEN_FINISHED;
    j->ended = at;
    c->gone++;
    c->in_flight--;
    DL_APPEND(c->finished, j);
}

void strangers_may_come(checker *c, usec_t at) {
    c->strangers_until = at + c->rules.pending_limit + FINISHED_KEPT;
}

static bool is_of(const watched_job *j, uint64_t process) {
    return j->process == process && j->state < SEEN_FINISHED;
}

/* A next attempt has the pending limit from then on, one that was sent or began no longer than its reservation was given for. */
static usec_t latest_due(const checker *c, const watched_job *j, usec_t at) {
    usec_t due = at + c->rules.pending_limit;
    if (j->due > due) due = j->due;
    const reservation *r;
    DL_FOREACH2(j->held, r, job_next)
    if (r->attempt == j->attempt && at + r->given_for > due) due = at + r->given_for;
    return due;
}

static void down(checker *c, const trace_event *e, uint64_t process) {
    watched_job *j, *next;
    c->shaky = true;
    reservations_unknown(c, e->at);
    if (e->at > c->calls_failed) c->calls_failed = e->at;
    strangers_may_come(c, e->at);
    HASH_ITER (hh, c->jobs, j, next) {
        if (!is_of(j, process)) continue;
        j->orphan = true;
        j->due = latest_due(c, j, e->at);
        if (!c->rules.jobs_survive) job_is_gone(c, j, e->at);
    }
}

/* The last call of an instance may have ended a job that it could not tell us of any more; whoever asks for it is told so. */
static void heard_of_its_end(checker *c, watched_job *j, const trace_event *e) {
    if (!j || !j->orphan || j->state >= SEEN_FINISHED || e->outcome == OUTCOME_NONE) return;
    j->state = SEEN_FINISHED;
    j->ended = e->at;
    c->by_outcome[e->outcome]++;
    c->in_flight--;
    DL_APPEND(c->finished, j);
}

void instances_take(checker *c, const trace_event *e, watched_job *j) {
    uint64_t process = process_of(e->instance);
    switch (e->kind) {
    case TRACE_CLIENT_KNOWN: heard_of_its_end(c, j, e); break;
    case TRACE_INSTANCE_DOWN: down(c, e, process); break;
    case TRACE_FAULT_BEGIN:
    case TRACE_FAULT_END:
        if (!process) break;
        c->shaky = true;
        reservations_unknown(c, e->at);
        if (e->at > c->calls_failed) c->calls_failed = e->at;
        talkers_excuse(c, process, e->at);
        break;
    default: break;
    }
}

bool job_is_told_late(const checker *c, const watched_job *j, const sched_event *e) {
    return c->shaky && j && e->attempt < j->attempt && c->teller != j->process;
}
