/* check_room_speech.c - what is said in a room: a job for each language that the others want, and who hears what of it. */
#include "tests/support/hand_room.h"

#include <string.h>

#include "tests/support/fsck_now.h"
#include "tests/support/meddler.h"
#include "tests/support/suite.h"

static void start_room(int nodes, const char *languages) {
    start_production();
    nodes_join(nodes, 8);
    make_room();
    listeners_join(languages);
}

static void say_and_wait(uint64_t utterance) {
    say(utterance);
    pass(10 * USEC_PER_MSEC);
}

/* ---- one job for each language ------------------------------------------------------------------------------------- */

START_TEST(five_languages_are_five_jobs_on_five_different_nodes) {
    start_room(5, "de fr es it ja");
    say_and_wait(0);
    ck_assert_int_eq(assigned_count, 5);
    for (int i = 0; i < 5; i++)
        for (int k = 0; k < i; k++) {
            ck_assert_msg(assigned[i].conn != assigned[k].conn, "%s and %s went to one node", assigned[i].tgt,
                          assigned[k].tgt);
            ck_assert_str_ne(assigned[i].tgt, assigned[k].tgt);
        }
    answer_all();
    ck_assert_str_eq(heard_by(LISTENER), "0:de ok");
    ck_assert_str_eq(heard_by(LISTENER + 4), "0:ja ok");
    close_rooms();
}
END_TEST

START_TEST(a_language_that_two_want_is_one_job_and_both_hear_it) {
    start_room(2, "fr fr es");
    say_and_wait(0);
    ck_assert_int_eq(assigned_count, 2);
    answer_all();
    for (int i = 0; i < 2; i++) ck_assert_str_eq(heard_by(LISTENER + (conn_token)i), "0:fr ok");
    ck_assert_str_eq(heard_by(LISTENER + 2), "0:es ok");
    close_rooms();
}
END_TEST

START_TEST(who_wants_no_language_receives_nothing) {
    start_room(2, "- fr");
    say_and_wait(0);
    ck_assert_int_eq(assigned_count, 1);
    answer_all();
    ck_assert_str_eq(heard_by(LISTENER), "");
    ck_assert_str_eq(heard_by(LISTENER + 1), "0:fr ok");
    ck_assert_str_eq(heard_by(SESSION), "");
    close_rooms();
}
END_TEST

START_TEST(who_wants_the_language_that_is_spoken_needs_no_job) {
    start_room(2, "en fr");
    say_and_wait(0);
    ck_assert_int_eq(assigned_count, 1);
    ck_assert_str_eq(assigned[0].tgt, "fr");
    answer_all();
    ck_assert_str_eq(heard_by(LISTENER), "");
    close_rooms();
}
END_TEST

START_TEST(when_nobody_wants_anything_the_speaker_hears_the_target_of_the_session) {
    start_room(1, "en -");
    say_and_wait(0);
    listeners_go(2);
    say_and_wait(1); /* alone in the room */
    answer_all();
    ck_assert_str_eq(heard_by(SESSION), "0:de ok,1:de ok");
    close_rooms();
}
END_TEST

START_TEST(what_the_speaker_wants_to_hear_is_no_job_of_its_own_utterance) {
    start_production();
    nodes_join(2, 8);
    scheduler_room_create(s, SESSION, "it", "Ann");
    pass(10 * USEC_PER_MSEC);
    memcpy(room_code, viewed[0].code, sizeof room_code);
    listeners_join("fr");
    say_and_wait(0);
    ck_assert_int_eq(assigned_count, 1);
    ck_assert_str_eq(assigned[0].tgt, "fr");
    answer_all();
    close_rooms();
}
END_TEST

START_TEST(a_third_language_waits_for_a_third_node_and_is_refused_when_none_comes) {
    start_room(2, "de fr es");
    say_and_wait(0);
    ck_assert_int_eq(assigned_count, 2);
    answer_all();
    pass(config.pending_limit + second);
    ck_assert_msg(assigned_count == 2, "a node was given a second job of one utterance");
    ck_assert_str_eq(heard_by(SESSION), "0:es timed_out");
    ck_assert_str_eq(answered[answered_count - 1].code, "NO_AVAILABLE_NODE");
    close_rooms();
}
END_TEST

