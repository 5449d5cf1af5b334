/* network.c - messages on their way, each an event of the engine at its arrival.
 *
 * Every connection draws its delays from a stream of its own, and a message never arrives before the one that went ahead
 * of it on the same connection: TCP delays what would overtake. */
#include "sim/world/internal.h"

#include <assert.h>
#include <string.h>

/* About a job or a session: as long as one of these travels, the world is not idle. */
static bool is_work(message_kind kind) {
    switch (kind) {
    case MSG_REGISTER:
    case MSG_HEARTBEAT:
    case MSG_DRAIN:
    case MSG_NODE_GONE:
    case MSG_REGISTERED:
    case MSG_REFUSED:
    case MSG_CLOSE:
    case MSG_NODE_LINE_LOST: return false;
    default: return true;
    }
}

message *message_new(world *w, message_kind kind, conn_token conn) {
    message *m = pool_take(w->messages);
    *m = (message){.w = w, .kind = kind, .conn = conn};
    return m;
}

void message_free(message *m) {
    pool_give(m->w->messages, m);
}

static void arrive(void *arg) {
    message *m = arg;
    world *w = m->w;
    w->jobs_on_the_way -= is_work(m->kind);
    if (w->halted) {
        message_free(m);
    } else if (w->env.outside.take && m->kind < MSG_REGISTERED) {
        outside_take(w, m);
        message_free(m);
    } else if (!w->env.outside.take && instance_missed(w, m)) {
        if (m->conn & SPEAKER_BIT) speaker_unheard(w, m);
        message_free(m);
    } else if (m->kind < MSG_REGISTERED) {
        instance_deliver(w, m);
        message_free(m);
    } else if (m->kind >= MSG_ANSWER) {
        speaker_deliver(w, m);
        message_free(m);
    } else {
        node *n = node_of(w, m->conn);
        if (n)
            node_deliver(n, m);
        else
            message_free(m);
    }
}

void message_post(message *m, usec_t at) {
    m->w->jobs_on_the_way += is_work(m->kind);
    engine_at(m->w->env.engine, at, arrive, m);
}

void message_send(message *m, usec_t leave, channel *way, const dist *delay, rng *r) {
    assert(leave >= world_now(m->w));
    m->left = leave;
    usec_t at = leave + dist_draw_usec(delay, r);
    if (at < way->last) at = way->last;
    way->last = at;
    message_post(m, at);
}
