/* check_jobstore.c - the stores of job states in memory: what they keep, for how long, and how they answer. That they answer as the
 * scripts do is shown by tests/sim/check_job_stores.c. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "core/mechanisms/jobstore.h"
#include "sim/engine/engine.h"
#include "tests/support/suite.h"

enum { FINISHED_MAX = 3, LEASES_MAX = 3 };

static const usec_t start = 1000, second = USEC_PER_SEC;
static const lang_pair pair = {"en", "de"};

static engine *e;
static mechanism_env env;
static job_store *store;
static store_answer last;
static char last_job[ID_MAX + 1];
static int answers, ends, work;

static void count_work(void *ctx, sched_work kind, int64_t count) {
    (void)ctx;
    if (kind == WORK_STORE) work += (int)count;
}

static void set_up(void) {
    e = engine_new(start);
    env = (mechanism_env){.clock = engine_clock(e), .timers = engine_timers(e), .work = {count_work, NULL}};
    env.soon = soon_new(env.clock, env.timers);
    store = job_store_memory_new(&env, FINISHED_MAX);
    answers = ends = work = 0;
}

static void set_up_leases(usec_t length) {
    set_up();
    store = job_store_lease_new(&env, store, length, LEASES_MAX);
}

static void tear_down(void) {
    store = job_store_free(store);
    env.soon = soon_free(env.soon);
    e = engine_free(e);
}

static void on_answer(void *arg, const store_answer *answer) {
    (void)arg;
    if (!answer) {
        ends++;
        return;
    }
    answers++;
    last = *answer;
    snprintf(last_job, sizeof last_job, "%s", answer->job);
}

static store_word ask(store_question question) {
    int before = answers;
    job_store_ask(store, &question, on_answer, NULL);
    ck_assert_int_eq(answers, before);
    engine_run(e, engine_now(e));
    ck_assert_int_eq(answers, before + 1);
    ck_assert_int_eq(last.status, LINK_OK);
    return last.word;
}

static store_word create(const char *job, const char *request) {
    return ask((store_question){.op = STORE_CREATE,
                                .job = job,
                                .request = request,
                                .attempt = 1,
                                .owner = "one",
                                .session = "s-1",
                                .pair = &pair,
                                .limit = second});
}

static store_word finish(const char *job, usec_t keep) {
    return ask((store_question){.op = STORE_COMPLETE,
                                .job = job,
                                .request = "r",
                                .attempt = 1,
                                .outcome = OUTCOME_OK,
                                .code = "",
                                .released = true,
                                .keep = keep});
}

static store_word state_of(const char *job) {
    return ask((store_question){.op = STORE_READ, .job = job, .request = "r"});
}

static store_word job_of(const char *request) {
    return ask((store_question){.op = STORE_FIND, .request = request});
}

START_TEST(each_question_is_answered_behind_the_handler_and_is_one_operation) {
    set_up();
    ck_assert_int_eq(create("j001-a", "r"), STORE_DONE);
    ck_assert_int_eq(last.due, start + second);
    ck_assert_int_eq(state_of("j001-a"), STORE_DONE);
    ck_assert_int_eq(last.state, JOB_CREATED);
    ck_assert_int_eq(work, 2);
    ck_assert_int_eq(engine_now(e), start);
    tear_down();
}
END_TEST

START_TEST(whether_a_deadline_has_passed_is_told_by_our_own_clock) {
    store_question again = {.op = STORE_REASSIGN,
                            .job = "j001-a",
                            .request = "r",
                            .attempt = 1,
                            .attempts_max = 3,
                            .limit = second,
                            .only_if_due = true};
    set_up();
    create("j001-a", "r");
    engine_run(e, start + second - 1);
    ck_assert_int_eq(ask(again), STORE_NOT_DUE);
    ck_assert_int_eq(last.due, start + second);
    engine_run(e, start + second);
    ck_assert_int_eq(ask(again), STORE_DONE);
    ck_assert_int_eq(last.due, start + 2 * second);
    tear_down();
}
END_TEST

START_TEST(a_finished_job_is_known_for_as_long_as_it_is_kept) {
    set_up();
    create("j001-a", "r");
    ck_assert_int_eq(finish("j001-a", 10 * second), STORE_DONE);
    ck_assert_int_eq(last.state, JOB_RELEASED);
    engine_run(e, start + 10 * second - 1);
    ck_assert_int_eq(state_of("j001-a"), STORE_DONE);
    ck_assert_int_eq(last.outcome, OUTCOME_OK);
    engine_run(e, start + 10 * second);
    ck_assert_int_eq(state_of("j001-a"), STORE_GONE);
    tear_down();
}
END_TEST

START_TEST(one_that_is_kept_for_a_moment_only_does_not_wait_for_the_others) {
    set_up();
    create("j001-a", "r");
    finish("j001-a", 10 * second);
    create("j001-b", "r2");
    finish("j001-b", 1000);
    engine_run(e, start + 1000);
    ck_assert_int_eq(state_of("j001-b"), STORE_GONE);
    ck_assert_int_eq(state_of("j001-a"), STORE_DONE);
    tear_down();
}
END_TEST

START_TEST(beyond_the_bound_the_oldest_finished_job_is_forgotten_and_no_other) {
    char id[16];
    set_up();
    create("j001-living", "r");
    for (int i = 0; i < FINISHED_MAX + 1; i++) {
        snprintf(id, sizeof id, "j001-%d", i);
        create(id, id);
        finish(id, 10 * second);
    }
    ck_assert_int_eq(state_of("j001-0"), STORE_GONE);
    ck_assert_int_eq(state_of("j001-1"), STORE_DONE);
    ck_assert_int_eq(state_of("j001-living"), STORE_DONE);
    tear_down();
}
END_TEST

START_TEST(without_leases_a_request_that_comes_again_makes_a_second_job) {
    set_up();
    ck_assert_int_eq(create("j001-a", "r"), STORE_DONE);
    ck_assert_int_eq(create("j001-b", "r"), STORE_DONE);
    ck_assert_int_eq(job_of("r"), STORE_GONE);
    tear_down();
}
END_TEST

START_TEST(with_them_it_is_told_its_job_until_the_lease_ends) {
    set_up_leases(90 * second);
    ck_assert_int_eq(create("j001-a", "r"), STORE_DONE);
    engine_run(e, start + 90 * second - 1);
    ck_assert_int_eq(create("j001-b", "r"), STORE_EXISTS);
    ck_assert_str_eq(last_job, "j001-a");
    ck_assert_int_eq(job_of("r"), STORE_EXISTS);
    ck_assert_str_eq(last_job, "j001-a");
    ck_assert_int_eq(state_of("j001-b"), STORE_GONE);
    engine_run(e, start + 90 * second);
    ck_assert_int_eq(job_of("r"), STORE_GONE);
    ck_assert_int_eq(create("j001-b", "r"), STORE_DONE);
    tear_down();
}
END_TEST

START_TEST(beyond_the_bound_the_oldest_lease_ends) {
    char id[16];
    set_up_leases(90 * second);
    for (int i = 0; i < LEASES_MAX + 1; i++) {
        snprintf(id, sizeof id, "j001-%d", i);
        create(id, id);
    }
    ck_assert_int_eq(job_of("j001-0"), STORE_GONE);
    ck_assert_int_eq(job_of("j001-1"), STORE_EXISTS);
    tear_down();
}
END_TEST

START_TEST(who_still_waits_when_the_store_is_freed_hears_that_no_answer_will_come) {
    set_up_leases(90 * second);
    create("j001-a", "r");
    store_question questions[] = {
        {.op = STORE_FIND, .request = "r"},
        {.op = STORE_READ, .job = "j001-a", .request = "r"},
    };
    for (int i = 0; i < 2; i++) job_store_ask(store, &questions[i], on_answer, NULL);
    store = job_store_free(store);
    ck_assert_int_eq(ends, 2);
    engine_run(e, start + second);
    ck_assert_int_eq(answers, 1);
    tear_down();
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        each_question_is_answered_behind_the_handler_and_is_one_operation,
        whether_a_deadline_has_passed_is_told_by_our_own_clock,
        a_finished_job_is_known_for_as_long_as_it_is_kept,
        one_that_is_kept_for_a_moment_only_does_not_wait_for_the_others,
        beyond_the_bound_the_oldest_finished_job_is_forgotten_and_no_other,
        without_leases_a_request_that_comes_again_makes_a_second_job,
        with_them_it_is_told_its_job_until_the_lease_ends,
        beyond_the_bound_the_oldest_lease_ends,
        who_still_waits_when_the_store_is_freed_hears_that_no_answer_will_come,
    };
    return SUITE_RUN("jobstore", tests);
}
