/* checker_talkers.c - what a speaker may rely on: no sound is lost, sentences stay together, nothing is given up early, and the end
 * comes behind the last answer.
 *
 * Rules begin with the session (EV_SESSION_OPENED): a core without sessions promises none of this. A speaker is remembered until its
 * last job is forgotten, because jobs outlive the session that asked for them. */
#include "sim/measure/checker_internal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "core/base/mem.h"

#define CLOSE_LATENESS (5 * USEC_PER_SEC)

/* ---- speakers ------------------------------------------------------------------------------------------------------- */

static talker *find(const checker *c, const char *id) {
    talker *t = NULL;
    if (*id) HASH_FIND_STR(c->talkers, id, t);
    return t;
}

static talker *seen(checker *c, const char *id) {
    talker *t = find(c, id);
    if (t || !*id) return t;
    t = mem_zalloc(1, sizeof *t);
    snprintf(t->id, sizeof t->id, "%s", id);
    HASH_ADD_STR(c->talkers, id, t);
    return t;
}

static void forget_spoken(spoken *s) {
    placed *p, *next;
    LL_FOREACH_SAFE(s->placed, p, next) free(p);
    *s = (spoken){0};
}

static void forget(checker *c, talker *t) {
    for (int i = 0; i < SPOKEN_KEPT; i++) forget_spoken(&t->spoken[i]);
    HASH_DEL(c->talkers, t);
    free(t);
}

static spoken *spoken_of(talker *t, uint64_t utterance) {
    spoken *s = &t->spoken[utterance % SPOKEN_KEPT];
    if (s->known && s->utterance == utterance) return s;
    forget_spoken(s);
    s->known = true;
    s->utterance = utterance;
    return s;
}

static const spoken *spoken_before(const talker *t, uint64_t utterance) {
    if (utterance == 0) return NULL;
    const spoken *s = &t->spoken[(utterance - 1) % SPOKEN_KEPT];
    return s->known && s->utterance == utterance - 1 ? s : NULL;
}

static placed *placed_to(const spoken *s, const char *target) {
    placed *p;
    LL_FOREACH(s->placed, p) if (!strcmp(p->target, target)) break;
    return p;
}

/* ---- jobs ----------------------------------------------------------------------------------------------------------- */

static void created(checker *c, watched_job *j, const sched_event *e) {
    talker *t = find(c, e->session);
    if (!j || j->by || !t || !t->opened) return;
    j->by = t;
    j->utterance = e->utterance;
    if (e->pair) memcpy(j->target, e->pair->tgt, sizeof j->target);
    t->jobs++;
    t->untold++;
    const spoken *before = spoken_before(t, e->utterance);
    /* Where a sentence is, is looked at when its next part arrives. */
    const placed *p = before && before->goes_on ? placed_to(before, j->target) : NULL;
    if (c->rules.affinity && !t->closed && !t->shaken && p && p->first >= e->at - c->rules.affinity_ttl &&
        p->first < c->arrived)
        j->stay = p->nodes;
}

static void check_stay(checker *c, watched_job *j, const watched_node *n, usec_t at) {
    if (j->stay.count && !node_set_has(&j->stay, n) && !reservations_in_doubt(c, at))
        violate(c, VIOLATION_AFFINITY, at, j,
                "job %s goes on with a sentence of session %s, which is at node %s; it is dispatched to %s, and no "
                "event "
                "says why",
                j->id, j->by->id, j->stay.at[(j->stay.count - 1) % ATTEMPTS_SEEN]->id, n->id);
    j->stay.count = 0; /* a retry goes elsewhere */
}

static void check_fanout(checker *c, const watched_job *j, const spoken *s, const watched_node *n, usec_t at) {
    const placed *p;
    LL_FOREACH(s->placed, p)
    if (p->last == n && strcmp(p->target, j->target) != 0)
        violate(c, VIOLATION_FANOUT, at, j,
                "job %s (utterance %" PRIu64 " of session %s to %s) is dispatched to node %s, which has it to %s",
                j->id, j->utterance, j->by->id, j->target, n->id, p->target);
}

void talkers_dispatched(checker *c, watched_job *j, const watched_node *n, usec_t at) {
    if (!j->by) return;
    spoken *s = spoken_of(j->by, j->utterance);
    check_stay(c, j, n, at);
    check_fanout(c, j, s, n, at);
    placed *p = placed_to(s, j->target);
    if (!p) {
        p = mem_zalloc(1, sizeof *p);
        memcpy(p->target, j->target, sizeof p->target);
        p->first = at;
        LL_PREPEND(s->placed, p);
    }
    p->last = n;
    node_set_add(&p->nodes, n);
}

