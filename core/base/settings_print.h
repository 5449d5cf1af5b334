/* settings_print.h - the tables of settings.h turned to text: values as YAML, rows as documentation.
 *
 * Output is deterministic: same table and values, same bytes. */
#ifndef CORE_BASE_SETTINGS_PRINT_H
#define CORE_BASE_SETTINGS_PRINT_H

#include "core/base/settings.h"

#include <stdbool.h>
#include <stdio.h>

enum { SETTING_FORM_MAX = 256, SETTING_BOUNDS_MAX = 80, SETTING_NAMES_MAX = 256 };

/* How the value of a row is written: "a duration (15s, 250ms)", "one of random, best_of". */
const char *setting_form(const setting *row, char text[SETTING_FORM_MAX]);
bool setting_bounded(const setting *row);
/* "100ms .. 1h"; "" when the row has no bounds. */
const char *setting_bounds(const setting *row, char text[SETTING_BOUNDS_MAX]);
/* "; known here: name, seed, ...", as many as fit. */
const char *settings_names(const setting *rows, char text[SETTING_NAMES_MAX]);

/* The struct as YAML that binds back to the same values, in the order of the rows, `indent` columns to the right.
 * What was not given and has no default is left out. */
void settings_dump(const setting *rows, const void *target, FILE *out, int indent);

/* The language that the rows define, as an annotated YAML document that holds every default: above each key what it
 * means, how it is written and its bounds. Keys without a default, and elements of lists that are empty by default,
 * are comments. */
void settings_schema_text(const setting *rows, FILE *out);
/* The same as Markdown tables, one per mapping, under headings of `level` (2: "##"). */
void settings_schema_markdown(const setting *rows, FILE *out, int level);

/* A text in double quotes, escaped so that it reads back unchanged. */
void yaml_write_text(FILE *out, const char *text);
#endif
