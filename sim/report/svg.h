/* svg.h - makes gnuplot's SVG fit for a page: ids of its own, and the page's colour of ink. */
#ifndef SIM_REPORT_SVG_H
#define SIM_REPORT_SVG_H

#include <stdio.h>

/* Writes `svg` from its <svg> element on, for a page that holds several: each id, and each reference to one, gets `prefix` in front;
 * what is black takes the colour of the text around it. */
void svg_inline(const char *svg, const char *prefix, FILE *out);
/* The same as a file of its own, readable on light and dark. */
void svg_alone(const char *svg, const char *prefix, FILE *out);

#endif
