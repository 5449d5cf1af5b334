/* session_record.c - who speaks for a session, as other instances and operators see it.
 *
 * The record has a TTL and is renewed at half of it, by one timer for all sessions of the instance: they stand in the order of their
 * renewal, since all have the same period. A record that could not be written, or that Redis has lost, is written again then;
 * nobody waits for it, because a session speaks over the connection that it has. */
#include "core/scheduler/session_flow.h"

#include <utlist.h>

enum { RENEWALS_AT_ONCE = 64 }; /* calls that one firing makes */

static const usec_t pause_between = 10 * USEC_PER_MSEC;

static void on_timer(void *arg);

static void set_timer(scheduler *s, usec_t at) {
    s->renew_timer = s->env.timers.set(s->env.timers.ctx, at, on_timer, s);
}

static void enqueue(session *one) {
    scheduler *s = one->s;
    one->renew_at = sched_now(s) + s->config.session_ttl / 2;
    DL_APPEND(s->renewals, one);
    if (!s->renew_timer) set_timer(s, one->renew_at);
}

static void on_done(void *arg, link_status status, const redis_reply *reply) {
    session *one = arg;
    sched_answered(one->s, SCRIPT_OPEN_SESSION, status, reply);
    session_unref(one);
}

static void write_record(session *one) {
    scheduler *s = one->s;
    char owner[OWNER_MAX + 1];
    redis_key key;
    redis_call call;
    sched_owner(s, one->conn, owner);
    call_script(&call, SCRIPT_OPEN_SESSION);
    call_key(&call, key_session(&key, &s->config.keys, one->id));
    call_str(&call, owner);
    call_str(&call, one->pair.src);
    call_str(&call, one->pair.tgt);
    call_int(&call, one->two_way ? 1 : 0);
    call_int(&call, usec_to_msec_up(s->config.session_ttl));
    session_ref(one);
    sched_call(s, &call, on_done, one);
}

static void on_renewed(void *arg, link_status status, const redis_reply *reply) {
    session *one = arg;
    sched_answered(one->s, SCRIPT_NONE, status, reply);
    if (status == LINK_OK && reply_int(reply) == 0 && !one->gone) write_record(one);
    session_unref(one);
}

static void renew(session *one) {
    scheduler *s = one->s;
    redis_key key;
    redis_call call;
    call_command(&call, "PEXPIRE");
    call_key(&call, key_session(&key, &s->config.keys, one->id));
    call_int(&call, usec_to_msec_up(s->config.session_ttl));
    session_ref(one);
    sched_call(s, &call, on_renewed, one);
}

static void on_timer(void *arg) {
    scheduler *s = arg;
    usec_t now = sched_now(s);
    s->renew_timer = 0;
    for (int i = 0; i < RENEWALS_AT_ONCE && s->renewals && s->renewals->renew_at <= now; i++) {
        session *one = s->renewals;
        DL_DELETE(s->renewals, one);
        renew(one);
        enqueue(one);
    }
    if (s->renewals && !s->renew_timer) {
        usec_t next = s->renewals->renew_at;
        set_timer(s, next > now ? next : now + pause_between);
    }
}

void session_record_open(session *one) {
    write_record(one);
    enqueue(one);
}

static void on_closed(void *arg, link_status status, const redis_reply *reply) {
    sched_answered(arg, SCRIPT_CLOSE_SESSION, status, reply);
}

void session_record_close(session *one) {
    scheduler *s = one->s;
    char owner[OWNER_MAX + 1];
    redis_key key;
    redis_call call;
    DL_DELETE(s->renewals, one);
    sched_owner(s, one->conn, owner);
    call_script(&call, SCRIPT_CLOSE_SESSION);
    call_key(&call, key_session(&key, &s->config.keys, one->id));
    call_str(&call, owner);
    sched_call(s, &call, on_closed, s);
}

void session_record_stop(scheduler *s) {
    s->env.timers.cancel(s->env.timers.ctx, s->renew_timer);
    s->renew_timer = 0;
}
