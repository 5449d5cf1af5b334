/* check_shrink.c - a failing history becomes the few operations that make it fail. */
#include "tests/support/shrink.h"

#include <stdlib.h>

#include "core/base/rng.h"
#include "tests/support/suite.h"

enum { LONG = 500, CULPRITS_MAX = 5 };

typedef struct culprits {
    int values[CULPRITS_MAX], count;
    int asked;
} culprits;

/* It fails when the culprits stand in it, in their order. */
static bool fails(const void *ops, size_t count, void *ctx) {
    const int *values = ops;
    culprits *c = ctx;
    int found = 0;
    for (size_t i = 0; i < count && found < c->count; i++) found += values[i] == c->values[found];
    c->asked++;
    return found == c->count;
}

START_TEST(what_matters_is_left_in_order) {
    for (uint64_t seed = 0; seed < 200; seed++) {
        rng r;
        rng_init(&r, seed, "shrink", 0);
        int history[LONG], wanted = 1 + (int)rng_below(&r, CULPRITS_MAX), step = LONG / wanted;
        for (int i = 0; i < LONG; i++) history[i] = i;
        culprits c = {.count = wanted};
        for (int i = 0; i < wanted; i++) c.values[i] = i * step + (int)rng_below(&r, (uint64_t)step);
        size_t left = shrink_history(history, LONG, sizeof *history, fails, &c);
        ck_assert_msg(left == (size_t)wanted, "seed %d: %zu of %d are left", (int)seed, left, wanted);
        for (int i = 0; i < wanted; i++) ck_assert_int_eq(history[i], c.values[i]);
        ck_assert_msg(c.asked < 40 * wanted + 40, "seed %d: asked %d times for %d", (int)seed, c.asked, wanted);
    }
}
END_TEST

START_TEST(of_equal_operations_no_more_are_left_than_needed) {
    int history[LONG] = {0};
    culprits c = {.count = 3};
    ck_assert_uint_eq(shrink_history(history, LONG, sizeof *history, fails, &c), 3);
}
END_TEST

/* The 0 can be left out when the 2 has gone, and the 2 at any time. */
static bool fails_while_one(const void *ops, size_t count, void *ctx) {
    const int *values = ops;
    (void)ctx;
    bool whole = count == 3, without_2 = count == 2 && values[0] == 0 && values[1] == 1;
    return whole || without_2 || (count == 1 && values[0] == 1);
}

START_TEST(when_a_later_one_has_gone_the_earlier_are_asked_again) {
    int history[] = {0, 1, 2};
    ck_assert_uint_eq(shrink_history(history, 3, sizeof *history, fails_while_one, NULL), 1);
    ck_assert_int_eq(history[0], 1);
}
END_TEST

static bool fails_always(const void *ops, size_t count, void *ctx) {
    (void)ops, (void)count, (void)ctx;
    return true;
}

START_TEST(what_fails_without_any_operation_is_empty) {
    int history[LONG] = {0};
    ck_assert_uint_eq(shrink_history(history, LONG, sizeof *history, fails_always, NULL), 0);
    ck_assert_uint_eq(shrink_history(history, 0, sizeof *history, fails_always, NULL), 0);
}
END_TEST

static bool aborts_at_7(const void *ops, size_t count, void *ctx) {
    const int *values = ops;
    (void)ctx;
    for (size_t i = 0; i < count; i++)
        if (values[i] == 7) abort();
    return false;
}

START_TEST(an_abort_is_a_failure_too) {
    int history[LONG];
    for (int i = 0; i < LONG; i++) history[i] = i;
    ck_assert_uint_eq(shrink_history(history, LONG, sizeof *history, aborts_at_7, NULL), 1);
    ck_assert_int_eq(history[0], 7);
    ck_assert(!shrink_ask(history, 0, aborts_at_7, NULL));
    ck_assert(suite_aborts(abort)); /* and ends the process as ever */
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        what_matters_is_left_in_order,
        of_equal_operations_no_more_are_left_than_needed,
        when_a_later_one_has_gone_the_earlier_are_asked_again,
        what_fails_without_any_operation_is_empty,
        an_abort_is_a_failure_too,
    };
    return SUITE_RUN("shrink", tests);
}
