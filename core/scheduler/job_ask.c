/* job_ask.c - the questions of the flow to the store of job states. */
#include "core/scheduler/job_flow.h"

/* A copy outlives by this what is known of a finished job. */
static const usec_t copy_grace = 300 * USEC_PER_SEC;

static void on_disagreement(void *ctx, const char *job_id, int64_t attempt, const char *code) {
    scheduler *s = ctx;
    if (!s->counts.redis_down)
        log_write(&s->env.log, LOG_WARN, "copy_disagrees", "job=%s attempt=%lld code=%s", job_id, (long long)attempt,
                  code);
    sched_emit(s, (sched_event){.kind = EV_COPY_DISAGREES, .job = job_id, .attempt = attempt, .code = code});
}

static job_store *open_memory(const scheduler *s) {
    return job_store_memory_new(&s->mech, s->config.jobs_max);
}

static job_store *open_dual(scheduler *s) {
    dual_settings settings = {
        .unfinished_ttl = s->config.finished_ttl + copy_grace,
        .disagrees = on_disagreement,
        .ctx = s,
    };
    return job_store_dual_new(&s->mech, open_memory(s), s->instance, &settings);
}

static job_store *open_store(scheduler *s) {
    switch ((job_store_kind)s->config.job_store) {
    case JOB_STORE_MEMORY: return open_memory(s);
    case JOB_STORE_DUAL: return open_dual(s);
    case JOB_STORE_REDIS: break;
    }
    return job_store_redis_new(&s->mech);
}

void job_store_open(scheduler *s) {
    const scheduler_config *config = &s->config;
    s->store = open_store(s);
    if (config->idempotency == IDEMPOTENCY_LEASE)
        s->store = job_store_lease_new(&s->mech, s->store, config->finished_ttl, 2 * config->jobs_max);
    if (config->idempotency == IDEMPOTENCY_LOCK)
        s->store = job_store_lock_new(&s->mech, s->store, config->finished_ttl);
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
