/* check_node_ready.c - what a node's own heartbeats say of it: are its services ready, and is its host busy? */
#include "tests/support/hand_world.h"

#include <math.h>
#include <string.h>

#include "tests/support/suite.h"

static const node_load unready = {.cpu = 10, .unready = true};

/* ---- services that are not ready ------------------------------------------------------------------------------------ */

START_TEST(a_node_joins_no_pool_before_its_services_are_ready) {
    start_production();
    offer(1, "n1", "en de", 4);
    for (int i = 0; i < 3; i++) {
        beat_with(1, unready);
        pass(15 * second);
    }
    ck_assert_int_eq(pool_size("en", "de"), 0);
    ck_assert_int_eq(count_of(EV_NODE_READY), 0);
    beat(1);
    ck_assert_int_eq(pool_size("en", "de"), 1);
    ck_assert_int_eq(count_of(EV_NODE_READY), 1);
    ck_assert_int_eq(count_of(EV_NODE_DEGRADED), 0);
    ck_assert_int_eq(count_of(EV_NODE_OFFLINE), 0);
    close_world();
}
END_TEST

START_TEST(a_node_that_is_not_ready_within_a_minute_is_degraded_once_and_may_still_become_ready) {
    start_production();
    offer(1, "n1", "en de", 4);
    usec_t registered = engine_now(e);
    for (int i = 0; i < 8; i++) {
        beat_with(1, unready);
        ck_assert_int_eq(count_of(EV_NODE_DEGRADED), engine_now(e) - registered > config.ready_limit);
        pass(15 * second);
    }
    ck_assert_int_eq(count_of(EV_NODE_DEGRADED), 1);
    ck_assert_str_eq(last_of(EV_NODE_DEGRADED)->code, "never_ready");
    ck_assert_str_eq(last_of(EV_NODE_DEGRADED)->node, "n1");
    ck_assert_int_eq(pool_size("en", "de"), 0);
    ck_assert_int_eq(count_of(EV_NODE_OFFLINE), 0);
    beat(1);
    ck_assert_str_eq(node_field("n1", "status"), "ready");
    speak(0);
    speak(1);
    ck_assert_msg(assigned_count == 2, "it has no trial to pass: %d jobs", assigned_count);
    close_world();
}
END_TEST

START_TEST(a_ready_node_that_becomes_unready_is_refused_at_the_grant) {
    start_production();
    join(1, "n1", 4);
    join(2, "n2", 4);
    beat_with(1, unready);
    ck_assert_int_eq(pool_size("en", "de"), 2);
    for (uint64_t i = 0; i < 4; i++) speak(i);
    ck_assert_int_eq(assigned_count, 4);
    for (int i = 0; i < 4; i++) ck_assert_uint_eq(assigned[i].conn, 2);
    ck_assert_str_eq(last_of(EV_GRANT_REFUSED)->node, "n1");
    ck_assert_str_eq(last_of(EV_GRANT_REFUSED)->code, "NOTREADY");
    ck_assert_int_eq(count_of(EV_NODE_DEGRADED), 0);
    close_world();
}
END_TEST

START_TEST(a_node_that_is_ready_again_gets_the_waiting_jobs_at_once) {
    start_production();
    join(1, "n1", 2);
    beat_with(1, unready);
    for (uint64_t i = 0; i < 3; i++) speak(i);
    pass(4 * second);
    ck_assert_int_eq(assigned_count, 0);
    usec_t again = engine_now(e);
    beat(1);
    ck_assert_int_eq(assigned_count, 2);
    for (int i = 0; i < 2; i++) ck_assert_int_eq(assigned[i].at - again, 0);
    close_world();
}
END_TEST

START_TEST(an_unready_node_finishes_what_it_has) {
    start_production();
    join(1, "n1", 4);
    speak(0);
    beat_with(1, unready);
    answer(&assigned[0], OUTCOME_OK, "");
    ck_assert_int_eq(answered[0].outcome, OUTCOME_OK);
    close_world();
}
END_TEST

/* ---- a busy host ---------------------------------------------------------------------------------------------------- */

