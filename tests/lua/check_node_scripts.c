/* register_node_v2, heartbeat_with_pool_assign, node_assigned, node_offline, forget_node.
 * Mostly waits: for a cluster to come up. */
#include "tests/support/lua_db.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static lua_db *db;

/* Nodes are assigned here without joining a pool, and hold slots for no job. */
static void whole(void) {
    lua_expect_whole(db, LUA_BUT(FSCK_POOL_ABSENT) | LUA_BUT(FSCK_RESV_LEAK));
}

static void clear(void) {
    lua_db_clear(db);
}

static const char *enroll(const char *owner, const char *sources, const char *targets) {
    return lua_node(db, SCRIPT_REGISTER_NODE, "n1", "n1|%s|%s|%s|4|45000|", owner, sources, targets);
}

/* Registers and returns the version. */
static int64_t enrolled(const char *owner, const char *sources, const char *targets) {
    enroll(owner, sources, targets);
    ck_assert_msg(reply_says(lua_reply(db), "OK"), "%s", reply_text(lua_reply(db)));
    return lua_int(db, 1);
}

static const char *beat(const char *owner) {
    return lua_node(db, SCRIPT_HEARTBEAT, "n1", "n1|%s|45000|10|20|30|2|1|60000", owner);
}

static const char *assigned(const char *owner, int64_t ver) {
    return lua_node(db, SCRIPT_NODE_ASSIGNED, "n1", "%s|%" PRId64, owner, ver);
}

static const char *offline(const char *owner) {
    return lua_node(db, SCRIPT_NODE_OFFLINE, "n1", "n1|%s|5000|10", owner);
}

static const char *forget(int64_t ver) {
    return lua_node(db, SCRIPT_FORGET_NODE, "n1", "n1|%" PRId64, ver);
}

static const char *record(const char *fields) {
    redis_key key;
    return lua_command(db, "HMGET|%s|%s", key_node(&key, lua_keyspace(db), "n1"), fields);
}

static const char *langs(void) {
    redis_key key;
    return lua_command(db, "HGETALL|%s", key_node_langs(&key, lua_keyspace(db), "n1"));
}

static void set_status(const char *status) {
    lua_command(db, "HSET|lingua:v1:{n%02u}:node:n1|status|%s", node_bucket("n1"), status);
}

static int64_t expiry(void) {
    redis_key key;
    lua_command(db, "ZSCORE|%s|n1", key_node_expiry(&key, lua_keyspace(db), node_bucket("n1")));
    return reply_int(lua_reply(db));
}

static void set_expiry(int64_t at) {
    redis_key key;
    lua_command(db, "ZADD|%s|%" PRId64 "|n1", key_node_expiry(&key, lua_keyspace(db), node_bucket("n1")), at);
}

static void reserve(const char *job, int64_t until) {
    redis_key key;
    lua_command(db, "ZADD|%s|%" PRId64 "|%s", key_node_reservations(&key, lua_keyspace(db), "n1"), until, job);
    lua_command(db, "PEXPIRE|%s|60000", key.text);
}

/* --- register_node_v2 --------------------------------------------------------------------------------------------- */

START_TEST(a_new_node_is_registering_and_expires_after_its_ttl) {
    int64_t now = lua_now(db);
    int64_t ver = enrolled("i:1", "de fr", "en");
    lua_near(ver, now);
    ck_assert_str_eq(record("owner|aver|status|slots"), "i:1 0 registering 4");
    lua_command(db, "HGET|lingua:v1:{n%02u}:node:n1|ver", node_bucket("n1"));
    ck_assert_int_eq(reply_int(lua_reply(db)), ver);
    langs();
    lua_expect(db, "%" PRId64 " de fr|en", ver);
    lua_near(expiry(), now + 45000);
    ck_assert_str_eq(lua_command(db, "PTTL|lingua:v1:{n%02u}:node:n1", node_bucket("n1")), "-1");
}
END_TEST

START_TEST(the_same_offer_keeps_version_and_status) {
    int64_t ver = enrolled("i:1", "de", "en");
    assigned("i:1", ver);
    set_expiry(5);
    lua_node(db, SCRIPT_REGISTER_NODE, "n1", "n1|i:2|de|en|9|45000|mt@2");
    lua_expect(db, "OK %" PRId64, ver);
    ck_assert_str_eq(record("owner|status|slots"), "i:2 ready 9");
    lua_near(expiry(), lua_now(db) + 45000 - 1000);
    lua_command(db, "HLEN|lingua:v1:{n%02u}:langs:n1", node_bucket("n1"));
    ck_assert_int_eq(reply_int(lua_reply(db)), 1);
}
END_TEST

