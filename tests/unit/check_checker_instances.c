/* What the checker excuses when instances end, and what it makes of several that tell in an order of their own. */
#include "tests/support/checker_story.h"
#include "tests/support/suite.h"

static void down(const char *id) {
    world((trace_event){.kind = TRACE_INSTANCE_DOWN, .instance = id, .code = "crash"});
}

/* ---- the end of an instance ----------------------------------------------------------------------------------------- */

START_TEST(a_job_of_an_instance_that_ended_may_be_further_than_was_told) {
    set_up_several(true);
    create("j1");
    reserve("j1", 1, "n1", 1);
    down("i0");
    told_by("i1");
    retry("j1", 3, "n2");
    reserve("j1", 3, "n1", 1);
    dispatch("j1", 3, "n1");
    work("j1", 3, "n1");
    unreserve("j1", 3, "n1");
    finish("j1", 3, "n1", OUTCOME_OK);
    expect_clean();
    tear_down();
}
END_TEST

START_TEST(it_still_has_to_end) {
    set_up_several(true);
    create("j1");
    down("i0");
    bins_pass(17);
    expect(VIOLATION_LOST);
    tear_down();
}
END_TEST

/* Seed 181 of scenarios/sweeps/crashes.yaml: the instance crashed between its last call and the answer. */
START_TEST(its_end_may_be_heard_of_by_whoever_asks_for_it) {
    set_up_several(true);
    create("j1");
    reserve("j1", 1, "n1", 1);
    dispatch("j1", 1, "n1");
    work("j1", 1, "n1");
    unreserve("j1", 1, "n1");
    down("i0");
    world((trace_event){.kind = TRACE_CLIENT_KNOWN, .job = "j1", .outcome = OUTCOME_OK});
    bins_pass(60);
    expect_clean();
    tear_down();
}
END_TEST

START_TEST(but_a_job_that_is_known_to_be_under_way_still_has_to_end) {
    set_up_several(true);
    create("j1");
    down("i0");
    world((trace_event){.kind = TRACE_CLIENT_KNOWN, .job = "j1", .outcome = OUTCOME_NONE});
    bins_pass(17);
    expect(VIOLATION_LOST);
    tear_down();
}
END_TEST

/* Reservations of these stories are given for 20 s. */
START_TEST(its_deadline_may_be_that_of_the_attempt_that_was_about_to_be_sent) {
    set_up_several(true);
    create("j1");
    reserve("j1", 1, "n1", 1);
    down("i0");
    bins_pass(24);
    expect_clean();
    bins_pass(3);
    expect(VIOLATION_LOST);
    tear_down();
}
END_TEST

static void stands_still(trace_kind kind, const char *id) {
    world((trace_event){.kind = kind, .instance = id, .code = "pause", .value = 1});
}

static void close_behind_a_pause_of(const char *id, int seconds) {
    set_up_several(true);
    core((sched_event){.kind = EV_SESSION_OPENED});
    stands_still(TRACE_FAULT_BEGIN, id);
    world((trace_event){.kind = TRACE_CLIENT_CLOSES});
    bins_pass(40);
    stands_still(TRACE_FAULT_END, id);
    bins_pass(seconds);
    told_by("i0");
    core((sched_event){.kind = EV_SESSION_CLOSED, .code = "closed"});
}

START_TEST(an_instance_that_stood_still_acknowledges_an_end_when_it_goes_on) {
    close_behind_a_pause_of("i0", 5);
    expect_clean();
    tear_down();
}
END_TEST

START_TEST(but_within_the_limit_from_then_on_and_others_have_no_excuse) {
    close_behind_a_pause_of("i0", 15);
    expect(VIOLATION_CLOSE);
    tear_down();
    close_behind_a_pause_of("i1", 5);
    expect(VIOLATION_CLOSE);
    tear_down();
}
END_TEST

