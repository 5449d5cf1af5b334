/* check_text_file.c - files of a folder: written, read again, and what is said when that does not work. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "sim/report/text_file.h"
#include "tests/support/command_world.h"
#include "tests/support/suite.h"

static char folder[TEMP_PATH_MAX];
static sched_error err;

static void setup(void) {
    command_enter(folder);
}

static void teardown(void) {
    command_leave(folder);
}

static void write_text(const void *ctx, FILE *out) {
    fputs(ctx, out);
}

START_TEST(what_is_written_is_read_again_also_in_a_folder_below) {
    ck_assert_int_eq(mkdir("plots", 0777), 0);
    ck_assert_int_eq(text_file_write(folder, "plots/runs.csv", write_text, "value,p95\n1,2\n", &err), SCHED_OK);
    char *text = text_file_read("plots/runs.csv");
    ck_assert_str_eq(text, "value,p95\n1,2\n");
    free(text);
}
END_TEST

START_TEST(a_file_that_was_there_is_empty_when_it_is_opened) {
    command_write("a.csv", "much longer than what comes");
    ck_assert_int_eq(text_file_write(folder, "a.csv", write_text, "short", &err), SCHED_OK);
    char *text = text_file_read("a.csv");
    ck_assert_str_eq(text, "short");
    free(text);
}
END_TEST

START_TEST(what_is_not_there_is_said_with_its_whole_path) {
    ck_assert_ptr_null(text_file_read("nothing.csv"));
    ck_assert_int_eq(text_file_write("here", "plots/runs.csv", write_text, "", &err), SCHED_EIO);
    ck_assert_str_eq(err.message, "here/plots/runs.csv: No such file or directory");
}
END_TEST

START_TEST(a_full_disk_is_noticed_at_the_end) {
    ck_assert_int_eq(text_file_write("/dev", "full", write_text, "text", &err), SCHED_EIO);
    ck_assert_str_eq(err.message, "/dev/full: could not be written: No space left on device");
}
END_TEST

int main(void) {
    TCase *tests = tcase_create("text_file");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, what_is_written_is_read_again_also_in_a_folder_below);
    tcase_add_test(tests, a_file_that_was_there_is_empty_when_it_is_opened);
    tcase_add_test(tests, what_is_not_there_is_said_with_its_whole_path);
    tcase_add_test(tests, a_full_disk_is_noticed_at_the_end);
    return suite_run_case("text_file", tests);
}
