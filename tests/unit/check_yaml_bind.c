/* check_yaml_bind.c - documents, binding by tables, and what is printed from the tables. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/rng.h"
#include "core/base/settings_print.h"
#include "core/base/suggest.h"
#include "core/base/yaml_bind.h"
#include "tests/support/suite.h"

/* --- a small language with every kind of row -------------------------------------------------------------------- */

typedef struct point {
    int64_t x, y;
} point;

typedef struct shelf {
    char label[9];
    point *points;
    size_t point_count;
} shelf;

typedef struct room {
    char name[9];
    bool heated;
    int64_t seats;
    double ratio, part, per_second;
    usec_t pause;
    uint64_t bytes;
    int colour;
    point corner;
    shelf *shelves;
    size_t shelf_count;
    char **words;
    size_t word_count;
} room;

static sched_status read_word(const yaml_value *v, void *field, sched_error *err) {
    sched_status status = yaml_expect(v, YAML_TEXT, "word", err);
    if (status) return status;
    *(char **)field = mem_strdup(yaml_text(v));
    return strcmp(yaml_text(v), "bad") ? SCHED_OK : yaml_fail(v, err, "word: a bad one");
}

static void print_word(const void *field, FILE *out) {
    yaml_write_text(out, *(char *const *)field);
}

static void release_word(void *field) {
    free(*(char **)field);
    *(char **)field = NULL;
}

static sched_status prepare_corner(const yaml_value *map, void *section, sched_error *err) {
    point *p = section;
    if (map && yaml_get(map, "y") && !strcmp(yaml_text(yaml_get(map, "y")), "13"))
        return yaml_fail(map, err, "unlucky");
    p->x = 100;
    return SCHED_OK;
}

static const setting_type word_type = {"words", read_word, print_word, release_word};
static const char *const colours[] = {"red", "green", "blue", NULL};

// clang-format off
static const setting point_rows[] = {
    {.name = "x", .kind = SETTING_COUNT, .required = true, .offset = SETTING_AT(point, x, int64_t),
     .help = "to the right"},
    ROW_COUNT(point, "y", y, 0, 99, "7", "up"),
    {.name = NULL},
};
static const setting corner_rows[] = {
    ROW_COUNT(point, "x", x, 0, 1000, "1", "to the right"),
    ROW_COUNT(point, "y", y, 0, 99, "2", "up"),
    {.name = NULL},
};
static const setting shelf_rows[] = {
    ROW_TEXT(shelf, "label", label, NULL, "on its front"),
    ROW_LIST(shelf, "points", points, point_count, point_rows, 3, "[]", "where it stands"),
    {.name = NULL},
};
static const setting room_rows[] = {
    ROW_TEXT(room, "name", name, "hall", "of the room"),
    ROW_BOOL(room, "heated", heated, "no", "is it warm?"),
    ROW_COUNT(room, "seats", seats, 1, 200, "10", "in it"),
    ROW_NUMBER(room, "ratio", ratio, -1, 1, "0.5", "a ratio"),
    ROW_SHARE(room, "part", part, 0, 0.5, "15%", "a part"),
    ROW_RATE(room, "rate", per_second, 0.1, 10, "30/min", "a rate"),
    ROW_DURATION(room, "pause", pause, 1000, 60000000, "250ms", "a pause"),
    ROW_SIZE(room, "bytes", bytes, 1, 1 << 20, "64KiB", "a size"),
    ROW_CHOICE(room, "colour", colour, colours, "green", "a colour"),
    {.name = "corner", .kind = SETTING_SECTION, .offset = offsetof(room, corner), .rows = corner_rows,
     .prepare = prepare_corner, .help = "a corner"},
    ROW_LIST(room, "shelves", shelves, shelf_count, shelf_rows, 4, "[{label: a}, {points: [{x: 5}]}]",
             "along the wall"),
    ROW_VALUES(room, "words", words, word_count, word_type, 6, "[one, two]", "on the wall"),
    {.name = NULL},
};
// clang-format on

