/* check_outage.c - Redis does not answer for a while, comes back empty, or comes back as it was some time ago. */
#include <stdio.h>
#include <string.h>

#include "core/base/rng.h"
#include "tests/support/fsck_now.h"
#include "tests/support/hand_world.h"
#include "tests/support/meddler.h"
#include "tests/support/suite.h"

static meddling present; /* what becomes of every call now */

static meddling all_calls(const redis_call *call) {
    (void)call;
    return present;
}

static void start(void) {
    open_world("production");
    open_scheduler_on(meddler_link(all_calls));
}

static void go_down(meddling how) {
    present = how;
    pass(4 * second); /* the sweep finds out */
    ck_assert(scheduler_count(s).redis_down);
}

/* Answers come in the order of the calls: those of lost ones, too, before the first good one. */
static void come_back(void) {
    present = REFUSE;
    pass(config.redis_patience);
    present = LET_THROUGH;
    pass(2 * second);
    ck_assert(!scheduler_count(s).redis_down);
}

static void command(const char *first, const char *second_word, const char *third) {
    redis_call call;
    redis_reply *reply;
    call_command(&call, first);
    if (second_word) call_str(&call, second_word);
    if (third) call_str(&call, third);
    ck_assert_msg(!virtual_redis_sync(redis, &call, &reply, &err), "%s", err.message);
    ck_assert_msg(!reply_is_error(reply), "%s: %s", first, reply_text(reply));
    virtual_redis_reply_free(reply);
}

static void config_set(const char *name, const char *value) {
    redis_call call;
    redis_reply *reply;
    call_command(&call, "CONFIG");
    call_str(&call, "SET");
    call_str(&call, name);
    call_str(&call, value);
    ck_assert_msg(!virtual_redis_sync(redis, &call, &reply, &err), "%s", err.message);
    virtual_redis_reply_free(reply);
}

static void lose_everything(void) {
    command("FLUSHALL", NULL, NULL);
}

static void end(void) {
    assert_nothing_in_flight();
    expect_consistent();
    expect_empty_in_the_end();
    close_world();
}

static void expect_answer(int nth, job_outcome outcome, const char *code) {
    ck_assert_int_gt(answered_count, nth);
    ck_assert_msg(answered[nth].outcome == outcome && !strcmp(answered[nth].code, code), "answer %d is %s \"%s\"", nth,
                  job_outcome_name(answered[nth].outcome), answered[nth].code);
}

/* ---- down and back -------------------------------------------------------------------------------------------------- */

static void an_outage(meddling how) {
    start();
    join(1, "n1", 4);
    ck_assert_int_eq(count_of(EV_REDIS_DOWN), 0);
    go_down(how);
    pass(20 * second);
    ck_assert_int_eq(count_of(EV_REDIS_DOWN), 1);
    come_back();
    ck_assert_int_eq(count_of(EV_REDIS_DOWN), 1);
    ck_assert_int_eq(count_of(EV_REDIS_BACK), 1);
    beat(1);
    speak(0);
    ck_assert_int_eq(assigned_count, 1);
    answer(&assigned[0], OUTCOME_OK, "");
    end();
}

START_TEST(calls_that_are_refused_are_an_outage_until_the_first_answer) {
    an_outage(REFUSE);
}
END_TEST

START_TEST(calls_of_unknown_outcome_are_an_outage_until_the_first_answer) {
    an_outage(LOSE);
}
END_TEST

START_TEST(a_server_that_does_not_serve_is_an_outage) {
    start();
    join(1, "n1", 4);
    config_set("replica-serve-stale-data", "no");
    command("REPLICAOF", "127.0.0.1", "1");
    pass(4 * second);
    ck_assert_int_eq(count_of(EV_REDIS_DOWN), 1);
    speak(0);
    expect_answer(0, OUTCOME_NONE, "SCHEDULER_DEPENDENCY_DOWN");
    command("REPLICAOF", "NO", "ONE");
    pass(2 * second);
    ck_assert_int_eq(count_of(EV_REDIS_BACK), 1);
    end();
}
END_TEST

static int to_refuse;

static meddling a_few_calls(const redis_call *call) {
    (void)call;
    if (to_refuse == 0) return LET_THROUGH;
    to_refuse--;
    return REFUSE;
}

START_TEST(two_calls_without_an_answer_are_no_outage) {
    open_world("production");
    open_scheduler_on(meddler_link(a_few_calls));
    join(1, "n1", 4);
    to_refuse = 2;
    pass(5 * second);
    ck_assert_int_eq(to_refuse, 0);
    ck_assert_int_eq(count_of(EV_REDIS_DOWN), 0);
    end();
}
END_TEST

