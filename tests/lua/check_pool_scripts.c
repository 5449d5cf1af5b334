/* pool_join, pool_leave and select_node: dense members, versions, tombstones, uniform picks. */
#include "core/base/rng.h"
#include "tests/support/lua_db.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAIR "de:en"

static lua_db *db;

/* Members here are of nodes that do not exist. */
static void whole(void) {
    lua_expect_whole(db, LUA_BUT(FSCK_POOL_DEAD));
}

static void clear(void) {
    lua_db_clear(db);
}

static const char *join(const char *node, int64_t ver) {
    return lua_pool(db, SCRIPT_POOL_JOIN, PAIR, node, "%s|%" PRId64, node, ver);
}

static const char *leave(const char *node, int64_t ver) {
    return lua_pool(db, SCRIPT_POOL_LEAVE, PAIR, node, "%s|%" PRId64 "|60000", node, ver);
}

static const char *pick(const char *args) {
    return lua_pool(db, SCRIPT_SELECT_NODE, PAIR, "", "%s", args);
}

static const char *members(const char *position) {
    redis_key key;
    return lua_command(db, "HGET|%s|%s", key_pool_members(&key, lua_keyspace(db), "de", "en"), position);
}

static const char *place(const char *node) {
    redis_key key;
    return lua_command(db, "HGET|%s|%s", key_pool_places(&key, lua_keyspace(db), "de", "en"), node);
}

static int64_t tombstone_ttl(const char *node) {
    redis_key key;
    lua_command(db, "PTTL|%s", key_pool_left(&key, lua_keyspace(db), "de", "en", node));
    return reply_int(lua_reply(db));
}

/* --- pool_join ---------------------------------------------------------------------------------------------------- */

START_TEST(a_member_joins_at_the_next_position) {
    ck_assert_str_eq(join("a", 7), "OK 0 1");
    ck_assert_str_eq(join("b", 8), "OK 1 2");
    ck_assert_str_eq(members("0"), "a 7");
    ck_assert_str_eq(members("1"), "b 8");
    ck_assert_str_eq(place("b"), "1");
}
END_TEST

START_TEST(joining_again_updates_the_version_in_place) {
    join("a", 7);
    join("b", 7);
    ck_assert_str_eq(join("a", 7), "OK 0 2");
    ck_assert_str_eq(join("a", 9), "OK 0 2");
    ck_assert_str_eq(members("0"), "a 9");
}
END_TEST

START_TEST(a_join_of_a_lower_version_is_stale) {
    join("a", 9);
    ck_assert_str_eq(join("a", 8), "STALE 9");
    ck_assert_str_eq(members("0"), "a 9");
}
END_TEST

START_TEST(a_tombstone_refuses_its_version_and_lower_ones) {
    join("a", 9);
    leave("a", 9);
    ck_assert_str_eq(join("a", 9), "STALE 9");
    ck_assert_str_eq(join("a", 8), "STALE 9");
    ck_assert_str_eq(join("a", 10), "OK 0 1");
}
END_TEST

START_TEST(a_full_pool_refuses_and_keeps_what_it_has) {
    lua_plant(db);
    redis_key key;
    const char *name = key_pool_members(&key, lua_keyspace(db), "de", "en");
    for (int i = 0; i < 100000; i += 20) {
        char args[2048] = "";
        for (int k = i; k < i + 20; k++) snprintf(args + strlen(args), sizeof args - strlen(args), "|%d|n%d 1", k, k);
        lua_command(db, "HSET|%s%s", name, args);
    }
    ck_assert_str_eq(join("a", 7), "POOLFULL 100000");
    ck_assert_str_eq(place("a"), "-");
    lua_command(db, "HDEL|%s|99999", name);
    ck_assert_str_eq(join("a", 7), "OK 99999 100000");
}
END_TEST

/* --- pool_leave --------------------------------------------------------------------------------------------------- */

START_TEST(the_last_member_moves_into_the_hole) {
    join("a", 1);
    join("b", 2);
    join("c", 3);
    ck_assert_str_eq(leave("a", 1), "OK 2");
    ck_assert_str_eq(members("0"), "c 3");
    ck_assert_str_eq(members("2"), "-");
    ck_assert_str_eq(place("c"), "0");
    ck_assert_str_eq(place("a"), "-");
    ck_assert_str_eq(leave("b", 2), "OK 1");
    ck_assert_str_eq(members("0"), "c 3");
}
END_TEST

START_TEST(an_empty_pool_leaves_only_tombstones_which_expire) {
    join("a", 1);
    ck_assert_str_eq(leave("a", 1), "OK 0");
    ck_assert_str_eq(lua_keys(db), "lingua:v1:{de:en}:left:a");
    int64_t ttl = tombstone_ttl("a");
    ck_assert_msg(ttl > 55000 && ttl <= 60000, "the tombstone lives for %" PRId64 " ms", ttl);
}
END_TEST

