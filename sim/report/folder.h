/* folder.h - the folder of one run: makes it, clears out what an earlier run left, writes the files.
 *
 * Failure   SCHED_EIO with the path and the reason. What cannot be drawn because gnuplot is missing is no failure: the report is
 *           written without plots, and folder_note() says so. */
#ifndef SIM_REPORT_FOLDER_H
#define SIM_REPORT_FOLDER_H

#include "sim/report/files.h"

typedef struct report_folder report_folder;

/* Makes a folder with its parents; one that is there is fine. SCHED_EIO. */
sched_status folder_make(const char *path, sched_error *err);

/* Makes `path` with its parents; NULL: reports/out/NAME. Removes the files of an earlier run, and nothing else. SCHED_EIO. */
sched_status folder_open(const char *path, const char *name, report_folder **ret_folder, sched_error *err);
report_folder *folder_close(report_folder *f); /* takes NULL, returns NULL */

/* The path of a file in it, valid until the next call. */
const char *folder_path(report_folder *f, const char *file);
/* Something that the reader of the report should know; "" when there is nothing. */
const char *folder_note(const report_folder *f);

/* trace.jsonl; the folder owns the stream. */
sched_status folder_open_trace(report_folder *f, FILE **ret_trace, sched_error *err);
sched_status folder_close_trace(report_folder *f, sched_error *err);

sched_status folder_write_figures(report_folder *f, const run_report *report, sched_error *err); /* json, csv, hgrm */
sched_status folder_write_report(report_folder *f, const run_report *report, sched_error *err);  /* html, md */
sched_status folder_write_timing(report_folder *f, const run_report *report, const run_timing *timing,
                                 sched_error *err);

#endif
