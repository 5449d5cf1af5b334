/* check_run.c - lingua-sim run as its user meets it: exit status, files, bytes. */
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "core/base/embedded.h"
#include "sim/commands/commands.h"
#include "sim/report/plots.h"
#include "tests/support/command_world.h"
#include "tests/support/suite.h"

#define SMALL                                                                                                          \
    "name: small\n"                                                                                                    \
    "duration: 2min\n"                                                                                                 \
    "warmup: 20s\n"                                                                                                    \
    "languages: {count: 4}\n"                                                                                          \
    "nodes: [{name: gpu, count: 50, languages: 3, slots: 2}]\n"                                                        \
    "sessions: [{name: talkers, concurrent: 150}]\n"                                                                   \
    "faults: [{at: 1min, kind: crash, nodes: {count: 5}, for: 20s}]\n"

static const char *const same_files[] = {
    "result.json",
    "timeline.csv",
    "nodes.csv",
    "trace.jsonl",
    "report.html",
    "report.md",
    "stdout",
    "plots/series.svg",
    "hist/service.hgrm",
    "hist/end_to_end.hgrm",
    "plots/latency_cdf.svg",
    "plots/nodes.csv",
    "plots/map.csv",
    "plots/latency.csv",
    "plots/latency_map.svg",
};

static char folder[TEMP_PATH_MAX];

static void enter(void) {
    command_enter(folder);
}

static void leave(void) {
    command_leave(folder);
}

#define RUN(...) command_run(cmd_run, "run", (const char *const[]){__VA_ARGS__, NULL})

/* "jobs.ok": NULL when one step is missing. */
static json_t *at(json_t *o, const char *path) {
    char step[64];
    while (o && *path) {
        size_t len = strcspn(path, ".");
        snprintf(step, sizeof step, "%.*s", (int)len, path);
        o = json_object_get(o, step);
        path += len + (path[len] == '.');
    }
    return o;
}

START_TEST(one_seed_gives_the_same_bytes_and_another_seed_does_not) {
    enter();
    command_write("s.yaml", SMALL);
    command_expect_status(RUN("s.yaml", "--out", "a", "--seed", "7", "--trace"), STATUS_FINE);
    ck_assert_int_eq(rename("a", "first") || rename("stdout", "first/stdout"), 0);
    command_expect_status(RUN("s.yaml", "--out", "a", "--seed", "7", "--trace"), STATUS_FINE);
    ck_assert_int_eq(rename("stdout", "a/stdout"), 0);
    for (size_t i = 0; i < sizeof same_files / sizeof *same_files; i++) {
        char path[2][64];
        snprintf(path[0], sizeof path[0], "first/%s", same_files[i]);
        snprintf(path[1], sizeof path[1], "a/%s", same_files[i]);
        char *first = command_text(path[0]), *second = command_text(path[1]);
        ck_assert_msg(*first, "%s is empty", same_files[i]);
        ck_assert_msg(!strcmp(first, second), "%s differs", same_files[i]);
        free(first);
        free(second);
    }
    json_t *result = command_json("a/result.json");
    ck_assert_msg(json_integer_value(at(result, "jobs.ok")) > 1000, "%" JSON_INTEGER_FORMAT " jobs ended ok",
                  json_integer_value(at(result, "jobs.ok")));
    command_expect_status(RUN("s.yaml", "--out", "b", "--seed", "8", "--no-report"), STATUS_FINE);
    char *seven = command_text("a/timeline.csv"), *eight = command_text("b/timeline.csv");
    ck_assert_msg(strcmp(seven, eight) != 0, "seeds 7 and 8 give the same timeline");
    ck_assert_int_ne(access("b/report.html", F_OK), 0);
    free(seven);
    free(eight);
    json_decref(result);
    leave();
}
END_TEST

