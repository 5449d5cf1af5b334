/* gnuplot_script.h - the pieces of a script: variables, then the files of reports/ that draw with them. */
#ifndef SIM_REPORT_GNUPLOT_SCRIPT_H
#define SIM_REPORT_GNUPLOT_SCRIPT_H

#include <stdio.h>

/* name = 'value' */
void script_text(FILE *out, const char *name, const char *value);
void script_number(FILE *out, const char *name, double value);
/* A file of reports/ by its name; nothing when there is none. */
void script_file(FILE *out, const char *name);

#endif
