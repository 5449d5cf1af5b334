/* node_flow.c - nodes of this instance's connections: registration, heartbeats, pools, and the end.
 *
 * Redis holds what a node is; here is only which connection speaks for it. Every change of the record carries the owner
 * (instance and connection token), so the late end of an old connection never touches the node that came back.
 *
 * Taking a node offline has three parts: mark it (no more grants), leave its pools, forget the record. A crash in between leaves
 * the record in the expiry index, where the sweep finds it and does the rest again. */
#include "core/base/mem.h"
#include "core/domain/ids.h"
#include "core/scheduler/internal.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    OFFLINE_RETRY_MSEC = 10000,
    OFFLINE_JOBS_MAX = 1000,
    PERCENT_MAX = 100000, /* a host may count each core as 100 */
    RUNNING_JOBS_MAX = 1000000,
};

/* ---- connections ---------------------------------------------------------------------------------------------------- */

node_conn *node_by_id(scheduler *s, const char *node_id) {
    node_conn *n;
    HASH_FIND(hh_node, s->nodes_by_id, node_id, strlen(node_id), n);
    return n;
}

static bool text_has(const char *list, const char *tag) {
    size_t len = strlen(tag);
    for (const char *at = list; (at = strstr(at, tag)); at += len) {
        bool starts = at == list || at[-1] == ' ';
        if (starts && (at[len] == ' ' || at[len] == '\0')) return true;
    }
    return false;
}

bool node_serves(const node_conn *n, const lang_pair *pair) {
    return n->sources && text_has(n->sources, pair->src) && text_has(n->targets, pair->tgt);
}

node_conn *node_by_conn(scheduler *s, conn_token conn) {
    node_conn *n;
    HASH_FIND(hh, s->nodes_by_conn, &conn, sizeof conn, n);
    return n;
}

static node_conn *conn_for(scheduler *s, conn_token conn) {
    node_conn *n = node_by_conn(s, conn);
    if (n) return n;
    n = mem_zalloc(1, sizeof *n);
    n->s = s;
    n->conn = conn;
    HASH_ADD(hh, s->nodes_by_conn, conn, sizeof n->conn, n);
    return n;
}

static void give_up_id(node_conn *n) {
    scheduler *s = n->s;
    if (!n->registered) return;
    HASH_DELETE(hh_node, s->nodes_by_id, n);
    n->registered = false;
    s->counts.nodes--;
}

static void conn_free(node_conn *n) {
    free(n->sources);
    free(n->targets);
    free(n);
}

/* One callback less names this connection; the last one frees it when it has ended. */
static void conn_unref(node_conn *n) {
    assert(n->calls > 0);
    if (--n->calls == 0 && n->gone) conn_free(n);
}

void node_conn_free_all(scheduler *s) {
    node_conn *n, *next;
    HASH_CLEAR(hh_node, s->nodes_by_id);
    HASH_ITER (hh, s->nodes_by_conn, n, next) {
        HASH_DELETE(hh, s->nodes_by_conn, n);
        conn_free(n);
    }
}

static void node_call(node_conn *n, const redis_call *call, link_callback *done) {
    n->calls++;
    sched_call(n->s, call, done, n);
}

static void close_node(node_conn *n, const char *reason) {
    n->s->env.net.node_close(n->s->env.net.ctx, n->conn, reason);
}

/* ---- registration --------------------------------------------------------------------------------------------------- */

static void on_registered(void *arg, link_status status, const redis_reply *reply);
static void send_heartbeat(node_conn *n);

/* How both calls of a live node begin: its record, its languages, the expiry index, its name and who speaks for it. */
static void begin_node_call(redis_call *call, script_id script, const node_conn *n) {
    const scheduler *s = n->s;
    const keyspace *ks = &s->config.keys;
    char owner[OWNER_MAX + 1];
    redis_key key;
    sched_owner(s, n->conn, owner);
    call_script(call, script);
    call_key(call, key_node(&key, ks, n->node));
    call_key(call, key_node_langs(&key, ks, n->node));
    call_key(call, key_node_expiry(&key, ks, node_bucket(n->node)));
    call_str(call, n->node);
    call_str(call, owner);
}

static void register_node(node_conn *n) {
    redis_call call;
    begin_node_call(&call, SCRIPT_REGISTER_NODE, n);
    call_str(&call, n->sources);
    call_str(&call, n->targets);
    call_int(&call, n->slots);
    call_int(&call, usec_to_msec_up(n->s->config.node_ttl));
    n->registering++;
    node_call(n, &call, on_registered);
}

