/* checker_reservations.c - who holds room on which node, as the events tell it.
 *
 * A reservation stands from RESERVED until UNRESERVED or until the instant it was given for. The grant's own count comes from
 * Redis; comparing it with ours finds what was given back by word only. An answer reaches us later than Redis gave it, so a
 * reservation that expired within the patience of a call may have been counted there.
 *
 * Several instances tell each what they did, and not in the order in which Redis did it. So a count that no event explains is kept as a
 * suspicion for as long as others may still tell, and what was given back is remembered as long. */
#include "sim/measure/checker_internal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "core/base/mem.h"

watched_node *node_seen(checker *c, const char *id) {
    if (!*id) return NULL;
    watched_node *n;
    HASH_FIND_STR(c->nodes, id, n);
    if (n) return n;
    n = mem_zalloc(1, sizeof *n);
    snprintf(n->id, sizeof n->id, "%s", id);
    HASH_ADD_STR(c->nodes, id, n);
    return n;
}

static void drop(reservation *r) {
    if (r->job) DL_DELETE2(r->job->held, r, job_prev, job_next);
    DL_DELETE(r->node->held, r);
    free(r);
}

/* Others may still tell of a count with it. */
static void remember(const checker *c, reservation *r) {
    if (r->until > c->now) r->until = c->now;
    DL_DELETE2(r->job->held, r, job_prev, job_next);
    r->job = NULL;
}

bool reservations_in_doubt(const checker *c, usec_t at) {
    return c->down || at < c->doubt_until;
}

void reservations_outage(checker *c, usec_t at, bool down) {
    c->down = down;
    if (!down) reservations_unknown(c, at);
}

void reservations_unknown(checker *c, usec_t at) {
    usec_t until = at + c->longest_hold + c->rules.patience;
    if (until > c->doubt_until) c->doubt_until = until;
}

/* Those that stand at `at`, and those that may have stood when Redis answered. */
static void count(const checker *c, watched_node *n, usec_t at, int64_t *ret_sure, int64_t *ret_possible) {
    int64_t sure = 0, possible = 0;
    reservation *r, *next;
    DL_FOREACH_SAFE(n->held, r, next) {
        sure += r->until > at;
        possible += r->until > at - c->rules.patience;
        if (r->until <= at - c->rules.patience) drop(r);
    }
    *ret_sure = sure;
    *ret_possible = possible;
}

void node_set_add(node_set *set, const watched_node *n) {
    set->at[set->count++ % ATTEMPTS_SEEN] = n;
}

bool node_set_has(const node_set *set, const watched_node *n) {
    for (int i = 0; i < set->count && i < ATTEMPTS_SEEN; i++)
        if (set->at[i] == n) return true;
    return false;
}

usec_t telling_lag(const checker *c) {
    return c->rules.instances > 1 ? c->rules.patience : 0;
}

/* ---- suspicions ----------------------------------------------------------------------------------------------------- */

static void accuse(checker *c, const suspicion *s) {
    watched_job *j;
    HASH_FIND_STR(c->jobs, s->job, j);
    if (s->kind == VIOLATION_OVER_COMMIT)
        violate(c, s->kind, s->at, j, "node %s holds %" PRId64 " unexpired reservations, its limit is %" PRId64,
                s->node->id, s->value, s->expected);
    else
        violate(c, s->kind, s->at, j,
                "Redis counts %" PRId64 " reservations of node %s, the events account for %" PRId64, s->value,
                s->node->id, s->expected);
}

static void suspect(checker *c, suspicion s) {
    if (!telling_lag(c)) {
        accuse(c, &s);
        return;
    }
    suspicion *kept = mem_alloc(sizeof *kept);
    *kept = s;
    DL_APPEND(c->suspicions, kept);
}

static void dismiss(checker *c, suspicion *s) {
    DL_DELETE(c->suspicions, s);
    free(s);
}

/* Something was told of that node which explains one of those counts. */
static void explain(checker *c, const watched_node *n, violation_kind kind) {
    suspicion *s, *next;
    DL_FOREACH_SAFE(c->suspicions, s, next)
    if (s->node == n && s->kind == kind && --s->excess <= 0) dismiss(c, s);
}

