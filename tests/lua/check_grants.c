/* reserve_node and release_reservation: what beside a full node refuses a job, how the verdicts of attempts make a node
 * degraded and ready again, and that a dry question leaves no trace. Slots are in check_reservations.c.
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

static void set_record(const char *fields) {
    lua_command(db, "HSET|lingua:v1:{n%02u}:node:n1|%s", node_bucket("n1"), fields);
}

static void set_number(const char *field, int64_t value) {
    lua_command(db, "HSET|lingua:v1:{n%02u}:node:n1|%s|%" PRId64, node_bucket("n1"), field, value);
}

static void ready_node(void) {
    lua_db_clear(db);
    lua_put_node(db, "n1", 2);
    set_record("cpu|10|gpu|20|mem|30");
}

static void degraded_node(void) {
    ready_node();
    set_record("status|degraded|hist|x.xx");
}

static const char *record(const char *fields) {
    redis_key key;
    return lua_command(db, "HMGET|%s|%s", key_node(&key, lua_keyspace(db), "n1"), fields);
}

static const char *ask(const char *job, int mode, int ceiling) {
    return lua_node(db, SCRIPT_RESERVE_NODE, "n1", "%s|1|5|de|en|%d|20000|%d", job, mode, ceiling);
}

static const char *reserve(const char *job) {
    return ask(job, 1, 0);
}

static const char *release(const char *job, const char *verdict) {
    return lua_node(db, SCRIPT_RELEASE_RESERVATION, "n1", "%s|1|%s|5000", job, verdict);
}

static void expect_granted(void) {
    ck_assert_msg(reply_says(lua_reply(db), "OK"), "%s", reply_text(reply_at(lua_reply(db), 0)));
}

static int64_t held(void) {
    lua_command(db, "ZCARD|lingua:v1:{n%02u}:resv:n1", node_bucket("n1"));
    return reply_int(lua_reply(db));
}

static void plant_mark(const char *pair, int64_t until, int64_t any_until) {
    lua_command(db, "HSET|lingua:v1:{n%02u}:marks:n1|%s|%" PRId64 " asr-de@3", node_bucket("n1"), pair, until);
    lua_command(db, "PEXPIRE|lingua:v1:{n%02u}:marks:n1|60000", node_bucket("n1"));
    set_number("marked", any_until);
}

/* --- refusals ----------------------------------------------------------------------------------------------------- */

START_TEST(a_node_whose_services_are_not_up_is_not_granted) {
    set_record("up|0");
    ck_assert_str_eq(reserve("j1"), "NOTREADY unready");
    set_record("status|degraded");
    ck_assert_str_eq(reserve("j1"), "NOTREADY unready");
    ck_assert_int_eq(held(), 0);
}
END_TEST

START_TEST(a_node_that_never_said_whether_it_is_up_is_granted) {
    redis_key key;
    lua_command(db, "HDEL|%s|up", key_node(&key, lua_keyspace(db), "n1"));
    reserve("j1");
    expect_granted();
}
END_TEST

START_TEST(a_marked_pair_is_not_granted_until_its_mark_ends) {
    int64_t now = lua_now(db);
    plant_mark("de:en", now + 9000, now + 60000);
    reserve("j1");
    lua_expect(db, "MARKED asr-de@3 %" PRId64, now + 9000);
    ck_assert_int_eq(held(), 0);
    plant_mark("de:en", now - 1, now + 60000);
    reserve("j1");
    expect_granted();
}
END_TEST

START_TEST(a_mark_of_another_pair_is_no_hindrance) {
    int64_t now = lua_now(db);
    plant_mark("en:de", now + 9000, now + 9000);
    reserve("j1");
    expect_granted();
}
END_TEST

START_TEST(marks_are_not_read_where_none_may_stand) {
    lua_plant(db);
    lua_command(db, "SET|lingua:v1:{n%02u}:marks:n1|not a hash", node_bucket("n1"));
    set_number("marked", lua_now(db) - 1);
    reserve("j1");
    expect_granted();
}
END_TEST