static void finished(watched_job *j) {
    if (j->by && !j->settled && !j->held_prev) DL_APPEND2(j->by->held, j, held_prev, held_next);
}

static void settle(watched_job *j) {
    if (!j->by || j->settled) return;
    j->settled = true;
    j->by->untold--;
    if (j->held_prev) DL_DELETE2(j->by->held, j, held_prev, held_next);
    j->held_prev = j->held_next = NULL;
}

void talkers_forget_job(watched_job *j) {
    talker *t = j->by;
    if (!t) return;
    settle(j);
    j->by = NULL;
    t->jobs--;
}

static void excused(watched_job *j, const sched_event *e) {
    if (j && strcmp(e->code, "kept") != 0) j->stay.count = 0;
}

/* ---- results that are given up ----------------------------------------------------------------------------------------- */

/* Beside a Redis that does not answer, a result takes its turn before its end can be written, and no event tells of it. */
static bool may_wait_unseen(const checker *c, usec_t at) {
    return c->calls_failed > 0 && at - c->calls_failed < c->rules.gap_limit;
}

static void given_up(checker *c, watched_job *j, const sched_event *e) {
    const talker *t = find(c, e->session);
    const watched_job *later = NULL;
    if (!t) return;
    if (t->shaken) {
        if (j) settle(j);
        return;
    }
    DL_FOREACH2(t->held, later, held_next)
    if (later->utterance > e->utterance && e->pair && !strcmp(later->target, e->pair->tgt) &&
        later->ended <= e->at - c->rules.gap_limit)
        break;
    if (!later && !may_wait_unseen(c, e->at))
        violate(c, VIOLATION_MISSING, e->at, j,
                "utterance %" PRIu64 " of session %s to %s is given up, but no later result has waited for %.1f s",
                e->utterance, e->session, e->pair ? e->pair->tgt : "", (double)c->rules.gap_limit / 1e6);
    if (j) settle(j);
}

/* ---- sound ---------------------------------------------------------------------------------------------------------- */

static void check_bytes(checker *c, const talker *t, usec_t at) {
    int64_t gone = t->cut + t->refused + t->dropped;
    if (!t->in_chunks || (t->closed ? gone == t->came : gone <= t->came)) return;
    violate(c, VIOLATION_SOUND, at, NULL,
            "session %s: %" PRId64 " bytes came; %" PRId64 " were cut, %" PRId64 " refused, %" PRId64 " dropped", t->id,
            t->came, t->cut, t->refused, t->dropped);
}

static void cut(checker *c, talker *t, const sched_event *e) {
    spoken *s = spoken_of(t, e->utterance);
    s->goes_on = !strcmp(e->code, "timeout") || !strcmp(e->code, "max_duration");
    if (!t->in_chunks) return;
    if (e->utterance != t->next_cut && !t->renumbered)
        violate(c, VIOLATION_SOUND, e->at, NULL, "session %s: utterance %" PRIu64 " is cut, expected %" PRIu64, t->id,
                e->utterance, t->next_cut);
    if (e->value <= 0)
        violate(c, VIOLATION_SOUND, e->at, NULL, "session %s: utterance %" PRIu64 " is cut with %" PRId64 " bytes",
                t->id, e->utterance, e->value);
    t->next_cut = e->utterance + 1;
    t->renumbered = false;
    t->cut += e->value;
    check_bytes(c, t, e->at);
}

/* ---- the end of a session --------------------------------------------------------------------------------------------- */

static void check_close(checker *c, const talker *t, const sched_event *e) {
    usec_t limit = c->rules.close_limit;
    usec_t acted = t->excused_until > t->closes ? t->excused_until : t->closes;
    bool early = !strcmp(e->code, "limit") && e->at < t->closes + limit;
    if (t->shaken || (c->shaky && !t->closes)) return;
    if (!t->closes)
        violate(c, VIOLATION_CLOSE, e->at, NULL, "session %s is closed (%s), but nobody asked for it", t->id, e->code);
    else if (!strcmp(e->code, "closed") && t->untold > 0)
        violate(c, VIOLATION_CLOSE, e->at, NULL, "session %s is closed, but %" PRId64 " of its jobs have no answer",
                t->id, t->untold);
    else if (early || e->at > acted + limit + CLOSE_LATENESS)
        violate(c, VIOLATION_CLOSE, e->at, NULL,
                "session %s is closed (%s) %.3f s after it was asked for; the limit is %.1f s", t->id, e->code,
                (double)(e->at - t->closes) / 1e6, (double)limit / 1e6);
}