START_TEST(new_requests_are_refused_at_once_while_redis_is_down) {
    start();
    join(1, "n1", 4);
    go_down(REFUSE);
    usec_t asked = engine_now(e);
    speak(0);
    expect_answer(0, OUTCOME_NONE, "SCHEDULER_DEPENDENCY_DOWN");
    ck_assert_int_eq(answered[0].at, asked);
    come_back();
    beat(1);
    speak(1);
    ck_assert_int_eq(assigned_count, 1);
    answer(&assigned[0], OUTCOME_OK, "");
    expect_answer(1, OUTCOME_OK, "");
    end();
}
END_TEST

static void result_in_an_outage(meddling how) {
    start();
    join(1, "n1", 4);
    speak(0);
    go_down(how);
    usec_t said_at = engine_now(e);
    answer(&assigned[0], OUTCOME_OK, "");
    expect_answer(0, OUTCOME_OK, "");
    ck_assert_msg(answered[0].at == said_at, "told after %lld us", (long long)(answered[0].at - said_at));
    ck_assert_int_eq(count_of(EV_FINISHED), 0);
    pass(20 * second);
    come_back();
    ck_assert_int_eq(count_of(EV_FINISHED), 1);
    ck_assert_int_eq(count_of(EV_RELEASED), 1);
    ck_assert_int_eq(answered_count, 1);
    ck_assert_int_eq(reservations_of("n1"), 0);
    end();
}

START_TEST(the_result_of_a_running_job_is_told_at_once_and_written_when_redis_is_back) {
    result_in_an_outage(REFUSE);
}
END_TEST

START_TEST(the_same_holds_when_calls_get_no_answer) {
    result_in_an_outage(LOSE);
}
END_TEST

START_TEST(ends_that_could_not_be_written_before_the_outage_was_noticed_are_told_in_it) {
    start();
    join(1, "n1", 4);
    speak(0);
    present = LOSE;
    answer(&assigned[0], OUTCOME_OK, ""); /* its release and its end are the first calls that get no answer */
    pass(5 * second);
    expect_answer(0, OUTCOME_OK, "");
    come_back();
    ck_assert_int_eq(count_of(EV_FINISHED), 1);
    end();
}
END_TEST

START_TEST(a_thousand_ends_are_written_in_steps_when_redis_is_back_and_that_is_no_new_outage) {
    open_world("production");
    config.unanswered_max = 1000;
    link_virtual_options narrow = {.delay = {.kind = DIST_CONSTANT}, .window = 600, .seed = 1};
    wire = link_virtual_free(wire);
    wire = link_virtual_new(e, server, &narrow);
    open_scheduler_on(meddler_link(all_calls));
    join(1, "n1", 1000);
    for (uint64_t u = 0; u < 1000; u++) speak(u);
    beat(1);
    ck_assert_int_eq(assigned_count, 1000);
    go_down(REFUSE);
    for (int i = 0; i < 1000; i++) {
        node_result result = {.job_id = assigned[i].job, .attempt = 1, .outcome = OUTCOME_OK};
        scheduler_node_result(s, 1, &result);
    }
    pass(100 * USEC_PER_MSEC);
    ck_assert_int_eq(answered_count, 1000);
    present = LET_THROUGH;
    pass(second / 2);
    ck_assert_int_eq(count_of(EV_FINISHED), 1000);
    ck_assert_int_eq(count_of(EV_REDIS_DOWN), 1);
    ck_assert_int_eq(reservations_of("n1"), 0);
    end();
}
END_TEST

START_TEST(no_deadline_is_acted_upon_in_an_outage_and_the_grace_behind_it) {
    start();
    join(1, "n1", 4);
    join(2, "n2", 4);
    speak(0); /* its attempt has 20 s */
    go_down(REFUSE);
    pass(60 * second);
    ck_assert_int_eq(cancelled_count, 0);
    ck_assert_int_eq(answered_count, 0);
    for (conn_token conn = 1; conn <= 2; conn++) beat(conn);
    present = LET_THROUGH;
    pass(second / 2);
    usec_t from = last_of(EV_REDIS_BACK)->at + config.outage_grace;
    pass(from - engine_now(e) - USEC_PER_MSEC);
    ck_assert_int_eq(cancelled_count, 0);
    ck_assert_int_eq(count_of(EV_NODE_OFFLINE), 0);
    pass(second);
    ck_assert_int_eq(cancelled_count, 1);
    ck_assert_int_eq(assigned_count, 2);
    answer(&assigned[1], OUTCOME_OK, "");
    expect_answer(0, OUTCOME_OK, "");
    end();
}
END_TEST

