/* job_ask.c - the questions of the flow to the store of job states. */
#include "core/scheduler/job_flow.h"

void job_store_open(scheduler *s) {
    s->store = job_store_redis_new(&s->mech);
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
