/* check_link_virtual.c - each sentence of core/redis/link.h, and the arithmetic of simulated time, on a real Redis. */
#include "sim/redis_host/link_virtual.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/suite.h"

enum { HEARD_MAX = 512, DELAY = 100 };

static const usec_t start = INT64_C(1700000000) * USEC_PER_SEC;
static const usec_t patience = 5 * USEC_PER_SEC;

static engine *e;
static virtual_redis *redis;
static scripts *registry;
static virtual_server *server;
static sched_error err;

/* What callbacks were told, in order. */
typedef struct heard {
    int id;
    link_status status;
    usec_t at; /* since `start` */
    char text[64];
} heard;

static char tags[1024]; /* the argument of call number i is &tags[i] */
static heard log_of[HEARD_MAX];
static int heard_count;
static bool inside_submit;

static void hear(void *arg, link_status status, const redis_reply *reply) {
    ck_assert(!inside_submit);
    ck_assert_int_lt(heard_count, HEARD_MAX);
    ck_assert_int_eq(reply != NULL, status == LINK_OK || status == LINK_ERROR);
    heard *h = &log_of[heard_count++];
    *h = (heard){.id = (int)((const char *)arg - tags), .status = status, .at = engine_now(e) - start};
    snprintf(h->text, sizeof h->text, "%s", reply_text(reply));
    if (reply && !h->text[0]) snprintf(h->text, sizeof h->text, "%lld", (long long)reply_int(reply));
}

static void open_world(cost_kind costs, const cost_profile *profile) {
    e = engine_new(start);
    ck_assert_msg(!virtual_redis_start(e, &virtual_redis_defaults, &redis, &err), "%s", err.message);
    ck_assert_msg(!scripts_new(NULL, &registry, &err), "%s", err.message);
    virtual_server_options options = {.costs = costs, .profile = profile, .seed = 1};
    ck_assert_msg(!virtual_server_new(e, redis, registry, &options, &server, &err), "%s", err.message);
    heard_count = 0;
}

static void close_world(void) {
    ck_assert_msg(!virtual_redis_status(redis, &err), "%s", err.message);
    virtual_server_free(server);
    scripts_free(registry);
    virtual_redis_stop(redis);
    engine_free(e);
}

static link_virtual *open_link(int64_t window, usec_t delay) {
    link_virtual_options options = {
        .delay = {.kind = DIST_CONSTANT, .mean = (double)delay, .max = (double)delay},
        .window = window,
        .seed = 1,
    };
    return link_virtual_new(e, server, &options);
}

static void send_call(link_virtual *link, const redis_call *call, usec_t wait, int id) {
    redis_link interface = link_virtual_interface(link);
    inside_submit = true;
    link_submit(&interface, call, wait, hear, &tags[id]);
    inside_submit = false;
}

static void words(redis_call *call, const char *text) {
    char copy[256], *rest = copy;
    snprintf(copy, sizeof copy, "%s", text);
    call_command(call, strsep(&rest, " "));
    while (rest) call_str(call, strsep(&rest, " "));
}

static void send_words(link_virtual *link, const char *text, int id) {
    redis_call call;
    words(&call, text);
    send_call(link, &call, patience, id);
}

/* A script that has an answer without any data. */
static void send_script(link_virtual *link, int id) {
    redis_call call;
    call_script(&call, SCRIPT_SELECT_NODE);
    send_call(link, &call, patience, id);
}

static void sync_words(const char *text) {
    redis_call call;
    words(&call, text);
    redis_reply *reply = NULL;
    ck_assert_msg(!virtual_redis_sync(redis, &call, &reply, &err), "%s", err.message);
    ck_assert_msg(!reply_is_error(reply), "%s: %s", text, reply_text(reply));
    virtual_redis_reply_free(reply);
}

