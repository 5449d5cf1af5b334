/* report.h - what a load came to: a table for people, JSON for programs (schema lingua.bench.load/1), percentile tables (.hgrm).
 *
 * In JSON times are milliseconds; what was not measured is null. */
#ifndef BENCH_LOAD_REPORT_H
#define BENCH_LOAD_REPORT_H

#include "bench/load/load.h"

#include <stdio.h>

/* Of every latency that is told, in both forms. */
typedef struct report_percentile {
    double percent;
    const char *key, *name; /* "p99_9" in JSON, "p99.9" in the table */
} report_percentile;

enum { REPORT_PERCENTILES = 5 };
extern const report_percentile report_percentiles[REPORT_PERCENTILES];

/* `interrupted`: it did not come to its end. */
void report_print(const load *l, bool interrupted, FILE *out);
sched_status report_json(const load *l, bool interrupted, FILE *out, sched_error *err);
/* load.json and the tables, into a folder that is made when it is not there. */
sched_status report_folder(const load *l, bool interrupted, const char *folder, sched_error *err);

/* Whether all is well: somebody was let in, and nothing is wrong in the books. `text`: that in one line. */
bool report_verdict(const load *l, char *text, size_t size);

#endif
