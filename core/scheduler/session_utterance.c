/* session_utterance.c - an utterance becomes a job; in a room, one for each language that the others want.
 *
 * The number of an utterance is its place in the order of results, so it must be behind those that were told. One that is expected or
 * told already is the same request again, or a mistake (session_repeat.c): nothing new is made. */
#include "core/base/mem.h"
#include "core/domain/ids.h"
#include "core/scheduler/remote_flow.h"
#include "core/scheduler/session_flow.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REQUEST_TEXT_MAX = REQUEST_ID_MAX + LANG_MAX + 3 }; /* room to see that one is too long */

/* ---- jobs ----------------------------------------------------------------------------------------------------------- */

/* `t` NULL: the session speaks to too many languages. */
static const char *problem_of(const session *one, const target *t, const char *request_id) {
    const scheduler *s = one->s;
    if (!request_id_valid(request_id)) return "INVALID_MESSAGE";
    if (s->counts.redis_down && scheduler_config_needs_redis(&s->config)) return "SCHEDULER_DEPENDENCY_DOWN";
    if (leave_under_way(s) || !t || s->counts.jobs >= s->config.jobs_max) return "SCHEDULER_OVERLOADED";
    return NULL;
}

/* Of the whole utterance, or of one of its languages when there are several. */
static void request_id_make(char id[REQUEST_TEXT_MAX], const session *one, const job_request *request,
                            const lang_pair *pair, bool several) {
    bool given = request->request_id && *request->request_id;
    if (given && several)
        snprintf(id, REQUEST_TEXT_MAX, "%.*s:%s", REQUEST_ID_MAX + 1, request->request_id, pair->tgt);
    else if (given)
        snprintf(id, REQUEST_TEXT_MAX, "%s", request->request_id);
    else
        snprintf(id, REQUEST_TEXT_MAX, "%s:%llu:%s", one->id, (unsigned long long)request->utterance, pair->tgt);
}

void session_say_in(session *one, const saying *said, const lang_pair *pair) {
    scheduler *s = one->s;
    char request_id[REQUEST_TEXT_MAX];
    job_request request = *said->request;
    request.pair = *pair;
    request_id_make(request_id, one, &request, pair, said->fan != NULL);
    request.request_id = request_id;
    target *t = session_target(one, pair->tgt);
    const char *problem = problem_of(one, t, request_id);
    bool again = t && session_is_expected_from_elsewhere(t, request.utterance);
    sched_status status = problem || again ? SCHED_OK : result_order_expect(t->order, request.utterance, NULL);
    if (status == SCHED_EINVAL) {
        session_said_before(one, t, &request);
        return;
    }
    if (problem || status) {
        session_refuse_request(s, one->conn, &request, problem ? problem : "SCHEDULER_OVERLOADED");
        return;
    }
    if (!again) one->unanswered++;
    affinity_ask(one, t);
    job_spec spec = {
        .speaker = one,
        .request_id = request_id,
        .utterance = request.utterance,
        .pair = pair,
        .cut = request.cut,
        .sound = request.sound,
        .arrived = said->arrived,
        .room = said->room,
        .fan = said->fan,
        .listeners = said->listeners,
        .listener_count = said->listener_count,
        .place = t,
        .audio_held = said->audio_held,
    };
    job_begin(s, &spec);
}

void session_say(session *one, const job_request *request) {
    job_request checked = *request;
    saying said = {
        .request = &checked,
        .arrived = sched_now(one->s),
        .room = "",
        .audio_held = (int64_t)request->sound->bytes,
    };
    if (request->utterance >= UTTERANCE_END ||
        lang_pair_make(request->pair.src, request->pair.tgt, &checked.pair, NULL)) {
        session_refuse_request(one->s, one->conn, request, "INVALID_MESSAGE");
        return;
    }
    if (request->utterance >= one->utterance) one->utterance = request->utterance + 1;
    if (!session_ask_listeners(one, &checked)) session_say_in(one, &said, &checked.pair);
}

void scheduler_submit(scheduler *s, conn_token conn, const job_request *request) {
    assert(request->sound && request->session_id);
    session *one = session_by_conn(s, conn);
    if (!one || one->closing || strcmp(one->id, request->session_id) != 0)
        session_refuse_request(s, conn, request, "INVALID_SESSION");
    else if (!session_sound_fits(one, (int64_t)request->sound->bytes))
        session_refuse_request(s, conn, request, "SCHEDULER_OVERLOADED");
    else
        session_say(one, request);
}
