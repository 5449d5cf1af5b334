/* usl.c - the law turned around is linear: n / throughput = (1 + sigma (n - 1) + kappa n (n - 1)) / lambda. Multiplied by the
 * measured throughput / n it says 1, and what is missing to 1 is the relative error, whose squares are summed: no iteration, and a
 * point of ten weighs as much as one of a thousand.
 *
 * sigma and kappa are not below 0. With two such bounds the best fit is the best of four: each of the two is in it, or is 0. */
#include "sim/capacity/usl.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "core/base/mem.h"
#include "core/base/rng.h"

enum { TERMS = 3, RESAMPLES = 1000 };

/* An effect on the throughput at the greatest n that nobody could measure. */
#define NOTHING 1e-6

typedef struct law {
    double lambda, sigma, kappa;
} law;

static double throughput_of(const law *l, double n) {
    return l->lambda * n / (1 + l->sigma * (n - 1) + l->kappa * n * (n - 1));
}

/* ---- least squares -------------------------------------------------------------------------------------------------- */

typedef struct problem {
    const double *n, *y;
    size_t count;
    double most;           /* the greatest n: columns are scaled by it */
    double *column[TERMS]; /* room for the orthogonal columns */
    double r[TERMS][TERMS];
} problem;

static double term(const problem *p, int term, size_t i) {
    static const int powers[TERMS] = {0, 1, 2};
    double n = p->n[i], weight = p->y[i] / n;
    if (powers[term] == 0) return weight;
    if (powers[term] == 1) return weight * (n - 1) / p->most;
    return weight * n * (n - 1) / (p->most * p->most);
}

static double dot(const double *a, const double *b, size_t count) {
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += a[i] * b[i];
    return sum;
}

/* Coefficients of the terms in `chosen` that come nearest to 1 everywhere, by Gram-Schmidt; false when they cannot be told apart. */
static bool solve(problem *p, const int *chosen, int terms, double x[TERMS]) {
    double project[TERMS];
    for (int k = 0; k < terms; k++) {
        double *q = p->column[k];
        for (size_t i = 0; i < p->count; i++) q[i] = term(p, chosen[k], i);
        double before = sqrt(dot(q, q, p->count));
        for (int twice = 0; twice < 2; twice++)
            for (int j = 0; j < k; j++) {
                double along = dot(p->column[j], q, p->count);
                p->r[j][k] = twice ? p->r[j][k] + along : along;
                for (size_t i = 0; i < p->count; i++) q[i] -= along * p->column[j][i];
            }
        double length = sqrt(dot(q, q, p->count));
        if (!(length > 1e-10 * before)) return false;
        p->r[k][k] = length;
        project[k] = 0;
        for (size_t i = 0; i < p->count; i++) {
            q[i] /= length;
            project[k] += q[i];
        }
    }
    for (int k = terms - 1; k >= 0; k--) {
        x[chosen[k]] = project[k];
        for (int j = k + 1; j < terms; j++) x[chosen[k]] -= p->r[k][j] * x[chosen[j]];
        x[chosen[k]] /= p->r[k][k];
    }
    return true;
}

static double squares(const problem *p, const double x[TERMS]) {
    double sum = 0;
    for (size_t i = 0; i < p->count; i++) {
        double miss = 1;
        for (int k = 0; k < TERMS; k++) miss -= x[k] * term(p, k, i);
        sum += miss * miss;
    }
    return sum;
}

static law fit(problem *p) {
    static const int subsets[4][TERMS] = {{0, 1, 2}, {0, 1, -1}, {0, 2, -1}, {0, -1, -1}};
    static const int sizes[4] = {3, 2, 2, 1};
    double best[TERMS] = {0}, least = INFINITY;
    for (int s = 0; s < 4; s++) {
        double x[TERMS] = {0};
        if (!solve(p, subsets[s], sizes[s], x) || !(x[0] > 0) || x[1] < 0 || x[2] < 0) continue;
        double sum = squares(p, x);
        if (sum >= least) continue;
        least = sum;
        for (int k = 0; k < TERMS; k++) best[k] = x[k];
    }
    return (law){1 / best[0], best[1] / best[0] / p->most, best[2] / best[0] / (p->most * p->most)};
}

static law fit_points(const double *n, const double *y, size_t count) {
    problem p = {.n = n, .y = y, .count = count, .most = 1};
    for (size_t i = 0; i < count; i++) p.most = fmax(p.most, n[i]);
    for (int k = 0; k < TERMS; k++) p.column[k] = mem_zalloc(count, sizeof *p.column[k]);
    law l = fit(&p);
    for (int k = 0; k < TERMS; k++) free(p.column[k]);
    return l;
}

