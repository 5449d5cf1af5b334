/* validation_pages.h - what a validation leaves in its folder, beside the folders of its runs. */
#ifndef SIM_REPORT_VALIDATION_PAGES_H
#define SIM_REPORT_VALIDATION_PAGES_H

#include "sim/report/figure.h"
#include "sim/report/validation.h"

extern const figure validation_plot;

/* plots/validation.csv; the folder is there. SCHED_EIO. */
sched_status validation_table_write(const validation *v, const char *folder, sched_error *err);
/* Draws the figure of that table in `folder`. Failures of figure_draw(). */
sched_status validation_plot_draw(const validation *v, const char *folder, char **ret_svg, sched_error *err);

typedef struct validation_page {
    const validation *validation;
    const char *svg;  /* as gnuplot wrote it; NULL: not drawn */
    const char *note; /* why it is missing; "" when it is not */
} validation_page;

/* schema "lingua.sim.validation/1" */
void validation_json(const validation *v, FILE *out);
void validation_html(const validation_page *p, FILE *out);

#endif
