/* check_session_sound.c - chunks of a session become utterances, and utterances jobs, through the real scheduler. */
#include "tests/support/hand_world.h"

#include <stdio.h>
#include <string.h>

#include "core/base/rng.h"
#include "tests/support/suite.h"

enum { BYTES_200_MS = 6400 }; /* of PCM16 at 16 kHz */

static void chunk_of(int64_t bytes, bool is_final, const char *src) {
    scheduler_session_chunk(s, SESSION, &(session_chunk){.bytes = bytes, .is_final = is_final, .src = src});
}

/* 200 ms of speech, and the time that it takes. */
static void talk(int chunks) {
    for (int i = 0; i < chunks; i++) {
        chunk_of(BYTES_200_MS, false, NULL);
        pass(200 * USEC_PER_MSEC);
    }
}

static void end_sentence(void) {
    chunk_of(BYTES_200_MS, true, NULL);
    pass(300 * USEC_PER_MSEC);
}

/* Nodes live as long as the test lets time pass in one step. */
static void start_patient(void) {
    open_world("production");
    config.node_ttl = 3600 * second;
    open_scheduler();
    join(1, "n1", 100);
    join(2, "n2", 100);
}

START_TEST(a_final_chunk_makes_a_job_of_all_that_was_said) {
    start_patient();
    talk(4);
    ck_assert_int_eq(assigned_count, 0);
    chunk_of(BYTES_200_MS, true, NULL);
    pass(190 * USEC_PER_MSEC);
    ck_assert_int_eq(assigned_count, 0);
    pass(20 * USEC_PER_MSEC);
    ck_assert_int_eq(assigned_count, 1);
    ck_assert_uint_eq(assigned[0].utterance, 0);
    ck_assert_int_eq(assigned[0].cut, CUT_MANUAL);
    ck_assert_int_eq(assigned[0].bytes, 5 * BYTES_200_MS);
    answer(&assigned[0], OUTCOME_OK, "");
    ck_assert_int_eq(answered_count, 1);
    ck_assert_int_eq(scheduler_count(s).audio_bytes, 0);
    close_world();
}
END_TEST

START_TEST(a_silence_ends_the_utterance_also_before_anything_was_heard_back) {
    start_patient();
    talk(3);
    pass(3 * second - 60 * USEC_PER_MSEC);
    ck_assert_int_eq(assigned_count, 0);
    pass(20 * USEC_PER_MSEC);
    ck_assert_int_eq(assigned_count, 1);
    ck_assert_int_eq(assigned[0].cut, CUT_TIMEOUT);
    close_world();
}
END_TEST

START_TEST(minutes_of_silence_lose_nothing) {
    start_patient();
    talk(2);
    pass(4 * second);
    answer(&assigned[0], OUTCOME_OK, "");
    pass(10 * 60 * second);
    talk(2);
    end_sentence();
    ck_assert_int_eq(assigned_count, 2);
    ck_assert_int_eq(assigned[0].bytes, 2 * BYTES_200_MS);
    ck_assert_int_eq(assigned[1].bytes, 3 * BYTES_200_MS);
    ck_assert_int_eq(count_of(EV_AUDIO_DROPPED), 0);
    close_world();
}
END_TEST

START_TEST(long_speech_is_cut_and_numbered_without_a_gap) {
    start_patient();
    talk(130);
    end_sentence();
    ck_assert_int_eq(assigned_count, 3);
    int64_t bytes = 0;
    for (int i = 0; i < 3; i++) {
        ck_assert_uint_eq(assigned[i].utterance, (uint64_t)i);
        ck_assert_int_eq(assigned[i].cut, i < 2 ? CUT_MAX_DURATION : CUT_MANUAL);
        bytes += assigned[i].bytes;
    }
    ck_assert_int_eq(bytes, 131 * BYTES_200_MS);
    close_world();
}
END_TEST

START_TEST(an_empty_cut_uses_no_number) {
    start_patient();
    chunk_of(0, true, NULL);
    pass(second);
    ck_assert_int_eq(count_of(EV_EMPTY_CUT), 1);
    end_sentence();
    chunk_of(0, true, NULL);
    end_sentence();
    ck_assert_int_eq(assigned_count, 2);
    ck_assert_uint_eq(assigned[0].utterance, 0);
    ck_assert_uint_eq(assigned[1].utterance, 1);
    close_world();
}
END_TEST

START_TEST(a_refused_utterance_leaves_the_session_alive_and_the_client_told) {
    open_world("production");
    config.on_full = ON_FULL_REFUSE;
    open_scheduler();
    end_sentence();
    ck_assert_int_eq(answered_count, 1);
    ck_assert_str_eq(answered[0].code, "NO_AVAILABLE_NODE");
    join(1, "n1", 4);
    end_sentence();
    ck_assert_int_eq(assigned_count, 1);
    ck_assert_uint_eq(assigned[0].utterance, 1);
    answer(&assigned[0], OUTCOME_OK, "");
    ck_assert_int_eq(answered[1].outcome, OUTCOME_OK);
    close_world();
}
END_TEST