START_TEST(a_third_language_is_served_by_a_node_that_comes_in_time) {
    start_room(2, "de fr es");
    say_and_wait(0);
    answer_all();
    offer(3, "n3", "en de fr es", 4);
    beat(3);
    pass(second);
    ck_assert_int_eq(assigned_count, 3);
    answer_all();
    for (int i = 0; i < 3; i++) ck_assert_str_ne(heard_by(LISTENER + (conn_token)i), "");
    close_rooms();
}
END_TEST

START_TEST(the_sound_is_counted_once_however_many_jobs_share_it) {
    start_room(3, "de fr es");
    say(0);
    ck_assert_int_eq(scheduler_count(s).audio_bytes, UTTERANCE_BYTES); /* nobody is known yet */
    pass(10 * USEC_PER_MSEC);
    ck_assert_int_eq(assigned_count, 3);
    ck_assert_int_eq(scheduler_count(s).audio_bytes, UTTERANCE_BYTES);
    answer(&assigned[0], OUTCOME_OK, "");
    ck_assert_int_lt(scheduler_count(s).audio_bytes, UTTERANCE_BYTES);
    answer(&assigned[1], OUTCOME_OK, "");
    answer(&assigned[2], OUTCOME_OK, "");
    ck_assert_int_eq(scheduler_count(s).audio_bytes, 0);
    close_rooms();
}
END_TEST

/* ---- who hears what ------------------------------------------------------------------------------------------------ */

START_TEST(results_of_one_utterance_in_several_languages_do_not_replace_each_other) {
    start_room(3, "de fr es");
    for (uint64_t u = 0; u < 3; u++) say_and_wait(u);
    ck_assert_int_eq(assigned_count, 9);
    for (int i = 8; i >= 0; i--) answer(&assigned[i], OUTCOME_OK, ""); /* the last ones first: all must wait */
    ck_assert_str_eq(heard_by(LISTENER), "0:de ok,1:de ok,2:de ok");
    ck_assert_str_eq(heard_by(LISTENER + 1), "0:fr ok,1:fr ok,2:fr ok");
    ck_assert_str_eq(heard_by(LISTENER + 2), "0:es ok,1:es ok,2:es ok");
    close_rooms();
}
END_TEST

START_TEST(a_result_that_had_to_wait_goes_to_those_who_wanted_it_and_not_to_the_speaker) {
    start_room(2, "de fr");
    say_and_wait(0);
    say_and_wait(1);
    answer(assigned_for(1, "fr"), OUTCOME_OK, "");
    ck_assert_str_eq(heard_by(LISTENER + 1), "");
    answer(assigned_for(0, "fr"), OUTCOME_OK, "");
    ck_assert_str_eq(heard_by(LISTENER + 1), "0:fr ok,1:fr ok");
    answer(assigned_for(0, "de"), OUTCOME_OK, "");
    answer(assigned_for(1, "de"), OUTCOME_OK, "");
    ck_assert_str_eq(heard_by(LISTENER), "0:de ok,1:de ok");
    ck_assert_str_eq(heard_by(SESSION), "");
    close_rooms();
}
END_TEST

START_TEST(a_language_that_is_late_holds_up_no_other) {
    start_room(2, "de fr");
    say_and_wait(0);
    say_and_wait(1);
    answer(assigned_for(0, "fr"), OUTCOME_OK, "");
    answer(assigned_for(1, "fr"), OUTCOME_OK, "");
    ck_assert_str_eq(heard_by(LISTENER + 1), "0:fr ok,1:fr ok");
    ck_assert_str_eq(heard_by(LISTENER), "");
    answer(assigned_for(0, "de"), OUTCOME_OK, "");
    answer(assigned_for(1, "de"), OUTCOME_OK, "");
    close_rooms();
}
END_TEST

START_TEST(a_failure_is_told_to_the_speaker_alone) {
    open_world("production");
    config.attempts_max = 1;
    open_scheduler();
    nodes_join(2, 8);
    make_room();
    listeners_join("de fr");
    say_and_wait(0);
    answer(assigned_for(0, "de"), OUTCOME_FAILED, "PROCESSING_ERROR");
    answer(assigned_for(0, "fr"), OUTCOME_OK, "");
    ck_assert_str_eq(heard_by(SESSION), "0:de failed");
    ck_assert_str_eq(heard_by(LISTENER), "");
    ck_assert_str_eq(heard_by(LISTENER + 1), "0:fr ok");
    close_rooms();
}
END_TEST

