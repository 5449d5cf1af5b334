/* chance.h - whether numbers follow a distribution: the tests of fit that several test programs need.
 *
 * All are used on fixed seeds, so they pass or fail for good; the limits say how unlikely a failure was before the seed was
 * chosen. */
#ifndef TESTS_SUPPORT_CHANCE_H
#define TESTS_SUPPORT_CHANCE_H

#include <stddef.h>
#include <stdint.h>

typedef double cdf_function(double x, const void *parameters);

/* The value that a chi-square statistic exceeds with probability 0.001 (Wilson and Hilferty's approximation). */
double chance_chi_square_limit(size_t degrees);

/* The sum of (seen - expected)^2 / expected. Neighbouring cells are joined until each expects at least 5; *ret_degrees is the
 * number of cells that are left, minus 1. */
double chance_chi_square(const uint64_t *seen, const double *expected, size_t cells, size_t *ret_degrees);

/* Kolmogorov and Smirnov: the largest distance between the samples (sorted here, in place) and `cdf`, times sqrt(count).
 * Exceeds CHANCE_KS_LIMIT with probability 0.001. */
#define CHANCE_KS_LIMIT 1.95
double chance_kolmogorov(double *samples, size_t count, cdf_function *cdf, const void *parameters);

/* P(X <= x) of a gamma distribution of that shape and scale 1. */
double chance_gamma_cdf(double shape, double x);

#endif
