/* check_checker.c - hand-written streams of events: a good one passes, and each broken promise is seen as exactly that. */
#include <stdio.h>
#include <string.h>

#include "tests/support/checker_story.h"
#include "tests/support/suite.h"

START_TEST(a_run_that_keeps_its_promises_passes) {
    set_up();
    world((trace_event){.kind = TRACE_SESSION_OPENED});
    world((trace_event){.kind = TRACE_NODE_UP, .node = "n1", .value = 2});
    world((trace_event){.kind = TRACE_CLIENT_SENT, .utterance = 1});
    whole_job("j1");
    world((trace_event){.kind = TRACE_CLIENT_ANSWERED, .utterance = 1, .job = "j1", .outcome = OUTCOME_OK});
    world((trace_event){.kind = TRACE_CLIENT_SENT, .utterance = 2});
    core((sched_event){.kind = EV_SUBMITTED});
    core((sched_event){.kind = EV_REFUSED, .code = "SCHEDULER_OVERLOADED"});
    world((trace_event){.kind = TRACE_CLIENT_ANSWERED, .utterance = 2, .code = "SCHEDULER_OVERLOADED"});
    create("j2");
    place("j2", 1, "n1");
    unreserve("j2", 1, "n1");
    retry("j2", 2, "n1");
    place("j2", 2, "n2");
    core((sched_event){.kind = EV_ACCEPTED, .job = "j2", .attempt = 2, .node = "n2", .until = now + SECOND});
    core((sched_event){.kind = EV_STARTED, .job = "j2", .attempt = 2, .node = "n2", .until = now + SECOND});
    core((sched_event){.kind = EV_STALE, .job = "j2", .attempt = 1, .node = "n1"});
    work("j2", 2, "n2");
    unreserve("j2", 2, "n2");
    finish("j2", 2, "n2", OUTCOME_NO_TEXT);
    release("j2");
    bins_pass(120);
    checker_end(c, now, true);
    expect_clean();
    tear_down();
}
END_TEST

START_TEST(a_request_that_is_neither_refused_nor_created_breaks_the_first_sum) {
    set_up();
    core((sched_event){.kind = EV_SUBMITTED});
    bins_pass(1);
    ck_assert_str_eq(expect(VIOLATION_SUMS)->message, "submitted 1 is not refused 0 + created 0");
    tear_down();
}
END_TEST

START_TEST(a_job_that_ends_without_an_outcome_breaks_the_second_sum) {
    set_up();
    create("j1");
    finish("j1", 1, "", OUTCOME_NONE);
    bins_pass(1);
    ck_assert_str_eq(expect(VIOLATION_SUMS)->message, "created 1 is not finished 0 + in flight 0");
    tear_down();
}
END_TEST

START_TEST(an_event_about_a_job_that_was_never_created_is_seen) {
    set_up();
    finish("j9", 1, "n1", OUTCOME_FAILED);
    ck_assert_str_eq(expect(VIOLATION_UNKNOWN_JOB)->message, "finished of job j9, which is not known");
    tear_down();
}
END_TEST

/* Its creation was given up and refused, and happened in Redis later. */
START_TEST(a_job_that_nobody_knows_may_be_swept_away_after_calls_had_failed_but_not_end_well) {
    set_up();
    core((sched_event){.kind = EV_REDIS, .code = "unknown"});
    bins_pass(20);
    finish("j9", 1, "", OUTCOME_FAILED);
    expect_clean();
    finish("j9", 1, "n1", OUTCOME_OK);
    ck_assert_uint_eq(checker_count(c, VIOLATION_UNKNOWN_JOB), 1);
    bins_pass(60);
    finish("j9", 1, "", OUTCOME_FAILED);
    ck_assert_uint_eq(checker_count(c, VIOLATION_UNKNOWN_JOB), 2);
    tear_down();
}
END_TEST

/* The checker has no state of its own to set: a job is led to `from` by events, and `to` is one more event. */
static void lead_to(job_state from) {
    create("j1");
    if (from >= JOB_DISPATCHED && from <= JOB_RUNNING) place("j1", 1, "n1");
    if (from == JOB_ACCEPTED)
        core((sched_event){.kind = EV_ACCEPTED, .job = "j1", .attempt = 1, .node = "n1", .until = now});
    if (from == JOB_RUNNING)
        core((sched_event){.kind = EV_STARTED, .job = "j1", .attempt = 1, .node = "n1", .until = now});
    if (from >= JOB_FINISHED) finish("j1", 1, "", OUTCOME_FAILED);
    if (from == JOB_RELEASED) release("j1");
    if (from >= JOB_DISPATCHED && from <= JOB_RUNNING) unreserve("j1", 1, "n1");
}

