/* instance_beat, list_instance, leave_instance, inbox_add, inbox_done, dead_letter, adopt_instance, forget_instance: who lives, what is
 * in whose inbox, and who may take it over.
 * Mostly waits: for a cluster to come up. */
#include "tests/support/lua_db.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define DAY_MSEC "86400000"

static lua_db *db;
static char id_of[44], other_id[44];

static void whole(void) {
    lua_expect_whole(db, LUA_BUT(FSCK_ORPHAN));
}

static void clear(void) {
    lua_db_clear(db);
}

/* ---- calls ---------------------------------------------------------------------------------------------------------- */

static const char *beat_as(const char *token, int may_make) {
    return lua_instance(db, SCRIPT_INSTANCE_BEAT, "a", "%s|10.0.0.1:7001|host-1|42|%d|30000|3600000", token, may_make);
}

static const char *add(int max) {
    return lua_instance(db, SCRIPT_INBOX_ADD, "a", "%d|assign|b|10.0.0.2:7001|j1|s-1|n1|2|1700000000000", max);
}

static const char *added_id(void) {
    ck_assert_str_eq(reply_text(reply_at(lua_reply(db), 0)), "OK");
    return reply_text(reply_at(lua_reply(db), 1));
}

static void add_one(char id[44]) {
    add(100);
    snprintf(id, 44, "%s", added_id());
}

static const char *key_of(char letter) {
    static redis_key key;
    const keyspace *ks = lua_keyspace(db);
    switch (letter) {
    case 'i': return key_instance_presence(&key, ks, "a");
    case 'b': return key_instance_inbox(&key, ks, "a");
    case 'D': return key_instance_dead(&key, ks, "a");
    case 'T': return key_instance_tombstone(&key, ks, "a");
    case 'L': return key_instance_lease(&key, ks, "a");
    default: return key_instances(&key, ks);
    }
}

/* What a reader does: everything new is pending at "a" then. Its key is no first argument, so it is sent to the right server here. */
static void deliver(void) {
    static const char *const words[] = {"GROUP", "scheduler", "a", "COUNT", "64", "STREAMS"};
    const char *path = private_server_socket(lua_server(db, key_of('b')));
    sync_client *client = NULL;
    redis_reply *reply = NULL;
    sched_error err = {0};
    redis_call call;
    call_command(&call, "XREADGROUP");
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) call_str(&call, words[i]);
    call_key(&call, key_of('b'));
    call_str(&call, ">");
    ck_assert_msg(!sync_client_open_socket(path, 10 * USEC_PER_SEC, &client, &err), "%s", err.message);
    ck_assert_msg(!sync_client_call(client, &call, &reply, &err), "%s", err.message);
    ck_assert_msg(reply_is_array(reply), "%s", reply_text(reply));
    sync_reply_free(reply);
    sync_client_close(client);
}

static void claim(const char *id) {
    lua_command(db, "XCLAIM|%s|scheduler|a|0|%s", key_of('b'), id);
}

static int64_t size_of_inbox(void) {
    lua_command(db, "XLEN|%s", key_of('b'));
    return reply_int(lua_reply(db));
}

static int64_t pending(void) {
    lua_command(db, "XPENDING|%s|scheduler", key_of('b'));
    return lua_int(db, 0);
}

static int64_t ttl_of(char letter) {
    lua_command(db, "PTTL|%s", key_of(letter));
    return reply_int(lua_reply(db));
}

static void expect_ttl(char letter, int64_t most) {
    int64_t left = ttl_of(letter);
    ck_assert_msg(left > most - 5000 && left <= most, "%s lives for %" PRId64 " ms", key_of(letter), left);
}

/* ---- presence ------------------------------------------------------------------------------------------------------- */