START_TEST(a_node_above_the_limit_of_one_resource_is_refused_and_another_gets_the_job) {
    static const node_load loads[] = {{.cpu = 85}, {.gpu = 85}, {.mem = 85}};
    start_production();
    join(1, "n1", 12);
    join(2, "n2", 12);
    for (int i = 0; i < 3; i++) {
        int first = assigned_count, refused = count_of(EV_GRANT_REFUSED);
        beat_with(1, loads[i]);
        for (int k = 0; k < 4; k++) speak((uint64_t)first + (uint64_t)k);
        ck_assert_int_eq(assigned_count, first + 4);
        for (int k = first; k < assigned_count; k++) ck_assert_uint_eq(assigned[k].conn, 2);
        ck_assert_msg(count_of(EV_GRANT_REFUSED) > refused, "figure %d: nobody asked n1", i);
        ck_assert_str_eq(last_of(EV_GRANT_REFUSED)->code, "BUSY");
    }
    close_world();
}
END_TEST

START_TEST(just_below_the_limit_a_node_gets_jobs) {
    start_production();
    join(1, "n1", 4);
    beat_with(1, (node_load){.cpu = 84.9, .gpu = 84.9, .mem = 84.9});
    speak(0);
    ck_assert_int_eq(assigned_count, 1);
    close_world();
}
END_TEST

START_TEST(the_limit_is_in_percent) {
    start_production();
    join(1, "n1", 4);
    beat_with(1, (node_load){.cpu = 0.99});
    speak(0);
    ck_assert_int_eq(assigned_count, 1);
    beat_with(1, (node_load){.cpu = 99});
    speak(1);
    ck_assert_int_eq(assigned_count, 1);
    close_world();
}
END_TEST

START_TEST(without_a_limit_a_busy_node_gets_jobs) {
    open_world("production");
    config.resource_limit = 0;
    open_scheduler();
    join(1, "n1", 4);
    beat_with(1, (node_load){.cpu = 100, .gpu = 100, .mem = 100});
    speak(0);
    ck_assert_int_eq(assigned_count, 1);
    close_world();
}
END_TEST

START_TEST(a_node_whose_host_is_free_again_gets_the_waiting_jobs_at_once) {
    start_production();
    join(1, "n1", 2);
    beat_with(1, (node_load){.gpu = 97});
    speak(0);
    pass(4 * second);
    usec_t again = engine_now(e);
    beat_with(1, (node_load){.gpu = 60});
    ck_assert_int_eq(assigned_count, 1);
    ck_assert_int_eq(assigned[0].at - again, 0);
    close_world();
}
END_TEST

START_TEST(senseless_figures_are_taken_for_the_nearest_sensible_ones) {
    static const struct {
        node_load load;
        const char *cpu, *gpu, *mem, *running;
    } cases[] = {
        {{.cpu = NAN, .gpu = -INFINITY, .mem = -1, .running_jobs = -1}, "0", "0", "0", "0"},
        {{.cpu = INFINITY, .gpu = 1e300, .mem = 1e18, .running_jobs = INT64_MAX},
         "100000",
         "100000",
         "100000",
         "1000000"},
        {{.cpu = -0.0, .gpu = 1e-300, .mem = 0.999, .running_jobs = INT64_MIN}, "0", "0", "0", "0"},
    };
    start_production();
    join(1, "n1", 4);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        beat_with(1, cases[i].load);
        ck_assert_str_eq(node_field("n1", "cpu"), cases[i].cpu);
        ck_assert_str_eq(node_field("n1", "gpu"), cases[i].gpu);
        ck_assert_str_eq(node_field("n1", "mem"), cases[i].mem);
        ck_assert_str_eq(node_field("n1", "running"), cases[i].running);
    }
    ck_assert_int_eq(count_of(EV_REDIS), 0);
    ck_assert_int_eq(closed_count, 0);
    speak(0);
    ck_assert_int_eq(assigned_count, 1);
    close_world();
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        a_node_joins_no_pool_before_its_services_are_ready,
        a_node_that_is_not_ready_within_a_minute_is_degraded_once_and_may_still_become_ready,
        a_ready_node_that_becomes_unready_is_refused_at_the_grant,
        a_node_that_is_ready_again_gets_the_waiting_jobs_at_once,
        an_unready_node_finishes_what_it_has,
        a_node_above_the_limit_of_one_resource_is_refused_and_another_gets_the_job,
        just_below_the_limit_a_node_gets_jobs,
        the_limit_is_in_percent,
        without_a_limit_a_busy_node_gets_jobs,
        a_node_whose_host_is_free_again_gets_the_waiting_jobs_at_once,
        senseless_figures_are_taken_for_the_nearest_sensible_ones,
    };
    return SUITE_RUN("node ready", tests);
}