START_TEST(a_changed_offer_is_a_new_generation) {
    int64_t first = enrolled("i:1", "de", "en");
    assigned("i:1", first);
    int64_t second = enrolled("i:1", "de fr", "en");
    ck_assert_int_gt(second, first);
    ck_assert_str_eq(record("status"), "registering");
    record("aver");
    ck_assert_int_eq(lua_int(db, 0), first);
    ck_assert_str_eq(record("slots"), "4");
    lua_command(db, "HLEN|lingua:v1:{n%02u}:langs:n1", node_bucket("n1"));
    ck_assert_int_eq(reply_int(lua_reply(db)), 2);
}
END_TEST

START_TEST(swapped_sources_and_targets_are_another_offer) {
    int64_t first = enrolled("i:1", "de", "en");
    ck_assert_int_gt(enrolled("i:1", "en", "de"), first);
}
END_TEST

START_TEST(a_version_never_goes_back_with_the_clock) {
    lua_command(db, "HSET|lingua:v1:{n%02u}:node:n1|ver|9000000000000000|aver|0|status|ready", node_bucket("n1"));
    ck_assert_int_eq(enrolled("i:1", "de", "en"), INT64_C(9000000000000001));
}
END_TEST

START_TEST(an_offline_node_gets_a_new_version_for_the_same_offer) {
    int64_t ver = enrolled("i:1", "de", "en");
    assigned("i:1", ver);
    offline("i:1");
    ck_assert_int_gt(enrolled("i:2", "de", "en"), ver);
    ck_assert_str_eq(record("status|owner"), "registering i:2");
}
END_TEST

START_TEST(eight_pending_generations_are_the_bound) {
    char sources[] = "a0";
    for (int i = 0; i < 8; i++) {
        sources[1] = (char)('0' + i);
        enrolled("i:1", sources, "en");
    }
    int64_t due = expiry();
    ck_assert_str_eq(enroll("i:9", "zz", "en"), "BUSY 8");
    ck_assert_str_eq(record("owner"), "i:1");
    ck_assert_int_eq(expiry(), due);
    enroll("i:9", sources, "en");
    ck_assert_str_eq(record("owner"), "i:9");
}
END_TEST

/* --- heartbeat_with_pool_assign ----------------------------------------------------------------------------------- */

START_TEST(an_assigned_node_beats_ok_and_lives_on) {
    int64_t ver = enrolled("i:1", "de", "en");
    assigned("i:1", ver);
    set_expiry(5);
    int64_t now = lua_now(db);
    ck_assert_str_eq(beat("i:1"), "OK");
    lua_near(expiry(), now + 45000);
    ck_assert_str_eq(record("cpu|gpu|mem|running"), "10 20 30 2");
    record("seen");
    lua_near(lua_int(db, 0), now);
}
END_TEST

START_TEST(an_unassigned_node_learns_its_generations_in_ascending_order) {
    int64_t first = enrolled("i:1", "de", "en");
    int64_t second = enrolled("i:1", "de fr", "en it");
    char expected[256];
    snprintf(expected, sizeof expected, "REASSIGN %" PRId64 " (%" PRId64 " de en %" PRId64 " de fr en it)", second,
             first, second);
    ck_assert_str_eq(beat("i:1"), expected);
    ck_assert_uint_eq(reply_count(reply_at(lua_reply(db), 2)), 6);
    ck_assert_str_eq(reply_text(reply_at(reply_at(lua_reply(db), 2), 4)), "de fr");
}
END_TEST

START_TEST(generations_are_ordered_by_number_not_by_text) {
    lua_plant(db);
    lua_command(db, "HSET|lingua:v1:{n%02u}:node:n1|owner|i:1|ver|10|aver|0|status|registering", node_bucket("n1"));
    redis_call call;
    redis_key key;
    call_command(&call, "HSET");
    call_key(&call, key_node_langs(&key, lua_keyspace(db), "n1"));
    const char *fields[] = {"10", "de|en", "9", "fr|en"};
    for (int i = 0; i < 4; i++) call_str(&call, fields[i]);
    lua_run(db, &call);
    ck_assert_str_eq(beat("i:1"), "REASSIGN 10 (9 fr en 10 de en)");
}
END_TEST

