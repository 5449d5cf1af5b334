/* check_incident_scripts.c - scripts that do what went wrong once: each does that, and nothing else that would be wrong.
 * Mostly waits: for a cluster to come up. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/rng.h"
#include "tests/support/lua_db.h"

#define PAIR "de:en"

static lua_db *db;

static void clear(void) {
    lua_db_clear(db);
}

static void whole(void) {
    lua_expect_whole(db, LUA_BUT(FSCK_POOL_DEAD) | LUA_BUT(FSCK_POOL_ABSENT) | LUA_BUT(FSCK_RESV_LEAK));
}

/* ---- biased_select -------------------------------------------------------------------------------------------------- */

static void fill_pool(int members) {
    for (int i = 0; i < members; i++) {
        char node[16];
        snprintf(node, sizeof node, "n%d", i);
        lua_pool(db, SCRIPT_POOL_JOIN, PAIR, node, "%s|1", node);
    }
}

/* How often the member of the last position is the first proposal of `rounds`. */
static int times_last(int rounds) {
    rng r;
    int last = 0;
    rng_init(&r, 1, "test", 0);
    for (int i = 0; i < rounds; i++) {
        lua_pool(db, SCRIPT_BIASED_SELECT, PAIR, "", "1|0|%u|%u", rng_u32(&r), rng_u32(&r));
        last += !strcmp(reply_text(reply_at(lua_reply(db), 1)), "n100 1");
    }
    return last;
}

START_TEST(the_lone_member_of_the_second_shard_is_proposed_half_of_the_time) {
    fill_pool(101);
    int last = times_last(2000);
    ck_assert_msg(last > 900 && last < 1100, "%d of 2000 instead of 1000", last);
}
END_TEST

START_TEST(a_biased_proposal_names_each_member_once_and_no_excluded_one) {
    fill_pool(3);
    ck_assert_str_eq(lua_pool(db, SCRIPT_BIASED_SELECT, PAIR, "", "3|0|0|0|0|0|0|4294967295"), "3 n0 1 n2 1");
    ck_assert_str_eq(lua_pool(db, SCRIPT_BIASED_SELECT, PAIR, "", "2|1|n2|0|0|0|4294967295"), "3 n0 1");
}
END_TEST

START_TEST(a_pool_that_does_not_exist_proposes_nobody) {
    ck_assert_str_eq(lua_pool(db, SCRIPT_BIASED_SELECT, PAIR, "", "1|0|0|0"), "0");
}
END_TEST

/* ---- counters ------------------------------------------------------------------------------------------------------- */

static const char *reserve(const char *job, int mode, int hold) {
    return lua_node(db, SCRIPT_COUNTED_RESERVE, "n1", "%s|1|5|de|en|%d|%d|0", job, mode, hold);
}

static const char *release(const char *job) {
    return lua_node(db, SCRIPT_COUNTED_RELEASE, "n1", "%s|1|none|0", job);
}

static bool says(const char *word) {
    return reply_says(lua_reply(db), word);
}

START_TEST(the_counter_is_raised_by_a_grant_and_lowered_by_a_release) {
    lua_put_node(db, "n1", 2);
    for (int i = 1; i <= 2; i++) {
        reserve(i == 1 ? "j1" : "j2", 1, 20000);
        ck_assert(says("OK"));
        ck_assert_int_eq(lua_int(db, 1), i);
    }
    ck_assert_str_eq(reserve("j3", 1, 20000), "FULL 2 2");
    reserve("j2", 1, 20000); /* it is held: nothing is counted twice */
    ck_assert_int_eq(lua_int(db, 1), 2);
    ck_assert_str_eq(release("j1"), "OK 1 ready");
    ck_assert_str_eq(release("j1"), "ABSENT 1 ready");
    reserve("j3", 2, 20000);
    ck_assert(says("OK"));
    reserve("j3", 1, 20000);
    ck_assert_int_eq(lua_int(db, 1), 2);
}
END_TEST

START_TEST(a_reservation_that_expires_leaves_the_counter_as_it_is) {
    lua_put_node(db, "n1", 1);
    reserve("j1", 1, 1);
    usleep(20 * 1000);
    ck_assert_str_eq(reserve("j2", 1, 20000), "FULL 1 1");
    ck_assert_str_eq(release("j1"), "ABSENT 1 ready");
    ck_assert_str_eq(reserve("j2", 1, 20000), "FULL 1 1");
}
END_TEST

