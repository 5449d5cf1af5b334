/* What keeps a job from a node that is alive: a drain and its hold (drain_node), a model that it lacks (mark_service); and
 * the last question before an assignment is sent (confirm_reservation).
 * Mostly waits: for a cluster to come up. */
#include "tests/support/lua_db.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static lua_db *db;

/* No pools and no jobs are made here. */
static void whole(void) {
    lua_expect_whole(db, LUA_BUT(FSCK_POOL_ABSENT) | LUA_BUT(FSCK_RESV_LEAK));
}

static void clear(void) {
    lua_db_clear(db);
}

static void set_record(const char *fields) {
    lua_command(db, "HSET|lingua:v1:{n%02u}:node:n1|%s", node_bucket("n1"), fields);
}

static void living_node(void) {
    clear();
    lua_put_node(db, "n1", 2);
}

static const char *record(const char *fields) {
    redis_key key;
    return lua_command(db, "HMGET|%s|%s", key_node(&key, lua_keyspace(db), "n1"), fields);
}

static int64_t number(const char *field) {
    record(field);
    return lua_int(db, 0);
}

/* --- drain_node --------------------------------------------------------------------------------------------------- */

static const char *drain(const char *owner, int64_t hold, const char *reason) {
    return lua_node(db, SCRIPT_DRAIN_NODE, "n1", "%s|%" PRId64 "|%s", owner, hold, reason);
}

static const char *hold(void) {
    redis_key key;
    return lua_command(db, "GET|%s", key_node_hold(&key, lua_keyspace(db), "n1"));
}

START_TEST(an_operator_drains_any_node_and_holds_it) {
    redis_key key;
    ck_assert_str_eq(drain("", 60000, "new disk, back soon"), "OK ready");
    ck_assert_str_eq(record("status|owner"), "draining i:1");
    ck_assert_str_eq(hold(), "new disk, back soon");
    lua_command(db, "PTTL|%s", key_node_hold(&key, lua_keyspace(db), "n1"));
    int64_t left = reply_int(lua_reply(db));
    ck_assert_msg(left > 55000 && left <= 60000, "the hold lasts %" PRId64 " ms", left);
    ck_assert_str_eq(drain("", 60000, ""), "OK draining");
    ck_assert_str_eq(hold(), "''");
}
END_TEST

START_TEST(a_node_drains_itself_without_a_hold) {
    ck_assert_str_eq(drain("i:1", 0, ""), "OK ready");
    ck_assert_str_eq(record("status"), "draining");
    ck_assert_str_eq(hold(), "-");
}
END_TEST

START_TEST(another_connection_drains_nothing) {
    ck_assert_str_eq(drain("i:2", 60000, "x"), "NOTOWNER i:1");
    ck_assert_str_eq(record("status"), "ready");
    ck_assert_str_eq(hold(), "-");
}
END_TEST

START_TEST(an_offline_node_stays_offline_but_is_held) {
    set_record("status|offline");
    ck_assert_str_eq(drain("", 60000, "x"), "OK offline");
    ck_assert_str_eq(record("status"), "offline");
    ck_assert_str_eq(hold(), "x");
}
END_TEST

START_TEST(a_node_that_does_not_exist_is_held_and_not_made) {
    redis_key key;
    clear();
    ck_assert_str_eq(drain("", 0, "x"), "GONE");
    ck_assert_str_eq(lua_keys(db), "");
    ck_assert_str_eq(drain("", 60000, "x"), "GONE");
    ck_assert_str_eq(lua_keys(db), key_node_hold(&key, lua_keyspace(db), "n1"));
}
END_TEST

/* --- confirm_reservation ------------------------------------------------------------------------------------------ */

static const char *reservations(redis_key *key) {
    return key_node_reservations(key, lua_keyspace(db), "n1");
}

/* As reserve_node leaves it: the set ends with its latest entry. */
static void hold_slot(const char *job_and_attempt, int64_t until) {
    redis_key key;
    lua_command(db, "ZADD|%s|%" PRId64 "|%s", reservations(&key), until, job_and_attempt);
    lua_command(db, "PEXPIREAT|%s|%" PRId64, reservations(&key), until);
}

