/* registry_memory.c - grants and the life of nodes, decided here: the rules of the scripts without Redis.
 *
 * Nothing outlives the process, so nothing needs two steps: a node is ready at once, and what went offline is forgotten at once. A grant
 * is a hold that expires, as it is in Redis, because jobs may be lost without a word here as well. */
#include "core/mechanisms/registry_memory.h"

#include "core/base/mem.h"
#include "core/mechanisms/node_rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

registry *registry_memory_new(const registry_ops *ops, const mechanism_env *env, const registry_settings *settings) {
    registry_memory *m = mem_zalloc(1, sizeof *m);
    m->base = (registry){ops, *env, *settings};
    m->table = node_table_new();
    return &m->base;
}

void registry_memory_stop(registry *r) {
    (void)r; /* the sweep asks for what is due */
}

void registry_memory_free(registry *r) {
    registry_memory *m = (registry_memory *)r;
    node_table_free(m->table);
    free(m);
}

static node_table *table_of(const registry *r) {
    return ((const registry_memory *)r)->table;
}

static int64_t now_of(const registry *r) {
    return clock_now(&r->env.clock) / USEC_PER_MSEC;
}

static int64_t msec_up(usec_t usec) {
    return (usec + USEC_PER_MSEC - 1) / USEC_PER_MSEC;
}

/* ---- grants --------------------------------------------------------------------------------------------------------- */

typedef struct granted {
    grant_done *done;
    void *arg;
    grant_answer answer;
} granted;

static void tell_grant(void *entry) {
    const granted *g = entry;
    g->done(g->arg, &g->answer);
}

static refusal why_not(const registry *r, const known_node *n, const grant_question *q, bool held) {
    refusal why = node_rules_standing(n);
    if (why.word != GRANT_OK) return why;
    if (!known_node_serves(n, q->pair)) return (refusal){.word = GRANT_NOTSERVED, .value = n->version};
    return held ? why : node_rules_refusal(&r->set, n, q->pair, now_of(r), q->mode != GRANT_COUNT);
}

/* The value of OK counts what was granted here, whatever the signal says: that is what stands in events. */
static void grant_on(const registry *r, known_node *n, const grant_question *q, grant_answer *a) {
    int64_t now = now_of(r);
    node_table_expire(table_of(r), n, now);
    const known_hold *h = node_table_held(table_of(r), n, q->job_id, q->attempt);
    refusal why = why_not(r, n, q, h != NULL);
    grant_verdict *v = &a->verdict;
    v->word = why.word;
    v->value = why.value;
    v->limit = why.word == GRANT_OK || why.word == GRANT_FULL ? n->slots : 0;
    if (why.detail) snprintf(v->detail, sizeof v->detail, "%s", why.detail);
    if (why.word != GRANT_OK) return;
    v->value = n->own + (h == NULL);
    memcpy(v->owner, n->owner, sizeof v->owner);
    int64_t expiry = now + q->hold_msec;
    a->expiry = (h && h->expiry > expiry ? h->expiry : expiry) * USEC_PER_MSEC;
    if (q->mode != GRANT_DRY)
        a->expiry = node_table_hold(table_of(r), n, q->job_id, q->attempt, now + q->hold_msec)->expiry * USEC_PER_MSEC;
}

void registry_memory_grant(registry *r, const grant_question *q, grant_done *done, void *arg) {
    granted *g = soon_add(r->env.soon, tell_grant, sizeof *g);
    known_node *n = node_table_find(table_of(r), q->node);
    *g = (granted){.done = done, .arg = arg};
    g->answer.verdict.word = GRANT_GONE;
    if (n) grant_on(r, n, q, &g->answer);
}

typedef struct confirmed {
    confirm_done *done;
    void *arg;
    confirm_answer answer;
} confirmed;

static void tell_confirm(void *entry) {
    const confirmed *c = entry;
    c->done(c->arg, &c->answer);
}

static bool is_held(const node_table *t, const known_node *n, const confirm_question *q, int64_t now) {
    const known_hold *h = node_table_held(t, n, q->job_id, q->attempt);
    return h && h->expiry > now;
}

void registry_memory_confirm(registry *r, const confirm_question *q, confirm_done *done, void *arg) {
    int64_t now = now_of(r);
    node_table *t = table_of(r);
    confirmed *c = soon_add(r->env.soon, tell_confirm, sizeof *c);
    *c = (confirmed){.done = done, .arg = arg, .answer.why = ""};
    known_node *n = node_table_find(t, q->node);
    if (!n) {
        c->answer.why = "offline";
    } else if (strcmp(n->owner, q->owner) != 0) {
        c->answer.why = "owner";
    } else if (!is_held(t, n, q, now)) {
        c->answer.why = "released";
    } else {
        c->answer.held = true;
        c->answer.expiry = node_table_hold(t, n, q->job_id, q->attempt, now + q->hold_msec)->expiry * USEC_PER_MSEC;
    }
}

typedef struct released {
    release_done *done;
    void *arg;
    release_answer answer;
} released;

static void tell_release(void *entry) {
    const released *a = entry;
    a->done(a->arg, &a->answer);
}

