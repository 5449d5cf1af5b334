/* check_commands.c - check and schema as a shell sees them: exit status, standard output, standard error. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/commands/commands.h"
#include "tests/support/suite.h"

typedef struct shown {
    int status;
    char out[8192], err[2048];
} shown;

/* What the stream got since it was turned to the file. */
static void read_back(FILE *stream, const char *path, char *text, size_t size) {
    fflush(stream);
    FILE *in = fopen(path, "rb");
    ck_assert_ptr_nonnull(in);
    text[fread(text, 1, size - 1, in)] = '\0';
    fclose(in);
    unlink(path);
}

/* Runs a command with up to 5 arguments, closed by NULL. Each test is a process of its own, so it may turn its streams. */
static void run(int (*command_run)(int argc, char **argv), shown *ret_shown, ...) {
    char name[] = "command", *argv[8] = {name}, out[] = "/tmp/check_commands_XXXXXX",
         err[] = "/tmp/check_commands_XXXXXX";
    int argc = 1;
    va_list args;
    va_start(args, ret_shown);
    for (char *arg; (arg = va_arg(args, char *)) && argc < 7;) argv[argc++] = arg;
    va_end(args);
    close(mkstemp(out));
    close(mkstemp(err));
    ck_assert_ptr_nonnull(freopen(out, "w", stdout));
    ck_assert_ptr_nonnull(freopen(err, "w", stderr));
    ret_shown->status = command_run(argc, argv);
    read_back(stdout, out, ret_shown->out, sizeof ret_shown->out);
    read_back(stderr, err, ret_shown->err, sizeof ret_shown->err);
}

START_TEST(check_prints_one_line_for_a_good_file) {
    shown s;
    run(cmd_check, &s, "scenarios/quickstart.yaml", NULL);
    ck_assert_int_eq(s.status, STATUS_FINE);
    ck_assert_ptr_eq(strstr(s.out, "scenarios/quickstart.yaml: ok: quickstart "), s.out);
    ck_assert_ptr_nonnull(strstr(s.out, ": 500 nodes, 500 slots, 132 pairs, about "));
    ck_assert_ptr_eq(strchr(s.out, '\n'), s.out + strlen(s.out) - 1);
    ck_assert_str_eq(s.err, "");
}
END_TEST

START_TEST(one_bad_file_does_not_hide_the_good_ones) {
    shown s;
    run(cmd_check, &s, "no/such.yaml", "scenarios/quickstart.yaml", NULL);
    ck_assert_int_eq(s.status, STATUS_BAD_INPUT);
    ck_assert_ptr_eq(strstr(s.out, "scenarios/quickstart.yaml: ok: "), s.out);
    ck_assert_str_eq(s.err, "no/such.yaml: cannot be opened: No such file or directory\n");
}
END_TEST

START_TEST(check_without_a_file_says_what_it_wants) {
    shown s;
    run(cmd_check, &s, NULL);
    ck_assert_int_eq(s.status, STATUS_BAD_INPUT);
    ck_assert_str_eq(s.out, "");
    ck_assert_ptr_nonnull(strstr(s.err, "which file?"));
}
END_TEST

START_TEST(a_dump_is_the_only_output) {
    shown s;
    run(cmd_check, &s, "--dump", "scenarios/quickstart.yaml", NULL);
    ck_assert_int_eq(s.status, STATUS_FINE);
    ck_assert_ptr_eq(strstr(s.out, "name: \"quickstart\"\nseed: 1\n"), s.out);
}
END_TEST

START_TEST(help_is_a_result_and_has_examples) {
    shown s;
    run(_i ? cmd_schema : cmd_check, &s, "--help", NULL);
    ck_assert_int_eq(s.status, STATUS_FINE);
    ck_assert_ptr_eq(strstr(s.out, "Usage: lingua-sim "), s.out);
    ck_assert_ptr_nonnull(strstr(s.out, "Examples:"));
    ck_assert_str_eq(s.err, "");
}
END_TEST

START_TEST(an_unknown_option_is_bad_usage) {
    shown s;
    run(_i ? cmd_schema : cmd_check, &s, "--no-such", NULL);
    ck_assert_int_eq(s.status, STATUS_BAD_INPUT);
    ck_assert_str_eq(s.out, "");
    ck_assert_ptr_nonnull(strstr(s.err, "--help"));
}
END_TEST

START_TEST(schema_prints_yaml_or_markdown_and_takes_no_file) {
    shown s = {.status = -1};
    if (_i == 0) run(cmd_schema, &s, NULL);
    if (_i == 1) run(cmd_schema, &s, "--markdown", NULL);
    if (_i == 2) run(cmd_schema, &s, "x.yaml", NULL);
    ck_assert_int_eq(s.status, _i == 2 ? STATUS_BAD_INPUT : STATUS_FINE);
    if (_i == 0) ck_assert_ptr_nonnull(strstr(s.out, "\nseed: 1\n"));
    if (_i == 1) ck_assert_ptr_eq(strstr(s.out, "# Scenarios\n"), s.out);
    if (_i == 2) ck_assert_str_eq(s.err, "lingua-sim schema: takes no file, but \"x.yaml\" was given\n");
}
END_TEST

int main(void) {
    TCase *tests = tcase_create("commands");
    tcase_add_test(tests, check_prints_one_line_for_a_good_file);
    tcase_add_test(tests, one_bad_file_does_not_hide_the_good_ones);
    tcase_add_test(tests, check_without_a_file_says_what_it_wants);
    tcase_add_test(tests, a_dump_is_the_only_output);
    tcase_add_loop_test(tests, help_is_a_result_and_has_examples, 0, 2);
    tcase_add_loop_test(tests, an_unknown_option_is_bad_usage, 0, 2);
    tcase_add_loop_test(tests, schema_prints_yaml_or_markdown_and_takes_no_file, 0, 3);
    return suite_run_case("commands", tests);
}
