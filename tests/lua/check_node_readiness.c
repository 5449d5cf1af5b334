/* register_node_v2, heartbeat_with_pool_assign, node_assigned: a node that is held out, one that is not up yet, and one that
 * drains. Versions, owners and ends are in check_node_scripts.c.
 * Mostly waits: for a cluster to come up. */
#include "tests/support/lua_db.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { READY_LIMIT = 60000 };

static lua_db *db;

/* Nodes are assigned here without joining a pool, and hold slots for no job. */
static void whole(void) {
    lua_expect_whole(db, LUA_BUT(FSCK_POOL_ABSENT) | LUA_BUT(FSCK_RESV_LEAK));
}

static void clear(void) {
    lua_db_clear(db);
}

static const char *enroll_with(const char *targets, const char *services) {
    return lua_node(db, SCRIPT_REGISTER_NODE, "n1", "n1|i:1|de|%s|4|45000|%s", targets, services);
}

static int64_t enrolled(const char *targets) {
    enroll_with(targets, "asr-de@3 mt@1");
    ck_assert_msg(reply_says(lua_reply(db), "OK"), "%s", reply_text(lua_reply(db)));
    return lua_int(db, 1);
}

static const char *beat(int up) {
    return lua_node(db, SCRIPT_HEARTBEAT, "n1", "n1|i:1|45000|10|20|30|2|%d|%d", up, READY_LIMIT);
}

static const char *assigned(int64_t ver) {
    return lua_node(db, SCRIPT_NODE_ASSIGNED, "n1", "i:1|%" PRId64, ver);
}

static const char *record(const char *fields) {
    redis_key key;
    return lua_command(db, "HMGET|%s|%s", key_node(&key, lua_keyspace(db), "n1"), fields);
}

static void set_record(const char *fields) {
    lua_command(db, "HSET|lingua:v1:{n%02u}:node:n1|%s", node_bucket("n1"), fields);
}

/* As if this version had registered so long ago. */
static void wait_since(int64_t ms) {
    lua_command(db, "HSET|lingua:v1:{n%02u}:node:n1|since|%" PRId64, node_bucket("n1"), lua_now(db) - ms);
}

static void drain(int64_t hold) {
    lua_node(db, SCRIPT_DRAIN_NODE, "n1", "|%" PRId64 "|disk", hold);
}

static void lift_hold(void) {
    redis_key key;
    lua_command(db, "DEL|%s", key_node_hold(&key, lua_keyspace(db), "n1"));
}

/* --- registration ------------------------------------------------------------------------------------------------- */

START_TEST(a_held_node_may_not_register_and_learns_how_long) {
    redis_key key;
    drain(60000);
    enroll_with("en", "");
    ck_assert(reply_says(lua_reply(db), "HELD"));
    ck_assert_msg(lua_int(db, 1) > 55000 && lua_int(db, 1) <= 60000, "for %" PRId64 " ms", lua_int(db, 1));
    ck_assert_str_eq(lua_keys(db), key_node_hold(&key, lua_keyspace(db), "n1"));
    lift_hold();
    enrolled("en");
}
END_TEST

START_TEST(a_held_node_that_is_known_is_not_changed) {
    enrolled("en");
    drain(60000);
    enroll_with("en fr", "x@1");
    ck_assert(reply_says(lua_reply(db), "HELD"));
    ck_assert_str_eq(record("status|services"), "draining asr-de@3 mt@1");
    lua_command(db, "HLEN|lingua:v1:{n%02u}:langs:n1", node_bucket("n1"));
    ck_assert_int_eq(reply_int(lua_reply(db)), 1);
}
END_TEST

START_TEST(a_new_version_is_up_and_has_a_clean_record) {
    enrolled("en");
    set_record("up|0|hist|xxx|trial|99|marked|99|since|1");
    int64_t now = lua_now(db);
    enrolled("en fr");
    ck_assert_str_eq(record("up|hist|trial|marked|services"), "1 - - - asr-de@3 mt@1");
    record("since");
    lua_near(lua_int(db, 0), now);
}
END_TEST

START_TEST(the_same_offer_keeps_what_is_held_against_the_node) {
    enrolled("en");
    set_record("up|0|hist|x|trial|99|marked|99|since|1|status|degraded");
    enroll_with("en", "tts@7");
    ck_assert_str_eq(record("up|hist|trial|marked|since|status|services"), "0 x 99 99 1 degraded tts@7");
}
END_TEST

START_TEST(services_of_more_than_1024_bytes_are_refused) {
    lua_node(db, SCRIPT_REGISTER_NODE, "n1", "n1|i:1|de|en|4|45000|%01025d", 0);
    ck_assert_msg(!strncmp(reply_text(lua_reply(db)), "BADARG services", 15), "%s", reply_text(lua_reply(db)));
    ck_assert_str_eq(lua_keys(db), "");
}
END_TEST

/* --- not up yet --------------------------------------------------------------------------------------------------- */

START_TEST(a_node_that_is_not_up_joins_nothing_until_it_is) {
    int64_t ver = enrolled("en");
    ck_assert_str_eq(beat(0), "OK");
    ck_assert_str_eq(record("up|status"), "0 registering");
    beat(1);
    ck_assert(reply_says(lua_reply(db), "REASSIGN"));
    ck_assert_int_eq(lua_int(db, 1), ver);
    ck_assert_str_eq(record("up"), "1");
}
END_TEST

