/* check_stats.c - the figures of the dashboard: walked in the request, or read from a snapshot; and a catalog that fails. */
#include "tests/support/hand_world.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support/suite.h"

/* ---- a catalog: it answers after a while, or not at all ---- */

typedef struct fetched {
    catalog_done *done;
    void *arg;
} fetched;

static int fetches;
static usec_t fetched_at[64];
static bool catalog_fails;
static int64_t services = 12;
static usec_t catalog_takes;

static void on_reply(void *arg) {
    fetched f = *(fetched *)arg;
    free(arg);
    f.done(f.arg, !catalog_fails, services);
}

static void fetch(void *ctx, usec_t patience, catalog_done *done, void *arg) {
    (void)ctx;
    fetched *f = malloc(sizeof *f);
    *f = (fetched){done, arg};
    if (fetches < 64) fetched_at[fetches] = engine_now(e);
    fetches++;
    engine_at(e, engine_now(e) + (catalog_fails ? patience : catalog_takes), on_reply, f);
}

/* ---- what was answered, and what it cost ---- */

static stats_figures told;
static int told_count;
static usec_t told_at;
static int64_t walked;

static void take(void *arg, const stats_figures *figures) {
    (void)arg;
    told = *figures;
    told_at = engine_now(e);
    told_count++;
}

static void count_work(void *ctx, sched_work kind, int64_t count) {
    (void)ctx;
    if (kind == WORK_STATS) walked += count;
}

static void ask(void) {
    ck_assert_msg(!scheduler_stats(s, take, NULL, &err), "%s", err.message);
}

static void start(const char *kind) {
    open_world("production");
    config.stats = strcmp(kind, "request") ? STATS_SNAPSHOT : STATS_REQUEST;
    catalog = (catalog_source){fetch, NULL};
    meter = (work_meter){count_work, NULL};
    catalog_takes = 100 * USEC_PER_MSEC;
    open_scheduler();
    join(1, "n1", 2);
    ck_assert(!open_session(SESSION + 1, "s-2"));
}

START_TEST(a_request_that_walks_counts_what_is_there_now_and_waits_for_the_catalog) {
    start("request");
    speak(0);
    usec_t asked = engine_now(e);
    ask();
    ck_assert_int_eq(told_count, 0);
    pass(second);
    ck_assert_int_eq(told_count, 1);
    ck_assert_int_eq(told_at - asked, catalog_takes);
    ck_assert_int_eq(told.at, asked);
    ck_assert_int_eq(told.nodes, 1);
    ck_assert_int_eq(told.slots, 2);
    ck_assert_int_eq(told.sessions, 2);
    ck_assert_int_eq(told.jobs, 1);
    ck_assert_int_eq(told.services, 12);
    ck_assert_int_eq(told.lang_count, 2);
    ck_assert_str_eq(told.langs[0].lang, "de");
    ck_assert_int_eq(told.langs[0].as_target, 2);
    ck_assert_str_eq(told.langs[1].lang, "en");
    ck_assert_int_eq(told.langs[1].as_source, 2);
    ck_assert_int_eq(walked, 1 + 2 + 1);
    close_world();
}
END_TEST

START_TEST(a_request_that_walks_pays_each_time) {
    start("request");
    for (int i = 0; i < 5; i++) ask();
    pass(second);
    ck_assert_int_eq(told_count, 5);
    ck_assert_int_eq(fetches, 5);
    ck_assert_int_eq(walked, 5 * 3);
    close_world();
}
END_TEST

START_TEST(while_the_catalog_is_away_a_request_that_walks_waits_for_it_in_vain) {
    start("request");
    catalog_fails = true;
    usec_t asked = engine_now(e);
    ask();
    pass(30 * second);
    ck_assert_int_eq(told_count, 1);
    ck_assert_int_eq(told_at - asked, CATALOG_PATIENCE);
    ck_assert_int_eq(told.services, -1);
    close_world();
}
END_TEST

