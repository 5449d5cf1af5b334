/* compare.h - one scenario under the same seeds in several columns, phases or variants: what came out, and what follows.
 *
 * Gathered once from the result files of the runs; every form of the report is written from it. All of it but compare_timing
 * depends on the results alone, so that the same scenario and seeds give the same bytes. */
#ifndef SIM_REPORT_COMPARE_H
#define SIM_REPORT_COMPARE_H

#include "sim/report/interval.h"
#include "sim/report/run_report.h"
#include "sim/report/sweep_report.h"

enum { COMPARE_COLUMNS_MAX = 24, COMPARE_BROKEN_MAX = 160, COMPARE_TEXT_MAX = 64, COMPARE_SENTENCE_MAX = 640 };

/* ---- the rows ------------------------------------------------------------------------------------------------------- */

typedef enum compare_figure {
    COMPARE_PLACEMENT_P50,
    COMPARE_PLACEMENT_P95,
    COMPARE_PLACEMENT_P99,
    COMPARE_PLACEMENT_P999,
    COMPARE_DISPATCH_P50,
    COMPARE_DISPATCH_P95,
    COMPARE_DISPATCH_P99,
    COMPARE_DISPATCH_P999,
    COMPARE_E2E_P50,
    COMPARE_E2E_P95,
    COMPARE_E2E_P99,
    COMPARE_E2E_P999,
    COMPARE_DASHBOARD_P99,
    COMPARE_WAIT_P99,
    COMPARE_WAIT_TO_CENTRAL,
    COMPARE_WAIT_TO_SHORTEST,
    COMPARE_WAIT_TO_RANDOM,
    COMPARE_DECISIONS,
    COMPARE_DECISIONS_SCHEDULER,
    COMPARE_DECISIONS_REDIS,
    COMPARE_COMMANDS,
    COMPARE_SCRIPT_CALLS,
    COMPARE_BYTES,
    COMPARE_REDIS_USEC,
    COMPARE_CPU_USEC,
    COMPARE_REDIS_DATA,
    COMPARE_REDIS_DATA_JOBS,
    COMPARE_REDIS_DATA_PER_JOB,
    COMPARE_INBOX_ENTRIES,
    COMPARE_DEAD_LETTERS,
    COMPARE_TOP1,
    COMPARE_HERD,
    COMPARE_JAIN,
    COMPARE_CV,
    COMPARE_UTILISATION,
    COMPARE_REQUESTS_PER_S,
    COMPARE_SUBMITTED,
    COMPARE_OK,
    COMPARE_REFUSED,
    COMPARE_FAILED,
    COMPARE_TIMED_OUT,
    COMPARE_LOST,
    COMPARE_DOUBLED,
    COMPARE_COPIES_DISAGREE,
    COMPARE_STATES_DISAGREE,
    COMPARE_TWICE,
    COMPARE_CAUGHT,
    COMPARE_CAUGHT_ANSWERED,
    COMPARE_RESUME,
    COMPARE_ELSEWHERE,
    COMPARE_ELSEWHERE_UNKNOWN,
    COMPARE_RETRIED,
    COMPARE_OVER_COMMITS,
    COMPARE_FIGURES
} compare_figure;

typedef enum compare_wish { WISH_NONE, WISH_LOW, WISH_HIGH } compare_wish; /* what is better */

typedef struct compare_row {
    const char *section; /* set in its first row */
    const char *key;     /* in compare.json and compare.csv */
    const char *name;    /* in tables, with its unit */
    compare_wish wish;
    const char *path; /* in result.json */
    const char *per;  /* divided by this one there; NULL: by nothing */
    double scale;     /* multiplies what stands there */
    double least;     /* of the divisor: a ratio to less would say nothing */
    int decimals;     /* of the table */
    const char *meaning;
} compare_row;

extern const compare_row compare_rows[COMPARE_FIGURES];

/* ---- what came out -------------------------------------------------------------------------------------------------- */

