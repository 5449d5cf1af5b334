/* jobstore_memory.c - the state of this instance's jobs, in a hash table of its own.
 *
 * The rules are those of the scripts, so that the same history gets the same answers from either (tests/sim/check_job_stores.c compares
 * them). Nothing is ever due by itself: a deadline is looked at when somebody asks whether it has passed.
 *
 * Finished jobs stand in a list in the order in which they are forgotten, so that each operation can drop what has become too old
 * without looking at anything else. */
#include "core/base/mem.h"
#include "core/mechanisms/jobstore.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>
#include <utlist.h>

typedef struct entry {
    char id[ID_MAX + 1];
    char node[ID_MAX + 1]; /* of the attempt, once it is sent */
    job_state state;
    job_outcome outcome;
    int64_t attempt;
    usec_t due;                /* while it is not finished */
    usec_t forget;             /* when it is */
    struct entry *next, *prev; /* among the finished */
    UT_hash_handle hh;
} entry;

typedef struct memory {
    job_store base;
    entry *jobs;
    entry *finished;
    int64_t finished_count, finished_max;
} memory;

/* ---- what is finished ----------------------------------------------------------------------------------------------- */

static void drop(memory *m, entry *e) {
    if (e->state >= JOB_FINISHED) {
        DL_DELETE(m->finished, e);
        m->finished_count--;
    }
    HASH_DEL(m->jobs, e);
    free(e);
}

static void drop_old(memory *m, usec_t now) {
    while (m->finished && (m->finished->forget <= now || m->finished_count > m->finished_max)) drop(m, m->finished);
}

/* Nearly all are kept equally long, so they come in order; one that is to be forgotten before all others goes to the front. */
static void keep(memory *m, entry *e, usec_t until) {
    e->forget = until;
    m->finished_count++;
    if (m->finished && until < m->finished->forget)
        DL_PREPEND(m->finished, e);
    else
        DL_APPEND(m->finished, e);
}

/* ---- operations ----------------------------------------------------------------------------------------------------- */

static store_answer say(store_word word) {
    return (store_answer){.status = LINK_OK, .word = word, .job = "", .state = JOB_STATES};
}

static store_answer done_until(entry *e, usec_t due) {
    store_answer a = say(STORE_DONE);
    e->due = a.due = due;
    return a;
}

static store_answer stale(const entry *e) {
    store_answer a = say(STORE_STALE);
    a.state = e->state;
    a.attempt = e->attempt;
    return a;
}

static store_answer exists(const entry *e) {
    store_answer a = say(STORE_EXISTS);
    a.job = e->id;
    a.state = e->state;
    a.attempt = e->attempt;
    a.outcome = e->outcome;
    return a;
}

static store_answer not_due(const entry *e) {
    store_answer a = say(STORE_NOT_DUE);
    a.due = e->due;
    return a;
}

static entry *find(const memory *m, const char *id) {
    entry *e;
    HASH_FIND_STR(m->jobs, id, e);
    return e;
}

static store_answer create(memory *m, entry *e, const store_question *q, usec_t now) {
    if (e && (e->state >= JOB_FINISHED || e->attempt >= q->attempt)) return exists(e);
    if (!e) {
        e = mem_zalloc(1, sizeof *e);
        snprintf(e->id, sizeof e->id, "%s", q->job);
        HASH_ADD_STR(m->jobs, id, e);
    }
    e->state = JOB_CREATED;
    e->attempt = q->attempt;
    return done_until(e, now + q->limit);
}

static store_answer mark(entry *e, const store_question *q, usec_t now) {
    bool same = e->attempt == q->attempt;
    if (e->state == JOB_DISPATCHED && same && !strcmp(e->node, q->node)) return done_until(e, e->due);
    if (e->state != JOB_CREATED || !same) return stale(e);
    e->state = JOB_DISPATCHED;
    snprintf(e->node, sizeof e->node, "%s", q->node);
    return done_until(e, now + q->limit);
}

static store_answer advance(entry *e, const store_question *q, job_state to, usec_t now) {
    bool same = e->attempt == q->attempt && !strcmp(e->node, q->node);
    bool sent = e->state != JOB_CREATED && e->state < to;
    if (!same || !sent) return stale(e);
    e->state = to;
    return done_until(e, now + q->limit);
}

static store_answer reassign(entry *e, const store_question *q, usec_t now) {
    if (e->state >= JOB_FINISHED || e->attempt != q->attempt) return stale(e);
    if (q->only_if_due && e->due > now) return not_due(e);
    if (e->attempt >= q->attempts_max) return say(STORE_EXHAUSTED);
    e->state = JOB_CREATED;
    e->attempt++;
    return done_until(e, now + q->limit);
}

static store_answer complete(memory *m, entry *e, const store_question *q, usec_t now) {
    if (e->state >= JOB_FINISHED || e->attempt != q->attempt) {
        store_answer a = stale(e);
        a.outcome = e->outcome;
        return a;
    }
    if (q->only_if_due && e->due > now) return not_due(e);
    e->state = q->released ? JOB_RELEASED : JOB_FINISHED;
    e->outcome = q->outcome;
    keep(m, e, now + q->keep);
    store_answer a = say(STORE_DONE);
    a.state = e->state;
    return a;
}

static store_answer read_state(const entry *e) {
    store_answer a = say(STORE_DONE);
    a.state = e->state;
    a.outcome = e->outcome;
    return a;
}

static store_answer answer_of(memory *m, const store_question *q, usec_t now) {
    if (q->op == STORE_FIND) return say(STORE_GONE);
    entry *e = find(m, q->job);
    if (q->op == STORE_CREATE) return create(m, e, q, now);
    if (!e) return say(STORE_GONE);
    switch (q->op) {
    case STORE_MARK: return mark(e, q, now);
    case STORE_ACCEPT: return advance(e, q, JOB_ACCEPTED, now);
    case STORE_START: return advance(e, q, JOB_RUNNING, now);
    case STORE_REASSIGN: return reassign(e, q, now);
    case STORE_COMPLETE: return complete(m, e, q, now);
    case STORE_READ: return read_state(e);
    case STORE_CREATE:
    case STORE_FIND:
    case STORE_OPS: break;
    }
    assert(false);
    return say(STORE_NOTHING);
}

static void ask(job_store *store, const store_question *question, store_done *done, void *arg) {
    memory *m = (memory *)store;
    usec_t now = clock_now(&store->env.clock);
    drop_old(m, now);
    store_answer answer = answer_of(m, question, now);
    job_store_reply(store, &answer, done, arg);
    work_did(&store->env.work, WORK_STORE, 1);
}

static void free_store(job_store *store) {
    memory *m = (memory *)store;
    entry *e, *next;
    HASH_ITER (hh, m->jobs, e, next) drop(m, e);
    free(m);
}

static const store_ops ops = {ask, free_store};

job_store *job_store_memory_new(const mechanism_env *env, int64_t finished_max) {
    assert(finished_max > 0);
    memory *m = mem_zalloc(1, sizeof *m);
    m->base = (job_store){.ops = &ops, .env = *env};
    m->finished_max = finished_max;
    return &m->base;
}