START_TEST(a_leave_with_a_higher_version_removes) {
    join("a", 1);
    ck_assert_str_eq(leave("a", 5), "OK 0");
    ck_assert_str_eq(join("a", 5), "STALE 5");
}
END_TEST

START_TEST(a_leave_with_a_lower_version_is_stale_and_sets_no_tombstone) {
    join("a", 5);
    ck_assert_str_eq(leave("a", 4), "STALE 5");
    ck_assert_str_eq(members("0"), "a 5");
    ck_assert_int_eq(tombstone_ttl("a"), -2);
}
END_TEST

START_TEST(a_leave_of_an_absent_node_still_sets_the_tombstone) {
    join("b", 1);
    ck_assert_str_eq(leave("a", 4), "ABSENT 1");
    ck_assert_str_eq(join("a", 4), "STALE 4");
}
END_TEST

START_TEST(a_tombstone_keeps_the_higher_version) {
    leave("a", 9);
    ck_assert_str_eq(leave("a", 4), "ABSENT 0");
    ck_assert_str_eq(join("a", 9), "STALE 9");
}
END_TEST

/* --- select_node -------------------------------------------------------------------------------------------------- */

START_TEST(a_pool_that_does_not_exist_proposes_nobody) {
    ck_assert_str_eq(pick("1|0|0"), "0");
    ck_assert_str_eq(lua_keys(db), "");
}
END_TEST

START_TEST(a_draw_names_a_position) {
    join("a", 1);
    join("b", 2);
    join("c", 3);
    join("d", 4);
    ck_assert_str_eq(pick("1|0|0"), "4 a 1");
    ck_assert_str_eq(pick("1|0|1073741823"), "4 a 1");
    ck_assert_str_eq(pick("1|0|1073741824"), "4 b 2");
    ck_assert_str_eq(pick("1|0|4294967295"), "4 d 4");
}
END_TEST

START_TEST(drawn_nodes_are_distinct) {
    join("a", 1);
    join("b", 2);
    join("c", 3);
    ck_assert_str_eq(pick("3|0|0|0|0"), "3 a 1 b 2 c 3");
    ck_assert_str_eq(pick("3|0|4294967295|4294967295|4294967295"), "3 c 3 a 1 b 2");
    ck_assert_str_eq(pick("3|0|4294967295|0|4294967295"), "3 c 3 b 2 a 1");
}
END_TEST

START_TEST(excluded_nodes_are_never_proposed) {
    join("a", 1);
    join("b", 2);
    join("c", 3);
    ck_assert_str_eq(pick("1|1|a|0|0"), "3 b 2");
    ck_assert_str_eq(pick("1|2|a|b|0|0|0"), "3 c 3");
    ck_assert_str_eq(pick("1|3|a|b|c|0|0|0|0"), "3");
    ck_assert_str_eq(pick("1|1|x|0|0"), "3 a 1");
    join("ab", 4);
    ck_assert_str_eq(pick("4|1|a|4294967295|0|0|0|0"), "4 ab 4 b 2 c 3");
}
END_TEST

START_TEST(twenty_nodes_may_be_excluded_and_the_others_are_found) {
    char args[512] = "8|20";
    for (int i = 0; i < 28; i++) {
        char node[16];
        snprintf(node, sizeof node, "n%d", i);
        join(node, 1);
        if (i < 20) snprintf(args + strlen(args), sizeof args - strlen(args), "|%s", node);
    }
    for (int i = 0; i < 28; i++) strcat(args, "|0");
    pick(args);
    ck_assert_uint_eq(reply_count(lua_reply(db)), 1 + 8);
    for (size_t i = 1; i <= 8; i++) ck_assert_int_ge(atoi(reply_text(reply_at(lua_reply(db), i)) + 1), 20);
}
END_TEST

START_TEST(a_small_pool_is_proposed_whole) {
    char args[256];
    for (int i = 0; i < 10; i++) {
        char node[16];
        snprintf(node, sizeof node, "n%d", i);
        join(node, 1);
    }
    rng r;
    rng_init(&r, 1, "test", 0);
    for (int round = 0; round < 200; round++) {
        snprintf(args, sizeof args, "8|2|n3|n7");
        for (int i = 0; i < 10; i++)
            snprintf(args + strlen(args), sizeof args - strlen(args), "|%" PRIu32, rng_u32(&r));
        pick(args);
        bool seen[10] = {false};
        ck_assert_uint_eq(reply_count(lua_reply(db)), 1 + 8);
        for (size_t i = 1; i <= 8; i++) {
            int node = atoi(reply_text(reply_at(lua_reply(db), i)) + 1);
            ck_assert_msg(!seen[node] && node != 3 && node != 7, "n%d is proposed twice or was excluded", node);
            seen[node] = true;
        }
    }
}
END_TEST

