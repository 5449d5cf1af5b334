/* check_nodes.c - the life of a node: registration, pools, heartbeats, and every way in which it may go. */
#include "tests/support/hand_world.h"

#include <string.h>

#include "tests/support/suite.h"

START_TEST(a_node_is_in_its_pools_after_its_first_heartbeat) {
    start_production();
    offer(1, "", "en de fr", 4);
    ck_assert_int_eq(registered_count, 1);
    ck_assert_int_eq(strncmp(last_node, "node-", 5), 0);
    ck_assert_uint_eq(strlen(last_node), 13);
    ck_assert_int_eq(pool_size("en", "de"), 0);
    beat(1);
    ck_assert_int_eq(pool_size("en", "de"), 1);
    ck_assert_int_eq(pool_size("fr", "en"), 1);
    ck_assert_int_eq(count_of(EV_NODE_READY), 1);
    close_world();
}
END_TEST

START_TEST(registering_again_leaves_old_pools_and_joins_new_ones) {
    start_production();
    offer(1, "n1", "en de", 4);
    beat(1);
    offer(1, "n1", "en fr", 4);
    beat(1);
    ck_assert_int_eq(pool_size("en", "de"), 0);
    ck_assert_int_eq(pool_size("de", "en"), 0);
    ck_assert_int_eq(pool_size("en", "fr"), 1);
    ck_assert_int_eq(scheduler_count(s).nodes, 1);
    close_world();
}
END_TEST

START_TEST(a_registration_that_comes_while_pools_are_changed_is_applied_too) {
    start_production();
    offer(1, "n1", "en de", 4);
    scheduler_node_heartbeat(s, 1, &(node_load){.cpu = 10}); /* its answer starts the change of pools */
    node_registration other = {.node_id = "n1",
                               .asr = langs("en fr"),
                               .semantic = langs("en fr"),
                               .tts = langs("en fr"),
                               .slots = 4};
    scheduler_node_register(s, 1, &other);
    pass(100 * USEC_PER_MSEC);
    beat(1);
    ck_assert_int_eq(pool_size("en", "de"), 0);
    ck_assert_int_eq(pool_size("de", "en"), 0);
    ck_assert_int_eq(pool_size("en", "fr"), 1);
    ck_assert_int_eq(pool_size("fr", "en"), 1);
    close_world();
}
END_TEST

START_TEST(a_node_that_comes_back_may_speak_before_its_registration_is_stored) {
    start_production();
    join(1, "n1", 1);
    speak(1);
    scheduler_node_gone(s, 1);
    node_registration again = {.node_id = "n1",
                               .asr = langs("en de"),
                               .semantic = langs("en de"),
                               .tts = langs("en de"),
                               .slots = 1};
    scheduler_node_register(s, 2, &again);
    scheduler_node_ack(s, 2, assigned[0].job, assigned[0].attempt);
    scheduler_node_result(s, 2,
                          &(node_result){.job_id = assigned[0].job,
                                         .attempt = assigned[0].attempt,
                                         .outcome = OUTCOME_OK,
                                         .code = ""});
    pass(second);
    ck_assert_int_eq(answered_count, 1);
    ck_assert_int_eq(answered[0].outcome, OUTCOME_OK);
    close_world();
}
END_TEST

START_TEST(a_connection_without_a_node_speaks_for_no_job) {
    start_production();
    offer(9, "n 9", "en de", 1); /* refused: the connection is known, and has no node */
    speak(1);
    char job_id[ID_MAX + 1];
    snprintf(job_id, sizeof job_id, "%s", last_of(EV_CREATED)->job);
    scheduler_node_result(s, 9, &(node_result){.job_id = job_id, .attempt = 1, .outcome = OUTCOME_OK, .code = ""});
    scheduler_node_ack(s, 9, job_id, 1);
    ck_assert_int_eq(count_of(EV_STALE), 2);
    pass(60 * second);
    ck_assert_int_eq(answered[0].outcome, OUTCOME_TIMED_OUT);
    close_world();
}
END_TEST

START_TEST(bad_registrations_are_refused_with_the_reason) {
    start_production();
    offer(1, "n 1", "en de", 4);
    ck_assert_ptr_nonnull(strstr(last_refusal, "node id \"n 1\""));
    offer(1, "n1", "en", 4);
    ck_assert_ptr_nonnull(strstr(last_refusal, "no language pair"));
    offer(1, "n1", "en de", -1);
    ck_assert_ptr_nonnull(strstr(last_refusal, "concurrency limit -1"));
    ck_assert_int_eq(refused_count, 3);
    beat(9);
    ck_assert_int_eq(refused_count, 4);
    ck_assert_uint_eq(last_closed, 9);
    close_world();
}
END_TEST

