/* jobstore_redis.c - every operation is one script, and Redis alone knows the state.
 *
 * Scripts answer with a word and values behind it; a table says which word means what. Nothing is kept here but whom to answer. */
#include "core/base/mem.h"
#include "core/mechanisms/jobstore.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

typedef struct asked {
    job_store *store;
    store_op op;
    store_done *done;
    void *arg;
} asked;

static const script_id scripts_of[STORE_OPS] = {
    [STORE_CREATE] = SCRIPT_CREATE_JOB,
    [STORE_MARK] = SCRIPT_MARK_DISPATCHED,
    [STORE_ACCEPT] = SCRIPT_ACCEPT_JOB,
    [STORE_START] = SCRIPT_START_JOB,
    [STORE_REASSIGN] = SCRIPT_FAILOVER_REASSIGN,
    [STORE_COMPLETE] = SCRIPT_COMPLETE_TASK,
    [STORE_FIND] = SCRIPT_NONE,
    [STORE_READ] = SCRIPT_NONE,
};

static const struct {
    const char *text;
    store_word word;
} words[] = {
    {"OK", STORE_DONE},     {"CREATED", STORE_DONE}, {"RETRY", STORE_DONE},          {"EXISTS", STORE_EXISTS},
    {"STALE", STORE_STALE}, {"LOST", STORE_STALE},   {"EXHAUSTED", STORE_EXHAUSTED}, {"NOTDUE", STORE_NOT_DUE},
    {"GONE", STORE_GONE},
};

static store_word word_of(const redis_reply *reply) {
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (reply_says(reply, words[i].text)) return words[i].word;
    return STORE_NOTHING;
}

static usec_t due_of(const redis_reply *reply, size_t i) {
    return reply_int(reply_at(reply, i)) * USEC_PER_MSEC;
}

static job_state state_of(const redis_reply *reply, size_t i) {
    job_state state = JOB_STATES;
    job_state_parse(reply_text(reply_at(reply, i)), &state);
    return state;
}

static job_outcome outcome_of(const redis_reply *reply, size_t i) {
    job_outcome outcome = OUTCOME_NONE;
    job_outcome_parse(reply_text(reply_at(reply, i)), &outcome);
    return outcome;
}

/* What stands behind the word. */
static void take_values(store_answer *answer, store_op op, const redis_reply *reply) {
    switch (answer->word) {
    case STORE_DONE:
        if (op == STORE_COMPLETE)
            answer->state = state_of(reply, 1);
        else
            answer->due = due_of(reply, op == STORE_REASSIGN ? 2 : 1);
        break;
    case STORE_EXISTS:
        answer->job = reply_text(reply_at(reply, 1));
        answer->state = state_of(reply, 2);
        answer->outcome = outcome_of(reply, 3);
        answer->attempt = reply_int(reply_at(reply, 4));
        break;
    case STORE_STALE:
        answer->state = state_of(reply, 1);
        answer->attempt = reply_int(reply_at(reply, 2));
        if (op == STORE_COMPLETE) answer->outcome = outcome_of(reply, 3);
        break;
    case STORE_NOT_DUE: answer->due = due_of(reply, 1); break;
    case STORE_NOTHING:
    case STORE_EXHAUSTED:
    case STORE_GONE: break;
    }
}

static void take_command(store_answer *answer, store_op op, const redis_reply *reply) {
    if (op == STORE_FIND) {
        answer->job = reply_text(reply);
        answer->word = *answer->job ? STORE_EXISTS : STORE_GONE;
    } else {
        answer->state = state_of(reply, 0);
        answer->outcome = outcome_of(reply, 1);
        answer->word = answer->state == JOB_STATES ? STORE_GONE : STORE_DONE;
    }
}