START_TEST(a_snapshot_answers_at_once_at_first_with_nothing) {
    start("snapshot");
    usec_t asked = engine_now(e);
    ask();
    pass(10 * USEC_PER_MSEC);
    ck_assert_int_eq(told_count, 1);
    ck_assert_int_eq(told_at, asked);
    ck_assert_int_eq(told.at, 0);
    ck_assert_int_eq(told.sessions, 0);
    ask();
    pass(10 * USEC_PER_MSEC);
    ck_assert_int_eq(told.sessions, 2);
    ck_assert_int_eq(told.services, -1);
    pass(second);
    ask();
    pass(10 * USEC_PER_MSEC);
    ck_assert_int_eq(told.services, 12);
    close_world();
}
END_TEST

START_TEST(a_snapshot_walks_every_five_seconds_however_many_ask) {
    start("snapshot");
    for (int i = 0; i < 200; i++) {
        ask();
        pass(100 * USEC_PER_MSEC);
        ck_assert_int_le(engine_now(e) - told.at, told.at ? STATS_PERIOD + 100 * USEC_PER_MSEC : engine_now(e));
    }
    ck_assert_int_eq(told_count, 200);
    ck_assert_int_eq(walked, 4 * 3);
    ck_assert_int_eq(fetches, 1);
    close_world();
}
END_TEST

START_TEST(a_snapshot_rests_when_nobody_asks_and_keeps_what_it_has) {
    start("snapshot");
    ask();
    pass(10 * 60 * second);
    ck_assert_int_eq(walked, STATS_REST / STATS_PERIOD * 3);
    usec_t asked = engine_now(e);
    ask();
    pass(USEC_PER_MSEC);
    ck_assert_int_lt(told.at, asked - 9 * 60 * second);
    ck_assert_int_gt(told.at, 0);
    ck_assert_int_eq(told.sessions, 2);
    close_world();
}
END_TEST

START_TEST(a_catalog_that_fails_is_asked_less_and_less_and_what_it_said_is_kept) {
    start("snapshot");
    ask();
    pass(second);
    usec_t last_word = 0;
    catalog_fails = true;
    for (int i = 0; i < 1400; i++) {
        ask();
        pass(second);
        if (!last_word) last_word = told.services_at;
    }
    ck_assert_int_eq(told.services, 12);
    ck_assert_int_eq(told.services_at, last_word);
    static const int pauses[] = {30, 30, 30, 60, 120, 240, 300, 300}; /* behind its answers; the first one came */
    for (int i = 0; i < 8; i++) {
        usec_t took = i == 0 ? catalog_takes : CATALOG_PATIENCE;
        ck_assert_msg(fetched_at[i + 1] - fetched_at[i] == pauses[i] * second + took, "pause %d: %lld ms", i,
                      (long long)((fetched_at[i + 1] - fetched_at[i] - took) / USEC_PER_MSEC));
    }
    catalog_fails = false;
    services = 13;
    for (int i = 0; i < 400; i++) {
        ask();
        pass(second);
    }
    ck_assert_int_eq(told.services, 13);
    close_world();
}
END_TEST

START_TEST(so_many_requests_may_wait_and_no_more) {
    start("request");
    for (int i = 0; i < STATS_REQUESTS_MAX; i++) ask();
    ck_assert_int_eq(scheduler_stats(s, take, NULL, &err), SCHED_FULL);
    ck_assert_str_eq(err.message, "256 requests for figures are under way");
    pass(second);
    ck_assert_int_eq(told_count, STATS_REQUESTS_MAX);
    ask();
    close_world();
}
END_TEST

START_TEST(a_scheduler_may_end_while_the_catalog_is_asked) {
    start("snapshot");
    ask();
    pass(10 * USEC_PER_MSEC);
    ck_assert_int_eq(fetches, 1);
    s = scheduler_free(s);
    engine_run(e, engine_now(e) + second);
    ck_assert_int_eq(told_count, 1);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        a_request_that_walks_counts_what_is_there_now_and_waits_for_the_catalog,
        a_request_that_walks_pays_each_time,
        while_the_catalog_is_away_a_request_that_walks_waits_for_it_in_vain,
        a_snapshot_answers_at_once_at_first_with_nothing,
        a_snapshot_walks_every_five_seconds_however_many_ask,
        a_snapshot_rests_when_nobody_asks_and_keeps_what_it_has,
        a_catalog_that_fails_is_asked_less_and_less_and_what_it_said_is_kept,
        so_many_requests_may_wait_and_no_more,
        a_scheduler_may_end_while_the_catalog_is_asked,
    };
    return SUITE_RUN("stats", tests);
}
