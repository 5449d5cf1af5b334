/* check_job_results.c - what a node answers, and what somebody else wants meanwhile: empty, doubled, late and cancelled. */
#include <stdio.h>
#include <string.h>

#include "core/domain/payload.h"
#include "tests/support/fsck_now.h"
#include "tests/support/hand_world.h"
#include "tests/support/meddler.h"
#include "tests/support/suite.h"

static void end(void) {
    assert_nothing_in_flight();
    expect_consistent();
    expect_empty_in_the_end();
    close_world();
}

static void start_with_two_nodes(void) {
    start_production();
    join(1, "n1", 4);
    join(2, "n2", 4);
    speak(0);
    ck_assert_int_eq(assigned_count, 1);
}

static void expect_answer(job_outcome outcome, const char *code) {
    ck_assert_int_eq(answered_count, 1);
    ck_assert_msg(answered[0].outcome == outcome && !strcmp(answered[0].code, code), "answered %s \"%s\"",
                  job_outcome_name(answered[0].outcome), answered[0].code);
}

/* ---- empty results -------------------------------------------------------------------------------------------------- */

START_TEST(an_empty_result_is_held_for_a_second_and_then_counts) {
    start_with_two_nodes();
    usec_t said_at = engine_now(e);
    answer(&assigned[0], OUTCOME_NO_TEXT, "");
    ck_assert_int_eq(count_of(EV_EMPTY_HELD), 1);
    pass(900 * USEC_PER_MSEC);
    ck_assert_int_eq(answered_count, 0);
    pass(second);
    expect_answer(OUTCOME_NO_TEXT, "");
    ck_assert_int_eq(answered[0].at, said_at + config.empty_hold);
    ck_assert_int_eq(reservations_of("n1") + reservations_of("n2"), 0);
    end();
}
END_TEST

/* The predecessor kept the first result of a job, and lost the full one behind ASR_EMPTY. */
START_TEST(a_full_result_behind_an_empty_one_is_not_lost) {
    start_with_two_nodes();
    answer(&assigned[0], OUTCOME_NO_TEXT, "");
    pass(500 * USEC_PER_MSEC);
    answer(&assigned[0], OUTCOME_OK, "");
    expect_answer(OUTCOME_OK, "");
    pass(2 * second);
    ck_assert_int_eq(count_of(EV_FINISHED), 1);
    end();
}
END_TEST

START_TEST(what_else_comes_behind_an_empty_result_changes_nothing) {
    start_with_two_nodes();
    answer(&assigned[0], OUTCOME_NO_TEXT, "");
    answer(&assigned[0], OUTCOME_NO_TEXT, "");
    answer(&assigned[0], OUTCOME_FAILED, "PROCESSING_ERROR");
    ck_assert_int_eq(count_of(EV_STALE), 2);
    ck_assert_str_eq(last_of(EV_STALE)->code, "REPEATED");
    pass(2 * second);
    expect_answer(OUTCOME_NO_TEXT, "");
    ck_assert_int_eq(count_of(EV_RETRY), 0);
    end();
}
END_TEST

START_TEST(an_empty_result_of_a_node_that_is_then_lost_counts) {
    start_with_two_nodes();
    answer(&assigned[0], OUTCOME_NO_TEXT, "");
    scheduler_node_gone(s, assigned[0].conn);
    pass(100 * USEC_PER_MSEC);
    expect_answer(OUTCOME_NO_TEXT, "");
    ck_assert_int_eq(count_of(EV_RETRY), 0);
    end();
}
END_TEST

START_TEST(an_empty_result_counts_when_the_deadline_passes_before_a_full_one) {
    open_world("production");
    config.empty_hold = 30 * second;
    open_scheduler();
    join(1, "n1", 4);
    speak(0);
    answer(&assigned[0], OUTCOME_NO_TEXT, "");
    pass(19 * second);
    ck_assert_int_eq(answered_count, 0);
    pass(2 * second);
    expect_answer(OUTCOME_NO_TEXT, "");
    end();
}
END_TEST

