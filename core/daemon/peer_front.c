/* peer_front.c - what other instances say to this one, over connections of theirs.
 *
 * At the door the caller proves the secret, says who it is, and whom it means: an address may have passed to another instance since it
 * was told. Each frame names its sender again, which is that of the connection. */
#include "core/daemon/front_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/domain/ids.h"
#include "core/wire/peer_frame.h"

static void refuse(peer_guest *p, const char *reason) {
    front *f = p->g.f;
    if (guest_refused(&p->g, "peer", "INVALID_MESSAGE"))
        log_write(&f->env.log, LOG_WARN, "peer_message_refused", "from=%s address=%s reason=\"%s\"", p->from,
                  server_conn_address(p->g.conn), reason);
    guest_close(&p->g, CLOSE_POLICY, "this is no message of an instance");
}

static void hear(guest *g, bool binary, const char *data, size_t bytes) {
    peer_guest *p = (peer_guest *)g;
    peer_frame heard;
    sched_error err;
    if (!binary) {
        refuse(p, "a text: expected binary messages");
    } else if (peer_frame_decode(data, bytes, &heard, &err)) {
        refuse(p, err.message);
    } else {
        if (!strcmp(heard.from, p->from))
            scheduler_peer_message(p->g.f->scheduler, heard.from, &heard.message);
        else
            refuse(p, "it speaks for another instance than at the door");
        peer_frame_free(&heard);
    }
}

static int admit(void *ctx, const server_knock *knock, void **ret_pass) {
    front *f = ctx;
    if (!secrets_is_peer(*f->env.secrets, knock->token)) return HTTP_UNAUTHORIZED;
    if (!id_valid(knock->from)) return HTTP_FORBIDDEN;
    if (strcmp(knock->to, f->instance) != 0) return HTTP_CONFLICT;
    *ret_pass = mem_strdup(knock->from);
    return 0;
}

static void *opened(void *ctx, server_conn *conn, void *pass) {
    front *f = ctx;
    peer_guest *p = mem_zalloc(1, sizeof *p);
    snprintf(p->from, sizeof p->from, "%s", (const char *)pass);
    guest_enter(f, &p->g, conn, hear, &f->counts.peers);
    return p;
}

static void closed(void *ctx, server_conn *conn, void *user) {
    front *f = ctx;
    peer_guest *p = user;
    (void)conn;
    guest_leave(&p->g, &f->counts.peers);
    free(p);
}

server_door peer_door(front *f) {
    return (server_door){.path = "/ws/peer",
                         .ctx = f,
                         .trusted = true,
                         .admit = admit,
                         .opened = opened,
                         .message = guest_message,
                         .closed = closed};
}
