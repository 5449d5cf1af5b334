/* check_capacity_answer.c - how a capacity is shared out over groups, and what follows from runs that are written by hand. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/capacity/capacity.h"
#include "tests/support/suite.h"

enum { SEEDS = 4 };

static scenario *sc;
static capacity_axis axis;
static capacity_run runs[64];
static capacity c;

static void read_scenario(const char *yaml) {
    sched_error err;
    sc = scenario_free(sc);
    ck_assert_msg(!scenario_parse("s", yaml, strlen(yaml), &sc, &err), "%s", err.message);
}

#define TWO_GROUPS                                                                                                     \
    "languages: {count: 3}\n"                                                                                          \
    "nodes: [{name: a, count: 30, slots: 1, price: 2}, {name: b, count: 10, slots: 2, price: 3}]\n"                    \
    "sessions: [{name: x, concurrent: 60}, {name: y, concurrent: 30}]\n"                                               \
    "slo: [\"e2e_p95<5s\", \"refused<1%\"]\n"

static void set_up(void) {
    read_scenario(TWO_GROUPS);
}

static void tear_down(void) {
    sc = scenario_free(sc);
}

/* ---- the axis ------------------------------------------------------------------------------------------------------- */

static void expect_settings(const char *vary, int64_t value, int lost, const char *expected) {
    char *text = NULL;
    size_t len = 0;
    sched_error err;
    ck_assert_msg(!axis_parse(vary, &axis, &err), "%s", err.message);
    FILE *out = open_memstream(&text, &len);
    ck_assert_ptr_nonnull(out);
    axis_write(&axis, sc, value, lost, out);
    fclose(out);
    ck_assert_str_eq(text, expected);
    free(text);
}

START_TEST(a_value_is_shared_out_over_groups_in_proportion_and_to_the_last_one) {
    expect_settings("sessions=1..1000", 90, -1, "sessions.0.concurrent=60,sessions.1.concurrent=30");
    expect_settings("sessions=1..1000", 100, -1, "sessions.0.concurrent=67,sessions.1.concurrent=33");
    expect_settings("sessions=1..1000", 2, -1, "sessions.0.concurrent=1,sessions.1.concurrent=1");
    expect_settings("nodes=1..1000", 41, -1, "nodes.0.count=31,nodes.1.count=10");
    expect_settings("nodes=1..1000", 3, -1, "nodes.0.count=2,nodes.1.count=1");
    expect_settings("scheduler.waiting_max=1..1000", 17, -1, "scheduler.waiting_max=17");
}
END_TEST

START_TEST(every_value_has_its_sum_and_at_least_one_of_each_group) {
    read_scenario("nodes: [{count: 1}, {count: 500}, {count: 33}, {count: 7}]\n");
    ck_assert(!axis_parse("nodes=4..1000", &axis, NULL));
    for (int64_t value = 4; value <= 1000; value++) {
        int64_t nodes[GROUPS_MAX], sum = 0;
        axis_nodes(&axis, sc, value, nodes);
        for (size_t i = 0; i < 4; i++) {
            ck_assert_int_ge(nodes[i], 1);
            sum += nodes[i];
        }
        ck_assert_int_eq(sum, value);
    }
}
END_TEST

START_TEST(sessions_that_are_told_by_their_rate_keep_it) {
    read_scenario("sessions: [{name: x, rate: 2/s, length: 60s}]\n");
    expect_settings("sessions=1..1000", 120, -1, "sessions.0.rate=7200.000000/h");
    expect_settings("sessions=1..1000", 60, -1, "sessions.0.rate=3600.000000/h");
}
END_TEST

START_TEST(the_largest_group_is_the_one_with_most_slots_and_goes) {
    ck_assert_int_eq(axis_largest_group(sc), 0);
    expect_settings("sessions=1..1000", 90, 0,
                    "sessions.0.concurrent=60,sessions.1.concurrent=30,nodes.0.join={at: 0s, over: 0s},"
                    "nodes.0.leave={at: 500ms, over: 0s, share: 100%}");
    read_scenario("nodes: [{count: 30, slots: 1}, {count: 20, slots: 2}]\n");
    ck_assert_int_eq(axis_largest_group(sc), 1);
    read_scenario("nodes: [{count: 30, slots: 1}]\n");
    ck_assert_int_eq(axis_largest_group(sc), -1);
}
END_TEST

START_TEST(the_guess_is_where_nine_tenths_of_the_slots_are_in_use) {
    double load = scenario_total(sc).load;
    ck_assert(!axis_parse("sessions=1..100000", &axis, NULL));
    ck_assert(fabs((double)axis_guess(&axis, sc) - 90 * 0.9 / load) <= 1);
    ck_assert(!axis_parse("nodes=1..100000", &axis, NULL));
    ck_assert(fabs((double)axis_guess(&axis, sc) - 40 * load / 0.9) <= 1);
    ck_assert(!axis_parse("sessions=1..5", &axis, NULL));
    ck_assert_int_eq(axis_guess(&axis, sc), 5);
    ck_assert(!axis_parse("instances.count=1..8", &axis, NULL));
    ck_assert_int_eq(axis_guess(&axis, sc), 0);
}
END_TEST

