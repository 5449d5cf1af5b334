/* watched_run.h - one run of a scenario, with the instruments that watch it: figures, promises, oracles, the lives of jobs and what is
 * left in Redis. */
#ifndef SIM_COMMANDS_WATCHED_RUN_H
#define SIM_COMMANDS_WATCHED_RUN_H

#include <signal.h>

#include "sim/commands/progress.h"
#include "sim/commands/run_scenario.h"
#include "sim/measure/job_audit.h"
#include "sim/report/run_report.h"

typedef struct watched_run {
    const run_arguments *args;
    const scenario *sc;
    simulation_clock clock;
    progress_bar *bar;
    recorder *recorder;
    checker *checker;
    oracle_log *oracle;
    job_lives *lives;
    redis_data data;
    job_audit audit;
    sched_status measuring; /* of what was read from Redis: data, audit */
    sched_error err;
    simulation_facts facts;
    double wall_s; /* that it took */
    run_report report;
} watched_run;

/* What a run of the scenario is checked for. */
checker_rules watched_run_rules(const scenario *sc);

/* `run` must not be moved from here on; it borrows the arguments. Release it. */
void watched_run_prepare(watched_run *run, const run_arguments *args, const scenario *sc, simulation_clock clock,
                         progress_bar *bar);
void watched_run_release(watched_run *run);

/* Runs until the end, a broken promise or an interrupt, and makes the report. `trace` NULL: none is written. */
sched_status watched_run_simulate(watched_run *run, FILE *trace, const volatile sig_atomic_t *interrupt,
                                  sched_error *err);

#endif
