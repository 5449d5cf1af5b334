/* room.c - a session creates, joins and leaves rooms, and says whose raw voice it wants.
 *
 * What one session asks is done one after the other, in the order in which it asked: a client may leave one room and join another
 * without waiting for an answer. Of one whose outcome is unknown the session is told that it failed; should it have happened all the
 * same, the session is taken out of the room again, by a call behind it on the same link.
 *
 * In Redis a room has no index and no owner, so nothing has to be cleaned up behind it: it ends with its last member, or by its
 * TTL. */
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/domain/ids.h"
#include "core/scheduler/room_flow.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

enum {
    ASKS_MAX = 64,    /* of one session: it may say something about each of the others at once */
    CREATE_TRIES = 5, /* codes that are drawn; a code of 900,000 is rarely taken */
    CODE_MIN = 100000,
    CODE_MAX = 999999,
};

typedef enum ask_kind { ASK_CREATE, ASK_JOIN, ASK_LEAVE, ASK_PREFER } ask_kind;

struct room_ask {
    session *one;
    room_ask *next, *prev;
    ask_kind kind;
    bool out; /* Redis is being asked */
    int tries;
    char code[ROOM_CODE_LEN + 1];
    char lang[LANG_MAX + 1], name[ROOM_NAME_MAX + 1]; /* lang "-" for none */
    char sender[ID_MAX + 1];
    bool wants;
};

/* ---- one after the other -------------------------------------------------------------------------------------------- */

static void begin(room_ask *a);

static int waiting(const session *one) {
    int count = 0;
    const room_ask *a;
    DL_COUNT(one->room_asks, a, count);
    return count;
}

/* A copy of what was asked waits for its turn. */
static void ask(session *one, const room_ask *what) {
    if (waiting(one) >= ASKS_MAX) {
        room_refuse(one->s, one->conn, "SCHEDULER_OVERLOADED", "%d room messages wait to be answered", ASKS_MAX);
        return;
    }
    room_ask *a = mem_alloc(sizeof *a);
    *a = *what;
    a->one = one;
    DL_APPEND(one->room_asks, a);
    if (one->room_asks == a) begin(a);
}

static void done(room_ask *a) {
    session *one = a->one;
    DL_DELETE(one->room_asks, a);
    free(a);
    if (one->room_asks) begin(one->room_asks);
}

static void submit(room_ask *a, const redis_call *call, link_callback *answered) {
    a->out = true;
    session_ref(a->one);
    sched_call(a->one->s, call, answered, a);
}

/* True when the session has gone meanwhile; then nobody is to be told, and the ask is freed by whoever sees it. */
static bool back(room_ask *a, script_id script, link_status status, const redis_reply *reply) {
    sched_answered(a->one->s, script, status, reply);
    a->out = false;
    return a->one->gone;
}

/* ---- leaving -------------------------------------------------------------------------------------------------------- */

typedef struct leaving {
    scheduler *s;
    char session[ID_MAX + 1], code[ROOM_CODE_LEN + 1];
    bool was_in; /* as far as we knew */
} leaving;

/* Returns how many they are. */
static int tell_rest(scheduler *s, const char *code, const redis_reply *reply) {
    room_reading rest;
    room_read(&rest, s, code, reply);
    room_tell(s, &rest.view);
    elsewhere_tell_room(s, &rest);
    return rest.view.count;
}

static void tell_left(scheduler *s, const char *session_id, const char *code, const redis_reply *reply) {
    int rest = tell_rest(s, code, reply);
    sched_emit(s, (sched_event){.kind = EV_ROOM_LEFT, .session = session_id, .code = code, .value = rest});
}

static void on_left_quietly(void *arg, link_status status, const redis_reply *reply) {
    leaving l = *(leaving *)arg;
    free(arg);
    sched_answered(l.s, SCRIPT_ROOM_LEAVE, status, reply);
    if (l.was_in || (status == LINK_OK && reply_says(reply, "OK")))
        tell_left(l.s, l.session, l.code, status == LINK_OK ? reply : NULL);
}

