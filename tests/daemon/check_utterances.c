/* check_utterances.c - what a session remembers of its utterances, and for how long. */
#include "core/daemon/utterances.h"

#include "tests/support/suite.h"

START_TEST(a_trace_lives_until_the_last_job_is_answered) {
    utterances u = {.notes = NULL};
    utterances_say(&u, 7, "t-7");
    utterances_begin(&u, 7, 100);
    utterances_begin(&u, 7, 200);
    ck_assert_str_eq(utterances_find(&u, 7)->trace, "t-7");
    ck_assert_int_eq(utterances_find(&u, 7)->began, 100);
    utterances_answer(&u, 7);
    ck_assert_ptr_nonnull(utterances_find(&u, 7));
    utterances_answer(&u, 7);
    ck_assert_ptr_null(utterances_find(&u, 7));
    ck_assert_ptr_null(u.notes);
}
END_TEST

START_TEST(what_was_cut_here_has_no_trace_of_its_own) {
    utterances u = {.notes = NULL};
    utterances_begin(&u, 0, 5);
    ck_assert_ptr_null(utterances_find(&u, 0)->trace);
    utterances_answer(&u, 0);
    utterances_answer(&u, 0);
    ck_assert_ptr_null(utterances_find(&u, 0));
}
END_TEST

START_TEST(a_refusal_before_any_job_ends_the_note) {
    utterances u = {.notes = NULL};
    utterances_say(&u, 3, "t-3");
    utterances_answer(&u, 3);
    ck_assert_ptr_null(utterances_find(&u, 3));
}
END_TEST

START_TEST(the_oldest_is_forgotten_first) {
    utterances u = {.notes = NULL};
    for (uint64_t i = 0; i <= UTTERANCES_MAX; i++) utterances_say(&u, i, "t");
    ck_assert_ptr_null(utterances_find(&u, 0));
    ck_assert_ptr_nonnull(utterances_find(&u, 1));
    ck_assert_ptr_nonnull(utterances_find(&u, UTTERANCES_MAX));
    ck_assert_int_eq(u.count, UTTERANCES_MAX);
    utterances_clear(&u);
    ck_assert_ptr_null(u.notes);
}
END_TEST

START_TEST(saying_it_again_keeps_one_note) {
    utterances u = {.notes = NULL};
    utterances_say(&u, 1, "first");
    utterances_begin(&u, 1, 10);
    utterances_say(&u, 1, "second");
    ck_assert_int_eq(u.count, 1);
    ck_assert_str_eq(utterances_find(&u, 1)->trace, "second");
    ck_assert_int_eq(utterances_find(&u, 1)->jobs, 1);
    utterances_clear(&u);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        a_trace_lives_until_the_last_job_is_answered,
        what_was_cut_here_has_no_trace_of_its_own,
        a_refusal_before_any_job_ends_the_note,
        the_oldest_is_forgotten_first,
        saying_it_again_keeps_one_note,
    };
    return SUITE_RUN("utterances", tests);
}
