/* check_cost_model.c - how long the simulated server works on a call. */
#include "sim/redis_host/cost_model.h"

#include "tests/support/suite.h"

START_TEST(calibrated_costs_keep_their_mean_and_repeat_with_their_seed) {
    static const cost_profile profile = {
        .command = {.base_usec = 2.25, .usec_per_byte = 0.01, .cv = 0.5},
        .script[SCRIPT_POOL_JOIN] = {.base_usec = 7.75},
    };
    enum { DRAWS = 200000 };
    cost_model m, same;
    cost_model_init(&m, COST_CALIBRATED, &profile, 5);
    cost_model_init(&same, COST_CALIBRATED, &profile, 5);
    double sum = 0;
    for (int i = 0; i < DRAWS; i++) {
        usec_t cost = cost_model_draw(&m, SCRIPT_NONE, 100);
        ck_assert_int_eq(cost, cost_model_draw(&same, SCRIPT_NONE, 100));
        sum += (double)cost;
    }
    ck_assert_double_eq_tol(cost_model_mean(&m, SCRIPT_NONE, 100), 3.25, 1e-12);
    ck_assert_double_eq_tol(sum / DRAWS, 3.25, 0.02); /* five standard errors */
    sum = 0;
    for (int i = 0; i < DRAWS; i++) {
        usec_t cost = cost_model_draw(&m, SCRIPT_POOL_JOIN, 100);
        ck_assert(cost == 7 || cost == 8);
        sum += (double)cost;
    }
    ck_assert_double_eq_tol(sum / DRAWS, 7.75, 0.005);
    cost_model_init(&m, COST_ZERO, &profile, 5);
    ck_assert_int_eq(cost_model_draw(&m, SCRIPT_POOL_JOIN, 100), 0);
}
END_TEST

START_TEST(every_script_has_a_cost_at_every_size) {
    cost_model m;
    cost_model_init(&m, COST_CALIBRATED, NULL, 1);
    for (int id = SCRIPT_NONE; id < SCRIPT_COUNT; id++) {
        double least = id == SCRIPT_NONE ? 0.1 : 2;
        double mean = cost_model_mean(&m, (script_id)id, 0);
        ck_assert_msg(mean >= least && mean < 100, "%s costs %.2f usec without its arguments",
                      id == SCRIPT_NONE ? "a command" : scripts_name((script_id)id), mean);
        ck_assert_double_gt(cost_model_mean(&m, (script_id)id, 1000), mean);
    }
}
END_TEST

START_TEST(kinds_have_the_names_that_scenarios_use) {
    ck_assert_str_eq(cost_kind_name(COST_CALIBRATED), "calibrated");
    ck_assert_str_eq(cost_kind_name(COST_ZERO), "zero");
    ck_assert_str_eq(cost_kind_name(COST_MEASURED), "measured");
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        calibrated_costs_keep_their_mean_and_repeat_with_their_seed,
        every_script_has_a_cost_at_every_size,
        kinds_have_the_names_that_scenarios_use,
    };
    return SUITE_RUN("cost_model", tests);
}