START_TEST(a_result_within_the_grace_comes_in_time) {
    start();
    join(1, "n1", 4);
    speak(0);
    go_down(LOSE);
    pass(60 * second);
    beat(1);
    come_back();
    answer(&assigned[0], OUTCOME_OK, "");
    expect_answer(0, OUTCOME_OK, "");
    end();
}
END_TEST

START_TEST(nodes_that_we_hear_outlive_a_long_outage) {
    start();
    join(1, "n1", 4);
    join(2, "n2", 4);
    go_down(REFUSE);
    for (int i = 0; i < 10; i++) { /* 150 s: their records have long expired when Redis is back; n2 is silent */
        beat(1);
        pass(15 * second);
    }
    come_back();
    pass(config.outage_grace + 2 * config.reap_round);
    ck_assert_int_eq(count_of(EV_NODE_OFFLINE), 1);
    ck_assert_str_eq(last_of(EV_NODE_OFFLINE)->node, "n2");
    beat(1);
    speak(0);
    ck_assert_int_eq(assigned_count, 1);
    answer(&assigned[0], OUTCOME_OK, "");
    end();
}
END_TEST

START_TEST(a_failure_that_could_not_be_written_is_tried_elsewhere_when_redis_is_back) {
    start();
    join(1, "n1", 4);
    join(2, "n2", 4);
    speak(0);
    go_down(REFUSE);
    answer(&assigned[0], OUTCOME_FAILED, "PROCESSING_ERROR");
    pass(5 * second);
    ck_assert_int_eq(answered_count, 0);
    come_back();
    ck_assert_int_eq(assigned_count, 2);
    answer(&assigned[1], OUTCOME_OK, "");
    expect_answer(0, OUTCOME_OK, "");
    end();
}
END_TEST

START_TEST(a_job_that_waits_for_room_is_placed_when_redis_is_back) {
    start();
    join(1, "n1", 1);
    speak(0);
    speak(1);
    ck_assert_int_eq(scheduler_count(s).waiting, 1);
    go_down(LOSE);
    answer(&assigned[0], OUTCOME_OK, "");
    pass(20 * second); /* beyond its pending limit */
    beat(1);
    ck_assert_int_eq(answered_count, 1);
    come_back();
    pass(2 * second);
    ck_assert_int_eq(assigned_count, 2);
    answer(&assigned[1], OUTCOME_OK, "");
    expect_answer(1, OUTCOME_OK, "");
    end();
}
END_TEST

START_TEST(a_cancelled_job_is_told_so_in_an_outage) {
    start();
    join(1, "n1", 4);
    speak(0);
    go_down(REFUSE);
    scheduler_cancel(s, assigned[0].job, "not_wanted");
    pass(second / 100);
    ck_assert_int_eq(cancelled_count, 1);
    expect_answer(0, OUTCOME_CANCELLED, "not_wanted");
    come_back();
    ck_assert_int_eq(count_of(EV_FINISHED), 1);
    end();
}
END_TEST

static script_id doubtful;

static meddling lose_answers_of_one(const redis_call *call) {
    return call->script == doubtful ? DO_BUT_LOSE_ANSWER : LET_THROUGH;
}

START_TEST(a_request_that_was_refused_in_doubt_leaves_nothing_and_may_be_made_again) {
    open_world("production");
    doubtful = SCRIPT_CREATE_JOB;
    open_scheduler_on(meddler_link(lose_answers_of_one));
    join(1, "n1", 4);
    speak(0);
    pass(4 * second);
    expect_answer(0, OUTCOME_NONE, "SCHEDULER_DEPENDENCY_DOWN");
    assert_nothing_in_flight();
    redis_key key;
    ck_assert_int_eq(ask_int("EXISTS", key_request(&key, &config.keys, "s-1:0:de")), 0);
    doubtful = SCRIPT_NONE;
    speak(0);
    ck_assert_int_eq(assigned_count, 1);
    answer(&assigned[0], OUTCOME_OK, "");
    expect_answer(1, OUTCOME_OK, "");
    ck_assert_int_eq(count_of(EV_CREATED), 1);
    ck_assert_int_eq(count_of(EV_FINISHED), 1);
    end();
}
END_TEST

