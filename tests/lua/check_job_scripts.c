/* create_job, mark_job_dispatched, accept_job, start_job, complete_task, release_job, failover_reassign_job; and
 * that these scripts allow exactly what the transition table of core/domain/job.h allows.
 * Mostly waits: for a cluster to come up. */
#include "core/domain/job.h"
#include "tests/support/lua_db.h"

#include <inttypes.h>
#include <stdio.h>
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

static const char *create(void) {
    return lua_job_call(db, SCRIPT_CREATE_JOB, &job, "%s|%s|i1|s1|7|de:en|1500|10000|1", job.id, job.request);
}

static const char *mark(int attempt, const char *node) {
    return lua_job_call(db, SCRIPT_MARK_DISPATCHED, &job, "%s|%d|%s|13000", job.id, attempt, node);
}

static const char *accept_by(int attempt, const char *node) {
    return lua_job_call(db, SCRIPT_ACCEPT_JOB, &job, "%s|%d|%s|14000", job.id, attempt, node);
}

static const char *start_by(int attempt, const char *node) {
    return lua_job_call(db, SCRIPT_START_JOB, &job, "%s|%d|%s|15000", job.id, attempt, node);
}

static const char *complete(int attempt, const char *outcome, int released) {
    return lua_job_call(db, SCRIPT_COMPLETE_TASK, &job, "%s|%d|%s|WHY|%d|90000|0", job.id, attempt, outcome, released);
}

static const char *complete_if_due(int attempt) {
    return lua_job_call(db, SCRIPT_COMPLETE_TASK, &job, "%s|%d|failed|WHY|1|90000|1", job.id, attempt);
}

static const char *release(void) {
    return lua_job_call(db, SCRIPT_RELEASE_JOB, &job, "%s", job.id);
}

static const char *fail_over(int attempt, int attempts_max, int only_if_due) {
    return lua_job_call(db, SCRIPT_FAILOVER_REASSIGN, &job, "%s|%d|%d|10000|%d", job.id, attempt, attempts_max,
                        only_if_due);
}

static const char *fields(const char *names) {
    redis_key key;
    return lua_command(db, "HMGET|%s|%s", key_job(&key, lua_keyspace(db), job.id), names);
}

static const char *deadlines(redis_key *key) {
    return key_job_deadlines(key, lua_keyspace(db), job_bucket_of_request(job.request));
}

/* 0 when the index does not know the job. */
static int64_t due(void) {
    redis_key key;
    lua_command(db, "ZSCORE|%s|%s", deadlines(&key), job.id);
    return reply_int(lua_reply(db));
}

static void set_due(int64_t at) {
    redis_key key;
    lua_command(db, "ZADD|%s|%" PRId64 "|%s", deadlines(&key), at, job.id);
}

static int64_t ttl(const char *key) {
    lua_command(db, "PTTL|%s", key);
    return reply_int(lua_reply(db));
}

static int64_t ends(const char *key) {
    lua_command(db, "PEXPIRETIME|%s", key);
    return reply_int(lua_reply(db));
}

/* A job of attempt 1 that node n1 has, in the state of that name. */
static void put_in(const char *state) {
    redis_key key;
    create();
    if (strcmp(state, "CREATED") != 0)
        lua_command(db, "HSET|%s|state|%s|node|n1", key_job(&key, lua_keyspace(db), job.id), state);
}

static const char *adopt(const char *former, int attempt) {
    return lua_job_call(db, SCRIPT_ADOPT_JOB, &job, "%s|%s|%d|i2|9000", job.id, former, attempt);
}

/* --- create_job --------------------------------------------------------------------------------------------------- */

START_TEST(a_created_job_is_bound_and_has_a_deadline) {
    int64_t now = lua_now(db);
    create();
    ck_assert(reply_says(lua_reply(db), "CREATED"));
    int64_t answered = lua_int(db, 1);
    lua_near(answered, now + 10000);
    ck_assert_int_eq(due(), answered);
    ck_assert_str_eq(fields("state|attempt|node|owner|sess|utt|pair|audio|req"),
                     "CREATED 1 '' i1 s1 7 de:en 1500 " REQUEST);
    fields("made");
    lua_near(lua_int(db, 0), now);
    redis_key key;
    ck_assert_str_eq(lua_command(db, "GET|%s", key_request(&key, lua_keyspace(db), REQUEST)), job.id);
    ck_assert_int_eq(ttl(key.text), -1);
    ck_assert_int_eq(ttl(key_job(&key, lua_keyspace(db), job.id)), -1);
}
END_TEST

