/* log.c - formatting once, in a buffer on the stack.
 *
 * Fields carry names from nodes and clients, so they are escaped after formatting: whoever sends a line break must not be
 * able to forge a line. The writer behind a logger therefore never has to look into what it is given. */
#include "core/base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "core/base/text.h"

void log_write(const logger *log, log_level level, const char *event, const char *format, ...) {
    if (!log->write || level < log->least) return;
    char raw[LOG_FIELDS_MAX + 1], fields[LOG_FIELDS_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(raw, sizeof raw, format, args);
    va_end(args);
    log->write(log->ctx, level, event, text_one_line(fields, sizeof fields, raw));
}

const char *log_level_name(log_level level) {
    switch (level) {
    case LOG_DEBUG: return "debug";
    case LOG_INFO: return "info";
    case LOG_WARN: return "warn";
    case LOG_ERROR: return "error";
    }
    return "unknown";
}

/* Asks the machine for the time, unlike everything else in core: it stamps what people read beside the program, never
 * anything that a decision rests on. */
void log_to_stderr(void *ctx, log_level level, const char *event, const char *fields) {
    (void)ctx;
    struct timespec now;
    struct tm utc;
    char second[sizeof "2000-01-01T00:00:00"];
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    strftime(second, sizeof second, "%Y-%m-%dT%H:%M:%S", &utc);
    fprintf(stderr, "%s.%03ldZ %-5s %s%s%s\n", second, now.tv_nsec / 1000000, log_level_name(level), event,
            *fields ? " " : "", fields);
}
