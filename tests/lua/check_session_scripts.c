/* open_session, renew_session, close_session: the newest connection speaks for a session, and only that one ends it.
 * Mostly waits: for a cluster to come up. */
#include "tests/support/lua_db.h"

#include <inttypes.h>
#include <string.h>

static lua_db *db;

static void whole(void) {
    lua_expect_whole(db, 0);
}

static void clear(void) {
    lua_db_clear(db);
}

static const char *open_by(const char *owner) {
    return lua_session(db, SCRIPT_OPEN_SESSION, "s-1", "%s|de|en|1|60000", owner);
}

static const char *renew_by(const char *owner) {
    return lua_session(db, SCRIPT_RENEW_SESSION, "s-1", "%s|90000", owner);
}

static const char *close_by(const char *owner) {
    return lua_session(db, SCRIPT_CLOSE_SESSION, "s-1", "%s", owner);
}

static const char *record(const char *fields) {
    redis_key key;
    return lua_command(db, "HMGET|%s|%s", key_session(&key, lua_keyspace(db), "s-1"), fields);
}

static int64_t ttl(void) {
    redis_key key;
    lua_command(db, "PTTL|%s", key_session(&key, lua_keyspace(db), "s-1"));
    return reply_int(lua_reply(db));
}

START_TEST(an_open_session_has_an_owner_its_languages_and_a_ttl) {
    int64_t now = lua_now(db);
    ck_assert_str_eq(open_by("i:1"), "OK ''");
    ck_assert_str_eq(record("owner|src|tgt|two_way"), "i:1 de en 1");
    record("opened");
    ck_assert_msg(lua_int(db, 0) >= now && lua_int(db, 0) < now + 2000, "opened at %" PRId64 ", asked at %" PRId64,
                  lua_int(db, 0), now);
    int64_t left = ttl();
    ck_assert_msg(left > 55000 && left <= 60000, "it lives for %" PRId64 " ms", left);
    ck_assert_str_eq(lua_keys(db), "lingua:v1:{s:s-1}:session");
}
END_TEST

START_TEST(the_newest_connection_wins_and_nothing_of_the_former_stays) {
    redis_key key;
    open_by("i:1");
    lua_command(db, "HSET|%s|extra|1", key_session(&key, lua_keyspace(db), "s-1"));
    ck_assert_str_eq(lua_session(db, SCRIPT_OPEN_SESSION, "s-1", "i:2|fr|it|0|90000"), "OK i:1");
    ck_assert_str_eq(record("owner|src|tgt|two_way|extra"), "i:2 fr it 0 -");
    ck_assert_int_gt(ttl(), 60000);
}
END_TEST

START_TEST(its_owner_closes_a_session_and_nothing_is_left) {
    open_by("i:1");
    ck_assert_str_eq(close_by("i:1"), "OK");
    ck_assert_str_eq(lua_keys(db), "");
    ck_assert_str_eq(close_by("i:1"), "GONE");
}
END_TEST

START_TEST(the_late_end_of_a_former_connection_changes_nothing) {
    open_by("i:1");
    open_by("i:2");
    ck_assert_str_eq(close_by("i:1"), "NOTOWNER i:2");
    ck_assert_str_eq(record("owner"), "i:2");
}
END_TEST

START_TEST(only_its_owner_renews_a_session) {
    ck_assert_str_eq(renew_by("i:1"), "GONE");
    ck_assert_str_eq(lua_keys(db), "");
    open_by("i:1");
    ck_assert_str_eq(renew_by("i:1"), "OK");
    ck_assert_int_gt(ttl(), 60000);
    open_by("i:2");
    ck_assert_str_eq(renew_by("i:1"), "NOTOWNER i:2");
    ck_assert_int_le(ttl(), 60000);
}
END_TEST

START_TEST(sessions_are_apart) {
    open_by("i:1");
    lua_session(db, SCRIPT_OPEN_SESSION, "s-2", "i:1|de|en|0|60000");
    close_by("i:1");
    ck_assert_str_eq(lua_keys(db), "lingua:v1:{s:s-2}:session");
}
END_TEST

static const lua_bad bad[] = {
    {SCRIPT_OPEN_SESSION, "|de|en|1|1000", "BADARG owner"},
    {SCRIPT_OPEN_SESSION, "i 1|de|en|1|1000", "BADARG owner"},
    {SCRIPT_OPEN_SESSION, "i:1|DE|en|1|1000", "BADARG src"},
    {SCRIPT_OPEN_SESSION, "i:1|de||1|1000", "BADARG tgt"},
    {SCRIPT_OPEN_SESSION, "i:1|de|a-language-of-17ch|1|1000", "BADARG tgt"},
    {SCRIPT_OPEN_SESSION, "i:1|de|en|2|1000", "BADARG two_way"},
    {SCRIPT_OPEN_SESSION, "i:1|de|en|1|0", "BADARG ttl_ms"},
    {SCRIPT_OPEN_SESSION, "i:1|de|en|1", "BADARG ttl_ms"},
    {SCRIPT_CLOSE_SESSION, "", "BADARG owner"},
    {SCRIPT_RENEW_SESSION, "|1000", "BADARG owner"},
    {SCRIPT_RENEW_SESSION, "i:1|0", "BADARG ttl_ms"},
    {SCRIPT_RENEW_SESSION, "i:1", "BADARG ttl_ms"},
};

START_TEST(a_bad_argument_is_named_and_nothing_is_written) {
    const lua_bad *b = &bad[_i];
    const char *answer = lua_session(db, b->script, "s-1", "%s", b->args);
    lua_expect_bad(db, b, answer);
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("session scripts");
    TCase *tests = tcase_create("sessions");
    tcase_add_checked_fixture(tests, clear, whole);
    tcase_add_test(tests, an_open_session_has_an_owner_its_languages_and_a_ttl);
    tcase_add_test(tests, the_newest_connection_wins_and_nothing_of_the_former_stays);
    tcase_add_test(tests, its_owner_closes_a_session_and_nothing_is_left);
    tcase_add_test(tests, the_late_end_of_a_former_connection_changes_nothing);
    tcase_add_test(tests, only_its_owner_renews_a_session);
    tcase_add_test(tests, sessions_are_apart);
    tcase_add_loop_test(tests, a_bad_argument_is_named_and_nothing_is_written, 0, (int)(sizeof bad / sizeof *bad));
    suite_add_tcase(suite, tests);
    return suite;
}

int main(int argc, char **argv) {
    return lua_main(argc, argv, make_suite, &db);
}