static const char *confirm(const char *job, int attempt, const char *owner) {
    return lua_node(db, SCRIPT_CONFIRM_RESERVATION, "n1", "%s|%d|%s|20000", job, attempt, owner);
}

static int64_t expiry_of(const char *job_and_attempt) {
    redis_key key;
    lua_command(db, "ZSCORE|%s|%s", reservations(&key), job_and_attempt);
    return reply_int(lua_reply(db));
}

static int64_t end_of_set(void) {
    redis_key key;
    lua_command(db, "PEXPIRETIME|%s", reservations(&key));
    return reply_int(lua_reply(db));
}

START_TEST(what_is_held_is_confirmed_and_extended) {
    int64_t now = lua_now(db);
    hold_slot("j1 1", now + 5000);
    confirm("j1", 1, "i:1");
    ck_assert(reply_says(lua_reply(db), "OK"));
    int64_t expiry = lua_int(db, 1);
    lua_near(expiry, now + 20000);
    ck_assert_int_eq(expiry_of("j1 1"), expiry);
    ck_assert_int_eq(end_of_set(), expiry);
}
END_TEST

START_TEST(confirming_never_shortens) {
    int64_t now = lua_now(db);
    hold_slot("j1 1", now + 30000);
    hold_slot("j2 1", now + 60000);
    confirm("j1", 1, "i:1");
    lua_expect(db, "OK %" PRId64, now + 30000);
    ck_assert_int_eq(expiry_of("j1 1"), now + 30000);
    ck_assert_int_eq(end_of_set(), now + 60000);
    hold_slot("j3 1", now + 40000);
    lua_command(db, "PEXPIREAT|lingua:v1:{n%02u}:resv:n1|%" PRId64, node_bucket("n1"), now + 60000);
    lua_node(db, SCRIPT_CONFIRM_RESERVATION, "n1", "j3|1|i:1|50000");
    ck_assert_int_eq(end_of_set(), now + 60000);
}
END_TEST

START_TEST(what_is_not_held_is_stale) {
    redis_key key;
    hold_slot("j1 1", lua_now(db) + 5000);
    ck_assert_str_eq(confirm("j1", 2, "i:1"), "STALE released");
    ck_assert_str_eq(confirm("j2", 1, "i:1"), "STALE released");
    ck_assert_str_eq(lua_command(db, "ZCARD|%s", reservations(&key)), "1");
}
END_TEST

START_TEST(what_has_expired_is_stale_even_when_nobody_purged_it) {
    int64_t now = lua_now(db);
    hold_slot("j2 1", now + 5000);
    lua_command(db, "ZADD|lingua:v1:{n%02u}:resv:n1|%" PRId64 "|j1 1", node_bucket("n1"), now);
    ck_assert_str_eq(confirm("j1", 1, "i:1"), "STALE released");
    ck_assert_int_eq(expiry_of("j1 1"), now);
}
END_TEST

START_TEST(another_connection_of_the_node_confirms_nothing) {
    int64_t until = lua_now(db) + 5000;
    hold_slot("j1 1", until);
    ck_assert_str_eq(confirm("j1", 1, "i:2"), "STALE owner");
    ck_assert_str_eq(confirm("none", 1, "i:2"), "STALE owner");
    ck_assert_int_eq(expiry_of("j1 1"), until);
}
END_TEST

START_TEST(a_node_that_has_gone_confirms_nothing) {
    int64_t until = lua_now(db) + 5000;
    hold_slot("j1 1", until);
    set_record("status|offline");
    ck_assert_str_eq(confirm("j1", 1, "i:1"), "STALE offline");
    ck_assert_str_eq(confirm("j1", 1, "i:2"), "STALE offline");
    ck_assert_int_eq(expiry_of("j1 1"), until);
    clear();
    ck_assert_str_eq(confirm("j1", 1, "i:1"), "STALE offline");
    ck_assert_str_eq(lua_keys(db), "");
}
END_TEST