static void step_to(job_state from, job_state to) {
    bool again = to == JOB_DISPATCHED || from == JOB_CREATED;
    if (again && from < JOB_FINISHED) reserve("j1", 1, "n1", 1);
    switch (to) {
    case JOB_CREATED:
        if (again) unreserve("j1", 1, "n1");
        retry("j1", 2, "n1");
        break;
    case JOB_DISPATCHED: dispatch("j1", 1, "n1"); break;
    case JOB_ACCEPTED:
        core((sched_event){.kind = EV_ACCEPTED, .job = "j1", .attempt = 1, .node = "n1", .until = now});
        break;
    case JOB_RUNNING:
        core((sched_event){.kind = EV_STARTED, .job = "j1", .attempt = 1, .node = "n1", .until = now});
        break;
    case JOB_FINISHED: finish("j1", 1, "", OUTCOME_FAILED); break;
    default:
        if (again) unreserve("j1", 1, "n1");
        release("j1");
    }
}

START_TEST(the_table_of_transitions_is_that_of_the_domain) {
    for (job_state from = 0; from < JOB_STATES; from++)
        for (job_state to = 0; to < JOB_STATES; to++) {
            set_up();
            lead_to(from);
            expect_clean();
            step_to(from, to);
            ck_assert_msg(checker_broken(c) == !job_may(from, to), "%s -> %s: %s", job_state_name(from),
                          job_state_name(to), checker_broken(c) ? checker_violation(c, 0)->message : "nothing seen");
            tear_down();
        }
}
END_TEST

START_TEST(a_step_that_skips_a_state_is_seen) {
    set_up();
    create("j1");
    place("j1", 1, "n1");
    core((sched_event){.kind = EV_STARTED, .job = "j1", .attempt = 1, .node = "n1", .until = now + SECOND});
    core((sched_event){.kind = EV_ACCEPTED, .job = "j1", .attempt = 1, .node = "n1", .until = now + SECOND});
    ck_assert_str_eq(expect(VIOLATION_TRANSITION)->message, "job j1 goes from RUNNING to ACCEPTED");
    tear_down();
}
END_TEST

START_TEST(a_job_that_is_created_twice_is_seen) {
    set_up();
    create("j1");
    create("j1");
    expect(VIOLATION_TRANSITION);
    tear_down();
}
END_TEST

START_TEST(an_attempt_that_does_not_grow_by_one_is_seen) {
    for (int64_t attempt = 1; attempt <= 3; attempt++) {
        set_up();
        create("j1");
        place("j1", 1, "n1");
        unreserve("j1", 1, "n1");
        retry("j1", attempt, "n1");
        if (attempt == 2)
            expect_clean();
        else
            expect(VIOLATION_ATTEMPT);
        tear_down();
    }
}
END_TEST

START_TEST(a_dispatch_of_another_attempt_than_the_present_one_is_seen) {
    set_up();
    create("j1");
    place("j1", 1, "n1");
    unreserve("j1", 1, "n1");
    retry("j1", 2, "n1");
    reserve("j1", 2, "n2", 1);
    core((sched_event){.kind = EV_RESERVED,
                       .job = "j1",
                       .attempt = 1,
                       .node = "n3",
                       .value = 1,
                       .limit = 2,
                       .until = now + SECOND});
    ck_assert_str_eq(expect(VIOLATION_ATTEMPT)->message, "job j1: reserved of attempt 1, expected attempt 2");
    tear_down();
}
END_TEST

START_TEST(a_dispatch_after_the_end_is_seen) {
    set_up();
    whole_job("j1");
    dispatch("j1", 1, "n1");
    ck_assert_str_eq(expect(VIOLATION_DISPATCH)->message, "job j1 is dispatched after its end");
    tear_down();
}
END_TEST

START_TEST(a_dispatch_to_a_node_without_reservation_is_seen) {
    set_up();
    create("j1");
    reserve("j1", 1, "n1", 1);
    dispatch("j1", 1, "n2");
    expect(VIOLATION_DISPATCH);
    tear_down();
}
END_TEST

