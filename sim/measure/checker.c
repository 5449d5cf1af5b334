/* checker.c - the life of each job, replayed from the events, and the sums over all of them.
 *
 * The table of transitions is spelled here a second time on purpose: a mistake in core/domain/job.c would otherwise approve
 * itself. A test compares the two.
 *
 * Invariant: in_flight is the number of jobs in the table whose state is before FINISHED. */
#include "sim/measure/checker_internal.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "core/base/mem.h"

#define LOST_AFTER (5 * USEC_PER_SEC)

static const char *const state_names[] = {"CREATED", "DISPATCHED", "ACCEPTED", "RUNNING", "FINISHED", "RELEASED"};

static double seconds(const checker *c, usec_t at) {
    return (double)(at - c->rules.start) / 1e6;
}

/* ---- the books ------------------------------------------------------------------------------------------------------ */

static watched_job *job_seen(const checker *c, const char *id) {
    watched_job *j = NULL;
    if (*id) HASH_FIND_STR(c->jobs, id, j);
    return j;
}

static void forget_job(checker *c, watched_job *j) {
    reservations_forget_job(j);
    talkers_forget_job(j);
    HASH_DEL(c->jobs, j);
    free(j);
}

static void forget_finished(checker *c, usec_t ended_before) {
    while (c->finished && c->finished->ended < ended_before) {
        watched_job *j = c->finished;
        DL_DELETE(c->finished, j);
        forget_job(c, j);
    }
}

static void check_sums(checker *c, usec_t at) {
    uint64_t ended = 0;
    for (int o = OUTCOME_NONE + 1; o < JOB_OUTCOMES; o++) ended += c->by_outcome[o];
    if (c->submitted != c->refused + c->created)
        violate(c, VIOLATION_SUMS, at, NULL, "submitted %" PRIu64 " is not refused %" PRIu64 " + created %" PRIu64,
                c->submitted, c->refused, c->created);
    if (c->created != ended + c->in_flight + c->gone)
        violate(c, VIOLATION_SUMS, at, NULL, "created %" PRIu64 " is not finished %" PRIu64 " + in flight %" PRIu64,
                c->created, ended + c->gone, c->in_flight);
}

static void find_lost(checker *c, usec_t now) {
    watched_job *j, *next;
    HASH_ITER (hh, c->jobs, j, next) {
        usec_t since = j->due > c->calls_failed ? j->due : c->calls_failed;
        if (j->state >= SEEN_FINISHED || j->lost || now <= since + LOST_AFTER) continue;
        j->lost = true;
        violate(c, VIOLATION_LOST, now, j, "job %s is %s, attempt %" PRId64 ", and its last deadline was at %.6f s",
                j->id, state_names[j->state], j->attempt, seconds(c, j->due));
    }
}

static void tick(checker *c, usec_t at) {
    check_sums(c, at);
    find_lost(c, at);
    reservations_tick(c, at);
    forget_finished(c, at - FINISHED_KEPT);
    talkers_tick(c, at);
}

/* ---- the life of a job ---------------------------------------------------------------------------------------------- */

static void created(checker *c, watched_job *j, const sched_event *e) {
    c->created++;
    c->in_flight++;
    if (j) {
        violate(c, VIOLATION_TRANSITION, e->at, j, "job %s is created a second time", j->id);
        return;
    }
    j = mem_zalloc(1, sizeof *j);
    snprintf(j->id, sizeof j->id, "%s", e->job);
    j->attempt = e->attempt;
    j->due = e->until;
    j->process = c->teller;
    HASH_ADD_STR(c->jobs, id, j);
}

static bool may_reach(watched_state from, watched_state to) {
    switch (to) {
    case SEEN_CREATED: return from < SEEN_FINISHED;
    case SEEN_DISPATCHED: return from == SEEN_CREATED;
    case SEEN_ACCEPTED: return from == SEEN_DISPATCHED;
    case SEEN_RUNNING: return from == SEEN_DISPATCHED || from == SEEN_ACCEPTED;
    case SEEN_FINISHED: return from < SEEN_FINISHED;
    case SEEN_RELEASED: return from == SEEN_FINISHED;
    }
    return false;
}