/* ---- lost ----------------------------------------------------------------------------------------------------------- */

START_TEST(a_running_job_that_redis_lost_ends_with_its_result) {
    start();
    join(1, "n1", 4);
    speak(0);
    lose_everything();
    answer(&assigned[0], OUTCOME_OK, "");
    expect_answer(0, OUTCOME_OK, "");
    ck_assert_int_eq(count_of(EV_DEPENDENCY_LOST), 0);
    ck_assert_int_eq(count_of(EV_FINISHED), 1);
    ck_assert_int_eq(count_of(EV_RELEASED), 1);
    end();
}
END_TEST

START_TEST(a_waiting_job_that_redis_lost_is_made_again_when_it_is_placed) {
    start();
    speak(0);
    lose_everything();
    join(1, "n1", 4);
    pass(2 * second);
    ck_assert_int_eq(count_of(EV_DEPENDENCY_LOST), 1);
    ck_assert_int_eq(last_of(EV_DEPENDENCY_LOST)->attempt, 2);
    ck_assert_int_eq(assigned_count, 1);
    ck_assert_int_eq(assigned[0].attempt, 2);
    answer(&assigned[0], OUTCOME_OK, "");
    expect_answer(0, OUTCOME_OK, "");
    end();
}
END_TEST

START_TEST(a_job_that_redis_lost_stops_at_its_node_and_goes_to_another) {
    start();
    join(1, "n1", 4);
    join(2, "n2", 4);
    speak(0);
    lose_everything();
    conn_token former = assigned[0].conn;
    scheduler_node_ack(s, former, assigned[0].job, 1); /* its next call finds out */
    pass(second);
    ck_assert_int_eq(cancelled_count, 1);
    ck_assert_uint_eq(cancelled[0].conn, former);
    ck_assert_str_eq(cancelled[0].code, "DEPENDENCY_LOST");
    ck_assert_int_eq(assigned_count, 2);
    ck_assert_uint_ne(assigned[1].conn, former);
    answer(&assigned[0], OUTCOME_OK, "");
    ck_assert_int_eq(answered_count, 0);
    answer(&assigned[1], OUTCOME_OK, "");
    expect_answer(0, OUTCOME_OK, "");
    end();
}
END_TEST

START_TEST(what_redis_lost_costs_no_attempt_of_those_that_a_job_has) {
    open_world("production");
    config.attempts_max = 2;
    open_scheduler_on(meddler_link(all_calls));
    for (conn_token conn = 1; conn <= NODES; conn++) {
        char node[8];
        snprintf(node, sizeof node, "n%llu", (unsigned long long)conn);
        join(conn, node, 4);
    }
    speak(0);
    for (int i = 0; i < 2; i++) {
        lose_everything();
        scheduler_node_ack(s, assigned[i].conn, assigned[i].job, assigned[i].attempt);
        pass(second);
        ck_assert_int_eq(assigned_count, i + 2);
    }
    ck_assert_int_eq(assigned[2].attempt, 3);
    answer(&assigned[2], OUTCOME_FAILED, "PROCESSING_ERROR");
    ck_assert_int_eq(answered_count, 0);
    ck_assert_int_eq(assigned_count, 4);
    answer(&assigned[3], OUTCOME_FAILED, "PROCESSING_ERROR");
    expect_answer(0, OUTCOME_FAILED, "PROCESSING_ERROR");
    end();
}
END_TEST

START_TEST(the_first_job_that_redis_lost_brings_all_nodes_back_at_once) {
    start();
    for (conn_token conn = 1; conn <= NODES; conn++) {
        char node[8];
        snprintf(node, sizeof node, "n%llu", (unsigned long long)conn);
        join(conn, node, 4);
    }
    speak(0);
    lose_everything();
    scheduler_node_ack(s, assigned[0].conn, assigned[0].job, 1);
    pass(second / 2); /* no heartbeat has come */
    ck_assert_int_eq(count_of(EV_NODE_EXPIRED_HEARTBEAT), NODES);
    ck_assert_int_eq(pool_size("en", "de"), NODES);
    pass(second);
    answer(&assigned[assigned_count - 1], OUTCOME_OK, "");
    expect_answer(0, OUTCOME_OK, "");
    end();
}
END_TEST

