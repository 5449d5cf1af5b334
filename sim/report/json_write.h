/* json_write.h - what the files for tools have in common: numbers without dust, and the layout. */
#ifndef SIM_REPORT_JSON_WRITE_H
#define SIM_REPORT_JSON_WRITE_H

#include <jansson.h>
#include <stdio.h>

/* Takes the reference to `value`. */
void json_set(json_t *object, const char *name, json_t *value);
/* Six significant digits, so that no dust of binary fractions is printed. */
double json_tidy(double value);
/* The same as a value; null when it is not finite. */
json_t *json_number(double value);
/* Prints it with a newline behind, and lets go of it. */
void json_write(json_t *o, FILE *out);

#endif