START_TEST(without_a_hold_an_empty_result_counts_at_once) {
    open_world("production");
    config.empty_hold = 0;
    open_scheduler();
    join(1, "n1", 4);
    speak(0);
    answer(&assigned[0], OUTCOME_NO_TEXT, "");
    expect_answer(OUTCOME_NO_TEXT, "");
    ck_assert_int_eq(count_of(EV_EMPTY_HELD), 0);
    end();
}
END_TEST

static meddling slow_accept(const redis_call *call) {
    return call->script == SCRIPT_ACCEPT_JOB ? DO_BUT_LOSE_ANSWER : LET_THROUGH;
}

START_TEST(a_full_result_wins_over_an_empty_one_that_was_not_looked_at_yet) {
    open_world("production");
    open_scheduler_on(meddler_link(slow_accept));
    join(1, "n1", 4);
    speak(0);
    scheduler_node_ack(s, 1, assigned[0].job, 1); /* its call is out for a second */
    answer(&assigned[0], OUTCOME_NO_TEXT, "");
    answer(&assigned[0], OUTCOME_OK, "");
    pass(2 * second);
    expect_answer(OUTCOME_OK, "");
    ck_assert_int_eq(count_of(EV_EMPTY_HELD), 0);
    end();
}
END_TEST

/* ---- content -------------------------------------------------------------------------------------------------------- */

START_TEST(the_content_of_a_result_is_let_go_with_its_job) {
    start_with_two_nodes();
    payload *empty = payload_new(strdup("{}"), 2), *full = payload_new(strdup("{\"text\":\"hallo\"}"), 16);
    node_result result = {.job_id = assigned[0].job, .attempt = 1, .outcome = OUTCOME_NO_TEXT, .content = empty};
    scheduler_node_result(s, assigned[0].conn, &result);
    pass(10 * USEC_PER_MSEC);
    ck_assert_int_eq(empty->refs, 2);
    result.outcome = OUTCOME_OK;
    result.content = full;
    scheduler_node_result(s, assigned[0].conn, &result);
    ck_assert_int_eq(empty->refs, 1);
    ck_assert_int_eq(full->refs, 2);
    pass(10 * USEC_PER_MSEC);
    expect_answer(OUTCOME_OK, "");
    ck_assert_int_eq(full->refs, 1);
    payload_unref(empty);
    payload_unref(full);
    end();
}
END_TEST

/* ---- duplicates ----------------------------------------------------------------------------------------------------- */

START_TEST(a_node_that_says_it_has_the_job_already_is_waited_for) {
    start_with_two_nodes();
    answer(&assigned[0], OUTCOME_FAILED, "DUPLICATE_JOB_ID");
    ck_assert_int_eq(count_of(EV_STALE), 1);
    ck_assert_str_eq(last_of(EV_STALE)->code, "DUPLICATE_JOB_ID");
    ck_assert_int_eq(count_of(EV_RETRY), 0);
    answer(&assigned[0], OUTCOME_OK, "");
    expect_answer(OUTCOME_OK, "");
    end();
}
END_TEST

START_TEST(a_node_that_knows_the_utterance_from_another_job_is_left_for_another_node) {
    start_with_two_nodes();
    answer(&assigned[0], OUTCOME_FAILED, "DUPLICATE_UTTERANCE_INDEX");
    ck_assert_int_eq(assigned_count, 2);
    ck_assert_uint_ne(assigned[1].conn, assigned[0].conn);
    answer(&assigned[1], OUTCOME_OK, "");
    expect_answer(OUTCOME_OK, "");
    end();
}
END_TEST

/* ---- late ----------------------------------------------------------------------------------------------------------- */