START_TEST(an_empty_result_that_is_held_when_redis_loses_the_job_counts) {
    start();
    join(1, "n1", 4);
    speak(0);
    answer(&assigned[0], OUTCOME_NO_TEXT, "");
    lose_everything();
    scheduler_node_ack(s, 1, assigned[0].job, 1);
    pass(second / 100);
    expect_answer(0, OUTCOME_NO_TEXT, "");
    beat(1);
    end();
}
END_TEST

/* ---- an older copy -------------------------------------------------------------------------------------------------- */

static redis_key copied[8];
static int copied_count;

static void copy_key(const char *key) {
    char copy[KEY_MAX + 8];
    redis_key *kept = &copied[copied_count++];
    snprintf(kept->text, sizeof kept->text, "%s", key);
    snprintf(copy, sizeof copy, "copy:%s", kept->text);
    command("COPY", key, copy);
}

/* What Redis has of this job now; other jobs of its bucket there are none. */
static void keep_copy(const char *job_id, const char *request_id) {
    redis_key key;
    unsigned bucket;
    copied_count = 0;
    ck_assert(job_bucket_of_job(job_id, &bucket));
    copy_key(key_job(&key, &config.keys, job_id));
    copy_key(key_request(&key, &config.keys, request_id));
    copy_key(key_job_deadlines(&key, &config.keys, bucket));
}

static void restore_copy(void) {
    for (int i = 0; i < copied_count; i++) {
        char copy[KEY_MAX + 8];
        redis_call call;
        redis_reply *reply;
        snprintf(copy, sizeof copy, "copy:%.*s", KEY_MAX - 1, copied[i].text);
        call_command(&call, "COPY");
        call_str(&call, copy);
        call_str(&call, copied[i].text);
        call_str(&call, "REPLACE");
        ck_assert(!virtual_redis_sync(redis, &call, &reply, &err));
        virtual_redis_reply_free(reply);
    }
}

/* The job is at its second attempt, and Redis at the first. */
static void start_with_older_copy(void) {
    start();
    for (conn_token conn = 1; conn <= 3; conn++) {
        char node[8];
        snprintf(node, sizeof node, "n%llu", (unsigned long long)conn);
        join(conn, node, 4);
    }
    speak(0);
    keep_copy(assigned[0].job, "s-1:0:de");
    answer(&assigned[0], OUTCOME_FAILED, "PROCESSING_ERROR");
    ck_assert_int_eq(assigned_count, 2);
    restore_copy();
}

START_TEST(a_result_ends_the_older_copy_of_its_job) {
    start_with_older_copy();
    answer(&assigned[1], OUTCOME_OK, "");
    expect_answer(0, OUTCOME_OK, "");
    ck_assert_int_eq(count_of(EV_FINISHED), 1);
    ck_assert_int_eq(count_of(EV_RELEASED), 1);
    ck_assert_int_eq(count_of(EV_DEPENDENCY_LOST), 0);
    end();
}
END_TEST

START_TEST(an_older_copy_is_moved_on_beyond_what_the_job_had) {
    start_with_older_copy();
    scheduler_node_gone(s, assigned[1].conn);
    pass(second);
    ck_assert_int_eq(count_of(EV_DEPENDENCY_LOST), 1);
    ck_assert_int_eq(assigned_count, 3);
    ck_assert_int_eq(assigned[2].attempt, 3);
    ck_assert_uint_ne(assigned[2].conn, assigned[1].conn);
    ck_assert_uint_ne(assigned[2].conn, assigned[0].conn);
    answer(&assigned[2], OUTCOME_OK, "");
    expect_answer(0, OUTCOME_OK, "");
    end();
}
END_TEST

START_TEST(an_older_copy_of_a_job_that_waits_is_moved_on_when_it_is_placed) {
    start();
    join(1, "n1", 4);
    speak(0);
    keep_copy(assigned[0].job, "s-1:0:de");
    answer(&assigned[0], OUTCOME_FAILED, "PROCESSING_ERROR");
    ck_assert_int_eq(scheduler_count(s).waiting, 1);
    restore_copy();
    join(2, "n2", 4);
    pass(2 * second);
    ck_assert_int_eq(count_of(EV_DEPENDENCY_LOST), 1);
    ck_assert_int_eq(assigned_count, 2);
    ck_assert_int_eq(assigned[1].attempt, 3);
    answer(&assigned[1], OUTCOME_OK, "");
    expect_answer(0, OUTCOME_OK, "");
    end();
}
END_TEST

/* ---- anything ------------------------------------------------------------------------------------------------------- */

static int answers_to(const char *job_id) {
    int n = 0;
    for (int i = 0; i < answered_count; i++) n += !strcmp(answered[i].job, job_id);
    return n;
}

