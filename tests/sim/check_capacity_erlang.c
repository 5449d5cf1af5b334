/* check_capacity_erlang.c - the number of lingua-sim capacity against Erlang's formula. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "sim/commands/commands.h"
#include "sim/report/json_path.h"
#include "tests/support/command_world.h"
#include "tests/support/suite.h"

#define CAPACITY(...) command_run(cmd_capacity, "lingua-sim capacity", (const char *const[]){__VA_ARGS__, NULL})

static double number(json_t *o, const char *path) {
    double value = json_number_at(o, path);
    ck_assert_msg(!isnan(value), "there is no %s", path);
    return value;
}

/* Mean wait in an M/M/n queue, in seconds: Erlang's C formula, by the recursion of his B formula. */
static double mean_wait(int servers, double service_s, double per_s) {
    double load = per_s * service_s, blocked = 1;
    for (int k = 1; k <= servers; k++) blocked = load * blocked / (k + load * blocked);
    double waits = blocked / (1 - load / servers * (1 - blocked));
    return waits * service_s / (servers - load);
}

/* Requests per second at which the mean wait is `wait_s`. */
static double erlang_capacity(int servers, double service_s, double wait_s) {
    double low = 0, high = servers / service_s;
    for (int i = 0; i < 60; i++) {
        double middle = (low + high) / 2;
        if (mean_wait(servers, service_s, middle) < wait_s)
            low = middle;
        else
            high = middle;
    }
    return low;
}

START_TEST(an_answer_that_is_known_in_closed_form_is_found_within_five_percent) {
    char folder[TEMP_PATH_MAX], home[TEMP_PATH_MAX], scenario[TEMP_PATH_MAX + 64];
    ck_assert_ptr_nonnull(getcwd(home, sizeof home));
    command_enter(folder);
    snprintf(scenario, sizeof scenario, "%s/scenarios/capacity/erlang.yaml", home);
    command_expect_status(CAPACITY(scenario, "--vary", "sessions=300..500", "--set", "duration=4min", "--runs", "3",
                                   "--precision", "3", "--no-curve", "--out", "a"),
                          STATUS_FINE);
    json_t *o = command_json("a/capacity.json");
    double sessions = 10 * erlang_capacity(10, 0.2, 0.02); /* each speaks once in ten seconds */
    double found = number(o, "answer.mean");
    ck_assert_msg(fabs(found / sessions - 1) <= 0.05, "it carries %.1f sessions, %.1f by Erlang's formula", found,
                  sessions);
    ck_assert(number(o, "answer.low") <= sessions && sessions <= number(o, "answer.high"));
    ck_assert_str_eq(json_string_value(json_at(o, "binds")), "nodes");
    json_decref(o);
    command_leave(folder);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {an_answer_that_is_known_in_closed_form_is_found_within_five_percent};
    return SUITE_RUN("capacity by Erlang", tests);
}
