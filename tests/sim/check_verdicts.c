/* check_verdicts.c - how jobs went is the node's health; what it lacks keeps its pair away from it. */
#include <stdio.h>
#include <string.h>

#include "tests/support/fsck_now.h"
#include "tests/support/hand_world.h"
#include "tests/support/suite.h"

static void end(void) {
    assert_nothing_in_flight();
    expect_consistent();
    expect_empty_in_the_end();
    close_world();
}

/* One field of a node's record; "" when it is absent. */
static const char *field(const char *node, const char *name) {
    static char text[256];
    redis_key key;
    redis_call call;
    redis_reply *reply;
    call_command(&call, "HGET");
    call_key(&call, key_node(&key, &config.keys, node));
    call_str(&call, name);
    ck_assert_msg(!virtual_redis_sync(redis, &call, &reply, &err), "%s", err.message);
    snprintf(text, sizeof text, "%s", reply_text(reply));
    virtual_redis_reply_free(reply);
    return text;
}

static uint64_t utterance;

/* One job that nobody else can take; what comes of its next attempts is not asked. */
static void fail_on(conn_token conn, const char *code) {
    int before = assigned_count;
    speak(utterance++);
    ck_assert_int_eq(assigned_count, before + 1);
    ck_assert_uint_eq(assigned[before].conn, conn);
    answer(&assigned[before], OUTCOME_FAILED, code);
}

START_TEST(three_failures_make_a_node_degraded_and_one_success_makes_it_ready_again) {
    open_world("production");
    config.attempts_max = 1;
    open_scheduler();
    join(1, "n1", 4);
    for (int i = 0; i < 2; i++) fail_on(1, "PROCESSING_ERROR");
    ck_assert_str_eq(field("n1", "status"), "ready");
    ck_assert_int_eq(count_of(EV_NODE_DEGRADED), 0);
    fail_on(1, "PROCESSING_ERROR");
    ck_assert_str_eq(field("n1", "status"), "degraded");
    ck_assert_int_eq(count_of(EV_NODE_DEGRADED), 1);
    ck_assert_str_eq(last_of(EV_NODE_DEGRADED)->code, "failures");
    pass(config.trial_pause);
    speak(utterance++);
    pass(second);
    ck_assert_int_eq(assigned_count, 4);
    answer(&assigned[3], OUTCOME_OK, "");
    ck_assert_str_eq(field("n1", "status"), "ready");
    ck_assert_int_eq(count_of(EV_NODE_RECOVERED), 1);
    ck_assert_int_eq(count_of(EV_NODE_DEGRADED), 1);
    end();
}
END_TEST

START_TEST(a_degraded_node_is_tried_with_one_job_after_a_pause) {
    open_world("production");
    config.attempts_max = 1;
    open_scheduler();
    join(1, "n1", 4);
    for (int i = 0; i < 3; i++) fail_on(1, "PROCESSING_ERROR");
    usec_t degraded = engine_now(e);
    speak(utterance++);
    speak(utterance++);
    ck_assert_int_eq(assigned_count, 3);
    ck_assert_str_eq(last_of(EV_GRANT_REFUSED)->code, "TRIAL");
    pass(config.trial_pause + second);
    ck_assert_int_eq(assigned_count, 4);
    ck_assert_int_ge(assigned[3].at, degraded + config.trial_pause - 20 * USEC_PER_MSEC);
    answer(&assigned[3], OUTCOME_OK, "");
    pass(2 * second);
    ck_assert_int_eq(assigned_count, 5);
    answer(&assigned[4], OUTCOME_OK, "");
    end();
}
END_TEST

START_TEST(a_node_that_stays_silent_is_blamed) {
    open_world("production");
    config.attempts_max = 1;
    open_scheduler();
    join(1, "n1", 4);
    for (int i = 0; i < 3; i++) speak(utterance++);
    pass(10 * second);
    beat(1);
    pass(11 * second);
    ck_assert_int_eq(answered_count, 3);
    ck_assert_int_eq(cancelled_count, 3);
    ck_assert_str_eq(field("n1", "status"), "degraded");
    end();
}
END_TEST

static void expect_no_blame(const char *code) {
    open_world("production");
    config.attempts_max = 1;
    config.mark_ttl = 100 * USEC_PER_MSEC;
    open_scheduler();
    join(1, "n1", 4);
    for (int i = 0; i < 5; i++) {
        fail_on(1, code);
        pass(second);
    }
    ck_assert_msg(!strcmp(field("n1", "status"), "ready") && !*field("n1", "hist"), "%s: %s, history \"%s\"", code,
                  field("n1", "status"), field("n1", "hist"));
    end();
}

START_TEST(to_be_full_is_no_failure_of_a_node) {
    expect_no_blame("NODE_OVERLOADED");
}
END_TEST

START_TEST(to_lack_a_model_is_no_failure_of_a_node) {
    expect_no_blame("MODEL_NOT_AVAILABLE");
}
END_TEST

START_TEST(to_know_the_utterance_already_is_no_failure_of_a_node) {
    expect_no_blame("DUPLICATE_UTTERANCE_INDEX");
}
END_TEST

START_TEST(an_empty_result_is_a_success_and_a_cancelled_job_says_nothing) {
    open_world("production");
    config.attempts_max = 1;
    open_scheduler();
    join(1, "n1", 4);
    for (int i = 0; i < 2; i++) fail_on(1, "PROCESSING_ERROR");
    speak(utterance++);
    answer(&assigned[2], OUTCOME_NO_TEXT, "");
    pass(2 * second);
    ck_assert_str_eq(field("n1", "hist"), "xx.");
    speak(utterance++);
    scheduler_cancel(s, assigned[3].job, "not_wanted");
    pass(second);
    ck_assert_str_eq(field("n1", "hist"), "xx.");
    end();
}
END_TEST

