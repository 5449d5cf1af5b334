/* checker_answers.c - each request of a client is answered, and answered once, in the order of the utterances.
 *
 * Only open requests are kept: an answer closes its request, so a second one finds none. A client that asks again after a
 * refusal opens its request anew.
 *
 * A request that is sent again while it is open may be refused once for each time it was sent, before or after its answer: only
 * one of the sendings becomes a job. */
#include "sim/measure/checker_internal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "core/base/mem.h"

static watched_session *find(checker *c, const char *id) {
    watched_session *s;
    HASH_FIND_STR(c->sessions, id, s);
    return s;
}

static void opened(checker *c, const char *id) {
    if (find(c, id)) return;
    watched_session *s = mem_zalloc(1, sizeof *s);
    snprintf(s->id, sizeof s->id, "%s", id);
    HASH_ADD_STR(c->sessions, id, s);
}

/* What was asked over a connection that has ended may be answered, and need not be. */
static void cut_off(watched_session *s) {
    open_request *r;
    last_told *told, *next;
    DL_FOREACH(s->open, r) r->excused = true;
    LL_FOREACH_SAFE(s->told, told, next) free(told);
    s->told = NULL;
}

static void forget(checker *c, watched_session *s) {
    open_request *r, *next;
    last_told *told, *other;
    DL_FOREACH_SAFE(s->open, r, next) free(r);
    LL_FOREACH_SAFE(s->told, told, other) free(told);
    HASH_DEL(c->sessions, s);
    free(s);
}

static void asked(watched_session *s, const trace_event *event) {
    open_request *r = mem_zalloc(1, sizeof *r);
    r->utterance = event->utterance;
    r->sent = event->at;
    r->asks = 1;
    if (event->pair) memcpy(r->target, event->pair->tgt, sizeof r->target);
    DL_APPEND(s->open, r);
    if (event->utterance >= s->sent) s->sent = event->utterance + 1;
}

static const char *target_of(const trace_event *event) {
    return event->pair ? event->pair->tgt : "";
}

static open_request *find_request(const watched_session *s, const trace_event *event) {
    open_request *r;
    DL_FOREACH(s->open, r) if (r->utterance == event->utterance && !strcmp(r->target, target_of(event))) break;
    return r;
}

static void asked_again(watched_session *s, const trace_event *event) {
    open_request *r = find_request(s, event);
    if (r) {
        r->asks++;
        r->excused = false;
    } else
        asked(s, event);
}

/* False when the request has had what is due to it. */
static bool settle(watched_session *s, open_request *r, bool refusal) {
    if (r->settled && !refusal) return false;
    r->asks -= refusal;
    r->settled |= !refusal;
    if (r->asks > (r->settled ? 1 : 0)) return true; /* an answer stands for one sending, or for several */
    DL_DELETE(s->open, r);
    free(r);
    return true;
}

static void answered(checker *c, watched_session *s, const trace_event *event, bool refusal) {
    const char *target = target_of(event);
    open_request *r = find_request(s, event);
    if (r && settle(s, r, refusal)) return;
    watched_job *j;
    HASH_FIND_STR(c->jobs, event->job, j);
    violate(c, VIOLATION_DOUBLED, event->at, j, "session %s: utterance %" PRIu64 " to %s is answered %s (job %s, %s)",
            s->id, event->utterance, target, event->utterance < s->sent ? "a second time" : "but was never sent",
            event->job, event->outcome ? job_outcome_name(event->outcome) : event->code);
}

/* No result is told behind a later one of the same speaker and target, nor twice. Refusals and failures are told at once. */
static void check_order(checker *c, watched_session *s, const trace_event *event) {
    const char *from = event->from ? event->from : "", *target = target_of(event);
    last_told *t;
    LL_FOREACH(s->told, t) if (!strcmp(t->from, from) && !strcmp(t->target, target)) break;
    if (t && event->utterance <= t->utterance)
        violate(c, VIOLATION_ORDER, event->at, NULL,
                "session %s is told of utterance %" PRIu64 " of %s to %s behind utterance %" PRIu64, s->id,
                event->utterance, *from ? from : "its own", target, t->utterance);
    if (!t) {
        t = mem_zalloc(1, sizeof *t);
        snprintf(t->from, sizeof t->from, "%s", from);
        snprintf(t->target, sizeof t->target, "%s", target);
        LL_PREPEND(s->told, t);
    }
    t->utterance = event->utterance;
}

static void told(checker *c, watched_session *s, const trace_event *event) {
    bool refusal = event->kind == TRACE_CLIENT_ANSWERED && event->outcome == OUTCOME_NONE;
    bool result =
        event->kind == TRACE_CLIENT_MISSED || event->outcome == OUTCOME_OK || event->outcome == OUTCOME_NO_TEXT;
    if (result && c->ordered) check_order(c, s, event);
    bool of_others = event->from && *event->from;
    if (!s->in_room && !of_others) answered(c, s, event, refusal);
}

static void sent(watched_session *s, const trace_event *event) {
    s->in_room |= !event->pair;
    if (s->in_room) return;
    if (event->kind == TRACE_CLIENT_SENT)
        asked(s, event);
    else
        asked_again(s, event);
}

void answers_take(checker *c, const trace_event *event) {
    if (event->kind == TRACE_SESSION_OPENED) {
        opened(c, event->session);
        return;
    }
    watched_session *s = find(c, event->session);
    if (!s) return; /* it has closed: nobody waits there any more */
    switch (event->kind) {
    case TRACE_SESSION_CLOSED: forget(c, s); break;
    case TRACE_SESSION_LOST: cut_off(s); break;
    case TRACE_CLIENT_SENT:
    case TRACE_CLIENT_RESENT: sent(s, event); break;
    case TRACE_CLIENT_ANSWERED:
    case TRACE_CLIENT_HEARD:
    case TRACE_CLIENT_MISSED: told(c, s, event); break;
    case TRACE_SOUND_CAME: s->in_chunks = true; break;
    default: break;
    }
}

/* Whoever sends chunks asks for what the scheduler cuts out of them. */
void answers_take_core(checker *c, const sched_event *e) {
    c->ordered |= e->kind == EV_SESSION_OPENED;
    if (e->kind != EV_SUBMITTED && e->kind != EV_ROOM_JOINED) return;
    watched_session *s = find(c, e->session);
    if (!s) return;
    if (e->kind == EV_ROOM_JOINED)
        s->in_room = true;
    else if (s->in_chunks && !s->in_room)
        asked(s, &(trace_event){.at = e->at, .utterance = e->utterance, .pair = e->pair});
}

void answers_end(checker *c, usec_t now) {
    for (watched_session *s = c->sessions; s; s = s->hh.next) {
        const open_request *r = s->open;
        while (r && (r->settled || r->excused)) r = r->next;
        if (!r) continue;
        violate(c, VIOLATION_UNANSWERED, now, NULL,
                "session %s is open, and its utterance %" PRIu64 " to %s, sent at %.6f s, was never answered", s->id,
                r->utterance, r->target, (double)(r->sent - c->rules.start) / 1e6);
    }
}

void answers_free(checker *c) {
    watched_session *s, *next;
    HASH_ITER (hh, c->sessions, s, next) forget(c, s);
}
