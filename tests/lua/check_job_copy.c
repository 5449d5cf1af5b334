/* write_job_copy, unlock_request: what instances leave in Redis that have their jobs in memory.
 * Mostly waits: for a cluster to come up. */
#include "tests/support/lua_db.h"

#include <inttypes.h>
#include <string.h>

#define REQUEST "s1:7:en"

static lua_db *db;
static lua_job job;

static void whole(void) {
    lua_expect_whole(db, 0);
}

static void clear(void) {
    lua_db_clear(db);
    job = lua_job_of(REQUEST, 1);
}

static const char *make(int attempt) {
    return lua_job_call(db, SCRIPT_WRITE_JOB_COPY, &job, "%s|%d|CREATED||||390000|i1|%s|s1|de:en", job.id, attempt,
                        job.request);
}

static const char *write_state(int attempt, const char *state, const char *node) {
    return lua_job_call(db, SCRIPT_WRITE_JOB_COPY, &job, "%s|%d|%s|%s|||390000|i1", job.id, attempt, state, node);
}

static const char *end(int attempt, const char *state) {
    return lua_job_call(db, SCRIPT_WRITE_JOB_COPY, &job, "%s|%d|%s||failed|WHY|90000|i2", job.id, attempt, state);
}

static const char *copy(const char *fields) {
    redis_key key;
    return lua_command(db, "HMGET|%s|%s", key_job_copy(&key, lua_keyspace(db), job.id), fields);
}

static int64_t ttl(void) {
    redis_key key;
    lua_command(db, "PTTL|%s", key_job_copy(&key, lua_keyspace(db), job.id));
    return reply_int(lua_reply(db));
}

START_TEST(a_copy_says_what_its_instance_decided) {
    int64_t now = lua_now(db);
    make(1);
    lua_expect(db, "OK");
    ck_assert_str_eq(copy("state|attempt|node|outcome|code|owner|req|sess|pair"),
                     "CREATED 1 '' '' '' i1 " REQUEST " s1 de:en");
    copy("seen");
    lua_near(lua_int(db, 0), now);
    lua_near(ttl(), 388500);
    write_state(1, "DISPATCHED", "n1");
    lua_expect(db, "OK");
    ck_assert_str_eq(copy("state|attempt|node|req"), "DISPATCHED 1 n1 " REQUEST);
}
END_TEST

START_TEST(its_end_keeps_the_node_and_lives_as_long_as_it_is_told) {
    make(1);
    write_state(1, "RUNNING", "n1");
    end(1, "RELEASED");
    lua_expect(db, "OK");
    ck_assert_str_eq(copy("state|node|outcome|code|owner"), "RELEASED n1 failed WHY i2");
    lua_near(ttl(), 88500);
}
END_TEST

START_TEST(the_next_attempt_has_no_node) {
    make(1);
    write_state(1, "DISPATCHED", "n1");
    write_state(2, "CREATED", "");
    lua_expect(db, "OK");
    ck_assert_str_eq(copy("state|attempt|node|sess"), "CREATED 2 '' s1");
}
END_TEST

START_TEST(what_is_behind_a_later_attempt_changes_nothing) {
    make(3);
    write_state(2, "RUNNING", "n1");
    lua_expect(db, "MISMATCH CREATED 3");
    end(2, "RELEASED");
    lua_expect(db, "MISMATCH CREATED 3");
    ck_assert_str_eq(copy("state|attempt|outcome"), "CREATED 3 ''");
}
END_TEST

START_TEST(what_has_ended_does_not_go_on) {
    make(1);
    end(1, "FINISHED");
    write_state(1, "RUNNING", "n1");
    lua_expect(db, "MISMATCH FINISHED 1");
    end(1, "RELEASED");
    lua_expect(db, "OK");
    write_state(2, "CREATED", "");
    lua_expect(db, "OK");
}
END_TEST

