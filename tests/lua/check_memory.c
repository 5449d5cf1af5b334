/* What a node and a finished job cost, and that a full Redis can still empty itself. */
#include "tests/support/lua_db.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NODE_BYTES_MAX = 4096, JOB_BYTES_MAX = 1024, NODES = 500, JOBS = 2000 };

static lua_db *db;

static void clear(void) {
    lua_command(db, "CONFIG|SET|maxmemory|0");
    lua_db_clear(db);
}

static void whole(void) {
    lua_expect_whole(db, 0);
    clear();
}

static int64_t used_memory(void) {
    const char *text = lua_command(db, "INFO|memory");
    const char *used = strstr(text, "used_memory:");
    ck_assert_ptr_nonnull(used);
    return strtoll(used + strlen("used_memory:"), NULL, 10);
}

/* Nine pairs: de en fr to es it pl. */
static int64_t put_node(const char *id) {
    static const char *const sources[] = {"de", "en", "fr"}, *const targets[] = {"es", "it", "pl"};
    lua_node(db, SCRIPT_REGISTER_NODE, id, "%s|host-4711-9f86d081:%016d|de en fr|es it pl|4|45000|", id, 1);
    int64_t ver = lua_int(db, 1);
    for (int i = 0; i < 9; i++) {
        char pair[PAIR_MAX + 1];
        snprintf(pair, sizeof pair, "%s:%s", sources[i / 3], targets[i % 3]);
        lua_pool(db, SCRIPT_POOL_JOIN, pair, id, "%s|%" PRId64, id, ver);
    }
    lua_node(db, SCRIPT_NODE_ASSIGNED, id, "host-4711-9f86d081:%016d|%" PRId64, 1, ver);
    lua_node(db, SCRIPT_HEARTBEAT, id, "%s|host-4711-9f86d081:%016d|45000|10|20|30|2|1|60000", id, 1);
    ck_assert_str_eq(reply_text(reply_at(lua_reply(db), 0)), "OK");
    return ver;
}

static lua_job put_job(int number) {
    char request[64];
    snprintf(request, sizeof request, "session-%08d:7:en", number);
    lua_job job = lua_job_of(request, (unsigned)number);
    lua_job_call(db, SCRIPT_CREATE_JOB, &job, "%s|%s|host-4711-9f86d081|session-%08d|7|de:en|3500|10000|1", job.id,
                 request, number);
    return job;
}

static void dispatch(const lua_job *job, const char *node) {
    lua_node(db, SCRIPT_RESERVE_NODE, node, "%s|1|1|de|es|1|20000|85", job->id);
    ck_assert(reply_says(lua_reply(db), "OK"));
    lua_job_call(db, SCRIPT_MARK_DISPATCHED, job, "%s|1|%s|15000", job->id, node);
}

START_TEST(a_node_with_nine_pairs_costs_at_most_4_kib) {
    int64_t before = used_memory();
    for (int i = 0; i < NODES; i++) {
        char id[24];
        snprintf(id, sizeof id, "node-%08d", i);
        put_node(id);
    }
    int64_t each = (used_memory() - before) / NODES;
    printf("a node with 9 pairs: %" PRId64 " bytes\n", each);
    ck_assert_int_le(each, NODE_BYTES_MAX);
}
END_TEST

START_TEST(a_finished_job_costs_at_most_1_kib) {
    int64_t before = used_memory();
    for (int i = 0; i < JOBS; i++) {
        lua_job job = put_job(i);
        lua_job_call(db, SCRIPT_MARK_DISPATCHED, &job, "%s|1|node-00000001|15000", job.id);
        lua_job_call(db, SCRIPT_COMPLETE_TASK, &job, "%s|1|ok||1|90000|0", job.id);
        ck_assert(reply_says(lua_reply(db), "OK"));
    }
    int64_t each = (used_memory() - before) / JOBS;
    printf("a finished job: %" PRId64 " bytes\n", each);
    ck_assert_int_le(each, JOB_BYTES_MAX);
}
END_TEST

