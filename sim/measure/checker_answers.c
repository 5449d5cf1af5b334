/* checker_answers.c - each request of a client is answered, and answered once.
 *
 * Only open requests are kept: an answer closes its request, so a second one finds none. A client that asks again after a
 * refusal opens its request anew. */
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
    if (event->pair) memcpy(r->target, event->pair->tgt, sizeof r->target);
    DL_APPEND(s->open, r);
    if (event->utterance > s->highest) s->highest = event->utterance;
}

static void answered(checker *c, watched_session *s, const trace_event *event) {
    const char *target = event->pair ? event->pair->tgt : "";
    open_request *r;
    DL_FOREACH(s->open, r) if (r->utterance == event->utterance && !strcmp(r->target, target)) break;
    if (r) {
        DL_DELETE(s->open, r);
        free(r);
        return;
    }
    watched_job *j;
    HASH_FIND_STR(c->jobs, event->job, j);
    violate(c, VIOLATION_DOUBLED, event->at, j, "session %s: utterance %" PRIu64 " to %s is answered %s (job %s, %s)",
            s->id, event->utterance, target, event->utterance <= s->highest ? "a second time" : "but was never sent",
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
    else
        answered(c, s, event);
}

void answers_end(checker *c, usec_t now) {
    for (watched_session *s = c->sessions; s; s = s->hh.next)
        if (s->open)
            violate(c, VIOLATION_UNANSWERED, now, NULL,
                    "session %s is open, and its utterance %" PRIu64 " to %s, sent at %.6f s, was never answered",
                    s->id, s->open->utterance, s->open->target, (double)(s->open->sent - c->rules.start) / 1e6);
}

void answers_free(checker *c) {
    watched_session *s, *next;
    HASH_ITER (hh, c->sessions, s, next) forget(c, s);
}
