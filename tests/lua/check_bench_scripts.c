/* check_bench_scripts.c - lingua-bench run scripts: every script is there, each call does its work, and the commands of a call are those that
 * one counts in the script, whatever the size. */
#include <stdio.h>
#include <string.h>

#include "bench/benchmarks.h"
#include "bench/scripts/call_text.h"
#include "bench/scripts/script_bench.h"
#include "tests/support/suite.h"

enum { PIPELINED_PER_S, SYNC_PER_S, CPU_PER_CALL, COMMANDS_PER_CALL, METRICS };

/* Read off the scripts, on the way that the benchmark's calls take. */
// clang-format off
static const struct {
    const char *row, *commands;
} expected[] = {
    {"register_node_v2",                "TIME PTTL HMGET HLEN HSET HSETNX HSET HDEL HSET ZADD"},
    {"heartbeat_with_pool_assign",      "TIME HMGET HSET ZADD"},
    {"heartbeat_with_pool_assign.join", "TIME HMGET HSET ZADD HGETALL"},
    {"node_assigned",                   "HMGET HKEYS HSET HDEL HSET"},
    {"drain_node",                      "HMGET HSET"},
    {"node_offline",                    "TIME HMGET HSET ZADD ZRANGEBYSCORE HGETALL"},
    {"forget_node",                     "HMGET DEL ZREM"},
    {"mark_service",                    "TIME HMGET HGET HSET PEXPIREAT HSET"}, /* of the first, DEL for HGET */
    {"pool_join",                       "GET HLEN HGET HSET HSET"},
    {"pool_leave",                      "HLEN HGET HGET HGET HSET HSET HDEL HDEL GET SET"},
    {"select_node",                     "HLEN HMGET"},
    {"select_shard",                    "HLEN HMGET"},
    {"biased_select",                   "HLEN HMGET"},
    {"reserve_node",                    "TIME HMGET ZREMRANGEBYSCORE ZCARD ZSCORE ZADD PEXPIREAT"},
    {"confirm_reservation",             "TIME HMGET ZSCORE ZADD PEXPIREAT"},
    {"release_reservation",             "TIME ZREM ZCOUNT HMGET"},
    {"counted_reserve",                 "TIME HMGET ZSCORE HSET ZREMRANGEBYSCORE ZADD ZRANGE PEXPIREAT"},
    {"counted_release",                 "TIME ZSCORE ZREM HMGET HSET"},
    {"counted_overwrite",               "EXISTS HSET"},
    {"create_job",                      "TIME GET HMGET SET HSET ZADD"},
    {"mark_job_dispatched",             "TIME HMGET ZSCORE HSET ZADD"},
    {"accept_job",                      "TIME HMGET HSET ZADD"},
    {"start_job",                       "TIME HMGET HSET ZADD"},
    {"complete_task",                   "TIME HMGET HSET PEXPIRE PEXPIRE ZREM"},
    {"release_job",                     "HGET ZREM HSET"},
    {"failover_reassign_job",           "TIME HMGET HSET HDEL HSET ZADD"},
    {"adopt_job",                       "TIME HMGET HSET HDEL HSET ZADD"},
    {"write_job_copy",                  "TIME HMGET HSET PEXPIRE"},
    {"unlock_request",                  "GET DEL"},
    {"open_session",                    "TIME HGET DEL HSET PEXPIRE"},
    {"renew_session",                   "HGET PEXPIRE"},
    {"close_session",                   "HGET DEL"},
    {"room_create",                     "TIME EXISTS HSET PEXPIRE"},
    {"room_join",                       "TIME HGETALL HSET PEXPIRE"},
    {"room_leave",                      "HGETALL HDEL"},
    {"room_speak",                      "HGETALL PEXPIRE"},
    {"room_prefer",                     "HMGET HSET"},
    {"instance_beat",                   "TIME GET HGET PEXPIRE PEXPIRE"},
    {"list_instance",                   "TIME ZREMRANGEBYSCORE ZADD PEXPIRE ZRANGE"},
    {"leave_instance",                  "HGET DEL XLEN DEL"},
    {"inbox_add",                       "EXISTS XLEN XADD"},
    {"inbox_done",                      "XACK XDEL"},
    {"dead_letter",                     "TIME XRANGE XPENDING XADD PEXPIRE XACK XDEL"},
    {"adopt_instance",                  "EXISTS GET SET SET XLEN"},
    {"forget_instance",                 "GET XLEN DEL"},
};
// clang-format on
enum { EXPECTED = sizeof expected / sizeof *expected };

