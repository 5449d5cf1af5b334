/* check_compare_verdict.c - the words of a comparison, from figures made by hand. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/report/compare.h"
#include "tests/support/suite.h"

enum { RUNS = 3, COLUMNS = 3 };

static compare *c;
static double values[COLUMNS][COMPARE_FIGURES * RUNS];
static char said[COMPARE_SENTENCES_MAX][COMPARE_SENTENCE_MAX];
static size_t sentences;

static void set_up(int64_t runs) {
    static const char *const names[COLUMNS] = {"phase-0", "phase-1", "two"};
    static const char *const phases[COLUMNS] = {"0", "1", "production"};
    c = calloc(1, sizeof *c);
    ck_assert_ptr_nonnull(c);
    c->name = "small";
    c->runs = runs;
    c->columns = COLUMNS;
    for (size_t i = 0; i < COLUMNS; i++) {
        compare_column *col = &c->column[i];
        *col = (compare_column){.name = names[i],
                                .is_phase = i < 2,
                                .nodes = 20,
                                .sessions = 10,
                                .instances = 1,
                                .ended = runs,
                                .kept = runs,
                                .met = runs,
                                .value = values[i]};
        strcpy(col->config.phase, phases[i]);
        for (size_t k = 0; k < COMPARE_FIGURES * RUNS; k++) values[i][k] = NAN;
    }
}

static void tear_down(void) {
    free(c);
}

static void put(size_t column, compare_figure f, double first, double second, double third) {
    const double of[RUNS] = {first, second, third};
    for (int64_t run = 0; run < c->runs; run++) values[column][(int64_t)f * c->runs + run] = of[run];
}

static void ask(void) {
    sentences = compare_verdict(c, said);
}

static void expect(const char *text) {
    for (size_t i = 0; i < sentences; i++) {
        if (!strcmp(said[i], text)) return;
    }
    char all[4096] = "";
    for (size_t i = 0; i < sentences; i++) {
        strncat(all, said[i], sizeof all - strlen(all) - 2);
        strcat(all, "\n");
    }
    ck_abort_msg("expected: %s\nit says:\n%s", text, all);
}

START_TEST(best_and_worst_are_told_with_their_intervals_and_how_many_times) {
    set_up(3);
    put(0, COMPARE_E2E_P95, 300, 310, 290);
    put(1, COMPARE_E2E_P95, 100, 101, 99);
    put(2, COMPARE_E2E_P95, 200, 201, 199);
    ask();
    expect("Answers, p95: soonest with phase-1 (100.0 ± 2.5 ms), latest with phase-0 (300.0 ± 24.8 ms): 3.0 times.");
    tear_down();
}
END_TEST

START_TEST(what_chance_explains_makes_no_winner) {
    set_up(3);
    put(0, COMPARE_E2E_P95, 100, 200, 300);
    put(1, COMPARE_E2E_P95, 130, 150, 320);
    put(2, COMPARE_E2E_P95, 90, 260, 280);
    ask();
    expect("Answers, p95: no difference beyond chance (200.0 to 210.0 ms).");
    tear_down();
}
END_TEST

START_TEST(those_that_do_not_differ_from_the_best_share_its_place) {
    set_up(3);
    put(0, COMPARE_COMMANDS, 10, 11, 12);
    put(1, COMPARE_COMMANDS, 10, 11.1, 12);
    put(2, COMPARE_COMMANDS, 20, 21, 22);
    ask();
    expect("Redis commands per job: fewest with phase-0 and phase-1 (11.00 ± 2.48), most with two (21.00 ± 2.48): 1.9 "
           "times.");
    tear_down();
}
END_TEST

START_TEST(of_one_run_only_large_differences_are_told) {
    set_up(1);
    put(0, COMPARE_E2E_P95, 100, 0, 0);
    put(1, COMPARE_E2E_P95, 102, 0, 0);
    put(2, COMPARE_E2E_P95, 104, 0, 0);
    put(0, COMPARE_HERD, 30, 0, 0);
    put(1, COMPARE_HERD, 3, 0, 0);
    put(2, COMPARE_HERD, 6, 0, 0);
    ask();
    expect("Answers, p95: no difference beyond chance (100.0 to 104.0 ms).");
    expect("Share of the jobs between two heartbeats that one node gets: smallest with phase-1 (3.00 %), greatest with "
           "phase-0 (30.00 %): 10 times.");
    tear_down();
}
END_TEST

START_TEST(losses_are_told_by_count_and_what_did_not_happen_is_told_too) {
    set_up(3);
    for (size_t i = 0; i < COLUMNS; i++) {
        put(i, COMPARE_SUBMITTED, 100, 100, 100);
        put(i, COMPARE_LOST, i ? 0 : 3, i ? 0 : 4, 0);
    }
    c->column[0].kept = 1;
    strcpy(c->column[0].broken, "lost");
    ask();
    expect("Lost: 7 of 300 with phase-0, none elsewhere.");
    expect("Nothing was answered twice, refused, failed, timed out, granted beyond a limit, made twice or left with "
           "another "
           "state in Redis in any column.");
    expect("phase-0 broke promises in 2 of 3 runs (lost).");
    tear_down();
}
END_TEST

START_TEST(what_the_end_of_an_instance_did_is_told_column_by_column) {
    set_up(1);
    for (size_t i = 0; i < COLUMNS; i++) {
        put(i, COMPARE_SUBMITTED, 100, 0, 0);
        put(i, COMPARE_CAUGHT, 5 + (double)i, 0, 0);
        put(i, COMPARE_CAUGHT_ANSWERED, 3 * (double)i, 0, 0);
    }
    put(1, COMPARE_ELSEWHERE, 9, 0, 0);
    put(2, COMPARE_ELSEWHERE, 8, 0, 0);
    put(2, COMPARE_ELSEWHERE_UNKNOWN, 4, 0, 0);
    put(1, COMPARE_STATES_DISAGREE, 5, 0, 0);
    ask();
    expect("Under way when their instance ended: 5 with phase-0 (none answered well in the end), 6 with phase-1 (3), 7 "
           "with "
           "two (6).");
    expect("Asked about at an instance that does not follow the job: 9 with phase-1 (none in vain), 8 with two (4).");
    expect("Left with another state in Redis: 5 of 100 with phase-1, none elsewhere.");
    tear_down();
}
END_TEST

START_TEST(latencies_of_answers_say_that_what_was_lost_is_not_in_them) {
    set_up(3);
    put(0, COMPARE_E2E_P95, 300, 310, 290);
    put(1, COMPARE_E2E_P95, 100, 101, 99);
    put(2, COMPARE_E2E_P95, 200, 201, 199);
    put(1, COMPARE_LOST, 5, 5, 5);
    ask();
    expect(
        "Answers, p95, without what was lost: soonest with phase-1 (100.0 ± 2.5 ms), latest with phase-0 (300.0 ± 24.8 "
        "ms): 3.0 times.");
    tear_down();
}
END_TEST

START_TEST(what_binds_stands_beside_the_decisions) {
    set_up(1);
    for (size_t i = 0; i < COLUMNS; i++) put(i, COMPARE_DECISIONS, 1000 * (double)(i + 1), 0, 0);
    c->column[0].redis_binds = 1;
    ask();
    expect(
        "Decisions per second at saturation: most by two (3000, scheduler CPU binds), fewest by phase-0 (1000, Redis "
        "binds): 3.0 times.");
    tear_down();
}
END_TEST

START_TEST(a_claim_stands_beside_what_the_run_carried) {
    set_up(1);
    put(0, COMPARE_REQUESTS_PER_S, 2, 0, 0);
    put(0, COMPARE_SUBMITTED, 200, 0, 0);
    put(0, COMPARE_DECISIONS, 50, 0, 0);
    for (compare_figure f = COMPARE_REFUSED; f <= COMPARE_OVER_COMMITS; f++) put(0, f, 0, 0, 0);
    compare_claim first = compare_claim_of(c, 0), variant = compare_claim_of(c, 2);
    ck_assert_str_eq(first.nodes, "< 100");
    ck_assert_str_eq(first.requests, "< 100");
    ck_assert(first.carried);
    ck_assert_double_eq_tol(first.at_saturation, 250, 1e-9);
    ck_assert_ptr_null(variant.nodes);
    put(0, COMPARE_REFUSED, 1, 0, 0);
    ck_assert(!compare_claim_of(c, 0).carried);
    tear_down();
}
END_TEST

START_TEST(only_settings_that_differ_are_told_with_switched_incidents) {
    sched_error err;
    compare_mechanism m[COMPARE_MECHANISMS_MAX];
    set_up(1);
    for (size_t i = 0; i < COLUMNS; i++)
        ck_assert_int_eq(scheduler_config_preset("production", &c->column[i].config, &err), SCHED_OK);
    ck_assert_uint_eq(compare_mechanisms(c, m), 0);
    c->column[1].config.limit = false;
    c->column[2].config.incidents.first_of_equals = true;
    c->column[2].config.instance.presence_ttl = 6 * USEC_PER_SEC;
    ck_assert_uint_eq(compare_mechanisms(c, m), 3);
    ck_assert_str_eq(m[0].name, "limit");
    ck_assert_str_eq(m[0].value[0], "yes");
    ck_assert_str_eq(m[0].value[1], "no");
    ck_assert_str_eq(m[1].name, "presence_ttl");
    ck_assert_str_eq(m[1].value[2], "6s");
    ck_assert_str_eq(m[2].name, "first_of_equals");
    ck_assert_str_eq(m[2].value[2], "yes");
    tear_down();
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        best_and_worst_are_told_with_their_intervals_and_how_many_times,
        what_chance_explains_makes_no_winner,
        those_that_do_not_differ_from_the_best_share_its_place,
        of_one_run_only_large_differences_are_told,
        losses_are_told_by_count_and_what_did_not_happen_is_told_too,
        what_the_end_of_an_instance_did_is_told_column_by_column,
        latencies_of_answers_say_that_what_was_lost_is_not_in_them,
        what_binds_stands_beside_the_decisions,
        a_claim_stands_beside_what_the_run_carried,
        only_settings_that_differ_are_told_with_switched_incidents,
    };
    return SUITE_RUN("compare_verdict", tests);
}