static const char *const integer_fields[] = {
    "seed",           "jobs.submitted",     "jobs.refused",     "jobs.created",      "jobs.ok",
    "jobs.failed",    "jobs.timed_out",     "jobs.cancelled",   "jobs.no_text",      "jobs.in_flight",
    "jobs.lost",      "jobs.doubled",       "jobs.retried",     "jobs.late_dropped", "jobs.over_commits",
    "redis.commands", "redis.script_calls", "redis.data_bytes",
};
static const char *const number_fields[] = {
    "simulated_s",
    "fairness.top1_share",
    "fairness.jain",
    "fairness.cv",
    "redis.commands_per_job",
    "redis.script_calls_per_job",
    "redis.bytes_per_job",
    "redis.data_bytes_per_node",
    "redis.flow_script_calls_per_job",
    "utilisation.mean",
    "utilisation.max",
    "scheduler.cpu_us_per_job",
    "oracle.central_queue.p99_wait_ms",
    "oracle.shortest_queue.p99_wait_ms",
    "oracle.random.p99_wait_ms",
};
static const char *const text_fields[] = {"schema", "scenario.name", "scenario.hash", "phase", "verdict"};

static void expect_latencies(json_t *result) {
    static const char *const kinds[] = {"placement", "dispatch", "queue_wait", "service", "end_to_end"};
    static const char *const stats[] = {"mean", "p50", "p90", "p95", "p99", "p999", "max"};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        for (size_t s = 0; s < sizeof stats / sizeof *stats; s++) {
            char path[64];
            snprintf(path, sizeof path, "latency_ms.%s.%s", kinds[k], stats[s]);
            json_t *value = at(result, path);
            ck_assert_msg(json_is_number(value), "%s is no number", path);
            double usec = json_number_value(value) * 1000;
            ck_assert_msg(fabs(usec - round(usec)) < 1e-3, "%s = %.9f has more than three decimals", path, usec / 1000);
        }
}

START_TEST(the_result_has_every_field_that_other_tools_rely_on) {
    enter();
    command_write("s.yaml", SMALL "slo: [\"e2e_p95<20s\", \"lost==0\", \"refused<1%\"]\n");
    command_expect_status(RUN("s.yaml", "--out", "a", "--no-report"), STATUS_FINE);
    json_t *result = command_json("a/result.json");
    for (size_t i = 0; i < sizeof integer_fields / sizeof *integer_fields; i++)
        ck_assert_msg(json_is_integer(at(result, integer_fields[i])), "%s is no integer", integer_fields[i]);
    for (size_t i = 0; i < sizeof number_fields / sizeof *number_fields; i++)
        ck_assert_msg(json_is_number(at(result, number_fields[i])), "%s is no number", number_fields[i]);
    for (size_t i = 0; i < sizeof text_fields / sizeof *text_fields; i++)
        ck_assert_msg(json_is_string(at(result, text_fields[i])), "%s is no text", text_fields[i]);
    expect_latencies(result);
    ck_assert_str_eq(json_string_value(at(result, "schema")), "lingua.sim.result/1");
    ck_assert_str_eq(json_string_value(at(result, "verdict")), "pass");
    ck_assert_uint_eq(json_array_size(at(result, "violations")), 0);
    ck_assert_uint_eq(json_array_size(at(result, "slo")), 3);
    json_t *first = json_array_get(at(result, "slo"), 0);
    ck_assert_str_eq(json_string_value(at(first, "expr")), "e2e_p95<20s");
    ck_assert(json_is_true(at(first, "ok")));
    ck_assert_double_eq_tol(json_number_value(at(first, "value")),
                            json_number_value(at(result, "latency_ms.end_to_end.p95")), 1e-9);
    json_decref(result);
    json_t *timing = command_json("a/timing.json");
    static const char *const figures[] = {"wall_s",   "speedup",       "events", "events_per_s", "redis_commands_per_s",
                                          "report_s", "peak_rss_bytes"};
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
        ck_assert_msg(json_is_number(at(timing, figures[i])), "timing: %s is no number", figures[i]);
    ck_assert(json_is_string(at(timing, "redis_version")));
    json_decref(timing);
    leave();
}
END_TEST

