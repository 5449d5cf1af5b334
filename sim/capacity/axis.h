/* axis.h - what a capacity is a number of: sessions, nodes, or any whole number in a scenario.
 *
 *     "sessions=500..4000"           all sessions; groups keep their proportions
 *     "nodes=100..1000"              all nodes; the same
 *     "instances.count=1..8"         one setting by its path
 *
 * A value becomes the settings that --set would take, so that every point can be run by hand. */
#ifndef SIM_CAPACITY_AXIS_H
#define SIM_CAPACITY_AXIS_H

#include "sim/capacity/search.h"
#include "sim/scenario/scenario.h"

enum { AXIS_PATH_MAX = 128, AXIS_VALUE_MAX = 1000000000 };

typedef enum axis_kind { AXIS_SESSIONS, AXIS_NODES, AXIS_PATH } axis_kind;

typedef struct capacity_axis {
    axis_kind kind;
    char path[AXIS_PATH_MAX + 1]; /* as it was written: "sessions" */
    int64_t low, high;
} capacity_axis;

/* SCHED_EINVAL says what is wrong. */
sched_status axis_parse(const char *text, capacity_axis *ret_axis, sched_error *err);
/* Can the scenario be given other numbers of it? SCHED_EINVAL: sessions that come as a trace says, too few for all groups. */
sched_status axis_check(const capacity_axis *axis, const scenario *sc, sched_error *err);

search_sense axis_sense(const capacity_axis *axis);
/* Where to begin: the value at which the slots of the nodes are expected to be in use for nine tenths of the time; 0: no idea. */
int64_t axis_guess(const capacity_axis *axis, const scenario *sc);
/* Number of the group of nodes with most slots, ties to the first; -1 when there is only one group. */
int axis_largest_group(const scenario *sc);

/* "sessions.0.concurrent=600,sessions.1.concurrent=200" for that value. `lost` >= 0: that group of nodes is gone. */
void axis_write(const capacity_axis *axis, const scenario *sc, int64_t value, int lost, FILE *out);
/* So many nodes of each group are there with that value, however many that are. */
void axis_nodes(const capacity_axis *axis, const scenario *sc, int64_t value, int64_t ret_nodes[GROUPS_MAX]);

#endif
