/* run_scenario.h - one scenario, run once: the result on stdout, the rest in the folder of the run. */
#ifndef SIM_COMMANDS_RUN_SCENARIO_H
#define SIM_COMMANDS_RUN_SCENARIO_H

#include <stdbool.h>
#include <stdint.h>

#include "core/redis/redis_url.h"
#include "sim/commands/overrides.h"
#include "sim/scenario/scenario.h"

typedef enum clock_choice { RUN_VIRTUAL, RUN_WALL, RUN_BOTH, CLOCK_CHOICES } clock_choice;

typedef struct run_arguments {
    const char *scenario, *out, *scripts; /* out, scripts NULL: the usual ones */
    const overrides *sets;
    bool seeded, trace, report, quiet, keep_going;
    int64_t seed;
    clock_choice clock;
    int64_t masters;        /* 0: no cluster */
    const redis_url *redis; /* NULL: a private one */
} run_arguments;

/* The exit status. `given`: the scenario, which is freed; NULL: it is read. Takes SIGINT and SIGTERM meanwhile: what was measured so
 * far is written then. */
int run_scenario(const run_arguments *args, scenario *given);

#endif
