/* detmath.h - log, exp, pow and cosine that give the same bits on every machine.
 *
 * The C library's versions differ between CPUs with and without fused multiply-add, and between its releases; a run of the
 * simulator must not. Only +, -, *, / and integer operations are used, and the build forbids contraction. */
#ifndef CORE_BASE_DETMATH_H
#define CORE_BASE_DETMATH_H

/* Natural logarithm of x > 0, off by less than 1 ulp, for subnormal x too; of infinity: infinity. */
double det_log(double x);
/* e^x for x that is a number: less than 1 ulp off where the result is normal, 1 unit of the last place where it is subnormal;
 * 0 below -745.14, infinity above 709.79. */
double det_exp(double x);
/* x^y for x > 0, as exp(y * log x): a relative error below (2 + |y * log x|) * 4e-16. 1 exactly for y = 0 and for x = 1. */
double det_pow(double x, double y);
/* Cosine of a whole turn times x, |x| <= 1e9, within 1e-13; exact at quarters of a turn. */
double det_cos_turns(double x);

#endif
