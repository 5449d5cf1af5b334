/* check_log_writer.c - the lines of the daemon's log, in both forms. */
#include "core/daemon/log_writer.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/suite.h"

#define NOON INT64_C(1714564800007) /* 2024-05-01T12:00:00.007Z */

static char line[LOG_LINE_MAX + 1];

static const char *write_as(log_format format, const char *fields) {
    size_t len = log_line(format, NOON, LOG_WARN, "node_offline", fields, line);
    line[len] = '\0';
    return line;
}

/* The value of a member of the JSON line. */
static const char *member(const char *fields, const char *name) {
    static char value[LOG_FIELDS_MAX];
    json_error_t error;
    json_t *object = json_loads(write_as(LOG_JSON, fields), JSON_REJECT_DUPLICATES, &error);
    ck_assert_msg(object != NULL, "%s in %s", error.text, line);
    const char *text = json_string_value(json_object_get(object, name));
    snprintf(value, sizeof value, "%s", text ? text : "(none)");
    json_decref(object);
    return value;
}

START_TEST(logfmt_says_when_what_and_the_fields) {
    ck_assert_str_eq(write_as(LOG_LOGFMT, "node=gpu-7 silent_s=45"),
                     "ts=2024-05-01T12:00:00.007Z level=warn event=node_offline node=gpu-7 silent_s=45\n");
    ck_assert_str_eq(write_as(LOG_LOGFMT, ""), "ts=2024-05-01T12:00:00.007Z level=warn event=node_offline\n");
}
END_TEST

START_TEST(logfmt_escapes_what_a_reason_quotes) {
    ck_assert_str_eq(write_as(LOG_LOGFMT, "n=3 reason=\"type \"x\" \\ none\" node=gpu-7 empty=\"\" bare= and words"),
                     "ts=2024-05-01T12:00:00.007Z level=warn event=node_offline n=3 reason=\"type \\\"x\\\" \\\\ "
                     "none\" "
                     "node=gpu-7 empty=\"\" bare= and words\n");
}
END_TEST

START_TEST(json_has_a_member_for_each_field) {
    ck_assert_str_eq(write_as(LOG_JSON, "node=gpu-7 why=\"no word for 45 s\" n=3"),
                     "{\"ts\":\"2024-05-01T12:00:00.007Z\",\"level\":\"warn\",\"event\":\"node_offline\",\"node\":"
                     "\"gpu-7\","
                     "\"why\":\"no word for 45 s\",\"n\":\"3\"}\n");
    ck_assert_str_eq(write_as(LOG_JSON, ""), "{\"ts\":\"2024-05-01T12:00:00.007Z\",\"level\":\"warn\",\"event\":\"node_"
                                             "offline\"}\n");
}
END_TEST

START_TEST(a_quoted_reason_may_quote) {
    ck_assert_str_eq(member("reason=\"field \"a\" of \"b\": a = 3\" node=x", "reason"), "field \"a\" of \"b\": a = 3");
    ck_assert_str_eq(member("reason=\"field \"a\" of \"b\": a = 3\" node=x", "node"), "x");
    ck_assert_str_eq(member("reason=\"ends in \\\" node=x", "reason"), "ends in \\");
    ck_assert_str_eq(member("empty= quoted=\"\" node=x", "empty"), "");
    ck_assert_str_eq(member("empty= quoted=\"\" node=x", "quoted"), "");
    ck_assert_str_eq(member("open=\"never closed", "open"), "never closed");
}
END_TEST

START_TEST(what_is_no_field_is_text) {
    ck_assert_str_eq(member("a=1 just words", "text"), "just words");
}
END_TEST

START_TEST(a_line_of_quotes_fits) {
    char fields[LOG_FIELDS_MAX] = "why=\"";
    memset(fields + 5, '"', sizeof fields - 6);
    fields[sizeof fields - 1] = '\0';
    ck_assert_uint_eq(strlen(member(fields, "why")), strlen(fields) - 6);
    ck_assert_ptr_eq(strchr(line, '\n'), line + strlen(line) - 1);
}
END_TEST

START_TEST(level_and_form_may_change_while_it_is_used) {
    int ends[2];
    char text[1024];
    ck_assert_int_eq(pipe(ends), 0);
    log_writer w = {.fd = ends[1], .format = LOG_LOGFMT, .least = LOG_WARN};
    logger log = log_writer_logger(&w);
    log_write(&log, LOG_INFO, "unheard", "a=%d", 1);
    log_write(&log, LOG_ERROR, "heard", "a=%d", 2);
    w.least = LOG_DEBUG;
    w.format = LOG_JSON;
    log_write(&log, LOG_DEBUG, "heard_too", "a=%d", 3);
    ssize_t len = read(ends[0], text, sizeof text - 1);
    ck_assert_int_gt(len, 0);
    text[len] = '\0';
    ck_assert_ptr_null(strstr(text, "unheard"));
    ck_assert_ptr_nonnull(strstr(text, " level=error event=heard a=2\n{\"ts\":\""));
    ck_assert_ptr_nonnull(strstr(text, "\"level\":\"debug\",\"event\":\"heard_too\",\"a\":\"3\"}\n"));
    close(ends[0]);
    close(ends[1]);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        logfmt_says_when_what_and_the_fields,
        logfmt_escapes_what_a_reason_quotes,
        json_has_a_member_for_each_field,
        a_quoted_reason_may_quote,
        what_is_no_field_is_text,
        a_line_of_quotes_fits,
        level_and_form_may_change_while_it_is_used,
    };
    return SUITE_RUN("log_writer", tests);
}
