/* check_node_health.c - nodes that fail their jobs, among others and alone: what they cost, and how they come back. */
#include "tests/support/hand_world.h"

#include <string.h>

#include "tests/support/suite.h"

static uint64_t utterance;

/* The node that has this connection fails every job. */
enum { NOBODY = 0, ALL_NODES = 1000000 };

static int handled; /* assignments that were answered */

static bool fails(conn_token conn, conn_token broken) {
    return broken == ALL_NODES || conn == broken;
}

/* Every assignment is answered, also those that follow from the answers. */
static void answer_all(conn_token broken) {
    for (; handled < assigned_count; handled++) {
        bool failed = fails(assigned[handled].conn, broken);
        answer(&assigned[handled], failed ? OUTCOME_FAILED : OUTCOME_OK, failed ? "PROCESSING_ERROR" : "");
    }
}

/* `jobs` one after the other, `pause` between two. */
static void talk(int jobs, usec_t pause, conn_token broken) {
    for (int i = 0; i < jobs; i++) {
        speak(utterance++);
        answer_all(broken);
        pass(pause);
        answer_all(broken);
    }
}

static int assigned_to(conn_token conn) {
    int count = 0;
    for (int i = 0; i < assigned_count; i++) count += assigned[i].conn == conn;
    return count;
}

static int answered_with(job_outcome outcome) {
    int count = 0;
    for (int i = 0; i < answered_count; i++) count += answered[i].outcome == outcome;
    return count;
}

static void join_fleet(int nodes) {
    for (conn_token conn = 1; conn <= (conn_token)nodes; conn++) {
        char name[8];
        snprintf(name, sizeof name, "n%d", (int)conn);
        join(conn, name, 4);
    }
}

static void beat_fleet(int nodes) {
    for (conn_token conn = 1; conn <= (conn_token)nodes; conn++) beat(conn);
}

/* Until every job has its end; nodes live on. */
static void work_off(conn_token broken, int nodes) {
    for (int i = 0; i < 60 && scheduler_count(s).jobs > 0; i++) {
        if (i % 10 == 0) beat_fleet(nodes);
        pass(second);
        answer_all(broken);
    }
    ck_assert_int_eq(scheduler_count(s).jobs, 0);
    pass(config.trial_pause);
    beat_fleet(nodes);
}

static void open_single_attempts(void) {
    open_world("production");
    config.attempts_max = 1;
    open_scheduler();
}

/* 'x' fails, '.' goes well: is n1 degraded after that? */
static bool degraded_after(const char *verdicts) {
    open_single_attempts();
    handled = 0;
    join(1, "n1", 4);
    for (const char *at = verdicts; *at; at++) talk(1, 0, *at == 'x' ? 1 : NOBODY);
    bool degraded = !strcmp(node_field("n1", "status"), "degraded");
    ck_assert_int_eq(count_of(EV_NODE_DEGRADED), degraded);
    close_world();
    return degraded;
}

START_TEST(three_failures_of_the_last_five_attempts_degrade_a_node_and_fewer_do_not) {
    static const char *const degrade[] = {"xxx", "x.xx", "xx.x", "x..xx", "x.x.x", "xx..x", "......x.x.x"};
    static const char *const fine[] = {"", "xx", "xx.", "x...x...x", "xx...x", "x.x...x.", "xx...xx..."};
    for (size_t i = 0; i < sizeof degrade / sizeof *degrade; i++)
        ck_assert_msg(degraded_after(degrade[i]), "\"%s\" leaves it ready", degrade[i]);
    for (size_t i = 0; i < sizeof fine / sizeof *fine; i++)
        ck_assert_msg(!degraded_after(fine[i]), "\"%s\" degrades it", fine[i]);
}
END_TEST

START_TEST(a_broken_node_among_healthy_ones_costs_few_attempts_and_no_job) {
    enum { JOBS = 100 };
    start_production();
    join_fleet(4);
    usec_t began = engine_now(e);
    talk(JOBS, 200 * USEC_PER_MSEC, 2);
    ck_assert_int_eq(answered_with(OUTCOME_OK), JOBS);
    int64_t trials = (engine_now(e) - began) / config.trial_pause + 1;
    ck_assert_msg(assigned_to(2) <= 3 + trials, "%d jobs for the broken node in %lld trials", assigned_to(2),
                  (long long)trials);
    ck_assert_int_ge(assigned_to(2), 4); /* it is tried again */
    ck_assert_int_eq(count_of(EV_NODE_DEGRADED), 1);
    ck_assert_str_eq(last_of(EV_NODE_DEGRADED)->node, "n2");
    ck_assert_int_eq(count_of(EV_NODE_RECOVERED), 0);
    close_world();
}
END_TEST