static void move_to(checker *c, watched_job *j, watched_state to, const sched_event *e) {
    bool unseen = j->orphan && j->state < SEEN_FINISHED;
    if (!may_reach(j->state, to) && !unseen)
        violate(c, VIOLATION_TRANSITION, e->at, j, "job %s goes from %s to %s", j->id, state_names[j->state],
                state_names[to]);
    j->state = to;
}

static void check_attempt(checker *c, const watched_job *j, int64_t expected, const sched_event *e) {
    if (e->attempt != expected && !(j->orphan && e->attempt > expected))
        violate(c, VIOLATION_ATTEMPT, e->at, j, "job %s: %s of attempt %" PRId64 ", expected attempt %" PRId64, j->id,
                sched_event_name(e->kind), e->attempt, expected);
}

static void dispatched(checker *c, watched_job *j, const watched_node *n, const sched_event *e) {
    if (j->state >= SEEN_FINISHED) {
        violate(c, VIOLATION_DISPATCH, e->at, j, "job %s is dispatched after its end", j->id);
        return;
    }
    check_attempt(c, j, j->attempt, e);
    if (j->orphan) j->attempt = e->attempt;
    move_to(c, j, SEEN_DISPATCHED, e);
    if (!reservation_held(j, n, e->attempt) && !j->orphan)
        violate(c, VIOLATION_DISPATCH, e->at, j,
                "job %s is dispatched to node %s, which holds no reservation for attempt %" PRId64, j->id, e->node,
                e->attempt);
    reservation_extended(j, n, e->attempt, e->value * USEC_PER_MSEC);
    if (node_set_has(&j->failed, n) && !j->orphan)
        violate(c, VIOLATION_REPEATED, e->at, j, "job %s is dispatched to node %s, at which it has failed before",
                j->id, e->node);
    talkers_dispatched(c, j, n, e->at);
    j->dispatched = n;
    j->worked = false;
    j->due = e->until;
}

static void advanced(checker *c, watched_job *j, const watched_node *n, const sched_event *e) {
    check_attempt(c, j, j->attempt, e);
    move_to(c, j, e->kind == EV_ACCEPTED ? SEEN_ACCEPTED : SEEN_RUNNING, e);
    if (n != j->dispatched && !j->orphan)
        violate(c, VIOLATION_ATTEMPT, e->at, j, "job %s: %s by node %s, but it was dispatched to %s", j->id,
                sched_event_name(e->kind), e->node, j->dispatched ? j->dispatched->id : "nobody");
    j->due = e->until;
}

static void begin_again(const checker *c, watched_job *j, const sched_event *e) {
    j->process = c->teller;
    j->state = SEEN_CREATED;
    j->attempt = e->attempt;
    j->dispatched = NULL;
    j->worked = false;
    j->due = e->at + c->rules.pending_limit;
}

static void retried(checker *c, watched_job *j, const sched_event *e) {
    check_attempt(c, j, j->attempt + 1, e);
    reservations_must_be_gone(c, j, j->attempt, e->at);
    if (j->state >= SEEN_FINISHED) {
        violate(c, VIOLATION_TRANSITION, e->at, j, "job %s is retried after its end", j->id);
        return;
    }
    if (j->dispatched) node_set_add(&j->failed, j->dispatched);
    begin_again(c, j, e);
}

/* Redis had lost the job. Reservations are gone with it, or expire. */
static void made_again(checker *c, watched_job *j, const sched_event *e) {
    check_attempt(c, j, j->attempt + 1, e);
    if (j->state >= SEEN_FINISHED)
        violate(c, VIOLATION_TRANSITION, e->at, j, "job %s is made again after its end", j->id);
    else
        begin_again(c, j, e);
}

/* Only work that was really done, there and then, may end a job well. */
static void check_result(checker *c, const watched_job *j, const watched_node *n, const sched_event *e) {
    bool result = e->outcome == OUTCOME_OK || e->outcome == OUTCOME_NO_TEXT;
    if (!result || j->orphan || (j->dispatched && j->dispatched == n && j->worked && e->attempt == j->attempt)) return;
    violate(c, VIOLATION_STALE_END, e->at, j,
            "job %s ends %s by attempt %" PRId64 " on node %s; attempt %" PRId64 " was dispatched to %s, which has %s",
            j->id, job_outcome_name(e->outcome), e->attempt, e->node, j->attempt,
            j->dispatched ? j->dispatched->id : "nobody",
            j->worked ? "finished its work" : "not finished any work on it");
}

