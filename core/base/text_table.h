/* text_table.h - a small table of texts, for terminals and for Markdown. */
#ifndef CORE_BASE_TEXT_TABLE_H
#define CORE_BASE_TEXT_TABLE_H

#include <stddef.h>
#include <stdio.h>

typedef struct text_table text_table;

/* Empty cells; row 0 is the head. */
text_table *text_table_new(size_t rows, size_t columns);
text_table *text_table_free(text_table *t); /* takes NULL, returns NULL */
void text_table_set(text_table *t, size_t row, size_t column, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Columns aligned, the first `left` to the left, the others to the right. */
void text_table_print(const text_table *t, size_t left, FILE *out);
void text_table_markdown(const text_table *t, size_t left, FILE *out);

#endif
