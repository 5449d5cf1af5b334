/* csv.c - one line in one buffer, cut into fields in place.
 *
 * Why it is read here and not by a library: traces have millions of lines, of which a scenario needs two or three columns;
 * a line that is wrong must be told with its number; and nothing but one line is ever in memory. */
#include "sim/scenario/csv.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/suggest.h"
#include "core/base/text.h"
#include "core/base/units.h"

enum { QUOTE_MAX = 68 };

struct csv {
    FILE *in;
    char *path;
    int64_t line; /* from 1 */
    uint64_t digest;
    char text[CSV_LINE_MAX + 2]; /* of the present line */
    char *names;                 /* of the columns, in one block */
    const char *name[CSV_COLUMNS_MAX];
    const char *field[CSV_COLUMNS_MAX];
    int columns, fields;
};

sched_status csv_fail(const csv *c, sched_error *err, const char *format, ...) {
    sched_error inner;
    va_list args;
    va_start(args, format);
    sched_vfail(&inner, SCHED_EINVAL, format, args);
    va_end(args);
    return sched_fail(err, SCHED_EINVAL, "%s:%" PRId64 ": %s", c->path, c->line, inner.message);
}

/* --- lines ------------------------------------------------------------------------------------------------------ */

static void digest(csv *c, size_t len) {
    for (size_t i = 0; i < len; i++) {
        c->digest = (c->digest ^ (unsigned char)c->text[i]) * UINT64_C(0x100000001b3);
    }
}

/* The next line without its end; *ret_line is false at the end of the file. */
static sched_status read_line(csv *c, bool *ret_line, sched_error *err) {
    size_t len = 0;
    int byte = EOF;
    while (len <= CSV_LINE_MAX && (byte = getc_unlocked(c->in)) != EOF) {
        c->text[len++] = (char)byte;
        if (byte == '\n') break;
    }
    if (ferror(c->in)) return sched_fail(err, SCHED_EIO, "%s: cannot be read: %s", c->path, strerror(errno));
    digest(c, len);
    *ret_line = len > 0;
    if (len == 0) return SCHED_OK;
    c->line++;
    if (len > CSV_LINE_MAX && byte != '\n') return csv_fail(c, err, "a line of more than %d bytes", CSV_LINE_MAX);
    if (c->line > CSV_LINES_MAX) return csv_fail(c, err, "more than %d lines", CSV_LINES_MAX);
    if (c->text[len - 1] == '\n') len--;
    if (len > 0 && c->text[len - 1] == '\r') len--;
    if (memchr(c->text, '\0', len)) return csv_fail(c, err, "a NUL character: this is not a text");
    c->text[len] = '\0';
    return SCHED_OK;
}

static char *skip_blanks(char *at) {
    return at + strspn(at, " \t");
}

/* Cuts a quoted field in place; returns what follows its closing quote, NULL when there is none. */
static char *cut_quoted(char *at, const char **ret_field) {
    char *to = at;
    *ret_field = at;
    for (; *at; at++) {
        if (*at == '"' && at[1] != '"') break;
        if (*at == '"') at++;
        *to++ = *at;
    }
    if (*at != '"') return NULL;
    *to = '\0';
    return skip_blanks(at + 1);
}

static char *cut_plain(char *at, const char **ret_field) {
    char *end = at + strcspn(at, ",");
    char *last = end;
    *ret_field = at;
    while (last > at && (last[-1] == ' ' || last[-1] == '\t')) last--;
    bool more = *end == ',';
    *last = '\0';
    if (more) *end = ','; /* restored when the field had no blanks behind it, so that the caller sees it */
    return end;
}

static sched_status cut(csv *c, sched_error *err) {
    char *at = c->text;
    c->fields = 0;
    for (;;) {
        if (c->fields == CSV_COLUMNS_MAX) return csv_fail(c, err, "more than %d columns", CSV_COLUMNS_MAX);
        at = skip_blanks(at);
        const char **field = &c->field[c->fields++];
        char *end = *at == '"' ? cut_quoted(at + 1, field) : cut_plain(at, field);
        if (!end) return csv_fail(c, err, "a quote is opened and not closed");
        if (*end != ',' && *end != '\0') return csv_fail(c, err, "something follows a closing quote");
        bool more = *end == ',';
        *end = '\0';
        if (!more) return SCHED_OK;
        at = end + 1;
    }
}

/* The fields of the next line that is not empty. */
static sched_status next_fields(csv *c, bool *ret_row, sched_error *err) {
    do {
        sched_status status = read_line(c, ret_row, err);
        if (status || !*ret_row) return status;
    } while (!*skip_blanks(c->text));
    return cut(c, err);
}

/* --- the header ------------------------------------------------------------------------------------------------- */

static int find_column(const csv *c, const char *name) {
    for (int i = 0; i < c->columns; i++) {
        if (!strcmp(c->name[i], name)) return i;
    }
    return -1;
}

