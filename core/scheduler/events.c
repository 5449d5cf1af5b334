/* events.c - the names that traces and reports show; other tools read them, so they stay. */
#include "core/scheduler/events.h"

#include <assert.h>

static const char *const names[EV_KINDS] = {
    [EV_SUBMITTED] = "submitted",
    [EV_DUPLICATE] = "duplicate",
    [EV_REFUSED] = "refused",
    [EV_CREATED] = "created",
    [EV_PROPOSED] = "proposed",
    [EV_COMPARED] = "compared",
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
    [EV_CUT] = "cut",
    [EV_EMPTY_CUT] = "empty_cut",
    [EV_AUDIO_REFUSED] = "audio_refused",
    [EV_AUDIO_DROPPED] = "audio_dropped",
    [EV_AFFINITY] = "affinity",
    [EV_CONFIRM_REFUSED] = "confirm_refused",
    [EV_EMPTY_HELD] = "empty_held",
    [EV_CANCELLED] = "cancelled",
    [EV_RESULT_MISSING] = "result_missing",
    [EV_LATE_DROPPED] = "late_dropped",
    [EV_SESSION_OPENED] = "session_opened",
    [EV_SESSION_CLOSED] = "session_closed",
    [EV_NODE_DEGRADED] = "node_degraded",
    [EV_NODE_RECOVERED] = "node_recovered",
    [EV_NODE_DRAINING] = "node_draining",
    [EV_NODE_MARKED] = "node_marked",
    [EV_NODE_REFUSED] = "node_refused",
    [EV_REDIS_DOWN] = "redis_down",
    [EV_REDIS_BACK] = "redis_back",
    [EV_DEPENDENCY_LOST] = "dependency_lost",
    [EV_ROOM_JOINED] = "room_joined",
    [EV_ROOM_LEFT] = "room_left",
    [EV_FORWARDED] = "forwarded",
    [EV_ADOPTED] = "adopted",
    [EV_LOOKED_UP] = "looked_up",
    [EV_EXTENDED] = "extended",
    [EV_COPY_DISAGREES] = "copy_disagrees",
};

const char *sched_event_name(sched_event_kind kind) {
    assert(kind >= 0 && kind < EV_KINDS);
    return names[kind];
}