START_TEST(a_degraded_node_gets_one_job_at_a_time_after_its_trial_has_come) {
    int64_t now = lua_now(db);
    set_record("status|degraded");
    set_number("trial", now + 9000);
    reserve("j1");
    lua_expect(db, "TRIAL %" PRId64, now + 9000);
    set_number("trial", now - 1);
    reserve("j1");
    expect_granted();
    ck_assert_str_eq(reserve("j2"), "TRIAL 0");
    ck_assert_int_eq(held(), 1);
}
END_TEST

typedef struct load_case {
    const char *fields;
    int ceiling;
    const char *answer;
} load_case;

static const load_case loads[] = {
    {"cpu|84|gpu|84|mem|84", 85, NULL},
    {"cpu|85", 85, "BUSY cpu 85"},
    {"gpu|86", 85, "BUSY gpu 86"},
    {"mem|100", 85, "BUSY mem 100"},
    {"mem|99|gpu|98|cpu|97", 85, "BUSY cpu 97"},
    {"cpu|400|gpu|400|mem|400", 0, NULL},
};

START_TEST(a_node_above_the_ceiling_refuses_and_names_the_first_reason) {
    set_record(loads[_i].fields);
    ask("j1", 0, loads[_i].ceiling);
    if (loads[_i].answer)
        lua_expect(db, "%s", loads[_i].answer);
    else
        expect_granted();
}
END_TEST

START_TEST(a_node_before_its_first_heartbeat_is_not_busy) {
    redis_key key;
    lua_command(db, "HDEL|%s|cpu|gpu|mem", key_node(&key, lua_keyspace(db), "n1"));
    ask("j1", 1, 85);
    expect_granted();
}
END_TEST

START_TEST(reasons_are_told_in_one_order) {
    int64_t now = lua_now(db);
    reserve("j1");
    reserve("j2");
    set_record("cpu|99|status|degraded");
    set_number("trial", now + 9000);
    plant_mark("de:en", now + 8000, now + 8000);
    ask("j3", 1, 85);
    lua_expect(db, "MARKED asr-de@3 %" PRId64, now + 8000);
    set_number("marked", 0);
    ask("j3", 1, 85);
    lua_expect(db, "TRIAL %" PRId64, now + 9000);
    set_record("status|ready");
    ck_assert_str_eq(ask("j3", 1, 85), "BUSY cpu 99");
    ck_assert_str_eq(ask("j3", 1, 0), "FULL 2 2");
}
END_TEST

START_TEST(what_is_held_already_is_extended_whatever_stands_against_the_node) {
    int64_t now = lua_now(db);
    reserve("j1");
    set_record("cpu|99|slots|1|status|degraded");
    set_number("trial", now + 9000);
    plant_mark("de:en", now + 8000, now + 8000);
    ask("j1", 1, 85);
    expect_granted();
    ck_assert_int_eq(held(), 1);
}
END_TEST

START_TEST(only_a_full_node_does_not_refuse_while_reservations_are_only_counted) {
    set_record("slots|1");
    reserve("j1");
    ask("j2", 0, 85);
    expect_granted();
    set_record("cpu|99");
    ck_assert_str_eq(ask("j3", 0, 85), "BUSY cpu 99");
}
END_TEST

/* --- a dry question ----------------------------------------------------------------------------------------------- */

START_TEST(a_dry_question_is_answered_as_a_grant_and_nothing_is_written) {
    char before[256];
    int64_t now = lua_now(db);
    snprintf(before, sizeof before, "%s", lua_keys(db));
    ask("j1", 2, 85);
    expect_granted();
    ck_assert_int_eq(lua_int(db, 1), 1);
    ck_assert_int_eq(lua_int(db, 2), 2);
    lua_near(lua_int(db, 3), now + 20000);
    ck_assert_str_eq(lua_keys(db), before);
}
END_TEST

