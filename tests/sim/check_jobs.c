/* check_jobs.c - the flow of a job through the scheduler, from the request to its one answer. */
#include "tests/support/hand_world.h"

#include <stdio.h>
#include <string.h>

#include "core/base/rng.h"
#include "tests/support/suite.h"

START_TEST(a_job_costs_seven_script_calls_and_ends_released) {
    open_world("3");
    open_scheduler();
    join(1, "n1", 4);
    uint64_t before = virtual_server_count(server).script_calls;
    speak(0);
    ck_assert_int_eq(assigned_count, 1);
    ck_assert_uint_eq(assigned[0].conn, 1);
    ck_assert_int_eq(reservations_of("n1"), 1);
    answer(&assigned[0], OUTCOME_OK, "");
    ck_assert_uint_eq(virtual_server_count(server).script_calls - before, 7);
    ck_assert_int_eq(answered_count, 1);
    ck_assert_int_eq(answered[0].outcome, OUTCOME_OK);
    ck_assert_uint_eq(answered[0].conn, SESSION);
    ck_assert_int_eq(reservations_of("n1"), 0);
    sched_event_kind want[] = {EV_SUBMITTED,  EV_CREATED,  EV_PROPOSED, EV_RESERVED,   EV_DISPATCHED,
                               EV_UNRESERVED, EV_FINISHED, EV_RELEASED, EV_RESULT_SENT};
    int from = event_count - 9;
    for (int i = 0; i < 9; i++)
        ck_assert_msg(kinds[from + i] == want[i], "event %d is %s", i, sched_event_name(kinds[from + i]));
    assert_nothing_in_flight();
    close_world();
}
END_TEST

START_TEST(an_ack_and_a_start_cost_one_call_each) {
    start_production();
    join(1, "n1", 4);
    speak(0);
    uint64_t before = virtual_server_count(server).script_calls;
    scheduler_node_ack(s, 1, assigned[0].job, 1);
    scheduler_node_started(s, 1, assigned[0].job, 1);
    pass(second / 100);
    ck_assert_uint_eq(virtual_server_count(server).script_calls - before, 2);
    ck_assert_int_eq(count_of(EV_ACCEPTED), 1);
    ck_assert_int_eq(count_of(EV_STARTED), 1);
    answer(&assigned[0], OUTCOME_OK, "");
    assert_nothing_in_flight();
    close_world();
}
END_TEST

START_TEST(a_silent_attempt_is_cancelled_and_tried_on_another_node_three_times_in_all) {
    start_production();
    for (conn_token conn = 1; conn <= NODES; conn++) {
        char node[8];
        snprintf(node, sizeof node, "n%llu", (unsigned long long)conn);
        join(conn, node, 4);
    }
    usec_t limit = 10 * second + 2 * 5 * second;
    speak(0);
    for (int attempt = 1; attempt <= 3; attempt++) {
        ck_assert_int_eq(assigned_count, attempt);
        ck_assert_int_eq(assigned[attempt - 1].attempt, attempt);
        for (int before = 0; before < attempt - 1; before++)
            ck_assert_uint_ne(assigned[before].conn, assigned[attempt - 1].conn);
        for (conn_token conn = 1; conn <= NODES; conn++) beat(conn);
        pass(assigned[attempt - 1].at + limit - 10 * USEC_PER_MSEC - engine_now(e));
        ck_assert_int_eq(cancelled_count, attempt - 1);
        pass(40 * USEC_PER_MSEC);
        ck_assert_int_eq(cancelled_count, attempt);
        ck_assert_str_eq(cancelled[attempt - 1].code, "JOB_TIMEOUT");
        ck_assert_uint_eq(cancelled[attempt - 1].conn, assigned[attempt - 1].conn);
    }
    ck_assert_int_eq(answered_count, 1);
    ck_assert_int_eq(answered[0].outcome, OUTCOME_TIMED_OUT);
    ck_assert_str_eq(answered[0].code, "JOB_TIMEOUT");
    ck_assert_int_eq(count_of(EV_UNRESERVED), 3);
    assert_nothing_in_flight();
    close_world();
}
END_TEST