START_TEST(an_assigned_node_that_is_not_up_stays_in_its_pools) {
    assigned(enrolled("en"));
    wait_since(READY_LIMIT);
    ck_assert_str_eq(beat(0), "OK");
    ck_assert_str_eq(record("up|status"), "0 ready");
}
END_TEST

START_TEST(a_node_that_was_never_up_is_degraded_after_the_limit) {
    enrolled("en");
    wait_since(READY_LIMIT - 5000);
    beat(0);
    ck_assert_str_eq(record("status"), "registering");
    wait_since(READY_LIMIT);
    ck_assert_str_eq(beat(0), "OK DEGRADED");
    ck_assert_str_eq(record("status|aver"), "degraded 0");
    ck_assert_str_eq(beat(0), "OK");
}
END_TEST

START_TEST(a_node_that_is_up_is_never_too_late) {
    enrolled("en");
    wait_since(READY_LIMIT);
    beat(1);
    ck_assert(reply_says(lua_reply(db), "REASSIGN"));
    ck_assert_str_eq(record("status"), "registering");
}
END_TEST

START_TEST(a_node_that_is_up_at_last_is_assigned_and_ready) {
    assigned(enrolled("en"));
    int64_t ver = enrolled("en fr");
    wait_since(READY_LIMIT);
    beat(0);
    ck_assert_str_eq(record("status"), "degraded");
    beat(1);
    ck_assert(reply_says(lua_reply(db), "REASSIGN"));
    ck_assert_str_eq(assigned(ver), "READY");
    ck_assert_str_eq(record("status"), "ready");
}
END_TEST

/* --- draining ----------------------------------------------------------------------------------------------------- */

START_TEST(a_draining_node_learns_its_load_and_all_pairs_to_leave) {
    redis_key key;
    int64_t now = lua_now(db), first = enrolled("en");
    assigned(first);
    int64_t second = enrolled("en fr");
    drain(0);
    lua_command(db, "ZADD|%s|%" PRId64 "|j1 1|%" PRId64 "|j0 1", key_node_reservations(&key, lua_keyspace(db), "n1"),
                now + 20000, now - 1);
    lua_command(db, "PEXPIREAT|%s|%" PRId64, key.text, now + 20000);
    beat(1);
    lua_expect(db, "DRAINING %" PRId64 " 1 (%" PRId64 " de en %" PRId64 " de en fr)", second, first, second);
    ck_assert_str_eq(record("cpu|gpu|mem|running|up|aver"), "10 20 30 2 1 0");
    lua_command(db, "ZSCORE|%s|n1", key_node_expiry(&key, lua_keyspace(db), node_bucket("n1")));
    lua_near(reply_int(lua_reply(db)), now + 45000);
}
END_TEST

START_TEST(a_draining_node_is_told_so_even_when_it_is_not_up) {
    int64_t ver = enrolled("en");
    drain(0);
    beat(0);
    lua_expect(db, "DRAINING %" PRId64 " 0 (%" PRId64 " de en)", ver, ver);
}
END_TEST

START_TEST(a_draining_node_that_offers_other_languages_goes_on_draining) {
    assigned(enrolled("en"));
    drain(0);
    int64_t ver = enrolled("en fr");
    ck_assert_str_eq(record("status"), "draining");
    ck_assert_str_eq(assigned(ver), "DRAINING");
    beat(1);
    ck_assert(reply_says(lua_reply(db), "DRAINING"));
}
END_TEST

START_TEST(only_the_owner_learns_of_the_drain) {
    enrolled("en");
    drain(0);
    ck_assert_str_eq(lua_node(db, SCRIPT_HEARTBEAT, "n1", "n1|i:2|45000|1|1|1|1|1|60000"), "NOTOWNER i:1");
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("node readiness");
    TCase *tests = tcase_create("readiness");
    tcase_add_checked_fixture(tests, clear, whole);
    tcase_add_test(tests, a_held_node_may_not_register_and_learns_how_long);
    tcase_add_test(tests, a_held_node_that_is_known_is_not_changed);
    tcase_add_test(tests, a_new_version_is_up_and_has_a_clean_record);
    tcase_add_test(tests, the_same_offer_keeps_what_is_held_against_the_node);
    tcase_add_test(tests, services_of_more_than_1024_bytes_are_refused);
    tcase_add_test(tests, a_node_that_is_not_up_joins_nothing_until_it_is);
    tcase_add_test(tests, an_assigned_node_that_is_not_up_stays_in_its_pools);
    tcase_add_test(tests, a_node_that_was_never_up_is_degraded_after_the_limit);
    tcase_add_test(tests, a_node_that_is_up_is_never_too_late);
    tcase_add_test(tests, a_node_that_is_up_at_last_is_assigned_and_ready);
    tcase_add_test(tests, a_draining_node_learns_its_load_and_all_pairs_to_leave);
    tcase_add_test(tests, a_draining_node_is_told_so_even_when_it_is_not_up);
    tcase_add_test(tests, a_draining_node_that_offers_other_languages_goes_on_draining);
    tcase_add_test(tests, only_the_owner_learns_of_the_drain);
    suite_add_tcase(suite, tests);
    return suite;
}

int main(int argc, char **argv) {
    return lua_main(argc, argv, make_suite, &db);
}
