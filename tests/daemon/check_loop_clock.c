/* check_loop_clock.c - time and timers of a process that lives in real time.
 * Runs alone: it compares with the time that passes. */
#include <check.h>
#include <stdlib.h>
#include <time.h>
#include <uv.h>

#include "core/daemon/loop_clock.h"
#include "tests/support/suite.h"

enum { RUNS_MAX = 2000 };

static uv_loop_t loop;
static loop_clock *c;
static clock_source source;
static timer_source timers;
static int runs[RUNS_MAX], run_count;
static usec_t ran_at;

static usec_t wall(void) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (usec_t)t.tv_sec * USEC_PER_SEC + (usec_t)t.tv_nsec / 1000;
}

static void busy(usec_t duration) {
    for (usec_t end = (usec_t)(uv_hrtime() / 1000) + duration; (usec_t)(uv_hrtime() / 1000) < end;) {
    }
}

static void set_up(void) {
    ck_assert_int_eq(uv_loop_init(&loop), 0);
    c = loop_clock_new(&loop);
    source = loop_clock_source(c);
    timers = loop_clock_timers(c);
    run_count = 0;
}

static void tear_down(void) {
    c = loop_clock_free(c);
    ck_assert_ptr_null(c);
    uv_run(&loop, UV_RUN_DEFAULT);
    ck_assert_int_eq(uv_loop_close(&loop), 0);
}

static void note(void *arg) {
    ck_assert_int_lt(run_count, RUNS_MAX);
    runs[run_count++] = (int)(intptr_t)arg;
    ran_at = clock_now(&source);
}

static timer_handle set(usec_t at, int number) {
    return timers.set(timers.ctx, at, note, (void *)(intptr_t)number);
}

START_TEST(the_time_is_the_wall_clock_s_and_stands_still_until_it_is_caught_up) {
    set_up();
    loop_clock_catch_up(c);
    usec_t now = clock_now(&source);
    ck_assert_int_le(llabs(wall() - now), USEC_PER_SEC);
    busy(2000);
    ck_assert_int_eq(clock_now(&source), now);
    loop_clock_catch_up(c);
    ck_assert_int_ge(clock_now(&source), now + 2000);
    tear_down();
}
END_TEST

START_TEST(timers_fire_in_the_order_of_instant_and_then_of_setting_and_never_early) {
    set_up();
    usec_t now = clock_now(&source);
    set(now + 3001, 3);
    set(now + 3000, 1);
    set(now + 3001, 4);
    set(now + 3000, 2);
    set(now + 200, 0);
    uv_run(&loop, UV_RUN_DEFAULT);
    ck_assert_int_eq(run_count, 5);
    for (int i = 0; i < 5; i++) ck_assert_int_eq(runs[i], i);
    ck_assert_int_ge(ran_at, now + 3001);
    tear_down();
}
END_TEST

START_TEST(many_timers_fire_in_order_whatever_is_cancelled_between_them) {
    enum { MANY = RUNS_MAX };
    set_up();
    static timer_handle handles[MANY];
    usec_t now = clock_now(&source);
    for (int i = 0; i < MANY; i++) handles[i] = set(now + (i * 7919) % MANY, i);
    int left = 0;
    for (int i = 0; i < MANY; i++)
        if (i % 50)
            timers.cancel(timers.ctx, handles[i]);
        else
            left++;
    uv_run(&loop, UV_RUN_DEFAULT);
    ck_assert_int_eq(run_count, left);
    for (int i = 1; i < left; i++) ck_assert_int_lt((runs[i - 1] * 7919) % MANY, (runs[i] * 7919) % MANY);
    tear_down();
}
END_TEST

START_TEST(a_timer_comes_within_milliseconds) {
    set_up();
    usec_t nearest = USEC_NEVER;
    for (int i = 0; i < 10; i++) {
        loop_clock_catch_up(c);
        usec_t at = clock_now(&source) + 5300;
        set(at, i);
        uv_run(&loop, UV_RUN_DEFAULT);
        ck_assert_int_ge(ran_at, at);
        if (ran_at - at < nearest) nearest = ran_at - at;
    }
    ck_assert_int_le(nearest, 2000); /* the best of ten: the machine may be busy */
    ck_assert_uint_eq(histogram_count(loop_clock_lag(c)), 10);
    ck_assert_int_eq(histogram_min(loop_clock_lag(c)), nearest);
    tear_down();
}
END_TEST

START_TEST(a_busy_handler_shows_in_the_lag) {
    set_up();
    set(clock_now(&source) + 1000, 1);
    busy(20000);
    uv_run(&loop, UV_RUN_DEFAULT);
    ck_assert_int_ge(histogram_max(loop_clock_lag(c)), 19000);
    tear_down();
}
END_TEST

START_TEST(what_is_set_for_now_runs_when_the_handler_settles_and_is_no_lag) {
    set_up();
    loop_clock_catch_up(c);
    set(clock_now(&source), 1);
    set(clock_now(&source) - 1, 0);
    ck_assert_int_eq(run_count, 0);
    loop_clock_settle(c);
    ck_assert_int_eq(run_count, 2);
    ck_assert_int_eq(runs[0], 0);
    ck_assert_uint_eq(histogram_count(loop_clock_lag(c)), 0);
    tear_down();
}
END_TEST

static void note_and_set_another(void *arg) {
    note(arg);
    set(clock_now(&source), 9);
    ck_assert_int_eq(run_count, 1);
    loop_clock_settle(c); /* from inside: nothing runs inside another */
    ck_assert_int_eq(run_count, 1);
}

