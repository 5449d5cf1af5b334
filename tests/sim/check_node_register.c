/* check_node_register.c - who a node is and what it serves: refusals, and registrations that overtake each other. */
#include "tests/support/hand_world.h"

#include <string.h>

#include "tests/support/suite.h"

static node_registration english_german(const char *node) {
    return (node_registration){.node_id = node,
                               .asr = langs("en de"),
                               .semantic = langs("en de"),
                               .tts = langs("en de"),
                               .slots = 4};
}

static void register_services(conn_token conn, const char *services) {
    node_registration r = english_german("n1");
    r.services = services;
    scheduler_node_register(s, conn, &r);
    pass(10 * USEC_PER_MSEC);
}

START_TEST(services_are_stored_as_they_were_told) {
    start_production();
    register_services(1, "asr-de@3 mt tts_7.1");
    ck_assert_str_eq(node_field("n1", "services"), "asr-de@3 mt tts_7.1");
    register_services(1, "mt@2");
    ck_assert_str_eq(node_field("n1", "services"), "mt@2");
    register_services(1, NULL);
    ck_assert_str_eq(node_field("n1", "services"), "");
    close_world();
}
END_TEST

START_TEST(bad_lists_of_services_are_refused_and_change_nothing) {
    char longest[SERVICES_MAX + 2], id[SERVICE_MAX + 2];
    memset(longest, 'x', sizeof longest);
    for (size_t i = SERVICE_MAX; i < sizeof longest; i += SERVICE_MAX + 1) longest[i] = ' ';
    memset(id, 'x', sizeof id);
    longest[SERVICES_MAX] = id[SERVICE_MAX] = '\0';
    start_production();
    register_services(1, longest);
    register_services(1, id);
    register_services(1, "first");
    ck_assert_int_eq(refused_count, 0);
    longest[SERVICES_MAX] = 'x';
    id[SERVICE_MAX] = 'x';
    longest[SERVICES_MAX + 1] = id[SERVICE_MAX + 1] = '\0';
    const char *const bad[] = {longest, id, " a", "a ", "a  b", " ", "a\tb", "a\nb", "caf\xc3\xa9", "a\x7f"};
    for (int i = 0; i < (int)(sizeof bad / sizeof *bad); i++) {
        register_services(1, bad[i]);
        ck_assert_msg(refused_count == i + 1, "\"%s\" was not refused", bad[i]);
        ck_assert_msg(!strncmp(last_refusal, "INVALID_MESSAGE services: ", 26), "%s", last_refusal);
    }
    ck_assert_str_eq(node_field("n1", "services"), "first");
    ck_assert_int_eq(closed_count, 0);
    close_world();
}
END_TEST

START_TEST(every_refusal_is_an_event) {
    start_production();
    offer(1, "n 1", "en de", 4);
    ck_assert_str_eq(last_of(EV_NODE_REFUSED)->code, "INVALID_MESSAGE");
    ck_assert_str_eq(last_of(EV_NODE_REFUSED)->node, "");
    offer(1, "n1", "en", 4);
    ck_assert_str_eq(last_of(EV_NODE_REFUSED)->node, "n1");
    offer(1, "n1", "en de", SLOTS_MAX + 1);
    ck_assert_msg(strstr(last_refusal, "concurrency limit 1000001: expected 1 to 1000000") != NULL, "%s", last_refusal);
    beat(9);
    ck_assert_str_eq(last_of(EV_NODE_REFUSED)->code, "INVALID_SESSION");
    virtual_server_pause(server, engine_now(e) + 3 * config.redis_patience);
    offer(2, "n2", "en de", 4);
    pass(2 * config.redis_patience);
    ck_assert_str_eq(last_of(EV_NODE_REFUSED)->code, "SCHEDULER_DEPENDENCY_DOWN");
    ck_assert_str_eq(last_of(EV_NODE_REFUSED)->node, "n2");
    ck_assert_uint_eq(last_closed, 2);
    ck_assert_int_eq(count_of(EV_NODE_REFUSED), refused_count);
    pass(10 * second);
    close_world();
}
END_TEST

START_TEST(a_refused_registration_leaves_the_one_before_as_it_was) {
    start_production();
    join(1, "n1", 4);
    node_registration r = english_german("n1");
    r.tts = langs("en");
    r.asr = langs("en");
    scheduler_node_register(s, 1, &r);
    pass(second);
    beat(1);
    ck_assert_int_eq(refused_count, 1);
    speak(0);
    ck_assert_int_eq(assigned_count, 1);
    close_world();
}
END_TEST

/* A client need not wait for the answer to its registration. */
START_TEST(a_heartbeat_right_behind_the_registration_counts) {
    start_production();
    offer_now(1, "n1", "en de", 4);
    beat(1);
    ck_assert_int_eq(refused_count, 0);
    ck_assert_int_eq(closed_count, 0);
    ck_assert_int_eq(pool_size("en", "de"), 1);
    ck_assert_str_eq(node_field("n1", "status"), "ready");
    ck_assert_str_eq(node_field("n1", "cpu"), "10");
    close_world();
}
END_TEST

