/* speaker.c - one session: somebody who speaks, pauses, and speaks again, whatever becomes of it.
 *
 * An open loop: the next utterance does not wait for the answer to the last one, because people do not either, and because
 * a load that waits for its server hides the server's slowness. The request leaves when the speech ends.
 *
 * After its length a session begins no new utterance; it closes when the last answer is in, or LINGER after its last
 * request. Its place is given to somebody else once the instance has heard of the end.
 *
 * Impatient clients keep their open requests and send them again, with the same number, so that the scheduler can tell. */
#include "sim/world/internal.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "core/base/mem.h"

#define LINGER (15 * USEC_PER_SEC)

enum { PLACE_BITS = 24, RENEWALS = 10, RENEWALS_MAX = 1000 };

typedef enum speaker_state {
    PAUSES,
    SPEAKS,
    LINGERS, /* waits for the last answers */
    GONE,    /* the instance will hear of it */
} speaker_state;

/* An open request of an impatient client. */
typedef struct asked {
    struct asked *next, *prev;
    speaker *sp;
    uint64_t utterance;
    usec_t speech;
    int64_t left; /* times that it may be sent again */
    timer_handle timer;
} asked;

struct speaker {
    world *w;
    const session_group *group;
    conn_token conn;
    uint64_t entity; /* of its random streams: group and number in the group */
    char id[ID_MAX + 1];
    rng talk, net;
    channel up, down;
    lang_pair pair;
    usec_t ends;   /* of its length */
    usec_t speech; /* of the utterance under way */
    usec_t last_sent;
    uint64_t utterance; /* number of the latest */
    int64_t unanswered;
    asked *open; /* these, when the client is impatient */
    speaker_state state;
    timer_handle timer; /* the end of that state */
    timer_handle vanish;
};

typedef struct speakers {
    pool *all, *asked;
    speaker **at; /* by place; NULL: free */
    size_t places, capacity;
    uint32_t *free; /* places */
    size_t free_count;
    uint64_t serial;
} speakers;

/* ---- places --------------------------------------------------------------------------------------------------------- */

void speakers_new(world *w) {
    w->speakers = mem_zalloc(1, sizeof *w->speakers);
    w->speakers->all = pool_new(sizeof(speaker));
    w->speakers->asked = pool_new(sizeof(asked));
}

void speakers_free(world *w) {
    speakers *s = w->speakers;
    if (!s) return;
    pool_free(s->all);
    pool_free(s->asked);
    free(s->at);
    free(s->free);
    free(s);
}

static size_t place_take(speakers *s) {
    if (s->free_count > 0) return s->free[--s->free_count];
    assert(s->places < SPEAKER_PLACES_MAX);
    if (s->places == s->capacity) {
        s->capacity = s->capacity ? 2 * s->capacity : 256;
        s->at = mem_realloc(s->at, s->capacity, sizeof(speaker *));
        s->free = mem_realloc(s->free, s->capacity, sizeof *s->free);
    }
    return s->places++;
}

static size_t place_of(conn_token conn) {
    return (size_t)(conn & (SPEAKER_PLACES_MAX - 1));
}

static speaker *speaker_of(const world *w, conn_token conn) {
    assert(conn & SPEAKER_BIT && place_of(conn) < w->speakers->places);
    speaker *sp = w->speakers->at[place_of(conn)];
    return sp && sp->conn == conn ? sp : NULL;
}

const speaker *speaker_at_instance(const world *w, conn_token conn) {
    return speaker_of(w, conn);
}

const char *speaker_id(const speaker *sp) {
    return sp->id;
}

lang_pair speaker_pair(const speaker *sp, uint64_t utterance) {
    lang_pair pair = sp->pair;
    if (!sp->group->two_way || utterance % 2 == 1) return pair;
    memcpy(pair.src, sp->pair.tgt, sizeof pair.src);
    memcpy(pair.tgt, sp->pair.src, sizeof pair.tgt);
    return pair;
}

bool speaker_two_way(const speaker *sp) {
    return sp->group->two_way;
}

void speaker_forget(world *w, conn_token conn) {
    speakers *s = w->speakers;
    speaker *sp = speaker_of(w, conn);
    assert(sp && sp->state == GONE);
    s->at[place_of(conn)] = NULL;
    s->free[s->free_count++] = (uint32_t)place_of(conn);
    pool_give(s->all, sp);
}

/* ---- the connection ------------------------------------------------------------------------------------------------- */

static void tell(speaker *sp, trace_event event) {
    lang_pair pair = speaker_pair(sp, event.utterance ? event.utterance : 1);
    event.session = sp->id;
    event.pair = &pair;
    event.node_index = event.group_index = -1;
    world_tell(sp->w, event);
}

