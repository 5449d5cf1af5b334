/* peers.h - the way to other instances: one WebSocket connection of ours to each that we speak to, made when there is something to
 * say.
 *
 * It implements core/instance/peer.h: a message may be lost (no connection within `patience`, the connection ends, the queue is
 * full), never doubled or reordered on one way. What others say to us comes over connections of theirs, through the door /ws/peer
 * (peer_front.h).
 *
 * Handshake  "Authorization: Bearer SECRET", "x-lingua-from: OUR-ID", "x-lingua-to: THEIR-ID". Who is called must be who answers under
 *            that address: a door whose id is another answers 409, so a message to an instance that is gone reaches nobody. The
 *            caller proves that it knows the secret; that the secret is not told to a stranger is the business of TLS
 *            (verify_tls), or of the network.
 * Failure    What waits for a connection is kept for `patience` from peer_link.send() on. Attempts last at most `patience`; between
 *            them are pauses, doubling from PEERS_PAUSE_MIN to PEERS_PAUSE_MAX. An address that is none is a failure, too.
 * Bounds     PEERS_MAX instances, queue_bytes for each; idle connections are closed after `idle`. A host name is looked up with the C
 *            library's resolver, which can hold up the loop: give an address where that matters.
 * Order      An instance that comes under another address gets a new connection; what waits moves over, what was written stays
 *            with the old one. */
#ifndef CORE_DAEMON_PEERS_H
#define CORE_DAEMON_PEERS_H

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/instance/peer.h"

#include <stdbool.h>

struct server;

typedef struct peers peers;

enum { PEERS_MAX = 64 };

#define PEERS_PAUSE_MIN (50 * USEC_PER_MSEC)
#define PEERS_PAUSE_MAX (2 * USEC_PER_SEC)

typedef struct peers_options {
    const char *instance_id, *secret; /* copied */
    bool verify_tls;
    uint64_t queue_bytes;
    usec_t patience, idle;
    clock_source clock;
    timer_source timers;
    logger log;
} peers_options;

/* Lives on the libwebsockets context and loop of the server. */
peers *peers_new(struct server *server, const peers_options *options);
/* Before the server is freed; the loop must run once more. What is queued is dropped. Takes NULL, returns NULL. */
peers *peers_free(peers *p);
peer_link peers_link(peers *p);

typedef struct peers_counts {
    int64_t connected;
    uint64_t sent, dropped, connects, failures, bytes;
} peers_counts;

peers_counts peers_count(const peers *p);

#endif
