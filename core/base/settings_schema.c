/* settings_schema.c - the language that a table defines, printed from the same rows that parse it. */
#include "core/base/settings_print.h"

#include <string.h>

/* --- annotated YAML --------------------------------------------------------------------------------------------- */

static void text_rows(const setting *rows, FILE *out, int indent, bool comment);

static void text_head(const setting *row, FILE *out, int indent) {
    char form[SETTING_FORM_MAX], bounds[SETTING_BOUNDS_MAX];
    setting_bounds(row, bounds);
    fprintf(out, "%*s# %s (%s%s%s%s)\n", indent, "", row->help, setting_form(row, form), *bounds ? ", " : "", bounds,
            row->required ? ", required" : "");
}

static void text_row(const setting *row, FILE *out, int indent, bool comment) {
    text_head(row, out, indent);
    const char *mark = comment || (!row->initial && row->kind != SETTING_SECTION) ? "#" : "";
    bool nested = row->rows && (row->kind == SETTING_SECTION || (row->initial && strcmp(row->initial, "[]") != 0));
    fprintf(out, "%*s%s%s:%s%s\n", indent, "", mark, row->name, nested || !row->initial ? "" : " ",
            nested || !row->initial ? "" : row->initial);
    if (!row->rows) return;
    if (row->kind == SETTING_LIST) fprintf(out, "%*s%s-\n", indent + 2, "", nested ? mark : "#");
    text_rows(row->rows, out, indent + (row->kind == SETTING_LIST ? 4 : 2), comment || !nested);
}

static void text_rows(const setting *rows, FILE *out, int indent, bool comment) {
    for (const setting *row = rows; row->name; row++) text_row(row, out, indent, comment);
}

void settings_schema_text(const setting *rows, FILE *out) {
    text_rows(rows, out, 0, false);
}

/* --- Markdown --------------------------------------------------------------------------------------------------- */

static void cell(FILE *out, const char *text) {
    for (; *text; text++) {
        if (*text == '|') fputc('\\', out);
        fputc(*text, out);
    }
    fputs(" |", out);
}

static void table_row(const setting *row, FILE *out) {
    char form[SETTING_FORM_MAX], bounds[SETTING_BOUNDS_MAX], value[SETTING_FORM_MAX + SETTING_BOUNDS_MAX + 4];
    setting_bounds(row, bounds);
    snprintf(value, sizeof value, "%s%s%s", setting_form(row, form), *bounds ? ", " : "", bounds);
    fprintf(out, "| `%s` | ", row->name);
    cell(out, value);
    fputc(' ', out);
    if (row->initial && row->kind != SETTING_SECTION) {
        fputc('`', out);
        fputs(row->initial, out);
        fputs("` |", out);
    } else {
        cell(out, row->required ? "required" : row->kind == SETTING_SECTION ? "as below" : "none");
    }
    fputc(' ', out);
    cell(out, row->help);
    fputc('\n', out);
}

static void markdown(const setting *rows, FILE *out, int level, const char *path) {
    fputs("| key | value | default | meaning |\n|---|---|---|---|\n", out);
    for (const setting *row = rows; row->name; row++) table_row(row, out);
    fputc('\n', out);
    for (const setting *row = rows; row->name; row++) {
        if (!row->rows) continue;
        char below[128];
        snprintf(below, sizeof below, "%s%s%s%s", path, *path ? "." : "", row->name,
                 row->kind == SETTING_LIST ? "[]" : "");
        fprintf(out, "%.*s `%s`: %s\n\n", level, "######", below, row->help);
        markdown(row->rows, out, level, below);
    }
}

void settings_schema_markdown(const setting *rows, FILE *out, int level) {
    markdown(rows, out, level, "");
}