/* The newest connection speaks for the node; one that spoke for it before is closed. */
static void claim_id(node_conn *n) {
    scheduler *s = n->s;
    if (n->registered) return;
    node_conn *other = node_by_id(s, n->node);
    if (other) {
        give_up_id(other);
        close_node(other, "replaced by a newer connection");
    }
    HASH_ADD_KEYPTR(hh_node, s->nodes_by_id, n->node, strlen(n->node), n);
    n->registered = true;
    s->counts.nodes++;
}

static int pairs_of(const node_conn *n) {
    lang_service service;
    bool ok =
        !lang_list_parse(n->sources, &service.sources, NULL) && !lang_list_parse(n->targets, &service.targets, NULL);
    return ok ? lang_service_pairs(&service) : 0;
}

static void registered(node_conn *n, const redis_reply *reply) {
    scheduler *s = n->s;
    n->version = reply_int(reply_at(reply, 1));
    claim_id(n);
    sched_emit(s, (sched_event){.kind = EV_NODE_REGISTERED, .node = n->node, .value = pairs_of(n)});
    if (n->silent)
        send_heartbeat(n);
    else
        s->env.net.node_registered(s->env.net.ctx, n->conn, n->node);
    n->silent = false;
}

static void on_registered(void *arg, link_status status, const redis_reply *reply) {
    node_conn *n = arg;
    scheduler *s = n->s;
    char owner[OWNER_MAX + 1];
    sched_answered(s, SCRIPT_REGISTER_NODE, status, reply);
    n->registering--;
    if (n->gone) { /* it left while we wrote its record: the record must go too */
        sched_owner(s, n->conn, owner);
        node_take_offline(s, n->node, owner, "disconnected");
    } else if (status == LINK_OK && reply_says(reply, "OK")) {
        registered(n, reply);
    } else {
        bool busy = status == LINK_OK;
        s->env.net.node_refused(s->env.net.ctx, n->conn, busy ? "NODE_OVERLOADED" : "SCHEDULER_DEPENDENCY_DOWN",
                                busy ? "too many registrations of this node are still being applied; try again later"
                                     : "the registration could not be stored; try again later");
        close_node(n, "registration failed");
    }
    conn_unref(n);
}

static sched_status take_registration(node_conn *n, const node_registration *r, sched_error *err) {
    scheduler *s = n->s;
    lang_service service;
    char node_id[ID_MAX + 1], text[LANG_LIST_TEXT_MAX];
    if (r->node_id && *r->node_id) {
        sched_status status = id_check("node id", r->node_id, err);
        if (status) return status;
        snprintf(node_id, sizeof node_id, "%s", r->node_id);
    } else {
        snprintf(node_id, sizeof node_id, "node-%08X", rng_u32(&s->draws));
    }
    if (r->slots < 0)
        return sched_fail(err, SCHED_EINVAL, "concurrency limit %lld: expected at least 1", (long long)r->slots);
    sched_status status = lang_service_make(&r->asr, &r->semantic, &r->tts, (int)s->config.pairs_max, &service, err);
    if (status) return status;
    if (n->registering && strcmp(n->node, node_id) != 0)
        return sched_fail(err, SCHED_EINVAL, "node %s: the registration as %s is still being stored", node_id, n->node);
    if (n->registered && strcmp(n->node, node_id) != 0) {
        char owner[OWNER_MAX + 1];
        sched_owner(s, n->conn, owner);
        node_take_offline(s, n->node, owner, "renamed");
        give_up_id(n);
    }
    memcpy(n->node, node_id, sizeof n->node);
    free(n->sources);
    free(n->targets);
    n->sources = mem_strdup(lang_list_text(text, &service.sources));
    n->targets = mem_strdup(lang_list_text(text, &service.targets));
    n->slots = r->slots ? r->slots : s->config.node_slots;
    return SCHED_OK;
}

void scheduler_node_register(scheduler *s, conn_token conn, const node_registration *registration) {
    assert(conn != 0);
    sched_error err;
    node_conn *n = conn_for(s, conn);
    if (take_registration(n, registration, &err)) {
        s->env.net.node_refused(s->env.net.ctx, conn, "INVALID_MESSAGE", err.message);
        return;
    }
    register_node(n);
}

