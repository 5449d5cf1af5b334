/* room_flow.h - rooms as this instance knows them; shared by the room*.c files.
 *
 *     room.c           create, join, leave, what a member prefers: one after the other for each session
 *     room_voice.c     who hears a speaker; the relay of raw voice
 *     room_local.c     the members on this instance, and what they are told
 *     room_expiry.c    a room that has ended is noticed
 *
 * A room is in Redis. Here is only which of our sessions are in it: to tell them of changes, and of its end. */
#ifndef CORE_SCHEDULER_ROOM_FLOW_H
#define CORE_SCHEDULER_ROOM_FLOW_H

#include "core/scheduler/elsewhere.h"
#include "core/scheduler/session_flow.h"

struct room {
    scheduler *s;
    char code[ROOM_CODE_LEN + 1];
    session *present; /* by the instant at which they came; never empty */
    usec_t check_at;  /* it cannot have ended before, as far as we know */
    bool checking;    /* Redis is being asked, and it stands in no list */
    uint64_t told;    /* hash of the members as they were last told */
    room *next, *prev;
    UT_hash_handle hh;
};

/* The members as a script answered them: {word, session, "lang owner joined name", ...}. The view leads into this and into the
 * reply. */
struct room_reading {
    room_view view;
    room_member members[ROOM_MEMBERS_MAX];
    char langs[ROOM_MEMBERS_MAX][LANG_MAX + 1];
    char owners[ROOM_MEMBERS_MAX][OWNER_MAX + 1];
    bool ours[ROOM_MEMBERS_MAX]; /* its connection is, or was, one of this instance */
};

/* room_local.c */
room *room_by_code(scheduler *s, const char *code);
/* `code` must outlive the reading. */
void room_read(room_reading *ret_reading, const scheduler *s, const char *code, const redis_reply *reply);
/* The same of the whole record, as HGETALL answers it. */
void room_read_record(room_reading *ret_reading, const scheduler *s, const char *code, const redis_reply *reply);
/* The owner in a member's value, "" when there is none. */
void room_owner_of(const char *member, char ret_owner[OWNER_MAX + 1]);
/* The session is in this room from now on; it may be there already. */
void room_enter(session *one, const char *code);
/* It is in no room any more; nobody is told. */
void room_exit(session *one);
/* Every member of the view that has a session here, in this room, is told. */
void room_tell(scheduler *s, const room_view *view);
/* The same, unless they were told so before. */
void room_tell_changes(scheduler *s, const room_view *view);
/* Redis does not have the room any more: its members on this instance are told, and are in none. */
void room_ended(scheduler *s, const char *code);
/* Redis does not have this member any more. */
void room_lost_member(session *one);
/* session_error() */
void room_refuse(scheduler *s, conn_token conn, const char *code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Redis could not be asked. */
void room_no_redis(session *one);
/* The session of this connection, if room messages may come from it; else that one is told, and NULL. */
session *room_session(scheduler *s, conn_token conn);
void room_call(redis_call *call, script_id script, const scheduler *s, const char *code);

/* room.c */
/* Takes a session out of a room, unless it has joined over another connection than this owner's; nobody waits for it. `was_in`: it was a
 * member as far as we knew, and is told as one that left. */
void room_leave_quietly(scheduler *s, const char *session_id, const char *owner, const char *code, bool was_in);

/* room_expiry.c */
void room_watch(room *r);
void room_unwatch(room *r);

#endif