START_TEST(a_draining_node_gets_what_it_was_granted) {
    hold_slot("j1 1", lua_now(db) + 5000);
    set_record("status|draining");
    confirm("j1", 1, "i:1");
    ck_assert(reply_says(lua_reply(db), "OK"));
}
END_TEST

/* --- mark_service ------------------------------------------------------------------------------------------------- */

static const char *mark(const char *tgt, const char *service, int limit, int window) {
    return lua_node(db, SCRIPT_MARK_SERVICE, "n1", "de|%s|%s|60000|%d|%d", tgt, service, limit, window);
}

static const char *mark_of(const char *pair) {
    redis_key key;
    return lua_command(db, "HGET|%s|%s", key_node_marks(&key, lua_keyspace(db), "n1"), pair);
}

static void plant_mark(const char *pair, int64_t until, const char *service) {
    redis_key key;
    lua_command(db, "HSET|%s|%s|%" PRId64 " %s", key_node_marks(&key, lua_keyspace(db), "n1"), pair, until, service);
    lua_command(db, "PEXPIREAT|%s|%" PRId64, key.text, lua_now(db) + 60000);
    lua_command(db, "HSET|lingua:v1:{n%02u}:node:n1|marked|%" PRId64, node_bucket("n1"), until);
}

START_TEST(a_mark_names_its_service_and_its_end) {
    redis_key key;
    char expected[64];
    int64_t now = lua_now(db);
    mark("en", "asr-de@3", 30, 10000);
    ck_assert(reply_says(lua_reply(db), "MARKED"));
    int64_t until = lua_int(db, 1);
    lua_near(until, now + 60000);
    snprintf(expected, sizeof expected, "%" PRId64 " asr-de@3", until);
    ck_assert_str_eq(mark_of("de:en"), expected);
    ck_assert_int_eq(number("marked"), until);
    lua_command(db, "PEXPIRETIME|%s", key_node_marks(&key, lua_keyspace(db), "n1"));
    ck_assert_int_eq(reply_int(lua_reply(db)), until);
    ck_assert_str_eq(record("mark_n"), "1");
    lua_near(number("mark_from"), now);
}
END_TEST

START_TEST(the_same_mark_again_is_answered_as_it_stands_and_not_counted) {
    mark("en", "asr-de@3", 1, 10000);
    int64_t until = lua_int(db, 1);
    plant_mark("de:en", until - 1, "asr-de@3");
    mark("en", "asr-de@3", 1, 10000);
    lua_expect(db, "MARKED %" PRId64, until - 1);
    ck_assert_str_eq(record("mark_n"), "1");
}
END_TEST

START_TEST(a_mark_of_five_seconds_ago_is_renewed) {
    int64_t now = lua_now(db);
    plant_mark("de:en", now + 55000, "asr-de@3");
    mark("en", "asr-de@3", 30, 10000);
    lua_near(lua_int(db, 1), now + 60000);
    ck_assert_str_eq(record("mark_n"), "1");
}
END_TEST

START_TEST(another_service_of_the_pair_and_another_pair_are_other_marks) {
    char expected[64];
    int64_t now = lua_now(db);
    plant_mark("de:en", now + 60000, "asr-de@3");
    mark("en", "mt@1", 30, 10000);
    snprintf(expected, sizeof expected, "%" PRId64 " mt@1", lua_int(db, 1));
    ck_assert_str_eq(mark_of("de:en"), expected);
    mark("fr", "mt@1", 30, 10000);
    ck_assert_str_eq(record("mark_n"), "2");
    ck_assert_str_ne(mark_of("de:fr"), "-");
}
END_TEST

START_TEST(a_shorter_mark_does_not_shorten_the_others) {
    redis_key key;
    mark("en", "asr-de@3", 30, 10000);
    int64_t latest = lua_int(db, 1);
    lua_node(db, SCRIPT_MARK_SERVICE, "n1", "de|fr|mt@1|1000|30|10000");
    ck_assert_int_lt(lua_int(db, 1), latest);
    ck_assert_int_eq(number("marked"), latest);
    lua_command(db, "PEXPIRETIME|%s", key_node_marks(&key, lua_keyspace(db), "n1"));
    ck_assert_int_eq(reply_int(lua_reply(db)), latest);
}
END_TEST

