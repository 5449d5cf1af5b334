/* report.h - one verdict, told to four readers.
 *
 * A report is also told when the gate was interrupted, as far as it came. Errors of the stream show in ferror(); the caller asks. */
#ifndef BENCH_GATE_REPORT_H
#define BENCH_GATE_REPORT_H

#include <stdio.h>

#include "bench/gate/verdict.h"

/* A table for each layer, then a line for each layer and the verdict. Rows that say "same" only with `all`. */
void gate_report_terminal(const gate_report *r, bool all, FILE *out);
/* The same to paste into a pull request: the verdict first, rows that say "same" folded away. */
void gate_report_markdown(const gate_report *r, FILE *out);
/* {"schema":"lingua.bench.gate/1","verdict":"pass"|"FAIL","layers":[...],"environment":{...}} */
void gate_report_json(const gate_report *r, FILE *out);
/* A suite for each layer, a case for each row; a skipped layer is one skipped case. */
void gate_report_junit(const gate_report *r, FILE *out);

/* --- what they share ---- */

enum { GATE_NUMBER_MAX = 40 };
/* "12,345", "8.25", "-" for NAN; of pace: "5.26 ms". */
const char *gate_number(gate_layer layer, double value, char text[GATE_NUMBER_MAX]);
/* "+16.0 %", "new", "gone"; of pace with its interval: "+3 % (-1 to +8)". */
enum { GATE_CHANGE_MAX = 64 };
const char *gate_change(const gate_row *row, char text[GATE_CHANGE_MAX]);
/* Base against base, with its interval; "" where there is none. */
const char *gate_spread(const gate_row *row, char text[GATE_CHANGE_MAX]);
/* "127 same, 1 FAIL, against bench/baseline.json", or why it was skipped. */
void gate_layer_words(const gate_report *r, gate_layer layer, char text[2 * GATE_TEXT_MAX]);
/* "pass", or what failed. */
void gate_verdict_words(const gate_report *r, char text[GATE_TEXT_MAX]);

#endif
