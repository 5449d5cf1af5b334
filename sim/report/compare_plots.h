/* compare_plots.h - the figures of a comparison. */
#ifndef SIM_REPORT_COMPARE_PLOTS_H
#define SIM_REPORT_COMPARE_PLOTS_H

#include "sim/report/compare.h"
#include "sim/report/figure.h"

enum { COMPARE_PLOTS = 4 };

extern const figure compare_plots[COMPARE_PLOTS]; /* whose height is that of one column, beside what stands around */

/* The title of a figure: what one sees, with its numbers. */
char *compare_plot_headline(const compare *c, size_t i, char text[HEADLINE_MAX]);
/* Writes plots/columns.csv below `folder` and draws all figures there. ret_svg: as gnuplot wrote them, for free(); NULL where none
 * was drawn. Failures of figure_draw(); SCHED_EIO. */
sched_status compare_plots_draw(const compare *c, const char *folder, char *ret_svg[COMPARE_PLOTS], sched_error *err);

#endif
