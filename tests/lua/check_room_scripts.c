/* room_create, room_join, room_leave, room_speak, room_prefer: who is in a room, in which language each wants to hear, and
 * how long the room lives.
 * Mostly waits: for a cluster to come up. */
#include "tests/support/lua_db.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define CODE     "042917"
#define ROOM_KEY "lingua:v1:{r:" CODE "}:room"

enum { IDLE = 60000 };

static lua_db *db;
static char text[512]; /* of members() */

static void whole(void) {
    lua_expect_whole(db, 0);
}

static void clear(void) {
    lua_db_clear(db);
}

static const char *create(const char *session, const char *lang) {
    return lua_room(db, SCRIPT_ROOM_CREATE, CODE, "%s|%s|i:%s||%d", session, lang, session, IDLE);
}

static const char *join(const char *session, const char *lang) {
    return lua_room(db, SCRIPT_ROOM_JOIN, CODE, "%s|%s|i:%s||%d|4|3", session, lang, session, IDLE);
}

static const char *leave_as(const char *session, const char *owner) {
    return lua_room(db, SCRIPT_ROOM_LEAVE, CODE, "%s|%s", session, owner);
}

static const char *leave(const char *session) {
    return leave_as(session, "");
}

static const char *speak(const char *session) {
    return lua_room(db, SCRIPT_ROOM_SPEAK, CODE, "%s|%d", session, IDLE);
}

static const char *prefer(const char *receiver, const char *sender, int wants) {
    return lua_room(db, SCRIPT_ROOM_PREFER, CODE, "%s|%s|%d", receiver, sender, wants);
}

static const char *field(const char *name) {
    return lua_command(db, "HGET|%s|%s", ROOM_KEY, name);
}

/* The room will end in one second unless something renews it. */
static void grow_old(void) {
    lua_command(db, "PEXPIRE|%s|1000", ROOM_KEY);
}

static bool is_young(void) {
    lua_command(db, "PTTL|%s", ROOM_KEY);
    return reply_int(lua_reply(db)) > IDLE / 2 && reply_int(lua_reply(db)) <= IDLE;
}

/* The sessions and languages of the last answer, "word session lang session lang". */
static const char *members(void) {
    const redis_reply *reply = lua_reply(db);
    int used = snprintf(text, sizeof text, "%s", reply_text(reply_at(reply, 0)));
    for (size_t i = 1; i + 1 < reply_count(reply); i += 2) {
        char lang[32] = "";
        sscanf(reply_text(reply_at(reply, i + 1)), "%31s", lang);
        used += snprintf(text + used, sizeof text - (size_t)used, " %s %s", reply_text(reply_at(reply, i)), lang);
    }
    return text;
}

/* --- create and join ---------------------------------------------------------------------------------------------- */

START_TEST(a_new_room_has_one_member_and_a_ttl) {
    char expected[64];
    int64_t now = lua_now(db);
    lua_room(db, SCRIPT_ROOM_CREATE, CODE, "s-1|de|i:1|Ada of the north|%d", IDLE);
    lua_expect(db, "OK");
    field("made");
    int64_t made = reply_int(lua_reply(db));
    ck_assert_msg(made >= now && made < now + 2000, "made at %" PRId64 ", asked at %" PRId64, made, now);
    snprintf(expected, sizeof expected, "de i:1 %" PRId64 " Ada of the north", made);
    ck_assert_str_eq(field("m:s-1"), expected);
    ck_assert(is_young());
    ck_assert_str_eq(lua_keys(db), ROOM_KEY);
}
END_TEST

START_TEST(a_code_that_is_taken_changes_nothing) {
    create("s-1", "de");
    grow_old();
    ck_assert_str_eq(create("s-2", "en"), "EXISTS");
    ck_assert_str_eq(field("m:s-2"), "-");
    ck_assert(!is_young());
}
END_TEST

START_TEST(a_room_that_does_not_exist_is_not_made_by_others) {
    ck_assert_str_eq(join("s-1", "de"), "NOTFOUND");
    ck_assert_str_eq(leave("s-1"), "NOTFOUND");
    ck_assert_str_eq(speak("s-1"), "NOTFOUND");
    ck_assert_str_eq(prefer("s-1", "s-2", 0), "NOTFOUND");
    ck_assert_str_eq(prefer("s-1", "s-2", 1), "NOTFOUND");
    ck_assert_str_eq(lua_keys(db), "");
}
END_TEST

