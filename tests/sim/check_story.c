/* check_story.c - lingua-sim explain as its user meets it: the story of an utterance, the list of the worst, the file for a viewer. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/commands/commands.h"
#include "sim/report/story_event.h"
#include "sim/measure/trace.h"
#include "tests/support/command_world.h"
#include "tests/support/suite.h"

#define EXPLAIN(...) command_run(cmd_explain, "explain", (const char *const[]){__VA_ARGS__, NULL})

static char folder[TEMP_PATH_MAX];

/* One node of one slot, and a speaker who comes while it is taken. */
static const char trace[] =
    "{\"t\":1.0,\"event\":\"client_sent\",\"session\":\"s-1\",\"utterance\":0,\"pair\":\"en:de\",\"length_ms\":2000."
    "000,"
    "\"code\":\"manual\"}\n"
    "{\"t\":1.02,\"event\":\"submitted\",\"job\":\"j001-aa\",\"attempt\":1,\"session\":\"s-1\",\"utterance\":0,"
    "\"pair\":\"en:de\"}\n"
    "{\"t\":1.02,\"event\":\"created\",\"job\":\"j001-aa\",\"attempt\":1,\"session\":\"s-1\",\"utterance\":0,\"pair\":"
    "\"en:de\"}\n"
    "{\"t\":1.021,\"event\":\"compared\",\"job\":\"j001-aa\",\"attempt\":1,\"session\":\"s-1\",\"utterance\":0,"
    "\"pair\":\"en:de\","
    "\"candidates\":[{\"node\":\"gpu-7\",\"load\":1},{\"node\":\"gpu-2\",\"load\":3}],\"value\":2}\n"
    "{\"t\":1.022,\"event\":\"grant_refused\",\"job\":\"j001-aa\",\"attempt\":1,\"node\":\"gpu-7\",\"session\":\"s-1\","
    "\"utterance\":0,"
    "\"pair\":\"en:de\",\"value\":1,\"limit\":1,\"code\":\"FULL\"}\n"
    "{\"t\":1.5,\"event\":\"node_started\",\"job\":\"j001-aa\",\"attempt\":1,\"node\":\"gpu-2\",\"value\":1}\n"
    "{\"t\":1.6,\"event\":\"client_sent\",\"session\":\"s-2\",\"utterance\":0,\"pair\":\"en:de\",\"length_ms\":900.000,"
    "\"code\":\"manual\"}\n"
    "{\"t\":2.5,\"event\":\"node_finished\",\"job\":\"j001-aa\",\"attempt\":1,\"node\":\"gpu-2\",\"length_ms\":1000."
    "000}\n"
    "{\"t\":2.55,\"event\":\"client_answered\",\"job\":\"j001-aa\",\"session\":\"s-1\",\"utterance\":0,\"pair\":\"en:"
    "de\",\"outcome\":\"ok\"}\n";

static void setup(void) {
    command_enter(folder);
    command_write("trace.jsonl", trace);
}

static void teardown(void) {
    command_leave(folder);
}

START_TEST(a_story_tells_who_was_asked_and_who_refused) {
    ck_assert_int_eq(EXPLAIN(".", "j001-aa"), STATUS_FINE);
    command_expect_in("stdout", "utterance 0 of s-1, en:de, job j001-aa");
    command_expect_in("stdout", "s-1 has said utterance 0: 2.0 s of speech, cut: manual");
    command_expect_in("stdout", "by load, the least first: gpu-7 (1), gpu-2 (3)");
    command_expect_in("stdout", "gpu-7 refuses: full, 1 of 1 slots taken");
    command_expect_in("stdout", "1000.0 ms  gpu-2 is done after 1000.0 ms of work");
    command_expect_in("stdout", "1550.0 ms in all");
    command_expect_not_in("stdout", "s-2");
}
END_TEST

START_TEST(an_utterance_is_named_by_its_session_and_number) {
    static const char *const names[] = {"s-1:0", "s-1:0:de"};
    for (size_t i = 0; i < 2; i++) {
        ck_assert_int_eq(EXPLAIN("trace.jsonl", names[i]), STATUS_FINE);
        command_expect_in("stdout", "gpu-2 is done");
    }
    ck_assert_int_eq(EXPLAIN(".", "s-1:0:fr"), STATUS_FINE);
    command_expect_not_in("stdout", "gpu-2 is done");
}
END_TEST