/* --- select_shard ------------------------------------------------------------------------------------------------- */

static size_t shard_of(const char *random, const char *first) {
    lua_pool(db, SCRIPT_SELECT_SHARD, PAIR, "", "%s", random);
    ck_assert_str_eq(reply_text(reply_at(lua_reply(db), 1)), first);
    return reply_count(lua_reply(db)) - 1;
}

START_TEST(a_shard_is_the_members_of_one_hundred_positions) {
    for (int i = 0; i < 150; i++) {
        char node[16];
        snprintf(node, sizeof node, "n%d", i);
        join(node, 1);
    }
    ck_assert_uint_eq(shard_of("0", "n0 1"), 100);
    ck_assert_uint_eq(shard_of("2863311530", "n0 1"), 100); /* position 99 of 150 */
    ck_assert_uint_eq(shard_of("2863311531", "n100 1"), 50);
    ck_assert_uint_eq(shard_of("4294967295", "n100 1"), 50);
    ck_assert_int_eq(reply_int(reply_at(lua_reply(db), 0)), 150);
}
END_TEST

START_TEST(a_pool_that_does_not_exist_has_no_shard) {
    ck_assert_str_eq(lua_pool(db, SCRIPT_SELECT_SHARD, PAIR, "", "0"), "0");
    ck_assert_str_eq(lua_keys(db), "");
}
END_TEST

/* --- bad arguments ------------------------------------------------------------------------------------------------ */

static const lua_bad bad[] = {
    {SCRIPT_POOL_JOIN, "|1", "BADARG node_id"},
    {SCRIPT_POOL_JOIN, "a b|1", "BADARG node_id"},
    {SCRIPT_POOL_JOIN, "a|0", "BADARG ver"},
    {SCRIPT_POOL_JOIN, "a|x", "BADARG ver"},
    {SCRIPT_POOL_JOIN, "a|1.5", "BADARG ver"},
    {SCRIPT_POOL_JOIN, "a", "BADARG ver"},
    {SCRIPT_POOL_LEAVE, "|1|60000", "BADARG node_id"},
    {SCRIPT_POOL_LEAVE, "a|0|60000", "BADARG ver"},
    {SCRIPT_POOL_LEAVE, "a|1|0", "BADARG tombstone_ms"},
    {SCRIPT_POOL_LEAVE, "a|1|86400001", "BADARG tombstone_ms"},
    {SCRIPT_POOL_LEAVE, "a|1", "BADARG tombstone_ms"},
    {SCRIPT_SELECT_NODE, "0|0", "BADARG want"},
    {SCRIPT_SELECT_NODE, "9|0|0|0|0|0|0|0|0|0|0", "BADARG want"},
    {SCRIPT_SELECT_NODE, "1|-1|0", "BADARG e"},
    {SCRIPT_SELECT_NODE, "1|21|0", "BADARG e"},
    {SCRIPT_SELECT_NODE, "1|0", "BADARG count"},
    {SCRIPT_SELECT_NODE, "1|0|1|2", "BADARG count"},
    {SCRIPT_SELECT_NODE, "1|1|a|1", "BADARG count"},
    {SCRIPT_SELECT_NODE, "1|0|4294967296", "BADARG random"},
    {SCRIPT_SELECT_NODE, "1|0|-1", "BADARG random"},
    {SCRIPT_SELECT_NODE, "1|0|0.5", "BADARG random"},
    {SCRIPT_SELECT_NODE, "1|0|nan", "BADARG random"},
    {SCRIPT_SELECT_SHARD, "4294967296", "BADARG random"},
    {SCRIPT_SELECT_SHARD, "-1", "BADARG random"},
    {SCRIPT_SELECT_SHARD, "x", "BADARG random"},
};

START_TEST(a_bad_argument_is_named_and_nothing_is_written) {
    const lua_bad *b = &bad[_i];
    const char *answer = lua_pool(db, b->script, PAIR, "a", "%s", b->args);
    lua_expect_bad(db, b, answer);
}
END_TEST

/* --- dense, compared with a model --------------------------------------------------------------------------------- */

enum { MODEL_NODES = 40, MODEL_STEPS = 4000 };

typedef struct model {
    int n;
    int at[MODEL_NODES];       /* node at a position */
    int place[MODEL_NODES];    /* of a node; -1 none */
    int64_t ver[MODEL_NODES];  /* of a member */
    int64_t left[MODEL_NODES]; /* tombstone; 0 none */
} model;

static void model_join(model *m, int node, int64_t ver, char *answer) {
    if (m->left[node] >= ver) {
        sprintf(answer, "STALE %" PRId64, m->left[node]);
    } else if (m->place[node] >= 0 && m->ver[node] > ver) {
        sprintf(answer, "STALE %" PRId64, m->ver[node]);
    } else {
        if (m->place[node] < 0) {
            m->place[node] = m->n;
            m->at[m->n++] = node;
        }
        m->ver[node] = ver;
        sprintf(answer, "OK %d %d", m->place[node], m->n);
    }
}