START_TEST(the_same_job_again_answers_what_it_is) {
    create();
    create();
    lua_expect(db, "EXISTS %s CREATED '' 1", job.id);
    complete(1, "no_text", 0);
    create();
    lua_expect(db, "EXISTS %s FINISHED no_text 1", job.id);
}
END_TEST

START_TEST(a_bound_request_gets_no_second_job) {
    create();
    lua_job first = job;
    int64_t first_due = due();
    job = lua_job_of(REQUEST, 2);
    create();
    lua_expect(db, "EXISTS %s '' '' 0", first.id);
    ck_assert_int_eq(due(), 0);
    ck_assert_str_eq(fields("state"), "-");
    job = first;
    ck_assert_int_eq(due(), first_due);
}
END_TEST

START_TEST(a_binding_whose_job_was_lost_is_made_whole) {
    redis_key key;
    create();
    lua_command(db, "DEL|%s", key_job(&key, lua_keyspace(db), job.id));
    create();
    ck_assert(reply_says(lua_reply(db), "CREATED"));
}
END_TEST

/* --- created again: Redis lost the job, or came back from an older copy ------------------------------------------- */

static const char *create_again(int attempt, const char *owner) {
    return lua_job_call(db, SCRIPT_CREATE_JOB, &job, "%s|%s|%s|s1|7|de:en|1500|10000|%d", job.id, job.request, owner,
                        attempt);
}

START_TEST(a_job_that_was_lost_is_made_with_its_next_attempt) {
    redis_key key;
    create_again(4, "i1");
    ck_assert(reply_says(lua_reply(db), "CREATED"));
    ck_assert_str_eq(fields("state|attempt|node|owner"), "CREATED 4 '' i1");
    ck_assert_str_eq(lua_command(db, "GET|%s", key_request(&key, lua_keyspace(db), REQUEST)), job.id);
}
END_TEST

START_TEST(an_unfinished_job_of_the_owner_goes_on_with_a_higher_attempt) {
    static const char *const states[] = {"CREATED", "DISPATCHED", "ACCEPTED", "RUNNING"};
    redis_key key;
    put_in(states[_i]);
    lua_command(db, "HSET|%s|sent|5|tried|n9|made|7", key_job(&key, lua_keyspace(db), job.id));
    set_due(1);
    int64_t now = lua_now(db);
    create_again(3, "i1");
    ck_assert(reply_says(lua_reply(db), "CREATED"));
    int64_t answered = lua_int(db, 1);
    lua_near(answered, now + 10000);
    ck_assert_int_eq(due(), answered);
    ck_assert_str_eq(fields("state|attempt|node|sent|tried|made|owner"), "CREATED 3 '' - n9 7 i1");
}
END_TEST

START_TEST(an_attempt_never_goes_back) {
    create_again(3, "i1");
    mark(3, "n1");
    create_again(3, "i1");
    lua_expect(db, "EXISTS %s DISPATCHED '' 3", job.id);
    create_again(2, "i1");
    lua_expect(db, "EXISTS %s DISPATCHED '' 3", job.id);
    ck_assert_str_eq(fields("state|attempt|node"), "DISPATCHED 3 n1");
}
END_TEST

START_TEST(another_owner_moves_nothing) {
    create();
    create_again(2, "i2");
    lua_expect(db, "EXISTS %s CREATED '' 1", job.id);
    ck_assert_str_eq(fields("attempt|owner"), "1 i1");
}
END_TEST

START_TEST(what_is_finished_is_not_made_again) {
    create();
    complete(1, "ok", 0);
    create_again(2, "i1");
    lua_expect(db, "EXISTS %s FINISHED ok 1", job.id);
    release();
    create_again(2, "i1");
    lua_expect(db, "EXISTS %s RELEASED ok 1", job.id);
}
END_TEST