START_TEST(a_result_behind_the_end_of_its_job_is_stale) {
    start_with_two_nodes();
    answer(&assigned[0], OUTCOME_NO_TEXT, "");
    pass(2 * second);
    answer(&assigned[0], OUTCOME_OK, "");
    expect_answer(OUTCOME_NO_TEXT, "");
    ck_assert_int_eq(count_of(EV_STALE), 1);
    end();
}
END_TEST

/* The predecessor sent a stale result to the client all the same, and only skipped its own bookkeeping. */
START_TEST(a_stale_result_never_reaches_the_client) {
    start_with_two_nodes();
    answer(&assigned[0], OUTCOME_FAILED, "PROCESSING_ERROR");
    ck_assert_int_eq(assigned_count, 2);
    answer(&assigned[0], OUTCOME_OK, "");
    ck_assert_int_eq(answered_count, 0);
    answer(&assigned[1], OUTCOME_OK, "");
    expect_answer(OUTCOME_OK, "");
    end();
}
END_TEST

/* ---- cancelled ------------------------------------------------------------------------------------------------------ */

static void expect_cancelled(void) {
    pass(100 * USEC_PER_MSEC);
    expect_answer(OUTCOME_CANCELLED, "not_wanted");
    ck_assert_int_eq(count_of(EV_CANCELLED), 1);
    ck_assert_str_eq(last_of(EV_CANCELLED)->code, "not_wanted");
    ck_assert_int_eq(count_of(EV_FINISHED), 1);
    ck_assert_int_eq(reservations_of("n1"), 0);
    end();
}

static void cancel_the_latest(void) {
    ck_assert(scheduler_cancel(s, last_of(EV_CREATED)->job, "not_wanted"));
}

START_TEST(a_running_job_is_cancelled_at_its_node_too) {
    start_production();
    join(1, "n1", 4);
    speak(0);
    scheduler_node_ack(s, 1, assigned[0].job, 1);
    scheduler_node_started(s, 1, assigned[0].job, 1);
    pass(second / 100);
    cancel_the_latest();
    ck_assert_int_eq(cancelled_count, 1);
    ck_assert_str_eq(cancelled[0].job, assigned[0].job);
    ck_assert_int_eq(cancelled[0].attempt, 1);
    ck_assert_str_eq(cancelled[0].code, "not_wanted");
    expect_cancelled();
}
END_TEST

START_TEST(a_waiting_job_is_cancelled_and_leaves_the_queue) {
    start_production();
    speak(0);
    ck_assert_int_eq(scheduler_count(s).waiting, 1);
    cancel_the_latest();
    expect_cancelled();
}
END_TEST

static script_id at_script;
static bool cancel_behind; /* while the answer is under way */

/* The job id is drawn before the call is made, so it is in the call's arguments. */
static meddling cancel_during(const redis_call *call) {
    if (call->script != at_script || !cancel_behind) return LET_THROUGH;
    cancel_behind = false;
    const char *job_id = call_arg(call, call->keys);
    ck_assert_msg(scheduler_cancel(s, job_id, "not_wanted"), "no job %s", job_id);
    return LET_THROUGH;
}

static void cancel_while(script_id script) {
    at_script = script;
    cancel_behind = true;
    open_world("production");
    open_scheduler_on(meddler_link(cancel_during));
    join(1, "n1", 4);
    speak(0);
    ck_assert_msg(!cancel_behind, "%s was never called", scripts_name(script));
    ck_assert_msg(assigned_count == 0 && cancelled_count == 0, "a job that was cancelled during %s was sent",
                  scripts_name(script));
    expect_cancelled();
}

START_TEST(a_job_in_creation_is_cancelled_when_it_is_made) {
    cancel_while(SCRIPT_CREATE_JOB);
}
END_TEST

START_TEST(a_job_that_asks_a_node_is_cancelled_and_never_sent) {
    cancel_while(SCRIPT_RESERVE_NODE);
}
END_TEST

