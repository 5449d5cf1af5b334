/* check_yaml_merge.c - files that include files, and single values set from outside. */
#include "core/base/yaml_merge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/suite.h"
#include "tests/support/temp_files.h"

static char folder[TEMP_PATH_MAX];

static void make_folder(void) {
    temp_folder_make(folder);
}

static void remove_folder(void) {
    temp_folder_remove(folder);
}

static const char *short_message(const sched_error *err) {
    size_t len = strlen(folder);
    return strncmp(err->message, folder, len) ? err->message : err->message + len + 1;
}

static void write_file(const char *name, const char *text) {
    char path[TEMP_PATH_MAX];
    temp_file_write(folder, name, text, path);
}

static yaml_doc *read_file(const char *name) {
    char path[2 * TEMP_PATH_MAX];
    yaml_doc *doc = NULL;
    sched_error err;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    ck_assert_msg(!yaml_doc_read(path, &doc, &err), "%s", err.message);
    return doc;
}

/* In flow style. */
static void print(const yaml_value *v, FILE *out) {
    switch (yaml_kind_of(v)) {
    case YAML_EMPTY: fputc('~', out); break;
    case YAML_TEXT: fputs(yaml_text(v), out); break;
    case YAML_LIST:
    case YAML_MAP:
        for (size_t i = 0; i < yaml_count(v); i++) {
            fputs(i ? ", " : yaml_kind_of(v) == YAML_MAP ? "{" : "[", out);
            if (yaml_kind_of(v) == YAML_MAP) fprintf(out, "%s: ", yaml_text(yaml_key(v, i)));
            print(yaml_item(v, i), out);
        }
        if (!yaml_count(v)) fputc(yaml_kind_of(v) == YAML_MAP ? '{' : '[', out);
        fputc(yaml_kind_of(v) == YAML_MAP ? '}' : ']', out);
    }
}

static void ck_doc(const yaml_doc *doc, const char *expected) {
    char text[1024] = "";
    FILE *out = fmemopen(text, sizeof text, "w");
    print(yaml_doc_root(doc), out);
    fclose(out);
    ck_assert_str_eq(text, expected);
}

/* --- include ---------------------------------------------------------------------------------------------------- */

START_TEST(later_keys_go_over_earlier_ones_and_lists_are_replaced) {
    sched_error err;
    write_file("base.yaml", "seed: 1\nlist: [1, 2, 3]\nmap: {a: 1, b: {c: 2, d: 3}}\n");
    write_file("more.yaml", "map: {b: {c: 20}}\nextra: x\n");
    write_file("top.yaml", "list: [9]\ninclude: [base.yaml, more.yaml]\nmap: {e: 5, a: ~}\n");
    yaml_doc *doc = read_file("top.yaml");
    ck_assert_msg(!yaml_doc_include(doc, &err), "%s", err.message);
    ck_doc(doc, "{seed: 1, list: [9], map: {a: ~, b: {c: 20, d: 3}, e: 5}, extra: x}");
    yaml_doc_free(doc);
}
END_TEST

START_TEST(a_value_keeps_the_file_and_the_place_where_it_was_written) {
    sched_error err = {0};
    write_file("base.yaml", "seed: 1\nmap: {a: 1,\n  b: bad}\n");
    write_file("top.yaml", "include: base.yaml\nmap: {c: 3}\n");
    yaml_doc *doc = read_file("top.yaml");
    ck_assert(!yaml_doc_include(doc, &err));
    yaml_fail(yaml_at(yaml_doc_root(doc), "map.b"), &err, "bad");
    ck_assert_str_eq(short_message(&err), "base.yaml:3:6: bad");
    yaml_fail(yaml_at(yaml_doc_root(doc), "map.c"), &err, "bad");
    ck_assert_str_eq(short_message(&err), "top.yaml:2:10: bad");
    char *path = yaml_path(yaml_at(yaml_doc_root(doc), "map.b"), "x.csv");
    ck_assert_str_eq(path + strlen(folder), "/x.csv");
    free(path);
    yaml_doc_free(doc);
}
END_TEST

START_TEST(one_file_may_be_included_twice_but_not_by_itself) {
    sched_error err = {0};
    write_file("leaf.yaml", "leaf: 1\n");
    write_file("a.yaml", "include: leaf.yaml\na: 1\n");
    write_file("b.yaml", "include: [leaf.yaml, a.yaml]\nb: 1\n");
    yaml_doc *doc = read_file("b.yaml");
    ck_assert_msg(!yaml_doc_include(doc, &err), "%s", err.message);
    ck_doc(doc, "{leaf: 1, a: 1, b: 1}");
    yaml_doc_free(doc);
    write_file("leaf.yaml", "x: 1\ninclude: ./b.yaml\n");
    doc = read_file("b.yaml");
    ck_assert_int_eq(yaml_doc_include(doc, &err), SCHED_EINVAL);
    ck_assert_str_eq(short_message(&err), "leaf.yaml:2:10: include: ./b.yaml includes itself");
    yaml_doc_free(doc);
}
END_TEST