START_TEST(what_a_timer_sets_for_now_runs_in_the_same_settling_behind_it) {
    set_up();
    timers.set(timers.ctx, clock_now(&source), note_and_set_another, NULL);
    loop_clock_settle(c);
    ck_assert_int_eq(run_count, 2);
    ck_assert_int_eq(runs[1], 9);
    tear_down();
}
END_TEST

START_TEST(what_is_set_for_now_and_not_settled_runs_in_the_next_turn) {
    set_up();
    set(clock_now(&source), 1);
    uv_run(&loop, UV_RUN_DEFAULT);
    ck_assert_int_eq(run_count, 1);
    tear_down();
}
END_TEST

static int64_t rounds;
static bool stop_rounds;

static void again_and_again(void *arg) {
    (void)arg;
    rounds++;
    if (!stop_rounds) timers.set(timers.ctx, clock_now(&source), again_and_again, NULL);
}

static void on_other_timer(uv_timer_t *timer) {
    stop_rounds = true;
    uv_close((uv_handle_t *)timer, NULL);
}

static void on_poll(uv_async_t *async) {
    *(bool *)async->data = true;
    uv_close((uv_handle_t *)async, NULL);
}

START_TEST(a_timer_that_sets_itself_for_now_for_ever_leaves_the_loop_its_turns) {
    set_up();
    bool polled = false;
    uv_async_t async;
    uv_timer_t other;
    uv_async_init(&loop, &async, on_poll);
    async.data = &polled;
    uv_async_send(&async);
    uv_timer_init(&loop, &other);
    uv_timer_start(&other, on_other_timer, 20, 0);
    timers.set(timers.ctx, clock_now(&source), again_and_again, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    ck_assert(polled);
    ck_assert(stop_rounds);
    ck_assert_int_gt(rounds, 10000); /* more than one settling */
    tear_down();
}
END_TEST

START_TEST(a_cancelled_timer_does_not_fire_and_old_handles_touch_nobody) {
    set_up();
    usec_t now = clock_now(&source);
    timer_handle first = set(now, 1);
    timers.cancel(timers.ctx, first);
    timer_handle second = set(now, 2); /* may stand where the first stood */
    timers.cancel(timers.ctx, first);
    timers.cancel(timers.ctx, 0);
    ck_assert(first != second && first && second);
    loop_clock_settle(c);
    ck_assert_int_eq(run_count, 1);
    ck_assert_int_eq(runs[0], 2);
    set(now, 3);
    timers.cancel(timers.ctx, second);
    loop_clock_settle(c);
    ck_assert_int_eq(run_count, 2);
    tear_down();
}
END_TEST

START_TEST(timers_that_are_set_never_fire_once_the_clock_is_freed) {
    set_up();
    set(clock_now(&source), 1);
    set(clock_now(&source) + 1000, 2);
    tear_down();
    ck_assert_int_eq(run_count, 0);
}
END_TEST

/* ---- links ---- */

static struct {
    link_callback *done;
    void *arg;
    usec_t patience;
    const redis_call *call;
} asked;

static void submit(void *ctx, const redis_call *call, usec_t patience, link_callback *done, void *arg) {
    ck_assert_ptr_eq(ctx, &asked);
    asked.call = call;
    asked.patience = patience;
    asked.done = done;
    asked.arg = arg;
}

static usec_t answered_at;

static void on_answer(void *arg, link_status status, const redis_reply *reply) {
    ck_assert_ptr_eq(arg, &answered_at);
    ck_assert_int_eq(status, LINK_REFUSED);
    ck_assert_ptr_null(reply);
    answered_at = clock_now(&source);
    set(answered_at, 5);
    ck_assert_int_eq(run_count, 0);
}

START_TEST(answers_through_the_clock_s_link_come_at_the_present_and_what_they_set_for_now_runs_behind_them) {
    set_up();
    redis_link link = loop_clock_link(c, (redis_link){.submit = submit, .ctx = &asked});
    redis_call call;
    for (int i = 0; i < 2; i++) {
        run_count = 0;
        usec_t before = clock_now(&source);
        link_submit(&link, &call, 1234, on_answer, &answered_at);
        ck_assert_ptr_eq(asked.call, &call);
        ck_assert_int_eq(asked.patience, 1234);
        busy(1000);
        asked.done(asked.arg, LINK_REFUSED, NULL);
        ck_assert_int_ge(answered_at, before + 1000);
        ck_assert_int_eq(run_count, 1);
    }
    link_submit(&link, &call, 1, on_answer, &answered_at); /* never answered: it goes with the clock */
    tear_down();
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        the_time_is_the_wall_clock_s_and_stands_still_until_it_is_caught_up,
        timers_fire_in_the_order_of_instant_and_then_of_setting_and_never_early,
        many_timers_fire_in_order_whatever_is_cancelled_between_them,
        a_timer_comes_within_milliseconds,
        a_busy_handler_shows_in_the_lag,
        what_is_set_for_now_runs_when_the_handler_settles_and_is_no_lag,
        what_a_timer_sets_for_now_runs_in_the_same_settling_behind_it,
        what_is_set_for_now_and_not_settled_runs_in_the_next_turn,
        a_timer_that_sets_itself_for_now_for_ever_leaves_the_loop_its_turns,
        a_cancelled_timer_does_not_fire_and_old_handles_touch_nobody,
        timers_that_are_set_never_fire_once_the_clock_is_freed,
        answers_through_the_clock_s_link_come_at_the_present_and_what_they_set_for_now_runs_behind_them,
    };
    return SUITE_RUN("loop_clock", tests);
}