START_TEST(the_sums_of_the_jobs_hold_in_the_result) {
    enter();
    command_write("s.yaml", SMALL);
    command_expect_status(RUN("s.yaml", "--out", "a", "--no-report"), STATUS_FINE);
    json_t *result = command_json("a/result.json"), *jobs = at(result, "jobs");
    json_int_t ended = 0;
    static const char *const outcomes[] = {"ok", "failed", "timed_out", "cancelled", "no_text", "in_flight"};
    for (size_t i = 0; i < sizeof outcomes / sizeof *outcomes; i++) ended += json_integer_value(at(jobs, outcomes[i]));
    ck_assert_int_eq(json_integer_value(at(jobs, "created")), ended);
    ck_assert_int_eq(json_integer_value(at(jobs, "submitted")),
                     json_integer_value(at(jobs, "refused")) + json_integer_value(at(jobs, "created")));
    ck_assert_int_gt(json_integer_value(at(jobs, "retried")), 0); /* five nodes crashed */
    json_decref(result);
    leave();
}
END_TEST

static int count(const char *text, const char *part) {
    int n = 0;
    for (const char *found = text; (found = strstr(found, part)); found += strlen(part)) n++;
    return n;
}

static void expect_unique_ids(const char *html) {
    for (const char *id = html; (id = strstr(id, " id="));) {
        char quoted[128];
        size_t len = strcspn(id + 5, "\"'");
        snprintf(quoted, sizeof quoted, "%.*s", (int)(len + 6), id);
        ck_assert_msg(count(html, quoted) == 1, "%s occurs %d times", quoted, count(html, quoted));
        id += len;
    }
}

START_TEST(the_page_needs_no_other_file) {
    enter();
    command_write("s.yaml", SMALL);
    command_expect_status(RUN("s.yaml", "--out", "a"), STATUS_FINE);
    char *html = command_text("a/report.html");
    ck_assert_int_eq(count(html, "<svg"), FIGURES);
    ck_assert_int_eq(count(html, "</svg>"), FIGURES);
    ck_assert_int_eq(count(html, "<g"), count(html, "</g>"));
    ck_assert_int_eq(count(html, " src="), 0);
    ck_assert_int_eq(count(html, "@import"), 0);
    ck_assert_int_eq(count(html, "url("), count(html, "url(#"));
    ck_assert_int_eq(count(html, "href="),
                     count(html, "href='#") + count(html, "href=\"#") + count(html, "href='data:"));
    ck_assert_int_eq(count(html, "http"), count(html, "=\"http://www.w3.org/")); /* names of XML */
    ck_assert_int_eq(count(html, "{{"), 0);
    ck_assert_ptr_nonnull(strstr(html, "PASS: all promises kept"));
    ck_assert_ptr_nonnull(strstr(html, "crash of 5 nodes"));
    expect_unique_ids(html);
    free(html);
    leave();
}
END_TEST

START_TEST(a_missed_objective_is_status_1_and_the_verdict_names_it) {
    enter();
    command_write("s.yaml", SMALL "slo: [\"e2e_p50<1ms\", \"lost==0\"]\n");
    command_expect_status(RUN("s.yaml", "--out", "a", "--no-report"), STATUS_FAILED);
    json_t *result = command_json("a/result.json");
    ck_assert_str_eq(json_string_value(at(result, "verdict")), "fail");
    ck_assert(json_is_false(at(json_array_get(at(result, "slo"), 0), "ok")));
    char *said = command_text("stdout");
    ck_assert_msg(!strncmp(said, "FAIL: all promises kept, but 1 of 2 objectives missed: e2e_p50<1ms (", 68), "%s",
                  said);
    free(said);
    json_decref(result);
    leave();
}
END_TEST

