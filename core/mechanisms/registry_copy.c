/* registry_copy.c - every instance reads every node, again and again, and proposes out of what it has read.
 *
 * The record in Redis is the truth and grants; the copy only has to be good enough to ask the right node first. It is read bucket by
 * bucket, evenly over `copy_refresh`, so that a fleet is no burst: the names in the bucket's expiry index, then the record and the
 * reservations of each, and its languages when the registration is another one. That is two calls for each node and instance in each
 * round, whether anybody speaks or not: the price of this registry.
 *
 * Between two reads the copy follows what this instance does itself: grants under way count as load, and what a grant or a release
 * answers is newer than what was read. Answers come in the order of the calls, so the latest one is right. What other instances place
 * meanwhile is not seen; with many of them the least loaded node is the same one for all.
 *
 * A refusal corrects the copy, or the same node would be the best one until it is read again. */
#include "core/mechanisms/node_choice.h"
#include "core/mechanisms/node_rules.h"
#include "core/mechanisms/registry_redis.h"

#include "core/base/mem.h"
#include "core/mechanisms/registry_counted.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

typedef struct registry_copy {
    registry base;
    node_table *table;
    uint64_t questions, rounds;
    timer_handle timer;
    unsigned bucket;
    known_node *of_bucket[NODE_BUCKETS];
    int reading[NODE_BUCKETS]; /* calls under way */
} registry_copy;

/* A call about one node, or about a bucket. */
typedef struct reading {
    registry_copy *c;
    unsigned bucket;
    char node[ID_MAX + 1];
    int64_t version; /* whose languages are read */
} reading;

static int64_t now_of(const registry_copy *c) {
    return clock_now(&c->base.env.clock) / USEC_PER_MSEC;
}

/* ---- reading -------------------------------------------------------------------------------------------------------- */

static void drop_node(registry_copy *c, known_node *n) {
    DL_DELETE2(c->of_bucket[node_bucket(n->id)], n, before, behind);
    node_table_remove(c->table, n);
}

static known_node *node_for(registry_copy *c, const char *id) {
    known_node *n = node_table_find(c->table, id);
    if (n) return n;
    n = node_table_add(c->table, id);
    DL_APPEND2(c->of_bucket[node_bucket(id)], n, before, behind);
    return n;
}

static void ask(registry_copy *c, const redis_call *call, link_callback *done, unsigned bucket, const char *node,
                int64_t version) {
    reading *r = mem_zalloc(1, sizeof *r);
    *r = (reading){.c = c, .bucket = bucket, .version = version};
    snprintf(r->node, sizeof r->node, "%s", node);
    c->reading[bucket]++;
    mechanism_call(&c->base.env, call, done, r);
}

/* NULL when the node has left the copy since, or nothing was answered. */
static known_node *heard(const reading *r, link_status status, const redis_reply *reply) {
    r->c->reading[r->bucket]--;
    mechanism_answered(&r->c->base.env, SCRIPT_NONE, status, reply);
    return status == LINK_OK ? node_table_find(r->c->table, r->node) : NULL;
}

/* "sources|targets", as the record keeps them. */
static void take_languages(registry_copy *c, known_node *n, const char *offer, int64_t version) {
    char sources[LANG_LIST_TEXT_MAX];
    const char *bar = strchr(offer, '|');
    if (!bar || (size_t)(bar - offer) >= sizeof sources) return; /* it was registered again: the next round reads it */
    memcpy(sources, offer, (size_t)(bar - offer));
    sources[bar - offer] = '\0';
    if (node_table_set_languages(c->table, n, sources, bar + 1)) n->version = version;
}

static void on_languages(void *arg, link_status status, const redis_reply *reply) {
    reading *r = arg;
    known_node *n = heard(r, status, reply);
    if (n) take_languages(r->c, n, reply_text(reply), r->version);
    free(r);
}

static void read_languages(registry_copy *c, const known_node *n, int64_t version) {
    redis_key key;
    redis_call call;
    call_command(&call, "HGET");
    call_key(&call, key_node_langs(&key, c->base.env.keys, n->id));
    call_int(&call, version);
    ask(c, &call, on_languages, node_bucket(n->id), n->id, version);
}

static const char *const fields[] = {"ver", "status", "slots", "up", "trial", "cpu", "gpu", "mem", "running"};

static int64_t field(const redis_reply *record, size_t i) {
    return reply_int(reply_at(record, i));
}