START_TEST(a_dry_question_counts_what_has_not_expired_and_purges_nothing) {
    int64_t now = lua_now(db);
    reserve("j1");
    lua_command(db, "ZADD|lingua:v1:{n%02u}:resv:n1|%" PRId64 "|old 1", node_bucket("n1"), now - 5);
    ask("j2", 2, 0);
    ck_assert_int_eq(lua_int(db, 1), 2);
    ask("old", 2, 0);
    ck_assert_int_eq(lua_int(db, 1), 2);
    ask("j1", 2, 0);
    ck_assert_int_eq(lua_int(db, 1), 1);
    ck_assert_int_eq(held(), 2);
    reserve("j2");
    ck_assert_str_eq(ask("j3", 2, 0), "FULL 2 2");
    set_record("cpu|99");
    ck_assert_str_eq(ask("j3", 2, 85), "BUSY cpu 99");
}
END_TEST

/* --- verdicts ----------------------------------------------------------------------------------------------------- */

/* One attempt from its grant to its verdict. */
static const char *try_job(const char *verdict) {
    lua_command(db, "ZADD|lingua:v1:{n%02u}:resv:n1|%" PRId64 "|j1 1", node_bucket("n1"), lua_now(db) + 20000);
    return release("j1", verdict);
}

typedef struct history_case {
    const char *verdicts; /* '.' success, 'x' failure, '-' none */
    const char *hist, *status;
} history_case;

static const history_case histories[] = {
    {".", "-", "ready"},
    {"x", "x", "ready"},
    {"x-", "x", "ready"},
    {"x.", "x.", "ready"},
    {"xx", "xx", "ready"},
    {"xxx", "xxx", "degraded"},
    {"x.x.x", "x.x.x", "degraded"},
    {"x.x..x", ".x..x", "ready"},
    {"xx...x", "x...x", "ready"},
    {"x....", "x....", "ready"},
    {"x.....", "-", "ready"},
    {"...x..", "x..", "ready"},
    {"xxxxxxx", "xxxxx", "degraded"},
    {"xxx.", "-", "ready"},
    {"xxx.xx", "xx", "ready"},
    {"xxx-", "xxx", "degraded"},
};

START_TEST(three_failures_of_the_last_five_degrade_a_node_and_one_success_makes_it_ready) {
    const history_case *h = &histories[_i];
    for (const char *v = h->verdicts; *v; v++) try_job(*v == 'x' ? "failure" : *v == '.' ? "success" : "none");
    lua_expect(db, "OK 0 %s", h->status);
    char expected[64];
    snprintf(expected, sizeof expected, "%s %s", h->hist, h->status);
    ck_assert_msg(!strcmp(record("hist|status"), expected), "after %s: expected %s, got %s", h->verdicts, expected,
                  record("hist|status"));
}
END_TEST

START_TEST(the_failure_that_degrades_a_node_and_each_one_after_it_set_the_trial) {
    try_job("failure");
    try_job("failure");
    ck_assert_str_eq(record("trial"), "-");
    int64_t now = lua_now(db);
    try_job("failure");
    record("trial");
    lua_near(lua_int(db, 0), now + 5000);
    set_number("trial", 7);
    try_job("failure");
    record("trial");
    lua_near(lua_int(db, 0), now + 5000);
    try_job("success");
    ck_assert_str_eq(record("trial|hist|status"), "- - ready");
}
END_TEST

START_TEST(a_verdict_counts_only_when_the_reservation_was_held) {
    ck_assert_str_eq(release("j1", "failure"), "ABSENT 0 ready");
    ck_assert_str_eq(record("hist"), "-");
    set_record("status|degraded|hist|xxx");
    ck_assert_str_eq(release("j1", "success"), "ABSENT 0 degraded");
    ck_assert_str_eq(record("hist|status"), "xxx degraded");
}
END_TEST

START_TEST(the_verdict_of_an_expired_attempt_counts_while_it_is_in_the_set) {
    lua_command(db, "ZADD|lingua:v1:{n%02u}:resv:n1|1|j1 1", node_bucket("n1"));
    ck_assert_str_eq(release("j1", "failure"), "OK 0 ready");
    ck_assert_str_eq(record("hist"), "x");
}
END_TEST

static const char *const others[] = {"registering", "draining", "offline"};