START_TEST(bad_usage_and_bad_scenarios_are_status_2_and_leave_nothing_behind) {
    enter();
    command_write("bad.yaml", "duration: 10\n");
    command_write("file", "");
    command_write("s.yaml", SMALL);
    ck_assert_int_eq(RUN("missing.yaml", "--out", "a"), STATUS_BAD_INPUT);
    command_expect_in("stderr", "missing.yaml");
    ck_assert_int_eq(RUN("bad.yaml", "--out", "a"), STATUS_BAD_INPUT);
    command_expect_in("stderr", "bad.yaml:1:");
    ck_assert_int_eq(RUN("s.yaml", "--seed", "x", "--out", "a"), STATUS_BAD_INPUT);
    command_expect_in("stderr", "--seed: ");
    ck_assert_int_eq(RUN("--no-such-option"), STATUS_BAD_INPUT);
    ck_assert_int_eq(RUN("s.yaml", "s.yaml", "--out", "a"), STATUS_BAD_INPUT);
    command_expect_in("stderr", "expected one scenario, 2 were given");
    ck_assert_int_eq(RUN("s.yaml", "--clock", "sun", "--out", "a"), STATUS_BAD_INPUT);
    command_expect_in("stderr", "--clock: \"sun\": expected virtual, wall or both");
    ck_assert_int_eq(RUN("s.yaml", "--redis", "redis://h", "--out", "a"), STATUS_BAD_INPUT);
    command_expect_in("stderr", "--redis: only with --clock wall or both");
    ck_assert_int_eq(RUN("s.yaml", "--clock", "wall", "--redis", "h:1", "--out", "a"), STATUS_BAD_INPUT);
    command_expect_in("stderr", "--redis: redis URL: expected redis://, redis+cluster:// or unix://");
    ck_assert_int_ne(access("a", F_OK), 0);
    ck_assert_int_eq(RUN("s.yaml", "--out", "file/a"), STATUS_BAD_INPUT);
    command_expect_in("stderr", "file/a: ");
    ck_assert_int_eq(RUN("s.yaml", "--out", "b", "--scripts", "nowhere"), STATUS_BAD_INPUT);
    command_expect_in("stderr", "nowhere");
    leave();
}
END_TEST

START_TEST(help_goes_to_stdout_and_is_fine) {
    enter();
    ck_assert_int_eq(RUN("--help"), STATUS_FINE);
    char *said = command_text("stdout");
    ck_assert_msg(!strncmp(said, "Usage: lingua-sim run SCENARIO", 30), "%s", said);
    free(said);
    leave();
}
END_TEST

/* All scripts, but the release of a reservation only says that it happened. */
static void write_forgetful_scripts(void) {
    ck_assert_int_eq(mkdir("lua", 0777), 0);
    for (const embedded_file *f = embedded_scripts; f->name; f++) {
        char path[128];
        snprintf(path, sizeof path, "lua/%s", f->name);
        command_write(path, (const char *)f->data);
    }
    command_write("lua/release_reservation.lua", "#!lua flags=allow-oom\nreturn {'OK', 0}\n");
}

START_TEST(a_broken_promise_ends_the_run_with_status_1_and_its_history) {
    enter();
    command_write("s.yaml", SMALL);
    write_forgetful_scripts();
    command_expect_status(RUN("s.yaml", "--out", "a", "--scripts", "lua"), STATUS_FAILED);
    json_t *result = command_json("a/result.json");
    json_t *first = json_array_get(at(result, "violations"), 0);
    ck_assert_str_eq(json_string_value(at(result, "verdict")), "fail");
    ck_assert_str_eq(json_string_value(at(first, "kind")), "leaked");
    ck_assert_msg(json_number_value(at(result, "simulated_s")) < 60, "the run went on");
    ck_assert_ptr_nonnull(strstr(json_string_value(at(first, "history")), "last events of the run:"));
    char *html = command_text("a/report.html");
    ck_assert_ptr_nonnull(strstr(html, "FAIL: a promise was broken (leaked)"));
    free(html);
    json_decref(result);
    leave();
}
END_TEST

static void send_interrupt(int signal) {
    (void)signal;
    raise(SIGINT);
}

START_TEST(an_interrupted_run_is_status_130_and_writes_what_it_has) {
    enter();
    command_write("s.yaml",
                  "name: long\nduration: 10h\nnodes: [{name: gpu, count: 20}]\nsessions: [{concurrent: 20}]\n");
    signal(SIGALRM, send_interrupt);
    struct itimerval timer = {.it_value = {.tv_sec = 2}};
    setitimer(ITIMER_REAL, &timer, NULL);
    command_expect_status(RUN("s.yaml", "--out", "a"), STATUS_INTERRUPTED);
    json_t *result = command_json("a/result.json");
    ck_assert(json_is_true(at(result, "interrupted")));
    ck_assert_str_eq(json_string_value(at(result, "verdict")), "fail");
    double simulated = json_number_value(at(result, "simulated_s"));
    ck_assert_msg(simulated > 0 && simulated < 36000, "%f s were simulated", simulated);
    char *html = command_text("a/report.html");
    ck_assert_ptr_nonnull(strstr(html, "INTERRUPTED after "));
    free(html);
    json_decref(result);
    leave();
}
END_TEST

