/* registry_redis.c - the operations of a registry as script calls, word for word.
 *
 * A question that waits for Redis is one struct from the heap: who asked, and what the answer repeats. Calls are answered in the order
 * in which they were made, so the order of questions is that of the answers. */
#include "core/mechanisms/registry_redis.h"

#include "core/base/mem.h"
#include "core/mechanisms/registry_counted.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OFFLINE_RETRY_MSEC = 10000, OFFLINE_JOBS_MAX = 1000, MARKS_MAX = 30, MARKS_WINDOW_MSEC = 10000 };

typedef struct asked {
    registry *r;
    void *arg;
    union {
        grant_done *grant;
        confirm_done *confirm;
        release_done *release;
        mark_done *mark;
        node_done *node;
        due_done *due;
    } done;
    char node[ID_MAX + 1];
    char why[16];   /* offline */
    lang_pair pair; /* mark, with the next one */
    char service[SERVICE_MAX + 1];
} asked;

int64_t registry_msec_up(usec_t usec) {
    return (usec + USEC_PER_MSEC - 1) / USEC_PER_MSEC;
}

static asked *asked_new(registry *r, const char *node, void *arg) {
    asked *a = mem_zalloc(1, sizeof *a);
    a->r = r;
    a->arg = arg;
    snprintf(a->node, sizeof a->node, "%s", node);
    return a;
}

static void heard(const asked *a, script_id script, link_status status, const redis_reply *reply) {
    mechanism_answered(&a->r->env, script, status, reply);
}

static usec_t usec_at(const redis_reply *reply, size_t i) {
    return reply_int(reply_at(reply, i)) * USEC_PER_MSEC;
}

/* ---- grants --------------------------------------------------------------------------------------------------------- */

static void on_grant(void *arg, link_status status, const redis_reply *reply) {
    asked *a = arg;
    heard(a, counted_script(&a->r->set, SCRIPT_RESERVE_NODE), status, reply);
    grant_answer answer = {
        .status = status,
        .verdict = grant_verdict_of(status == LINK_OK ? reply : NULL),
        .expiry = usec_at(reply, 3),
    };
    a->done.grant(a->arg, &answer);
    free(a);
}

void registry_redis_grant(registry *r, const grant_question *q, grant_done *done, void *arg) {
    redis_call call;
    asked *a = asked_new(r, q->node, arg);
    a->done.grant = done;
    grant_call(&call, r->env.keys, q);
    call.script = counted_script(&r->set, call.script);
    mechanism_call(&r->env, &call, on_grant, a);
}

static void on_confirm(void *arg, link_status status, const redis_reply *reply) {
    asked *a = arg;
    heard(a, SCRIPT_CONFIRM_RESERVATION, status, reply);
    confirm_answer answer = {.status = status, .why = ""};
    if (status == LINK_OK && reply_says(reply, "OK")) {
        answer.held = true;
        answer.expiry = usec_at(reply, 1);
    } else if (status == LINK_OK) {
        answer.why = reply_text(reply_at(reply, 1));
    }
    a->done.confirm(a->arg, &answer);
    free(a);
}

void registry_redis_confirm(registry *r, const confirm_question *q, confirm_done *done, void *arg) {
    redis_key key;
    redis_call call;
    asked *a = asked_new(r, q->node, arg);
    a->done.confirm = done;
    call_script(&call, SCRIPT_CONFIRM_RESERVATION);
    call_key(&call, key_node(&key, r->env.keys, q->node));
    call_key(&call, key_node_reservations(&key, r->env.keys, q->node));
    call_str(&call, q->job_id);
    call_int(&call, q->attempt);
    call_str(&call, q->owner);
    call_int(&call, q->hold_msec);
    mechanism_call(&r->env, &call, on_confirm, a);
}

static void on_release(void *arg, link_status status, const redis_reply *reply) {
    asked *a = arg;
    heard(a, counted_script(&a->r->set, SCRIPT_RELEASE_RESERVATION), status, reply);
    release_answer answer = {
        .status = status,
        .load = reply_int(reply_at(reply, 1)),
        .node_status = reply_text(reply_at(reply, 2)),
    };
    a->done.release(a->arg, &answer);
    free(a);
}

