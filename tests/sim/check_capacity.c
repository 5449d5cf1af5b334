/* check_capacity.c - lingua-sim capacity as its user meets it: its number against what runs say, bytes, interrupts, ends of ranges. */
#include <glob.h>
#include <jansson.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sim/commands/commands.h"
#include "sim/report/json_path.h"
#include "tests/support/command_world.h"
#include "tests/support/suite.h"

#define BASE                                                                                                           \
    "name: small\n"                                                                                                    \
    "duration: 25s\n"                                                                                                  \
    "warmup: 5s\n"                                                                                                     \
    "languages: {count: 3}\n"                                                                                          \
    "sessions: [{name: talkers, concurrent: 10, join: {at: 2s, over: 2s}}]\n"                                          \
    "slo: [\"e2e_p95<5s\", \"refused<1%\"]\n"
#define SMALL BASE "nodes: [{name: gpu, count: 6, languages: 3, slots: 1, price: 2.5, join: {over: 0s}}]\n"
#define RACKS                                                                                                          \
    BASE "nodes: [{name: left, count: 4, languages: 3, slots: 1, join: {over: 0s}}, "                                  \
         "{name: right, count: 8, languages: 3, slots: 1, join: {over: 0s}}]\n"
/* Few runs: what is tested is not how narrow an interval becomes. */
#define ROUGH "--precision", "12", "--no-curve"

enum { PATIENCE_S = 60 };

static char folder[TEMP_PATH_MAX];

static void setup(void) {
    command_enter(folder);
}

static void teardown(void) {
    command_leave(folder);
}

#define CAPACITY(...) command_run(cmd_capacity, "lingua-sim capacity", (const char *const[]){__VA_ARGS__, NULL})
#define RUN(...)      command_run(cmd_run, "lingua-sim run", (const char *const[]){__VA_ARGS__, NULL})

static double number(json_t *o, const char *path) {
    double value = json_number_at(o, path);
    ck_assert_msg(!isnan(value), "there is no %s", path);
    return value;
}

static const char *text_at(json_t *o, const char *path) {
    const char *text = json_string_value(json_at(o, path));
    ck_assert_msg(text != NULL, "there is no %s", path);
    return text;
}

/* "holds_at" or "fails_at" of one seed. */
static int64_t end_of(json_t *answer, size_t seed, const char *which) {
    json_t *value = json_at(json_array_get(json_at(answer, "seeds"), seed), which);
    ck_assert_msg(json_is_integer(value), "seed %zu has no %s", seed, which);
    return json_integer_value(value);
}

static void run_by_hand(int64_t sessions, const char *seed, int expected) {
    char set[64];
    snprintf(set, sizeof set, "sessions.0.concurrent=%lld", (long long)sessions);
    command_expect_status(RUN("s.yaml", "--set", set, "--seed", seed, "--no-report", "--out", "hand"), expected);
}

START_TEST(each_seed_holds_on_one_side_of_its_crossing_and_fails_on_the_other) {
    command_write("s.yaml", SMALL);
    command_expect_status(CAPACITY("s.yaml", "--vary", "sessions=5..100", "--runs", "2", "--seed", "4", "--out", "a",
                                   ROUGH),
                          STATUS_FINE);
    command_expect_in("stdout", "It carries ");
    command_expect_in("stdout", "Missed first: e2e_p95<5s");
    json_t *o = command_json("a/capacity.json"), *answer = json_at(o, "answer");
    ck_assert_str_eq(text_at(o, "schema"), "lingua.sim.capacity/1");
    ck_assert_str_eq(text_at(answer, "end"), "found");
    for (size_t i = 0; i < 2; i++) {
        const char *seed = i ? "5" : "4";
        run_by_hand(end_of(answer, i, "holds_at"), seed, STATUS_FINE);
        run_by_hand(end_of(answer, i, "fails_at"), seed, STATUS_FAILED);
        double width = (double)(end_of(answer, i, "fails_at") - end_of(answer, i, "holds_at"));
        ck_assert(width > 0 && (width <= 1 || width <= 0.12 * (double)end_of(answer, i, "fails_at")));
    }
    ck_assert(number(answer, "low") <= number(answer, "mean") && number(answer, "mean") <= number(answer, "high"));
    ck_assert_str_eq(text_at(o, "binds"), "nodes");
    ck_assert(number(o, "cost_per_hour") == 15);
    json_decref(o);
}
END_TEST