static int worked;

/* Nodes answer after two seconds of work. */
static void work_off(void) {
    for (; worked < assigned_count && assigned[worked].at + 2 * second <= engine_now(e); worked++) {
        node_result result = {.job_id = assigned[worked].job,
                              .attempt = assigned[worked].attempt,
                              .outcome = worked % 7 == 3    ? OUTCOME_FAILED
                                         : worked % 11 == 5 ? OUTCOME_NO_TEXT
                                                            : OUTCOME_OK,
                              .code = worked % 7 == 3 ? "PROCESSING_ERROR" : ""};
        scheduler_node_result(s, assigned[worked].conn, &result);
    }
}

static void live(int seconds) {
    for (int i = 0; i < 2 * seconds; i++) {
        pass(second / 2);
        work_off();
        if (i % 20 == 0)
            for (conn_token conn = 1; conn <= NODES; conn++) beat(conn);
    }
}

static void meddle_with(rng *chance) {
    static const meddling ways[] = {REFUSE, LOSE, DO_BUT_LOSE_ANSWER};
    if (rng_chance(chance, 0.15)) present = ways[rng_below(chance, 3)];
    if (rng_chance(chance, 0.3)) present = LET_THROUGH;
    if (rng_chance(chance, 0.05)) lose_everything();
}

static void survive(uint64_t seed) {
    rng chance;
    rng_init(&chance, seed, "outages", 0);
    present = LET_THROUGH;
    worked = event_count = 0;
    start();
    for (conn_token conn = 1; conn <= NODES; conn++) {
        char node[8];
        snprintf(node, sizeof node, "n%llu", (unsigned long long)conn);
        join(conn, node, 3);
    }
    for (uint64_t u = 0; u < 60; u++) {
        meddle_with(&chance);
        speak(u);
        live(1);
    }
    present = LET_THROUGH;
    live(120);
    assert_nothing_in_flight();
    ck_assert_msg(answered_count == 60, "seed %llu: %d answers to 60 requests", (unsigned long long)seed,
                  answered_count);
    for (int i = 0; i < event_count; i++)
        if (kinds[i] == EV_CREATED)
            ck_assert_msg(answers_to(events[i].job) == 1, "seed %llu: %d answers to job %s", (unsigned long long)seed,
                          answers_to(events[i].job), events[i].job);
    end();
}

START_TEST(whatever_redis_loses_every_request_is_answered_once) {
    for (uint64_t seed = 1; seed <= 20; seed++) survive(seed);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        calls_that_are_refused_are_an_outage_until_the_first_answer,
        calls_of_unknown_outcome_are_an_outage_until_the_first_answer,
        a_server_that_does_not_serve_is_an_outage,
        two_calls_without_an_answer_are_no_outage,
        new_requests_are_refused_at_once_while_redis_is_down,
        the_result_of_a_running_job_is_told_at_once_and_written_when_redis_is_back,
        the_same_holds_when_calls_get_no_answer,
        ends_that_could_not_be_written_before_the_outage_was_noticed_are_told_in_it,
        a_thousand_ends_are_written_in_steps_when_redis_is_back_and_that_is_no_new_outage,
        no_deadline_is_acted_upon_in_an_outage_and_the_grace_behind_it,
        a_result_within_the_grace_comes_in_time,
        nodes_that_we_hear_outlive_a_long_outage,
        a_failure_that_could_not_be_written_is_tried_elsewhere_when_redis_is_back,
        a_job_that_waits_for_room_is_placed_when_redis_is_back,
        a_cancelled_job_is_told_so_in_an_outage,
        a_request_that_was_refused_in_doubt_leaves_nothing_and_may_be_made_again,
        a_running_job_that_redis_lost_ends_with_its_result,
        a_waiting_job_that_redis_lost_is_made_again_when_it_is_placed,
        a_job_that_redis_lost_stops_at_its_node_and_goes_to_another,
        what_redis_lost_costs_no_attempt_of_those_that_a_job_has,
        the_first_job_that_redis_lost_brings_all_nodes_back_at_once,
        an_empty_result_that_is_held_when_redis_loses_the_job_counts,
        a_result_ends_the_older_copy_of_its_job,
        an_older_copy_is_moved_on_beyond_what_the_job_had,
        an_older_copy_of_a_job_that_waits_is_moved_on_when_it_is_placed,
        whatever_redis_loses_every_request_is_answered_once,
    };
    return SUITE_RUN("outage", tests);
}
