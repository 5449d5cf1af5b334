/* check_session_results.c - what a session is told, in which order, and how it ends. */
#include "tests/support/hand_world.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/suite.h"

static void start_with_nodes(void) {
    open_world("production");
    config.node_ttl = 3600 * second;
    open_scheduler();
    join(1, "n1", 100);
    join(2, "n2", 100);
}

START_TEST(results_are_told_in_the_order_of_the_utterances) {
    start_with_nodes();
    for (uint64_t u = 0; u < 3; u++) speak(u);
    answer(&assigned[2], OUTCOME_OK, "");
    answer(&assigned[1], OUTCOME_OK, "");
    ck_assert_int_eq(answered_count, 0);
    answer(&assigned[0], OUTCOME_OK, "");
    ck_assert_int_eq(answered_count, 3);
    for (uint64_t u = 0; u < 3; u++) ck_assert_uint_eq(answered[u].utterance, u);
    ck_assert_int_eq(count_of(EV_RESULT_SENT), 3);
    close_world();
}
END_TEST

START_TEST(numbers_need_not_begin_at_zero_nor_be_dense) {
    start_with_nodes();
    speak(7);
    speak(40);
    answer(&assigned[1], OUTCOME_OK, "");
    ck_assert_int_eq(answered_count, 0);
    answer(&assigned[0], OUTCOME_OK, "");
    ck_assert_int_eq(answered_count, 2);
    close_world();
}
END_TEST

START_TEST(each_target_has_an_order_of_its_own) {
    start_with_nodes();
    offer(3, "n3", "en fr", 4);
    beat(3);
    speak_as("", 0, "de");
    speak_as("", 0, "fr");
    answer(&assigned[1], OUTCOME_OK, "");
    ck_assert_int_eq(answered_count, 1);
    ck_assert_str_eq(answered[0].tgt, "fr");
    close_world();
}
END_TEST

START_TEST(a_failure_is_told_at_once_and_holds_up_nobody) {
    open_world("production");
    config.node_ttl = 3600 * second;
    config.attempts_max = 1;
    open_scheduler();
    join(1, "n1", 100);
    for (uint64_t u = 0; u < 3; u++) speak(u);
    answer(&assigned[1], OUTCOME_FAILED, "PROCESSING_ERROR");
    ck_assert_int_eq(answered_count, 1);
    ck_assert_uint_eq(answered[0].utterance, 1);
    answer(&assigned[2], OUTCOME_OK, "");
    answer(&assigned[0], OUTCOME_OK, "");
    ck_assert_int_eq(answered_count, 3);
    ck_assert_uint_eq(answered[1].utterance, 0);
    ck_assert_uint_eq(answered[2].utterance, 2);
    close_world();
}
END_TEST

START_TEST(a_missing_result_is_reported_after_the_gap_limit_and_the_others_follow) {
    open_world("production");
    config.node_ttl = 3600 * second;
    config.attempt_base = 100 * second;
    open_scheduler();
    join(1, "n1", 100);
    for (uint64_t u = 0; u < 3; u++) speak(u);
    answer(&assigned[1], OUTCOME_OK, "");
    pass(29 * second);
    answer(&assigned[2], OUTCOME_OK, "");
    ck_assert_int_eq(answered_count, 0);
    pass(2 * second);
    ck_assert_int_eq(missing_count, 1);
    ck_assert_uint_eq(missing[0].utterance, 0);
    ck_assert_str_eq(missing[0].code, "gap_timeout");
    ck_assert_int_eq(answered_count, 2);
    ck_assert_uint_eq(answered[0].utterance, 1);
    ck_assert_uint_eq(answered[1].utterance, 2);
    ck_assert_int_eq(count_of(EV_RESULT_MISSING), 1);
    ck_assert_int_eq(cancelled_count, 1);
    ck_assert_str_eq(cancelled[0].job, assigned[0].job);
    ck_assert_int_eq(count_of(EV_LATE_DROPPED), 1);
    ck_assert_int_eq(last_of(EV_LATE_DROPPED)->outcome, OUTCOME_TIMED_OUT);
    answer(&assigned[0], OUTCOME_OK, "");
    ck_assert_msg(answered_count == 2, "what comes after that is not told");
    assert_nothing_in_flight();
    close_world();
}
END_TEST

