/* check_speech_histories.c - thousands of random histories of chunks, through the machine and through a model beside it.
 *
 * The model is no machine: it has the whole list of events before it and reads one utterance after the other off it, looking
 * ahead as far as it likes. After each event, what the machine told must be what the model reads off the events so far; and a
 * copy of the machine, woken exactly when it asks, must tell the rest at exactly the instants of the model. What must hold
 * whatever the model says (nothing lost, nothing empty, nothing too long) is checked without it.
 *
 * A history that fails is shrunk and printed with its seed. */
#include "core/domain/speech.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/base/rng.h"
#include "tests/support/shrink.h"
#include "tests/support/speech_model.h"
#include "tests/support/suite.h"

enum { HISTORIES = 50000, OPS_MAX = 40, CUTS_MAX = OPS_MAX + 2, TEXT_MAX = 8000 };

/* --- histories ---- */

typedef enum op_kind {
    OP_CHUNK,
    OP_TIMER,       /* that nobody asked for */
    OP_TIMER_WAKE,  /* exactly when it is wanted */
    OP_TIMER_EARLY, /* a microsecond before */
    OP_TIMER_STALE, /* for what was wanted before an earlier event */
    OP_FLUSH,
    OP_KINDS
} op_kind;

/* What happens `gap` after the operation before; timers that go by the machine's wish ignore the gap. */
typedef struct op {
    op_kind kind;
    usec_t gap;
    int64_t bytes;
    usec_t duration;
    bool is_final;
} op;

static usec_t draw_gap(rng *r, const speech_rules *rules) {
    const usec_t edges[] = {rules->hangover_manual, rules->hangover_auto, rules->pause,
                            rules->pause + rules->hangover_auto};
    switch (rng_below(r, 8)) {
    case 0: return 0;
    case 1: return (usec_t)rng_below(r, 3);
    case 2: return edges[rng_below(r, 4)];
    case 3: return edges[rng_below(r, 4)] + 1;
    case 4: return (usec_t)rng_below(r, (uint64_t)edges[rng_below(r, 4)] + 1);
    case 5: return (usec_t)rng_below(r, 600 * USEC_PER_SEC);
    default: return (usec_t)rng_below(r, (uint64_t)rules->hangover_manual + 1);
    }
}

static void draw_chunk(rng *r, const speech_rules *rules, op *o) {
    const int64_t sizes[] = {0, 1, rules->bytes_max / 2, rules->bytes_max - 1, rules->bytes_max};
    o->bytes = rng_chance(r, 0.6) ? (int64_t)rng_below(r, (uint64_t)rules->bytes_max / 3 + 1) : sizes[rng_below(r, 5)];
    if (o->bytes > rules->bytes_max) o->bytes = rules->bytes_max;
    if (o->bytes > 0) o->duration = (usec_t)rng_below(r, (uint64_t)rules->max_duration / 3 + 1);
    if (o->bytes > 0 && rng_chance(r, 0.1)) o->duration = rules->max_duration;
    o->is_final = rng_chance(r, 0.2);
}

static op draw_op(rng *r, const speech_rules *rules) {
    op o = {.kind = OP_CHUNK, .gap = draw_gap(r, rules)};
    if (rng_chance(r, 0.35)) o.kind = (op_kind)rng_below(r, OP_KINDS);
    if (o.kind == OP_CHUNK) draw_chunk(r, rules, &o);
    return o;
}

static speech_rules draw_rules(rng *r) {
    static const int64_t bytes_max[] = {1, 7, 100, 500 * 1024};
    static const usec_t pauses[] = {1, 100, 3000, 30000}, longest[] = {1, 500, 10000, 60000},
                        hangovers[] = {0, 1, 150, 200, 5000};
    return (speech_rules){
        .pause = pauses[rng_below(r, 4)] * USEC_PER_MSEC,
        .max_duration = longest[rng_below(r, 4)] * USEC_PER_MSEC,
        .bytes_max = bytes_max[rng_below(r, 4)],
        .hangover_manual = hangovers[rng_below(r, 5)] * USEC_PER_MSEC,
        .hangover_auto = hangovers[rng_below(r, 5)] * USEC_PER_MSEC,
        .padding_manual = 280 * USEC_PER_MSEC,
        .padding_auto = 220 * USEC_PER_MSEC,
    };
}

/* --- playing a history ---- */

typedef struct player {
    speech_rules rules;
    speech sp;
    speech_event events[OPS_MAX];
    int count;
    usec_t stale;      /* what speech_wake() said some events ago */
    int64_t bytes_in;  /* so far */
    int64_t bytes_out; /* of it, cut */
    usec_t duration_in, duration_out;
    int seen[CUT_REASONS]; /* cuts of each reason */
    int cuts_at_once_most;
    char problem[400];
} player;

static bool trouble(player *p, const char *format, ...) __attribute__((format(printf, 2, 3)));
static bool trouble(player *p, const char *format, ...) {
    va_list args;
    va_start(args, format);
    vsnprintf(p->problem, sizeof p->problem, format, args);
    va_end(args);
    return false;
}

