/* detmath.h - log, exp and pow that give the same bits on every machine.
 *
 * The C library's versions differ between CPUs with and without fused multiply-add, and between its releases; a run of the
 * simulator must not. Only +, -, *, / and integer operations are used. Relative error below 4e-16 * 4 over the stated range. */
#ifndef CORE_BASE_DETMATH_H
#define CORE_BASE_DETMATH_H

double det_log(double x);            /* x > 0 */
double det_exp(double x);            /* 0 below -745, inf above 709.8 */
double det_pow(double x, double y);  /* x > 0; exp(y * log x) with the error that follows from it */

#endif
