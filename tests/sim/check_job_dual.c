/* check_job_dual.c - the flow of a job that memory decides and Redis has a copy of, with a lock around the creation. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/hand_world.h"
#include "tests/support/suite.h"

enum { NODE = 1, OTHER = 2 };

#define REQUEST "s-1:0:de"

static void prepare(void) {
    open_world("production");
    config.job_store = JOB_STORE_DUAL;
    config.idempotency = IDEMPOTENCY_LOCK;
}

static void start(void) {
    prepare();
    open_scheduler();
}

static char text[1100];

/* The reply of a command of one key and one more word. */
static const char *ask_text(const char *command, const char *key, const char *word) {
    redis_call call;
    redis_reply *reply;
    call_command(&call, command);
    call_key(&call, key);
    if (word) call_str(&call, word);
    ck_assert_msg(!virtual_redis_sync(redis, &call, &reply, &err), "%s", err.message);
    snprintf(text, sizeof text, "%s", reply_text(reply));
    virtual_redis_reply_free(reply);
    return text;
}

static const char *copy_of(const char *job, const char *field) {
    redis_key key;
    return ask_text("HGET", key_job_copy(&key, &config.keys, job), field);
}

static const char *binding(void) {
    redis_key key;
    return ask_text("GET", key_request_binding(&key, &config.keys, REQUEST), NULL);
}

static const char *lock(void) {
    redis_key key;
    return ask_text("GET", key_request_lock(&key, &config.keys, REQUEST), NULL);
}

static void set_text(const char *key, const char *value, const char *msec) {
    redis_call call;
    redis_reply *reply;
    call_command(&call, "SET");
    call_key(&call, key);
    call_str(&call, value);
    call_str(&call, "PX");
    call_str(&call, msec);
    ck_assert_msg(!virtual_redis_sync(redis, &call, &reply, &err), "%s", err.message);
    virtual_redis_reply_free(reply);
}

/* Another instance has gone on with the job. */
static void copy_moves_on(const char *job) {
    redis_key key;
    redis_call call;
    redis_reply *reply;
    call_command(&call, "HSET");
    call_key(&call, key_job_copy(&key, &config.keys, job));
    call_str(&call, "attempt");
    call_str(&call, "7");
    ck_assert_msg(!virtual_redis_sync(redis, &call, &reply, &err), "%s", err.message);
    virtual_redis_reply_free(reply);
}

START_TEST(each_step_of_a_job_is_found_in_its_copy) {
    start();
    join(NODE, "n1", 2);
    speak(0);
    const char *job = assigned[0].job;
    ck_assert_str_eq(copy_of(job, "state"), "DISPATCHED");
    ck_assert_str_eq(copy_of(job, "node"), "n1");
    ck_assert_str_eq(copy_of(job, "owner"), "one");
    ck_assert_str_eq(copy_of(job, "req"), REQUEST);
    ck_assert_str_eq(binding(), job);
    ck_assert_str_eq(lock(), "");
    scheduler_node_ack(s, NODE, job, 1);
    pass(10 * USEC_PER_MSEC);
    ck_assert_str_eq(copy_of(job, "state"), "ACCEPTED");
    scheduler_node_started(s, NODE, job, 1);
    pass(10 * USEC_PER_MSEC);
    ck_assert_str_eq(copy_of(job, "state"), "RUNNING");
    answer(&assigned[0], OUTCOME_OK, "");
    ck_assert_str_eq(copy_of(job, "state"), "RELEASED");
    ck_assert_str_eq(copy_of(job, "outcome"), "ok");
    ck_assert_int_eq(count_of(EV_COPY_DISAGREES), 0);
    assert_nothing_in_flight();
    close_world();
}
END_TEST

START_TEST(a_retry_is_the_copy_s_next_attempt) {
    start();
    join(NODE, "n1", 2);
    speak(0);
    answer(&assigned[0], OUTCOME_FAILED, "NO_LUCK");
    ck_assert_str_eq(copy_of(assigned[0].job, "attempt"), "2");
    ck_assert_str_eq(copy_of(assigned[0].job, "state"), "CREATED");
    ck_assert_str_eq(copy_of(assigned[0].job, "node"), "");
    close_world();
}
END_TEST

START_TEST(a_copy_that_is_ahead_is_told_and_the_job_goes_on) {
    start();
    join(NODE, "n1", 2);
    speak(0);
    copy_moves_on(assigned[0].job);
    answer(&assigned[0], OUTCOME_OK, "");
    ck_assert_int_eq(answered[0].outcome, OUTCOME_OK);
    ck_assert_int_eq(count_of(EV_COPY_DISAGREES), 1);
    ck_assert_str_eq(last_of(EV_COPY_DISAGREES)->code, "MISMATCH");
    ck_assert_int_eq(last_of(EV_COPY_DISAGREES)->attempt, 1);
    ck_assert_str_eq(copy_of(assigned[0].job, "state"), "DISPATCHED");
    ck_assert_int_eq(count_of(EV_FINISHED), 1);
    close_world();
}
END_TEST

