/* gate.h - runs the layers: which side is asked for what, and what a layer does without.
 *
 *   counters      against the committed baseline, if its version of Redis is that of here; else against the base binary
 *   instructions  against the base binary, if there is one; else against the baseline, if its whole environment is that of here
 *   pace          against the base binary: base and base first, then base and candidate, in pairs whose order alternates
 *
 * A layer that has nothing to stand against is skipped, and says what it needs. */
#ifndef BENCH_GATE_GATE_H
#define BENCH_GATE_GATE_H

#include "bench/gate/verdict.h"

enum { GATE_PAIRS = 10 };

typedef struct gate_options {
    const char *base;     /* a lingua-bench; NULL: none */
    const char *cand;     /* the same */
    const char *scripts;  /* folder, of the candidate; NULL: those of its binary */
    const char *baseline; /* file; it need not be there */
    bool layer[GATE_LAYERS];
    int pairs;                          /* GATE_PAIRS..BOOTSTRAP_PAIRS_MAX */
    void (*progress)(const char *what); /* a line for people; NULL: none */
} gate_options;

/* SCHED_OK whatever the verdict. SCHED_EIO: a side could not be measured; SCHED_EINVAL: the baseline is none; SCHED_EINTR: the report
 * holds the layers that were done. *ret_report is written in any case: gate_report_free(). */
sched_status gate_run(const gate_options *options, gate_report *ret_report, sched_error *err);

/* Measures counters and, where valgrind is and unless that layer is left out, instructions of the candidate, and makes them the
 * baseline. */
sched_status gate_bless(const gate_options *options, const char *reason, sched_error *err);

#endif
