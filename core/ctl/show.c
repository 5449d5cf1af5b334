/* show.c - cells are texts made from JSON values; what nodes and speakers may have written is kept in its line. */
#include "core/ctl/show.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/text_table.h"
#include "core/base/units.h"

enum { CELL_MAX = 160 };

/* ---- cells ----------------------------------------------------------------------------------------------------------- */

/* To the tenth of a second below a minute, to the second above: what changes faster is no help to people. */
static void put_time(char cell[CELL_MAX], int64_t msec) {
    char text[UNITS_TEXT_MAX];
    int64_t step = msec < 1000 ? 1 : msec < 60000 ? 100 : 1000;
    snprintf(cell, CELL_MAX, "%s", units_format_duration(text, msec / step * step * USEC_PER_MSEC));
}

/* "1h2min3s" is the unit's own way to write long times, but not units_format_duration's: whole minutes are enough there. */
static void put_long_time(char cell[CELL_MAX], int64_t msec) {
    if (msec < 120000)
        put_time(cell, msec);
    else if (msec < 7200000)
        snprintf(cell, CELL_MAX, "%" PRId64 "min", msec / 60000);
    else
        snprintf(cell, CELL_MAX, "%" PRId64 "h%" PRId64 "min", msec / 3600000, msec / 60000 % 60);
}

/* One decimal of the largest binary unit. */
char *show_size(char *text, size_t size, int64_t bytes) {
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    double value = (double)bytes;
    size_t unit = 0;
    for (; value >= 1024 && unit + 1 < sizeof units / sizeof *units; unit++) value /= 1024;
    snprintf(text, size, unit ? "%.1f %s" : "%.0f %s", value, units[unit]);
    return text;
}

static void put_plain(char cell[CELL_MAX], const json_t *value) {
    const char *text = json_string_value(value);
    if (json_is_integer(value))
        snprintf(cell, CELL_MAX, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else if (json_is_real(value))
        snprintf(cell, CELL_MAX, "%.1f", json_real_value(value));
    else if (text && *text)
        text_one_line(cell, CELL_MAX, text);
    else
        snprintf(cell, CELL_MAX, "-");
}

static void put(char cell[CELL_MAX], const json_t *value, show_as as, int64_t now) {
    int64_t number = json_integer_value(value);
    if (as == SHOW_PLAIN || (as != SHOW_YES && !json_is_integer(value)))
        put_plain(cell, value);
    else if (as == SHOW_YES)
        snprintf(cell, CELL_MAX, "%s", json_is_true(value) ? "yes" : "no");
    else if (as == SHOW_SIZE)
        show_size(cell, CELL_MAX, number);
    else if (as == SHOW_IN && number <= now)
        snprintf(cell, CELL_MAX, "due");
    else if (as == SHOW_TIME)
        put_long_time(cell, number);
    else
        put_long_time(cell, as == SHOW_AGO ? (now > number ? now - number : 0) : number - now);
}

void show_table(const json_t *rows, const show_column *columns, size_t count, size_t left, int64_t now, FILE *out) {
    char cell[CELL_MAX];
    text_table *t = text_table_new(json_array_size(rows) + 1, count);
    for (size_t c = 0; c < count; c++) text_table_set(t, 0, c, "%s", columns[c].title);
    for (size_t r = 0; r < json_array_size(rows); r++) {
        for (size_t c = 0; c < count; c++) {
            put(cell, json_object_get(json_array_get(rows, r), columns[c].field), columns[c].as, now);
            text_table_set(t, r + 1, c, "%s", cell);
        }
    }
    text_table_print(t, left, out);
    text_table_free(t);
}

void show_record(const json_t *object, const show_column *columns, size_t count, int64_t now, FILE *out) {
    char cell[CELL_MAX];
    size_t widest = 0;
    for (size_t c = 0; c < count; c++) widest = strlen(columns[c].title) > widest ? strlen(columns[c].title) : widest;
    for (size_t c = 0; c < count; c++) {
        const json_t *value = json_object_get(object, columns[c].field);
        if (!value || json_is_null(value)) continue;
        put(cell, value, columns[c].as, now);
        fprintf(out, "%-*s  %s\n", (int)widest, columns[c].title, cell);
    }
}

void show_part(const char *title, const json_t *rows, const show_column *columns, size_t count, size_t left,
               int64_t now, FILE *out) {
    if (!json_array_size(rows)) return;
    fprintf(out, "\n%s\n", title);
    show_table(rows, columns, count, left, now, out);
}

int64_t show_number(const json_t *object, const char *field) {
    return json_integer_value(json_object_get(object, field));
}