START_TEST(a_node_has_so_many_marks_in_one_window) {
    mark("en", "mt@1", 2, 10000);
    mark("fr", "mt@1", 2, 10000);
    ck_assert_str_eq(mark("it", "mt@1", 2, 10000), "LIMITED");
    ck_assert_str_eq(mark_of("de:it"), "-");
    ck_assert_str_eq(record("mark_n"), "2");
    int64_t now = lua_now(db);
    char fields[64];
    snprintf(fields, sizeof fields, "mark_from|%" PRId64, now - 10000);
    set_record(fields);
    mark("it", "mt@1", 2, 10000);
    ck_assert(reply_says(lua_reply(db), "MARKED"));
    ck_assert_str_eq(record("mark_n"), "1");
    lua_near(number("mark_from"), now);
}
END_TEST

START_TEST(a_window_that_begins_in_the_future_is_begun_anew) {
    set_record("mark_n|9|mark_from|9000000000000000");
    mark("it", "mt@1", 2, 10000);
    ck_assert(reply_says(lua_reply(db), "MARKED"));
    ck_assert_str_eq(record("mark_n"), "1");
}
END_TEST

START_TEST(marks_of_the_past_are_removed_with_the_first_new_one) {
    redis_key key;
    plant_mark("de:fr", lua_now(db) - 1, "mt@1");
    mark("en", "mt@1", 30, 10000);
    ck_assert_str_eq(lua_command(db, "HKEYS|%s", key_node_marks(&key, lua_keyspace(db), "n1")), "de:en");
}
END_TEST

START_TEST(a_node_that_has_gone_is_not_marked) {
    set_record("status|offline");
    ck_assert_str_eq(mark("en", "mt@1", 30, 10000), "GONE");
    ck_assert_str_eq(mark_of("de:en"), "-");
    clear();
    ck_assert_str_eq(mark("en", "mt@1", 30, 10000), "GONE");
    ck_assert_str_eq(lua_keys(db), "");
}
END_TEST

/* --- bad arguments ------------------------------------------------------------------------------------------------ */

static const lua_bad bad[] = {
    {SCRIPT_DRAIN_NODE, "i 1|0|x", "BADARG owner"},
    {SCRIPT_DRAIN_NODE, "i:1|-1|x", "BADARG hold_ms"},
    {SCRIPT_DRAIN_NODE, "i:1|86400001|x", "BADARG hold_ms"},
    {SCRIPT_DRAIN_NODE, "i:1|1.5|x", "BADARG hold_ms"},
    {SCRIPT_DRAIN_NODE, "i:1|0", "BADARG reason"},
    {SCRIPT_CONFIRM_RESERVATION, "|1|i:1|1000", "BADARG job_id"},
    {SCRIPT_CONFIRM_RESERVATION, "j 1|1|i:1|1000", "BADARG job_id"},
    {SCRIPT_CONFIRM_RESERVATION, "j1|0|i:1|1000", "BADARG attempt"},
    {SCRIPT_CONFIRM_RESERVATION, "j1|1||1000", "BADARG owner"},
    {SCRIPT_CONFIRM_RESERVATION, "j1|1|i:1|0", "BADARG hold_ms"},
    {SCRIPT_CONFIRM_RESERVATION, "j1|1|i:1", "BADARG hold_ms"},
    {SCRIPT_MARK_SERVICE, "|en|mt@1|1000|30|1000", "BADARG src"},
    {SCRIPT_MARK_SERVICE, "de||mt@1|1000|30|1000", "BADARG tgt"},
    {SCRIPT_MARK_SERVICE, "de|en||1000|30|1000", "BADARG service"},
    {SCRIPT_MARK_SERVICE, "de|en|mt 1|1000|30|1000", "BADARG service"},
    {SCRIPT_MARK_SERVICE, "de|en|mt@1|0|30|1000", "BADARG mark_ms"},
    {SCRIPT_MARK_SERVICE, "de|en|mt@1|1000|0|1000", "BADARG limit"},
    {SCRIPT_MARK_SERVICE, "de|en|mt@1|1000|30|0", "BADARG window_ms"},
    {SCRIPT_MARK_SERVICE, "de|en|mt@1|1000|30", "BADARG window_ms"},
};