START_TEST(the_same_seeds_give_the_same_bytes_however_many_run_at_once) {
    static const char *const files[] = {"stdout", "capacity.json", "points.csv", "report.html", "report.md"};
    command_write("s.yaml", SMALL);
    command_expect_status(CAPACITY("s.yaml", "--vary", "sessions=10..60", "--runs", "2", "--out", "a", "--jobs", "1",
                                   ROUGH),
                          STATUS_FINE);
    ck_assert_int_eq(rename("a", "first") || rename("stdout", "first/stdout"), 0);
    command_expect_status(CAPACITY("s.yaml", "--vary", "sessions=10..60", "--runs", "2", "--out", "a", "--jobs", "2",
                                   ROUGH),
                          STATUS_FINE);
    command_expect_same("first/stdout", "stdout");
    for (size_t i = 1; i < sizeof files / sizeof *files; i++) {
        char a[64], b[64];
        snprintf(a, sizeof a, "first/%s", files[i]);
        snprintf(b, sizeof b, "a/%s", files[i]);
        command_expect_same(a, b);
    }
}
END_TEST

START_TEST(a_length_that_is_the_scenarios_own_is_none_to_be_set) {
    command_write("s.yaml", SMALL);
    command_expect_status(CAPACITY("s.yaml", "--vary", "nodes=1..20", "--runs", "1", "--set", "duration=20s",
                                   "--length", "20s", "--out", "a", ROUGH),
                          STATUS_FINE);
    command_expect_in("a/report.md", "--set 'duration=20s' --runs 1");
    command_expect_in("a/report.md", "--length 20s");
}
END_TEST

START_TEST(the_least_number_of_nodes_is_told_with_its_cost) {
    command_write("s.yaml", SMALL);
    command_expect_status(CAPACITY("s.yaml", "--vary", "nodes=1..20", "--runs", "1", "--length", "20s", "--out", "a",
                                   ROUGH),
                          STATUS_FINE);
    command_expect_in("stdout", "in runs of 20s");
    command_expect_in("a/report.md", "--length 20s");
    json_t *o = command_json("a/capacity.json");
    int64_t nodes = (int64_t)number(o, "answer.value");
    ck_assert_int_eq(end_of(json_at(o, "answer"), 0, "holds_at"), nodes);
    ck_assert_int_eq(end_of(json_at(o, "answer"), 0, "fails_at"), nodes - 1);
    ck_assert(number(o, "cost_per_hour") == 2.5 * (double)nodes);
    command_expect_in("stdout", "It takes ");
    json_decref(o);
}
END_TEST

START_TEST(what_is_left_without_the_largest_group_is_told) {
    command_write("s.yaml", RACKS);
    command_expect_status(CAPACITY("s.yaml", "--vary", "sessions=5..100", "--runs", "1", "--out", "a", ROUGH),
                          STATUS_FINE);
    json_t *o = command_json("a/capacity.json");
    ck_assert_str_eq(text_at(o, "lost_group"), "right");
    double left = number(o, "without_it.mean") / number(o, "answer.mean");
    ck_assert_msg(left > 0.15 && left < 0.5, "a third of the nodes carries %.2f of what all carry", left);
    command_expect_in("stdout", "With the largest group, right, lost: ");
    json_decref(o);
    command_expect_status(CAPACITY("s.yaml", "--vary", "sessions=5..100", "--runs", "1", "--out", "a", "--no-headroom",
                                   ROUGH),
                          STATUS_FINE);
    o = command_json("a/capacity.json");
    ck_assert(json_is_null(json_at(o, "without_it")));
    json_decref(o);
}
END_TEST

