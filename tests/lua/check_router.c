/* router_cluster: every sentence of its header and of core/redis/link.h, against a cluster of real servers in real time.
 * Mostly waits: a cluster takes two seconds to come up. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/redis/keys.h"
#include "tests/support/router_world.h"
#include "tests/support/suite.h"

/* Frees a reservation that is not there: one node in each bucket, so all masters see some. */
static void ask_script(int number) {
    keyspace ks;
    redis_key key;
    redis_call call;
    char node[16];
    snprintf(node, sizeof node, "n%d", number);
    keyspace_init(&ks, NULL, NULL);
    call_script(&call, SCRIPT_RELEASE_RESERVATION);
    call_key(&call, key_node_reservations(&key, &ks, node));
    call_key(&call, key_node(&key, &ks, node));
    call_str(&call, "j1");
    call_int(&call, 1);
    call_str(&call, "none");
    call_int(&call, 0);
    world_ask_call(&call, PATIENCE);
}

/* ---- calls ---------------------------------------------------------------------------------------------------------- */

START_TEST(each_key_is_at_the_master_of_its_slot_and_each_slot_in_order) {
    enum { KEYS = 300, TIMES = 3 };
    int64_t last[KEYS] = {0};
    world_open_ready(0, link_uv_defaults);
    for (int i = 0; i < KEYS * TIMES; i++) world_ask_number("INCR k", i % KEYS);
    world_settle();
    world_expect_all(LINK_OK);
    for (int i = 0; i < on.answered; i++) ck_assert_int_eq(on.answers[i].value, ++last[on.answers[i].number % KEYS]);
    int keys = 0;
    for (int i = 0; i < MASTERS; i++) {
        int here = atoi(world_aside(i, "DBSIZE"));
        ck_assert_int_gt(here, 50);
        keys += here;
    }
    ck_assert_int_eq(keys, KEYS);
    ck_assert_uint_eq(router_cluster_count(on.router).moved, 0);
    ck_assert_int_eq(router_cluster_count(on.router).calls.in_flight, 0);
    world_close();
}
END_TEST

START_TEST(the_nodes_of_the_map_are_known_with_their_slots) {
    cluster_node_state nodes[CLUSTER_NODES_MAX];
    world_open_ready(0, link_uv_defaults);
    ck_assert_int_eq(router_cluster_nodes(on.router, nodes), MASTERS);
    int slots = 0;
    for (int i = 0; i < MASTERS; i++) {
        ck_assert(nodes[i].is_master && nodes[i].ready);
        slots += nodes[i].slots;
    }
    ck_assert_int_eq(slots, CLUSTER_SLOTS);
    ck_assert_str_eq(on.last_state, "redis cluster: ready, 3 masters of 3 nodes");
    world_close();
}
END_TEST

START_TEST(scripts_are_on_all_masters_and_come_back_where_one_has_lost_them) {
    enum { NODES = 200 };
    world_open_ready(0, link_uv_defaults);
    for (int i = 0; i < NODES; i++) ask_script(i);
    world_settle();
    world_expect_all(LINK_OK);
    ck_assert_uint_eq(router_cluster_count(on.router).calls.reloads, 0);
    world_aside(1, "SCRIPT FLUSH");
    for (int i = 0; i < NODES; i++) ask_script(i);
    world_settle();
    world_expect_all(LINK_OK);
    ck_assert_uint_eq(router_cluster_count(on.router).calls.reloads, 1);
    world_close();
}
END_TEST

START_TEST(a_call_without_a_key_goes_to_any_master) {
    world_open_ready(0, link_uv_defaults);
    world_ask("PING", PATIENCE);
    world_settle();
    world_expect_all(LINK_OK);
    ck_assert_str_eq(on.answers[0].text, "PONG");
    world_close();
}
END_TEST

START_TEST(a_key_that_was_not_told_is_found_by_the_answer) {
    world_open_ready(0, link_uv_defaults);
    for (int i = 0; i < 30; i++) {
        redis_call call;
        char key[16];
        snprintf(key, sizeof key, "k%d", i);
        call_command(&call, "INCR");
        call_str(&call, key);
        world_ask_call(&call, PATIENCE);
    }
    world_settle();
    world_expect_all(LINK_OK);
    ck_assert_uint_gt(router_cluster_count(on.router).moved, 5);
    ck_assert_uint_lt(router_cluster_count(on.router).moved, 31);
    world_close();
}
END_TEST

