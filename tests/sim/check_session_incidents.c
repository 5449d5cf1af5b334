/* check_session_incidents.c - what went wrong with sessions of the predecessor, each as the sentence that would have caught it.
 *
 * Others of that list are sentences of check_session_sound.c (an utterance lost at close, in silence, or with a failed placement), of
 * check_session_results.c (a first number other than 0), of check_affinity.c, check_job_results.c (a full result behind an empty
 * one) and check_room_speech.c (results of several languages mixed up). */
#include "tests/support/hand_world.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support/suite.h"

enum { BYTES_200_MS = 6400 }; /* of PCM16 at 16 kHz */

static const usec_t pause_limit = 3000 * USEC_PER_MSEC, hangover_auto = 150 * USEC_PER_MSEC,
                    moment = 10 * USEC_PER_MSEC;

static void start(void) {
    open_world("production");
    config.node_ttl = 3600 * second;
    config.attempt_base = 100 * second;
    open_scheduler();
    join(1, "n1", 100);
    join(2, "n2", 100);
}

static void chunk(int64_t bytes, bool is_final) {
    scheduler_session_chunk(s, SESSION, &(session_chunk){.bytes = bytes, .is_final = is_final});
}

/* Utterances 0, 1, ... with so many bytes each. */
static void expect_heard(const int64_t *bytes, int count) {
    ck_assert_int_eq(assigned_count, count);
    for (int i = 0; i < count; i++) {
        ck_assert_uint_eq(assigned[i].utterance, (uint64_t)i);
        ck_assert_int_eq(assigned[i].bytes, bytes[i]);
    }
}

/* Index 0 was finalized at 22:46:46 and at :49, by the final chunk and by the timer. The final chunk comes at every instant around
 * the one at which the silence ends the utterance. */
START_TEST(a_final_chunk_and_the_end_of_a_silence_make_one_job_whichever_comes_first) {
    start();
    chunk(BYTES_200_MS, false);
    pass(pause_limit + (_i - 20) * moment);
    chunk(0, true);
    pass(10 * second);
    expect_heard((int64_t[]){BYTES_200_MS}, 1);
    bool was_silence = (_i - 20) * moment >= hangover_auto;
    ck_assert_int_eq(assigned[0].cut, was_silence ? CUT_TIMEOUT : CUT_MANUAL);
    ck_assert_int_eq(count_of(EV_EMPTY_CUT), was_silence ? 1 : 0);
    close_world();
}
END_TEST

/* A timer had kept the index of the utterance before: 0, 2 and 3 were sent, and half of the first sentence was lost. */
START_TEST(chunks_at_the_instant_of_a_cut_skip_no_number_and_lose_no_sound) {
    start();
    for (int i = 0; i < 4; i++) {
        chunk(1000, false);
        pass(pause_limit + (i % 2 ? hangover_auto : 0));
    }
    pass(10 * second);
    int64_t heard = 0;
    for (int i = 0; i < assigned_count; i++) {
        ck_assert_uint_eq(assigned[i].utterance, (uint64_t)i);
        heard += assigned[i].bytes;
    }
    ck_assert_int_eq(heard, 4000);
    close_world();
}
END_TEST

/* The chunk that ended a silence was appended to the utterance before, which was cut then. */
START_TEST(a_chunk_behind_a_silence_begins_the_next_utterance) {
    start();
    chunk(1000, false);
    pass(pause_limit + hangover_auto + moment);
    chunk(2000, true);
    pass(second);
    expect_heard((int64_t[]){1000, 2000}, 2);
    close_world();
}
END_TEST

/* An empty cut used a number for which no job existed; all results behind it were held up for 30 to 60 s. */
START_TEST(final_chunks_without_sound_hold_up_no_result) {
    start();
    for (int i = 0; i < 3; i++) {
        chunk(0, true);
        pass(second);
        chunk(1000, true);
        pass(second);
        answer(&assigned[i], OUTCOME_OK, "");
        ck_assert_int_eq(answered_count, i + 1);
        ck_assert_uint_eq(answered[i].utterance, (uint64_t)i);
    }
    ck_assert_int_eq(missing_count, 0);
    close_world();
}
END_TEST

/* The gap was 5 s at first, and many results were reported missing although their nodes answered; and a checker that came round every
 * 10 s added as much. */