START_TEST(a_lost_connection_empties_the_pools_and_moves_the_jobs_at_once) {
    start_production();
    join(1, "n1", 4);
    speak(0);
    join(2, "n2", 4);
    scheduler_node_gone(s, 1);
    pass(100 * USEC_PER_MSEC);
    ck_assert_int_eq(pool_size("en", "de"), 1);
    ck_assert_int_eq(assigned_count, 2);
    ck_assert_uint_eq(assigned[1].conn, 2);
    ck_assert_str_eq(last_of(EV_RETRY)->code, "NODE_LOST");
    ck_assert_str_eq(last_of(EV_NODE_OFFLINE)->code, "disconnected");
    answer(&assigned[1], OUTCOME_OK, "");
    ck_assert_int_eq(answered[0].outcome, OUTCOME_OK);
    redis_key key;
    ck_assert_int_eq(ask_int("EXISTS", key_node(&key, &config.keys, "n1")), 0);
    close_world();
}
END_TEST

START_TEST(a_silent_node_is_offline_after_45_seconds_and_a_sweep) {
    start_production();
    join(1, "n1", 4);
    usec_t last = engine_now(e) - 10 * USEC_PER_MSEC;
    pass(44 * second);
    ck_assert_int_eq(count_of(EV_NODE_OFFLINE), 0);
    pass(second + config.reap_round + 100 * USEC_PER_MSEC);
    ck_assert_int_eq(count_of(EV_NODE_OFFLINE), 1);
    ck_assert_str_eq(last_of(EV_NODE_OFFLINE)->code, "expired");
    ck_assert_int_ge(last_of(EV_NODE_OFFLINE)->at - last, 45 * second);
    ck_assert_int_eq(pool_size("en", "de"), 0);
    beat(1);
    ck_assert_int_eq(count_of(EV_NODE_EXPIRED_HEARTBEAT), 1);
    pass(100 * USEC_PER_MSEC);
    ck_assert_msg(pool_size("en", "de") == 1, "its heartbeat registers it again from what the connection keeps");
    ck_assert_int_eq(registered_count, 1);
    close_world();
}
END_TEST

START_TEST(the_late_end_of_an_old_connection_does_not_touch_the_node_that_came_back) {
    start_production();
    join(1, "n1", 4);
    join(2, "n1", 4);
    ck_assert_int_eq(closed_count, 1);
    ck_assert_uint_eq(last_closed, 1);
    scheduler_node_gone(s, 1);
    pass(second);
    ck_assert_int_eq(count_of(EV_NODE_OFFLINE), 0);
    ck_assert_int_eq(pool_size("en", "de"), 1);
    speak(0);
    ck_assert_uint_eq(assigned[0].conn, 2);
    close_world();
}
END_TEST

START_TEST(another_name_has_to_wait_until_the_registration_before_was_answered) {
    start_production();
    node_registration r = {.node_id = "n1",
                           .asr = langs("en de"),
                           .semantic = langs("en de"),
                           .tts = langs("en de"),
                           .slots = 4};
    scheduler_node_register(s, 1, &r);
    r.node_id = "n2";
    scheduler_node_register(s, 1, &r);
    ck_assert_int_eq(refused_count, 1);
    ck_assert_ptr_nonnull(strstr(last_refusal, "node n2: what was begun as n1 is still under way"));
    pass(second / 100);
    ck_assert_str_eq(last_node, "n1");
    scheduler_node_register(s, 1, &r);
    pass(second / 10);
    ck_assert_str_eq(last_node, "n2");
    redis_key key;
    ck_assert_int_eq(ask_int("EXISTS", key_node(&key, &config.keys, "n1")), 0);
    ck_assert_int_eq(ask_int("EXISTS", key_node(&key, &config.keys, "n2")), 1);
    close_world();
}
END_TEST

START_TEST(a_connection_that_ends_while_it_registers_leaves_nothing) {
    start_production();
    node_registration r = {.node_id = "n1",
                           .asr = langs("en de"),
                           .semantic = langs("en de"),
                           .tts = langs("en de"),
                           .slots = 4};
    scheduler_node_register(s, 1, &r);
    scheduler_node_gone(s, 1);
    pass(second);
    redis_key key;
    ck_assert_int_eq(ask_int("EXISTS", key_node(&key, &config.keys, "n1")), 0);
    ck_assert_int_eq(scheduler_count(s).nodes, 0);
    close_world();
}
END_TEST