START_TEST(a_heartbeat_does_not_read_the_lists_of_an_assigned_node) {
    lua_plant(db);
    int64_t ver = enrolled("i:1", "de", "en");
    assigned("i:1", ver);
    lua_command(db, "SET|lingua:v1:{n%02u}:langs:n1|not a hash", node_bucket("n1"));
    ck_assert_str_eq(beat("i:1"), "OK");
}
END_TEST

START_TEST(a_heartbeat_of_an_unknown_node_makes_nothing) {
    ck_assert_str_eq(beat("i:1"), "GONE");
    ck_assert_str_eq(lua_keys(db), "");
}
END_TEST

START_TEST(a_heartbeat_of_an_offline_node_is_gone_and_keeps_the_retry) {
    enrolled("i:1", "de", "en");
    offline("i:1");
    int64_t due = expiry();
    ck_assert_str_eq(beat("i:1"), "GONE");
    ck_assert_int_eq(expiry(), due);
}
END_TEST

START_TEST(a_heartbeat_of_another_connection_changes_nothing) {
    enrolled("i:1", "de", "en");
    set_expiry(5);
    ck_assert_str_eq(beat("i:2"), "NOTOWNER i:1");
    ck_assert_int_eq(expiry(), 5);
    ck_assert_str_eq(record("cpu"), "-");
}
END_TEST

/* --- node_assigned ------------------------------------------------------------------------------------------------ */

START_TEST(an_assigned_node_is_ready_and_forgets_older_generations) {
    enrolled("i:1", "de", "en");
    int64_t ver = enrolled("i:1", "fr", "en");
    ck_assert_str_eq(assigned("i:1", ver), "READY");
    ck_assert_str_eq(record("status"), "ready");
    record("aver");
    ck_assert_int_eq(lua_int(db, 0), ver);
    langs();
    lua_expect(db, "%" PRId64 " fr|en", ver);
    ck_assert_str_eq(assigned("i:1", ver), "READY");
    ck_assert_str_eq(beat("i:1"), "OK");
}
END_TEST

/* Instances that keep copies of the records read no pools; those that do put the node into them when they come to speak for it. */
START_TEST(a_node_may_be_ready_without_pools_until_somebody_keeps_them) {
    int64_t ver = enrolled("i:1", "de", "en");
    lua_node(db, SCRIPT_HEARTBEAT, "n1", "n1|i:1|45000|10|20|30|2|1|60000|0");
    ck_assert(reply_says(lua_reply(db), "REASSIGN"));
    ck_assert_str_eq(lua_node(db, SCRIPT_NODE_ASSIGNED, "n1", "i:1|%" PRId64 "|0", ver), "READY");
    record("status|pools");
    ck_assert_str_eq(reply_text(reply_at(lua_reply(db), 0)), "ready");
    ck_assert_str_eq(reply_text(reply_at(lua_reply(db), 1)), "0");
    lua_expect_whole(db, 0);
    ck_assert_str_eq(lua_node(db, SCRIPT_HEARTBEAT, "n1", "n1|i:1|45000|10|20|30|2|1|60000|0"), "OK");
    beat("i:1");
    ck_assert(reply_says(lua_reply(db), "REASSIGN"));
    ck_assert_str_eq(assigned("i:1", ver), "READY");
    ck_assert_str_eq(beat("i:1"), "OK");
    record("pools");
    ck_assert(reply_is_nil(reply_at(lua_reply(db), 0)));
}
END_TEST

START_TEST(an_assignment_of_an_older_version_is_stale) {
    int64_t first = enrolled("i:1", "de", "en");
    int64_t second = enrolled("i:1", "fr", "en");
    assigned("i:1", first);
    lua_expect(db, "STALE %" PRId64, second);
    ck_assert_str_eq(record("status|aver"), "registering 0");
}
END_TEST

START_TEST(a_draining_node_is_not_assigned) {
    enrolled("i:1", "fr", "en");
    int64_t ver = enrolled("i:1", "de", "en");
    set_status("draining");
    ck_assert_str_eq(assigned("i:1", ver), "DRAINING");
    ck_assert_str_eq(record("status|aver"), "draining 0");
    lua_command(db, "HLEN|lingua:v1:{n%02u}:langs:n1", node_bucket("n1"));
    ck_assert_int_eq(reply_int(lua_reply(db)), 2);
}
END_TEST