START_TEST(a_connection_that_gives_no_name_keeps_the_one_it_has) {
    start_production();
    offer(1, "", "en de", 4);
    char first[ID_MAX + 1];
    snprintf(first, sizeof first, "%s", last_node);
    offer(1, "", "en fr", 4);
    ck_assert_str_eq(last_node, first);
    ck_assert_int_eq(count_of(EV_NODE_OFFLINE), 0);
    ck_assert_int_eq(scheduler_count(s).nodes, 1);
    close_world();
}
END_TEST

START_TEST(a_name_that_is_made_up_is_nobody_elses) {
    char first[ID_MAX + 1];
    start_production();
    offer(1, "", "en de", 4);
    snprintf(first, sizeof first, "%s", last_node);
    close_world();
    start_production(); /* draws the same numbers again */
    offer(1, first, "en de", 4);
    offer(2, "", "en de", 4);
    ck_assert_str_ne(last_node, first);
    ck_assert_int_eq(closed_count, 0);
    ck_assert_int_eq(scheduler_count(s).nodes, 2);
    close_world();
}
END_TEST

START_TEST(of_two_quick_registrations_the_last_one_counts) {
    start_production();
    offer_now(1, "n1", "en de", 4);
    offer_now(1, "n1", "en fr", 2);
    pass(10 * USEC_PER_MSEC);
    beat(1);
    ck_assert_int_eq(registered_count, 2);
    ck_assert_int_eq(pool_size("en", "de"), 0);
    ck_assert_int_eq(pool_size("en", "fr"), 1);
    ck_assert_str_eq(node_field("n1", "slots"), "2");
    ck_assert_int_eq(scheduler_count(s).nodes, 1);
    close_world();
}
END_TEST

/* The proposal names a version that does not serve the pair any more. */
START_TEST(a_node_that_stopped_serving_a_pair_is_taken_out_of_it_by_whoever_is_refused) {
    start_production();
    join(1, "n1", 4);
    offer(1, "n1", "en fr", 4); /* its heartbeat has not come yet */
    set_node_field("n1", "status", "ready");
    speak(0);
    ck_assert_str_eq(last_of(EV_GRANT_REFUSED)->code, "NOTSERVED");
    ck_assert_int_eq(pool_size("en", "de"), 0);
    ck_assert_int_eq(pool_size("de", "en"), 1);
    beat(1);
    ck_assert_int_eq(pool_size("de", "en"), 0);
    ck_assert_int_eq(pool_size("en", "fr"), 1);
    close_world();
}
END_TEST

START_TEST(a_node_that_returns_to_its_old_languages_before_a_heartbeat_is_in_their_pools) {
    start_production();
    join(1, "n1", 4);
    offer(1, "n1", "en fr", 4);
    offer(1, "n1", "en de", 4);
    beat(1);
    ck_assert_int_eq(pool_size("en", "de"), 1);
    ck_assert_int_eq(pool_size("en", "fr"), 0);
    ck_assert_str_eq(node_field("n1", "status"), "ready");
    speak(0);
    ck_assert_int_eq(assigned_count, 1);
    close_world();
}
END_TEST

START_TEST(too_many_registrations_before_a_heartbeat_are_refused) {
    start_production();
    join(1, "n1", 4);
    char languages[8];
    for (int i = 0; refused_count == 0; i++) {
        ck_assert_int_lt(i, 8);
        snprintf(languages, sizeof languages, "en x%d", i);
        offer(1, "n1", languages, 4);
    }
    ck_assert_str_eq(last_of(EV_NODE_REFUSED)->code, "NODE_OVERLOADED");
    ck_assert_uint_eq(last_closed, 1);
    scheduler_node_gone(s, 1);
    pass(second);
    ck_assert_int_eq(pool_size("en", "de"), 0);
    join(2, "n1", 4);
    ck_assert_int_eq(pool_size("en", "de"), 1);
    close_world();
}
END_TEST

START_TEST(of_two_connections_with_one_id_the_newer_one_speaks_for_the_node) {
    start_production();
    offer_now(1, "n1", "en de", 4);
    offer_now(2, "n1", "en de", 4);
    pass(10 * USEC_PER_MSEC);
    ck_assert_int_eq(closed_count, 1);
    ck_assert_uint_eq(last_closed, 1);
    ck_assert_int_eq(scheduler_count(s).nodes, 1);
    beat(2);
    speak(0);
    ck_assert_uint_eq(assigned[0].conn, 2);
    close_world();
}
END_TEST

START_TEST(a_late_heartbeat_of_the_old_connection_changes_nothing) {
    start_production();
    join(1, "n1", 4);
    scheduler_node_heartbeat(s, 1, &(node_load){.cpu = 77}); /* under way while the new one registers */
    offer_now(2, "n1", "en de", 4);
    pass(10 * USEC_PER_MSEC);
    beat(2);
    scheduler_node_heartbeat(s, 1, &(node_load){.cpu = 99, .unready = true});
    pass(10 * USEC_PER_MSEC);
    ck_assert_str_eq(node_field("n1", "cpu"), "10");
    ck_assert_str_eq(node_field("n1", "up"), "1");
    scheduler_node_gone(s, 1);
    pass(second);
    ck_assert_int_eq(count_of(EV_NODE_OFFLINE), 0);
    ck_assert_int_eq(pool_size("en", "de"), 1);
    close_world();
}
END_TEST

