/* elsewhere_answer.c - an answer goes to the session that waits for it, wherever that speaks by now.
 *
 * Its job was followed over a connection that has ended, or by nobody, or it was said in a room whose listeners are anywhere. The
 * record of the session says who speaks for it now; the answer goes there by the peer link, once. It may be lost with that instance:
 * the client asks again then, and learns what its job is (session_repeat.c).
 *
 * Order: where the session speaks now, the utterance may be expected (its client has asked for it again), and then the answer takes its
 * place among the results; otherwise it is told at once, because nobody there can know what should come before it. */
#include "core/scheduler/elsewhere.h"
#include "core/scheduler/remote_flow.h"

#include "core/base/mem.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct letter {
    scheduler *s;
    char to[ID_MAX + 1], room[ROOM_CODE_LEN + 1];
    char session[ID_MAX + 1], job[ID_MAX + 1], request[REQUEST_ID_MAX + 1], code[48];
    uint64_t utterance;
    lang_pair pair;
    job_outcome outcome;
    int64_t attempt;
    payload *content;
} letter;

static letter *letter_new(scheduler *s, hearer to, const job_answer *answer, int64_t attempt) {
    letter *l = mem_alloc(sizeof *l);
    *l = (letter){
        .s = s,
        .utterance = answer->utterance,
        .pair = *answer->pair,
        .outcome = answer->outcome,
        .attempt = attempt,
        .content = payload_ref(answer->content),
    };
    snprintf(l->to, sizeof l->to, "%s", to.session_id);
    snprintf(l->room, sizeof l->room, "%s", to.room);
    snprintf(l->session, sizeof l->session, "%s", answer->session_id);
    snprintf(l->job, sizeof l->job, "%s", answer->job_id);
    snprintf(l->request, sizeof l->request, "%s", answer->request_id);
    snprintf(l->code, sizeof l->code, "%s", answer->code);
    return l;
}

static void letter_free(letter *l) {
    payload_unref(l->content);
    free(l);
}

static void emit(scheduler *s, sched_event_kind kind, const job_answer *answer, int64_t attempt, const char *code) {
    sched_emit(s, (sched_event){.kind = kind,
                                .job = answer->job_id,
                                .attempt = attempt,
                                .session = answer->session_id,
                                .utterance = answer->utterance,
                                .pair = answer->pair,
                                .outcome = answer->outcome,
                                .code = code});
}

/* False when it is not here, or has left the room. */
static bool tell_here(scheduler *s, hearer to, const job_answer *answer, int64_t attempt) {
    session *one = session_by_id(s, to.session_id);
    if (!one) return false;
    if (!*to.room)
        session_answer_from(one, answer, attempt);
    else if (room_has(to.room, one))
        sched_tell(s, session_answer, one->conn, answer);
    return true;
}

/* A room's answer has its event where it was said. */
static void tell_nobody(scheduler *s, hearer to, const job_answer *answer, int64_t attempt) {
    if (!*to.room) emit(s, EV_SESSION_GONE, answer, attempt, answer->code);
}

static job_answer answer_of(const letter *l) {
    return (job_answer){
        .request_id = l->request,
        .session_id = l->session,
        .job_id = l->job,
        .utterance = l->utterance,
        .pair = &l->pair,
        .outcome = l->outcome,
        .code = l->code,
        .content = l->content,
    };
}

static void forward(const letter *l, const char *instance_id, const char *address) {
    job_answer answer = answer_of(l);
    if (!*l->room) emit(l->s, EV_FORWARDED, &answer, l->attempt, instance_id);
    remote_say(l->s, instance_id, address,
               (peer_message){
                   .kind = PEER_ANSWER,
                   .to = l->to,
                   .room = l->room,
                   .session = l->session,
                   .request = l->request,
                   .utterance = l->utterance,
                   .pair = &l->pair,
                   .job = l->job,
                   .attempt = l->attempt,
                   .outcome = l->outcome,
                   .code = l->code,
                   .content = l->content,
               });
}

static void on_found(void *arg, whereabouts where, const char *instance_id, const char *address) {
    letter *l = arg;
    job_answer answer = answer_of(l);
    hearer to = {l->to, l->room};
    elsewhere_end(l->s);
    if (where == SESSION_THERE)
        forward(l, instance_id, address);
    else if (where != SESSION_HERE || !tell_here(l->s, to, &answer, l->attempt))
        tell_nobody(l->s, to, &answer, l->attempt);
    letter_free(l);
}

void elsewhere_answer(scheduler *s, hearer to, const job_answer *answer, int64_t attempt) {
    if (tell_here(s, to, answer, attempt)) return;
    if (elsewhere_exists(s) && elsewhere_begin(s))
        elsewhere_find_session(s, to.session_id, on_found, letter_new(s, to, answer, attempt));
    else
        tell_nobody(s, to, answer, attempt);
}

/* ---- what others send ----------------------------------------------------------------------------------------------- */

static void hear_answer(scheduler *s, const peer_message *m) {
    job_answer answer = {
        .request_id = m->request,
        .session_id = m->session,
        .job_id = m->job,
        .utterance = m->utterance,
        .pair = m->pair,
        .outcome = m->outcome,
        .code = m->code,
        .content = m->content,
    };
    hearer to = {m->to, m->room};
    if (!tell_here(s, to, &answer, m->attempt)) tell_nobody(s, to, &answer, m->attempt);
}

void elsewhere_hear(scheduler *s, const peer_message *message) {
    session *one;
    switch (message->kind) {
    case PEER_ANSWER: hear_answer(s, message); break;
    case PEER_MOVED:
        one = session_by_id(s, message->to);
        if (one) session_check_record(one);
        break;
    case PEER_ROOM:
    case PEER_RELAY: elsewhere_hear_room(s, message); break;
    default: break;
    }
}