START_TEST(any_whole_number_may_vary_and_its_sense_is_found) {
    command_write("s.yaml", SMALL);
    command_expect_status(CAPACITY("s.yaml", "--vary", "nodes.0.slots=1..6", "--runs", "1", "--out", "a", "--set",
                                   "sessions.0.concurrent=60", ROUGH),
                          STATUS_FINE);
    json_t *o = command_json("a/capacity.json");
    ck_assert_int_lt(end_of(json_at(o, "answer"), 0, "fails_at"), end_of(json_at(o, "answer"), 0, "holds_at"));
    command_expect_in("stdout", "The least nodes.0.slots that meets the objectives is ");
    json_decref(o);
}
END_TEST

START_TEST(a_range_without_a_crossing_is_no_answer) {
    command_write("s.yaml", SMALL);
    command_expect_status(CAPACITY("s.yaml", "--vary", "sessions=2..4", "--runs", "1", "--out", "a"), STATUS_FAILED);
    command_expect_in("stdout", "4, the end of the range, meets the objectives still");
    command_expect_status(CAPACITY("s.yaml", "--vary", "sessions=60..90", "--runs", "1", "--out", "a"), STATUS_FAILED);
    command_expect_in("stdout", "60, the end of the range, misses the objectives already");
    command_expect_in("stdout", "Missed there: e2e_p95<5s");
    command_expect_status(CAPACITY("s.yaml", "--vary", "scheduler.jobs_max=50000..60000", "--runs", "1", "--out", "a"),
                          STATUS_FAILED);
    command_expect_in("stdout", "met at both ends");
}
END_TEST

/* Waits until a file of that pattern is there. */
static void await(const char *pattern) {
    glob_t files;
    for (int i = 0; i < PATIENCE_S * 100; i++) {
        int missing = glob(pattern, 0, NULL, &files);
        globfree(&files);
        if (!missing) return;
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    }
    ck_abort_msg("%s did not come", pattern);
}

/* In the middle of its first run. The handlers that Check installs would end the test instead of the search. */
START_TEST(an_interrupted_search_goes_on_with_what_it_has) {
    command_write("s.yaml", SMALL);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        signal(SIGINT, SIG_DFL);
        _exit(CAPACITY("s.yaml", "--vary", "sessions=10..60", "--runs", "1", "--out", "a", "--jobs", "1", ROUGH));
    }
    await("a/runs/*/terminal.txt");
    kill(child, SIGINT);
    int status = 0;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == STATUS_INTERRUPTED, "wait status %d", status);
    command_expect_in("stdout", "Not answered: the search was interrupted");
    command_expect_in("a/capacity.json", "\"complete\": false");
    command_expect_status(CAPACITY("s.yaml", "--vary", "sessions=10..60", "--runs", "1", "--out", "a", ROUGH),
                          STATUS_FINE);
    command_expect_status(CAPACITY("s.yaml", "--vary", "sessions=10..60", "--runs", "1", "--out", "b", ROUGH),
                          STATUS_FINE);
    command_expect_same("a/capacity.json", "b/capacity.json");
    command_expect_same("a/points.csv", "b/points.csv");
}
END_TEST

START_TEST(a_finished_search_is_answered_again_without_a_run) {
    command_write("s.yaml", SMALL);
    command_expect_status(CAPACITY("s.yaml", "--vary", "sessions=10..60", "--runs", "1", "--out", "a", ROUGH),
                          STATUS_FINE);
    ck_assert_int_eq(rename("stdout", "before"), 0);
    struct stat then, now;
    char run[128];
    json_t *o = command_json("a/capacity.json");
    snprintf(run, sizeof run, "a/runs/%lld-s1/result.json", (long long)end_of(json_at(o, "answer"), 0, "holds_at"));
    json_decref(o);
    ck_assert_int_eq(stat(run, &then), 0);
    command_expect_status(CAPACITY("s.yaml", "--vary", "sessions=10..60", "--runs", "1", "--out", "a", ROUGH),
                          STATUS_FINE);
    ck_assert_int_eq(stat(run, &now), 0);
    ck_assert(then.st_mtim.tv_sec == now.st_mtim.tv_sec && then.st_mtim.tv_nsec == now.st_mtim.tv_nsec);
    command_expect_same("before", "stdout");
}
END_TEST