START_TEST(the_worst_come_first_and_silence_is_worse_than_a_late_answer) {
    ck_assert_int_eq(EXPLAIN("."), STATUS_FINE);
    char *text = command_text("stdout");
    const char *silent = strstr(text, "s-2:0:de"), *late = strstr(text, "s-1:0:de");
    ck_assert_msg(silent && late && silent < late, "it said: %s", text);
    ck_assert_msg(strstr(late, "1550.0") != NULL, "it said: %s", text);
    free(text);
}
END_TEST

START_TEST(what_is_not_there_is_named) {
    ck_assert_int_eq(EXPLAIN(".", "j999-zz"), STATUS_BAD_INPUT);
    command_expect_in("stderr", "nothing of \"j999-zz\"");
    ck_assert_int_eq(EXPLAIN("nowhere", "j001-aa"), STATUS_BAD_INPUT);
    command_expect_in("stderr", "nowhere: there is none: run the scenario with --trace");
    command_write("trace.jsonl", "{\"t\":1,\"event\":\"created\"}\n{\"t\":oops}\n");
    ck_assert_int_eq(EXPLAIN(".", "j001-aa"), STATUS_BAD_INPUT);
    command_expect_in("stderr", "trace.jsonl:2: ");
    ck_assert_int_eq(EXPLAIN(".", "a", "b"), STATUS_BAD_INPUT);
}
END_TEST

START_TEST(a_viewer_gets_a_slice_for_each_job_and_each_utterance) {
    ck_assert_int_eq(EXPLAIN(".", "--viewer", "view.json"), STATUS_FINE);
    json_error_t why;
    json_t *events = json_load_file("view.json", 0, &why);
    ck_assert_msg(json_is_array(events), "%s", why.text);
    int begun = 0, ended = 0;
    size_t i;
    json_t *event;
    json_array_foreach(events, i, event) {
        const char *phase = json_string_value(json_object_get(event, "ph"));
        begun += !strcmp(phase, "b");
        ended += !strcmp(phase, "e");
        if (*phase == 'b') ck_assert(json_is_number(json_object_get(event, "ts")));
    }
    ck_assert_int_eq(begun, 3); /* one job, two utterances */
    ck_assert_int_eq(ended, 2);
    json_decref(events);
}
END_TEST

/* A name that is spelled otherwise here than there would never be told. */
START_TEST(every_event_of_a_run_that_concerns_a_job_can_be_told) {
    command_write("busy.yaml",
                  "duration: 30s\nlanguages: {count: 2}\nnodes: [{name: gpu, count: 4, slots: 1, acks: yes}]\n"
                  "sessions: [{name: talk, concurrent: 8}]\nfaults: [{at: 15s, kind: crash, nodes: {group: gpu, count: "
                  "1}}]\n");
    int status =
        command_run(cmd_run, "run",
                    (const char *const[]){"busy.yaml", "--trace", "--out", "run", "--no-report", "--quiet", NULL});
    if (status) ck_abort_msg("exit status %d: %s", status, command_text("stderr"));
    FILE *in = fopen("run/trace.jsonl", "r");
    ck_assert_ptr_nonnull(in);
    char *line = NULL;
    size_t size = 0;
    ssize_t bytes;
    int told = 0;
    FILE *nowhere = fopen("/dev/null", "w");
    for (int number = 1; (bytes = getline(&line, &size, in)) > 0; number++) {
        story_event e;
        sched_error err;
        ck_assert_msg(!story_event_read(line, (size_t)bytes, "trace.jsonl", number, &e, &err), "%s", err.message);
        bool says = story_event_say(&e, nowhere);
        if (*e.job) ck_assert_msg(says || !strcmp(e.event, "released"), "nothing is said of: %s", line);
        told += says;
        story_event_free(&e);
    }
    ck_assert_int_gt(told, 200);
    free(line);
    fclose(nowhere);
    fclose(in);
    ck_assert_int_eq(EXPLAIN("run"), STATUS_FINE);
    command_expect_in("stdout", "talk-");
}
END_TEST

int main(void) {
    TCase *tests = tcase_create("explain");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, a_story_tells_who_was_asked_and_who_refused);
    tcase_add_test(tests, an_utterance_is_named_by_its_session_and_number);
    tcase_add_test(tests, the_worst_come_first_and_silence_is_worse_than_a_late_answer);
    tcase_add_test(tests, what_is_not_there_is_named);
    tcase_add_test(tests, a_viewer_gets_a_slice_for_each_job_and_each_utterance);
    tcase_add_test(tests, every_event_of_a_run_that_concerns_a_job_can_be_told);
    return suite_run_case("story", tests);
}