START_TEST(a_node_that_lacks_a_model_is_left_alone_for_that_pair_only) {
    start_production();
    offer(1, "n1", "en de fr", 4);
    beat(1);
    speak(0);
    node_result lacking = {.job_id = assigned[0].job,
                           .attempt = 1,
                           .outcome = OUTCOME_FAILED,
                           .code = "MODEL_NOT_AVAILABLE",
                           .service = "nmt-en-de@1.2"};
    scheduler_node_result(s, 1, &lacking);
    pass(second / 100);
    ck_assert_int_eq(count_of(EV_NODE_MARKED), 1);
    ck_assert_str_eq(last_of(EV_NODE_MARKED)->node, "n1");
    ck_assert_str_eq(last_of(EV_NODE_MARKED)->code, "nmt-en-de@1.2");
    speak(1);
    ck_assert_str_eq(last_of(EV_GRANT_REFUSED)->code, "MARKED");
    ck_assert_int_eq(assigned_count, 1);
    speak_as("", 2, "fr");
    ck_assert_int_eq(assigned_count, 2);
    answer(&assigned[1], OUTCOME_OK, "");
    offer(2, "n2", "en de", 4);
    beat(2);
    pass(2 * second);
    ck_assert_int_eq(assigned_count, 4);
    for (int i = 2; i < 4; i++) {
        ck_assert_uint_eq(assigned[i].conn, 2);
        answer(&assigned[i], OUTCOME_OK, "");
    }
    end();
}
END_TEST

START_TEST(a_missing_model_without_a_fit_name_is_marked_all_the_same) {
    static const char *const names[] = {NULL, "", "two words"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        start_production();
        event_count = 0;
        join(1, "n1", 4);
        speak(0);
        node_result lacking = {.job_id = assigned[0].job,
                               .attempt = 1,
                               .outcome = OUTCOME_FAILED,
                               .code = "MODEL_NOT_AVAILABLE",
                               .service = names[i]};
        scheduler_node_result(s, 1, &lacking);
        pass(second / 100);
        ck_assert_str_eq(last_of(EV_NODE_MARKED)->code, "unknown");
        close_world();
    }
}
END_TEST

/* "MODEL_NOT_AVAILABLE storm: hot model, version switch." */
START_TEST(a_storm_of_missing_models_is_debounced) {
    open_world("production");
    config.attempts_max = 1;
    open_scheduler();
    join(1, "n1", 64);
    for (int i = 0; i < 40; i++) speak(utterance++);
    ck_assert_int_eq(assigned_count, 40);
    for (int i = 0; i < 40; i++) answer(&assigned[i], OUTCOME_FAILED, "MODEL_NOT_AVAILABLE");
    ck_assert_str_eq(field("n1", "mark_n"), "1");
    ck_assert_int_eq(answered_count, 40);
    end();
}
END_TEST

START_TEST(a_node_above_its_resource_threshold_gets_no_job) {
    start_production();
    join(1, "n1", 4);
    scheduler_node_heartbeat(s, 1, &(node_load){.cpu = 20, .gpu = 85, .mem = 30});
    pass(second / 100);
    speak(0);
    ck_assert_int_eq(assigned_count, 0);
    ck_assert_str_eq(last_of(EV_GRANT_REFUSED)->code, "BUSY");
    scheduler_node_heartbeat(s, 1, &(node_load){.cpu = 20, .gpu = 84, .mem = 30});
    pass(2 * second);
    ck_assert_int_eq(assigned_count, 1);
    answer(&assigned[0], OUTCOME_OK, "");
    end();
}
END_TEST

static void limit_memory(const char *bytes) {
    redis_call call;
    redis_reply *reply;
    call_command(&call, "CONFIG");
    call_str(&call, "SET");
    call_str(&call, "maxmemory");
    call_str(&call, bytes);
    ck_assert_msg(!virtual_redis_sync(redis, &call, &reply, &err), "%s", err.message);
    virtual_redis_reply_free(reply);
}

START_TEST(in_a_full_redis_jobs_end_and_are_told) {
    start_production();
    join(1, "n1", 4);
    join(2, "n2", 4);
    speak(0);
    speak(1);
    limit_memory("1");
    answer(&assigned[0], OUTCOME_OK, "");
    answer(&assigned[1], OUTCOME_FAILED, "PROCESSING_ERROR");
    ck_assert_int_eq(answered_count, 2);
    ck_assert_int_eq(answered[0].outcome, OUTCOME_OK);
    ck_assert_int_eq(answered[1].outcome, OUTCOME_FAILED);
    assert_nothing_in_flight();
    limit_memory("0");
    end();
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        three_failures_make_a_node_degraded_and_one_success_makes_it_ready_again,
        a_degraded_node_is_tried_with_one_job_after_a_pause,
        a_node_that_stays_silent_is_blamed,
        to_be_full_is_no_failure_of_a_node,
        to_lack_a_model_is_no_failure_of_a_node,
        to_know_the_utterance_already_is_no_failure_of_a_node,
        an_empty_result_is_a_success_and_a_cancelled_job_says_nothing,
        a_node_that_lacks_a_model_is_left_alone_for_that_pair_only,
        a_missing_model_without_a_fit_name_is_marked_all_the_same,
        a_storm_of_missing_models_is_debounced,
        a_node_above_its_resource_threshold_gets_no_job,
        in_a_full_redis_jobs_end_and_are_told,
    };
    return SUITE_RUN("verdicts", tests);
}
