/* check_capacity_search.c - the search for a capacity against crossings that are known. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "core/base/rng.h"
#include "sim/capacity/search.h"
#include "tests/support/suite.h"

enum { ASKED_MAX = 64 };

typedef struct story {
    size_t rounds, asked;
    int64_t least, greatest; /* of what was asked for */
} story;

/* It holds up to `crossing` (from `crossing` on when great values are easy). */
static story run(search *s, const search_options *o, int64_t crossing, bool great_is_easy) {
    story t = {.least = INT64_MAX};
    int64_t values[SEARCH_ASKS];
    search_begin(s, o);
    for (size_t n; (n = search_ask(s, values)); t.rounds++) {
        ck_assert_uint_le(t.asked += n, ASKED_MAX);
        for (size_t i = 0; i < n; i++) {
            if (values[i] < t.least) t.least = values[i];
            if (values[i] > t.greatest) t.greatest = values[i];
            search_tell(s, values[i], great_is_easy ? values[i] >= crossing : values[i] <= crossing);
        }
    }
    return t;
}

static search_options options(search_sense sense, int64_t low, int64_t high, int64_t start) {
    return (search_options){.sense = sense, .low = low, .high = high, .start = start, .step = 1.1, .precision = 0.02};
}

START_TEST(every_crossing_of_a_range_is_bracketed_as_narrowly_as_asked) {
    for (int64_t crossing = 1; crossing < 700; crossing++) {
        for (int64_t start = 0; start <= 700; start += 175) {
            search s;
            search_options o = options(SEARCH_GREATEST, 1, 700, start);
            run(&s, &o, crossing, false);
            ck_assert_int_eq(search_result(&s), SEARCH_FOUND);
            ck_assert_int_le(s.good, crossing);
            ck_assert_int_gt(s.bad, crossing);
            ck_assert(s.bad - s.good == 1 || (double)(s.bad - s.good) <= 0.02 * (double)(s.good + s.bad) / 2);
            ck_assert(fabs(search_crossing(&s) - (double)crossing) <= search_doubt(&s) + 0.5);
        }
    }
}
END_TEST

START_TEST(the_least_number_of_nodes_is_found_from_above) {
    for (int64_t crossing = 2; crossing <= 700; crossing++) {
        search s;
        search_options o = options(SEARCH_LEAST, 1, 700, crossing * 2);
        story t = run(&s, &o, crossing, true);
        ck_assert_int_eq(search_result(&s), SEARCH_FOUND);
        ck_assert_int_ge(s.good, crossing);
        ck_assert_int_lt(s.bad, crossing);
        ck_assert_int_ge(t.least, 1);
    }
}
END_TEST

START_TEST(two_neighbours_are_an_exact_answer) {
    search s;
    search_options o = options(SEARCH_GREATEST, 1, 40, 0);
    run(&s, &o, 17, false);
    ck_assert(search_crossing(&s) == 17 && search_doubt(&s) == 0);
    o = options(SEARCH_LEAST, 1, 40, 0);
    run(&s, &o, 17, true);
    ck_assert(search_crossing(&s) == 17 && search_doubt(&s) == 0);
}
END_TEST

START_TEST(a_good_guess_takes_three_rounds) {
    search s;
    search_options o = options(SEARCH_GREATEST, 100, 100000, 2000);
    story t = run(&s, &o, 2120, false);
    ck_assert_uint_le(t.rounds, 3);
    ck_assert_int_le(t.greatest, 2200);
}
END_TEST

/* A run far behind the knee takes as long as ten others. */
START_TEST(a_bad_guess_is_left_in_steps_that_grow) {
    search s;
    search_options o = options(SEARCH_GREATEST, 1, 1000000, 100);
    story t = run(&s, &o, 400000, false);
    ck_assert_int_eq(search_result(&s), SEARCH_FOUND);
    ck_assert_uint_le(t.rounds, 14);
    o = options(SEARCH_GREATEST, 1, 1000000, 400000);
    t = run(&s, &o, 100, false);
    ck_assert_int_eq(search_result(&s), SEARCH_FOUND);
    ck_assert_uint_le(t.rounds, 18);
}
END_TEST

