/* check_job_memory.c - the flow of a job whose state is in the memory of its instance: as with Redis, but for what is lost. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/hand_world.h"
#include "tests/support/suite.h"

enum { NODE = 1, OTHER = 2 };

static int store_work;

static void count_work(void *ctx, sched_work kind, int64_t count) {
    (void)ctx;
    if (kind == WORK_STORE) store_work += (int)count;
}

static void start(idempotency_kind idempotency) {
    open_world("production");
    config.job_store = JOB_STORE_MEMORY;
    config.idempotency = (int)idempotency;
    meter = (work_meter){count_work, NULL};
    open_scheduler();
    store_work = 0;
}

/* How many keys Redis has of jobs, requests and deadlines. */
static int64_t job_keys(void) {
    redis_call call;
    redis_reply *reply;
    char pattern[KEYSPACE_MAX + 16];
    snprintf(pattern, sizeof pattern, "%s{j*", config.keys.prefix);
    call_command(&call, "KEYS");
    call_str(&call, pattern);
    ck_assert_msg(!virtual_redis_sync(redis, &call, &reply, &err), "%s", err.message);
    int64_t count = (int64_t)reply_count(reply);
    virtual_redis_reply_free(reply);
    return count;
}

static void speak_without_waiting(conn_token conn, uint64_t utterance) {
    job_request request = {.session_id = "s-1",
                           .utterance = utterance,
                           .pair = {"en", "de"},
                           .sound = audio_new(5 * second, 1024, NULL)};
    scheduler_submit(s, conn, &request);
    audio_unref(request.sound);
}

static void speak_again_after_reconnecting(uint64_t utterance) {
    scheduler_session_gone(s, SESSION);
    pass(10 * USEC_PER_MSEC);
    ck_assert_msg(!open_session(SESSION + 1, "s-1"), "%s", err.message);
    speak_without_waiting(SESSION + 1, utterance);
    pass(10 * USEC_PER_MSEC);
}

START_TEST(a_job_goes_its_way_without_a_key_in_redis) {
    start(IDEMPOTENCY_NONE);
    join(NODE, "n1", 2);
    speak(0);
    ck_assert_int_eq(assigned_count, 1);
    scheduler_node_ack(s, NODE, assigned[0].job, 1);
    scheduler_node_started(s, NODE, assigned[0].job, 1);
    pass(10 * USEC_PER_MSEC);
    ck_assert_int_eq(count_of(EV_ACCEPTED), 1);
    ck_assert_int_eq(count_of(EV_STARTED), 1);
    ck_assert_int_eq(job_keys(), 0);
    answer(&assigned[0], OUTCOME_OK, "");
    ck_assert_int_eq(answered_count, 1);
    ck_assert_int_eq(answered[0].outcome, OUTCOME_OK);
    ck_assert_int_eq(count_of(EV_RELEASED), 1);
    ck_assert_int_eq(store_work, 5); /* create, mark, accept, start, complete */
    assert_nothing_in_flight();
    close_world();
}
END_TEST

START_TEST(a_silent_node_costs_an_attempt_and_the_attempts_end_by_our_own_clock) {
    start(IDEMPOTENCY_NONE);
    config.attempts_max = 2;
    join(NODE, "n1", 2);
    join(OTHER, "n2", 2);
    speak(0);
    usec_t limit = config.attempt_base + (usec_t)(config.attempt_audio_factor * (double)(5 * second));
    pass(limit + second);
    ck_assert_int_eq(assigned_count, 2);
    ck_assert_int_eq(assigned[1].attempt, 2);
    ck_assert_int_eq(cancelled_count, 1);
    for (int i = 0; i < 3 * 20 && !answered_count; i++) {
        pass(second);
        beat(NODE);
        beat(OTHER);
    }
    ck_assert_int_eq(answered_count, 1);
    ck_assert_int_eq(answered[0].outcome, OUTCOME_TIMED_OUT);
    close_world();
}
END_TEST

START_TEST(without_a_node_the_job_ends_at_its_limit) {
    start(IDEMPOTENCY_NONE);
    speak(0);
    pass(config.pending_limit - 11 * USEC_PER_MSEC);
    ck_assert_int_eq(answered_count, 0);
    pass(2 * USEC_PER_MSEC);
    ck_assert_int_eq(answered_count, 1);
    ck_assert_str_eq(answered[0].code, "NO_AVAILABLE_NODE");
    assert_nothing_in_flight();
    close_world();
}
END_TEST

START_TEST(a_reservation_that_could_not_be_given_back_keeps_no_job_from_its_release) {
    open_world("production");
    config.job_store = JOB_STORE_MEMORY;
    config.idempotency = IDEMPOTENCY_LEASE;
    open_scheduler_on_lossy_link();
    join(NODE, "n1", 2);
    speak(0);
    lose_answers(SCRIPT_RELEASE_RESERVATION, 1, false);
    answer(&assigned[0], OUTCOME_OK, "");
    pass(2 * second);
    ck_assert_int_eq(reservations_of("n1"), 1); /* until it expires */
    ck_assert_int_eq(count_of(EV_FINISHED), 1);
    ck_assert_int_eq(count_of(EV_RELEASED), 1);
    assert_nothing_in_flight();
    close_world();
}
END_TEST

