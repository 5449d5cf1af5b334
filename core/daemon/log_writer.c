/* log_writer.c - fields are taken apart, and written so that both forms can be read back.
 *
 * A quoted value ends at the quote that the end of the line or " name=" follows, not at the first one: reasons quote what they complain
 * about. What is inside is written with a backslash before each quote, which readers of logfmt want as those of JSON do. */
#include "core/daemon/log_writer.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/base/text.h"

typedef struct line_end {
    char *at, *end;
} line_end;

static void put_char(line_end *l, char c) {
    if (l->at < l->end) *l->at++ = c;
}

static void put(line_end *l, const char *text, size_t len) {
    for (size_t i = 0; i < len; i++) put_char(l, text[i]);
}

static void put_text(line_end *l, const char *text) {
    put(l, text, strlen(text));
}

/* Valid UTF-8 without control characters, as text_one_line() makes it. */
static void put_quoted(line_end *l, const char *text, size_t len) {
    put_char(l, '"');
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '"' || text[i] == '\\') put_char(l, '\\');
        put_char(l, text[i]);
    }
    put_char(l, '"');
}

static size_t name_length(const char *text) {
    size_t n = 0;
    while (isalnum((unsigned char)text[n]) || text[n] == '_' || text[n] == '.') n++;
    return text[n] == '=' ? n : 0;
}

static bool ends_here(const char *behind) {
    return *behind == '\0' || (*behind == ' ' && name_length(behind + 1) > 0);
}

/* Where the value that begins at `value` ends: behind its last character, before its closing quote. */
static const char *value_end(const char *value, bool quoted) {
    const char *c = value;
    if (!quoted) return value + strcspn(value, " ");
    while (*c && !(*c == '"' && ends_here(c + 1))) c++;
    return c;
}

typedef struct log_field {
    const char *name, *value;
    size_t name_len, value_len;
    bool quoted;
} log_field;

/* Returns what is behind it. What has no name is one without, to the end. */
static const char *next_field(const char *fields, log_field *ret_field) {
    size_t len = name_length(fields);
    log_field f = {.name = fields, .name_len = len, .value = fields, .value_len = strlen(fields)};
    const char *end = fields + f.value_len;
    if (len) {
        f.quoted = fields[len + 1] == '"';
        f.value = fields + len + 1 + f.quoted;
        end = value_end(f.value, f.quoted);
        f.value_len = (size_t)(end - f.value);
        end += f.quoted && *end;
    }
    *ret_field = f;
    return end + strspn(end, " ");
}

static void put_fields_json(line_end *l, const char *fields) {
    log_field f;
    for (fields += strspn(fields, " "); *fields;) {
        fields = next_field(fields, &f);
        put_char(l, ',');
        put_quoted(l, f.name_len ? f.name : "text", f.name_len ? f.name_len : strlen("text"));
        put_char(l, ':');
        put_quoted(l, f.value, f.value_len);
    }
    put_char(l, '}');
}

static void put_fields_logfmt(line_end *l, const char *fields) {
    log_field f;
    for (fields += strspn(fields, " "); *fields;) {
        fields = next_field(fields, &f);
        put_char(l, ' ');
        put(l, f.name, f.name_len + (f.name_len > 0));
        (f.quoted ? put_quoted : put)(l, f.value, f.value_len);
    }
}

static void put_time(line_end *l, int64_t at_msec) {
    char second[sizeof "2000-01-01T00:00:00"], text[sizeof second + 8];
    time_t whole = (time_t)(at_msec / 1000);
    struct tm utc;
    gmtime_r(&whole, &utc);
    strftime(second, sizeof second, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(text, sizeof text, "%s.%03dZ", second, (int)(at_msec % 1000));
    put_text(l, text);
}

size_t log_line(log_format format, int64_t at_msec, log_level level, const char *event, const char *fields,
                char line[LOG_LINE_MAX]) {
    line_end l = {line, line + LOG_LINE_MAX - 1};
    bool json = format == LOG_JSON;
    put_text(&l, json ? "{\"ts\":\"" : "ts=");
    put_time(&l, at_msec);
    put_text(&l, json ? "\",\"level\":\"" : " level=");
    put_text(&l, log_level_name(level));
    put_text(&l, json ? "\",\"event\":\"" : " event=");
    put_text(&l, event);
    if (json) put_char(&l, '"');
    (json ? put_fields_json : put_fields_logfmt)(&l, fields);
    *l.at++ = '\n';
    return (size_t)(l.at - line);
}

/* Asks the machine for the time: it stamps what people read, nothing that a decision rests on. */
static void write_line(void *ctx, log_level level, const char *event, const char *fields) {
    const log_writer *w = ctx;
    if (level < w->least) return;
    char line[LOG_LINE_MAX];
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    size_t len = log_line(w->format, (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000, level, event, fields, line);
    ssize_t written = write(w->fd, line, len);
    (void)written;
}

logger log_writer_logger(log_writer *w) {
    return (logger){.write = write_line, .ctx = w, .least = LOG_DEBUG};
}
