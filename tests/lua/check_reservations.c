/* reserve_node and release_reservation: who gets a slot, for how long, and that concurrent clients never exceed a
 * limit. */
#include "core/mechanisms/grant_call.h"
#include "tests/support/lua_db.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

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

static void ready_node(void) {
    clear();
    lua_put_node(db, "n1", 2);
}

static const char *reserve(const char *job, int attempt, int enforce) {
    return lua_node(db, SCRIPT_RESERVE_NODE, "n1", "%s|%d|5|de|en|%d|20000|0", job, attempt, enforce);
}

static const char *release(const char *job, int attempt) {
    return lua_node(db, SCRIPT_RELEASE_RESERVATION, "n1", "%s|%d|none|0", job, attempt);
}

static const char *reservations(redis_key *key) {
    return key_node_reservations(key, lua_keyspace(db), "n1");
}

START_TEST(a_grant_answers_load_limit_and_expiry) {
    redis_key key;
    int64_t now = lua_now(db);
    reserve("j1", 1, 1);
    ck_assert(reply_says(lua_reply(db), "OK"));
    ck_assert_int_eq(lua_int(db, 1), 1);
    ck_assert_int_eq(lua_int(db, 2), 2);
    int64_t expiry = lua_int(db, 3);
    lua_near(expiry, now + 20000);
    lua_command(db, "ZSCORE|%s|j1 1", reservations(&key));
    ck_assert_int_eq(reply_int(lua_reply(db)), expiry);
    lua_command(db, "PEXPIRETIME|%s", reservations(&key));
    ck_assert_int_eq(reply_int(lua_reply(db)), expiry);
}
END_TEST

START_TEST(a_grant_tells_who_speaks_for_the_node) {
    redis_key key;
    reserve("j1", 1, 1);
    ck_assert_str_eq(reply_text(reply_at(lua_reply(db), 4)), "i:1");
    lua_command(db, "HSET|%s|owner|i7:00000000000000a1", key_node(&key, lua_keyspace(db), "n1"));
    reserve("j2", 1, 1);
    ck_assert_str_eq(reply_text(reply_at(lua_reply(db), 4)), "i7:00000000000000a1");
}
END_TEST

START_TEST(a_full_node_refuses_while_the_limit_is_enforced) {
    reserve("j1", 1, 1);
    reserve("j2", 1, 1);
    ck_assert_str_eq(reserve("j3", 1, 1), "FULL 2 2");
    reserve("j3", 1, 0);
    ck_assert_int_eq(lua_int(db, 1), 3);
    ck_assert_str_eq(reserve("j4", 1, 1), "FULL 3 2");
}
END_TEST

START_TEST(what_is_held_is_extended_even_when_the_node_is_full) {
    redis_key key;
    reserve("j1", 1, 1);
    reserve("j2", 1, 1);
    lua_command(db, "ZADD|%s|%" PRId64 "|j1 1", reservations(&key), lua_now(db) + 1000);
    int64_t now = lua_now(db);
    reserve("j1", 1, 1);
    ck_assert(reply_says(lua_reply(db), "OK"));
    ck_assert_int_eq(lua_int(db, 1), 2);
    lua_near(lua_int(db, 3), now + 20000);
}
END_TEST

START_TEST(extending_never_shortens) {
    redis_key key;
    int64_t later = lua_now(db) + 60000;
    reserve("j1", 1, 1);
    lua_command(db, "ZADD|%s|%" PRId64 "|j1 1", reservations(&key), later);
    reserve("j1", 1, 1);
    ck_assert_int_eq(lua_int(db, 3), later);
    lua_command(db, "PEXPIRETIME|%s", reservations(&key));
    ck_assert_int_eq(reply_int(lua_reply(db)), later);
}
END_TEST

START_TEST(another_attempt_of_a_job_is_another_reservation) {
    reserve("j1", 1, 1);
    reserve("j1", 2, 1);
    ck_assert_int_eq(lua_int(db, 1), 2);
    ck_assert_str_eq(release("j1", 1), "OK 1 ready");
    ck_assert_str_eq(release("j1", 1), "ABSENT 1 ready");
    ck_assert_str_eq(release("j1", 2), "OK 0 ready");
}
END_TEST

START_TEST(an_expired_reservation_counts_no_more) {
    redis_key key;
    int64_t now = lua_now(db);
    lua_command(db, "ZADD|%s|%" PRId64 "|old 1|%" PRId64 "|older 1", reservations(&key), now, now - 5);
    ck_assert_str_eq(release("none", 1), "ABSENT 0 ready");
    reserve("j1", 1, 1);
    ck_assert_int_eq(lua_int(db, 1), 1);
    lua_command(db, "ZCARD|%s", reservations(&key));
    ck_assert_int_eq(reply_int(lua_reply(db)), 1);
}
END_TEST

START_TEST(the_set_lives_as_long_as_its_latest_reservation) {
    redis_key key;
    lua_node(db, SCRIPT_RESERVE_NODE, "n1", "j1|1|5|de|en|1|60000|0");
    int64_t latest = lua_int(db, 3);
    reserve("j2", 1, 1);
    lua_command(db, "PEXPIRETIME|%s", reservations(&key));
    ck_assert_int_eq(reply_int(lua_reply(db)), latest);
}
END_TEST