START_TEST(the_first_beat_makes_presence_and_an_inbox_whose_group_misses_nothing) {
    int64_t now = lua_now(db);
    ck_assert_str_eq(beat_as("t1", 1), "NEW");
    lua_command(db, "HMGET|%s|token|address|host|pid", key_of('i'));
    lua_expect(db, "t1 10.0.0.1:7001 host-1 42");
    lua_command(db, "HGET|%s|since", key_of('i'));
    lua_near(reply_int(lua_reply(db)), now);
    expect_ttl('i', 30000);
    expect_ttl('b', 3600000);
    add_one(id_of);
    deliver();
    ck_assert_int_eq(pending(), 1);
    ck_assert_str_eq(lua_keys(db), "lingua:v1:{i:a}:inbox lingua:v1:{i:a}:presence");
}
END_TEST

START_TEST(a_beat_renews_both_lives) {
    beat_as("t1", 1);
    lua_command(db, "PEXPIRE|%s|1000", key_of('i'));
    lua_command(db, "PEXPIRE|%s|1000", key_of('b'));
    ck_assert_str_eq(beat_as("t1", 0), "OK");
    expect_ttl('i', 30000);
    expect_ttl('b', 3600000);
}
END_TEST

START_TEST(who_slept_through_its_presence_has_lost_it) {
    beat_as("t1", 1);
    lua_command(db, "DEL|%s", key_of('i'));
    ck_assert_str_eq(beat_as("t1", 0), "LOST");
    ck_assert_str_eq(lua_keys(db), "lingua:v1:{i:a}:inbox");
}
END_TEST

START_TEST(who_was_awake_while_redis_was_away_makes_its_presence_again) {
    beat_as("t1", 1);
    add_one(id_of);
    lua_command(db, "DEL|%s", key_of('i'));
    ck_assert_str_eq(beat_as("t1", 1), "NEW");
    ck_assert_int_eq(size_of_inbox(), 1);
}
END_TEST

START_TEST(the_buried_does_not_come_back) {
    beat_as("t1", 1);
    lua_command(db, "DEL|%s", key_of('i'));
    lua_instance(db, SCRIPT_ADOPT_INSTANCE, "a", "b|30000|3600000");
    ck_assert_str_eq(beat_as("t1", 0), "BURIED b");
    ck_assert_str_eq(beat_as("t1", 1), "BURIED b");
    lua_command(db, "EXISTS|%s", key_of('i'));
    lua_expect(db, "0");
}
END_TEST

START_TEST(two_processes_do_not_share_an_id) {
    beat_as("t1", 1);
    ck_assert_str_eq(beat_as("t2", 1), "TAKEN");
    ck_assert_str_eq(beat_as("t2", 0), "TAKEN");
    lua_command(db, "HGET|%s|token", key_of('i'));
    lua_expect(db, "t1");
}
END_TEST

START_TEST(a_beat_makes_the_inbox_again_when_redis_has_forgotten_it) {
    beat_as("t1", 1);
    lua_command(db, "DEL|%s", key_of('b'));
    ck_assert_str_eq(beat_as("t1", 0), "OK");
    add_one(id_of);
    deliver();
    ck_assert_int_eq(pending(), 1);
}
END_TEST

START_TEST(a_leave_in_good_order_leaves_nothing) {
    beat_as("t1", 1);
    ck_assert_str_eq(lua_instance(db, SCRIPT_LEAVE_INSTANCE, "a", "t1"), "OK");
    ck_assert_str_eq(lua_keys(db), "");
    ck_assert_str_eq(lua_instance(db, SCRIPT_LEAVE_INSTANCE, "a", "t1"), "GONE");
}
END_TEST

START_TEST(who_leaves_leaves_its_entries_to_an_adopter) {
    beat_as("t1", 1);
    add_one(id_of);
    ck_assert_str_eq(lua_instance(db, SCRIPT_LEAVE_INSTANCE, "a", "t1"), "LEFT 1");
    ck_assert_str_eq(lua_keys(db), "lingua:v1:{i:a}:inbox");
    ck_assert_str_eq(add(100), "GONE");
}
END_TEST

START_TEST(nobody_leaves_for_another_process) {
    beat_as("t1", 1);
    ck_assert_str_eq(lua_instance(db, SCRIPT_LEAVE_INSTANCE, "a", "t2"), "GONE");
    ck_assert_str_eq(beat_as("t1", 0), "OK");
}
END_TEST

