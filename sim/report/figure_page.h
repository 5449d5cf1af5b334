/* figure_page.h - a figure on the pages that people read. */
#ifndef SIM_REPORT_FIGURE_PAGE_H
#define SIM_REPORT_FIGURE_PAGE_H

#include "sim/report/figure.h"

/* `svg`: as figure_draw() gave it. */
void figure_html(const figure *f, const char *svg, FILE *out);
/* In its place. */
void figure_missing_html(const char *why, FILE *out);
/* A link to the file, and how to read it. */
void figure_markdown(const figure *f, FILE *out);

#endif
