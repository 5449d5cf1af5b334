/* node_conn.c - which connection speaks for which node.
 *
 * A connection that has ended lives on until the last callback that names it has come back. */
#include "core/base/mem.h"
#include "core/scheduler/node_flow.h"
#include "core/scheduler/remote_flow.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

node_conn *node_by_id(scheduler *s, const char *node_id) {
    node_conn *n;
    HASH_FIND(hh_node, s->nodes_by_id, node_id, strlen(node_id), n);
    return n;
}

const char *node_name(const node_conn *n) {
    return n ? n->node : "";
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

node_conn *node_conn_for(scheduler *s, conn_token conn) {
    node_conn *n = node_by_conn(s, conn);
    if (n) return n;
    n = mem_zalloc(1, sizeof *n);
    n->s = s;
    n->conn = conn;
    HASH_ADD(hh, s->nodes_by_conn, conn, sizeof n->conn, n);
    return n;
}

void node_give_up_id(node_conn *n) {
    scheduler *s = n->s;
    if (!n->registered) return;
    HASH_DELETE(hh_node, s->nodes_by_id, n);
    remote_disown(s, OWNED_NODE, n->node);
    n->registered = n->wants_drain = false;
    s->counts.nodes--;
}

static void conn_free(node_conn *n) {
    free(n->sources);
    free(n->targets);
    free(n->services);
    free(n);
}

void node_ref(node_conn *n) {
    n->calls++;
}

void node_unref(node_conn *n) {
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

void node_close(node_conn *n, const char *reason) {
    n->closed = true;
    sched_tell(n->s, node_close, n->conn, reason);
}

void node_lost_id(node_conn *n) {
    node_give_up_id(n);
    node_close(n, "replaced by a newer connection");
}

/* The newest connection speaks for the node; one that spoke for it before is closed. */
void node_claim_id(node_conn *n) {
    scheduler *s = n->s;
    if (n->registered) return;
    node_conn *other = node_by_id(s, n->node);
    if (other) node_lost_id(other);
    HASH_ADD_KEYPTR(hh_node, s->nodes_by_id, n->node, strlen(n->node), n);
    remote_own(s, OWNED_NODE, n->node);
    n->registered = true;
    n->draining = n->left_pools = n->held_back = false;
    s->counts.nodes++;
}