START_TEST(it_still_ends_once) {
    set_up_several(true);
    create("j1");
    place("j1", 1, "n1");
    down("i0");
    told_by("i1");
    finish("j1", 1, "", OUTCOME_FAILED);
    finish("j1", 1, "", OUTCOME_FAILED);
    expect(VIOLATION_DOUBLE_END);
    tear_down();
}
END_TEST

START_TEST(the_jobs_of_others_are_not_excused) {
    set_up_several(true);
    create("j1");
    place("j1", 1, "n1");
    down("i1");
    retry("j1", 3, "n1");
    expect(VIOLATION_ATTEMPT);
    tear_down();
}
END_TEST

START_TEST(jobs_that_only_their_instance_knew_are_gone_with_it_and_counted) {
    set_up_several(false);
    create("j1");
    place("j1", 1, "n1");
    create("j2");
    whole_job("j3");
    told_by("i1");
    create("j4");
    down("i0");
    ck_assert_uint_eq(checker_gone(c), 2);
    bins_pass(12);
    expect_clean();
    finish("j4", 1, "", OUTCOME_FAILED);
    bins_pass(30);
    checker_end(c, now, true);
    expect_clean();
    tear_down();
}
END_TEST

START_TEST(a_job_that_was_made_and_never_told_may_be_ended_by_others) {
    set_up_several(true);
    down("i0");
    told_by("i1");
    retry("j9", 2, "n1");
    finish("j9", 2, "", OUTCOME_FAILED);
    expect_clean();
    bins_pass(80);
    finish("j8", 2, "", OUTCOME_FAILED);
    expect(VIOLATION_UNKNOWN_JOB);
    tear_down();
}
END_TEST

START_TEST(whoever_stood_still_tells_late_of_an_attempt_that_others_have_replaced) {
    set_up_several(true);
    create("j1");
    reserve("j1", 1, "n1", 1);
    world((trace_event){.kind = TRACE_FAULT_BEGIN, .instance = "i0", .code = "instance_pause"});
    told_by("i1");
    retry("j1", 2, "n1");
    told_by("i0");
    dispatch("j1", 1, "n1");
    expect_clean();
    told_by("i1");
    dispatch("j1", 1, "n1");
    expect(VIOLATION_ATTEMPT);
    tear_down();
}
END_TEST

/* ---- speakers ------------------------------------------------------------------------------------------------------- */

static void answer(uint64_t utterance) {
    world((trace_event){.kind = TRACE_CLIENT_ANSWERED, .utterance = utterance, .outcome = OUTCOME_OK});
}

START_TEST(what_was_asked_over_a_connection_that_ended_may_be_answered_and_need_not_be) {
    set_up_several(true);
    world((trace_event){.kind = TRACE_SESSION_OPENED});
    for (uint64_t u = 0; u < 2; u++) world((trace_event){.kind = TRACE_CLIENT_SENT, .utterance = u});
    world((trace_event){.kind = TRACE_SESSION_LOST});
    world((trace_event){.kind = TRACE_SESSION_BACK});
    answer(1);
    checker_end(c, now, true);
    expect_clean();
    answer(1);
    expect(VIOLATION_DOUBLED);
    tear_down();
}
END_TEST

START_TEST(who_asks_again_is_owed_an_answer_again) {
    set_up_several(true);
    world((trace_event){.kind = TRACE_SESSION_OPENED});
    world((trace_event){.kind = TRACE_CLIENT_SENT, .utterance = 1});
    world((trace_event){.kind = TRACE_SESSION_LOST});
    world((trace_event){.kind = TRACE_SESSION_BACK});
    world((trace_event){.kind = TRACE_CLIENT_RESENT, .utterance = 1});
    checker_end(c, now, true);
    expect(VIOLATION_UNANSWERED);
    tear_down();
}
END_TEST