static const benchmark *const tables[] = {bench_scripts_nodes, bench_scripts_jobs, bench_scripts_talk};

static const benchmark *row_of(const char *name) {
    for (size_t t = 0; t < sizeof tables / sizeof *tables; t++)
        for (const benchmark *b = tables[t]; b->name; b++)
            if (!strcmp(b->name + strlen("scripts."), name)) return b;
    return NULL;
}

/* ---- the calls --------------------------------------------------------------------------------------------------------- */

static int commands_of(const benchmark *b) {
    for (int i = 0; i < EXPECTED; i++) {
        if (strcmp(expected[i].row, b->name + strlen("scripts.")) != 0) continue;
        int words = 1;
        for (const char *at = expected[i].commands; (at = strchr(at, ' ')); at++) words++;
        return 1 + words; /* the call itself is one */
    }
    ck_abort_msg("%s: no commands are written down for it here", b->name);
    return 0;
}

static void expect_exact(const benchmark *b, const bench_value *value) {
    bench_results results = {0};
    sched_error err = {0};
    bench_options options = {.runs = 1, .quick = true};
    char param[BENCH_PARAM_MAX];
    bench_param_text(b, value, param);
    ck_assert_msg(!bench_measure(b, value, &options, &results, &err), "%s %s: %s", b->name, param, err.message);
    ck_assert_uint_eq(results.count, METRICS);
    for (int m = 0; m < COMMANDS_PER_CALL; m++)
        ck_assert_msg(results.list[m].summary.median > 0, "%s %s: %s is %f", b->name, param,
                      results.list[m].metric->name, results.list[m].summary.median);
    double commands = results.list[COMMANDS_PER_CALL].summary.median;
    ck_assert_msg(commands == commands_of(b), "%s %s: %f commands, %d expected", b->name, param, commands,
                  commands_of(b));
    bench_results_free(&results);
}

/* The least and the greatest size. */
static void expect_table(const benchmark *table) {
    for (const benchmark *b = table; b->name; b++) {
        expect_exact(b, b->param ? &b->values[0] : NULL);
        if (b->param) expect_exact(b, &b->values[b->value_count - 1]);
    }
}

START_TEST(a_call_of_a_node_executes_so_many_commands_at_any_size) {
    expect_table(bench_scripts_nodes);
}
END_TEST

START_TEST(a_call_of_a_job_executes_so_many_commands_at_any_size) {
    expect_table(bench_scripts_jobs);
}
END_TEST

START_TEST(a_call_of_a_session_a_room_or_an_instance_executes_so_many_commands_at_any_size) {
    expect_table(bench_scripts_talk);
}
END_TEST

START_TEST(every_script_has_a_row) {
    for (int id = 0; id < SCRIPT_COUNT; id++)
        ck_assert_msg(row_of(scripts_name((script_id)id)) != NULL, "%s has none", scripts_name((script_id)id));
    for (int i = 0; i < EXPECTED; i++) ck_assert_msg(row_of(expected[i].row) != NULL, "%s is none", expected[i].row);
}
END_TEST

/* What each script's header says of the time. */
START_TEST(what_asks_for_the_time_says_so) {
    scripts *texts = NULL;
    sched_error err = {0};
    ck_assert_msg(!scripts_new(NULL, &texts, &err), "%s", err.message);
    for (int id = 0; id < SCRIPT_COUNT; id++) {
        const char *name = scripts_name((script_id)id), *text = scripts_text(texts, (script_id)id, &(size_t){0});
        for (int i = 0; i < EXPECTED; i++)
            if (!strcmp(expected[i].row, name))
                ck_assert_msg(!strncmp(expected[i].commands, "TIME ", 5) ==
                                  !!strstr(text, "\nTime     TIME, read once"),
                              "%s: %s", name, expected[i].commands);
    }
    scripts_free(texts);
}
END_TEST

