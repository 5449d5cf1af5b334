/* node_front.c - nodes: what they say, checked and handed on, and what they are told.
 *
 * A name belongs to the token that is bound to it, and to nobody who comes with another one. Between connections that both may use it,
 * the newer one wins (the scheduler closes the older), because a node that comes back often leaves its old connection half open. */
#include "core/daemon/front_internal.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/daemon/entropy.h"
#include "core/wire/node_message.h"
#include "core/wire/to_node.h"

static void refuse(node_guest *n, const char *code, const char *format, ...) __attribute__((format(printf, 3, 4)));

static void refuse(node_guest *n, const char *code, const char *format, ...) {
    char message[SCHED_ERROR_MAX];
    front *f = n->g.f;
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    if (guest_refused(&n->g, "node", code))
        log_write(&f->env.log, LOG_WARN, "node_message_refused", "node=%s address=%s refusals=%u code=%s reason=\"%s\"",
                  n->node, server_conn_address(n->g.conn), n->g.refusals, code, message);
    guest_send(&n->g, to_node_error(code, message));
}

/* ---- what nodes say ------------------------------------------------------------------------------------------------- */

/* A bound token speaks for one name, also when none was given. */
static void on_register(node_guest *n, const node_message *m) {
    front *f = n->g.f;
    node_registration registration = m->registration;
    const char *name = registration.node_id ? registration.node_id : "";
    if (!*name && *n->pass.node) registration.node_id = name = n->pass.node;
    if (*name && !secrets_node_may(*f->env.secrets, &n->pass, name)) {
        refuse(n, "NODE_ID_CONFLICT", "node %s is bound to another token than the one of this connection", name);
        guest_close(&n->g, CLOSE_POLICY, "this node id is bound to another token");
        scheduler_node_gone(f->scheduler, n->token);
        return;
    }
    scheduler_node_register(f->scheduler, n->token, &registration);
}

static void on_node_error(node_guest *n, const node_message *m) {
    front *f = n->g.f;
    metrics_node_error(f->env.metrics, m->error.code);
    log_write(&f->env.log, LOG_WARN, "node_error", "node=%s code=%s message=\"%s\"", n->node, m->error.code,
              m->error.message);
}

static void take(node_guest *n, const node_message *m) {
    scheduler *s = n->g.f->scheduler;
    switch (m->kind) {
    case NODE_REGISTER: on_register(n, m); break;
    case NODE_HEARTBEAT: scheduler_node_heartbeat(s, n->token, &m->load); break;
    case NODE_JOB_ACK: scheduler_node_ack(s, n->token, m->job.job_id, m->job.attempt); break;
    case NODE_JOB_STARTED: scheduler_node_started(s, n->token, m->job.job_id, m->job.attempt); break;
    case NODE_ASR_PARTIAL: scheduler_node_partial(s, n->token, m->partial.job_id, m->partial.content); break;
    case NODE_JOB_RESULT: scheduler_node_result(s, n->token, &m->result); break;
    case NODE_ERROR: on_node_error(n, m); break;
    case NODE_DRAIN: scheduler_node_drain(s, n->token); break;
    case NODE_KINDS: break;
    }
}

/* Whoever names a node names that of its connection. */
static bool speaks_for(const node_guest *n, const node_message *m) {
    return m->kind == NODE_REGISTER || !*m->node_id || !*n->node || !strcmp(m->node_id, n->node);
}

static void hear(guest *g, bool binary, const char *data, size_t bytes) {
    node_guest *n = (node_guest *)g;
    node_message m;
    sched_error err;
    if (binary) {
        refuse(n, "INVALID_MESSAGE", "a binary message of %zu bytes: expected text", bytes);
    } else if (node_message_parse(data, bytes, &m, &err)) {
        refuse(n, "INVALID_MESSAGE", "%s", err.message);
    } else {
        if (speaks_for(n, &m))
            take(n, &m);
        else
            refuse(n, "NODE_ID_CONFLICT", "%s: this connection speaks for node %s", node_kind_name(m.kind), n->node);
        node_message_free(&m);
    }
}

