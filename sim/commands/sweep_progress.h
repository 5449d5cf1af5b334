/* sweep_progress.h - how far a sweep or a comparison is: one line on a terminal, a line for each run that ended elsewhere. */
#ifndef SIM_COMMANDS_SWEEP_PROGRESS_H
#define SIM_COMMANDS_SWEEP_PROGRESS_H

#include "sim/report/sweep_report.h"

typedef struct sweep_progress sweep_progress;

/* `kept` of `all` runs are there already. `out` NULL: says nothing. Lines begin with `command`, which is borrowed. */
sweep_progress *sweep_progress_new(FILE *out, const char *command, size_t all, size_t kept, int jobs);
sweep_progress *sweep_progress_free(sweep_progress *p); /* takes the line away; takes NULL, returns NULL */

void sweep_progress_began(sweep_progress *p);
void sweep_progress_ended(sweep_progress *p, const sweep_view *view, size_t cell);
void sweep_progress_show(sweep_progress *p);
/* Takes the line away until the next one is shown. */
void sweep_progress_clear(sweep_progress *p);

#endif
