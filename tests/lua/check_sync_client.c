/* sync_client: one call at a time, pipelining, lost scripts, and connections that break.
 * Mostly waits: for a cluster to come up. */
#include "core/base/clock.h"
#include "tests/support/lua_db.h"

#include <stdio.h>
#include <string.h>

static lua_db *db;
static sched_error err;

static void clear(void) {
    lua_db_clear(db);
    memset(&err, 0, sizeof err);
}

static redis_call release_call(const char *job) {
    redis_key key;
    redis_call call;
    call_script(&call, SCRIPT_RELEASE_RESERVATION);
    call_key(&call, key_node_reservations(&key, lua_keyspace(db), "n1"));
    call_key(&call, key_node(&key, lua_keyspace(db), "n1"));
    call_str(&call, job);
    call_int(&call, 1);
    call_str(&call, "none");
    call_int(&call, 0);
    return call;
}

static redis_call command(const char *name, const char *arg) {
    redis_call call;
    call_command(&call, name);
    if (arg) call_str(&call, arg);
    return call;
}

START_TEST(a_script_that_the_server_has_lost_is_loaded_again) {
    redis_reply *reply = NULL;
    lua_command(db, "SCRIPT|FLUSH");
    redis_call call = release_call("j1");
    ck_assert_int_eq(sync_client_call(lua_client(db), &call, &reply, &err), SCHED_OK);
    ck_assert(reply_says(reply, "ABSENT"));
    ck_assert_ptr_null(sync_reply_free(reply));
    ck_assert_int_eq(sync_client_load(lua_client(db), lua_scripts(db), &err), SCHED_OK);
}
END_TEST

START_TEST(a_lost_script_in_a_pipeline_is_answered_as_the_error_it_is) {
    redis_reply *reply = NULL;
    lua_command(db, "SCRIPT|FLUSH");
    redis_call call = release_call("j1");
    ck_assert_int_eq(sync_client_append(lua_client(db), &call, &err), SCHED_OK);
    ck_assert_int_eq(sync_client_read(lua_client(db), &reply, &err), SCHED_OK);
    ck_assert_int_eq(strncmp(reply_text(reply), "NOSCRIPT", 8), 0);
    sync_reply_free(reply);
    ck_assert_int_eq(sync_client_load(lua_client(db), lua_scripts(db), &err), SCHED_OK);
}
END_TEST

START_TEST(an_error_reply_is_an_answer) {
    redis_reply *reply = NULL;
    redis_call call = release_call("");
    ck_assert_int_eq(sync_client_call(lua_client(db), &call, &reply, &err), SCHED_OK);
    ck_assert(reply_is_error(reply));
    sync_reply_free(reply);
}
END_TEST

START_TEST(answers_come_in_the_order_of_the_calls) {
    enum { CALLS = 1000 };
    redis_reply *reply = NULL;
    for (int i = 0; i < CALLS; i++) {
        redis_call call = command("INCR", "counter");
        ck_assert_int_eq(sync_client_append(lua_client(db), &call, &err), SCHED_OK);
    }
    for (int i = 0; i < CALLS; i++) {
        ck_assert_int_eq(sync_client_read(lua_client(db), &reply, &err), SCHED_OK);
        ck_assert_int_eq(reply_int(reply), i + 1);
        sync_reply_free(reply);
    }
}
END_TEST

START_TEST(nobody_there_is_an_error_with_the_address) {
    sync_client *client = NULL;
    ck_assert_int_eq(sync_client_open_socket("/nowhere/redis.sock", USEC_PER_SEC, &client, &err), SCHED_EIO);
    ck_assert_msg(strstr(err.message, "redis at /nowhere/redis.sock: "), "%s", err.message);
    ck_assert_int_eq(sync_client_open_tcp("127.0.0.1", 1, USEC_PER_SEC, &client, &err), SCHED_EIO);
    ck_assert_msg(strstr(err.message, "redis at 127.0.0.1:1: "), "%s", err.message);
    ck_assert_ptr_null(client);
    ck_assert_ptr_null(sync_client_close(NULL));
}
END_TEST

