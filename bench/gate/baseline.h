/* baseline.h - bench/baseline.json: the figures that were agreed on, where they were measured, and why they are what they are.
 *
 *     {"schema": "lingua.bench.baseline/1",
 *      "blessed": [{"on": "2026-11-28", "reason": "..."}, ...],   the latest last
 *      "environment": {...}, "counters": {...}, "instructions": {...}}
 *
 * Counters hold on every machine with the same version of Redis, instructions where the whole environment agrees. */
#ifndef BENCH_GATE_BASELINE_H
#define BENCH_GATE_BASELINE_H

#include "bench/gate/environment.h"
#include "bench/gate/figures.h"

typedef struct baseline {
    environment env;
    figures counters, instructions; /* instructions: empty when they were not counted */
    json_t *blessed;                /* the list; NULL: none yet */
} baseline;

/* SCHED_ENOENT: there is no such file; SCHED_EINVAL: it is something else, with the line. */
sched_status baseline_read(const char *path, baseline *ret_baseline, sched_error *err);
/* Puts the reason behind those that are there (the latest 20 are kept) and writes the file anew; it is never half written. */
sched_status baseline_bless(baseline *b, const char *reason, const char *path, sched_error *err);
void baseline_free(baseline *b);
/* "2026-11-28: reason" of the latest; "" without one. */
void baseline_reason(const baseline *b, char *text, size_t size);

#endif
