/* interval.h - what several runs say about a figure: its mean, and how far from it the true one may lie. */
#ifndef SIM_REPORT_INTERVAL_H
#define SIM_REPORT_INTERVAL_H

#include <stdbool.h>
#include <stddef.h>

typedef struct interval {
    size_t n;    /* values that were there */
    double mean; /* NAN when n is 0 */
    double half; /* half the width of the 95 % interval, by Student's t; NAN when n < 2 */
} interval;

/* Values that are NAN are left out. */
interval interval_of(const double *value, size_t count);
/* Of a[i] - b[i]: two settings under the same seeds. What both have in common, such as a hard seed, cancels out. */
interval interval_of_differences(const double *a, const double *b, size_t count);
/* The interval is known and does not hold 0. */
bool interval_excludes_zero(const interval *i);

/* The t that 97.5 % of Student's distribution with `degrees` (>= 1) of freedom lie below, to 0.1 %. */
double student_t(size_t degrees);

#endif
