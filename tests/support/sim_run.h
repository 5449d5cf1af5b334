/* sim_run.h - a whole simulated run in a test: a scenario as text in, counts and verdicts out. */
#ifndef TESTS_SUPPORT_SIM_RUN_H
#define TESTS_SUPPORT_SIM_RUN_H

#include "sim/measure/checker.h"
#include "sim/world/simulation.h"

typedef struct sim_run_options {
    const char *scripts;     /* folder; NULL: those of the binary */
    const trace_sink *also;  /* one more reader; NULL: none */
    bool (*stop)(void *ctx); /* as in simulation_options */
    simulation_clock clock;
    const redis_url *redis_url; /* CLOCK_WALL; NULL: a private server */
    int redis_masters;          /* CLOCK_WALL: of a private cluster; 0: none */
    redis_link (*wrap_link)(void *ctx, redis_link link);
    void (*drained)(void *ctx, redis_host *redis, const keyspace *keys, usec_t now);
    void *ctx;
} sim_run_options;

typedef struct sim_run {
    scenario *scenario;
    simulation_facts facts;
    uint64_t core[EV_KINDS], world[TRACE_KINDS];
    uint64_t finished[JOB_OUTCOMES];
    uint64_t hash;         /* of every field of every event */
    uint64_t out_of_order; /* events told after a later one */
    usec_t last;
    checker *checker;
} sim_run;

/* Runs to the clean end, with the checker watching; fails the test when the scenario is wrong or the run cannot be made. */
sim_run *sim_run_new(const char *yaml, const sim_run_options *options);
sim_run *sim_run_free(sim_run *r); /* takes NULL, returns NULL */

/* Fails the test with the first violation or finding when there is one, and when jobs are left. */
void sim_run_expect_clean(const sim_run *r);
/* The promise that was broken first; "" when all were kept. Findings in the data count as "data". */
const char *sim_run_broken(const sim_run *r);

#endif