static void leave_call(redis_call *call, const scheduler *s, const char *session_id, const char *owner,
                       const char *code) {
    room_call(call, SCRIPT_ROOM_LEAVE, s, code);
    call_str(call, session_id);
    call_str(call, owner);
}

void room_leave_quietly(scheduler *s, const char *session_id, const char *owner, const char *code, bool was_in) {
    redis_call call;
    leaving *l = mem_alloc(sizeof *l);
    *l = (leaving){.s = s, .was_in = was_in};
    snprintf(l->session, sizeof l->session, "%s", session_id);
    snprintf(l->code, sizeof l->code, "%s", code);
    leave_call(&call, s, session_id, owner, code);
    sched_call(s, &call, on_left_quietly, l);
}

static void on_left(void *arg, link_status status, const redis_reply *reply) {
    room_ask *a = arg;
    session *one = a->one;
    if (back(a, SCRIPT_ROOM_LEAVE, status, reply)) {
        if (status == LINK_OK)
            tell_rest(one->s, a->code, reply); /* room_gone() has sent another one, which comes too late */
        free(a);
    } else {
        if (status != LINK_OK) {
            room_no_redis(one);
        } else if (reply_says(reply, "NOTFOUND")) {
            room_ended(one->s, a->code);
        } else {
            room_exit(one);
            tell_left(one->s, one->id, a->code, reply);
        }
        done(a);
    }
    session_unref(one);
}

static void leave(room_ask *a) {
    redis_call call;
    char owner[OWNER_MAX + 1];
    memcpy(a->code, a->one->room->code, sizeof a->code);
    sched_owner(a->one->s, a->one->conn, owner);
    leave_call(&call, a->one->s, a->one->id, owner, a->code);
    submit(a, &call, on_left);
}

void room_gone(session *one) {
    char owner[OWNER_MAX + 1];
    if (!one->room) return;
    sched_owner(one->s, one->conn, owner);
    room_leave_quietly(one->s, one->id, owner, one->room->code, true);
    room_exit(one);
}

void room_forget(session *one) {
    room_ask *a, *next;
    DL_FOREACH_SAFE(one->room_asks, a, next)
    if (!a->out) free(a);
    one->room_asks = NULL;
    room_exit(one);
}

/* ---- coming --------------------------------------------------------------------------------------------------------- */

static void entered(room_ask *a, const room_view *view) {
    session *one = a->one;
    bool was_in = one->room != NULL;
    room_enter(one, a->code);
    if (!was_in)
        sched_emit(one->s,
                   (sched_event){.kind = EV_ROOM_JOINED, .session = one->id, .code = a->code, .value = view->count});
    room_tell(one->s, view);
}

/* The session has gone, or the outcome is unknown: what may have happened is taken back. */
static void take_back(const room_ask *a, link_status status, const redis_reply *reply) {
    bool came = status == LINK_OK && (reply_says(reply, "OK") || reply_says(reply, "JOINED"));
    char owner[OWNER_MAX + 1];
    sched_owner(a->one->s, a->one->conn, owner);
    if (status == LINK_UNKNOWN || came) room_leave_quietly(a->one->s, a->one->id, owner, a->code, false);
}

static void member_args(redis_call *call, const room_ask *a) {
    const scheduler *s = a->one->s;
    char owner[OWNER_MAX + 1];
    sched_owner(s, a->one->conn, owner);
    call_str(call, a->one->id);
    call_str(call, a->lang);
    call_str(call, owner);
    call_str(call, a->name);
    call_int(call, usec_to_msec_up(s->config.room_idle));
}

static void create(room_ask *a);

