/* speaker.c - one session: somebody who speaks, pauses, and speaks again, whatever becomes of it.
 *
 * An open loop: the next speech does not wait for the answer to the last one, because people do not either, and because
 * a load that waits for its server hides the server's slowness. What leaves when is in speaker_talk.c.
 *
 * After its length a session begins no new speech. It asks for the end when the last answer is in, or LINGER after its last
 * request; who sends chunks cannot know, and asks at once. When the end is acknowledged the connection ends, and its place is
 * given to somebody else once the instance has heard of that. */
#include "sim/world/speaker_parts.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"

#define LINGER (15 * USEC_PER_SEC)

enum { PLACE_BITS = 24, RENEWALS = 10, RENEWALS_MAX = 1000 };

/* ---- places --------------------------------------------------------------------------------------------------------- */

void speakers_new(world *w) {
    w->speakers = mem_zalloc(1, sizeof *w->speakers);
    w->speakers->all = pool_new(sizeof(speaker));
    w->speakers->asked = pool_new(sizeof(asked));
    w->speakers->rules = client_rules(&w->sc->scheduler);
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

speaker *speaker_of(const world *w, conn_token conn) {
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

const lang_pair *speaker_pair(const speaker *sp) {
    return &sp->pair;
}

bool speaker_two_way(const speaker *sp) {
    return sp->group->two_way;
}

sound_format speaker_format(const speaker *sp) {
    return (sound_format)sp->group->talk.format;
}

const session_group *speaker_group(const speaker *sp) {
    return sp->group;
}

/* One that has another connection by now stays. */
void speaker_forget(world *w, conn_token conn) {
    speakers *s = w->speakers;
    const speaker *sp = speaker_of(w, conn);
    if (!sp || sp->state != GONE) return;
    pool_give(s->all, s->at[place_of(conn)]);
    s->at[place_of(conn)] = NULL;
    s->free[s->free_count++] = (uint32_t)place_of(conn);
}

void speaker_unheard(world *w, const message *m) {
    if (m->kind == MSG_SPEAKER_GONE) speaker_forget(w, m->conn);
}

/* ---- the connection ------------------------------------------------------------------------------------------------- */

void speaker_tell(speaker *sp, trace_event event) {
    event.session = sp->id;
    if (!event.pair && event.kind != TRACE_CLIENT_SENT) event.pair = &sp->pair;
    event.node_index = event.group_index = -1;
    world_tell(sp->w, event);
}

void speaker_send_up(speaker *sp, message *m) {
    if (!sp->online) { /* lost */
        message_free(m);
        return;
    }
    m->instance = sp->home;
    m->life = sp->home_life;
    message_send(m, world_now(sp->w), &sp->up, &sp->group->delay, &sp->net);
}

void speaker_send_down(world *w, message *m, usec_t leave) {
    speaker *sp = speaker_of(w, m->conn);
    if (sp)
        message_send(m, leave, &sp->down, &sp->group->delay, &sp->net);
    else
        message_free(m);
}

void speaker_renew_token(speaker *sp) {
    sp->conn = SPEAKER_BIT | ++sp->w->speakers->serial << PLACE_BITS | place_of(sp->conn);
}

void speaker_end(speaker *sp, const char *code) {
    engine *e = sp->w->env.engine;
    engine_cancel(e, sp->timer);
    engine_cancel(e, sp->vanish);
    sp->timer = sp->vanish = 0;
    talk_forget(sp);
    sp->state = GONE;
    room_left(sp);
    speaker_tell(sp, (trace_event){.kind = TRACE_SESSION_CLOSED, .code = code});
    bool heard = sp->online;
    if (heard) speaker_send_up(sp, message_new(sp->w, MSG_SPEAKER_GONE, sp->conn));
    line_forget(sp);
    if (!heard) speaker_forget(sp->w, sp->conn);
}

static void on_vanish(void *arg) {
    speaker_end(arg, "VANISHED");
}

static void end_alone(void *arg) {
    speaker_end(arg, "LOST");
}

static void ask_for_the_end(speaker *sp) {
    engine_cancel(sp->w->env.engine, sp->timer);
    sp->timer = 0;
    sp->state = CLOSES;
    if (!sp->online) { /* nobody is there to be asked */
        sp->timer = engine_at(sp->w->env.engine, world_now(sp->w), end_alone, sp);
        return;
    }
    speaker_tell(sp, (trace_event){.kind = TRACE_CLIENT_CLOSES});
    speaker_send_up(sp, message_new(sp->w, MSG_SESSION_CLOSE, sp->conn));
}

/* What it sent meanwhile for a second time it waits for as long. */
static void linger(void *arg) {
    speaker *sp = arg;
    usec_t until = sp->last_sent + LINGER;
    sp->timer = 0;
    if (sp->unanswered == 0 || world_now(sp->w) >= until)
        ask_for_the_end(sp);
    else
        sp->timer = engine_at(sp->w->env.engine, until, linger, sp);
}

bool speaker_in_chunks(const speaker *sp) {
    return sp->group->talk.granularity == TALK_CHUNK;
}

bool speaker_hears_answers(const speaker *sp) {
    return !speaker_in_chunks(sp) && !sp->group->room.members;
}

void speaker_linger(speaker *sp) {
    sp->state = LINGERS;
    talk_end(sp);
    linger(sp);
}

/* ---- what comes ----------------------------------------------------------------------------------------------------- */

/* Every answer but a refusal is in order, and one that says so when there will be none. */
static void take_answer(speaker *sp, const message *m) {
    bool own = !strcmp(m->session, sp->id);
    trace_kind kind = m->kind == MSG_MISSED ? TRACE_CLIENT_MISSED : own ? TRACE_CLIENT_ANSWERED : TRACE_CLIENT_HEARD;
    speaker_tell(sp, (trace_event){.kind = kind,
                                   .from = own ? "" : m->session,
                                   .job = m->job,
                                   .utterance = m->utterance,
                                   .pair = &m->pair,
                                   .outcome = m->outcome,
                                   .code = m->code});
    if (!own || !talk_answered(sp, m->utterance)) return;
    if (sp->unanswered > 0) sp->unanswered--;
    if (sp->unanswered == 0 && sp->state == LINGERS && speaker_hears_answers(sp) && talk_is_over(sp))
        ask_for_the_end(sp);
}

static void take_known(speaker *sp, const message *m) {
    speaker_tell(sp, (trace_event){.kind = TRACE_CLIENT_KNOWN,
                                   .job = m->job,
                                   .utterance = m->utterance,
                                   .pair = &m->pair,
                                   .outcome = m->outcome});
    talk_known(sp, m->utterance, m->outcome != OUTCOME_NONE);
}

void speaker_deliver(world *w, const message *m) {
    speaker *sp = speaker_of(w, m->conn);
    if (!sp || sp->state == GONE) return;
    switch (m->kind) {
    case MSG_ANSWER:
    case MSG_MISSED: take_answer(sp, m); break;
    case MSG_KNOWN: take_known(sp, m); break;
    case MSG_ERROR: speaker_tell(sp, (trace_event){.kind = TRACE_CLIENT_ERROR, .code = m->code}); break;
    case MSG_SESSION_CLOSED: speaker_end(sp, ""); break;
    case MSG_LINE_LOST: line_lost(sp, m); break;
    case MSG_ROOM: room_told(sp, m->code); break;
    default: assert(false && "a message for a speaker");
    }
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

speaker *speaker_new(world *w, const session_group *group, uint64_t number) {
    speakers *s = w->speakers;
    size_t place = place_take(s);
    speaker *sp = pool_take(s->all);
    *sp = (speaker){.w = w, .group = group};
    s->at[place] = sp;
    sp->conn = SPEAKER_BIT | ++s->serial << PLACE_BITS | place;
    sp->entity = (uint64_t)(group - w->sc->session_groups) << 40 | number;
    snprintf(sp->id, sizeof sp->id, "%s-%llu", group->name, (unsigned long long)number);
    rng_init(&sp->talk, w->seed, "talk", sp->entity);
    rng_init(&sp->manual, w->seed, "manual", sp->entity);
    rng_init(&sp->longs, w->seed, "long speech", sp->entity);
    rng_init(&sp->net, w->seed, "session network", sp->entity);
    return sp;
}

static void begin_session(speaker *sp) {
    speaker_tell(sp, (trace_event){.kind = TRACE_SESSION_OPENED});
    line_open(sp);
}

void speaker_begin(speaker *sp, bool under_way, const speaker *with) {
    draw_life(sp, under_way);
    if (with) sp->ends = with->ends;
    begin_session(sp);
}

void speaker_open(world *w, const session_group *group, uint64_t number, bool under_way) {
    speaker *sp = speaker_new(w, group, number);
    speaker_begin(sp, under_way, NULL);
    talk_pause(sp);
}

void speaker_call(world *w, const session_group *group, uint64_t number, const trace_row *call) {
    speaker *sp = speaker_new(w, group, number);
    draw_life(sp, false);
    sp->ends = world_now(w);
    if (call->src >= 0) take_pair(sp, call->src, call->tgt);
    begin_session(sp);
    talk_call(sp, call->speech ? call->speech : talk_draw(sp));
    speaker_linger(sp);
}

/* What was asked for is still waited for, without a limit: the end of the run has one. */
void speakers_hush(world *w) {
    for (size_t i = 0; i < w->speakers->places; i++) {
        speaker *sp = w->speakers->at[i];
        if (!sp || sp->state >= LINGERS) continue;
        engine_cancel(w->env.engine, sp->timer);
        sp->timer = 0;
        sp->state = LINGERS;
        talk_hush(sp);
    }
}

bool speakers_are_silent(const world *w) {
    for (size_t i = 0; i < w->speakers->places; i++)
        if (w->speakers->at[i] && !talk_is_over(w->speakers->at[i])) return false;
    return true;
}

void speakers_close(world *w) {
    for (size_t i = 0; i < w->speakers->places; i++) {
        speaker *sp = w->speakers->at[i];
        if (sp && sp->state == LINGERS) ask_for_the_end(sp);
    }
}
