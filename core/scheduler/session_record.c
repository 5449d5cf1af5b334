/* session_record.c - who speaks for a session, as other instances and operators see it.
 *
 * The record has a TTL and is renewed at half of it, by one timer for all sessions of the instance: they stand in the order of their
 * renewal, since all have the same period. A record that could not be written, or that Redis has lost, is written again then;
 * nobody waits for it, because a session speaks over the connection that it has.
 *
 * The newest connection wins. A session that is opened here while it is still open at another instance is told there, so that it looks
 * at its record at once; should that message get lost, it finds out when it renews. */
#include "core/scheduler/session_flow.h"

#include "core/base/mem.h"
#include "core/scheduler/elsewhere.h"
#include "core/scheduler/remote_flow.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

enum { RENEWALS_AT_ONCE = 64 }; /* calls that one firing makes */

typedef struct former {
    scheduler *s;
    char session[ID_MAX + 1], instance[ID_MAX + 1];
} former;

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

static void on_former_alive(void *arg, link_status status, bool alive, const char *address) {
    former *f = arg;
    elsewhere_end(f->s);
    if (status == LINK_OK && alive)
        remote_say(f->s, f->instance, address, (peer_message){.kind = PEER_MOVED, .to = f->session});
    free(f);
}

/* Whoever spoke for it before, over another instance, is to know. */
static void tell_former(const session *one, const char *owner) {
    scheduler *s = one->s;
    char instance_id[ID_MAX + 1];
    elsewhere_instance_of(owner, instance_id);
    bool there = *instance_id && strcmp(instance_id, s->instance) != 0;
    if (!there || !elsewhere_exists(s) || !elsewhere_begin(s)) return;
    former *f = mem_alloc(sizeof *f);
    f->s = s;
    memcpy(f->instance, instance_id, sizeof f->instance);
    memcpy(f->session, one->id, sizeof f->session);
    elsewhere_ask_alive(s, f->instance, on_former_alive, f);
}

static void on_done(void *arg, link_status status, const redis_reply *reply) {
    session *one = arg;
    sched_answered(one->s, SCRIPT_OPEN_SESSION, status, reply);
    if (status == LINK_OK) tell_former(one, reply_text(reply_at(reply, 1)));
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
    sched_answered(one->s, SCRIPT_RENEW_SESSION, status, reply);
    if (status == LINK_OK && !one->gone) {
        if (reply_says(reply, "GONE"))
            write_record(one);
        else if (reply_says(reply, "NOTOWNER"))
            session_moved(one);
    }
    session_unref(one);
}

void session_check_record(session *one) {
    scheduler *s = one->s;
    char owner[OWNER_MAX + 1];
    redis_key key;
    redis_call call;
    sched_owner(s, one->conn, owner);
    call_script(&call, SCRIPT_RENEW_SESSION);
    call_key(&call, key_session(&key, &s->config.keys, one->id));
    call_str(&call, owner);
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
        session_check_record(one);
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
