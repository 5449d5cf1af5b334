/* check_node_table.c - nodes in memory, against a plain search through all of them. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "core/base/rng.h"
#include "core/mechanisms/node_table.h"
#include "tests/support/suite.h"

enum { TABLE_NODES = 12, TAGS = 4, CHANGES = 3000 };

static const char *const tags[TAGS] = {"de", "en", "fr", "it"};
static node_table *t;
static rng draws;

static int below(int n) {
    return (int)rng_below(&draws, (uint64_t)n);
}

static const char *name_of(int i, char name[16]) {
    snprintf(name, 16, "n%d", i);
    return name;
}

/* A random list of one to four tags. */
static void draw_list(char text[64]) {
    int set = 1 + below((1 << TAGS) - 1);
    *text = '\0';
    for (int i = 0; i < TAGS; i++)
        if (set & 1 << i) snprintf(text + strlen(text), 64 - strlen(text), "%s%s", *text ? " " : "", tags[i]);
}

static void expect_pair(const lang_pair *pair) {
    size_t count, expected = 0, found = 0;
    known_node *const *nodes = node_table_of_pair(t, pair, &count);
    for (known_node *n = node_table_first(t); n; n = n->hh.next) expected += known_node_serves(n, pair);
    for (size_t i = 0; i < count; i++) {
        found += known_node_serves(nodes[i], pair);
        for (size_t k = 0; k < i; k++) ck_assert_ptr_ne(nodes[i], nodes[k]);
    }
    ck_assert_msg(count == expected && found == expected, "%s:%s has %zu nodes, %zu of them serve it, expected %zu",
                  pair->src, pair->tgt, count, found, expected);
}

static void expect_all_pairs(void) {
    for (int i = 0; i < TAGS * TAGS; i++) {
        lang_pair pair;
        if (i / TAGS == i % TAGS) continue;
        snprintf(pair.src, sizeof pair.src, "%s", tags[i / TAGS]);
        snprintf(pair.tgt, sizeof pair.tgt, "%s", tags[i % TAGS]);
        expect_pair(&pair);
    }
}

START_TEST(every_pair_has_the_nodes_that_serve_it_whatever_came_and_went) {
    char name[16], sources[64], targets[64];
    rng_init(&draws, (uint64_t)_i, "test", 0);
    t = node_table_new();
    for (int i = 0; i < CHANGES; i++) {
        known_node *n = node_table_find(t, name_of(below(TABLE_NODES), name));
        draw_list(sources);
        draw_list(targets);
        if (n && !below(3))
            node_table_remove(t, n);
        else
            ck_assert(node_table_set_languages(t, n ? n : node_table_add(t, name), sources, targets));
        expect_all_pairs();
    }
    node_table_free(t);
}
END_TEST

START_TEST(lists_that_do_not_parse_serve_nothing) {
    lang_pair pair = {"de", "en"};
    size_t count;
    t = node_table_new();
    known_node *n = node_table_add(t, "n1");
    ck_assert(node_table_set_languages(t, n, "de", "en"));
    ck_assert(!node_table_set_languages(t, n, "d_e", "en"));
    ck_assert(!known_node_serves(n, &pair));
    node_table_of_pair(t, &pair, &count);
    ck_assert_uint_eq(count, 0);
    node_table_free(t);
}
END_TEST

START_TEST(a_hold_is_found_by_job_attempt_and_node_and_never_shortened) {
    t = node_table_new();
    known_node *a = node_table_add(t, "a"), *b = node_table_add(t, "b");
    node_table_hold(t, a, "j1", 1, 100);
    ck_assert_int_eq(node_table_hold(t, a, "j1", 1, 50)->expiry, 100);
    ck_assert_int_eq(node_table_hold(t, a, "j1", 1, 200)->expiry, 200);
    ck_assert_int_eq(a->own, 1);
    ck_assert_ptr_null(node_table_held(t, b, "j1", 1));
    ck_assert_ptr_null(node_table_held(t, a, "j1", 2));
    node_table_release(t, node_table_held(t, a, "j1", 1));
    ck_assert_int_eq(a->own, 0);
    node_table_free(t);
}
END_TEST

START_TEST(holds_expire_by_their_instants) {
    char job[16];
    t = node_table_new();
    known_node *n = node_table_add(t, "n");
    for (int i = 1; i <= 10; i++) node_table_hold(t, n, name_of(i, job), 1, 10 * i);
    for (int now = 0; now <= 120; now++) {
        int64_t expected = now >= 100 ? 0 : 10 - now / 10;
        ck_assert_int_eq(known_node_holds(n, now), expected);
        node_table_expire(t, n, now);
        ck_assert_int_eq(n->own, expected);
    }
    node_table_free(t);
}
END_TEST

START_TEST(the_oldest_node_is_the_one_that_was_silent_for_longest) {
    t = node_table_new();
    known_node *a = node_table_add(t, "a"), *b = node_table_add(t, "b"), *c = node_table_add(t, "c");
    node_table_heard(t, a, 1);
    node_table_heard(t, b, 2);
    node_table_heard(t, c, 3);
    node_table_heard(t, a, 4);
    ck_assert_ptr_eq(node_table_oldest(t), b);
    ck_assert_ptr_eq(b->newer, c);
    node_table_remove(t, b);
    ck_assert_ptr_eq(node_table_oldest(t), c);
    ck_assert_uint_eq(node_table_count(t), 2);
    node_table_free(t);
}
END_TEST

int main(void) {
    TCase *all = tcase_create("node_table");
    tcase_set_timeout(all, 60);
    tcase_add_loop_test(all, every_pair_has_the_nodes_that_serve_it_whatever_came_and_went, 0, 5);
    tcase_add_test(all, lists_that_do_not_parse_serve_nothing);
    tcase_add_test(all, a_hold_is_found_by_job_attempt_and_node_and_never_shortened);
    tcase_add_test(all, holds_expire_by_their_instants);
    tcase_add_test(all, the_oldest_node_is_the_one_that_was_silent_for_longest);
    return suite_run_case("node_table", all);
}