START_TEST(the_list_shows_all_with_the_time_of_their_last_sign) {
    int64_t now = lua_now(db);
    lua_instance(db, SCRIPT_LIST_INSTANCE, "", "a|3600000");
    ck_assert_str_eq(reply_text(reply_at(lua_reply(db), 0)), "NEW");
    lua_instance(db, SCRIPT_LIST_INSTANCE, "", "b|3600000");
    lua_instance(db, SCRIPT_LIST_INSTANCE, "", "a|3600000");
    ck_assert_uint_eq(reply_count(lua_reply(db)), 6);
    ck_assert_str_eq(reply_text(reply_at(lua_reply(db), 0)), "OK");
    lua_near(lua_int(db, 1), now);
    lua_near(lua_int(db, 3), now);
    lua_near(lua_int(db, 5), now);
    expect_ttl('a', 3600000);
}
END_TEST

START_TEST(the_list_forgets_whom_nobody_adopted) {
    int64_t now = lua_now(db);
    lua_command(db, "ZADD|%s|%" PRId64 "|old|%" PRId64 "|older", key_of('a'), now - 59000, now - 61000);
    lua_instance(db, SCRIPT_LIST_INSTANCE, "", "a|60000");
    ck_assert_uint_eq(reply_count(lua_reply(db)), 6);
    ck_assert_str_eq(reply_text(reply_at(lua_reply(db), 2)), "old");
    ck_assert_str_eq(reply_text(reply_at(lua_reply(db), 4)), "a");
}
END_TEST

/* ---- inbox ---------------------------------------------------------------------------------------------------------- */

START_TEST(nothing_is_left_for_who_does_not_live) {
    ck_assert_str_eq(add(100), "GONE");
    ck_assert_str_eq(lua_keys(db), "");
    lua_command(db, "HSET|%s|token|t1", key_of('i')); /* present, but without an inbox */
    lua_plant(db);
    ck_assert_str_eq(add(100), "GONE");
    ck_assert_str_eq(lua_keys(db), "lingua:v1:{i:a}:presence");
}
END_TEST

START_TEST(an_entry_says_all_that_it_was_given) {
    beat_as("t1", 1);
    add_one(id_of);
    lua_command(db, "XRANGE|%s|-|+", key_of('b'));
    lua_expect(db,
               "(%s (kind assign from b address 10.0.0.2:7001 job j1 session s-1 node n1 attempt 2 deadline "
               "1700000000000))",
               id_of);
}
END_TEST

START_TEST(a_full_inbox_refuses_and_trims_nothing) {
    beat_as("t1", 1);
    for (int i = 0; i < 3; i++) add_one(id_of);
    ck_assert_str_eq(add(3), "FULL");
    ck_assert_int_eq(size_of_inbox(), 3);
}
END_TEST

START_TEST(what_is_done_is_neither_pending_nor_there) {
    beat_as("t1", 1);
    add_one(id_of);
    add_one(other_id);
    deliver();
    ck_assert_str_eq(lua_instance(db, SCRIPT_INBOX_DONE, "a", "%s|%s", id_of, other_id), "OK 2");
    ck_assert_int_eq(size_of_inbox(), 0);
    ck_assert_int_eq(pending(), 0);
    ck_assert_str_eq(lua_instance(db, SCRIPT_INBOX_DONE, "a", "%s", id_of), "OK 0");
}
END_TEST

START_TEST(done_makes_no_inbox) {
    ck_assert_str_eq(lua_instance(db, SCRIPT_INBOX_DONE, "a", "1-0"), "OK 0");
    ck_assert_str_eq(lua_keys(db), "");
}
END_TEST

/* ---- dead letters --------------------------------------------------------------------------------------------------- */

static const char *bury_letter(const char *id, const char *after, int deliveries) {
    return lua_instance(db, SCRIPT_DEAD_LETTER, "a", "%s|NOT_HERE|%s|%d|3600000|2", id, after, deliveries);
}

