/* sweep.h - one scenario, many settings of it: the points of a sweep, or variants that are to be compared.
 *
 *     sweep: {"sessions.0.concurrent": [500, 1000], "scheduler.placement": [random, best_of_2]}
 *     runs: 3
 *
 * A point is the scenario with one value from each axis put at the axis' path, as --set does. Points come in the order in which
 * they are written: the last axis varies fastest. Each point is run `runs` times, with successive seeds.
 *
 * A point's scenario holds neither `sweep` nor `runs`: its hash is that of the same scenario written out, and stays when an
 * axis gets more values.
 *
 * Bounds     8 axes of 100 values, 10,000 runs in all.
 * Failure    SCHED_EINVAL with the place in the file; bad variants with their name. */
#ifndef SIM_SCENARIO_SWEEP_H
#define SIM_SCENARIO_SWEEP_H

#include "sim/scenario/scenario.h"

enum {
    SWEEP_AXES_MAX = 8,
    SWEEP_VALUES_MAX = 100,
    SWEEP_RUNS_MAX = 1000,
    SWEEP_TOTAL_MAX = 10000,
    VARIANT_NAME_MAX = 32
};

typedef struct sweep_plan sweep_plan;

/* Reads a scenario and its axes, with `sets` over it. A scenario without axes has one point. Points are not checked:
 * sweep_scenario() does. */
sched_status sweep_load(const char *path, const char *const *sets, size_t set_count, sweep_plan **ret_plan,
                        sched_error *err);
/* The same scenario, but its points are variants "name:path=value,path=value", along one axis named "variant"; "name" alone is
 * the scenario as it is. Names are letters, digits and _ . - and differ. Texts are borrowed. */
sched_status sweep_load_variants(const char *path, const char *const *sets, size_t set_count,
                                 const char *const *variants, size_t variant_count, sweep_plan **ret_plan,
                                 sched_error *err);
/* SCHED_EINVAL unless it begins with a good name. */
sched_status sweep_variant_check(const char *variant, sched_error *err);
sweep_plan *sweep_free(sweep_plan *plan); /* takes NULL, returns NULL */

const char *sweep_name(const sweep_plan *plan); /* of the scenario */
int64_t sweep_runs(const sweep_plan *plan);     /* as the scenario says, at least 1 */
size_t sweep_points(const sweep_plan *plan);
size_t sweep_axes(const sweep_plan *plan);
const char *sweep_axis(const sweep_plan *plan, size_t axis);                /* its path */
const char *sweep_value(const sweep_plan *plan, size_t point, size_t axis); /* as YAML on one line */

/* The scenario of a point; free it with scenario_free(). */
sched_status sweep_scenario(sweep_plan *plan, size_t point, scenario **ret_scenario, sched_error *err);

/* Every point of the plan, read and dropped; the first mistake is told. */
sched_status sweep_check(sweep_plan *plan, sched_error *err);

extern const setting_type sweep_type; /* of the field `sweep`, a char * */

#endif