static void expect(int i, int id, link_status status, usec_t at, const char *text) {
    ck_assert_int_lt(i, heard_count);
    const heard *h = &log_of[i];
    ck_assert_msg(h->id == id && h->status == status && h->at == at && !strcmp(h->text, text),
                  "callback %d: call %d, %s, at %lld, \"%s\"; expected call %d, %s, at %lld, \"%s\"", i, h->id,
                  link_status_name(h->status), (long long)h->at, h->text, id, link_status_name(status), (long long)at,
                  text);
}

static const cost_profile ten_usec = {.command = {.base_usec = 10}};

START_TEST(with_costs_of_zero_an_answer_takes_two_delays) {
    open_world(COST_ZERO, NULL);
    link_virtual *link = open_link(16, DELAY);
    send_words(link, "INCR n", 1);
    send_words(link, "INCR n", 2);
    engine_run(e, start + 2 * DELAY - 1);
    ck_assert_int_eq(heard_count, 0);
    engine_run(e, start + patience);
    ck_assert_int_eq(heard_count, 2);
    expect(0, 1, LINK_OK, 2 * DELAY, "1");
    expect(1, 2, LINK_OK, 2 * DELAY, "2");
    link_virtual_free(link);
    close_world();
}
END_TEST

START_TEST(calls_stand_in_line_and_each_takes_its_cost) {
    open_world(COST_CALIBRATED, &ten_usec);
    link_virtual *link = open_link(16, DELAY);
    for (int i = 1; i <= 3; i++) send_words(link, "INCR n", i);
    engine_run(e, start + 50);
    send_words(link, "INCR n", 4);
    engine_run(e, start + patience);
    expect(0, 1, LINK_OK, 2 * DELAY + 10, "1");
    expect(1, 2, LINK_OK, 2 * DELAY + 20, "2");
    expect(2, 3, LINK_OK, 2 * DELAY + 30, "3");
    expect(3, 4, LINK_OK, 2 * DELAY + 60, "4"); /* the server was idle again */
    virtual_server_counts counts = virtual_server_count(server);
    ck_assert_uint_eq(counts.commands, 4);
    ck_assert_int_eq(counts.busy, 40);
    ck_assert_uint_eq(counts.longest_line, 2);
    link_virtual_free(link);
    close_world();
}
END_TEST

START_TEST(two_links_are_served_in_the_order_of_arrival) {
    open_world(COST_CALIBRATED, &ten_usec);
    link_virtual *far = open_link(16, 200), *near = open_link(16, 50);
    send_words(far, "INCR n", 1);
    engine_run(e, start + 100);
    send_words(near, "INCR n", 2); /* arrives at 150, before the first */
    engine_run(e, start + 145);
    send_words(near, "INCR n", 3); /* arrives at 195 and is in service when the first arrives at 200 */
    engine_run(e, start + patience);
    expect(0, 2, LINK_OK, 150 + 10 + 50, "1");
    expect(1, 3, LINK_OK, 195 + 10 + 50, "2");
    expect(2, 1, LINK_OK, 205 + 10 + 200, "3");
    link_virtual_free(far);
    link_virtual_free(near);
    close_world();
}
END_TEST

/* Delays between 0 and 1000 would overtake each other if each travelled alone. */
START_TEST(nothing_overtakes_on_one_link) {
    enum { CALLS = 200 };
    open_world(COST_ZERO, NULL);
    link_virtual_options options = {
        .delay = {.kind = DIST_UNIFORM, .mean = 500, .min = 0, .max = 1000},
        .window = CALLS,
        .seed = 1,
    };
    link_virtual *link = link_virtual_new(e, server, &options);
    for (int i = 1; i <= CALLS; i++) {
        send_words(link, "INCR n", i);
        engine_run(e, engine_now(e) + 3);
    }
    engine_run(e, start + patience);
    ck_assert_int_eq(heard_count, CALLS);
    for (int i = 0; i < CALLS; i++) {
        char text[16];
        snprintf(text, sizeof text, "%d", i + 1);
        expect(i, i + 1, LINK_OK, log_of[i].at, text);
        if (i > 0) ck_assert_int_ge(log_of[i].at, log_of[i - 1].at);
    }
    ck_assert_int_gt(log_of[CALLS - 1].at, log_of[0].at);
    link_virtual_free(link);
    close_world();
}
END_TEST