void registry_memory_release(registry *r, const release_question *q, release_done *done, void *arg) {
    int64_t now = now_of(r);
    node_table *t = table_of(r);
    released *a = soon_add(r->env.soon, tell_release, sizeof *a);
    *a = (released){.done = done, .arg = arg, .answer.node_status = ""};
    known_node *n = node_table_find(t, q->node);
    if (!n) return;
    known_hold *h = node_table_held(t, n, q->job_id, q->attempt);
    bool held = h && h->expiry > now;
    if (h) node_table_release(t, h);
    if (held) node_rules_judge(n, q->says, now, msec_up(r->set.trial_pause));
    a->answer.load = known_node_holds(n, now);
    a->answer.node_status = known_status_name(n->status);
}

typedef struct marked {
    mark_done *done;
    void *arg;
    char node[ID_MAX + 1];
    lang_pair pair;
    char service[SERVICE_MAX + 1];
    int64_t until; /* 0: not marked */
} marked;

static void tell_mark(void *entry) {
    const marked *m = entry;
    mark_question question = {m->node, &m->pair, m->service};
    m->done(m->arg, &(mark_answer){&question, m->until > 0, m->until * USEC_PER_MSEC});
}

void registry_memory_mark(registry *r, const mark_question *q, mark_done *done, void *arg) {
    marked *m = soon_add(r->env.soon, tell_mark, sizeof *m);
    *m = (marked){.done = done, .arg = arg, .pair = *q->pair};
    snprintf(m->node, sizeof m->node, "%s", q->node);
    snprintf(m->service, sizeof m->service, "%s", q->service);
    known_node *n = node_table_find(table_of(r), q->node);
    if (n) m->until = node_rules_mark(n, q->pair, m->service, now_of(r), msec_up(r->set.mark_ttl));
}

/* ---- a node's life -------------------------------------------------------------------------------------------------- */

typedef struct lived {
    node_done *done;
    void *arg;
    char node[ID_MAX + 1];
    char why[16];
    node_answer answer;
    held_attempt held[]; /* answer.held_count */
} lived;

static void tell_node(void *entry) {
    lived *l = entry;
    l->answer.node = l->node;
    l->answer.why = l->why;
    l->answer.held = l->held;
    l->done(l->arg, &l->answer);
}

static node_answer *answer_about(registry *r, const char *node, node_done *done, void *arg) {
    lived *l = soon_add(r->env.soon, tell_node, sizeof *l);
    l->done = done;
    l->arg = arg;
    snprintf(l->node, sizeof l->node, "%s", node);
    return &l->answer;
}

static bool same_offer(const known_node *n, const node_offer *offer) {
    return n->sources && !strcmp(n->sources, offer->sources) && !strcmp(n->targets, offer->targets);
}

static void begin_anew(registry *r, known_node *n, const node_offer *offer, int64_t now) {
    n->version = n->version + 1 > now ? n->version + 1 : now;
    n->since = now;
    n->up = n->never_up = true;
    if (n->status != KNOWN_DRAINING) n->status = KNOWN_READY;
    node_rules_absolve(n);
    node_table_set_languages(table_of(r), n, offer->sources, offer->targets);
}

void registry_memory_enrol(registry *r, const node_offer *offer, node_done *done, void *arg) {
    int64_t now = now_of(r);
    known_node *n = node_table_find(table_of(r), offer->node);
    if (!n) n = node_table_add(table_of(r), offer->node);
    node_answer *a = answer_about(r, offer->node, done, arg);
    if (!same_offer(n, offer)) {
        begin_anew(r, n, offer, now);
        a->ready = n->status == KNOWN_READY;
    }
    snprintf(n->owner, sizeof n->owner, "%s", offer->owner);
    n->slots = offer->slots;
    node_table_heard(table_of(r), n, now);
    a->word = NODE_OK;
    a->version = n->version;
}

/* The node, if that connection speaks for it; else the answer says why not. */
static known_node *owned(registry *r, const char *node, const char *owner, node_answer *a) {
    known_node *n = node_table_find(table_of(r), node);
    bool own = n && !strcmp(n->owner, owner);
    if (!own) a->word = n ? NODE_NOT_OWNER : NODE_GONE;
    return own ? n : NULL;
}

/* A node that was never ready is degraded after a while, and forgiven when it is. */
static node_word take_readiness(const registry *r, known_node *n, bool up, int64_t now) {
    bool forgiven = up && n->never_up && n->status == KNOWN_DEGRADED && !*n->history;
    n->up = up;
    if (up) n->never_up = false;
    if (forgiven) n->status = KNOWN_READY;
    bool never_ready = n->never_up && n->status == KNOWN_READY && now >= n->since + msec_up(r->set.ready_limit);
    if (!never_ready) return NODE_OK;
    n->status = KNOWN_DEGRADED;
    return NODE_DEGRADED;
}

