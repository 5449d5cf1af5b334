/* check_virtual_redis.c - a real redis-server in the time of an engine. */
#include "sim/redis_host/virtual_redis.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/redis/private_server.h"
#include "core/redis/resp.h"
#include "tests/support/suite.h"

static const usec_t start = INT64_C(1700000000) * USEC_PER_SEC;
static const usec_t minute = 60 * USEC_PER_SEC;

static engine *e;
static virtual_redis *redis;
static sched_error err;

static void open_redis(uint64_t seed) {
    virtual_redis_options options = virtual_redis_defaults;
    options.seed = seed;
    e = engine_new(start);
    ck_assert_msg(!virtual_redis_start(e, &options, &redis, &err), "%s", err.message);
}

static void close_redis(void) {
    redis = virtual_redis_stop(redis);
    e = engine_free(e);
}

/* "SET a b": words, separated by single spaces. */
static void words(redis_call *call, const char *text) {
    char copy[256], *rest = copy;
    snprintf(copy, sizeof copy, "%s", text);
    call_command(call, strsep(&rest, " "));
    while (rest) call_str(call, strsep(&rest, " "));
}

static redis_reply *ask(const char *text) {
    redis_call call;
    words(&call, text);
    redis_reply *reply = NULL;
    ck_assert_msg(!virtual_redis_sync(redis, &call, &reply, &err), "%s: %s", text, err.message);
    return reply;
}

static int64_t ask_int(const char *text) {
    redis_reply *reply = ask(text);
    int64_t value = reply_int(reply);
    virtual_redis_reply_free(reply);
    return value;
}

/* The texts of a reply, one after the other. */
static void ask_text(const char *text, char *out, size_t size) {
    redis_reply *reply = ask(text);
    int used = snprintf(out, size, "%s", reply_text(reply));
    for (size_t i = 0; i < reply_count(reply) && used < (int)size; i++)
        used += snprintf(out + used, size - (size_t)used, "%s ", reply_text(reply_at(reply, i)));
    virtual_redis_reply_free(reply);
}

static redis_ticket append(const char *text) {
    redis_call call;
    words(&call, text);
    resp request = {0};
    resp_write(&request, &call, "");
    redis_ticket ticket = virtual_redis_append(redis, request.text, request.len);
    resp_free(&request);
    return ticket;
}

static usec_t take_time(redis_ticket ticket) {
    redis_reply *reply = virtual_redis_take(redis, ticket);
    ck_assert_uint_eq(reply_count(reply), 2);
    usec_t told = reply_int(reply_at(reply, 0)) * USEC_PER_SEC + reply_int(reply_at(reply, 1));
    virtual_redis_reply_free(reply);
    return told;
}

START_TEST(an_hour_of_ttl_lives_at_59_minutes_and_is_dead_at_61_within_moments) {
    open_redis(1);
    struct timespec begin, end;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    virtual_redis_reply_free(ask("SET key value EX 3600"));
    engine_run(e, start + 59 * minute);
    ck_assert_int_eq(ask_int("EXISTS key"), 1);
    ck_assert_int_eq(ask_int("TTL key"), 60);
    engine_run(e, start + 61 * minute);
    ck_assert_int_eq(ask_int("EXISTS key"), 0);
    clock_gettime(CLOCK_MONOTONIC, &end);
    ck_assert_msg(end.tv_sec - begin.tv_sec < 30, "it took %ld s of real time", (long)(end.tv_sec - begin.tv_sec));
    close_redis();
}
END_TEST

START_TEST(time_stream_ids_and_script_time_are_the_engines) {
    open_redis(1);
    engine_run(e, start + 7 * minute + 123456);
    char text[64];
    ask_text("TIME", text, sizeof text);
    ck_assert_str_eq(text, "1700000420 123456 ");
    ask_text("XADD stream * field value", text, sizeof text);
    ck_assert_str_eq(text, "1700000420123-0");
    redis_call call;
    call_command(&call, "EVAL");
    call_str(&call, "#!lua\nlocal t = redis.call('TIME') return t[1] .. '.' .. t[2]");
    call_int(&call, 0);
    redis_reply *reply = NULL;
    ck_assert_msg(!virtual_redis_sync(redis, &call, &reply, &err), "%s", err.message);
    ck_assert_str_eq(reply_text(reply), "1700000420.123456");
    virtual_redis_reply_free(reply);
    close_redis();
}
END_TEST

/* Real time goes on, and with it whatever Redis would do by itself. */
/* Redis counts it by a clock of its own, which its periodic work sets. */
START_TEST(idle_time_is_simulated_to_the_second) {
    open_redis(1);
    virtual_redis_reply_free(ask("SET key value"));
    engine_run(e, start + 2 * minute);
    int64_t idle = ask_int("OBJECT IDLETIME key");
    ck_assert_msg(idle >= 119 && idle <= 120, "after 120 s without use: %lld s", (long long)idle);
    close_redis();
}
END_TEST

