/* check_rng.c - the stream's bits against its publication, its independence, and every distribution against its theory.
 *
 * Seeds are fixed: a test of fit passes or fails for good. */
#include "core/base/rng.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "tests/support/chance.h"
#include "tests/support/suite.h"

enum { SAMPLES = 20000 };

/* --- the stream ---------------------------------------------------------------------------------------------------- */

START_TEST(the_stream_is_xoshiro256_plus_plus) {
    /* what the authors' program prints for the state 1, 2, 3, 4 */
    static const uint64_t published[] = {
        UINT64_C(41943041),
        UINT64_C(58720359),
        UINT64_C(3588806011781223),
        UINT64_C(3591011842654386),
        UINT64_C(9228616714210784205),
        UINT64_C(9973669472204895162),
        UINT64_C(14011001112246962877),
        UINT64_C(12406186145184390807),
        UINT64_C(15849039046786891736),
        UINT64_C(10450023813501588000),
    };
    rng r = {{1, 2, 3, 4}};
    for (size_t i = 0; i < sizeof published / sizeof *published; i++) {
        uint64_t got = rng_u64(&r);
        ck_assert_msg(got == published[i], "output %zu is %" PRIu64 ", not %" PRIu64, i, got, published[i]);
    }
}
END_TEST

/* The recurrence once more, straight from its definition as a linear map: each new word as a sum of the old ones. */
static uint64_t next_by_definition(uint64_t s[4]) {
    uint64_t a = s[0], b = s[1], c = s[2], d = s[3], sum = a + d;
    s[0] = a ^ b ^ d;
    s[1] = a ^ b ^ c;
    s[2] = a ^ c ^ b << 17;
    s[3] = (b ^ d) << 45 | (b ^ d) >> 19;
    return (sum << 23 | sum >> 41) + a;
}

START_TEST(a_second_implementation_gives_the_same_stream) {
    rng r;
    rng_init(&r, 99, "twin", 5);
    uint64_t twin[4];
    memcpy(twin, r.state, sizeof twin);
    for (int i = 0; i < 100000; i++) {
        uint64_t got = rng_u64(&r), expected = next_by_definition(twin);
        if (got != expected) ck_abort_msg("output %d is %016" PRIx64 ", not %016" PRIx64, i, got, expected);
    }
}
END_TEST

START_TEST(a_seed_a_purpose_and_an_entity_give_these_bits_on_every_machine) {
    static const struct {
        uint64_t seed;
        const char *purpose;
        uint64_t entity, first;
    } golden[] = {
        {0, "", 0, UINT64_C(0x8a2571860bf662ec)},
        {7, "talk", 3, UINT64_C(0xb34b2e8d15594894)},
        {7, "talk", 4, UINT64_C(0x6c878628b3ffdc78)},
        {7, "net", 3, UINT64_C(0x7dd717da426f0be4)},
        {UINT64_MAX, "arrivals", UINT64_MAX, UINT64_C(0x11ddf506549b96da)},
    };
    for (size_t i = 0; i < sizeof golden / sizeof *golden; i++) {
        rng r;
        rng_init(&r, golden[i].seed, golden[i].purpose, golden[i].entity);
        uint64_t got = rng_u64(&r);
        ck_assert_msg(got == golden[i].first, "(%" PRIu64 ", %s, %" PRIu64 ") begins with 0x%016" PRIx64,
                      golden[i].seed, golden[i].purpose, golden[i].entity, got);
    }
}
END_TEST

