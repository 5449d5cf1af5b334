/* capacity_plots.h - the figures of a capacity. */
#ifndef SIM_CAPACITY_CAPACITY_PLOTS_H
#define SIM_CAPACITY_CAPACITY_PLOTS_H

#include "sim/capacity/capacity.h"
#include "sim/report/figure.h"

enum { CAPACITY_PLOT_LATENCY, CAPACITY_PLOT_USE, CAPACITY_PLOT_USL, CAPACITY_PLOTS };

extern const figure capacity_plots[CAPACITY_PLOTS];

/* The title of a figure: what one sees, with its numbers. */
char *capacity_plot_headline(const capacity *c, size_t i, char text[HEADLINE_MAX]);
/* Writes plots/curve.csv and plots/runs.csv below `folder` and draws the figures there. ret_svg: as gnuplot wrote them, for free();
 * NULL where none was drawn: there is no law to draw, or nothing was measured. Failures of figure_draw(); SCHED_EIO. */
sched_status capacity_plots_draw(const capacity *c, const char *folder, char *ret_svg[CAPACITY_PLOTS],
                                 sched_error *err);

#endif