START_TEST(a_result_of_an_older_attempt_changes_nothing_and_is_counted) {
    start_production();
    join(1, "n1", 4);
    join(2, "n2", 4);
    speak(0);
    pass(20 * second + 50 * USEC_PER_MSEC);
    ck_assert_int_eq(assigned_count, 2);
    answer(&assigned[0], OUTCOME_OK, "");
    ck_assert_int_eq(answered_count, 0);
    ck_assert_int_eq(count_of(EV_STALE), 1);
    answer(&assigned[1], OUTCOME_OK, "");
    ck_assert_int_eq(answered_count, 1);
    answer(&assigned[1], OUTCOME_OK, "");
    ck_assert_int_eq(answered_count, 1);
    ck_assert_int_eq(count_of(EV_STALE), 2);
    ck_assert_int_eq(count_of(EV_FINISHED), 1);
    close_world();
}
END_TEST

START_TEST(a_result_that_names_another_attempt_is_stale) {
    start_production();
    join(1, "n1", 4);
    speak(0);
    said other = assigned[0];
    other.attempt = 2;
    answer(&other, OUTCOME_OK, "");
    ck_assert_int_eq(answered_count, 0);
    ck_assert_int_eq(count_of(EV_STALE), 1);
    answer(&assigned[0], OUTCOME_OK, "");
    ck_assert_int_eq(answered_count, 1);
    close_world();
}
END_TEST

START_TEST(a_node_that_acknowledges_must_do_so_within_five_seconds) {
    start_production();
    join(1, "n1", 4);
    speak(0);
    scheduler_node_ack(s, 1, assigned[0].job, 1);
    pass(second / 100);
    answer(&assigned[0], OUTCOME_OK, "");
    join(2, "n2", 4);
    offer(3, "n3", "en de", 4);
    speak(1);
    if (assigned[1].conn == 1) {
        pass(5 * second + 20 * USEC_PER_MSEC);
        ck_assert_int_eq(cancelled_count, 1);
    } else {
        pass(5 * second + 20 * USEC_PER_MSEC);
        ck_assert_msg(cancelled_count == 0, "n2 never acknowledged before, so it need not now");
    }
    close_world();
}
END_TEST

START_TEST(a_failed_result_is_tried_elsewhere_and_told_when_all_attempts_failed) {
    start_production();
    for (conn_token conn = 1; conn <= 3; conn++) {
        char node[8];
        snprintf(node, sizeof node, "n%llu", (unsigned long long)conn);
        join(conn, node, 4);
    }
    speak(0);
    for (int attempt = 1; attempt <= 3; attempt++) {
        ck_assert_int_eq(assigned_count, attempt);
        answer(&assigned[attempt - 1], OUTCOME_FAILED, "PROCESSING_ERROR");
    }
    ck_assert_int_eq(answered_count, 1);
    ck_assert_int_eq(answered[0].outcome, OUTCOME_FAILED);
    ck_assert_str_eq(answered[0].code, "PROCESSING_ERROR");
    ck_assert_int_eq(cancelled_count, 0);
    assert_nothing_in_flight();
    close_world();
}
END_TEST

START_TEST(phase_3_lets_the_node_queue_and_never_refuses) {
    open_world("3");
    open_scheduler();
    join(1, "n1", 2);
    for (uint64_t u = 0; u < 5; u++) speak(u);
    ck_assert_int_eq(assigned_count, 5);
    ck_assert_int_eq(reservations_of("n1"), 5);
    for (int i = 0; i < 5; i++) answer(&assigned[i], OUTCOME_OK, "");
    assert_nothing_in_flight();
    close_world();
}
END_TEST

START_TEST(on_full_refuse_answers_at_once) {
    open_world("production");
    config.on_full = ON_FULL_REFUSE;
    open_scheduler();
    join(1, "n1", 1);
    speak(0);
    speak(1);
    ck_assert_int_eq(answered_count, 1);
    ck_assert_int_eq(answered[0].outcome, OUTCOME_FAILED);
    ck_assert_str_eq(answered[0].code, "NO_AVAILABLE_NODE");
    close_world();
}
END_TEST

