/* pages.h - the pages that people read: report.html, one file that needs no other, and report.md. */
#ifndef SIM_REPORT_PAGES_H
#define SIM_REPORT_PAGES_H

#include "sim/report/plots.h"

typedef struct page {
    const run_report *report;
    const char *figure[FIGURES]; /* SVG as gnuplot wrote it; NULL: not drawn */
    const char *note;            /* why figures are missing; "" when they are not */
} page;

void page_html(const page *p, FILE *out);
void page_markdown(const page *p, FILE *out);

/* What both say in words, one line each, without markup. */
void page_summary(const page *p, FILE *out);
/* About the figures of run_report_comparison(); "" when there are none. */
void page_comparison(const page *p, FILE *out);
/* What the same command gives again. */
void page_again(const page *p, FILE *out);
void page_nodes(const page *p, FILE *out);
enum { COST_ROWS = 10, COST_TEXT_MAX = 48 };
typedef struct cost_line {
    const char *name;
    char value[COST_TEXT_MAX];
    const char *meaning;
} cost_line;
void page_costs(const page *p, cost_line ret_lines[COST_ROWS]);
/* The waits of the run and of the oracles. */
typedef struct wait_line {
    const char *name;
    double mean, p99; /* usec */
    const char *meaning;
} wait_line;
enum { WAIT_ROWS = ORACLES + 1 };
void page_waits(const page *p, wait_line ret_lines[WAIT_ROWS]);
/* What follows from them, in a sentence. */
void page_waits_verdict(const page *p, FILE *out);
enum { WORST_PAIRS = 8, PAIR_ANSWERS_MIN = 20 };

#endif
