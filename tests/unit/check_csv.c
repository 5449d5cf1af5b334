/* check_csv.c - tables in files: what is read, and what is refused with which words; traces on top of them. */
#include "sim/scenario/csv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "sim/scenario/scenario.h"
#include "tests/support/suite.h"
#include "tests/support/temp_files.h"

static char folder[TEMP_PATH_MAX];

static void make_folder(void) {
    temp_folder_make(folder);
}

static void remove_folder(void) {
    temp_folder_remove(folder);
}

/* The message without the folder. */
static const char *short_message(const sched_error *err) {
    size_t len = strlen(folder);
    return strncmp(err->message, folder, len) ? err->message : err->message + len + 1;
}

/* Reads all rows; the status of the first failure. */
static sched_status read_all(const char *text, size_t len, int64_t *ret_rows, sched_error *err) {
    char path[TEMP_PATH_MAX];
    csv *c = NULL;
    *ret_rows = 0;
    temp_bytes_write(folder, "t.csv", text, len, path);
    sched_status status = csv_open(path, &c, err);
    for (bool row = true; !status;) {
        status = csv_next(c, &row, err);
        if (status || !row) break;
        (*ret_rows)++;
    }
    csv_close(c);
    return status;
}

START_TEST(fields_are_cut_at_commas_outside_of_quotes) {
    static const char text[] = "\xEF\xBB\xBF"
                               "a, b ,\"c,d\"\r\n"
                               "1,\"two, and \"\"three\"\"\" ,\t4\t\n"
                               "\n"
                               " , x y ,\"\"";
    char path[TEMP_PATH_MAX];
    csv *c = NULL;
    sched_error err;
    bool row = false;
    int column = -1;
    temp_file_write(folder, "t.csv", text, path);
    ck_assert_msg(!csv_open(path, &c, &err), "%s", err.message);
    ck_assert_int_eq(csv_column(c, "a", &column, NULL), SCHED_OK);
    ck_assert_int_eq(csv_column(c, "c,d", &column, NULL), SCHED_OK);
    ck_assert_int_eq(column, 2);
    ck_assert(!csv_next(c, &row, &err) && row);
    ck_assert_str_eq(csv_text(c, 0), "1");
    ck_assert_str_eq(csv_text(c, 1), "two, and \"three\"");
    ck_assert_str_eq(csv_text(c, 2), "4");
    ck_assert(!csv_next(c, &row, &err) && row);
    ck_assert_str_eq(csv_text(c, 0), "");
    ck_assert_str_eq(csv_text(c, 1), "x y");
    ck_assert_str_eq(csv_text(c, 2), "");
    ck_assert_int_eq(csv_next(c, &row, &err), SCHED_OK);
    ck_assert(!row);
    csv_close(c);
}
END_TEST

static const struct {
    const char *text, *message;
} broken[] = {
    {"", "t.csv:1: the file is empty: expected a line with names of columns"},
    {"a,,b\n", "t.csv:1: column 2 has no name: the first line names the columns"},
    {"a,b,a\n", "t.csv:1: two columns are named \"a\""},
    {"a,b\n1,2\n1\n", "t.csv:3: 1 fields, but the first line names 2 columns"},
    {"a,b\n1,2,3\n", "t.csv:2: 3 fields, but the first line names 2 columns"},
    {"a,b\n1,\"2\n", "t.csv:2: a quote is opened and not closed"},
    {"a,b\n1,\"2\"3\n", "t.csv:2: something follows a closing quote"},
};

START_TEST(a_broken_line_is_told_with_its_number) {
    int64_t rows;
    sched_error err = {0};
    ck_assert_int_eq(read_all(broken[_i].text, strlen(broken[_i].text), &rows, &err), SCHED_EINVAL);
    ck_assert_str_eq(short_message(&err), broken[_i].message);
}
END_TEST