START_TEST(a_job_that_finishes_twice_is_seen_with_its_history) {
    set_up();
    whole_job("j1");
    finish("j1", 1, "n1", OUTCOME_OK);
    const violation *v = expect(VIOLATION_DOUBLE_END);
    ck_assert_str_eq(v->message, "job j1 finishes a second time, now ok");
    ck_assert_str_eq(v->job, "j1");
    ck_assert_int_eq(v->at, now - 1000);
    ck_assert_msg(strstr(v->history, "last events of job j1:\n      0.001000 s  created") != NULL, "%s", v->history);
    ck_assert_msg(strstr(v->history, "last events of the run:\n") != NULL, "%s", v->history);
    tear_down();
}
END_TEST

START_TEST(a_result_of_an_older_attempt_never_ends_a_job) {
    set_up();
    create("j1");
    place("j1", 1, "n1");
    unreserve("j1", 1, "n1");
    retry("j1", 2, "n1");
    place("j1", 2, "n2");
    work("j1", 1, "n1");
    finish("j1", 1, "n1", OUTCOME_OK);
    expect(VIOLATION_STALE_END);
    tear_down();
}
END_TEST

START_TEST(a_result_of_a_node_that_did_not_work_never_ends_a_job) {
    set_up();
    create("j1");
    place("j1", 1, "n1");
    finish("j1", 1, "n1", OUTCOME_OK);
    ck_assert_str_eq(expect(VIOLATION_STALE_END)->message, "job j1 ends ok by attempt 1 on node n1; attempt 1 was "
                                                           "dispatched to n1, which has not finished any work "
                                                           "on it");
    tear_down();
}
END_TEST

START_TEST(a_result_of_another_node_never_ends_a_job) {
    set_up();
    create("j1");
    place("j1", 1, "n1");
    work("j1", 1, "n1");
    finish("j1", 1, "n2", OUTCOME_OK);
    expect(VIOLATION_STALE_END);
    tear_down();
}
END_TEST

START_TEST(a_job_is_lost_five_seconds_after_its_last_deadline) {
    set_up();
    create("j1");
    place("j1", 1, "n1");
    bins_pass(19);
    expect_clean();
    bins_pass(3);
    const violation *v = expect(VIOLATION_LOST);
    ck_assert_msg(!strncmp(v->message, "job j1 is DISPATCHED, attempt 1, and its last deadline was at 15.00", 66), "%s",
                  v->message);
    bins_pass(30);
    expect(VIOLATION_LOST);
    tear_down();
}
END_TEST

START_TEST(no_job_is_lost_while_calls_fail_and_five_seconds_longer) {
    set_up();
    create("j1");
    place("j1", 1, "n1");
    bins_pass(17);
    core((sched_event){.kind = EV_REDIS, .code = "unknown"});
    bins_pass(4);
    core((sched_event){.kind = EV_REDIS, .code = "refused"});
    bins_pass(4);
    expect_clean();
    bins_pass(3);
    expect(VIOLATION_LOST);
    tear_down();
}
END_TEST

START_TEST(a_retry_has_the_pending_limit_for_its_deadline) {
    set_up();
    create("j1");
    place("j1", 1, "n1");
    unreserve("j1", 1, "n1");
    retry("j1", 2, "n1");
    bins_pass(14);
    expect_clean();
    bins_pass(3);
    expect(VIOLATION_LOST);
    tear_down();
}
END_TEST

START_TEST(a_second_answer_is_seen) {
    set_up();
    world((trace_event){.kind = TRACE_SESSION_OPENED});
    world((trace_event){.kind = TRACE_CLIENT_SENT, .utterance = 7});
    world((trace_event){.kind = TRACE_CLIENT_ANSWERED, .utterance = 7, .job = "j1", .outcome = OUTCOME_OK});
    world((trace_event){.kind = TRACE_CLIENT_ANSWERED, .utterance = 7, .job = "j2", .outcome = OUTCOME_OK});
    ck_assert_str_eq(expect(VIOLATION_DOUBLED)->message,
                     "session s1: utterance 7 to en is answered a second time (job j2, ok)");
    tear_down();
}
END_TEST

START_TEST(an_answer_that_nobody_asked_for_is_seen) {
    set_up();
    world((trace_event){.kind = TRACE_SESSION_OPENED});
    world((trace_event){.kind = TRACE_CLIENT_ANSWERED, .utterance = 7, .code = "INVALID_SESSION"});
    expect(VIOLATION_DOUBLED);
    tear_down();
}
END_TEST

