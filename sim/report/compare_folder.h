/* compare_folder.h - what a comparison leaves in its folder, beside the folders of its runs. */
#ifndef SIM_REPORT_COMPARE_FOLDER_H
#define SIM_REPORT_COMPARE_FOLDER_H

#include "sim/report/compare.h"

/* compare.json, compare.csv. The folder is there. SCHED_EIO. */
sched_status compare_write_figures(const compare *c, const char *folder, sched_error *err);
/* report.html, report.md and plots/. What cannot be drawn because gnuplot is missing is no failure: `ret_note` says so, else it is
 * "". SCHED_EIO. */
enum { COMPARE_NOTE_MAX = 256 };
sched_status compare_write_pages(const compare *c, const char *folder, char ret_note[COMPARE_NOTE_MAX],
                                 sched_error *err);

/* What depends on the machine, gathered from the timing.json of the runs; those without one are left out. */
typedef struct compare_timing {
    double wall_s; /* of the whole comparison */
    int64_t jobs;  /* at once */
} compare_timing;

/* timing.json: schema "lingua.sim.compare_timing/1". SCHED_EIO. */
sched_status compare_write_timing(const compare *c, const sweep_view *view, const compare_timing *timing,
                                  const char *folder, sched_error *err);
/* A line for people: time and memory of each column. */
void compare_tell_timing(const compare *c, const sweep_view *view, const compare_timing *timing, const char *folder,
                         FILE *out);

#endif
