/* events.c - the names that traces and reports show; other tools read them, so they stay. */
#include "core/scheduler/events.h"

#include <assert.h>

static const char *const names[EV_KINDS] = {
    [EV_SUBMITTED] = "submitted",
    [EV_DUPLICATE] = "duplicate",
    [EV_REFUSED] = "refused",
    [EV_CREATED] = "created",
    [EV_PROPOSED] = "proposed",
    [EV_GRANT_REFUSED] = "grant_refused",
    [EV_RESERVED] = "reserved",
    [EV_WAITING] = "waiting",
    [EV_DISPATCHED] = "dispatched",
    [EV_ACCEPTED] = "accepted",
    [EV_STARTED] = "started",
    [EV_RETRY] = "retry",
    [EV_UNRESERVED] = "unreserved",
    [EV_FINISHED] = "finished",
    [EV_RELEASED] = "released",
    [EV_STALE] = "stale",
    [EV_RESULT_SENT] = "result_sent",
    [EV_SESSION_GONE] = "session_gone",
    [EV_NODE_REGISTERED] = "node_registered",
    [EV_NODE_READY] = "node_ready",
    [EV_NODE_OFFLINE] = "node_offline",
    [EV_NODE_EXPIRED_HEARTBEAT] = "node_expired_heartbeat",
    [EV_REDIS] = "redis",
};

const char *sched_event_name(sched_event_kind kind) {
    assert(kind >= 0 && kind < EV_KINDS);
    return names[kind];
}
