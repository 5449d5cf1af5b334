/* room_local.c - which sessions of this instance are in which room, and what they are told. */
#include "core/scheduler/room_flow.h"

#include "core/base/hash.h"
#include "core/base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

room *room_by_code(scheduler *s, const char *code) {
    room *r;
    HASH_FIND_STR(s->rooms, code, r);
    return r;
}

/* ---- what Redis says ------------------------------------------------------------------------------------------------ */

static bool is_ours(const scheduler *s, const char *owner) {
    char instance_id[ID_MAX + 1];
    elsewhere_instance_of(owner, instance_id);
    return !strcmp(instance_id, s->instance);
}

/* "lang owner joined name", where the name is the rest and may be empty. */
static void read_member(room_member *m, char lang[LANG_MAX + 1], char owner[OWNER_MAX + 1], const char *value) {
    char tag[LANG_MAX + 1] = "";
    long long joined = 0;
    int at = 0;
    owner[0] = '\0';
    sscanf(value, "%16s %81s %lld%n", tag, owner, &joined, &at);
    memcpy(lang, strcmp(tag, "-") ? tag : "", strcmp(tag, "-") ? sizeof tag : 1);
    m->lang = lang;
    m->joined_msec = joined;
    m->name = value[at] == ' ' ? value + at + 1 : "";
}

static void take_member(room_reading *r, const scheduler *s, int i, const char *session_id, const char *value) {
    r->members[i].session_id = session_id;
    read_member(&r->members[i], r->langs[i], r->owners[i], value);
    r->ours[i] = is_ours(s, r->owners[i]);
}

void room_read(room_reading *ret_reading, const scheduler *s, const char *code, const redis_reply *reply) {
    size_t values = reply_count(reply);
    int count = 0;
    for (size_t i = 1; i + 1 < values && count < ROOM_MEMBERS_MAX; i += 2, count++)
        take_member(ret_reading, s, count, reply_text(reply_at(reply, i)), reply_text(reply_at(reply, i + 1)));
    ret_reading->view = (room_view){code, ret_reading->members, count};
}

/* A field "m:session" and its value. */
typedef struct field {
    const char *session_id, *value;
} field;

static int by_session(const void *a, const void *b) {
    return strcmp(((const field *)a)->session_id, ((const field *)b)->session_id);
}

void room_read_record(room_reading *ret_reading, const scheduler *s, const char *code, const redis_reply *reply) {
    field fields[ROOM_MEMBERS_MAX];
    size_t count = 0, values = reply_count(reply);
    for (size_t i = 0; i + 1 < values && count < ROOM_MEMBERS_MAX; i += 2) {
        const char *name = reply_text(reply_at(reply, i));
        if (!strncmp(name, "m:", 2)) fields[count++] = (field){name + 2, reply_text(reply_at(reply, i + 1))};
    }
    qsort(fields, count, sizeof *fields, by_session);
    for (size_t i = 0; i < count; i++) take_member(ret_reading, s, (int)i, fields[i].session_id, fields[i].value);
    ret_reading->view = (room_view){code, ret_reading->members, (int)count};
}

void room_owner_of(const char *member, char ret_owner[OWNER_MAX + 1]) {
    room_member ignored;
    char lang[LANG_MAX + 1];
    read_member(&ignored, lang, ret_owner, member);
}

/* ---- who is here ---------------------------------------------------------------------------------------------------- */

static room *room_new(scheduler *s, const char *code) {
    room *r = mem_zalloc(1, sizeof *r);
    r->s = s;
    snprintf(r->code, sizeof r->code, "%s", code);
    HASH_ADD_STR(s->rooms, code, r);
    room_watch(r);
    return r;
}

void room_enter(session *one, const char *code) {
    room *r = room_by_code(one->s, code);
    if (r && one->room == r) return;
    if (!r) r = room_new(one->s, code);
    one->room = r;
    DL_APPEND2(r->present, one, room_prev, room_next);
}

bool room_has(const char *code, const session *one) {
    return one && one->room && !strcmp(one->room->code, code);
}

void room_exit(session *one) {
    room *r = one->room;
    if (!r) return;
    one->room = NULL;
    DL_DELETE2(r->present, one, room_prev, room_next);
    if (r->present) return;
    room_unwatch(r);
    HASH_DEL(one->s->rooms, r);
    free(r);
}

/* ---- what they are told --------------------------------------------------------------------------------------------- */

static uint64_t mix(uint64_t hash, const char *text) {
    return (hash ^ hash_text(text)) * UINT64_C(0x100000001b3);
}

static uint64_t hash_of(const room_view *view) {
    uint64_t hash = 0;
    for (int i = 0; i < view->count; i++) {
        const room_member *m = &view->members[i];
        hash = mix(mix(mix(hash + 1, m->session_id), m->lang), m->name);
    }
    return hash;
}

void room_tell_changes(scheduler *s, const room_view *view) {
    const room *r = room_by_code(s, view->code);
    if (r && r->told != hash_of(view)) room_tell(s, view);
}

void room_tell(scheduler *s, const room_view *view) {
    room *r = room_by_code(s, view->code);
    if (r) r->told = hash_of(view);
    for (int i = 0; i < view->count; i++) {
        const session *one = session_by_id(s, view->members[i].session_id);
        if (room_has(view->code, one)) sched_tell(s, room_members, one->conn, view);
    }
}

void room_lost_member(session *one) {
    scheduler *s = one->s;
    char code[ROOM_CODE_LEN + 1];
    if (!one->room) return;
    memcpy(code, one->room->code, sizeof code);
    room_exit(one);
    sched_emit(s, (sched_event){.kind = EV_ROOM_LEFT, .session = one->id, .code = code});
    sched_tell(s, room_expired, one->conn, code);
}

void room_ended(scheduler *s, const char *code) {
    char kept[ROOM_CODE_LEN + 1];
    snprintf(kept, sizeof kept, "%s", code); /* it may be the room's own, which ends with its last member */
    for (room *r; (r = room_by_code(s, kept));) room_lost_member(r->present);
}

void room_refuse(scheduler *s, conn_token conn, const char *code, const char *format, ...) {
    char message[200];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    sched_tell(s, session_error, conn, code, message);
}

void room_no_redis(session *one) {
    room_refuse(one->s, one->conn, "SCHEDULER_DEPENDENCY_DOWN",
                "rooms cannot be reached at the moment; nothing has changed");
}

session *room_session(scheduler *s, conn_token conn) {
    session *one = session_by_conn(s, conn);
    if (one && !one->closing) return one;
    room_refuse(s, conn, "INVALID_SESSION", "no session is open on this connection");
    return NULL;
}

void room_call(redis_call *call, script_id script, const scheduler *s, const char *code) {
    redis_key key;
    call_script(call, script);
    call_key(call, key_room(&key, &s->config.keys, code));
}