typedef struct compare_column {
    const char *name; /* borrowed from the plan */
    bool is_phase;    /* asked for by its number, with nothing else changed */
    scheduler_config config;
    int64_t instances, nodes;
    double sessions;                  /* at once, expected */
    char hash[SCENARIO_HASH_MAX + 1]; /* of the first run */
    int64_t ended;                    /* runs with a result */
    int64_t kept;                     /* of these broke no promise */
    int64_t met;                      /* of these met every objective */
    int64_t redis_binds;              /* of these would be stopped by Redis first, the others by the scheduler */
    char broken[COMPARE_BROKEN_MAX];  /* kinds of promises that were broken: "lost, doubled" */
    double *value;                    /* [figure * runs + run]; NAN: not measured */
} compare_column;

typedef struct compare {
    const char *name;    /* of the scenario */
    const char *command; /* that makes it again: "lingua-sim compare SCENARIO --phases 0,1" */
    int64_t first_seed, runs;
    size_t columns;
    size_t objectives; /* of the scenario */
    double duration_s, warmup_s;
    compare_column column[COMPARE_COLUMNS_MAX];
} compare;

/* The first `phases` columns were asked for by their phase. Results that cannot be read are left out. SCHED_EINVAL: a column's
 * scenario does not bind. Free it with compare_free(). Borrows the plan and `command`. */
sched_status compare_gather(const sweep_view *view, sweep_plan *plan, const char *folder, size_t phases,
                            const char *command, compare **ret_compare, sched_error *err);
compare *compare_free(compare *c); /* takes NULL, returns NULL */

interval compare_interval(const compare *c, size_t column, compare_figure figure);
/* a - b, seed by seed. */
interval compare_difference(const compare *c, size_t a, size_t b, compare_figure figure);
/* "12.3 ± 0.4", "12.3" of one run, "-" when nothing was measured. */
const char *compare_text(const compare *c, size_t column, compare_figure figure, char text[COMPARE_TEXT_MAX]);
/* "redis", "scheduler CPU", or both with the runs of each. */
const char *compare_binds(const compare *c, size_t column, char text[COMPARE_TEXT_MAX]);
/* Nothing is known of the figure in any column. */
bool compare_is_empty(const compare *c, compare_figure figure);
/* Tables leave out what is empty, unless it begins a section. */
bool compare_is_shown(const compare *c, compare_figure figure);

/* ---- what follows --------------------------------------------------------------------------------------------------- */

/* Sentences by rules: who is best and worst at what by more than chance explains, and what was lost. Losses come first,
 * else the first figure in which columns differ; the others in the order of the rows. Returns how many. */
enum { COMPARE_SENTENCES_MAX = 24 };
size_t compare_verdict(const compare *c, char ret_sentences[COMPARE_SENTENCES_MAX][COMPARE_SENTENCE_MAX]);

/* What was claimed of a phase, and what this run says. */
typedef struct compare_claim {
    const char *nodes, *sessions, *requests;         /* as claimed: "< 100"; NULL: nothing was */
    double here_nodes, here_sessions, here_requests; /* of this run; requests per second */
    bool carried;                                    /* nothing lost or doubled, 99.9 % of the requests answered well */
    double at_saturation; /* sessions like these until the busiest part is never idle; NAN: not known */
} compare_claim;

compare_claim compare_claim_of(const compare *c, size_t column);

/* The settings of the scheduler, and switches of incidents, that are not the same in all columns; returns how many. */
typedef struct compare_mechanism {
    const char *name;
    char value[COMPARE_COLUMNS_MAX][COMPARE_TEXT_MAX];
} compare_mechanism;

enum { COMPARE_MECHANISMS_MAX = 24 };
size_t compare_mechanisms(const compare *c, compare_mechanism ret_mechanisms[COMPARE_MECHANISMS_MAX]);

/* ---- files ---------------------------------------------------------------------------------------------------------- */

void compare_terminal(const compare *c, const char *where, FILE *out);
/* schema "lingua.sim.compare/1" */
void compare_json(const compare *c, FILE *out);
/* A line for each figure and column. */
void compare_csv(const compare *c, FILE *out);

#endif
