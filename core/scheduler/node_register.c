/* node_register.c - a node says who it is and what it serves; its record in Redis is made or renewed.
 *
 * A registration is checked here, completely and before anything changes: one that is refused leaves the one before as it was. Several
 * may be under way at once for one name; Redis answers them in order, and the last one is what the connection keeps. */
#include "core/base/mem.h"
#include "core/domain/ids.h"
#include "core/scheduler/node_flow.h"
#include "core/scheduler/remote_flow.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void node_refuse(scheduler *s, conn_token conn, const char *node_id, const char *code, const char *message) {
    sched_emit(s, (sched_event){.kind = EV_NODE_REFUSED, .node = node_id, .code = code});
    sched_tell(s, node_refused, conn, code, message);
}

/* ---- what the registry answers -------------------------------------------------------------------------------------- */

static void registered(node_conn *n, const node_answer *answer) {
    scheduler *s = n->s;
    if (answer->version != n->version) n->degraded = false; /* a new offer begins anew */
    n->version = answer->version;
    node_claim_id(n);
    sched_emit(s, (sched_event){.kind = EV_NODE_REGISTERED,
                                .node = n->node,
                                .value = n->pairs,
                                .limit = n->slots,
                                .sources = n->sources,
                                .targets = n->targets});
    if (!n->silent) sched_tell(s, node_registered, n->conn, n->node);
    if (answer->ready) node_is_ready(n);
    if (n->wants_drain)
        node_send_drain(n);
    else if (n->beats)
        node_send_heartbeat(n);
    n->silent = n->beats = false;
}

/* Nobody will speak for what was stored. */
static void withdraw(node_conn *n) {
    char owner[OWNER_MAX + 1];
    sched_owner(n->s, n->conn, owner);
    node_take_offline(n->s, n->node, owner, "disconnected");
}

/* Whoever still has a node keeps its connection, because it may have jobs to end. */
static void held(node_conn *n, int64_t msec) {
    char message[128];
    if (msec > 0)
        snprintf(message, sizeof message, "an operator has taken this node out of service; it may come back in %lld s",
                 (long long)(msec + 999) / 1000);
    else
        snprintf(message, sizeof message, "an operator has taken this node out of service");
    node_refuse(n->s, n->conn, n->node, "NODE_UNAVAILABLE", message);
    if (!n->registered) node_close(n, "out of service");
}

static void not_registered(node_conn *n, const node_answer *answer) {
    n->silent = n->beats = false;
    if (answer->word == NODE_HELD) {
        held(n, answer->hold_msec);
        return;
    }
    if (answer->status == LINK_OK)
        node_refuse(n->s, n->conn, n->node, "NODE_OVERLOADED",
                    "too many registrations of this node are still being applied; try again later");
    else
        node_refuse(n->s, n->conn, n->node, "SCHEDULER_DEPENDENCY_DOWN",
                    "the registration could not be stored; try again later");
    if (answer->status == LINK_UNKNOWN && !n->registered) withdraw(n); /* it may have been stored all the same */
    node_close(n, "registration failed");
}

static void on_registered(void *arg, const node_answer *answer) {
    node_conn *n = arg;
    n->registering--;
    if (n->gone) { /* it left while we wrote its record: the record must go too */
        withdraw(n);
    } else if (answer->word == NODE_OK) {
        registered(n, answer);
    } else {
        not_registered(n, answer);
    }
    node_unref(n);
}

static void register_node(node_conn *n) {
    registry *r = n->s->registry;
    char owner[OWNER_MAX + 1];
    sched_owner(n->s, n->conn, owner);
    node_offer offer = {n->node, owner, n->sources, n->targets, n->slots, n->services};
    n->registering++;
    node_ref(n);
    r->ops->enrol(r, &offer, on_registered, n);
}

void node_register_again(node_conn *n) {
    n->silent = n->beats = true;
    register_node(n);
}

/* ---- what the node says --------------------------------------------------------------------------------------------- */

/* A connection that has a name keeps it when it gives none. */
static sched_status choose_name(const node_conn *n, const char *given, char name[ID_MAX + 1], sched_error *err) {
    if (!given || !*given) {
        snprintf(name, ID_MAX + 1, "%s", n->node);
        while (!*name || (!*n->node && node_by_id(n->s, name)))
            snprintf(name, ID_MAX + 1, "node-%08X", rng_u32(&n->s->draws));
        return SCHED_OK;
    }
    sched_status status = id_check("node id", given, err);
    if (status) return status;
    if (n->calls > 0 && strcmp(n->node, given) != 0)
        return sched_fail(err, SCHED_EINVAL, "node %s: what was begun as %s is still under way", given, n->node);
    snprintf(name, ID_MAX + 1, "%s", given);
    return SCHED_OK;
}

static void leave_name(node_conn *n) {
    char owner[OWNER_MAX + 1];
    sched_owner(n->s, n->conn, owner);
    node_take_offline(n->s, n->node, owner, "renamed");
    node_give_up_id(n);
}

static sched_status check_numbers(const node_registration *r, sched_error *err) {
    if (r->slots >= 0 && r->slots <= SLOTS_MAX) return SCHED_OK;
    return sched_fail(err, SCHED_EINVAL, "concurrency limit %lld: expected 1 to %d", (long long)r->slots, SLOTS_MAX);
}

/* The connection keeps the registration, to repeat it when Redis has forgotten the node. */
static void keep(node_conn *n, const node_registration *r, const lang_service *service) {
    char text[LANG_LIST_TEXT_MAX];
    free(n->sources);
    free(n->targets);
    free(n->services);
    n->sources = mem_strdup(lang_list_text(text, &service->sources));
    n->targets = mem_strdup(lang_list_text(text, &service->targets));
    n->services = mem_strdup(r->services ? r->services : "");
    n->pairs = lang_service_pairs(service);
    n->slots = r->slots ? r->slots : n->s->config.node_slots;
}

static sched_status take_registration(node_conn *n, const node_registration *r, sched_error *err) {
    scheduler *s = n->s;
    lang_service service;
    char name[ID_MAX + 1];
    sched_status status = choose_name(n, r->node_id, name, err);
    if (!status) status = check_numbers(r, err);
    if (!status) status = service_list_check(r->services ? r->services : "", err);
    if (!status) status = lang_service_make(&r->asr, &r->semantic, &r->tts, (int)s->config.pairs_max, &service, err);
    if (status) return status;
    if (n->registered && strcmp(n->node, name) != 0) leave_name(n);
    memcpy(n->node, name, sizeof n->node);
    keep(n, r, &service);
    return SCHED_OK;
}

void scheduler_node_register(scheduler *s, conn_token conn, const node_registration *registration) {
    assert(conn != 0);
    sched_error err;
    node_conn *n = node_conn_for(s, conn);
    if (n->closed) return;
    if (leave_under_way(s)) {
        node_refuse(s, conn, n->node, "NODE_UNAVAILABLE", "this instance is leaving; connect to another one");
        node_close(n, leave_reason(s));
    } else if (take_registration(n, registration, &err)) {
        const char *name = registration->node_id && id_valid(registration->node_id) ? registration->node_id : n->node;
        node_refuse(s, conn, name, "INVALID_MESSAGE", err.message);
    } else {
        register_node(n);
    }
}
