/* job_lives.c - one entry for each job, and two more tables by what a request asked for and by who took whose place.
 *
 * Why not the checker's books: they excuse and accuse, and forget a job a minute after its end. What Redis keeps longer must be known
 * longer here, and nothing here is a promise.
 *
 * A request is known by (session, utterance, target), because an answer names no job that it replaces. */
#include "sim/measure/job_lives.h"

#include <stdio.h>
#include <stdlib.h>
#include <uthash.h>
#include <utlist.h>

#include "core/base/hash.h"
#include "core/base/mem.h"

typedef struct life {
    job_life told;
    uint64_t process; /* that follows it */
    uint64_t request;
    usec_t caught;           /* the end of its instance; 0: it lived on */
    struct life *next_ended; /* in the order of their ends */
    UT_hash_handle hh;       /* by id */
} life;

/* A request that was asked, and its last job. */
typedef struct asked {
    uint64_t request;
    life *job;   /* NULL: forgotten */
    bool caught; /* by the end of an instance, and not answered well since */
    UT_hash_handle hh;
} asked;

/* An instance that ended, until another process works in its place. */
typedef struct vacancy {
    int64_t place;
    usec_t since;
    uint64_t process; /* that took it; 0: none yet */
    struct vacancy *next;
} vacancy;

struct job_lives {
    lives_rules rules;
    lives_counts counts;
    life *lives;
    life *ended, *ended_last; /* a queue */
    asked *requests;
    vacancy *vacancies;
};

static uint64_t process_of(const char *instance_id) {
    return instance_id && *instance_id ? hash_text(instance_id) : 0;
}

static uint64_t request_of(const char *session, uint64_t utterance, const lang_pair *pair) {
    char text[ID_MAX + LANG_MAX + 32];
    snprintf(text, sizeof text, "%s %llu %s", session, (unsigned long long)utterance, pair ? pair->tgt : "");
    return hash_text(text);
}

/* ---- the tables ----------------------------------------------------------------------------------------------------- */

static life *find(const job_lives *l, const char *id) {
    life *j = NULL;
    if (id && *id) HASH_FIND_STR(l->lives, id, j);
    return j;
}

static asked *find_request(const job_lives *l, uint64_t request) {
    asked *a;
    HASH_FIND(hh, l->requests, &request, sizeof request, a);
    return a;
}

static asked *request_seen(job_lives *l, uint64_t request) {
    asked *a = find_request(l, request);
    if (a) return a;
    a = mem_zalloc(1, sizeof *a);
    a->request = request;
    HASH_ADD(hh, l->requests, request, sizeof a->request, a);
    return a;
}

static void forget_request(job_lives *l, asked *a) {
    HASH_DEL(l->requests, a);
    free(a);
}

static void forget(job_lives *l, life *j) {
    asked *a = find_request(l, j->request);
    if (a && a->job == j) {
        a->job = NULL;
        if (!a->caught) forget_request(l, a);
    }
    HASH_DEL(l->lives, j);
    free(j);
}

static void forget_old(job_lives *l, usec_t now) {
    while (l->ended && l->ended->told.at + l->rules.kept < now) {
        life *j = l->ended;
        l->ended = j->next_ended;
        forget(l, j);
    }
    if (!l->ended) l->ended_last = NULL;
}

/* Also of a job that was made without anybody being told. */
static life *seen(job_lives *l, const char *id, uint64_t process) {
    life *j = find(l, id);
    if (j) return j;
    j = mem_zalloc(1, sizeof *j);
    snprintf(j->told.id, sizeof j->told.id, "%s", id);
    j->told.attempt = 1;
    j->process = process;
    HASH_ADD_STR(l->lives, told.id, j);
    return j;
}

/* ---- the life of a job ---------------------------------------------------------------------------------------------- */

static void created(job_lives *l, const sched_event *e, uint64_t process) {
    life *j = seen(l, e->job, process);
    j->request = request_of(e->session, e->utterance, e->pair);
    j->told.attempt = e->attempt;
    asked *a = request_seen(l, j->request);
    l->counts.twice += a->job && a->job != j && a->job->told.state != LIFE_GONE;
    a->job = j;
}

static void goes_on(job_lives *l, const sched_event *e, uint64_t process) {
    life *j = seen(l, e->job, process);
    j->told.attempt = e->attempt;
    j->process = process;
}

static void ended(job_lives *l, const sched_event *e, uint64_t process) {
    life *j = *e->job ? seen(l, e->job, process) : NULL;
    if (!j || j->told.state != LIFE_UNDER_WAY) return;
    j->told.state = LIFE_ENDED;
    j->told.outcome = e->outcome;
    j->told.at = e->at;
    if (l->ended_last)
        l->ended_last->next_ended = j;
    else
        l->ended = j;
    l->ended_last = j;
    if (!j->caught) return;
    l->counts.caught_ok += e->outcome == OUTCOME_OK || e->outcome == OUTCOME_NO_TEXT;
    if (e->at - j->caught > l->counts.caught_last) l->counts.caught_last = e->at - j->caught;
}

