/* elsewhere_room.c - members of rooms on other instances: they are told of changes, and hear raw voice.
 *
 * A room is in Redis and every change of it is told by whoever made it. So another instance is only told that there was one, and reads the
 * members itself: of two changes at once each then tells the latest state, and a message that gets lost is made good by the next
 * utterance, which reads them, too. */
#include "core/base/mem.h"
#include "core/scheduler/elsewhere.h"
#include "core/scheduler/remote_flow.h"
#include "core/scheduler/room_flow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- changes -------------------------------------------------------------------------------------------------------- */

typedef struct notice {
    scheduler *s;
    char instance[ID_MAX + 1], code[ROOM_CODE_LEN + 1];
} notice;

static void on_alive(void *arg, link_status status, bool alive, const char *address) {
    notice *n = arg;
    elsewhere_end(n->s);
    if (status == LINK_OK && alive)
        remote_say(n->s, n->instance, address, (peer_message){.kind = PEER_ROOM, .room = n->code});
    free(n);
}

static void notify(scheduler *s, const char *instance_id, const char *code) {
    if (!elsewhere_begin(s)) return;
    notice *n = mem_alloc(sizeof *n);
    n->s = s;
    snprintf(n->instance, sizeof n->instance, "%s", instance_id);
    snprintf(n->code, sizeof n->code, "%s", code);
    elsewhere_ask_alive(s, n->instance, on_alive, n);
}

void elsewhere_tell_room(scheduler *s, const room_reading *reading) {
    char told[ROOM_MEMBERS_MAX][ID_MAX + 1];
    int count = 0;
    if (!elsewhere_exists(s)) return;
    for (int i = 0; i < reading->view.count; i++) {
        int k = 0;
        if (reading->ours[i]) continue;
        elsewhere_instance_of(reading->owners[i], told[count]);
        while (strcmp(told[k], told[count]) != 0) k++;
        if (k == count && *told[count]) notify(s, told[count++], reading->view.code);
    }
}

typedef struct look {
    scheduler *s;
    char code[ROOM_CODE_LEN + 1];
} look;

static void on_members(void *arg, link_status status, const redis_reply *reply) {
    look *l = arg;
    room_reading reading;
    sched_answered(l->s, SCRIPT_NONE, status, reply);
    elsewhere_end(l->s);
    if (status == LINK_OK && reply_count(reply) > 0) {
        room_read_record(&reading, l->s, l->code, reply);
        room_tell_changes(l->s, &reading.view);
    }
    free(l);
}

static void hear_change(scheduler *s, const char *code) {
    if (!room_by_code(s, code) || !elsewhere_begin(s)) return;
    redis_key key;
    redis_call call;
    look *l = mem_alloc(sizeof *l);
    l->s = s;
    snprintf(l->code, sizeof l->code, "%s", code);
    call_command(&call, "HGETALL");
    call_key(&call, key_room(&key, &s->config.keys, l->code));
    sched_call(s, &call, on_members, l);
}

/* ---- raw voice ------------------------------------------------------------------------------------------------------ */

typedef struct passing {
    session *from;
    char to[ID_MAX + 1], instance[ID_MAX + 1], code[ROOM_CODE_LEN + 1];
    payload *message;
} passing;

static void on_receiver(void *arg, link_status status, bool alive, const char *address) {
    passing *p = arg;
    session *from = p->from;
    elsewhere_end(from->s);
    if (status == LINK_OK && alive)
        remote_say(from->s, p->instance, address,
                   (peer_message){
                       .kind = PEER_RELAY,
                       .to = p->to,
                       .session = from->id,
                       .room = p->code,
                       .content = p->message,
                   });
    else if (!from->gone)
        room_refuse(from->s, from->conn, "INVALID_SESSION", "%s cannot be reached", p->to);
    payload_unref(p->message);
    free(p);
    session_unref(from);
}

void elsewhere_relay(session *from, const char *owner, const char *to_session, const char *code, payload *message) {
    if (!elsewhere_begin(from->s)) return;
    passing *p = mem_alloc(sizeof *p);
    p->from = from;
    p->message = payload_ref(message);
    elsewhere_instance_of(owner, p->instance);
    snprintf(p->to, sizeof p->to, "%s", to_session);
    snprintf(p->code, sizeof p->code, "%s", code);
    session_ref(from);
    elsewhere_ask_alive(from->s, p->instance, on_receiver, p);
}

static void hear_voice(scheduler *s, const peer_message *m) {
    const session *to = session_by_id(s, m->to);
    if (room_has(m->room, to) && m->content) sched_tell(s, session_relay, to->conn, m->session, m->content);
}

void elsewhere_hear_room(scheduler *s, const peer_message *m) {
    if (m->kind == PEER_ROOM)
        hear_change(s, m->room);
    else
        hear_voice(s, m);
}