START_TEST(the_page_says_the_number_first_and_holds_its_figures) {
    command_write("s.yaml", SMALL);
    command_expect_status(CAPACITY("s.yaml", "--vary", "sessions=10..60", "--runs", "1", "--precision", "12", "--out",
                                   "a"),
                          STATUS_FINE);
    json_t *o = command_json("a/capacity.json");
    const char *first = json_string_value(json_array_get(json_at(o, "verdict"), 0));
    char *page = command_text("a/report.html"), *number_at = strstr(page, first), *figure = page;
    ck_assert_msg(number_at != NULL, "the page does not say: %s", first);
    for (int i = 0; i < 3; i++) {
        figure = strstr(figure, "<svg ");
        ck_assert_msg(figure != NULL, "only %d figures", i);
        ck_assert(figure > number_at);
        figure++;
    }
    ck_assert_ptr_null(strstr(page, "{{"));
    ck_assert_ptr_nonnull(strstr(page, "lingua-sim capacity SCENARIO --vary sessions=10..60"));
    free(page);
    json_decref(o);
    command_expect_in("a/report.md", "| sessions | met | ");
}
END_TEST

/* ---- usage ----------------------------------------------------------------------------------------------------------- */

START_TEST(bad_input_is_told_before_anything_is_run) {
    static const struct {
        const char *option, *value, *said;
    } bad[] = {
        {"--vary", "sessions", "expected sessions=LOW..HIGH"},
        {"--vary", "sessions=5..x", "--vary: \"x\""},
        {"--vary", "nodes.0.slot=1..3", "--vary nodes.0.slot=1..3: --set nodes.0.slot=1: unknown key \"slot\""},
        {"--vary", "nodes.0.slots=1..9999", "slots: \"9999\" is out of bounds: expected 1 .. 1000"},
        {"--vary", "sessions=9..5", "the range ends before it begins"},
        {"--vary", "sessions=0..5", "\"0\" is out of bounds"},
        {"--vary", "sessions=1..300000", "at most 200000 are accepted"},
        {"--vary", "nodes.0.slotz=1..5", "did you mean \"slots\"?"},
        {"--slo", "e2e_p96<5s", "\"e2e_p96\" is no figure"},
        {"--slo", "e2e_p95", "compares nothing"},
        {"--slo", "", "compares nothing"},
        {"--runs", "51", "at most 50 seeds"},
        {"--length", "0s", "--length: expected more than nothing"},
        {"--length", "soon", "--length: \"soon\""},
        {"--precision", "0", "expected 0.01 .. 50 percent"},
        {"--set", "nodes.0.price=-1", "price"},
    };
    command_write("s.yaml", SMALL);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        bool varied = !strcmp(bad[i].option, "--vary");
        command_expect_status(varied ? CAPACITY("s.yaml", "--out", "a", bad[i].option, bad[i].value)
                                     : CAPACITY("s.yaml", "--out", "a", "--vary", "nodes=1..5", bad[i].option,
                                                bad[i].value),
                              STATUS_BAD_INPUT);
        command_expect_in("stderr", bad[i].said);
    }
    command_expect_status(CAPACITY("s.yaml", "--out", "a"), STATUS_BAD_INPUT);
    command_expect_in("stderr", "--vary: is missing");
    command_expect_status(CAPACITY("s.yaml", "--vary", "nodes=1..5", "--vary", "sessions=1..5"), STATUS_BAD_INPUT);
    command_expect_in("stderr", "one is enough");
    command_expect_status(CAPACITY("s.yaml", "--vary", "nodes=1..5", "--set", "slo=[]"), STATUS_BAD_INPUT);
    command_expect_in("stderr", "there are no objectives to be met");
    command_expect_status(CAPACITY("-", "--vary", "nodes=1..5"), STATUS_BAD_INPUT);
    command_expect_status(CAPACITY("none.yaml", "--vary", "nodes=1..5"), STATUS_BAD_INPUT);
}
END_TEST