START_TEST(lines_and_columns_are_bounded_and_texts) {
    enum { LEN = 3 * CSV_LINE_MAX };
    char *text = mem_zalloc(LEN, 1);
    int64_t rows;
    sched_error err = {0};
    memset(text, 'x', LEN);
    memcpy(text, "a\n", 2);
    ck_assert_int_eq(read_all(text, LEN, &rows, &err), SCHED_EINVAL);
    ck_assert_str_eq(short_message(&err), "t.csv:2: a line of more than 4096 bytes");
    text[CSV_LINE_MAX + 1] = '\n'; /* 4095 bytes and the end of the line */
    ck_assert_int_eq(read_all(text, CSV_LINE_MAX + 2, &rows, &err), SCHED_OK);
    ck_assert_int_eq(rows, 1);
    memset(text, ',', CSV_COLUMNS_MAX);
    ck_assert_int_eq(read_all(text, CSV_COLUMNS_MAX, &rows, &err), SCHED_EINVAL);
    ck_assert_str_eq(short_message(&err), "t.csv:1: more than 256 columns");
    ck_assert_int_eq(read_all("a\nx\0y\n", 6, &rows, &err), SCHED_EINVAL);
    ck_assert_str_eq(short_message(&err), "t.csv:2: a NUL character: this is not a text");
    free(text);
}
END_TEST

START_TEST(a_missing_column_is_answered_with_those_that_there_are) {
    char path[TEMP_PATH_MAX];
    csv *c = NULL;
    sched_error err;
    int column = -1;
    temp_file_write(folder, "t.csv", "arrival_s,size\n", path);
    ck_assert(!csv_open(path, &c, &err));
    ck_assert_int_eq(csv_column(c, "arival_s", &column, &err), SCHED_EINVAL);
    ck_assert_str_eq(short_message(&err),
                     "t.csv:1: no column \"arival_s\"; did you mean \"arrival_s\"?; its columns: arrival_s, size");
    csv_close(c);
}
END_TEST

/* --- traces ----------------------------------------------------------------------------------------------------- */

static sched_status load_trace(const char *text, const char *keys, scenario **ret_scenario, sched_error *err) {
    char csv_path[TEMP_PATH_MAX], path[TEMP_PATH_MAX], yaml[1024];
    temp_file_write(folder, "t.csv", text, csv_path);
    snprintf(yaml, sizeof yaml,
             "duration: 1min\nlanguages: {list: [en, de, fr]}\nsessions: [{arrivals: {trace: {file: t.csv, %s}}}]\n",
             keys);
    temp_file_write(folder, "s.yaml", yaml, path);
    return scenario_load(path, ret_scenario, err);
}

START_TEST(a_trace_is_read_from_the_folder_of_its_scenario) {
    scenario *s = NULL;
    sched_error err;
    sched_status status = load_trace("t,n,a,b\n100,3,en,DE\n100.000002,0,fr,en\n109.5,1,de,fr\n3000,5,de,fr\n",
                                     "time: t, size: n, scale: 0.5, src: a, tgt: b", &s, &err);
    ck_assert_msg(!status, "%s", err.message);
    const trace_pattern *p = &s->session_groups[0].arrivals.trace;
    ck_assert_uint_eq(p->row_count, 3); /* the fourth is behind the end */
    ck_assert_int_eq(p->rows[0].at, 0);
    ck_assert_int_eq(p->rows[1].at, 2);
    ck_assert_int_eq(p->rows[2].at, 9500000);
    ck_assert_uint_eq(p->rows[0].speech, 1500000);
    ck_assert_uint_eq(p->rows[1].speech, 1); /* nothing said takes at least a microsecond */
    ck_assert_int_eq(p->rows[2].src, 1);
    ck_assert_int_eq(p->rows[2].tgt, 2);
    ck_assert_double_eq_tol(scenario_total(s).jobs, 3, 1e-9);
    scenario_free(s);
}
END_TEST

START_TEST(the_unit_and_the_speed_of_a_trace_scale_its_times) {
    static const struct {
        const char *keys;
        usec_t at;
    } cases[] = {
        {"time: t, unit: us", 7},
        {"time: t, unit: ms", 7000},
        {"time: t", 7000000},
        {"time: t, speed: 4", 1750000},
        {"time: t, unit: min, speed: 60", 7000000},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        scenario *s = NULL;
        sched_error err;
        ck_assert_msg(!load_trace("t\n3\n10\n", cases[i].keys, &s, &err), "%s", err.message);
        ck_assert_int_eq(s->session_groups[0].arrivals.trace.rows[1].at, cases[i].at);
        scenario_free(s);
    }
}
END_TEST