static const char *const verdict_names[] = {
    [VERDICT_NONE] = "none",
    [VERDICT_SUCCESS] = "success",
    [VERDICT_FAILURE] = "failure",
};

void registry_redis_release(registry *r, const release_question *q, release_done *done, void *arg) {
    redis_key key;
    redis_call call;
    asked *a = asked_new(r, q->node, arg);
    a->done.release = done;
    call_script(&call, counted_script(&r->set, SCRIPT_RELEASE_RESERVATION));
    call_key(&call, key_node_reservations(&key, r->env.keys, q->node));
    call_key(&call, key_node(&key, r->env.keys, q->node));
    call_str(&call, q->job_id);
    call_int(&call, q->attempt);
    call_str(&call, verdict_names[q->says]);
    call_int(&call, registry_msec_up(r->set.trial_pause));
    mechanism_call(&r->env, &call, on_release, a);
}

static void on_mark(void *arg, link_status status, const redis_reply *reply) {
    asked *a = arg;
    heard(a, SCRIPT_MARK_SERVICE, status, reply);
    mark_question question = {.node = a->node, .pair = &a->pair, .service = a->service};
    mark_answer answer = {.question = &question, .marked = status == LINK_OK && reply_says(reply, "MARKED")};
    if (answer.marked) answer.until = usec_at(reply, 1);
    a->done.mark(a->arg, &answer);
    free(a);
}

void registry_redis_mark(registry *r, const mark_question *q, mark_done *done, void *arg) {
    redis_key key;
    redis_call call;
    asked *a = asked_new(r, q->node, arg);
    a->done.mark = done;
    a->pair = *q->pair;
    snprintf(a->service, sizeof a->service, "%s", q->service);
    call_script(&call, SCRIPT_MARK_SERVICE);
    call_key(&call, key_node(&key, r->env.keys, q->node));
    call_key(&call, key_node_marks(&key, r->env.keys, q->node));
    call_str(&call, q->pair->src);
    call_str(&call, q->pair->tgt);
    call_str(&call, a->service);
    call_int(&call, registry_msec_up(r->set.mark_ttl));
    call_int(&call, MARKS_MAX);
    call_int(&call, MARKS_WINDOW_MSEC);
    mechanism_call(&r->env, &call, on_mark, a);
}

/* ---- a node's life -------------------------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    node_word word;
} words[] = {
    {"OK", NODE_OK},
    {"HELD", NODE_HELD},
    {"BUSY", NODE_BUSY},
    {"REASSIGN", NODE_REASSIGN},
    {"READY", NODE_READY},
    {"STALE", NODE_STALE},
    {"GONE", NODE_GONE},
    {"NOTOWNER", NODE_NOT_OWNER},
    {"DRAINING", NODE_DRAINING},
    {"OFFLINE", NODE_OFFLINE},
    {"NOTDUE", NODE_NOT_DUE},
};

static node_word word_of(link_status status, const redis_reply *reply) {
    for (size_t i = 0; status == LINK_OK && i < sizeof words / sizeof *words; i++)
        if (reply_says(reply, words[i].name)) return words[i].word;
    return NODE_NO_WORD;
}

static void tell_node(asked *a, const node_answer *answer) {
    a->done.node(a->arg, answer);
    free(a);
}

/* How calls of a live node begin: its record, its languages, the expiry index, `last_key`, its name and who speaks for it. */
static void begin_node_call(redis_call *call, script_id script, const registry *r, const char *node, const char *owner,
                            const char *last_key) {
    redis_key key;
    call_script(call, script);
    call_key(call, key_node(&key, r->env.keys, node));
    call_key(call, key_node_langs(&key, r->env.keys, node));
    call_key(call, key_node_expiry(&key, r->env.keys, node_bucket(node)));
    call_key(call, last_key);
    call_str(call, node);
    call_str(call, owner);
}

static void on_enrolled(void *arg, link_status status, const redis_reply *reply) {
    asked *a = arg;
    heard(a, SCRIPT_REGISTER_NODE, status, reply);
    node_answer answer = {.status = status, .word = word_of(status, reply)};
    if (answer.word == NODE_OK) answer.version = reply_int(reply_at(reply, 1));
    if (answer.word == NODE_HELD) answer.hold_msec = reply_int(reply_at(reply, 1));
    tell_node(a, &answer);
}

