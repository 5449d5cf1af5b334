/* client_cuts.c - the instant of the next cut is found by listening ahead with copies.
 *
 * Why not to count on: chunks would then have been heard before they were said, and somebody who falls silent, or is cut off, in
 * between would have said too much. Listening twice costs less than an event for each chunk. */
#include "sim/world/client_cuts.h"

#include <assert.h>

speech_rules client_rules(const scheduler_config *config) {
    return (speech_rules){
        .pause = config->pause,
        .max_duration = config->max_duration,
        .bytes_max = (int64_t)config->utterance_bytes,
        .hangover_manual = 0,
        .hangover_auto = config->hangover_auto,
        .padding_manual = config->padding_manual,
        .padding_auto = config->padding_auto,
    };
}

static void note(client_cut *cuts, int *count, const speech_cut *fresh, int n, bool reversed) {
    assert(*count + n <= CLIENT_CUTS_MAX);
    for (int i = 0; i < n; i++) cuts[(*count)++] = (client_cut){fresh[i], reversed};
}

/* The next chunk; who begins to speak ends what the other one said. */
static void hear_chunk(client_ear *ear, mouth *m, const manner *how, const speech_rules *rules, client_cut *cuts,
                       int *count) {
    speech_cut fresh[SPEECH_CUTS_MAX];
    usec_t at = mouth_next(m);
    mouthful said = mouth_take(m);
    if (ear->reversed != how->reversed) {
        note(cuts, count, fresh, speech_timer(&ear->heard, rules, at, fresh), ear->reversed);
        int n = speech_flush(&ear->heard, rules, at, fresh);
        if (n > 0) fresh[n - 1].reason = CUT_MANUAL;
        note(cuts, count, fresh, n, ear->reversed);
        ear->reversed = how->reversed;
    }
    bool is_final = said.last && how->manual;
    note(cuts, count, fresh, speech_chunk(&ear->heard, rules, at, said.bytes, said.duration, is_final, fresh),
         ear->reversed);
}

int client_hear(client_ear *ear, mouth *m, const manner *how, const speech_rules *rules, usec_t now,
                client_cut ret_cuts[CLIENT_CUTS_MAX]) {
    speech_cut fresh[SPEECH_CUTS_MAX];
    int count = 0;
    while (mouth_next(m) <= now) hear_chunk(ear, m, how, rules, ret_cuts, &count);
    note(ret_cuts, &count, fresh, speech_timer(&ear->heard, rules, now, fresh), ear->reversed);
    return count;
}

usec_t client_next_cut(const client_ear *ear, const mouth *m, const manner *how, const speech_rules *rules) {
    client_ear ahead = *ear;
    mouth rest = *m;
    client_cut cuts[CLIENT_CUTS_MAX];
    speech_cut timed[SPEECH_CUTS_MAX];
    for (;;) {
        usec_t chunk = mouth_next(&rest), wake = speech_wake(&ahead.heard, rules);
        int count = 0;
        if (wake == USEC_NEVER && chunk == USEC_NEVER) return USEC_NEVER;
        if (wake <= chunk)
            count = speech_timer(&ahead.heard, rules, wake, timed);
        else
            hear_chunk(&ahead, &rest, how, rules, cuts, &count);
        if (count) return wake <= chunk ? wake : chunk;
    }
}

int client_interrupt(client_ear *ear, const speech_rules *rules, usec_t now, client_cut ret_cuts[CLIENT_CUTS_MAX]) {
    speech_cut fresh[SPEECH_CUTS_MAX];
    int count = 0;
    note(ret_cuts, &count, fresh, speech_chunk(&ear->heard, rules, now, 0, 0, true, fresh), ear->reversed);
    return count;
}

int client_flush(client_ear *ear, const speech_rules *rules, usec_t now, client_cut ret_cuts[CLIENT_CUTS_MAX]) {
    speech_cut fresh[SPEECH_CUTS_MAX];
    int count = 0;
    note(ret_cuts, &count, fresh, speech_flush(&ear->heard, rules, now, fresh), ear->reversed);
    return count;
}
