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

static sched_status offer_check(const session_offer *offer, sched_error *err) {
    lang_pair pair;
    sched_status status = id_check("session id", offer->session_id, err);
    if (!status) status = lang_pair_make(offer->pair.src, offer->pair.tgt, &pair, err);
    if (!status && (offer->sample_rate < SAMPLE_RATE_MIN || offer->sample_rate > SAMPLE_RATE_MAX))
        status = sched_fail(err, SCHED_EINVAL, "sample rate %lld: expected %d to %d", (long long)offer->sample_rate,
                            SAMPLE_RATE_MIN, SAMPLE_RATE_MAX);
    return status;
}

static sched_status place_check(scheduler *s, conn_token conn, const char *session_id, sched_error *err) {
    const session *found = session_by_conn(s, conn);
    if (found)
        return sched_fail(err, SCHED_EINVAL, "session %s: its connection has session %s open", session_id, found->id);
    if (session_by_id(s, session_id)) return sched_fail(err, SCHED_FULL, "session %s is open already", session_id);
    if (s->counts.sessions >= s->config.sessions_max)
        return sched_fail(err, SCHED_FULL, "%lld sessions are open, as many as may be", (long long)s->counts.sessions);
    return SCHED_OK;
}

sched_status scheduler_session_open(scheduler *s, conn_token conn, const session_offer *offer, sched_error *err) {
    assert(conn != 0);
    sched_status status = offer_check(offer, err);
    if (!status) status = place_check(s, conn, offer->session_id, err);
    if (status) return status;
    session *one = mem_zalloc(1, sizeof *one);
    one->s = s;
    one->conn = conn;
    one->pair = offer->pair;
    one->two_way = offer->two_way;
    one->format = offer->format;
    one->sample_rate = offer->sample_rate;
    snprintf(one->id, sizeof one->id, "%s", offer->session_id);
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
