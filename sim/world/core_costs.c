/* core_costs.c - the default profile: what one unit of work cost one core of an AMD EPYC of 2024 (family 26).
 *
 * `lingua-bench run core` measures each kind at 100, 1,000 and 10,000 of them; the rows are those at 10,000, where the tables do not fit into
 * the nearest caches any more, as in a scheduler that does other things between two scans. */
#include "sim/world/core_costs.h"

// clang-format off
const core_costs core_costs_default = {
    .usec = {
        [WORK_NODE]  = 0.023,
        [WORK_JOB]   = 0.023, /* as a node */
        [WORK_COPY]  = 1.0, /* from the CPU time of runs that read 2,000 nodes every 2 s and every 20 s (model: measured), less its answers */
        [WORK_STORE] = 0.24,
        [WORK_STATS] = 0.023, /* as a node */
    },
};
// clang-format on
