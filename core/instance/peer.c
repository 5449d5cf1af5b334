/* peer.c - names of peer messages, for logs and traces. */
#include "core/instance/peer.h"

#include <assert.h>

static const char *const names[PEER_KINDS] = {
    [PEER_FETCH] = "fetch",         [PEER_JOB] = "job",         [PEER_NOT_HERE] = "not_here",
    [PEER_SENT] = "sent",           [PEER_REFUSED] = "refused", [PEER_ACK] = "ack",
    [PEER_STARTED] = "started",     [PEER_RESULT] = "result",   [PEER_GOT] = "got",
    [PEER_NODE_LOST] = "node_lost", [PEER_CANCEL] = "cancel",   [PEER_ANSWER] = "answer",
    [PEER_MISSING] = "missing",     [PEER_ROOM] = "room",       [PEER_RELAY] = "relay",
    [PEER_MOVED] = "moved",         [PEER_PARTIAL] = "partial",
};

const char *peer_kind_name(peer_kind kind) {
    assert((unsigned)kind < PEER_KINDS && names[kind]);
    return names[kind];
}