START_TEST(a_copy_that_could_not_be_written_is_told_and_the_job_goes_on) {
    prepare();
    open_scheduler_on_lossy_link();
    join(NODE, "n1", 2);
    speak(0);
    lose_answers(SCRIPT_WRITE_JOB_COPY, 1, false);
    answer(&assigned[0], OUTCOME_OK, "");
    pass(2 * second);
    ck_assert_int_eq(answered[0].outcome, OUTCOME_OK);
    ck_assert_int_eq(count_of(EV_COPY_DISAGREES), 1);
    ck_assert_str_eq(last_of(EV_COPY_DISAGREES)->code, "unknown");
    ck_assert_str_eq(copy_of(assigned[0].job, "state"), "DISPATCHED"); /* and so it stays */
    close_world();
}
END_TEST

START_TEST(an_instance_that_ends_leaves_the_half_that_is_in_redis) {
    start();
    join(NODE, "n1", 2);
    speak(0);
    s = scheduler_free(s);
    open_scheduler();
    speak_as("", 0, "fr"); /* takes the number that the first job's id was made of: the seed is the same */
    speak(0);
    ck_assert_int_eq(count_of(EV_CREATED), 2);
    ck_assert_int_eq(count_of(EV_DUPLICATE), 1); /* the binding lives; nobody goes on with the job */
    ck_assert_int_eq(known_count, 1);
    ck_assert_str_eq(known[0].code, "DISPATCHED");
    pass(config.finished_ttl);
    ck_assert_str_eq(copy_of(assigned[0].job, "state"), "DISPATCHED");
    pass(300 * second);
    ck_assert_str_eq(copy_of(assigned[0].job, "state"), "");
    ck_assert_str_eq(binding(), "");
    close_world();
}
END_TEST

START_TEST(a_lock_of_somebody_else_is_waited_for) {
    redis_key key;
    start();
    join(NODE, "n1", 2);
    set_text(key_request_lock(&key, &config.keys, REQUEST), "another", "420");
    usec_t began = engine_now(e);
    speak(0);
    ck_assert_int_eq(count_of(EV_CREATED), 0);
    pass(second);
    ck_assert_int_eq(count_of(EV_CREATED), 1);
    usec_t waited = last_of(EV_CREATED)->at - began;
    ck_assert_msg(waited >= 400 * USEC_PER_MSEC && waited <= 500 * USEC_PER_MSEC, "waited %lld us", (long long)waited);
    ck_assert_str_eq(lock(), "");
    close_world();
}
END_TEST

START_TEST(but_for_a_second_only_and_it_stays_with_its_holder) {
    redis_key key;
    start();
    set_text(key_request_lock(&key, &config.keys, REQUEST), "another", "60000");
    speak(0);
    pass(second);
    ck_assert_int_eq(count_of(EV_CREATED), 0);
    ck_assert_int_eq(count_of(EV_REFUSED), 1);
    ck_assert_str_eq(answered[0].code, "SCHEDULER_DEPENDENCY_DOWN");
    ck_assert_str_eq(lock(), "another");
    assert_nothing_in_flight();
    close_world();
}
END_TEST

START_TEST(a_request_that_another_instance_has_bound_is_told_that_job) {
    redis_key key;
    char other[ID_MAX + 1];
    job_id_make(other, REQUEST, 77);
    start();
    set_text(key_request_binding(&key, &config.keys, REQUEST), other, "60000");
    copy_moves_on(other);
    speak(0);
    ck_assert_int_eq(count_of(EV_DUPLICATE), 1);
    ck_assert_str_eq(known[0].job, other);
    ck_assert_str_eq(lock(), "");
    close_world();
}
END_TEST

START_TEST(an_instance_may_end_while_a_request_waits_for_its_lock) {
    redis_key key;
    start();
    set_text(key_request_lock(&key, &config.keys, REQUEST), "another", "60000");
    speak(0);
    pass(15 * USEC_PER_MSEC);
    ck_assert_int_eq(scheduler_count(s).calls, 0);
    ck_assert_int_eq(scheduler_count(s).jobs, 1);
    s = scheduler_free(s);
    open_scheduler();
    close_world();
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        each_step_of_a_job_is_found_in_its_copy,
        a_retry_is_the_copy_s_next_attempt,
        a_copy_that_is_ahead_is_told_and_the_job_goes_on,
        a_copy_that_could_not_be_written_is_told_and_the_job_goes_on,
        an_instance_that_ends_leaves_the_half_that_is_in_redis,
        a_lock_of_somebody_else_is_waited_for,
        but_for_a_second_only_and_it_stays_with_its_holder,
        a_request_that_another_instance_has_bound_is_told_that_job,
        an_instance_may_end_while_a_request_waits_for_its_lock,
    };
    return SUITE_RUN("job_dual", tests);
}
