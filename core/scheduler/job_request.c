/* job_request.c - a request becomes a job, or is refused with a reason.
 *
 * One script binds the request id to the job and makes it, so a request never has two jobs. When its outcome is unknown the call is
 * repeated with the same job id: if the first one did happen, the answer is EXISTS with our own id. */
#include "core/base/mem.h"
#include "core/domain/ids.h"
#include "core/scheduler/job_flow.h"
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

static void on_created(void *arg, link_status status, const redis_reply *reply);

void job_create_call(redis_call *call, const job *j, int64_t attempt) {
    const scheduler *s = j->s;
    redis_key key;
    char pair[PAIR_MAX + 1];
    unsigned bucket = job_bucket_of_request(j->request);
    call_script(call, SCRIPT_CREATE_JOB);
    call_key(call, key_job(&key, &s->config.keys, j->id));
    call_key(call, key_request(&key, &s->config.keys, j->request));
    call_key(call, key_job_deadlines(&key, &s->config.keys, bucket));
    call_str(call, j->id);
    call_str(call, j->request);
    call_str(call, s->instance);
    call_str(call, j->session);
    call_int(call, (int64_t)j->utterance);
    call_str(call, lang_pair_text(pair, &j->pair));
    call_int(call, usec_to_msec_up(j->sound->duration));
    call_int(call, usec_to_msec_up(s->config.pending_limit));
    call_int(call, attempt);
}

static void create(job *j) {
    redis_call call;
    job_create_call(&call, j, j->attempt);
    j->busy = true;
    sched_call(j->s, &call, on_created, j);
}

static void duplicate(job *j, const redis_reply *reply) {
    sched_emit(j->s, (sched_event){.kind = EV_DUPLICATE, .job = reply_text(reply_at(reply, 1)), .session = j->session});
    session_known_job(j, reply);
    job_drop(j);
}

static void on_created(void *arg, link_status status, const redis_reply *reply) {
    job *j = arg;
    sched_answered(j->s, SCRIPT_CREATE_JOB, status, reply);
    j->busy = false;
    if (status == LINK_UNKNOWN && ++j->tries < UNKNOWN_TRIES) {
        create(j); /* the same job id: if the first call did happen, this one answers EXISTS with our own id */
        return;
    }
    bool ours = reply_says(reply, "EXISTS") && !strcmp(reply_text(reply_at(reply, 1)), j->id);
    if (status == LINK_OK && (reply_says(reply, "CREATED") || ours)) {
        j->created = sched_now(j->s);
        j->tries = 0;
        job_emit(j, (sched_event){.kind = EV_SUBMITTED, .until = j->arrived});
        job_emit(j, (sched_event){.kind = EV_CREATED, .until = j->created + j->s->config.pending_limit});
        job_set_due(j, j->created + j->s->config.pending_limit);
        affinity_take(j);
        job_place(j);
    } else if (status == LINK_OK && reply_says(reply, "EXISTS")) {
        duplicate(j, reply);
    } else if (status == LINK_UNKNOWN) {
        refuse_in_doubt(j);
    } else {
        refuse_job(j, status == LINK_ERROR ? "INTERNAL_ERROR" : "SCHEDULER_DEPENDENCY_DOWN");
    }
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
    create(j);
}
