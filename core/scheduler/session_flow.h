/* session_flow.h - sessions of this instance's connections; shared by the session_*.c files and by what answers them. */
#ifndef CORE_SCHEDULER_SESSION_FLOW_H
#define CORE_SCHEDULER_SESSION_FLOW_H

#include "core/scheduler/internal.h"

struct session {
    char id[ID_MAX + 1];
    conn_token conn;
    UT_hash_handle hh; /* by conn */
    UT_hash_handle hh_id;
};

/* session.c */
session *session_by_conn(scheduler *s, conn_token conn);
session *session_by_id(scheduler *s, const char *id);
void session_free_all(scheduler *s);

#endif