static sched_status bind(const char *text, size_t len, room *ret_room, sched_error *err) {
    yaml_doc *doc = NULL;
    sched_status status = yaml_doc_parse("t.yaml", text, len, &doc, err);
    if (!status) status = yaml_bind(yaml_doc_root(doc), room_rows, sizeof *ret_room, ret_room, err);
    yaml_doc_free(doc);
    return status;
}

static room bound(const char *text) {
    room r = {.seats = 0};
    sched_error err = {0};
    sched_status status = bind(text, strlen(text), &r, &err);
    ck_assert_msg(!status, "%s: %s", text, err.message);
    return r;
}

static void refused(const char *text, const char *message) {
    sched_error err = {0};
    room r, before;
    memset(&r, 0x5a, sizeof r);
    before = r;
    ck_assert_msg(bind(text, strlen(text), &r, &err) == SCHED_EINVAL, "accepted: %s", text);
    ck_assert_msg(!strcmp(err.message, message), "%s\n  said     %s\n  expected %s", text, err.message, message);
    ck_assert_msg(!memcmp(&r, &before, sizeof r), "the target was touched by: %s", text);
}

/* --- values ----------------------------------------------------------------------------------------------------- */

START_TEST(what_is_not_given_takes_its_default) {
    room r = bound("name: x");
    ck_assert_str_eq(r.name, "x");
    ck_assert(!r.heated);
    ck_assert_int_eq(r.seats, 10);
    ck_assert_double_eq(r.ratio, 0.5);
    ck_assert_double_eq(r.part, 0.15);
    ck_assert_double_eq(r.per_second, 0.5);
    ck_assert_int_eq(r.pause, 250000);
    ck_assert_uint_eq(r.bytes, 65536);
    ck_assert_int_eq(r.colour, 1);
    ck_assert_int_eq(r.corner.y, 2);
    ck_assert_uint_eq(r.shelf_count, 2);
    ck_assert_str_eq(r.shelves[0].label, "a");
    ck_assert_int_eq(r.shelves[1].points[0].x, 5);
    ck_assert_int_eq(r.shelves[1].points[0].y, 7);
    ck_assert_uint_eq(r.word_count, 2);
    ck_assert_str_eq(r.words[1], "two");
    settings_release(room_rows, &r);
    ck_assert_ptr_null(r.shelves);
    ck_assert_ptr_null(r.words);
}
END_TEST

START_TEST(every_kind_takes_its_value) {
    room r =
        bound("name: 'ünï'\nheated: on\nseats: 0.2k\nratio: -0.25\npart: 0.5\nrate: 5/s\npause: 1min\n"
              "bytes: 1MiB\ncolour: blue\ncorner: {y: 0}\nshelves:\n  - points: [{x: 1}, {x: 2, y: 3}]\nwords: []\n");
    ck_assert_str_eq(r.name, "ünï");
    ck_assert(r.heated);
    ck_assert_int_eq(r.seats, 200);
    ck_assert_double_eq(r.ratio, -0.25);
    ck_assert_double_eq(r.part, 0.5);
    ck_assert_double_eq(r.per_second, 5);
    ck_assert_int_eq(r.pause, 60000000);
    ck_assert_uint_eq(r.bytes, 1 << 20);
    ck_assert_int_eq(r.colour, 2);
    ck_assert_int_eq(r.corner.y, 0);
    ck_assert_uint_eq(r.shelf_count, 1);
    ck_assert_uint_eq(r.shelves[0].point_count, 2);
    ck_assert_int_eq(r.shelves[0].points[1].y, 3);
    ck_assert_uint_eq(r.word_count, 0);
    settings_release(room_rows, &r);
}
END_TEST