/* One number for many draws of every kind: it moves when one bit of one draw does. */
START_TEST(the_draws_have_the_same_bits_on_every_machine) {
    rng r;
    rng_init(&r, 1, "golden", 0);
    uint64_t hash = 0;
    for (int i = 0; i < 20000; i++) {
        double draws[8];
        draws[0] = rng_exponential(&r, 3.5);
        draws[1] = rng_normal(&r, -1, 2);
        draws[2] = rng_lognormal(&r, 7, 1.3);
        draws[3] = rng_gamma(&r, 2, 0.4);
        draws[4] = rng_gamma(&r, 2, 1.7);
        draws[5] = (double)rng_below(&r, 1000);
        draws[6] = (double)rng_poisson(&r, 4);
        draws[7] = (double)rng_poisson(&r, 400);
        for (size_t d = 0; d < sizeof draws / sizeof *draws; d++) {
            uint64_t bits;
            memcpy(&bits, &draws[d], sizeof bits);
            hash = hash * UINT64_C(0x100000001B3) + bits;
        }
    }
    ck_assert_msg(hash == UINT64_C(0x4e5f604aa643d4ad), "the draws hash to 0x%016" PRIx64, hash);
}
END_TEST

/* --- independence -------------------------------------------------------------------------------------------------- */

/* The correlation of two streams, times sqrt(SAMPLES): normal with variance 1 when they are independent. */
static double correlation(rng a, rng b) {
    double sum = 0;
    for (int i = 0; i < SAMPLES; i++) sum += (rng_unit(&a) - 0.5) * (rng_unit(&b) - 0.5);
    return sum * 12 / sqrt(SAMPLES);
}

static void check_unrelated(uint64_t seed_a, const char *purpose_a, uint64_t entity_a, uint64_t seed_b,
                            const char *purpose_b, uint64_t entity_b) {
    rng a, b;
    rng_init(&a, seed_a, purpose_a, entity_a);
    rng_init(&b, seed_b, purpose_b, entity_b);
    double r = correlation(a, b);
    ck_assert_msg(fabs(r) < 4.5,
                  "(%" PRIu64 ", %s, %" PRIu64 ") and (%" PRIu64 ", %s, %" PRIu64 ") correlate: %g sigma", seed_a,
                  purpose_a, entity_a, seed_b, purpose_b, entity_b, r);
}

START_TEST(neighbouring_streams_are_unrelated) {
    for (uint64_t i = 0; i < 200; i++) {
        check_unrelated(7, "talk", i, 7, "talk", i + 1);
        check_unrelated(7, "talk", i, 7, "tall", i);
        check_unrelated(i, "talk", 3, i + 1, "talk", 3);
        check_unrelated(i, "talk", i + 1, i + 1, "talk", i);
    }
}
END_TEST

START_TEST(one_bit_of_the_entity_changes_half_of_the_first_output) {
    uint64_t changed = 0;
    enum { PAIRS = 4096 };
    for (uint64_t i = 0; i < PAIRS; i++) {
        rng a, b;
        rng_init(&a, 1, "bits", i);
        rng_init(&b, 1, "bits", i ^ UINT64_C(1) << (i % 64));
        changed += (uint64_t)__builtin_popcountll(rng_u64(&a) ^ rng_u64(&b));
    }
    double sigma = ((double)changed - PAIRS * 32.0) / sqrt(PAIRS * 16.0);
    ck_assert_msg(fabs(sigma) < 4, "%" PRIu64 " of %d bits changed: %g sigma", changed, PAIRS * 64, sigma);
}
END_TEST

START_TEST(the_first_draws_of_many_entities_are_uniform) {
    enum { CELLS = 256, ENTITIES = 100000 };
    uint64_t seen[CELLS] = {0};
    double expected[CELLS];
    for (uint64_t i = 0; i < ENTITIES; i++) {
        rng r;
        rng_init(&r, 42, "first", i);
        seen[rng_below(&r, CELLS)]++;
    }
    for (size_t i = 0; i < CELLS; i++) expected[i] = (double)ENTITIES / CELLS;
    size_t degrees;
    double chi = chance_chi_square(seen, expected, CELLS, &degrees);
    ck_assert_msg(chi < chance_chi_square_limit(degrees), "chi-square %g of %zu degrees", chi, degrees);
}
END_TEST

