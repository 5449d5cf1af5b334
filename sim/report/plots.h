/* plots.h - the figures of a run: their data, what their titles say, and drawing them. */
#ifndef SIM_REPORT_PLOTS_H
#define SIM_REPORT_PLOTS_H

#include "sim/report/run_report.h"

typedef struct figure {
    const char *name;    /* of reports/NAME.gp and plots/NAME.svg */
    int height;          /* of 880 wide */
    const char *alt;     /* for those who cannot see it */
    const char *caption; /* how to read it */
} figure;

enum { FIGURES = 7, HEADLINE_MAX = 200, PLOT_PATH_MAX = 64 };
extern const figure report_figures[FIGURES];

/* The title of a figure: what one sees, with its numbers. */
char *figure_headline(const run_report *report, size_t i, char text[HEADLINE_MAX]);
/* "plots/series.svg" */
char *figure_path(size_t i, char path[PLOT_PATH_MAX]);

/* Writes the tables into `folder`/plots and draws all figures there as gnuplot leaves them. timeline.csv and hist/ are there already.
 * A run in which nothing was measured has no figures: SCHED_OK, and none is written. Failures of gnuplot_run(); SCHED_EIO. */
sched_status plots_draw(const run_report *report, const char *folder, sched_error *err);

#endif