static void finished(checker *c, watched_job *j, const watched_node *n, const sched_event *e) {
    if (j->state >= SEEN_FINISHED) {
        violate(c, VIOLATION_DOUBLE_END, e->at, j, "job %s finishes a second time, now %s", j->id,
                job_outcome_name(e->outcome));
        return;
    }
    check_result(c, j, n, e);
    if (e->outcome != OUTCOME_OK && e->outcome != OUTCOME_NO_TEXT) check_attempt(c, j, j->attempt, e);
    j->state = SEEN_FINISHED;
    j->ended = e->at;
    c->by_outcome[e->outcome]++;
    c->in_flight--;
    DL_APPEND(c->finished, j);
}

/* A job that nobody here follows may be released long after we have forgotten it. */
static void released(checker *c, watched_job *j, const sched_event *e) {
    if (!j) return;
    move_to(c, j, SEEN_RELEASED, e);
    reservations_must_be_gone(c, j, j->attempt, e->at);
}

static void reserved(checker *c, watched_job *j, watched_node *n, const sched_event *e) {
    check_attempt(c, j, j->attempt, e);
    if (!n) return;
    if (n->draining && e->at >= n->drains_since + telling_lag(c) && !reservation_held(j, n, e->attempt))
        violate(c, VIOLATION_DRAINING, e->at, j, "job %s is given to node %s, which drains", j->id, n->id);
    reservation_taken(c, j, n, e);
}

/* ---- events --------------------------------------------------------------------------------------------------------- */

static bool needs_job(sched_event_kind kind) {
    return kind == EV_RESERVED || kind == EV_DISPATCHED || kind == EV_ACCEPTED || kind == EV_STARTED ||
           kind == EV_RETRY || kind == EV_FINISHED || kind == EV_DEPENDENCY_LOST || kind == EV_ADOPTED;
}

/* The call that creates a job may happen although the core was never told. */
static bool may_be_stranger(const checker *c, const sched_event *e) {
    bool failed = e->kind == EV_FINISHED && e->outcome == OUTCOME_FAILED;
    return (failed || (c->shaky && needs_job(e->kind))) && e->at < c->strangers_until;
}

static void take_core(checker *c, const sched_event *e, watched_job *j, watched_node *n) {
    if (!j && may_be_stranger(c, e)) return;
    if (!j && needs_job(e->kind)) {
        violate(c, VIOLATION_UNKNOWN_JOB, e->at, NULL, "%s of job %s, which is not known", sched_event_name(e->kind),
                e->job);
        return;
    }
    if (job_is_told_late(c, j, e)) {
        if (e->kind == EV_RESERVED && n) reservation_taken(c, j, n, e);
        if (e->kind == EV_UNRESERVED && n) reservation_given_back(c, e->job, n, e->attempt);
        if (e->kind != EV_RELEASED && e->kind != EV_FINISHED) return;
    }
    switch (e->kind) {
    case EV_SUBMITTED: c->submitted++; break;
    case EV_REFUSED: c->refused++; break;
    case EV_CREATED: created(c, j, e); break;
    case EV_RESERVED: reserved(c, j, n, e); break;
    case EV_EXTENDED:
        if (j) reservation_extended(j, n, e->attempt, e->until);
        break;
    case EV_UNRESERVED:
        if (n) reservation_given_back(c, e->job, n, e->attempt);
        break;
    case EV_DISPATCHED: dispatched(c, j, n, e); break;
    case EV_ACCEPTED:
    case EV_STARTED: advanced(c, j, n, e); break;
    case EV_ADOPTED:
    case EV_RETRY: retried(c, j, e); break;
    case EV_FINISHED: finished(c, j, n, e); break;
    case EV_RELEASED: released(c, j, e); break;
    case EV_DEPENDENCY_LOST: made_again(c, j, e); break;
    case EV_REDIS:
        reservations_unknown(c, e->at);
        if (e->at > c->calls_failed) c->calls_failed = e->at;
        strangers_may_come(c, e->at);
        break;
    case EV_REDIS_DOWN:
    case EV_REDIS_BACK:
        if (e->until > c->calls_failed) c->calls_failed = e->until; /* deadlines rest until then */
        reservations_outage(c, e->at, e->kind == EV_REDIS_DOWN);
        break;
    case EV_NODE_REGISTERED:
    case EV_NODE_DRAINING:
        if (!n) break;
        n->draining = e->kind == EV_NODE_DRAINING;
        n->drains_since = e->at;
        break;
    default: break;
    }
}

