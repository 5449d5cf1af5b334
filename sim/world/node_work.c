/* node_work.c - the jobs in a node: a first-in-first-out queue behind its slots.
 *
 * A job occupies one slot for recognition, translation and speech in a row. The node remembers the jobs it holds and the
 * last few that left, by the hash of their names, and refuses one that it has seen. */
#include "sim/world/internal.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "core/base/hash.h"
#include "core/base/mem.h"

static void start_next(node *n);

/* ---- service time --------------------------------------------------------------------------------------------------- */

static double stage_draw(const stage_time *stage, usec_t length, rng *r) {
    return rng_gamma(r, stage->rtf * (double)length + (double)stage->overhead, stage->cv);
}

static usec_t service_draw(node *n, usec_t length) {
    const service_time *service = &n->group->service;
    double total = stage_draw(&service->asr, length, &n->service);
    total += stage_draw(&service->nmt, length, &n->service);
    total += stage_draw(&service->tts, length, &n->service);
    return (usec_t)(total * node_slowness(n) / n->group->speed + 0.5);
}

/* ---- memory --------------------------------------------------------------------------------------------------------- */

static task *find(task *list, const char *job) {
    task *t;
    DL_FOREACH(list, t) if (!strcmp(t->job, job)) return t;
    return NULL;
}

static bool has_seen(const node *n, const char *job) {
    if (find(n->running, job) || find(n->queued, job)) return true;
    uint64_t hash = hash_text(job);
    for (int i = 0; n->recent && i < IDS_REMEMBERED; i++)
        if (n->recent[i].job == hash) return true;
    return false;
}

static bool speaks(const task *list, uint64_t spoken) {
    const task *t;
    DL_FOREACH(list, t) if (t->spoken == spoken) return true;
    return false;
}

static bool has_heard(const node *n, uint64_t spoken) {
    if (speaks(n->running, spoken) || speaks(n->queued, spoken)) return true;
    for (int i = 0; n->recent && i < IDS_REMEMBERED; i++)
        if (n->recent[i].spoken == spoken) return true;
    return false;
}

static void remember(node *n, const char *job, uint64_t spoken) {
    if (!n->recent) n->recent = mem_zalloc(IDS_REMEMBERED, sizeof *n->recent);
    n->recent[n->recent_next] = (past_job){hash_text(job), spoken};
    n->recent_next = (n->recent_next + 1) % IDS_REMEMBERED;
}

/* ---- what it says --------------------------------------------------------------------------------------------------- */

static void tell(node *n, trace_kind kind, const char *job, int64_t attempt, int64_t value, usec_t length) {
    node_tell(n, (trace_event){.kind = kind, .job = job, .attempt = attempt, .value = value, .length = length});
}

static message *about(node *n, message_kind kind, const char *job, int64_t attempt) {
    message *m = message_new(n->w, kind, node_conn_token(n));
    m->attempt = attempt;
    memcpy(m->job, job, strlen(job) + 1);
    return m;
}

static message *result(node *n, const task *t, job_outcome outcome) {
    message *m = about(n, MSG_RESULT, t->job, t->attempt);
    m->outcome = outcome;
    return m;
}

/* ---- the work ------------------------------------------------------------------------------------------------------- */

static void leave_slot(node *n, task *t) {
    DL_DELETE(n->running, t);
    n->busy--;
    remember(n, t->job, t->spoken);
}

/* Unless the process that made it has ended. */
static void say_late(void *arg) {
    message *m = arg;
    node *n = &m->w->nodes[m->value];
    if (n->life == m->utterance && n->alive)
        node_say(n, m);
    else
        message_free(m);
}

static void answer_twice(node *n, const task *t) {
    tell(n, TRACE_NODE_EMPTY, t->job, t->attempt, 0, 0);
    node_say(n, result(n, t, OUTCOME_NO_TEXT));
    message *full = result(n, t, OUTCOME_OK);
    full->value = n->index;
    full->utterance = n->life;
    engine_at(n->w->env.engine, world_now(n->w) + n->group->empty_gap, say_late, full);
}

static void finish(void *arg) {
    task *t = arg;
    node *n = t->n;
    usec_t now = world_now(n->w);
    leave_slot(n, t);
    tell(n, TRACE_NODE_FINISHED, t->job, t->attempt, n->busy, now - t->begun);
    if (rng_chance(&n->quirks, n->group->empty_first))
        answer_twice(n, t);
    else
        node_say(n, result(n, t, OUTCOME_OK));
    pool_give(n->w->tasks, t);
    start_next(n);
    node_idle(n);
}

