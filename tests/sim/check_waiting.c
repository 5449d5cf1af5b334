/* check_waiting.c - jobs that wait for room: who goes on, when, and who holds nobody up. */
#include <check.h>

#include "tests/support/hand_world.h"
#include "tests/support/suite.h"

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

int main(void) {
    const TTest *const tests[] = {
        a_job_whose_end_cannot_be_written_holds_nobody_up,
        where_nodes_queue_one_that_comes_takes_all_that_wait,
        a_node_that_left_is_not_asked_for_the_slots_that_it_had,
    };
    return SUITE_RUN("waiting", tests);
}