START_TEST(a_heartbeat_overwrites_what_was_granted_since) {
    lua_put_node(db, "n1", 1);
    reserve("j1", 1, 20000);
    ck_assert_str_eq(lua_node(db, SCRIPT_COUNTED_OVERWRITE, "n1", "0"), "OK");
    reserve("j2", 1, 20000);
    ck_assert_msg(says("OK"), "the node holds two reservations, its limit is one");
    ck_assert_str_eq(lua_node(db, SCRIPT_COUNTED_OVERWRITE, "n2", "0"), "GONE");
}
END_TEST

START_TEST(a_node_that_is_not_there_not_ready_or_of_another_pair_is_not_granted) {
    ck_assert_str_eq(reserve("j1", 1, 20000), "GONE");
    lua_put_node(db, "n1", 1);
    ck_assert_str_eq(lua_node(db, SCRIPT_COUNTED_RESERVE, "n1", "j1|1|4|xx|en|1|20000|0"), "NOTSERVED 5");
    lua_command(db, "HSET|lingua:v1:{n%02u}:node:n1|up|0", node_bucket("n1"));
    ck_assert_str_eq(reserve("j1", 1, 20000), "NOTREADY unready");
    lua_command(db, "HSET|lingua:v1:{n%02u}:node:n1|up|1|status|draining", node_bucket("n1"));
    ck_assert_str_eq(reserve("j1", 1, 20000), "NOTREADY draining");
}
END_TEST

/* ---- bad arguments -------------------------------------------------------------------------------------------------- */

static const lua_bad bad[] = {
    {SCRIPT_BIASED_SELECT, "0|0", "BADARG want"},
    {SCRIPT_BIASED_SELECT, "9|0", "BADARG want"},
    {SCRIPT_BIASED_SELECT, "1|21", "BADARG e"},
    {SCRIPT_BIASED_SELECT, "1|0|5", "BADARG count"},
    {SCRIPT_BIASED_SELECT, "1|0|5|4294967296", "BADARG random"},
    {SCRIPT_COUNTED_RESERVE, "|1|5|de|en|1|20000|0", "BADARG job_id"},
    {SCRIPT_COUNTED_RESERVE, "j|0|5|de|en|1|20000|0", "BADARG attempt"},
    {SCRIPT_COUNTED_RESERVE, "j|1|0|de|en|1|20000|0", "BADARG ver"},
    {SCRIPT_COUNTED_RESERVE, "j|1|5|de|en|3|20000|0", "BADARG mode"},
    {SCRIPT_COUNTED_RESERVE, "j|1|5|de|en|1|0|0", "BADARG hold_ms"},
    {SCRIPT_COUNTED_RELEASE, "|1|none|0", "BADARG job_id"},
    {SCRIPT_COUNTED_RELEASE, "j|x|none|0", "BADARG attempt"},
    {SCRIPT_COUNTED_OVERWRITE, "-1", "BADARG running"},
    {SCRIPT_COUNTED_OVERWRITE, "", "BADARG running"},
};

START_TEST(a_bad_argument_is_named_and_nothing_is_written) {
    bool of_pool = bad[_i].script == SCRIPT_BIASED_SELECT;
    lua_expect_bad(db, &bad[_i],
                   of_pool ? lua_pool(db, bad[_i].script, PAIR, "", "%s", bad[_i].args)
                           : lua_node(db, bad[_i].script, "n1", "%s", bad[_i].args));
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("incident scripts");
    TCase *tests = tcase_create("all");
    tcase_add_checked_fixture(tests, clear, whole);
    tcase_add_test(tests, the_lone_member_of_the_second_shard_is_proposed_half_of_the_time);
    tcase_add_test(tests, a_biased_proposal_names_each_member_once_and_no_excluded_one);
    tcase_add_test(tests, a_pool_that_does_not_exist_proposes_nobody);
    tcase_add_test(tests, the_counter_is_raised_by_a_grant_and_lowered_by_a_release);
    tcase_add_test(tests, a_reservation_that_expires_leaves_the_counter_as_it_is);
    tcase_add_test(tests, a_heartbeat_overwrites_what_was_granted_since);
    tcase_add_test(tests, a_node_that_is_not_there_not_ready_or_of_another_pair_is_not_granted);
    tcase_add_loop_test(tests, a_bad_argument_is_named_and_nothing_is_written, 0, (int)(sizeof bad / sizeof *bad));
    suite_add_tcase(suite, tests);
    return suite;
}

int main(int argc, char **argv) {
    return lua_main(argc, argv, make_suite, &db);
}
