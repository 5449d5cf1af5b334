/* speech_model.c - reads one utterance after the other off the events, each to its end, before it looks at the next.
 *
 * Only a manual hangover looks past its utterance: whether what comes would end the next one. What is easy here, to look ahead
 * and to go back, is what the machine cannot do; so the two are unlikely to be wrong in the same way. */
#include "tests/support/speech_model.h"

typedef struct reader {
    const speech_rules *rules;
    const speech_event *events;
    int count;
    int next; /* the first event whose chunk belongs to no utterance yet */
    /* of the utterance that is being read */
    speech_cut cut;
    usec_t last; /* its latest chunk */
    /* of the utterance before */
    int looked_at_from; /* the event at which it is out of the way, so that our pause is looked at */
    usec_t out_at;
} reader;

static usec_t later(usec_t a, usec_t b) {
    return a > b ? a : b;
}

static bool would_pass(const reader *r, const speech_event *e) {
    return r->cut.bytes + e->bytes > r->rules->bytes_max;
}

static void take(reader *r, const speech_event *e) {
    r->cut.bytes += e->bytes;
    r->cut.duration += e->duration;
    if (e->bytes > 0) r->last = e->at;
}

static model_cut finish(reader *r, usec_t at, int told_by, int looked_at_from) {
    static const bool is_auto[CUT_REASONS] = {[CUT_TIMEOUT] = true, [CUT_MAX_DURATION] = true};
    if (r->cut.reason == CUT_MANUAL) r->cut.padding = r->rules->padding_manual;
    if (is_auto[r->cut.reason]) r->cut.padding = r->rules->padding_auto;
    r->looked_at_from = looked_at_from;
    r->out_at = at;
    return (model_cut){.cut = r->cut, .at = at, .told_by = told_by};
}

/* Cut by what event i says, at once. */
static model_cut finish_by(reader *r, int i) {
    return finish(r, r->events[i].at, i, i + 1);
}

/* Cut by the time: the first event at or after it tells it, from `from` on. */
static model_cut finish_at(reader *r, usec_t at, int from) {
    int i = from;
    while (i < r->count && r->events[i].at < at) i++;
    return finish(r, at, i, i);
}

/* After a final chunk, event `i`: what comes is of the next utterance, and ends the hangover early when it would end that. */
static model_cut manual_hangover(reader *r, int i) {
    usec_t end = r->events[i].at + r->rules->hangover_manual, duration = 0;
    int64_t bytes = 0;
    for (int k = i + 1; k < r->count && r->events[k].at < end; k++) {
        const speech_event *e = &r->events[k];
        bytes += e->bytes;
        duration += e->duration;
        bool ends = e->is_final || bytes >= r->rules->bytes_max || duration >= r->rules->max_duration;
        if (e->kind == EVENT_FLUSH || (bytes > 0 && ends)) return finish_by(r, k);
    }
    return finish_at(r, end, i);
}

/* The utterance is over since event `i` - 1, or a pause before event i: what comes until `end` belongs to it. */
static model_cut auto_hangover(reader *r, int i, usec_t end) {
    int from = i;
    for (; i < r->count && r->events[i].at < end; i++) {
        const speech_event *e = &r->events[i];
        r->next = i;
        if (e->kind == EVENT_FLUSH || would_pass(r, e)) return finish_by(r, i);
        take(r, e);
        r->next = i + 1;
        if (e->is_final) r->cut.reason = CUT_MANUAL;
        if (e->is_final || r->cut.bytes == r->rules->bytes_max) return finish_by(r, i);
    }
    return finish_at(r, later(end, r->out_at), from - 1);
}

/* Reads one utterance; false when there is no sound any more. */
static bool read_utterance(reader *r, model_cut *ret_cut) {
    r->cut = (speech_cut){.reason = CUT_CLOSE};
    for (int i = r->next;; i++) {
        bool spoken = r->cut.bytes > 0;
        if (!spoken && i == r->count) return false;
        usec_t silence = r->last + r->rules->pause;
        if (spoken && (i == r->count || (i >= r->looked_at_from && r->events[i].at >= silence))) {
            r->cut.reason = CUT_TIMEOUT;
            r->next = i;
            *ret_cut = auto_hangover(r, i, silence + r->rules->hangover_auto);
            return true;
        }
        const speech_event *e = &r->events[i];
        r->next = i;
        if (would_pass(r, e)) r->cut.reason = CUT_MAX_LENGTH;
        if (would_pass(r, e) || (e->kind == EVENT_FLUSH && spoken)) {
            *ret_cut = finish_by(r, i);
            return true;
        }
        take(r, e);
        r->next = i + 1;
        if (r->cut.bytes == 0) continue;
        bool full = r->cut.bytes == r->rules->bytes_max, is_long = r->cut.duration >= r->rules->max_duration;
        if (!e->is_final && !is_long && !full) continue;
        r->cut.reason = e->is_final ? CUT_MANUAL : is_long ? CUT_MAX_DURATION : CUT_MAX_LENGTH;
        *ret_cut = full          ? finish_by(r, i)
                   : e->is_final ? manual_hangover(r, i)
                                 : auto_hangover(r, i + 1, e->at + r->rules->hangover_auto);
        return true;
    }
}

int model_cuts(const speech_rules *rules, const speech_event *events, int count, model_cut *ret_cuts, int max) {
    reader r = {.rules = rules, .events = events, .count = count};
    int n = 0;
    while (n < max && read_utterance(&r, &ret_cuts[n])) n++;
    return n;
}