void registry_memory_beat(registry *r, const char *node, const char *owner, const node_report *report, node_done *done,
                          void *arg) {
    int64_t now = now_of(r);
    node_answer *a = answer_about(r, node, done, arg);
    known_node *n = owned(r, node, owner, a);
    if (!n) return;
    bool was_full = node_rules_load(n, r->set.load) >= n->slots;
    n->cpu = (int64_t)report->cpu;
    n->gpu = (int64_t)report->gpu;
    n->mem = (int64_t)report->mem;
    n->running = report->running_jobs;
    node_table_heard(table_of(r), n, now);
    a->version = n->version;
    if (n->status == KNOWN_DRAINING) {
        a->word = NODE_DRAINING;
        a->load = known_node_holds(n, now);
        return;
    }
    a->word = take_readiness(r, n, !report->unready, now);
    a->room = was_full && node_rules_load(n, r->set.load) < n->slots;
}

/* There is nothing to wait for. */
void registry_memory_assigned(registry *r, const char *node, const char *owner, int64_t version, node_done *done,
                              void *arg) {
    node_answer *a = answer_about(r, node, done, arg);
    const known_node *n = owned(r, node, owner, a);
    if (!n) return;
    a->word = n->version != version ? NODE_STALE : n->status == KNOWN_DRAINING ? NODE_DRAINING : NODE_READY;
}

void registry_memory_drain(registry *r, const char *node, const char *owner, node_done *done, void *arg) {
    node_answer *a = answer_about(r, node, done, arg);
    known_node *n = owned(r, node, owner, a);
    if (!n) return;
    n->status = KNOWN_DRAINING;
    a->word = NODE_OK;
}

/* ---- a node's end --------------------------------------------------------------------------------------------------- */

static int by_expiry(const void *a, const void *b) {
    const known_hold *x = *(known_hold *const *)a, *y = *(known_hold *const *)b;
    if (x->expiry != y->expiry) return x->expiry < y->expiry ? -1 : 1;
    int jobs = strcmp(x->key.job, y->key.job);
    return jobs ? jobs : (x->key.attempt > y->key.attempt) - (x->key.attempt < y->key.attempt);
}

static void list_held(const known_node *n, int64_t now, held_attempt *ret_held) {
    size_t count = 0;
    known_hold **holds = mem_zalloc((size_t)n->own + 1, sizeof *holds);
    for (known_hold *h = n->holds; h; h = h->next)
        if (h->expiry > now) holds[count++] = h;
    qsort(holds, count, sizeof *holds, by_expiry);
    for (size_t i = 0; i < count; i++) {
        memcpy(ret_held[i].job, holds[i]->key.job, sizeof ret_held[i].job);
        ret_held[i].attempt = holds[i]->key.attempt;
    }
    free(holds);
}

static bool is_due(const registry *r, const known_node *n, int64_t now) {
    return n->heard + msec_up(r->set.node_ttl) <= now;
}

static node_word may_end(const registry *r, const known_node *n, const char *owner, int64_t now) {
    if (!n) return NODE_GONE;
    if (*owner && strcmp(n->owner, owner) != 0) return NODE_NOT_OWNER;
    return *owner || is_due(r, n, now) ? NODE_OFFLINE : NODE_NOT_DUE;
}

void registry_memory_offline(registry *r, const char *node, const char *owner, const char *why, node_done *done,
                             void *arg) {
    int64_t now = now_of(r);
    known_node *n = node_table_find(table_of(r), node);
    size_t held = n ? (size_t)known_node_holds(n, now) : 0;
    lived *l = soon_add(r->env.soon, tell_node, sizeof *l + held * sizeof *l->held);
    l->done = done;
    l->arg = arg;
    snprintf(l->node, sizeof l->node, "%s", node);
    snprintf(l->why, sizeof l->why, "%s", why);
    l->answer.word = may_end(r, n, owner, now);
    if (l->answer.word != NODE_OFFLINE) return;
    l->answer.version = n->version;
    l->answer.held_count = held;
    list_held(n, now, l->held);
    node_table_remove(table_of(r), n);
}

void registry_memory_forget(registry *r, const char *node, int64_t version) {
    (void)r, (void)node, (void)version;
}

typedef struct listed {
    due_done *done;
    void *arg;
    size_t count;
    char nodes[][ID_MAX + 1];
} listed;

static void tell_due(void *entry) {
    listed *l = entry;
    const char **nodes = mem_zalloc(l->count, sizeof *nodes);
    for (size_t i = 0; i < l->count; i++) nodes[i] = l->nodes[i];
    l->done(l->arg, nodes, l->count);
    free(nodes);
}

/* All buckets are asked in one round of the sweep; one list answers for them. */
void registry_memory_due(registry *r, unsigned bucket, due_done *done, void *arg) {
    int64_t now = now_of(r);
    size_t count = 0, most = bucket == 0 ? (size_t)r->set.reap_batch : 0;
    const known_node *oldest = node_table_oldest(table_of(r));
    for (const known_node *n = oldest; n && count < most && is_due(r, n, now); n = n->newer) count++;
    if (count == 0) return;
    listed *l = soon_add(r->env.soon, tell_due, sizeof *l + count * sizeof *l->nodes);
    l->done = done;
    l->arg = arg;
    for (const known_node *n = oldest; l->count < count; n = n->newer)
        memcpy(l->nodes[l->count++], n->id, sizeof n->id);
}
