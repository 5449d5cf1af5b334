/* check_node_drain.c - a node that is to go: it gets no new job, works off what it has, and leaves nothing behind. */
#include "tests/support/hand_world.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support/suite.h"

enum { SHORT_HOLD = 60000 };

static int64_t record_exists(const char *node) {
    redis_key key;
    return ask_int("EXISTS", key_node(&key, &config.keys, node));
}

static void node_drains(conn_token conn) {
    scheduler_node_drain(s, conn);
    pass(10 * USEC_PER_MSEC);
}

static void assert_gone(const char *node, conn_token conn) {
    ck_assert_str_eq(last_of(EV_NODE_OFFLINE)->code, "drained");
    ck_assert_str_eq(last_of(EV_NODE_OFFLINE)->node, node);
    ck_assert_int_eq(count_of(EV_NODE_OFFLINE), 1);
    ck_assert_int_eq(count_of(EV_NODE_DRAINING), 1);
    ck_assert_int_eq(closed_count, 1);
    ck_assert_uint_eq(last_closed, conn);
    ck_assert_str_eq(last_close_reason, "drained");
    ck_assert_int_eq(record_exists(node), 0);
    ck_assert_int_eq(pool_size("en", "de"), 0);
    ck_assert_int_eq(scheduler_count(s).nodes, 0);
}

START_TEST(an_idle_node_that_drains_is_offline_and_closed_at_once) {
    start_production();
    join(1, "n1", 4);
    node_drains(1);
    ck_assert_str_eq(last_of(EV_NODE_DRAINING)->code, "node");
    assert_gone("n1", 1);
    scheduler_node_gone(s, 1);
    pass(second);
    ck_assert_int_eq(count_of(EV_NODE_OFFLINE), 1);
    close_world();
}
END_TEST

START_TEST(a_draining_node_works_off_what_it_has_and_gets_nothing_new) {
    start_production();
    join(1, "n1", 4);
    speak(0);
    speak(1);
    node_drains(1);
    ck_assert_str_eq(node_field("n1", "status"), "draining");
    ck_assert_int_eq(pool_size("en", "de"), 0);
    ck_assert_int_eq(pool_size("de", "en"), 0);
    ck_assert_int_eq(count_of(EV_NODE_OFFLINE), 0);
    speak(2);
    ck_assert_int_eq(assigned_count, 2);
    answer(&assigned[0], OUTCOME_OK, "");
    ck_assert_int_eq(count_of(EV_NODE_OFFLINE), 0);
    answer(&assigned[1], OUTCOME_OK, "");
    assert_gone("n1", 1);
    for (int i = 0; i < 2; i++) ck_assert_int_eq(answered[i].outcome, OUTCOME_OK);
    close_world();
}
END_TEST

START_TEST(pools_are_left_once_and_the_drain_is_told_once) {
    start_production();
    join(1, "n1", 4);
    speak(0);
    node_drains(1);
    uint64_t before = virtual_server_count(server).script_calls;
    node_drains(1);
    beat(1);
    beat(1);
    ck_assert_uint_eq(virtual_server_count(server).script_calls - before, 2);
    ck_assert_int_eq(count_of(EV_NODE_DRAINING), 1);
    close_world();
}
END_TEST

START_TEST(an_operators_drain_is_found_by_the_next_heartbeat) {
    start_production();
    join(1, "n1", 4);
    speak(0);
    operator_drains("n1", 0);
    ck_assert_int_eq(count_of(EV_NODE_DRAINING), 0);
    beat(1);
    ck_assert_str_eq(last_of(EV_NODE_DRAINING)->code, "operator");
    ck_assert_int_eq(pool_size("en", "de"), 0);
    answer(&assigned[0], OUTCOME_OK, "");
    assert_gone("n1", 1);
    close_world();
}
END_TEST

START_TEST(an_operators_drain_is_found_by_a_refused_grant) {
    start_production();
    join(1, "n1", 4);
    speak(0);
    operator_drains("n1", 0);
    speak(1);
    ck_assert_str_eq(last_of(EV_GRANT_REFUSED)->code, "NOTREADY");
    ck_assert_str_eq(last_of(EV_NODE_DRAINING)->code, "operator");
    ck_assert_int_eq(pool_size("en", "de"), 0);
    answer(&assigned[0], OUTCOME_OK, "");
    assert_gone("n1", 1);
    close_world();
}
END_TEST

START_TEST(an_operators_drain_is_found_by_the_last_release) {
    start_production();
    join(1, "n1", 4);
    speak(0);
    operator_drains("n1", 0);
    answer(&assigned[0], OUTCOME_OK, "");
    assert_gone("n1", 1);
    close_world();
}
END_TEST

