/* check_speech.c - where speech is cut: the sentences of speech.h and sound.h. */
#include "core/domain/speech.h"

#include <stdlib.h>
#include <string.h>

#include "core/domain/payload.h"
#include "core/domain/sound.h"
#include "tests/support/suite.h"

enum { CHUNK = 6400, BYTES_MAX = 500 * 1024 }; /* 200 ms of PCM16 at 16 kHz; a client's chunk */

static const usec_t MS = USEC_PER_MSEC, CHUNK_DURATION = 200 * USEC_PER_MSEC;

static const speech_rules rules = {
    .pause = 3000 * USEC_PER_MSEC,
    .max_duration = 10000 * USEC_PER_MSEC,
    .bytes_max = BYTES_MAX,
    .hangover_manual = 200 * USEC_PER_MSEC,
    .hangover_auto = 150 * USEC_PER_MSEC,
    .padding_manual = 280 * USEC_PER_MSEC,
    .padding_auto = 220 * USEC_PER_MSEC,
};

static speech sp;
static speech_cut cuts[SPEECH_CUTS_MAX];
static sched_error err;

/* Each begins with nobody having spoken; times are in ms. */
static void begin(void) {
    sp = (speech){0};
}

static int say(usec_t ms, int64_t bytes) {
    return speech_chunk(&sp, &rules, ms * MS, bytes, bytes * CHUNK_DURATION / CHUNK, false, cuts);
}

static int say_final(usec_t ms, int64_t bytes) {
    return speech_chunk(&sp, &rules, ms * MS, bytes, bytes * CHUNK_DURATION / CHUNK, true, cuts);
}

static int timer(usec_t ms) {
    return speech_timer(&sp, &rules, ms * MS, cuts);
}

static int flush(usec_t ms) {
    return speech_flush(&sp, &rules, ms * MS, cuts);
}

static usec_t wake(void) {
    usec_t at = speech_wake(&sp, &rules);
    return at == USEC_NEVER ? USEC_NEVER : at / MS;
}

static void expect_cut(int which, cut_reason reason, int64_t bytes) {
    const speech_cut *cut = &cuts[which];
    ck_assert_msg(cut->reason == reason && cut->bytes == bytes, "cut %d: %s of %lld bytes, expected %s of %lld", which,
                  cut_reason_name(cut->reason), (long long)cut->bytes, cut_reason_name(reason), (long long)bytes);
    ck_assert_int_eq(cut->duration, bytes * CHUNK_DURATION / CHUNK);
    usec_t padding = reason == CUT_MANUAL ? 280 : cut_continues(reason) ? 220 : 0;
    ck_assert_int_eq(cut->padding, padding * MS);
}

START_TEST(nobody_spoke_so_nothing_is_due) {
    begin();
    ck_assert_int_eq(wake(), USEC_NEVER);
    ck_assert_int_eq(timer(100000), 0);
    ck_assert_int_eq(flush(200000), 0);
}
END_TEST

START_TEST(a_final_chunk_cuts_after_the_manual_hangover) {
    begin();
    ck_assert_int_eq(say(0, CHUNK), 0);
    ck_assert_int_eq(say_final(200, CHUNK), 0);
    ck_assert_int_eq(wake(), 400);
    ck_assert_int_eq(timer(399), 0);
    ck_assert_int_eq(timer(400), 1);
    expect_cut(0, CUT_MANUAL, 2 * CHUNK);
    ck_assert_int_eq(wake(), USEC_NEVER);
}
END_TEST

START_TEST(a_final_chunk_without_bytes_ends_what_was_collected) {
    begin();
    say(0, CHUNK);
    ck_assert_int_eq(say_final(100, 0), 0);
    ck_assert_int_eq(timer(300), 1);
    expect_cut(0, CUT_MANUAL, CHUNK);
}
END_TEST

START_TEST(a_final_chunk_cuts_nothing_where_nothing_was_collected) {
    begin();
    ck_assert_int_eq(say_final(0, 0), 0);
    ck_assert_int_eq(wake(), USEC_NEVER);
    say_final(100, CHUNK);
    ck_assert_int_eq(say_final(200, 0), 0); /* said twice */
    ck_assert_int_eq(wake(), 300);
    ck_assert_int_eq(timer(300), 1);
    ck_assert_int_eq(say_final(400, 0), 0);
    ck_assert_int_eq(wake(), USEC_NEVER);
}
END_TEST

