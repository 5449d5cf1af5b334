/* interval.c - quantiles of Student's distribution come from a table while it is far from the normal one, and from the first terms
 * of its expansion about the normal one beyond. */
#include "sim/report/interval.h"

#include <assert.h>
#include <math.h>

// clang-format off
static const double few[] = {
    12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622, 2.2281,
};
// clang-format on
enum { FEW = sizeof few / sizeof *few };

double student_t(size_t degrees) {
    assert(degrees >= 1);
    if (degrees <= FEW) return few[degrees - 1];
    const double z = 1.959964, d = (double)degrees;
    double z3 = z * z * z, z5 = z3 * z * z, z7 = z5 * z * z;
    return z + (z3 + z) / (4 * d) + (5 * z5 + 16 * z3 + 3 * z) / (96 * d * d) +
           (3 * z7 + 19 * z5 + 17 * z3 - 15 * z) / (384 * d * d * d);
}

/* `b` may be NULL. */
static double value_at(const double *a, const double *b, size_t i) {
    return b ? a[i] - b[i] : a[i];
}

static interval measure(const double *a, const double *b, size_t count) {
    interval r = {.mean = NAN, .half = NAN};
    double sum = 0, squares = 0;
    for (size_t i = 0; i < count; i++) {
        double v = value_at(a, b, i);
        if (isnan(v)) continue;
        sum += v;
        r.n++;
    }
    if (!r.n) return r;
    r.mean = sum / (double)r.n;
    if (r.n < 2) return r;
    for (size_t i = 0; i < count; i++) {
        double v = value_at(a, b, i);
        if (!isnan(v)) squares += (v - r.mean) * (v - r.mean);
    }
    r.half = student_t(r.n - 1) * sqrt(squares / (double)(r.n - 1) / (double)r.n);
    return r;
}

interval interval_of(const double *value, size_t count) {
    return measure(value, NULL, count);
}

interval interval_of_differences(const double *a, const double *b, size_t count) {
    return measure(a, b, count);
}

bool interval_excludes_zero(const interval *i) {
    return i->n > 1 && fabs(i->mean) > i->half;
}