START_TEST(a_lost_binding_is_made_again_with_the_job) {
    redis_key key;
    create();
    lua_command(db, "DEL|%s", key_request(&key, lua_keyspace(db), REQUEST));
    create_again(2, "i1");
    ck_assert(reply_says(lua_reply(db), "CREATED"));
    ck_assert_str_eq(lua_command(db, "GET|%s", key_request(&key, lua_keyspace(db), REQUEST)), job.id);
}
END_TEST

/* --- mark_job_dispatched ------------------------------------------------------------------------------------------ */

START_TEST(a_marked_job_is_dispatched_to_its_node) {
    create();
    int64_t now = lua_now(db);
    mark(1, "n1");
    ck_assert(reply_says(lua_reply(db), "OK"));
    int64_t answered = lua_int(db, 1);
    lua_near(answered, now + 13000);
    ck_assert_int_eq(due(), answered);
    ck_assert_str_eq(fields("state|attempt|node"), "DISPATCHED 1 n1");
    fields("sent");
    lua_near(lua_int(db, 0), now);
}
END_TEST

START_TEST(marking_again_changes_nothing_and_answers_what_stands) {
    create();
    mark(1, "n1");
    set_due(77);
    ck_assert_str_eq(mark(1, "n1"), "OK 77");
    ck_assert_int_eq(due(), 77);
}
END_TEST

START_TEST(the_stored_node_wins) {
    create();
    mark(1, "n1");
    ck_assert_str_eq(mark(1, "n2"), "LOST DISPATCHED 1 n1");
    ck_assert_str_eq(fields("node"), "n1");
}
END_TEST

START_TEST(another_attempt_is_not_marked) {
    create();
    ck_assert_str_eq(mark(2, "n1"), "LOST CREATED 1 ''");
    mark(1, "n1");
    ck_assert_str_eq(mark(2, "n1"), "LOST DISPATCHED 1 n1");
}
END_TEST

/* --- accept_job, start_job ---------------------------------------------------------------------------------------- */

START_TEST(an_acknowledgement_renews_the_deadline) {
    create();
    mark(1, "n1");
    int64_t now = lua_now(db);
    accept_by(1, "n1");
    ck_assert(reply_says(lua_reply(db), "OK"));
    int64_t answered = lua_int(db, 1);
    lua_near(answered, now + 14000);
    ck_assert_int_eq(due(), answered);
    ck_assert_str_eq(fields("state|node"), "ACCEPTED n1");
    ck_assert_str_eq(accept_by(1, "n1"), "STALE ACCEPTED 1 n1");
}
END_TEST

START_TEST(a_start_renews_the_deadline) {
    create();
    mark(1, "n1");
    int64_t now = lua_now(db);
    start_by(1, "n1");
    ck_assert(reply_says(lua_reply(db), "OK"));
    int64_t answered = lua_int(db, 1);
    lua_near(answered, now + 15000);
    ck_assert_int_eq(due(), answered);
    ck_assert_str_eq(fields("state|node"), "RUNNING n1");
    ck_assert_str_eq(start_by(1, "n1"), "STALE RUNNING 1 n1");
    ck_assert_str_eq(accept_by(1, "n1"), "STALE RUNNING 1 n1");
}
END_TEST

START_TEST(another_node_or_attempt_changes_nothing) {
    create();
    mark(1, "n1");
    int64_t before = due();
    ck_assert_str_eq(accept_by(1, "n2"), "STALE DISPATCHED 1 n1");
    ck_assert_str_eq(accept_by(2, "n1"), "STALE DISPATCHED 1 n1");
    ck_assert_str_eq(start_by(1, "n2"), "STALE DISPATCHED 1 n1");
    ck_assert_str_eq(start_by(2, "n1"), "STALE DISPATCHED 1 n1");
    ck_assert_int_eq(due(), before);
}
END_TEST

/* --- complete_task, release_job ----------------------------------------------------------------------------------- */