static void model_leave(model *m, int node, int64_t ver, char *answer) {
    if (m->place[node] >= 0 && m->ver[node] > ver) {
        sprintf(answer, "STALE %" PRId64, m->ver[node]);
        return;
    }
    bool was = m->place[node] >= 0;
    if (was) {
        int last = m->at[--m->n];
        m->at[m->place[node]] = last;
        m->place[last] = m->place[node];
        m->place[node] = -1;
    }
    if (m->left[node] < ver) m->left[node] = ver;
    sprintf(answer, "%s %d", was ? "OK" : "ABSENT", m->n);
}

static void compare_with_model(const model *m) {
    redis_key key;
    lua_command(db, "HLEN|%s", key_pool_members(&key, lua_keyspace(db), "de", "en"));
    ck_assert_int_eq(reply_int(lua_reply(db)), m->n);
    lua_command(db, "HLEN|%s", key_pool_places(&key, lua_keyspace(db), "de", "en"));
    ck_assert_int_eq(reply_int(lua_reply(db)), m->n);
    for (int p = 0; p < m->n; p++) {
        char position[16], member[48], node[16];
        snprintf(position, sizeof position, "%d", p);
        snprintf(node, sizeof node, "n%d", m->at[p]);
        snprintf(member, sizeof member, "%s %" PRId64, node, m->ver[m->at[p]]);
        ck_assert_str_eq(members(position), member);
        ck_assert_str_eq(place(node), position);
    }
}

START_TEST(members_stay_dense_under_any_history) {
    model m = {0};
    for (int i = 0; i < MODEL_NODES; i++) m.place[i] = -1;
    rng r;
    rng_init(&r, (uint64_t)_i + 1, "dense", 0);
    for (int step = 0; step < MODEL_STEPS; step++) {
        int node = (int)rng_below(&r, MODEL_NODES);
        int64_t ver = 1 + step / 20 + (int64_t)rng_below(&r, 10);
        char name[16], expected[64];
        snprintf(name, sizeof name, "n%d", node);
        bool joins = rng_chance(&r, 0.55);
        if (joins)
            model_join(&m, node, ver, expected);
        else
            model_leave(&m, node, ver, expected);
        const char *answer = joins ? join(name, ver) : leave(name, ver);
        ck_assert_msg(!strcmp(answer, expected), "step %d, %s %s %" PRId64 ": expected %s, got %s", step,
                      joins ? "join" : "leave", name, ver, expected, answer);
        if (step % 500 == 499) compare_with_model(&m);
    }
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("pool scripts");
    TCase *tests = tcase_create("pools");
    tcase_add_checked_fixture(tests, clear, whole);
    tcase_add_test(tests, a_member_joins_at_the_next_position);
    tcase_add_test(tests, joining_again_updates_the_version_in_place);
    tcase_add_test(tests, a_join_of_a_lower_version_is_stale);
    tcase_add_test(tests, a_tombstone_refuses_its_version_and_lower_ones);
    tcase_add_test(tests, a_full_pool_refuses_and_keeps_what_it_has);
    tcase_add_test(tests, the_last_member_moves_into_the_hole);
    tcase_add_test(tests, an_empty_pool_leaves_only_tombstones_which_expire);
    tcase_add_test(tests, a_leave_with_a_higher_version_removes);
    tcase_add_test(tests, a_leave_with_a_lower_version_is_stale_and_sets_no_tombstone);
    tcase_add_test(tests, a_leave_of_an_absent_node_still_sets_the_tombstone);
    tcase_add_test(tests, a_tombstone_keeps_the_higher_version);
    tcase_add_test(tests, a_pool_that_does_not_exist_proposes_nobody);
    tcase_add_test(tests, a_draw_names_a_position);
    tcase_add_test(tests, drawn_nodes_are_distinct);
    tcase_add_test(tests, excluded_nodes_are_never_proposed);
    tcase_add_test(tests, twenty_nodes_may_be_excluded_and_the_others_are_found);
    tcase_add_test(tests, a_small_pool_is_proposed_whole);
    tcase_add_test(tests, a_shard_is_the_members_of_one_hundred_positions);
    tcase_add_test(tests, a_pool_that_does_not_exist_has_no_shard);
    tcase_add_loop_test(tests, a_bad_argument_is_named_and_nothing_is_written, 0, (int)(sizeof bad / sizeof *bad));
    tcase_add_loop_test(tests, members_stay_dense_under_any_history, 0, 2);
    suite_add_tcase(suite, tests);
    return suite;
}

int main(int argc, char **argv) {
    return lua_main(argc, argv, make_suite, &db);
}