START_TEST(the_call_is_copied) {
    open_world(COST_ZERO, NULL);
    link_virtual *link = open_link(16, DELAY);
    redis_call call;
    words(&call, "ECHO kept");
    send_call(link, &call, patience, 1);
    memset(&call, 'x', sizeof call);
    engine_run(e, start + patience);
    expect(0, 1, LINK_OK, 2 * DELAY, "kept");
    link_virtual_free(link);
    close_world();
}
END_TEST

START_TEST(an_error_of_the_server_is_told_with_its_text) {
    open_world(COST_ZERO, NULL);
    link_virtual *link = open_link(16, DELAY);
    send_words(link, "NOSUCHCOMMAND", 1);
    send_words(link, "PING", 2);
    engine_run(e, start + patience);
    ck_assert_int_eq(log_of[0].status, LINK_ERROR);
    ck_assert_msg(!strncmp(log_of[0].text, "ERR unknown command", 19), "%s", log_of[0].text);
    expect(1, 2, LINK_OK, 2 * DELAY, "PONG");
    link_virtual_free(link);
    close_world();
}
END_TEST

START_TEST(a_call_beyond_the_window_is_refused_at_once_and_does_not_happen) {
    open_world(COST_ZERO, NULL);
    link_virtual *link = open_link(2, DELAY);
    for (int i = 1; i <= 4; i++) send_words(link, "INCR n", i);
    ck_assert_int_eq(heard_count, 0);
    engine_run(e, start + 2 * DELAY);
    expect(0, 3, LINK_FULL, 0, "");
    expect(1, 4, LINK_FULL, 0, "");
    expect(2, 1, LINK_OK, 2 * DELAY, "1");
    expect(3, 2, LINK_OK, 2 * DELAY, "2");
    send_words(link, "INCR n", 5);
    engine_run(e, start + patience);
    expect(4, 5, LINK_OK, 4 * DELAY, "3");
    link_virtual_counts counts = link_virtual_count(link);
    ck_assert_uint_eq(counts.calls, 5);
    ck_assert_uint_eq(counts.refused, 2);
    ck_assert_uint_eq(counts.answered, 3);
    ck_assert_int_eq(counts.in_flight, 0);
    link_virtual_free(link);
    close_world();
}
END_TEST

START_TEST(a_callback_may_submit_even_when_the_window_was_full) {
    open_world(COST_ZERO, NULL);
    link_virtual *link = open_link(1, DELAY);
    for (int round = 0; round < 5; round++) {
        send_words(link, "INCR n", round);
        engine_run(e, start + (round + 1) * 2 * DELAY);
        expect(round, round, LINK_OK, (round + 1) * 2 * DELAY, (const char *[]){"1", "2", "3", "4", "5"}[round]);
    }
    link_virtual_free(link);
    close_world();
}
END_TEST

START_TEST(patience_that_runs_out_closes_the_connection_and_everything_on_it_is_unknown) {
    open_world(COST_ZERO, NULL);
    link_virtual *link = open_link(4, DELAY);
    redis_call call;
    words(&call, "INCR n");
    send_call(link, &call, patience, 1);
    send_call(link, &call, 2 * DELAY - 1, 2);
    send_call(link, &call, patience, 3);
    engine_run(e, start + 2 * DELAY - 1);
    ck_assert_int_eq(heard_count, 3);
    for (int i = 0; i < 3; i++) expect(i, i + 1, LINK_UNKNOWN, 2 * DELAY - 1, "");
    send_words(link, "INCR n", 4); /* a new connection: one round trip before it can be sent */
    engine_run(e, start + patience + DELAY);
    ck_assert_int_eq(heard_count, 4);
    expect(3, 4, LINK_OK, 2 * DELAY - 1 + 3 * DELAY, "4"); /* the three did happen */
    link_virtual_counts counts = link_virtual_count(link);
    ck_assert_uint_eq(counts.unknown, 3);
    ck_assert_uint_eq(counts.reconnects, 1);
    ck_assert_int_eq(counts.in_flight, 0);
    link_virtual_free(link);
    close_world();
}
END_TEST