START_TEST(simulated_time_stands_still_unless_the_engine_moves_it) {
    open_redis(1);
    virtual_redis_reply_free(ask("SET key value PX 50"));
    usleep(300 * 1000);
    ck_assert_int_eq(ask_int("EXISTS key"), 1);
    ck_assert_int_eq(ask_int("PTTL key"), 50);
    close_redis();
}
END_TEST

START_TEST(a_batch_has_the_time_of_its_first_command_and_ends_beyond_the_skew) {
    open_redis(1);
    static const usec_t at[] = {0, 40, 100, 101, 500, 601};
    static const usec_t told[] = {0, 0, 0, 101, 500, 601};
    redis_ticket ticket[6];
    for (int i = 0; i < 6; i++) {
        engine_run(e, start + at[i]);
        ticket[i] = append("TIME");
    }
    for (int i = 6; i-- > 0;) ck_assert_int_eq(take_time(ticket[i]) - start, told[i]);
    virtual_redis_counts counts = virtual_redis_count(redis);
    ck_assert_uint_eq(counts.commands, 6);
    ck_assert_uint_eq(counts.batches, 4);
    close_redis();
}
END_TEST

START_TEST(once_all_replies_were_read_the_next_command_has_its_own_time) {
    open_redis(1);
    ck_assert_int_eq(take_time(append("TIME")) - start, 0);
    engine_run(e, start + 1);
    ck_assert_int_eq(take_time(append("TIME")) - start, 1);
    close_redis();
}
END_TEST

START_TEST(replies_may_be_taken_and_dropped_in_any_order) {
    enum { COUNT = 1000 };
    open_redis(1);
    redis_ticket ticket[COUNT];
    for (int i = 0; i < COUNT; i++) ticket[i] = append("INCR counter");
    for (int i = 0; i < COUNT; i += 3) virtual_redis_drop(redis, ticket[i]);
    for (int i = COUNT - 1; i >= 0; i--) {
        if (i % 3 == 0) continue;
        if (i % 3 == 2) {
            virtual_redis_drop(redis, ticket[i]);
            continue;
        }
        redis_reply *reply = virtual_redis_take(redis, ticket[i]);
        ck_assert_int_eq(reply_int(reply), i + 1);
        virtual_redis_reply_free(reply);
    }
    virtual_redis_settle(redis); /* what was dropped unread counts when it is read */
    virtual_redis_counts counts = virtual_redis_count(redis);
    ck_assert_uint_eq(counts.bytes_sent, COUNT * strlen("*2\r\n$4\r\nINCR\r\n$7\r\ncounter\r\n"));
    ck_assert_uint_eq(counts.bytes_received, 9 * 4 + 90 * 5 + 900 * 6 + 7); /* ":1\r\n" ... ":1000\r\n" */
    close_redis();
}
END_TEST

/* Dictionaries are ordered by a hash of seeded entropy; when most keys are gone, periodic work shrinks the main one. */
static void digest_of_a_run(uint64_t seed, useconds_t pause, char digest[8192]) {
    open_redis(seed);
    char text[128];
    for (int i = 0; i < 1500; i++) {
        snprintf(text, sizeof text, "SET key:%d v%s", i, i % 7 ? "" : " EX 3");
        virtual_redis_reply_free(ask(text));
        snprintf(text, sizeof text, "SADD set member:%d", i);
        if (i < 200) virtual_redis_reply_free(ask(text));
    }
    for (int i = 50; i < 1500; i++) {
        snprintf(text, sizeof text, "DEL key:%d", i);
        virtual_redis_reply_free(ask(text));
    }
    engine_run(e, start + 2 * USEC_PER_SEC);
    usleep(pause);
    engine_run(e, start + 10 * USEC_PER_SEC);
    static const char *const questions[] = {"SMEMBERS set", "RANDOMKEY",         "SRANDMEMBER set 5",       "SPOP set",
                                            "DBSIZE",       "XADD s * f v",      "SCAN 0 COUNT 5",          "KEYS *",
                                            "RANDOMKEY",    "SCAN 0 COUNT 1000", "DEBUG HTSTATS-KEY set 1", "DBSIZE"};
    size_t used = 0;
    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
        ask_text(questions[i], digest + used, 8192 - used);
        used += strlen(digest + used);
    }
    redis_reply *scan = ask("SCAN 0 COUNT 1000");
    for (size_t i = 0; i < reply_count(reply_at(scan, 1)); i++)
        used += (size_t)snprintf(digest + used, 8192 - used, "%s ", reply_text(reply_at(reply_at(scan, 1), i)));
    virtual_redis_reply_free(scan);
    close_redis();
}

