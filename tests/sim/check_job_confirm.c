/* check_job_confirm.c - between the grant and the socket: a node is asked once more before an assignment is written to it. */
#include "tests/support/hand_world.h"

#include <string.h>

#include "tests/support/fsck_now.h"
#include "tests/support/meddler.h"
#include "tests/support/suite.h"

/* What happens just before the first confirmation reaches Redis. */
typedef void happening(void);

static happening *before_confirm;

static meddling before_the_first_confirm(const redis_call *call) {
    if (call->script != SCRIPT_CONFIRM_RESERVATION || !before_confirm) return LET_THROUGH;
    happening *now = before_confirm;
    before_confirm = NULL;
    now();
    return LET_THROUGH;
}

static void start_with(happening *what) {
    open_world("production");
    before_confirm = what;
    open_scheduler_on(meddler_link(before_the_first_confirm));
}

static void release_behind_our_back(void) {
    redis_key key;
    ask_int("DEL", key_node_reservations(&key, &config.keys, "n1"));
}

START_TEST(a_reservation_that_is_gone_costs_an_attempt_and_nothing_is_sent_for_it) {
    start_with(release_behind_our_back);
    join(1, "n1", 4);
    speak(0);
    ck_assert_int_eq(count_of(EV_CONFIRM_REFUSED), 1);
    ck_assert_str_eq(last_of(EV_CONFIRM_REFUSED)->code, "released");
    ck_assert_int_eq(last_of(EV_CONFIRM_REFUSED)->attempt, 1);
    ck_assert_str_eq(last_of(EV_RETRY)->code, "RESERVATION_LOST");
    ck_assert_int_eq(assigned_count, 1);
    ck_assert_msg(assigned[0].attempt == 2 && assigned[0].conn == 1, "the node never saw the job, so it may have it");
    ck_assert_int_eq(cancelled_count, 0);
    answer(&assigned[0], OUTCOME_OK, "");
    assert_nothing_in_flight();
    expect_consistent();
    close_world();
}
END_TEST

static void node_goes(void) {
    scheduler_node_gone(s, 1);
}

START_TEST(an_assignment_never_goes_to_a_connection_that_has_ended) {
    start_with(node_goes);
    join(1, "n1", 4);
    speak(0);
    ck_assert_int_eq(assigned_count, 0);
    join(2, "n2", 4);
    pass(second);
    ck_assert_int_eq(assigned_count, 1);
    ck_assert_uint_eq(assigned[0].conn, 2);
    answer(&assigned[0], OUTCOME_OK, "");
    assert_nothing_in_flight();
    expect_consistent();
    close_world();
}
END_TEST

static void node_comes_back(void) {
    node_registration r = {.node_id = "n1", .asr = langs("en de"), .semantic = langs("en de"), .tts = langs("en de")};
    scheduler_node_register(s, 2, &r); /* its call overtakes the confirmation */
}

START_TEST(an_assignment_goes_over_the_connection_that_speaks_for_the_node_now) {
    start_with(node_comes_back);
    join(1, "n1", 4);
    join(3, "n3", 4);
    for (uint64_t u = 0; u < 4; u++) speak(u);
    beat(2);
    beat(3);
    pass(second);
    ck_assert_int_ge(count_of(EV_CONFIRM_REFUSED) + count_of(EV_RETRY), 1);
    ck_assert_int_eq(assigned_count, 4);
    for (int i = 0; i < 4; i++) ck_assert_uint_ne(assigned[i].conn, 1);
    for (int i = 0; i < 4; i++) answer(&assigned[i], OUTCOME_OK, "");
    assert_nothing_in_flight();
    expect_consistent();
    close_world();
}
END_TEST

static int confirms_to_lose, confirms;

static meddling lose_confirms(const redis_call *call) {
    if (call->script != SCRIPT_CONFIRM_RESERVATION) return LET_THROUGH;
    confirms++;
    return confirms <= confirms_to_lose ? DO_BUT_LOSE_ANSWER : LET_THROUGH;
}

