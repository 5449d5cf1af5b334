/* node_leave.c - a node ends: its connection has closed, its heartbeats stopped, or it was replaced.
 *
 * Three parts: mark it (no more grants), leave its pools, forget the record. A crash in between leaves the record in the expiry
 * index, where the sweep finds it and does the rest again. */
#include "core/base/mem.h"
#include "core/scheduler/job_flow.h"
#include "core/scheduler/node_flow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OFFLINE_RETRY_MSEC = 10000, OFFLINE_JOBS_MAX = 1000 };

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
        node_give_up_id(n);
        node_take_offline(s, n->node, owner, "disconnected");
    }
    node_ref(n);
    node_unref(n);
}
