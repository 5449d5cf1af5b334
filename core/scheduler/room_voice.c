/* room_voice.c - who hears a member of a room: translated, and, by WebRTC, the raw voice. */
#include "core/base/mem.h"
#include "core/scheduler/room_flow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    RELAYS_MAX = 256
}; /* messages of one session under way; a new member exchanges some ten with each of the others */

/* ---- who hears a speaker -------------------------------------------------------------------------------------------- */

typedef struct speaking {
    session *one;
    char code[ROOM_CODE_LEN + 1];
    room_then *then;
    void *arg;
} speaking;

static bool still_in(const session *one, const char *code) {
    return !one->gone && room_has(code, one);
}

/* A session of ours ended, and its leaving could not be written: nobody hears for it. */
static void take_out_ghosts(scheduler *s, const room_reading *reading) {
    for (int i = 0; i < reading->view.count; i++) {
        const char *id = reading->members[i].session_id;
        if (reading->ours[i] && !session_by_id(s, id))
            room_leave_quietly(s, id, reading->owners[i], reading->view.code, false);
    }
}

/* False when nobody can be told. Once told, a speaker is not told with every utterance that Redis is still away. */
static bool read_listeners(const speaking *sp, link_status status, const redis_reply *reply, room_reading *reading) {
    session *one = sp->one;
    if (status != LINK_OK) {
        if (!one->gone && !one->room_trouble)
            room_refuse(one->s, one->conn, "SCHEDULER_DEPENDENCY_DOWN",
                        "the members of room %s cannot be asked; you alone hear the translation", sp->code);
        one->room_trouble = true;
        return false;
    }
    one->room_trouble = false;
    if (reply_says(reply, "OK")) {
        room_read(reading, one->s, sp->code, reply);
        room_tell_changes(one->s, &reading->view);
        take_out_ghosts(one->s, reading);
        return true;
    }
    if (reply_says(reply, "NOTFOUND"))
        room_ended(one->s, sp->code);
    else if (still_in(one, sp->code))
        room_lost_member(one);
    return false;
}

static void on_spoken(void *arg, link_status status, const redis_reply *reply) {
    speaking sp = *(speaking *)arg;
    room_reading reading;
    free(arg);
    sched_answered(sp.one->s, SCRIPT_ROOM_SPEAK, status, reply);
    if (!read_listeners(&sp, status, reply, &reading)) reading.view = (room_view){sp.code, reading.members, 0};
    sp.then(sp.one, &reading.view, sp.arg);
    session_unref(sp.one);
}

void room_speak(session *one, room_then *then, void *arg) {
    const scheduler *s = one->s;
    redis_call call;
    speaking *sp = mem_alloc(sizeof *sp);
    *sp = (speaking){.one = one, .then = then, .arg = arg};
    memcpy(sp->code, one->room->code, sizeof sp->code);
    room_call(&call, SCRIPT_ROOM_SPEAK, s, sp->code);
    call_str(&call, one->id);
    call_int(&call, usec_to_msec_up(s->config.room_idle));
    session_ref(one);
    sched_call(one->s, &call, on_spoken, sp);
}

/* ---- raw voice ------------------------------------------------------------------------------------------------------ */

typedef struct relaying {
    session *from;
    char to[ID_MAX + 1], code[ROOM_CODE_LEN + 1];
    payload *message;
} relaying;

static void pass_on(const relaying *r, const session *to, const char *member) {
    char owner[OWNER_MAX + 1];
    if (to) {
        sched_tell(r->from->s, session_relay, to->conn, r->from->id, r->message);
    } else {
        room_owner_of(member, owner);
        elsewhere_relay(r->from, owner, r->to, r->code, r->message);
    }
}

/* Membership as Redis has it, and "0" where the receiver does not want the sender's voice: it is dropped in silence then, because
 * who does not listen need not say so. */
static void hand_over(const relaying *r, link_status status, const redis_reply *reply) {
    session *from = r->from;
    if (!still_in(from, r->code)) return;
    const session *to = session_by_id(from->s, r->to);
    bool there = !to && elsewhere_exists(from->s), here = to && to->room == from->room;
    bool members = !reply_is_nil(reply_at(reply, 0)) && !reply_is_nil(reply_at(reply, 1));
    if (status != LINK_OK)
        room_no_redis(from);
    else if (!members || (!here && !there))
        room_refuse(from->s, from->conn, "INVALID_SESSION", "%s is no member of room %s", r->to, r->code);
    else if (strcmp(reply_text(reply_at(reply, 2)), "0") != 0)
        pass_on(r, to, reply_text(reply_at(reply, 1)));
}

static void on_relay(void *arg, link_status status, const redis_reply *reply) {
    relaying *r = arg;
    session *from = r->from;
    sched_answered(from->s, SCRIPT_NONE, status, reply);
    from->relays--;
    hand_over(r, status, reply);
    payload_unref(r->message);
    free(r);
    session_unref(from);
}

static void ask_preference(session *from, const char *to, payload *message) {
    redis_key key;
    redis_call call;
    char field[2 * ID_MAX + 4];
    relaying *r = mem_alloc(sizeof *r);
    *r = (relaying){.from = from, .message = payload_ref(message)};
    snprintf(r->to, sizeof r->to, "%s", to);
    memcpy(r->code, from->room->code, sizeof r->code);
    call_command(&call, "HMGET");
    call_key(&call, key_room(&key, &from->s->config.keys, r->code));
    snprintf(field, sizeof field, "m:%s", from->id);
    call_str(&call, field);
    snprintf(field, sizeof field, "m:%s", to);
    call_str(&call, field);
    snprintf(field, sizeof field, "x:%s %s", to, from->id);
    call_str(&call, field);
    session_ref(from);
    from->relays++;
    sched_call(from->s, &call, on_relay, r);
}

void scheduler_room_relay(scheduler *s, conn_token conn, const char *to_session, payload *message) {
    session *from = room_session(s, conn);
    if (!from) return;
    const session *to = session_by_id(s, to_session);
    bool absent = to ? to->room != from->room : !elsewhere_exists(s);
    if (!from->room)
        room_refuse(s, conn, "ROOM_NOT_FOUND", "this session is in no room");
    else if (absent)
        room_refuse(s, conn, "INVALID_SESSION", "the session that is to hear it is no member of room %s here",
                    from->room->code);
    else if (from->relays >= RELAYS_MAX)
        room_refuse(s, conn, "SCHEDULER_OVERLOADED", "%d messages to other members are under way", RELAYS_MAX);
    else
        ask_preference(from, to_session, message);
}
