/* session_front.c - clients: their session, and what they say in it.
 *
 * A connection has one session at a time; its token in the scheduler is drawn anew for each, because a token is never used twice. Ids of
 * sessions are short, as existing clients know them, so one that is taken is drawn again. */
#include "core/daemon/front_internal.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/daemon/entropy.h"
#include "core/wire/client_message.h"
#include "core/wire/to_client.h"

enum { ID_TRIES = 8 };

client *client_of(front *f, conn_token conn) {
    client *c;
    HASH_FIND(hh, f->clients, &conn, sizeof conn, c);
    return c && !c->g.deaf ? c : NULL;
}

client *client_in(front *f, const char *session) {
    client *c;
    HASH_FIND(hh_session, f->by_session, session, strlen(session), c);
    return c && !c->g.deaf ? c : NULL;
}

void client_refuse(client *c, const char *code, const char *format, ...) {
    char text[SCHED_ERROR_MAX];
    front *f = c->g.f;
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (guest_refused(&c->g, "session", code))
        log_write(&f->env.log, LOG_INFO, "session_message_refused",
                  "session=%s address=%s refusals=%u code=%s reason=\"%s\"", c->session, server_conn_address(c->g.conn),
                  c->g.refusals, code, text);
    guest_send(&c->g, to_client_error(code, text));
}

/* ---- the session ---------------------------------------------------------------------------------------------------- */

void client_forget_session(client *c) {
    front *f = c->g.f;
    if (!c->token) return;
    HASH_DELETE(hh, f->clients, c);
    HASH_DELETE(hh_session, f->by_session, c);
    c->token = 0;
    c->session[0] = c->room[0] = '\0';
    c->makes_room = c->closes = false;
    utterances_clear(&c->said);
    free(c->trace);
    c->trace = NULL;
}

static sched_status open_session(client *c, const client_session_init *init, sched_error *err) {
    front *f = c->g.f;
    conn_token token = entropy_token();
    sched_status status = SCHED_FULL;
    for (int i = 0; i < ID_TRIES && status == SCHED_FULL; i++) {
        snprintf(c->session, sizeof c->session, "s-%08X", (unsigned)(entropy_u64() >> 32));
        session_offer offer = {.session_id = c->session,
                               .pair = init->pair,
                               .two_way = init->two_way,
                               .format = init->format,
                               .sample_rate = init->sample_rate,
                               .about = init->about};
        status = scheduler_session_open(f->scheduler, token, &offer, err);
    }
    if (status) {
        c->session[0] = '\0';
        return status;
    }
    c->token = token;
    c->trace = mem_strdup(init->trace_id);
    HASH_ADD(hh, f->clients, token, sizeof c->token, c);
    HASH_ADD_KEYPTR(hh_session, f->by_session, c->session, strlen(c->session), c);
    return SCHED_OK;
}

static void on_init(client *c, const client_session_init *init) {
    sched_error err;
    if (c->token) {
        client_refuse(c, "INVALID_MESSAGE", "session_init: session %s is open on this connection already", c->session);
        return;
    }
    sched_status status = open_session(c, init, &err);
    if (status)
        client_refuse(c, status == SCHED_FULL ? "SCHEDULER_OVERLOADED" : "INVALID_MESSAGE", "session_init: %s",
                      err.message);
    else
        guest_send(&c->g, to_client_init_ack(c->session, c->trace));
    if (c->g.f->draining) guest_close(&c->g, CLOSE_AWAY, "going away");
}

/* ---- what is said in it --------------------------------------------------------------------------------------------- */

static void on_chunk(client *c, const client_chunk *chunk) {
    session_chunk said = {.data = chunk->data,
                          .bytes = (int64_t)chunk->bytes,
                          .is_final = chunk->is_final,
                          .src = chunk->src};
    scheduler_session_chunk(c->g.f->scheduler, c->token, &said);
}