/* As lingua-ctl undrain does it. */
static void operator_undrains(const char *node) {
    char ver[24], next[24], offer_text[64];
    redis_key key;
    redis_call call;
    redis_reply *reply;
    snprintf(ver, sizeof ver, "%s", node_field(node, "ver"));
    snprintf(next, sizeof next, "%lld", strtoll(ver, NULL, 10) + 1);
    call_command(&call, "HGET");
    call_key(&call, key_node_langs(&key, &config.keys, node));
    call_str(&call, ver);
    ck_assert(!virtual_redis_sync(redis, &call, &reply, &err));
    snprintf(offer_text, sizeof offer_text, "%s", reply_text(reply));
    virtual_redis_reply_free(reply);
    call_command(&call, "HSET");
    call_key(&call, key.text);
    call_str(&call, next);
    call_str(&call, offer_text);
    ck_assert(!virtual_redis_sync(redis, &call, &reply, &err));
    virtual_redis_reply_free(reply);
    set_node_field(node, "ver", next);
    set_node_field(node, "status", "registering");
}

START_TEST(a_drain_that_was_taken_back_can_come_again) {
    start_production();
    join(1, "n1", 4);
    speak(0);
    operator_drains("n1", 0);
    beat(1);
    ck_assert_int_eq(pool_size("en", "de"), 0);
    operator_undrains("n1");
    beat(1);
    ck_assert_int_eq(pool_size("en", "de"), 1);
    speak(1);
    ck_assert_int_eq(assigned_count, 2);
    operator_drains("n1", 0);
    beat(1);
    ck_assert_int_eq(count_of(EV_NODE_DRAINING), 2);
    ck_assert_int_eq(pool_size("en", "de"), 0);
    close_world();
}
END_TEST

START_TEST(a_held_node_may_not_come_back_and_is_told_how_long) {
    start_production();
    join(1, "n1", 4);
    operator_drains("n1", SHORT_HOLD);
    beat(1);
    assert_gone("n1", 1);
    scheduler_node_gone(s, 1);
    offer(2, "n1", "en de", 4);
    ck_assert_msg(!strncmp(last_refusal, "NODE_UNAVAILABLE ", 17), "%s", last_refusal);
    ck_assert_msg(strstr(last_refusal, "it may come back in 60 s") != NULL, "%s", last_refusal);
    ck_assert_str_eq(last_of(EV_NODE_REFUSED)->code, "NODE_UNAVAILABLE");
    ck_assert_str_eq(last_of(EV_NODE_REFUSED)->node, "n1");
    ck_assert_uint_eq(last_closed, 2);
    scheduler_node_gone(s, 2);
    ck_assert_int_eq(record_exists("n1"), 0);
    pass(SHORT_HOLD * USEC_PER_MSEC);
    join(3, "n1", 4);
    ck_assert_str_eq(node_field("n1", "status"), "ready");
    close_world();
}
END_TEST

START_TEST(a_hold_without_an_end_says_no_time) {
    start_production();
    redis_key key;
    redis_call call;
    redis_reply *reply;
    call_command(&call, "SET");
    call_key(&call, key_node_hold(&key, &config.keys, "n1"));
    call_str(&call, "for good");
    ck_assert(!virtual_redis_sync(redis, &call, &reply, &err));
    virtual_redis_reply_free(reply);
    offer(1, "n1", "en de", 4);
    ck_assert_str_eq(last_refusal, "NODE_UNAVAILABLE an operator has taken this node out of service");
    close_world();
}
END_TEST

START_TEST(a_held_node_that_registers_again_while_it_drains_keeps_its_connection_and_its_jobs) {
    start_production();
    join(1, "n1", 4);
    speak(0);
    operator_drains("n1", SHORT_HOLD);
    offer(1, "n1", "en de fr", 4);
    ck_assert_msg(!strncmp(last_refusal, "NODE_UNAVAILABLE ", 17), "%s", last_refusal);
    ck_assert_int_eq(closed_count, 0);
    answer(&assigned[0], OUTCOME_OK, "");
    ck_assert_int_eq(answered[0].outcome, OUTCOME_OK);
    assert_gone("n1", 1);
    close_world();
}
END_TEST

START_TEST(after_its_own_drain_a_node_may_come_back_at_once) {
    start_production();
    join(1, "n1", 4);
    node_drains(1);
    scheduler_node_gone(s, 1);
    join(2, "n1", 4);
    ck_assert_int_eq(pool_size("en", "de"), 1);
    speak(0);
    ck_assert_uint_eq(assigned[0].conn, 2);
    close_world();
}
END_TEST

START_TEST(a_node_that_drains_before_its_registration_is_stored_never_serves) {
    start_production();
    offer_now(1, "n1", "en de", 4);
    scheduler_node_drain(s, 1);
    pass(10 * USEC_PER_MSEC);
    ck_assert_int_eq(registered_count, 1);
    assert_gone("n1", 1);
    ck_assert_int_eq(count_of(EV_NODE_READY), 0);
    close_world();
}
END_TEST