static void created(room_ask *a) {
    session *one = a->one;
    room_member self = {.session_id = one->id,
                        .name = a->name,
                        .lang = strcmp(a->lang, "-") ? a->lang : "",
                        .joined_msec = sched_now(one->s) / USEC_PER_MSEC};
    entered(a, &(room_view){a->code, &self, 1});
    done(a);
}

static void on_created(void *arg, link_status status, const redis_reply *reply) {
    room_ask *a = arg;
    session *one = a->one;
    if (back(a, SCRIPT_ROOM_CREATE, status, reply)) {
        take_back(a, status, reply);
        free(a);
    } else if (status == LINK_OK && reply_says(reply, "OK")) {
        created(a);
    } else if (status == LINK_OK && ++a->tries < CREATE_TRIES) {
        create(a);
    } else {
        take_back(a, status, reply);
        if (status == LINK_OK)
            room_refuse(one->s, one->conn, "INTERNAL_ERROR", "no free room was found: all of %d codes are taken",
                        CREATE_TRIES);
        else
            room_no_redis(one);
        done(a);
    }
    session_unref(one);
}

static void create(room_ask *a) {
    scheduler *s = a->one->s;
    redis_call call;
    snprintf(a->code, sizeof a->code, "%06u", (unsigned)(CODE_MIN + rng_below(&s->draws, CODE_MAX - CODE_MIN + 1)));
    room_call(&call, SCRIPT_ROOM_CREATE, s, a->code);
    member_args(&call, a);
    submit(a, &call, on_created);
}

static void tell_join(room_ask *a, const redis_reply *reply) {
    session *one = a->one;
    room_reading reading;
    if (reply_says(reply, "NOTFOUND")) {
        room_ended(one->s, a->code); /* it may have been in it, and have come to say something new */
        room_refuse(one->s, one->conn, "ROOM_NOT_FOUND", "there is no room %s", a->code);
    } else if (reply_says(reply, "FULL")) {
        room_refuse(one->s, one->conn, "ROOM_FULL", "room %s has %d members, as many as may be", a->code,
                    ROOM_MEMBERS_MAX);
    } else if (reply_says(reply, "LANGS")) {
        room_refuse(one->s, one->conn, "ROOM_FULL",
                    "room %s hears %d languages, as many as may be; %s would be one more", a->code, ROOM_LANGS_MAX,
                    a->lang);
    } else {
        room_read(&reading, one->s, a->code, reply);
        entered(a, &reading.view);
        elsewhere_tell_room(one->s, &reading);
    }
}

static void on_joined(void *arg, link_status status, const redis_reply *reply) {
    room_ask *a = arg;
    session *one = a->one;
    if (back(a, SCRIPT_ROOM_JOIN, status, reply)) {
        take_back(a, status, reply);
        free(a);
    } else {
        if (status == LINK_OK) {
            tell_join(a, reply);
        } else {
            if (!one->room) take_back(a, status, reply);
            room_no_redis(one);
        }
        done(a);
    }
    session_unref(one);
}

static void join(room_ask *a) {
    redis_call call;
    room_call(&call, SCRIPT_ROOM_JOIN, a->one->s, a->code);
    member_args(&call, a);
    call_int(&call, ROOM_MEMBERS_MAX);
    call_int(&call, ROOM_LANGS_MAX);
    submit(a, &call, on_joined);
}

/* ---- preferring ----------------------------------------------------------------------------------------------------- */

static void on_preferred(void *arg, link_status status, const redis_reply *reply) {
    room_ask *a = arg;
    session *one = a->one;
    if (back(a, SCRIPT_ROOM_PREFER, status, reply)) {
        free(a);
    } else {
        if (status != LINK_OK)
            room_no_redis(one);
        else if (reply_says(reply, "NOTFOUND"))
            room_ended(one->s, a->code);
        else if (reply_says(reply, "ABSENT"))
            room_refuse(one->s, one->conn, "INVALID_SESSION", "%s is no member of room %s", a->sender, a->code);
        done(a);
    }
    session_unref(one);
}