/* ---- intervals ------------------------------------------------------------------------------------------------------ */

static int rising(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static usl_value interval(double value, double resampled[RESAMPLES]) {
    qsort(resampled, RESAMPLES, sizeof *resampled, rising);
    return (usl_value){value, resampled[RESAMPLES / 40], resampled[RESAMPLES - 1 - RESAMPLES / 40]};
}

typedef struct samples {
    double lambda[RESAMPLES], sigma[RESAMPLES], kappa[RESAMPLES];
} samples;

/* Points at the same n whose residuals are drawn anew, which are made as much wider as three coefficients have narrowed them. */
static void resample(const law *l, const double *n, const double *y, size_t count, uint64_t seed, samples *ret) {
    double *residual = mem_zalloc(count, sizeof *residual), *again = mem_zalloc(count, sizeof *again);
    double wider = count > TERMS ? sqrt((double)count / (double)(count - TERMS)) : 1;
    rng r;
    rng_init(&r, seed, "usl", count);
    for (size_t i = 0; i < count; i++) residual[i] = (y[i] / throughput_of(l, n[i]) - 1) * wider;
    for (int s = 0; s < RESAMPLES; s++) {
        for (size_t i = 0; i < count; i++)
            again[i] = throughput_of(l, n[i]) * fmax(1 + residual[rng_below(&r, count)], 1e-3);
        law of = fit_points(n, again, count);
        ret->lambda[s] = of.lambda;
        ret->sigma[s] = of.sigma;
        ret->kappa[s] = of.kappa;
    }
    free(residual);
    free(again);
}

static size_t places_of(const double *n, size_t count) {
    double *sorted = mem_zalloc(count, sizeof *sorted);
    size_t places = count > 0;
    for (size_t i = 0; i < count; i++) sorted[i] = n[i];
    qsort(sorted, count, sizeof *sorted, rising);
    for (size_t i = 1; i < count; i++) places += sorted[i] > sorted[i - 1];
    free(sorted);
    return places;
}

static double error_of(const law *l, const double *n, const double *y, size_t count) {
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        double miss = y[i] / throughput_of(l, n[i]) - 1;
        sum += miss * miss;
    }
    return sqrt(sum / (double)count);
}

sched_status usl_fit_points(const double *n, const double *y, size_t count, uint64_t seed, usl_fit *ret_fit,
                            sched_error *err) {
    double most = 0;
    if (count > USL_POINTS_MAX)
        return sched_fail(err, SCHED_EINVAL, "%zu points: at most %d can be fitted", count, USL_POINTS_MAX);
    for (size_t i = 0; i < count; i++) {
        if (!(n[i] >= 1 && isfinite(n[i])))
            return sched_fail(err, SCHED_EINVAL, "point %zu: %g is no number of instances or clients: expected >= 1",
                              i + 1, n[i]);
        if (!(y[i] > 0 && isfinite(y[i])))
            return sched_fail(err, SCHED_EINVAL, "point %zu: a throughput of %g cannot be fitted: expected > 0", i + 1,
                              y[i]);
        most = fmax(most, n[i]);
    }
    size_t places = places_of(n, count);
    if (places < TERMS)
        return sched_fail(err, SCHED_EINVAL, "%zu different places: three coefficients need at least three", places);
    law l = fit_points(n, y, count);
    samples *s = mem_zalloc(1, sizeof *s);
    resample(&l, n, y, count, seed, s);
    *ret_fit = (usl_fit){.points = count,
                         .places = places,
                         .lambda = interval(l.lambda, s->lambda),
                         .sigma = interval(l.sigma, s->sigma),
                         .kappa = interval(l.kappa, s->kappa),
                         .error = error_of(&l, n, y, count)};
    free(s);
    ret_fit->sigma_is_zero = ret_fit->sigma.low * (most - 1) < NOTHING;
    ret_fit->kappa_is_zero = ret_fit->kappa.low * most * (most - 1) < NOTHING;
    ret_fit->peak = (double)INFINITY;
    if (l.kappa * most * (most - 1) >= NOTHING) ret_fit->peak = fmax(1, sqrt(fmax(1 - l.sigma, 0) / l.kappa));
    return SCHED_OK;
}

double usl_at(const usl_fit *fit, double n) {
    return throughput_of(&(law){fit->lambda.value, fit->sigma.value, fit->kappa.value}, n);
}
