/* session_results.c - what a session is told of its jobs, and in which order.
 *
 * Every utterance that became a job holds a place in the order of its target (core/domain/result_order.h) until its result may be told.
 * Refusals and failures are told at once and hold up nobody: the sooner the client knows, the sooner it can speak again. A result
 * that is missing for gap_limit while others wait behind it is given up: the client is told so, the job is ended, and what still
 * comes of it is dropped and counted.
 *
 * In a room a result goes to those who wanted that language and are still there; a failure goes to the speaker. */
#include "core/base/mem.h"
#include "core/scheduler/elsewhere.h"
#include "core/scheduler/session_flow.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

static const char gap_timeout[] = "gap_timeout";

/* The end of a job that waits for its turn to be told; a copy, because the job ends now. */
typedef struct ending {
    scheduler *s;
    uint64_t utterance;
    char session[ID_MAX + 1], job[ID_MAX + 1], request[REQUEST_ID_MAX + 1];
    int64_t attempt;
    usec_t arrived; /* 0: it was said elsewhere */
    lang_pair pair;
    job_outcome outcome;
    char code[48];
    payload *content;
    char room[ROOM_CODE_LEN + 1];
    char (*listeners)[ID_MAX + 1]; /* owned; NULL: the speaker */
    int listener_count;
} ending;

static void ending_free(void *arg) {
    ending *end = arg;
    payload_unref(end->content);
    free(end->listeners);
    free(end);
}

static ending *ending_of(job *j, job_outcome outcome, const char *code) {
    ending *end = mem_zalloc(1, sizeof *end);
    end->s = j->s;
    memcpy(end->session, j->session, sizeof end->session);
    end->utterance = j->utterance;
    memcpy(end->job, j->id, sizeof end->job);
    memcpy(end->request, j->request, sizeof end->request);
    end->attempt = j->attempt;
    end->arrived = j->arrived;
    end->pair = j->pair;
    end->outcome = outcome;
    snprintf(end->code, sizeof end->code, "%s", code);
    end->content = payload_ref(j->content);
    memcpy(end->room, j->room, sizeof end->room);
    end->listeners = j->listeners;
    end->listener_count = j->listener_count;
    j->listeners = NULL;
    j->listener_count = 0;
    return end;
}

/* ---- targets -------------------------------------------------------------------------------------------------------- */

target *session_target(session *one, const char *lang) {
    for (target *t = one->targets; t; t = t->next)
        if (!strcmp(t->lang, lang)) return t;
    if (one->target_count == TARGETS_MAX) return NULL;
    one->target_count++;
    target *t = mem_zalloc(1, sizeof *t);
    snprintf(t->lang, sizeof t->lang, "%s", lang);
    t->order = result_order_new((int)one->s->config.unanswered_max);
    t->affinity_utterance = NO_UTTERANCE;
    t->next = one->targets;
    one->targets = t;
    return t;
}

static void emit(const ending *end, sched_event_kind kind) {
    sched_emit(end->s, (sched_event){.kind = kind,
                                     .job = end->job,
                                     .attempt = end->attempt,
                                     .session = end->session,
                                     .utterance = end->utterance,
                                     .pair = &end->pair,
                                     .outcome = end->outcome,
                                     .code = end->code,
                                     .arrived = end->arrived});
}

static void tell_elsewhere(const ending *end);

/* Of a session that ends before its turn has come. */
static void never_told(void *arg) {
    tell_elsewhere(arg);
    ending_free(arg);
}

void session_results_free(session *one) {
    for (target *t = one->targets, *next; t; t = next) {
        next = t->next;
        job *j, *later;
        DL_FOREACH_SAFE2(t->jobs, j, later, later) j->place = NULL;
        result_order_free(t->order, never_told);
        free(t);
    }
    one->targets = NULL;
}

static bool is_result(job_outcome outcome) {
    return outcome == OUTCOME_OK || outcome == OUTCOME_NO_TEXT;
}

/* ---- telling -------------------------------------------------------------------------------------------------------- */

static job_answer answer_of(const ending *end) {
    return (job_answer){
        .request_id = end->request,
        .session_id = end->session,
        .job_id = end->job,
        .utterance = end->utterance,
        .pair = &end->pair,
        .outcome = end->outcome,
        .code = end->code,
        .content = end->content,
    };
}

/* Those of other instances hear it there. */
static void tell_listeners(const ending *end, const job_answer *answer) {
    scheduler *s = end->s;
    int told = 0, elsewhere = 0;
    for (int i = 0; i < end->listener_count; i++) {
        const session *listener = session_by_id(s, end->listeners[i]);
        if (room_has(end->room, listener)) {
            sched_tell(s, session_answer, listener->conn, answer);
            told++;
        } else if (!listener && elsewhere_exists(s)) {
            elsewhere_answer(s, (hearer){end->listeners[i], end->room}, answer, end->attempt);
            elsewhere++;
        }
    }
    emit(end, told > 0 ? EV_RESULT_SENT : elsewhere > 0 ? EV_FORWARDED : EV_SESSION_GONE);
}

static bool is_to_room(const ending *end) {
    return end->listeners && is_result(end->outcome);
}

static void tell(const session *one, const ending *end) {
    job_answer answer = answer_of(end);
    if (is_to_room(end)) {
        tell_listeners(end, &answer);
    } else {
        sched_tell(end->s, session_answer, one->conn, &answer);
        emit(end, EV_RESULT_SENT);
    }
}

