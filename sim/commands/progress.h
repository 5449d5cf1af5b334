/* progress.h - one line on a terminal that says how far a run is. Wall-clock time is used for the line and for nothing else. */
#ifndef SIM_COMMANDS_PROGRESS_H
#define SIM_COMMANDS_PROGRESS_H

#include "sim/world/simulation.h"

#include <stdio.h>

typedef struct progress_bar progress_bar;

/* `terminal` NULL: shows nothing. */
progress_bar *progress_new(FILE *terminal);
progress_bar *progress_free(progress_bar *bar); /* takes NULL, returns NULL */
/* At most ten times in a second of real time. */
void progress_show(progress_bar *bar, const simulation_progress *p);
/* Takes the line away. */
void progress_clear(progress_bar *bar);

#endif
