/* show.h - the same facts for people and for machines: a command builds one JSON document, and the table is made from its
 * objects by a list of columns. So both tell the same, and a field is spelled once. */
#ifndef CORE_CTL_SHOW_H
#define CORE_CTL_SHOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

typedef enum show_as {
    SHOW_PLAIN, /* text or number as it is; "-" when it is not there or empty */
    SHOW_AGO,   /* an instant, ms: how long ago it was */
    SHOW_IN,    /* an instant, ms: how long until then; "due" when it has passed */
    SHOW_TIME,  /* a length of time, ms */
    SHOW_SIZE,  /* bytes */
    SHOW_YES,   /* a truth value: "yes", "no" */
} show_as;

typedef struct show_column {
    const char *title, *field;
    show_as as;
} show_column;

/* Rows are the objects of an array; the first `left` columns stand to the left. `now` in ms. */
void show_table(const json_t *rows, const show_column *columns, size_t count, size_t left, int64_t now, FILE *out);
/* One object: a line for each column whose field is there. */
void show_record(const json_t *object, const show_column *columns, size_t count, int64_t now, FILE *out);

/* A list below a record: an empty line, its title, the table; nothing when the list is empty. */
void show_part(const char *title, const json_t *rows, const show_column *columns, size_t count, size_t left,
               int64_t now, FILE *out);

/* A member of an object; 0 when it is not there. */
int64_t show_number(const json_t *object, const char *field);

/* "2.6 MiB"; returns `text`. */
char *show_size(char *text, size_t size, int64_t bytes);

#endif
