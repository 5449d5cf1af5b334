/* peers_internal.h - one way to one instance, and the table that holds it. */
#ifndef CORE_DAEMON_PEERS_INTERNAL_H
#define CORE_DAEMON_PEERS_INTERNAL_H

#include <libwebsockets.h>
#include <uv.h>

#include "core/base/limits.h"
#include "core/daemon/peers.h"
#include "core/daemon/secrets.h"
#include "core/wire/frame.h"

typedef enum way_stage {
    WAY_IDLE, /* nothing to say, or not yet tried */
    WAY_CONNECTS,
    WAY_OPEN,
    WAY_PAUSES, /* after a failure */
} way_stage;

typedef struct letter {
    struct letter *next;
    frame *frame;
    usec_t until; /* without a connection by then it is dropped */
} letter;

typedef struct way {
    peers *peers;
    char instance[ID_MAX + 1], address[ADDRESS_MAX + 1];
    way_stage stage;
    struct lws *wsi; /* CONNECTS, OPEN */
    letter *first, **end;
    uint64_t queued_bytes;
    int failures;    /* since it was open last */
    usec_t deadline; /* of the attempt, or of the pause */
    usec_t used;     /* something was written, or it was opened */
    timer_handle alarm;
    bool dirty;
} way;

struct peers {
    uv_loop_t *loop;
    struct lws_context *lws;
    struct lws_vhost *vhost;
    char instance_id[ID_MAX + 1], secret[SECRET_MAX + 1];
    bool verify_tls;
    uint64_t queue_bytes;
    usec_t patience, idle;
    clock_source clock;
    timer_source timers;
    logger log;
    way *ways[PEERS_MAX];
    int count;
    uv_prepare_t flush;
    peers_counts counts;
};

/* "ws://host:port/path", "wss://...", IPv6 in brackets. False when it is none. */
typedef struct peer_address {
    bool tls;
    char host[ADDRESS_MAX + 1], path[ADDRESS_MAX + 1];
    int port;
} peer_address;

bool peer_address_parse(const char *text, peer_address *ret_address);

way *way_new(peers *p, const char *instance, const char *address);
/* Takes NULL, returns NULL. */
way *way_free(way *w);
/* Another address: a connection to the old one is given up. */
void way_move(way *w, const char *address);
/* Takes the reference. */
void way_send(way *w, frame *f);
void way_flush(way *w);

/* What libwebsockets calls for connections of ways. */
extern const struct lws_protocols way_protocols[];

#endif
