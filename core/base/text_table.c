/* text_table.c - widths are counted in characters, not bytes: ± is one. */
#include "core/base/text_table.h"

#include <assert.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>

#include "core/base/mem.h"

struct text_table {
    size_t rows, columns;
    char **cell;
};

text_table *text_table_new(size_t rows, size_t columns) {
    text_table *t = mem_zalloc(1, sizeof *t);
    *t = (text_table){rows, columns, mem_zalloc(rows * columns, sizeof(char *))};
    return t;
}

text_table *text_table_free(text_table *t) {
    if (!t) return NULL;
    for (size_t i = 0; i < t->rows * t->columns; i++) free(t->cell[i]);
    free(t->cell);
    free(t);
    return NULL;
}

void text_table_set(text_table *t, size_t row, size_t column, const char *format, ...) {
    assert(row < t->rows && column < t->columns);
    char **cell = &t->cell[row * t->columns + column];
    free(*cell);
    va_list args;
    va_start(args, format);
    int len = vasprintf(cell, format, args);
    va_end(args);
    assert(len >= 0);
}

static const char *text_of(const text_table *t, size_t row, size_t column) {
    const char *text = t->cell[row * t->columns + column];
    return text ? text : "";
}

static size_t width(const char *text) {
    size_t n = 0;
    for (; *text; text++) n += (*text & 0xC0) != 0x80;
    return n;
}

static size_t column_width(const text_table *t, size_t column) {
    size_t most = 0;
    for (size_t row = 0; row < t->rows; row++) {
        size_t w = width(text_of(t, row, column));
        most = w > most ? w : most;
    }
    return most;
}

void text_table_print(const text_table *t, size_t left, FILE *out) {
    for (size_t row = 0; row < t->rows; row++) {
        for (size_t column = 0; column < t->columns; column++) {
            const char *text = text_of(t, row, column);
            int gap = (int)(column_width(t, column) - width(text));
            bool last = column + 1 == t->columns;
            fprintf(out, "%*s%s%*s%s", column < left ? 0 : gap, "", text, column < left && !last ? gap : 0, "",
                    last ? "\n" : "  ");
        }
    }
}

static void markdown_cell(const char *text, FILE *out) {
    for (; *text; text++) {
        if (*text == '|') fputc('\\', out);
        fputc(*text, out);
    }
}

void text_table_markdown(const text_table *t, size_t left, FILE *out) {
    for (size_t row = 0; row < t->rows; row++) {
        fputc('|', out);
        for (size_t column = 0; column < t->columns; column++) {
            fputc(' ', out);
            markdown_cell(text_of(t, row, column), out);
            fputs(" |", out);
        }
        fputc('\n', out);
        if (row > 0) continue;
        fputc('|', out);
        for (size_t column = 0; column < t->columns; column++) fputs(column < left ? "---|" : "---:|", out);
        fputc('\n', out);
    }
}
