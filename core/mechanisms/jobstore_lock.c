/* jobstore_lock.c - which request has which job is a binding in Redis; who creates holds a lock on the request meanwhile.
 *
 *     SET lock NX PX │ GET binding │ SET binding PX │ the creation │ unlock_request
 *
 * The lock has a TTL, so that an instance that dies does not keep it. That is its weakness as well: whoever is held up for longer
 * than LOCK_TTL between lock and binding has lost it without knowing, and another may bind the same request. One script that does all of it
 * has no such moment (create_job). */
#include "core/base/mem.h"
#include "core/mechanisms/jobstore.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

enum { LOCK_TTL_MSEC = 1500 };

static const usec_t lock_retry = 50 * USEC_PER_MSEC, lock_patience = 1000 * USEC_PER_MSEC;

typedef struct lock_store lock_store;

/* A request that is being bound, or looked up. */
typedef struct claim {
    lock_store *l;
    store_question question;
    usec_t until; /* it asks for the lock no longer */
    timer_handle timer;
    store_done *done;
    void *arg;
    struct claim *next, *prev; /* while they wait for the lock */
} claim;

struct lock_store {
    job_store base;
    job_store *inner;
    usec_t ttl;
    claim *waiting;
};

static void finish(claim *c, const store_answer *answer) {
    store_done *done = c->done;
    void *arg = c->arg;
    free(c);
    done(arg, answer);
}

static void finish_with(claim *c, link_status status, store_word word, const char *job) {
    store_answer answer = {.status = status, .word = word, .job = job, .state = JOB_STATES};
    finish(c, &answer);
}

static const mechanism_env *env_of(const claim *c) {
    return &c->l->base.env;
}

/* ---- the lock ------------------------------------------------------------------------------------------------------- */

static void on_unlocked(void *arg, link_status status, const redis_reply *reply) {
    lock_store *l = arg;
    mechanism_answered(&l->base.env, SCRIPT_UNLOCK_REQUEST, status, reply);
}

/* Nobody waits for it; a lock that stays has its TTL. */
static void unlock(const claim *c) {
    redis_key key;
    redis_call call;
    call_script(&call, SCRIPT_UNLOCK_REQUEST);
    call_key(&call, key_request_lock(&key, env_of(c)->keys, c->question.request));
    call_str(&call, c->question.job);
    mechanism_call(env_of(c), &call, on_unlocked, c->l);
}

static void try_lock(claim *c);
static void read_binding(claim *c);

static void on_retry(void *arg) {
    claim *c = arg;
    c->timer = 0;
    DL_DELETE(c->l->waiting, c);
    try_lock(c);
}

static void wait_for_lock(claim *c) {
    const mechanism_env *env = env_of(c);
    usec_t now = clock_now(&env->clock);
    if (now + lock_retry > c->until) {
        finish_with(c, LINK_REFUSED, STORE_NOTHING, "");
        return;
    }
    DL_APPEND(c->l->waiting, c);
    c->timer = env->timers.set(env->timers.ctx, now + lock_retry, on_retry, c);
}

static void on_locked(void *arg, link_status status, const redis_reply *reply) {
    claim *c = arg;
    mechanism_answered(env_of(c), SCRIPT_NONE, status, reply);
    if (status != LINK_OK)
        finish_with(c, status, STORE_NOTHING, "");
    else if (reply_is_nil(reply))
        wait_for_lock(c);
    else
        read_binding(c);
}

static void try_lock(claim *c) {
    redis_key key;
    redis_call call;
    call_command(&call, "SET");
    call_key(&call, key_request_lock(&key, env_of(c)->keys, c->question.request));
    call_str(&call, c->question.job);
    call_str(&call, "NX");
    call_str(&call, "PX");
    call_int(&call, LOCK_TTL_MSEC);
    mechanism_call(env_of(c), &call, on_locked, c);
}

/* ---- the binding ---------------------------------------------------------------------------------------------------- */

static void on_created(void *arg, const store_answer *answer) {
    claim *c = arg;
    if (answer) unlock(c);
    finish(c, answer);
}

static void on_bound(void *arg, link_status status, const redis_reply *reply) {
    claim *c = arg;
    mechanism_answered(env_of(c), SCRIPT_NONE, status, reply);
    if (status == LINK_OK) {
        job_store_ask(c->l->inner, &c->question, on_created, c);
        return;
    }
    unlock(c);
    finish_with(c, status, STORE_NOTHING, "");
}

static void bind(claim *c) {
    redis_key key;
    redis_call call;
    call_command(&call, "SET");
    call_key(&call, key_request_binding(&key, env_of(c)->keys, c->question.request));
    call_str(&call, c->question.job);
    call_str(&call, "PX");
    call_int(&call, c->l->ttl / USEC_PER_MSEC);
    mechanism_call(env_of(c), &call, on_bound, c);
}

static void on_read(void *arg, link_status status, const redis_reply *reply) {
    claim *c = arg;
    const char *bound = status == LINK_OK ? reply_text(reply) : "";
    bool creates = c->question.op == STORE_CREATE;
    mechanism_answered(env_of(c), SCRIPT_NONE, status, reply);
    if (status == LINK_OK && creates && (!*bound || !strcmp(bound, c->question.job))) {
        bind(c);
        return;
    }
    if (creates) unlock(c);
    if (status != LINK_OK)
        finish_with(c, status, STORE_NOTHING, "");
    else
        finish_with(c, status, *bound ? STORE_EXISTS : STORE_GONE, bound);
}

static void read_binding(claim *c) {
    redis_key key;
    redis_call call;
    call_command(&call, "GET");
    call_key(&call, key_request_binding(&key, env_of(c)->keys, c->question.request));
    mechanism_call(env_of(c), &call, on_read, c);
}

/* ---- the question --------------------------------------------------------------------------------------------------- */

static void ask(job_store *store, const store_question *question, store_done *done, void *arg) {
    lock_store *l = (lock_store *)store;
    if (question->op != STORE_CREATE && question->op != STORE_FIND) {
        job_store_ask(l->inner, question, done, arg);
        return;
    }
    claim *c = mem_zalloc(1, sizeof *c);
    c->l = l;
    c->question = *question;
    c->until = clock_now(&store->env.clock) + lock_patience;
    c->done = done;
    c->arg = arg;
    if (question->op == STORE_CREATE)
        try_lock(c);
    else
        read_binding(c);
}

static void free_store(job_store *store) {
    lock_store *l = (lock_store *)store;
    job_store_free(l->inner);
    while (l->waiting) {
        claim *c = l->waiting;
        DL_DELETE(l->waiting, c);
        store->env.timers.cancel(store->env.timers.ctx, c->timer);
        finish(c, NULL);
    }
    free(l);
}

static const store_ops ops = {ask, free_store};

job_store *job_store_lock_new(const mechanism_env *env, job_store *inner, usec_t ttl) {
    lock_store *l = mem_zalloc(1, sizeof *l);
    l->base = (job_store){.ops = &ops, .env = *env};
    l->inner = inner;
    l->ttl = ttl;
    return &l->base;
}