START_TEST(one_seed_gives_one_run_however_long_it_takes) {
    static char first[8192], again[8192];
    digest_of_a_run(7, 0, first);
    ck_assert_uint_gt(strlen(first), 1000);
    digest_of_a_run(7, 0, again);
    ck_assert_str_eq(first, again);
    digest_of_a_run(7, 1300 * 1000, again);
    ck_assert_str_eq(first, again);
    digest_of_a_run(8, 0, again);
    ck_assert_str_ne(first, again);
}
END_TEST

START_TEST(expired_keys_go_away_without_being_asked_for) {
    open_redis(1);
    char text[64];
    for (int i = 0; i < 3000; i++) {
        snprintf(text, sizeof text, "SET key:%d v PX 500", i);
        virtual_redis_reply_free(ask(text));
    }
    engine_run(e, start + USEC_PER_SEC - 1);
    ck_assert_int_eq(ask_int("DBSIZE"), 3000);
    engine_run(e, start + 2 * USEC_PER_SEC); /* the bounded sweep alone deletes, Redis by itself nothing */
    ck_assert_int_gt(ask_int("DBSIZE"), 2000);
    engine_run(e, start + 3 * minute);
    ck_assert_int_eq(ask_int("DBSIZE"), 0);
    close_redis();
}
END_TEST

START_TEST(expire_all_leaves_no_expired_key) {
    open_redis(1);
    char text[64];
    for (int i = 0; i < 3000; i++) {
        snprintf(text, sizeof text, "SET key:%d v%s", i, i % 2 ? "" : " PX 500");
        virtual_redis_reply_free(ask(text));
    }
    engine_run(e, start + USEC_PER_SEC);
    ck_assert_msg(!virtual_redis_expire_all(redis, &err), "%s", err.message);
    ck_assert_int_eq(ask_int("DBSIZE"), 1500);
    close_redis();
}
END_TEST

START_TEST(a_killed_server_comes_back_in_simulated_time_with_what_was_saved_or_empty) {
    open_redis(1);
    scripts *registry;
    ck_assert_msg(!scripts_new(NULL, &registry, &err), "%s", err.message);
    virtual_redis_reply_free(ask("SET stays 1"));
    virtual_redis_reply_free(ask("SET short 1 EX 30"));
    virtual_redis_reply_free(ask("SET long 1 EX 600"));
    virtual_redis_drop(redis, append("PING"));
    uint64_t received = virtual_redis_count(redis).bytes_received;
    engine_run(e, start + 10 * USEC_PER_SEC);
    virtual_redis_kill(redis, true);
    ck_assert(!virtual_redis_lives(redis));
    ck_assert_int_eq(virtual_redis_status(redis, &err), SCHED_OK);
    redis_call call;
    redis_reply *reply = NULL;
    call_command(&call, "PING");
    ck_assert_int_eq(virtual_redis_sync(redis, &call, &reply, &err), SCHED_EIO);
    ck_assert_str_eq(err.message, "Redis is down at this moment of the run");
    engine_run(e, start + minute);
    virtual_redis_revive(redis, true, registry);
    ck_assert_msg(!virtual_redis_status(redis, &err), "%s", err.message);
    ck_assert(virtual_redis_lives(redis));
    ck_assert_int_eq(take_time(append("TIME")) - start, minute);
    ck_assert_int_eq(ask_int("DBSIZE"), 2); /* one has expired meanwhile */
    ck_assert_int_eq(ask_int("TTL long"), 540);
    ck_assert_uint_gt(virtual_redis_count(redis).bytes_received, received);
    virtual_redis_kill(redis, false);
    virtual_redis_revive(redis, false, registry);
    ck_assert_int_eq(ask_int("DBSIZE"), 0);
    virtual_redis_reply_free(ask("SET key value EX 5"));
    engine_run(e, start + 2 * minute);
    ck_assert_int_eq(ask_int("DBSIZE"), 0); /* upkeep goes on */
    scripts_free(registry);
    close_redis();
}
END_TEST

START_TEST(commands_of_upkeep_and_control_are_not_counted) {
    open_redis(1);
    virtual_redis_counts before = virtual_redis_count(redis);
    engine_run(e, start + 5 * USEC_PER_SEC);
    virtual_redis_reply_free(ask("SET a b"));
    virtual_redis_counts after = virtual_redis_count(redis);
    ck_assert_uint_eq(before.commands, 0);
    ck_assert_uint_eq(after.commands, 0);
    ck_assert_uint_eq(after.bytes_sent, 0);
    ck_assert_uint_eq(after.bytes_received, 0);
    ck_assert_uint_eq(after.batches, 0);
    close_redis();
}
END_TEST

