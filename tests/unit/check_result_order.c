/* check_result_order.c - results in the order of their utterances: the sentences of the header. */
#include "core/domain/result_order.h"

#include <string.h>

#include "tests/support/suite.h"

enum { OPEN_MAX = 6 };

static const usec_t GAP = 30 * USEC_PER_SEC;

static sched_error err;
static char content[100]; /* the result of utterance n is &content[n] */
static int dropped;

static void count_dropped(void *result) {
    (void)result;
    dropped++;
}

static result_order *expecting(int count, const uint64_t utterances[]) {
    result_order *o = result_order_new(OPEN_MAX);
    for (int i = 0; i < count; i++) ck_assert_int_eq(result_order_expect(o, utterances[i], &err), SCHED_OK);
    return o;
}

static bool arrive(result_order *o, uint64_t utterance, usec_t now) {
    return result_order_arrive(o, utterance, &content[utterance], now);
}

/* The next one is `utterance`, with its own result. */
static void expect_next(result_order *o, uint64_t utterance) {
    uint64_t told = 99;
    void *result = NULL;
    ck_assert_msg(result_order_next(o, &told, &result), "nothing to tell, expected %d", (int)utterance);
    ck_assert_uint_eq(told, utterance);
    ck_assert_ptr_eq(result, &content[utterance]);
}

static void expect_none(result_order *o) {
    uint64_t told = 99;
    void *result = content;
    ck_assert_msg(!result_order_next(o, &told, &result), "utterance %d is told", (int)told);
    ck_assert_uint_eq(told, 99);
}

START_TEST(results_are_told_in_the_order_of_utterances) {
    result_order *o = expecting(3, (const uint64_t[]){7, 3, 5});
    ck_assert(arrive(o, 7, 1));
    ck_assert(arrive(o, 5, 2));
    expect_none(o);
    ck_assert(arrive(o, 3, 3));
    ck_assert_int_eq(result_order_open(o), 3);
    expect_next(o, 3);
    expect_next(o, 5);
    expect_next(o, 7);
    expect_none(o);
    ck_assert_int_eq(result_order_open(o), 0);
    result_order_free(o, NULL);
}
END_TEST

START_TEST(each_is_told_once_and_the_late_and_the_doubled_stay_with_the_caller) {
    result_order *o = expecting(2, (const uint64_t[]){0, 1});
    ck_assert(!arrive(o, 2, 1));
    ck_assert(arrive(o, 0, 1));
    ck_assert(!arrive(o, 0, 2));
    expect_next(o, 0);
    ck_assert(!arrive(o, 0, 3));
    expect_none(o);
    result_order_free(o, NULL);
}
END_TEST

START_TEST(what_was_told_or_given_up_is_not_expected_again) {
    result_order *o = expecting(2, (const uint64_t[]){4, 5});
    ck_assert_int_eq(result_order_expect(o, 5, &err), SCHED_EINVAL);
    ck_assert_str_eq(err.message, "utterance 5 is expected already");
    arrive(o, 4, 1);
    expect_next(o, 4);
    for (uint64_t u = 3; u <= 4; u++) ck_assert_int_eq(result_order_expect(o, u, &err), SCHED_EINVAL);
    ck_assert_str_eq(err.message, "utterance 4: results are told up to 4 already");
    result_order_give_up(o, 5);
    ck_assert_int_eq(result_order_expect(o, 5, &err), SCHED_EINVAL);
    ck_assert_int_eq(result_order_expect(o, 6, &err), SCHED_OK);
    result_order_free(o, NULL);
}
END_TEST

START_TEST(it_is_bounded) {
    result_order *o = expecting(OPEN_MAX, (const uint64_t[]){1, 2, 3, 4, 5, 6});
    ck_assert_int_eq(result_order_expect(o, 7, &err), SCHED_FULL);
    ck_assert_str_eq(err.message, "utterance 7: 6 others wait for their results already");
    result_order_withdraw(o, 2);
    ck_assert_int_eq(result_order_expect(o, 7, &err), SCHED_OK);
    result_order_free(o, NULL);
}
END_TEST

START_TEST(a_withdrawn_utterance_blocks_nobody) {
    result_order *o = expecting(3, (const uint64_t[]){1, 2, 3});
    arrive(o, 3, 1);
    result_order_withdraw(o, 1);
    expect_none(o);
    result_order_withdraw(o, 2);
    ck_assert(!arrive(o, 2, 2));
    result_order_withdraw(o, 3); /* too late: its result has come */
    result_order_withdraw(o, 9);
    expect_next(o, 3);
    result_order_free(o, NULL);
}
END_TEST

