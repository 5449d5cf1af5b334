/* node_beat.c - a node lives: its load is written, and its pools follow from its registration.
 *
 * An unchanged node costs one call. One whose pools differ from its registration is told REASSIGN: the pairs are joined and left a few
 * at a time, and what fails or crashes in between is found again by the next heartbeat. */
#include "core/scheduler/job_flow.h"
#include "core/scheduler/node_flow.h"

#include <string.h>

enum {
    PERCENT_MAX = 100000, /* a host may count each core as 100 */
    RUNNING_JOBS_MAX = 1000000,
};

/* ---- its pools ------------------------------------------------------------------------------------------------------ */

static void on_assigned(void *arg, link_status status, const redis_reply *reply) {
    node_conn *n = arg;
    sched_answered(n->s, SCRIPT_NODE_ASSIGNED, status, reply);
    n->changing_to = 0;
    if (status == LINK_OK && n->registered && reply_says(reply, "READY")) {
        sched_emit(n->s, (sched_event){.kind = EV_NODE_READY, .node = n->node});
        wait_queue_offer(n->s, n);
    } else if (status == LINK_OK && n->registered && reply_says(reply, "DRAINING")) {
        node_send_heartbeat(n); /* out of the pools again */
    }
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
    node_ref(n);
    pool_change *change = pool_change_new(n->s, n->node, version);
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
    const node_load *load = &n->load;
    bool busy = (int64_t)load->cpu >= limit || (int64_t)load->gpu >= limit || (int64_t)load->mem >= limit;
    return load->unready || (limit > 0 && busy);
}

/* It is in its pools, or waits until it is ready. A node that was held back until now brings room with it. */
static void on_settled(node_conn *n, const redis_reply *reply) {
    bool was_held_back = n->held_back;
    n->held_back = is_held_back(n);
    if (!strcmp(reply_text(reply_at(reply, 1)), "DEGRADED"))
        sched_emit(n->s, (sched_event){.kind = EV_NODE_DEGRADED, .node = n->node, .code = "never_ready"});
    if (was_held_back && !n->held_back) wait_queue_offer(n->s, n);
}

static void on_gone(node_conn *n) {
    if (n->draining || n->wants_drain) {
        node_end_drain(n);
        return;
    }
    sched_emit(n->s, (sched_event){.kind = EV_NODE_EXPIRED_HEARTBEAT, .node = n->node});
    node_register_again(n);
}

static void heartbeat_answered(node_conn *n, const redis_reply *reply) {
    bool serves = reply_says(reply, "OK") || reply_says(reply, "REASSIGN");
    if (serves) n->draining = n->left_pools = false; /* a drain may be taken back */
    if (reply_says(reply, "OK"))
        on_settled(n, reply);
    else if (reply_says(reply, "REASSIGN"))
        change_pools(n, reply_int(reply_at(reply, 1)), reply_at(reply, 2));
    else if (reply_says(reply, "DRAINING"))
        node_on_draining(n, reply_int(reply_at(reply, 2)), reply_at(reply, 3));
    else if (reply_says(reply, "GONE"))
        on_gone(n);
    else if (reply_says(reply, "NOTOWNER"))
        node_lost_id(n);
    if (n->wants_drain && n->registered) node_send_drain(n);
}

static void on_heartbeat(void *arg, link_status status, const redis_reply *reply) {
    node_conn *n = arg;
    sched_answered(n->s, SCRIPT_HEARTBEAT, status, reply);
    if (status == LINK_OK && n->registered) heartbeat_answered(n, reply);
    node_unref(n);
}

void node_send_heartbeat(node_conn *n) {
    const scheduler_config *config = &n->s->config;
    redis_key key;
    redis_call call;
    node_begin_call(&call, SCRIPT_HEARTBEAT, n, key_node_reservations(&key, &config->keys, n->node));
    call_int(&call, usec_to_msec_up(config->node_ttl));
    call_int(&call, (int64_t)n->load.cpu);
    call_int(&call, (int64_t)n->load.gpu);
    call_int(&call, (int64_t)n->load.mem);
    call_int(&call, n->load.running_jobs);
    call_int(&call, n->load.unready ? 0 : 1);
    call_int(&call, usec_to_msec_up(config->ready_limit));
    node_call(n, &call, on_heartbeat);
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
    n->load = (node_load){
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