START_TEST(a_young_entry_with_few_deliveries_is_no_dead_letter) {
    beat_as("t1", 1);
    add_one(id_of);
    deliver();
    ck_assert_str_eq(bury_letter(id_of, DAY_MSEC, 2), "NOTDUE");
    ck_assert_int_eq(size_of_inbox(), 1);
}
END_TEST

START_TEST(too_many_deliveries_make_a_dead_letter_and_claiming_is_one) {
    beat_as("t1", 1);
    add_one(id_of);
    deliver();
    claim(id_of);
    bury_letter(id_of, DAY_MSEC, 2);
    snprintf(other_id, sizeof other_id, "%s", added_id());
    lua_command(db, "XRANGE|%s|-|+", key_of('D'));
    lua_expect(db,
               "(%s (kind assign from b address 10.0.0.2:7001 job j1 session s-1 node n1 attempt 2 deadline "
               "1700000000000 id %s deliveries 2 reason NOT_HERE))",
               other_id, id_of);
    ck_assert_int_eq(size_of_inbox(), 0);
    ck_assert_int_eq(pending(), 0);
    expect_ttl('D', 3600000);
    ck_assert_str_eq(bury_letter(id_of, DAY_MSEC, 2), "GONE");
}
END_TEST

START_TEST(age_makes_a_dead_letter_however_often_it_was_claimed) {
    int64_t now = lua_now(db);
    beat_as("t1", 1);
    snprintf(id_of, sizeof id_of, "%" PRId64 "-0", now - 60000);
    lua_command(db, "XADD|%s|%s|kind|assign|from|b|address||job|j1|session||node|n1|attempt|1|deadline|1", key_of('b'),
                id_of);
    deliver();
    claim(id_of);
    ck_assert_str_eq(bury_letter(id_of, "70000", 10), "NOTDUE");
    bury_letter(id_of, "60000", 10);
    added_id();
    ck_assert_int_eq(size_of_inbox(), 0);
}
END_TEST

START_TEST(dead_letters_have_a_bound_and_the_oldest_go) {
    beat_as("t1", 1);
    char first[44] = "";
    for (int i = 0; i < 3; i++) {
        add_one(id_of);
        bury_letter(id_of, "0", 10);
        if (!i) snprintf(first, sizeof first, "%s", added_id());
    }
    lua_command(db, "XLEN|%s", key_of('D'));
    lua_expect(db, "2");
    lua_command(db, "XRANGE|%s|%s|%s", key_of('D'), first, first);
    ck_assert_uint_eq(reply_count(lua_reply(db)), 0);
}
END_TEST

START_TEST(an_inbox_without_a_group_has_dead_letters_too) {
    beat_as("t1", 1);
    add_one(id_of);
    lua_command(db, "XGROUP|DESTROY|%s|scheduler", key_of('b'));
    lua_plant(db);
    bury_letter(id_of, "0", 10);
    ck_assert_str_eq(reply_text(reply_at(lua_reply(db), 0)), "OK");
    ck_assert_int_eq(size_of_inbox(), 0);
}
END_TEST

/* ---- adoption ------------------------------------------------------------------------------------------------------- */

static const char *adopt_by(const char *adopter) {
    return lua_instance(db, SCRIPT_ADOPT_INSTANCE, "a", "%s|30000|3600000", adopter);
}

static void die_with(int entries) {
    beat_as("t1", 1);
    for (int i = 0; i < entries; i++) add_one(id_of);
    lua_command(db, "DEL|%s", key_of('i'));
}

START_TEST(the_living_are_not_adopted) {
    beat_as("t1", 1);
    ck_assert_str_eq(adopt_by("b"), "ALIVE");
    ck_assert_str_eq(beat_as("t1", 0), "OK");
}
END_TEST

START_TEST(one_survivor_adopts_and_the_others_learn_who) {
    die_with(2);
    ck_assert_str_eq(adopt_by("b"), "LEASED 2");
    ck_assert_str_eq(adopt_by("c"), "HELD b");
    expect_ttl('L', 30000);
    expect_ttl('T', 3600000);
}
END_TEST