START_TEST(a_completed_and_released_job_leaves_the_index_and_expires) {
    redis_key key;
    create();
    mark(1, "n1");
    int64_t now = lua_now(db);
    ck_assert_str_eq(complete(1, "ok", 1), "OK RELEASED");
    ck_assert_int_eq(due(), 0);
    ck_assert_str_eq(fields("state|outcome|code|node"), "RELEASED ok WHY n1");
    fields("done");
    lua_near(lua_int(db, 0), now);
    int64_t end = lua_int(db, 0) + 90000;
    ck_assert_int_eq(ends(key_job(&key, lua_keyspace(db), job.id)), end);
    ck_assert_int_eq(ends(key_request(&key, lua_keyspace(db), REQUEST)), end);
}
END_TEST

START_TEST(a_completed_job_waits_in_the_index_for_its_release) {
    create();
    int64_t now = lua_now(db);
    ck_assert_str_eq(complete(1, "failed", 0), "OK FINISHED");
    lua_near(due(), now + 5000);
    ck_assert_str_eq(release(), "OK");
    ck_assert_str_eq(fields("state|outcome"), "RELEASED failed");
    ck_assert_int_eq(due(), 0);
    ck_assert_str_eq(release(), "STALE RELEASED");
}
END_TEST

START_TEST(the_first_completion_wins) {
    create();
    complete(1, "ok", 0);
    ck_assert_str_eq(complete(1, "failed", 1), "STALE FINISHED 1 ok");
    release();
    ck_assert_str_eq(complete(1, "failed", 1), "STALE RELEASED 1 ok");
    ck_assert_str_eq(fields("outcome"), "ok");
}
END_TEST

START_TEST(another_attempt_completes_nothing) {
    create();
    ck_assert_str_eq(complete(2, "ok", 1), "STALE CREATED 1 ''");
    ck_assert_str_eq(fields("state|outcome"), "CREATED -");
}
END_TEST

START_TEST(completion_if_due_waits_for_the_deadline) {
    redis_key key;
    create();
    int64_t at = due();
    complete_if_due(1);
    lua_expect(db, "NOTDUE %" PRId64, at);
    lua_command(db, "ZREM|%s|%s", deadlines(&key), job.id);
    ck_assert_str_eq(complete_if_due(1), "NOTDUE 0");
    ck_assert_str_eq(fields("state"), "CREATED");
    set_due(lua_now(db));
    ck_assert_str_eq(complete_if_due(1), "OK RELEASED");
}
END_TEST

START_TEST(an_unfinished_job_is_not_released) {
    create();
    int64_t at = due();
    ck_assert_str_eq(release(), "STALE CREATED");
    ck_assert_int_eq(due(), at);
}
END_TEST

START_TEST(a_dangling_index_entry_is_removed_by_whoever_meets_it) {
    set_due(5);
    ck_assert_str_eq(complete(1, "ok", 1), "GONE");
    ck_assert_int_eq(due(), 0);
    set_due(5);
    ck_assert_str_eq(release(), "GONE");
    ck_assert_int_eq(due(), 0);
    set_due(5);
    ck_assert_str_eq(fail_over(1, 3, 0), "GONE");
    ck_assert_str_eq(lua_keys(db), "");
}
END_TEST

START_TEST(a_job_that_does_not_exist_is_gone_and_not_made) {
    ck_assert_str_eq(mark(1, "n1"), "GONE");
    ck_assert_str_eq(accept_by(1, "n1"), "GONE");
    ck_assert_str_eq(start_by(1, "n1"), "GONE");
    ck_assert_str_eq(lua_keys(db), "");
}
END_TEST

/* --- failover_reassign_job ---------------------------------------------------------------------------------------- */

START_TEST(a_retry_is_the_next_attempt_and_remembers_the_node) {
    create();
    mark(1, "n1");
    int64_t now = lua_now(db);
    fail_over(1, 3, 0);
    ck_assert(reply_says(lua_reply(db), "RETRY"));
    ck_assert_int_eq(lua_int(db, 1), 2);
    int64_t answered = lua_int(db, 2);
    lua_near(answered, now + 10000);
    ck_assert_int_eq(due(), answered);
    ck_assert_str_eq(fields("state|attempt|node|sent|tried"), "CREATED 2 '' - n1");
    ck_assert_str_eq(complete(1, "ok", 1), "STALE CREATED 2 ''");
    mark(2, "n2");
    fail_over(2, 3, 0);
    ck_assert_str_eq(fields("attempt|tried"), "3 n1 n2");
}
END_TEST