static void start(node *n, task *t) {
    usec_t now = world_now(n->w);
    DL_APPEND(n->running, t);
    n->busy++;
    t->begun = now;
    t->ends = now + service_draw(n, t->speech);
    t->timer = engine_at(n->w->env.engine, t->ends, finish, t);
    tell(n, TRACE_NODE_STARTED, t->job, t->attempt, n->busy, 0);
    if (n->group->starts) node_say(n, about(n, MSG_STARTED, t->job, t->attempt));
}

static void start_next(node *n) {
    task *t = n->queued;
    if (!t || n->busy >= n->group->slots) return;
    DL_DELETE(n->queued, t);
    n->waiting--;
    start(n, t);
}

static void reject(node *n, const message *assign, job_failure why) {
    node_tell(n, (trace_event){.kind = TRACE_NODE_REJECTED,
                               .job = assign->job,
                               .attempt = assign->attempt,
                               .code = why.code});
    message *m = about(n, MSG_RESULT, assign->job, assign->attempt);
    m->outcome = OUTCOME_FAILED;
    m->service = why.service;
    snprintf(m->code, sizeof m->code, "%s", why.code);
    node_say(n, m);
}

static const char *refusal(const node *n, const message *assign) {
    if (has_seen(n, assign->job)) return "DUPLICATE_JOB_ID";
    if (n->group->strict && has_heard(n, assign->spoken)) return "DUPLICATE_UTTERANCE_INDEX";
    bool full = n->busy >= n->group->slots && n->waiting >= n->group->queue;
    return n->leaving || full ? "NODE_OVERLOADED" : NULL;
}

static void take(node *n, const message *assign, bool starts) {
    task *t = pool_take(n->w->tasks);
    *t = (task){.n = n, .attempt = assign->attempt, .speech = assign->speech, .spoken = assign->spoken};
    memcpy(t->job, assign->job, sizeof t->job);
    if (n->group->acks) node_say(n, about(n, MSG_ACK, t->job, t->attempt));
    if (starts) {
        start(n, t);
    } else {
        DL_APPEND(n->queued, t);
        n->waiting++;
    }
}

void work_take(node *n, const message *assign) {
    bool starts = n->busy < n->group->slots;
    job_failure why = {refusal(n, assign), NULL};
    bool refused = why.code, failed = !refused && node_fails(n, assign, &why);
    bool queues = !starts && !refused && !failed;
    tell(n, TRACE_NODE_RECEIVED, assign->job, assign->attempt, n->waiting + queues, 0);
    if (failed) remember(n, assign->job, assign->spoken);
    if (refused || failed)
        reject(n, assign, why);
    else
        take(n, assign, starts);
}

void work_cancel(node *n, const message *cancel) {
    task *t = find(n->running, cancel->job);
    bool running = t != NULL;
    if (!t) t = find(n->queued, cancel->job);
    if (!t || t->attempt != cancel->attempt) return;
    if (running) {
        engine_cancel(n->w->env.engine, t->timer);
        leave_slot(n, t);
    } else {
        DL_DELETE(n->queued, t);
        n->waiting--;
        remember(n, t->job, t->spoken);
    }
    node_tell(n, (trace_event){.kind = TRACE_NODE_CANCELLED,
                               .job = t->job,
                               .attempt = t->attempt,
                               .value = n->busy,
                               .code = cancel->code});
    pool_give(n->w->tasks, t);
    start_next(n);
    node_idle(n);
}

/* ---- faults --------------------------------------------------------------------------------------------------------- */

void work_pause(node *n) {
    usec_t now = world_now(n->w);
    task *t;
    DL_FOREACH(n->running, t) {
        engine_cancel(n->w->env.engine, t->timer);
        t->timer = 0;
        t->ends -= now;
    }
}

void work_resume(node *n) {
    usec_t now = world_now(n->w);
    task *t;
    DL_FOREACH(n->running, t) {
        t->ends += now;
        t->timer = engine_at(n->w->env.engine, t->ends, finish, t);
    }
}

static void lose_all(node *n, task **list) {
    task *t, *next;
    DL_FOREACH_SAFE(*list, t, next) {
        DL_DELETE(*list, t);
        engine_cancel(n->w->env.engine, t->timer);
        tell(n, TRACE_NODE_LOST, t->job, t->attempt, 0, 0);
        pool_give(n->w->tasks, t);
    }
}

void work_lose(node *n) {
    n->busy = n->waiting = 0;
    lose_all(n, &n->running);
    lose_all(n, &n->queued);
    free(n->recent);
    n->recent = NULL;
    n->recent_next = 0;
}
