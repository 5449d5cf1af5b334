/* model_missing.c - a node lacks a model: it is marked, and gets no job of that pair for a while (registry.h).
 *
 * direct   the job's way waits for the mark, and everybody who fails asks for one
 * queued   the job goes on at once. Marks are asked for OUT_MAX at a time; what was told of the same node, pair and service within
 *          DEBOUNCE is not told again, and what does not fit into the queue is dropped: the next failure tells it. So a storm of
 *          failures (a hot model that a hundred nodes lose at once) costs no more than its nodes.
 *
 * How often one node may be marked is the registry's rule, because several instances hear of it. */
#include "core/base/mem.h"
#include "core/scheduler/job_flow.h"
#include "core/scheduler/node_flow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#define DEBOUNCE (5 * USEC_PER_SEC)

enum { OUT_MAX = 8, WAITING_MAX = 1000, KEPT_MAX = 4000, NAME_LEN = ID_MAX + PAIR_MAX + SERVICE_MAX + 3 };

typedef struct missing_model {
    char name[NAME_LEN]; /* node, pair and service, by spaces */
    char node[ID_MAX + 1];
    lang_pair pair;
    char service[SERVICE_MAX + 1];
    scheduler *s;
    usec_t told;
    struct missing_model *next, *prev; /* of those that wait, or of those that were told */
    UT_hash_handle hh;
} missing_model;

struct missing_models {
    missing_model *all;            /* by name */
    missing_model *waiting, *kept; /* in the order in which they came, were told */
    int waiting_count, kept_count, out;
    int64_t dropped;
    struct waiting_job *direct;
};

static missing_models *missing_of(scheduler *s) {
    if (!s->missing) s->missing = mem_zalloc(1, sizeof *s->missing);
    return s->missing;
}

static void on_marked(scheduler *s, const mark_answer *answer) {
    const mark_question *asked = answer->question;
    if (!answer->marked) return;
    sched_emit(s, (sched_event){.kind = EV_NODE_MARKED,
                                .node = asked->node,
                                .pair = asked->pair,
                                .code = asked->service,
                                .until = answer->until});
}

/* What the node names must fit into the mark; one that names nothing lacks something all the same. */
static const char *service_of(const char *text) {
    size_t len = text ? strlen(text) : 0;
    return len > 0 && len <= SERVICE_MAX && len == strcspn(text, " \t\r\n\v\f") ? text : "unknown";
}

/* ---- direct --------------------------------------------------------------------------------------------------------- */

/* The job may end meanwhile, or have its next attempt. */
typedef struct waiting_job {
    scheduler *s;
    char job[ID_MAX + 1];
    int64_t attempt;
    struct waiting_job *next, *prev;
} waiting_job;

static void on_direct(void *arg, const mark_answer *answer) {
    waiting_job w = *(waiting_job *)arg;
    DL_DELETE(w.s->missing->direct, (waiting_job *)arg);
    free(arg);
    on_marked(w.s, answer);
    job *j = job_find(w.s, w.job);
    if (j && j->attempt == w.attempt) job_note(j, NOTE_RESULT);
}

static void mark_first(job *j, const mark_question *question) {
    waiting_job *w = mem_zalloc(1, sizeof *w);
    *w = (waiting_job){.s = j->s, .attempt = j->attempt};
    memcpy(w->job, j->id, sizeof w->job);
    DL_APPEND(missing_of(j->s)->direct, w);
    j->s->registry->ops->mark(j->s->registry, question, on_direct, w);
}

/* ---- queued --------------------------------------------------------------------------------------------------------- */

static void ask_next(scheduler *s);

static void forget(missing_models *q, missing_model *m) {
    DL_DELETE(q->kept, m);
    q->kept_count--;
    HASH_DEL(q->all, m);
    free(m);
}

static void keep(missing_models *q, missing_model *m) {
    m->told = sched_now(m->s);
    DL_APPEND(q->kept, m);
    if (++q->kept_count > KEPT_MAX) forget(q, q->kept);
}

static void on_queued(void *arg, const mark_answer *answer) {
    missing_model *m = arg;
    scheduler *s = m->s;
    s->missing->out--;
    on_marked(s, answer);
    keep(s->missing, m);
    ask_next(s);
}

static void ask_next(scheduler *s) {
    missing_models *q = s->missing;
    while (q->waiting && q->out < OUT_MAX) {
        missing_model *m = q->waiting;
        DL_DELETE(q->waiting, m);
        q->waiting_count--;
        q->out++;
        mark_question question = {m->node, &m->pair, m->service};
        s->registry->ops->mark(s->registry, &question, on_queued, m);
    }
}

static missing_models *queue_of(scheduler *s) {
    missing_of(s);
    while (s->missing->kept && sched_now(s) - s->missing->kept->told >= DEBOUNCE) forget(s->missing, s->missing->kept);
    return s->missing;
}

static void drop(missing_models *q, scheduler *s, const char *name) {
    if (q->dropped++ % WAITING_MAX) return;
    log_write(&s->env.log, LOG_WARN, "model_missing_full", "waiting=%d dropped=%lld name=\"%s\"", q->waiting_count,
              (long long)q->dropped, name);
}

static void enqueue(scheduler *s, const mark_question *question) {
    missing_models *q = queue_of(s);
    missing_model *m;
    char name[NAME_LEN], pair[PAIR_MAX + 1];
    snprintf(name, sizeof name, "%s %s %s", question->node, lang_pair_text(pair, question->pair), question->service);
    HASH_FIND_STR(q->all, name, m);
    if (m) return;
    if (q->waiting_count == WAITING_MAX) {
        drop(q, s, name);
        return;
    }
    m = mem_zalloc(1, sizeof *m);
    m->s = s;
    m->pair = *question->pair;
    memcpy(m->name, name, sizeof m->name);
    snprintf(m->node, sizeof m->node, "%s", question->node);
    snprintf(m->service, sizeof m->service, "%s", question->service);
    HASH_ADD_STR(q->all, name, m);
    DL_APPEND(q->waiting, m);
    q->waiting_count++;
    ask_next(s);
}

/* ---- both ----------------------------------------------------------------------------------------------------------- */

void model_missing(job *j, const char *service) {
    mark_question question = {j->node, &j->pair, service_of(service)};
    if (j->s->config.model_missing == MODEL_MISSING_DIRECT) {
        mark_first(j, &question);
    } else {
        enqueue(j->s, &question); /* before the next attempt's grant is asked for */
        job_note(j, NOTE_RESULT);
    }
}

void model_missing_free(scheduler *s) {
    missing_model *m, *next;
    waiting_job *w, *after;
    if (!s->missing) return;
    DL_FOREACH_SAFE(s->missing->direct, w, after) free(w);
    HASH_ITER (hh, s->missing->all, m, next) {
        HASH_DEL(s->missing->all, m);
        free(m);
    }
    free(s->missing);
}
