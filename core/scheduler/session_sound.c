/* session_sound.c - what a session speaks is collected, and cut into utterances (core/domain/speech.h).
 *
 * The buffer grows by doubling and is handed over whole to the utterance that is cut from it, so a chunk costs a copy and nothing
 * else; in silence a session has no buffer. What is held is counted, per session and in all, until its last job has ended. */
#include "core/base/mem.h"
#include "core/scheduler/session_flow.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUFFER_AT_FIRST = 16 * 1024 };

static speech_rules rules_of(const scheduler_config *config) {
    return (speech_rules){
        .pause = config->pause,
        .max_duration = config->max_duration,
        .bytes_max = (int64_t)config->utterance_bytes,
        .hangover_manual = config->hangover_manual,
        .hangover_auto = config->hangover_auto,
        .padding_manual = config->padding_manual,
        .padding_auto = config->padding_auto,
    };
}

/* ---- how much is held ----------------------------------------------------------------------------------------------- */

void session_sound_hold(scheduler *s, session *one, int64_t bytes) {
    s->counts.audio_bytes += bytes;
    if (one) one->audio_bytes += bytes;
    assert(s->counts.audio_bytes >= 0 && (!one || one->audio_bytes >= 0));
}

bool session_sound_fits(const session *one, int64_t bytes) {
    const scheduler *s = one->s;
    return one->audio_bytes + bytes <= (int64_t)s->config.session_audio_max &&
           s->counts.audio_bytes + bytes <= (int64_t)s->config.audio_max;
}

/* ---- the buffer ----------------------------------------------------------------------------------------------------- */

static void put(session *one, const unsigned char *data, size_t bytes) {
    size_t need = one->sound_len + bytes;
    if (need > one->sound_capacity) {
        size_t capacity = one->sound_capacity ? one->sound_capacity : BUFFER_AT_FIRST;
        while (capacity < need) capacity *= 2;
        one->sound = mem_realloc(one->sound, capacity, 1);
        one->sound_capacity = capacity;
    }
    memcpy(one->sound + one->sound_len, data, bytes);
    one->sound_len = need;
}

static void append(session *one, const session_chunk *chunk) {
    session_sound_hold(one->s, one, chunk->bytes);
    if (chunk->data && chunk->bytes > 0) put(one, chunk->data, (size_t)chunk->bytes);
}

/* The first `bytes` of the buffer, which become the caller's; NULL when there is none. What it has beyond them is given back, because an
 * utterance may wait for long. */
static unsigned char *take(session *one, size_t bytes) {
    unsigned char *taken = one->sound;
    if (!taken) return NULL;
    assert(bytes > 0 && bytes <= one->sound_len);
    size_t rest = one->sound_len - bytes;
    one->sound = NULL;
    one->sound_len = one->sound_capacity = 0;
    if (rest > 0) put(one, taken + bytes, rest);
    return mem_realloc(taken, bytes, 1);
}

/* ---- cuts ----------------------------------------------------------------------------------------------------------- */

static lang_pair pair_of(const session *one) {
    lang_pair pair = one->pair;
    if (one->reversed) {
        memcpy(pair.src, one->pair.tgt, sizeof pair.src);
        memcpy(pair.tgt, one->pair.src, sizeof pair.tgt);
    }
    return pair;
}

static void say(session *one, const speech_cut *cut) {
    scheduler *s = one->s;
    job_request request = {
        .session_id = one->id,
        .utterance = one->utterance++,
        .pair = pair_of(one),
        .cut = cut->reason,
        .sound = audio_new(cut->duration > 0 ? cut->duration : 1, (size_t)cut->bytes, take(one, (size_t)cut->bytes)),
    };
    request.sound->about = payload_ref(one->about);
    sched_emit(s, (sched_event){.kind = EV_CUT,
                                .session = one->id,
                                .utterance = request.utterance,
                                .pair = &request.pair,
                                .code = cut_reason_name(cut->reason),
                                .value = cut->bytes,
                                .until = cut->duration});
    session_sound_hold(s, one, -cut->bytes); /* its jobs hold it from here on */
    session_say(one, &request);
    audio_unref(request.sound);
}

static void say_all(session *one, const speech_cut *cuts, int count) {
    for (int i = 0; i < count; i++) say(one, &cuts[i]);
}

void session_sound_timer(session *one) {
    speech_rules rules = rules_of(&one->s->config);
    speech_cut cuts[SPEECH_CUTS_MAX];
    say_all(one, cuts, speech_timer(&one->speech, &rules, sched_now(one->s), cuts));
}

