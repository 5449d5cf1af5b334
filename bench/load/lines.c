/* lines.c - see the header: one line for each connection that the world believes in.
 *
 * A line is found by the token of its connection: a node's by the node's number, a speaker's by its place, both dense. What is found
 * there and has another token is that of a successor. Nothing that comes over a socket makes the world act at once: it becomes an event,
 * so no line ends while one of its messages is looked at, except by our own hand. */
#include "bench/load/lines.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>
#include <utlist.h>
#include <uv.h>

#include "bench/load/words.h"
#include "core/base/hash.h"
#include "core/base/mem.h"

#define SETUP_HIGHEST (3600 * USEC_PER_SEC)

enum { JOBS_KEPT = 64 }; /* of a node, beyond its slots and its queue: some are answered twice */

typedef struct held {
    struct held *next;
    message what;
} held;

typedef struct line {
    UT_hash_handle hh; /* of sessions in rooms, by session id */
    lines *l;
    conn_token conn;
    ws_client *client;
    usec_t began;
    bool acknowledged, hashed;
    char session[ID_MAX + 1]; /* as the server calls it */
    held *waits;              /* for the acknowledgement */
    timer_handle heartbeat;
} line;

/* What a node was asked; `text` holds the three. */
typedef struct job {
    struct job *next, *prev;
    words_job words;
    int64_t attempt;
    char text[];
} job;

typedef struct node_book {
    line *line;
    job *jobs;
    int64_t count;
} node_book;

struct lines {
    lines_options options;
    world *world;
    words *words;
    ws_crowd crowd;
    node_book *nodes;
    line **speakers; /* by place */
    size_t places;
    line *by_session;
    lines_counts counts;
    histogram *node_setup, *session_setup;
};

static usec_t now_of(const lines *l) {
    return engine_now(l->options.engine);
}

static int64_t msec_of(const lines *l) {
    return clock_wall_present(l->options.clock) / USEC_PER_MSEC;
}

static void say(line *way, words_text text) {
    ws_client_send(way->client, text.text, text.bytes);
}

/* ---- lines ------------------------------------------------------------------------------------------------------------- */

static const ws_handler node_handler, speaker_handler;

static bool is_speaker(conn_token conn) {
    return conn & SPEAKER_BIT;
}

static line **place_of(lines *l, conn_token conn) {
    if (!is_speaker(conn)) return &l->nodes[outside_node_index(conn)].line;
    size_t place = outside_speaker_place(conn);
    if (place >= l->places) {
        size_t places = 2 * place + 256;
        l->speakers = mem_realloc(l->speakers, places, sizeof *l->speakers);
        memset(l->speakers + l->places, 0, (places - l->places) * sizeof *l->speakers);
        l->places = places;
    }
    return &l->speakers[place];
}

static line *find_line(lines *l, conn_token conn) {
    line *found = *place_of(l, conn);
    return found && found->conn == conn ? found : NULL;
}

static void forget_waiting(line *way) {
    while (way->waits) {
        held *next = way->waits->next;
        free(way->waits);
        way->waits = next;
    }
}

/* Its socket has ended, or is let go. */
static void forget_line(line *way) {
    lines *l = way->l;
    line **place = place_of(l, way->conn);
    if (*place == way) *place = NULL;
    if (way->acknowledged) (is_speaker(way->conn) ? (l->counts.sessions--) : (l->counts.nodes--));
    if (way->hashed) HASH_DEL(l->by_session, way);
    engine_cancel(l->options.engine, way->heartbeat);
    forget_waiting(way);
    free(way);
}

static void hang_up(line *way) {
    ws_client_close(way->client);
    forget_line(way);
}

static line *open_line(lines *l, const message *m) {
    bool speaks = is_speaker(m->conn);
    line **place = place_of(l, m->conn);
    if (*place) hang_up(*place); /* its owner has gone over to a new one */
    line *way = mem_zalloc(1, sizeof *way);
    way->l = l;
    way->conn = m->conn;
    way->began = now_of(l);
    way->client = ws_client_open(&l->crowd, &l->options.targets[m->instance], speaks ? "/ws/session" : "/ws/node",
                                 speaks ? l->options.session_token : l->options.node_token,
                                 speaks ? &speaker_handler : &node_handler, way);
    *place = way;
    l->counts.connects++;
    l->counts.speaker_connects += speaks;
    return way;
}