START_TEST(sound_is_counted_anew_at_the_next_instance) {
    set_up_several(true);
    world((trace_event){.kind = TRACE_SESSION_OPENED});
    core((sched_event){.kind = EV_SESSION_OPENED});
    world((trace_event){.kind = TRACE_SOUND_CAME, .value = 1000});
    down("i0");
    world((trace_event){.kind = TRACE_SESSION_LOST});
    told_by("i1");
    core((sched_event){.kind = EV_SESSION_OPENED});
    world((trace_event){.kind = TRACE_SOUND_CAME, .value = 500});
    told_by("i0");
    core((sched_event){.kind = EV_AUDIO_DROPPED, .value = 1000}); /* of the one that ended */
    told_by("i1");
    core((sched_event){.kind = EV_CUT, .utterance = 3, .value = 500, .code = "manual"});
    expect_clean();
    core((sched_event){.kind = EV_CUT, .utterance = 4, .value = 1, .code = "manual"});
    expect(VIOLATION_SOUND);
    tear_down();
}
END_TEST

/* ---- several that tell ---------------------------------------------------------------------------------------------- */

START_TEST(a_count_that_another_instance_explains_in_time_is_no_leak) {
    set_up_several(true);
    create("j1");
    told_by("i1");
    create("j2");
    reserve("j2", 1, "n1", 2); /* Redis counts that of j1, of which i0 has not told yet */
    told_by("i0");
    reserve("j1", 1, "n1", 1);
    bins_pass(2);
    expect_clean();
    tear_down();
}
END_TEST

START_TEST(a_count_that_nobody_explains_is_a_leak_when_all_had_time_to_tell) {
    set_up_several(true);
    create("j2");
    reserve("j2", 1, "n1", 2);
    bins_pass(0);
    expect_clean();
    bins_pass(3);
    expect(VIOLATION_LEAKED);
    tear_down();
}
END_TEST

START_TEST(what_was_given_back_just_before_may_still_have_been_counted) {
    set_up_several(true);
    create("j1");
    create("j2");
    reserve("j1", 1, "n1", 1);
    unreserve("j1", 1, "n1");
    told_by("i1");
    reserve("j2", 1, "n1", 2);
    bins_pass(3);
    expect_clean();
    tear_down();
}
END_TEST

static void fill(const char *third) {
    create("j1");
    create("j2");
    create("j3");
    reserve("j1", 1, "n1", 1);
    reserve("j2", 1, "n1", 2);
    told_by(third);
    reserve("j3", 1, "n1", 2);
}

START_TEST(room_that_another_instance_gave_back_is_no_over_commit) {
    set_up_several(true);
    fill("i1");
    told_by("i0");
    unreserve("j1", 1, "n1");
    bins_pass(3);
    expect_clean();
    tear_down();
}
END_TEST

START_TEST(room_that_nobody_gave_back_is_one) {
    set_up_several(true);
    fill("i1");
    bins_pass(3);
    expect(VIOLATION_OVER_COMMIT);
    tear_down();
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        a_job_of_an_instance_that_ended_may_be_further_than_was_told,
        it_still_has_to_end,
        its_end_may_be_heard_of_by_whoever_asks_for_it,
        but_a_job_that_is_known_to_be_under_way_still_has_to_end,
        its_deadline_may_be_that_of_the_attempt_that_was_about_to_be_sent,
        an_instance_that_stood_still_acknowledges_an_end_when_it_goes_on,
        but_within_the_limit_from_then_on_and_others_have_no_excuse,
        it_still_ends_once,
        the_jobs_of_others_are_not_excused,
        jobs_that_only_their_instance_knew_are_gone_with_it_and_counted,
        a_job_that_was_made_and_never_told_may_be_ended_by_others,
        whoever_stood_still_tells_late_of_an_attempt_that_others_have_replaced,
        what_was_asked_over_a_connection_that_ended_may_be_answered_and_need_not_be,
        who_asks_again_is_owed_an_answer_again,
        sound_is_counted_anew_at_the_next_instance,
        a_count_that_another_instance_explains_in_time_is_no_leak,
        a_count_that_nobody_explains_is_a_leak_when_all_had_time_to_tell,
        what_was_given_back_just_before_may_still_have_been_counted,
        room_that_another_instance_gave_back_is_no_over_commit,
        room_that_nobody_gave_back_is_one,
    };
    return SUITE_RUN("checker of instances", tests);
}
