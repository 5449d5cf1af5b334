/* point_result.h - what a sweep takes from the result.json of one run. */
#ifndef SIM_REPORT_POINT_RESULT_H
#define SIM_REPORT_POINT_RESULT_H

#include "core/base/status.h"
#include "sim/scenario/scenario.h"

#include <stdbool.h>
#include <stdint.h>

enum { POINT_FIGURES = 25 };

typedef struct point_figure {
    const char *name;    /* column of points.csv; its unit is in it */
    const char *path;    /* in result.json */
    const char *heading; /* column of the summary; NULL: not there */
    double scale;        /* of the summary: the figure is multiplied by it */
    int decimals;        /* of means */
} point_figure;

extern const point_figure point_figures[POINT_FIGURES];

typedef struct point_result {
    char hash[SCENARIO_HASH_MAX + 1];
    int64_t seed;
    bool interrupted, pass;
    double figure[POINT_FIGURES]; /* NAN: nothing was measured */
} point_result;

/* SCHED_EIO: cannot be read; SCHED_EINVAL: not the complete result of a run. */
sched_status point_result_read(const char *path, point_result *ret_result, sched_error *err);

#endif