static void closed(checker *c, talker *t, const sched_event *e) {
    bool asked = strcmp(e->code, "gone") != 0 && strcmp(e->code, "moved") != 0;
    if (asked) check_close(c, t, e);
    t->closed = true;
}

/* What was dropped is told behind the end of the session, so that comes first. */
void talkers_tick(checker *c, usec_t now) {
    talker *t, *next;
    HASH_ITER (hh, c->talkers, t, next) {
        if (!t->closed) continue;
        if (!t->summed) check_bytes(c, t, now);
        t->summed = true;
        if (t->jobs == 0) forget(c, t);
    }
}

void talkers_end(checker *c, usec_t now) {
    talkers_tick(c, now);
    for (talker *t = c->talkers; t; t = t->hh.next) {
        if (!t->closes || t->closed) continue;
        violate(c, VIOLATION_CLOSE, now, NULL, "session %s asked for its end at %.6f s, and was never answered", t->id,
                (double)(t->closes - c->rules.start) / 1e6);
        return;
    }
}

void talkers_excuse(checker *c, uint64_t process, usec_t at) {
    for (talker *t = c->talkers; t; t = t->hh.next)
        if (t->process == process) t->excused_until = at;
}

/* Its session ends where it was, and whatever was said of it there; it will be opened elsewhere. */
static void cut_off(talker *t) {
    t->shaken = t->renumbered = true;
    t->closed = t->summed = false;
    t->came = t->cut = t->refused = t->dropped = 0;
    t->closes = 0;
    t->process = 0;
}

/* An instance at which it is not any more tells how it ended there. */
static bool is_of_the_past(const checker *c, const talker *t) {
    return t && t->shaken && t->process != c->teller;
}

/* ---- events --------------------------------------------------------------------------------------------------------- */

void talkers_take(checker *c, const trace_event *event) {
    bool early = event->kind == TRACE_SOUND_CAME || event->kind == TRACE_CLIENT_CLOSES; /* before it is open here */
    talker *t = early ? seen(c, event->session) : find(c, event->session);
    if (!t) return;
    if (event->kind == TRACE_SOUND_CAME) {
        t->in_chunks = true;
        t->came += event->value;
    } else if (event->kind == TRACE_CLIENT_SENT) {
        spoken *s = spoken_of(t, event->utterance);
        s->goes_on = !strcmp(event->code, "timeout") || !strcmp(event->code, "max_duration");
    } else if (event->kind == TRACE_CLIENT_CLOSES) {
        t->closes = event->at;
    } else if (event->kind == TRACE_SESSION_LOST) {
        cut_off(t);
    }
}

void talkers_take_core(checker *c, const sched_event *e, watched_job *j) {
    if (e->kind == EV_SESSION_OPENED) {
        talker *fresh = seen(c, e->session);
        if (!fresh) return;
        fresh->opened = true;
        fresh->process = c->teller;
        return;
    }
    talker *t = find(c, e->session);
    switch (e->kind) {
    case EV_SUBMITTED: c->arrived = e->until; break;
    case EV_CREATED: created(c, j, e); break;
    case EV_CONFIRM_REFUSED:
    case EV_AFFINITY: excused(j, e); break;
    case EV_FINISHED:
        if (j) finished(j);
        break;
    case EV_RESULT_SENT:
    case EV_FORWARDED:
    case EV_SESSION_GONE:
    case EV_LATE_DROPPED:
        if (j) settle(j);
        break;
    case EV_RESULT_MISSING: given_up(c, j, e); break;
    case EV_CUT:
        if (t && !is_of_the_past(c, t)) cut(c, t, e);
        break;
    case EV_AUDIO_REFUSED:
        if (t && !is_of_the_past(c, t)) t->refused += e->value;
        break;
    case EV_AUDIO_DROPPED:
        if (t && !is_of_the_past(c, t)) t->dropped += e->value;
        break;
    case EV_SESSION_CLOSED:
        if (t && !is_of_the_past(c, t)) closed(c, t, e);
        break;
    default: break;
    }
}

void talkers_free(checker *c) {
    talker *t, *next;
    HASH_ITER (hh, c->talkers, t, next) forget(c, t);
}
