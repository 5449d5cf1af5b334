/* log_writer.h - what the daemon's loggers write to: one line for each event, on a descriptor.
 *
 *     logfmt   ts=2024-05-01T12:00:00.000Z level=warn event=node_offline node=gpu-7 reason=expired
 *              ... text="values with spaces; a \"quote\" in them has a backslash"
 *     json     {"ts":"2024-05-01T12:00:00.000Z","level":"warn","event":"node_offline","node":"gpu-7","reason":"expired"}
 *
 * A line is one write(), so lines of several processes do not mix. What cannot be written is dropped.
 * Fields are what log.h hands over: one line of name=value and name="value with spaces". */
#ifndef CORE_DAEMON_LOG_WRITER_H
#define CORE_DAEMON_LOG_WRITER_H

#include "core/base/log.h"

#include <stddef.h>
#include <stdint.h>

typedef enum log_format { LOG_LOGFMT, LOG_JSON } log_format;

/* Its fields may change at any time; the next line follows them. */
typedef struct log_writer {
    int fd;
    log_format format;
    log_level least; /* loggers pass everything, because copies of them are many */
} log_writer;

/* Of `w`, which it borrows. */
logger log_writer_logger(log_writer *w);

enum { LOG_LINE_MAX = 3 * LOG_FIELDS_MAX };
/* The line with its newline, for an instant in ms since 1970; returns its length. */
size_t log_line(log_format format, int64_t at_msec, log_level level, const char *event, const char *fields,
                char line[LOG_LINE_MAX]);

#endif
