/* instance_messages.c - what nodes and speakers say to an instance, handed to its core.
 *
 * Sound is a length and a number of bytes, without content. */
#include "sim/world/instance_parts.h"

#include <assert.h>
#include <string.h>

static void request_job(process *p, const message *m) {
    const speaker *sp = speaker_at_instance(p->w, m->conn);
    assert(sp); /* it is forgotten only when its end arrives, behind its requests */
    audio *sound = audio_new(m->speech, (size_t)m->value, NULL);
    job_request request = {
        .session_id = speaker_id(sp),
        .utterance = m->utterance,
        .pair = m->pair,
        .cut = m->cut,
        .sound = sound,
    };
    scheduler_submit(p->scheduler, m->conn, &request);
    audio_unref(sound);
}

static void take_chunk(process *p, const message *m) {
    const speaker *sp = speaker_at_instance(p->w, m->conn);
    session_chunk chunk = {
        .bytes = m->value,
        .is_final = m->is_final,
        .src = speaker_two_way(sp) ? m->pair.src : NULL,
    };
    scheduler_session_chunk(p->scheduler, m->conn, &chunk);
}

/* It wants to hear what it speaks. */
static void enter_room(process *p, const message *m) {
    const speaker *sp = speaker_at_instance(p->w, m->conn);
    scheduler *s = p->scheduler;
    if (m->kind == MSG_ROOM_CREATE)
        scheduler_room_create(s, m->conn, speaker_pair(sp)->src, speaker_id(sp));
    else
        scheduler_room_join(s, m->conn, m->code, speaker_pair(sp)->src, speaker_id(sp));
}

static void open_session(process *p, const message *m) {
    sched_error err;
    const speaker *sp = speaker_at_instance(p->w, m->conn);
    session_offer offer = {
        .session_id = speaker_id(sp),
        .pair = *speaker_pair(sp),
        .two_way = speaker_two_way(sp),
        .format = speaker_format(sp),
        .sample_rate = SAMPLE_RATE_DEFAULT,
    };
    sched_status status = scheduler_session_open(p->scheduler, m->conn, &offer, &err);
    if (status) log_write(&p->w->env.log, LOG_ERROR, "session_open", "reason=\"%s\"", err.message);
}

static void register_node(process *p, const message *m) {
    const node *n = node_by_token(p->w, m->conn);
    node_registration registration = {.node_id = n->id, .slots = n->group->slots, .services = n->group->services};
    node_languages_draw(n, &registration);
    scheduler_node_register(p->scheduler, m->conn, &registration);
}

static void take_node_message(process *p, const message *m) {
    scheduler *s = p->scheduler;
    node_load load = {m->usage[0], m->usage[1], m->usage[2], m->value, m->unready};
    node_result result = {m->job, m->attempt, m->outcome, m->code, m->service, NULL};
    switch (m->kind) {
    case MSG_REGISTER: register_node(p, m); break;
    case MSG_HEARTBEAT: scheduler_node_heartbeat(s, m->conn, &load); break;
    case MSG_ACK: scheduler_node_ack(s, m->conn, m->job, m->attempt); break;
    case MSG_STARTED: scheduler_node_started(s, m->conn, m->job, m->attempt); break;
    case MSG_RESULT: scheduler_node_result(s, m->conn, &result); break;
    case MSG_DRAIN: scheduler_node_drain(s, m->conn); break;
    case MSG_NODE_GONE: scheduler_node_gone(s, m->conn); break;
    default: assert(false && "a message for the instance");
    }
}

static void take_speaker_message(process *p, const message *m) {
    switch (m->kind) {
    case MSG_OPEN: open_session(p, m); break;
    case MSG_REQUEST: request_job(p, m); break;
    case MSG_CHUNK: take_chunk(p, m); break;
    case MSG_ROOM_CREATE:
    case MSG_ROOM_JOIN: enter_room(p, m); break;
    case MSG_SESSION_CLOSE: scheduler_session_close(p->scheduler, m->conn); break;
    case MSG_SPEAKER_GONE:
        scheduler_session_gone(p->scheduler, m->conn);
        speaker_forget(p->w, m->conn);
        break;
    default: assert(false && "a message for the instance");
    }
}

static void tell_sound(process *p, const message *m) {
    const speaker *sp = speaker_at_instance(p->w, m->conn);
    world_tell(p->w, (trace_event){.kind = TRACE_SOUND_CAME,
                                   .session = speaker_id(sp),
                                   .value = m->value,
                                   .node_index = -1,
                                   .group_index = -1});
}

/* What it said before its connection ended, when that was not of its will: nobody is there to be answered. */
static bool is_of_the_past(const process *p, const message *m) {
    return m->conn & SPEAKER_BIT && m->kind != MSG_SPEAKER_GONE && !speaker_at_instance(p->w, m->conn);
}

void process_take(process *p, const message *m) {
    if (is_of_the_past(p, m)) return;
    if (m->kind == MSG_CHUNK) tell_sound(p, m);
    handler_begin(p, HANDLE_MESSAGE);
    if (m->conn & SPEAKER_BIT)
        take_speaker_message(p, m);
    else
        take_node_message(p, m);
    handler_end(p);
}

void process_hear(process *p, const char *from, const peer_message *said) {
    handler_begin(p, HANDLE_MESSAGE);
    scheduler_peer_message(p->scheduler, from, said);
    handler_end(p);
}