START_TEST(a_node_that_drains_while_it_joins_its_pools_is_in_none_afterwards) {
    start_production();
    offer(1, "n1", "en de fr it es", 4);
    scheduler_node_heartbeat(s, 1, &(node_load){.cpu = 10}); /* its answer starts the joins */
    scheduler_node_drain(s, 1);
    pass(100 * USEC_PER_MSEC);
    assert_gone("n1", 1);
    ck_assert_int_eq(pool_size("es", "it"), 0);
    close_world();
}
END_TEST

START_TEST(a_drain_that_is_found_when_the_pools_were_joined_takes_the_node_out_again) {
    start_production();
    join(1, "n1", 4);
    speak(0);
    offer(1, "n1", "en de fr", 4); /* goes on as registering, with a job */
    scheduler_node_heartbeat(s, 1, &(node_load){.cpu = 10});
    operator_drains("n1", 0); /* after the heartbeat, before its joins are confirmed */
    pass(100 * USEC_PER_MSEC);
    ck_assert_int_eq(pool_size("en", "de"), 0);
    ck_assert_int_eq(pool_size("fr", "en"), 0);
    ck_assert_str_eq(node_field("n1", "status"), "draining");
    answer(&assigned[0], OUTCOME_OK, "");
    assert_gone("n1", 1);
    close_world();
}
END_TEST

START_TEST(a_draining_node_whose_job_times_out_goes_too) {
    start_production();
    join(1, "n1", 4);
    speak(0);
    node_drains(1);
    for (int i = 0; i < 3; i++) {
        pass(8 * second);
        beat(1);
    }
    ck_assert_str_eq(last_of(EV_RETRY)->code, "JOB_TIMEOUT");
    assert_gone("n1", 1);
    close_world();
}
END_TEST

START_TEST(a_node_that_is_lost_while_it_drains_is_disconnected_and_its_jobs_move) {
    start_production();
    join(1, "n1", 4);
    speak(0);
    join(2, "n2", 4);
    node_drains(1);
    scheduler_node_gone(s, 1);
    pass(100 * USEC_PER_MSEC);
    ck_assert_str_eq(last_of(EV_NODE_OFFLINE)->code, "disconnected");
    ck_assert_int_eq(count_of(EV_NODE_OFFLINE), 1);
    ck_assert_uint_eq(assigned[1].conn, 2);
    ck_assert_int_eq(closed_count, 0);
    ck_assert_int_eq(record_exists("n1"), 0);
    close_world();
}
END_TEST

START_TEST(a_reservation_that_nobody_releases_does_not_keep_a_draining_node_for_ever) {
    start_production();
    join(1, "n1", 4);
    redis_key key;
    redis_call call;
    redis_reply *reply;
    call_command(&call, "ZADD");
    call_key(&call, key_node_reservations(&key, &config.keys, "n1"));
    call_int(&call, engine_now(e) / USEC_PER_MSEC + 5000);
    call_str(&call, "j000-0000000000000001 1");
    ck_assert(!virtual_redis_sync(redis, &call, &reply, &err));
    virtual_redis_reply_free(reply);
    node_drains(1);
    ck_assert_int_eq(count_of(EV_NODE_OFFLINE), 0);
    pass(5 * second);
    beat(1);
    assert_gone("n1", 1);
    close_world();
}
END_TEST

START_TEST(other_languages_do_not_end_a_drain) {
    start_production();
    join(1, "n1", 4);
    speak(0);
    node_drains(1);
    offer(1, "n1", "en de fr", 4);
    beat(1);
    ck_assert_int_eq(pool_size("en", "fr"), 0);
    answer(&assigned[0], OUTCOME_OK, "");
    assert_gone("n1", 1);
    close_world();
}
END_TEST

START_TEST(a_node_that_takes_another_name_while_it_drains_serves_under_that_and_may_drain_again) {
    start_production();
    join(1, "n1", 4);
    speak(0);
    node_drains(1);
    join(1, "n2", 4);
    ck_assert_str_eq(node_field("n2", "status"), "ready");
    ck_assert_uint_eq(assigned[1].conn, 1);
    node_drains(1);
    ck_assert_int_eq(count_of(EV_NODE_DRAINING), 2);
    answer(&assigned[1], OUTCOME_OK, "");
    ck_assert_str_eq(last_of(EV_NODE_OFFLINE)->code, "drained");
    ck_assert_str_eq(last_close_reason, "drained");
    close_world();
}
END_TEST

START_TEST(a_degraded_node_may_drain) {
    start_production();
    join(1, "n1", 4);
    set_node_field("n1", "status", "degraded");
    node_drains(1);
    assert_gone("n1", 1);
    close_world();
}
END_TEST

