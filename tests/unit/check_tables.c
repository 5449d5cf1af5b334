/* check_tables.c - weights, pairs and lengths from the columns of files: what a scenario makes of them, and what is refused. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static const char *short_message(const sched_error *err) {
    size_t len = strlen(folder);
    return strncmp(err->message, folder, len) ? err->message : err->message + len + 1;
}

static sched_status load(const char *table, const char *yaml, scenario **ret_scenario, sched_error *err) {
    char path[TEMP_PATH_MAX];
    temp_file_write(folder, "t.csv", table, path);
    temp_file_write(folder, "s.yaml", yaml, path);
    return scenario_load(path, ret_scenario, err);
}

static scenario *loaded(const char *table, const char *yaml) {
    scenario *s = NULL;
    sched_error err = {0};
    ck_assert_msg(!load(table, yaml, &s, &err), "%s", err.message);
    return s;
}

#define LOCALES "locale,clips,s\nfr,20,4\nen,100,2\nxx-yy,0,9\nDE,50,3\npt,20,5\n"

START_TEST(the_languages_of_a_popularity_are_those_of_its_file_the_heaviest_first) {
    scenario *s = loaded(LOCALES, "languages: {popularity: {file: t.csv, language: locale, weight: clips}}");
    static const char *const tags[] = {"en", "de", "fr", "pt"};
    ck_assert_uint_eq(s->languages.count, 4);
    for (int i = 0; i < 4; i++) ck_assert_str_eq(s->languages.tag[i], tags[i]);
    ck_assert_double_eq_tol(s->languages.share[0], 100.0 / 190, 1e-12);
    scenario_free(s);
    s = loaded(LOCALES, "languages: {popularity: {file: t.csv, language: locale, weight: clips, top: 2}}");
    ck_assert_uint_eq(s->languages.count, 2);
    scenario_free(s);
    s = loaded(LOCALES, "languages: {count: 3, popularity: {file: t.csv, language: locale, weight: clips}}");
    ck_assert_uint_eq(s->languages.count, 3);
    scenario_free(s);
    s = loaded(LOCALES, "languages: {list: [it, fr, en], popularity: {file: t.csv, language: locale, weight: clips}}");
    ck_assert_double_eq(s->languages.share[0], 0);
    ck_assert_double_eq_tol(s->languages.share[1], 1.0 / 6, 1e-12);
    scenario_free(s);
}
END_TEST

START_TEST(a_product_mixes_pairs_by_a_file_of_its_own) {
    scenario *s = loaded(LOCALES, "languages: {list: [de, en, it]}\n"
                                  "sessions: [{pairs: {product: {file: t.csv, language: locale, weight: clips}}}]");
    const pair_mix *mix = &s->session_groups[0].pairs;
    ck_assert_uint_eq(mix->pair_count, 2); /* it has no weight in the file */
    ck_assert_double_eq_tol(mix->pairs[0].share, 0.5, 1e-12);
    ck_assert_double_eq_tol(s->languages.share[0], 6.0 / 11, 1e-12);
    scenario_free(s);
}
END_TEST

#define MATRIX "src,tgt,h\nen,de,6\nde,en,3\nfr,en,0\nen,fr,1\n"

START_TEST(a_matrix_gives_each_pair_its_weight) {
    scenario *s = loaded(MATRIX, "languages: {list: [de, en, fr]}\n"
                                 "sessions: [{pairs: {matrix: {file: t.csv, src: src, tgt: tgt, weight: h}}}]");
    const pair_mix *mix = &s->session_groups[0].pairs;
    static const pair_share expected[] = {{0, 1, 0.3, 0.3}, {1, 0, 0.6, 0.9}, {1, 2, 0.1, 1}};
    ck_assert_uint_eq(mix->pair_count, 3);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(mix->pairs[i].src, expected[i].src);
        ck_assert_int_eq(mix->pairs[i].tgt, expected[i].tgt);
        ck_assert_double_eq_tol(mix->pairs[i].share, expected[i].share, 1e-12);
    }
    scenario_free(s);
}
END_TEST

START_TEST(two_ways_give_both_directions_the_mean_of_their_shares) {
    scenario *s =
        loaded(MATRIX, "languages: {list: [de, en, fr]}\nsessions: [{two_way: yes, pairs: {matrix: {file: t.csv, src: "
                       "src, tgt: tgt, weight: h}}}]");
    const pair_mix *mix = &s->session_groups[0].pairs;
    static const double shares[] = {0.45, 0.45, 0.05, 0.05};
    ck_assert_uint_eq(mix->pair_count, 4);
    for (int i = 0; i < 4; i++) ck_assert_double_eq_tol(mix->pairs[i].share, shares[i], 1e-12);
    ck_assert_double_eq(mix->pairs[3].upto, 1);
    scenario_free(s);
}
END_TEST