START_TEST(what_cannot_be_included_is_told_where_it_is_asked_for) {
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"include: {a: 1}", "t.yaml:1:10: include: expected a file, not a mapping"},
        {"include:\n - [x]", "t.yaml:2:4: include: expected a file, not a list"},
        {"include: list.yaml", "list.yaml:1:1: an included file holds a mapping, not a list"},
        {"include: broken.yaml",
         "broken.yaml:2:1: not YAML: did not find expected ',' or '}' while parsing a flow mapping"},
    };
    write_file("list.yaml", "[1]\n");
    write_file("broken.yaml", "{a: 1\n");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sched_error err = {0};
        write_file("t.yaml", cases[i].text);
        yaml_doc *doc = read_file("t.yaml");
        ck_assert_int_eq(yaml_doc_include(doc, &err), SCHED_EINVAL);
        ck_assert_str_eq(short_message(&err), cases[i].message);
        yaml_doc_free(doc);
    }
    sched_error err = {0};
    write_file("t.yaml", "seed: 1\ninclude: no.yaml\n");
    yaml_doc *doc = read_file("t.yaml");
    ck_assert_int_eq(yaml_doc_include(doc, &err), SCHED_EINVAL);
    ck_assert_ptr_nonnull(strstr(err.message, "t.yaml:2:10: include: "));
    ck_assert_ptr_nonnull(strstr(err.message, "no.yaml: cannot be opened: No such file or directory"));
    yaml_doc_free(doc);
}
END_TEST

START_TEST(includes_are_bounded_in_depth_and_number) {
    char name[32], text[512], *at = text;
    sched_error err = {0};
    for (int i = 0; i <= YAML_INCLUDE_DEPTH_MAX; i++) {
        snprintf(name, sizeof name, "d%d.yaml", i);
        snprintf(text, sizeof text, "include: d%d.yaml\n", i + 1);
        write_file(name, text);
    }
    write_file("d9.yaml", "x: 1\n");
    yaml_doc *doc = read_file("d1.yaml");
    ck_assert_msg(!yaml_doc_include(doc, &err), "%s", err.message);
    yaml_doc_free(doc);
    doc = read_file("d0.yaml");
    ck_assert_int_eq(yaml_doc_include(doc, &err), SCHED_EINVAL);
    ck_assert_str_eq(short_message(&err), "d8.yaml:1:10: include: d9.yaml: deeper than 8 files");
    yaml_doc_free(doc);

    at += sprintf(at, "include: [d9.yaml");
    for (int i = 0; i < YAML_INCLUDES_MAX; i++) at += sprintf(at, ", d9.yaml");
    sprintf(at, "]\n");
    write_file("many.yaml", text);
    doc = read_file("many.yaml");
    ck_assert_int_eq(yaml_doc_include(doc, &err), SCHED_EINVAL);
    ck_assert_msg(strstr(err.message, "d9.yaml: more than 32 files in all"), "%s", err.message);
    yaml_doc_free(doc);
}
END_TEST

/* --- set -------------------------------------------------------------------------------------------------------- */

static const struct {
    const char *text, *set, *result;
} sets[] = {
    {"a: {b: 1}", "a.b=2", "{a: {b: 2}}"},
    {"a: {b: 1}", "a.c=[1, {d: x}]", "{a: {b: 1, c: [1, {d: x}]}}"},
    {"a: 1", "b.c.d=x=y", "{a: 1, b: {c: {d: x=y}}}"},
    {"a: [{n: 1}, {n: 2}]", "a.1.n=7", "{a: [{n: 1}, {n: 7}]}"},
    {"a: [1, 2]", "a.0=~", "{a: [~, 2]}"},
    {"b: 1", "a.0.n=7", "{b: 1, a: [{n: 7}]}"},
    {"a: []", "a.0=7", "{a: [7]}"},
    {"a:", "a.x=7", "{a: {x: 7}}"},
    {"a: {8: x, 20: y}", "a.8=z", "{a: {8: z, 20: y}}"},
    {"a: &k {n: 1}\nb: *k", "b.n=2", "{a: {n: 1}, b: {n: 2}}"},
};

