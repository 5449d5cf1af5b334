/* room_expiry.c - a room that nobody has spoken in for room_idle ends in Redis by its TTL; its members here are to hear of it.
 *
 * A room cannot have ended before the time that Redis last told, so that is when it is asked again: about one call for each room in
 * room_idle, and a speaker costs nothing. The rooms stand in the order of these instants, the earliest first. A room that is looked
 * at anew usually goes to the end, so finding its place from there is short. */
#include "core/scheduler/room_flow.h"

#include "core/base/mem.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

enum { CHECKS_AT_ONCE = 64 }; /* calls that one firing makes */

static const usec_t pause_between = 10 * USEC_PER_MSEC;
static const usec_t pause_in_trouble = USEC_PER_SEC;

static void on_timer(void *arg);

static void set_timer(scheduler *s, usec_t soonest) {
    const timer_source *timers = &s->env.timers;
    timers->cancel(timers->ctx, s->room_timer);
    s->room_timer = 0;
    if (!s->room_checks) return;
    usec_t at = s->room_checks->check_at;
    s->room_timer = timers->set(timers->ctx, at > soonest ? at : soonest, on_timer, s);
}

static void check_at(room *r, usec_t at) {
    scheduler *s = r->s;
    room *before = s->room_checks ? s->room_checks->prev : NULL; /* the last one, in utlist's lists */
    r->check_at = at;
    while (before && before->check_at > at) before = before == s->room_checks ? NULL : before->prev;
    if (before)
        DL_APPEND_ELEM(s->room_checks, before, r);
    else
        DL_PREPEND(s->room_checks, r);
    if (s->room_checks == r) set_timer(s, sched_now(s));
}

void room_watch(room *r) {
    check_at(r, sched_now(r->s) + r->s->config.room_idle);
}

void room_unwatch(room *r) {
    if (!r->checking) DL_DELETE(r->s->room_checks, r);
}

void room_stop(scheduler *s) {
    s->env.timers.cancel(s->env.timers.ctx, s->room_timer);
    s->room_timer = 0;
}

/* ---- asking --------------------------------------------------------------------------------------------------------- */

typedef struct question {
    scheduler *s;
    char code[ROOM_CODE_LEN + 1];
} question;

/* PTTL: -2 when there is no such key, -1 when it has no end. */
static void on_asked(void *arg, link_status status, const redis_reply *reply) {
    question q = *(question *)arg;
    free(arg);
    sched_answered(q.s, SCRIPT_NONE, status, reply);
    room *r = room_by_code(q.s, q.code);
    if (!r || !r->checking) return; /* all of ours have left, and perhaps others have come */
    usec_t now = sched_now(q.s);
    int64_t left_msec = reply_int(reply);
    r->checking = false;
    if (status != LINK_OK)
        check_at(r, now + pause_in_trouble);
    else if (left_msec == -1)
        check_at(r, now + q.s->config.room_idle);
    else
        check_at(r, now + (left_msec > 0 ? left_msec : 0) * USEC_PER_MSEC + USEC_PER_MSEC);
    if (status == LINK_OK && left_msec == -2) room_ended(q.s, q.code);
}

static void ask(room *r) {
    scheduler *s = r->s;
    redis_key key;
    redis_call call;
    question *q = mem_alloc(sizeof *q);
    q->s = s;
    memcpy(q->code, r->code, sizeof q->code);
    DL_DELETE(s->room_checks, r);
    r->checking = true;
    call_command(&call, "PTTL");
    call_key(&call, key_room(&key, &s->config.keys, r->code));
    sched_call(s, &call, on_asked, q);
}

static void on_timer(void *arg) {
    scheduler *s = arg;
    usec_t now = sched_now(s);
    s->room_timer = 0;
    for (int i = 0; i < CHECKS_AT_ONCE && s->room_checks && s->room_checks->check_at <= now; i++) ask(s->room_checks);
    set_timer(s, now + pause_between);
}