START_TEST(assigning_keeps_a_node_degraded_that_has_failed) {
    int64_t ver = enrolled("i:1", "de", "en");
    assigned("i:1", ver);
    set_status("degraded");
    ck_assert_str_eq(assigned("i:1", ver), "READY");
    ck_assert_str_eq(record("status"), "degraded");
}
END_TEST

START_TEST(only_the_owner_assigns_a_node_that_lives) {
    ck_assert_str_eq(assigned("i:1", 1), "GONE");
    int64_t ver = enrolled("i:1", "de", "en");
    ck_assert_str_eq(assigned("i:2", ver), "NOTOWNER i:1");
    offline("i:1");
    ck_assert_str_eq(assigned("i:1", ver), "GONE");
    ck_assert_str_eq(record("aver"), "0");
}
END_TEST

/* --- node_offline and forget_node --------------------------------------------------------------------------------- */

START_TEST(offline_answers_generations_and_unexpired_reservations) {
    int64_t first = enrolled("i:1", "de", "en");
    int64_t second = enrolled("i:1", "fr", "en");
    int64_t now = lua_now(db);
    reserve("j2 1", now + 20000);
    reserve("j1 2", now + 10000);
    reserve("j0 1", now - 1);
    char expected[256];
    snprintf(expected, sizeof expected, "OFFLINE %" PRId64 " i:1 (%" PRId64 " de en %" PRId64 " fr en) (j1 2 j2 1)",
             second, first, second);
    ck_assert_str_eq(offline("i:1"), expected);
    ck_assert_str_eq(record("status"), "offline");
    lua_near(expiry(), now + 5000);
}
END_TEST

START_TEST(offline_answers_at_most_jobs_max_reservations) {
    enrolled("i:1", "de", "en");
    int64_t now = lua_now(db);
    reserve("j2 1", now + 20000);
    reserve("j1 2", now + 10000);
    lua_node(db, SCRIPT_NODE_OFFLINE, "n1", "n1|i:1|5000|1");
    ck_assert_uint_eq(reply_count(reply_at(lua_reply(db), 4)), 1);
    ck_assert_str_eq(reply_text(reply_at(reply_at(lua_reply(db), 4), 0)), "j1 2");
    lua_node(db, SCRIPT_NODE_OFFLINE, "n1", "n1|i:1|5000|0");
    ck_assert_uint_eq(reply_count(reply_at(lua_reply(db), 4)), 0);
}
END_TEST

START_TEST(the_late_end_of_an_old_connection_does_not_touch_the_node) {
    int64_t ver = enrolled("i:1", "de", "en");
    enrolled("i:2", "de", "en");
    ck_assert_str_eq(offline("i:1"), "NOTOWNER i:2");
    assigned("i:2", ver);
    ck_assert_str_eq(record("status"), "ready");
}
END_TEST

START_TEST(a_reaper_must_find_the_node_due) {
    enrolled("i:1", "de", "en");
    int64_t due = expiry();
    offline("");
    lua_expect(db, "NOTDUE %" PRId64, due);
    ck_assert_str_eq(record("status"), "registering");
    set_expiry(lua_now(db));
    offline("");
    ck_assert(reply_says(lua_reply(db), "OFFLINE"));
    ck_assert_str_eq(reply_text(reply_at(lua_reply(db), 2)), "i:1");
}
END_TEST

START_TEST(an_unfinished_offline_is_due_again_after_the_retry) {
    enrolled("i:1", "de", "en");
    offline("i:1");
    int64_t due = expiry();
    offline("");
    lua_expect(db, "NOTDUE %" PRId64, due);
    set_expiry(1);
    offline("");
    ck_assert(reply_says(lua_reply(db), "OFFLINE"));
    ck_assert_int_gt(expiry(), 1);
}
END_TEST

START_TEST(a_node_that_the_index_does_not_know_is_not_due) {
    lua_plant(db);
    enrolled("i:1", "de", "en");
    redis_key key;
    lua_command(db, "DEL|%s", key_node_expiry(&key, lua_keyspace(db), node_bucket("n1")));
    ck_assert_str_eq(offline(""), "NOTDUE 0");
}
END_TEST

START_TEST(a_dangling_index_entry_is_removed) {
    set_expiry(5);
    ck_assert_str_eq(offline(""), "GONE");
    ck_assert_str_eq(lua_keys(db), "");
}
END_TEST

