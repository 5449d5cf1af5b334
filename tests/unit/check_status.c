/* check_status.c - a failure is a code and one line of text. */
#include "core/base/status.h"

#include <string.h>

#include "tests/support/suite.h"

START_TEST(fail_fills_the_error_and_returns_the_status) {
    sched_error err = {0};
    ck_assert_int_eq(sched_fail(&err, SCHED_FULL, "the queue holds its %d jobs already", 4), SCHED_FULL);
    ck_assert_int_eq(err.status, SCHED_FULL);
    ck_assert_str_eq(err.message, "the queue holds its 4 jobs already");
}
END_TEST

START_TEST(fail_takes_no_error) {
    ck_assert_int_eq(sched_fail(NULL, SCHED_EIO, "%s", "unseen"), SCHED_EIO);
}
END_TEST

START_TEST(a_message_that_fits_is_kept_whole) {
    char text[SCHED_ERROR_MAX];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    sched_error err;
    sched_fail(&err, SCHED_EIO, "%s", text);
    ck_assert_str_eq(err.message, text);
}
END_TEST

START_TEST(a_long_message_is_cut_between_characters) {
    char text[2 * SCHED_ERROR_MAX] = "";
    for (int i = 0; i < SCHED_ERROR_MAX / 2; i++) strcat(text, "\xe2\x82\xac");
    sched_error err;
    sched_fail(&err, SCHED_EIO, "%s", text);
    size_t len = strlen(err.message);
    ck_assert_uint_lt(len, SCHED_ERROR_MAX);
    ck_assert_uint_gt(len, SCHED_ERROR_MAX - 8);
    ck_assert_str_eq(err.message + len - 6, "\xe2\x82\xac...");
}
END_TEST

START_TEST(a_message_is_one_line) {
    sched_error err;
    sched_fail(&err, SCHED_EPROTO, "redis said: %s", "ERR no\r\nway");
    ck_assert_str_eq(err.message, "redis said: ERR no\\r\\nway");
}
END_TEST

static void fail_with_ok(void) {
    sched_fail(NULL, SCHED_OK, "all is well");
}

START_TEST(failing_with_ok_is_a_bug) {
    ck_assert(suite_aborts(fail_with_ok));
}
END_TEST

START_TEST(every_status_has_a_name_of_its_own) {
    for (int a = SCHED_OK; a <= SCHED_EBROKEN; a++) {
        const char *name = sched_status_name((sched_status)a);
        ck_assert_str_ne(name, "unknown");
        for (int b = SCHED_OK; b < a; b++) ck_assert_str_ne(name, sched_status_name((sched_status)b));
    }
    ck_assert_str_eq(sched_status_name(SCHED_OK), "ok");
    ck_assert_str_eq(sched_status_name((sched_status)99), "unknown");
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        fail_fills_the_error_and_returns_the_status, fail_takes_no_error,   a_message_that_fits_is_kept_whole,
        a_long_message_is_cut_between_characters,    a_message_is_one_line, failing_with_ok_is_a_bug,
        every_status_has_a_name_of_its_own,
    };
    return SUITE_RUN("status", tests);
}