/* Its owner comes again, when the scenario says so. */
static void break_off(line *way, const char *why) {
    lines *l = way->l;
    conn_token conn = way->conn;
    forget_line(way);
    outside_lost(l->world, conn, why);
}

static void on_lost(void *user, const char *why) {
    line *way = user;
    lines_counts *counts = &way->l->counts;
    if (way->acknowledged) {
        counts->broken++;
    } else {
        counts->failed++;
        account_codes_add(&counts->failures, why);
    }
    break_off(way, why);
}

static void on_opened(void *user) {
    (void)user; /* what was said before leaves now */
}

/* ---- what nodes say ---------------------------------------------------------------------------------------------------- */

static job *find_job(const node_book *book, const char *id) {
    job *j;
    DL_FOREACH(book->jobs, j) if (!strcmp(j->words.job, id)) break;
    return j;
}

static void forget_job(node_book *book, job *j) {
    DL_DELETE(book->jobs, j);
    book->count--;
    free(j);
}

static char *keep_text(char **at, json_span span) {
    char *text = *at;
    json_span_copy(span, text, span.bytes + 1);
    *at += span.bytes + 1;
    return text;
}

static void note_job(node_book *book, const heard *h, int64_t most) {
    job *j = mem_alloc(sizeof *j + h->job.bytes + h->session.bytes + h->trace.bytes + 3);
    char *at = j->text;
    j->words.job = keep_text(&at, h->job);
    j->words.session = keep_text(&at, h->session);
    j->words.trace = keep_text(&at, h->trace);
    j->words.utterance = json_span_number(h->utterance);
    j->attempt = json_span_number(h->attempt);
    DL_APPEND(book->jobs, j);
    if (++book->count > most) forget_job(book, book->jobs);
}

static void say_about_job(lines *l, line *way, const char *node, const message *m) {
    node_book *book = &l->nodes[outside_node_index(m->conn)];
    job *j = find_job(book, m->job);
    if (!j) return;
    bool result = m->kind == MSG_RESULT;
    say(way, result ? words_result(l->words, node, &j->words, m, msec_of(l))
                    : words_about_job(l->words, node, &j->words, m));
    if (result && m->outcome != OUTCOME_NO_TEXT) forget_job(book, j);
}

static void take_from_node(lines *l, const message *m) {
    line *way = find_line(l, m->conn);
    if (m->kind == MSG_NODE_GONE) {
        if (way) hang_up(way);
        return;
    }
    if (!way && m->kind == MSG_REGISTER) way = open_line(l, m);
    if (!way) return;
    node_registration who;
    outside_registration(l->world, m->conn, &who);
    switch (m->kind) {
    case MSG_REGISTER: say(way, words_register(l->words, &who)); break;
    case MSG_HEARTBEAT: say(way, words_heartbeat(l->words, who.node_id, &who, m, msec_of(l))); break;
    case MSG_DRAIN: say(way, words_drain(l->words, who.node_id)); break;
    default: say_about_job(l, way, who.node_id, m);
    }
}

/* ---- what speakers say ------------------------------------------------------------------------------------------------- */

static void hold(line *way, const message *m) {
    held *h = mem_alloc(sizeof *h);
    h->next = NULL;
    h->what = *m;
    h->what.left = now_of(way->l); /* when it was to be sent */
    held **at = &way->waits;
    while (*at) at = &(*at)->next;
    *at = h;
}

static void say_request(line *way, const outside_speaker *who, const message *m, usec_t due) {
    lines *l = way->l;
    int64_t bytes = l->options.audio_bytes >= 0 ? l->options.audio_bytes : m->value;
    say(way, words_request(l->words, who, way->session, m, bytes));
    account_left(l->options.account, who->id, m->utterance, clock_wall_present(l->options.clock) - due);
}

