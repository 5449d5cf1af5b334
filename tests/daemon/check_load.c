/* check_load.c - lingua-bench load against linguad as both are shipped, on a Redis of the test's own: everything is answered, in order,
 * and counted; and so it is when linguad is killed in the middle.
 * Mostly waits: for real time to pass. */
#include <jansson.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/load/http_get.h"
#include "bench/load/prometheus.h"
#include "core/redis/private_server.h"
#include "tests/support/suite.h"
#include "tests/support/temp_files.h"

enum { PORT_TEXT = 16, TRIES = 600, WORDS_MAX = 24 };

#define PAUSE_USEC 50000

static char folder[TEMP_PATH_MAX], scenario_path[TEMP_PATH_MAX];
static private_server *redis;

/* ---- programs ---------------------------------------------------------------------------------------------------------- */

/* BUILD/tests/daemon/check_load -> BUILD/linguad */
static void find_program(const char *name, char path[PATH_MAX]) {
    char self[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
    ck_assert_int_gt(len, 0);
    self[len] = '\0';
    for (int up = 0; up < 3; up++) *strrchr(self, '/') = '\0';
    ck_assert_int_lt(snprintf(path, PATH_MAX, "%s/%s", self, name), PATH_MAX);
}

/* With both streams into files of the folder: "linguad.out", "linguad.err". It ends with the test. */
static pid_t start(const char *name, const char *const *words) {
    char program[PATH_MAX], out[PATH_MAX], err[PATH_MAX], *argv[WORDS_MAX] = {program};
    find_program(name, program);
    snprintf(out, sizeof out, "%s/%s.out", folder, name);
    snprintf(err, sizeof err, "%s/%s.err", folder, name);
    for (int i = 0; words[i]; i++) argv[i + 1] = (char *)words[i];
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child) return child;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (freopen(out, "w", stdout) && freopen(err, "w", stderr)) execv(program, argv);
    _exit(127);
}

static char *text_of(const char *name) {
    char path[PATH_MAX], *text = NULL;
    size_t len = 0;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *in = fopen(path, "re"), *copy = open_memstream(&text, &len);
    for (int c; in && (c = fgetc(in)) != EOF;) fputc(c, copy);
    if (in) fclose(in);
    fclose(copy);
    return text;
}

