/* detmath.c - two Taylor series after an exact reduction of the argument.
 *
 * Why series and not fitted polynomials: their coefficients are known to everybody and need no tool to check; the few
 * more terms cost nanoseconds. Each series ends where the next term is below 2^-57 of the result.
 *
 * Why ln 2 comes in two pieces: the high one ends in enough zero bits that its product with any exponent is exact, so
 * k * ln 2 carries no error of its own.
 *
 * Every operation here is rounded once, by IEEE 754, in the order written; nothing depends on the machine as long as a
 * double is evaluated as a double (asserted below) and a * b + c is not fused (the build says so). */
#include "core/base/detmath.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

_Static_assert(FLT_EVAL_METHOD == 0, "intermediate results must be doubles");
_Static_assert(DBL_MANT_DIG == 53, "doubles must be IEEE 754 binary64");

#define LN2_HIGH    0x1.62e42fefa38p-1   /* 41 bits of ln 2: exact times 12 bits of exponent */
#define LN2_LOW     0x1.ef35793c7673p-45 /* the rest */
#define INVERSE_LN2 0x1.71547652b82fep+0
#define SQRT2       0x1.6a09e667f3bcdp+0
#define TWO_PI      0x1.921fb54442d18p+2

/* 2 / 3, 2 / 5, ...: what 2 atanh s has after 2 s, divided by s^3. */
static const double atanh_series[] = {
    2.0 / 3, 2.0 / 5, 2.0 / 7, 2.0 / 9, 2.0 / 11, 2.0 / 13, 2.0 / 15, 2.0 / 17, 2.0 / 19, 2.0 / 21, 2.0 / 23,
};
/* 1 / 2!, 1 / 3!, ... 1 / 13!: what e^r has after 1 + r, divided by r^2. */
static const double exp_series[] = {
    1.0 / 2,     1.0 / 6,      1.0 / 24,      1.0 / 120,      1.0 / 720,       1.0 / 5040,
    1.0 / 40320, 1.0 / 362880, 1.0 / 3628800, 1.0 / 39916800, 1.0 / 479001600, 1.0 / 6227020800,
};

enum { FRACTION_BITS = 52, EXPONENT_BIAS = 1023, COS_TERMS = 20 };

static uint64_t bits_of(double x) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static double double_of(uint64_t bits) {
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* 2^k for a normal result: -1022 <= k <= 1023. */
static double power_of_two(int k) {
    return double_of((uint64_t)(k + EXPONENT_BIAS) << FRACTION_BITS);
}

/* x = m * 2^*ret_exponent with m in [sqrt(1/2), sqrt(2)), exactly. */
static double split(double x, int *ret_exponent) {
    int exponent = 0;
    if (x < DBL_MIN) {
        x *= 0x1p54;
        exponent = -54;
    }
    uint64_t bits = bits_of(x);
    exponent += (int)(bits >> FRACTION_BITS) - EXPONENT_BIAS;
    double m = double_of((bits & ((UINT64_C(1) << FRACTION_BITS) - 1)) | bits_of(1.0));
    if (m >= SQRT2) {
        m *= 0.5;
        exponent++;
    }
    *ret_exponent = exponent;
    return m;
}

/* coefficients[0] + x * (coefficients[1] + x * ...) */
static double polynomial(double x, const double *coefficients, int count) {
    double sum = coefficients[count - 1];
    for (int i = count - 2; i >= 0; i--) sum = sum * x + coefficients[i];
    return sum;
}

/* With f = m - 1 and s = f / (2 + f):  log m = 2 atanh s = 2s + s * R,  R = 2 (s^2/3 + s^4/5 + ...),  |s| < 0.172.
 * Because 2s = f - s * f, this is f - s * (f - R): f is exact, and the rounding of s counts only times f. */
double det_log(double x) {
    assert(x > 0);
    if (isinf(x)) return x;
    int k;
    double f = split(x, &k) - 1.0;
    double s = f / (2.0 + f);
    double z = s * s;
    double r = z * polynomial(z, atanh_series, (int)(sizeof atanh_series / sizeof *atanh_series));
    double high = k * LN2_HIGH;
    return high + (f - (s * (f - r) - k * LN2_LOW));
}

/* x = k ln 2 + r with |r| <= ln 2 / 2; then e^x = 2^k * (1 + r + r^2/2! + ... + r^13/13!). What the subtraction of the low
 * piece rounds away from r, and the sum with 1 from the two of them, is added at the end: it is known exactly. */
double det_exp(double x) {
    assert(!isnan(x));
    if (x > 709.79) return INFINITY;
    if (x < -745.14) return 0.0;
    int k = (int)(x * INVERSE_LN2 + (x < 0 ? -0.5 : 0.5));
    double high = x - k * LN2_HIGH, low = k * LN2_LOW;
    double r = high - low;
    double sum = 1.0 + r;
    double lost = (r - (sum - 1.0)) + ((high - r) - low);
    double tail = r * r * polynomial(r, exp_series, (int)(sizeof exp_series / sizeof *exp_series));
    double e = sum + (tail + lost);
    if (k > EXPONENT_BIAS) return e * power_of_two(k - 1) * 2.0;
    if (k < -1021) return e * power_of_two(k + 100) * 0x1p-100;
    return e * power_of_two(k);
}

double det_pow(double x, double y) {
    return det_exp(y * det_log(x));
}

/* By symmetry within a quarter of a turn, there by its series around 0 or, for what is left of the quarter, around its end. */
double det_cos_turns(double x) {
    assert(x >= -1e9 && x <= 1e9);
    double turn = x - (double)(int64_t)x;
    if (turn < 0) turn = -turn;
    if (turn > 0.5) turn = 1 - turn;
    bool negative = turn > 0.25;
    if (negative) turn = 0.5 - turn;
    bool sine = turn > 0.125; /* cos(x) = sin(pi/2 - x) */
    double angle = (sine ? 0.25 - turn : turn) * TWO_PI;
    double term = sine ? angle : 1, sum = term;
    for (int i = sine ? 2 : 1; i < COS_TERMS; i += 2) {
        term *= -angle * angle / (i * (i + 1));
        sum += term;
    }
    return negative ? -sum : sum;
}