START_TEST(lengths_are_drawn_from_their_column_by_weight) {
    static const char yaml[] =
        "sessions: [{talk: {utterance: {file: t.csv, column: s, weight: clips, scale: 0.5, min: 1100ms}}}]";
    scenario *s = loaded(LOCALES, yaml);
    const dist *d = &s->session_groups[0].talk.utterance;
    double sum = 0, mean = (20 * 2 + 50 * 1.5 + 20 * 2.5) / 90 * 1e6;
    ck_assert_double_eq_tol(dist_mean(d), mean, 1e-3);
    rng r;
    rng_init(&r, 1, "lengths", 0);
    size_t seen[3] = {0};
    for (int i = 0; i < 100000; i++) {
        double value = dist_draw(d, &r);
        sum += value;
        size_t which = value < 1.6e6 ? 0 : value < 2.1e6 ? 1 : 2;
        ck_assert_double_eq_tol(value, 1.5e6 + 0.5e6 * (double)which, 1e-3);
        seen[which]++;
    }
    ck_assert_double_eq_tol(sum / 100000 / mean, 1, 0.01);
    ck_assert_double_eq_tol((double)seen[0] / 100000, 50.0 / 90, 0.006);
    scenario_free(s);
}
END_TEST

static const char *const readable[] = {
    "languages: {popularity: {file: t.csv, language: locale, weight: clips, top: 3}}",
    "languages: {list: [en, de]}\nsessions: [{pairs: {product: {file: t.csv, language: locale, weight: s}}}]",
    "sessions: [{talk: {utterance: {file: t.csv, column: s, scale: 2, min: 1s, max: 9s}}}]",
    "sessions: [{length: 1min, arrivals: {bursts: {calm_rate: 1/s, burst_rate: 4/s}}}]",
    "sessions: [{arrivals: {diurnal: {day: 1min, begins: 3, curve: {0: 1, 12.5: 3}}}}]",
    "sessions: [{arrivals: {trace: {file: t.csv, time: ordered, size: s, scale: 0.5, speed: 3}}}]",
    "nodes: [{leave: {at: 1min, over: 5s, share: 10%}}]\nsessions: [{two_way: yes, vanish: 3%, retry: {after: 4s}}]",
};

START_TEST(what_was_read_from_files_is_dumped_so_that_it_reads_back) {
    static const char table[] = "locale,clips,s,ordered\nfr,20,4,1\nen,100,2,2\nde,50,3,4\n";
    scenario *s = loaded(table, readable[_i]), *again = NULL;
    char hash[SCENARIO_HASH_MAX + 1], other[SCENARIO_HASH_MAX + 1], path[TEMP_PATH_MAX], *text = NULL;
    size_t len = 0;
    sched_error err = {0};
    FILE *out = open_memstream(&text, &len);
    scenario_dump(s, out);
    fclose(out);
    temp_file_write(folder, "again.yaml", text, path);
    ck_assert_msg(!scenario_load(path, &again, &err), "%s\n%s", err.message, text);
    ck_assert_str_eq(scenario_hash(s, hash), scenario_hash(again, other));
    free(text);
    scenario_free(s);
    scenario_free(again);
}
END_TEST

static const struct {
    const char *table, *yaml, *message;
} bad[] = {
    {LOCALES, "languages: {popularity: {file: t.csv, language: locale, weight: clip}}",
     "t.csv:1: no column \"clip\"; did you mean \"clips\"?; its columns: locale, clips, s"},
    {"l,w\nen,1\nen,2\n", "languages: {popularity: {file: t.csv, language: l, weight: w}}",
     "t.csv:3: language \"en\" is given twice"},
    {"l,w\nen,1\nd,2\n", "languages: {popularity: {file: t.csv, language: l, weight: w}}",
     "t.csv:3: language \"d\": expected 2 to 16 characters, got 1"},
    {"l,w\nen,1\nde,much\n", "languages: {popularity: {file: t.csv, language: l, weight: w}}",
     "t.csv:3: w: \"much\" is not a number"},
    {"l,w\nen,1\nde,0\n", "languages: {popularity: {file: t.csv, language: l, weight: w}}",
     "s.yaml:1:32: file: 1 languages with a weight: expected 2 .. 500, or say top"},
    {LOCALES, "languages: {popularity: {file: t.csv, language: locale, weight: clips, top: 9}}",
     "s.yaml:1:77: top: 9, but the file has 4 languages with a weight"},
    {LOCALES, "languages: {count: 9, popularity: {file: t.csv, language: locale, weight: clips}}",
     "s.yaml:1:20: count: 9, but the popularity names 4 languages"},
    {LOCALES, "languages: {popularity: {file: t.csv, language: locale}}",
     "s.yaml:1:25: \"weight\" is missing: column of weights; languages without weight are left out"},
    {LOCALES,
     "languages: {list: [it, es]}\nsessions: [{pairs: {product: {file: t.csv, language: locale, weight: clips}}}]",
     "s.yaml:2:30: product: fewer than two of its languages are among those of the scenario"},
    {MATRIX, "languages: {list: [en, de]}\nsessions: [{pairs: {matrix: {file: t.csv, src: src, tgt: tgt, weight: h}}}]",
     "t.csv:5: \"fr\" is not among the 2 languages of the scenario"},
    {"src,tgt,h\nen,de,6\nen,de,3\n",
     "languages: {list: [en, de]}\nsessions: [{pairs: {matrix: {file: t.csv, src: src, tgt: tgt, weight: h}}}]",
     "t.csv:3: pair en:de is listed twice"},
    {"src,tgt,h\nen,en,6\n",
     "languages: {list: [en, de]}\nsessions: [{pairs: {matrix: {file: t.csv, src: src, tgt: tgt, weight: h}}}]",
     "t.csv:2: language pair \"en:en\": source and target are the same"},
    {"src,tgt,h\n", "sessions: [{pairs: {matrix: {file: t.csv, src: src, tgt: tgt, weight: h}}}]",
     "s.yaml:1:36: file: no pair has a weight"},
    {MATRIX, "sessions: [{pairs: {matrx: {file: t.csv}}}]",
     "s.yaml:1:20: pairs: expected {matrix: {file, src, tgt, weight}} or {product: {file, language, weight, top}}"},
    {LOCALES, "sessions: [{talk: {utterance: {file: t.csv, column: s, min: 1min}}}]",
     "s.yaml:1:38: file: no value of s has a weight and is between min and max"},
    {LOCALES, "sessions: [{talk: {utterance: {file: /no/u.csv, column: s}}}]",
     "s.yaml:1:38: file: /no/u.csv: cannot be opened: No such file or directory"},
    {LOCALES, "sessions: [{talk: {utterance: {file: t.csv, column: s, cv: 1}}}]",
     "s.yaml:1:56: unknown key \"cv\"; known here: file, column, weight, scale, digest, min, max"},
};