void reservations_tick(checker *c, usec_t now) {
    while (c->suspicions && (c->suspicions->at + telling_lag(c) < now || reservations_in_doubt(c, now))) {
        if (!reservations_in_doubt(c, now)) accuse(c, c->suspicions);
        dismiss(c, c->suspicions);
    }
}

/* ---- reservations --------------------------------------------------------------------------------------------------- */

static reservation *find(const watched_job *j, const watched_node *n, int64_t attempt) {
    reservation *r;
    DL_FOREACH2(j->held, r, job_next) if (r->node == n && r->attempt == attempt) return r;
    return NULL;
}

bool reservation_held(const watched_job *j, const watched_node *n, int64_t attempt) {
    return find(j, n, attempt) != NULL;
}

void reservation_taken(checker *c, watched_job *j, watched_node *n, const sched_event *event) {
    usec_t hold = event->until - event->at;
    if (hold > c->longest_hold) c->longest_hold = hold;
    reservation *r = find(j, n, event->attempt);
    if (!r) explain(c, n, VIOLATION_LEAKED);
    if (!r) {
        r = mem_zalloc(1, sizeof *r);
        *r = (reservation){.node = n, .job = j, .attempt = event->attempt};
        DL_APPEND(n->held, r);
        DL_APPEND2(j->held, r, job_prev, job_next);
    }
    r->until = event->until;
    r->given_for = hold;
    if (reservations_in_doubt(c, event->at)) return;
    int64_t sure, possible, slots = n->slots ? n->slots : event->limit;
    count(c, n, event->at, &sure, &possible);
    suspicion s = {.node = n, .at = event->at};
    snprintf(s.job, sizeof s.job, "%s", j->id);
    if (c->rules.limit && sure > slots) {
        s.kind = VIOLATION_OVER_COMMIT;
        s.value = sure;
        s.expected = slots;
        s.excess = sure - slots;
        suspect(c, s);
    }
    if (!c->rules.counted && event->value > possible) {
        s.kind = VIOLATION_LEAKED;
        s.value = event->value;
        s.expected = possible;
        s.excess = event->value - possible;
        suspect(c, s);
    }
}

void reservation_extended(const watched_job *j, const watched_node *n, int64_t attempt, usec_t until) {
    reservation *r = find(j, n, attempt);
    if (r && until > r->until) r->until = until;
}

void reservation_given_back(checker *c, const char *job_id, watched_node *n, int64_t attempt) {
    reservation *r;
    DL_FOREACH(n->held, r) if (r->job && r->attempt == attempt && !strcmp(r->job->id, job_id)) break;
    if (!r) return;
    explain(c, n, VIOLATION_OVER_COMMIT);
    if (telling_lag(c))
        remember(c, r);
    else
        drop(r);
}

void reservations_must_be_gone(checker *c, const watched_job *j, int64_t attempt, usec_t at) {
    if (reservations_in_doubt(c, at)) return;
    reservation *r;
    DL_FOREACH2(j->held, r, job_next)
    if (r->attempt <= attempt && r->until > at) {
        violate(c, VIOLATION_UNRELEASED, at, j,
                "attempt %" PRId64 " of job %s has ended, but its reservation on node %s stands until %.6f s",
                r->attempt, j->id, r->node->id, (double)(r->until - c->rules.start) / 1e6);
        return;
    }
}

void reservations_forget_job(watched_job *j) {
    reservation *r, *next;
    DL_FOREACH_SAFE2(j->held, r, next, job_next) {
        DL_DELETE2(j->held, r, job_prev, job_next);
        r->job = NULL;
    }
}

void reservations_free(checker *c) {
    while (c->suspicions) dismiss(c, c->suspicions);
    watched_node *n, *next;
    HASH_ITER (hh, c->nodes, n, next) {
        while (n->held) drop(n->held);
        HASH_DEL(c->nodes, n);
        free(n);
    }
}
