/* jobstore_dual.c - memory decides, and a copy in Redis is written behind it.
 *
 * Two writes without anything that holds them together: between them the instance may end, Redis may be away, or somebody else may
 * have gone on with the job. The copy is late or wrong then, and nobody corrects it; it is only told. The chain waits for the second
 * write, so that for one job the copies are written in order. */
#include "core/base/mem.h"
#include "core/mechanisms/jobstore.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct dual {
    job_store base;
    job_store *memory;
    const char *owner;
    dual_settings settings;
} dual;

/* One operation, from the question to the answer. */
typedef struct step {
    dual *d;
    store_question question;
    store_answer decided;
    int64_t attempt; /* of the job, behind the operation */
    store_done *done;
    void *arg;
} step;

static void finish(step *at, const store_answer *answer) {
    store_done *done = at->done;
    void *arg = at->arg;
    store_answer last;
    if (answer) last = *answer;
    free(at);
    done(arg, answer ? &last : NULL);
}

/* ---- the second write ----------------------------------------------------------------------------------------------- */

static job_state state_behind(const step *at) {
    switch (at->question.op) {
    case STORE_MARK: return JOB_DISPATCHED;
    case STORE_ACCEPT: return JOB_ACCEPTED;
    case STORE_START: return JOB_RUNNING;
    case STORE_COMPLETE: return at->decided.state;
    case STORE_CREATE:
    case STORE_REASSIGN:
    case STORE_FIND:
    case STORE_READ:
    case STORE_OPS: break;
    }
    return JOB_CREATED;
}

static void on_written(void *arg, link_status status, const redis_reply *reply) {
    step *at = arg;
    const dual_settings *settings = &at->d->settings;
    mechanism_answered(&at->d->base.env, SCRIPT_WRITE_JOB_COPY, status, reply);
    if (status != LINK_OK || !reply_says(reply, "OK")) {
        const char *code = status == LINK_OK ? reply_text(reply_at(reply, 0)) : link_status_name(status);
        settings->disagrees(settings->ctx, at->question.job, at->attempt, code);
    }
    finish(at, &at->decided);
}

/* Whose job it is, is told once. */
static void about_arguments(redis_call *call, const store_question *q) {
    char pair[PAIR_MAX + 1];
    call_str(call, q->request);
    call_str(call, q->session);
    call_str(call, lang_pair_text(pair, q->pair));
}

static usec_t ttl_of(const step *at) {
    return at->question.op == STORE_COMPLETE ? at->question.keep : at->d->settings.unfinished_ttl;
}

static void write_copy(step *at) {
    const store_question *q = &at->question;
    const mechanism_env *env = &at->d->base.env;
    job_state state = state_behind(at);
    bool over = state >= JOB_FINISHED, sent = state > JOB_CREATED && !over;
    redis_key key;
    redis_call call;
    call_script(&call, SCRIPT_WRITE_JOB_COPY);
    call_key(&call, key_job_copy(&key, env->keys, q->job));
    call_str(&call, q->job);
    call_int(&call, at->attempt);
    call_str(&call, job_state_name(state));
    call_str(&call, sent ? q->node : "");
    call_str(&call, over ? job_outcome_name(q->outcome) : "");
    call_str(&call, over ? q->code : "");
    call_int(&call, (ttl_of(at) + USEC_PER_MSEC - 1) / USEC_PER_MSEC);
    call_str(&call, at->d->owner);
    if (q->op == STORE_CREATE) about_arguments(&call, q);
    mechanism_call(env, &call, on_written, at);
}

/* ---- jobs of others ------------------------------------------------------------------------------------------------- */

static void on_copy_read(void *arg, link_status status, const redis_reply *reply) {
    step *at = arg;
    mechanism_answered(&at->d->base.env, SCRIPT_NONE, status, reply);
    store_answer answer = {.status = status, .job = "", .state = JOB_STATES};
    job_state_parse(reply_text(reply_at(reply, 0)), &answer.state);
    job_outcome_parse(reply_text(reply_at(reply, 1)), &answer.outcome);
    if (status == LINK_OK) answer.word = answer.state == JOB_STATES ? STORE_GONE : STORE_DONE;
    finish(at, &answer);
}

/* Here, the copy is all that is known. */
static void read_copy(step *at) {
    const mechanism_env *env = &at->d->base.env;
    redis_key key;
    redis_call call;
    call_command(&call, "HMGET");
    call_key(&call, key_job_copy(&key, env->keys, at->question.job));
    call_str(&call, "state");
    call_str(&call, "outcome");
    mechanism_call(env, &call, on_copy_read, at);
}

/* ---- the question --------------------------------------------------------------------------------------------------- */

static void on_decided(void *arg, const store_answer *answer) {
    step *at = arg;
    store_op op = at->question.op;
    if (answer && op == STORE_READ && answer->word == STORE_GONE) {
        read_copy(at);
    } else if (answer && answer->word == STORE_DONE && op != STORE_READ) {
        at->decided = *answer;
        at->decided.job = "";
        at->attempt = at->question.attempt + (op == STORE_REASSIGN);
        write_copy(at);
    } else {
        finish(at, answer);
    }
}

static void ask(job_store *store, const store_question *question, store_done *done, void *arg) {
    dual *d = (dual *)store;
    step *at = mem_zalloc(1, sizeof *at);
    at->d = d;
    at->question = *question;
    at->done = done;
    at->arg = arg;
    job_store_ask(d->memory, question, on_decided, at);
}

static void free_store(job_store *store) {
    dual *d = (dual *)store;
    job_store_free(d->memory);
    free(d);
}

static const store_ops ops = {ask, free_store};

job_store *job_store_dual_new(const mechanism_env *env, job_store *memory, const char *owner,
                              const dual_settings *settings) {
    dual *d = mem_zalloc(1, sizeof *d);
    d->base = (job_store){.ops = &ops, .env = *env};
    d->memory = memory;
    d->owner = owner;
    d->settings = *settings;
    return &d->base;
}