START_TEST(a_bad_argument_is_named_and_nothing_is_written) {
    const lua_bad *b = &bad[_i];
    const char *answer = lua_node(db, b->script, "n1", "%s", b->args);
    lua_expect_bad(db, b, answer);
}
END_TEST

START_TEST(a_reason_of_more_than_200_bytes_is_refused) {
    lua_node(db, SCRIPT_DRAIN_NODE, "n1", "|0|%0201d", 0);
    ck_assert_msg(!strncmp(reply_text(lua_reply(db)), "BADARG reason", 13), "%s", reply_text(lua_reply(db)));
}
END_TEST

static void add_drain(Suite *suite) {
    TCase *tests = tcase_create("drain");
    tcase_add_checked_fixture(tests, living_node, whole);
    tcase_add_test(tests, an_operator_drains_any_node_and_holds_it);
    tcase_add_test(tests, a_node_drains_itself_without_a_hold);
    tcase_add_test(tests, another_connection_drains_nothing);
    tcase_add_test(tests, an_offline_node_stays_offline_but_is_held);
    tcase_add_test(tests, a_node_that_does_not_exist_is_held_and_not_made);
    tcase_add_test(tests, a_reason_of_more_than_200_bytes_is_refused);
    suite_add_tcase(suite, tests);
}

static void add_confirm(Suite *suite) {
    TCase *tests = tcase_create("confirm");
    tcase_add_checked_fixture(tests, living_node, whole);
    tcase_add_test(tests, what_is_held_is_confirmed_and_extended);
    tcase_add_test(tests, confirming_never_shortens);
    tcase_add_test(tests, what_is_not_held_is_stale);
    tcase_add_test(tests, what_has_expired_is_stale_even_when_nobody_purged_it);
    tcase_add_test(tests, another_connection_of_the_node_confirms_nothing);
    tcase_add_test(tests, a_node_that_has_gone_confirms_nothing);
    tcase_add_test(tests, a_draining_node_gets_what_it_was_granted);
    suite_add_tcase(suite, tests);
}

static void add_marks(Suite *suite) {
    TCase *tests = tcase_create("marks");
    tcase_add_checked_fixture(tests, living_node, whole);
    tcase_add_test(tests, a_mark_names_its_service_and_its_end);
    tcase_add_test(tests, the_same_mark_again_is_answered_as_it_stands_and_not_counted);
    tcase_add_test(tests, a_mark_of_five_seconds_ago_is_renewed);
    tcase_add_test(tests, another_service_of_the_pair_and_another_pair_are_other_marks);
    tcase_add_test(tests, a_shorter_mark_does_not_shorten_the_others);
    tcase_add_test(tests, a_node_has_so_many_marks_in_one_window);
    tcase_add_test(tests, a_window_that_begins_in_the_future_is_begun_anew);
    tcase_add_test(tests, marks_of_the_past_are_removed_with_the_first_new_one);
    tcase_add_test(tests, a_node_that_has_gone_is_not_marked);
    suite_add_tcase(suite, tests);
}

static Suite *make_suite(void) {
    Suite *suite = suite_create("node health");
    TCase *arguments = tcase_create("arguments");
    tcase_add_checked_fixture(arguments, clear, whole);
    tcase_add_loop_test(arguments, a_bad_argument_is_named_and_nothing_is_written, 0, (int)(sizeof bad / sizeof *bad));
    suite_add_tcase(suite, arguments);
    add_drain(suite);
    add_confirm(suite);
    add_marks(suite);
    return suite;
}

int main(int argc, char **argv) {
    return lua_main(argc, argv, make_suite, &db);
}