START_TEST(an_attempt_without_a_node_adds_none) {
    create();
    fail_over(1, 3, 0);
    ck_assert_str_eq(fields("attempt|tried"), "2 -");
}
END_TEST

START_TEST(the_list_of_tried_nodes_keeps_the_last_eight) {
    create();
    for (int attempt = 1; attempt <= 10; attempt++) {
        char node[16];
        snprintf(node, sizeof node, "n%d", attempt);
        mark(attempt, node);
        fail_over(attempt, 100, 0);
    }
    ck_assert_str_eq(fields("tried"), "n3 n4 n5 n6 n7 n8 n9 n10");
}
END_TEST

START_TEST(the_last_attempt_is_not_retried) {
    create();
    mark(1, "n1");
    int64_t at = due();
    ck_assert_str_eq(fail_over(1, 1, 0), "EXHAUSTED 1");
    ck_assert_str_eq(fields("state|attempt|node"), "DISPATCHED 1 n1");
    ck_assert_int_eq(due(), at);
}
END_TEST

START_TEST(whoever_comes_second_moves_nothing) {
    create();
    fail_over(1, 3, 0);
    ck_assert_str_eq(fail_over(1, 3, 0), "STALE CREATED 2");
    complete(2, "ok", 1);
    ck_assert_str_eq(fail_over(2, 3, 0), "STALE RELEASED 2");
}
END_TEST

START_TEST(a_retry_if_due_waits_for_the_deadline) {
    redis_key key;
    create();
    int64_t at = due();
    fail_over(1, 3, 1);
    lua_expect(db, "NOTDUE %" PRId64, at);
    lua_command(db, "ZREM|%s|%s", deadlines(&key), job.id);
    ck_assert_str_eq(fail_over(1, 3, 1), "NOTDUE 0");
    set_due(lua_now(db));
    fail_over(1, 3, 1);
    ck_assert(reply_says(lua_reply(db), "RETRY"));
}
END_TEST

/* --- the transition table ----------------------------------------------------------------------------------------- */

typedef struct operation {
    const char *name;
    const char *(*run)(void);
    job_state to;
} operation;

static const char *do_mark(void) {
    return mark(1, "n2");
}

static const char *do_accept(void) {
    return accept_by(1, "n1");
}

static const char *do_start(void) {
    return start_by(1, "n1");
}

static const char *do_finish(void) {
    return complete(1, "ok", 0);
}

static const char *do_retry(void) {
    return fail_over(1, 3, 0);
}

static const operation operations[] = {
    {"mark_job_dispatched", do_mark, JOB_DISPATCHED},
    {"accept_job", do_accept, JOB_ACCEPTED},
    {"start_job", do_start, JOB_RUNNING},
    {"complete_task", do_finish, JOB_FINISHED},
    {"release_job", release, JOB_RELEASED},
    {"failover_reassign_job", do_retry, JOB_CREATED},
};

enum { OPERATIONS = (int)(sizeof operations / sizeof *operations) };

START_TEST(a_script_moves_a_job_exactly_where_the_table_allows) {
    lua_plant(db); /* put_in() leaves a finished job without its outcome */
    const operation *op = &operations[_i % OPERATIONS];
    job_state from = (job_state)(_i / OPERATIONS);
    put_in(job_state_name(from));
    op->run();
    bool moved = reply_says(lua_reply(db), "OK") || reply_says(lua_reply(db), "RETRY");
    ck_assert_msg(moved == job_may(from, op->to), "%s in %s: the table says %s", op->name, job_state_name(from),
                  moved ? "no" : "yes");
    ck_assert_str_eq(fields("state"), job_state_name(moved ? op->to : from));
}
END_TEST

/* --- bad arguments ------------------------------------------------------------------------------------------------ */