usec_t session_sound_wake(const session *one) {
    speech_rules rules = rules_of(&one->s->config);
    return speech_wake(&one->speech, &rules);
}

void session_sound_flush(session *one) {
    speech_rules rules = rules_of(&one->s->config);
    speech_cut cuts[SPEECH_CUTS_MAX];
    say_all(one, cuts, speech_flush(&one->speech, &rules, sched_now(one->s), cuts));
}

void session_sound_drop(session *one) {
    int64_t bytes = one->speech.open.bytes + one->speech.next.bytes;
    if (bytes > 0) {
        sched_emit(one->s, (sched_event){.kind = EV_AUDIO_DROPPED, .session = one->id, .value = bytes});
        session_sound_hold(one->s, one, -bytes);
    }
    one->speech = (speech){0};
    free(one->sound);
    one->sound = NULL;
    one->sound_len = one->sound_capacity = 0;
}

/* ---- chunks --------------------------------------------------------------------------------------------------------- */

static void refuse(scheduler *s, conn_token conn, const session *one, int64_t bytes, const char *code,
                   const char *message) {
    sched_emit(s, (sched_event){.kind = EV_AUDIO_REFUSED, .session = one ? one->id : "", .code = code, .value = bytes});
    sched_tell(s, session_error, conn, code, message);
}

/* Whether that language is spoken in this session, and whether that is the other direction than before. */
static bool direction_of(const session *one, const char *src, bool *ret_reversed) {
    char tag[LANG_MAX + 1];
    *ret_reversed = one->reversed;
    if (!src || !*src) return true;
    if (lang_tag_parse(src, tag, NULL)) return false;
    *ret_reversed = one->two_way && !strcmp(tag, one->pair.tgt);
    return *ret_reversed || !strcmp(tag, one->pair.src);
}

/* Somebody else speaks: the sentence of the one before has ended, as if that one had said so. */
static void turn(session *one, bool reversed) {
    speech_rules rules = rules_of(&one->s->config);
    speech_cut cuts[SPEECH_CUTS_MAX];
    session_sound_timer(one); /* what was over before has ended for its own reason */
    int count = speech_flush(&one->speech, &rules, sched_now(one->s), cuts);
    if (count > 0) cuts[count - 1].reason = CUT_MANUAL;
    say_all(one, cuts, count);
    if (count == 0) affinity_forget(one);
    one->reversed = reversed;
}

static void collect(session *one, const session_chunk *chunk) {
    scheduler *s = one->s;
    speech_rules rules = rules_of(&s->config);
    speech_cut cuts[SPEECH_CUTS_MAX];
    append(one, chunk);
    int count = speech_chunk(&one->speech, &rules, sched_now(s), chunk->bytes,
                             sound_duration(one->format, one->sample_rate, chunk->bytes), chunk->is_final, cuts);
    say_all(one, cuts, count);
    if (chunk->is_final && chunk->bytes == 0 && count == 0 && !one->speech.in_hangover) {
        sched_emit(s, (sched_event){.kind = EV_EMPTY_CUT, .session = one->id});
        affinity_forget(one); /* the sentence that went on behind an automatic cut has ended after all */
    }
    session_set_timer(one);
}

/* What is refused is refused whole, but that the sentence has ended is no sound. */
static void refuse_sound(session *one, const session_chunk *chunk) {
    refuse(one->s, one->conn, one, chunk->bytes, "SCHEDULER_OVERLOADED",
           "too much sound waits to be recognised; slow down");
    if (chunk->is_final) collect(one, &(session_chunk){.is_final = true});
}

void scheduler_session_chunk(scheduler *s, conn_token conn, const session_chunk *chunk) {
    assert(chunk->bytes >= 0);
    session *one = session_by_conn(s, conn);
    bool reversed;
    char message[128];
    if (!one || one->closing) {
        refuse(s, conn, one, chunk->bytes, "INVALID_SESSION", "no session is open on this connection");
    } else if (chunk->bytes > (int64_t)s->config.utterance_bytes) {
        snprintf(message, sizeof message, "a chunk of %" PRId64 " bytes: at most %" PRIu64 " may be sent at once",
                 chunk->bytes, s->config.utterance_bytes);
        refuse(s, conn, one, chunk->bytes, "INVALID_MESSAGE", message);
    } else if (!direction_of(one, chunk->src, &reversed)) {
        refuse(s, conn, one, chunk->bytes, "INVALID_MESSAGE", "that language is not spoken in this session");
    } else {
        if (reversed != one->reversed) turn(one, reversed);
        if (session_sound_fits(one, chunk->bytes))
            collect(one, chunk);
        else
            refuse_sound(one, chunk);
    }
}
