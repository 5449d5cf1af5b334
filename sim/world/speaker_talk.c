/* speaker_talk.c - speeches and pauses, and the chunks or requests that follow from them.
 *
 * A client that sends chunks leaves it to the scheduler to cut them; each chunk is an event. A client that sends whole utterances
 * cuts its speech as the scheduler would (client_cuts.h), and each utterance leaves at the instant of its cut. Its chunks are no
 * events: a speech that ends with its only cut takes one event, as many as a pause.
 *
 * Impatient clients keep their open requests and send them again, with the same number, so that the scheduler can tell. */
#include "sim/world/speaker_parts.h"

#include <string.h>
#include <utlist.h>

/* ---- requests ------------------------------------------------------------------------------------------------------- */

static void send_message(speaker *sp, const asking *what) {
    message *m = message_new(sp->w, MSG_REQUEST, sp->conn);
    m->utterance = what->utterance;
    m->pair = what->pair;
    m->speech = what->speech;
    m->value = what->bytes;
    m->cut = what->cut;
    speaker_send_up(sp, m);
}

static void send_request(speaker *sp, trace_kind kind, const asking *what) {
    sp->last_sent = world_now(sp->w);
    speaker_tell(sp, (trace_event){.kind = kind,
                                   .utterance = what->utterance,
                                   .pair = sp->room ? NULL : &what->pair,
                                   .length = what->speech,
                                   .code = cut_reason_name(what->cut)});
    if (sp->online)
        send_message(sp, what);
    else if (kind == TRACE_CLIENT_SENT)
        line_hold(sp, what);
}

void talk_send(speaker *sp, const asking *what) {
    sp->last_sent = world_now(sp->w);
    send_message(sp, what);
}

static bool waits_unsent(const speaker *sp, uint64_t utterance) {
    const asked *a;
    DL_FOREACH(sp->unsent, a) if (a->what.utterance == utterance) break;
    return a != NULL;
}

void talk_repeat(speaker *sp) {
    const asked *a;
    DL_FOREACH(sp->open, a)
    if (!waits_unsent(sp, a->what.utterance)) send_request(sp, TRACE_CLIENT_RESENT, &a->what);
}

static void on_no_answer(void *arg) {
    asked *a = arg;
    speaker *sp = a->sp;
    a->timer = 0;
    if (a->left-- == 0 || sp->w->hushed || sp->state == CLOSES) return;
    if (sp->online) send_request(sp, TRACE_CLIENT_RESENT, &a->what);
    a->timer = engine_at(sp->w->env.engine, world_now(sp->w) + sp->group->retry.after, on_no_answer, a);
}

static void keep_request(speaker *sp, const asking *what) {
    asked *a = pool_take(sp->w->speakers->asked);
    *a = (asked){.sp = sp, .what = *what, .left = sp->group->retry.times};
    a->timer = engine_at(sp->w->env.engine, world_now(sp->w) + sp->group->retry.after, on_no_answer, a);
    DL_APPEND(sp->open, a);
}

static void close_request(speaker *sp, asked *a) {
    engine_cancel(sp->w->env.engine, a->timer);
    DL_DELETE(sp->open, a);
    pool_give(sp->w->speakers->asked, a);
}

static asked *find_request(const speaker *sp, uint64_t utterance) {
    asked *a;
    DL_FOREACH(sp->open, a) if (a->what.utterance == utterance) break;
    return a;
}

bool talk_answered(speaker *sp, uint64_t utterance) {
    if (!sp->group->retry.after) return true;
    asked *a = find_request(sp, utterance);
    if (a) close_request(sp, a);
    return a != NULL;
}

void talk_known(speaker *sp, uint64_t utterance, bool ended) {
    asked *a = find_request(sp, utterance);
    if (!a || !ended) return;
    engine_cancel(sp->w->env.engine, a->timer);
    a->timer = 0;
}

static lang_pair pair_of(const speaker *sp, bool reversed) {
    lang_pair pair = sp->pair;
    if (!reversed) return pair;
    memcpy(pair.src, sp->pair.tgt, sizeof pair.src);
    memcpy(pair.tgt, sp->pair.src, sizeof pair.tgt);
    return pair;
}

static void ask(speaker *sp, int64_t bytes, usec_t length, cut_reason cut, bool reversed) {
    asking what = {sp->utterance++, pair_of(sp, reversed), bytes, length, cut};
    if (speaker_hears_answers(sp)) sp->unanswered++;
    if (length > sp->w->longest_speech) sp->w->longest_speech = length;
    send_request(sp, TRACE_CLIENT_SENT, &what);
    if (sp->group->retry.after) keep_request(sp, &what);
}

static void send_chunk(speaker *sp, int64_t bytes, bool is_final) {
    message *m = message_new(sp->w, MSG_CHUNK, sp->conn);
    m->pair = pair_of(sp, sp->how.reversed);
    m->value = bytes;
    m->is_final = is_final;
    speaker_send_up(sp, m);
}

/* ---- cuts ----------------------------------------------------------------------------------------------------------- */

static void ask_for_cuts(speaker *sp, const client_cut *cuts, int count) {
    for (int i = 0; i < count; i++)
        ask(sp, cuts[i].cut.bytes, cuts[i].cut.duration, cuts[i].cut.reason, cuts[i].reversed);
}

static const speech_rules *rules_of(const speaker *sp) {
    return &sp->w->speakers->rules;
}

static void on_cut(void *arg);

/* Nothing is due at the end of a speech or later, as long as it lasts: its end looks for itself. */
static void wait_for_cut(speaker *sp) {
    engine *e = sp->w->env.engine;
    engine_cancel(e, sp->cut_timer);
    sp->cut_timer = 0;
    usec_t at = client_next_cut(&sp->ear, &sp->mouth, &sp->how, rules_of(sp));
    if (at == USEC_NEVER || (sp->state == SPEAKS && at >= sp->mouth.began + sp->mouth.length)) return;
    sp->cut_timer = engine_at(e, at, on_cut, sp);
}

