/* server_watch.c - sockets in lists by what they are waited for, the longest waiting first, and one tick that looks at the heads.
 *
 * Why no timer for each: 15,000 silent connections would be as many timers that are moved with every message. Here a message moves its
 * connection to the end of a list, and a tick costs what is due. The library's own timers stand in one sorted list that is walked on
 * insertion, so they are not used either.
 *
 * Floods  The bucket is an instant (`spent`): each message moves it on by 1/rate, at least from now. It may be two seconds ahead of
 *         the present, which is a burst of twice the rate; then reading rests until one message's worth has passed. A flood is over
 *         when a message finds the bucket half full. */
#include <assert.h>

#include "core/daemon/server_internal.h"

#define BURST (2 * USEC_PER_SEC)

void watch_for(server_conn *c, conn_wait wait) {
    conn_list *list = &c->server->waiting[c->wait];
    if (c->wait != WAIT_NOTHING) {
        if (c->before)
            c->before->behind = c->behind;
        else
            list->first = c->behind;
        if (c->behind)
            c->behind->before = c->before;
        else
            list->last = c->before;
        c->before = c->behind = NULL;
    }
    c->wait = wait;
    c->since = server_now(c->server);
    if (wait == WAIT_NOTHING) return;
    list = &c->server->waiting[wait];
    c->before = list->last;
    if (list->last)
        list->last->behind = c;
    else
        list->first = c;
    list->last = c;
}

static usec_t price(const server *s) {
    return USEC_PER_SEC / s->limits.messages_per_sec;
}

bool watch_message(server_conn *c) {
    server *s = c->server;
    usec_t now = server_now(s);
    if (c->wait == WAIT_WORD || c->wait == WAIT_PONG) watch_for(c, WAIT_WORD);
    if (c->door->trusted) return true;
    if (c->spent < now) c->spent = now;
    if (c->spent - now <= BURST / 2) c->flood_since = 0;
    c->spent += price(s);
    if (c->spent - now <= BURST) return true;
    if (!c->flood_since) {
        c->flood_since = now;
        s->counts.floods++;
        if (c->door->flooded) c->door->flooded(c->door->ctx, c, c->user);
    }
    if (c->close_code) return true;
    if (now - c->flood_since >= s->limits.flood_cut) {
        s->counts.flood_cuts++;
        server_close(c, LWS_CLOSE_STATUS_POLICY_VIOLATION, "too many messages");
        return true;
    }
    watch_for(c, WAIT_TOKENS);
    return false;
}

static void resume_readers(server *s, usec_t now) {
    server_conn *next;
    for (server_conn *c = s->waiting[WAIT_TOKENS].first; c; c = next) {
        next = c->behind;
        if (c->spent + price(s) - now > BURST) continue;
        watch_for(c, WAIT_WORD);
        lws_rx_flow_control(c->wsi, 1);
    }
}

void watch_tick(server *s) {
    usec_t now = server_now(s);
    server_conn *c;
    server_listen_again(s);
    resume_readers(s, now);
    while ((c = s->waiting[WAIT_HANDSHAKE].first) && now - c->since >= s->limits.handshake) {
        if (!c->had_request) s->counts.handshakes_late++;
        server_kill(c);
    }
    while ((c = s->waiting[WAIT_PONG].first) && now - c->since >= s->limits.idle / 2) {
        s->counts.idle_cuts++;
        server_close(c, LWS_CLOSE_STATUS_GOINGAWAY, "silent for too long");
    }
    while ((c = s->waiting[WAIT_WORD].first) && now - c->since >= s->limits.idle / 2) {
        ws_ping(c);
        watch_for(c, WAIT_PONG);
    }
    while ((c = s->waiting[WAIT_END].first) && now - c->since >= CLOSE_PATIENCE) server_kill(c);
}
