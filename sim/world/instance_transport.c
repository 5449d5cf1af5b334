/* instance_transport.c - what a core says to nodes and speakers: messages that leave when its handler has done its work. */
#include "sim/world/instance_parts.h"

#include <stdio.h>

#include "core/base/hash.h"

static message *message_from(process *p, message_kind kind, conn_token conn) {
    message *m = message_new(p->w, kind, conn);
    m->instance = p->number;
    m->life = p->life;
    return m;
}

/* Who dies says nothing any more. */
static void send_to_speaker(process *p, message *m) {
    if (p->state == PROCESS_DIES)
        message_free(m);
    else
        speaker_send_down(p->w, m, process_leaves(p));
}

static void send_to_node(process *p, message *m) {
    if (p->state == PROCESS_DIES)
        message_free(m);
    else
        node_send_down(p->w, m, process_leaves(p));
}

static message *job_message(process *p, message_kind kind, conn_token conn, const char *job_id, int64_t attempt) {
    message *m = message_from(p, kind, conn);
    snprintf(m->job, sizeof m->job, "%s", job_id);
    m->attempt = attempt;
    return m;
}

static void on_node_registered(void *ctx, conn_token conn, const char *node_id) {
    process *p = ctx;
    (void)node_id;
    send_to_node(p, message_from(p, MSG_REGISTERED, conn));
}

static void on_node_refused(void *ctx, conn_token conn, const char *code, const char *text) {
    process *p = ctx;
    log_write(&p->w->env.log, LOG_WARN, "node_refused", "code=%s reason=\"%s\"", code, text);
    send_to_node(p, message_from(p, MSG_REFUSED, conn));
}

static void on_node_assign(void *ctx, conn_token conn, const job_assign *assign) {
    process *p = ctx;
    message *m = job_message(p, MSG_ASSIGN, conn, assign->job_id, assign->attempt);
    m->speech = assign->sound->duration;
    m->spoken = hash_text(assign->session_id) + assign->utterance;
    m->pair = *assign->pair;
    send_to_node(p, m);
}

static void on_node_cancel(void *ctx, conn_token conn, const char *job_id, int64_t attempt, const char *reason) {
    process *p = ctx;
    message *m = job_message(p, MSG_CANCEL, conn, job_id, attempt);
    snprintf(m->code, sizeof m->code, "%s", reason);
    send_to_node(p, m);
}

/* Whoever closes hears of the end at once; what the node sent meanwhile is lost. */
static void on_node_close(void *ctx, conn_token conn, const char *reason) {
    process *p = ctx;
    (void)reason;
    send_to_node(p, message_from(p, MSG_CLOSE, conn));
    if (p->state != PROCESS_DIES) message_post(message_from(p, MSG_NODE_GONE, conn), process_leaves(p));
}

/* `m->session` is the speaker, who need not be the one that is told. */
static void send_about(process *p, message *m, const char *session, uint64_t utterance, const lang_pair *pair,
                       job_outcome outcome) {
    snprintf(m->session, sizeof m->session, "%s", session);
    m->utterance = utterance;
    m->pair = *pair;
    m->outcome = outcome;
    send_to_speaker(p, m);
}

static void on_session_answer(void *ctx, conn_token conn, const job_answer *answer) {
    process *p = ctx;
    message *m = job_message(p, MSG_ANSWER, conn, answer->job_id, 0);
    snprintf(m->code, sizeof m->code, "%s", answer->code);
    send_about(p, m, answer->session_id, answer->utterance, answer->pair, answer->outcome);
}

static void on_session_known(void *ctx, conn_token conn, const job_known *known) {
    process *p = ctx;
    message *m = job_message(p, MSG_KNOWN, conn, known->job_id, 0);
    send_about(p, m, known->session_id, known->utterance, known->pair, known->outcome);
}

static void on_session_missing(void *ctx, conn_token conn, const missing_result *missing) {
    process *p = ctx;
    message *m = job_message(p, MSG_MISSED, conn, "", 0);
    snprintf(m->code, sizeof m->code, "%s", missing->reason);
    send_about(p, m, missing->session_id, missing->utterance, missing->pair, OUTCOME_TIMED_OUT);
}

static void on_session_error(void *ctx, conn_token conn, const char *code, const char *text) {
    process *p = ctx;
    (void)text;
    message *m = message_from(p, MSG_ERROR, conn);
    snprintf(m->code, sizeof m->code, "%s", code);
    send_to_speaker(p, m);
}

static void on_session_closed(void *ctx, conn_token conn) {
    process *p = ctx;
    send_to_speaker(p, message_from(p, MSG_SESSION_CLOSED, conn));
}

static void on_room_members(void *ctx, conn_token conn, const room_view *room) {
    process *p = ctx;
    message *m = message_from(p, MSG_ROOM, conn);
    snprintf(m->code, sizeof m->code, "%s", room->code);
    send_to_speaker(p, m);
}

static void on_instance_lost(void *ctx, const char *why) {
    (void)why;
    process_lost(ctx);
}

transport process_transport(process *p) {
    return (transport){
        .node_registered = on_node_registered,
        .node_refused = on_node_refused,
        .node_assign = on_node_assign,
        .node_cancel = on_node_cancel,
        .node_close = on_node_close,
        .session_answer = on_session_answer,
        .session_known = on_session_known,
        .session_missing = on_session_missing,
        .session_error = on_session_error,
        .session_closed = on_session_closed,
        .room_members = on_room_members,
        .instance_lost = on_instance_lost,
        .ctx = p,
    };
}