START_TEST(a_call_that_is_still_on_its_way_when_its_patience_ends_executes_later) {
    open_world(COST_ZERO, NULL);
    link_virtual *link = open_link(4, DELAY);
    redis_call call;
    words(&call, "INCR n");
    send_call(link, &call, DELAY / 2, 1);
    engine_run(e, start + DELAY / 2);
    expect(0, 1, LINK_UNKNOWN, DELAY / 2, "");
    engine_run(e, start + patience);
    send_words(link, "GET n", 2);
    engine_run(e, start + patience + 2 * DELAY);
    expect(1, 2, LINK_OK, patience + 2 * DELAY, "1");
    link_virtual_free(link);
    close_world();
}
END_TEST

START_TEST(what_a_closed_connection_left_behind_is_used_again) {
    open_world(COST_CALIBRATED, &ten_usec);
    link_virtual *link = open_link(4, DELAY);
    redis_call call;
    words(&call, "INCR n");
    for (int round = 0; round < 100; round++) {
        for (int i = 0; i < 4; i++) send_call(link, &call, DELAY * (round % 3) + 5, i); /* at every stage */
        engine_run(e, engine_now(e) + 10 * DELAY);
    }
    ck_assert_int_eq(heard_count, 400);
    link_virtual_counts counts = link_virtual_count(link);
    ck_assert_uint_eq(counts.unknown, 400);
    ck_assert_uint_eq(counts.reconnects, 100);
    ck_assert_uint_eq(counts.flights, 4);
    ck_assert_uint_eq(virtual_server_count(server).commands, 400);
    link_virtual_free(link);
    close_world();
}
END_TEST

START_TEST(an_answer_at_the_instant_of_the_deadline_comes_too_late) {
    open_world(COST_ZERO, NULL);
    link_virtual *link = open_link(4, DELAY);
    redis_call call;
    words(&call, "INCR n");
    send_call(link, &call, 2 * DELAY, 1); /* the deadline was set before the answer was on its way */
    engine_run(e, start + patience);
    ck_assert_int_eq(heard_count, 1);
    expect(0, 1, LINK_UNKNOWN, 2 * DELAY, "");
    link_virtual_free(link);
    close_world();
}
END_TEST

START_TEST(a_pause_of_the_server_holds_up_what_has_not_started) {
    open_world(COST_CALIBRATED, &ten_usec);
    link_virtual *link = open_link(4, DELAY);
    send_words(link, "INCR n", 1);
    send_words(link, "INCR n", 2);
    engine_run(e, start + DELAY + 5);
    virtual_server_pause(server, start + 1000);
    engine_run(e, start + patience);
    expect(0, 1, LINK_OK, 2 * DELAY + 10, "1"); /* was in service */
    expect(1, 2, LINK_OK, 1000 + 10 + DELAY, "2");
    link_virtual_free(link);
    close_world();
}
END_TEST

START_TEST(a_slow_server_takes_the_factor_longer) {
    open_world(COST_CALIBRATED, &ten_usec);
    link_virtual *link = open_link(4, DELAY);
    virtual_server_slow(server, 7.5);
    send_words(link, "INCR n", 1);
    engine_run(e, start + patience);
    expect(0, 1, LINK_OK, 2 * DELAY + 75, "1");
    virtual_server_slow(server, 1);
    send_words(link, "INCR n", 2);
    engine_run(e, start + 2 * patience);
    expect(1, 2, LINK_OK, patience + 2 * DELAY + 10, "2");
    link_virtual_free(link);
    close_world();
}
END_TEST