static sched_status take_names(csv *c, sched_error *err) {
    char quoted[QUOTE_MAX];
    c->names = mem_alloc(sizeof c->text);
    memcpy(c->names, c->text, sizeof c->text);
    for (int i = 0; i < c->fields; i++) {
        const char *name = c->names + (c->field[i] - c->text);
        text_one_line(quoted, sizeof quoted, name);
        if (!*name) return csv_fail(c, err, "column %d has no name: the first line names the columns", i + 1);
        if (find_column(c, name) >= 0) return csv_fail(c, err, "two columns are named \"%s\"", quoted);
        c->name[c->columns++] = name;
    }
    return SCHED_OK;
}

static sched_status read_header(csv *c, sched_error *err) {
    static const char mark[] = "\xEF\xBB\xBF";
    bool row = false;
    sched_status status = next_fields(c, &row, err);
    if (status) return status;
    if (!row)
        return sched_fail(err, SCHED_EINVAL, "%s:1: the file is empty: expected a line with names of columns", c->path);
    if (!strncmp(c->field[0], mark, 3)) c->field[0] += 3;
    return take_names(c, err);
}

sched_status csv_column(const csv *c, const char *name, int *ret_column, sched_error *err) {
    char hint[SUGGEST_TEXT_MAX], all[300] = "", quoted[QUOTE_MAX], one[QUOTE_MAX];
    int found = find_column(c, name);
    if (found >= 0) {
        *ret_column = found;
        return SCHED_OK;
    }
    suggest near = suggest_for(name);
    size_t len = 0;
    for (int i = 0; i < c->columns; i++) {
        suggest_offer(&near, c->name[i]);
        text_one_line(one, sizeof one, c->name[i]);
        if (len + strlen(one) + 8 > sizeof all) continue;
        len += (size_t)snprintf(all + len, sizeof all - len, "%s%s", i ? ", " : "", one);
    }
    return sched_fail(err, SCHED_EINVAL, "%s:1: no column \"%s\"%s; its columns: %s", c->path,
                      text_one_line(quoted, sizeof quoted, name), suggest_text(&near, hint), all);
}

/* --- the table -------------------------------------------------------------------------------------------------- */

sched_status csv_open(const char *path, csv **ret_csv, sched_error *err) {
    assert(path && ret_csv);
    FILE *in = fopen(path, "rb");
    if (!in) return sched_fail(err, SCHED_EIO, "%s: cannot be opened: %s", path, strerror(errno));
    csv *c = mem_zalloc(1, sizeof *c);
    c->in = in;
    c->path = mem_strdup(path);
    c->digest = UINT64_C(0xcbf29ce484222325);
    sched_status status = read_header(c, err);
    if (status) {
        csv_close(c);
        return status;
    }
    *ret_csv = c;
    return SCHED_OK;
}

sched_status csv_open_named(const yaml_value *mapping, const char *file, csv **ret_csv, sched_error *err) {
    sched_error inner;
    const yaml_value *name = yaml_at(mapping, "file");
    char *path = yaml_path(name, file);
    sched_status status = csv_open(path, ret_csv, &inner);
    free(path);
    if (status == SCHED_EIO) return yaml_fail(name, err, "file: %s", inner.message);
    return status ? sched_fail(err, status, "%s", inner.message) : SCHED_OK;
}

sched_status csv_check_digest(const csv *c, const yaml_value *mapping, char digest[CSV_DIGEST_MAX + 1],
                              sched_error *err) {
    char found[CSV_DIGEST_MAX + 1];
    csv_digest(c, found);
    if (*digest && strcmp(digest, found) != 0) {
        return yaml_fail(yaml_at(mapping, "digest"), err, "digest: the file has %s: it is not the one that was meant",
                         found);
    }
    memcpy(digest, found, sizeof found);
    return SCHED_OK;
}

csv *csv_close(csv *c) {
    if (!c) return NULL;
    fclose(c->in);
    free(c->path);
    free(c->names);
    free(c);
    return NULL;
}

sched_status csv_next(csv *c, bool *ret_row, sched_error *err) {
    bool row = false;
    sched_status status = next_fields(c, &row, err);
    if (status) return status;
    if (row && c->fields != c->columns) {
        return csv_fail(c, err, "%d fields, but the first line names %d columns", c->fields, c->columns);
    }
    *ret_row = row;
    return SCHED_OK;
}

int64_t csv_line(const csv *c) {
    return c->line;
}

const char *csv_text(const csv *c, int column) {
    assert(column >= 0 && column < c->fields);
    return c->field[column];
}

sched_status csv_number(const csv *c, int column, double *ret_number, sched_error *err) {
    char quoted[QUOTE_MAX];
    double number = 0;
    const char *text = csv_text(c, column);
    text_one_line(quoted, sizeof quoted, text);
    if (units_parse_number(text, &number, NULL)) {
        return csv_fail(c, err, "%s: \"%s\" is not a number", c->name[column], quoted);
    }
    if (number < 0) return csv_fail(c, err, "%s: \"%s\" is below 0", c->name[column], quoted);
    *ret_number = number;
    return SCHED_OK;
}

char *csv_digest(const csv *c, char text[CSV_DIGEST_MAX + 1]) {
    snprintf(text, CSV_DIGEST_MAX + 1, "%016" PRIx64, c->digest);
    return text;
}