static usec_t time_of(const player *p, const op *o) {
    usec_t now = p->count ? p->events[p->count - 1].at : 0, wake = speech_wake(&p->sp, &p->rules);
    if (o->kind == OP_TIMER_STALE) wake = p->stale;
    bool by_wish = o->kind == OP_TIMER_WAKE || o->kind == OP_TIMER_EARLY || o->kind == OP_TIMER_STALE;
    if (!by_wish || wake == USEC_NEVER) return now + o->gap;
    if (o->kind == OP_TIMER_EARLY) wake--;
    return wake > now ? wake : now;
}

static int happen(player *p, const speech_event *e, speech_cut cuts[SPEECH_CUTS_MAX]) {
    switch (e->kind) {
    case EVENT_CHUNK: return speech_chunk(&p->sp, &p->rules, e->at, e->bytes, e->duration, e->is_final, cuts);
    case EVENT_FLUSH: return speech_flush(&p->sp, &p->rules, e->at, cuts);
    case EVENT_TIMER: break;
    }
    return speech_timer(&p->sp, &p->rules, e->at, cuts);
}

static bool same_cut(const speech_cut *a, const speech_cut *b) {
    return a->reason == b->reason && a->bytes == b->bytes && a->duration == b->duration && a->padding == b->padding;
}

/* Whether the chunks that came in first hold exactly these bytes and this time: a cut ends where a chunk does. */
static bool at_border(const player *p, int64_t bytes, usec_t duration) {
    for (int i = 0; i < p->count && bytes > 0; i++) {
        bytes -= p->events[i].bytes;
        duration -= p->events[i].duration;
    }
    return bytes == 0 && duration == 0;
}

/* What holds for every cut, whatever the model says. */
static bool cut_is_sound(player *p, const speech_cut *cut) {
    p->bytes_out += cut->bytes;
    p->duration_out += cut->duration;
    p->seen[cut->reason]++;
    if (cut->bytes <= 0 || cut->bytes > p->rules.bytes_max)
        return trouble(p, "a cut has %" PRId64 " bytes, expected 1 to %" PRId64, cut->bytes, p->rules.bytes_max);
    if (!at_border(p, p->bytes_out, p->duration_out))
        return trouble(p, "%" PRId64 " bytes of %" PRId64 " us are cut, which is not where a chunk ends", p->bytes_out,
                       p->duration_out);
    return true;
}

static bool cut_is_expected(player *p, const char *when, const speech_cut *cut, const model_cut *expected) {
    if (!cut_is_sound(p, cut)) return false;
    if (same_cut(cut, &expected->cut)) return true;
    return trouble(p, "%s: %s of %" PRId64 " bytes, %" PRId64 " us; expected %s of %" PRId64 " bytes, %" PRId64 " us",
                   when, cut_reason_name(cut->reason), cut->bytes, cut->duration, cut_reason_name(expected->cut.reason),
                   expected->cut.bytes, expected->cut.duration);
}

/* A copy of the machine that is woken exactly when it asks tells what is left, each cut at its instant. */
static bool rest_comes_in_time(player *p, const model_cut *expected, int left) {
    player copy = *p;
    usec_t now = copy.events[copy.count - 1].at;
    for (int told = 0;;) {
        usec_t wake = speech_wake(&copy.sp, &copy.rules);
        if (wake == USEC_NEVER && told < left) return trouble(p, "nothing is due, %d cuts are left", left - told);
        if (wake == USEC_NEVER) break;
        if (wake <= now) return trouble(p, "it wants to be woken at %" PRId64 " us, which is past", wake);
        now = wake;
        speech_cut cuts[SPEECH_CUTS_MAX];
        int count = speech_timer(&copy.sp, &copy.rules, now, cuts);
        for (int i = 0; i < count; i++, told++) {
            if (told == left) return trouble(p, "one cut too many when left alone");
            bool expected_one = cut_is_expected(&copy, "left alone", &cuts[i], &expected[told]);
            if (!expected_one) return trouble(p, "%s", copy.problem);
            if (now != expected[told].at)
                return trouble(p, "cut at %" PRId64 " us, expected at %" PRId64, now, expected[told].at);
        }
    }
    if (copy.bytes_out == copy.bytes_in && copy.duration_out == copy.duration_in) return true;
    return trouble(p, "%" PRId64 " bytes came in, %" PRId64 " were cut", copy.bytes_in, copy.bytes_out);
}

