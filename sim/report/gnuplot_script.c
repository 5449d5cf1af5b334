/* gnuplot_script.c - texts may hold anything that a name of a scenario may hold. */
#include "sim/report/gnuplot_script.h"

#include "core/base/embedded.h"

/* In single quotes nothing is special but the quote itself. */
void script_text(FILE *out, const char *name, const char *value) {
    fprintf(out, "%s = '", name);
    for (; *value; value++) fprintf(out, *value == '\'' ? "''" : "%c", *value);
    fputs("'\n", out);
}

void script_number(FILE *out, const char *name, double value) {
    fprintf(out, "%s = %.6f\n", name, value);
}

void script_file(FILE *out, const char *name) {
    const embedded_file *file = embedded_find(embedded_reports, name);
    if (file) fwrite(file->data, 1, file->len, out);
}
