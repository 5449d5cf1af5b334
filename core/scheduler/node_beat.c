/* node_beat.c - a node lives: its load is written, and its pools follow from its registration.
 *
 * An unchanged node costs one call. One whose pools differ from its registration is told REASSIGN: the pairs are joined and left a few
 * at a time, and what fails or crashes in between is found again by the next heartbeat. */
#include "core/scheduler/job_flow.h"
#include "core/scheduler/node_flow.h"

enum {
    PERCENT_MAX = 100000, /* a host may count each core as 100 */
    RUNNING_JOBS_MAX = 1000000,
};

/* ---- its pools ------------------------------------------------------------------------------------------------------ */

void node_is_ready(node_conn *n) {
    sched_emit(n->s, (sched_event){.kind = EV_NODE_READY, .node = n->node});
    wait_queue_room(n->s, n);
}

static void on_assigned(void *arg, const node_answer *answer) {
    node_conn *n = arg;
    n->changing_to = 0;
    if (n->registered && answer->word == NODE_READY)
        node_is_ready(n);
    else if (n->registered && answer->word == NODE_DRAINING)
        node_send_heartbeat(n); /* out of the pools again */
    node_unref(n);
}

static void on_pools_changed(void *arg, bool complete) {
    node_conn *n = arg;
    scheduler *s = n->s;
    if (!complete || !n->registered) { /* the next heartbeat answers REASSIGN again */
        n->changing_to = 0;
        node_unref(n);
        return;
    }
    char owner[OWNER_MAX + 1];
    sched_owner(s, n->conn, owner);
    /* The reference of the change goes on to this question. By now the node may have registered again: then the answer is STALE. */
    s->registry->ops->assigned(s->registry, n->node, owner, n->changing_to, on_assigned, n);
}

/* `generations` is ver, sources, targets, ver, ...; the last is what the node serves now. Without pools there is nothing to change. */
static void change_pools(node_conn *n, int64_t version, const redis_reply *generations) {
    size_t count = reply_count(generations);
    if (n->changing_to || (n->s->registry->ops->pools && count < 3)) return;
    n->changing_to = n->version = version;
    node_ref(n);
    pool_change *change = pool_change_new(n->s, n->node, version);
    if (count >= 3)
        pool_change_join(change, reply_text(reply_at(generations, count - 2)),
                         reply_text(reply_at(generations, count - 1)));
    for (size_t i = 0; i + 3 < count; i += 3)
        pool_change_leave(change, reply_text(reply_at(generations, i + 1)), reply_text(reply_at(generations, i + 2)));
    pool_change_run(change, on_pools_changed, n);
}

/* ---- heartbeats ----------------------------------------------------------------------------------------------------- */

/* Would its own figures make the grant refuse? */
static bool is_held_back(const node_conn *n) {
    int64_t limit = n->s->config.resource_limit;
    const node_report *load = &n->load;
    bool busy = (int64_t)load->cpu >= limit || (int64_t)load->gpu >= limit || (int64_t)load->mem >= limit;
    return load->unready || (limit > 0 && busy);
}

/* It is in its pools, or waits until it is ready. A node that was held back until now brings room with it. */
static void on_settled(node_conn *n, const node_answer *answer) {
    bool was_held_back = n->held_back;
    n->held_back = is_held_back(n);
    if (answer->word == NODE_DEGRADED)
        sched_emit(n->s, (sched_event){.kind = EV_NODE_DEGRADED, .node = n->node, .code = "never_ready"});
    if (!n->held_back && (was_held_back || answer->room)) wait_queue_room(n->s, n);
}

static void on_gone(node_conn *n) {
    if (n->draining || n->wants_drain) {
        node_end_drain(n);
        return;
    }
    sched_emit(n->s, (sched_event){.kind = EV_NODE_EXPIRED_HEARTBEAT, .node = n->node});
    node_register_again(n);
}

static void heartbeat_answered(node_conn *n, const node_answer *answer) {
    bool settled = answer->word == NODE_OK || answer->word == NODE_DEGRADED;
    if (settled || answer->word == NODE_REASSIGN) n->draining = n->left_pools = false; /* a drain may be taken back */
    if (settled)
        on_settled(n, answer);
    else if (answer->word == NODE_REASSIGN)
        change_pools(n, answer->version, answer->generations);
    else if (answer->word == NODE_DRAINING)
        node_on_draining(n, answer->load, answer->generations);
    else if (answer->word == NODE_GONE)
        on_gone(n);
    else if (answer->word == NODE_NOT_OWNER)
        node_lost_id(n);
    if (n->wants_drain && n->registered) node_send_drain(n);
}

static void on_heartbeat(void *arg, const node_answer *answer) {
    node_conn *n = arg;
    if (answer->status == LINK_OK && n->registered) heartbeat_answered(n, answer);
    node_unref(n);
}

void node_send_heartbeat(node_conn *n) {
    registry *r = n->s->registry;
    char owner[OWNER_MAX + 1];
    sched_owner(n->s, n->conn, owner);
    node_ref(n);
    r->ops->beat(r, n->node, owner, &n->load, on_heartbeat, n);
}

/* A node's figures come from outside: not a number and less than nothing are nothing. */
static double percent(double value) {
    if (!(value > 0)) return 0;
    return value < PERCENT_MAX ? value : PERCENT_MAX;
}

static int64_t jobs(int64_t value) {
    if (value < 0) return 0;
    return value < RUNNING_JOBS_MAX ? value : RUNNING_JOBS_MAX;
}

void scheduler_node_heartbeat(scheduler *s, conn_token conn, const node_load *load) {
    node_conn *n = node_by_conn(s, conn);
    if (n && n->closed) return;
    if (!n || !(n->registered || n->registering)) {
        node_refuse(s, conn, "", "INVALID_SESSION", "this connection has not registered a node");
        sched_tell(s, node_close, conn, "heartbeat without registration");
        return;
    }
    n->heard = sched_now(s);
    n->load = (node_report){
        .cpu = percent(load->cpu),
        .gpu = percent(load->gpu),
        .mem = percent(load->mem),
        .running_jobs = jobs(load->running_jobs),
        .unready = load->unready,
    };
    if (n->registered)
        node_send_heartbeat(n);
    else
        n->beats = true;
}
