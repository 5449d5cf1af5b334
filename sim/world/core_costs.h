/* core_costs.h - what the core's work costs its processor, beyond a message each: what grows with nodes, jobs and sessions.
 *
 * flat        a message costs what it costs (instances.cpu.cost: socket, JSON and the core), an answer of Redis less (instances.cpu.answer:
 *             the core took 2 us for each in `measured` runs of quickstart.yaml, the client library takes about as much),
 *             whatever is in it
 * calibrated  and so much for each node, job or operation that a handler looks at; the rows are core_costs_default
 * measured    a handler costs the CPU time that it took here (thread CPU time), and nothing else. Not reproducible */
#ifndef SIM_WORLD_CORE_COSTS_H
#define SIM_WORLD_CORE_COSTS_H

#include "core/base/work_meter.h"

typedef enum core_cost_model { CORE_COSTS_CALIBRATED, CORE_COSTS_FLAT, CORE_COSTS_MEASURED } core_cost_model;

typedef struct core_costs {
    double usec[WORK_KINDS]; /* of one */
} core_costs;

extern const core_costs core_costs_default;

#endif
