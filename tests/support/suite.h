/* suite.h - what the main() of every test program does. */
#ifndef TESTS_SUPPORT_SUITE_H
#define TESTS_SUPPORT_SUITE_H

#include <check.h>
#include <stdbool.h>
#include <stddef.h>

/* Runs the tests, each in a process of its own unless CK_FORK=no; a test may take a minute. Returns the exit code: 0 when
 * all passed, else 1. Verbosity follows CK_VERBOSITY. */
int suite_run(const char *name, const TTest *const tests[], size_t count);

/* suite_run() of an array. */
#define SUITE_RUN(name, tests) suite_run(name, tests, sizeof(tests) / sizeof *(tests))

/* The same of a case that was made by hand: with fixtures, loops or a longer timeout. */
int suite_run_case(const char *name, TCase *tests);

/* Whether `call` ends its process by abort(), as a failed assert() does; it runs in a child with stderr closed. */
bool suite_aborts(void (*call)(void));

#endif