START_TEST(an_expired_node_that_drains_is_closed_and_not_registered_again) {
    start_production();
    join(1, "n1", 4);
    pass(60 * second);
    ck_assert_str_eq(last_of(EV_NODE_OFFLINE)->code, "expired");
    node_drains(1);
    ck_assert_str_eq(last_close_reason, "drained");
    ck_assert_int_eq(count_of(EV_NODE_EXPIRED_HEARTBEAT), 0);
    ck_assert_int_eq(record_exists("n1"), 0);
    ck_assert_int_eq(scheduler_count(s).nodes, 0);
    close_world();
}
END_TEST

static void drain_with_a_lost_answer(bool executed) {
    open_world("production");
    open_scheduler_on_lossy_link();
    join(1, "n1", 4);
    lose_answers(SCRIPT_DRAIN_NODE, 1, executed);
    node_drains(1);
    pass(2 * config.redis_patience);
    ck_assert_int_eq(count_of(EV_NODE_DRAINING), 0);
    beat(1);
    assert_gone("n1", 1);
    close_world();
}

START_TEST(a_drain_whose_outcome_is_unknown_is_asked_again_with_the_next_heartbeat) {
    drain_with_a_lost_answer(false);
}
END_TEST

START_TEST(a_drain_that_had_happened_after_all_is_found_by_the_next_heartbeat) {
    drain_with_a_lost_answer(true);
}
END_TEST

START_TEST(a_node_that_expires_while_it_drains_is_closed_and_not_registered_again) {
    open_world("production");
    config.node_ttl = 5 * second; /* its job goes on for longer */
    open_scheduler();
    join(1, "n1", 4);
    speak(0);
    node_drains(1);
    pass(12 * second);
    ck_assert_str_eq(last_of(EV_NODE_OFFLINE)->code, "expired");
    beat(1);
    ck_assert_str_eq(last_close_reason, "drained");
    ck_assert_int_eq(count_of(EV_NODE_EXPIRED_HEARTBEAT), 0);
    ck_assert_int_eq(record_exists("n1"), 0);
    close_world();
}
END_TEST

START_TEST(a_connection_without_a_node_has_nothing_to_drain) {
    start_production();
    node_drains(7);
    ck_assert_msg(!strncmp(last_refusal, "INVALID_SESSION ", 16), "%s", last_refusal);
    ck_assert_int_eq(closed_count, 0);
    close_world();
}
END_TEST

START_TEST(what_a_drained_connection_still_says_is_not_listened_to) {
    start_production();
    join(1, "n1", 4);
    node_drains(1);
    int refused = refused_count;
    beat(1);
    node_drains(1);
    offer(1, "n1", "en de", 4);
    ck_assert_int_eq(refused_count, refused);
    assert_gone("n1", 1);
    close_world();
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        an_idle_node_that_drains_is_offline_and_closed_at_once,
        a_draining_node_works_off_what_it_has_and_gets_nothing_new,
        pools_are_left_once_and_the_drain_is_told_once,
        an_operators_drain_is_found_by_the_next_heartbeat,
        an_operators_drain_is_found_by_a_refused_grant,
        an_operators_drain_is_found_by_the_last_release,
        a_drain_that_was_taken_back_can_come_again,
        a_held_node_may_not_come_back_and_is_told_how_long,
        a_hold_without_an_end_says_no_time,
        a_held_node_that_registers_again_while_it_drains_keeps_its_connection_and_its_jobs,
        after_its_own_drain_a_node_may_come_back_at_once,
        a_node_that_drains_before_its_registration_is_stored_never_serves,
        a_node_that_drains_while_it_joins_its_pools_is_in_none_afterwards,
        a_drain_that_is_found_when_the_pools_were_joined_takes_the_node_out_again,
        a_draining_node_whose_job_times_out_goes_too,
        a_node_that_is_lost_while_it_drains_is_disconnected_and_its_jobs_move,
        a_reservation_that_nobody_releases_does_not_keep_a_draining_node_for_ever,
        other_languages_do_not_end_a_drain,
        a_node_that_takes_another_name_while_it_drains_serves_under_that_and_may_drain_again,
        a_degraded_node_may_drain,
        an_expired_node_that_drains_is_closed_and_not_registered_again,
        a_drain_whose_outcome_is_unknown_is_asked_again_with_the_next_heartbeat,
        a_drain_that_had_happened_after_all_is_found_by_the_next_heartbeat,
        a_node_that_expires_while_it_drains_is_closed_and_not_registered_again,
        a_connection_without_a_node_has_nothing_to_drain,
        what_a_drained_connection_still_says_is_not_listened_to,
    };
    return SUITE_RUN("node drain", tests);
}
