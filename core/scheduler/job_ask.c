/* job_ask.c - the questions of the flow to the store of job states. */
#include "core/scheduler/job_flow.h"

static job_store *store_of(scheduler *s) {
    const scheduler_config *config = &s->config;
    return config->job_store == JOB_STORE_MEMORY ? job_store_memory_new(&s->mech, config->jobs_max)
                                                 : job_store_redis_new(&s->mech);
}

void job_store_open(scheduler *s) {
    const scheduler_config *config = &s->config;
    s->store = store_of(s);
    if (config->idempotency == IDEMPOTENCY_LEASE)
        s->store = job_store_lease_new(&s->mech, s->store, config->finished_ttl, 2 * config->jobs_max);
}

static void on_answer(void *arg, const store_answer *answer) {
    job *j = arg;
    j->busy = false;
    if (answer) j->answered(j, answer);
}

void job_ask(job *j, store_question question, job_answered *then) {
    question.job = j->id;
    question.request = j->request;
    if (!question.attempt) question.attempt = j->attempt;
    j->busy = true;
    j->answered = then;
    job_store_ask(j->s->store, &question, on_answer, j);
}