START_TEST(a_value_is_set_at_its_path_and_nowhere_else) {
    yaml_doc *doc = NULL;
    sched_error err;
    ck_assert(!yaml_doc_parse("f.yaml", sets[_i].text, strlen(sets[_i].text), &doc, &err));
    ck_assert_msg(!yaml_doc_set(doc, sets[_i].set, &err), "%s", err.message);
    ck_doc(doc, sets[_i].result);
    yaml_doc_free(doc);
}
END_TEST

START_TEST(what_was_set_is_told_by_its_option) {
    static const char text[] = "a: [{n: 1}]";
    yaml_doc *doc = NULL;
    sched_error err = {0};
    ck_assert(!yaml_doc_parse("dir/f.yaml", text, strlen(text), &doc, &err));
    ck_assert(!yaml_doc_set(doc, "a.0.m=5", &err));
    const yaml_value *map = yaml_at(yaml_doc_root(doc), "a[0]");
    ck_assert_str_eq(yaml_name(yaml_get(map, "m")), "m");
    yaml_fail(yaml_get(map, "m"), &err, "bad value");
    ck_assert_str_eq(err.message, "--set a.0.m=5: bad value");
    yaml_fail(yaml_key(map, 1), &err, "bad key");
    ck_assert_str_eq(err.message, "--set a.0.m=5: bad key");
    yaml_fail(yaml_get(map, "n"), &err, "bad");
    ck_assert_str_eq(err.message, "dir/f.yaml:1:9: bad");
    char *path = yaml_path(yaml_get(map, "m"), "x.csv");
    ck_assert_str_eq(path, "x.csv"); /* from the working folder, not from the file's */
    free(path);
    yaml_doc_free(doc);
}
END_TEST

static const struct {
    const char *set, *message;
} bad_sets[] = {
    {"a", "--set a: expected path=value, for instance nodes.0.count=50"},
    {"=1", "--set =1: expected path=value, for instance nodes.0.count=50"},
    {"a..b=1", "--set a..b=1: \"a..b\" is no path: expected keys and indexes such as nodes.0.count"},
    {"a.=1", "--set a.=1: \"a.\" is no path: expected keys and indexes such as nodes.0.count"},
    {"l.2=1", "--set l.2=1: l.2: there is no element 2: expected an index 0 .. 1"},
    {"l.99999999999=1",
     "--set l.99999999999=1: l.99999999999: there is no element 99999999999: expected an index 0 .. 1"},
    {"new.1.x=1", "--set new.1.x=1: new.1: there is no element 1: expected an index 0 .. 0"},
    {"l.x=1", "--set l.x=1: \"x\" is no index: expected 0 .. 1"},
    {"t.x=1", "--set t.x=1: there is no \"x\" in a text, which is what stands there: \"word\""},
    {"a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q=1",
     "--set a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q=1: \"a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q\" is no path: expected keys and "
     "indexes "
     "such as nodes.0.count"},
    {"a=", "--set a=: the document is empty"},
    {"a=[1", "--set a=[1: not YAML: did not find expected ',' or ']' while parsing a flow sequence"},
};

START_TEST(a_bad_assignment_is_refused_and_changes_nothing) {
    static const char text[] = "l: [1, 2]\nt: word\n";
    yaml_doc *doc = NULL;
    sched_error err = {0};
    ck_assert(!yaml_doc_parse("f.yaml", text, strlen(text), &doc, &err));
    ck_assert_int_eq(yaml_doc_set(doc, bad_sets[_i].set, &err), SCHED_EINVAL);
    ck_assert_str_eq(err.message, bad_sets[_i].message);
    ck_doc(doc, "{l: [1, 2], t: word}");
    yaml_doc_free(doc);
}
END_TEST

int main(void) {
    TCase *tests = tcase_create("yaml_merge");
    tcase_add_checked_fixture(tests, make_folder, remove_folder);
    tcase_add_test(tests, later_keys_go_over_earlier_ones_and_lists_are_replaced);
    tcase_add_test(tests, a_value_keeps_the_file_and_the_place_where_it_was_written);
    tcase_add_test(tests, one_file_may_be_included_twice_but_not_by_itself);
    tcase_add_test(tests, what_cannot_be_included_is_told_where_it_is_asked_for);
    tcase_add_test(tests, includes_are_bounded_in_depth_and_number);
    tcase_add_loop_test(tests, a_value_is_set_at_its_path_and_nowhere_else, 0, sizeof sets / sizeof *sets);
    tcase_add_test(tests, what_was_set_is_told_by_its_option);
    tcase_add_loop_test(tests, a_bad_assignment_is_refused_and_changes_nothing, 0, sizeof bad_sets / sizeof *bad_sets);
    return suite_run_case("yaml_merge", tests);
}