START_TEST(a_lost_release_does_not_leak) {
    lua_node(db, SCRIPT_RESERVE_NODE, "n1", "j1|1|5|de|en|1|30|0");
    lua_node(db, SCRIPT_RESERVE_NODE, "n1", "j2|1|5|de|en|1|40|0");
    usleep(60000);
    redis_key key;
    ck_assert_str_eq(lua_command(db, "EXISTS|%s", reservations(&key)), "0");
    reserve("j3", 1, 1);
    ck_assert_int_eq(lua_int(db, 1), 1);
}
END_TEST

typedef struct status_case {
    const char *status, *answer;
} status_case;

static const status_case statuses[] = {
    {"registering", "NOTREADY registering"}, {"ready", NULL}, {"degraded", NULL}, {"draining", "NOTREADY draining"},
    {"offline", "NOTREADY offline"},
};

START_TEST(only_a_ready_or_degraded_node_is_granted) {
    char fields[64];
    snprintf(fields, sizeof fields, "status|%s", statuses[_i].status);
    set_record(fields);
    reserve("j1", 1, 0);
    if (statuses[_i].answer)
        lua_expect(db, "%s", statuses[_i].answer);
    else
        ck_assert(reply_says(lua_reply(db), "OK"));
}
END_TEST

START_TEST(an_unknown_node_is_gone) {
    clear();
    ck_assert_str_eq(reserve("j1", 1, 1), "GONE");
    ck_assert_str_eq(lua_keys(db), "");
}
END_TEST

START_TEST(an_older_membership_counts_while_the_pair_is_served) {
    lua_node(db, SCRIPT_RESERVE_NODE, "n1", "j1|1|4|fr|it|1|20000|0");
    ck_assert(reply_says(lua_reply(db), "OK"));
    ck_assert_str_eq(lua_node(db, SCRIPT_RESERVE_NODE, "n1", "j2|1|4|en|it|1|20000|0"), "NOTSERVED 5");
    ck_assert_str_eq(lua_node(db, SCRIPT_RESERVE_NODE, "n1", "j2|1|4|de|e|1|20000|0"), "NOTSERVED 5");
    lua_node(db, SCRIPT_RESERVE_NODE, "n1", "j2|1|6|en|en|1|20000|0");
    lua_expect(db, "NOTSERVED 5");
}
END_TEST

/* --- bad arguments ------------------------------------------------------------------------------------------------ */

typedef struct bad_args {
    script_id script;
    const char *args, *name;
} bad_args;

static const bad_args bad[] = {
    {SCRIPT_RESERVE_NODE, "|1|5|de|en|1|1000|0", "BADARG job_id"},
    {SCRIPT_RESERVE_NODE, "j 1|1|5|de|en|1|1000|0", "BADARG job_id"},
    {SCRIPT_RESERVE_NODE, "j1|0|5|de|en|1|1000|0", "BADARG attempt"},
    {SCRIPT_RESERVE_NODE, "j1|1|0|de|en|1|1000|0", "BADARG ver"},
    {SCRIPT_RESERVE_NODE, "j1|1|5||en|1|1000|0", "BADARG src"},
    {SCRIPT_RESERVE_NODE, "j1|1|5|de||1|1000|0", "BADARG tgt"},
    {SCRIPT_RESERVE_NODE, "j1|1|5|de|en|3|1000|0", "BADARG mode"},
    {SCRIPT_RESERVE_NODE, "j1|1|5|de|en|1|0|0", "BADARG hold_ms"},
    {SCRIPT_RESERVE_NODE, "j1|1|5|de|en|1", "BADARG hold_ms"},
    {SCRIPT_RESERVE_NODE, "j1|1|5|de|en|1|1000", "BADARG ceiling"},
    {SCRIPT_RESERVE_NODE, "j1|1|5|de|en|1|1000|-1", "BADARG ceiling"},
    {SCRIPT_RELEASE_RESERVATION, "|1|none|0", "BADARG job_id"},
    {SCRIPT_RELEASE_RESERVATION, "j1|1.5|none|0", "BADARG attempt"},
    {SCRIPT_RELEASE_RESERVATION, "j1|1|good|0", "BADARG verdict"},
    {SCRIPT_RELEASE_RESERVATION, "j1|1|none|-1", "BADARG trial_ms"},
    {SCRIPT_RELEASE_RESERVATION, "j1|1|none", "BADARG trial_ms"},
};

START_TEST(a_bad_argument_is_named_and_nothing_is_written) {
    const bad_args *b = &bad[_i];
    redis_key key;
    const char *answer = lua_node(db, b->script, "n1", "%s", b->args);
    ck_assert_msg(!strncmp(answer, b->name, strlen(b->name)), "%s %s: expected %s, got %s", scripts_name(b->script),
                  b->args, b->name, answer);
    ck_assert_str_eq(lua_command(db, "EXISTS|%s", reservations(&key)), "0");
}
END_TEST

