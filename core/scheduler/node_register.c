/* node_register.c - a node says who it is and what it serves; its record in Redis is made or renewed. */
#include "core/base/mem.h"
#include "core/domain/ids.h"
#include "core/scheduler/node_flow.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void on_registered(void *arg, link_status status, const redis_reply *reply);

void node_begin_call(redis_call *call, script_id script, const node_conn *n, const char *last_key) {
    const scheduler *s = n->s;
    const keyspace *ks = &s->config.keys;
    char owner[OWNER_MAX + 1];
    redis_key key;
    sched_owner(s, n->conn, owner);
    call_script(call, script);
    call_key(call, key_node(&key, ks, n->node));
    call_key(call, key_node_langs(&key, ks, n->node));
    call_key(call, key_node_expiry(&key, ks, node_bucket(n->node)));
    call_key(call, last_key);
    call_str(call, n->node);
    call_str(call, owner);
}

static void register_node(node_conn *n) {
    redis_key key;
    redis_call call;
    node_begin_call(&call, SCRIPT_REGISTER_NODE, n, key_node_hold(&key, &n->s->config.keys, n->node));
    call_str(&call, n->sources);
    call_str(&call, n->targets);
    call_int(&call, n->slots);
    call_int(&call, usec_to_msec_up(n->s->config.node_ttl));
    call_str(&call, "");
    n->registering++;
    node_call(n, &call, on_registered);
}

static void registered(node_conn *n, const redis_reply *reply) {
    scheduler *s = n->s;
    n->version = reply_int(reply_at(reply, 1));
    node_claim_id(n);
    sched_emit(s, (sched_event){.kind = EV_NODE_REGISTERED, .node = n->node, .value = n->pairs});
    if (n->silent)
        node_send_heartbeat(n);
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
        node_close(n, "registration failed");
    }
    node_unref(n);
}

void node_register_again(node_conn *n) {
    n->silent = true;
    register_node(n);
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
        node_give_up_id(n);
    }
    memcpy(n->node, node_id, sizeof n->node);
    free(n->sources);
    free(n->targets);
    n->sources = mem_strdup(lang_list_text(text, &service.sources));
    n->targets = mem_strdup(lang_list_text(text, &service.targets));
    n->pairs = lang_service_pairs(&service);
    n->slots = r->slots ? r->slots : s->config.node_slots;
    return SCHED_OK;
}

void scheduler_node_register(scheduler *s, conn_token conn, const node_registration *registration) {
    assert(conn != 0);
    sched_error err;
    node_conn *n = node_conn_for(s, conn);
    if (take_registration(n, registration, &err)) {
        s->env.net.node_refused(s->env.net.ctx, conn, "INVALID_MESSAGE", err.message);
        return;
    }
    register_node(n);
}