static int status_of(pid_t child) {
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* ---- linguad ----------------------------------------------------------------------------------------------------------- */

static ws_target target_of(const char *port) {
    char url[64];
    ws_target target;
    snprintf(url, sizeof url, "ws://127.0.0.1:%s", port);
    ck_assert_int_eq(ws_target_parse(url, &target, NULL), SCHED_OK);
    return target;
}

static bool answers(const char *port, const char *path) {
    ws_target target = target_of(port);
    char *body = NULL;
    if (http_get(&target, path, "", USEC_PER_SEC, &body, NULL)) return false;
    free(body);
    return true;
}

static bool wait_for(bool (*is)(const char *port, const char *what), const char *port, const char *what) {
    for (int i = 0; i < TRIES; i++) {
        if (is(port, what)) return true;
        usleep(PAUSE_USEC);
    }
    return false;
}

static bool tells_port(const char *port, const char *what) {
    char *log = text_of("linguad.err"), *line = strstr(log, what);
    bool told = line && strchr(line, '\n');
    if (told) sscanf(strstr(line, "port=") + 5, "%15[0-9]", (char *)port);
    free(log);
    return told;
}

/* `port` "0": any, and it is written there. */
static pid_t start_linguad(char port[PORT_TEXT]) {
    const char *const words[] = {"--port", port, NULL};
    char url[PATH_MAX];
    snprintf(url, sizeof url, "unix://%s", private_server_socket(redis));
    setenv("LINGUAD_REDIS_URL", url, 1);
    pid_t linguad = start("linguad", words);
    ck_assert_msg(wait_for(tells_port, port, "event=listening"), "linguad does not listen: %s", text_of("linguad.err"));
    ck_assert_msg(wait_for(answers, port, "/ready"), "linguad is not ready: %s", text_of("linguad.err"));
    return linguad;
}

static double dispatched(const char *port) {
    ws_target target = target_of(port);
    char *body = NULL;
    if (http_get(&target, "/metrics", "", USEC_PER_SEC, &body, NULL)) return 0;
    prom_histogram h = prom_histogram_read(body, "lingua_dispatch_seconds");
    free(body);
    return prom_histogram_total(&h);
}

static bool has_dispatched(const char *port, const char *what) {
    return dispatched(port) >= atof(what);
}

/* ---- the load ---------------------------------------------------------------------------------------------------------- */

static const char scenario_text[] =
    "name: little\n"
    "duration: 4s\n"
    "warmup: 1s\n"
    "languages: {count: 3}\n"
    "scheduler: {pause: 200ms}\n" /* nobody here is cut by silence, so no run waits for it */
    "nodes:\n"
    "  - name: gpu\n"
    "    count: 6\n"
    "    languages: 3\n"
    "    slots: 4\n"
    "    acks: yes\n"
    "    starts: yes\n"
    "    delay: 0\n"
    "    reconnect: 300ms\n"
    "    service: {asr: {rtf: 0, overhead: 20ms, cv: 0}, nmt: {rtf: 0, overhead: 10ms, cv: 0}, tts: {rtf: 0, overhead: "
    "10ms, cv: 0}}\n"
    "    join: {over: 100ms}\n"
    "sessions:\n"
    "  - name: whole\n"
    "    concurrent: 20\n"
    "    length: 1h\n"
    "    delay: 0\n"
    "    reconnect: 300ms\n"
    "    talk:\n"
    "      utterance: 200ms\n"
    "      pause: {dist: exponential, mean: 300ms}\n"
    "      format: opus\n"
    "      bytes_per_second: 3000B\n"
    "    join: {at: 300ms, over: 200ms}\n"
    "  - name: chunks\n"
    "    concurrent: 4\n"
    "    length: 1h\n"
    "    delay: 0\n"
    "    reconnect: 300ms\n"
    "    talk: {utterance: 600ms, pause: 400ms, granularity: chunk, format: opus, bytes_per_second: 3000B}\n"
    "    join: {at: 300ms, over: 200ms}\n";

static pid_t start_load(const char *port, const char *more, const char *value) {
    char url[64];
    snprintf(url, sizeof url, "ws://127.0.0.1:%s", port);
    const char *const words[] = {"load",       "--target", url,  "--scenario", scenario_path, "--json",
                                 "--late-max", "1min",     more, value,        NULL};
    return start("lingua-bench", words);
}

static json_t *result_of(void) {
    char *text = text_of("lingua-bench.out");
    json_t *result = json_loads(text, 0, NULL);
    ck_assert_msg(result != NULL, "%s\n%s", text, text_of("lingua-bench.err"));
    free(text);
    return result;
}

static json_int_t number(const json_t *result, const char *group, const char *name) {
    const json_t *value = json_object_get(json_object_get(result, group), name);
    ck_assert_msg(json_is_integer(value), "%s.%s is no whole number", group, name);
    return json_integer_value(value);
}

static json_int_t sum_of(const json_t *result, const char *name) {
    json_int_t sum = 0;
    const char *code;
    json_t *count;
    json_object_foreach(json_object_get(json_object_get(result, "outcomes"), name), code, count) sum +=
        json_integer_value(count);
    return sum;
}

static void expect_percentiles_ascend(const json_t *latency) {
    static const char *const keys[] = {"p50", "p90", "p95", "p99", "p99_9"};
    double below = 0;
    ck_assert(json_is_object(latency));
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const json_t *value = json_object_get(latency, keys[i]);
        ck_assert_msg(json_is_real(value) && json_real_value(value) >= below, "%s: %f, below it %f", keys[i],
                      json_real_value(value), below);
        below = json_real_value(value);
    }
}

static void set_up(void) {
    sched_error err = {0};
    temp_folder_make(folder);
    temp_file_write(folder, "little.yaml", scenario_text, scenario_path);
    ck_assert_msg(!private_server_start(&private_server_defaults, &redis, &err), "%s", err.message);
}

static void tear_down(void) {
    redis = private_server_stop(redis);
    temp_folder_remove(folder);
}

/* ---- tests ------------------------------------------------------------------------------------------------------------- */

START_TEST(everything_that_is_said_is_answered_once_and_in_order) {
    char port[PORT_TEXT] = "0";
    set_up();
    pid_t linguad = start_linguad(port);
    int status = status_of(start_load(port, "--poll", "/metrics"));
    json_t *r = result_of();
    double counted = dispatched(port);
    kill(linguad, SIGTERM);
    ck_assert_int_eq(status_of(linguad), 0);
    ck_assert_msg(status == 0, "exit status %d: %s", status, json_dumps(r, JSON_INDENT(1)));
    ck_assert_str_eq(json_string_value(json_object_get(r, "schema")), "lingua.bench.load/1");
    ck_assert_int_eq(number(r, "connections", "nodes"), 6);
    ck_assert_int_ge(number(r, "connections", "sessions"), 20);
    ck_assert_int_ge(number(r, "outcomes", "said"), 60);
    ck_assert_int_eq(number(r, "outcomes", "ok"), number(r, "outcomes", "said"));
    ck_assert_int_ge(number(r, "outcomes", "heard"), 4); /* the chunks, that the scheduler cut */
    ck_assert_double_eq_tol(counted, (double)(number(r, "outcomes", "ok") + number(r, "outcomes", "heard")), 0.1);
    const json_t *latency = json_object_get(json_object_get(r, "latency_ms"), "end_to_end_corrected");
    ck_assert_double_ge(json_real_value(json_object_get(latency, "p50")), 40); /* three stages in the node */
    expect_percentiles_ascend(latency);
    ck_assert_double_ge(json_real_value(json_object_get(r, "time_s")), 4); /* as long as the scenario, and the drain */
    expect_percentiles_ascend(json_object_get(r, "dispatch_ms"));
    json_decref(r);
    tear_down();
}
END_TEST

