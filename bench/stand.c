/* stand.c - an engine that stands still, and the queue of answers that the scheduler uses. */
#include "bench/stand.h"

#include <stdio.h>

#include "bench/harness.h"

sched_status stand_open(stand *t, sched_error *err) {
    sched_status status = keyspace_init(&t->keys, NULL, err);
    if (status) return status;
    t->e = engine_new(0);
    t->env = (mechanism_env){.clock = engine_clock(t->e), .timers = engine_timers(t->e), .keys = &t->keys};
    t->env.soon = soon_new(t->env.clock, t->env.timers);
    return SCHED_OK;
}

void stand_close(stand *t) {
    soon_free(t->env.soon);
    engine_free(t->e);
}

void stand_run_answers(const stand *t) {
    engine_run(t->e, engine_now(t->e));
}

/* ---- nodes ---- */

static void ignore_node(void *arg, const node_answer *answer) {
    (void)arg;
    bench_keep((uint64_t)answer->word);
}

void stand_add_nodes(const stand *t, registry *r, int64_t count) {
    char name[ID_MAX + 1], owner[ID_MAX + 1];
    const node_report idle = {0};
    for (int64_t i = 0; i < count; i++) {
        snprintf(name, sizeof name, "node-%08lld", (long long)i);
        snprintf(owner, sizeof owner, "one:%016llx", (unsigned long long)i + 1);
        node_offer offer =
            {.node = name, .owner = owner, .sources = "de en fr", .targets = "de en fr", .slots = 4, .services = ""};
        r->ops->enrol(r, &offer, ignore_node, NULL);
        stand_run_answers(t);
        r->ops->beat(r, name, owner, &idle, ignore_node, NULL);
        stand_run_answers(t);
    }
}

/* ---- jobs ---- */

static void keep_answer(void *arg, const store_answer *answer) {
    int64_t *wrong = arg;
    *wrong += !answer || answer->word != STORE_DONE;
}

void stand_job(const stand *t, job_store *store, int64_t number, int64_t open, int64_t *wrong) {
    static const lang_pair pair = {"de", "en"};
    char job[ID_MAX + 1], request[64], old_job[ID_MAX + 1], old_request[64];
    snprintf(job, sizeof job, "j000-%016llx", (unsigned long long)number);
    snprintf(request, sizeof request, "s-%lld:0:en", (long long)number);
    store_question q = {.op = STORE_CREATE,
                        .job = job,
                        .request = request,
                        .attempt = 1,
                        .owner = "one",
                        .session = "s-1",
                        .pair = &pair,
                        .audio = USEC_PER_SEC,
                        .limit = 10 * USEC_PER_SEC};
    job_store_ask(store, &q, keep_answer, wrong);
    stand_run_answers(t);
    q = (store_question){.op = STORE_MARK,
                         .job = job,
                         .request = request,
                         .attempt = 1,
                         .node = "n1",
                         .limit = USEC_PER_SEC};
    job_store_ask(store, &q, keep_answer, wrong);
    stand_run_answers(t);
    if (number < open) return;
    snprintf(old_job, sizeof old_job, "j000-%016llx", (unsigned long long)(number - open));
    snprintf(old_request, sizeof old_request, "s-%lld:0:en", (long long)(number - open));
    q = (store_question){.op = STORE_COMPLETE,
                         .job = old_job,
                         .request = old_request,
                         .attempt = 1,
                         .outcome = OUTCOME_OK,
                         .code = "",
                         .released = true,
                         .keep = 1};
    job_store_ask(store, &q, keep_answer, wrong);
    stand_run_answers(t);
}
