/* session.c - sessions of this instance: who speaks over which connection, from its opening to its end.
 *
 * A session has one timer, for whatever comes first: a silence that ends an utterance, or a result that has been missing for too
 * long. It is not moved with every chunk; when it fires early it is set again. */
#include "core/base/mem.h"
#include "core/domain/ids.h"
#include "core/scheduler/remote_flow.h"
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

void session_ref(session *one) {
    one->calls++;
}

void session_unref(session *one) {
    assert(one->calls > 0);
    if (--one->calls == 0 && one->gone) free(one);
}

/* ---- its timer ------------------------------------------------------------------------------------------------------ */

static void on_timer(void *arg) {
    session *one = arg;
    one->timer = 0;
    one->timer_at = USEC_NEVER;
    session_ref(one);
    session_sound_timer(one);
    session_results_timer(one);
    if (!one->gone) session_set_timer(one);
    session_unref(one);
}

void session_set_timer(session *one) {
    const timer_source *timers = &one->s->env.timers;
    usec_t at = session_sound_wake(one), results = session_results_wake(one);
    if (results < at) at = results;
    if (one->timer_at <= at) return;
    timers->cancel(timers->ctx, one->timer);
    usec_t soonest = sched_now(one->s) + 1;
    one->timer_at = at > soonest ? at : soonest;
    one->timer = timers->set(timers->ctx, one->timer_at, on_timer, one);
}

/* ---- opening -------------------------------------------------------------------------------------------------------- */

static sched_status offer_check(const session_offer *offer, lang_pair *ret_pair, sched_error *err) {
    sched_status status = id_check("session id", offer->session_id, err);
    if (!status) status = lang_pair_make(offer->pair.src, offer->pair.tgt, ret_pair, err);
    if (!status && (offer->sample_rate < SAMPLE_RATE_MIN || offer->sample_rate > SAMPLE_RATE_MAX))
        status = sched_fail(err, SCHED_EINVAL, "sample rate %lld: expected %d to %d", (long long)offer->sample_rate,
                            SAMPLE_RATE_MIN, SAMPLE_RATE_MAX);
    return status;
}

static sched_status place_check(scheduler *s, conn_token conn, const char *session_id, sched_error *err) {
    const session *found = session_by_conn(s, conn);
    if (found)
        return sched_fail(err, SCHED_EINVAL, "session %s: its connection has session %s open", session_id, found->id);
    if (leave_under_way(s)) return sched_fail(err, SCHED_FULL, "session %s: this instance is leaving", session_id);
    if (session_by_id(s, session_id)) return sched_fail(err, SCHED_FULL, "session %s is open already", session_id);
    if (s->counts.sessions >= s->config.sessions_max)
        return sched_fail(err, SCHED_FULL, "%lld sessions are open, as many as may be", (long long)s->counts.sessions);
    return SCHED_OK;
}

sched_status scheduler_session_open(scheduler *s, conn_token conn, const session_offer *offer, sched_error *err) {
    assert(conn != 0);
    lang_pair pair;
    sched_status status = offer_check(offer, &pair, err);
    if (!status) status = place_check(s, conn, offer->session_id, err);
    if (status) return status;
    session *one = mem_zalloc(1, sizeof *one);
    one->s = s;
    one->conn = conn;
    one->pair = pair;
    one->two_way = offer->two_way;
    one->format = offer->format;
    one->sample_rate = offer->sample_rate;
    one->about = payload_ref(offer->about);
    one->timer_at = USEC_NEVER;
    snprintf(one->id, sizeof one->id, "%s", offer->session_id);
    HASH_ADD(hh, s->sessions_by_conn, conn, sizeof one->conn, one);
    HASH_ADD_KEYPTR(hh_id, s->sessions_by_id, one->id, strlen(one->id), one);
    s->counts.sessions++;
    session_record_open(one);
    remote_own(s, OWNED_SESSION, one->id);
    sched_emit(s, (sched_event){.kind = EV_SESSION_OPENED, .session = one->id, .pair = &one->pair});
    return SCHED_OK;
}

/* ---- the end -------------------------------------------------------------------------------------------------------- */

static void release(session *one) {
    scheduler *s = one->s;
    const timer_source *timers = &s->env.timers;
    timers->cancel(timers->ctx, one->timer);
    timers->cancel(timers->ctx, one->close_timer);
    session_sound_drop(one);
    one->about = payload_unref(one->about);
    session_fanout_drop(one);
    room_forget(one);
    HASH_DELETE(hh_id, s->sessions_by_id, one);
    HASH_DELETE(hh, s->sessions_by_conn, one);
    s->counts.sessions--;
    one->gone = true;
    session_results_free(one); /* what it has waited for is not for this connection any more */
}

static void end(session *one, const char *how) {
    room_gone(one);
    session_record_close(one);
    remote_disown(one->s, OWNED_SESSION, one->id);
    sched_emit(one->s, (sched_event){.kind = EV_SESSION_CLOSED, .session = one->id, .code = how});
    session_ref(one);
    release(one);
    session_unref(one);
}

void session_free_all(scheduler *s) {
    session *one, *next;
    HASH_ITER (hh, s->sessions_by_conn, one, next) {
        release(one);
        free(one);
    }
}

/* Its sentences have ended; a session that has only lost its connection may come back and go on. */
static void acknowledge(session *one, const char *how) {
    affinity_forget(one);
    sched_tell(one->s, session_closed, one->conn);
    end(one, how);
}

static void on_close_limit(void *arg) {
    session *one = arg;
    one->close_timer = 0;
    acknowledge(one, "limit");
}

static void on_all_told(void *arg) {
    session *one = arg;
    one->close_timer = 0;
    acknowledge(one, "closed");
}

void session_told_all(session *one) {
    if (!one->closing || one->gone || one->unanswered > 0) return;
    const timer_source *timers = &one->s->env.timers;
    timers->cancel(timers->ctx, one->close_timer);
    /* By a timer, because whoever told the last answer is still at work with the session. */
    one->close_timer = timers->set(timers->ctx, sched_now(one->s), on_all_told, one);
}

void scheduler_session_close(scheduler *s, conn_token conn) {
    session *one = session_by_conn(s, conn);
    if (!one || one->closing) return;
    one->closing = true;
    one->close_timer = s->env.timers.set(s->env.timers.ctx, sched_now(s) + s->config.close_limit, on_close_limit, one);
    session_sound_flush(one);
    session_told_all(one);
}

void session_moved(session *one) {
    sched_tell(one->s, session_error, one->conn, "INVALID_SESSION", "this session was opened on another connection");
    end(one, "moved");
}

void scheduler_session_gone(scheduler *s, conn_token conn) {
    session *one = session_by_conn(s, conn);
    if (one) end(one, "gone");
}