/* `due`: when it was to be sent. */
static void speak(line *way, const outside_speaker *who, const message *m, usec_t due) {
    lines *l = way->l;
    switch (m->kind) {
    case MSG_REQUEST: say_request(way, who, m, due); break;
    case MSG_CHUNK: say(way, words_chunk(l->words, way->session, m)); break;
    case MSG_SESSION_CLOSE: say(way, words_close(l->words, way->session)); break;
    case MSG_ROOM_CREATE: say(way, words_room_create(l->words, who, msec_of(l))); break;
    case MSG_ROOM_JOIN: say(way, words_room_join(l->words, who, m->code)); break;
    default: assert(false && "something that a speaker says");
    }
}

static bool comes_too_late(const lines *l) {
    return clock_wall_present(l->options.clock) - now_of(l) > l->options.late_max;
}

static void take_from_speaker(lines *l, const message *m) {
    line *way = find_line(l, m->conn);
    if (m->kind == MSG_SPEAKER_GONE) {
        if (way) hang_up(way);
        return;
    }
    outside_speaker who;
    if (!outside_speaker_at(l->world, m->conn, &who)) return;
    bool request = m->kind == MSG_REQUEST;
    if (m->kind == MSG_OPEN)
        say(open_line(l, m), words_open(l->words, &who));
    else if (request && comes_too_late(l))
        account_dropped(l->options.account, who.id, m->utterance, DROP_LATE);
    else if (!way && request)
        account_dropped(l->options.account, who.id, m->utterance, DROP_GONE);
    else if (way && !way->acknowledged)
        hold(way, m);
    else if (way)
        speak(way, &who, m, now_of(l));
}

static void take(void *ctx, const message *m) {
    if (is_speaker(m->conn))
        take_from_speaker(ctx, m);
    else
        take_from_node(ctx, m);
}

/* ---- what nodes hear --------------------------------------------------------------------------------------------------- */

/* The text is none of ours to read. False. */
static bool hear(lines *l, const char *text, size_t bytes, heard *ret_heard) {
    if (words_hear(text, bytes, ret_heard)) return true;
    l->counts.not_json++;
    return false;
}

static message *job_message(const line *way, message_kind kind, const heard *h) {
    message *m = outside_message(way->l->world, kind, way->conn);
    json_span_copy(h->job, m->job, sizeof m->job);
    m->attempt = json_span_number(h->attempt);
    return m;
}

static void take_assign(line *way, const heard *h) {
    lines *l = way->l;
    node_registration who;
    outside_registration(l->world, way->conn, &who);
    note_job(&l->nodes[outside_node_index(way->conn)], h,
             who.slots + outside_node_queue(l->world, way->conn) + JOBS_KEPT);
    message *m = job_message(way, MSG_ASSIGN, h);
    char session[ID_MAX + 1];
    m->speech = words_speech(h);
    m->spoken =
        hash_text(json_span_copy(h->session, session, sizeof session)) + (uint64_t)json_span_number(h->utterance);
    json_span_copy(h->src, m->pair.src, sizeof m->pair.src);
    json_span_copy(h->tgt, m->pair.tgt, sizeof m->pair.tgt);
    outside_say(m);
}

/* A cancel names no attempt: it is about the one that the node has. */
static void take_cancel(line *way, const heard *h) {
    message *m = job_message(way, MSG_CANCEL, h);
    const job *j = find_job(&way->l->nodes[outside_node_index(way->conn)], m->job);
    if (j) m->attempt = j->attempt;
    json_span_copy(h->reason, m->code, sizeof m->code);
    outside_say(m);
}

static void acknowledge(line *way, histogram *setup, int64_t *count) {
    way->acknowledged = true;
    ++*count;
    histogram_record(setup, now_of(way->l) - way->began);
}