static void prefer(room_ask *a) {
    redis_call call;
    memcpy(a->code, a->one->room->code, sizeof a->code);
    room_call(&call, SCRIPT_ROOM_PREFER, a->one->s, a->code);
    call_str(&call, a->one->id);
    call_str(&call, a->sender);
    call_int(&call, a->wants ? 1 : 0);
    submit(a, &call, on_preferred);
}

/* ---- what is asked -------------------------------------------------------------------------------------------------- */

static void take_step(room_ask *a) {
    switch (a->kind) {
    case ASK_CREATE: create(a); break;
    case ASK_JOIN: join(a); break;
    case ASK_LEAVE: leave(a); break;
    case ASK_PREFER: prefer(a); break;
    }
}

/* Whether it can be done is known when its turn has come: what was asked before may have changed it. */
static void begin(room_ask *a) {
    session *one = a->one;
    bool elsewhere = one->room && (a->kind == ASK_CREATE || strcmp(one->room->code, a->code) != 0);
    if ((a->kind == ASK_CREATE || a->kind == ASK_JOIN) && elsewhere) {
        room_refuse(one->s, one->conn, "ALREADY_IN_ROOM", "this session is in room %s already", one->room->code);
        done(a);
    } else if ((a->kind == ASK_LEAVE || a->kind == ASK_PREFER) && !one->room) {
        room_refuse(one->s, one->conn, "ROOM_NOT_FOUND", "this session is in no room");
        done(a);
    } else {
        take_step(a);
    }
}

/* What it says of itself; false when that is not to be understood. A name that is too long is cut, between two characters. */
static bool take_member(room_ask *a, scheduler *s, conn_token conn, const char *lang, const char *name) {
    sched_error err = {0};
    if (!name) name = "";
    snprintf(a->name, sizeof a->name, "%.*s", (int)text_prefix(name, ROOM_NAME_MAX), name);
    if (!lang || !*lang) {
        snprintf(a->lang, sizeof a->lang, "-");
        return true;
    }
    if (!lang_tag_parse(lang, a->lang, &err)) return true;
    room_refuse(s, conn, "INVALID_MESSAGE", "%s", err.message);
    return false;
}

void scheduler_room_create(scheduler *s, conn_token conn, const char *lang, const char *name) {
    session *one = room_session(s, conn);
    room_ask a = {.kind = ASK_CREATE};
    if (one && take_member(&a, s, conn, lang, name)) ask(one, &a);
}

void scheduler_room_join(scheduler *s, conn_token conn, const char *code, const char *lang, const char *name) {
    session *one = room_session(s, conn);
    room_ask a = {.kind = ASK_JOIN};
    if (!one) return;
    if (!code || strlen(code) != ROOM_CODE_LEN || strspn(code, "0123456789") != ROOM_CODE_LEN) {
        char shown[32];
        room_refuse(s, conn, "INVALID_ROOM_CODE", "\"%s\": a room code has six digits",
                    text_one_line(shown, sizeof shown, code ? code : ""));
        return;
    }
    memcpy(a.code, code, sizeof a.code);
    if (take_member(&a, s, conn, lang, name)) ask(one, &a);
}

void scheduler_room_leave(scheduler *s, conn_token conn) {
    session *one = room_session(s, conn);
    if (one) ask(one, &(room_ask){.kind = ASK_LEAVE});
}

void scheduler_room_prefer(scheduler *s, conn_token conn, const char *sender_session, bool wants) {
    session *one = room_session(s, conn);
    room_ask a = {.kind = ASK_PREFER, .wants = wants};
    if (!one) return;
    if (!sender_session || !id_valid(sender_session)) {
        room_refuse(s, conn, "INVALID_MESSAGE", "the session whose voice is meant has no valid id");
        return;
    }
    snprintf(a.sender, sizeof a.sender, "%s", sender_session);
    ask(one, &a);
}
