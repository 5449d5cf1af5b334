/* check_soon.c - what is asked for in a handler happens behind it, in order. */
#include <check.h>

#include "core/base/soon.h"
#include "sim/engine/engine.h"
#include "tests/support/suite.h"

enum { RUNS_MAX = 8 };

static engine *e;
static soon *q;
static int runs[RUNS_MAX], run_count;

static void note_run(void *entry) {
    ck_assert_int_lt(run_count, RUNS_MAX);
    runs[run_count++] = *(int *)entry;
}

static void add(int number, void (*run)(void *)) {
    *(int *)soon_add(q, run, sizeof(int)) = number;
}

static void note_and_add(void *entry) {
    note_run(entry);
    add(9, note_run);
}

static void set_up(void) {
    e = engine_new(1000);
    q = soon_new(engine_clock(e), engine_timers(e));
    run_count = 0;
}

static void tear_down(void) {
    q = soon_free(q);
    e = engine_free(e);
}

START_TEST(entries_run_behind_the_handler_in_order_and_at_no_cost_in_time) {
    set_up();
    for (int i = 0; i < 3; i++) add(i, note_run);
    ck_assert_int_eq(run_count, 0);
    engine_run(e, 1000);
    ck_assert_int_eq(run_count, 3);
    for (int i = 0; i < 3; i++) ck_assert_int_eq(runs[i], i);
    tear_down();
}
END_TEST

START_TEST(what_an_entry_adds_comes_in_a_later_turn) {
    set_up();
    add(1, note_and_add);
    add(2, note_run);
    ck_assert(engine_step(e));
    ck_assert_int_eq(run_count, 2);
    ck_assert(engine_step(e));
    ck_assert_int_eq(run_count, 3);
    ck_assert_int_eq(runs[2], 9);
    ck_assert_int_eq(engine_now(e), 1000);
    tear_down();
}
END_TEST

START_TEST(entries_that_have_not_run_are_dropped_with_the_queue) {
    set_up();
    add(1, note_run);
    q = soon_free(q);
    ck_assert_uint_eq(engine_pending(e), 0);
    ck_assert_int_eq(run_count, 0);
    tear_down();
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        entries_run_behind_the_handler_in_order_and_at_no_cost_in_time,
        what_an_entry_adds_comes_in_a_later_turn,
        entries_that_have_not_run_are_dropped_with_the_queue,
    };
    return SUITE_RUN("soon", tests);
}