static void node_hears(void *user, const char *text, size_t bytes) {
    line *way = user;
    lines *l = way->l;
    heard h;
    if (!hear(l, text, bytes, &h)) return;
    if (json_span_is(h.type, "job_assign")) {
        take_assign(way, &h);
    } else if (json_span_is(h.type, "job_cancel")) {
        take_cancel(way, &h);
    } else if (json_span_is(h.type, "node_register_ack")) {
        if (!way->acknowledged) acknowledge(way, l->node_setup, &l->counts.nodes);
        outside_say(outside_message(l->world, MSG_REGISTERED, way->conn));
    } else if (json_span_is(h.type, "error")) {
        char code[CODE_MAX + 1];
        account_codes_add(&l->counts.node_errors, json_span_copy(h.code, code, sizeof code));
        if (!way->acknowledged) outside_say(outside_message(l->world, MSG_REFUSED, way->conn));
    } else {
        l->counts.unknown++;
    }
}

static const ws_handler node_handler = {on_opened, node_hears, on_lost};

/* ---- what speakers hear ------------------------------------------------------------------------------------------------ */

static void beat(void *arg) {
    line *way = arg;
    lines *l = way->l;
    way->heartbeat = engine_at(l->options.engine, now_of(l) + l->options.heartbeat, beat, way);
    say(way, words_client_heartbeat(l->words, way->session, msec_of(l)));
}

static void session_opened(line *way, const heard *h) {
    lines *l = way->l;
    outside_speaker who;
    if (way->acknowledged || !outside_speaker_at(l->world, way->conn, &who)) return;
    json_span_copy(h->session, way->session, sizeof way->session);
    acknowledge(way, l->session_setup, &l->counts.sessions);
    if (l->options.heartbeat)
        way->heartbeat = engine_at(l->options.engine, now_of(l) + l->options.heartbeat, beat, way);
    if (who.group->room.members) {
        HASH_ADD_STR(l->by_session, session, way);
        way->hashed = true;
    }
    for (const held *waiting = way->waits; waiting; waiting = waiting->next)
        speak(way, &who, &waiting->what, waiting->what.left);
    forget_waiting(way);
}

/* The id of the speaker that the world knows. False: somebody who is none of ours. */
static bool name_speaker(const line *way, json_span session, message *m) {
    outside_speaker who;
    const line *of = way;
    if (session.text && !json_span_is(session, way->session)) {
        HASH_FIND(hh, way->l->by_session, session.text, (unsigned)session.bytes, of);
        if (!of) return false;
    }
    if (!outside_speaker_at(way->l->world, of->conn, &who)) return false;
    snprintf(m->session, sizeof m->session, "%s", who.id);
    return true;
}

static void tell_answer(line *way, message_kind kind, const heard *h, job_outcome outcome, json_span code) {
    message *m = job_message(way, kind, h);
    if (!name_speaker(way, h->session, m)) {
        way->l->counts.unknown++;
        outside_drop(m);
        return;
    }
    m->utterance = (uint64_t)json_span_number(h->utterance);
    m->outcome = outcome;
    json_span_copy(code, m->code, sizeof m->code);
    outside_say(m);
}

static void tell(line *way, message_kind kind, json_span code) {
    message *m = outside_message(way->l->world, kind, way->conn);
    json_span_copy(code, m->code, sizeof m->code);
    outside_say(m);
}

/* With an utterance's number it is the answer to it; before the session is there, its refusal. */
static void take_error(line *way, const heard *h) {
    if (!way->acknowledged) {
        char code[CODE_MAX + 1];
        account_codes_add(&way->l->counts.session_refusals, json_span_copy(h->code, code, sizeof code));
        ws_client_close(way->client);
        break_off(way, "REFUSED");
    } else if (h->utterance.text) {
        tell_answer(way, MSG_ANSWER, h, OUTCOME_FAILED, h->code);
    } else {
        tell(way, MSG_ERROR, h->code);
    }
}

static void take_missing(line *way, const heard *h) {
    if (json_span_is(h->reason, "silence_detected"))
        tell_answer(way, MSG_ANSWER, h, OUTCOME_NO_TEXT, (json_span){NULL, 0});
    else
        tell_answer(way, MSG_MISSED, h, OUTCOME_TIMED_OUT, h->reason);
}

static void take_known(line *way, const heard *h) {
    char name[16];
    job_outcome outcome = OUTCOME_NONE;
    job_outcome_parse(json_span_copy(h->outcome, name, sizeof name), &outcome);
    tell_answer(way, MSG_KNOWN, h, outcome, (json_span){NULL, 0});
}

