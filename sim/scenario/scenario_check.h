/* scenario_check.h - what a scenario must be beyond the types and bounds of its values. Part of scenario_load(). */
#ifndef SIM_SCENARIO_SCENARIO_CHECK_H
#define SIM_SCENARIO_SCENARIO_CHECK_H

#include "core/base/yaml_doc.h"
#include "sim/scenario/scenario.h"

/* Refuses what makes no sense, with its place below `root`, and fills what follows from other fields: names,
 * languages and their shares, demanded pairs, rates, groups and counts of faults, the warning. */
sched_status scenario_finish(const yaml_value *root, scenario *s, sched_error *err);

/* `at` is the place of a node's languages, which are those of `g`: does anything follow from them, and not too much? */
sched_status node_languages_check(const yaml_value *at, const scenario *s, const node_group *g, sched_error *err);

/* The two halves of scenario_load_set(). The document is yours. */
sched_status scenario_read(const char *path, const char *const *sets, size_t set_count, yaml_doc **ret_doc,
                           sched_error *err);
sched_status scenario_bind(const yaml_doc *doc, scenario **ret_scenario, sched_error *err);

#endif