START_TEST(best_of_two_prefers_the_less_loaded_node) {
    start_production();
    join(1, "n1", 64);
    join(2, "n2", 64);
    for (uint64_t u = 0; u < 64; u++) speak(u);
    int64_t one = reservations_of("n1"), two = reservations_of("n2");
    ck_assert_msg(one == 32 && two == 32, "with two nodes both are compared each time; got %lld and %lld",
                  (long long)one, (long long)two);
    close_world();
}
END_TEST

START_TEST(a_node_that_was_just_read_to_be_full_is_not_asked) {
    start_production();
    join(1, "n1", 1);
    join(2, "n2", 1);
    for (uint64_t u = 0; u < 3; u++) speak(u);
    ck_assert_int_eq(assigned_count, 2);
    ck_assert_int_eq(scheduler_count(s).waiting, 1);
    ck_assert_int_eq(count_of(EV_GRANT_REFUSED), 0);
    answer(&assigned[0], OUTCOME_OK, "");
    ck_assert_int_eq(assigned_count, 3);
    close_world();
}
END_TEST

START_TEST(least_fills_a_shard_evenly_and_takes_no_node_that_failed_the_job) {
    open_world("production");
    config.placement = PLACEMENT_LEAST;
    open_scheduler();
    for (conn_token conn = 1; conn <= 20; conn++) {
        char node[8];
        snprintf(node, sizeof node, "n%llu", (unsigned long long)conn);
        join(conn, node, 8);
    }
    for (uint64_t u = 0; u < 60; u++) speak(u);
    for (conn_token conn = 1; conn <= 20; conn++) {
        char node[8];
        snprintf(node, sizeof node, "n%llu", (unsigned long long)conn);
        ck_assert_int_eq(reservations_of(node), 3);
    }
    answer(&assigned[0], OUTCOME_FAILED, "PROCESSING_ERROR");
    ck_assert_int_eq(assigned_count, 61);
    ck_assert_uint_ne(assigned[60].conn, assigned[0].conn);
    close_world();
}
END_TEST

START_TEST(one_request_id_is_one_job) {
    start_production();
    join(1, "n1", 4);
    speak_as("r-1", 0, "de");
    speak_as("r-1", 0, "de");
    ck_assert_int_eq(assigned_count, 1);
    ck_assert_int_eq(count_of(EV_DUPLICATE), 1);
    ck_assert_str_eq(last_of(EV_DUPLICATE)->job, assigned[0].job);
    answer(&assigned[0], OUTCOME_OK, "");
    speak_as("r-1", 0, "de");
    ck_assert_int_eq(assigned_count, 1);
    ck_assert_int_eq(answered_count, 1);
    pass(91 * second);
    beat(1);
    pass(second);
    join(2, "n2", 4);
    speak_as("r-1", 0, "de");
    ck_assert_msg(assigned_count == 1, "what was told is not told again");
    ck_assert_str_eq(answered[1].code, "INVALID_MESSAGE");
    speak_as("r-1", 1, "de");
    ck_assert_msg(assigned_count == 2, "90 s after its end the request id is free again");
    close_world();
}
END_TEST

START_TEST(bad_requests_are_refused_with_a_reason_and_make_no_job) {
    start_production();
    speak_as("bad id", 0, "de");
    speak_as("", 1, "en");
    job_request request = {.request_id = "",
                           .session_id = "s-2",
                           .utterance = 0,
                           .pair = {"en", "de"},
                           .sound = audio_new(second, 1, NULL)};
    scheduler_submit(s, SESSION, &request);
    audio_unref(request.sound);
    ck_assert_int_eq(answered_count, 3);
    ck_assert_str_eq(answered[0].code, "INVALID_MESSAGE");
    ck_assert_str_eq(answered[1].code, "INVALID_MESSAGE");
    ck_assert_str_eq(answered[2].code, "INVALID_SESSION");
    ck_assert_int_eq(count_of(EV_REFUSED), 3);
    ck_assert_int_eq(count_of(EV_SUBMITTED), 3);
    ck_assert_int_eq(count_of(EV_CREATED), 0);
    close_world();
}
END_TEST