START_TEST(an_adopter_renews_its_lease_but_not_the_tombstone) {
    die_with(1);
    adopt_by("b");
    lua_command(db, "PEXPIRE|%s|1000", key_of('L'));
    lua_command(db, "PEXPIRE|%s|1800000", key_of('T'));
    ck_assert_str_eq(adopt_by("b"), "LEASED 1");
    expect_ttl('L', 30000);
    expect_ttl('T', 1800000);
}
END_TEST

START_TEST(a_lapsed_lease_is_taken_by_the_next) {
    die_with(1);
    adopt_by("b");
    lua_command(db, "DEL|%s", key_of('L'));
    ck_assert_str_eq(adopt_by("c"), "LEASED 1");
    lua_command(db, "GET|%s", key_of('T'));
    lua_expect(db, "b");
}
END_TEST

START_TEST(what_is_left_keeps_a_dead_instance_from_being_forgotten) {
    die_with(1);
    adopt_by("b");
    ck_assert_str_eq(lua_instance(db, SCRIPT_FORGET_INSTANCE, "a", "b"), "LEFT 1");
    lua_instance(db, SCRIPT_INBOX_DONE, "a", "%s", id_of);
    ck_assert_str_eq(lua_instance(db, SCRIPT_FORGET_INSTANCE, "a", "c"), "NOTHOLDER");
    ck_assert_str_eq(lua_instance(db, SCRIPT_FORGET_INSTANCE, "a", "b"), "OK");
    ck_assert_str_eq(lua_keys(db), "lingua:v1:{i:a}:tombstone");
    ck_assert_str_eq(lua_instance(db, SCRIPT_FORGET_INSTANCE, "a", "b"), "NOTHOLDER");
}
END_TEST

/* ---- arguments ------------------------------------------------------------------------------------------------------ */

static const lua_bad bad[] = {
    {SCRIPT_INSTANCE_BEAT, "|x|h|1|1|1000|1000", "BADARG token"},
    {SCRIPT_INSTANCE_BEAT, "t|x y|h|1|1|1000|1000", "BADARG address"},
    {SCRIPT_INSTANCE_BEAT, "t|x|h h|1|1|1000|1000", "BADARG host"},
    {SCRIPT_INSTANCE_BEAT, "t|x|h|-1|1|1000|1000", "BADARG pid"},
    {SCRIPT_INSTANCE_BEAT, "t|x|h|1|2|1000|1000", "BADARG may_make"},
    {SCRIPT_INSTANCE_BEAT, "t|x|h|1|1|0|1000", "BADARG ttl_ms"},
    {SCRIPT_INSTANCE_BEAT, "t|x|h|1|1|1000", "BADARG inbox_ttl_ms"},
    {SCRIPT_LIST_INSTANCE, "|1000", "BADARG instance"},
    {SCRIPT_LIST_INSTANCE, "a|0", "BADARG ttl_ms"},
    {SCRIPT_LEAVE_INSTANCE, "t 1", "BADARG token"},
    {SCRIPT_INBOX_ADD, "0|assign|b|x|j|s|n|1|1", "BADARG max"},
    {SCRIPT_INBOX_ADD, "1|Assign|b|x|j|s|n|1|1", "BADARG kind"},
    {SCRIPT_INBOX_ADD, "1|assign||x|j|s|n|1|1", "BADARG from"},
    {SCRIPT_INBOX_ADD, "1|assign|b|x x|j|s|n|1|1", "BADARG address"},
    {SCRIPT_INBOX_ADD, "1|assign|b|x|j j|s|n|1|1", "BADARG job"},
    {SCRIPT_INBOX_ADD, "1|assign|b|x|j|{s}|n|1|1", "BADARG session"},
    {SCRIPT_INBOX_ADD, "1|assign|b|x|j|s|n n|1|1", "BADARG node"},
    {SCRIPT_INBOX_ADD, "1|assign|b|x|j|s|n|1.5|1", "BADARG attempt"},
    {SCRIPT_INBOX_ADD, "1|assign|b|x|j|s|n|1|never", "BADARG deadline"},
    {SCRIPT_INBOX_DONE, "", "BADARG id"},
    {SCRIPT_INBOX_DONE, "1-0|2", "BADARG id"},
    {SCRIPT_DEAD_LETTER, "1|r|1|1|1|1", "BADARG id"},
    {SCRIPT_DEAD_LETTER, "1-0||1|1|1|1", "BADARG reason"},
    {SCRIPT_DEAD_LETTER, "1-0|r|-1|1|1|1", "BADARG after_ms"},
    {SCRIPT_DEAD_LETTER, "1-0|r|1|0|1|1", "BADARG deliveries"},
    {SCRIPT_DEAD_LETTER, "1-0|r|1|1|0|1", "BADARG ttl_ms"},
    {SCRIPT_DEAD_LETTER, "1-0|r|1|1|1|0", "BADARG max"},
    {SCRIPT_ADOPT_INSTANCE, "b b|1|1", "BADARG adopter"},
    {SCRIPT_ADOPT_INSTANCE, "b|0|1", "BADARG lease_ttl_ms"},
    {SCRIPT_ADOPT_INSTANCE, "b|1|0", "BADARG tombstone_ttl_ms"},
    {SCRIPT_FORGET_INSTANCE, "", "BADARG adopter"},
};

