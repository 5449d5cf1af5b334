/* run_given.h - `lingua-sim run` for a scenario that is in memory already. */
#ifndef SIM_COMMANDS_RUN_GIVEN_H
#define SIM_COMMANDS_RUN_GIVEN_H

#include "sim/scenario/scenario.h"

/* cmd_run() with the scenario given, which it frees; the file among the words only names it in messages. */
int run_given(scenario *sc, int argc, char **argv);

#endif
