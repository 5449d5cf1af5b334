/* session_results.c - what a session is told of its utterances. */
#include "core/scheduler/session_flow.h"

void session_answered(job *j, job_outcome outcome, const char *code) {
    const session *one = session_by_conn(j->s, j->conn);
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
        .content = j->content,
    };
    sched_tell(j->s, session_answer, j->conn, &answer);
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
    sched_tell(s, session_answer, conn, &answer);
}

void session_refuse_request(scheduler *s, conn_token conn, const job_request *request, const char *code) {
    refuse(s, conn, request, sched_now(s), code);
}

void session_refused(job *j, const char *code) {
    job_request request = {.request_id = j->request,
                           .session_id = j->session,
                           .utterance = j->utterance,
                           .pair = j->pair};
    refuse(j->s, j->conn, &request, j->arrived, code);
}

void session_known_job(job *j, const redis_reply *reply) {
    job_outcome outcome = OUTCOME_NONE;
    job_outcome_parse(reply_text(reply_at(reply, 3)), &outcome);
    job_known known = {
        .request_id = j->request,
        .session_id = j->session,
        .job_id = reply_text(reply_at(reply, 1)),
        .utterance = j->utterance,
        .pair = &j->pair,
        .state = reply_text(reply_at(reply, 2)),
        .outcome = outcome,
    };
    sched_tell(j->s, session_known, j->conn, &known);
}