/* A job on a node, one that is finished, and no memory left. */
static int64_t fill(lua_job *on_node, lua_job *finished) {
    int64_t ver = put_node("node-1");
    *on_node = put_job(1);
    *finished = put_job(2);
    dispatch(on_node, "node-1");
    lua_job_call(db, SCRIPT_COMPLETE_TASK, finished, "%s|1|ok||0|90000|0", finished->id);
    lua_command(db, "CONFIG|SET|maxmemory|1");
    return ver;
}

START_TEST(a_full_redis_refuses_what_is_new) {
    lua_job on_node, finished;
    fill(&on_node, &finished);
    put_job(3);
    ck_assert_msg(!strncmp(reply_text(lua_reply(db)), "OOM", 3), "%s", reply_text(lua_reply(db)));
    lua_node(db, SCRIPT_REGISTER_NODE, "node-2", "node-2|i:2|de|en|4|45000|");
    ck_assert_msg(!strncmp(reply_text(lua_reply(db)), "OOM", 3), "%s", reply_text(lua_reply(db)));
}
END_TEST

START_TEST(a_full_redis_lets_go_on_what_is_there) {
    lua_job on_node, finished;
    fill(&on_node, &finished);
    lua_node(db, SCRIPT_HEARTBEAT, "node-1", "node-1|host-4711-9f86d081:%016d|45000|10|20|30|2|1|60000", 1);
    ck_assert(reply_says(lua_reply(db), "OK"));
    lua_job_call(db, SCRIPT_ACCEPT_JOB, &on_node, "%s|1|node-1|15000", on_node.id);
    ck_assert(reply_says(lua_reply(db), "OK"));
    lua_job_call(db, SCRIPT_START_JOB, &on_node, "%s|1|node-1|15000", on_node.id);
    ck_assert(reply_says(lua_reply(db), "OK"));
    lua_pool(db, SCRIPT_SELECT_NODE, "de:es", "", "1|0|0");
    ck_assert_int_eq(lua_int(db, 0), 1);
}
END_TEST

START_TEST(a_full_redis_can_empty_itself) {
    static const char *const pairs[] = {"de:es", "de:it", "de:pl", "en:es", "en:it",
                                        "en:pl", "fr:es", "fr:it", "fr:pl"};
    lua_job on_node, finished;
    int64_t ver = fill(&on_node, &finished);
    lua_node(db, SCRIPT_RELEASE_RESERVATION, "node-1", "%s|1|success|0", on_node.id);
    ck_assert(reply_says(lua_reply(db), "OK"));
    lua_job_call(db, SCRIPT_COMPLETE_TASK, &on_node, "%s|1|ok||1|1|0", on_node.id);
    ck_assert(reply_says(lua_reply(db), "OK"));
    lua_job_call(db, SCRIPT_RELEASE_JOB, &finished, "%s", finished.id);
    ck_assert(reply_says(lua_reply(db), "OK"));
    lua_node(db, SCRIPT_NODE_OFFLINE, "node-1", "node-1|host-4711-9f86d081:%016d|5000|10", 1);
    ck_assert(reply_says(lua_reply(db), "OFFLINE"));
    for (int i = 0; i < 9; i++) {
        lua_pool(db, SCRIPT_POOL_LEAVE, pairs[i], "node-1", "node-1|%" PRId64 "|1", ver);
        ck_assert(reply_says(lua_reply(db), "OK"));
    }
    lua_node(db, SCRIPT_FORGET_NODE, "node-1", "node-1|%" PRId64, ver);
    ck_assert(reply_says(lua_reply(db), "OK"));
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("memory");
    TCase *tests = tcase_create("memory");
    tcase_add_checked_fixture(tests, clear, whole);
    tcase_add_test(tests, a_node_with_nine_pairs_costs_at_most_4_kib);
    tcase_add_test(tests, a_finished_job_costs_at_most_1_kib);
    tcase_add_test(tests, a_full_redis_refuses_what_is_new);
    tcase_add_test(tests, a_full_redis_lets_go_on_what_is_there);
    tcase_add_test(tests, a_full_redis_can_empty_itself);
    suite_add_tcase(suite, tests);
    return suite;
}

int main(void) {
    return lua_main(2, (char *[]){"", "alone"}, make_suite, &db);
}