static void take_result(line *way, const heard *h) {
    tell_answer(way, MSG_ANSWER, h, OUTCOME_OK, (json_span){NULL, 0});
}

static void take_closed(line *way, const heard *h) {
    (void)h;
    tell(way, MSG_SESSION_CLOSED, (json_span){NULL, 0});
}

static void take_room(line *way, const heard *h) {
    if (h->room.text) tell(way, MSG_ROOM, h->room);
}

static void take_room_error(line *way, const heard *h) {
    tell(way, MSG_ERROR, h->code);
}

static void take_ui_event(line *way, const heard *h) {
    (void)h;
    way->l->counts.ui_events++;
}

static void ignore(line *way, const heard *h) {
    (void)way;
    (void)h;
}

static void speaker_hears(void *user, const char *text, size_t bytes) {
    static const struct {
        const char *type;
        void (*take)(line *way, const heard *h);
    } kinds[] = {
        {"ui_event", take_ui_event},
        {"translation_result", take_result},
        {"missing_result", take_missing},
        {"error", take_error},
        {"server_heartbeat", ignore},
        {"session_init_ack", session_opened},
        {"session_close_ack", take_closed},
        {"job_known", take_known},
        {"asr_partial", ignore},
        {"room_create_ack", take_room},
        {"room_members", take_room},
        {"room_error", take_room_error},
        {"room_expired", ignore},
    };
    line *way = user;
    heard h;
    if (!hear(way->l, text, bytes, &h)) return;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (json_span_is(h.type, kinds[i].type)) {
            kinds[i].take(way, &h);
            return;
        }
    way->l->counts.unknown++;
}

static const ws_handler speaker_handler = {on_opened, speaker_hears, on_lost};

/* ---- all of them ------------------------------------------------------------------------------------------------------- */

static void catch_up(void *ctx) {
    lines *l = ctx;
    clock_wall_catch_up(l->options.clock);
}

lines *lines_new(const lines_options *options) {
    lines *l = mem_zalloc(1, sizeof *l);
    l->options = *options;
    l->words = words_new(options->nonce, options->result_bytes);
    l->nodes = mem_zalloc((size_t)options->nodes + 1, sizeof *l->nodes);
    l->node_setup = histogram_new(SETUP_HIGHEST);
    l->session_setup = histogram_new(SETUP_HIGHEST);
    ws_crowd_init(&l->crowd, clock_wall_loop(options->clock), options->nonce);
    l->crowd.wake = catch_up;
    l->crowd.wake_ctx = l;
    return l;
}

lines *lines_free(lines *l) {
    if (!l) return NULL;
    for (int32_t i = 0; i < l->options.nodes; i++) {
        if (l->nodes[i].line) hang_up(l->nodes[i].line);
        while (l->nodes[i].jobs) forget_job(&l->nodes[i], l->nodes[i].jobs);
    }
    for (size_t i = 0; i < l->places; i++)
        if (l->speakers[i]) hang_up(l->speakers[i]);
    l->crowd.wake = NULL;
    uv_run(l->crowd.loop, UV_RUN_NOWAIT); /* they end */
    ws_crowd_release(&l->crowd);
    words_free(l->words);
    histogram_free(l->node_setup);
    histogram_free(l->session_setup);
    free(l->nodes);
    free(l->speakers);
    free(l);
    return NULL;
}

world_outside lines_outside(lines *l) {
    return (world_outside){take, l};
}

void lines_attach(lines *l, world *w) {
    l->world = w;
}

lines_counts lines_count(const lines *l) {
    lines_counts counts = l->counts;
    counts.sent = l->crowd.sent;
    counts.received = l->crowd.received;
    counts.bytes_sent = l->crowd.bytes_sent;
    counts.bytes_received = l->crowd.bytes_received;
    counts.queued = l->crowd.queued;
    return counts;
}

const histogram *lines_node_setup(const lines *l) {
    return l->node_setup;
}

const histogram *lines_session_setup(const lines *l) {
    return l->session_setup;
}