START_TEST(the_same_request_is_known_while_it_runs_and_after) {
    start_with_nodes();
    speak(0);
    speak(0);
    ck_assert_int_eq(assigned_count, 1);
    ck_assert_int_eq(known_count, 1);
    ck_assert_str_eq(known[0].job, assigned[0].job);
    ck_assert_str_eq(known[0].code, "DISPATCHED");
    answer(&assigned[0], OUTCOME_OK, "");
    speak(0);
    ck_assert_int_eq(known_count, 2);
    ck_assert_str_eq(known[1].job, assigned[0].job);
    ck_assert_str_eq(known[1].code, "RELEASED");
    ck_assert_int_eq(known[1].outcome, OUTCOME_OK);
    ck_assert_int_eq(answered_count, 1);
    close_world();
}
END_TEST

START_TEST(another_request_for_an_utterance_that_is_under_way_is_refused) {
    start_with_nodes();
    speak_as("r-1", 0, "de");
    speak_as("r-2", 0, "de");
    ck_assert_int_eq(assigned_count, 1);
    ck_assert_int_eq(answered_count, 1);
    ck_assert_str_eq(answered[0].code, "INVALID_MESSAGE");
    close_world();
}
END_TEST

START_TEST(a_request_that_another_connection_made_is_known_with_its_state) {
    start_with_nodes();
    speak_as("r-1", 0, "de");
    scheduler_session_gone(s, SESSION);
    ck_assert(!open_session(2000, "s-2"));
    job_request request = {.request_id = "r-1",
                           .session_id = "s-2",
                           .pair = {"en", "de"},
                           .sound = audio_new(second, 1, NULL)};
    scheduler_submit(s, 2000, &request);
    pass(10 * USEC_PER_MSEC);
    ck_assert_int_eq(known_count, 1);
    ck_assert_str_eq(known[0].code, "DISPATCHED");
    answer(&assigned[0], OUTCOME_OK, "");
    scheduler_submit(s, 2000, &request);
    pass(10 * USEC_PER_MSEC);
    ck_assert_int_eq(known_count, 2);
    ck_assert_uint_eq(known[1].conn, 2000);
    ck_assert_str_eq(known[1].code, "RELEASED");
    ck_assert_int_eq(known[1].outcome, OUTCOME_OK);
    audio_unref(request.sound);
    ck_assert_int_eq(assigned_count, 1);
    ck_assert_int_eq(scheduler_count(s).audio_bytes, 0);
    scheduler_session_close(s, 2000);
    pass(USEC_PER_MSEC);
    ck_assert_msg(session_closed_count == 1, "nothing of it is waited for");
    close_world();
}
END_TEST

START_TEST(a_number_that_not_every_language_can_hold_is_refused) {
    start_with_nodes();
    speak(UINT64_C(1) << 53);
    speak(UINT64_MAX);
    ck_assert_int_eq(answered_count, 2);
    for (int i = 0; i < 2; i++) ck_assert_str_eq(answered[i].code, "INVALID_MESSAGE");
    speak((UINT64_C(1) << 53) - 1);
    ck_assert_int_eq(assigned_count, 1);
    close_world();
}
END_TEST

START_TEST(a_session_speaks_to_a_bounded_number_of_languages) {
    start_with_nodes();
    for (int i = 0; i < LANGS_MAX + 1; i++) {
        char tgt[8];
        snprintf(tgt, sizeof tgt, "x%d", 10 + i);
        speak_as("", (uint64_t)i, tgt);
    }
    ck_assert_int_eq(count_of(EV_CREATED), LANGS_MAX);
    ck_assert_int_eq(answered_count, 1);
    ck_assert_str_eq(answered[0].code, "SCHEDULER_OVERLOADED");
    close_world();
}
END_TEST

START_TEST(unanswered_utterances_are_bounded) {
    open_world("production");
    config.unanswered_max = 3;
    open_scheduler();
    join(1, "n1", 100);
    for (uint64_t u = 0; u < 4; u++) speak(u);
    ck_assert_int_eq(assigned_count, 3);
    ck_assert_str_eq(answered[0].code, "SCHEDULER_OVERLOADED");
    close_world();
}
END_TEST

/* ---- the end of a session ------------------------------------------------------------------------------------------- */

static void chunk(int64_t bytes) {
    scheduler_session_chunk(s, SESSION, &(session_chunk){.bytes = bytes});
}

START_TEST(a_close_cuts_what_was_said_and_is_acknowledged_after_its_result) {
    start_with_nodes();
    chunk(3200);
    scheduler_session_close(s, SESSION);
    pass(10 * USEC_PER_MSEC);
    ck_assert_int_eq(assigned_count, 1);
    ck_assert_int_eq(assigned[0].cut, CUT_CLOSE);
    ck_assert_int_eq(session_closed_count, 0);
    chunk(3200);
    ck_assert_msg(!strncmp(last_error, "INVALID_SESSION", 15), "%s", last_error);
    pass(2 * second);
    answer(&assigned[0], OUTCOME_OK, "");
    ck_assert_int_eq(answered_count, 1);
    ck_assert_int_eq(session_closed_count, 1);
    ck_assert_str_eq(last_of(EV_SESSION_CLOSED)->code, "closed");
    ck_assert_int_eq(scheduler_count(s).sessions, 0);
    close_world();
}
END_TEST

