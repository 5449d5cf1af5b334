/* Reads of a stream that wait for an entry: who waits, for how long, and who waits behind them. */
#include "sim/redis_host/blocking_read.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/redis_host/link_virtual.h"
#include "tests/support/suite.h"

enum { DELAY = 100, HEARD_MAX = 4096, PATIENCE = 10000000 };

static const usec_t start = INT64_C(1700000000) * USEC_PER_SEC;

static engine *e;
static virtual_redis *redis;
static scripts *registry;
static virtual_server *server;
static sched_error err;

typedef struct heard {
    link_status status;
    usec_t at; /* since the start; 0: nothing yet */
    bool nil;
    int64_t entries;
} heard;

static void hear(void *arg, link_status status, const redis_reply *reply) {
    heard *h = arg;
    *h = (heard){.status = status, .at = engine_now(e) - start, .nil = !reply || reply_is_nil(reply)};
    if (reply && reply_is_array(reply)) h->entries = (int64_t)reply_count(reply_at(reply_at(reply, 0), 1));
}

static link_virtual *open_link(void) {
    link_virtual_options options = {
        .delay = {.kind = DIST_CONSTANT, .mean = DELAY, .max = DELAY},
        .window = 100,
        .seed = 1,
    };
    return link_virtual_new(e, server, &options);
}

static void say(link_virtual *link, const char *words, heard *h) {
    redis_call call;
    char text[256], *rest = text;
    snprintf(text, sizeof text, "%s", words);
    call_command(&call, strtok_r(rest, " ", &rest));
    for (char *word; (word = strtok_r(rest, " ", &rest));) call_str(&call, word);
    *h = (heard){0};
    redis_link l = link_virtual_interface(link);
    link_submit(&l, &call, PATIENCE, hear, h);
}

static void pass(usec_t until) {
    engine_run(e, start + until);
}

static void open_world(void) {
    e = engine_new(start);
    ck_assert_msg(!virtual_redis_start(e, &virtual_redis_defaults, &redis, &err), "%s", err.message);
    ck_assert_msg(!scripts_new(NULL, &registry, &err), "%s", err.message);
    virtual_server_options options = {.costs = COST_ZERO, .seed = 1};
    ck_assert_msg(!virtual_server_new(e, redis, registry, &options, &server, &err), "%s", err.message);
    link_virtual *link = open_link();
    heard h;
    say(link, "XGROUP CREATE {i:a}:in g 0 MKSTREAM", &h);
    pass(1000);
    ck_assert_int_eq(h.status, LINK_OK);
    link_virtual_free(link);
}

static void close_world(void) {
    ck_assert_msg(!virtual_redis_status(redis, &err), "%s", err.message);
    virtual_server_free(server);
    scripts_free(registry);
    virtual_redis_stop(redis);
    engine_free(e);
}

#define READ "XREADGROUP GROUP g me COUNT 10 BLOCK 1000 STREAMS {i:a}:in >"
#define ADD  "XADD {i:a}:in * kind assign"

START_TEST(a_read_of_an_empty_stream_is_answered_with_nothing_when_its_time_is_over) {
    open_world();
    link_virtual *reader = open_link();
    heard h;
    say(reader, READ, &h);
    pass(3 * USEC_PER_SEC);
    ck_assert_int_eq(h.status, LINK_OK);
    ck_assert(h.nil);
    ck_assert_int_eq(h.at, 1000 + USEC_PER_SEC + 2 * DELAY);
    link_virtual_free(reader);
    close_world();
}
END_TEST

START_TEST(an_entry_ends_the_wait_at_once_and_nobody_else_had_to_wait) {
    open_world();
    link_virtual *reader = open_link(), *other = open_link();
    heard read, ping, add;
    say(reader, READ, &read);
    pass(500000);
    say(other, "PING", &ping);
    pass(600000);
    ck_assert_int_eq(ping.at, 500000 + 2 * DELAY);
    ck_assert_int_eq(read.at, 0);
    say(other, ADD, &add);
    pass(700000);
    ck_assert_int_eq(add.at, 600000 + 2 * DELAY);
    ck_assert_int_eq(read.at, 600000 + 2 * DELAY);
    ck_assert_int_eq(read.entries, 1);
    link_virtual_free(reader);
    link_virtual_free(other);
    close_world();
}
END_TEST

START_TEST(what_is_there_already_is_read_without_waiting) {
    open_world();
    link_virtual *reader = open_link(), *other = open_link();
    heard read, add[3];
    for (int i = 0; i < 3; i++) say(other, ADD, &add[i]);
    pass(5000);
    say(reader, READ, &read);
    pass(6000);
    ck_assert_int_eq(read.at, 5000 + 2 * DELAY);
    ck_assert_int_eq(read.entries, 3);
    link_virtual_free(reader);
    link_virtual_free(other);
    close_world();
}
END_TEST

START_TEST(an_entry_of_another_stream_wakes_nobody) {
    open_world();
    link_virtual *reader = open_link(), *other = open_link();
    heard read, add;
    say(reader, READ, &read);
    pass(5000);
    uint64_t before = virtual_server_count(server).commands;
    say(other, "XADD {i:b}:in * kind assign", &add);
    pass(500000);
    ck_assert_int_eq(add.status, LINK_OK);
    ck_assert_int_eq(read.at, 0);
    ck_assert_uint_eq(virtual_server_count(server).commands, before + 1);
    link_virtual_free(reader);
    link_virtual_free(other);
    close_world();
}
END_TEST

