/* trace.c - the names that trace.jsonl shows; other tools read them, so they stay. */
#include "sim/measure/trace.h"

#include <assert.h>

static const char *const names[TRACE_KINDS] = {
    [TRACE_CORE] = "core",
    [TRACE_SESSION_OPENED] = "session_opened",
    [TRACE_SESSION_CLOSED] = "session_closed",
    [TRACE_CLIENT_SENT] = "client_sent",
    [TRACE_CLIENT_RESENT] = "client_resent",
    [TRACE_CLIENT_ANSWERED] = "client_answered",
    [TRACE_CLIENT_HEARD] = "client_heard",
    [TRACE_CLIENT_KNOWN] = "client_known",
    [TRACE_CLIENT_MISSED] = "client_missed",
    [TRACE_CLIENT_CLOSES] = "client_closes",
    [TRACE_CLIENT_ERROR] = "client_error",
    [TRACE_SOUND_CAME] = "sound_came",
    [TRACE_NODE_RECEIVED] = "node_received",
    [TRACE_NODE_STARTED] = "node_started",
    [TRACE_NODE_FINISHED] = "node_finished",
    [TRACE_NODE_EMPTY] = "node_empty",
    [TRACE_NODE_REJECTED] = "node_rejected",
    [TRACE_NODE_CANCELLED] = "node_cancelled",
    [TRACE_NODE_LOST] = "node_lost",
    [TRACE_NODE_UP] = "node_up",
    [TRACE_NODE_DOWN] = "node_down",
    [TRACE_DASHBOARD_ASKED] = "dashboard_asked",
    [TRACE_DASHBOARD_ANSWERED] = "dashboard_answered",
    [TRACE_FAULT_BEGIN] = "fault_begin",
    [TRACE_FAULT_END] = "fault_end",
    [TRACE_INSTANCE_DOWN] = "instance_down",
    [TRACE_INSTANCE_UP] = "instance_up",
    [TRACE_SESSION_LOST] = "session_lost",
    [TRACE_SESSION_BACK] = "session_back",
};

const char *trace_kind_name(trace_kind kind) {
    assert(kind >= 0 && kind < TRACE_KINDS);
    return names[kind];
}
