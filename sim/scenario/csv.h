/* csv.h - a table in a file, read row by row: arrivals, lengths and weights that were measured somewhere.
 *
 * Form       Columns separated by commas; the first line names them, each name once. "Quoted, fields" may hold commas and
 *            doubled quotes, no line ends. Lines end in \n or \r\n; empty ones are skipped, a byte order mark too.
 * Bounds     4 KiB per line, 256 columns, 20 million lines. Memory is that of one line, whatever the file's size.
 * Failure    SCHED_EINVAL with "file:line: what is wrong" for what the file says; SCHED_EIO when it cannot be read. */
#ifndef SIM_SCENARIO_CSV_H
#define SIM_SCENARIO_CSV_H

#include "core/base/yaml_doc.h"

#include <stdbool.h>
#include <stdint.h>

enum { CSV_LINE_MAX = 4096, CSV_COLUMNS_MAX = 256, CSV_LINES_MAX = 20000000, CSV_DIGEST_MAX = 16 };
enum { DATA_PATH_MAX = 255, COLUMN_NAME_MAX = 63 }; /* of what scenarios say of files */

typedef struct csv csv;

/* Opens the file and reads its header. */
sched_status csv_open(const char *path, csv **ret_csv, sched_error *err);
/* The same for a file that a scenario names: `mapping` is its value there, with the key "file". A file that is not there is told
 * with the place of that name. */
sched_status csv_open_named(const yaml_value *mapping, const char *file, csv **ret_csv, sched_error *err);
/* After the last row: the digest goes to `digest`, or must be that when it is given already. */
sched_status csv_check_digest(const csv *c, const yaml_value *mapping, char digest[CSV_DIGEST_MAX + 1],
                              sched_error *err);
csv *csv_close(csv *c); /* takes NULL, returns NULL */

/* The number of the column with that name; else the columns that there are. */
sched_status csv_column(const csv *c, const char *name, int *ret_column, sched_error *err);

/* The next row; *ret_row is false when there is none. */
sched_status csv_next(csv *c, bool *ret_row, sched_error *err);
/* Number of the present row's line in the file, from 1. */
int64_t csv_line(const csv *c);
/* A field of the present row, without blanks around it; valid until the next one. */
const char *csv_text(const csv *c, int column);
/* The same as a number >= 0. */
sched_status csv_number(const csv *c, int column, double *ret_number, sched_error *err);
/* "file:line: text" of the present row. */
sched_status csv_fail(const csv *c, sched_error *err, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* FNV-1a 64 of all bytes so far, as 16 hex digits: of the whole file after the last row. */
char *csv_digest(const csv *c, char text[CSV_DIGEST_MAX + 1]);

#endif
