/* check_fanout.c - the jobs of one utterance of a room, one for each language: existing nodes refuse a second one, so they go to
 * different nodes. */
#include "tests/support/hand_jobs.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/fsck_now.h"
#include "tests/support/hand_world.h"
#include "tests/support/meddler.h"
#include "tests/support/suite.h"

static const char *const targets[] = {"de", "fr", "es", "it"};
enum { TARGETS = sizeof targets / sizeof *targets };

static void join_all_languages(conn_token conn, int64_t slots) {
    char node[8];
    snprintf(node, sizeof node, "n%llu", (unsigned long long)conn);
    offer(conn, node, "en de fr es it", slots);
    beat(conn);
}

static void begin_fanout(uint64_t utterance, int count) {
    fanout *fan = new_fanout();
    for (int i = 0; i < count; i++) begin_job(utterance, targets[i], fan, "");
    pass(second / 100);
}

static const said *assignment_of(const char *name, int nth) {
    for (int i = 0; i < assigned_count; i++)
        if (!strcmp(assigned[i].job, name) && nth-- == 0) return &assigned[i];
    return NULL;
}

static int sent_to(conn_token conn) {
    int n = 0;
    for (int i = 0; i < assigned_count; i++) n += assigned[i].conn == conn;
    return n;
}

static void end(void) {
    for (int i = 0; i < assigned_count; i++) answer(&assigned[i], OUTCOME_OK, "");
    assert_nothing_in_flight();
    expect_consistent();
    expect_empty_in_the_end();
    close_world();
}

START_TEST(the_jobs_of_one_utterance_go_to_different_nodes) {
    start_production();
    for (conn_token conn = 1; conn <= TARGETS; conn++) join_all_languages(conn, 64);
    for (uint64_t u = 0; u < 20; u++) begin_fanout(u, TARGETS);
    ck_assert_int_eq(assigned_count, 20 * TARGETS);
    for (conn_token conn = 1; conn <= TARGETS; conn++)
        ck_assert_msg(sent_to(conn) == 20, "node %llu has %d of the 80 jobs, but should have one of each utterance",
                      (unsigned long long)conn, sent_to(conn));
    end();
}
END_TEST

START_TEST(a_retry_avoids_the_nodes_of_its_siblings_as_well_as_those_that_failed_it) {
    start_production();
    for (conn_token conn = 1; conn <= 4; conn++) join_all_languages(conn, 8);
    begin_fanout(0, 3);
    ck_assert_int_eq(assigned_count, 3);
    char name[ID_MAX + 1];
    memcpy(name, assigned[0].job, sizeof name);
    conn_token failed = assigned[0].conn;
    answer(&assigned[0], OUTCOME_FAILED, "PROCESSING_ERROR");
    const said *second_try = assignment_of(name, 1);
    ck_assert_ptr_nonnull(second_try);
    ck_assert_uint_ne(second_try->conn, failed);
    for (int i = 1; i < 3; i++) ck_assert_uint_ne(second_try->conn, assigned[i].conn);
    answer(&assigned[1], OUTCOME_OK, "");
    answer(second_try, OUTCOME_FAILED, "PROCESSING_ERROR");
    ck_assert_msg(!assignment_of(name, 2), "the node of a sibling remembers the utterance after its job has ended");
    ck_assert_int_eq(scheduler_count(s).waiting, 1);
    join_all_languages(5, 8);
    ck_assert_uint_eq(assignment_of(name, 2)->conn, 5);
    end();
}
END_TEST

START_TEST(a_freed_slot_on_a_siblings_node_goes_to_the_next_job_that_may_have_it) {
    start_production();
    join_all_languages(1, 2);
    begin_job(7, "de", NULL, "");
    pass(second / 100);
    begin_fanout(8, 2); /* one of them takes the second slot, the other may not have the node */
    ck_assert_int_eq(assigned_count, 2);
    begin_job(9, "it", NULL, "");
    pass(second / 100);
    ck_assert_int_eq(scheduler_count(s).waiting, 2);
    answer(&assigned[0], OUTCOME_OK, "");
    ck_assert_int_eq(assigned_count, 3);
    ck_assert_str_eq(last_of(EV_DISPATCHED)->job, assigned[2].job);
    ck_assert_int_eq(scheduler_count(s).waiting, 1);
    join_all_languages(2, 2);
    ck_assert_int_eq(assigned_count, 4);
    ck_assert_uint_eq(assigned[3].conn, 2);
    end();
}
END_TEST

START_TEST(where_there_are_too_few_nodes_the_rest_ends_at_its_pending_limit_and_the_others_go_well) {
    start_production();
    join_all_languages(1, 8);
    begin_fanout(0, 3);
    ck_assert_int_eq(assigned_count, 1);
    answer(&assigned[0], OUTCOME_OK, "");
    pass(config.pending_limit + second);
    int timed_out = 0;
    for (int i = 0; i < answered_count; i++) timed_out += answered[i].outcome == OUTCOME_TIMED_OUT;
    ck_assert_int_eq(answered_count, 3);
    ck_assert_int_eq(timed_out, 2);
    end();
}
END_TEST

static char victim[ID_MAX + 1]; /* the first job that asks for a confirmation does not get one */

static meddling lose_reservation_before_confirm(const redis_call *call) {
    if (call->script != SCRIPT_CONFIRM_RESERVATION) return LET_THROUGH;
    if (!*victim) snprintf(victim, sizeof victim, "%s", call_arg(call, 2));
    if (strcmp(victim, call_arg(call, 2)) != 0) return LET_THROUGH;
    redis_key key;
    ask_int("DEL", key_node_reservations(&key, &config.keys, "n1"));
    return LET_THROUGH;
}

START_TEST(a_node_that_was_asked_and_never_sent_the_job_is_free_for_the_siblings) {
    open_world("production");
    open_scheduler_on(meddler_link(lose_reservation_before_confirm));
    join_all_languages(1, 8);
    begin_fanout(0, 2);
    pass(2 * second);
    ck_assert_int_eq(count_of(EV_CONFIRM_REFUSED), 1);
    ck_assert_int_eq(assigned_count, 1);
    ck_assert_str_ne(assigned[0].job, victim);
    ck_assert_int_eq(scheduler_count(s).waiting, 1);
    pass(config.pending_limit);
    end();
}
END_TEST

START_TEST(placement_least_keeps_siblings_apart_too) {
    open_world("production");
    config.placement = PLACEMENT_LEAST;
    open_scheduler();
    for (conn_token conn = 1; conn <= TARGETS; conn++) join_all_languages(conn, 64);
    for (uint64_t u = 0; u < 10; u++) begin_fanout(u, TARGETS);
    for (conn_token conn = 1; conn <= TARGETS; conn++) ck_assert_int_eq(sent_to(conn), 10);
    end();
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        the_jobs_of_one_utterance_go_to_different_nodes,
        a_retry_avoids_the_nodes_of_its_siblings_as_well_as_those_that_failed_it,
        a_freed_slot_on_a_siblings_node_goes_to_the_next_job_that_may_have_it,
        where_there_are_too_few_nodes_the_rest_ends_at_its_pending_limit_and_the_others_go_well,
        a_node_that_was_asked_and_never_sent_the_job_is_free_for_the_siblings,
        placement_least_keeps_siblings_apart_too,
    };
    return SUITE_RUN("fanout", tests);
}