START_TEST(who_has_left_meanwhile_hears_nothing_more) {
    start_room(1, "fr fr fr");
    say_and_wait(0);
    scheduler_room_leave(s, LISTENER);
    scheduler_session_gone(s, LISTENER + 1);
    pass(10 * USEC_PER_MSEC);
    answer_all();
    ck_assert_str_eq(heard_by(LISTENER), "");
    ck_assert_str_eq(heard_by(LISTENER + 1), "");
    ck_assert_str_eq(heard_by(LISTENER + 2), "0:fr ok");
    close_rooms();
}
END_TEST

START_TEST(what_a_speaker_said_before_leaving_is_heard) {
    start_room(1, "fr");
    say_and_wait(0);
    scheduler_room_leave(s, SESSION);
    pass(10 * USEC_PER_MSEC);
    say_and_wait(1);
    answer_all();
    ck_assert_str_eq(heard_by(LISTENER), "0:fr ok");
    ck_assert_str_eq(heard_by(SESSION), "1:de ok");
    close_rooms();
}
END_TEST

/* ---- while the members are being asked ------------------------------------------------------------------------------ */

static int asked;
static meddling (*meddle_speak)(int nth);

static meddling on_call(const redis_call *call) {
    return call->script == SCRIPT_ROOM_SPEAK ? meddle_speak(asked++) : LET_THROUGH;
}

static void start_meddled(meddling (*how)(int nth), int nodes, const char *languages) {
    meddle_speak = how;
    open_world("production");
    open_scheduler_on(meddler_link(on_call));
    nodes_join(nodes, 8);
    make_room();
    listeners_join(languages);
}

static meddling refuse_second(int nth) {
    return nth == 1 ? REFUSE : LET_THROUGH;
}

START_TEST(utterances_are_said_in_order_also_when_a_later_one_is_answered_first) {
    start_meddled(refuse_second, 3, "fr");
    for (uint64_t u = 0; u < 3; u++) say(u);
    pass(10 * USEC_PER_MSEC);
    ck_assert_int_eq(assigned_count, 3);
    for (int i = 0; i < 3; i++) ck_assert_uint_eq(assigned[i].utterance, (uint64_t)i);
    answer_all();
    ck_assert_str_eq(heard_by(LISTENER), "0:fr ok,2:fr ok");
    ck_assert_str_eq(heard_by(SESSION), "1:de ok");
    close_rooms();
}
END_TEST

static meddling lose_first(int nth) {
    return nth == 0 ? LOSE : LET_THROUGH;
}

START_TEST(what_is_said_outside_waits_for_what_was_said_in_the_room_before) {
    start_meddled(lose_first, 2, "fr");
    say(0);
    scheduler_room_leave(s, SESSION);
    pass(10 * USEC_PER_MSEC);
    ck_assert_int_eq(count_of(EV_ROOM_LEFT), 1);
    say(1);
    pass(10 * USEC_PER_MSEC);
    ck_assert_int_eq(assigned_count, 0);
    pass(2 * config.redis_patience);
    answer_all();
    ck_assert_str_eq(heard_by(SESSION), "0:de ok,1:de ok");
    close_rooms();
}
END_TEST

static meddling refuse_all(int nth) {
    (void)nth;
    return REFUSE;
}

START_TEST(when_the_members_cannot_be_asked_the_speaker_hears_itself_and_is_told_once) {
    start_meddled(refuse_all, 1, "fr");
    for (uint64_t u = 0; u < 3; u++) say_and_wait(u);
    answer_all();
    ck_assert_int_eq(error_count, 1);
    ck_assert_msg(!strncmp(last_error, "SCHEDULER_DEPENDENCY_DOWN ", 26), "%s", last_error);
    ck_assert_str_eq(heard_by(SESSION), "0:de ok,1:de ok,2:de ok");
    ck_assert_str_eq(heard_by(LISTENER), "");
    close_rooms();
}
END_TEST

START_TEST(a_room_that_is_not_there_any_more_is_found_out_by_its_speaker) {
    redis_key key;
    start_room(1, "fr");
    ask_int("DEL", key_room(&key, &config.keys, room_code));
    say_and_wait(0);
    answer_all();
    ck_assert_int_eq(expired_count, 2);
    ck_assert_str_eq(heard_by(SESSION), "0:de ok");
    scheduler_room_create(s, SESSION, "", "");
    pass(10 * USEC_PER_MSEC);
    ck_assert_int_eq(error_count, 0);
    close_rooms();
}
END_TEST