START_TEST(a_gap_is_overdue_when_a_result_behind_it_has_waited_long_enough) {
    result_order *o = expecting(4, (const uint64_t[]){1, 2, 3, 4});
    uint64_t missing = 99;
    ck_assert_int_eq(result_order_wake(o, GAP), USEC_NEVER);
    arrive(o, 1, 50);
    ck_assert_int_eq(result_order_wake(o, GAP), USEC_NEVER); /* it blocks nobody and nobody blocks it */
    expect_next(o, 1);
    arrive(o, 4, 100);
    arrive(o, 3, 200);
    ck_assert_int_eq(result_order_wake(o, GAP), GAP + 100);
    ck_assert(!result_order_overdue(o, GAP + 99, GAP, &missing));
    ck_assert_uint_eq(missing, 99);
    ck_assert(result_order_overdue(o, GAP + 100, GAP, &missing));
    ck_assert_uint_eq(missing, 2);
    result_order_give_up(o, 2);
    ck_assert(!result_order_overdue(o, GAP + 1000, GAP, &missing));
    ck_assert(!arrive(o, 2, GAP + 1000));
    expect_next(o, 3);
    expect_next(o, 4);
    result_order_free(o, NULL);
}
END_TEST

START_TEST(after_one_gap_is_given_up_the_next_may_be_overdue_already) {
    result_order *o = expecting(3, (const uint64_t[]){1, 2, 3});
    uint64_t missing = 99;
    arrive(o, 3, 0);
    ck_assert(result_order_overdue(o, GAP, GAP, &missing));
    ck_assert_uint_eq(missing, 1);
    result_order_give_up(o, 1);
    ck_assert(result_order_overdue(o, GAP, GAP, &missing));
    ck_assert_uint_eq(missing, 2);
    result_order_free(o, NULL);
}
END_TEST

START_TEST(a_result_may_be_null_and_a_result_that_has_come_is_not_given_up) {
    result_order *o = expecting(1, (const uint64_t[]){1});
    ck_assert(result_order_arrive(o, 1, NULL, 0));
    result_order_give_up(o, 1);
    uint64_t told;
    void *result = content;
    ck_assert(result_order_next(o, &told, &result));
    ck_assert_ptr_null(result);
    result_order_free(o, NULL);
}
END_TEST

START_TEST(freeing_hands_back_what_was_not_told) {
    result_order *o = expecting(3, (const uint64_t[]){1, 2, 3});
    arrive(o, 1, 0);
    arrive(o, 3, 0);
    expect_next(o, 1);
    dropped = 0;
    ck_assert_ptr_null(result_order_free(o, count_dropped));
    ck_assert_int_eq(dropped, 1);
    ck_assert_ptr_null(result_order_free(NULL, count_dropped));
}
END_TEST

START_TEST(what_was_given_up_is_remembered_and_the_oldest_of_many_is_forgotten) {
    result_order *o = result_order_new(OPEN_MAX);
    ck_assert(!result_order_remembers(o, 0));
    for (uint64_t u = 0; u <= OPEN_MAX; u++) {
        ck_assert_int_eq(result_order_expect(o, u, &err), SCHED_OK);
        ck_assert(!result_order_remembers(o, u));
        result_order_give_up(o, u);
        ck_assert(result_order_remembers(o, u));
    }
    ck_assert(!result_order_remembers(o, 0));
    ck_assert(result_order_remembers(o, 1));
    result_order_free(o, NULL);
}
END_TEST

START_TEST(what_was_not_expected_or_has_come_was_not_given_up) {
    result_order *o = expecting(2, (const uint64_t[]){1, 2});
    ck_assert(arrive(o, 2, 1));
    result_order_give_up(o, 2);
    result_order_give_up(o, 3);
    ck_assert(!result_order_remembers(o, 2));
    ck_assert(!result_order_remembers(o, 3));
    result_order_free(o, NULL);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        results_are_told_in_the_order_of_utterances,
        each_is_told_once_and_the_late_and_the_doubled_stay_with_the_caller,
        what_was_told_or_given_up_is_not_expected_again,
        it_is_bounded,
        a_withdrawn_utterance_blocks_nobody,
        a_gap_is_overdue_when_a_result_behind_it_has_waited_long_enough,
        after_one_gap_is_given_up_the_next_may_be_overdue_already,
        a_result_may_be_null_and_a_result_that_has_come_is_not_given_up,
        freeing_hands_back_what_was_not_told,
        what_was_given_up_is_remembered_and_the_oldest_of_many_is_forgotten,
        what_was_not_expected_or_has_come_was_not_given_up,
    };
    return SUITE_RUN("result_order", tests);
}
