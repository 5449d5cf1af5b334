/* files.h - the files of OUT, each written from a run_report by one function into an open stream.
 *
 * All of them are the same bytes for one seed, except timing.json. Errors of the stream show in ferror(); the caller asks. */
#ifndef SIM_REPORT_FILES_H
#define SIM_REPORT_FILES_H

#include "sim/report/run_report.h"

/* result.json: schema "lingua.sim.result/1". */
void report_result(const run_report *report, FILE *out);
/* timeline.csv: one row per bin; the head line names the columns. */
void report_timeline(const run_report *report, FILE *out);
/* nodes.csv: one row per node that came, in the order of the scenario. */
void report_nodes(const run_report *report, FILE *out);
/* The figures on a terminal; `where`: the file to open for more, NULL for none. */
void report_terminal(const run_report *report, const char *where, FILE *out);

/* What the clock on the wall says; not reproducible. */
typedef struct run_timing {
    double wall_s; /* of the run, with starting and ending Redis, without the report */
    double report_s;
    int64_t peak_rss_bytes;
} run_timing;

/* timing.json */
void report_timing(const run_report *report, const run_timing *timing, FILE *out);
/* One line for people. */
void report_speed(const run_report *report, const run_timing *timing, FILE *out);

#endif