START_TEST(whoever_joins_learns_all_members_by_session_id) {
    create("s-5", "de");
    grow_old();
    join("s-7", "en");
    ck_assert_str_eq(members(), "OK s-5 de s-7 en");
    ck_assert(is_young());
    join("s-6", "-");
    ck_assert_str_eq(members(), "OK s-5 de s-6 - s-7 en");
    char told[128];
    snprintf(told, sizeof told, "%s", reply_text(reply_at(lua_reply(db), 4)));
    ck_assert_str_eq(field("m:s-6"), told);
}
END_TEST

START_TEST(a_name_may_be_empty_and_may_have_spaces) {
    create("s-1", "de");
    lua_room(db, SCRIPT_ROOM_JOIN, CODE, "s-2|en|i:2|two  words |%d|4|3", IDLE);
    const char *first = reply_text(reply_at(lua_reply(db), 2)), *second = reply_text(reply_at(lua_reply(db), 4));
    ck_assert_msg(first[strlen(first) - 1] == ' ', "\"%s\"", first);
    ck_assert_msg(strstr(second, " two  words ") + strlen(" two  words ") == second + strlen(second), "\"%s\"", second);
}
END_TEST

START_TEST(a_member_that_joins_again_replaces_what_it_said_and_keeps_its_instant) {
    long long joined = 0;
    create("s-1", "de");
    lua_command(db, "HSET|%s|m:s-1|de i:1 12345 Ada", ROOM_KEY);
    grow_old();
    lua_room(db, SCRIPT_ROOM_JOIN, CODE, "s-1|en|j:9|Eve|%d|4|3", IDLE);
    ck_assert_str_eq(members(), "JOINED s-1 en");
    ck_assert_int_eq(sscanf(field("m:s-1"), "en j:9 %lld Eve", &joined), 1);
    ck_assert_int_eq(joined, 12345);
    ck_assert(is_young());
}
END_TEST

START_TEST(a_full_room_takes_nobody_but_its_members) {
    create("s-1", "de");
    join("s-2", "de");
    join("s-3", "de");
    join("s-4", "de");
    grow_old();
    ck_assert_str_eq(join("s-5", "de"), "FULL");
    ck_assert_str_eq(field("m:s-5"), "-");
    ck_assert(!is_young());
    join("s-4", "en");
    ck_assert_str_eq(members(), "JOINED s-1 de s-2 de s-3 de s-4 en");
}
END_TEST

START_TEST(a_room_has_so_many_languages_at_most_and_none_is_no_language) {
    create("s-1", "de");
    lua_room(db, SCRIPT_ROOM_JOIN, CODE, "s-2|-|i:2||%d|9|2", IDLE);
    lua_room(db, SCRIPT_ROOM_JOIN, CODE, "s-3|en|i:3||%d|9|2", IDLE);
    ck_assert_str_eq(members(), "OK s-1 de s-2 - s-3 en");
    grow_old();
    ck_assert_str_eq(lua_room(db, SCRIPT_ROOM_JOIN, CODE, "s-4|fr|i:4||%d|9|2", IDLE), "LANGS");
    ck_assert_str_eq(lua_room(db, SCRIPT_ROOM_JOIN, CODE, "s-2|fr|i:2||%d|9|2", IDLE), "LANGS");
    ck_assert_str_eq(field("m:s-4"), "-");
    ck_assert(!is_young());
    lua_room(db, SCRIPT_ROOM_JOIN, CODE, "s-1|fr|i:1||%d|9|2", IDLE);
    ck_assert_str_eq(members(), "JOINED s-1 fr s-2 - s-3 en");
}
END_TEST

/* --- speak, prefer, leave ----------------------------------------------------------------------------------------- */

START_TEST(whoever_speaks_learns_all_members_and_renews_the_room) {
    create("s-2", "de");
    join("s-1", "en");
    grow_old();
    speak("s-2");
    ck_assert_str_eq(members(), "OK s-1 en s-2 de");
    ck_assert(is_young());
}
END_TEST

START_TEST(who_is_no_member_does_not_speak) {
    create("s-1", "de");
    grow_old();
    ck_assert_str_eq(speak("s-2"), "ABSENT");
    ck_assert(!is_young());
}
END_TEST