START_TEST(a_stale_member_is_taken_out_by_whoever_is_refused) {
    start_production();
    join(1, "n1", 4);
    redis_call call;
    redis_key key;
    redis_reply *reply;
    call_command(&call, "DEL");
    call_key(&call, key_node(&key, &config.keys, "n1"));
    ck_assert(!virtual_redis_sync(redis, &call, &reply, &err));
    virtual_redis_reply_free(reply);
    speak(0);
    ck_assert_int_eq(pool_size("en", "de"), 0);
    ck_assert_str_eq(last_of(EV_GRANT_REFUSED)->code, "GONE");
    close_world();
}
END_TEST

/* Among many full nodes a proposal would hardly find it. */
START_TEST(a_node_that_becomes_ready_gets_the_waiting_jobs_for_all_its_slots_at_once) {
    enum { FULL = 100 };
    start_production();
    for (conn_token conn = 1; conn <= FULL; conn++) {
        char name[8];
        snprintf(name, sizeof name, "f%d", (int)conn);
        join(conn, name, 1);
        speak(conn);
    }
    for (uint64_t i = 1; i <= 5; i++) speak(FULL + i);
    pass(4 * second); /* the pauses between two tries are a second long by now */
    ck_assert_int_eq(assigned_count, FULL);
    join(FULL + 1, "n1", 3);
    ck_assert_int_eq(assigned_count, FULL + 3);
    usec_t ready = last_of(EV_NODE_READY)->at;
    for (int i = FULL; i < FULL + 3; i++) ck_assert_int_eq(assigned[i].at - ready, 0);
    ck_assert_int_eq(reservations_of("n1"), 3);
    ck_assert_int_eq(scheduler_count(s).waiting, 2);
    close_world();
}
END_TEST

/* The longest-waiting job that the node serves, with fewer and with more pairs waiting than it has. */
START_TEST(a_freed_slot_goes_to_the_longest_waiting_job_however_many_pairs_wait) {
    static const int starved[] = {0, 20};
    start_production();
    offer(1, "n1", "de en fr", 1); /* six pairs */
    beat(1);
    uint64_t next = 0;
    for (int i = 0; i < 2; i++) {
        int first = assigned_count;
        speak_as("", next++, "de");
        ck_assert_int_eq(assigned_count, first + 1);
        for (int pair = 0; pair < starved[i]; pair++) {
            char tgt[LANG_MAX + 1];
            snprintf(tgt, sizeof tgt, "x%d", pair);
            speak_as("", next++, tgt);
        }
        speak_as("", next++, "fr");
        char oldest[ID_MAX + 1];
        snprintf(oldest, sizeof oldest, "%s", last_of(EV_WAITING)->job);
        speak_as("", next++, "de");
        ck_assert_int_eq(scheduler_count(s).waiting, starved[i] + 2);
        answer(&assigned[first], OUTCOME_OK, "");
        ck_assert_str_eq(assigned[first + 1].job, oldest);
        answer(&assigned[first + 1], OUTCOME_OK, "");
        answer(&assigned[first + 2], OUTCOME_OK, "");
        ck_assert_int_eq(scheduler_count(s).waiting, starved[i]);
    }
    close_world();
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        a_node_is_in_its_pools_after_its_first_heartbeat,
        registering_again_leaves_old_pools_and_joins_new_ones,
        a_registration_that_comes_while_pools_are_changed_is_applied_too,
        a_node_that_comes_back_may_speak_before_its_registration_is_stored,
        a_connection_without_a_node_speaks_for_no_job,
        bad_registrations_are_refused_with_the_reason,
        a_lost_connection_empties_the_pools_and_moves_the_jobs_at_once,
        a_silent_node_is_offline_after_45_seconds_and_a_sweep,
        the_late_end_of_an_old_connection_does_not_touch_the_node_that_came_back,
        another_name_has_to_wait_until_the_registration_before_was_answered,
        a_connection_that_ends_while_it_registers_leaves_nothing,
        a_stale_member_is_taken_out_by_whoever_is_refused,
        a_node_that_becomes_ready_gets_the_waiting_jobs_for_all_its_slots_at_once,
        a_freed_slot_goes_to_the_longest_waiting_job_however_many_pairs_wait,
    };
    return SUITE_RUN("nodes", tests);
}