START_TEST(a_flush_of_scripts_takes_its_turn) {
    open_world(COST_CALIBRATED, &ten_usec);
    link_virtual *link = open_link(4, DELAY);
    send_script(link, 1);
    engine_run(e, start + DELAY);
    virtual_server_pause(server, start + 1000);
    virtual_server_flush_scripts(server);
    virtual_server_flush_scripts(server);
    send_script(link, 2);
    engine_run(e, start + 500);
    ck_assert_int_eq(heard_count, 1);
    ck_assert_uint_eq(virtual_server_count(server).commands, 1);
    engine_run(e, start + patience);
    ck_assert_int_eq(heard_count, 2);
    ck_assert_uint_eq(virtual_server_count(server).reloads, 1);
    ck_assert_uint_eq(virtual_server_count(server).commands, 1 + 1 + 1 + 2); /* one flush, the call, load and call */
    virtual_server_pause(server, start + 10 * patience);
    virtual_server_flush_scripts(server); /* still in line at the end */
    link_virtual_free(link);
    close_world();
}
END_TEST

/* When that happens, call 1 has executed, 2 is in line, 3 is on its way, 4 has not left. */
static link_virtual *cut_in_the_middle(bool died) {
    open_world(COST_CALIBRATED, &ten_usec);
    link_virtual *link = open_link(16, DELAY);
    send_words(link, "INCR n", 1);
    send_words(link, "INCR n", 2);
    engine_run(e, start + 60);
    send_words(link, "INCR n", 3);
    engine_run(e, start + DELAY + 5);
    link_virtual_issue_at(link, start + DELAY + 25);
    send_words(link, "INCR n", 4);
    link_virtual_cut(link, died);
    if (died) virtual_server_died(server);
    engine_run(e, start + USEC_PER_SEC);
    ck_assert_int_eq(heard_count, 4);
    for (int i = 1; i <= 3; i++) expect(i - 1, i, LINK_UNKNOWN, DELAY + 5, "");
    expect(3, 4, LINK_REFUSED, DELAY + 25, "");
    send_words(link, "INCR n", 5);
    engine_run(e, start + USEC_PER_SEC + 1);
    expect(4, 5, LINK_REFUSED, USEC_PER_SEC, "");
    return link;
}

/* It is reached again at the next attempt, and then counts on from what was executed. */
static void mend(link_virtual *link, const char *next) {
    link_virtual_mend(link);
    engine_run(e, start + 7 * USEC_PER_SEC);
    send_words(link, "INCR n", 6);
    engine_run(e, start + 8 * USEC_PER_SEC);
    ck_assert_int_eq(heard_count, 6);
    expect(5, 6, LINK_OK, 7 * USEC_PER_SEC + 2 * DELAY + 10, next);
    link_virtual_counts counts = link_virtual_count(link);
    ck_assert_int_eq(counts.in_flight, 0);
    ck_assert_uint_eq(counts.unknown, 3);
    ck_assert_uint_eq(counts.refused, 2);
    ck_assert_uint_eq(counts.reconnects, 1);
    link_virtual_free(link);
    close_world();
}

START_TEST(of_a_cut_way_only_what_had_reached_the_server_executes_and_nothing_is_answered) {
    mend(cut_in_the_middle(false), "3");
}
END_TEST

START_TEST(what_was_in_line_dies_with_the_server) {
    mend(cut_in_the_middle(true), "2");
}
END_TEST

START_TEST(a_cut_link_tries_at_growing_distances_and_the_first_attempt_after_the_mend_succeeds) {
    open_world(COST_ZERO, NULL);
    link_virtual *link = open_link(16, DELAY);
    link_virtual_cut(link, false);
    usec_t mended = 2 * USEC_PER_SEC, back = 0;
    engine_run(e, start + mended);
    link_virtual_mend(link);
    while (!back) {
        send_words(link, "PING", 1);
        engine_run(e, engine_now(e) + USEC_PER_MSEC);
        if (log_of[heard_count - 1].status == LINK_OK) back = engine_now(e) - start;
        heard_count = 0;
    }
    /* pauses of 50, 100, 200, 400, 800 and 1600 ms at most, half of that at least */
    ck_assert_msg(back - mended < 3200 * USEC_PER_MSEC, "%lld us", (long long)(back - mended));
    link_virtual_cut(link, false);
    link_virtual_mend(link);
    engine_run(e, engine_now(e) + 50 * USEC_PER_MSEC + 2 * DELAY);
    send_words(link, "PING", 2);
    engine_run(e, engine_now(e) + USEC_PER_SEC);
    ck_assert_int_eq(log_of[heard_count - 1].status, LINK_OK);
    link_virtual_cut(link, false); /* an attempt is planned when it is freed */
    link_virtual_free(link);
    close_world();
}
END_TEST

