/* run_report.h - all that is known of one run, gathered and judged once; every form of the report is written from it. */
#ifndef SIM_REPORT_RUN_REPORT_H
#define SIM_REPORT_RUN_REPORT_H

#include "sim/measure/checker.h"
#include "sim/measure/job_audit.h"
#include "sim/measure/oracle_log.h"
#include "sim/measure/recorder.h"
#include "sim/measure/redis_data.h"
#include "sim/scenario/scenario.h"
#include "sim/world/simulation.h"

#include <stdio.h>

typedef struct slo_outcome {
    const slo *objective;
    bool known;   /* false: nothing was measured, so it is missed */
    double value; /* in the unit of the objective */
    bool ok;
} slo_outcome;

typedef struct run_report {
    const scenario *sc;
    const recorder *recorder;
    const checker *checker;
    const simulation_facts *facts;
    redis_data data;     /* zero when the run ended before it was measured */
    oracle_waits oracle; /* what the waits could have been */
    lives_counts lives;  /* what the ends of instances did to jobs */
    job_audit audit;     /* what Redis says of them */

    char hash[SCENARIO_HASH_MAX + 1];
    usec_t simulated; /* of the scenario's duration, without the drain */
    slo_outcome slo[SLOS_MAX];
    size_t slo_count, slo_missed;
    bool pass;                         /* complete, nothing violated, every objective met; the measured run too */
    const struct run_report *measured; /* the same scenario in real time; NULL: was not run */
} run_report;

/* Borrows everything; the recorder has ended. */
void run_report_make(run_report *ret_report, const scenario *sc, const recorder *r, const checker *c,
                     const simulation_facts *facts, const redis_data *data, const oracle_waits *oracle);

void run_report_add_lives(run_report *report, const lives_counts *lives, const job_audit *audit);

/* `measured` was run after `report`, in real time; it is borrowed. */
void run_report_compare(run_report *report, const run_report *measured);

/* Simulated and measured, side by side. */
typedef struct comparison_row {
    const char *key, *name;     /* "end_to_end", "end to end" */
    const char *figure;         /* "p95", "share" */
    double simulated, measured; /* in ms, or a share */
    bool is_share;
} comparison_row;

enum { COMPARISON_ROWS_MAX = 32 };
/* Returns how many; nothing that one of the two did not measure. */
int run_report_comparison(const run_report *report, comparison_row ret_rows[COMPARISON_ROWS_MAX]);
/* "did the machine keep up?" in one sentence; "" in virtual time. Events later than LATE_USEC at p99 are a warning. */
enum { LATE_USEC = 5000, LATENESS_TEXT_MAX = 200 };
char *run_report_lateness(const run_report *report, char text[LATENESS_TEXT_MAX]);
bool run_report_is_late(const run_report *report);

/* The verdict in one sentence: "PASS: all promises kept, 5 of 5 objectives met." */
enum { VERDICT_MAX = 400 };
char *run_report_verdict(const run_report *report, char text[VERDICT_MAX]);

/* Script calls of the job flow alone: without registrations, heartbeats, pools and sweeps. */
uint64_t run_report_flow_calls(const run_report *report);
/* `total` divided by the jobs created within the duration; 0 without jobs. */
double run_report_per_job(const run_report *report, double total);

/* "1.5s", "12.3%", "3": a value of that unit for people. */
enum { SLO_VALUE_MAX = 32 };
char *slo_value_text(char text[SLO_VALUE_MAX], const slo_outcome *outcome);

/* How many jobs per second the scheduler could decide on, were the busiest of what it is made of never idle: one divided by that
 * one's seconds per job. Heartbeats and the like are shared out over the jobs of the run, so that it is a lower bound when there
 * are many nodes for few jobs. The slots of the nodes are not looked at. */
typedef enum saturation_bound { BOUND_SCHEDULER, BOUND_REDIS, BOUNDS } saturation_bound;
typedef struct saturation {
    double by[BOUNDS]; /* decisions per second; 0: not known, as in real time, or there was no job */
    saturation_bound binds;
} saturation;

saturation run_report_saturation(const run_report *report);
const char *saturation_bound_name(saturation_bound bound); /* "scheduler", "redis" */

/* How busy the nodes of a group were: slot time in use of slot time while connected, within the window. */
utilisation run_report_group_use(const run_report *report, size_t group);

/* How busy those nodes were that know both languages of a pair. A pair whose few nodes are busy waits, however idle the others are. */
typedef struct pair_use {
    lang_pair pair;
    int64_t nodes; /* that came and serve it, by the languages of the scenario */
    double use;    /* 0..1, of their slots */
    int64_t answered;
} pair_use;

/* The pairs with the busiest nodes among those that were asked for, ties by name; returns how many, at most `max`. */
size_t run_report_tightest_pairs(const run_report *report, pair_use *ret_pairs, size_t max);

/* What a figure of spec "jobs" means, in the order of every table. */
typedef struct outcome_row {
    const char *key, *name; /* "timed_out", "timed out" */
    int64_t count;
    const char *meaning;
} outcome_row;

enum { OUTCOME_ROWS = 14 };
void run_report_outcomes(const run_report *report, outcome_row ret_rows[OUTCOME_ROWS]);

/* What happened besides; nothing that did not happen, nor cuts when all are by the speaker. Returns how many. */
typedef struct besides_row {
    const tally_words *words;
    int64_t count;
} besides_row;

/* Where the state of jobs is, and what the ends of instances did to them: all of it. Count -1: not known. */
enum { STATE_ROWS = 14, BESIDES_MAX = TALLIES + STATE_ROWS };
void run_report_states(const run_report *report, besides_row ret_rows[STATE_ROWS]);

int run_report_besides(const run_report *report, besides_row ret_rows[BESIDES_MAX]);

typedef struct latency_row {
    const char *key, *name, *meaning;
    const histogram *h;
} latency_row;

/* Returns how many: optional ones only when there are values. */
int run_report_latencies(const run_report *report, latency_row ret_rows[LATENCIES]);

enum { PERCENTILES = 5 };
extern const double report_percentiles[PERCENTILES]; /* 50, 90, 95, 99, 99.9 */

#endif
