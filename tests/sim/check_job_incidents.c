/* check_job_incidents.c - what went wrong with jobs and reservations in the predecessor: one test each that would have caught it.
 *
 * Elsewhere: a full result behind an empty one (check_job_results.c), storms of missing models (check_verdicts.c), attempts that
 * carry their number and are three in all, a limit from the first dispatch on (check_jobs.c), one slot for a script
 * (tests/lua on a cluster). */
#include <stdio.h>
#include <string.h>

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

/* "Every stored job fails to deserialize": no timeout, no cancellation, no failover, no protection from doubles. */
START_TEST(a_stored_job_can_be_read_in_every_state) {
    start_production();
    speak(0);
    expect_consistent();
    join(1, "n1", 4);
    pass(2 * second);
    expect_consistent();
    scheduler_node_ack(s, 1, assigned[0].job, 1);
    pass(second / 100);
    expect_consistent();
    scheduler_node_started(s, 1, assigned[0].job, 1);
    pass(second / 100);
    expect_consistent();
    answer(&assigned[0], OUTCOME_OK, "");
    end();
}
END_TEST

/* "A reader sees dispatched=false, and the pending timeout would kill every running job." */
START_TEST(the_pending_limit_ends_no_job_that_runs) {
    start_production();
    join(1, "n1", 4);
    speak(0);
    pass(config.pending_limit + 2 * second);
    ck_assert_int_eq(answered_count, 0);
    ck_assert_int_eq(cancelled_count, 0);
    answer(&assigned[0], OUTCOME_OK, "");
    ck_assert_int_eq(answered[0].outcome, OUTCOME_OK);
    end();
}
END_TEST

/* "The following mark answers already dispatched, dispatched_at is not renewed, and the next scan times out again." */
START_TEST(the_next_attempt_has_a_deadline_of_its_own) {
    start_production();
    join(1, "n1", 4);
    join(2, "n2", 4);
    speak(0);
    usec_t limit = config.attempt_base + 2 * 5 * second;
    pass(limit + second / 2);
    ck_assert_int_eq(assigned_count, 2);
    for (conn_token conn = 1; conn <= 2; conn++) beat(conn);
    pass(assigned[1].at + limit - second / 2 - engine_now(e));
    ck_assert_int_eq(cancelled_count, 1);
    answer(&assigned[1], OUTCOME_OK, "");
    ck_assert_int_eq(answered[0].outcome, OUTCOME_OK);
    end();
}
END_TEST

/* "Any refusal: failed; no second candidate is tried." */
START_TEST(a_refused_grant_leads_to_the_next_candidate) {
    open_world("production");
    config.placement = PLACEMENT_RANDOM;
    open_scheduler();
    join(1, "n1", 1);
    join(2, "n2", 8);
    for (uint64_t u = 0; u < 9; u++) speak(u);
    ck_assert_int_gt(count_of(EV_GRANT_REFUSED), 0);
    ck_assert_int_eq(assigned_count, 9);
    for (int i = 0; i < 9; i++) answer(&assigned[i], OUTCOME_OK, "");
    end();
}
END_TEST

/* "SCAN of all jobs with their audio, on every instance, each second." */
START_TEST(looking_for_deadlines_costs_the_same_however_many_jobs_run) {
    uint64_t commands[2];
    for (int i = 0; i < 2; i++) {
        open_world("production");
        config.unanswered_max = 300;
        open_scheduler();
        answered_count = assigned_count = event_count = 0;
        join(1, "n1", 300);
        for (uint64_t u = 0; u < (i ? 200 : 1); u++) speak(u);
        uint64_t before = virtual_server_count(server).commands;
        pass(4 * second);
        commands[i] = virtual_server_count(server).commands - before;
        close_world();
    }
    ck_assert_msg(commands[0] == commands[1], "%llu commands with one job, %llu with 200",
                  (unsigned long long)commands[0], (unsigned long long)commands[1]);
}
END_TEST

static int releases;

static meddling refuse_first_release(const redis_call *call) {
    return call->script == SCRIPT_RELEASE_RESERVATION && releases++ == 0 ? REFUSE : LET_THROUGH;
}

/* "An expired reservation deletes only the string; reserved stays +1 for ever, and the node slowly becomes FULL." */
START_TEST(a_reservation_whose_release_was_lost_frees_its_slot_when_it_expires) {
    open_world("production");
    open_scheduler_on(meddler_link(refuse_first_release));
    join(1, "n1", 1);
    speak(0);
    answer(&assigned[0], OUTCOME_OK, "");
    ck_assert_int_eq(answered_count, 1);
    ck_assert_int_eq(reservations_of("n1"), 1);
    pass(15 * second);
    beat(1);
    pass(11 * second); /* 26 s: 20 s of the attempt and 5 s of grace are over */
    speak(1);
    pass(second);
    ck_assert_int_eq(assigned_count, 2);
    answer(&assigned[1], OUTCOME_OK, "");
    end();
}
END_TEST

