/* job_request.c - a request becomes a job, or is refused with a reason.
 *
 * The store binds the request id to the job when it makes it. When the outcome is unknown the question is repeated with the same job
 * id: if the first one did happen, the answer is EXISTS with our own id. */
#include "core/base/mem.h"
#include "core/domain/ids.h"
#include "core/scheduler/elsewhere.h"
#include "core/scheduler/remote_flow.h"
#include "core/scheduler/session_flow.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

job *job_find(scheduler *s, const char *job_id) {
    job *j;
    HASH_FIND_STR(s->jobs, job_id, j);
    return j;
}

void job_emit(job *j, sched_event event) {
    event.job = j->id;
    event.session = j->session;
    event.utterance = j->utterance;
    event.pair = &j->pair;
    event.arrived = j->arrived;
    event.sent = j->sent ? j->marked : 0;
    if (!event.attempt) event.attempt = j->attempt;
    sched_emit(j->s, event);
}

static void leave_session(job *j) {
    session_sound_hold(j->s, j->place ? session_by_conn(j->s, j->conn) : NULL, -j->audio_held);
    j->audio_held = 0;
    if (j->place) DL_DELETE2(j->place->jobs, j, earlier, later);
    j->place = NULL;
}

void job_drop(job *j) {
    scheduler *s = j->s;
    assert(!j->busy);
    if (j->waiting) wait_queue_remove(j);
    s->env.timers.cancel(s->env.timers.ctx, j->due_timer);
    s->env.timers.cancel(s->env.timers.ctx, j->empty_timer);
    remote_forget(j);
    if (!j->sent) job_unclaim_node(j, j->node);
    HASH_DEL(s->jobs, j);
    leave_session(j);
    audio_unref(j->sound);
    payload_unref(j->content);
    if (j->fan && --j->fan->refs == 0) free(j->fan);
    free(j->listeners);
    free(j->candidates);
    free(j);
    s->counts.jobs--;
}

static void refuse_job(job *j, const char *code) {
    session_refused(j, code);
    job_drop(j);
}

/* It may have been made all the same: its record must go, so that nobody ends a job that never was, and its request id is free. */
static void refuse_in_doubt(job *j) {
    session_refused(j, "SCHEDULER_DEPENDENCY_DOWN");
    leave_session(j);
    j->told = true;
    j->in_doubt = true;
    job_finish(j, OUTCOME_CANCELLED, "refused", false);
}

void job_ask_to_create(job *j, int64_t attempt, job_answered *then) {
    store_question question = {
        .op = STORE_CREATE,
        .attempt = attempt,
        .owner = j->s->instance,
        .session = j->session,
        .utterance = j->utterance,
        .pair = &j->pair,
        .audio = j->sound->duration,
        .limit = j->s->config.pending_limit,
    };
    job_ask(j, question, then);
}

static void duplicate(job *j, const char *job_id) {
    sched_emit(j->s, (sched_event){.kind = EV_DUPLICATE, .job = job_id, .session = j->session});
    if (takeover_job(j, job_id)) return;
    session_known_job(j, job_id);
    job_drop(j);
}

static void created(job *j) {
    j->created = sched_now(j->s);
    j->tries = 0;
    job_emit(j, (sched_event){.kind = EV_SUBMITTED, .until = j->arrived, .value = j->sound->duration});
    job_emit(j, (sched_event){.kind = EV_CREATED, .until = j->created + j->s->config.pending_limit});
    job_set_due(j, j->created + j->s->config.pending_limit);
    affinity_take(j);
    job_place(j);
}

static void on_created(job *j, const store_answer *a) {
    if (a->status == LINK_UNKNOWN && ++j->tries < UNKNOWN_TRIES) {
        /* the same job id: if the first one did happen, this one answers EXISTS with our own id */
        job_ask_to_create(j, j->attempt, on_created);
        return;
    }
    bool ours = a->word == STORE_EXISTS && !strcmp(a->job, j->id);
    if (a->word == STORE_DONE || ours)
        created(j);
    else if (a->word == STORE_EXISTS)
        duplicate(j, a->job);
    else if (a->status == LINK_UNKNOWN)
        refuse_in_doubt(j);
    else
        refuse_job(j, a->status == LINK_ERROR ? "INTERNAL_ERROR" : "SCHEDULER_DEPENDENCY_DOWN");
}

static void take_listeners(job *j, const job_spec *spec) {
    if (spec->listener_count == 0) return;
    assert(spec->room);
    size_t size = (size_t)spec->listener_count * sizeof *j->listeners;
    j->listeners = mem_alloc(size);
    memcpy(j->listeners, spec->listeners, size);
    snprintf(j->room, sizeof j->room, "%s", spec->room);
    j->listener_count = spec->listener_count;
}

void job_begin(scheduler *s, const job_spec *spec) {
    job *j = mem_zalloc(1, sizeof *j);
    j->s = s;
    j->conn = spec->speaker->conn;
    j->arrived = spec->arrived;
    j->attempt = 1;
    j->released = true;
    j->due = USEC_NEVER;
    j->utterance = spec->utterance;
    j->pair = *spec->pair;
    j->cut = spec->cut;
    j->sound = audio_ref(spec->sound);
    j->fan = spec->fan;
    if (j->fan) j->fan->refs++;
    take_listeners(j, spec);
    memcpy(j->session, spec->speaker->id, sizeof j->session);
    snprintf(j->request, sizeof j->request, "%s", spec->request_id);
    j->place = spec->place;
    DL_APPEND2(j->place->jobs, j, earlier, later);
    j->audio_held = spec->audio_held;
    session_sound_hold(s, spec->speaker, j->audio_held);
    job_id_make(j->id, j->request, rng_u64(&s->draws));
    HASH_ADD_STR(s->jobs, id, j);
    s->counts.jobs++;
    job_ask_to_create(j, j->attempt, on_created);
}