/* The connection over which it was said has ended. */
static void tell_elsewhere(const ending *end) {
    job_answer answer = answer_of(end);
    if (is_to_room(end))
        tell_listeners(end, &answer);
    else
        elsewhere_answer(end->s, (hearer){end->session, ""}, &answer, end->attempt);
}

static void tell_ready(session *one, target *t) {
    uint64_t utterance;
    void *end;
    while (result_order_next(t->order, &utterance, &end)) {
        one->unanswered--;
        tell(one, end);
        ending_free(end);
    }
    session_set_timer(one);
    session_told_all(one);
}

/* Its place is free, unless it was given up before; false then. */
static bool withdraw(session *one, target *t, uint64_t utterance) {
    int open = result_order_open(t->order);
    result_order_withdraw(t->order, utterance);
    int withdrawn = open - result_order_open(t->order);
    one->unanswered -= withdrawn;
    return withdrawn > 0;
}

void session_leave_place(job *j) {
    session *one = session_by_conn(j->s, j->conn);
    if (!one || !j->place) return;
    withdraw(one, j->place, j->utterance);
    tell_ready(one, j->place);
}

/* Takes the ending: told now, or in its turn. False when its place was given up before; it is still the caller's then. */
static bool take_place(session *one, target *t, ending *end) {
    if (is_result(end->outcome)) {
        if (!result_order_arrive(t->order, end->utterance, end, sched_now(end->s))) return false;
    } else {
        if (!withdraw(one, t, end->utterance)) return false;
        result_order_remember(t->order, end->utterance);
        tell(one, end);
        ending_free(end);
    }
    tell_ready(one, t);
    return true;
}

void session_answered(job *j, job_outcome outcome, const char *code) {
    session *one = session_by_conn(j->s, j->conn);
    if (j->told) return;
    j->told = true;
    ending *end = ending_of(j, outcome, code);
    if (one && j->place && j->s->counts.redis_down) result_order_remember(j->place->order, j->utterance);
    if (!one || !j->place) {
        tell_elsewhere(end);
        ending_free(end);
    } else if (!take_place(one, j->place, end)) {
        emit(end, EV_LATE_DROPPED);
        ending_free(end);
    }
}

/* The job of that place, if it has one here, is the one that was answered. */
static bool is_awaited(const target *t, const job_answer *answer) {
    const job *j = session_job_of(t, answer->utterance);
    return result_order_awaits(t->order, answer->utterance) && (!j || !strcmp(j->request, answer->request_id));
}

void session_answer_from(session *one, const job_answer *answer, int64_t attempt) {
    target *t = one->targets;
    while (t && strcmp(t->lang, answer->pair->tgt) != 0) t = t->next;
    ending *end = mem_zalloc(1, sizeof *end);
    end->s = one->s;
    end->utterance = answer->utterance;
    end->attempt = attempt;
    end->pair = *answer->pair;
    end->outcome = answer->outcome;
    end->content = payload_ref(answer->content);
    snprintf(end->session, sizeof end->session, "%s", answer->session_id);
    snprintf(end->job, sizeof end->job, "%s", answer->job_id);
    snprintf(end->request, sizeof end->request, "%s", answer->request_id);
    snprintf(end->code, sizeof end->code, "%s", answer->code);
    if (t && is_awaited(t, answer) && take_place(one, t, end)) return;
    if (t && result_order_remembers(t->order, end->utterance))
        emit(end, EV_LATE_DROPPED); /* the client was told already, that it is missing or has failed */
    else
        tell(one, end);
    ending_free(end);
}

/* ---- gaps ----------------------------------------------------------------------------------------------------------- */

job *session_job_of(const target *t, uint64_t number) {
    job *j;
    DL_FOREACH2(t->jobs, j, later) if (j->utterance == number && !j->told) return j;
    return NULL;
}

bool session_is_expected_from_elsewhere(const target *t, uint64_t utterance) {
    return result_order_awaits(t->order, utterance) && !session_job_of(t, utterance);
}

/* False when its end is being written at this moment: that comes first. */
static bool give_up(session *one, target *t, uint64_t utterance) {
    job *j = session_job_of(t, utterance);
    if (j && j->finishing) return false;
    lang_pair pair = j ? j->pair : one->pair;
    missing_result missing = {one->id, utterance, &pair, gap_timeout};
    result_order_give_up(t->order, utterance);
    one->unanswered--;
    sched_emit(one->s, (sched_event){.kind = EV_RESULT_MISSING,
                                     .job = j ? j->id : "",
                                     .session = one->id,
                                     .utterance = utterance,
                                     .pair = &pair,
                                     .code = gap_timeout});
    sched_tell(one->s, session_missing, one->conn, &missing);
    if (j) job_cancel(j, OUTCOME_TIMED_OUT, "GAP_TIMEOUT");
    return true;
}

void session_results_timer(session *one) {
    usec_t now = sched_now(one->s), gap = one->s->config.gap_limit;
    for (target *t = one->targets; t; t = t->next) {
        uint64_t utterance;
        while (result_order_overdue(t->order, now, gap, &utterance) && give_up(one, t, utterance)) tell_ready(one, t);
    }
}

usec_t session_results_wake(const session *one) {
    usec_t wake = USEC_NEVER;
    for (const target *t = one->targets; t; t = t->next) {
        usec_t at = result_order_wake(t->order, one->s->config.gap_limit);
        if (at < wake) wake = at;
    }
    return wake;
}