START_TEST(after_a_refusal_the_same_utterance_may_be_sent_and_answered_again) {
    set_up();
    world((trace_event){.kind = TRACE_SESSION_OPENED});
    for (int i = 0; i < 2; i++) {
        world((trace_event){.kind = TRACE_CLIENT_SENT, .utterance = 7});
        world((trace_event){.kind = TRACE_CLIENT_ANSWERED, .utterance = 7, .outcome = i ? OUTCOME_OK : OUTCOME_NONE});
    }
    checker_end(c, now, true);
    expect_clean();
    tear_down();
}
END_TEST

/* What came for utterance 7: s sent, r sent again, - refused, + answered. */
static void client_story(const char *story) {
    world((trace_event){.kind = TRACE_SESSION_OPENED});
    for (; *story; story++) {
        world((trace_event){.kind = *story == 's'   ? TRACE_CLIENT_SENT
                                    : *story == 'r' ? TRACE_CLIENT_RESENT
                                                    : TRACE_CLIENT_ANSWERED,
                            .utterance = 7,
                            .outcome = *story == '+' ? OUTCOME_OK : OUTCOME_NONE});
    }
}

START_TEST(what_is_sent_again_has_one_answer_and_a_refusal_for_each_sending) {
    static const struct {
        const char *story;
        int broken; /* violation_kind, or -1 */
    } cases[] = {
        {"sr+", -1},
        {"srr+", -1},
        {"sr-+", -1},
        {"sr+-", -1},
        {"sr--", -1},
        {"srr-+-", -1},
        {"sr++", VIOLATION_DOUBLED},
        {"sr+--", VIOLATION_DOUBLED},
        {"sr---", VIOLATION_DOUBLED},
        {"sr-++", VIOLATION_DOUBLED},
        {"sr-", VIOLATION_UNANSWERED},
        {"sr", VIOLATION_UNANSWERED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        set_up();
        client_story(cases[i].story);
        checker_end(c, now, true);
        if (cases[i].broken < 0)
            expect_clean();
        else
            expect((violation_kind)cases[i].broken);
        tear_down();
    }
}
END_TEST

START_TEST(a_request_of_an_open_session_that_stays_unanswered_is_seen_when_the_run_is_drained) {
    for (int closed = 0; closed < 2; closed++) {
        set_up();
        world((trace_event){.kind = TRACE_SESSION_OPENED});
        world((trace_event){.kind = TRACE_CLIENT_SENT, .utterance = 1});
        if (closed) world((trace_event){.kind = TRACE_SESSION_CLOSED});
        checker_end(c, now, false);
        expect_clean();
        checker_end(c, now, true);
        if (closed)
            expect_clean();
        else
            expect(VIOLATION_UNANSWERED);
        tear_down();
    }
}
END_TEST

static void fill_beyond_the_limit(void) {
    world((trace_event){.kind = TRACE_NODE_UP, .node = "n1", .value = 2});
    for (int i = 1; i <= 3; i++) {
        char job[16];
        snprintf(job, sizeof job, "j%d", i);
        create(job);
        reserve(job, 1, "n1", i);
    }
}

START_TEST(more_reservations_than_slots_are_seen_while_the_limit_is_enforced) {
    for (int limit = 0; limit < 2; limit++) {
        set_up_with(limit);
        fill_beyond_the_limit();
        if (limit)
            ck_assert_str_eq(expect(VIOLATION_OVER_COMMIT)->message,
                             "node n1 holds 3 unexpired reservations, its limit is 2");
        else
            expect_clean();
        tear_down();
    }
}
END_TEST

START_TEST(an_expired_reservation_takes_no_room) {
    set_up();
    create("j1");
    reserve("j1", 1, "n1", 1);
    create("j2");
    reserve("j2", 1, "n1", 2);
    finish("j1", 1, "", OUTCOME_FAILED);
    finish("j2", 1, "", OUTCOME_FAILED);
    bins_pass(21);
    create("j3");
    reserve("j3", 1, "n1", 1);
    expect_clean();
    tear_down();
}
END_TEST

START_TEST(a_release_of_the_job_while_its_reservation_stands_is_seen) {
    set_up();
    create("j1");
    place("j1", 1, "n1");
    work("j1", 1, "n1");
    finish("j1", 1, "n1", OUTCOME_OK);
    expect_clean();
    release("j1");
    expect(VIOLATION_UNRELEASED);
    tear_down();
}
END_TEST

START_TEST(a_retry_while_the_reservation_of_the_old_attempt_stands_is_seen) {
    set_up();
    create("j1");
    place("j1", 1, "n1");
    retry("j1", 2, "n1");
    expect(VIOLATION_UNRELEASED);
    tear_down();
}
END_TEST

START_TEST(a_reservation_that_was_given_back_by_word_only_is_seen_at_the_next_grant) {
    set_up();
    whole_job("j1");
    create("j2");
    reserve("j2", 1, "n1", 2);
    ck_assert_str_eq(expect(VIOLATION_LEAKED)->message,
                     "Redis counts 2 reservations of node n1, the events account for 1");
    tear_down();
}
END_TEST

START_TEST(what_is_reserved_is_not_judged_while_calls_to_redis_fail) {
    set_up();
    create("j1");
    place("j1", 1, "n1");
    core((sched_event){.kind = EV_REDIS, .code = "unknown"});
    retry("j1", 2, "n1");
    reserve("j1", 2, "n2", 5);
    expect_clean();
    tear_down();
}
END_TEST

START_TEST(jobs_that_are_left_after_the_drain_are_seen) {
    set_up();
    create("j1");
    checker_end(c, now, true);
    expect(VIOLATION_UNDRAINED);
    tear_down();
}
END_TEST

START_TEST(a_finding_in_the_data_is_a_violation) {
    set_up();
    checker_data(c, now, "pool {de:en} names node n7, which does not exist");
    expect(VIOLATION_DATA);
    tear_down();
}
END_TEST

START_TEST(violations_beyond_the_first_sixteen_are_counted_only) {
    set_up();
    for (int i = 0; i < 20; i++) finish("j9", 1, "n1", OUTCOME_OK);
    ck_assert_uint_eq(checker_violations(c), VIOLATIONS_MAX);
    ck_assert_uint_eq(checker_count(c, VIOLATION_UNKNOWN_JOB), 20);
    tear_down();
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        a_run_that_keeps_its_promises_passes,
        a_request_that_is_neither_refused_nor_created_breaks_the_first_sum,
        a_job_that_ends_without_an_outcome_breaks_the_second_sum,
        an_event_about_a_job_that_was_never_created_is_seen,
        a_job_that_nobody_knows_may_be_swept_away_after_calls_had_failed_but_not_end_well,
        the_table_of_transitions_is_that_of_the_domain,
        a_step_that_skips_a_state_is_seen,
        a_job_that_is_created_twice_is_seen,
        an_attempt_that_does_not_grow_by_one_is_seen,
        a_dispatch_of_another_attempt_than_the_present_one_is_seen,
        a_dispatch_after_the_end_is_seen,
        a_dispatch_to_a_node_without_reservation_is_seen,
        a_job_that_finishes_twice_is_seen_with_its_history,
        a_result_of_an_older_attempt_never_ends_a_job,
        a_result_of_a_node_that_did_not_work_never_ends_a_job,
        a_result_of_another_node_never_ends_a_job,
        a_job_is_lost_five_seconds_after_its_last_deadline,
        no_job_is_lost_while_calls_fail_and_five_seconds_longer,
        a_retry_has_the_pending_limit_for_its_deadline,
        a_second_answer_is_seen,
        an_answer_that_nobody_asked_for_is_seen,
        after_a_refusal_the_same_utterance_may_be_sent_and_answered_again,
        what_is_sent_again_has_one_answer_and_a_refusal_for_each_sending,
        a_request_of_an_open_session_that_stays_unanswered_is_seen_when_the_run_is_drained,
        more_reservations_than_slots_are_seen_while_the_limit_is_enforced,
        an_expired_reservation_takes_no_room,
        a_release_of_the_job_while_its_reservation_stands_is_seen,
        a_retry_while_the_reservation_of_the_old_attempt_stands_is_seen,
        a_reservation_that_was_given_back_by_word_only_is_seen_at_the_next_grant,
        what_is_reserved_is_not_judged_while_calls_to_redis_fail,
        jobs_that_are_left_after_the_drain_are_seen,
        a_finding_in_the_data_is_a_violation,
        violations_beyond_the_first_sixteen_are_counted_only,
    };
    return SUITE_RUN("checker", tests);
}