START_TEST(the_server_tells_its_cpu_time_and_memory) {
    open_redis(1);
    redis_usage before, after;
    ck_assert_msg(!virtual_redis_measure(redis, &before, &err), "%s", err.message);
    for (int i = 0; i < 20000; i++) virtual_redis_drop(redis, append("APPEND key abcdefghij"));
    ck_assert_msg(!virtual_redis_measure(redis, &after, &err), "%s", err.message);
    ck_assert_int_gt(after.cpu_usec, before.cpu_usec);
    ck_assert_int_gt(after.used_memory, before.used_memory + 200000);
    close_redis();
}
END_TEST

/* A program of that name that starts the real server without our library. */
static void write_careless_server(char path[64]) {
    snprintf(path, 64, "/tmp/check-virtual-redis-XXXXXX");
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    dprintf(fd, "#!/bin/sh\nunset LD_PRELOAD\nexec redis-server \"$@\"\n");
    ck_assert_int_eq(fchmod(fd, 0700), 0);
    close(fd);
}

START_TEST(a_server_whose_preload_did_not_take_is_refused) {
    char path[64];
    write_careless_server(path);
    virtual_redis_options options = virtual_redis_defaults;
    options.binary = path;
    e = engine_new(start);
    redis = NULL;
    ck_assert_int_eq(virtual_redis_start(e, &options, &redis, &err), SCHED_EPROTO);
    ck_assert_ptr_null(redis);
    ck_assert_msg(strstr(err.message, "the clock page says 1699999999234568") && strstr(err.message, "its TIME is 1"),
                  "%s", err.message);
    unlink(path);
    engine_free(e);
}
END_TEST

START_TEST(a_server_that_dies_ends_the_run_with_a_reason) {
    open_redis(1);
    kill(virtual_redis_pid(redis), SIGKILL);
    redis_ticket first = append("TIME"), second = append("TIME");
    ck_assert_ptr_null(virtual_redis_take(redis, second));
    ck_assert_ptr_null(virtual_redis_take(redis, first));
    ck_assert_int_eq(virtual_redis_status(redis, &err), SCHED_EIO);
    ck_assert_msg(strstr(err.message, "Redis"), "%s", err.message);
    engine_run(e, start + minute); /* upkeep ends by itself */
    virtual_redis_drop(redis, append("TIME"));
    redis_call call;
    words(&call, "TIME");
    redis_reply *reply = NULL;
    ck_assert_int_eq(virtual_redis_sync(redis, &call, &reply, &err), SCHED_EIO);
    close_redis();
}
END_TEST

static bool lives(pid_t pid) {
    return kill(pid, 0) == 0;
}

START_TEST(a_simulator_that_is_killed_leaves_no_server_behind) {
    int line[2];
    ck_assert_int_eq(pipe(line), 0);
    pid_t owner = fork();
    if (owner == 0) {
        open_redis(1);
        int pid = virtual_redis_pid(redis);
        if (write(line[1], &pid, sizeof pid) != sizeof pid) _exit(1);
        pause();
        _exit(0);
    }
    int server = 0;
    ck_assert_int_eq(read(line[0], &server, sizeof server), sizeof server);
    ck_assert(lives(server));
    kill(owner, SIGKILL);
    waitpid(owner, NULL, 0);
    for (int i = 0; i < 500 && lives(server); i++) usleep(10 * 1000);
    ck_assert_msg(!lives(server), "redis-server %d lives on", server);
    close(line[0]);
    close(line[1]);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        an_hour_of_ttl_lives_at_59_minutes_and_is_dead_at_61_within_moments,
        time_stream_ids_and_script_time_are_the_engines,
        idle_time_is_simulated_to_the_second,
        simulated_time_stands_still_unless_the_engine_moves_it,
        a_batch_has_the_time_of_its_first_command_and_ends_beyond_the_skew,
        once_all_replies_were_read_the_next_command_has_its_own_time,
        replies_may_be_taken_and_dropped_in_any_order,
        one_seed_gives_one_run_however_long_it_takes,
        expired_keys_go_away_without_being_asked_for,
        expire_all_leaves_no_expired_key,
        a_killed_server_comes_back_in_simulated_time_with_what_was_saved_or_empty,
        commands_of_upkeep_and_control_are_not_counted,
        the_server_tells_its_cpu_time_and_memory,
        a_server_whose_preload_did_not_take_is_refused,
        a_server_that_dies_ends_the_run_with_a_reason,
        a_simulator_that_is_killed_leaves_no_server_behind,
    };
    return SUITE_RUN("virtual_redis", tests);
}