START_TEST(six_words_are_boolean) {
    static const char *const words[] = {"no", "yes", "false", "true", "off", "on"};
    for (int i = 0; i < 6; i++) {
        char text[32];
        snprintf(text, sizeof text, "heated: %s", words[i]);
        room r = bound(text);
        ck_assert_msg(r.heated == (i % 2 == 1), "%s", text);
        settings_release(room_rows, &r);
    }
}
END_TEST

START_TEST(a_preset_changes_defaults_and_yields_to_what_is_given) {
    room r = bound("seats: 3");
    ck_assert_int_eq(r.corner.x, 100);
    settings_release(room_rows, &r);
    r = bound("corner: {y: 5}");
    ck_assert_int_eq(r.corner.x, 100);
    settings_release(room_rows, &r);
    r = bound("corner: {x: 3}");
    ck_assert_int_eq(r.corner.x, 3);
    settings_release(room_rows, &r);
}
END_TEST

START_TEST(a_section_without_content_is_one_that_was_not_given) {
    room r = bound("corner:\nseats: 4\n");
    ck_assert_int_eq(r.corner.y, 2);
    settings_release(room_rows, &r);
}
END_TEST

START_TEST(an_alias_stands_for_its_value) {
    room r = bound("corner: &c {x: 3, y: 4}\nshelves: [{points: [*c, &d {x: 9}, *d]}]\nname: &n abc\nwords: [*n]\n");
    ck_assert_int_eq(r.shelves[0].points[0].y, 4);
    ck_assert_int_eq(r.shelves[0].points[2].x, 9);
    ck_assert_str_eq(r.words[0], "abc");
    settings_release(room_rows, &r);
}
END_TEST

/* --- errors ----------------------------------------------------------------------------------------------------- */