/* ---- heartbeats and pools ------------------------------------------------------------------------------------------- */

static void on_assigned(void *arg, link_status status, const redis_reply *reply) {
    node_conn *n = arg;
    sched_answered(n->s, SCRIPT_NODE_ASSIGNED, status, reply);
    n->changing_to = 0;
    if (status == LINK_OK && reply_says(reply, "READY"))
        sched_emit(n->s, (sched_event){.kind = EV_NODE_READY, .node = n->node});
    conn_unref(n);
}

static void on_pools_changed(void *arg, bool complete) {
    node_conn *n = arg;
    scheduler *s = n->s;
    if (!complete || n->gone) { /* the next heartbeat answers REASSIGN again */
        n->changing_to = 0;
        conn_unref(n);
        return;
    }
    char owner[OWNER_MAX + 1];
    redis_key key;
    redis_call call;
    call_script(&call, SCRIPT_NODE_ASSIGNED);
    call_key(&call, key_node(&key, &s->config.keys, n->node));
    call_key(&call, key_node_langs(&key, &s->config.keys, n->node));
    sched_owner(s, n->conn, owner);
    call_str(&call, owner);
    call_int(&call, n->changing_to);      /* by now the node may have registered again: then this is answered STALE */
    sched_call(s, &call, on_assigned, n); /* the reference of the change goes on to this call */
}

/* `generations` is ver, sources, targets, ver, ...; the last is what the node serves now. */
static void change_pools(node_conn *n, int64_t version, const redis_reply *generations) {
    size_t count = reply_count(generations);
    if (n->changing_to || count < 3) return;
    n->changing_to = n->version = version;
    n->calls++;
    pool_change *change = pool_change_new(n->s, n->node, version);
    pool_change_join(change, reply_text(reply_at(generations, count - 2)),
                     reply_text(reply_at(generations, count - 1)));
    for (size_t i = 0; i + 3 < count; i += 3)
        pool_change_leave(change, reply_text(reply_at(generations, i + 1)), reply_text(reply_at(generations, i + 2)));
    pool_change_run(change, on_pools_changed, n);
}

static void on_heartbeat(void *arg, link_status status, const redis_reply *reply) {
    node_conn *n = arg;
    scheduler *s = n->s;
    sched_answered(s, SCRIPT_HEARTBEAT, status, reply);
    if (status != LINK_OK || n->gone || !n->registered) {
        conn_unref(n);
        return;
    }
    if (reply_says(reply, "REASSIGN")) {
        change_pools(n, reply_int(reply_at(reply, 1)), reply_at(reply, 2));
    } else if (reply_says(reply, "GONE")) {
        sched_emit(s, (sched_event){.kind = EV_NODE_EXPIRED_HEARTBEAT, .node = n->node});
        n->silent = true;
        register_node(n);
    } else if (reply_says(reply, "NOTOWNER")) {
        give_up_id(n);
        close_node(n, "replaced by a newer connection");
    }
    conn_unref(n);
}

static void send_heartbeat(node_conn *n) {
    redis_call call;
    begin_node_call(&call, SCRIPT_HEARTBEAT, n);
    call_int(&call, usec_to_msec_up(n->s->config.node_ttl));
    call_int(&call, (int64_t)n->load.cpu);
    call_int(&call, (int64_t)n->load.gpu);
    call_int(&call, (int64_t)n->load.mem);
    call_int(&call, n->load.running_jobs);
    node_call(n, &call, on_heartbeat);
}

/* A node's figures come from outside: not a number and less than nothing are nothing. */
static double percent(double value) {
    if (!(value > 0)) return 0;
    return value < PERCENT_MAX ? value : PERCENT_MAX;
}

void scheduler_node_heartbeat(scheduler *s, conn_token conn, const node_load *load) {
    node_conn *n = node_by_conn(s, conn);
    if (!n || !n->registered) {
        s->env.net.node_refused(s->env.net.ctx, conn, "INVALID_SESSION", "this connection has not registered a node");
        s->env.net.node_close(s->env.net.ctx, conn, "heartbeat without registration");
        return;
    }
    n->load = (node_load){
        .cpu = percent(load->cpu),
        .gpu = percent(load->gpu),
        .mem = percent(load->mem),
        .running_jobs = load->running_jobs < 0                  ? 0
                        : load->running_jobs > RUNNING_JOBS_MAX ? RUNNING_JOBS_MAX
                                                                : load->running_jobs,
    };
    send_heartbeat(n);
}