/* What was said until now is heard, and what is due is asked for. */
static void catch_up(speaker *sp) {
    client_cut cuts[CLIENT_CUTS_MAX];
    int count = client_hear(&sp->ear, &sp->mouth, &sp->how, rules_of(sp), world_now(sp->w), cuts);
    ask_for_cuts(sp, cuts, count);
}

static void on_cut(void *arg) {
    speaker *sp = arg;
    sp->cut_timer = 0;
    catch_up(sp);
    wait_for_cut(sp);
}

/* Whoever would have told the end of the speech tells it now. */
void talk_hush(speaker *sp) {
    client_cut cuts[CLIENT_CUTS_MAX];
    bool whole = !speaker_in_chunks(sp);
    if (whole) catch_up(sp);
    bool interrupted = mouth_next(&sp->mouth) != USEC_NEVER && sp->mouth.chunks > 0 && sp->how.manual;
    sp->mouth = (mouth){0};
    if (interrupted && whole)
        ask_for_cuts(sp, cuts, client_interrupt(&sp->ear, rules_of(sp), world_now(sp->w), cuts));
    else if (interrupted)
        send_chunk(sp, 0, true);
    wait_for_cut(sp);
}

void talk_end(speaker *sp) {
    client_cut cuts[CLIENT_CUTS_MAX];
    engine_cancel(sp->w->env.engine, sp->cut_timer);
    sp->cut_timer = 0;
    int count = client_flush(&sp->ear, rules_of(sp), world_now(sp->w), cuts);
    ask_for_cuts(sp, cuts, count);
}

bool talk_is_over(const speaker *sp) {
    return !sp->cut_timer;
}

void talk_forget(speaker *sp) {
    engine_cancel(sp->w->env.engine, sp->cut_timer);
    sp->cut_timer = 0;
    while (sp->open) close_request(sp, sp->open);
}

/* ---- speaking ------------------------------------------------------------------------------------------------------- */

static void wait_until(speaker *sp, speaker_state state, usec_t at, engine_action *then) {
    usec_t now = world_now(sp->w);
    sp->state = state;
    sp->timer = engine_at(sp->w->env.engine, at > now ? at : now, then, sp);
}

/* Each purpose has its stream, so that long speeches do not move the others. */
usec_t talk_draw(speaker *sp) {
    const talk_pattern *talk = &sp->group->talk;
    usec_t length = dist_draw_usec(&talk->utterance, &sp->talk);
    if (talk->longs.share > 0 && rng_chance(&sp->longs, talk->longs.share))
        length = dist_draw_usec(&talk->longs.length, &sp->longs);
    return length > 0 ? length : 1;
}

static void open_mouth(speaker *sp, usec_t began, usec_t length) {
    const talk_pattern *talk = &sp->group->talk;
    sp->mouth = (mouth){
        .began = began,
        .length = length,
        .period = talk->chunk,
        .bytes_per_second = (int64_t)talk->bytes_per_second,
        .format = (sound_format)talk->format,
    };
    sp->how.manual = talk->manual >= 1 || rng_chance(&sp->manual, talk->manual);
    sp->how.reversed = sp->group->two_way && sp->speeches % 2 == 1;
    sp->speeches++;
    usec_t longest = sp->w->sc->scheduler.max_duration + sp->w->sc->scheduler.hangover_auto + talk->chunk;
    if (speaker_in_chunks(sp) && longest > sp->w->longest_speech) sp->w->longest_speech = longest;
}

/* Whoever sends chunks does nothing else. */
static void on_chunk(void *arg) {
    speaker *sp = arg;
    mouthful chunk = mouth_take(&sp->mouth);
    send_chunk(sp, chunk.bytes, chunk.last && sp->how.manual);
    if (chunk.last)
        talk_pause(sp);
    else
        wait_until(sp, SPEAKS, mouth_next(&sp->mouth), on_chunk);
}

static void on_speech_ends(void *arg) {
    speaker *sp = arg;
    catch_up(sp);
    talk_pause(sp);
    wait_for_cut(sp);
}

static void begin_speech(speaker *sp) {
    usec_t now = world_now(sp->w);
    if (!speaker_in_chunks(sp)) catch_up(sp);
    usec_t length = talk_draw(sp);
    open_mouth(sp, now, length);
    if (speaker_in_chunks(sp)) {
        wait_until(sp, SPEAKS, mouth_next(&sp->mouth), on_chunk);
        return;
    }
    wait_until(sp, SPEAKS, now + length, on_speech_ends);
    wait_for_cut(sp);
}

static void on_pause_ends(void *arg) {
    speaker *sp = arg;
    sp->timer = 0;
    if (world_now(sp->w) >= sp->ends)
        room_over(sp);
    else
        begin_speech(room_next(sp));
}

void talk_wait(speaker *sp) {
    engine_cancel(sp->w->env.engine, sp->timer);
    sp->timer = 0;
    sp->state = PAUSES;
}

void talk_pause(speaker *sp) {
    usec_t until = world_now(sp->w) + dist_draw_usec(&sp->group->talk.pause, &sp->talk);
    wait_until(sp, PAUSES, until < sp->ends ? until : sp->ends, on_pause_ends);
}

/* Cut by whoever wrote the trace. */
void talk_call(speaker *sp, usec_t length) {
    double bytes = (double)length / (double)USEC_PER_SEC * (double)sp->group->talk.bytes_per_second;
    ask(sp, (int64_t)bytes, length, CUT_MANUAL, false);
}
