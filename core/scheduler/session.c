/* session.c - sessions of this instance: who speaks over which connection. */
#include "core/base/mem.h"
#include "core/domain/ids.h"
#include "core/scheduler/session_flow.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

session *session_by_conn(scheduler *s, conn_token conn) {
    session *one;
    HASH_FIND(hh, s->sessions_by_conn, &conn, sizeof conn, one);
    return one;
}

session *session_by_id(scheduler *s, const char *id) {
    session *one;
    HASH_FIND(hh_id, s->sessions_by_id, id, strlen(id), one);
    return one;
}

void session_free_all(scheduler *s) {
    session *one, *next;
    HASH_CLEAR(hh_id, s->sessions_by_id);
    HASH_ITER (hh, s->sessions_by_conn, one, next) {
        HASH_DEL(s->sessions_by_conn, one);
        free(one);
    }
}

sched_status scheduler_session_open(scheduler *s, conn_token conn, const char *session_id, sched_error *err) {
    assert(conn != 0);
    sched_status status = id_check("session id", session_id, err);
    if (status) return status;
    session *found = session_by_conn(s, conn);
    if (found)
        return sched_fail(err, SCHED_EINVAL, "session %s: its connection has session %s open", session_id, found->id);
    found = session_by_id(s, session_id);
    if (found) return sched_fail(err, SCHED_FULL, "session %s is open already", session_id);
    session *one = mem_zalloc(1, sizeof *one);
    one->conn = conn;
    snprintf(one->id, sizeof one->id, "%s", session_id);
    HASH_ADD(hh, s->sessions_by_conn, conn, sizeof one->conn, one);
    HASH_ADD_KEYPTR(hh_id, s->sessions_by_id, one->id, strlen(one->id), one);
    s->counts.sessions++;
    return SCHED_OK;
}

void scheduler_session_gone(scheduler *s, conn_token conn) {
    session *one = session_by_conn(s, conn);
    if (!one) return;
    HASH_DELETE(hh_id, s->sessions_by_id, one);
    HASH_DELETE(hh, s->sessions_by_conn, one);
    free(one);
    s->counts.sessions--;
}