START_TEST(a_lost_script_is_loaded_again_unseen_and_in_order) {
    open_world(COST_ZERO, NULL);
    link_virtual *link = open_link(16, DELAY);
    send_script(link, 1);
    engine_run(e, start + 2 * DELAY);
    heard usual = log_of[0];
    ck_assert_msg(usual.status == LINK_ERROR && !strncmp(usual.text, "BADARG", 6), "%s", usual.text);
    sync_words("SCRIPT FLUSH");
    send_words(link, "INCR n", 2);
    send_script(link, 3);
    send_words(link, "INCR n", 4);
    engine_run(e, start + patience);
    ck_assert_int_eq(heard_count, 4);
    expect(1, 2, LINK_OK, 4 * DELAY, "1");
    expect(2, 3, usual.status, 6 * DELAY, usual.text); /* one more round trip */
    expect(3, 4, LINK_OK, 6 * DELAY, "2");             /* its answer waited behind */
    virtual_server_counts counts = virtual_server_count(server);
    ck_assert_uint_eq(counts.reloads, 1);
    ck_assert_uint_eq(counts.script_calls, 3);
    ck_assert_uint_eq(counts.by_script[SCRIPT_SELECT_NODE], 3);
    send_script(link, 5);
    engine_run(e, start + 2 * patience);
    expect(4, 5, usual.status, patience + 2 * DELAY, usual.text);
    ck_assert_uint_eq(virtual_server_count(server).reloads, 1);
    link_virtual_free(link);
    close_world();
}
END_TEST

START_TEST(a_call_leaves_when_its_handler_has_ended) {
    open_world(COST_ZERO, NULL);
    link_virtual *link = open_link(16, DELAY);
    redis_call call;
    words(&call, "INCR n");
    link_virtual_issue_at(link, start + 70);
    send_call(link, &call, 2 * DELAY + 1, 1); /* patience counts from the issue */
    link_virtual_issue_at(link, start + 30);  /* never back */
    send_call(link, &call, 2 * DELAY + 1, 2);
    engine_run(e, start + 1000);
    send_call(link, &call, 2 * DELAY + 1, 3);
    engine_run(e, start + patience);
    expect(0, 1, LINK_OK, 70 + 2 * DELAY, "1");
    expect(1, 2, LINK_OK, 70 + 2 * DELAY, "2");
    expect(2, 3, LINK_OK, 1000 + 2 * DELAY, "3");
    link_virtual_free(link);
    close_world();
}
END_TEST

START_TEST(a_call_that_has_not_left_yet_survives_the_end_of_the_connection) {
    open_world(COST_ZERO, NULL);
    link_virtual *link = open_link(16, DELAY);
    redis_call call;
    words(&call, "INCR n");
    send_call(link, &call, 50, 1);
    link_virtual_issue_at(link, start + 300);
    send_call(link, &call, patience, 2);
    engine_run(e, start + patience);
    ck_assert_int_eq(heard_count, 2);
    expect(0, 1, LINK_UNKNOWN, 50, "");
    expect(1, 2, LINK_OK, 300 + 2 * DELAY, "2");
    link_virtual_free(link);
    close_world();
}
END_TEST