static const lua_bad bad[] = {
    {SCRIPT_CREATE_JOB, "|r|i1|s1|7|de:en|1|1|1", "BADARG job_id"},
    {SCRIPT_CREATE_JOB, "j 1|r|i1|s1|7|de:en|1|1|1", "BADARG job_id"},
    {SCRIPT_CREATE_JOB, "j||i1|s1|7|de:en|1|1|1", "BADARG request_id"},
    {SCRIPT_CREATE_JOB, "j|r||s1|7|de:en|1|1|1", "BADARG owner"},
    {SCRIPT_CREATE_JOB, "j|r|i1||7|de:en|1|1|1", "BADARG session"},
    {SCRIPT_CREATE_JOB, "j|r|i1|s1|-1|de:en|1|1|1", "BADARG utterance"},
    {SCRIPT_CREATE_JOB, "j|r|i1|s1|7||1|1|1", "BADARG pair"},
    {SCRIPT_CREATE_JOB, "j|r|i1|s1|7|de:en|-1|1|1", "BADARG audio_ms"},
    {SCRIPT_CREATE_JOB, "j|r|i1|s1|7|de:en|1|0|1", "BADARG pending_ms"},
    {SCRIPT_CREATE_JOB, "j|r|i1|s1|7|de:en|1", "BADARG pending_ms"},
    {SCRIPT_CREATE_JOB, "j|r|i1|s1|7|de:en|1|1|0", "BADARG attempt"},
    {SCRIPT_CREATE_JOB, "j|r|i1|s1|7|de:en|1|1|1000001", "BADARG attempt"},
    {SCRIPT_CREATE_JOB, "j|r|i1|s1|7|de:en|1|1", "BADARG attempt"},
    {SCRIPT_MARK_DISPATCHED, "|1|n1|1", "BADARG job_id"},
    {SCRIPT_MARK_DISPATCHED, "j|0|n1|1", "BADARG attempt"},
    {SCRIPT_MARK_DISPATCHED, "j|1||1", "BADARG node"},
    {SCRIPT_MARK_DISPATCHED, "j|1|n1|0", "BADARG deadline_ms"},
    {SCRIPT_ACCEPT_JOB, "|1|n1|1", "BADARG job_id"},
    {SCRIPT_ACCEPT_JOB, "j|x|n1|1", "BADARG attempt"},
    {SCRIPT_ACCEPT_JOB, "j|1||1", "BADARG node"},
    {SCRIPT_ACCEPT_JOB, "j|1|n1", "BADARG deadline_ms"},
    {SCRIPT_START_JOB, "|1|n1|1", "BADARG job_id"},
    {SCRIPT_START_JOB, "j|1.5|n1|1", "BADARG attempt"},
    {SCRIPT_START_JOB, "j|1|n 1|1", "BADARG node"},
    {SCRIPT_START_JOB, "j|1|n1|86400001", "BADARG deadline_ms"},
    {SCRIPT_COMPLETE_TASK, "|1|ok||1|1|0", "BADARG job_id"},
    {SCRIPT_COMPLETE_TASK, "j|0|ok||1|1|0", "BADARG attempt"},
    {SCRIPT_COMPLETE_TASK, "j|1|good||1|1|0", "BADARG outcome"},
    {SCRIPT_COMPLETE_TASK, "j|1|||1|1|0", "BADARG outcome"},
    {SCRIPT_COMPLETE_TASK, "j|1|ok||2|1|0", "BADARG released"},
    {SCRIPT_COMPLETE_TASK, "j|1|ok||1|0|0", "BADARG ttl_ms"},
    {SCRIPT_COMPLETE_TASK, "j|1|ok||1|1|x", "BADARG only_if_due"},
    {SCRIPT_RELEASE_JOB, "", "BADARG job_id"},
    {SCRIPT_FAILOVER_REASSIGN, "|1|3|1|0", "BADARG job_id"},
    {SCRIPT_FAILOVER_REASSIGN, "j|0|3|1|0", "BADARG attempt"},
    {SCRIPT_FAILOVER_REASSIGN, "j|1|0|1|0", "BADARG attempts_max"},
    {SCRIPT_FAILOVER_REASSIGN, "j|1|3|0|0", "BADARG pending_ms"},
    {SCRIPT_FAILOVER_REASSIGN, "j|1|3|1|2", "BADARG only_if_due"},
    {SCRIPT_ADOPT_JOB, "|i1|1|i2|1", "BADARG job_id"},
    {SCRIPT_ADOPT_JOB, "j||1|i2|1", "BADARG former"},
    {SCRIPT_ADOPT_JOB, "j|i1|0|i2|1", "BADARG attempt"},
    {SCRIPT_ADOPT_JOB, "j|i1|1||1", "BADARG owner"},
    {SCRIPT_ADOPT_JOB, "j|i1|1|i2|0", "BADARG pending_ms"},
};

