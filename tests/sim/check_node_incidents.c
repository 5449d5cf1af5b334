/* check_node_incidents.c - what once went wrong with nodes and pools in the system before this one: each sentence says what would
 * have caught it. */
#include "tests/support/hand_world.h"

#include <string.h>

#include "tests/support/suite.h"

START_TEST(a_node_that_beats_in_time_stays_online_however_slow_redis_is) {
    start_production();
    join(1, "n1", 4);
    virtual_server_pause(server, engine_now(e) + 25 * second);
    for (int i = 0; i < 8; i++) {
        pass(15 * second);
        beat(1);
    }
    ck_assert_int_eq(count_of(EV_NODE_OFFLINE), 0);
    ck_assert_int_eq(count_of(EV_NODE_EXPIRED_HEARTBEAT), 0);
    ck_assert_int_eq(count_of(EV_NODE_READY), 1);
    ck_assert_str_eq(node_field("n1", "status"), "ready");
    ck_assert_int_eq(pool_size("en", "de"), 1);
    close_world();
}
END_TEST

START_TEST(hundreds_of_idle_nodes_keep_each_other_from_nothing) {
    enum { IDLE = 300 };
    start_production();
    for (int round = 0; round < 8; round++) {
        for (conn_token conn = 1; conn <= IDLE; conn++) {
            char name[16];
            snprintf(name, sizeof name, "n%d", (int)conn);
            if (round == 0) offer_now(conn, name, "en de", 4);
            scheduler_node_heartbeat(s, conn, &(node_load){.cpu = 10});
        }
        pass(15 * second);
    }
    ck_assert_int_eq(count_of(EV_NODE_READY), IDLE);
    ck_assert_int_eq(count_of(EV_NODE_OFFLINE), 0);
    ck_assert_int_eq(pool_size("en", "de"), IDLE);
    close_world();
}
END_TEST

/* As text, 9 is more than 10. */
START_TEST(loads_and_limits_compare_as_numbers) {
    start_production();
    join(1, "n1", 10);
    for (uint64_t i = 0; i < 11; i++) speak(i);
    ck_assert_int_eq(assigned_count, 10);
    ck_assert_int_eq(scheduler_count(s).waiting, 1);
    close_world();
}
END_TEST

START_TEST(languages_in_any_order_and_case_are_one_set_of_pools) {
    start_production();
    offer(1, "n1", "FR en De", 4);
    beat(1);
    offer(2, "n2", "de EN fr", 4);
    beat(2);
    ck_assert_int_eq(pool_size("en", "de"), 2);
    ck_assert_int_eq(pool_size("de", "fr"), 2);
    close_world();
}
END_TEST

START_TEST(no_pool_is_of_a_language_with_itself) {
    start_production();
    offer(1, "n1", "en de fr", 4);
    beat(1);
    ck_assert_int_eq(pool_size("en", "en"), 0);
    close_world();
}
END_TEST

START_TEST(a_registered_node_has_its_owner_at_once_and_jobs_with_its_first_heartbeat) {
    start_production();
    offer(1, "n1", "en de", 4);
    ck_assert_str_eq(node_field("n1", "owner"), "one:0000000000000001");
    beat(1);
    speak(0);
    ck_assert_int_eq(assigned_count, 1);
    ck_assert_uint_eq(assigned[0].conn, 1);
    close_world();
}
END_TEST

START_TEST(a_node_that_never_beats_is_offline_after_its_ttl) {
    start_production();
    offer(1, "n1", "en de", 4);
    pass(config.node_ttl + config.reap_round + second);
    ck_assert_str_eq(last_of(EV_NODE_OFFLINE)->code, "expired");
    ck_assert_str_eq(node_field("n1", "status"), "");
    close_world();
}
END_TEST

START_TEST(the_end_of_an_old_connection_leaves_the_owner_of_the_node_that_came_back) {
    start_production();
    join(1, "n1", 4);
    offer_now(2, "n1", "en de", 4);
    scheduler_node_gone(s, 1); /* before Redis has stored the new one */
    pass(second);
    ck_assert_str_eq(node_field("n1", "owner"), "one:0000000000000002");
    beat(2);
    ck_assert_int_eq(pool_size("en", "de"), 1);
    ck_assert_str_eq(node_field("n1", "status"), "ready");
    close_world();
}
END_TEST

START_TEST(the_end_of_a_connection_that_comes_before_the_new_registration_ends_only_the_old_one) {
    start_production();
    join(1, "n1", 4);
    scheduler_node_gone(s, 1);
    offer_now(2, "n1", "en de", 4);
    pass(second);
    beat(2);
    ck_assert_int_eq(pool_size("en", "de"), 1);
    ck_assert_str_eq(node_field("n1", "status"), "ready");
    ck_assert_int_eq(scheduler_count(s).nodes, 1);
    close_world();
}
END_TEST

START_TEST(one_living_node_is_found_among_199_dead_ones) {
    enum { DEAD = 199 };
    redis_key key;
    start_production();
    for (conn_token conn = 1; conn <= DEAD + 1; conn++) {
        char name[16];
        snprintf(name, sizeof name, "n%d", (int)conn);
        join(conn, name, 1);
        if (conn <= DEAD) ask_int("DEL", key_node(&key, &config.keys, name));
    }
    ck_assert_int_eq(pool_size("en", "de"), DEAD + 1);
    speak(0);
    ck_assert_msg(assigned_count == 1, "not at once");
    ck_assert_uint_eq(assigned[0].conn, DEAD + 1);
    close_world();
}
END_TEST

START_TEST(one_full_pool_does_not_keep_a_node_out_of_its_other_pools) {
    redis_call call;
    redis_key key;
    redis_reply *reply;
    start_production();
    call_command(&call, "EVAL");
    call_str(&call, "for i = 0, 99999 do redis.call('HSET', KEYS[1], i, 'x' .. i .. ' 1') end return 1");
    call_int(&call, 1);
    call_str(&call, key_pool_members(&key, &config.keys, "en", "fr"));
    ck_assert_msg(!virtual_redis_sync(redis, &call, &reply, &err), "%s", err.message);
    virtual_redis_reply_free(reply);
    offer(1, "n1", "en de fr", 4);
    beat(1);
    ck_assert_int_eq(pool_size("en", "fr"), 100000);
    ck_assert_str_eq(node_field("n1", "status"), "ready");
    speak(0);
    ck_assert_int_eq(assigned_count, 1);
    close_world();
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        a_node_that_beats_in_time_stays_online_however_slow_redis_is,
        hundreds_of_idle_nodes_keep_each_other_from_nothing,
        loads_and_limits_compare_as_numbers,
        languages_in_any_order_and_case_are_one_set_of_pools,
        no_pool_is_of_a_language_with_itself,
        a_registered_node_has_its_owner_at_once_and_jobs_with_its_first_heartbeat,
        a_node_that_never_beats_is_offline_after_its_ttl,
        the_end_of_an_old_connection_leaves_the_owner_of_the_node_that_came_back,
        the_end_of_a_connection_that_comes_before_the_new_registration_ends_only_the_old_one,
        one_living_node_is_found_among_199_dead_ones,
        one_full_pool_does_not_keep_a_node_out_of_its_other_pools,
    };
    return SUITE_RUN("node incidents", tests);
}
