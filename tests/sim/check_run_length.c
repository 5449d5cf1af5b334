/* check_run_length.c - of which scenarios a search runs less than they say. */
#include <string.h>

#include "sim/capacity/run_length.h"
#include "tests/support/suite.h"

#define NODES    "nodes: [{name: gpu, count: 6, join: {over: 5s}}]\n"
#define SESSIONS "sessions: [{name: talkers, concurrent: 10, join: {at: 5s, over: 5s}}]\n"
#define TEN_MIN  "name: s\nduration: 10min\nwarmup: 10s\nlanguages: {count: 2}\n"

static usec_t usual(const char *yaml) {
    scenario *sc = NULL;
    sched_error err;
    ck_assert_msg(!scenario_parse("s.yaml", yaml, strlen(yaml), &sc, &err), "%s", err.message);
    usec_t length = run_length_usual(sc);
    scenario_free(sc);
    return length;
}

static void expect_whole(const char *yaml) {
    ck_assert_msg(usual(yaml) == 600 * USEC_PER_SEC, "cut: %s", yaml);
}

START_TEST(what_goes_on_alike_is_cut_to_four_minutes) {
    ck_assert_int_eq(usual(TEN_MIN NODES SESSIONS), RUN_LENGTH_USUAL);
    ck_assert_int_eq(usual(TEN_MIN NODES
                           "sessions: [{name: calls, rate: 5/s, arrivals: constant, join: {at: 0s, over: 5s}}]\n"),
                     RUN_LENGTH_USUAL);
}
END_TEST

START_TEST(what_is_shorter_stays_as_it_is) {
    ck_assert_int_eq(usual("name: s\nduration: 4min\nwarmup: 10s\nlanguages: {count: 2}\n" NODES SESSIONS),
                     240 * USEC_PER_SEC);
    ck_assert_int_eq(usual("name: s\nduration: 25s\nwarmup: 10s\nlanguages: {count: 2}\n" NODES SESSIONS),
                     25 * USEC_PER_SEC);
}
END_TEST

START_TEST(where_something_is_still_to_come_all_of_it_is_run) {
    expect_whole(TEN_MIN NODES SESSIONS "faults: [{at: 8min, kind: crash, nodes: {group: gpu, count: 1}, for: 10s}]\n");
    expect_whole(TEN_MIN NODES "sessions: [{name: t, rate: 5/s, length: 10s, join: {at: 0s, over: 5s}, "
                               "arrivals: {bursts: {factor: 5, calm: 1min, burst: 10s}}}]\n");
    expect_whole(TEN_MIN NODES "sessions: [{name: late, concurrent: 10, join: {at: 5s, over: 6s}}]\n");
    expect_whole(TEN_MIN SESSIONS "nodes: [{name: late, count: 6, join: {at: 7min}}]\n");
    expect_whole(TEN_MIN SESSIONS "nodes: [{name: gpu, count: 6, join: {over: 5s}, leave: {at: 8min, share: 50%}}]\n");
    expect_whole("name: s\nduration: 10min\nwarmup: 2min\nlanguages: {count: 2}\n" NODES SESSIONS);
}
END_TEST

int main(void) {
    TCase *tests = tcase_create("run length");
    tcase_add_test(tests, what_goes_on_alike_is_cut_to_four_minutes);
    tcase_add_test(tests, what_is_shorter_stays_as_it_is);
    tcase_add_test(tests, where_something_is_still_to_come_all_of_it_is_run);
    return suite_run_case("run length", tests);
}
