/* checker_answers.c - each request of a client is answered, and answered once.
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

static void forget(checker *c, watched_session *s) {
    open_request *r, *next;
    DL_FOREACH_SAFE(s->open, r, next) free(r);
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
    if (r)
        r->asks++;
    else
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

static void answered(checker *c, watched_session *s, const trace_event *event) {
    const char *target = target_of(event);
    open_request *r = find_request(s, event);
    if (r && settle(s, r, event->outcome == OUTCOME_NONE)) return;
    watched_job *j;
    HASH_FIND_STR(c->jobs, event->job, j);
    violate(c, VIOLATION_DOUBLED, event->at, j, "session %s: utterance %" PRIu64 " to %s is answered %s (job %s, %s)",
            s->id, event->utterance, target, event->utterance < s->sent ? "a second time" : "but was never sent",
            event->job, event->outcome ? job_outcome_name(event->outcome) : event->code);
}

void answers_take(checker *c, const trace_event *event) {
    if (event->kind == TRACE_SESSION_OPENED) {
        opened(c, event->session);
        return;
    }
    watched_session *s = find(c, event->session);
    if (!s) return; /* it has closed: nobody waits there any more */
    if (event->kind == TRACE_SESSION_CLOSED)
        forget(c, s);
    else if (event->kind == TRACE_CLIENT_SENT)
        asked(s, event);
    else if (event->kind == TRACE_CLIENT_RESENT)
        asked_again(s, event);
    else
        answered(c, s, event);
}

void answers_end(checker *c, usec_t now) {
    for (watched_session *s = c->sessions; s; s = s->hh.next) {
        const open_request *r = s->open;
        while (r && r->settled) r = r->next;
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