/* The record's owner is another instance's connection by now; only Redis can tell. */
START_TEST(a_connection_learns_from_redis_that_its_node_came_back_elsewhere) {
    start_production();
    join(1, "n1", 4);
    set_node_field("n1", "owner", "two:0000000000000001");
    beat(1);
    ck_assert_int_eq(closed_count, 1);
    ck_assert_str_eq(last_close_reason, "replaced by a newer connection");
    ck_assert_int_eq(scheduler_count(s).nodes, 0);
    scheduler_node_gone(s, 1);
    pass(second);
    ck_assert_str_eq(node_field("n1", "owner"), "two:0000000000000001");
    ck_assert_str_eq(node_field("n1", "status"), "ready");
    close_world();
}
END_TEST

START_TEST(a_registration_of_unknown_outcome_leaves_no_node_that_nobody_speaks_for) {
    open_world("production");
    open_scheduler_on_lossy_link();
    lose_answers(SCRIPT_REGISTER_NODE, 1, true);
    offer(1, "n1", "en de", 4);
    pass(2 * config.redis_patience);
    ck_assert_str_eq(last_of(EV_NODE_REFUSED)->code, "SCHEDULER_DEPENDENCY_DOWN");
    ck_assert_str_eq(node_field("n1", "status"), "");
    close_world();
}
END_TEST

START_TEST(a_registration_of_unknown_outcome_takes_a_node_that_serves_from_nobody) {
    open_world("production");
    open_scheduler_on_lossy_link();
    join(1, "n1", 4);
    lose_answers(SCRIPT_REGISTER_NODE, 1, false);
    offer(2, "n1", "en de", 4);
    pass(2 * config.redis_patience);
    ck_assert_int_eq(count_of(EV_NODE_OFFLINE), 0);
    ck_assert_uint_eq(last_closed, 2);
    beat(1);
    ck_assert_str_eq(node_field("n1", "status"), "ready");
    close_world();
}
END_TEST

START_TEST(a_node_that_is_renamed_leaves_nothing_under_its_old_name) {
    start_production();
    join(1, "n1", 4);
    speak(0);
    offer(1, "n2", "en de", 4);
    beat(1);
    ck_assert_str_eq(last_of(EV_NODE_OFFLINE)->code, "renamed");
    ck_assert_str_eq(node_field("n1", "status"), "");
    ck_assert_int_eq(pool_size("en", "de"), 1);
    ck_assert_str_eq(last_of(EV_RETRY)->code, "NODE_LOST");
    ck_assert_int_eq(assigned_count, 2);
    ck_assert_int_eq(scheduler_count(s).nodes, 1);
    ck_assert_int_eq(closed_count, 0);
    close_world();
}
END_TEST

START_TEST(a_node_is_not_renamed_while_a_call_about_it_is_under_way) {
    start_production();
    join(1, "n1", 4);
    scheduler_node_heartbeat(s, 1, &(node_load){.cpu = 10});
    offer_now(1, "n2", "en de", 4);
    ck_assert_msg(strstr(last_refusal, "node n2: what was begun as n1 is still under way") != NULL, "%s", last_refusal);
    pass(10 * USEC_PER_MSEC);
    ck_assert_str_eq(node_field("n1", "status"), "ready");
    close_world();
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        services_are_stored_as_they_were_told,
        bad_lists_of_services_are_refused_and_change_nothing,
        every_refusal_is_an_event,
        a_refused_registration_leaves_the_one_before_as_it_was,
        a_heartbeat_right_behind_the_registration_counts,
        a_connection_that_gives_no_name_keeps_the_one_it_has,
        a_name_that_is_made_up_is_nobody_elses,
        of_two_quick_registrations_the_last_one_counts,
        a_node_that_stopped_serving_a_pair_is_taken_out_of_it_by_whoever_is_refused,
        a_node_that_returns_to_its_old_languages_before_a_heartbeat_is_in_their_pools,
        too_many_registrations_before_a_heartbeat_are_refused,
        of_two_connections_with_one_id_the_newer_one_speaks_for_the_node,
        a_late_heartbeat_of_the_old_connection_changes_nothing,
        a_connection_learns_from_redis_that_its_node_came_back_elsewhere,
        a_registration_of_unknown_outcome_leaves_no_node_that_nobody_speaks_for,
        a_registration_of_unknown_outcome_takes_a_node_that_serves_from_nobody,
        a_node_that_is_renamed_leaves_nothing_under_its_old_name,
        a_node_is_not_renamed_while_a_call_about_it_is_under_way,
    };
    return SUITE_RUN("node register", tests);
}