START_TEST(a_close_waits_for_what_was_said_last) {
    start_room(2, "de fr");
    say(0);
    scheduler_session_close(s, SESSION); /* before the members are known */
    pass(second);
    ck_assert_int_eq(session_closed_count, 0);
    ck_assert_int_eq(assigned_count, 2);
    answer_all();
    ck_assert_int_eq(session_closed_count, 1);
    ck_assert_str_eq(heard_by(LISTENER), "0:de ok");
    ck_assert_str_eq(heard_by(LISTENER + 1), "0:fr ok");
    close_rooms();
}
END_TEST

START_TEST(a_close_does_not_wait_for_what_was_refused) {
    open_world("production");
    config.jobs_max = 1;
    open_scheduler();
    nodes_join(1, 4);
    make_room();
    listeners_join("fr");
    job_request request = {.session_id = "other", .pair = {"en", "de"}, .sound = audio_new(second, 1, NULL)};
    ck_assert(!open_session(3000, "other"));
    scheduler_submit(s, 3000, &request); /* the one job that there may be */
    audio_unref(request.sound);
    pass(10 * USEC_PER_MSEC);
    say(0);
    scheduler_session_close(s, SESSION);
    pass(10 * USEC_PER_MSEC);
    ck_assert_str_eq(heard_by(SESSION), "0:fr SCHEDULER_OVERLOADED");
    ck_assert_int_eq(session_closed_count, 1);
    answer_all();
    scheduler_session_gone(s, 3000);
    close_rooms();
}
END_TEST

START_TEST(what_a_session_said_just_before_it_went_is_dropped_and_counted) {
    start_room(1, "fr");
    say(0);
    scheduler_session_gone(s, SESSION);
    pass(second);
    ck_assert_int_eq(assigned_count, 0);
    ck_assert_int_eq(last_of(EV_AUDIO_DROPPED)->value, UTTERANCE_BYTES);
    ck_assert_int_eq(scheduler_count(s).audio_bytes, 0);
    close_rooms();
}
END_TEST

START_TEST(chunks_become_jobs_of_the_room_as_well) {
    start_room(2, "de fr");
    scheduler_session_chunk(s, SESSION, &(session_chunk){.bytes = 6400, .is_final = true});
    pass(second);
    ck_assert_int_eq(assigned_count, 2);
    ck_assert_int_eq(assigned[1].bytes, 6400);
    answer_all();
    close_rooms();
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        five_languages_are_five_jobs_on_five_different_nodes,
        a_language_that_two_want_is_one_job_and_both_hear_it,
        who_wants_no_language_receives_nothing,
        who_wants_the_language_that_is_spoken_needs_no_job,
        when_nobody_wants_anything_the_speaker_hears_the_target_of_the_session,
        what_the_speaker_wants_to_hear_is_no_job_of_its_own_utterance,
        a_third_language_waits_for_a_third_node_and_is_refused_when_none_comes,
        a_third_language_is_served_by_a_node_that_comes_in_time,
        the_sound_is_counted_once_however_many_jobs_share_it,
        results_of_one_utterance_in_several_languages_do_not_replace_each_other,
        a_result_that_had_to_wait_goes_to_those_who_wanted_it_and_not_to_the_speaker,
        a_language_that_is_late_holds_up_no_other,
        a_failure_is_told_to_the_speaker_alone,
        who_has_left_meanwhile_hears_nothing_more,
        what_a_speaker_said_before_leaving_is_heard,
        utterances_are_said_in_order_also_when_a_later_one_is_answered_first,
        what_is_said_outside_waits_for_what_was_said_in_the_room_before,
        when_the_members_cannot_be_asked_the_speaker_hears_itself_and_is_told_once,
        a_room_that_is_not_there_any_more_is_found_out_by_its_speaker,
        a_close_waits_for_what_was_said_last,
        a_close_does_not_wait_for_what_was_refused,
        what_a_session_said_just_before_it_went_is_dropped_and_counted,
        chunks_become_jobs_of_the_room_as_well,
    };
    return SUITE_RUN("room_speech", tests);
}