START_TEST(a_bad_argument_is_named_and_nothing_is_written) {
    const lua_bad *b = &bad[_i];
    lua_expect_bad(db, b, lua_instance(db, b->script, "a", "%s", b->args));
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("instance scripts");
    TCase *tests = tcase_create("instances");
    tcase_add_checked_fixture(tests, clear, whole);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, the_first_beat_makes_presence_and_an_inbox_whose_group_misses_nothing);
    tcase_add_test(tests, a_beat_renews_both_lives);
    tcase_add_test(tests, who_slept_through_its_presence_has_lost_it);
    tcase_add_test(tests, who_was_awake_while_redis_was_away_makes_its_presence_again);
    tcase_add_test(tests, the_buried_does_not_come_back);
    tcase_add_test(tests, two_processes_do_not_share_an_id);
    tcase_add_test(tests, a_beat_makes_the_inbox_again_when_redis_has_forgotten_it);
    tcase_add_test(tests, a_leave_in_good_order_leaves_nothing);
    tcase_add_test(tests, who_leaves_leaves_its_entries_to_an_adopter);
    tcase_add_test(tests, nobody_leaves_for_another_process);
    tcase_add_test(tests, the_list_shows_all_with_the_time_of_their_last_sign);
    tcase_add_test(tests, the_list_forgets_whom_nobody_adopted);
    tcase_add_test(tests, nothing_is_left_for_who_does_not_live);
    tcase_add_test(tests, an_entry_says_all_that_it_was_given);
    tcase_add_test(tests, a_full_inbox_refuses_and_trims_nothing);
    tcase_add_test(tests, what_is_done_is_neither_pending_nor_there);
    tcase_add_test(tests, done_makes_no_inbox);
    tcase_add_test(tests, a_young_entry_with_few_deliveries_is_no_dead_letter);
    tcase_add_test(tests, too_many_deliveries_make_a_dead_letter_and_claiming_is_one);
    tcase_add_test(tests, age_makes_a_dead_letter_however_often_it_was_claimed);
    tcase_add_test(tests, dead_letters_have_a_bound_and_the_oldest_go);
    tcase_add_test(tests, an_inbox_without_a_group_has_dead_letters_too);
    tcase_add_test(tests, the_living_are_not_adopted);
    tcase_add_test(tests, one_survivor_adopts_and_the_others_learn_who);
    tcase_add_test(tests, an_adopter_renews_its_lease_but_not_the_tombstone);
    tcase_add_test(tests, a_lapsed_lease_is_taken_by_the_next);
    tcase_add_test(tests, what_is_left_keeps_a_dead_instance_from_being_forgotten);
    tcase_add_loop_test(tests, a_bad_argument_is_named_and_nothing_is_written, 0, (int)(sizeof bad / sizeof *bad));
    suite_add_tcase(suite, tests);
    return suite;
}

int main(int argc, char **argv) {
    return lua_main(argc, argv, make_suite, &db);
}