static void take_record(registry_copy *c, known_node *n, const redis_reply *record) {
    int64_t version = field(record, 0);
    if (!known_status_parse(reply_text(reply_at(record, 1)), &n->status)) { /* it is gone */
        drop_node(c, n);
        return;
    }
    n->slots = field(record, 2);
    n->up = field(record, 3) != 0;
    n->trial = field(record, 4);
    n->cpu = field(record, 5);
    n->gpu = field(record, 6);
    n->mem = field(record, 7);
    n->running = field(record, 8);
    work_did(&c->base.env.work, WORK_COPY, 1);
    if (version == n->version) return;
    if (n->version) node_rules_absolve(n);
    read_languages(c, n, version);
}

static void on_record(void *arg, link_status status, const redis_reply *reply) {
    reading *r = arg;
    known_node *n = heard(r, status, reply);
    if (n) take_record(r->c, n, reply);
    free(r);
}

static void on_reserved(void *arg, link_status status, const redis_reply *reply) {
    reading *r = arg;
    known_node *n = heard(r, status, reply);
    if (n) n->reserved = reply_int(reply);
    free(r);
}

static void read_node(registry_copy *c, unsigned bucket, const char *id) {
    redis_key key;
    redis_call call;
    call_command(&call, "HMGET");
    call_key(&call, key_node(&key, c->base.env.keys, id));
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) call_str(&call, fields[i]);
    ask(c, &call, on_record, bucket, id, 0);
    if (c->base.set.counted_reservations) {
        counted_load_call(&call, &c->base, id);
    } else {
        call_command(&call, "ZCOUNT");
        call_key(&call, key_node_reservations(&key, c->base.env.keys, id));
        call_int(&call, now_of(c));
        call_str(&call, "+inf");
    }
    ask(c, &call, on_reserved, bucket, id, 0);
}

/* Whom the index does not name any more has left. */
static void take_members(registry_copy *c, unsigned bucket, const redis_reply *members) {
    known_node *n, *next;
    uint64_t round = ++c->rounds;
    for (size_t i = 0; i < reply_count(members); i++) {
        const char *id = reply_text(reply_at(members, i));
        if (strlen(id) > ID_MAX || node_bucket(id) != bucket) continue;
        node_for(c, id)->seen = round;
        read_node(c, bucket, id);
    }
    DL_FOREACH_SAFE2(c->of_bucket[bucket], n, next, behind) {
        if (n->seen != round) drop_node(c, n);
    }
}

static void on_members(void *arg, link_status status, const redis_reply *reply) {
    reading *r = arg;
    heard(r, status, reply);
    if (status == LINK_OK) take_members(r->c, r->bucket, reply);
    free(r);
}

/* One whose last visit is not answered yet is left alone: there are never more calls than nodes. */
static void visit(registry_copy *c, unsigned bucket) {
    redis_key key;
    redis_call call;
    if (c->reading[bucket]) return;
    call_command(&call, "ZRANGE");
    call_key(&call, key_node_expiry(&key, c->base.env.keys, bucket));
    call_int(&call, 0);
    call_int(&call, -1);
    ask(c, &call, on_members, bucket, "", 0);
}

static void set_timer(registry_copy *c);

static void on_timer(void *arg) {
    registry_copy *c = arg;
    visit(c, c->bucket);
    c->bucket = (c->bucket + 1) % NODE_BUCKETS;
    set_timer(c);
}

static void set_timer(registry_copy *c) {
    const mechanism_env *env = &c->base.env;
    usec_t pause = c->base.set.copy_refresh / NODE_BUCKETS;
    c->timer = env->timers.set(env->timers.ctx, clock_now(&env->clock) + pause, on_timer, c);
}

/* ---- proposing and granting ----------------------------------------------------------------------------------------- */

static void propose(registry *r, const proposal_question *q, proposal_done *done, void *arg) {
    registry_copy *c = (registry_copy *)r;
    node_choice choice;
    size_t count;
    node_choice_begin(&choice, r, c->table, q, ++c->questions);
    known_node *const *nodes = node_table_of_pair(c->table, q->pair, &count);
    for (size_t i = 0; i < count; i++) node_choice_look(&choice, nodes[i]);
    node_choice_answer(&choice, done, arg);
}

typedef struct granting {
    registry_copy *c;
    char node[ID_MAX + 1], job[ID_MAX + 1];
    int64_t attempt;
    lang_pair pair;
    bool dry;
    grant_done *done;
    void *arg;
} granting;

static void correct_resource(known_node *n, const char *which, int64_t percent) {
    if (!strcmp(which, "cpu")) n->cpu = percent;
    if (!strcmp(which, "gpu")) n->gpu = percent;
    if (!strcmp(which, "mem")) n->mem = percent;
}