START_TEST(the_ends_of_the_range_are_answers_of_their_own) {
    search s;
    search_options o = options(SEARCH_GREATEST, 10, 50, 30);
    story t = run(&s, &o, 50, false);
    ck_assert_int_eq(search_result(&s), SEARCH_EVERYWHERE);
    ck_assert_int_eq(t.greatest, 50);
    t = run(&s, &o, 9, false);
    ck_assert_int_eq(search_result(&s), SEARCH_NOWHERE);
    ck_assert_int_eq(t.least, 10);
    o.sense = SEARCH_LEAST;
    run(&s, &o, 10, true);
    ck_assert_int_eq(search_result(&s), SEARCH_EVERYWHERE);
    run(&s, &o, 51, true);
    ck_assert_int_eq(search_result(&s), SEARCH_NOWHERE);
}
END_TEST

START_TEST(a_range_of_one_value_is_tried_once) {
    search s;
    search_options o = options(SEARCH_GREATEST, 5, 5, 0);
    ck_assert_uint_eq(run(&s, &o, 5, false).asked, 1);
    ck_assert_int_eq(search_result(&s), SEARCH_EVERYWHERE);
    o.sense = SEARCH_UNKNOWN;
    ck_assert_uint_eq(run(&s, &o, 4, false).asked, 1);
    ck_assert_int_eq(search_result(&s), SEARCH_NOWHERE);
}
END_TEST

START_TEST(a_sense_that_nobody_told_is_found_at_the_ends) {
    search s;
    search_options o = options(SEARCH_UNKNOWN, 1, 900, 0);
    run(&s, &o, 333, false);
    ck_assert_int_eq(s.options.sense, SEARCH_GREATEST);
    ck_assert(fabs(search_crossing(&s) - 333) <= search_doubt(&s) + 0.5);
    run(&s, &o, 333, true);
    ck_assert_int_eq(s.options.sense, SEARCH_LEAST);
    ck_assert(fabs(search_crossing(&s) - 333) <= search_doubt(&s) + 0.5);
    run(&s, &o, 900, false);
    ck_assert_int_eq(search_result(&s), SEARCH_EVERYWHERE);
}
END_TEST

START_TEST(what_holds_behind_a_failure_does_not_count) {
    search s;
    search_options o = options(SEARCH_GREATEST, 1, 1000, 500);
    int64_t values[SEARCH_ASKS];
    search_begin(&s, &o);
    ck_assert_uint_eq(search_ask(&s, values), 2);
    search_tell(&s, values[0], false);
    search_tell(&s, values[1], true);
    ck_assert(s.has_bad && !s.has_good);
    ck_assert_int_eq(s.bad, 500);
}
END_TEST

/* Whatever chance says near the crossing, the search ends, and its bracket lies where chance could say both. */
START_TEST(it_ends_when_answers_are_a_matter_of_chance) {
    rng r;
    rng_init(&r, 1, "chance", 0);
    for (int i = 0; i < 2000; i++) {
        search s;
        search_options o = options(i % 2 ? SEARCH_LEAST : SEARCH_GREATEST, 1, 10000, 1 + (int64_t)rng_below(&r, 10000));
        int64_t values[SEARCH_ASKS];
        size_t asked = 0;
        search_begin(&s, &o);
        for (size_t n; (n = search_ask(&s, values)); asked += n) {
            ck_assert_uint_le(asked, ASKED_MAX);
            for (size_t k = 0; k < n; k++) {
                double hard = i % 2 ? 3000.0 / (double)values[k] : (double)values[k] / 3000.0;
                search_tell(&s, values[k], hard < 0.8 + 0.4 * rng_unit(&r));
            }
        }
        ck_assert_int_eq(search_result(&s), SEARCH_FOUND);
        ck_assert(search_crossing(&s) > 3000 * 0.8 * 0.97 && search_crossing(&s) < 3000 / 0.8 * 1.03);
    }
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        every_crossing_of_a_range_is_bracketed_as_narrowly_as_asked,
        the_least_number_of_nodes_is_found_from_above,
        two_neighbours_are_an_exact_answer,
        a_good_guess_takes_three_rounds,
        a_bad_guess_is_left_in_steps_that_grow,
        the_ends_of_the_range_are_answers_of_their_own,
        a_range_of_one_value_is_tried_once,
        a_sense_that_nobody_told_is_found_at_the_ends,
        what_holds_behind_a_failure_does_not_count,
        it_ends_when_answers_are_a_matter_of_chance,
    };
    return SUITE_RUN("capacity_search", tests);
}