START_TEST(unfinished_jobs_are_bounded) {
    open_world("production");
    config.jobs_max = 1;
    open_scheduler();
    speak(0);
    speak(1);
    ck_assert_int_eq(answered_count, 1);
    ck_assert_str_eq(answered[0].code, "SCHEDULER_OVERLOADED");
    close_world();
}
END_TEST

START_TEST(the_result_of_a_session_that_left_is_counted_and_dropped) {
    start_production();
    join(1, "n1", 4);
    speak(0);
    scheduler_session_gone(s, SESSION);
    answer(&assigned[0], OUTCOME_OK, "");
    ck_assert_int_eq(answered_count, 0);
    ck_assert_int_eq(count_of(EV_SESSION_GONE), 1);
    assert_nothing_in_flight();
    close_world();
}
END_TEST

START_TEST(a_session_id_is_open_once) {
    start_production();
    ck_assert_int_eq(open_session(2000, "s-1"), SCHED_FULL);
    ck_assert_int_eq(open_session(2000, "s 1"), SCHED_EINVAL);
    ck_assert_int_eq(open_session(2000, "s-2"), SCHED_OK);
    ck_assert_int_eq(scheduler_count(s).sessions, 2);
    close_world();
}
END_TEST

/* Answers every assignment that is older than the work takes, in the order in which they were sent. */
static int work_off(int from, usec_t work) {
    while (from < assigned_count && assigned[from].at + work <= engine_now(e)) {
        const said *a = &assigned[from++];
        scheduler_node_result(s, a->conn,
                              &(node_result){.job_id = a->job,
                                             .attempt = a->attempt,
                                             .outcome = OUTCOME_OK,
                                             .code = ""});
    }
    return from;
}

static int answers_to(const char *job_id) {
    int n = 0;
    for (int i = 0; i < answered_count; i++) n += !strcmp(answered[i].job, job_id);
    return n;
}

/* One history: jobs, answers and heartbeats go on while Redis pauses longer than the core's patience, again and again. */
static int survive_pauses(uint64_t seed) {
    rng chance;
    rng_init(&chance, seed, "pauses", 0);
    start_production();
    for (conn_token conn = 1; conn <= NODES; conn++) {
        char node[8];
        snprintf(node, sizeof node, "n%llu", (unsigned long long)conn);
        join(conn, node, 2);
    }
    int worked = 0;
    for (uint64_t step = 0; step < 60; step++) {
        if (rng_chance(&chance, 0.2)) {
            usec_t length = (usec_t)rng_below(&chance, 3 * USEC_PER_SEC);
            virtual_server_pause(server, engine_now(e) + length);
        }
        speak(step);
        pass((usec_t)rng_below(&chance, (uint64_t)second));
        worked = work_off(worked, 2 * second);
        if (step % 10 == 9)
            for (conn_token conn = 1; conn <= NODES; conn++) beat(conn);
    }
    for (int i = 0; i < 120; i++) {
        pass(second);
        worked = work_off(worked, 2 * second);
    }
    assert_nothing_in_flight();
    ck_assert_msg(answered_count == 60, "seed %llu: %d answers to 60 requests", (unsigned long long)seed,
                  answered_count);
    for (int i = 0; i < event_count; i++)
        if (kinds[i] == EV_CREATED)
            ck_assert_msg(answers_to(events[i].job) == 1, "seed %llu: %d answers to job %s", (unsigned long long)seed,
                          answers_to(events[i].job), events[i].job);
    for (conn_token conn = 1; conn <= NODES; conn++) {
        char node[8];
        snprintf(node, sizeof node, "n%llu", (unsigned long long)conn);
        ck_assert_int_eq(reservations_of(node), 0);
    }
    close_world();
    return count_of(EV_REDIS);
}

START_TEST(calls_of_unknown_outcome_neither_lose_nor_double_a_job) {
    int unknown = 0;
    for (uint64_t seed = 1; seed <= 10; seed++) unknown += survive_pauses(seed);
    ck_assert_msg(unknown >= 100, "only %d calls had an unknown outcome; the test shows nothing", unknown);
}
END_TEST