START_TEST(answers_are_read_when_they_are_due_and_calls_share_round_trips) {
    enum { CALLS = 100 };
    open_world(COST_ZERO, NULL);
    link_virtual *link = open_link(CALLS, DELAY);
    for (int i = 0; i < CALLS; i++) send_words(link, "INCR n", i);
    engine_run(e, start + DELAY); /* all have been executed, none is due */
    ck_assert_uint_eq(virtual_redis_count(redis).commands, CALLS);
    ck_assert_uint_eq(virtual_redis_count(redis).bytes_received, 0);
    engine_run(e, start + 2 * DELAY);
    ck_assert_int_eq(heard_count, CALLS);
    virtual_redis_counts counts = virtual_redis_count(redis);
    ck_assert_uint_eq(counts.batches, 1);
    link_virtual_free(link);
    close_world();
}
END_TEST

START_TEST(a_link_may_be_freed_with_calls_at_every_stage) {
    static const cost_profile slow = {.command = {.base_usec = 30}};
    open_world(COST_CALIBRATED, &slow);
    link_virtual *link = open_link(64, DELAY), *other = open_link(64, DELAY);
    for (int i = 0; i < 30; i++) {
        send_words(link, "INCR n", i);
        engine_run(e, engine_now(e) + 9);
    }
    for (int i = 0; i < 50; i++) send_words(link, "INCR n", i);
    ck_assert_uint_gt(virtual_server_count(server).longest_line,
                      5); /* the others are in service, on both ways, refused */
    link_virtual_free(link);
    int told = heard_count;
    send_words(other, "INCR n", 1000);
    engine_run(e, start + patience);
    ck_assert_int_eq(heard_count, told + 1);
    ck_assert_int_eq(log_of[told].id, 1000);
    ck_assert_uint_eq(virtual_server_count(server).commands, (uint64_t)strtol(log_of[told].text, NULL, 10));
    link_virtual_free(other);
    close_world();
}
END_TEST

START_TEST(measured_costs_are_the_real_time_of_each_call) {
    open_world(COST_MEASURED, NULL);
    link_virtual *link = open_link(16, DELAY);
    redis_call call;
    call_command(&call, "EVAL");
    call_str(&call, "#!lua\nlocal n = 0 for i = 1, 300000 do n = n + i end return n");
    call_int(&call, 0);
    send_call(link, &call, 60 * USEC_PER_SEC, 1);
    engine_run(e, start + 60 * USEC_PER_SEC);
    expect(0, 1, LINK_OK, log_of[0].at, "45000150000");
    ck_assert_int_gt(log_of[0].at, 2 * DELAY + 200);
    ck_assert_int_eq(log_of[0].at, 2 * DELAY + virtual_server_count(server).busy);
    link_virtual_free(link);
    close_world();
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        with_costs_of_zero_an_answer_takes_two_delays,
        calls_stand_in_line_and_each_takes_its_cost,
        two_links_are_served_in_the_order_of_arrival,
        nothing_overtakes_on_one_link,
        the_call_is_copied,
        an_error_of_the_server_is_told_with_its_text,
        a_call_beyond_the_window_is_refused_at_once_and_does_not_happen,
        a_callback_may_submit_even_when_the_window_was_full,
        patience_that_runs_out_closes_the_connection_and_everything_on_it_is_unknown,
        a_call_that_is_still_on_its_way_when_its_patience_ends_executes_later,
        what_a_closed_connection_left_behind_is_used_again,
        an_answer_at_the_instant_of_the_deadline_comes_too_late,
        a_pause_of_the_server_holds_up_what_has_not_started,
        a_slow_server_takes_the_factor_longer,
        a_flush_of_scripts_takes_its_turn,
        of_a_cut_way_only_what_had_reached_the_server_executes_and_nothing_is_answered,
        what_was_in_line_dies_with_the_server,
        a_cut_link_tries_at_growing_distances_and_the_first_attempt_after_the_mend_succeeds,
        a_lost_script_is_loaded_again_unseen_and_in_order,
        a_call_leaves_when_its_handler_has_ended,
        a_call_that_has_not_left_yet_survives_the_end_of_the_connection,
        answers_are_read_when_they_are_due_and_calls_share_round_trips,
        a_link_may_be_freed_with_calls_at_every_stage,
        measured_costs_are_the_real_time_of_each_call,
    };
    return SUITE_RUN("link_virtual", tests);
}