START_TEST(a_bad_argument_is_named_and_nothing_is_written) {
    const lua_bad *b = &bad[_i];
    const char *answer = lua_job_call(db, b->script, &job, "%s", b->args);
    lua_expect_bad(db, b, answer);
}
END_TEST

START_TEST(a_code_of_more_than_1024_bytes_is_refused) {
    create();
    lua_job_call(db, SCRIPT_COMPLETE_TASK, &job, "%s|1|ok|%01025d|1|1|0", job.id, 0);
    ck_assert_msg(!strncmp(reply_text(lua_reply(db)), "BADARG code", 11), "%s", reply_text(lua_reply(db)));
    ck_assert_str_eq(fields("state"), "CREATED");
}
END_TEST

/* --- adopt_job ---------------------------------------------------------------------------------------------------- */

START_TEST(an_unfinished_job_of_a_dead_owner_goes_on_with_a_new_one) {
    static const char *const states[] = {"CREATED", "DISPATCHED", "ACCEPTED", "RUNNING"};
    put_in(states[_i]);
    const char *node = _i ? "n1" : "''";
    int64_t now = lua_now(db);
    adopt("i1", 1);
    ck_assert_msg(reply_says(lua_reply(db), "ADOPTED"), "%s", reply_text(lua_reply(db)));
    int64_t answered = lua_int(db, 2);
    lua_near(answered, now + 9000);
    ck_assert_int_eq(due(), answered);
    ck_assert_str_eq(fields("state|attempt|node|owner|sess"), "CREATED 2 '' i2 s1");
    ck_assert_str_eq(fields("tried"), _i ? node : "-");
}
END_TEST

START_TEST(who_adopts_is_told_which_nodes_had_the_job) {
    put_in("DISPATCHED");
    fail_over(1, 3, 0);
    mark(2, "n2");
    adopt("i1", 2);
    ck_assert_int_eq(lua_int(db, 1), 3);
    ck_assert_str_eq(reply_text(reply_at(lua_reply(db), 3)), "n2");
    ck_assert_str_eq(reply_text(reply_at(lua_reply(db), 4)), "n1 n2");
}
END_TEST

START_TEST(only_one_adopts_a_job) {
    put_in("RUNNING");
    adopt("i1", 1);
    ck_assert_str_eq(adopt("i1", 1), "STALE CREATED 2 '' i2");
    ck_assert_str_eq(adopt("i1", 2), "STALE CREATED 2 '' i2");
    ck_assert_str_eq(adopt("i2", 1), "STALE CREATED 2 '' i2");
    ck_assert_str_eq(complete(1, "ok", 1), "STALE CREATED 2 ''");
}
END_TEST

START_TEST(a_finished_job_is_not_adopted) {
    put_in("RUNNING");
    complete(1, "no_text", 0);
    ck_assert_str_eq(adopt("i1", 1), "STALE FINISHED 1 no_text i1");
}
END_TEST

START_TEST(a_job_that_is_gone_is_not_adopted) {
    set_due(1);
    ck_assert_str_eq(adopt("i1", 1), "GONE");
    ck_assert_str_eq(lua_keys(db), "");
}
END_TEST

