/* session_utterance.c - an utterance becomes a job. */
#include "core/domain/ids.h"
#include "core/scheduler/session_flow.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static const char *request_problem(const scheduler *s, const job_request *request, const char *request_id) {
    lang_pair pair;
    if (lang_pair_make(request->pair.src, request->pair.tgt, &pair, NULL)) return "INVALID_MESSAGE";
    if (!request_id_valid(request_id)) return "INVALID_MESSAGE";
    if (s->counts.jobs >= s->config.jobs_max) return "SCHEDULER_OVERLOADED";
    return NULL;
}

void session_say(session *one, const job_request *request) {
    scheduler *s = one->s;
    char request_id[REQUEST_ID_MAX + 2];
    if (request->request_id && *request->request_id)
        snprintf(request_id, sizeof request_id, "%s", request->request_id);
    else
        snprintf(request_id, sizeof request_id, "%s:%llu:%s", one->id, (unsigned long long)request->utterance,
                 request->pair.tgt);
    const char *problem = request_problem(s, request, request_id);
    if (problem) {
        session_refuse_request(s, one->conn, request, problem);
        return;
    }
    job_spec spec = {
        .speaker = one,
        .request_id = request_id,
        .utterance = request->utterance,
        .pair = &request->pair,
        .cut = request->cut,
        .sound = request->sound,
        .arrived = sched_now(s),
        .affine = "",
    };
    job_begin(s, &spec);
}

void scheduler_submit(scheduler *s, conn_token conn, const job_request *request) {
    assert(request->sound && request->session_id);
    session *one = session_by_conn(s, conn);
    if (one && !strcmp(one->id, request->session_id))
        session_say(one, request);
    else
        session_refuse_request(s, conn, request, "INVALID_SESSION");
}