START_TEST(a_receiver_may_not_want_a_senders_raw_voice) {
    create("s-1", "de");
    join("s-2", "en");
    ck_assert_str_eq(prefer("s-1", "s-2", 0), "OK");
    ck_assert_str_eq(field("x:s-1 s-2"), "0");
    ck_assert_str_eq(field("x:s-2 s-1"), "-");
    ck_assert_str_eq(prefer("s-1", "s-2", 1), "OK");
    ck_assert_str_eq(field("x:s-1 s-2"), "-");
    ck_assert_str_eq(prefer("s-1", "s-2", 1), "OK");
    ck_assert_str_eq(prefer("s-1", "s-3", 0), "ABSENT");
    ck_assert_str_eq(prefer("s-3", "s-1", 0), "ABSENT");
    ck_assert_str_eq(lua_command(db, "HLEN|%s", ROOM_KEY), "3");
}
END_TEST

START_TEST(a_preference_is_no_member) {
    create("s-1", "de");
    join("s-2", "en");
    prefer("s-1", "s-2", 0);
    speak("s-1");
    ck_assert_str_eq(members(), "OK s-1 de s-2 en");
    lua_room(db, SCRIPT_ROOM_JOIN, CODE, "s-3|de|i:3||%d|3|2", IDLE);
    ck_assert_str_eq(members(), "OK s-1 de s-2 en s-3 de");
}
END_TEST

START_TEST(whoever_leaves_takes_all_preferences_about_it_along) {
    create("a", "de");
    join("a:b", "en");
    join("b", "fr");
    prefer("a:b", "b", 0);
    prefer("b", "a:b", 0);
    prefer("a", "b", 0);
    grow_old();
    leave("a:b");
    ck_assert_str_eq(members(), "OK a de b fr");
    ck_assert_str_eq(field("x:a b"), "0");
    ck_assert_str_eq(lua_command(db, "HLEN|%s", ROOM_KEY), "4");
    ck_assert(!is_young());
}
END_TEST

START_TEST(who_is_no_member_does_not_leave) {
    create("s-1", "de");
    ck_assert_str_eq(leave("s-2"), "ABSENT");
    ck_assert_str_eq(lua_command(db, "HLEN|%s", ROOM_KEY), "2");
}
END_TEST

START_TEST(the_room_ends_with_its_last_member) {
    create("s-1", "de");
    join("s-2", "en");
    prefer("s-1", "s-2", 0);
    leave("s-2");
    ck_assert_str_eq(leave("s-1"), "OK");
    ck_assert_str_eq(lua_keys(db), "");
}
END_TEST

START_TEST(a_thousand_preferences_of_one_member_are_forgotten_at_once) {
    create("s-0", "de");
    for (int i = 1; i <= 600; i++) {
        char session[16];
        snprintf(session, sizeof session, "s-%d", i);
        lua_room(db, SCRIPT_ROOM_JOIN, CODE, "%s|de|i:1||%d|1000|1", session, IDLE);
        prefer(session, "s-0", 0);
        prefer("s-0", session, 0);
    }
    leave("s-0");
    ck_assert_uint_eq(reply_count(lua_reply(db)), 1 + 2 * 600);
    ck_assert_str_eq(lua_command(db, "HLEN|%s", ROOM_KEY), "601");
}
END_TEST

/* --- bad arguments ------------------------------------------------------------------------------------------------ */

