/* chance.c - see the header. These use the C library's functions, which differ in their last bits between machines: good
 * enough for a statistic, and independent of the functions under test. */
#include "tests/support/chance.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

double chance_chi_square_limit(size_t degrees) {
    double part = 2.0 / (9.0 * (double)degrees);
    return (double)degrees * pow(1 - part + 3.0902 * sqrt(part), 3);
}

/* The last cells, too small to stand alone, belong to the one before them. */
double chance_chi_square(const uint64_t *seen, const double *expected, size_t cells, size_t *ret_degrees) {
    double sum = 0, seen_here = 0, expected_here = 0, expected_left = 0;
    size_t joined = 0;
    for (size_t i = 0; i < cells; i++) expected_left += expected[i];
    for (size_t i = 0; i < cells; i++) {
        seen_here += (double)seen[i];
        expected_here += expected[i];
        expected_left -= expected[i];
        if (i + 1 < cells && (expected_here < 5 || expected_left < 5)) continue;
        sum += (seen_here - expected_here) * (seen_here - expected_here) / expected_here;
        seen_here = expected_here = 0;
        joined++;
    }
    assert(joined > 1);
    *ret_degrees = joined - 1;
    return sum;
}

static int by_value(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

double chance_kolmogorov(double *samples, size_t count, cdf_function *cdf, const void *parameters) {
    qsort(samples, count, sizeof *samples, by_value);
    double worst = 0;
    for (size_t i = 0; i < count; i++) {
        double expected = cdf(samples[i], parameters);
        double above = (double)(i + 1) / (double)count - expected, below = expected - (double)i / (double)count;
        worst = fmax(worst, fmax(above, below));
    }
    return worst * sqrt((double)count);
}

/* Below the mean the series converges fast: x^a e^-x / gamma(a + 1) * (1 + x/(a+1) + x^2/((a+1)(a+2)) + ...). */
static double gamma_series(double shape, double x) {
    double term = 1, sum = 1;
    for (double a = shape + 1; term > sum * 1e-16; a++) {
        term *= x / a;
        sum += term;
    }
    return sum * exp(shape * log(x) - x - lgamma(shape + 1));
}

/* Above it, the upper tail as a continued fraction, from its far end. */
static double gamma_tail(double shape, double x) {
    double fraction = 0;
    for (int k = 2000; k >= 1; k--) fraction = k * (shape - k) / (x + 2 * k + 1 - shape + fraction);
    return exp(shape * log(x) - x - lgamma(shape)) / (x + 1 - shape + fraction);
}

double chance_gamma_cdf(double shape, double x) {
    if (x <= 0) return 0;
    return x < shape + 1 ? gamma_series(shape, x) : 1 - gamma_tail(shape, x);
}