static void correct(registry_copy *c, known_node *n, const granting *g, const grant_verdict *v) {
    switch (v->word) {
    case GRANT_GONE: drop_node(c, n); break;
    case GRANT_NOTREADY:
        if (!known_status_parse(v->detail, &n->status)) n->up = false;
        break;
    case GRANT_NOTSERVED:
        node_table_set_languages(c->table, n, "", "");
        n->version = 0; /* no version: the next round reads its languages */
        break;
    case GRANT_MARKED: node_rules_note_mark(n, &g->pair, v->detail, v->value, now_of(c)); break;
    case GRANT_TRIAL:
        n->status = KNOWN_DEGRADED;
        n->trial = v->value;
        break;
    case GRANT_BUSY: correct_resource(n, v->detail, v->value); break;
    case GRANT_FULL:
        n->reserved = v->value;
        n->slots = v->limit;
        break;
    default: break;
    }
}

static void on_grant(void *arg, const grant_answer *answer) {
    granting *g = arg;
    known_node *n = node_table_find(g->c->table, g->node);
    const grant_verdict *v = &answer->verdict;
    if (n && !g->dry && n->asking > 0) n->asking--;
    if (n && v->word == GRANT_OK && !g->dry) {
        n->reserved = v->value;
        node_table_hold(g->c->table, n, g->job, g->attempt, answer->expiry / USEC_PER_MSEC);
    } else if (n) {
        correct(g->c, n, g, v);
    }
    g->done(g->arg, answer);
    free(g);
}

static void grant(registry *r, const grant_question *q, grant_done *done, void *arg) {
    registry_copy *c = (registry_copy *)r;
    granting *g = mem_zalloc(1, sizeof *g);
    *g = (granting){.c = c,
                    .attempt = q->attempt,
                    .pair = *q->pair,
                    .dry = q->mode == GRANT_DRY,
                    .done = done,
                    .arg = arg};
    snprintf(g->node, sizeof g->node, "%s", q->node);
    snprintf(g->job, sizeof g->job, "%s", q->job_id);
    known_node *n = node_table_find(c->table, q->node);
    if (n && !g->dry) n->asking++;
    registry_redis_grant(r, q, on_grant, g);
}

typedef struct releasing {
    registry_copy *c;
    char node[ID_MAX + 1], job[ID_MAX + 1];
    int64_t attempt;
    release_done *done;
    void *arg;
} releasing;

static void note_release(const releasing *x, known_node *n, const release_answer *answer) {
    known_hold *h = node_table_held(x->c->table, n, x->job, x->attempt);
    if (h) node_table_release(x->c->table, h);
    n->reserved = answer->load;
    known_status_parse(answer->node_status, &n->status);
}

static void on_release(void *arg, const release_answer *answer) {
    releasing *x = arg;
    known_node *n = node_table_find(x->c->table, x->node);
    if (n && answer->status == LINK_OK) note_release(x, n, answer);
    x->done(x->arg, answer);
    free(x);
}

static void release(registry *r, const release_question *q, release_done *done, void *arg) {
    releasing *x = mem_zalloc(1, sizeof *x);
    *x = (releasing){.c = (registry_copy *)r, .attempt = q->attempt, .done = done, .arg = arg};
    snprintf(x->node, sizeof x->node, "%s", q->node);
    snprintf(x->job, sizeof x->job, "%s", q->job_id);
    registry_redis_release(r, q, on_release, x);
}

/* ---- the copy itself ------------------------------------------------------------------------------------------------ */

static void stop(registry *r) {
    registry_copy *c = (registry_copy *)r;
    r->env.timers.cancel(r->env.timers.ctx, c->timer);
    c->timer = 0;
}

static void free_copy(registry *r) {
    registry_copy *c = (registry_copy *)r;
    stop(r);
    node_table_free(c->table);
    free(c);
}

static const registry_ops ops = {
    .in_redis = true,
    .propose = propose,
    .grant = grant,
    .confirm = registry_redis_confirm,
    .release = release,
    .mark = registry_redis_mark,
    .enrol = registry_redis_enrol,
    .beat = registry_redis_beat,
    .assigned = registry_redis_assigned,
    .drain = registry_redis_drain,
    .offline = registry_redis_offline,
    .forget = registry_redis_forget,
    .due = registry_redis_due,
    .stop = stop,
    .free = free_copy,
};

registry *registry_copy_new(const mechanism_env *env, const registry_settings *settings) {
    registry_copy *c = mem_zalloc(1, sizeof *c);
    c->base = (registry){&ops, *env, *settings};
    c->table = node_table_new();
    set_timer(c);
    return &c->base;
}
