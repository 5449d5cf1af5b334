/* sweep_plot.h - the figure of a sweep: percentiles by load, a curve for each combination of what is no number. */
#ifndef SIM_REPORT_SWEEP_PLOT_H
#define SIM_REPORT_SWEEP_PLOT_H

#include "sim/report/sweep_report.h"

/* The first axis whose values are all numbers, and different ones; -1: there is none. */
int sweep_load_axis(const sweep_plan *plan);

/* Writes plots/sweep.csv and plots/sweep_latency.svg below `folder`. SCHED_ENOENT: there is nothing to draw: no axis is a number, there
 * are more than SWEEP_CURVES_MAX curves, or too few runs ended. Failures of figure_draw(); SCHED_EIO. */
enum { SWEEP_CURVES_MAX = 8 };
sched_status sweep_plot_draw(const sweep_view *view, const char *folder, sched_error *err);

#endif