/* ---- the answer ----------------------------------------------------------------------------------------------------- */

static search found(int64_t good, int64_t bad) {
    return (search){.options = {.sense = bad > good ? SEARCH_GREATEST : SEARCH_LEAST,
                                .low = 1,
                                .high = 1000,
                                .precision = 0.5,
                                .step = 2},
                    .has_good = true,
                    .has_bad = true,
                    .good = good,
                    .bad = bad};
}

START_TEST(the_interval_is_students_and_half_of_a_bracket_besides) {
    capacity_answer a = {.seeds = 4, .seed = {found(99, 101), found(103, 105), found(95, 97), found(99, 101)}};
    ck_assert(!axis_parse("sessions=1..1000", &axis, NULL));
    capacity_answer_make(&a, &axis);
    double deviation = sqrt((16 + 16) / 3.0), half = 3.1824 * deviation / 2 + 1;
    ck_assert_int_eq(a.end, SEARCH_FOUND);
    ck_assert(fabs(a.value - 100) < 1e-9);
    ck_assert(fabs(a.high - (100 + half)) < 1e-6 && fabs(a.low - (100 - half)) < 1e-6);
}
END_TEST

START_TEST(one_seed_has_its_bracket_and_neighbours_are_exact) {
    capacity_answer a = {.seeds = 1, .seed = {found(90, 110)}};
    ck_assert(!axis_parse("sessions=1..1000", &axis, NULL));
    capacity_answer_make(&a, &axis);
    ck_assert(a.value == 100 && a.low == 90 && a.high == 110);
    a.seed[0] = found(17, 16);
    capacity_answer_make(&a, &axis);
    ck_assert(a.value == 17 && a.low == 17 && a.high == 17);
    ck_assert_int_eq(a.sense, SEARCH_LEAST);
}
END_TEST

/* Sessions are rounded down, nodes up, and not to more digits than the interval can tell. */
START_TEST(the_number_is_rounded_to_the_safe_side) {
    capacity_answer a = {.sense = SEARCH_GREATEST, .value = 2137.6, .low = 2087, .high = 2188};
    ck_assert_int_eq(capacity_answer_number(&a), 2137);
    a.sense = SEARCH_LEAST;
    ck_assert_int_eq(capacity_answer_number(&a), 2138);
    a.low = 1900, a.high = 2400;
    ck_assert_int_eq(capacity_answer_number(&a), 2140);
    a.sense = SEARCH_GREATEST;
    ck_assert_int_eq(capacity_answer_number(&a), 2130);
    a.low = a.high = a.value = 17;
    ck_assert_int_eq(capacity_answer_number(&a), 17);
}
END_TEST

START_TEST(a_seed_without_a_crossing_leaves_no_answer) {
    capacity_answer a = {.seeds = 2, .seed = {found(90, 110), found(1000, 1001)}};
    a.seed[1].has_bad = false;
    ck_assert(!axis_parse("sessions=1..1000", &axis, NULL));
    capacity_answer_make(&a, &axis);
    ck_assert_int_eq(a.end, SEARCH_EVERYWHERE);
    ck_assert(a.value == 1000);
}
END_TEST

/* ---- what binds ----------------------------------------------------------------------------------------------------- */

/* SEEDS runs at 110 that fail, of which everything but what is given is idle. */
static void failures(double nodes, double a, double b, double redis, double scheduler) {
    ck_assert(!axis_parse("sessions=1..1000", &axis, NULL));
    memset(runs, 0, sizeof runs);
    c = (capacity){.sc = sc,
                   .axis = &axis,
                   .first_seed = 1,
                   .seeds = SEEDS,
                   .runs = runs,
                   .complete = true,
                   .lost_group = -1};
    c.all.seeds = SEEDS;
    for (int64_t i = 0; i < SEEDS; i++) {
        capacity_run *r = &runs[c.run_count++];
        *r = (capacity_run){.value = 110, .seed = 1 + i, .there = true, .missed = i == 3 ? 3 : 1};
        for (size_t f = 0; f < CAPACITY_FIGURES; f++) r->figure[f] = 0;
        r->figure[CAPACITY_NODES] = nodes;
        r->figure[CAPACITY_REDIS] = redis;
        r->figure[CAPACITY_SCHEDULER] = scheduler;
        for (size_t g = 0; g < GROUPS_MAX; g++) r->group[g] = g == 0 ? a / 100 : g == 1 ? b / 100 : (double)NAN;
        c.all.seed[i] = found(100, 110);
    }
    capacity_answer_make(&c.all, &axis);
}

static void expect_binds(binding_kind kind, const char *name) {
    binding b = capacity_binds(&c);
    ck_assert_int_eq(b.kind, kind);
    ck_assert_msg(strstr(b.name, name) != NULL, "%s binds, expected %s", b.name, name);
}