START_TEST(a_close_waits_no_longer_than_its_limit) {
    start_with_nodes();
    speak(0);
    scheduler_session_close(s, SESSION);
    pass(9900 * USEC_PER_MSEC);
    ck_assert_int_eq(session_closed_count, 0);
    pass(200 * USEC_PER_MSEC);
    ck_assert_int_eq(session_closed_count, 1);
    ck_assert_str_eq(last_of(EV_SESSION_CLOSED)->code, "limit");
    answer(&assigned[0], OUTCOME_OK, "");
    ck_assert_int_eq(answered_count, 0);
    ck_assert_int_eq(count_of(EV_SESSION_GONE), 1);
    close_world();
}
END_TEST

START_TEST(a_close_in_silence_is_acknowledged_at_once_and_once) {
    start_with_nodes();
    scheduler_session_close(s, SESSION);
    scheduler_session_close(s, SESSION);
    pass(USEC_PER_MSEC);
    ck_assert_int_eq(session_closed_count, 1);
    pass(20 * second);
    ck_assert_int_eq(session_closed_count, 1);
    close_world();
}
END_TEST

START_TEST(a_lost_connection_drops_what_was_collected_and_what_still_comes) {
    start_with_nodes();
    speak(0);
    speak(1);
    answer(&assigned[1], OUTCOME_OK, "");
    chunk(3200);
    scheduler_session_gone(s, SESSION);
    ck_assert_int_eq(count_of(EV_SESSION_GONE), 1);
    ck_assert_int_eq(last_of(EV_AUDIO_DROPPED)->value, 3200);
    answer(&assigned[0], OUTCOME_OK, "");
    ck_assert_int_eq(count_of(EV_SESSION_GONE), 2);
    ck_assert_int_eq(answered_count, 0);
    ck_assert_int_eq(scheduler_count(s).audio_bytes, 0);
    assert_nothing_in_flight();
    close_world();
}
END_TEST

/* ---- the record ----------------------------------------------------------------------------------------------------- */

static int64_t record_ttl(void) {
    redis_key key;
    return ask_int("PTTL", key_session(&key, &config.keys, "s-1"));
}

START_TEST(a_session_is_recorded_renewed_and_forgotten) {
    open_world("production");
    config.session_ttl = 100 * second;
    open_scheduler();
    pass(second);
    ck_assert_int_gt(record_ttl(), 98000);
    pass(48 * second);
    ck_assert_int_lt(record_ttl(), 52000);
    pass(2 * second);
    ck_assert_int_gt(record_ttl(), 98000);
    scheduler_session_gone(s, SESSION);
    pass(second);
    ck_assert_int_eq(record_ttl(), -2);
    close_world();
}
END_TEST

START_TEST(a_record_that_redis_has_lost_is_written_again_when_it_is_renewed) {
    open_world("production");
    config.session_ttl = 100 * second;
    open_scheduler();
    pass(second);
    redis_call call;
    redis_reply *reply;
    call_command(&call, "FLUSHALL");
    ck_assert(!virtual_redis_sync(redis, &call, &reply, &err));
    virtual_redis_reply_free(reply);
    pass(50 * second);
    ck_assert_int_gt(record_ttl(), 98000);
    close_world();
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        results_are_told_in_the_order_of_the_utterances,
        numbers_need_not_begin_at_zero_nor_be_dense,
        each_target_has_an_order_of_its_own,
        a_failure_is_told_at_once_and_holds_up_nobody,
        a_missing_result_is_reported_after_the_gap_limit_and_the_others_follow,
        the_same_request_is_known_while_it_runs_and_after,
        another_request_for_an_utterance_that_is_under_way_is_refused,
        a_request_that_another_connection_made_is_known_with_its_state,
        a_number_that_not_every_language_can_hold_is_refused,
        a_session_speaks_to_a_bounded_number_of_languages,
        unanswered_utterances_are_bounded,
        a_close_cuts_what_was_said_and_is_acknowledged_after_its_result,
        a_close_waits_no_longer_than_its_limit,
        a_close_in_silence_is_acknowledged_at_once_and_once,
        a_lost_connection_drops_what_was_collected_and_what_still_comes,
        a_session_is_recorded_renewed_and_forgotten,
        a_record_that_redis_has_lost_is_written_again_when_it_is_renewed,
    };
    return SUITE_RUN("session_results", tests);
}