START_TEST(a_pause_cuts_after_the_automatic_hangover) {
    begin();
    say(0, CHUNK);
    say(1000, CHUNK);
    ck_assert_int_eq(wake(), 4000);
    ck_assert_int_eq(timer(4000), 0);
    ck_assert_int_eq(wake(), 4150);
    ck_assert_int_eq(timer(4150), 1);
    expect_cut(0, CUT_TIMEOUT, 2 * CHUNK);
}
END_TEST

START_TEST(an_empty_chunk_does_not_renew_the_pause) {
    begin();
    ck_assert_int_eq(say(0, 0), 0);
    ck_assert_int_eq(wake(), USEC_NEVER);
    say(100, CHUNK);
    say(2000, 0);
    ck_assert_int_eq(wake(), 3100);
}
END_TEST

START_TEST(speech_of_max_duration_is_cut_after_the_automatic_hangover) {
    begin();
    for (int i = 0; i < 49; i++) ck_assert_int_eq(say(i * 200, CHUNK), 0);
    ck_assert_int_eq(wake(), 48 * 200 + 3000);
    ck_assert_int_eq(say(9800, CHUNK), 0);
    ck_assert_int_eq(wake(), 9950);
    ck_assert_int_eq(timer(9950), 1);
    expect_cut(0, CUT_MAX_DURATION, 50 * CHUNK);
}
END_TEST

START_TEST(a_buffer_that_is_full_is_cut_at_once) {
    speech_rules longer = rules;
    longer.max_duration = 3600 * USEC_PER_SEC;
    begin();
    for (int i = 0; i < 80; i++)
        ck_assert_int_eq(speech_chunk(&sp, &longer, i * MS, CHUNK, CHUNK_DURATION, false, cuts), i == 79);
    expect_cut(0, CUT_MAX_LENGTH, BYTES_MAX); /* 80 * 6400 */
    ck_assert_int_eq(speech_wake(&sp, &longer), USEC_NEVER);
}
END_TEST

START_TEST(a_chunk_that_would_pass_the_buffer_begins_the_next_utterance) {
    begin();
    say(0, 3);
    ck_assert_int_eq(speech_chunk(&sp, &rules, 100 * MS, BYTES_MAX - 2, 1, false, cuts), 1);
    expect_cut(0, CUT_MAX_LENGTH, 3);
    ck_assert_int_eq(sp.open.bytes, BYTES_MAX - 2);
    ck_assert_int_eq(wake(), 3100);
}
END_TEST

START_TEST(of_several_reasons_at_once_the_first_in_the_list_counts) {
    begin();
    ck_assert_int_eq(say_final(0, 50 * CHUNK), 0); /* final, and long enough */
    ck_assert_int_eq(timer(200), 1);
    expect_cut(0, CUT_MANUAL, 50 * CHUNK);
    ck_assert_int_eq(say(300, BYTES_MAX), 1); /* long enough, and full: at once */
    expect_cut(0, CUT_MAX_DURATION, BYTES_MAX);
    ck_assert_int_eq(say_final(400, BYTES_MAX), 1);
    expect_cut(0, CUT_MANUAL, BYTES_MAX);
}
END_TEST

START_TEST(chunks_in_an_automatic_hangover_belong_to_the_utterance) {
    begin();
    say(0, CHUNK);
    ck_assert_int_eq(say(3149, CHUNK), 0); /* the timer is late: the pause was over at 3000 */
    ck_assert_int_eq(wake(), 3150);
    ck_assert_int_eq(timer(3150), 1);
    expect_cut(0, CUT_TIMEOUT, 2 * CHUNK);
}
END_TEST

START_TEST(a_chunk_after_the_hangover_finds_the_utterance_cut) {
    begin();
    say(0, CHUNK);
    ck_assert_int_eq(say(3150, 2 * CHUNK), 1); /* no timer came at all */
    expect_cut(0, CUT_TIMEOUT, CHUNK);
    ck_assert_int_eq(wake(), 6150);
}
END_TEST

START_TEST(chunks_in_a_manual_hangover_belong_to_the_next_utterance) {
    begin();
    say_final(0, CHUNK);
    ck_assert_int_eq(say(100, 2 * CHUNK), 0);
    ck_assert_int_eq(wake(), 200);
    ck_assert_int_eq(timer(200), 1);
    expect_cut(0, CUT_MANUAL, CHUNK);
    ck_assert_int_eq(wake(), 3100);
    ck_assert_int_eq(timer(9999), 1);
    expect_cut(0, CUT_TIMEOUT, 2 * CHUNK);
}
END_TEST