START_TEST(a_degraded_node_has_one_job_at_a_time_and_the_others_get_the_rest) {
    start_production();
    join_fleet(2);
    set_node_field("n1", "status", "degraded");
    for (int i = 0; i < 5; i++) speak(utterance++);
    ck_assert_int_eq(assigned_count, 5);
    ck_assert_int_le(reservations_of("n1"), 1);
    ck_assert_int_eq(reservations_of("n1") + reservations_of("n2"), 5);
    speak(utterance++);
    ck_assert_int_le(reservations_of("n1"), 1);
    close_world();
}
END_TEST

START_TEST(a_fleet_of_degraded_nodes_still_works_and_comes_back) {
    enum { FLEET = 3 };
    open_single_attempts();
    join_fleet(FLEET);
    talk(60, 100 * USEC_PER_MSEC, ALL_NODES);
    ck_assert_int_eq(count_of(EV_NODE_DEGRADED), FLEET);
    work_off(ALL_NODES, FLEET);
    int before = answered_with(OUTCOME_OK);
    talk(20, second, NOBODY);
    ck_assert_int_eq(answered_with(OUTCOME_OK) - before, 20);
    ck_assert_int_eq(count_of(EV_NODE_RECOVERED), FLEET);
    for (int i = 1; i <= FLEET; i++) {
        char name[8];
        snprintf(name, sizeof name, "n%d", i);
        ck_assert_str_eq(node_field(name, "status"), "ready");
        ck_assert_str_eq(node_field(name, "hist"), "");
    }
    close_world();
}
END_TEST

START_TEST(jobs_wait_for_the_trial_of_a_fleet_of_degraded_nodes) {
    open_single_attempts();
    join_fleet(1);
    talk(3, 0, 1);
    usec_t degraded = last_of(EV_NODE_DEGRADED)->at;
    speak(utterance++);
    ck_assert_int_eq(scheduler_count(s).waiting, 1);
    pass(config.trial_pause + config.retry_max);
    ck_assert_int_eq(assigned_count, 4);
    ck_assert_int_ge(assigned[3].at - degraded, config.trial_pause);
    answer_all(NOBODY);
    ck_assert_int_eq(answered[3].outcome, OUTCOME_OK);
    close_world();
}
END_TEST

START_TEST(every_failure_of_a_degraded_node_begins_its_pause_anew) {
    open_single_attempts();
    join_fleet(1);
    talk(3, 0, 1);
    for (int trial = 0; trial < 3; trial++) {
        usec_t failed = engine_now(e);
        speak(utterance++);
        pass(config.trial_pause + config.retry_max);
        ck_assert_int_eq(assigned_count, 4 + trial);
        ck_assert_int_ge(assigned[3 + trial].at, failed + config.trial_pause - 20 * USEC_PER_MSEC);
        answer_all(1);
        beat(1);
    }
    ck_assert_int_eq(count_of(EV_NODE_DEGRADED), 1);
    close_world();
}
END_TEST

START_TEST(health_stays_with_the_node_that_comes_back_with_the_same_languages) {
    open_single_attempts();
    join_fleet(1);
    talk(3, 0, 1);
    join(2, "n1", 4);
    ck_assert_str_eq(node_field("n1", "status"), "degraded");
    close_world();
}
END_TEST

START_TEST(other_languages_begin_anew) {
    open_single_attempts();
    join_fleet(1);
    talk(3, 0, 1);
    offer(1, "n1", "en de fr", 4);
    beat(1);
    ck_assert_str_eq(node_field("n1", "status"), "ready");
    talk(1, 0, NOBODY);
    ck_assert_int_eq(answered[3].outcome, OUTCOME_OK);
    ck_assert_msg(count_of(EV_NODE_RECOVERED) == 0, "it had nothing to recover from");
    talk(2, 0, 1);
    ck_assert_str_eq(node_field("n1", "status"), "ready");
    talk(1, 0, 1);
    ck_assert_int_eq(count_of(EV_NODE_DEGRADED), 2);
    close_world();
}
END_TEST

START_TEST(a_node_that_is_lost_with_its_jobs_comes_back_healthy) {
    start_production();
    join_fleet(1);
    for (int i = 0; i < 4; i++) speak(utterance++);
    scheduler_node_gone(s, 1);
    pass(second);
    join(2, "n1", 4);
    ck_assert_str_eq(node_field("n1", "status"), "ready");
    ck_assert_str_eq(node_field("n1", "hist"), "");
    close_world();
}
END_TEST

