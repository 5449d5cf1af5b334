/* capacity.h - how much a scenario carries, or how much it takes to carry it: the runs that were made, and what follows from them.
 *
 * Everything here depends on the results of the runs alone, so that the same scenario, seeds and range give the same bytes. */
#ifndef SIM_CAPACITY_CAPACITY_H
#define SIM_CAPACITY_CAPACITY_H

#include "sim/capacity/axis.h"
#include "sim/capacity/usl.h"
#include "sim/report/interval.h"

enum {
    CAPACITY_RUNS_MAX = 2000,
    CAPACITY_SEEDS_MAX = 50,
    CAPACITY_TEXT_MAX = 160,
    CAPACITY_SENTENCE_MAX = 640,
    CAPACITY_SENTENCES_MAX = 24,
};

/* ---- one run -------------------------------------------------------------------------------------------------------- */

typedef enum capacity_figure {
    CAPACITY_E2E_MEAN,
    CAPACITY_E2E_P50,
    CAPACITY_E2E_P90,
    CAPACITY_E2E_P95,
    CAPACITY_E2E_P99,
    CAPACITY_WAIT_P99,
    CAPACITY_PLACEMENT_P99,
    CAPACITY_ANSWERS_PER_S,
    CAPACITY_REFUSED,
    CAPACITY_NODES,
    CAPACITY_REDIS,
    CAPACITY_SCHEDULER,
    CAPACITY_DECISIONS,
    CAPACITY_COMMANDS,
    CAPACITY_FIGURES
} capacity_figure;

typedef struct capacity_row {
    const char *key;  /* column of points.csv */
    const char *name; /* in tables, with its unit */
    const char *path; /* in result.json */
    const char *per;  /* divided by this one there; NULL: by nothing */
    double scale;
    int decimals;
    bool shown; /* in tables */
} capacity_row;

extern const capacity_row capacity_rows[CAPACITY_FIGURES];

typedef struct capacity_run {
    int64_t value, seed;
    bool lost;                       /* without the largest group */
    bool there;                      /* it gave a result */
    bool holds;                      /* every objective met, no promise broken */
    bool broken;                     /* a promise, which is no matter of capacity */
    uint64_t missed;                 /* objectives: a bit for each, in their order */
    double figure[CAPACITY_FIGURES]; /* NAN: not measured */
    double group[GROUPS_MAX];        /* how busy its slots were; NAN: nobody came */
    char pair[PAIR_MAX + 1];         /* whose nodes were the busiest; "" of none */
    double pair_use;
    int64_t pair_nodes;
    char refused_by[CAPACITY_TEXT_MAX]; /* the commonest reason; "" when nothing was refused */
    char hash[SCENARIO_HASH_MAX + 1];
} capacity_run;

/* Takes what is in `path`, a result.json; value, seed and lost are set by the caller. */
sched_status capacity_run_read(const char *path, capacity_run *ret_run, sched_error *err);

/* ---- the answer ----------------------------------------------------------------------------------------------------- */

/* The crossing of each seed, and what follows from them. */
typedef struct capacity_answer {
    search_end end; /* FOUND: of all seeds; else of the first one that ended otherwise */
    search_sense sense;
    size_t seeds;
    search seed[CAPACITY_SEEDS_MAX];
    double value;     /* mean of the crossings; the end of the range unless FOUND */
    double low, high; /* 95 % by Student over the seeds, and half of a bracket besides; one seed: its bracket */
} capacity_answer;

void capacity_answer_make(capacity_answer *answer, const capacity_axis *axis);
/* As one would say it: rounded towards the safe side of the mean to what the interval allows to tell. */
int64_t capacity_answer_number(const capacity_answer *answer);

/* What is used, and how much of it. */
typedef enum binding_kind {
    BINDS_NODES,
    BINDS_GROUP,
    BINDS_PAIR,
    BINDS_REDIS,
    BINDS_SCHEDULER,
    BINDS_NOTHING
} binding_kind;

typedef struct binding {
    binding_kind kind;
    char name[CAPACITY_TEXT_MAX]; /* "nodes of group a100", "Redis" */
    double use;                   /* 0..1 at the crossing */
} binding;

enum { BINDINGS_MAX = GROUPS_MAX + 4 };

typedef struct capacity {
    const scenario *sc;
    const capacity_axis *axis;
    const char *command; /* that makes it again */
    int64_t first_seed;
    size_t seeds;
    const capacity_run *runs; /* by lost, value, seed */
    size_t run_count;
    int lost_group;            /* -1: there is one group only, or nobody asked */
    capacity_answer all, less; /* less: without the largest group; only with lost_group >= 0 */
    bool complete;             /* false: interrupted, or runs without a result */
} capacity;

/* The runs of one value, of those with all groups: mean of the seeds, or NAN. */
interval capacity_interval(const capacity *c, int64_t value, capacity_figure f);
/* Different values that were tried with all groups, rising; returns how many. */
size_t capacity_values(const capacity *c, int64_t *ret_values, size_t max);
/* How many runs of a value there are, and how many of them hold. */
size_t capacity_held(const capacity *c, int64_t value, size_t *ret_runs);

/* What is in use at the first failures, the busiest first; returns how many. The first is what binds, unless nothing is busy. */
size_t capacity_bindings(const capacity *c, binding ret_bindings[BINDINGS_MAX]);
binding capacity_binds(const capacity *c);
/* The objectives that the first failures miss: "e2e_p95<5s (5 of 5)"; "" when there are none. */
char *capacity_missed(const capacity *c, char text[CAPACITY_SENTENCE_MAX]);
/* The least load at which the p95 of end to end is half as long again as at the lightest load that was tried; NAN: nowhere. */
double capacity_knee(const capacity *c);
/* Money per hour at the answer; 0 when no group has a price. */
double capacity_cost(const capacity *c, int64_t value);
/* Throughput over the axis. False when the axis says nothing about it, or too few points are there. */
bool capacity_usl(const capacity *c, usl_fit *ret_fit);
capacity_figure capacity_throughput(const capacity *c); /* what is fitted */

/* The verdict first, then what follows; returns how many. */
size_t capacity_verdict(const capacity *c, char ret_sentences[CAPACITY_SENTENCES_MAX][CAPACITY_SENTENCE_MAX]);
bool capacity_is_answered(const capacity *c);

/* ---- files ---------------------------------------------------------------------------------------------------------- */

void capacity_terminal(const capacity *c, const char *where, FILE *out);
void capacity_json(const capacity *c, FILE *out); /* schema "lingua.sim.capacity/1" */
void capacity_csv(const capacity *c, FILE *out);  /* a row for each run */

#endif