START_TEST(what_is_busiest_binds) {
    failures(85, 95, 60, 20, 30);
    expect_binds(BINDS_GROUP, "nodes of group a");
    failures(40, 45, 35, 92, 80);
    expect_binds(BINDS_REDIS, "Redis");
    failures(40, 45, 35, 50, 97);
    expect_binds(BINDS_SCHEDULER, "scheduler CPU");
    failures(40, 45, 35, 20, 10);
    expect_binds(BINDS_NOTHING, "nothing that is busy");
}
END_TEST

START_TEST(the_nodes_of_a_pair_bind_when_they_are_clearly_busier_than_all) {
    failures(70, 71, 69, 5, 5);
    for (size_t i = 0; i < SEEDS; i++) {
        strcpy(runs[i].pair, i == 0 ? "de:en" : "en:lt");
        runs[i].pair_use = i == 0 ? 0.99 : 0.93;
        runs[i].pair_nodes = 4;
    }
    expect_binds(BINDS_PAIR, "the 4 nodes that serve en:lt");
    ck_assert(fabs(capacity_binds(&c).use - 0.93) < 1e-9);
    for (size_t i = 0; i < SEEDS; i++) runs[i].pair_use = 0.73;
    expect_binds(BINDS_GROUP, "nodes of group a");
}
END_TEST

/* With four instances the work is that of four processors. */
START_TEST(the_schedulers_share_is_of_each_instance) {
    read_scenario(TWO_GROUPS "instances: {count: 4}\n");
    failures(40, 45, 35, 20, 320);
    expect_binds(BINDS_SCHEDULER, "scheduler CPU");
    ck_assert(fabs(capacity_binds(&c).use - 0.8) < 1e-9);
}
END_TEST

START_TEST(what_the_first_failures_miss_is_told_with_how_many) {
    char text[CAPACITY_SENTENCE_MAX];
    failures(90, 90, 90, 5, 5);
    ck_assert_str_eq(capacity_missed(&c, text), "e2e_p95<5s, refused<1% (1 of 4 seeds)");
    runs[0].broken = true;
    ck_assert_str_eq(capacity_missed(&c, text),
                     "e2e_p95<5s, refused<1% (1 of 4 seeds), a promise broke (1 of 4 seeds)");
}
END_TEST

START_TEST(cost_is_that_of_the_nodes_at_the_answer) {
    failures(90, 90, 90, 5, 5);
    ck_assert(capacity_cost(&c, 500) == 30 * 2 + 10 * 3);
    ck_assert(!axis_parse("nodes=1..1000", &axis, NULL));
    ck_assert(capacity_cost(&c, 80) == 60 * 2 + 20 * 3);
}
END_TEST

/* Half as long again as 100 ms is reached between 20 and 30, where 100 turn into 200. */
START_TEST(the_knee_lies_where_latency_has_grown_by_half) {
    static const int64_t values[] = {10, 20, 30, 40};
    static const double p95[] = {100, 100, 200, 900};
    failures(90, 90, 90, 5, 5);
    c.run_count = 4;
    for (size_t i = 0; i < 4; i++) {
        runs[i].value = values[i];
        runs[i].figure[CAPACITY_E2E_P95] = p95[i];
    }
    ck_assert(fabs(capacity_knee(&c) - 25) < 1e-9);
    c.run_count = 2;
    ck_assert(isnan(capacity_knee(&c)));
}
END_TEST

int main(void) {
    TCase *tests = tcase_create("capacity_answer");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_value_is_shared_out_over_groups_in_proportion_and_to_the_last_one);
    tcase_add_test(tests, every_value_has_its_sum_and_at_least_one_of_each_group);
    tcase_add_test(tests, sessions_that_are_told_by_their_rate_keep_it);
    tcase_add_test(tests, the_largest_group_is_the_one_with_most_slots_and_goes);
    tcase_add_test(tests, the_guess_is_where_nine_tenths_of_the_slots_are_in_use);
    tcase_add_test(tests, the_interval_is_students_and_half_of_a_bracket_besides);
    tcase_add_test(tests, one_seed_has_its_bracket_and_neighbours_are_exact);
    tcase_add_test(tests, the_number_is_rounded_to_the_safe_side);
    tcase_add_test(tests, a_seed_without_a_crossing_leaves_no_answer);
    tcase_add_test(tests, what_is_busiest_binds);
    tcase_add_test(tests, the_nodes_of_a_pair_bind_when_they_are_clearly_busier_than_all);
    tcase_add_test(tests, the_schedulers_share_is_of_each_instance);
    tcase_add_test(tests, what_the_first_failures_miss_is_told_with_how_many);
    tcase_add_test(tests, cost_is_that_of_the_nodes_at_the_answer);
    tcase_add_test(tests, the_knee_lies_where_latency_has_grown_by_half);
    return suite_run_case("capacity_answer", tests);
}