static const struct {
    const char *text, *message;
} bad[] = {
    {"seets: 3", "t.yaml:1:1: unknown key \"seets\"; did you mean \"seats\"?"},
    {"name: x\ncorner: {z: 1}", "t.yaml:2:10: unknown key \"z\"; known here: x, y"},
    {"Seats: 3", "t.yaml:1:1: unknown key \"Seats\"; did you mean \"seats\"?"},
    {"quarrel: 3", "t.yaml:1:1: unknown key \"quarrel\"; known here: name, heated, seats, ratio, part, rate, pause, "
                   "bytes, colour, corner, shelves, words"},
    {"seats: 3\n\nseats: 4", "t.yaml:3:1: \"seats\" is given twice, first on line 1"},
    {"heated: maybe", "t.yaml:1:9: heated: \"maybe\" is neither yes nor no (nor true, false, on, off)"},
    {"seats: 0", "t.yaml:1:8: seats: \"0\" is out of bounds: expected 1 .. 200"},
    {"seats: 201", "t.yaml:1:8: seats: \"201\" is out of bounds: expected 1 .. 200"},
    {"seats: -3",
     "t.yaml:1:8: seats: \"-3\" is not a count: expected a whole number that is not negative, such as 500, "
     "10_000, 10k or 2M"},
    {"seats: [3]", "t.yaml:1:8: seats: expected a count, not a list"},
    {"seats:", "t.yaml:1:7: seats: expected a count, not nothing"},
    {"seats: ~", "t.yaml:1:8: seats: expected a count, not nothing"},
    {"ratio: 1.01", "t.yaml:1:8: ratio: \"1.01\" is out of bounds: expected -1 .. 1"},
    {"part: 51%", "t.yaml:1:7: part: \"51%\" is out of bounds: expected 0% .. 50%"},
    {"rate: 11/s", "t.yaml:1:7: rate: \"11/s\" is out of bounds: expected 6/min .. 10/s"},
    {"pause: 999us", "t.yaml:1:8: pause: \"999us\" is out of bounds: expected 1ms .. 1min"},
    {"pause: 15",
     "t.yaml:1:8: pause: \"15\" is not a duration: expected a number with a unit such as 250ms, 15s, 2min or "
     "1h30min"},
    {"pause: 15KiB",
     "t.yaml:1:8: pause: \"15KiB\" is not a duration: expected a number with a unit such as 250ms, 15s, "
     "2min or 1h30min"},
    {"bytes: 2MiB", "t.yaml:1:8: bytes: \"2MiB\" is out of bounds: expected 1B .. 1MiB"},
    {"colour: gren", "t.yaml:1:9: colour: \"gren\" is not one of red, green, blue; did you mean \"green\"?"},
    {"colour: \"a\\nb\"", "t.yaml:1:9: colour: \"a\\nb\" is not one of red, green, blue"},
    {"colour: {}", "t.yaml:1:9: colour: expected one of red, green, blue, not a mapping"},
    {"name: much too long", "t.yaml:1:7: name: a text of 13 bytes: at most 8 fit"},
    {"corner: 3", "t.yaml:1:9: corner: expected a mapping, not text"},
    {"corner: {y: 13}", "t.yaml:1:9: unlucky"},
    {"corner: {x: 5000, y: 1}", "t.yaml:1:13: x: \"5000\" is out of bounds: expected 0 .. 1000"},
    {"shelves: {label: a}", "t.yaml:1:10: shelves: expected a list, not a mapping"},
    {"shelves: [a]", "t.yaml:1:11: shelves: expected a mapping, not text"},
    {"shelves: [{}, {}, {}, {}, {}]", "t.yaml:1:10: shelves: 5 elements: at most 4 are accepted"},
    {"shelves: [{label: a, points: [{x: 1}]},\n {label: b, points: [{y: 1}]}]",
     "t.yaml:2:22: \"x\" is missing: to the right"},
    {"words: [a, b, bad]", "t.yaml:1:15: word: a bad one"},
    {"words: [a, [b]]", "t.yaml:1:12: word: expected text, not a list"},
    {"[1, 2]", "t.yaml:1:1: the document: expected a mapping, not a list"},
    {"text", "t.yaml:1:1: the document: expected a mapping, not text"},
    {"", "t.yaml:1:1: the document is empty"},
    {"# only a comment\n", "t.yaml:1:1: the document is empty"},
    {"seats: 1\n---\nseats: 2\n", "t.yaml:2:1: a second document begins; a file holds one"},
    {"corner:\n\tx: 1", "t.yaml:2:1: a tab cannot indent; use spaces"},
    {"corner:\n  \tx: 1", "t.yaml:2:3: a tab cannot indent; use spaces"},
    {"words: [a, b\nseats: 1", "t.yaml:2:6: not YAML: did not find expected ',' or ']' while parsing a flow sequence"},
    {"name: \"open", "t.yaml:1:12: not YAML: found unexpected end of stream while scanning a quoted scalar"},
    {"a: b: c", "t.yaml:1:5: not YAML: mapping values are not allowed in this context"},
    {"words: *none", "t.yaml:1:8: alias *none stands for nothing"},
    {"corner: &a {x: *a}", "t.yaml:1:16: alias *a stands for what it is part of"},
    {"seats: !!int 3", "t.yaml:1:8: tags (!...) have no meaning here"},
    {"corner: !x {y: 1}", "t.yaml:1:9: tags (!...) have no meaning here"},
    {"? [a]\n: b", "t.yaml:1:3: a key must be a text, not a list"},
    {"name: \"a\\0b\"", "t.yaml:1:7: a text cannot contain a NUL character"},
    {"seats: 1\nname: \xc3(", "t.yaml:2:8: not UTF-8 text: invalid trailing UTF-8 octet"},
    {"<<: {seats: 3}",
     "t.yaml:1:1: unknown key \"<<\"; known here: name, heated, seats, ratio, part, rate, pause, bytes, "
     "colour, corner, shelves, words"},
};

START_TEST(an_error_has_its_place_and_says_what_was_expected) {
    refused(bad[_i].text, bad[_i].message);
}
END_TEST

