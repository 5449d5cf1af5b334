/* figure.h - a figure of a report: from tables in plots/ below the folder of the report, reports/NAME.gp draws plots/NAME.svg.
 *
 * Ownership  What was drawn comes back as a text of its own, which pages take in; free() it.
 * Failure    Those of gnuplot_run(): SCHED_ENOENT, it is not installed; SCHED_ETIMEDOUT; SCHED_EIO, also of files. */
#ifndef SIM_REPORT_FIGURE_H
#define SIM_REPORT_FIGURE_H

#include <stdio.h>

#include "core/base/status.h"

typedef struct figure {
    const char *name;    /* of reports/NAME.gp and plots/NAME.svg */
    int height;          /* of 880 wide */
    const char *alt;     /* for those who cannot see it */
    const char *caption; /* how to read it */
} figure;

enum { HEADLINE_MAX = 200, FIGURE_PRINT_MAX = 256, PLOT_PATH_MAX = 64 };

/* "plots/series.svg" */
char *figure_path(const char *name, char path[PLOT_PATH_MAX]);

/* plots/ below `folder`, which is there. */
sched_status figure_folder_make(const char *folder, sched_error *err);
/* A cell of a table that gnuplot reads, with the comma before it; what is not known is NaN. */
void figure_cell(double value, FILE *out);

/* What one figure says of one report. */
typedef struct figure_script {
    const char *name;
    int height;
    const char *headline; /* the title: what one sees, with its numbers */
    const char *print;    /* the small one at its foot: scenario, seed, version */
    void (*set)(const void *ctx,
                FILE *out); /* the other variables that NAME.gp reads, as gnuplot_script.h writes them */
    const void *ctx;
} figure_script;

/* Draws it in `folder`. The file stands alone well; `ret_svg` gets it as gnuplot wrote it, written only on SCHED_OK. */
sched_status figure_draw(const figure_script *script, const char *folder, char **ret_svg, sched_error *err);

#endif
