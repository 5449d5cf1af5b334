/* log.h - one line per event, handed to whoever runs the core.
 *
 * A logger is a value that is passed in; library code writes to it and to nothing else. Lines are logfmt after the event
 * name: `log_write(&log, LOG_WARN, "node_offline", "node=%s reason=%s", id, reason)`. Never put audio, text of speakers or
 * secrets into a line. A logger whose `write` is NULL drops everything.
 *
 * What the writer is handed is one line: control characters are escaped (\n, \x1b), and what is longer than LOG_FIELDS_MAX
 * bytes is cut between characters. */
#ifndef CORE_BASE_LOG_H
#define CORE_BASE_LOG_H

typedef enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR } log_level;

enum { LOG_FIELDS_MAX = 2048 }; /* with the NUL */

typedef struct logger {
    void (*write)(void *ctx, log_level level, const char *event, const char *fields);
    void *ctx;
    log_level least; /* lower levels are dropped before they are formatted */
} logger;

void log_write(const logger *log, log_level level, const char *event, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
const char *log_level_name(log_level level);

/* A logger for programs: "2024-05-01T12:00:00.000Z warn  event fields" (UTC) on stderr; ctx is not used. */
void log_to_stderr(void *ctx, log_level level, const char *event, const char *fields);

#endif