START_TEST(one_that_was_lost_is_written_anew) {
    write_state(2, "RUNNING", "n1");
    lua_expect(db, "OK");
    ck_assert_str_eq(copy("state|attempt|node|owner|req"), "RUNNING 2 n1 i1 -");
}
END_TEST

START_TEST(whoever_holds_a_lock_gives_it_back_and_nobody_else) {
    redis_key key;
    key_request_lock(&key, lua_keyspace(db), REQUEST);
    lua_command(db, "SET|%s|%s|PX|60000", key.text, job.id);
    lua_job_call(db, SCRIPT_UNLOCK_REQUEST, &job, "another");
    lua_expect(db, "LOST");
    ck_assert_str_eq(lua_command(db, "GET|%s", key.text), job.id);
    lua_job_call(db, SCRIPT_UNLOCK_REQUEST, &job, "%s", job.id);
    lua_expect(db, "OK");
    lua_job_call(db, SCRIPT_UNLOCK_REQUEST, &job, "%s", job.id);
    lua_expect(db, "LOST");
    ck_assert_str_eq(lua_keys(db), "");
}
END_TEST

static const lua_bad bad[] = {
    {SCRIPT_WRITE_JOB_COPY, "|1|CREATED||||1|i1", "BADARG job_id"},
    {SCRIPT_WRITE_JOB_COPY, "j|0|CREATED||||1|i1", "BADARG attempt"},
    {SCRIPT_WRITE_JOB_COPY, "j|1|MADE||||1|i1", "BADARG state"},
    {SCRIPT_WRITE_JOB_COPY, "j|1|CREATED|n 1|||1|i1", "BADARG node"},
    {SCRIPT_WRITE_JOB_COPY, "j|1|CREATED||o k||1|i1", "BADARG outcome"},
    {SCRIPT_WRITE_JOB_COPY, "j|1|CREATED||", "BADARG code"},
    {SCRIPT_WRITE_JOB_COPY, "j|1|CREATED||||0|i1", "BADARG ttl_ms"},
    {SCRIPT_WRITE_JOB_COPY, "j|1|CREATED||||86400001|i1", "BADARG ttl_ms"},
    {SCRIPT_WRITE_JOB_COPY, "j|1|CREATED||||1|", "BADARG owner"},
    {SCRIPT_WRITE_JOB_COPY, "j|1|CREATED||||1|i1||s1|de:en", "BADARG request_id"},
    {SCRIPT_WRITE_JOB_COPY, "j|1|CREATED||||1|i1|r||de:en", "BADARG session"},
    {SCRIPT_WRITE_JOB_COPY, "j|1|CREATED||||1|i1|r|s1", "BADARG pair"},
    {SCRIPT_UNLOCK_REQUEST, "", "BADARG token"},
};

START_TEST(a_bad_argument_is_named_and_nothing_is_written) {
    const lua_bad *b = &bad[_i];
    const char *answer = lua_job_call(db, b->script, &job, "%s", b->args);
    lua_expect_bad(db, b, answer);
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("job copy");
    TCase *tests = tcase_create("all");
    tcase_add_checked_fixture(tests, clear, whole);
    tcase_add_test(tests, a_copy_says_what_its_instance_decided);
    tcase_add_test(tests, its_end_keeps_the_node_and_lives_as_long_as_it_is_told);
    tcase_add_test(tests, the_next_attempt_has_no_node);
    tcase_add_test(tests, what_is_behind_a_later_attempt_changes_nothing);
    tcase_add_test(tests, what_has_ended_does_not_go_on);
    tcase_add_test(tests, one_that_was_lost_is_written_anew);
    tcase_add_test(tests, whoever_holds_a_lock_gives_it_back_and_nobody_else);
    tcase_add_loop_test(tests, a_bad_argument_is_named_and_nothing_is_written, 0, (int)(sizeof bad / sizeof *bad));
    suite_add_tcase(suite, tests);
    return suite;
}

int main(int argc, char **argv) {
    return lua_main(argc, argv, make_suite, &db);
}