START_TEST(too_large_a_chunk_is_refused_and_nothing_is_lost) {
    start_patient();
    talk(1);
    chunk_of((int64_t)config.utterance_bytes + 1, false, NULL);
    ck_assert_int_eq(error_count, 1);
    ck_assert_msg(!strncmp(last_error, "INVALID_MESSAGE a chunk of 512001 bytes", 39), "%s", last_error);
    end_sentence();
    ck_assert_int_eq(assigned[0].bytes, 2 * BYTES_200_MS);
    close_world();
}
END_TEST

START_TEST(what_one_session_and_what_all_hold_is_bounded) {
    open_world("production");
    config.session_audio_max = 4 * BYTES_200_MS;
    open_scheduler();
    ck_assert(!open_session(2000, "s-2"));
    join(1, "n1", 100);
    for (int i = 0; i < 2; i++) end_sentence();
    talk(3);
    ck_assert_int_eq(error_count, 1);
    ck_assert_msg(!strncmp(last_error, "SCHEDULER_OVERLOADED", 20), "%s", last_error);
    ck_assert_int_eq(count_of(EV_AUDIO_REFUSED), 1);
    scheduler_session_chunk(s, 2000, &(session_chunk){.bytes = BYTES_200_MS});
    ck_assert_msg(error_count == 1, "another session has its own limit");
    answer(&assigned[0], OUTCOME_OK, "");
    talk(1);
    ck_assert_int_eq(error_count, 1);
    close_world();

    open_world("production");
    config.audio_max = 2 * BYTES_200_MS;
    open_scheduler();
    ck_assert(!open_session(2000, "s-2"));
    talk(2);
    scheduler_session_chunk(s, 2000, &(session_chunk){.bytes = BYTES_200_MS});
    ck_assert_int_eq(error_count, 2);
    close_world();
}
END_TEST

START_TEST(a_final_chunk_whose_sound_is_refused_ends_the_sentence_all_the_same) {
    open_world("production");
    config.session_audio_max = 2 * BYTES_200_MS;
    open_scheduler();
    join(1, "n1", 100);
    talk(2);
    end_sentence();
    ck_assert_int_eq(count_of(EV_AUDIO_REFUSED), 1);
    ck_assert_int_eq(assigned_count, 1);
    ck_assert_int_eq(assigned[0].cut, CUT_MANUAL);
    ck_assert_int_eq(assigned[0].bytes, 2 * BYTES_200_MS);
    close_world();
}
END_TEST

START_TEST(languages_may_be_spelled_in_any_case) {
    start_patient();
    session_offer both = {.session_id = "s-2",
                          .pair = {"EN", "De"},
                          .two_way = true,
                          .sample_rate = SAMPLE_RATE_DEFAULT};
    ck_assert(!scheduler_session_open(s, 2000, &both, &err));
    scheduler_session_chunk(s, 2000, &(session_chunk){.bytes = BYTES_200_MS, .src = "DE"});
    scheduler_session_chunk(s, 2000, &(session_chunk){.bytes = BYTES_200_MS, .src = "En", .is_final = true});
    pass(second);
    speak_as("", 0, "DE");
    ck_assert_int_eq(assigned_count, 3);
    ck_assert_int_eq(error_count, 0);
    ck_assert_str_eq(assigned[0].tgt, "en");
    ck_assert_str_eq(assigned[1].tgt, "de");
    ck_assert_str_eq(assigned[2].tgt, "de");
    close_world();
}
END_TEST

START_TEST(the_number_of_a_cut_follows_the_largest_that_was_said) {
    start_patient();
    end_sentence();
    speak(7);
    speak(3);
    end_sentence();
    ck_assert_int_eq(assigned_count, 4);
    ck_assert_uint_eq(assigned[0].utterance, 0);
    ck_assert_uint_eq(assigned[3].utterance, 8);
    close_world();
}
END_TEST

START_TEST(a_chunk_without_a_session_is_refused) {
    start_production();
    scheduler_session_chunk(s, 4711, &(session_chunk){.bytes = 10});
    ck_assert_msg(!strncmp(last_error, "INVALID_SESSION", 15), "%s", last_error);
    close_world();
}
END_TEST

