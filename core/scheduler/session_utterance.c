/* session_utterance.c - an utterance becomes a job; in a room, one for each language that the others want.
 *
 * The number of an utterance is its place in the order of results, so it must be behind those that were told. One that is expected or
 * told already is the same request again, or a mistake: Redis knows which, and nothing new is made. */
#include "core/base/mem.h"
#include "core/domain/ids.h"
#include "core/scheduler/session_flow.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REQUEST_TEXT_MAX = REQUEST_ID_MAX + LANG_MAX + 3 }; /* room to see that one is too long */

/* ---- said before? --------------------------------------------------------------------------------------------------- */

typedef struct repeat {
    session *one;
    char request[REQUEST_ID_MAX + 1];
    uint64_t utterance;
    lang_pair pair;
} repeat;

static void on_repeat(void *arg, link_status status, const redis_reply *reply) {
    repeat *r = arg;
    scheduler *s = r->one->s;
    sched_answered(s, SCRIPT_NONE, status, reply);
    const char *job_id = reply_text(reply);
    if (status == LINK_OK && *job_id) {
        const job *j = job_find(s, job_id);
        job_known known = {.request_id = r->request,
                           .session_id = r->one->id,
                           .job_id = job_id,
                           .utterance = r->utterance,
                           .pair = &r->pair,
                           .state = j ? job_state_name(j->state) : ""};
        sched_emit(s, (sched_event){.kind = EV_DUPLICATE, .job = job_id, .session = r->one->id});
        sched_tell(s, session_known, r->one->conn, &known);
    } else {
        job_request request = {.request_id = r->request,
                               .session_id = r->one->id,
                               .utterance = r->utterance,
                               .pair = r->pair};
        session_refuse_request(s, r->one->conn, &request,
                               status == LINK_OK ? "INVALID_MESSAGE" : "SCHEDULER_DEPENDENCY_DOWN");
    }
    session_unref(r->one);
    free(r);
}

static void ask_whether_known(session *one, const char *request_id, uint64_t utterance, const lang_pair *pair) {
    redis_key key;
    redis_call call;
    repeat *r = mem_zalloc(1, sizeof *r);
    r->one = one;
    memcpy(r->request, request_id, strlen(request_id) + 1); /* checked: it fits */
    r->utterance = utterance;
    r->pair = *pair;
    session_ref(one);
    call_command(&call, "GET");
    call_key(&call, key_request(&key, &one->s->config.keys, request_id));
    sched_call(one->s, &call, on_repeat, r);
}

/* ---- jobs ----------------------------------------------------------------------------------------------------------- */

static const char *request_problem(const session *one, const job_request *request, const char *request_id) {
    const scheduler *s = one->s;
    lang_pair pair;
    if (lang_pair_make(request->pair.src, request->pair.tgt, &pair, NULL)) return "INVALID_MESSAGE";
    if (!request_id_valid(request_id)) return "INVALID_MESSAGE";
    if (s->counts.redis_down) return "SCHEDULER_DEPENDENCY_DOWN";
    if (s->counts.jobs >= s->config.jobs_max) return "SCHEDULER_OVERLOADED";
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
    sched_error err = {0};
    request.pair = *pair;
    request_id_make(request_id, one, &request, pair, said->fan != NULL);
    request.request_id = request_id;
    const char *problem = request_problem(one, &request, request_id);
    if (problem) {
        session_refuse_request(s, one->conn, &request, problem);
        return;
    }
    target *t = session_target(one, pair->tgt);
    sched_status status = result_order_expect(t->order, request.utterance, &err);
    if (status == SCHED_EINVAL) {
        ask_whether_known(one, request_id, request.utterance, pair);
        return;
    }
    if (status) {
        session_refuse_request(s, one->conn, &request, "SCHEDULER_OVERLOADED");
        return;
    }
    one->unanswered++;
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
    saying said = {
        .request = request,
        .arrived = sched_now(one->s),
        .room = "",
        .audio_held = (int64_t)request->sound->bytes,
    };
    if (request->utterance >= one->utterance) one->utterance = request->utterance + 1;
    if (!session_ask_listeners(one, request)) session_say_in(one, &said, &request->pair);
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
