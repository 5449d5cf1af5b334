/* gnuplot.h - runs gnuplot, an external program, on a script. */
#ifndef SIM_REPORT_GNUPLOT_H
#define SIM_REPORT_GNUPLOT_H

#include "core/base/status.h"

/* Runs in `folder`, so that scripts name files relative to it; reads neither the user's nor the system's settings. SCHED_ENOENT: not
 * installed; SCHED_ETIMEDOUT: killed after half a minute; SCHED_EIO with the last thing it said. */
sched_status gnuplot_run(const char *folder, const char *script, sched_error *err);

#endif