static const lua_bad bad[] = {
    {SCRIPT_ROOM_CREATE, "|de|i||1000", "BADARG session"},
    {SCRIPT_ROOM_CREATE, "s 1|de|i||1000", "BADARG session"},
    {SCRIPT_ROOM_CREATE, "s-1||i||1000", "BADARG lang"},
    {SCRIPT_ROOM_CREATE, "s-1|DE|i||1000", "BADARG lang"},
    {SCRIPT_ROOM_CREATE, "s-1|de|||1000", "BADARG owner"},
    {SCRIPT_ROOM_CREATE, "s-1|de|i j||1000", "BADARG owner"},
    {SCRIPT_ROOM_CREATE, "s-1|de|i", "BADARG name"},
    {SCRIPT_ROOM_CREATE, "s-1|de|i|0123456789012345678901234567890123456789012345678901234567890123+|1", "BADARG name"},
    {SCRIPT_ROOM_CREATE, "s-1|de|i||0", "BADARG ttl_ms"},
    {SCRIPT_ROOM_CREATE, "s-1|de|i|", "BADARG ttl_ms"},
    {SCRIPT_ROOM_JOIN, "|de|i||1000|4|4", "BADARG session"},
    {SCRIPT_ROOM_JOIN, "s-1|d_e|i||1000|4|4", "BADARG lang"},
    {SCRIPT_ROOM_JOIN, "s-1|de|||1000|4|4", "BADARG owner"},
    {SCRIPT_ROOM_JOIN, "s-1|de|i|0123456789012345678901234567890123456789012345678901234567890123+|1|4|4",
     "BADARG name"},
    {SCRIPT_ROOM_JOIN, "s-1|de|i||1.5|4|4", "BADARG ttl_ms"},
    {SCRIPT_ROOM_JOIN, "s-1|de|i||1000|0|4", "BADARG members_max"},
    {SCRIPT_ROOM_JOIN, "s-1|de|i||1000|1001|4", "BADARG members_max"},
    {SCRIPT_ROOM_JOIN, "s-1|de|i||1000|4|0", "BADARG langs_max"},
    {SCRIPT_ROOM_JOIN, "s-1|de|i||1000|4", "BADARG langs_max"},
    {SCRIPT_ROOM_LEAVE, "", "BADARG session"},
    {SCRIPT_ROOM_LEAVE, "s{1}", "BADARG session"},
    {SCRIPT_ROOM_LEAVE, "s-1", "BADARG owner"},
    {SCRIPT_ROOM_LEAVE, "s-1|i 1", "BADARG owner"},
    {SCRIPT_ROOM_SPEAK, "|1000", "BADARG session"},
    {SCRIPT_ROOM_SPEAK, "s-1|0", "BADARG ttl_ms"},
    {SCRIPT_ROOM_SPEAK, "s-1", "BADARG ttl_ms"},
    {SCRIPT_ROOM_PREFER, "|s-2|1", "BADARG receiver"},
    {SCRIPT_ROOM_PREFER, "s-1||1", "BADARG sender"},
    {SCRIPT_ROOM_PREFER, "s-1|s-2|2", "BADARG wants"},
    {SCRIPT_ROOM_PREFER, "s-1|s-2", "BADARG wants"},
};

START_TEST(a_bad_argument_is_named_and_nothing_is_written) {
    const lua_bad *b = &bad[_i];
    const char *answer = lua_room(db, b->script, CODE, "%s", b->args);
    lua_expect_bad(db, b, answer);
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("room scripts");
    TCase *in = tcase_create("create and join");
    tcase_add_checked_fixture(in, clear, whole);
    tcase_add_test(in, a_new_room_has_one_member_and_a_ttl);
    tcase_add_test(in, a_code_that_is_taken_changes_nothing);
    tcase_add_test(in, a_room_that_does_not_exist_is_not_made_by_others);
    tcase_add_test(in, whoever_joins_learns_all_members_by_session_id);
    tcase_add_test(in, a_name_may_be_empty_and_may_have_spaces);
    tcase_add_test(in, a_member_that_joins_again_replaces_what_it_said_and_keeps_its_instant);
    tcase_add_test(in, a_full_room_takes_nobody_but_its_members);
    tcase_add_test(in, a_room_has_so_many_languages_at_most_and_none_is_no_language);
    tcase_add_loop_test(in, a_bad_argument_is_named_and_nothing_is_written, 0, (int)(sizeof bad / sizeof *bad));
    suite_add_tcase(suite, in);
    TCase *life = tcase_create("speak, prefer and leave");
    tcase_add_checked_fixture(life, clear, whole);
    tcase_add_test(life, whoever_speaks_learns_all_members_and_renews_the_room);
    tcase_add_test(life, who_is_no_member_does_not_speak);
    tcase_add_test(life, a_receiver_may_not_want_a_senders_raw_voice);
    tcase_add_test(life, a_preference_is_no_member);
    tcase_add_test(life, whoever_leaves_takes_all_preferences_about_it_along);
    tcase_add_test(life, who_is_no_member_does_not_leave);
    tcase_add_test(life, the_room_ends_with_its_last_member);
    tcase_add_test(life, a_thousand_preferences_of_one_member_are_forgotten_at_once);
    suite_add_tcase(suite, life);
    return suite;
}

int main(int argc, char **argv) {
    return lua_main(argc, argv, make_suite, &db);
}
