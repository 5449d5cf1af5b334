/* core_costs.c - the default profile: what one unit of work cost one core of an AMD EPYC of 2024 (family 26).
 *
 * `lingua-bench calibrate` measured it with the costs of Redis (sim/redis_host/cost_profile.c): the rows are those at 10,000 of a kind,
 * where the tables do not fit into the nearest caches any more, as in a scheduler that does other things between two scans. */
#include "sim/world/core_costs.h"

// clang-format off
const core_costs core_costs_default = {
    .usec = {
        [WORK_NODE]  = 0.02889,
        [WORK_JOB]   = 0.02889, /* as a node */
        [WORK_COPY]  = 1.0, /* from the CPU time of runs that read 2,000 nodes every 2 s and every 20 s (model: measured), less its answers */
        [WORK_STORE] = 0.24173,
        [WORK_STATS] = 0.02889, /* as a node */
    },
};
// clang-format on
