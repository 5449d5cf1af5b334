/* check_log.c - what reaches the writer, and the line on stderr. */
#include "core/base/log.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/suite.h"

typedef struct heard {
    int count;
    log_level level;
    char event[64], fields[LOG_FIELDS_MAX];
} heard;

static void hear(void *ctx, log_level level, const char *event, const char *fields) {
    heard *h = ctx;
    h->count++;
    h->level = level;
    snprintf(h->event, sizeof h->event, "%s", event);
    snprintf(h->fields, sizeof h->fields, "%s", fields);
}

START_TEST(the_writer_gets_level_event_and_formatted_fields) {
    heard h = {0};
    logger log = {hear, &h, LOG_DEBUG};
    log_write(&log, LOG_WARN, "node_offline", "node=%s silent_s=%d", "gpu-7", 45);
    ck_assert_int_eq(h.count, 1);
    ck_assert_int_eq(h.level, LOG_WARN);
    ck_assert_str_eq(h.event, "node_offline");
    ck_assert_str_eq(h.fields, "node=gpu-7 silent_s=45");
}
END_TEST

START_TEST(lower_levels_are_dropped) {
    heard h = {0};
    logger log = {hear, &h, LOG_WARN};
    log_write(&log, LOG_DEBUG, "a", "x");
    log_write(&log, LOG_INFO, "b", "x");
    ck_assert_int_eq(h.count, 0);
    log_write(&log, LOG_WARN, "c", "x");
    log_write(&log, LOG_ERROR, "d", "x");
    ck_assert_int_eq(h.count, 2);
}
END_TEST

START_TEST(a_logger_without_a_writer_drops_everything) {
    logger log = {0};
    log_write(&log, LOG_ERROR, "unheard", "x=%d", 1);
}
END_TEST

START_TEST(nobody_can_forge_a_line) {
    heard h = {0};
    logger log = {hear, &h, LOG_DEBUG};
    log_write(&log, LOG_INFO, "refused", "name=%s", "x\n2024-01-01T00:00:00.000Z error all_is_lost\x1b[2J");
    ck_assert_str_eq(h.fields, "name=x\\n2024-01-01T00:00:00.000Z error all_is_lost\\x1b[2J");
}
END_TEST

START_TEST(long_fields_are_cut_between_characters) {
    heard h = {0};
    logger log = {hear, &h, LOG_DEBUG};
    char text[2 * LOG_FIELDS_MAX + 1];
    for (size_t i = 0; i + 2 < sizeof text; i += 2) memcpy(text + i, "\xc3\xa4", 3);
    log_write(&log, LOG_INFO, "long", "%s", text);
    size_t len = strlen(h.fields);
    ck_assert_uint_ge(len, LOG_FIELDS_MAX - 3);
    ck_assert_str_eq(h.fields + len - 5, "\xc3\xa4...");
    log_write(&log, LOG_INFO, "long", "x%s", text);
    ck_assert_str_eq(h.fields + strlen(h.fields) - 5, "\xc3\xa4...");
}
END_TEST

/* What log_to_stderr() prints for these. */
static void print_to(char *line, size_t size, log_level level, const char *event, const char *fields) {
    FILE *file = tmpfile();
    ck_assert_ptr_nonnull(file);
    int before = dup(STDERR_FILENO);
    dup2(fileno(file), STDERR_FILENO);
    log_to_stderr(NULL, level, event, fields);
    dup2(before, STDERR_FILENO);
    close(before);
    rewind(file);
    line[fread(line, 1, size - 1, file)] = '\0';
    fclose(file);
}

START_TEST(stderr_gets_one_line_with_a_time) {
    char line[256];
    int year, month, day, hour, minute, second, msec, end = 0;
    print_to(line, sizeof line, LOG_ERROR, "redis_lost", "after_s=3");
    ck_assert_int_eq(sscanf(line, "%4d-%2d-%2dT%2d:%2d:%2d.%3dZ %n", &year, &month, &day, &hour, &minute, &second,
                            &msec, &end),
                     7);
    ck_assert_int_eq(end, 25);
    ck_assert_str_eq(line + end, "error redis_lost after_s=3\n");
    print_to(line, sizeof line, LOG_INFO, "started", "");
    ck_assert_str_eq(line + 25, "info  started\n");
}
END_TEST

START_TEST(levels_have_names) {
    ck_assert_str_eq(log_level_name(LOG_DEBUG), "debug");
    ck_assert_str_eq(log_level_name(LOG_INFO), "info");
    ck_assert_str_eq(log_level_name(LOG_WARN), "warn");
    ck_assert_str_eq(log_level_name(LOG_ERROR), "error");
    ck_assert_str_eq(log_level_name((log_level)9), "unknown");
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        the_writer_gets_level_event_and_formatted_fields,
        lower_levels_are_dropped,
        a_logger_without_a_writer_drops_everything,
        nobody_can_forge_a_line,
        long_fields_are_cut_between_characters,
        stderr_gets_one_line_with_a_time,
        levels_have_names,
    };
    return SUITE_RUN("log", tests);
}