START_TEST(an_error_of_a_server_is_an_answer_with_its_text) {
    world_open_ready(0, link_uv_defaults);
    world_ask("LPUSH k{1} a", PATIENCE);
    world_ask("INCR k{1}", PATIENCE);
    world_settle();
    ck_assert_int_eq(on.answers[1].status, LINK_ERROR);
    ck_assert_int_eq(strncmp(on.answers[1].text, "WRONGTYPE ", 10), 0);
    world_close();
}
END_TEST

START_TEST(before_the_map_and_beyond_the_window_calls_are_refused) {
    link_uv_options options = link_uv_defaults;
    options.window = 10;
    world_open();
    world_start_cluster(0);
    redis_url url = private_cluster_url(on.cluster);
    world_open_url(&url, options);
    world_ask("INCR a", PATIENCE);
    world_settle();
    world_expect_all(LINK_REFUSED);
    ck_assert_msg(world_run_until(world_ready, 5000), "%s", on.last_state);
    world_forget();
    for (int i = 0; i < 15; i++) world_ask_number("INCR k", i);
    ck_assert_int_eq(router_cluster_count(on.router).calls.in_flight, 10);
    world_settle();
    for (int i = 0; i < 15; i++)
        ck_assert_int_eq(on.answers[i].status, on.answers[i].number >= 10 ? LINK_FULL : LINK_OK);
    ck_assert_uint_eq(router_cluster_count(on.router).calls.refused, 6);
    world_close();
}
END_TEST

START_TEST(a_server_that_is_no_cluster_is_told) {
    private_server *server = NULL;
    world_open();
    sched_error err;
    ck_assert_msg(!private_server_start(NULL, &server, &err), "%s", err.message);
    redis_url url = redis_url_of_socket(private_server_socket(server));
    world_open_url(&url, link_uv_defaults);
    ck_assert(!world_run_until(world_ready, 300));
    ck_assert_str_eq(on.last_state, "CLUSTER SLOTS: ERR This instance has cluster support disabled");
    world_close();
    private_server_stop(server);
}
END_TEST

/* ---- slots that move ------------------------------------------------------------------------------------------------ */

START_TEST(a_slot_that_has_moved_is_found_again_and_the_map_is_corrected) {
    world_open_ready(0, link_uv_defaults);
    int slot = cluster_slot_of("7", 1), from = private_cluster_master_of(on.cluster, slot), to = (from + 1) % MASTERS;
    world_ask_number("INCR k", 7);
    world_settle();
    world_ask_number("DEL k", 7);
    world_settle();
    world_assign_slot(slot, from, to);
    uint64_t maps = router_cluster_count(on.router).maps;
    world_forget();
    for (int i = 0; i < 100; i++) world_ask_number("INCR k", 7);
    world_settle();
    world_expect_all(LINK_OK);
    for (int i = 0; i < on.answered; i++) {
        ck_assert_int_eq(on.answers[i].number, i);
        ck_assert_int_eq(on.answers[i].value, i + 1);
    }
    uint64_t moved = router_cluster_count(on.router).moved;
    ck_assert_msg(moved >= 1 && moved <= 100, "%d calls were turned away", (int)moved);
    world_run(200);
    ck_assert_uint_gt(router_cluster_count(on.router).maps, maps);
    world_ask_number("INCR k", 7);
    world_settle();
    ck_assert_int_eq(on.answers[100].value, 101);
    ck_assert_uint_eq(router_cluster_count(on.router).moved, moved);
    world_close();
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        each_key_is_at_the_master_of_its_slot_and_each_slot_in_order,
        the_nodes_of_the_map_are_known_with_their_slots,
        scripts_are_on_all_masters_and_come_back_where_one_has_lost_them,
        a_call_without_a_key_goes_to_any_master,
        a_key_that_was_not_told_is_found_by_the_answer,
        an_error_of_a_server_is_an_answer_with_its_text,
        before_the_map_and_beyond_the_window_calls_are_refused,
        a_server_that_is_no_cluster_is_told,
        a_slot_that_has_moved_is_found_again_and_the_map_is_corrected,
    };
    return SUITE_RUN("router", tests);
}
