/* probe.h - `lingua-bench probe KIND`: one measurement of this binary, as JSON on standard output; and how the gate asks another binary for
 * it. Both sides of a gate are asked in the same way, so none is favoured.
 *
 *   counters      the first layer (counters.h)
 *   instructions  the second (instructions.h); needs valgrind
 *   pace          one round of the third (pace.h)
 *   environment   no figures: what those would depend on
 *
 *     {"schema":"lingua.bench.probe/1","environment":{...},"figures":{...}} */
#ifndef BENCH_GATE_PROBE_H
#define BENCH_GATE_PROBE_H

#include "bench/gate/environment.h"
#include "bench/gate/figures.h"

typedef enum probe_kind { PROBE_COUNTERS, PROBE_INSTRUCTIONS, PROBE_PACE, PROBE_ENVIRONMENT, PROBE_KINDS } probe_kind;

const char *probe_kind_name(probe_kind kind); /* "counters" */

typedef struct probe_answer {
    environment env;
    figures figures; /* figures_free() */
} probe_answer;

/* `binary`: a lingua-bench. `folder`: of the scripts, or NULL for its own. SCHED_EIO with the last line of what it said on standard error,
 * SCHED_EINTR when it was interrupted. */
sched_status probe_ask(const char *binary, probe_kind kind, const char *folder, probe_answer *ret_answer,
                       sched_error *err);

#endif
