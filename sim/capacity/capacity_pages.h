/* capacity_pages.h - what a capacity leaves in its folder, beside the folders of its runs. */
#ifndef SIM_CAPACITY_CAPACITY_PAGES_H
#define SIM_CAPACITY_CAPACITY_PAGES_H

#include "sim/capacity/capacity_plots.h"

typedef struct capacity_page {
    const capacity *capacity;
    const char *svg[CAPACITY_PLOTS]; /* as gnuplot wrote it; NULL: not drawn */
    const char *note;                /* why figures are missing; "" when they are not */
    char sentences[CAPACITY_SENTENCES_MAX][CAPACITY_SENTENCE_MAX];
    size_t sentence_count;
} capacity_page;

void capacity_html(const capacity_page *p, FILE *out);
void capacity_markdown(const capacity_page *p, FILE *out);

enum { CAPACITY_NOTE_MAX = 256 };
/* capacity.json, points.csv. The folder is there. SCHED_EIO. */
sched_status capacity_write_figures(const capacity *c, const char *folder, sched_error *err);
/* report.html, report.md and plots/. What cannot be drawn because gnuplot is missing is no failure: `ret_note` says so, else it is
 * "". SCHED_EIO. */
sched_status capacity_write_pages(const capacity *c, const char *folder, char ret_note[CAPACITY_NOTE_MAX],
                                  sched_error *err);
/* timing.json: what depends on the machine. SCHED_EIO. */
sched_status capacity_write_timing(const capacity *c, double wall_s, int64_t jobs, const char *folder,
                                   sched_error *err);

#endif
