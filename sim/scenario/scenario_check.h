/* scenario_check.h - what a scenario must be beyond the types and bounds of its values. Part of scenario_load(). */
#ifndef SIM_SCENARIO_SCENARIO_CHECK_H
#define SIM_SCENARIO_SCENARIO_CHECK_H

#include "core/base/yaml_doc.h"
#include "sim/scenario/scenario.h"

/* Refuses what makes no sense, with its place below `root`, and fills what follows from other fields: names,
 * languages and their shares, demanded pairs, rates, groups and counts of faults, the warning. */
sched_status scenario_finish(const yaml_value *root, scenario *s, sched_error *err);

#endif