/* --- uniform draws ------------------------------------------------------------------------------------------------- */

START_TEST(unit_stays_below_one_and_uses_all_53_bits) {
    rng r = {{0, 0, 0, 0}};
    r.state[0] = UINT64_MAX; /* the first output is (2^64 - 1) rotated, plus 2^64 - 1: all bits but the last */
    ck_assert_double_lt(rng_unit(&r), 1.0);
    rng_init(&r, 1, "unit", 0);
    uint64_t bits_seen = 0;
    for (int i = 0; i < SAMPLES; i++) {
        double u = rng_unit(&r), whole = u * 0x1p53;
        if (!(u >= 0 && u < 1) || whole > floor(whole)) ck_abort_msg("draw %d is %.17g", i, u);
        bits_seen |= (uint64_t)whole;
    }
    ck_assert_uint_eq(bits_seen, (UINT64_C(1) << 53) - 1);
}
END_TEST

START_TEST(u32_is_the_upper_half_of_u64) {
    rng a, b;
    rng_init(&a, 1, "half", 0);
    b = a;
    for (int i = 0; i < 100; i++) ck_assert_uint_eq(rng_u32(&a), rng_u64(&b) >> 32);
}
END_TEST

static void check_below(uint64_t n, size_t cells, uint64_t seed) {
    uint64_t seen[1000] = {0};
    double expected[1000];
    rng r;
    rng_init(&r, seed, "below", n);
    enum { DRAWS = 100000 };
    for (int i = 0; i < DRAWS; i++) {
        uint64_t draw = rng_below(&r, n);
        if (draw >= n) ck_abort_msg("rng_below(%" PRIu64 ") gave %" PRIu64, n, draw);
        seen[draw / (n / cells)]++;
    }
    for (size_t i = 0; i < cells; i++) expected[i] = (double)DRAWS / (double)cells;
    size_t degrees;
    double chi = chance_chi_square(seen, expected, cells, &degrees);
    ck_assert_msg(chi < chance_chi_square_limit(degrees), "n %" PRIu64 ": chi-square %g of %zu degrees", n, chi,
                  degrees);
}

START_TEST(below_is_uniform) {
    for (uint64_t seed = 0; seed < 5; seed++) {
        check_below(2, 2, seed);
        check_below(3, 3, seed);
        check_below(10, 10, seed);
        check_below(1000, 1000, seed);
    }
}
END_TEST

/* For n = 3 * 2^62 a plain remainder would draw from the first third twice as often. */
START_TEST(below_has_no_bias_for_huge_n) {
    check_below(UINT64_C(3) << 62, 3, 1);
    check_below(UINT64_C(3) << 62, 768, 2);
}
END_TEST

/* For the same n the high half of a product alone would give every third number twice as often. */
START_TEST(below_takes_every_number_as_often_when_n_does_not_divide_2_to_the_64) {
    uint64_t n = UINT64_C(3) << 62, thirds = 0;
    rng r;
    rng_init(&r, 3, "thirds", 0);
    for (int i = 0; i < SAMPLES; i++) thirds += rng_below(&r, n) % 3 == 0;
    double sigma = ((double)thirds - SAMPLES / 3.0) / sqrt(SAMPLES * 2.0 / 9.0);
    ck_assert_msg(fabs(sigma) < 4, "%" PRIu64 " of %d are multiples of 3: %g sigma", thirds, SAMPLES, sigma);
}
END_TEST

START_TEST(below_one_is_zero) {
    rng r;
    rng_init(&r, 1, "one", 0);
    for (int i = 0; i < 100; i++) ck_assert_uint_eq(rng_below(&r, 1), 0);
}
END_TEST