START_TEST(help_tells_options_exit_status_and_examples) {
    command_expect_status(CAPACITY("--help"), STATUS_FINE);
    command_expect_in("stdout", "--vary WHAT=LOW..HIGH");
    command_expect_in("stdout", "Exit status: 0");
    command_expect_in("stdout", "\nExamples:\n  lingua-sim capacity ");
}
END_TEST

/* ---- the law --------------------------------------------------------------------------------------------------------- */

#define USL(...) command_run(cmd_usl, "lingua-sim usl", (const char *const[]){__VA_ARGS__, NULL})

START_TEST(the_law_is_fitted_to_the_columns_and_rows_that_are_named) {
    FILE *out = fopen("p.csv", "w");
    ck_assert_ptr_nonnull(out);
    fputs("kind,n,rate\n", out);
    for (int n = 1; n <= 8; n++)
        fprintf(out, "right,%d,%.9f\nwrong,%d,%d\n", n, 100.0 * n / (1 + 0.1 * (n - 1)), n, 7 * n * n);
    fputs("right,9,\n", out);
    fclose(out);
    command_expect_status(USL("p.csv", "--x", "n", "--y", "rate", "--where", "kind=right"), STATUS_FINE);
    command_expect_in("stdout", "over 8 points at 8 places: lambda 100 (100 to 100), sigma 0.1 (0.1 to 0.1)");
    command_expect_in("stdout", "kappa cannot be told from 0");
}
END_TEST

START_TEST(the_law_needs_a_file_with_its_columns) {
    command_write("p.csv", "n,rate\n1,10\n2,19\n");
    command_expect_status(USL("p.csv", "--x", "n", "--y", "rate"), STATUS_BAD_INPUT);
    command_expect_in("stderr", "2 different places: three coefficients need at least three");
    command_expect_status(USL("p.csv", "--x", "m", "--y", "rate"), STATUS_BAD_INPUT);
    command_expect_status(USL("none.csv", "--x", "n", "--y", "rate"), STATUS_BAD_INPUT);
    command_expect_status(USL("p.csv", "--x", "n"), STATUS_BAD_INPUT);
    command_expect_status(USL("p.csv", "--x", "n", "--y", "rate", "--where", "kind"), STATUS_BAD_INPUT);
    command_expect_status(USL("--help"), STATUS_FINE);
}
END_TEST

int main(void) {
    TCase *tests = tcase_create("capacity");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, each_seed_holds_on_one_side_of_its_crossing_and_fails_on_the_other);
    tcase_add_test(tests, the_same_seeds_give_the_same_bytes_however_many_run_at_once);
    tcase_add_test(tests, a_length_that_is_the_scenarios_own_is_none_to_be_set);
    tcase_add_test(tests, the_least_number_of_nodes_is_told_with_its_cost);
    tcase_add_test(tests, what_is_left_without_the_largest_group_is_told);
    tcase_add_test(tests, any_whole_number_may_vary_and_its_sense_is_found);
    tcase_add_test(tests, a_range_without_a_crossing_is_no_answer);
    tcase_add_test(tests, an_interrupted_search_goes_on_with_what_it_has);
    tcase_add_test(tests, a_finished_search_is_answered_again_without_a_run);
    tcase_add_test(tests, the_page_says_the_number_first_and_holds_its_figures);
    tcase_add_test(tests, bad_input_is_told_before_anything_is_run);
    tcase_add_test(tests, help_tells_options_exit_status_and_examples);
    tcase_add_test(tests, the_law_is_fitted_to_the_columns_and_rows_that_are_named);
    tcase_add_test(tests, the_law_needs_a_file_with_its_columns);
    return suite_run_case("capacity", tests);
}
