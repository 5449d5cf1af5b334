/* usl.h - Gunther's Universal Scalability Law, fitted to measured points.
 *
 *     throughput(n) = lambda n / (1 + sigma (n - 1) + kappa n (n - 1))
 *
 * lambda is the throughput of one, sigma the share of the work that all queue for, kappa what keeping each other informed costs. With
 * kappa above 0 throughput has a peak, and falls behind it; with kappa 0 it only levels off.
 *
 * n is a number of instances, clients, processors ...; only throughput that nothing but n limits says something about them. */
#ifndef SIM_CAPACITY_USL_H
#define SIM_CAPACITY_USL_H

#include "core/base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { USL_POINTS_MAX = 10000 };

typedef struct usl_value {
    double value, low, high; /* with its 95 % interval */
} usl_value;

typedef struct usl_fit {
    size_t points, places; /* measured; different n among them */
    usl_value lambda, sigma, kappa;
    bool sigma_is_zero, kappa_is_zero; /* cannot be told from 0 */
    double peak;                       /* n >= 1 of the greatest throughput; INFINITY with kappa 0 */
    double error;                      /* root of the mean square of (measured / fitted - 1) */
} usl_fit;

/* Least squares of relative errors, with sigma and kappa >= 0; intervals by bootstrap of the residuals, from streams of `seed`.
 * SCHED_EINVAL: fewer than three different n, one below 1, a throughput that is not above 0, or more than USL_POINTS_MAX points. */
sched_status usl_fit_points(const double *n, const double *throughput, size_t count, uint64_t seed, usl_fit *ret_fit,
                            sched_error *err);
double usl_at(const usl_fit *fit, double n);

#endif