START_TEST(chance_happens_as_often_as_it_says) {
    static const double probabilities[] = {0.001, 0.1, 0.5, 0.99};
    for (size_t p = 0; p < sizeof probabilities / sizeof *probabilities; p++) {
        double probability = probabilities[p];
        rng r;
        rng_init(&r, 1, "chance", p);
        int happened = 0;
        for (int i = 0; i < SAMPLES; i++) happened += rng_chance(&r, probability);
        double sigma = (happened - SAMPLES * probability) / sqrt(SAMPLES * probability * (1 - probability));
        ck_assert_msg(fabs(sigma) < 4, "probability %g happened %d times: %g sigma", probability, happened, sigma);
    }
}
END_TEST

START_TEST(chance_is_sure_at_its_ends_and_always_takes_one_number) {
    rng r, twin;
    rng_init(&r, 1, "sure", 0);
    twin = r;
    for (int i = 0; i < 1000; i++) {
        if (rng_chance(&r, 0) || rng_chance(&r, -1)) ck_abort_msg("the impossible happened at draw %d", i);
        if (!rng_chance(&r, 1) || !rng_chance(&r, 2)) ck_abort_msg("the certain did not happen at draw %d", i);
    }
    for (int i = 0; i < 4000; i++) rng_u64(&twin);
    ck_assert_mem_eq(&r, &twin, sizeof r);
}
END_TEST

/* --- distributions: Kolmogorov and Smirnov, mean and variance ------------------------------------------------------ */

typedef struct shape {
    double mean, spread; /* cv, or the standard deviation of a normal distribution */
} shape;

static double exponential_cdf(double x, const void *parameters) {
    const shape *s = parameters;
    return x < 0 ? 0 : 1 - exp(-x / s->mean);
}

static double normal_cdf(double x, const void *parameters) {
    const shape *s = parameters;
    return 0.5 * erfc(-(x - s->mean) / s->spread / sqrt(2));
}

static double lognormal_cdf(double x, const void *parameters) {
    const shape *s = parameters;
    if (x <= 0) return 0;
    double variance = log1p(s->spread * s->spread);
    shape of_the_log = {log(s->mean) - variance / 2, sqrt(variance)};
    return normal_cdf(log(x), &of_the_log);
}

static double gamma_cdf(double x, const void *parameters) {
    const shape *s = parameters;
    double scale = s->spread * s->spread;
    return chance_gamma_cdf(1 / scale, x / s->mean / scale);
}

static double draw_exponential(rng *r, double mean, double ignored) {
    (void)ignored;
    return rng_exponential(r, mean);
}

/* The mean has a standard error of stddev / sqrt(n); that of the variance needs the kurtosis. */
static void check_moments(const char *name, const double *samples, double mean, double stddev, double kurtosis) {
    double sum = 0, squares = 0;
    for (int i = 0; i < SAMPLES; i++) sum += samples[i];
    for (int i = 0; i < SAMPLES; i++) squares += (samples[i] - mean) * (samples[i] - mean);
    double off_mean = (sum / SAMPLES - mean) / (stddev / sqrt(SAMPLES));
    double off_variance = (squares / SAMPLES / stddev / stddev - 1) / sqrt((kurtosis - 1) / SAMPLES);
    ck_assert_msg(fabs(off_mean) < 4, "%s: mean %g, not %g: %g sigma", name, sum / SAMPLES, mean, off_mean);
    ck_assert_msg(fabs(off_variance) < 4, "%s: variance %g, not %g: %g sigma", name, squares / SAMPLES, stddev * stddev,
                  off_variance);
}

typedef double draw_function(rng *r, double mean, double spread);

static void check_fit(const char *name, draw_function *draw, cdf_function *cdf, shape s, double *samples) {
    for (uint64_t seed = 0; seed < 3; seed++) {
        rng r;
        rng_init(&r, seed, name, 0);
        for (int i = 0; i < SAMPLES; i++) samples[i] = draw(&r, s.mean, s.spread);
        double distance = chance_kolmogorov(samples, SAMPLES, cdf, &s);
        ck_assert_msg(distance < CHANCE_KS_LIMIT, "%s(%g, %g), seed %" PRIu64 ": Kolmogorov distance %g", name, s.mean,
                      s.spread, seed, distance);
    }
}

