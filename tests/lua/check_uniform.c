/* A million placements on pools with a long history: every member is equally likely.
 *
 * Twenty fixed seeds; each builds a pool by thousands of joins and leaves and draws 50,000 times. The history is
 * replayed with the scripts themselves, so that holes are really filled and places are really moved. At most one
 * seed of twenty may have a chi-square with p < 0.001. */
#include "core/base/rng.h"
#include "tests/support/lua_db.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEEDS = 20, NODES = 300, STEPS = 3000, DRAWS = 50000, BATCH = 500, REJECTED_MAX = 1 };

static lua_db *db;

static void put_pool_keys(redis_call *call, script_id id, const char *node) {
    redis_key key;
    const keyspace *ks = lua_keyspace(db);
    call_script(call, id);
    call_key(call, key_pool_members(&key, ks, "de", "en"));
    if (id == SCRIPT_SELECT_NODE) return;
    call_key(call, key_pool_places(&key, ks, "de", "en"));
    call_key(call, key_pool_left(&key, ks, "de", "en", node));
}

static void append(const redis_call *call) {
    sched_error err = {0};
    if (sync_client_append(lua_client(db), call, &err)) ck_abort_msg("%s", err.message);
}

static redis_reply *next_reply(void) {
    sched_error err = {0};
    redis_reply *reply = NULL;
    if (sync_client_read(lua_client(db), &reply, &err)) ck_abort_msg("%s", err.message);
    return reply;
}

/* Joins and leaves of random nodes, each with a higher version; more leaves after the first half, so that holes are
 * many. */
static void make_history(rng *r) {
    for (int step = 0; step < STEPS; step++) {
        bool joins = rng_chance(r, step < STEPS / 2 ? 0.7 : 0.45);
        char node[16];
        snprintf(node, sizeof node, "n%d", (int)rng_below(r, NODES));
        redis_call call;
        put_pool_keys(&call, joins ? SCRIPT_POOL_JOIN : SCRIPT_POOL_LEAVE, node);
        call_str(&call, node);
        call_int(&call, step + 1);
        if (!joins) call_int(&call, 60000);
        append(&call);
        if (step % BATCH == BATCH - 1)
            for (int i = 0; i < BATCH; i++) sync_reply_free(next_reply());
    }
}

/* Returns n as the last draw told it; counts[] per node. */
static int64_t draw(rng *r, int counts[NODES]) {
    int64_t n = 0;
    for (int done = 0; done < DRAWS; done += BATCH) {
        for (int i = 0; i < BATCH; i++) {
            redis_call call;
            put_pool_keys(&call, SCRIPT_SELECT_NODE, NULL);
            call_int(&call, 1);
            call_int(&call, 0);
            call_int(&call, rng_u32(r));
            append(&call);
        }
        for (int i = 0; i < BATCH; i++) {
            redis_reply *reply = next_reply();
            n = reply_int(reply_at(reply, 0));
            counts[atoi(reply_text(reply_at(reply, 1)) + 1)]++;
            sync_reply_free(reply);
        }
    }
    return n;
}

/* The probability of a chi-square at least so large (Wilson and Hilferty 1931), exact enough for 100 degrees and
 * more. */
static double chi_square_p(double x, double degrees) {
    double spread = 2.0 / (9.0 * degrees);
    double z = (cbrt(x / degrees) - (1.0 - spread)) / sqrt(spread);
    return 0.5 * erfc(z / sqrt(2.0));
}

static double p_of_seed(uint64_t seed, double *ret_most, int64_t *ret_n) {
    rng r;
    int counts[NODES] = {0};
    rng_init(&r, seed, "uniform", 0);
    lua_db_clear(db);
    make_history(&r);
    int64_t n = draw(&r, counts);
    double expected = (double)DRAWS / (double)n;
    double x = 0;
    int met = 0, most = 0;
    for (int i = 0; i < NODES; i++) {
        if (!counts[i]) continue;
        met++;
        most = counts[i] > most ? counts[i] : most;
        x += (counts[i] - expected) * (counts[i] - expected) / expected;
    }
    ck_assert_msg(met == n, "seed %d: %d of %d members were proposed", (int)seed, met, (int)n);
    ck_assert_msg(n >= 100, "seed %d: the pool has only %d members", (int)seed, (int)n);
    *ret_n = n;
    *ret_most = most / expected;
    return chi_square_p(x, (double)(n - 1));
}

START_TEST(every_member_is_equally_likely_whatever_happened_before) {
    int rejected = 0;
    int64_t members = 0;
    double least = 1, most = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        double max_over_mean;
        int64_t n;
        double p = p_of_seed(seed, &max_over_mean, &n);
        members += n;
        rejected += p < 0.001;
        least = p < least ? p : least;
        most = max_over_mean > most ? max_over_mean : most;
    }
    printf("%.0f members on average, least p %.4f, max/mean %.2f, rejected %d of %d\n", (double)members / SEEDS, least,
           most, rejected, SEEDS);
    ck_assert_int_le(rejected, REJECTED_MAX);
}
END_TEST

START_TEST(the_test_would_notice_a_member_with_a_double_share) {
    double x = 0;
    for (int i = 0; i < 150; i++) {
        double share = i ? 50000.0 / 151.0 : 2 * 50000.0 / 151.0;
        x += (share - 50000.0 / 150.0) * (share - 50000.0 / 150.0) / (50000.0 / 150.0);
    }
    ck_assert_double_lt(chi_square_p(x, 149), 0.001);
    ck_assert_double_gt(chi_square_p(149, 149), 0.4);
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("uniform placement");
    TCase *tests = tcase_create("uniform");
    tcase_add_test(tests, every_member_is_equally_likely_whatever_happened_before);
    tcase_add_test(tests, the_test_would_notice_a_member_with_a_double_share);
    suite_add_tcase(suite, tests);
    return suite;
}

int main(void) {
    return lua_main(2, (char *[]){"", "alone"}, make_suite, &db);
}