START_TEST(what_ends_the_next_utterance_first_ends_the_hangover) {
    begin();
    say_final(0, CHUNK);
    say(50, 2 * CHUNK);
    ck_assert_int_eq(say_final(100, CHUNK), 1);
    expect_cut(0, CUT_MANUAL, CHUNK);
    ck_assert_int_eq(wake(), 300);
    ck_assert_int_eq(say(150, 50 * CHUNK), 1); /* of max_duration */
    expect_cut(0, CUT_MANUAL, 3 * CHUNK);
    ck_assert_int_eq(wake(), 300);
    ck_assert_int_eq(timer(300), 1);
    expect_cut(0, CUT_MAX_DURATION, 50 * CHUNK);

    say_final(400, CHUNK);
    say(450, CHUNK);
    ck_assert_int_eq(say(500, BYTES_MAX), 3); /* the hangover, what was behind it, and a full buffer */
    expect_cut(0, CUT_MANUAL, CHUNK);
    expect_cut(1, CUT_MAX_LENGTH, CHUNK);
    expect_cut(2, CUT_MAX_DURATION, BYTES_MAX);
}
END_TEST

START_TEST(a_final_chunk_in_an_automatic_hangover_makes_it_a_manual_cut_at_once) {
    begin();
    say(0, CHUNK);
    timer(3000);
    ck_assert_int_eq(say_final(3100, CHUNK), 1);
    expect_cut(0, CUT_MANUAL, 2 * CHUNK);
    ck_assert_int_eq(wake(), USEC_NEVER);

    say(4000, CHUNK);
    ck_assert_int_eq(say_final(7100, 0), 1);
    expect_cut(0, CUT_MANUAL, CHUNK);
}
END_TEST

START_TEST(what_is_cut_in_its_hangover_keeps_its_reason) {
    begin();
    say(0, CHUNK);
    ck_assert_int_eq(say(3100, BYTES_MAX), 2);
    expect_cut(0, CUT_TIMEOUT, CHUNK);
    say(4000, CHUNK);
    ck_assert_int_eq(flush(7000), 1);
    expect_cut(0, CUT_TIMEOUT, CHUNK);
}
END_TEST

START_TEST(a_flush_cuts_everything_that_was_collected) {
    begin();
    say(0, CHUNK);
    ck_assert_int_eq(flush(100), 1);
    expect_cut(0, CUT_CLOSE, CHUNK);
    say_final(200, CHUNK);
    say(300, 2 * CHUNK);
    ck_assert_int_eq(flush(350), 2);
    expect_cut(0, CUT_MANUAL, CHUNK);
    expect_cut(1, CUT_CLOSE, 2 * CHUNK);
    ck_assert_int_eq(flush(350), 0);
    ck_assert_int_eq(wake(), USEC_NEVER);
}
END_TEST

START_TEST(a_hangover_may_be_zero) {
    speech_rules sharp = rules;
    sharp.hangover_manual = sharp.hangover_auto = 0;
    begin();
    ck_assert_int_eq(speech_chunk(&sp, &sharp, 0, CHUNK, CHUNK_DURATION, true, cuts), 1);
    expect_cut(0, CUT_MANUAL, CHUNK);
    ck_assert_int_eq(speech_chunk(&sp, &sharp, 0, CHUNK, CHUNK_DURATION, false, cuts), 0);
    ck_assert_int_eq(speech_timer(&sp, &sharp, 3000 * MS, cuts), 1);
    expect_cut(0, CUT_TIMEOUT, CHUNK);
}
END_TEST

START_TEST(minutes_of_silence_lose_nothing) {
    begin();
    say(0, CHUNK);
    ck_assert_int_eq(timer(600000), 1);
    expect_cut(0, CUT_TIMEOUT, CHUNK);
    say(700000, CHUNK);
    ck_assert_int_eq(say(1400000, 2 * CHUNK), 1);
    expect_cut(0, CUT_TIMEOUT, CHUNK);
    ck_assert_int_eq(flush(2100000), 1);
    expect_cut(0, CUT_TIMEOUT, 2 * CHUNK);
}
END_TEST

START_TEST(reasons_have_names_and_two_of_them_continue_the_sentence) {
    static const char *const names[CUT_REASONS] = {"manual", "timeout", "max_duration", "max_length", "close"};
    for (cut_reason reason = 0; reason < CUT_REASONS; reason++) {
        ck_assert_str_eq(cut_reason_name(reason), names[reason]);
        ck_assert_int_eq(cut_continues(reason), reason == CUT_TIMEOUT || reason == CUT_MAX_DURATION);
    }
}
END_TEST

