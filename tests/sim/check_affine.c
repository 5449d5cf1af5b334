/* check_affine.c - a sentence that goes on: its node is asked before any other. */
#include "tests/support/hand_jobs.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/fsck_now.h"
#include "tests/support/hand_world.h"
#include "tests/support/meddler.h"
#include "tests/support/suite.h"

static void begin_on(uint64_t utterance, const char *affine) {
    begin_job(utterance, "de", NULL, affine);
    pass(second / 100);
}

static void expect_affinity(const char *node, const char *how) {
    ck_assert_int_eq(count_of(EV_AFFINITY), 1);
    ck_assert_str_eq(last_of(EV_AFFINITY)->node, node);
    ck_assert_str_eq(last_of(EV_AFFINITY)->code, how);
}

/* It went to the other node. */
static void expect_elsewhere(conn_token conn) {
    ck_assert_int_eq(assigned_count, 1);
    ck_assert_uint_eq(assigned[0].conn, conn);
    answer(&assigned[0], OUTCOME_OK, "");
    assert_nothing_in_flight();
    expect_consistent();
    close_world();
}

START_TEST(its_node_is_asked_without_a_proposal_however_loaded_it_is) {
    start_production();
    join(1, "n1", 64);
    join(2, "n2", 64);
    for (uint64_t u = 0; u < 20; u++) {
        uint64_t before = virtual_server_count(server).script_calls;
        begin_on(u, "n2");
        ck_assert_uint_eq(virtual_server_count(server).script_calls - before, 4);
    }
    ck_assert_int_eq(reservations_of("n2"), 20);
    ck_assert_int_eq(count_of(EV_PROPOSED), 0);
    ck_assert_int_eq(count_of(EV_AFFINITY), 20);
    ck_assert_str_eq(last_of(EV_AFFINITY)->code, "kept");
    for (int i = 0; i < 20; i++) answer(&assigned[i], OUTCOME_OK, "");
    assert_nothing_in_flight();
    close_world();
}
END_TEST

START_TEST(a_full_node_breaks_the_sentence_and_the_job_goes_elsewhere) {
    start_production();
    join(1, "n1", 1);
    begin_on(0, "n1");
    join(2, "n2", 4);
    begin_on(1, "n1");
    ck_assert_int_eq(assigned_count, 2);
    ck_assert_uint_eq(assigned[1].conn, 2);
    ck_assert_str_eq(last_of(EV_AFFINITY)->code, "full");
    for (int i = 0; i < 2; i++) answer(&assigned[i], OUTCOME_OK, "");
    assert_nothing_in_flight();
    close_world();
}
END_TEST

START_TEST(a_node_that_is_gone_breaks_it) {
    start_production();
    join(2, "n2", 4);
    begin_on(0, "n1");
    expect_affinity("n1", "dead");
    expect_elsewhere(2);
}
END_TEST

START_TEST(a_node_that_drains_breaks_it) {
    start_production();
    join(1, "n1", 4);
    join(2, "n2", 4);
    scheduler_node_drain(s, 1);
    pass(second / 100);
    begin_on(0, "n1");
    expect_affinity("n1", "dead");
    expect_elsewhere(2);
}
END_TEST

START_TEST(a_node_that_does_not_serve_the_pair_any_more_breaks_it) {
    start_production();
    join(1, "n1", 4);
    join(2, "n2", 4);
    offer(1, "n1", "en fr", 4);
    beat(1);
    begin_on(0, "n1");
    expect_affinity("n1", "unserved");
    expect_elsewhere(2);
}
END_TEST

START_TEST(a_node_that_registered_again_and_serves_the_pair_keeps_it) {
    start_production();
    join(1, "n1", 4);
    join(2, "n2", 4);
    offer(1, "n1", "en de fr", 4);
    beat(1);
    begin_on(0, "n1");
    expect_affinity("n1", "kept");
    ck_assert_uint_eq(assigned[0].conn, 1);
    answer(&assigned[0], OUTCOME_OK, "");
    close_world();
}
END_TEST

static int to_lose;

static meddling lose_grants(const redis_call *call) {
    if (call->script != SCRIPT_RESERVE_NODE || to_lose == 0) return LET_THROUGH;
    to_lose--;
    return DO_BUT_LOSE_ANSWER;
}

START_TEST(an_unknown_grant_is_released_before_the_job_goes_elsewhere) {
    open_world("production");
    to_lose = 1;
    open_scheduler_on(meddler_link(lose_grants));
    join(1, "n1", 4);
    begin_on(0, "n1");
    pass(2 * second);
    expect_affinity("n1", "dead");
    ck_assert_int_eq(count_of(EV_UNRESERVED), 1);
    ck_assert_int_eq(reservations_of("n1"), 1);
    expect_elsewhere(1); /* it is proposed like any other */
}
END_TEST

START_TEST(only_the_first_attempt_asks_it_first) {
    start_production();
    join(1, "n1", 4);
    join(2, "n2", 4);
    begin_on(0, "n1");
    answer(&assigned[0], OUTCOME_FAILED, "PROCESSING_ERROR");
    ck_assert_int_eq(assigned_count, 2);
    ck_assert_uint_eq(assigned[1].conn, 2);
    ck_assert_int_eq(count_of(EV_AFFINITY), 1);
    answer(&assigned[1], OUTCOME_OK, "");
    assert_nothing_in_flight();
    close_world();
}
END_TEST

START_TEST(a_siblings_node_is_not_asked) {
    start_production();
    offer(1, "n1", "en de fr", 4);
    beat(1);
    fanout *fan = new_fanout();
    begin_job(0, "de", fan, "n1");
    begin_job(0, "fr", fan, "n1");
    pass(second / 100);
    ck_assert_int_eq(assigned_count, 1);
    ck_assert_int_eq(count_of(EV_AFFINITY), 2);
    ck_assert_int_eq(count_of(EV_GRANT_REFUSED), 0);
    offer(2, "n2", "en de fr", 4);
    beat(2);
    ck_assert_int_eq(assigned_count, 2);
    for (int i = 0; i < 2; i++) answer(&assigned[i], OUTCOME_OK, "");
    assert_nothing_in_flight();
    expect_empty_in_the_end();
    close_world();
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        its_node_is_asked_without_a_proposal_however_loaded_it_is,
        a_full_node_breaks_the_sentence_and_the_job_goes_elsewhere,
        a_node_that_is_gone_breaks_it,
        a_node_that_drains_breaks_it,
        a_node_that_does_not_serve_the_pair_any_more_breaks_it,
        a_node_that_registered_again_and_serves_the_pair_keeps_it,
        an_unknown_grant_is_released_before_the_job_goes_elsewhere,
        only_the_first_attempt_asks_it_first,
        a_siblings_node_is_not_asked,
    };
    return SUITE_RUN("affine", tests);
}