START_TEST(exponential_fits) {
    double samples[SAMPLES];
    check_fit("exponential", draw_exponential, exponential_cdf, (shape){250, 0}, samples);
    check_moments("exponential", samples, 250, 250, 9);
    check_fit("exponential", draw_exponential, exponential_cdf, (shape){1e-9, 0}, samples);
}
END_TEST

START_TEST(normal_fits) {
    double samples[SAMPLES];
    check_fit("normal", rng_normal, normal_cdf, (shape){-3, 0.25}, samples);
    check_moments("normal", samples, -3, 0.25, 3);
    check_fit("normal", rng_normal, normal_cdf, (shape){1e6, 1e5}, samples);
}
END_TEST

START_TEST(lognormal_fits_with_the_mean_and_cv_of_the_result) {
    double samples[SAMPLES];
    static const double cvs[] = {0.01, 0.3, 1, 2.5, 10};
    for (size_t i = 0; i < sizeof cvs / sizeof *cvs; i++)
        check_fit("lognormal", rng_lognormal, lognormal_cdf, (shape){40, cvs[i]}, samples);
    check_fit("lognormal", rng_lognormal, lognormal_cdf, (shape){40, 0.3}, samples);
    double w = 1.09; /* e^(sigma^2) */
    check_moments("lognormal", samples, 40, 12, w * w * w * w + 2 * w * w * w + 3 * w * w - 3);
}
END_TEST

START_TEST(gamma_fits_for_every_cv) {
    double samples[SAMPLES];
    static const double cvs[] = {0.01, 0.2, 0.7, 0.999, 1, 1.001, 1.5, 3, 8};
    for (size_t i = 0; i < sizeof cvs / sizeof *cvs; i++) {
        check_fit("gamma", rng_gamma, gamma_cdf, (shape){1200, cvs[i]}, samples);
        check_moments("gamma", samples, 1200, 1200 * cvs[i], 3 + 6 * cvs[i] * cvs[i]);
    }
}
END_TEST

START_TEST(without_spread_the_mean_comes_back_and_the_stream_stays) {
    rng r, before;
    rng_init(&r, 1, "still", 0);
    before = r;
    ck_assert_double_eq(rng_lognormal(&r, 0.1, 0), 0.1);
    ck_assert_double_eq(rng_gamma(&r, 0.1, 0), 0.1);
    ck_assert_double_eq(rng_normal(&r, -0.1, 0), -0.1);
    ck_assert_double_eq(rng_lognormal(&r, 0, 2), 0);
    ck_assert_double_eq(rng_gamma(&r, 0, 2), 0);
    ck_assert_double_eq(rng_exponential(&r, 0), 0);
    ck_assert_mem_eq(&r, &before, sizeof r);
}
END_TEST

START_TEST(draws_are_finite_and_not_negative_whatever_the_spread) {
    static const double cvs[] = {1e-9, 1e-3, 1, 30, 1e3, RNG_CV_MAX};
    rng r;
    rng_init(&r, 1, "extreme", 0);
    for (size_t c = 0; c < sizeof cvs / sizeof *cvs; c++) {
        for (int i = 0; i < 2000; i++) {
            double gamma = rng_gamma(&r, 1e9, cvs[c]), lognormal = rng_lognormal(&r, 1e9, cvs[c]);
            if (!isfinite(gamma) || gamma < 0) ck_abort_msg("gamma with cv %g gave %g", cvs[c], gamma);
            if (!isfinite(lognormal) || lognormal < 0) ck_abort_msg("lognormal with cv %g gave %g", cvs[c], lognormal);
        }
    }
}
END_TEST

/* --- Poisson ------------------------------------------------------------------------------------------------------- */