void registry_redis_enrol(registry *r, const node_offer *offer, node_done *done, void *arg) {
    redis_key key;
    redis_call call;
    asked *a = asked_new(r, offer->node, arg);
    a->done.node = done;
    begin_node_call(&call, SCRIPT_REGISTER_NODE, r, offer->node, offer->owner,
                    key_node_hold(&key, r->env.keys, offer->node));
    call_str(&call, offer->sources);
    call_str(&call, offer->targets);
    call_int(&call, offer->slots);
    call_int(&call, registry_msec_up(r->set.node_ttl));
    call_str(&call, offer->services);
    mechanism_call(&r->env, &call, on_enrolled, a);
}

static void on_beat(void *arg, link_status status, const redis_reply *reply) {
    asked *a = arg;
    heard(a, SCRIPT_HEARTBEAT, status, reply);
    node_answer answer = {.status = status, .word = word_of(status, reply)};
    if (answer.word == NODE_OK && !strcmp(reply_text(reply_at(reply, 1)), "DEGRADED")) answer.word = NODE_DEGRADED;
    if (answer.word == NODE_REASSIGN) {
        answer.version = reply_int(reply_at(reply, 1));
        answer.generations = reply_at(reply, 2);
    } else if (answer.word == NODE_DRAINING) {
        answer.load = reply_int(reply_at(reply, 2));
        answer.generations = reply_at(reply, 3);
    }
    if (!a->r->ops->pools) answer.generations = NULL;
    tell_node(a, &answer);
}

void registry_redis_beat(registry *r, const char *node, const char *owner, const node_report *report, node_done *done,
                         void *arg) {
    redis_key key;
    redis_call call;
    asked *a = asked_new(r, node, arg);
    a->done.node = done;
    begin_node_call(&call, SCRIPT_HEARTBEAT, r, node, owner, key_node_reservations(&key, r->env.keys, node));
    call_int(&call, registry_msec_up(r->set.node_ttl));
    call_int(&call, (int64_t)report->cpu);
    call_int(&call, (int64_t)report->gpu);
    call_int(&call, (int64_t)report->mem);
    call_int(&call, report->running_jobs);
    call_int(&call, report->unready ? 0 : 1);
    call_int(&call, registry_msec_up(r->set.ready_limit));
    if (!r->ops->pools) call_int(&call, 0);
    mechanism_call(&r->env, &call, on_beat, a);
    if (r->set.overwritten_counter) counted_overwrite(r, node, report->running_jobs);
}

static void on_assigned(void *arg, link_status status, const redis_reply *reply) {
    asked *a = arg;
    heard(a, SCRIPT_NODE_ASSIGNED, status, reply);
    tell_node(a, &(node_answer){.status = status, .word = word_of(status, reply)});
}

void registry_redis_assigned(registry *r, const char *node, const char *owner, int64_t version, node_done *done,
                             void *arg) {
    redis_key key;
    redis_call call;
    asked *a = asked_new(r, node, arg);
    a->done.node = done;
    call_script(&call, SCRIPT_NODE_ASSIGNED);
    call_key(&call, key_node(&key, r->env.keys, node));
    call_key(&call, key_node_langs(&key, r->env.keys, node));
    call_str(&call, owner);
    call_int(&call, version);
    if (!r->ops->pools) call_int(&call, 0);
    mechanism_call(&r->env, &call, on_assigned, a);
}

static void on_drained(void *arg, link_status status, const redis_reply *reply) {
    asked *a = arg;
    heard(a, SCRIPT_DRAIN_NODE, status, reply);
    node_answer answer = {.status = status, .word = word_of(status, reply)};
    answer.was_offline = answer.word == NODE_OK && !strcmp(reply_text(reply_at(reply, 1)), "offline");
    tell_node(a, &answer);
}

void registry_redis_drain(registry *r, const char *node, const char *owner, node_done *done, void *arg) {
    redis_key key;
    redis_call call;
    asked *a = asked_new(r, node, arg);
    a->done.node = done;
    call_script(&call, SCRIPT_DRAIN_NODE);
    call_key(&call, key_node(&key, r->env.keys, node));
    call_key(&call, key_node_hold(&key, r->env.keys, node));
    call_str(&call, owner);
    call_int(&call, 0);
    call_str(&call, "");
    mechanism_call(&r->env, &call, on_drained, a);
}