static void send_up(speaker *sp, message *m) {
    message_send(m, world_now(sp->w), &sp->up, &sp->group->delay, &sp->net);
}

void speaker_send_down(world *w, message *m, usec_t leave) {
    speaker *sp = speaker_of(w, m->conn);
    if (sp)
        message_send(m, leave, &sp->down, &sp->group->delay, &sp->net);
    else
        message_free(m);
}

static void close_request(speaker *sp, asked *a) {
    engine_cancel(sp->w->env.engine, a->timer);
    DL_DELETE(sp->open, a);
    pool_give(sp->w->speakers->asked, a);
}

static void end_session(speaker *sp, const char *code) {
    engine_cancel(sp->w->env.engine, sp->timer);
    engine_cancel(sp->w->env.engine, sp->vanish);
    sp->timer = sp->vanish = 0;
    while (sp->open) close_request(sp, sp->open);
    sp->state = GONE;
    tell(sp, (trace_event){.kind = TRACE_SESSION_CLOSED, .code = code});
    send_up(sp, message_new(sp->w, MSG_SPEAKER_GONE, sp->conn));
}

static void hang_up(speaker *sp) {
    end_session(sp, "");
}

static void on_vanish(void *arg) {
    end_session(arg, "VANISHED");
}

/* ---- speaking ------------------------------------------------------------------------------------------------------- */

static void begin_pause(speaker *sp);

static void wait_until(speaker *sp, speaker_state state, usec_t at, engine_action *then) {
    usec_t now = world_now(sp->w);
    sp->state = state;
    sp->timer = engine_at(sp->w->env.engine, at > now ? at : now, then, sp);
}

/* What it sent meanwhile for a second time it waits for as long. */
static void linger(void *arg) {
    speaker *sp = arg;
    if (sp->unanswered == 0 || world_now(sp->w) >= sp->last_sent + LINGER)
        hang_up(sp);
    else
        wait_until(sp, LINGERS, sp->last_sent + LINGER, linger);
}

static void send_request(speaker *sp, trace_kind kind, uint64_t utterance, usec_t length) {
    sp->last_sent = world_now(sp->w);
    tell(sp, (trace_event){.kind = kind, .utterance = utterance, .length = length});
    message *m = message_new(sp->w, MSG_REQUEST, sp->conn);
    m->utterance = utterance;
    m->speech = length;
    m->value = (int64_t)((double)length / (double)USEC_PER_SEC * (double)sp->group->talk.bytes_per_second);
    send_up(sp, m);
}

static void on_no_answer(void *arg) {
    asked *a = arg;
    speaker *sp = a->sp;
    a->timer = 0;
    if (a->left-- == 0 || sp->w->hushed) return;
    send_request(sp, TRACE_CLIENT_RESENT, a->utterance, a->speech);
    a->timer = engine_at(sp->w->env.engine, world_now(sp->w) + sp->group->retry.after, on_no_answer, a);
}

static void keep_request(speaker *sp) {
    asked *a = pool_take(sp->w->speakers->asked);
    *a = (asked){.sp = sp, .utterance = sp->utterance, .speech = sp->speech, .left = sp->group->retry.times};
    a->timer = engine_at(sp->w->env.engine, world_now(sp->w) + sp->group->retry.after, on_no_answer, a);
    DL_APPEND(sp->open, a);
}

/* What was just said leaves. */
static void say(speaker *sp) {
    sp->utterance++;
    sp->unanswered++;
    if (sp->speech > sp->w->longest_speech) sp->w->longest_speech = sp->speech;
    send_request(sp, TRACE_CLIENT_SENT, sp->utterance, sp->speech);
    if (sp->group->retry.after) keep_request(sp);
}

static void on_speech_ends(void *arg) {
    speaker *sp = arg;
    say(sp);
    begin_pause(sp);
}

static usec_t speech_draw(speaker *sp) {
    usec_t length = dist_draw_usec(&sp->group->talk.utterance, &sp->talk);
    return length > 0 ? length : 1;
}

static void on_pause_ends(void *arg) {
    speaker *sp = arg;
    usec_t now = world_now(sp->w);
    if (now >= sp->ends) {
        linger(sp);
        return;
    }
    sp->speech = speech_draw(sp);
    wait_until(sp, SPEAKS, now + sp->speech, on_speech_ends);
}

static void begin_pause(speaker *sp) {
    usec_t until = world_now(sp->w) + dist_draw_usec(&sp->group->talk.pause, &sp->talk);
    wait_until(sp, PAUSES, until < sp->ends ? until : sp->ends, on_pause_ends);
}