/* Counts in cells of `width`, from `first` on; what lies outside goes to the outermost cells. */
static void check_poisson(double mean, uint64_t seed) {
    enum { CELLS = 200, DRAWS = 50000 };
    uint64_t seen[CELLS] = {0};
    double expected[CELLS] = {0};
    int64_t width = 1 + (int64_t)(10 * sqrt(mean) / CELLS), first = (int64_t)mean - width * CELLS / 2;
    if (first < 0) first = 0;
    rng r;
    rng_init(&r, seed, "poisson", (uint64_t)(mean * 1000));
    for (int i = 0; i < DRAWS; i++) {
        int64_t cell = ((int64_t)rng_poisson(&r, mean) - first) / width;
        seen[cell < 0 ? 0 : cell >= CELLS ? CELLS - 1 : cell]++;
    }
    for (int64_t k = first; k < first + CELLS * width; k++)
        expected[(k - first) / width] += DRAWS * exp((double)k * log(mean) - mean - lgamma((double)k + 1));
    size_t degrees;
    double chi = chance_chi_square(seen, expected, CELLS, &degrees);
    ck_assert_msg(chi < chance_chi_square_limit(degrees), "mean %g, seed %" PRIu64 ": chi-square %g of %zu degrees",
                  mean, seed, chi, degrees);
}

START_TEST(poisson_fits_for_small_and_large_means) {
    static const double means[] = {0.01, 0.5, 3, 12.5, 29.99, 30, 31, 55.5, 300, 12345, 1e6};
    for (size_t i = 0; i < sizeof means / sizeof *means; i++)
        for (uint64_t seed = 0; seed < 2; seed++) check_poisson(means[i], seed);
}
END_TEST

START_TEST(poisson_keeps_mean_and_variance_up_to_its_largest_mean) {
    double samples[SAMPLES];
    static const double means[] = {0.2, 29, 30, 5000, 1e9};
    for (size_t m = 0; m < sizeof means / sizeof *means; m++) {
        rng r;
        rng_init(&r, 9, "poisson", m);
        for (int i = 0; i < SAMPLES; i++) samples[i] = (double)rng_poisson(&r, means[m]);
        check_moments("poisson", samples, means[m], sqrt(means[m]), 3 + 1 / means[m]);
    }
}
END_TEST

START_TEST(poisson_of_nothing_is_nothing) {
    rng r;
    rng_init(&r, 1, "none", 0);
    for (int i = 0; i < 100; i++) ck_assert_uint_eq(rng_poisson(&r, 0), 0);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        the_stream_is_xoshiro256_plus_plus,
        a_second_implementation_gives_the_same_stream,
        a_seed_a_purpose_and_an_entity_give_these_bits_on_every_machine,
        the_draws_have_the_same_bits_on_every_machine,
        neighbouring_streams_are_unrelated,
        one_bit_of_the_entity_changes_half_of_the_first_output,
        the_first_draws_of_many_entities_are_uniform,
        unit_stays_below_one_and_uses_all_53_bits,
        u32_is_the_upper_half_of_u64,
        below_is_uniform,
        below_has_no_bias_for_huge_n,
        below_takes_every_number_as_often_when_n_does_not_divide_2_to_the_64,
        below_one_is_zero,
        chance_happens_as_often_as_it_says,
        chance_is_sure_at_its_ends_and_always_takes_one_number,
        exponential_fits,
        normal_fits,
        lognormal_fits_with_the_mean_and_cv_of_the_result,
        gamma_fits_for_every_cv,
        without_spread_the_mean_comes_back_and_the_stream_stays,
        draws_are_finite_and_not_negative_whatever_the_spread,
        poisson_fits_for_small_and_large_means,
        poisson_keeps_mean_and_variance_up_to_its_largest_mean,
        poisson_of_nothing_is_nothing,
    };
    return SUITE_RUN("rng", tests);
}