/* ---- the end -------------------------------------------------------------------------------------------------------- */

typedef struct departure {
    scheduler *s;
    char node[ID_MAX + 1];
    char why[16];
    int64_t version;
} departure;

static void on_forgotten(void *arg, link_status status, const redis_reply *reply) {
    departure *d = arg;
    sched_answered(d->s, SCRIPT_FORGET_NODE, status, reply);
    free(d);
}

static void on_pools_left(void *arg, bool complete) {
    departure *d = arg;
    const keyspace *ks = &d->s->config.keys;
    redis_key key;
    redis_call call;
    if (!complete) { /* the record stays in the expiry index; the sweep tries again */
        free(d);
        return;
    }
    call_script(&call, SCRIPT_FORGET_NODE);
    call_key(&call, key_node(&key, ks, d->node));
    call_key(&call, key_node_langs(&key, ks, d->node));
    call_key(&call, key_node_reservations(&key, ks, d->node));
    call_key(&call, key_node_expiry(&key, ks, node_bucket(d->node)));
    call_str(&call, d->node);
    call_int(&call, d->version);
    sched_call(d->s, &call, on_forgotten, d);
}

/* The reservations name the attempts that the node had: each is tried elsewhere at once. */
static void lose_jobs(scheduler *s, const char *node_id, const redis_reply *members) {
    for (size_t i = 0; i < reply_count(members); i++) {
        char job_id[ID_MAX + 1];
        long long attempt;
        if (sscanf(reply_text(reply_at(members, i)), "%64s %lld", job_id, &attempt) != 2) continue;
        job *j = job_find(s, job_id);
        if (j && j->attempt == attempt && !strcmp(j->node, node_id)) job_note(j, NOTE_NODE_LOST);
    }
}

static void on_offline(void *arg, link_status status, const redis_reply *reply) {
    departure *d = arg;
    scheduler *s = d->s;
    sched_answered(s, SCRIPT_NODE_OFFLINE, status, reply);
    if (status != LINK_OK || !reply_says(reply, "OFFLINE")) { /* not ours, gone already, or left to the sweep */
        free(d);
        return;
    }
    d->version = reply_int(reply_at(reply, 1));
    sched_emit(s, (sched_event){.kind = EV_NODE_OFFLINE, .node = d->node, .code = d->why});
    lose_jobs(s, d->node, reply_at(reply, 4));
    const redis_reply *generations = reply_at(reply, 3);
    pool_change *change = pool_change_new(s, d->node, d->version);
    for (size_t i = 0; i + 2 < reply_count(generations); i += 3)
        pool_change_leave(change, reply_text(reply_at(generations, i + 1)), reply_text(reply_at(generations, i + 2)));
    pool_change_run(change, on_pools_left, d);
}

void node_take_offline(scheduler *s, const char *node_id, const char *owner, const char *why) {
    const keyspace *ks = &s->config.keys;
    departure *d = mem_zalloc(1, sizeof *d);
    d->s = s;
    snprintf(d->node, sizeof d->node, "%s", node_id);
    snprintf(d->why, sizeof d->why, "%s", why);
    redis_key key;
    redis_call call;
    call_script(&call, SCRIPT_NODE_OFFLINE);
    call_key(&call, key_node(&key, ks, node_id));
    call_key(&call, key_node_langs(&key, ks, node_id));
    call_key(&call, key_node_reservations(&key, ks, node_id));
    call_key(&call, key_node_expiry(&key, ks, node_bucket(node_id)));
    call_str(&call, node_id);
    call_str(&call, owner);
    call_int(&call, OFFLINE_RETRY_MSEC);
    call_int(&call, OFFLINE_JOBS_MAX);
    sched_call(s, &call, on_offline, d);
}

void scheduler_node_gone(scheduler *s, conn_token conn) {
    node_conn *n = node_by_conn(s, conn);
    if (!n) return;
    HASH_DELETE(hh, s->nodes_by_conn, n);
    n->gone = true;
    if (n->registered) {
        char owner[OWNER_MAX + 1];
        sched_owner(s, conn, owner);
        give_up_id(n);
        node_take_offline(s, n->node, owner, "disconnected");
    }
    n->calls++;
    conn_unref(n);
}
