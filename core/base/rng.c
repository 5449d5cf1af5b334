/* rng.c - xoshiro256++ and the distributions on top of it.
 *
 * Why every method rejects or multiplies instead of inverting: only log, exp and square root are at hand with the same bits
 * everywhere (detmath.h), and no inverse of a normal or gamma distribution is needed then.
 *
 * Why nothing is kept between draws (the polar method makes two numbers, one is thrown away): the stream's state is its four
 * words and nothing else, so what a draw gives depends on the stream's position only, never on the kind of draw before. */
#include "core/base/rng.h"

#include <assert.h>
#include <math.h>
#include <stddef.h>

#include "core/base/detmath.h"
#include "core/base/hash.h"

__extension__ typedef unsigned __int128 uint128;

/* One step of splitmix64: a bijection, so what differs before differs after. */
static uint64_t splitmix64(uint64_t *state) {
    uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

void rng_init(rng *r, uint64_t seed, const char *purpose, uint64_t entity) {
    uint64_t hash = splitmix64(&seed) ^ hash_text(purpose);
    hash = splitmix64(&hash) ^ entity;
    hash = splitmix64(&hash);
    for (size_t i = 0; i < 4; i++) r->state[i] = splitmix64(&hash); /* four different words: never all zero */
}

static uint64_t rotate_left(uint64_t x, int by) {
    return (x << by) | (x >> (64 - by));
}

uint64_t rng_u64(rng *r) {
    uint64_t *s = r->state;
    uint64_t result = rotate_left(s[0] + s[3], 23) + s[0];
    uint64_t shifted = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rotate_left(s[3], 45);
    return result;
}

uint32_t rng_u32(rng *r) {
    return (uint32_t)(rng_u64(r) >> 32);
}

double rng_unit(rng *r) {
    return (double)(rng_u64(r) >> 11) * 0x1p-53;
}

/* Uniform in (0, 1]: what logarithms and powers can take. */
static double unit_above_zero(rng *r) {
    return 1.0 - rng_unit(r);
}

/* The high half of draw * n is uniform once the low halves that occur too often, 2^64 mod n of them, are drawn again. */
uint64_t rng_below(rng *r, uint64_t n) {
    assert(n > 0);
    uint128 product = (uint128)rng_u64(r) * n;
    if ((uint64_t)product < n) {
        uint64_t surplus = (0 - n) % n;
        while ((uint64_t)product < surplus) product = (uint128)rng_u64(r) * n;
    }
    return (uint64_t)(product >> 64);
}

bool rng_chance(rng *r, double probability) {
    return rng_unit(r) < probability;
}

double rng_exponential(rng *r, double mean) {
    assert(mean >= 0 && isfinite(mean));
    if (!(mean > 0)) return 0.0;
    return mean * (0.0 - det_log(unit_above_zero(r)));
}

static double standard_normal(rng *r) {
    for (;;) {
        double x = 2.0 * rng_unit(r) - 1.0, y = 2.0 * rng_unit(r) - 1.0;
        double s = x * x + y * y;
        if (s > 0 && s < 1) return x * sqrt(-2.0 * det_log(s) / s);
    }
}

double rng_normal(rng *r, double mean, double stddev) {
    assert(isfinite(mean) && stddev >= 0 && isfinite(stddev));
    if (!(stddev > 0)) return mean;
    return mean + stddev * standard_normal(r);
}

/* With sigma^2 = log(1 + cv^2), mean * exp(sigma * z - sigma^2 / 2) has the mean and cv that were asked for. */
double rng_lognormal(rng *r, double mean, double cv) {
    assert(mean >= 0 && isfinite(mean) && cv >= 0 && cv <= RNG_CV_MAX);
    if (!(cv > 0) || !(mean > 0)) return mean;
    double variance = det_log(1.0 + cv * cv);
    return mean * det_exp(sqrt(variance) * standard_normal(r) - 0.5 * variance);
}

/* Gamma of that shape (>= 1) and scale 1: a cubed normal, accepted almost always. */
static double gamma_of_shape(rng *r, double shape) {
    double d = shape - 1.0 / 3.0;
    double c = 1.0 / sqrt(9.0 * d);
    for (;;) {
        double x = standard_normal(r);
        double v = 1.0 + c * x;
        if (v <= 0) continue;
        v = v * v * v;
        double u = unit_above_zero(r);
        if (det_log(u) < 0.5 * x * x + d * (1.0 - v + det_log(v))) return d * v;
    }
}

/* A shape below 1 is drawn as the next larger shape times a power of a uniform number. */
double rng_gamma(rng *r, double mean, double cv) {
    assert(mean >= 0 && isfinite(mean) && cv >= 0 && cv <= RNG_CV_MAX);
    if (!(cv > 0) || !(mean > 0)) return mean;
    double scale = cv * cv;
    double shape = 1.0 / scale;
    if (shape >= 1) return mean * scale * gamma_of_shape(r, shape);
    double boost = det_pow(unit_above_zero(r), scale);
    return mean * scale * gamma_of_shape(r, shape + 1.0) * boost;
}

/* log(k!): a product for small k, Stirling's series above, where its next term is below 1e-12. */
static double log_factorial(double k) {
    if (k < 20) {
        double product = 1;
        for (double i = 2; i <= k; i++) product *= i;
        return det_log(product);
    }
    double z = 1.0 / (k * k);
    double series = (1.0 / 12 - z * (1.0 / 360 - z * (1.0 / 1260 - z / 1680))) / k;
    return (k + 0.5) * det_log(k) - k + 0.91893853320467274178 /* log(2 pi) / 2 */ + series;
}

/* Counts how many uniform numbers can be multiplied before the product falls below e^-mean. */
static uint64_t poisson_by_product(rng *r, double mean) {
    double limit = det_exp(-mean);
    uint64_t count = 0;
    for (double product = rng_unit(r); product > limit; product *= rng_unit(r)) count++;
    return count;
}

/* PTRS: a uniform number is bent into a shape that lies closely over the Poisson histogram, then accepted by their ratio.
 * The constants are Hoermann's, fitted for every mean >= 10. */
static uint64_t poisson_by_rejection(rng *r, double mean) {
    double b = 0.931 + 2.53 * sqrt(mean);
    double a = -0.059 + 0.02483 * b;
    double log_inverse_alpha = det_log(1.1239 + 1.1328 / (b - 3.4));
    double inner = 0.9277 - 3.6224 / (b - 2.0);
    double log_mean = det_log(mean);
    for (;;) {
        double u = rng_unit(r) - 0.5, v = unit_above_zero(r);
        double edge = 0.5 - fabs(u);
        if (edge < 0.013 && v > edge) continue;
        double k = floor((2.0 * a / edge + b) * u + mean + 0.43);
        if (edge >= 0.07 && v <= inner) return (uint64_t)k;
        if (k < 0) continue;
        double ratio = det_log(v) + log_inverse_alpha - det_log(a / (edge * edge) + b);
        if (ratio <= k * log_mean - mean - log_factorial(k)) return (uint64_t)k;
    }
}

uint64_t rng_poisson(rng *r, double mean) {
    assert(mean >= 0 && mean <= 1e9);
    return mean < 30 ? poisson_by_product(r, mean) : poisson_by_rejection(r, mean);
}