START_TEST(an_answer_that_does_not_come_in_time_is_a_timeout) {
    sync_client *client = NULL;
    redis_reply *reply = NULL;
    const char *path = private_server_socket(lua_server(db, ""));
    ck_assert_int_eq(sync_client_open_socket(path, 50 * USEC_PER_MSEC, &client, &err), SCHED_OK);
    redis_call call = command("DEBUG", "SLEEP");
    call_str(&call, "0.2");
    ck_assert_int_eq(sync_client_call(client, &call, &reply, &err), SCHED_ETIMEDOUT);
    ck_assert_msg(strstr(err.message, "no answer in time"), "%s", err.message);
    ck_assert_ptr_null(reply);
    sync_client_close(client);
}
END_TEST

START_TEST(a_connection_that_the_server_ends_is_an_error) {
    sync_client *client = NULL;
    redis_reply *reply = NULL;
    const char *path = private_server_socket(lua_server(db, ""));
    ck_assert_int_eq(sync_client_open_socket(path, USEC_PER_SEC, &client, &err), SCHED_OK);
    redis_call call = command("QUIT", NULL);
    ck_assert_int_eq(sync_client_call(client, &call, &reply, &err), SCHED_OK);
    sync_reply_free(reply);
    reply = NULL;
    call = command("PING", NULL);
    ck_assert_int_eq(sync_client_call(client, &call, &reply, &err), SCHED_EIO);
    ck_assert_ptr_null(reply);
    sync_client_close(client);
}
END_TEST

/* ---- a cluster ------------------------------------------------------------------------------------------------------- */

enum { KEYS = 300 };

static redis_call about_key(const char *name, int number, const char *arg) {
    redis_call call;
    char key[16];
    snprintf(key, sizeof key, "k%d", number);
    call_command(&call, name);
    call_key(&call, key);
    if (arg) call_str(&call, arg);
    return call;
}

static void fill_all_masters(sync_client *whole) {
    for (int i = 0; i < KEYS; i++) {
        char value[16];
        snprintf(value, sizeof value, "%d", i);
        redis_call call = about_key("SET", i, value);
        ck_assert_int_eq(sync_client_append(whole, &call, &err), SCHED_OK);
    }
    for (int i = 0; i < KEYS; i++) {
        redis_reply *reply = NULL;
        ck_assert_int_eq(sync_client_read(whole, &reply, &err), SCHED_OK);
        ck_assert_str_eq(reply_text(reply), "OK");
        sync_reply_free(reply);
    }
}

START_TEST(calls_of_a_pipeline_spread_over_all_masters_and_are_answered_in_order) {
    sync_client *whole = lua_whole(db);
    ck_assert_int_eq(sync_client_masters(whole), 3);
    fill_all_masters(whole);
    for (int i = 0; i < KEYS; i++) {
        redis_call call = about_key("GET", i, NULL);
        ck_assert_int_eq(sync_client_append(whole, &call, &err), SCHED_OK);
    }
    for (int i = 0; i < KEYS; i++) {
        redis_reply *reply = NULL;
        ck_assert_int_eq(sync_client_read(whole, &reply, &err), SCHED_OK);
        ck_assert_int_eq(reply_int(reply), i);
        sync_reply_free(reply);
    }
}
END_TEST

START_TEST(without_a_key_a_call_goes_to_the_master_that_was_turned_to) {
    sync_client *whole = lua_whole(db);
    int64_t keys = 0;
    fill_all_masters(whole);
    for (int i = 0; i < sync_client_masters(whole); i++) {
        redis_reply *reply = NULL;
        redis_call call = command("DBSIZE", NULL);
        sync_client_turn_to(whole, i);
        ck_assert_int_eq(sync_client_call(whole, &call, &reply, &err), SCHED_OK);
        ck_assert_int_gt(reply_int(reply), KEYS / 6);
        keys += reply_int(reply);
        sync_reply_free(reply);
    }
    sync_client_turn_to(whole, 0);
    ck_assert_int_eq(keys, KEYS);
}
END_TEST