/* False when an impatient client has had an answer to it already. */
static bool answers_open(speaker *sp, uint64_t utterance) {
    asked *a;
    if (!sp->group->retry.after) return true;
    DL_FOREACH(sp->open, a) if (a->utterance == utterance) break;
    if (a) close_request(sp, a);
    return a != NULL;
}

void speaker_deliver(world *w, const message *answer) {
    speaker *sp = speaker_of(w, answer->conn);
    if (!sp || sp->state == GONE) return;
    tell(sp, (trace_event){.kind = TRACE_CLIENT_ANSWERED,
                           .job = answer->job,
                           .utterance = answer->utterance,
                           .outcome = answer->outcome,
                           .code = answer->code});
    if (!answers_open(sp, answer->utterance)) return;
    if (sp->unanswered > 0) sp->unanswered--;
    if (sp->unanswered == 0 && sp->state == LINGERS) hang_up(sp);
}

/* ---- coming and going ----------------------------------------------------------------------------------------------- */

/* How much is left of a session that somebody who comes at a random moment finds under way: a long row of sessions, one
 * after the other, is cut at a random point. With whole lengths the number of sessions would not be steady from the start. */
static usec_t rest_draw(const session_group *group, rng *r) {
    double mean = (double)group->concurrent / group->rate * (double)USEC_PER_SEC;
    double left = mean * RENEWALS * (1 + rng_unit(r));
    for (int i = 0; i < RENEWALS_MAX && left >= 0; i++) left -= dist_draw(&group->length, r);
    return left < 0 ? (usec_t)-left : 0;
}

static void take_pair(speaker *sp, int src, int tgt) {
    const scenario_languages *langs = &sp->w->sc->languages;
    memcpy(sp->pair.src, langs->tag[src], sizeof sp->pair.src);
    memcpy(sp->pair.tgt, langs->tag[tgt], sizeof sp->pair.tgt);
}

static void draw_life(speaker *sp, bool under_way) {
    const session_group *group = sp->group;
    rng r;
    rng_init(&r, sp->w->seed, "session", sp->entity);
    const pair_share *pair = pair_mix_draw(&group->pairs, &r);
    take_pair(sp, pair->src, pair->tgt);
    usec_t length = under_way ? rest_draw(group, &r) : dist_draw_usec(&group->length, &r);
    sp->ends = world_now(sp->w) + length;
    rng_init(&r, sp->w->seed, "vanish", sp->entity);
    if (!rng_chance(&r, group->vanish)) return;
    usec_t at = world_now(sp->w) + (usec_t)(rng_unit(&r) * (double)length);
    sp->vanish = engine_at(sp->w->env.engine, at, on_vanish, sp);
}

static speaker *speaker_new(world *w, const session_group *group, uint64_t number) {
    speakers *s = w->speakers;
    size_t place = place_take(s);
    speaker *sp = pool_take(s->all);
    *sp = (speaker){.w = w, .group = group};
    s->at[place] = sp;
    sp->conn = SPEAKER_BIT | ++s->serial << PLACE_BITS | place;
    sp->entity = (uint64_t)(group - w->sc->session_groups) << 40 | number;
    snprintf(sp->id, sizeof sp->id, "%s-%llu", group->name, (unsigned long long)number);
    rng_init(&sp->talk, w->seed, "talk", sp->entity);
    rng_init(&sp->net, w->seed, "session network", sp->entity);
    return sp;
}

static void begin_session(speaker *sp) {
    tell(sp, (trace_event){.kind = TRACE_SESSION_OPENED});
    send_up(sp, message_new(sp->w, MSG_OPEN, sp->conn));
}

void speaker_open(world *w, const session_group *group, uint64_t number, bool under_way) {
    speaker *sp = speaker_new(w, group, number);
    draw_life(sp, under_way);
    begin_session(sp);
    begin_pause(sp);
}

void speaker_call(world *w, const session_group *group, uint64_t number, const trace_row *call) {
    speaker *sp = speaker_new(w, group, number);
    draw_life(sp, false);
    sp->ends = world_now(w);
    if (call->src >= 0) take_pair(sp, call->src, call->tgt);
    sp->speech = call->speech ? call->speech : speech_draw(sp);
    begin_session(sp);
    say(sp);
    linger(sp);
}

/* What was asked for is still waited for, without a limit: the end of the run has one. */
void speakers_hush(world *w) {
    for (size_t i = 0; i < w->speakers->places; i++) {
        speaker *sp = w->speakers->at[i];
        if (!sp || sp->state == GONE || sp->state == LINGERS) continue;
        engine_cancel(w->env.engine, sp->timer);
        sp->timer = 0;
        sp->state = LINGERS;
        if (sp->unanswered == 0) hang_up(sp);
    }
}