/* "Every heartbeat writes reserved=0: in-flight reservations are wiped, oversell up to a full burst between heartbeats." */
START_TEST(a_heartbeat_that_tells_of_no_jobs_sells_no_slot_twice) {
    start_production();
    join(1, "n1", 2);
    for (uint64_t u = 0; u < 2; u++) speak(u);
    scheduler_node_heartbeat(s, 1, &(node_load){.running_jobs = 0});
    pass(second / 100);
    speak(2);
    ck_assert_int_eq(assigned_count, 2);
    ck_assert_int_eq(reservations_of("n1"), 2);
    for (int i = 0; i < 3; i++) answer(&assigned[i], OUTCOME_OK, "");
    end();
}
END_TEST

/* "On completion both release and dec are executed unconditionally: under-count when the job was never acknowledged." */
START_TEST(a_job_that_was_never_acknowledged_gives_back_one_slot) {
    start_production();
    join(1, "n1", 2);
    for (uint64_t u = 0; u < 4; u++) speak(u);
    ck_assert_int_eq(assigned_count, 2);
    answer(&assigned[0], OUTCOME_OK, "");
    ck_assert_int_eq(assigned_count, 3);
    ck_assert_int_eq(reservations_of("n1"), 2);
    for (int i = 1; i < 4; i++) answer(&assigned[i], OUTCOME_OK, "");
    end();
}
END_TEST

/* "A dead node is selected up to 45 s after a crash; its job is lost." */
START_TEST(the_jobs_of_a_node_that_died_without_a_word_go_elsewhere_at_their_deadline) {
    start_production();
    join(1, "n1", 4);
    speak(0);
    speak(1);
    ck_assert_int_eq(assigned_count, 2);
    join(2, "n2", 8); /* n1 says nothing more */
    pass(15 * second);
    beat(2);
    pass(6 * second);
    ck_assert_int_eq(assigned_count, 4);
    for (int i = 2; i < 4; i++) {
        ck_assert_uint_eq(assigned[i].conn, 2);
        answer(&assigned[i], OUTCOME_OK, "");
    }
    ck_assert_int_eq(answered_count, 2);
    for (int i = 0; i < 2; i++) ck_assert_int_eq(answered[i].outcome, OUTCOME_OK);
    end();
}
END_TEST

/* "All jobs fail with PROCESSING_ERROR" at one node, which answers fastest and so is always free. */
START_TEST(a_node_at_which_all_jobs_fail_costs_no_job_and_gets_few) {
    start_production();
    join(1, "n1", 4);
    join(2, "n2", 8);
    int given = 0;
    for (uint64_t u = 0; u < 100; u++) {
        int from = assigned_count;
        speak(u);
        for (int i = from; i < assigned_count; i++) {
            bool bad = assigned[i].conn == 1;
            given += bad;
            answer(&assigned[i], bad ? OUTCOME_FAILED : OUTCOME_OK, bad ? "PROCESSING_ERROR" : "");
        }
        pass(second / 10);
        if (u % 50 == 0)
            for (conn_token conn = 1; conn <= 2; conn++) beat(conn);
    }
    ck_assert_int_eq(answered_count, 100);
    for (int i = 0; i < 100; i++) ck_assert_int_eq(answered[i].outcome, OUTCOME_OK);
    ck_assert_int_eq(count_of(EV_NODE_DEGRADED), 1);
    ck_assert_msg(given <= 3 + 3, "%d of 100 jobs went to the node at which all fail", given);
    end();
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        a_stored_job_can_be_read_in_every_state,
        the_pending_limit_ends_no_job_that_runs,
        the_next_attempt_has_a_deadline_of_its_own,
        a_refused_grant_leads_to_the_next_candidate,
        looking_for_deadlines_costs_the_same_however_many_jobs_run,
        a_reservation_whose_release_was_lost_frees_its_slot_when_it_expires,
        a_heartbeat_that_tells_of_no_jobs_sells_no_slot_twice,
        a_job_that_was_never_acknowledged_gives_back_one_slot,
        the_jobs_of_a_node_that_died_without_a_word_go_elsewhere_at_their_deadline,
        a_node_at_which_all_jobs_fail_costs_no_job_and_gets_few,
    };
    return SUITE_RUN("job_incidents", tests);
}