START_TEST(a_job_that_is_being_marked_is_cancelled_and_never_sent) {
    cancel_while(SCRIPT_MARK_DISPATCHED);
}
END_TEST

START_TEST(a_job_that_is_being_confirmed_is_cancelled_and_never_sent) {
    cancel_while(SCRIPT_CONFIRM_RESERVATION);
}
END_TEST

START_TEST(a_job_that_is_being_retried_is_cancelled_and_not_sent_again) {
    at_script = SCRIPT_FAILOVER_REASSIGN;
    cancel_behind = true;
    open_world("production");
    open_scheduler_on(meddler_link(cancel_during));
    join(1, "n1", 4);
    join(2, "n2", 4);
    speak(0);
    answer(&assigned[0], OUTCOME_FAILED, "PROCESSING_ERROR");
    ck_assert_int_eq(assigned_count, 1);
    expect_cancelled();
}
END_TEST

START_TEST(a_job_with_an_empty_result_is_cancelled) {
    start_production();
    join(1, "n1", 4);
    speak(0);
    answer(&assigned[0], OUTCOME_NO_TEXT, "");
    cancel_the_latest();
    expect_cancelled();
}
END_TEST

START_TEST(a_job_whose_end_is_decided_is_not_cancelled) {
    start_production();
    join(1, "n1", 4);
    speak(0);
    node_result result = {.job_id = assigned[0].job, .attempt = 1, .outcome = OUTCOME_OK};
    scheduler_node_result(s, 1, &result);
    cancel_the_latest();
    pass(second);
    expect_answer(OUTCOME_OK, "");
    ck_assert_int_eq(count_of(EV_CANCELLED), 0);
    ck_assert_msg(!scheduler_cancel(s, assigned[0].job, "not_wanted"), "it has ended");
    end();
}
END_TEST

START_TEST(a_job_that_nobody_knows_cannot_be_cancelled) {
    start_production();
    ck_assert(!scheduler_cancel(s, "j000-0000000000000000", "not_wanted"));
    pass(second / 100);
    end();
}
END_TEST

START_TEST(cancelling_twice_is_cancelling_once) {
    start_production();
    join(1, "n1", 4);
    speak(0);
    cancel_the_latest();
    cancel_the_latest();
    ck_assert_int_eq(cancelled_count, 1);
    expect_cancelled();
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        an_empty_result_is_held_for_a_second_and_then_counts,
        a_full_result_behind_an_empty_one_is_not_lost,
        what_else_comes_behind_an_empty_result_changes_nothing,
        an_empty_result_of_a_node_that_is_then_lost_counts,
        an_empty_result_counts_when_the_deadline_passes_before_a_full_one,
        without_a_hold_an_empty_result_counts_at_once,
        a_full_result_wins_over_an_empty_one_that_was_not_looked_at_yet,
        the_content_of_a_result_is_let_go_with_its_job,
        a_node_that_says_it_has_the_job_already_is_waited_for,
        a_node_that_knows_the_utterance_from_another_job_is_left_for_another_node,
        a_result_behind_the_end_of_its_job_is_stale,
        a_stale_result_never_reaches_the_client,
        a_running_job_is_cancelled_at_its_node_too,
        a_waiting_job_is_cancelled_and_leaves_the_queue,
        a_job_in_creation_is_cancelled_when_it_is_made,
        a_job_that_asks_a_node_is_cancelled_and_never_sent,
        a_job_that_is_being_marked_is_cancelled_and_never_sent,
        a_job_that_is_being_confirmed_is_cancelled_and_never_sent,
        a_job_that_is_being_retried_is_cancelled_and_not_sent_again,
        a_job_with_an_empty_result_is_cancelled,
        a_job_whose_end_is_decided_is_not_cancelled,
        a_job_that_nobody_knows_cannot_be_cancelled,
        cancelling_twice_is_cancelling_once,
    };
    return SUITE_RUN("job_results", tests);
}
