/* template.h - a page with holes: {{name}} is replaced by what the writer of that name says. */
#ifndef SIM_REPORT_TEMPLATE_H
#define SIM_REPORT_TEMPLATE_H

#include <stdio.h>

typedef struct template_field {
    const char *name;
    void (*write)(const void *ctx, FILE *out);
} template_field;

/* `name`: of a file of reports/. `fields` ends with a field without a name; a hole without a field is a bug (assert). */
void template_write(const char *name, const template_field *fields, const void *ctx, FILE *out);

#endif