static void take_world(checker *c, const trace_event *e, watched_job *j, watched_node *n) {
    switch (e->kind) {
    case TRACE_SESSION_OPENED:
    case TRACE_SESSION_CLOSED:
    case TRACE_CLIENT_SENT:
    case TRACE_CLIENT_RESENT:
    case TRACE_CLIENT_ANSWERED:
    case TRACE_CLIENT_HEARD:
    case TRACE_CLIENT_MISSED:
    case TRACE_CLIENT_CLOSES:
    case TRACE_SOUND_CAME:
    case TRACE_SESSION_LOST:
        answers_take(c, e);
        talkers_take(c, e);
        break;
    case TRACE_CLIENT_KNOWN:
    case TRACE_INSTANCE_DOWN:
    case TRACE_FAULT_BEGIN:
    case TRACE_FAULT_END: instances_take(c, e, j); break;
    case TRACE_NODE_FINISHED:
        if (j && j->dispatched == n && j->attempt == e->attempt) j->worked = true;
        break;
    case TRACE_NODE_UP:
        if (n) n->slots = e->value;
        break;
    default: break;
    }
}

static void on_event(void *ctx, const trace_event *event) {
    checker *c = ctx;
    while (event->at >= c->tick) {
        tick(c, c->tick);
        c->tick += c->rules.bin;
    }
    const sched_event *core = event->kind == TRACE_CORE ? event->core : NULL;
    c->now = event->at;
    c->teller = process_of(event->instance);
    watched_job *j = job_seen(c, core ? core->job : event->job);
    watched_node *n = node_seen(c, core ? core->node : event->node);
    history_add(c, j, event, n);
    if (core)
        take_core(c, core, j, n);
    else
        take_world(c, event, j, n);
    if (core && core->kind == EV_CREATED && !j && (j = job_seen(c, core->job)))
        j->history[j->events++ % JOB_HISTORY] = c->run[(c->events - 1) % RUN_HISTORY].event;
    if (core) {
        answers_take_core(c, core);
        talkers_take_core(c, core, j);
    }
}

/* ---- the checker ---------------------------------------------------------------------------------------------------- */

checker *checker_new(const checker_rules *rules) {
    assert(rules->bin > 0);
    checker *c = mem_zalloc(1, sizeof *c);
    c->rules = *rules;
    c->tick = rules->start + rules->bin;
    return c;
}

checker *checker_free(checker *c) {
    if (!c) return NULL;
    watched_job *j, *next;
    HASH_ITER (hh, c->jobs, j, next) forget_job(c, j);
    reservations_free(c);
    answers_free(c);
    talkers_free(c);
    for (size_t i = 0; i < c->violation_count; i++) free(c->violations[i].history);
    free(c);
    return NULL;
}

trace_sink checker_sink(checker *c) {
    return (trace_sink){on_event, c};
}

void checker_end(checker *c, usec_t now, bool drained) {
    tick(c, now);
    if (!drained) return;
    if (c->in_flight > 0)
        violate(c, VIOLATION_UNDRAINED, now, NULL, "%" PRIu64 " jobs are left although nothing is under way any more",
                c->in_flight);
    answers_end(c, now);
    talkers_end(c, now);
}

void checker_data(checker *c, usec_t at, const char *finding) {
    violate(c, VIOLATION_DATA, at, NULL, "%s", finding);
}

bool checker_broken(const checker *c) {
    return c->violation_count > 0;
}

size_t checker_violations(const checker *c) {
    return c->violation_count;
}

const violation *checker_violation(const checker *c, size_t i) {
    assert(i < c->violation_count);
    return &c->violations[i];
}

uint64_t checker_gone(const checker *c) {
    return c->gone;
}

uint64_t checker_count(const checker *c, violation_kind kind) {
    return c->counts[kind];
}