/* `open` n times, `middle`, `close` n times. */
static char *nested(const char *open, size_t n, const char *middle, const char *close) {
    char *text = mem_zalloc(n * (strlen(open) + strlen(close)) + strlen(middle) + 1, 1);
    for (size_t i = 0; i < n; i++) strcat(text, open);
    strcat(text, middle);
    for (size_t i = 0; i < n; i++) strcat(text, close);
    return text;
}

START_TEST(a_document_of_32_levels_is_read_and_of_33_refused) {
    yaml_doc *doc = NULL;
    sched_error err = {0};
    char *text = nested("[", 31, "a", "]");
    ck_assert_int_eq(yaml_doc_parse("t.yaml", text, strlen(text), &doc, &err), SCHED_OK);
    yaml_doc_free(doc);
    free(text);
    text = nested("[", 32, "a", "]");
    ck_assert_int_eq(yaml_doc_parse("t.yaml", text, strlen(text), &doc, &err), SCHED_EINVAL);
    ck_assert_str_eq(err.message, "t.yaml:1:33: nested deeper than 32 levels");
    free(text);
    text = nested("[", 100000, "a", "]");
    ck_assert_int_eq(yaml_doc_parse("t.yaml", text, strlen(text), &doc, &err), SCHED_EINVAL);
    free(text);
}
END_TEST

START_TEST(an_alias_counts_as_deep_as_what_it_stands_for) {
    yaml_doc *doc = NULL;
    sched_error err = {0};
    char *inner = nested("[", 20, "a", "]"), *outer = nested("[", 20, "*a", "]"), text[256];
    snprintf(text, sizeof text, "x: &a %s\ny: %s\n", inner, outer);
    ck_assert_int_eq(yaml_doc_parse("t.yaml", text, strlen(text), &doc, &err), SCHED_EINVAL);
    ck_assert_str_eq(err.message, "t.yaml:2:24: nested deeper than 32 levels");
    free(inner);
    free(outer);
}
END_TEST

START_TEST(a_billion_laughs_are_refused) {
    static const char text[] = "a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
                               "c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\n"
                               "e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: [*e,*e,*e,*e,*e,*e,*e,*e,*e,*e]\n";
    refused(text, "t.yaml:5:29: more than 100000 values, aliases counted as what they stand for");
}
END_TEST

START_TEST(a_document_of_more_than_1_mib_is_refused) {
    char *text = mem_alloc(YAML_DOC_BYTES_MAX + 1);
    memset(text, ' ', YAML_DOC_BYTES_MAX + 1);
    memcpy(text, "a: 1 #", 6);
    yaml_doc *doc = NULL;
    sched_error err = {0};
    ck_assert_int_eq(yaml_doc_parse("t.yaml", text, YAML_DOC_BYTES_MAX, &doc, &err), SCHED_OK);
    yaml_doc_free(doc);
    ck_assert_int_eq(yaml_doc_parse("t.yaml", text, YAML_DOC_BYTES_MAX + 1, &doc, &err), SCHED_EINVAL);
    ck_assert_str_eq(err.message, "t.yaml:1:1: larger than 1 MiB");
    free(text);
}
END_TEST

START_TEST(a_mapping_has_at_most_1000_keys) {
    char *text = mem_zalloc(1001, 16);
    for (int i = 0; i <= 1000; i++) sprintf(text + strlen(text), "k%d: 1\n", i);
    refused(text, "t.yaml:1001:1: more than 1000 keys in one mapping");
    free(text);
}
END_TEST

START_TEST(a_missing_file_and_a_folder_are_told_by_name) {
    yaml_doc *doc = NULL;
    sched_error err = {0};
    ck_assert_int_eq(yaml_doc_read("does/not/exist.yaml", &doc, &err), SCHED_EIO);
    ck_assert_str_eq(err.message, "does/not/exist.yaml: cannot be opened: No such file or directory");
    ck_assert_int_eq(yaml_doc_read("/", &doc, &err), SCHED_EIO);
    ck_assert_str_eq(err.message, "/: cannot be read: Is a directory");
}
END_TEST

