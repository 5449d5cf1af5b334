/* plots.h - the figures of a run: their data, what their titles say, and drawing them. */
#ifndef SIM_REPORT_PLOTS_H
#define SIM_REPORT_PLOTS_H

#include "sim/report/figure.h"
#include "sim/report/run_report.h"

enum { FIGURES = 7 };
extern const figure report_figures[FIGURES];

/* The title of a figure: what one sees, with its numbers. */
char *figure_headline(const run_report *report, size_t i, char text[HEADLINE_MAX]);

/* Writes the tables into `folder`/plots and draws all figures there; timeline.csv and hist/ are there already. ret_svg: as gnuplot
 * wrote them, for free(). A run in which nothing was measured has no figures: SCHED_OK, and none is written. Failures of figure_draw();
 * SCHED_EIO. */
sched_status plots_draw(const run_report *report, const char *folder, char *ret_svg[FIGURES], sched_error *err);

#endif