static void on_utterance(client *c, const client_utterance *u) {
    job_request request = {.request_id = u->request_id,
                           .session_id = c->session,
                           .utterance = u->utterance,
                           .pair = u->pair,
                           .cut = u->manual ? CUT_MANUAL : CUT_CLOSE,
                           .sound = u->sound};
    utterances_say(&c->said, u->utterance, strcmp(u->trace_id, c->trace) != 0 ? u->trace_id : NULL);
    scheduler_submit(c->g.f->scheduler, c->token, &request);
}

static int64_t now_msec(const front *f) {
    clock_source clock = loop_clock_source(f->env.clock);
    return clock_now(&clock) / USEC_PER_MSEC;
}

static void take(client *c, const client_message *m) {
    scheduler *s = c->g.f->scheduler;
    switch (m->kind) {
    case CLIENT_SESSION_INIT: on_init(c, &m->init); break;
    case CLIENT_AUDIO_CHUNK: on_chunk(c, &m->chunk); break;
    case CLIENT_UTTERANCE: on_utterance(c, &m->utterance); break;
    case CLIENT_HEARTBEAT: guest_send(&c->g, to_client_heartbeat(c->session, now_msec(c->g.f))); break;
    case CLIENT_TTS_STARTED:
    case CLIENT_TTS_PLAY_ENDED: break; /* marks of the player: silence is measured by chunks here */
    case CLIENT_SESSION_CLOSE:
        c->closes = true;
        scheduler_session_close(s, c->token);
        break;
    default: client_room_message(c, m); break;
    }
}

/* Whether it may be said now; else it was refused. */
static bool belongs(client *c, const client_message *m) {
    if (m->kind == CLIENT_SESSION_INIT) return true;
    const char *kind = client_kind_name(m->kind);
    if (!c->token)
        client_refuse(c, "INVALID_SESSION", "%s: no session is open on this connection", kind);
    else if (*m->session_id && strcmp(m->session_id, c->session) != 0)
        client_refuse(c, "INVALID_SESSION", "%s: session %s is not that of this connection, %s", kind, m->session_id,
                      c->session);
    else
        return true;
    return false;
}

static void hear(guest *g, bool binary, const char *data, size_t bytes) {
    client *c = (client *)g;
    char trace[TRACE_ID_LEN + 1];
    client_message m;
    sched_error err;
    if (binary) {
        client_refuse(c, "INVALID_MESSAGE", "a binary message of %zu bytes: expected text", bytes);
        return;
    }
    const char *trace_id = c->token ? c->trace : entropy_uuid(trace);
    if (client_message_parse(data, bytes, c->token ? c->session : NULL, trace_id, &m, &err)) {
        client_refuse(c, "INVALID_MESSAGE", "%s", err.message);
        return;
    }
    if (belongs(c, &m)) take(c, &m);
    client_message_free(&m);
}

/* ---- the door ------------------------------------------------------------------------------------------------------- */

static int admit(void *ctx, const server_knock *knock, void **ret_pass) {
    token_pass pass;
    (void)ret_pass;
    return front_admit(ctx, ROLE_SESSION, knock, &pass);
}

static void *opened(void *ctx, server_conn *conn, void *pass) {
    front *f = ctx;
    client *c = mem_zalloc(1, sizeof *c);
    (void)pass;
    guest_enter(f, &c->g, conn, hear, &f->counts.sessions);
    return c;
}

static void flooded(void *ctx, server_conn *conn, void *user) {
    client *c = user;
    (void)ctx;
    (void)conn;
    if (c->g.deaf) return;
    client_refuse(c, "SCHEDULER_OVERLOADED", "too many messages a second; this connection is read more slowly now");
}

static void closed(void *ctx, server_conn *conn, void *user) {
    front *f = ctx;
    client *c = user;
    conn_token token = c->token;
    bool deaf = c->g.deaf;
    (void)conn;
    c->g.deaf = true;
    front_begin(f);
    client_forget_session(c);
    if (token && !deaf) scheduler_session_gone(f->scheduler, token);
    front_end(f);
    guest_leave(&c->g, &f->counts.sessions);
    free(c);
}

server_door session_door(front *f) {
    return (server_door){.path = "/ws/session",
                         .ctx = f,
                         .admit = admit,
                         .opened = opened,
                         .message = guest_message,
                         .flooded = flooded,
                         .closed = closed};
}