/* ---- the door ------------------------------------------------------------------------------------------------------- */

static int admit(void *ctx, const server_knock *knock, void **ret_pass) {
    token_pass *pass = mem_alloc(sizeof *pass);
    *ret_pass = pass;
    return front_admit(ctx, ROLE_NODE, knock, pass);
}

static void *opened(void *ctx, server_conn *conn, void *pass) {
    front *f = ctx;
    node_guest *n = mem_zalloc(1, sizeof *n);
    n->token = entropy_token();
    n->pass = *(const token_pass *)pass;
    HASH_ADD(hh, f->nodes, token, sizeof n->token, n);
    guest_enter(f, &n->g, conn, hear, &f->counts.nodes);
    return n;
}

static void flooded(void *ctx, server_conn *conn, void *user) {
    node_guest *n = user;
    (void)ctx;
    (void)conn;
    if (!n->g.deaf) refuse(n, "NODE_OVERLOADED", "too many messages a second; this connection is read more slowly now");
}

static void closed(void *ctx, server_conn *conn, void *user) {
    front *f = ctx;
    node_guest *n = user;
    (void)conn;
    front_begin(f);
    if (!n->g.deaf) scheduler_node_gone(f->scheduler, n->token);
    front_end(f);
    guest_leave(&n->g, &f->counts.nodes);
    HASH_DELETE(hh, f->nodes, n);
    free(n);
}

server_door node_door(front *f) {
    return (server_door){.path = "/ws/node",
                         .ctx = f,
                         .admit = admit,
                         .opened = opened,
                         .message = guest_message,
                         .flooded = flooded,
                         .closed = closed};
}

/* ---- what nodes are told -------------------------------------------------------------------------------------------- */

static node_guest *node_of(front *f, conn_token conn) {
    node_guest *n;
    HASH_FIND(hh, f->nodes, &conn, sizeof conn, n);
    return n && !n->g.deaf ? n : NULL;
}

static void on_registered(void *ctx, conn_token conn, const char *node_id) {
    front *f = ctx;
    node_guest *n = node_of(f, conn);
    if (!n) return;
    snprintf(n->node, sizeof n->node, "%s", node_id);
    log_write(&f->env.log, LOG_INFO, "node_registered", "node=%s address=%s", node_id, server_conn_address(n->g.conn));
    guest_send(&n->g, to_node_register_ack(node_id));
}

static void on_refused(void *ctx, conn_token conn, const char *code, const char *text) {
    node_guest *n = node_of(ctx, conn);
    if (n) refuse(n, code, "%s", text);
}

static void on_assign(void *ctx, conn_token conn, const job_assign *assign) {
    node_guest *n = node_of(ctx, conn);
    if (n) guest_send(&n->g, to_node_assign(assign));
}

static void on_cancel(void *ctx, conn_token conn, const char *job_id, int64_t attempt, const char *reason) {
    node_guest *n = node_of(ctx, conn);
    (void)attempt;
    if (n) guest_send(&n->g, to_node_cancel(job_id, NULL, reason));
}

/* Its results count until the connection has ended, so it is not deaf, and its end is reported as any other. */
static void on_close(void *ctx, conn_token conn, const char *reason) {
    front *f = ctx;
    node_guest *n = node_of(f, conn);
    if (!n) return;
    log_write(&f->env.log, LOG_INFO, "node_closed", "node=%s reason=\"%s\"", n->node, reason);
    guest_send(&n->g, to_node_error("NODE_UNAVAILABLE", reason));
    server_close(n->g.conn, CLOSE_NORMAL, reason);
}

void node_transport(transport *t) {
    t->node_registered = on_registered;
    t->node_refused = on_refused;
    t->node_assign = on_assign;
    t->node_cancel = on_cancel;
    t->node_close = on_close;
}