/* ---- a node's end --------------------------------------------------------------------------------------------------- */

/* "job attempt" each. */
static held_attempt *held_of(const redis_reply *members, size_t *ret_count) {
    size_t count = 0, most = reply_count(members);
    held_attempt *held = mem_zalloc(most ? most : 1, sizeof *held);
    for (size_t i = 0; i < most; i++)
        if (sscanf(reply_text(reply_at(members, i)), "%64s %" SCNd64, held[count].job, &held[count].attempt) == 2)
            count++;
    *ret_count = count;
    return held;
}

static void on_offline(void *arg, link_status status, const redis_reply *reply) {
    asked *a = arg;
    heard(a, SCRIPT_NODE_OFFLINE, status, reply);
    node_answer answer = {.status = status, .word = word_of(status, reply), .node = a->node, .why = a->why};
    held_attempt *held = NULL;
    if (answer.word == NODE_OFFLINE) {
        answer.version = reply_int(reply_at(reply, 1));
        answer.generations = a->r->ops->pools ? reply_at(reply, 3) : NULL;
        answer.held = held = held_of(reply_at(reply, 4), &answer.held_count);
    }
    tell_node(a, &answer);
    free(held);
}

void registry_redis_offline(registry *r, const char *node, const char *owner, const char *why, node_done *done,
                            void *arg) {
    redis_key key;
    redis_call call;
    asked *a = asked_new(r, node, arg);
    a->done.node = done;
    snprintf(a->why, sizeof a->why, "%s", why);
    call_script(&call, SCRIPT_NODE_OFFLINE);
    call_key(&call, key_node(&key, r->env.keys, node));
    call_key(&call, key_node_langs(&key, r->env.keys, node));
    call_key(&call, key_node_reservations(&key, r->env.keys, node));
    call_key(&call, key_node_expiry(&key, r->env.keys, node_bucket(node)));
    call_str(&call, node);
    call_str(&call, owner);
    call_int(&call, OFFLINE_RETRY_MSEC);
    call_int(&call, OFFLINE_JOBS_MAX);
    mechanism_call(&r->env, &call, on_offline, a);
}

static void on_forgotten(void *arg, link_status status, const redis_reply *reply) {
    registry *r = arg;
    mechanism_answered(&r->env, SCRIPT_FORGET_NODE, status, reply);
}

void registry_redis_forget(registry *r, const char *node, int64_t version) {
    redis_key key;
    redis_call call;
    call_script(&call, SCRIPT_FORGET_NODE);
    call_key(&call, key_node(&key, r->env.keys, node));
    call_key(&call, key_node_langs(&key, r->env.keys, node));
    call_key(&call, key_node_reservations(&key, r->env.keys, node));
    call_key(&call, key_node_expiry(&key, r->env.keys, node_bucket(node)));
    call_str(&call, node);
    call_int(&call, version);
    mechanism_call(&r->env, &call, on_forgotten, r);
}

static void on_due(void *arg, link_status status, const redis_reply *reply) {
    asked *a = arg;
    heard(a, SCRIPT_NONE, status, reply);
    size_t count = reply_count(reply);
    const char **nodes = mem_zalloc(count ? count : 1, sizeof *nodes);
    for (size_t i = 0; i < count; i++) nodes[i] = reply_text(reply_at(reply, i));
    if (count) a->done.due(a->arg, nodes, count);
    free(nodes);
    free(a);
}

void registry_redis_due(registry *r, unsigned bucket, due_done *done, void *arg) {
    redis_key key;
    redis_call call;
    asked *a = asked_new(r, "", arg);
    a->done.due = done;
    call_command(&call, "ZRANGEBYSCORE");
    call_key(&call, key_node_expiry(&key, r->env.keys, bucket));
    call_str(&call, "-inf");
    call_int(&call, clock_now(&r->env.clock) / USEC_PER_MSEC);
    call_str(&call, "LIMIT");
    call_int(&call, 0);
    call_int(&call, r->set.reap_batch);
    mechanism_call(&r->env, &call, on_due, a);
}