START_TEST(a_place_is_that_of_the_nearest_value_above) {
    static const char text[] = "a:\n  b:\n    - c: 1\n    - c: 2\n";
    yaml_doc *doc = NULL;
    ck_assert_int_eq(yaml_doc_parse("t.yaml", text, strlen(text), &doc, NULL), SCHED_OK);
    static const struct {
        const char *path, *place;
    } cases[] = {
        {"a.b[1].c", "t.yaml:4:10: x"}, {"a.b[1].d", "t.yaml:4:7: x"}, {"a.b[2].c", "t.yaml:3:5: x"},
        {"a.x.y[3]", "t.yaml:2:3: x"},  {"z", "t.yaml:1:1: x"},        {"", "t.yaml:1:1: x"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sched_error err = {0};
        yaml_fail(yaml_at(yaml_doc_root(doc), "%s", cases[i].path), &err, "x");
        ck_assert_msg(!strcmp(err.message, cases[i].place), "%s: %s", cases[i].path, err.message);
    }
    yaml_doc_free(doc);
}
END_TEST

/* --- printing --------------------------------------------------------------------------------------------------- */

static char *dump(const room *r) {
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    settings_dump(room_rows, r, out, 0);
    fclose(out);
    return text;
}

START_TEST(a_dump_binds_back_to_the_same_dump) {
    static const char *const texts[] = {
        "{}",
        "shelves: []",
        "words: [\"a\\\"b\\\\c\", \"line\\nbreak\", ' lead ', '', 'größe 日本 🎧']",
        "words: [\"\\x01\\x7f\\u0085\\u2028\\ufeff\"]",
        "ratio: 0.1234567890123456\npart: 0.333333333333\nrate: 0.7/s\npause: 1.234567s\nbytes: 123457B",
        "shelves: [{}, {label: \"yes\", points: [{x: 1}]}]\nname: 'no'",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        room r = bound(texts[i]);
        char *once = dump(&r);
        room again = bound(once);
        char *twice = dump(&again);
        ck_assert_str_eq(once, twice);
        for (size_t k = 0; k < r.word_count; k++) ck_assert_str_eq(r.words[k], again.words[k]);
        ck_assert_double_eq(r.ratio, again.ratio);
        ck_assert_double_eq(r.part, again.part);
        settings_release(room_rows, &r);
        settings_release(room_rows, &again);
        free(once);
        free(twice);
    }
}
END_TEST

START_TEST(a_dump_leaves_out_what_was_not_given_and_has_no_default) {
    room r = bound("shelves: [{}]\nwords: [a]");
    char *text = dump(&r);
    ck_assert_ptr_nonnull(strstr(text, "\nshelves:\n  - points: []\nwords: [\"a\"]\n"));
    free(text);
    settings_release(room_rows, &r);
}
END_TEST

START_TEST(the_schema_is_a_document_with_every_default) {
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    settings_schema_text(room_rows, out);
    fclose(out);
    ck_assert_ptr_nonnull(strstr(text, "# in it (a count, 1 .. 200)\nseats: 10\n"));
    ck_assert_ptr_nonnull(strstr(text, "# a colour (one of red, green, blue)\ncolour: green\n"));
    free(text);
}
END_TEST

START_TEST(markdown_has_a_table_for_each_mapping) {
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    settings_schema_markdown(room_rows, out, 3);
    fclose(out);
    ck_assert_ptr_nonnull(strstr(text, "| `seats` | a count, 1 .. 200 | `10` | in it |\n"));
    ck_assert_ptr_nonnull(strstr(text, "\n\n### `shelves[].points[]`: where it stands\n\n| key |"));
    ck_assert_ptr_nonnull(strstr(text, "| `x` | a count | required | to the right |\n"));
    free(text);
}
END_TEST

/* --- suggestions ------------------------------------------------------------------------------------------------ */

START_TEST(near_names_are_suggested_and_far_ones_not) {
    static const struct {
        const char *word, *hint;
    } cases[] = {
        {"sede", "; did you mean \"seed\"?"},
        {"sed", "; did you mean \"seed\"?"},
        {"seeed", "; did you mean \"seed\"?"},
        {"SEED", "; did you mean \"seed\"?"},
        {"duratoin", "; did you mean \"duration\"?"},
        {"xyz", ""},
        {"", ""},
        {"fault", "; did you mean \"faults\"?"},
        {"ta", "; did you mean \"at\"?"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[SUGGEST_TEXT_MAX];
        suggest s = suggest_for(cases[i].word);
        suggest_offer(&s, "seed");
        suggest_offer(&s, "duration");
        suggest_offer(&s, "faults");
        suggest_offer(&s, "at");
        ck_assert_msg(!strcmp(suggest_text(&s, text), cases[i].hint), "%s%s", cases[i].word, text);
    }
}
END_TEST

/* --- any bytes are safe ----------------------------------------------------------------------------------------- */

START_TEST(mutated_documents_bind_or_are_refused_and_leak_nothing) {
    static const char seed_text[] =
        "name: &n abc\nheated: on\nseats: 3\nratio: -0.25\ncorner: {y: 0}\n"
        "shelves:\n  - points: [{x: 1}, {x: 2, y: 3}]\n    label: *n\nwords: [a, \"b\\n\", 'c']\n";
    static const char alphabet[] = "[]{}:,-&*!|>'\"%@`#?~ \n\tx1\\\xc3\x00";
    rng r;
    rng_init(&r, 1, "mutate", 0);
    for (int i = 0; i < 20000; i++) {
        char text[sizeof seed_text];
        memcpy(text, seed_text, sizeof text);
        size_t len = sizeof text - 1;
        for (uint64_t k = 1 + rng_below(&r, 4); k > 0; k--) {
            text[rng_below(&r, len)] = alphabet[rng_below(&r, sizeof alphabet)];
        }
        room target;
        sched_error err = {0};
        if (bind(text, len, &target, &err)) {
            ck_assert_msg(!strncmp(err.message, "t.yaml:", 7), "%s", err.message);
        } else {
            settings_release(room_rows, &target);
        }
    }
}
END_TEST

int main(void) {
    TCase *tests = tcase_create("yaml_bind");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, what_is_not_given_takes_its_default);
    tcase_add_test(tests, every_kind_takes_its_value);
    tcase_add_test(tests, six_words_are_boolean);
    tcase_add_test(tests, a_preset_changes_defaults_and_yields_to_what_is_given);
    tcase_add_test(tests, a_section_without_content_is_one_that_was_not_given);
    tcase_add_test(tests, an_alias_stands_for_its_value);
    tcase_add_loop_test(tests, an_error_has_its_place_and_says_what_was_expected, 0, sizeof bad / sizeof *bad);
    tcase_add_test(tests, a_document_of_32_levels_is_read_and_of_33_refused);
    tcase_add_test(tests, an_alias_counts_as_deep_as_what_it_stands_for);
    tcase_add_test(tests, a_billion_laughs_are_refused);
    tcase_add_test(tests, a_document_of_more_than_1_mib_is_refused);
    tcase_add_test(tests, a_mapping_has_at_most_1000_keys);
    tcase_add_test(tests, a_missing_file_and_a_folder_are_told_by_name);
    tcase_add_test(tests, a_place_is_that_of_the_nearest_value_above);
    tcase_add_test(tests, a_dump_binds_back_to_the_same_dump);
    tcase_add_test(tests, a_dump_leaves_out_what_was_not_given_and_has_no_default);
    tcase_add_test(tests, the_schema_is_a_document_with_every_default);
    tcase_add_test(tests, markdown_has_a_table_for_each_mapping);
    tcase_add_test(tests, near_names_are_suggested_and_far_ones_not);
    tcase_add_test(tests, mutated_documents_bind_or_are_refused_and_leak_nothing);
    return suite_run_case("yaml_bind", tests);
}
