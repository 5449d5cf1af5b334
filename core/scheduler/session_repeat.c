/* session_repeat.c - requests that make no job: refused ones, and those that were made before.
 *
 * A request whose place among the results is taken is the same one again, or two utterances under one number. Which of them, the
 * binding of its id tells: our own job, if it is unfinished; else the store, which knows what creation would have found. Known: the client
 * learns the job's state, and its answer comes in its turn, or has come. Unknown: INVALID_MESSAGE. So nothing is ever made that
 * nobody could be told of.
 *
 * Of a job that another session or instance has, create_job tells the id alone (its key was not declared); its state is read then. */
#include "core/base/mem.h"
#include "core/scheduler/session_flow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- refused -------------------------------------------------------------------------------------------------------- */

static void refuse(scheduler *s, conn_token conn, const job_request *request, usec_t arrived, const char *code) {
    sched_event event = {
        .kind = EV_SUBMITTED,
        .session = request->session_id,
        .utterance = request->utterance,
        .pair = &request->pair,
        .until = arrived,
        .value = request->sound ? request->sound->duration : 0,
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
    sched_tell(s, session_answer, conn, &answer);
}

void session_refuse_request(scheduler *s, conn_token conn, const job_request *request, const char *code) {
    refuse(s, conn, request, sched_now(s), code);
}

static job_request request_of(const job *j) {
    return (
        job_request){.request_id = j->request, .session_id = j->session, .utterance = j->utterance, .pair = j->pair};
}

void session_refused(job *j, const char *code) {
    job_request request = request_of(j);
    refuse(j->s, j->conn, &request, j->arrived, code);
    session_leave_place(j);
}

/* ---- made before ---------------------------------------------------------------------------------------------------- */

typedef struct repeat {
    session *one;
    char request[REQUEST_ID_MAX + 1], job[ID_MAX + 1];
    uint64_t utterance;
    lang_pair pair;
    usec_t arrived;
} repeat;

static repeat *repeat_new(session *one, const job_request *request) {
    repeat *r = mem_zalloc(1, sizeof *r);
    r->one = one;
    r->utterance = request->utterance;
    r->pair = request->pair;
    r->arrived = sched_now(one->s);
    snprintf(r->request, sizeof r->request, "%s", request->request_id);
    session_ref(one);
    return r;
}

static void repeat_free(repeat *r) {
    session_unref(r->one);
    free(r);
}

static void tell_known(const repeat *r, const char *state, job_outcome outcome) {
    job_known known = {
        .request_id = r->request,
        .session_id = r->one->id,
        .job_id = r->job,
        .utterance = r->utterance,
        .pair = &r->pair,
        .state = state,
        .outcome = outcome,
    };
    sched_tell(r->one->s, session_known, r->one->conn, &known);
}

static void on_read(void *arg, const store_answer *a) {
    repeat *r = arg;
    if (a) {
        bool known = a->state != JOB_STATES;
        sched_emit(r->one->s, (sched_event){.kind = EV_LOOKED_UP, .job = r->job, .code = known ? "known" : "unknown"});
        tell_known(r, known ? job_state_name(a->state) : "", a->outcome);
    }
    repeat_free(r);
}

/* r->job is the job of that request. */
static void find_state(repeat *r) {
    scheduler *s = r->one->s;
    const job *ours = job_find(s, r->job);
    if (ours) {
        tell_known(r, job_state_name(ours->state), OUTCOME_NONE);
        repeat_free(r);
        return;
    }
    store_question question = {.op = STORE_READ, .job = r->job};
    job_store_ask(s->store, &question, on_read, r);
}

/* It was said over a former connection: its answer takes this place. */
static bool is_followed_here(const job *j, const job *other) {
    return other && !other->place && !other->told && other->utterance == j->utterance &&
           !strcmp(other->session, j->session) && !strcmp(other->pair.src, j->pair.src) &&
           !strcmp(other->pair.tgt, j->pair.tgt);
}

void session_known_job(job *j, const char *job_id) {
    session *one = session_by_conn(j->s, j->conn);
    job_request request = request_of(j);
    if (!one) return;
    repeat *r = repeat_new(one, &request);
    snprintf(r->job, sizeof r->job, "%s", job_id);
    bool expected = is_followed_here(j, job_find(j->s, job_id));
    find_state(r);
    if (!expected) session_leave_place(j);
}

void session_known_as(job *j, const char *job_id, const char *state, job_outcome outcome, bool expected) {
    session *one = session_by_conn(j->s, j->conn);
    job_request request = request_of(j);
    if (!one) return;
    repeat *r = repeat_new(one, &request);
    snprintf(r->job, sizeof r->job, "%s", job_id);
    tell_known(r, state, outcome);
    if (!expected) session_leave_place(j);
    repeat_free(r);
}

static void duplicate(repeat *r, const char *job_id) {
    snprintf(r->job, sizeof r->job, "%s", job_id);
    sched_emit(r->one->s, (sched_event){.kind = EV_DUPLICATE, .job = r->job, .session = r->one->id});
    find_state(r);
}

static void on_binding(void *arg, const store_answer *a) {
    repeat *r = arg;
    if (!a) {
        repeat_free(r);
        return;
    }
    if (a->word == STORE_EXISTS) {
        duplicate(r, a->job);
        return;
    }
    scheduler *s = r->one->s;
    job_request request = {.request_id = r->request,
                           .session_id = r->one->id,
                           .utterance = r->utterance,
                           .pair = r->pair};
    refuse(s, r->one->conn, &request, r->arrived,
           a->status == LINK_OK ? "INVALID_MESSAGE" : "SCHEDULER_DEPENDENCY_DOWN");
    repeat_free(r);
}

void session_said_before(session *one, const target *t, const job_request *request) {
    const job *j = session_job_of(t, request->utterance);
    repeat *r = repeat_new(one, request);
    if (j && !strcmp(j->request, request->request_id)) {
        duplicate(r, j->id);
        return;
    }
    store_question question = {.op = STORE_FIND, .request = r->request};
    job_store_ask(one->s->store, &question, on_binding, r);
}