START_TEST(formats_have_names_and_others_are_refused) {
    for (sound_format format = 0; format < SOUND_FORMATS; format++) {
        sound_format parsed = SOUND_FORMATS;
        ck_assert_int_eq(sound_format_parse(sound_format_name(format), &parsed, &err), SCHED_OK);
        ck_assert_int_eq(parsed, format);
    }
    sound_format parsed = SOUND_OPUS;
    ck_assert_int_eq(sound_format_parse("mp3", &parsed, &err), SCHED_EINVAL);
    ck_assert_int_eq(parsed, SOUND_OPUS);
    ck_assert_str_eq(err.message, "sound format \"mp3\": expected pcm16 or opus");
}
END_TEST

START_TEST(durations_follow_from_bytes) {
    ck_assert_int_eq(sound_duration(SOUND_PCM16, 16000, 6400), 200 * MS);
    ck_assert_int_eq(sound_duration(SOUND_PCM16, 48000, 96000), 1000 * MS);
    ck_assert_int_eq(sound_duration(SOUND_PCM16, 8000, 1), 62); /* 62.5: half a sample */
    ck_assert_int_eq(sound_duration(SOUND_OPUS, 0, 60), 20 * MS);
    ck_assert_int_eq(sound_duration(SOUND_OPUS, 48000, 30), 10 * MS); /* no frame is lost */
    ck_assert_int_eq(sound_duration(SOUND_OPUS, 0, 0), 0);
    ck_assert_int_eq(sound_duration(SOUND_PCM16, 16000, INT64_C(1) << 40), INT64_C(34359738368000));
}
END_TEST

START_TEST(durations_add_up_to_a_microsecond_per_chunk) {
    for (int64_t chunk = 1; chunk < 200; chunk++) {
        for (int format = 0; format < SOUND_FORMATS; format++) {
            usec_t sum = 0;
            for (int i = 0; i < 1000; i++) sum += sound_duration((sound_format)format, 44100, chunk);
            usec_t whole = sound_duration((sound_format)format, 44100, 1000 * chunk);
            ck_assert_msg(sum <= whole && whole - sum <= 1000, "%s, chunks of %lld bytes: %lld us of %lld",
                          sound_format_name((sound_format)format), (long long)chunk, (long long)sum, (long long)whole);
        }
    }
}
END_TEST

START_TEST(a_payload_is_freed_by_its_last_owner) {
    payload *p = payload_new(strdup("guten Tag"), 9);
    ck_assert_ptr_eq(payload_ref(p), p);
    ck_assert_ptr_null(payload_unref(p));
    ck_assert_int_eq(p->refs, 1);
    ck_assert_mem_eq(p->data, "guten Tag", p->bytes);
    ck_assert_ptr_null(payload_unref(p));
    ck_assert_ptr_null(payload_ref(NULL));
    ck_assert_ptr_null(payload_unref(NULL));
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        nobody_spoke_so_nothing_is_due,
        a_final_chunk_cuts_after_the_manual_hangover,
        a_final_chunk_without_bytes_ends_what_was_collected,
        a_final_chunk_cuts_nothing_where_nothing_was_collected,
        a_pause_cuts_after_the_automatic_hangover,
        an_empty_chunk_does_not_renew_the_pause,
        speech_of_max_duration_is_cut_after_the_automatic_hangover,
        a_buffer_that_is_full_is_cut_at_once,
        a_chunk_that_would_pass_the_buffer_begins_the_next_utterance,
        of_several_reasons_at_once_the_first_in_the_list_counts,
        chunks_in_an_automatic_hangover_belong_to_the_utterance,
        a_chunk_after_the_hangover_finds_the_utterance_cut,
        chunks_in_a_manual_hangover_belong_to_the_next_utterance,
        what_ends_the_next_utterance_first_ends_the_hangover,
        a_final_chunk_in_an_automatic_hangover_makes_it_a_manual_cut_at_once,
        what_is_cut_in_its_hangover_keeps_its_reason,
        a_flush_cuts_everything_that_was_collected,
        a_hangover_may_be_zero,
        minutes_of_silence_lose_nothing,
        reasons_have_names_and_two_of_them_continue_the_sentence,
        formats_have_names_and_others_are_refused,
        durations_follow_from_bytes,
        durations_add_up_to_a_microsecond_per_chunk,
        a_payload_is_freed_by_its_last_owner,
    };
    return SUITE_RUN("speech", tests);
}