/* False, with p->problem, when the machine does what it should not. */
static bool play_op(player *p, const op *o) {
    speech_event e = {.kind = EVENT_TIMER, .at = time_of(p, o)};
    if (o->kind == OP_CHUNK)
        e = (speech_event){EVENT_CHUNK, e.at, o->bytes, o->duration, o->is_final};
    else if (o->kind == OP_FLUSH)
        e.kind = EVENT_FLUSH;
    if (o->gap % 2) p->stale = speech_wake(&p->sp, &p->rules);
    p->events[p->count++] = e;
    p->bytes_in += e.bytes;
    p->duration_in += e.duration;
    speech_cut cuts[SPEECH_CUTS_MAX];
    int count = happen(p, &e, cuts);
    if (count > p->cuts_at_once_most) p->cuts_at_once_most = count;

    model_cut expected[CUTS_MAX];
    int all = model_cuts(&p->rules, p->events, p->count, expected, CUTS_MAX), first = 0, here = 0;
    while (first < all && expected[first].told_by < p->count - 1) first++;
    while (first + here < all && expected[first + here].told_by == p->count - 1) here++;
    if (count != here) return trouble(p, "event %d makes %d cuts, expected %d", p->count - 1, count, here);
    for (int i = 0; i < count; i++)
        if (!cut_is_expected(p, "at the last event", &cuts[i], &expected[first + i])) return false;
    return rest_comes_in_time(p, &expected[first + here], all - first - here);
}

static bool play(player *p, const speech_rules *rules, const op *ops, size_t count) {
    *p = (player){.rules = *rules, .stale = USEC_NEVER, .problem = "an assertion fails"};
    for (size_t i = 0; i < count; i++)
        if (!play_op(p, &ops[i])) return false;
    return true;
}

typedef struct trial {
    speech_rules rules;
    player player; /* after the latest play */
} trial;

static bool history_fails(const void *ops, size_t count, void *ctx) {
    trial *t = ctx;
    return !play(&t->player, &t->rules, ops, count);
}

/* --- what a failure looks like ---- */

/* Appends to `text`, whose first *used bytes are taken; what does not fit is left out. */
static void append(char text[TEXT_MAX], size_t *used, const char *format, ...) __attribute__((format(printf, 3, 4)));
static void append(char text[TEXT_MAX], size_t *used, const char *format, ...) {
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text + *used, TEXT_MAX - *used, format, args);
    va_end(args);
    if (len > 0 && *used + (size_t)len < TEXT_MAX) *used += (size_t)len;
}

static void history_text(char text[TEXT_MAX], const player *p) {
    static const char *const kinds[] = {[EVENT_CHUNK] = "chunk", [EVENT_TIMER] = "timer", [EVENT_FLUSH] = "flush"};
    const speech_rules *r = &p->rules;
    size_t used = 0;
    append(text, &used, "pause %" PRId64 ", max_duration %" PRId64 ", bytes_max %" PRId64, r->pause, r->max_duration,
           r->bytes_max);
    append(text, &used, ", hangover_manual %" PRId64 ", hangover_auto %" PRId64 "; times in us\n", r->hangover_manual,
           r->hangover_auto);
    for (int i = 0; i < p->count; i++) {
        const speech_event *e = &p->events[i];
        append(text, &used, "  %d  at %-12" PRId64 " %s", i, e->at, kinds[e->kind]);
        if (e->kind == EVENT_CHUNK) append(text, &used, " of %" PRId64 " bytes, %" PRId64, e->bytes, e->duration);
        append(text, &used, "%s\n", e->is_final ? ", final" : "");
    }
}

static void shrink_and_abort(uint64_t seed, trial *t, op *ops, size_t count) {
    size_t left = shrink_history(ops, count, sizeof *ops, history_fails, t);
    shrink_ask(ops, left, history_fails, t);
    char text[TEXT_MAX];
    history_text(text, &t->player);
    ck_abort_msg("seed %" PRIu64 ", shrunk from %zu to %zu events: %s\n%s", seed, count, left, t->player.problem, text);
}

START_TEST(whatever_comes_the_machine_cuts_what_the_model_cuts) {
    int seen[CUT_REASONS] = {0}, at_once = 0;
    for (uint64_t seed = 1; seed <= HISTORIES; seed++) {
        rng r;
        rng_init(&r, seed, "speech", 0);
        trial t = {.rules = draw_rules(&r)};
        op ops[OPS_MAX];
        size_t count = 1 + rng_below(&r, OPS_MAX);
        for (size_t i = 0; i < count; i++) ops[i] = draw_op(&r, &t.rules);
        if (shrink_ask(ops, count, history_fails, &t)) shrink_and_abort(seed, &t, ops, count);
        for (int i = 0; i < CUT_REASONS; i++) seen[i] += t.player.seen[i];
        if (t.player.cuts_at_once_most > at_once) at_once = t.player.cuts_at_once_most;
    }
    /* The histories go everywhere: else they would prove less than they seem to. */
    for (cut_reason reason = 0; reason < CUT_REASONS; reason++)
        ck_assert_msg(seen[reason] > HISTORIES / 10, "only %d cuts by %s", seen[reason], cut_reason_name(reason));
    ck_assert_int_eq(at_once, SPEECH_CUTS_MAX);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        whatever_comes_the_machine_cuts_what_the_model_cuts,
    };
    return SUITE_RUN("speech_histories", tests);
}
