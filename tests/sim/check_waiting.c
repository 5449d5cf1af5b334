/* check_waiting.c - jobs that wait for room: who goes on, when, and who holds nobody up. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/hand_world.h"
#include "tests/support/suite.h"

START_TEST(without_a_node_a_job_ends_at_its_pending_limit) {
    start_production();
    speak(0);
    ck_assert_int_eq(scheduler_count(s).waiting, 1);
    pass(9900 * USEC_PER_MSEC);
    ck_assert_int_eq(answered_count, 0);
    pass(200 * USEC_PER_MSEC);
    ck_assert_int_eq(answered_count, 1);
    ck_assert_int_eq(answered[0].outcome, OUTCOME_TIMED_OUT);
    ck_assert_str_eq(answered[0].code, "NO_AVAILABLE_NODE");
    assert_nothing_in_flight();
    close_world();
}
END_TEST

START_TEST(a_waiting_job_is_placed_when_a_node_joins) {
    start_production();
    speak(0);
    pass(3 * second);
    join(1, "n1", 4);
    pass(second);
    ck_assert_int_eq(assigned_count, 1);
    answer(&assigned[0], OUTCOME_OK, "");
    ck_assert_int_eq(answered[0].outcome, OUTCOME_OK);
    close_world();
}
END_TEST

START_TEST(a_full_node_refuses_and_a_freed_slot_goes_to_the_longest_waiting_job_at_once) {
    start_production();
    join(1, "n1", 2);
    for (uint64_t u = 0; u < 5; u++) speak(u);
    ck_assert_int_eq(assigned_count, 2);
    ck_assert_int_eq(scheduler_count(s).waiting, 3);
    ck_assert_int_eq(reservations_of("n1"), 2);
    for (int i = 0; i < 5; i++) {
        usec_t freed = engine_now(e);
        answer(&assigned[i], OUTCOME_OK, "");
        if (i >= 3) continue;
        ck_assert_int_eq(assigned_count, 3 + i);
        ck_assert_msg(assigned[2 + i].at == freed, "after %lld us", (long long)(assigned[2 + i].at - freed));
    }
    ck_assert_int_eq(answered_count, 5);
    const char *order[5];
    for (int i = 0, n = 0; i < event_count; i++)
        if (kinds[i] == EV_CREATED) order[n++] = events[i].job;
    for (int i = 0; i < 5; i++) ck_assert_str_eq(assigned[i].job, order[i]);
    assert_nothing_in_flight();
    close_world();
}
END_TEST

START_TEST(a_freed_slot_is_given_without_asking_a_pool) {
    start_production();
    join(1, "n1", 1);
    for (uint64_t u = 0; u < 4; u++) speak(u);
    pass(2 * second);
    int proposed = count_of(EV_PROPOSED);
    uint64_t before = virtual_server_count(server).script_calls;
    answer(&assigned[0], OUTCOME_OK, "");
    pass(10 * USEC_PER_MSEC);
    ck_assert_int_eq(assigned_count, 2);
    ck_assert_int_eq(count_of(EV_PROPOSED), proposed);
    ck_assert_uint_eq(virtual_server_count(server).script_calls - before,
                      5); /* release, complete; grant, mark, confirm */
    close_world();
}
END_TEST

START_TEST(one_that_waits_asks_once_each_time) {
    start_production();
    join(1, "n1", 1);
    speak(0);
    speak(1);
    pass(3 * second);
    int proposed = count_of(EV_PROPOSED);
    pass(second);
    ck_assert_int_eq(count_of(EV_PROPOSED) - proposed, 1);
    close_world();
}
END_TEST

START_TEST(a_node_that_comes_is_filled_up_and_asked_no_further) {
    enum { SLOTS = 100 };
    start_production();
    for (uint64_t u = 0; u < SLOTS + 2; u++) speak(u);
    ck_assert_int_eq(scheduler_count(s).waiting, SLOTS + 2);
    join(1, "n1", SLOTS);
    ck_assert_int_eq(assigned_count, SLOTS);
    ck_assert_int_eq(count_of(EV_GRANT_REFUSED), 0);
    close_world();
}
END_TEST

