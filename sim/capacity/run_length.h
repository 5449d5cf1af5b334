/* run_length.h - how much of a scenario the runs of a search are. */
#ifndef SIM_CAPACITY_RUN_LENGTH_H
#define SIM_CAPACITY_RUN_LENGTH_H

#include "core/base/units.h"
#include "sim/scenario/scenario.h"

#define RUN_LENGTH_USUAL (240 * USEC_PER_SEC)

/* The scenario's duration, but at most RUN_LENGTH_USUAL of one that goes on alike: behind its warm-up, a third of that at most,
 * everybody has come, sessions arrive at a steady rate, no group of nodes leaves, and there are no faults. */
usec_t run_length_usual(const scenario *sc);

#endif