START_TEST(a_job_whose_end_is_being_written_is_not_placed_any_more) {
    start_production();
    speak(1);
    pass(config.pending_limit - 11 * USEC_PER_MSEC);
    virtual_server_pause(server, engine_now(e) + 3 * config.redis_patience);
    pass(10 * USEC_PER_MSEC);
    int proposed = count_of(EV_PROPOSED);
    pass(10 * second);
    ck_assert_int_eq(count_of(EV_PROPOSED), proposed);
    ck_assert_int_eq(answered_count, 1);
    ck_assert_int_eq(answered[0].outcome, OUTCOME_TIMED_OUT);
    close_world();
}
END_TEST

/* A link whose marks fail at once, after 5 ms, without having been sent. */
static redis_link real_link;

typedef struct failed_mark {
    link_callback *done;
    void *arg;
} failed_mark;

static failed_mark mark_failing;

static void mark_fails(void *arg) {
    (void)arg;
    mark_failing.done(mark_failing.arg, LINK_ERROR, NULL);
}

static void submit_but_marks(void *ctx, const redis_call *call, usec_t patience, link_callback *done, void *arg) {
    (void)ctx;
    if (call->script == SCRIPT_MARK_DISPATCHED && count_of(EV_RESERVED) == 1) {
        mark_failing = (failed_mark){done, arg};
        engine_at(e, engine_now(e) + 5 * USEC_PER_MSEC, mark_fails, NULL);
    } else {
        link_submit(&real_link, call, patience, done, arg);
    }
}

START_TEST(the_loss_of_a_node_that_never_got_the_job_costs_no_attempt) {
    open_world("production");
    real_link = link_virtual_interface(wire);
    open_scheduler_on((redis_link){.submit = submit_but_marks});
    join(1, "n1", 4);
    job_request request = {.request_id = "",
                           .session_id = "s-1",
                           .utterance = 1,
                           .pair = {"en", "de"},
                           .sound = audio_new(5 * second, 1024, NULL)};
    scheduler_submit(s, SESSION, &request);
    audio_unref(request.sound);
    pass(USEC_PER_MSEC);
    scheduler_node_gone(s, 1); /* while the mark is out; the reservation names the job */
    pass(10 * USEC_PER_MSEC);
    join(2, "n2", 4);
    pass(5 * second);
    ck_assert_int_eq(count_of(EV_RETRY), 0);
    ck_assert_int_eq(assigned_count, 1);
    ck_assert_int_eq(assigned[0].attempt, 1);
    answer(&assigned[0], OUTCOME_OK, "");
    assert_nothing_in_flight();
    close_world();
}
END_TEST

START_TEST(a_connection_has_one_session) {
    start_production();
    ck_assert_int_eq(open_session(SESSION, "s-2"), SCHED_EINVAL);
    ck_assert_str_eq(err.message, "session s-2: its connection has session s-1 open");
    ck_assert_int_eq(scheduler_count(s).sessions, 1);
    close_world();
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        a_job_costs_seven_script_calls_and_ends_released,
        an_ack_and_a_start_cost_one_call_each,
        a_silent_attempt_is_cancelled_and_tried_on_another_node_three_times_in_all,
        a_result_of_an_older_attempt_changes_nothing_and_is_counted,
        a_result_that_names_another_attempt_is_stale,
        a_node_that_acknowledges_must_do_so_within_five_seconds,
        a_failed_result_is_tried_elsewhere_and_told_when_all_attempts_failed,
        phase_3_lets_the_node_queue_and_never_refuses,
        on_full_refuse_answers_at_once,
        best_of_two_prefers_the_less_loaded_node,
        a_node_that_was_just_read_to_be_full_is_not_asked,
        least_fills_a_shard_evenly_and_takes_no_node_that_failed_the_job,
        one_request_id_is_one_job,
        bad_requests_are_refused_with_a_reason_and_make_no_job,
        unfinished_jobs_are_bounded,
        the_result_of_a_session_that_left_is_counted_and_dropped,
        a_session_id_is_open_once,
        calls_of_unknown_outcome_neither_lose_nor_double_a_job,
        a_job_whose_end_is_being_written_is_not_placed_any_more,
        the_loss_of_a_node_that_never_got_the_job_costs_no_attempt,
        a_connection_has_one_session,
    };
    return SUITE_RUN("jobs", tests);
}