START_TEST(a_job_that_failed_on_the_only_node_holds_nobody_up) {
    start_production();
    join(1, "n1", 4);
    speak(1);
    answer(&assigned[0], OUTCOME_FAILED, "PROCESSING_ERROR");
    ck_assert_int_eq(scheduler_count(s).waiting, 1);
    speak(2);
    ck_assert_int_eq(assigned_count, 2);
    scheduler_node_gone(s, 1);
    pass(10 * USEC_PER_MSEC);
    speak(3);
    ck_assert_int_eq(assigned_count, 2);
    join(2, "n1", 4);
    pass(2 * second);
    ck_assert_int_eq(assigned_count, 3);
    ck_assert_uint_eq(assigned[2].conn, 2);
    close_world();
}
END_TEST

START_TEST(the_slot_of_a_failed_attempt_goes_to_the_longest_waiting_job_at_once) {
    start_production();
    join(1, "n1", 1);
    speak(1);
    speak(2);
    ck_assert_int_eq(assigned_count, 1);
    answer(&assigned[0], OUTCOME_FAILED, "PROCESSING_ERROR");
    ck_assert_int_eq(assigned_count, 2);
    ck_assert_str_ne(assigned[1].job, assigned[0].job);
    close_world();
}
END_TEST

START_TEST(the_waiting_queue_is_bounded) {
    open_world("production");
    config.waiting_max = 2;
    open_scheduler();
    for (uint64_t u = 0; u < 3; u++) speak(u);
    ck_assert_int_eq(scheduler_count(s).waiting, 2);
    ck_assert_int_eq(answered_count, 1);
    ck_assert_str_eq(answered[0].code, "NO_AVAILABLE_NODE");
    close_world();
}
END_TEST

/* Where one of several masters is away, the jobs of its buckets cannot end. */
START_TEST(a_job_whose_end_cannot_be_written_holds_nobody_up) {
    open_world("production");
    open_scheduler_on_lossy_link();
    speak(0);
    lose_answers(SCRIPT_COMPLETE_TASK, 1000, false);
    pass(12 * second);
    ck_assert_int_eq(scheduler_count(s).waiting, 1);
    ck_assert(!scheduler_count(s).redis_down);
    join(1, "n1", 4);
    ck_assert_int_eq(assigned_count, 0);
    speak(1);
    ck_assert_int_eq(assigned_count, 1); /* at once, not behind it */
    answer(&assigned[0], OUTCOME_OK, "");
    scheduler_node_gone(s, 1);
    speak(2);
    ck_assert_int_eq(scheduler_count(s).waiting, 2);
    join(2, "n2", 1);
    beat_with(2, (node_load){.cpu = 99});
    pass(second);
    set_node_field("n2", "cpu", "1"); /* nobody is told: only the queue's timer finds it */
    pass(1100 * USEC_PER_MSEC);
    ck_assert_uint_eq(assigned[assigned_count - 1].conn, 2);
    lose_answers(SCRIPT_COMPLETE_TASK, 0, false);
    close_world();
}
END_TEST

START_TEST(where_nodes_queue_one_that_comes_takes_all_that_wait) {
    open_world("3");
    open_scheduler();
    for (uint64_t u = 0; u < 10; u++) speak(u);
    pass(3 * second);
    join(1, "n1", 2);
    ck_assert_int_eq(assigned_count, 10);
    close_world();
}
END_TEST

START_TEST(a_node_that_left_is_not_asked_for_the_slots_that_it_had) {
    enum { SLOTS = 20 };
    start_production();
    join(1, "n1", SLOTS);
    for (uint64_t u = 0; u < 2 * SLOTS; u++) speak(u);
    ck_assert_int_eq(assigned_count, SLOTS);
    int refused = count_of(EV_GRANT_REFUSED);
    scheduler_node_gone(s, 1);
    pass(10 * USEC_PER_MSEC);
    ck_assert_int_eq(count_of(EV_RETRY), SLOTS);
    ck_assert_int_eq(count_of(EV_GRANT_REFUSED), refused);
    close_world();
}
END_TEST

