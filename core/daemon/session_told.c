/* session_told.c - what clients are told: answers, and between them what happens to their utterances.
 *
 * Events of an utterance go to whoever said it; in a room the results go to those who listen, who see no events. Of an utterance whose
 * speaker is on another instance the trace is not known here; the listener's own stands for it. */
#include "core/daemon/front_internal.h"

#include <string.h>

#include "core/wire/to_client.h"

static usec_t now(const front *f) {
    clock_source clock = loop_clock_source(f->env.clock);
    return clock_now(&clock);
}

/* What `c` is told about this utterance carries it. */
static const char *trace_of(const client *c, const char *speaker, uint64_t utterance) {
    const client *said_by = client_in(c->g.f, speaker);
    if (!said_by) return c->trace;
    const utterance_note *note = utterances_find(&said_by->said, utterance);
    return note && note->trace ? note->trace : said_by->trace;
}

/* ---- events --------------------------------------------------------------------------------------------------------- */

/* The codes that existing clients know from an event; others are told in the `error` beside it. */
static const char *event_code(const char *code) {
    static const char *const known[] = {"NO_AVAILABLE_NODE", "MODEL_NOT_AVAILABLE", "WS_DISCONNECTED",
                                        "NMT_TIMEOUT",       "TTS_TIMEOUT",         "MODEL_VERIFY_FAILED",
                                        "MODEL_CORRUPTED",   "JOB_TIMEOUT",         "NODE_UNAVAILABLE"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (!strcmp(code, known[i])) return code;
    return "";
}

static void show(client *c, const char *job, uint64_t utterance, ui_event event, const char *code) {
    const utterance_note *note = utterances_find(&c->said, utterance);
    int64_t elapsed = note && note->began ? (now(c->g.f) - note->began) / USEC_PER_MSEC : -1;
    guest_send(&c->g, to_client_ui_event(c->session, trace_of(c, c->session, utterance), job, utterance, event, elapsed,
                                         code));
}

void session_observe(front *f, const sched_event *event) {
    client *c = *event->session ? client_in(f, event->session) : NULL;
    if (!c) return;
    switch (event->kind) {
    case EV_SUBMITTED: utterances_begin(&c->said, event->utterance, event->until); break;
    case EV_DISPATCHED: show(c, event->job, event->utterance, UI_DISPATCHED, ""); break;
    case EV_ACCEPTED: show(c, event->job, event->utterance, UI_NODE_ACCEPTED, ""); break;
    case EV_SESSION_CLOSED: client_forget_session(c); break;
    default: break;
    }
}

/* ---- answers -------------------------------------------------------------------------------------------------------- */

static void show_end(client *c, const job_answer *answer) {
    if (answer->outcome == OUTCOME_OK) {
        show(c, answer->job_id, answer->utterance, UI_ASR_FINAL, "");
        show(c, answer->job_id, answer->utterance, UI_NMT_DONE, "");
    } else if (answer->outcome != OUTCOME_NO_TEXT) {
        show(c, answer->job_id, answer->utterance, UI_ERROR, event_code(answer->code));
    }
}

static void on_answer(void *ctx, conn_token conn, const job_answer *answer) {
    front *f = ctx;
    client *c = client_of(f, conn);
    if (!c) return;
    bool own = !strcmp(answer->session_id, c->session);
    if (own) show_end(c, answer);
    const char *trace = trace_of(c, answer->session_id, answer->utterance);
    guest_send(&c->g, to_client_answer(answer, trace, now(f) / USEC_PER_MSEC));
    if (own) utterances_answer(&c->said, answer->utterance);
}

static void on_known(void *ctx, conn_token conn, const job_known *known) {
    client *c = client_of(ctx, conn);
    if (c) guest_send(&c->g, to_client_known(known));
}

static void on_partial(void *ctx, conn_token conn, const job_partial *partial) {
    client *c = client_of(ctx, conn);
    if (!c) return;
    show(c, partial->job_id, partial->utterance, UI_ASR_PARTIAL, "");
    guest_send(&c->g, to_client_partial(partial, trace_of(c, partial->session_id, partial->utterance)));
}

static void on_missing(void *ctx, conn_token conn, const missing_result *missing) {
    front *f = ctx;
    client *c = client_of(f, conn);
    if (!c) return;
    const char *trace = trace_of(c, missing->session_id, missing->utterance);
    guest_send(&c->g, to_client_missing(missing, trace, now(f) / USEC_PER_MSEC));
    if (!strcmp(missing->session_id, c->session)) utterances_answer(&c->said, missing->utterance);
}

static void on_error(void *ctx, conn_token conn, const char *code, const char *message) {
    client *c = client_of(ctx, conn);
    if (c && !client_room_error(c, code, message)) client_refuse(c, code, "%s", message);
}

static void on_closed(void *ctx, conn_token conn) {
    front *f = ctx;
    client *c = client_of(f, conn);
    if (!c) return;
    if (c->closes) guest_send(&c->g, to_client_close_ack(c->session));
    if (f->draining) guest_close(&c->g, CLOSE_AWAY, "going away");
}

void session_transport(transport *t) {
    t->session_answer = on_answer;
    t->session_known = on_known;
    t->session_partial = on_partial;
    t->session_missing = on_missing;
    t->session_error = on_error;
    t->session_closed = on_closed;
}
