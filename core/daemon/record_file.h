/* record_file.h - a table in numbered parts of bounded size, of which the oldest go: "arrivals-000001.csv", each with the head line. */
#ifndef CORE_DAEMON_RECORD_FILE_H
#define CORE_DAEMON_RECORD_FILE_H

#include "core/base/clock.h"
#include "core/base/status.h"

#include <stdint.h>
#include <stdio.h>

enum { RECORD_PATH_MAX = 1024 };

typedef struct record_file {
    const char *folder, *name, *head; /* borrowed; `head` without its end of line */
    uint64_t part_bytes;
    int64_t parts_max;
    FILE *out;
    int64_t part;
    uint64_t part_written;
    uint64_t lines, bytes; /* of all parts */
} record_file;

/* Opens the first part; SCHED_EIO with its path, also when it is there already. */
sched_status record_file_open(record_file *f, sched_error *err);
/* One line, without its end. */
sched_status record_file_write(record_file *f, sched_error *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
sched_status record_file_flush(record_file *f, sched_error *err);
void record_file_close(record_file *f);

#endif