START_TEST(a_forgotten_node_leaves_nothing) {
    enrolled("i:1", "de", "en");
    int64_t ver = enrolled("i:1", "fr", "en");
    reserve("j1 1", lua_now(db) + 1000);
    offline("i:1");
    ck_assert_str_eq(forget(ver), "OK");
    ck_assert_str_eq(lua_keys(db), "");
    ck_assert_str_eq(forget(ver), "GONE");
}
END_TEST

START_TEST(only_an_offline_node_of_that_version_is_forgotten) {
    int64_t first = enrolled("i:1", "de", "en");
    forget(first);
    lua_expect(db, "STALE %" PRId64, first);
    offline("i:1");
    int64_t second = enrolled("i:2", "de", "en");
    forget(first);
    lua_expect(db, "STALE %" PRId64, second);
    offline("i:2");
    forget(first);
    lua_expect(db, "STALE %" PRId64, second);
    ck_assert_str_eq(record("status"), "offline");
}
END_TEST

/* --- bad arguments ------------------------------------------------------------------------------------------------ */

static const lua_bad bad[] = {
    {SCRIPT_REGISTER_NODE, "|i|de|en|4|45000|", "BADARG node_id"},
    {SCRIPT_REGISTER_NODE, "a b|i|de|en|4|45000|", "BADARG node_id"},
    {SCRIPT_REGISTER_NODE, "a{b}|i|de|en|4|45000|", "BADARG node_id"},
    {SCRIPT_REGISTER_NODE, "n1||de|en|4|45000|", "BADARG owner"},
    {SCRIPT_REGISTER_NODE, "n1|i||en|4|45000|", "BADARG sources"},
    {SCRIPT_REGISTER_NODE, "n1|i|DE|en|4|45000|", "BADARG sources"},
    {SCRIPT_REGISTER_NODE, "n1|i|de||4|45000|", "BADARG targets"},
    {SCRIPT_REGISTER_NODE, "n1|i|de|e,n|4|45000|", "BADARG targets"},
    {SCRIPT_REGISTER_NODE, "n1|i|de|en|0|45000|", "BADARG slots"},
    {SCRIPT_REGISTER_NODE, "n1|i|de|en|1.5|45000|", "BADARG slots"},
    {SCRIPT_REGISTER_NODE, "n1|i|de|en|4|0|", "BADARG ttl_ms"},
    {SCRIPT_REGISTER_NODE, "n1|i|de|en|4", "BADARG ttl_ms"},
    {SCRIPT_REGISTER_NODE, "n1|i|de|en|4|45000", "BADARG services"},
    {SCRIPT_HEARTBEAT, "|i|45000|1|1|1|1|1|60000", "BADARG node_id"},
    {SCRIPT_HEARTBEAT, "n1||45000|1|1|1|1|1|60000", "BADARG owner"},
    {SCRIPT_HEARTBEAT, "n1|i|0|1|1|1|1|1|60000", "BADARG ttl_ms"},
    {SCRIPT_HEARTBEAT, "n1|i|45000|x|1|1|1|1|60000", "BADARG cpu"},
    {SCRIPT_HEARTBEAT, "n1|i|45000|1|-1|1|1|1|60000", "BADARG gpu"},
    {SCRIPT_HEARTBEAT, "n1|i|45000|1|1|nan|1|1|60000", "BADARG mem"},
    {SCRIPT_HEARTBEAT, "n1|i|45000|1|1|1||1|60000", "BADARG running"},
    {SCRIPT_HEARTBEAT, "n1|i|45000|1|1|1|1|2|60000", "BADARG up"},
    {SCRIPT_HEARTBEAT, "n1|i|45000|1|1|1|1", "BADARG up"},
    {SCRIPT_HEARTBEAT, "n1|i|45000|1|1|1|1|1|0", "BADARG ready_ms"},
    {SCRIPT_HEARTBEAT, "n1|i|45000|1|1|1|1|1", "BADARG ready_ms"},
    {SCRIPT_HEARTBEAT, "n1|i|45000|1|1|1|1|1|60000|2", "BADARG pools"},
    {SCRIPT_NODE_ASSIGNED, "i|1|no", "BADARG pools"},
    {SCRIPT_NODE_ASSIGNED, "|1", "BADARG owner"},
    {SCRIPT_NODE_ASSIGNED, "i|0", "BADARG ver"},
    {SCRIPT_NODE_OFFLINE, "|i|5000|10", "BADARG node_id"},
    {SCRIPT_NODE_OFFLINE, "n1", "BADARG owner"},
    {SCRIPT_NODE_OFFLINE, "n1|i|0|10", "BADARG retry_ms"},
    {SCRIPT_NODE_OFFLINE, "n1|i|5000|1001", "BADARG jobs_max"},
    {SCRIPT_FORGET_NODE, "|1", "BADARG node_id"},
    {SCRIPT_FORGET_NODE, "n1|x", "BADARG ver"},
};