START_TEST(a_transaction_goes_where_its_key_is) {
    sync_client *whole = lua_whole(db);
    for (int i = 0; i < 30; i++) {
        redis_reply *reply = NULL;
        redis_call calls[] = {about_key("WATCH", i, NULL), command("MULTI", NULL), about_key("SET", i, "7"),
                              command("EXEC", NULL)};
        for (int k = 0; k < 4; k++) {
            sync_reply_free(reply);
            ck_assert_int_eq(sync_client_call(whole, &calls[k], &reply, &err), SCHED_OK);
        }
        ck_assert_msg(reply_says(reply, "OK"), "%s", reply_text(reply));
        sync_reply_free(reply);
    }
}
END_TEST

START_TEST(a_script_reaches_every_master_and_is_loaded_where_it_is_lost) {
    sync_client *whole = lua_whole(db);
    redis_reply *reply = NULL;
    ck_assert_int_eq(sync_client_load(whole, lua_scripts(db), &err), SCHED_OK);
    lua_command(db, "SCRIPT|FLUSH");
    for (int i = 0; i < 30; i++) {
        redis_key key;
        redis_call call;
        char node[16];
        snprintf(node, sizeof node, "n%d", i);
        call_script(&call, SCRIPT_RELEASE_RESERVATION);
        call_key(&call, key_node_reservations(&key, lua_keyspace(db), node));
        call_key(&call, key_node(&key, lua_keyspace(db), node));
        call_str(&call, "j1");
        call_int(&call, 1);
        call_str(&call, "none");
        call_int(&call, 0);
        ck_assert_int_eq(sync_client_call(whole, &call, &reply, &err), SCHED_OK);
        ck_assert_msg(reply_says(reply, "ABSENT"), "%s", reply_text(reply));
        reply = sync_reply_free(reply);
    }
}
END_TEST

static Suite *make_suite_of_cluster(void) {
    Suite *suite = suite_create("sync client of a cluster");
    TCase *tests = tcase_create("sync client of a cluster");
    tcase_add_checked_fixture(tests, clear, NULL);
    tcase_add_test(tests, calls_of_a_pipeline_spread_over_all_masters_and_are_answered_in_order);
    tcase_add_test(tests, without_a_key_a_call_goes_to_the_master_that_was_turned_to);
    tcase_add_test(tests, a_transaction_goes_where_its_key_is);
    tcase_add_test(tests, a_script_reaches_every_master_and_is_loaded_where_it_is_lost);
    suite_add_tcase(suite, tests);
    return suite;
}

static Suite *make_suite(void) {
    Suite *suite = suite_create("sync client");
    TCase *tests = tcase_create("sync client");
    tcase_add_checked_fixture(tests, clear, NULL);
    tcase_add_test(tests, a_script_that_the_server_has_lost_is_loaded_again);
    tcase_add_test(tests, a_lost_script_in_a_pipeline_is_answered_as_the_error_it_is);
    tcase_add_test(tests, an_error_reply_is_an_answer);
    tcase_add_test(tests, answers_come_in_the_order_of_the_calls);
    tcase_add_test(tests, nobody_there_is_an_error_with_the_address);
    tcase_add_test(tests, an_answer_that_does_not_come_in_time_is_a_timeout);
    tcase_add_test(tests, a_connection_that_the_server_ends_is_an_error);
    suite_add_tcase(suite, tests);
    return suite;
}

int main(void) {
    int alone = lua_main(2, (char *[]){"", "alone"}, make_suite, &db);
    int cluster = lua_main(2, (char *[]){"", "cluster"}, make_suite_of_cluster, &db);
    return alone ? alone : cluster;
}