START_TEST(without_gnuplot_the_report_has_no_plots_and_says_so) {
    enter();
    command_write("s.yaml",
                  "name: tiny\nduration: 40s\nwarmup: 5s\nnodes: [{count: 10}]\nsessions: [{concurrent: 10}]\n");
    ck_assert_int_eq(mkdir("bin", 0777), 0);
    ck_assert_int_eq(system("ln -s \"$(command -v redis-server)\" bin/redis-server"), 0);
    char path[TEMP_PATH_MAX + 16];
    snprintf(path, sizeof path, "%s/bin", folder);
    char *before = strdup(getenv("PATH"));
    setenv("PATH", path, 1);
    int status = RUN("s.yaml", "--out", "a");
    setenv("PATH", before, 1);
    free(before);
    command_expect_status(status, STATUS_FINE);
    command_expect_in("stderr", "The report has no plots: gnuplot: not installed");
    char *html = command_text("a/report.html");
    ck_assert_int_eq(count(html, "<svg"), 0);
    ck_assert_ptr_nonnull(strstr(html, "The report has no plots: gnuplot: not installed"));
    free(html);
    leave();
}
END_TEST

START_TEST(a_gnuplot_that_fails_without_a_word_is_told_with_its_exit_status) {
    enter();
    command_write("s.yaml",
                  "name: tiny\nduration: 40s\nwarmup: 5s\nnodes: [{count: 10}]\nsessions: [{concurrent: 10}]\n");
    ck_assert_int_eq(mkdir("bin", 0777), 0);
    command_write("bin/gnuplot", "#!/bin/sh\nexit 7\n");
    ck_assert_int_eq(chmod("bin/gnuplot", 0755), 0);
    char path[4096];
    char *before = strdup(getenv("PATH"));
    snprintf(path, sizeof path, "%s/bin:%s", folder, before);
    setenv("PATH", path, 1);
    int status = RUN("s.yaml", "--out", "a");
    setenv("PATH", before, 1);
    free(before);
    command_expect_status(status, STATUS_FINE);
    command_expect_in("stderr", "The report has no plots: gnuplot: exit status 7: it said nothing");
    leave();
}
END_TEST

START_TEST(a_folder_without_a_name_is_refused) {
    enter();
    command_write("s.yaml",
                  "name: tiny\nduration: 40s\nwarmup: 5s\nnodes: [{count: 10}]\nsessions: [{concurrent: 10}]\n");
    command_expect_status(RUN("s.yaml", "--out", ""), STATUS_BAD_INPUT);
    command_expect_in("stderr", "the folder of the run has no name");
    leave();
}
END_TEST

START_TEST(what_an_earlier_run_left_in_the_folder_is_gone_and_other_files_stay) {
    enter();
    command_write("s.yaml",
                  "name: tiny\nduration: 40s\nwarmup: 5s\nnodes: [{count: 10}]\nsessions: [{concurrent: 10}]\n");
    command_expect_status(RUN("s.yaml", "--out", "a/b/c", "--trace"), STATUS_FINE);
    ck_assert_int_eq(access("a/b/c/trace.jsonl", F_OK), 0);
    command_write("a/b/c/notes.txt", "mine");
    command_expect_status(RUN("s.yaml", "--out", "a/b/c", "--no-report"), STATUS_FINE);
    ck_assert_int_ne(access("a/b/c/trace.jsonl", F_OK), 0);
    ck_assert_int_ne(access("a/b/c/report.html", F_OK), 0);
    ck_assert_int_ne(access("a/b/c/plots/series.svg", F_OK), 0);
    ck_assert_int_eq(access("a/b/c/notes.txt", F_OK), 0);
    leave();
}
END_TEST