/* Nodes and clients come back, what was under way is told apart, and nothing is lost without a word. */
START_TEST(a_load_survives_an_instance_that_is_killed_and_comes_back) {
    char port[PORT_TEXT] = "0";
    set_up();
    pid_t linguad = start_linguad(port);
    pid_t load = start_load(port, "--duration", "6s");
    ck_assert(wait_for(has_dispatched, port, "60"));
    kill(linguad, SIGKILL);
    status_of(linguad);
    linguad = start_linguad(port);
    int status = status_of(load);
    json_t *r = result_of();
    kill(linguad, SIGTERM);
    status_of(linguad);
    json_int_t said = number(r, "outcomes", "said"), ends = number(r, "outcomes", "ok");
    static const char *const others[] = {"no_text",      "known",        "disconnected", "abandoned",
                                         "dropped_late", "dropped_gone", "unanswered"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) ends += number(r, "outcomes", others[i]);
    ends += sum_of(r, "failed") + sum_of(r, "missing");
    ck_assert_int_eq(ends, said);
    ck_assert_int_ge(number(r, "connections", "sessions_lost"), 20);
    ck_assert_int_ge(number(r, "connections", "sessions_back"), 20);
    ck_assert_int_eq(number(r, "connections", "nodes"), 6);
    ck_assert_int_ge(number(r, "outcomes", "ok"), 60);
    ck_assert_msg(status == 0, "exit status %d: %s", status, json_dumps(r, JSON_INDENT(1)));
    json_decref(r);
    tear_down();
}
END_TEST

START_TEST(an_interrupted_load_tells_what_it_measured) {
    char port[PORT_TEXT] = "0";
    set_up();
    pid_t linguad = start_linguad(port);
    pid_t load = start_load(port, "--duration", "5min");
    ck_assert(wait_for(has_dispatched, port, "30"));
    kill(load, SIGINT);
    ck_assert_int_eq(status_of(load), 130);
    json_t *r = result_of();
    ck_assert(json_is_true(json_object_get(r, "interrupted")));
    ck_assert_int_ge(number(r, "outcomes", "ok"), 20);
    json_decref(r);
    kill(linguad, SIGKILL);
    status_of(linguad);
    tear_down();
}
END_TEST

START_TEST(where_nobody_listens_nothing_is_answered_and_that_is_not_fine) {
    set_up();
    int status = status_of(start_load("1", "--duration", "1s"));
    json_t *r = result_of();
    ck_assert_int_eq(status, 1);
    ck_assert(json_is_false(json_object_get(r, "fine")));
    ck_assert_int_eq(number(r, "outcomes", "ok"), 0);
    ck_assert_int_eq(number(r, "outcomes", "dropped_gone"), number(r, "outcomes", "said"));
    ck_assert_int_ge(number(r, "connections", "failed"), 10);
    json_t *why = json_object_get(json_object_get(json_object_get(r, "connections"), "failures"), "refused");
    ck_assert_int_eq(json_integer_value(why), number(r, "connections", "failed"));
    ck_assert(json_is_null(json_object_get(r, "dispatch_ms")));
    json_decref(r);
    tear_down();
}
END_TEST

START_TEST(the_table_for_people_has_a_column_for_each_percentile) {
    set_up();
    const char *const words[] = {"load", "--target", "ws://127.0.0.1:1", "--scenario", scenario_path, "--duration",
                                 "1s",   NULL};
    ck_assert_int_eq(status_of(start("lingua-bench", words)), 1);
    char *text = text_of("lingua-bench.out"), *head = strstr(text, "p50"), names[128];
    ck_assert_msg(head != NULL, "%s", text);
    size_t len = 0;
    for (char *word = strtok(head, " \n"); word && len < 40; word = strtok(NULL, " \n"))
        len += (size_t)snprintf(names + len, sizeof names - len, "%s ", word);
    ck_assert_msg(!strncmp(names, "p50 p90 p95 p99 p99.9 max mean count ", 37), "%s", names);
    free(text);
    text = text_of("lingua-bench.out");
    ck_assert_msg(strstr(text, "failed: refused ") && strstr(text, "WRONG: no node was let in\n"), "%s", text);
    free(text);
    tear_down();
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        everything_that_is_said_is_answered_once_and_in_order,
        a_load_survives_an_instance_that_is_killed_and_comes_back,
        an_interrupted_load_tells_what_it_measured,
        where_nobody_listens_nothing_is_answered_and_that_is_not_fine,
        the_table_for_people_has_a_column_for_each_percentile,
    };
    return SUITE_RUN("load", tests);
}