START_TEST(a_confirmation_of_unknown_outcome_is_asked_again) {
    open_world("production");
    confirms_to_lose = 2;
    open_scheduler_on(meddler_link(lose_confirms));
    join(1, "n1", 4);
    speak(0);
    pass(2 * second);
    ck_assert_int_eq(confirms, 3);
    ck_assert_int_eq(assigned_count, 1);
    ck_assert_int_eq(assigned[0].attempt, 1);
    answer(&assigned[0], OUTCOME_OK, "");
    assert_nothing_in_flight();
    close_world();
}
END_TEST

START_TEST(a_confirmation_that_stays_unknown_is_a_refusal_and_its_reservation_is_released_first) {
    open_world("production");
    confirms_to_lose = 3;
    open_scheduler_on(meddler_link(lose_confirms));
    join(1, "n1", 4);
    speak(0);
    pass(3 * second);
    ck_assert_int_eq(count_of(EV_CONFIRM_REFUSED), 1);
    ck_assert_str_eq(last_of(EV_CONFIRM_REFUSED)->code, "unknown");
    int released = -1, retried = -1;
    for (int i = 0; i < event_count; i++) {
        if (kinds[i] == EV_UNRESERVED && released < 0) released = i;
        if (kinds[i] == EV_RETRY) retried = i;
    }
    ck_assert_msg(released >= 0 && released < retried, "released at event %d, retried at event %d", released, retried);
    ck_assert_int_eq(assigned_count, 1);
    ck_assert_int_eq(assigned[0].attempt, 2);
    ck_assert_int_eq(reservations_of("n1"), 1);
    answer(&assigned[0], OUTCOME_OK, "");
    assert_nothing_in_flight();
    expect_consistent();
    close_world();
}
END_TEST

START_TEST(three_reservations_that_are_lost_end_the_job_failed) {
    open_world("production");
    confirms_to_lose = 100;
    open_scheduler_on(meddler_link(lose_confirms));
    join(1, "n1", 4);
    speak(0);
    for (int i = 0; i < 3; i++) {
        pass(3 * second);
        beat(1);
    }
    ck_assert_int_eq(assigned_count, 0);
    ck_assert_int_eq(answered_count, 1);
    ck_assert_int_eq(answered[0].outcome, OUTCOME_FAILED);
    ck_assert_str_eq(answered[0].code, "RESERVATION_LOST");
    assert_nothing_in_flight();
    expect_consistent();
    close_world();
}
END_TEST

/* The attempt begins anew when the node starts: 10 s of its deadline passed in its queue. */
START_TEST(a_job_that_begins_late_keeps_its_reservation_until_its_deadline_and_the_grace) {
    start_production();
    join(1, "n1", 4);
    speak(0);
    scheduler_node_ack(s, 1, assigned[0].job, 1);
    pass(10 * second);
    beat(1);
    scheduler_node_started(s, 1, assigned[0].job, 1);
    pass(second / 100);
    ck_assert_int_eq(count_of(EV_EXTENDED), 1);
    pass(16 * second); /* 26 s after the grant: it was made for 25 s */
    beat(1);
    redis_key key;
    ck_assert_int_eq(ask_int("EXISTS", key_node_reservations(&key, &config.keys, "n1")), 1);
    answer(&assigned[0], OUTCOME_OK, "");
    ck_assert_int_eq(answered[0].outcome, OUTCOME_OK);
    ck_assert_int_eq(reservations_of("n1"), 0);
    assert_nothing_in_flight();
    close_world();
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        a_reservation_that_is_gone_costs_an_attempt_and_nothing_is_sent_for_it,
        an_assignment_never_goes_to_a_connection_that_has_ended,
        an_assignment_goes_over_the_connection_that_speaks_for_the_node_now,
        a_confirmation_of_unknown_outcome_is_asked_again,
        a_confirmation_that_stays_unknown_is_a_refusal_and_its_reservation_is_released_first,
        three_reservations_that_are_lost_end_the_job_failed,
        a_job_that_begins_late_keeps_its_reservation_until_its_deadline_and_the_grace,
    };
    return SUITE_RUN("job_confirm", tests);
}