START_TEST(what_a_file_cannot_give_is_refused_with_its_place) {
    scenario *s = NULL;
    sched_error err = {0};
    ck_assert_int_eq(load(bad[_i].table, bad[_i].yaml, &s, &err), SCHED_EINVAL);
    ck_assert_str_eq(short_message(&err), bad[_i].message);
}
END_TEST

#define SHARED "../shared/data/"

START_TEST(real_tables_are_read) {
    static const char yaml[] = "languages: {popularity: {file: " SHARED
                               "common_voice_locales.csv, language: locale, weight: clips, top: 60}}\n"
                               "nodes: [{languages: 4}]\n"
                               "sessions: [{talk: {utterance: {file: " SHARED
                               "common_voice_locales.csv, column: avg_clip_s, weight: clips}}}]\n";
    static const char parliament[] =
        "languages: {list: [cs, da, de, en, es, et, fi, fr, hr, hu, it, lt, nl, pl, ro, sk, sl]}\n"
        "sessions: [{pairs: {matrix: {file: " SHARED "voxpopuli_pairs.csv, src: src, tgt: tgt, weight: hours}}}]\n";
    scenario *s = NULL;
    sched_error err = {0};
    FILE *there = fopen(SHARED "voxpopuli_pairs.csv", "rb");
    if (!there) {
        printf("skipped: " SHARED "voxpopuli_pairs.csv is not there\n");
        return;
    }
    fclose(there);
    ck_assert_msg(!scenario_parse("s.yaml", yaml, strlen(yaml), &s, &err), "%s", err.message);
    ck_assert_uint_eq(s->session_groups[0].pairs.pair_count, 3540);
    double mean = dist_mean(&s->session_groups[0].talk.utterance);
    ck_assert_msg(mean > 3e6 && mean < 7e6, "a mean of %g us", mean);
    scenario_free(s);
    ck_assert_msg(!scenario_parse("s.yaml", parliament, strlen(parliament), &s, &err), "%s", err.message);
    ck_assert_uint_eq(s->session_groups[0].pairs.pair_count, 210);
    scenario_free(s);
}
END_TEST

int main(void) {
    TCase *tests = tcase_create("tables");
    tcase_add_checked_fixture(tests, make_folder, remove_folder);
    tcase_add_test(tests, the_languages_of_a_popularity_are_those_of_its_file_the_heaviest_first);
    tcase_add_test(tests, a_product_mixes_pairs_by_a_file_of_its_own);
    tcase_add_test(tests, a_matrix_gives_each_pair_its_weight);
    tcase_add_test(tests, two_ways_give_both_directions_the_mean_of_their_shares);
    tcase_add_test(tests, lengths_are_drawn_from_their_column_by_weight);
    tcase_add_loop_test(tests, what_was_read_from_files_is_dumped_so_that_it_reads_back, 0,
                        sizeof readable / sizeof *readable);
    tcase_add_loop_test(tests, what_a_file_cannot_give_is_refused_with_its_place, 0, sizeof bad / sizeof *bad);
    tcase_add_test(tests, real_tables_are_read);
    return suite_run_case("tables", tests);
}