static void looked_up(job_lives *l, const sched_event *e, uint64_t process) {
    const life *j = find(l, e->job);
    if (!j || j->process == process) return;
    l->counts.asked_elsewhere++;
    l->counts.unknown_elsewhere += !strcmp(e->code, "unknown");
}

/* ---- the end of an instance ----------------------------------------------------------------------------------------- */

static void catch_job(job_lives *l, life *j, usec_t at) {
    l->counts.caught++;
    j->caught = at;
    if (j->request) request_seen(l, j->request)->caught = true;
    if (l->rules.jobs_survive) return;
    j->told.state = LIFE_GONE;
    j->told.at = at;
}

static void down(job_lives *l, const trace_event *e) {
    uint64_t process = process_of(e->instance);
    life *j, *next;
    vacancy *v = mem_zalloc(1, sizeof *v);
    *v = (vacancy){.place = e->value, .since = e->at};
    LL_PREPEND(l->vacancies, v);
    l->counts.ends++;
    HASH_ITER (hh, l->lives, j, next)
        if (j->process == process && j->told.state == LIFE_UNDER_WAY && !j->caught) catch_job(l, j, e->at);
}

static void up(job_lives *l, const trace_event *e) {
    vacancy *v;
    LL_FOREACH(l->vacancies, v)
    if (v->place == e->value) v->process = process_of(e->instance);
}

static void dispatched(job_lives *l, usec_t at, uint64_t process) {
    vacancy *v, *next;
    LL_FOREACH_SAFE(l->vacancies, v, next) {
        if (v->process != process) continue;
        usec_t took = at - v->since;
        l->counts.resumed++;
        l->counts.resume_sum += took;
        if (took > l->counts.resume_max) l->counts.resume_max = took;
        LL_DELETE(l->vacancies, v);
        free(v);
    }
}

static void answered(job_lives *l, const trace_event *e) {
    if (e->outcome != OUTCOME_OK && e->outcome != OUTCOME_NO_TEXT) return;
    asked *a = find_request(l, request_of(e->session, e->utterance, e->pair));
    if (!a || !a->caught) return;
    l->counts.caught_answered++;
    a->caught = false;
    if (!a->job) forget_request(l, a);
}

/* ---- events --------------------------------------------------------------------------------------------------------- */

static void take_core(job_lives *l, const sched_event *e, uint64_t process) {
    switch (e->kind) {
    case EV_CREATED: created(l, e, process); break;
    case EV_RETRY:
    case EV_ADOPTED:
    case EV_DEPENDENCY_LOST: goes_on(l, e, process); break;
    case EV_DISPATCHED: dispatched(l, e->at, process); break;
    case EV_RESULT_SENT:
    case EV_FINISHED: ended(l, e, process); break;
    case EV_LOOKED_UP: looked_up(l, e, process); break;
    default: break;
    }
}

static void take(void *ctx, const trace_event *e) {
    job_lives *l = ctx;
    forget_old(l, e->at);
    switch (e->kind) {
    case TRACE_CORE: take_core(l, e->core, process_of(e->instance)); break;
    case TRACE_INSTANCE_DOWN: down(l, e); break;
    case TRACE_INSTANCE_UP: up(l, e); break;
    case TRACE_CLIENT_ANSWERED: answered(l, e); break;
    default: break;
    }
}

/* ---- the rest ------------------------------------------------------------------------------------------------------- */

job_lives *job_lives_new(const lives_rules *rules) {
    job_lives *l = mem_zalloc(1, sizeof *l);
    l->rules = *rules;
    return l;
}

job_lives *job_lives_free(job_lives *l) {
    if (!l) return NULL;
    life *j, *next_life;
    HASH_ITER (hh, l->lives, j, next_life) {
        HASH_DEL(l->lives, j);
        free(j);
    }
    asked *a, *next_request;
    HASH_ITER (hh, l->requests, a, next_request) forget_request(l, a);
    vacancy *v, *next;
    LL_FOREACH_SAFE(l->vacancies, v, next) free(v);
    free(l);
    return NULL;
}

trace_sink job_lives_sink(job_lives *l) {
    return (trace_sink){take, l};
}

const lives_counts *job_lives_counts(const job_lives *l) {
    return &l->counts;
}

const job_life *job_lives_find(const job_lives *l, const char *job_id) {
    const life *j = find(l, job_id);
    return j ? &j->told : NULL;
}

void job_lives_each(const job_lives *l, void (*visit)(void *ctx, const job_life *life), void *ctx) {
    for (const life *j = l->lives; j; j = j->hh.next) visit(ctx, &j->told);
}