START_TEST(a_degraded_node_that_drains_ends_with_its_trial) {
    open_single_attempts();
    join_fleet(1);
    talk(3, 0, 1);
    pass(config.trial_pause);
    beat(1);
    speak(utterance++);
    pass(second);
    ck_assert_int_eq(assigned_count, 4);
    scheduler_node_drain(s, 1);
    pass(10 * USEC_PER_MSEC);
    ck_assert_int_eq(count_of(EV_NODE_OFFLINE), 0);
    answer_all(NOBODY);
    ck_assert_str_eq(last_of(EV_NODE_OFFLINE)->code, "drained");
    ck_assert_int_eq(count_of(EV_NODE_RECOVERED), 0);
    close_world();
}
END_TEST

/* ---- storms --------------------------------------------------------------------------------------------------------- */

START_TEST(in_a_storm_of_errors_every_job_is_answered_and_afterwards_all_goes_well) {
    enum { FLEET = 4 };
    start_production();
    join_fleet(FLEET);
    talk(40, 100 * USEC_PER_MSEC, ALL_NODES);
    work_off(ALL_NODES, FLEET);
    ck_assert_int_eq(answered_count, 40);
    ck_assert_int_eq(answered_with(OUTCOME_OK), 0);
    ck_assert_int_eq(count_of(EV_NODE_OFFLINE), 0);
    talk(20, second, NOBODY);
    ck_assert_int_eq(answered_with(OUTCOME_OK), 20);
    close_world();
}
END_TEST

static void miss_model(int target, const char *model) {
    char tgt[LANG_MAX + 1];
    int before = assigned_count;
    snprintf(tgt, sizeof tgt, "x%d", target);
    speak_as("", utterance++, tgt);
    ck_assert_msg(assigned_count == before + 1, "the job into %s was not assigned", tgt);
    const said *a = &assigned[before];
    scheduler_node_result(s, a->conn,
                          &(node_result){.job_id = a->job,
                                         .attempt = a->attempt,
                                         .outcome = OUTCOME_FAILED,
                                         .code = "MODEL_NOT_AVAILABLE",
                                         .service = model});
    pass(USEC_PER_MSEC);
}

/* One source and 31 targets. */
static void offer_many_targets(void) {
    char targets[256] = "";
    for (int i = 0; i <= 30; i++) snprintf(targets + strlen(targets), sizeof targets - strlen(targets), "x%d ", i);
    node_registration r = {.node_id = "n1",
                           .asr = langs("en"),
                           .semantic = langs("en"),
                           .tts = langs(targets),
                           .slots = 4};
    scheduler_node_register(s, 1, &r);
    pass(10 * USEC_PER_MSEC);
    beat(1);
}

START_TEST(a_node_that_reports_more_than_30_missing_models_in_10_s_is_not_believed_further) {
    open_single_attempts();
    offer_many_targets();
    for (int target = 0; target < 30; target++) miss_model(target, "nmt@1");
    ck_assert_int_eq(count_of(EV_NODE_MARKED), 30);
    miss_model(30, "nmt@1");
    ck_assert_int_eq(count_of(EV_NODE_MARKED), 30);
    pass(10 * second);
    miss_model(30, "nmt@1");
    ck_assert_int_eq(count_of(EV_NODE_MARKED), 31);
    ck_assert_str_eq(node_field("n1", "status"), "ready");
    close_world();
}
END_TEST

START_TEST(a_marked_pair_is_tried_again_when_the_mark_has_passed) {
    open_single_attempts();
    offer_many_targets();
    miss_model(0, "nmt@1");
    speak_as("", utterance++, "x0");
    ck_assert_str_eq(last_of(EV_GRANT_REFUSED)->code, "MARKED");
    speak_as("", utterance++, "x1");
    ck_assert_int_eq(assigned_count, 2);
    for (int i = 0; i < 6; i++) {
        pass(10 * second);
        beat(1);
    }
    speak_as("", utterance++, "x0");
    ck_assert_int_eq(assigned_count, 3);
    close_world();
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        three_failures_of_the_last_five_attempts_degrade_a_node_and_fewer_do_not,
        a_broken_node_among_healthy_ones_costs_few_attempts_and_no_job,
        a_degraded_node_has_one_job_at_a_time_and_the_others_get_the_rest,
        a_fleet_of_degraded_nodes_still_works_and_comes_back,
        jobs_wait_for_the_trial_of_a_fleet_of_degraded_nodes,
        every_failure_of_a_degraded_node_begins_its_pause_anew,
        health_stays_with_the_node_that_comes_back_with_the_same_languages,
        other_languages_begin_anew,
        a_node_that_is_lost_with_its_jobs_comes_back_healthy,
        a_degraded_node_that_drains_ends_with_its_trial,
        in_a_storm_of_errors_every_job_is_answered_and_afterwards_all_goes_well,
        a_node_that_reports_more_than_30_missing_models_in_10_s_is_not_believed_further,
        a_marked_pair_is_tried_again_when_the_mark_has_passed,
    };
    return SUITE_RUN("node health", tests);
}