START_TEST(failures_and_successes_move_no_other_status) {
    char fields[64];
    snprintf(fields, sizeof fields, "hist|xxx|status|%s", others[_i]);
    set_record(fields);
    try_job("failure");
    lua_expect(db, "OK 0 %s", others[_i]);
    try_job("success");
    lua_expect(db, "OK 0 %s", others[_i]);
    ck_assert_str_eq(record("trial"), "-");
}
END_TEST

START_TEST(a_verdict_about_a_forgotten_node_makes_nothing) {
    lua_db_clear(db);
    try_job("failure");
    lua_expect(db, "OK 0 ''");
    ck_assert_str_eq(release("j1", "success"), "ABSENT 0 ''");
    ck_assert_str_eq(lua_keys(db), "");
}
END_TEST

START_TEST(a_degraded_node_comes_back_by_one_trial) {
    reserve("j1");
    expect_granted();
    ck_assert_str_eq(reserve("j2"), "TRIAL 0");
    ck_assert_str_eq(release("j1", "success"), "OK 0 ready");
    reserve("j2");
    reserve("j3");
    expect_granted();
    ck_assert_int_eq(held(), 2);
}
END_TEST

static void add_refusals(Suite *suite) {
    TCase *tests = tcase_create("refusals");
    tcase_add_checked_fixture(tests, ready_node, whole);
    tcase_add_test(tests, a_node_whose_services_are_not_up_is_not_granted);
    tcase_add_test(tests, a_node_that_never_said_whether_it_is_up_is_granted);
    tcase_add_test(tests, a_marked_pair_is_not_granted_until_its_mark_ends);
    tcase_add_test(tests, a_mark_of_another_pair_is_no_hindrance);
    tcase_add_test(tests, marks_are_not_read_where_none_may_stand);
    tcase_add_test(tests, a_degraded_node_gets_one_job_at_a_time_after_its_trial_has_come);
    tcase_add_loop_test(tests, a_node_above_the_ceiling_refuses_and_names_the_first_reason, 0,
                        (int)(sizeof loads / sizeof *loads));
    tcase_add_test(tests, a_node_before_its_first_heartbeat_is_not_busy);
    tcase_add_test(tests, reasons_are_told_in_one_order);
    tcase_add_test(tests, what_is_held_already_is_extended_whatever_stands_against_the_node);
    tcase_add_test(tests, only_a_full_node_does_not_refuse_while_reservations_are_only_counted);
    tcase_add_test(tests, a_dry_question_is_answered_as_a_grant_and_nothing_is_written);
    tcase_add_test(tests, a_dry_question_counts_what_has_not_expired_and_purges_nothing);
    suite_add_tcase(suite, tests);
}

static Suite *make_suite(void) {
    Suite *suite = suite_create("grants");
    add_refusals(suite);
    TCase *verdicts = tcase_create("verdicts");
    tcase_add_checked_fixture(verdicts, ready_node, whole);
    tcase_add_loop_test(verdicts, three_failures_of_the_last_five_degrade_a_node_and_one_success_makes_it_ready, 0,
                        (int)(sizeof histories / sizeof *histories));
    tcase_add_test(verdicts, the_failure_that_degrades_a_node_and_each_one_after_it_set_the_trial);
    tcase_add_test(verdicts, a_verdict_counts_only_when_the_reservation_was_held);
    tcase_add_test(verdicts, the_verdict_of_an_expired_attempt_counts_while_it_is_in_the_set);
    tcase_add_loop_test(verdicts, failures_and_successes_move_no_other_status, 0,
                        (int)(sizeof others / sizeof *others));
    tcase_add_test(verdicts, a_verdict_about_a_forgotten_node_makes_nothing);
    suite_add_tcase(suite, verdicts);
    TCase *trial = tcase_create("trial");
    tcase_add_checked_fixture(trial, degraded_node, whole);
    tcase_add_test(trial, a_degraded_node_comes_back_by_one_trial);
    suite_add_tcase(suite, trial);
    return suite;
}

int main(int argc, char **argv) {
    return lua_main(argc, argv, make_suite, &db);
}