START_TEST(a_slow_result_is_waited_for_and_told_the_moment_it_comes) {
    start();
    for (int i = 0; i < 2; i++) {
        chunk(160000, true);
        pass(second);
    }
    answer(&assigned[1], OUTCOME_OK, "");
    pass(15 * second);
    ck_assert_int_eq(answered_count, 0);
    ck_assert_int_eq(missing_count, 0);
    usec_t came = engine_now(e);
    answer(&assigned[0], OUTCOME_OK, "");
    ck_assert_int_eq(answered_count, 2);
    for (int i = 0; i < 2; i++) ck_assert_int_eq(answered[i].at, came);
    close_world();
}
END_TEST

/* Results with text and without speech were filtered by their size. */
START_TEST(what_the_node_answered_is_handed_on_however_small_also_when_it_had_to_wait) {
    start();
    static const size_t sizes[] = {1, 0, 70000};
    for (int i = 0; i < 3; i++) speak((uint64_t)i);
    for (int i = 2; i >= 0; i--) {
        payload *content = payload_new(calloc(1, sizes[i] + 1), sizes[i]);
        scheduler_node_result(s, assigned[i].conn,
                              &(node_result){.job_id = assigned[i].job,
                                             .attempt = assigned[i].attempt,
                                             .outcome = OUTCOME_OK,
                                             .code = "",
                                             .content = content});
        payload_unref(content);
        pass(moment);
    }
    ck_assert_int_eq(answered_count, 3);
    for (int i = 0; i < 3; i++) ck_assert_int_eq(answered[i].bytes, (int64_t)sizes[i]);
    close_world();
}
END_TEST

/* A failed result left a gap for which the ones behind it waited. */
START_TEST(a_failure_in_the_middle_of_a_talk_delays_nobody) {
    open_world("production");
    config.node_ttl = 3600 * second;
    config.attempts_max = 1;
    open_scheduler();
    join(1, "n1", 100);
    for (uint64_t u = 0; u < 5; u++) speak(u);
    answer(&assigned[0], OUTCOME_OK, "");
    answer(&assigned[1], OUTCOME_FAILED, "PROCESSING_ERROR");
    for (int i = 2; i < 5; i++) answer(&assigned[i], OUTCOME_OK, "");
    ck_assert_int_eq(answered_count, 5);
    ck_assert_int_eq(missing_count, 0);
    ck_assert_int_lt(answered[4].at - answered[0].at, second);
    close_world();
}
END_TEST

/* Results of one job were given up, and came later: out of order, or as a second answer. */
START_TEST(what_was_reported_missing_is_never_told_however_it_ends) {
    open_world("production");
    config.node_ttl = 3600 * second;
    config.attempt_base = 100 * second;
    open_scheduler();
    join(1, "n1", 100);
    for (uint64_t u = 0; u < 3; u++) speak(u);
    answer(&assigned[2], OUTCOME_OK, "");
    pass(31 * second);
    ck_assert_int_eq(missing_count, 2);
    ck_assert_int_eq(answered_count, 1);
    answer(&assigned[0], OUTCOME_OK, "");
    answer(&assigned[1], OUTCOME_FAILED, "PROCESSING_ERROR");
    pass(100 * second);
    ck_assert_int_eq(answered_count, 1);
    ck_assert_int_eq(count_of(EV_LATE_DROPPED), 2);
    ck_assert_int_eq(count_of(EV_RESULT_SENT), 1);
    assert_nothing_in_flight();
    close_world();
}
END_TEST

int main(void) {
    TCase *tests = tcase_create("incidents");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, a_final_chunk_and_the_end_of_a_silence_make_one_job_whichever_comes_first, 0, 40);
    tcase_add_test(tests, chunks_at_the_instant_of_a_cut_skip_no_number_and_lose_no_sound);
    tcase_add_test(tests, a_chunk_behind_a_silence_begins_the_next_utterance);
    tcase_add_test(tests, final_chunks_without_sound_hold_up_no_result);
    tcase_add_test(tests, a_slow_result_is_waited_for_and_told_the_moment_it_comes);
    tcase_add_test(tests, what_the_node_answered_is_handed_on_however_small_also_when_it_had_to_wait);
    tcase_add_test(tests, a_failure_in_the_middle_of_a_talk_delays_nobody);
    tcase_add_test(tests, what_was_reported_missing_is_never_told_however_it_ends);
    return suite_run_case("session incidents", tests);
}