static const benchmark unplanned = {
    SCRIPT_ROW("release_job", "", .call = "release_job @job:%J @deadlines:%J %J", .answer = "OK")};
static const benchmark refused = {SCRIPT_ROW("close_session", "", .steps = {{ONCE, "LPUSH @session:s0 1"}},
                                             .call = "close_session @session:s0 i1:1", .answer = "OK")};

START_TEST(an_answer_that_was_not_planned_ends_the_benchmark) {
    bench_results results = {0};
    sched_error err = {0};
    bench_options options = {.runs = 1, .quick = true};
    ck_assert_int_eq(bench_measure(&unplanned, NULL, &options, &results, &err), SCHED_EPROTO);
    ck_assert_str_eq(err.message, "release_job @job:%J @deadlines:%J %J: answered \"GONE\"");
    ck_assert_int_eq(bench_measure(&refused, NULL, &options, &results, &err), SCHED_EPROTO);
    ck_assert_msg(strstr(err.message, "WRONGTYPE") != NULL, "%s", err.message);
    ck_assert_uint_eq(results.count, 0);
}
END_TEST

/* ---- their texts ------------------------------------------------------------------------------------------------------- */

static rng draws;
static const call_numbers numbers = {.call = 26, .group = 7, .place = 3, .size = 2, .draws = &draws};

static void expect_args(const redis_call *call, const char *const *args) {
    int count = 0;
    for (; args[count]; count++) ck_assert_str_eq(call_arg(call, count), args[count]);
    ck_assert_int_eq(call->args, count);
}

START_TEST(numbers_stand_where_a_text_says_so) {
    keyspace ks;
    redis_call call;
    ck_assert_int_eq(keyspace_init(&ks, "x:", NULL), SCHED_OK);
    call_text_make(&call, "HSET a%i-%g-%k %n%e '' %L %J b%_c %ids", &ks, &numbers);
    ck_assert_int_eq(call.script, SCRIPT_NONE);
    expect_args(&call, (const char *const[]){"HSET", "a26-7-3", "227", "", "l00 l01", "j007-000000000000001a", "b c",
                                             "1-1", "2-1", NULL});
}
END_TEST

START_TEST(words_with_an_at_are_the_keys_of_a_script) {
    keyspace ks;
    redis_call call;
    ck_assert_int_eq(keyspace_init(&ks, "x:", NULL), SCHED_OK);
    call_text_make(&call, "pool_join @members:en:t%g @places:en:t%g @left:en:t%g:n%i n%i 1", &ks, &numbers);
    ck_assert_int_eq(call.script, SCRIPT_POOL_JOIN);
    ck_assert_int_eq(call.keys, 3);
    expect_args(&call,
                (const char *const[]){"x:{en:t7}:members", "x:{en:t7}:places", "x:{en:t7}:left:n26", "n26", "1", NULL});
    call_text_make(&call, "release_job @job:%J @deadlines:%J %J", &ks, &numbers);
    expect_args(&call, (const char *const[]){"x:{j007}:job:j007-000000000000001a", "x:{j007}:deadlines",
                                             "j007-000000000000001a", NULL});
}
END_TEST

static void misspell_script(void) {
    redis_call call;
    call_text_make(&call, "relaese_job", &(keyspace){"x:"}, &numbers);
}

static void misspell_key(void) {
    redis_call call;
    call_text_make(&call, "release_job @jub:%J", &(keyspace){"x:"}, &numbers);
}

START_TEST(a_text_that_names_nothing_is_a_bug) {
    ck_assert(suite_aborts(misspell_script));
    ck_assert(suite_aborts(misspell_key));
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        a_call_of_a_node_executes_so_many_commands_at_any_size,
        a_call_of_a_job_executes_so_many_commands_at_any_size,
        a_call_of_a_session_a_room_or_an_instance_executes_so_many_commands_at_any_size,
        every_script_has_a_row,
        what_asks_for_the_time_says_so,
        an_answer_that_was_not_planned_ends_the_benchmark,
        numbers_stand_where_a_text_says_so,
        words_with_an_at_are_the_keys_of_a_script,
        a_text_that_names_nothing_is_a_bug,
    };
    return SUITE_RUN("bench_scripts", tests);
}
