/* check_pool_changes.c - many nodes come, or go, at the same instant: their pools change in turns, and a full link is no outage. */
#include "tests/support/hand_world.h"

#include <stdlib.h>

#include "tests/support/fsck_now.h"
#include "tests/support/suite.h"

enum { CROWD = 60, PAIRS = 42, OUT_MAX = 512 };

/* ---- a link that counts what is under way, and may have a small window ---- */

typedef struct counted {
    link_callback *done;
    void *arg;
    bool of_pools;
} counted;

static int out, out_of_pools, most_of_pools, window = 1000000, refused;

static void on_answer(void *arg, link_status status, const redis_reply *reply) {
    counted c = *(counted *)arg;
    free(arg);
    out--;
    out_of_pools -= c.of_pools;
    c.done(c.arg, status, reply);
}

static void on_full(void *arg) {
    counted c = *(counted *)arg;
    free(arg);
    c.done(c.arg, LINK_FULL, NULL);
}

static void submit(void *ctx, const redis_call *call, usec_t patience, link_callback *done, void *arg) {
    (void)ctx;
    redis_link real = link_virtual_interface(wire);
    counted *c = malloc(sizeof *c);
    *c = (counted){done, arg, call->script == SCRIPT_POOL_JOIN || call->script == SCRIPT_POOL_LEAVE};
    if (out >= window) {
        refused++;
        engine_at(e, engine_now(e), on_full, c);
        return;
    }
    out++;
    out_of_pools += c->of_pools;
    if (out_of_pools > most_of_pools) most_of_pools = out_of_pools;
    link_submit(&real, call, patience, on_answer, c);
}

static void start(void) {
    link_virtual_options options = {.delay = {.kind = DIST_CONSTANT, .mean = 1000, .max = 1000},
                                    .window = 10000,
                                    .seed = 1};
    open_world("production");
    link_virtual_free(wire);
    wire = link_virtual_new(e, server, &options); /* calls are under way for a while */
    open_scheduler_on((redis_link){submit, NULL});
}

static void come_all(void) {
    char name[ID_MAX + 1];
    node_load idle = {0};
    for (int i = 0; i < CROWD; i++) {
        snprintf(name, sizeof name, "n%d", i);
        offer_now((conn_token)i + 1, name, "en de fr es it nl pl", 2);
        scheduler_node_heartbeat(s, (conn_token)i + 1, &idle);
    }
}

START_TEST(nodes_that_come_at_once_join_their_pools_in_turns) {
    start();
    come_all();
    pass(second);
    ck_assert_int_eq(count_of(EV_NODE_READY), CROWD);
    ck_assert_int_eq(pool_size("en", "de"), CROWD);
    ck_assert_int_eq(pool_size("pl", "nl"), CROWD);
    ck_assert_int_gt(CROWD * 16, OUT_MAX);
    ck_assert_int_eq(most_of_pools, OUT_MAX);
    expect_consistent();
    close_world();
}
END_TEST

START_TEST(nodes_that_go_at_once_leave_them_in_turns) {
    start();
    come_all();
    pass(second);
    most_of_pools = 0;
    for (int i = 0; i < CROWD; i++) scheduler_node_gone(s, (conn_token)i + 1);
    pass(second);
    ck_assert_int_eq(pool_size("en", "de"), 0);
    ck_assert_int_eq(most_of_pools, OUT_MAX);
    expect_consistent();
    close_world();
}
END_TEST

START_TEST(a_full_window_is_no_outage_and_the_next_heartbeats_repair_what_was_not_sent) {
    start();
    window = 200;
    come_all();
    pass(second);
    ck_assert_int_gt(refused, 0);
    ck_assert_int_eq(count_of(EV_REDIS_DOWN), 0);
    for (int beats = 0; beats < 40 && count_of(EV_NODE_READY) < CROWD; beats++) {
        for (int i = 0; i < CROWD; i++) {
            beat((conn_token)i + 1);
            pass(100 * USEC_PER_MSEC);
        }
    }
    ck_assert_int_eq(count_of(EV_NODE_READY), CROWD);
    ck_assert_int_eq(count_of(EV_REDIS_DOWN), 0);
    expect_consistent();
    close_world();
}
END_TEST

START_TEST(a_scheduler_may_end_with_changes_in_line) {
    start();
    come_all();
    pass(0);
    for (int i = 0; i < 1000 && out_of_pools < OUT_MAX; i++) engine_run(e, engine_now(e) + 1);
    window = 0;
    engine_run(e, engine_now(e) + second);
    ck_assert_int_eq(scheduler_count(s).calls, 0);
    s = scheduler_free(s);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        nodes_that_come_at_once_join_their_pools_in_turns,
        nodes_that_go_at_once_leave_them_in_turns,
        a_full_window_is_no_outage_and_the_next_heartbeats_repair_what_was_not_sent,
        a_scheduler_may_end_with_changes_in_line,
    };
    return SUITE_RUN("pool_changes", tests);
}
