/* peers.h - the way to other instances: one WebSocket connection of ours to each that we speak to, made when there is something to
 * say.
 *
 * It implements core/instance/peer.h: a message may be lost (no connection within `patience`, the connection ends, the queue is
 * full), never doubled or reordered on one way. What others say to us comes over connections of theirs, through the door /ws/peer
 * (peer_front.h). Both ends prove that they know the secret before anything else is said: the client as bearer token, and who is
 * called must be who answers under that address, so a message to an instance that is gone reaches nobody.
 *
 * Bounds  PEERS_MAX instances, queue_bytes for each; idle connections are closed after `idle`. */
#ifndef CORE_DAEMON_PEERS_H
#define CORE_DAEMON_PEERS_H

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/instance/peer.h"

struct server;

typedef struct peers peers;

enum { PEERS_MAX = 64 };

typedef struct peers_options {
    const char *instance_id, *secret;
    bool verify_tls;
    uint64_t queue_bytes;
    usec_t patience, idle;
    clock_source clock;
    timer_source timers;
    logger log;
} peers_options;

/* Lives on the libwebsockets context and loop of the server. */
peers *peers_new(struct server *server, const peers_options *options);
peers *peers_free(peers *p);
peer_link peers_link(peers *p);

typedef struct peers_counts {
    int64_t connected;
    uint64_t sent, dropped, connects, failures, bytes;
} peers_counts;

peers_counts peers_count(const peers *p);

#endif