START_TEST(a_bad_argument_is_named_and_nothing_is_written) {
    const lua_bad *b = &bad[_i];
    const char *answer = lua_node(db, b->script, "n1", "%s", b->args);
    lua_expect_bad(db, b, answer);
}
END_TEST

static void add_registration(Suite *suite) {
    TCase *tests = tcase_create("registration");
    tcase_add_checked_fixture(tests, clear, whole);
    tcase_add_test(tests, a_new_node_is_registering_and_expires_after_its_ttl);
    tcase_add_test(tests, the_same_offer_keeps_version_and_status);
    tcase_add_test(tests, a_changed_offer_is_a_new_generation);
    tcase_add_test(tests, swapped_sources_and_targets_are_another_offer);
    tcase_add_test(tests, a_version_never_goes_back_with_the_clock);
    tcase_add_test(tests, an_offline_node_gets_a_new_version_for_the_same_offer);
    tcase_add_test(tests, eight_pending_generations_are_the_bound);
    suite_add_tcase(suite, tests);
}

static void add_life(Suite *suite) {
    TCase *tests = tcase_create("life");
    tcase_add_checked_fixture(tests, clear, whole);
    tcase_add_test(tests, an_assigned_node_beats_ok_and_lives_on);
    tcase_add_test(tests, an_unassigned_node_learns_its_generations_in_ascending_order);
    tcase_add_test(tests, generations_are_ordered_by_number_not_by_text);
    tcase_add_test(tests, a_heartbeat_does_not_read_the_lists_of_an_assigned_node);
    tcase_add_test(tests, a_heartbeat_of_an_unknown_node_makes_nothing);
    tcase_add_test(tests, a_heartbeat_of_an_offline_node_is_gone_and_keeps_the_retry);
    tcase_add_test(tests, a_heartbeat_of_another_connection_changes_nothing);
    tcase_add_test(tests, an_assigned_node_is_ready_and_forgets_older_generations);
    tcase_add_test(tests, an_assignment_of_an_older_version_is_stale);
    tcase_add_test(tests, a_node_may_be_ready_without_pools_until_somebody_keeps_them);
    tcase_add_test(tests, a_draining_node_is_not_assigned);
    tcase_add_test(tests, assigning_keeps_a_node_degraded_that_has_failed);
    tcase_add_test(tests, only_the_owner_assigns_a_node_that_lives);
    suite_add_tcase(suite, tests);
}

static void add_end(Suite *suite) {
    TCase *tests = tcase_create("end");
    tcase_add_checked_fixture(tests, clear, whole);
    tcase_add_test(tests, offline_answers_generations_and_unexpired_reservations);
    tcase_add_test(tests, offline_answers_at_most_jobs_max_reservations);
    tcase_add_test(tests, the_late_end_of_an_old_connection_does_not_touch_the_node);
    tcase_add_test(tests, a_reaper_must_find_the_node_due);
    tcase_add_test(tests, an_unfinished_offline_is_due_again_after_the_retry);
    tcase_add_test(tests, a_node_that_the_index_does_not_know_is_not_due);
    tcase_add_test(tests, a_dangling_index_entry_is_removed);
    tcase_add_test(tests, a_forgotten_node_leaves_nothing);
    tcase_add_test(tests, only_an_offline_node_of_that_version_is_forgotten);
    tcase_add_loop_test(tests, a_bad_argument_is_named_and_nothing_is_written, 0, (int)(sizeof bad / sizeof *bad));
    suite_add_tcase(suite, tests);
}

static Suite *make_suite(void) {
    Suite *suite = suite_create("node scripts");
    add_registration(suite);
    add_life(suite);
    add_end(suite);
    return suite;
}

int main(int argc, char **argv) {
    return lua_main(argc, argv, make_suite, &db);
}
