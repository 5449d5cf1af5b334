/* front.c - connections of all doors in one list, who may come in, and the transport put together.
 *
 * Why a connection that is being closed is deaf at once: the scheduler under which it spoke may be gone before the socket is. So no
 * end of a connection is reported to a scheduler that has never heard of it. */
#include "core/daemon/front_internal.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/mem.h"

void front_begin(front *f) {
    loop_clock_catch_up(f->env.clock);
}

void front_end(front *f) {
    loop_clock_settle(f->env.clock);
}

/* ---- connections ---------------------------------------------------------------------------------------------------- */

void guest_enter(front *f, guest *g, server_conn *conn, guest_hear *hear, int64_t *count) {
    g->f = f;
    g->conn = conn;
    g->hear = hear;
    g->next = f->guests;
    if (g->next) g->next->prev = g;
    f->guests = g;
    ++*count;
    if (!f->scheduler) guest_close(g, CLOSE_RESTART, "service restart");
}

void guest_leave(guest *g, int64_t *count) {
    front *f = g->f;
    if (g->prev)
        g->prev->next = g->next;
    else
        f->guests = g->next;
    if (g->next) g->next->prev = g->prev;
    --*count;
}

void guest_message(void *ctx, server_conn *conn, void *user, bool binary, const char *data, size_t bytes) {
    guest *g = user;
    (void)conn;
    if (g->deaf) return;
    front_begin(ctx);
    g->hear(g, binary, data, bytes);
    front_end(ctx);
}

void guest_send(guest *g, frame *message) {
    server_send(g->conn, message);
    frame_unref(message);
}

void guest_close(guest *g, int code, const char *reason) {
    if (g->deaf) return;
    g->deaf = true;
    server_close(g->conn, code, reason);
}

void front_close_all(front *f, int code, const char *reason) {
    for (guest *g = f->guests, *next; g; g = next) {
        next = g->next;
        guest_close(g, code, reason);
    }
}

bool guest_refused(guest *g, const char *door, const char *code) {
    metrics_refused_message(g->f->env.metrics, door, code);
    unsigned n = ++g->refusals;
    return (n & (n - 1)) == 0;
}

void front_drain(front *f) {
    f->draining = true;
    for (client *c = f->clients; c; c = c->hh.next) scheduler_session_close(f->scheduler, c->token);
}

/* ---- who may come in ------------------------------------------------------------------------------------------------ */

/* A token that nobody knows is as good as none. */
int front_admit(front *f, token_role role, const server_knock *knock, token_pass *ret_pass) {
    *ret_pass = (token_pass){.node = ""};
    if (f->draining || !f->scheduler) return HTTP_UNAVAILABLE;
    if (*knock->token && secrets_admit(*f->env.secrets, role, knock->token, ret_pass)) return 0;
    return *f->env.tokens_required ? HTTP_UNAUTHORIZED : 0;
}

/* ---- the scheduler -------------------------------------------------------------------------------------------------- */

void front_use(front *f, scheduler *s, const char *instance_id) {
    f->scheduler = s;
    snprintf(f->instance, sizeof f->instance, "%s", instance_id);
}

void front_observe(front *f, const sched_event *event) {
    session_observe(f, event);
}

static void on_instance_lost(void *ctx, const char *why) {
    front *f = ctx;
    f->env.instance_lost(f->env.ctx, why);
}

transport front_transport(front *f) {
    transport t = {.instance_lost = on_instance_lost, .ctx = f};
    node_transport(&t);
    session_transport(&t);
    room_transport(&t);
    return t;
}

/* ---- beginning and end ---------------------------------------------------------------------------------------------- */

front *front_new(const front_env *env) {
    front *f = mem_zalloc(1, sizeof *f);
    f->env = *env;
    f->doors[0] = node_door(f);
    f->doors[1] = session_door(f);
    f->doors[2] = peer_door(f);
    return f;
}

front *front_free(front *f) {
    if (!f) return NULL;
    assert(!f->guests);
    free(f);
    return NULL;
}

const server_door *front_doors(const front *f) {
    return f->doors;
}

front_counts front_count(const front *f) {
    return f->counts;
}