/* 20 nodes that start at once, 10 speakers: about 10 requests a second. */
#define SHORT                                                                                                          \
    "name: short\n"                                                                                                    \
    "duration: 5s\n"                                                                                                   \
    "warmup: 1s\n"                                                                                                     \
    "languages: {count: 3}\n"                                                                                          \
    "nodes: [{name: gpu, count: 20, join: {over: 300ms}}]\n"                                                           \
    "sessions: [{name: talk, concurrent: 10, join: {at: 500ms, over: 300ms}, talk: {utterance: 500ms, pause: "         \
    "200ms}}]\n"

START_TEST(both_clocks_are_laid_side_by_side_in_every_form_of_the_report) {
    enter();
    command_write("s.yaml", SHORT);
    command_expect_status(RUN("s.yaml", "--out", "o", "--clock", "both", "--quiet"), STATUS_FINE);
    json_t *result = command_json("o/result.json");
    ck_assert_str_eq(json_string_value(at(result, "clock")), "virtual");
    ck_assert_str_eq(json_string_value(at(result, "wall.verdict")), "pass");
    ck_assert_int_gt(json_integer_value(at(result, "wall.jobs.ok")), 10);
    ck_assert_int_gt(json_integer_value(at(result, "wall.lateness_ms.events")), 100);
    static const char *const figures[] = {"ok.share", "placement.p50", "service.mean", "end_to_end.p99"};
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
        char path[64];
        double value[3];
        static const char *const columns[] = {"simulated", "measured", "error"};
        for (int c = 0; c < 3; c++) {
            snprintf(path, sizeof path, "wall.comparison.%s.%s", figures[i], columns[c]);
            ck_assert_msg(json_is_number(at(result, path)), "%s is no number", path);
            value[c] = json_number_value(at(result, path));
        }
        ck_assert_msg(fabs(value[0] - value[1] - value[2]) < 0.002, "%s: %g - %g is not %g", figures[i], value[0],
                      value[1], value[2]);
    }
    json_decref(result);
    static const char *const files[] = {"stdout", "o/report.html", "o/report.md"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char *text = command_text(files[i]);
        ck_assert_msg(strstr(text, "simulated") && strstr(text, "measured") && strstr(text, "clock on the wall"),
                      "%s: the table is missing", files[i]);
        free(text);
    }
    leave();
}
END_TEST

START_TEST(a_run_in_real_time_says_so_and_how_late_it_was) {
    enter();
    command_write("s.yaml", SHORT);
    command_expect_status(RUN("s.yaml", "--out", "o", "--clock", "wall", "--quiet"), STATUS_FINE);
    json_t *result = command_json("o/result.json");
    ck_assert_str_eq(json_string_value(at(result, "clock")), "wall");
    ck_assert(json_is_number(at(result, "lateness_ms.p99")));
    ck_assert_ptr_null(at(result, "wall"));
    json_decref(result);
    char *page = command_text("o/report.md");
    ck_assert_ptr_nonnull(strstr(page, "events half ran within"));
    ck_assert_ptr_null(strstr(page, "same bytes"));
    free(page);
    leave();
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        one_seed_gives_the_same_bytes_and_another_seed_does_not,
        the_result_has_every_field_that_other_tools_rely_on,
        the_sums_of_the_jobs_hold_in_the_result,
        the_page_needs_no_other_file,
        a_missed_objective_is_status_1_and_the_verdict_names_it,
        bad_usage_and_bad_scenarios_are_status_2_and_leave_nothing_behind,
        help_goes_to_stdout_and_is_fine,
        a_broken_promise_ends_the_run_with_status_1_and_its_history,
        an_interrupted_run_is_status_130_and_writes_what_it_has,
        without_gnuplot_the_report_has_no_plots_and_says_so,
        a_gnuplot_that_fails_without_a_word_is_told_with_its_exit_status,
        a_folder_without_a_name_is_refused,
        what_an_earlier_run_left_in_the_folder_is_gone_and_other_files_stay,
        both_clocks_are_laid_side_by_side_in_every_form_of_the_report,
        a_run_in_real_time_says_so_and_how_late_it_was,
    };
    return SUITE_RUN("run", tests);
}
