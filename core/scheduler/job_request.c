/* job_request.c - the beginning of a job's way: a request is checked and becomes a job, or is refused with a reason.
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

void job_answer_session(job *j, job_outcome outcome, const char *code) {
    scheduler *s = j->s;
    session *one = session_by_conn(s, j->conn);
    job_emit(j, (sched_event){.kind = one ? EV_RESULT_SENT : EV_SESSION_GONE, .outcome = outcome, .code = code});
    if (!one) return;
    job_answer answer = {
        .request_id = j->request,
        .session_id = j->session,
        .job_id = j->id,
        .utterance = j->utterance,
        .pair = &j->pair,
        .outcome = outcome,
        .code = code,
    };
    s->env.net.session_answer(s->env.net.ctx, j->conn, &answer);
}

void job_drop(job *j) {
    scheduler *s = j->s;
    assert(!j->busy);
    if (j->waiting) wait_queue_remove(j);
    s->env.timers.cancel(s->env.timers.ctx, j->due_timer);
    HASH_DEL(s->jobs, j);
    audio_unref(j->sound);
    free(j->candidates);
    free(j);
    s->counts.jobs--;
}

static void refuse(scheduler *s, conn_token conn, const job_request *request, usec_t arrived, const char *code) {
    sched_event event = {
        .kind = EV_SUBMITTED,
        .session = request->session_id,
        .utterance = request->utterance,
        .pair = &request->pair,
        .until = arrived,
    };
    sched_emit(s, event);
    event.kind = EV_REFUSED;
    event.code = code;
    sched_emit(s, event);
    job_answer answer = {
        .request_id = request->request_id ? request->request_id : "",
        .session_id = request->session_id,
        .job_id = "",
        .utterance = request->utterance,
        .pair = &request->pair,
        .code = code,
    };
    s->env.net.session_answer(s->env.net.ctx, conn, &answer);
}

static void refuse_job(job *j, const char *code) {
    job_request request = {j->request, j->session, j->utterance, j->pair, NULL};
    refuse(j->s, j->conn, &request, j->arrived, code);
    job_drop(j);
}

static void on_created(void *arg, link_status status, const redis_reply *reply);

static void create(job *j) {
    const scheduler *s = j->s;
    redis_key key;
    char pair[PAIR_MAX + 1];
    unsigned bucket = job_bucket_of_request(j->request);
    redis_call call;
    call_script(&call, SCRIPT_CREATE_JOB);
    call_key(&call, key_job(&key, &s->config.keys, j->id));
    call_key(&call, key_request(&key, &s->config.keys, j->request));
    call_key(&call, key_job_deadlines(&key, &s->config.keys, bucket));
    call_str(&call, j->id);
    call_str(&call, j->request);
    call_str(&call, s->instance);
    call_str(&call, j->session);
    call_int(&call, (int64_t)j->utterance);
    call_str(&call, lang_pair_text(pair, &j->pair));
    call_int(&call, usec_to_msec_up(j->sound->duration));
    call_int(&call, usec_to_msec_up(s->config.pending_limit));
    j->busy = true;
    sched_call(j->s, &call, on_created, j);
}

static void duplicate(job *j, const redis_reply *reply) {
    scheduler *s = j->s;
    sched_emit(s, (sched_event){.kind = EV_DUPLICATE, .job = reply_text(reply_at(reply, 1)), .session = j->session});
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
        job_place(j);
    } else if (status == LINK_OK && reply_says(reply, "EXISTS")) {
        duplicate(j, reply);
    } else {
        refuse_job(j, status == LINK_ERROR ? "INTERNAL_ERROR" : "SCHEDULER_DEPENDENCY_DOWN");
    }
}

static const char *request_problem(const scheduler *s, const job_request *request, const char *request_id) {
    lang_pair pair;
    if (lang_pair_make(request->pair.src, request->pair.tgt, &pair, NULL)) return "INVALID_MESSAGE";
    if (!request_id_valid(request_id)) return "INVALID_MESSAGE";
    if (s->counts.jobs >= s->config.jobs_max) return "SCHEDULER_OVERLOADED";
    return NULL;
}

void scheduler_submit(scheduler *s, conn_token conn, const job_request *request) {
    assert(request->sound && request->session_id);
    usec_t arrived = sched_now(s);
    session *one = session_by_conn(s, conn);
    if (!one || strcmp(one->id, request->session_id) != 0) {
        refuse(s, conn, request, arrived, "INVALID_SESSION");
        return;
    }
    char request_id[REQUEST_ID_MAX + 2];
    if (request->request_id && *request->request_id)
        snprintf(request_id, sizeof request_id, "%s", request->request_id);
    else
        snprintf(request_id, sizeof request_id, "%s:%llu:%s", request->session_id,
                 (unsigned long long)request->utterance, request->pair.tgt);
    const char *problem = request_problem(s, request, request_id);
    if (problem) {
        refuse(s, conn, request, arrived, problem);
        return;
    }
    job *j = mem_zalloc(1, sizeof *j);
    j->s = s;
    j->conn = conn;
    j->arrived = arrived;
    j->attempt = 1;
    j->released = true;
    j->due = USEC_NEVER;
    j->utterance = request->utterance;
    j->pair = request->pair;
    j->sound = audio_ref(request->sound);
    memcpy(j->session, one->id, sizeof j->session);
    memcpy(j->request, request_id, sizeof j->request); /* checked: it fits */
    job_id_make(j->id, j->request, rng_u64(&s->draws));
    HASH_ADD_STR(s->jobs, id, j);
    s->counts.jobs++;
    create(j);
}