static void on_answer(void *arg, link_status status, const redis_reply *reply) {
    asked a = *(asked *)arg;
    free(arg);
    script_id script = scripts_of[a.op];
    store_answer answer = {.status = status, .job = "", .state = JOB_STATES};
    mechanism_answered(&a.store->env, script, status, reply);
    answer.full = status == LINK_ERROR && !strncmp(reply_text(reply), "OOM ", 4);
    if (status == LINK_OK && script == SCRIPT_NONE) {
        take_command(&answer, a.op, reply);
    } else if (status == LINK_OK) {
        answer.word = word_of(reply);
        take_values(&answer, a.op, reply);
    }
    a.done(a.arg, &answer);
}

static int64_t msec_up(usec_t usec) {
    return (usec + USEC_PER_MSEC - 1) / USEC_PER_MSEC;
}

static void call_of_script(redis_call *call, const keyspace *keys, const store_question *q) {
    bool binds = q->op == STORE_CREATE || q->op == STORE_COMPLETE;
    redis_key key;
    call_script(call, scripts_of[q->op]);
    call_key(call, key_job(&key, keys, q->job));
    if (binds) call_key(call, key_request(&key, keys, q->request));
    call_key(call, key_job_deadlines(&key, keys, job_bucket_of_request(q->request)));
    call_str(call, q->job);
}

static void create_arguments(redis_call *call, const store_question *q) {
    char pair[PAIR_MAX + 1];
    call_str(call, q->request);
    call_str(call, q->owner);
    call_str(call, q->session);
    call_int(call, (int64_t)q->utterance);
    call_str(call, lang_pair_text(pair, q->pair));
    call_int(call, msec_up(q->audio));
    call_int(call, msec_up(q->limit));
    call_int(call, q->attempt);
}

static void node_arguments(redis_call *call, const store_question *q) {
    call_int(call, q->attempt);
    call_str(call, q->node);
    call_int(call, msec_up(q->limit));
}

static void reassign_arguments(redis_call *call, const store_question *q) {
    call_int(call, q->attempt);
    call_int(call, q->attempts_max);
    call_int(call, msec_up(q->limit));
    call_int(call, q->only_if_due ? 1 : 0);
}

static void complete_arguments(redis_call *call, const store_question *q) {
    call_int(call, q->attempt);
    call_str(call, job_outcome_name(q->outcome));
    call_str(call, q->code);
    call_int(call, q->released ? 1 : 0);
    call_int(call, msec_up(q->keep));
    call_int(call, q->only_if_due ? 1 : 0);
}

static void find_arguments(redis_call *call, const keyspace *keys, const store_question *q) {
    redis_key key;
    call_command(call, "GET");
    call_key(call, key_request(&key, keys, q->request));
}

static void read_arguments(redis_call *call, const keyspace *keys, const store_question *q) {
    redis_key key;
    call_command(call, "HMGET");
    call_key(call, key_job(&key, keys, q->job));
    call_str(call, "state");
    call_str(call, "outcome");
}

static void call_of(redis_call *call, const keyspace *keys, const store_question *q) {
    if (scripts_of[q->op] != SCRIPT_NONE) call_of_script(call, keys, q);
    switch (q->op) {
    case STORE_CREATE: create_arguments(call, q); break;
    case STORE_MARK:
    case STORE_ACCEPT:
    case STORE_START: node_arguments(call, q); break;
    case STORE_REASSIGN: reassign_arguments(call, q); break;
    case STORE_COMPLETE: complete_arguments(call, q); break;
    case STORE_FIND: find_arguments(call, keys, q); break;
    case STORE_READ: read_arguments(call, keys, q); break;
    case STORE_OPS: assert(false);
    }
}

static void ask(job_store *store, const store_question *question, store_done *done, void *arg) {
    redis_call call;
    asked *a = mem_alloc(sizeof *a);
    *a = (asked){store, question->op, done, arg};
    call_of(&call, store->env.keys, question);
    mechanism_call(&store->env, &call, on_answer, a);
}

static void free_store(job_store *store) {
    free(store);
}

static const store_ops ops = {ask, free_store};

job_store *job_store_redis_new(const mechanism_env *env) {
    job_store *store = mem_alloc(sizeof *store);
    *store = (job_store){.ops = &ops, .env = *env};
    return store;
}
