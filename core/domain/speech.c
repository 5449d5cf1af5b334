/* speech.c - two utterances are enough: one that is open, and what comes behind its manual cut.
 *
 * Why deadlines are computed and not kept as events: the one that matters follows from the state (speech_wake()), and every
 * event first lets what is due happen, at the instants at which it was due. So it makes no difference whether timers
 * come in time, late, twice, or not at all before the next chunk, and there is no generation to compare.
 *
 * Why a third utterance is never needed: a chunk that would end the second one (final, long enough, or too much for the buffer)
 * first ends the hangover of the first, for which nothing was being waited any more.
 *
 * Invariants: open is empty only in silence; a hangover has something in open; next is empty but in a manual hangover. */
#include "core/domain/speech.h"

#include <assert.h>

const char *cut_reason_name(cut_reason reason) {
    static const char *const names[CUT_REASONS] = {
        [CUT_MANUAL] = "manual",         [CUT_TIMEOUT] = "timeout", [CUT_MAX_DURATION] = "max_duration",
        [CUT_MAX_LENGTH] = "max_length", [CUT_CLOSE] = "close",
    };
    assert(reason >= 0 && reason < CUT_REASONS);
    return names[reason];
}

bool cut_continues(cut_reason reason) {
    return reason == CUT_TIMEOUT || reason == CUT_MAX_DURATION;
}

static usec_t padding_of(const speech_rules *rules, cut_reason reason) {
    if (reason == CUT_MANUAL) return rules->padding_manual;
    return cut_continues(reason) ? rules->padding_auto : 0;
}

static void add(speech_part *part, int64_t bytes, usec_t duration) {
    part->bytes += bytes;
    part->duration += duration;
}

/* What has come is the utterance; the hangover counts from `at`. */
static void end(speech *sp, const speech_rules *rules, cut_reason reason, usec_t at) {
    sp->in_hangover = true;
    sp->reason = reason;
    sp->cut_at = at + (reason == CUT_MANUAL ? rules->hangover_manual : rules->hangover_auto);
}

/* Cuts the open utterance for the reason of its hangover, else for `reason`; what came behind it is open now. */
static void cut(speech *sp, const speech_rules *rules, cut_reason reason, speech_cut cuts[], int *count) {
    assert(sp->open.bytes > 0 && *count < SPEECH_CUTS_MAX);
    if (sp->in_hangover) reason = sp->reason;
    cuts[(*count)++] = (speech_cut){
        .reason = reason,
        .bytes = sp->open.bytes,
        .duration = sp->open.duration,
        .padding = padding_of(rules, reason),
    };
    sp->open = sp->next;
    sp->next = (speech_part){0};
    sp->in_hangover = false;
}

usec_t speech_wake(const speech *sp, const speech_rules *rules) {
    if (sp->in_hangover) return sp->cut_at;
    return sp->open.bytes ? sp->last + rules->pause : USEC_NEVER;
}

/* Lets happen what was due at `now` or before. */
static void pass_time(speech *sp, const speech_rules *rules, usec_t now, speech_cut cuts[], int *count) {
    assert(now < USEC_NEVER);
    for (usec_t at; (at = speech_wake(sp, rules)) <= now;) {
        if (sp->in_hangover)
            cut(sp, rules, sp->reason, cuts, count);
        else
            end(sp, rules, CUT_TIMEOUT, at);
    }
}

/* Whether a chunk would end the utterance `part` that it is added to. */
static bool would_end(const speech_part *part, const speech_rules *rules, int64_t bytes, usec_t duration,
                      bool is_final) {
    if (part->bytes + bytes == 0) return false;
    return is_final || part->bytes + bytes >= rules->bytes_max || part->duration + duration >= rules->max_duration;
}

/* The chunk belongs to the open utterance, which collects or is in the hangover of an automatic cut. */
static void collect(speech *sp, const speech_rules *rules, usec_t now, int64_t bytes, usec_t duration, bool is_final,
                    speech_cut cuts[], int *count) {
    if (sp->open.bytes + bytes > rules->bytes_max) cut(sp, rules, CUT_MAX_LENGTH, cuts, count);
    add(&sp->open, bytes, duration);
    if (sp->open.bytes == 0) return;

    bool was_ended = sp->in_hangover;
    if (is_final)
        end(sp, rules, CUT_MANUAL, now);
    else if (!was_ended && sp->open.duration >= rules->max_duration)
        end(sp, rules, CUT_MAX_DURATION, now);
    if (sp->open.bytes == rules->bytes_max || (was_ended && is_final)) cut(sp, rules, CUT_MAX_LENGTH, cuts, count);
}

int speech_chunk(speech *sp, const speech_rules *rules, usec_t now, int64_t bytes, usec_t duration, bool is_final,
                 speech_cut ret_cuts[SPEECH_CUTS_MAX]) {
    assert(bytes >= 0 && bytes <= rules->bytes_max && duration >= 0 && (bytes > 0 || duration == 0));
    int count = 0;
    pass_time(sp, rules, now, ret_cuts, &count);
    if (bytes > 0) sp->last = now;

    bool behind = sp->in_hangover && sp->reason == CUT_MANUAL;
    if (behind && !would_end(&sp->next, rules, bytes, duration, is_final)) {
        add(&sp->next, bytes, duration);
        return count;
    }
    if (behind) cut(sp, rules, CUT_MANUAL, ret_cuts, &count);
    collect(sp, rules, now, bytes, duration, is_final, ret_cuts, &count);
    pass_time(sp, rules, now, ret_cuts, &count); /* a hangover may be 0 */
    return count;
}

int speech_timer(speech *sp, const speech_rules *rules, usec_t now, speech_cut ret_cuts[SPEECH_CUTS_MAX]) {
    int count = 0;
    pass_time(sp, rules, now, ret_cuts, &count);
    return count;
}

int speech_flush(speech *sp, const speech_rules *rules, usec_t now, speech_cut ret_cuts[SPEECH_CUTS_MAX]) {
    int count = 0;
    pass_time(sp, rules, now, ret_cuts, &count);
    while (sp->open.bytes > 0) cut(sp, rules, CUT_CLOSE, ret_cuts, &count);
    return count;
}