static const struct {
    const char *text, *keys, *message;
} bad_traces[] = {
    {"t,n\n1,2\n2,3\n1.5,4\n", "time: t", "t.csv:4: t: 1.5 goes backwards: the line before has 2"},
    {"t,n\n1,2\nsoon,3\n", "time: t", "t.csv:3: t: \"soon\" is not a number"},
    {"t,n\n-1,2\n", "time: t", "t.csv:2: t: \"-1\" is below 0"},
    {"t,n\n1,2\n2\n", "time: t", "t.csv:3: 1 fields, but the first line names 2 columns"},
    {"t,n\n1,\n", "time: t, size: n", "t.csv:2: n: \"\" is not a number"},
    {"t,n\n1,9999\n", "time: t, size: n", "t.csv:2: n: 9999 makes 9999 s of speech: at most 3600 are accepted"},
    {"t,n\n1,2\n", "time: t, size: m", "t.csv:1: no column \"m\"; its columns: t, n"},
    {"t,a,b\n1,en,frr\n", "time: t, src: a, tgt: b",
     "t.csv:2: \"frr\" is not among the 3 languages of the scenario; did you mean \"fr\"?"},
    {"t,a,b\n1,en,en\n", "time: t, src: a, tgt: b", "t.csv:2: source and target are the same"},
    {"t\n", "time: t", "s.yaml:3:38: file: t.csv holds no arrival"},
    {"t\n1\n", "time: t, digest: 0123456789abcdef",
     "s.yaml:3:62: digest: the file has fffa19ee8c494e2c: it is not the one that was meant"},
};

START_TEST(a_bad_trace_is_refused_with_the_line_in_it) {
    scenario *s = NULL;
    sched_error err = {0};
    ck_assert_int_eq(load_trace(bad_traces[_i].text, bad_traces[_i].keys, &s, &err), SCHED_EINVAL);
    ck_assert_str_eq(short_message(&err), bad_traces[_i].message);
}
END_TEST

START_TEST(the_hash_of_a_scenario_changes_with_its_trace) {
    char one[SCENARIO_HASH_MAX + 1], other[SCENARIO_HASH_MAX + 1];
    scenario *s = NULL;
    sched_error err;
    ck_assert(!load_trace("t\n1\n2\n", "time: t", &s, &err));
    scenario_hash(s, one);
    scenario_free(s);
    ck_assert(!load_trace("t\n1\n3\n", "time: t", &s, &err));
    scenario_hash(s, other);
    scenario_free(s);
    ck_assert_str_ne(one, other);
}
END_TEST

#define REAL "../shared/data/azure_llm_conv_2023.csv"

START_TEST(a_real_trace_is_read_whole) {
    scenario *s = NULL;
    sched_error err;
    static const char text[] = "duration: 1h\nsessions: [{arrivals: {trace: {file: " REAL ", time: arrival_s, size: "
                               "generated_tokens, scale: 0.0390625}}}]\n";
    FILE *there = fopen(REAL, "rb");
    if (!there) {
        printf("skipped: " REAL " is not there\n");
        return;
    }
    fclose(there);
    ck_assert_msg(!scenario_parse("s.yaml", text, strlen(text), &s, &err), "%s", err.message);
    const trace_pattern *p = &s->session_groups[0].arrivals.trace;
    ck_assert_uint_eq(p->row_count, 19366);
    ck_assert_uint_eq(p->rows[0].speech, 1718750); /* 44 tokens */
    ck_assert_int_eq(p->rows[1].at, 4315000);
    scenario_free(s);
}
END_TEST

int main(void) {
    TCase *tests = tcase_create("csv");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, make_folder, remove_folder);
    tcase_add_test(tests, fields_are_cut_at_commas_outside_of_quotes);
    tcase_add_loop_test(tests, a_broken_line_is_told_with_its_number, 0, sizeof broken / sizeof *broken);
    tcase_add_test(tests, lines_and_columns_are_bounded_and_texts);
    tcase_add_test(tests, a_missing_column_is_answered_with_those_that_there_are);
    tcase_add_test(tests, a_trace_is_read_from_the_folder_of_its_scenario);
    tcase_add_test(tests, the_unit_and_the_speed_of_a_trace_scale_its_times);
    tcase_add_loop_test(tests, a_bad_trace_is_refused_with_the_line_in_it, 0, sizeof bad_traces / sizeof *bad_traces);
    tcase_add_test(tests, the_hash_of_a_scenario_changes_with_its_trace);
    tcase_add_test(tests, a_real_trace_is_read_whole);
    return suite_run_case("csv", tests);
}
