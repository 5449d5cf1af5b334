/* session_room.c - rooms as clients see them, and the relay of WebRTC messages between their members. */
#include "core/daemon/front_internal.h"

#include <stdio.h>
#include <string.h>

#include "core/wire/client_message.h"
#include "core/wire/to_client.h"

void client_room_message(client *c, const client_message *m) {
    scheduler *s = c->g.f->scheduler;
    switch (m->kind) {
    case CLIENT_ROOM_CREATE:
        c->makes_room = true;
        scheduler_room_create(s, c->token, m->room.lang, m->room.name);
        break;
    case CLIENT_ROOM_JOIN: scheduler_room_join(s, c->token, m->room.code, m->room.lang, m->room.name); break;
    case CLIENT_ROOM_LEAVE:
        scheduler_room_leave(s, c->token);
        c->room[0] = '\0';
        break;
    case CLIENT_ROOM_PREFER: scheduler_room_prefer(s, c->token, m->room.target, m->room.wants); break;
    case CLIENT_RELAY: scheduler_room_relay(s, c->token, m->relay.to, m->relay.text); break;
    default: break;
    }
}

bool client_room_error(client *c, const char *code, const char *message) {
    static const char *const codes[] = {"ROOM_NOT_FOUND", "ALREADY_IN_ROOM", "ROOM_FULL", "INVALID_ROOM_CODE"};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        if (strcmp(code, codes[i]) != 0) continue;
        c->makes_room = c->makes_room && strcmp(code, "ALREADY_IN_ROOM") != 0;
        guest_send(&c->g, to_client_room_error(code, message));
        return true;
    }
    return false;
}

/* A room that is new to a member who has asked for one is the one that was made for it. */
static void on_members(void *ctx, conn_token conn, const room_view *room) {
    client *c = client_of(ctx, conn);
    if (!c) return;
    if (c->makes_room && strcmp(c->room, room->code) != 0) {
        c->makes_room = false;
        guest_send(&c->g, to_client_room_created(room->code));
    }
    snprintf(c->room, sizeof c->room, "%s", room->code);
    guest_send(&c->g, to_client_room_members(room));
}

static void on_expired(void *ctx, conn_token conn, const char *code) {
    client *c = client_of(ctx, conn);
    if (!c) return;
    c->room[0] = '\0';
    guest_send(&c->g, to_client_room_expired(code));
}

static void on_relay(void *ctx, conn_token conn, const char *from_session, payload *relayed) {
    client *c = client_of(ctx, conn);
    (void)from_session; /* it stands in the message */
    if (!c) return;
    frame *f = frame_new(false, relayed->bytes);
    memcpy(f->data, relayed->data, relayed->bytes);
    guest_send(&c->g, f);
}

void room_transport(transport *t) {
    t->room_members = on_members;
    t->room_expired = on_expired;
    t->session_relay = on_relay;
}