/* --- concurrent clients ------------------------------------------------------------------------------------------- */

enum { CLIENTS = 8, ROUNDS = 1500, SLOTS = 3 };

/* Exit code of a client: 0, or what it saw. */
enum { SAW_NOTHING, SAW_TOO_MUCH, SAW_TOO_LITTLE, LOST_CONNECTION };

static int ask(sync_client *client, const redis_call *call, int64_t *ret_load) {
    redis_reply *reply = NULL;
    if (sync_client_call(client, call, &reply, NULL)) return -1;
    int granted = reply_says(reply, "OK");
    *ret_load = reply_int(reply_at(reply, 1));
    sync_reply_free(reply);
    return granted;
}

static void put_reservation(redis_call *call, script_id id, const char *job) {
    redis_key key;
    if (id == SCRIPT_RESERVE_NODE) {
        static const lang_pair pair = {"de", "en"};
        grant_call(call, lua_keyspace(db),
                   &(grant_question){.node = "n1",
                                     .job_id = job,
                                     .attempt = 1,
                                     .version = 5,
                                     .pair = &pair,
                                     .mode = GRANT_ENFORCE,
                                     .hold_msec = 20000});
        return;
    }
    call_script(call, id);
    call_key(call, reservations(&key));
    call_key(call, key_node(&key, lua_keyspace(db), "n1"));
    call_str(call, job);
    call_int(call, 1);
    call_str(call, "none");
    call_int(call, 0);
}

static int be_client(const private_server *server, int number) {
    sync_client *client = NULL;
    if (sync_client_open_socket(private_server_socket(server), 10 * USEC_PER_SEC, &client, NULL) ||
        sync_client_load(client, lua_scripts(db), NULL))
        return LOST_CONNECTION;
    char job[16];
    redis_call grant, give_back;
    snprintf(job, sizeof job, "j%d", number);
    put_reservation(&grant, SCRIPT_RESERVE_NODE, job);
    put_reservation(&give_back, SCRIPT_RELEASE_RESERVATION, job);
    int saw = SAW_NOTHING;
    for (int i = 0; i < ROUNDS && !saw; i++) {
        int64_t load = 0;
        int granted = ask(client, &grant, &load);
        if (granted < 0) saw = LOST_CONNECTION;
        if (load > SLOTS || (granted && load < 1)) saw = SAW_TOO_MUCH;
        if (!granted && load < SLOTS) saw = SAW_TOO_LITTLE;
        if (granted && ask(client, &give_back, &load) != 1) saw = SAW_TOO_LITTLE;
        if (load > SLOTS) saw = SAW_TOO_MUCH;
    }
    sync_client_close(client);
    return saw;
}

START_TEST(eight_clients_at_once_never_exceed_the_limit) {
    redis_key key;
    pid_t children[CLIENTS];
    set_record("slots|3");
    const private_server *server = lua_server(db, reservations(&key));
    for (int i = 0; i < CLIENTS; i++) {
        children[i] = fork();
        if (children[i] == 0) _exit(be_client(server, i));
    }
    for (int i = 0; i < CLIENTS; i++) {
        int status = 0;
        waitpid(children[i], &status, 0);
        ck_assert_msg(WIFEXITED(status) && !WEXITSTATUS(status), "client %d saw %d", i, WEXITSTATUS(status));
    }
    ck_assert_str_eq(lua_command(db, "EXISTS|%s", reservations(&key)), "0");
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("reservations");
    TCase *tests = tcase_create("one client");
    tcase_add_checked_fixture(tests, ready_node, whole);
    tcase_add_test(tests, a_grant_answers_load_limit_and_expiry);
    tcase_add_test(tests, a_grant_tells_who_speaks_for_the_node);
    tcase_add_test(tests, a_full_node_refuses_while_the_limit_is_enforced);
    tcase_add_test(tests, what_is_held_is_extended_even_when_the_node_is_full);
    tcase_add_test(tests, extending_never_shortens);
    tcase_add_test(tests, another_attempt_of_a_job_is_another_reservation);
    tcase_add_test(tests, an_expired_reservation_counts_no_more);
    tcase_add_test(tests, the_set_lives_as_long_as_its_latest_reservation);
    tcase_add_test(tests, a_lost_release_does_not_leak);
    tcase_add_loop_test(tests, only_a_ready_or_degraded_node_is_granted, 0, (int)(sizeof statuses / sizeof *statuses));
    tcase_add_test(tests, an_unknown_node_is_gone);
    tcase_add_test(tests, an_older_membership_counts_while_the_pair_is_served);
    tcase_add_loop_test(tests, a_bad_argument_is_named_and_nothing_is_written, 0, (int)(sizeof bad / sizeof *bad));
    suite_add_tcase(suite, tests);
    TCase *many = tcase_create("many clients");
    tcase_add_checked_fixture(many, ready_node, whole);
    tcase_add_test(many, eight_clients_at_once_never_exceed_the_limit);
    suite_add_tcase(suite, many);
    return suite;
}

int main(int argc, char **argv) {
    return lua_main(argc, argv, make_suite, &db);
}