/* n1 speaks three languages and has one slot; it lacks the model for French, which `count` jobs wait for. */
static void french_waits(int count) {
    open_world("production");
    config.attempts_max = 1;
    open_scheduler();
    offer(1, "n1", "en de fr", 1);
    beat(1);
    speak_as("first", 1, "fr");
    node_result lacks = {.job_id = assigned[0].job,
                         .attempt = 1,
                         .outcome = OUTCOME_FAILED,
                         .code = "MODEL_NOT_AVAILABLE",
                         .service = "nmt@1"};
    scheduler_node_result(s, 1, &lacks);
    pass(10 * USEC_PER_MSEC);
    speak(2);
    for (int i = 0; i < count; i++) {
        char request_id[16];
        snprintf(request_id, sizeof request_id, "french-%d", i);
        speak_as(request_id, (uint64_t)i + 3, "fr");
    }
}

static int marked_refusals(void) {
    int count = 0;
    for (int i = 0; i < event_count; i++) count += kinds[i] == EV_GRANT_REFUSED && !strcmp(events[i].code, "MARKED");
    return count;
}

START_TEST(a_slot_that_a_pair_may_not_have_goes_to_the_next_one) {
    french_waits(3);
    for (uint64_t u = 0; u < 3; u++) speak(u + 10);
    ck_assert_int_eq(assigned_count, 2);
    int before = marked_refusals();
    for (int i = 1; i <= 3; i++) {
        usec_t freed = engine_now(e);
        answer(&assigned[i], OUTCOME_OK, "");
        ck_assert_int_eq(assigned_count, i + 2);
        ck_assert_int_eq(assigned[i + 1].at, freed);
        ck_assert_str_eq(assigned[i + 1].tgt, "de");
    }
    ck_assert_int_eq(marked_refusals() - before, 1); /* the pair is passed over then */
    close_world();
}
END_TEST

START_TEST(and_the_pair_is_asked_again_when_it_may_have_it) {
    french_waits(1);
    pass(1100 * USEC_PER_MSEC);
    answer(&assigned[1], OUTCOME_OK, "");
    ck_assert_int_eq(assigned_count, 2);
    speak(10);
    ck_assert_int_eq(assigned_count, 3);
    set_node_field("n1", "marked", "0");
    usec_t freed = engine_now(e) + 1100 * USEC_PER_MSEC;
    pass(1100 * USEC_PER_MSEC);
    answer(&assigned[2], OUTCOME_OK, "");
    ck_assert_int_eq(assigned_count, 4);
    ck_assert_str_eq(assigned[3].tgt, "fr");
    ck_assert_int_eq(assigned[3].at, freed);
    close_world();
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        without_a_node_a_job_ends_at_its_pending_limit,
        a_waiting_job_is_placed_when_a_node_joins,
        a_full_node_refuses_and_a_freed_slot_goes_to_the_longest_waiting_job_at_once,
        a_freed_slot_is_given_without_asking_a_pool,
        one_that_waits_asks_once_each_time,
        a_node_that_comes_is_filled_up_and_asked_no_further,
        a_job_that_failed_on_the_only_node_holds_nobody_up,
        the_slot_of_a_failed_attempt_goes_to_the_longest_waiting_job_at_once,
        the_waiting_queue_is_bounded,
        a_job_whose_end_cannot_be_written_holds_nobody_up,
        where_nodes_queue_one_that_comes_takes_all_that_wait,
        a_node_that_left_is_not_asked_for_the_slots_that_it_had,
        a_slot_that_a_pair_may_not_have_goes_to_the_next_one,
        and_the_pair_is_asked_again_when_it_may_have_it,
    };
    return SUITE_RUN("waiting", tests);
}