START_TEST(one_entry_is_for_whoever_waits_longest) {
    open_world();
    link_virtual *first = open_link(), *second = open_link(), *other = open_link();
    heard a, b, add;
    say(second, READ, &b);
    pass(5000);
    say(first, READ, &a);
    pass(6000);
    say(other, ADD, &add);
    pass(10000);
    ck_assert_int_eq(b.entries, 1);
    ck_assert_int_eq(a.at, 0);
    pass(3 * USEC_PER_SEC);
    ck_assert(a.nil);
    ck_assert_int_eq(a.at, 5000 + USEC_PER_SEC + 2 * DELAY);
    link_virtual_free(first);
    link_virtual_free(second);
    link_virtual_free(other);
    close_world();
}
END_TEST

START_TEST(whoever_loses_its_connection_waits_no_more_and_takes_no_entry) {
    open_world();
    link_virtual *reader = open_link(), *other = open_link();
    heard read, add, again;
    say(reader, READ, &read);
    pass(5000);
    link_virtual_cut(reader, false);
    ck_assert_int_eq(read.status, LINK_UNKNOWN);
    link_virtual_mend(reader);
    say(other, ADD, &add);
    pass(5 * USEC_PER_SEC);
    say(reader, READ, &again);
    pass(6 * USEC_PER_SEC);
    ck_assert_int_eq(again.status, LINK_OK);
    ck_assert_int_eq(again.entries, 1);
    link_virtual_free(reader);
    link_virtual_free(other);
    close_world();
}
END_TEST

/* ---- one connection for both ---------------------------------------------------------------------------------------- */

typedef struct instance_like {
    link_virtual *link;
    heard read;
    usec_t asked; /* the call under way */
    double waited;
    int calls, sequential;
    int left; /* of the row under way */
    rng gaps;
} instance_like;

static void read_again(void *arg, link_status status, const redis_reply *reply);

static void read_on(instance_like *i) {
    redis_call call;
    call_command(&call, "XREADGROUP");
    const char *const words[] = {"GROUP", "g", "me", "BLOCK", "1000", "STREAMS", "{i:a}:in", ">"};
    for (size_t k = 0; k < sizeof words / sizeof *words; k++) call_str(&call, words[k]);
    redis_link l = link_virtual_interface(i->link);
    link_submit(&l, &call, PATIENCE, read_again, i);
}

static void read_again(void *arg, link_status status, const redis_reply *reply) {
    (void)status, (void)reply;
    read_on(arg);
}

static void ask(void *arg);

static void answered(void *arg, link_status status, const redis_reply *reply) {
    instance_like *i = arg;
    (void)reply;
    ck_assert_int_eq(status, LINK_OK);
    i->waited += (double)(engine_now(e) - i->asked);
    i->calls++;
    if (--i->left > 0) {
        ask(i);
        return;
    }
    i->left = i->sequential;
    engine_at(e, engine_now(e) + (usec_t)rng_below(&i->gaps, 5 * USEC_PER_SEC), ask, i);
}

static void ask(void *arg) {
    instance_like *i = arg;
    redis_call call;
    call_command(&call, "PING");
    i->asked = engine_now(e);
    redis_link l = link_virtual_interface(i->link);
    link_submit(&l, &call, PATIENCE, answered, i);
}

/* Mean wait of a call, when rows of so many come at random moments; in blocks of the read. */
static double wait_in_rows_of(int sequential) {
    open_world();
    instance_like i = {.link = open_link(), .sequential = sequential, .left = sequential};
    rng_init(&i.gaps, 1, "gaps", 0);
    read_on(&i);
    ask(&i);
    pass(1800 * USEC_PER_SEC);
    link_virtual_free(i.link);
    close_world();
    ck_assert_int_gt(i.calls, 300);
    return i.waited / i.calls / USEC_PER_SEC;
}

START_TEST(over_one_connection_a_call_waits_half_a_block_and_each_further_one_a_whole_block) {
    double one = wait_in_rows_of(1), five = wait_in_rows_of(5);
    ck_assert_msg(one > 0.45 && one < 0.55, "a single call waits %.3f blocks", one);
    double expected = (0.5 + 4) / 5;
    ck_assert_msg(five > expected - 0.05 && five < expected + 0.05,
                  "a call in a row of five waits %.3f blocks, not %.3f", five, expected);
}
END_TEST

START_TEST(calls_behind_a_read_are_served_in_their_order_when_it_is_over) {
    open_world();
    link_virtual *link = open_link(), *other = open_link();
    heard read, first, second, add;
    say(link, READ, &read);
    say(link, "SET a 1", &first);
    say(link, "APPEND a 2", &second);
    pass(300000);
    ck_assert_int_eq(first.at + second.at, 0);
    say(other, ADD, &add);
    pass(400000);
    ck_assert_int_eq(read.at, 300000 + 2 * DELAY);
    ck_assert_int_eq(first.at, read.at);
    ck_assert_int_eq(second.at, read.at);
    ck_assert_int_eq(second.status, LINK_OK);
    link_virtual_free(link);
    link_virtual_free(other);
    close_world();
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        a_read_of_an_empty_stream_is_answered_with_nothing_when_its_time_is_over,
        an_entry_ends_the_wait_at_once_and_nobody_else_had_to_wait,
        what_is_there_already_is_read_without_waiting,
        an_entry_of_another_stream_wakes_nobody,
        one_entry_is_for_whoever_waits_longest,
        whoever_loses_its_connection_waits_no_more_and_takes_no_entry,
        over_one_connection_a_call_waits_half_a_block_and_each_further_one_a_whole_block,
        calls_behind_a_read_are_served_in_their_order_when_it_is_over,
    };
    return SUITE_RUN("blocking read", tests);
}
