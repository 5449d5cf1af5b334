/* units.h - quantities with a unit, as people write them: "15s", "64KiB", "5/s", "85%".
 *
 * Parsers take the whole text, without spaces, or fail with SCHED_EINVAL and a message that quotes it and says what was
 * expected. They do not depend on the locale. What cannot be represented exactly ("0.5us", "0.3B") is refused, not rounded.
 *
 * Formatters choose the largest unit that shows at least 1 with no more than three decimals; where there is none, the
 * smallest unit and as many digits as it takes. What they write parses back to the same value. */
#ifndef CORE_BASE_UNITS_H
#define CORE_BASE_UNITS_H

#include "core/base/clock.h"
#include "core/base/status.h"

#include <stddef.h>
#include <stdint.h>

/* us ms s min h d; "1h30min" too, larger units first. A bare 0 needs no unit; any other number does. Not negative. */
sched_status units_parse_duration(const char *text, usec_t *ret_usec, sched_error *err);
/* B KiB MiB GiB (1024) and kB MB GB (1000). A bare 0 needs no unit. */
sched_status units_parse_size(const char *text, uint64_t *ret_bytes, sched_error *err);
/* Events per second: "5/s", "300/min", "2/h", "1/d". A bare 0 needs no unit. */
sched_status units_parse_rate(const char *text, double *ret_per_sec, sched_error *err);
/* "15%" or "0.15"; 0..1. */
sched_status units_parse_share(const char *text, double *ret_share, sched_error *err);
/* A whole number >= 0; "10_000", "10k", "1.5M" are accepted too (k: thousand, M: million). */
sched_status units_parse_count(const char *text, int64_t *ret_count, sched_error *err);
/* A decimal number, also negative or with an exponent: "-0.5", "1e-6". Finite. */
sched_status units_parse_number(const char *text, double *ret_number, sched_error *err);

enum { UNITS_TEXT_MAX = 32 };
/* Each writes at most UNITS_TEXT_MAX bytes with the NUL and returns `text`. */
char *units_format_duration(char text[UNITS_TEXT_MAX],
                            usec_t usec); /* a negative one gets a minus, which no parser takes */
char *units_format_size(char text[UNITS_TEXT_MAX], uint64_t bytes);
char *units_format_rate(char text[UNITS_TEXT_MAX], double per_sec); /* finite, >= 0 */
char *units_format_share(char text[UNITS_TEXT_MAX], double share);  /* 0..1 */
char *units_format_number(char text[UNITS_TEXT_MAX], double value); /* finite; as few digits as bring it back */

#endif