START_TEST(two_people_take_turns_and_a_new_speaker_ends_the_sentence) {
    open_world("production");
    config.node_ttl = 3600 * second;
    open_scheduler();
    session_offer offer_both = {.session_id = "s-2",
                                .pair = {"en", "de"},
                                .two_way = true,
                                .sample_rate = SAMPLE_RATE_DEFAULT};
    ck_assert(!scheduler_session_open(s, 2000, &offer_both, &err));
    join(1, "n1", 100);
    static const char *const turns[] = {"en", "de", "", "en"};
    for (int i = 0; i < 4; i++)
        scheduler_session_chunk(s, 2000, &(session_chunk){.bytes = BYTES_200_MS, .src = turns[i]});
    pass(4 * second);
    ck_assert_int_eq(assigned_count, 3);
    static const char *const targets[] = {"de", "en", "de"};
    static const cut_reason cuts[] = {CUT_MANUAL, CUT_MANUAL, CUT_TIMEOUT};
    for (int i = 0; i < 3; i++) {
        ck_assert_str_eq(assigned[i].tgt, targets[i]);
        ck_assert_int_eq(assigned[i].cut, cuts[i]);
    }
    ck_assert_int_eq(assigned[1].bytes, 2 * BYTES_200_MS);
    scheduler_session_chunk(s, 2000, &(session_chunk){.bytes = BYTES_200_MS, .src = "fr"});
    ck_assert_msg(!strncmp(last_error, "INVALID_MESSAGE", 15), "%s", last_error);
    close_world();
}
END_TEST

START_TEST(the_bytes_of_an_utterance_are_those_that_were_sent) {
    start_patient();
    unsigned char sent[3000];
    for (size_t i = 0; i < sizeof sent; i++) sent[i] = (unsigned char)(i * 7);
    for (size_t at = 0; at < sizeof sent; at += 1000)
        scheduler_session_chunk(s, SESSION, &(session_chunk){.data = sent + at, .bytes = 1000, .is_final = at == 2000});
    pass(300 * USEC_PER_MSEC);
    ck_assert_int_eq(assigned_count, 1);
    ck_assert_int_eq(assigned[0].bytes, 3000);
    ck_assert_mem_eq(last_sound, sent, sizeof sent);
    close_world();
}
END_TEST

/* ---- random histories ----------------------------------------------------------------------------------------------- */

START_TEST(every_byte_of_any_history_is_in_exactly_one_job) {
    open_world("production");
    config.node_ttl = 36000 * second;
    open_scheduler();
    join(1, "n1", 10000);
    for (uint64_t seed = 1; seed <= 60; seed++) {
        rng r;
        int64_t sent = 0, heard = 0;
        int before = assigned_count, done = before;
        char id[16];
        rng_init(&r, seed, "session history", 0);
        snprintf(id, sizeof id, "h-%d", (int)seed);
        conn_token conn = 10000 + seed;
        ck_assert(!open_session(conn, id));
        for (int i = 0; i < 40; i++) {
            int64_t bytes = rng_chance(&r, 0.1) ? 0 : (int64_t)rng_below(&r, 40000);
            scheduler_session_chunk(s, conn, &(session_chunk){.bytes = bytes, .is_final = rng_chance(&r, 0.15)});
            sent += bytes;
            while (done < assigned_count) answer(&assigned[done++], OUTCOME_OK, "");
            pass((usec_t)rng_below(&r, rng_chance(&r, 0.1) ? 6000 : 300) * USEC_PER_MSEC);
        }
        scheduler_session_close(s, conn);
        pass(100 * USEC_PER_MSEC);
        while (done < assigned_count) answer(&assigned[done++], OUTCOME_OK, "");
        for (int i = before; i < assigned_count; i++) {
            heard += assigned[i].bytes;
            ck_assert_msg(assigned[i].utterance == (uint64_t)(i - before), "seed %llu", (unsigned long long)seed);
        }
        ck_assert_msg(sent == heard, "seed %llu: %lld bytes were sent, %lld heard", (unsigned long long)seed,
                      (long long)sent, (long long)heard);
        ck_assert_int_eq(session_closed_count, (int)seed);
        event_count = answered_count = 0;
    }
    ck_assert_int_eq(scheduler_count(s).audio_bytes, 0);
    ck_assert_int_eq(error_count, 0);
    close_world();
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        a_final_chunk_makes_a_job_of_all_that_was_said,
        a_silence_ends_the_utterance_also_before_anything_was_heard_back,
        minutes_of_silence_lose_nothing,
        long_speech_is_cut_and_numbered_without_a_gap,
        an_empty_cut_uses_no_number,
        a_refused_utterance_leaves_the_session_alive_and_the_client_told,
        too_large_a_chunk_is_refused_and_nothing_is_lost,
        what_one_session_and_what_all_hold_is_bounded,
        a_final_chunk_whose_sound_is_refused_ends_the_sentence_all_the_same,
        languages_may_be_spelled_in_any_case,
        the_number_of_a_cut_follows_the_largest_that_was_said,
        a_chunk_without_a_session_is_refused,
        two_people_take_turns_and_a_new_speaker_ends_the_sentence,
        the_bytes_of_an_utterance_are_those_that_were_sent,
        every_byte_of_any_history_is_in_exactly_one_job,
    };
    return SUITE_RUN("session_sound", tests);
}
