/* node_drain.c - a node gets no new job: it leaves its pools, works off what it has, and goes.
 *
 * The record in Redis says so, whoever wanted it: the node, or an operator on another machine. Of the latter we learn by the answer to
 * the next heartbeat, or earlier by a grant that is refused. From then on every release and every heartbeat tells how many
 * reservations are left. At none the node goes offline as any other does; since no grant can come in between, nothing is lost. */
#include "core/scheduler/node_flow.h"
#include "core/scheduler/remote_flow.h"

#include <string.h>

/* Once for each time that it drains. */
static void now_draining(node_conn *n, const char *who) {
    if (n->draining) return;
    n->draining = true;
    sched_emit(n->s, (sched_event){.kind = EV_NODE_DRAINING, .node = n->node, .code = who});
}

void node_end_drain(node_conn *n) {
    node_give_up_id(n);
    node_close(n, leave_reason(n->s));
}

static void go(node_conn *n) {
    char owner[OWNER_MAX + 1];
    sched_owner(n->s, n->conn, owner);
    node_take_offline(n->s, n->node, owner, "drained");
    node_end_drain(n);
}

/* ---- its pools ------------------------------------------------------------------------------------------------------ */

static void on_pools_left(void *arg, bool complete) {
    node_conn *n = arg;
    n->changing_to = 0;
    n->left_pools = complete; /* if not, the next heartbeat tries again */
    node_unref(n);
}

static void leave_pools(node_conn *n, const redis_reply *generations) {
    if (n->left_pools || n->changing_to) return;
    n->changing_to = n->version;
    node_ref(n);
    pool_change *change = pool_change_new(n->s, n->node, n->version);
    for (size_t i = 0; i + 2 < reply_count(generations); i += 3)
        pool_change_leave(change, reply_text(reply_at(generations, i + 1)), reply_text(reply_at(generations, i + 2)));
    pool_change_run(change, on_pools_left, n);
}

void node_on_draining(node_conn *n, int64_t load, const redis_reply *generations) {
    now_draining(n, "operator");
    if (load == 0)
        go(n);
    else if (generations)
        leave_pools(n, generations);
}

void node_seen_draining(scheduler *s, const char *node_id) {
    node_conn *n = node_by_id(s, node_id);
    if (!n || n->draining) return;
    now_draining(n, "operator");
    node_send_heartbeat(n);
}

void node_released(scheduler *s, const char *node_id, int64_t load, const char *status) {
    node_conn *n = strcmp(status, "draining") ? NULL : node_by_id(s, node_id);
    if (n) node_on_draining(n, load, NULL);
}

/* ---- the node wants it ---------------------------------------------------------------------------------------------- */

static void drain_answered(node_conn *n, const node_answer *answer) {
    if (answer->word == NODE_NOT_OWNER) {
        node_lost_id(n);
    } else if (answer->word == NODE_GONE || answer->was_offline) {
        node_end_drain(n);
    } else {
        n->wants_drain = false;
        now_draining(n, "node");
        node_send_heartbeat(n); /* its answer tells the load and the pools */
    }
}

static void on_drained(void *arg, const node_answer *answer) {
    node_conn *n = arg;
    if (answer->status == LINK_OK && n->registered)
        drain_answered(n, answer); /* if not, the next heartbeat asks again */
    node_unref(n);
}

void node_send_drain(node_conn *n) {
    registry *r = n->s->registry;
    char owner[OWNER_MAX + 1];
    sched_owner(n->s, n->conn, owner);
    node_ref(n);
    r->ops->drain(r, n->node, owner, on_drained, n);
}

void scheduler_node_drain(scheduler *s, conn_token conn) {
    node_conn *n = node_by_conn(s, conn);
    if (n && n->closed) return;
    if (!n || !(n->registered || n->registering)) {
        node_refuse(s, conn, "", "INVALID_SESSION", "this connection has not registered a node");
        return;
    }
    bool asked = n->wants_drain || n->draining;
    n->wants_drain = !n->draining;
    if (n->registered && !asked)
        node_send_drain(n); /* else the answer to the registration, or to a heartbeat, does it */
}