static void add_forward(Suite *suite) {
    TCase *tests = tcase_create("forward");
    tcase_add_checked_fixture(tests, clear, whole);
    tcase_add_test(tests, a_created_job_is_bound_and_has_a_deadline);
    tcase_add_test(tests, the_same_job_again_answers_what_it_is);
    tcase_add_test(tests, a_bound_request_gets_no_second_job);
    tcase_add_test(tests, a_binding_whose_job_was_lost_is_made_whole);
    tcase_add_test(tests, a_marked_job_is_dispatched_to_its_node);
    tcase_add_test(tests, marking_again_changes_nothing_and_answers_what_stands);
    tcase_add_test(tests, the_stored_node_wins);
    tcase_add_test(tests, another_attempt_is_not_marked);
    tcase_add_test(tests, an_acknowledgement_renews_the_deadline);
    tcase_add_test(tests, a_start_renews_the_deadline);
    tcase_add_test(tests, another_node_or_attempt_changes_nothing);
    suite_add_tcase(suite, tests);
}

static void add_again(Suite *suite) {
    TCase *tests = tcase_create("again");
    tcase_add_checked_fixture(tests, clear, whole);
    tcase_add_test(tests, a_job_that_was_lost_is_made_with_its_next_attempt);
    tcase_add_loop_test(tests, an_unfinished_job_of_the_owner_goes_on_with_a_higher_attempt, 0, 4);
    tcase_add_test(tests, an_attempt_never_goes_back);
    tcase_add_test(tests, another_owner_moves_nothing);
    tcase_add_test(tests, what_is_finished_is_not_made_again);
    tcase_add_test(tests, a_lost_binding_is_made_again_with_the_job);
    suite_add_tcase(suite, tests);
}

static void add_end(Suite *suite) {
    TCase *tests = tcase_create("end");
    tcase_add_checked_fixture(tests, clear, whole);
    tcase_add_test(tests, a_completed_and_released_job_leaves_the_index_and_expires);
    tcase_add_test(tests, a_completed_job_waits_in_the_index_for_its_release);
    tcase_add_test(tests, the_first_completion_wins);
    tcase_add_test(tests, another_attempt_completes_nothing);
    tcase_add_test(tests, completion_if_due_waits_for_the_deadline);
    tcase_add_test(tests, an_unfinished_job_is_not_released);
    tcase_add_test(tests, a_dangling_index_entry_is_removed_by_whoever_meets_it);
    tcase_add_test(tests, a_job_that_does_not_exist_is_gone_and_not_made);
    suite_add_tcase(suite, tests);
}

static void add_retry(Suite *suite) {
    TCase *tests = tcase_create("retry");
    tcase_add_checked_fixture(tests, clear, whole);
    tcase_add_test(tests, a_retry_is_the_next_attempt_and_remembers_the_node);
    tcase_add_test(tests, an_attempt_without_a_node_adds_none);
    tcase_add_test(tests, the_list_of_tried_nodes_keeps_the_last_eight);
    tcase_add_test(tests, the_last_attempt_is_not_retried);
    tcase_add_test(tests, whoever_comes_second_moves_nothing);
    tcase_add_test(tests, a_retry_if_due_waits_for_the_deadline);
    tcase_add_loop_test(tests, a_script_moves_a_job_exactly_where_the_table_allows, 0, JOB_STATES * OPERATIONS);
    tcase_add_loop_test(tests, a_bad_argument_is_named_and_nothing_is_written, 0, (int)(sizeof bad / sizeof *bad));
    tcase_add_test(tests, a_code_of_more_than_1024_bytes_is_refused);
    suite_add_tcase(suite, tests);
}

static void add_adopt(Suite *suite) {
    TCase *tests = tcase_create("adopt");
    tcase_add_checked_fixture(tests, clear, whole);
    tcase_add_loop_test(tests, an_unfinished_job_of_a_dead_owner_goes_on_with_a_new_one, 0, 4);
    tcase_add_test(tests, who_adopts_is_told_which_nodes_had_the_job);
    tcase_add_test(tests, only_one_adopts_a_job);
    tcase_add_test(tests, a_finished_job_is_not_adopted);
    tcase_add_test(tests, a_job_that_is_gone_is_not_adopted);
    suite_add_tcase(suite, tests);
}

static Suite *make_suite(void) {
    Suite *suite = suite_create("job scripts");
    add_forward(suite);
    add_again(suite);
    add_end(suite);
    add_retry(suite);
    add_adopt(suite);
    return suite;
}

int main(int argc, char **argv) {
    return lua_main(argc, argv, make_suite, &db);
}