START_TEST(nothing_is_swept_for_jobs_that_redis_does_not_know) {
    start(IDEMPOTENCY_NONE);
    pass(second);
    uint64_t before = link_virtual_count(wire).calls;
    pass(config.reap_round);
    uint64_t calls = link_virtual_count(wire).calls - before;
    ck_assert_msg(calls <= NODE_BUCKETS, "%llu calls in a round of %d buckets", (unsigned long long)calls,
                  NODE_BUCKETS);
    close_world();
}
END_TEST

START_TEST(without_idempotency_a_request_that_comes_again_is_a_second_job) {
    start(IDEMPOTENCY_NONE);
    join(NODE, "n1", 2);
    speak(0);
    speak_again_after_reconnecting(0);
    ck_assert_int_eq(count_of(EV_CREATED), 2);
    ck_assert_int_eq(count_of(EV_DUPLICATE), 0);
    close_world();
}
END_TEST

START_TEST(with_a_lease_it_is_told_its_job) {
    start(IDEMPOTENCY_LEASE);
    join(NODE, "n1", 2);
    speak(0);
    speak_again_after_reconnecting(0);
    ck_assert_int_eq(count_of(EV_CREATED), 1);
    ck_assert_int_eq(count_of(EV_DUPLICATE), 1);
    ck_assert_int_eq(known_count, 1);
    ck_assert_str_eq(known[0].job, assigned[0].job);
    ck_assert_str_eq(known[0].code, "DISPATCHED");
    close_world();
}
END_TEST

START_TEST(and_its_end_when_it_has_ended) {
    start(IDEMPOTENCY_LEASE);
    join(NODE, "n1", 2);
    speak(0);
    answer(&assigned[0], OUTCOME_OK, "");
    speak_again_after_reconnecting(0);
    ck_assert_int_eq(known_count, 1);
    ck_assert_str_eq(known[0].code, "RELEASED");
    ck_assert_int_eq(known[0].outcome, OUTCOME_OK);
    close_world();
}
END_TEST

START_TEST(an_instance_that_ends_takes_its_jobs_with_it) {
    start(IDEMPOTENCY_LEASE);
    join(NODE, "n1", 2);
    speak(0);
    s = scheduler_free(s);
    open_scheduler();
    pass(10 * USEC_PER_MSEC);
    scheduler_node_result(s, NODE,
                          &(node_result){.job_id = assigned[0].job, .attempt = 1, .outcome = OUTCOME_OK, .code = ""});
    pass(120 * second);
    ck_assert_int_eq(answered_count, 0);
    ck_assert_int_eq(count_of(EV_FINISHED), 0);
    speak(0);
    ck_assert_int_eq(count_of(EV_CREATED), 2);
    close_world();
}
END_TEST

START_TEST(answers_that_were_to_come_when_it_ends_hurt_nobody) {
    start(IDEMPOTENCY_LEASE);
    join(NODE, "n1", 2);
    speak(0);
    answer(&assigned[0], OUTCOME_OK, "");
    speak_without_waiting(SESSION, 0); /* whether it is known */
    speak_without_waiting(SESSION, 1); /* a new job */
    ck_assert_int_eq(scheduler_count(s).calls, 0);
    s = scheduler_free(s);
    open_scheduler();
    pass(second);
    ck_assert_int_eq(count_of(EV_CREATED), 1);
    ck_assert_int_eq(known_count, 0);
    close_world();
}
END_TEST

START_TEST(with_nodes_in_memory_too_an_outage_of_redis_stops_nobody) {
    open_world("1");
    open_scheduler();
    join(NODE, "n1", 8);
    link_virtual_cut(wire, true);
    for (int i = 0; i < 3; i++) { /* rooms are in Redis */
        scheduler_room_create(s, SESSION, "", "");
        pass(second);
    }
    ck_assert(scheduler_count(s).redis_down);
    for (uint64_t i = 0; i < 8; i++) {
        speak(i);
        pass(second);
        beat(NODE);
    }
    ck_assert_int_eq(assigned_count, 8);
    answer(&assigned[0], OUTCOME_OK, "");
    ck_assert_int_eq(answered[0].outcome, OUTCOME_OK);
    pass(config.attempt_base + 20 * second); /* the others' node stays silent: that is acted upon */
    ck_assert_int_ge(count_of(EV_RETRY), 7);
    link_virtual_mend(wire);
    close_world();
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        a_job_goes_its_way_without_a_key_in_redis,
        a_silent_node_costs_an_attempt_and_the_attempts_end_by_our_own_clock,
        without_a_node_the_job_ends_at_its_limit,
        a_reservation_that_could_not_be_given_back_keeps_no_job_from_its_release,
        nothing_is_swept_for_jobs_that_redis_does_not_know,
        without_idempotency_a_request_that_comes_again_is_a_second_job,
        with_a_lease_it_is_told_its_job,
        and_its_end_when_it_has_ended,
        an_instance_that_ends_takes_its_jobs_with_it,
        answers_that_were_to_come_when_it_ends_hurt_nobody,
        with_nodes_in_memory_too_an_outage_of_redis_stops_nobody,
    };
    return SUITE_RUN("job_memory", tests);
}
