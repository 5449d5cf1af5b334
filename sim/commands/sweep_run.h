/* sweep_run.h - runs the points of a sweep, or variants, and compares them: behind `sweep` and `run --variant`.
 *
 * OUT/points.csv     a row for each run that ended; at the end in the order of points and seeds
 * OUT/summary.md     the table that also goes to stdout
 * OUT/plots/sweep_latency.svg
 *                    percentiles by load, where an axis of a sweep is a number
 * OUT/points/3-1000-best_of_2/, OUT/VARIANT/
 *                    what `lingua-sim run` writes, and terminal.txt, what it prints; with several runs in seed-N/ below
 *
 * A run is kept from an earlier sweep when its result is complete, is of the same scenario and seed, and is newer than the
 * program. */
#ifndef SIM_COMMANDS_SWEEP_RUN_H
#define SIM_COMMANDS_SWEEP_RUN_H

#include "sim/commands/overrides.h"
#include "sim/report/sweep_report.h"

#include <stdint.h>

enum { SWEEP_WORDS_MAX = 12, OPT_VARIANT = 1100, OPT_JOBS, OPT_RUNS };

typedef struct sweep_arguments {
    const char *command;        /* "sweep": what it is called on stderr */
    const char *scenario, *out; /* out NULL: reports/out/NAME and out_suffix */
    const char *out_suffix;     /* NULL: none */
    const overrides *sets;
    const char *const *variants; /* none: the axes of the scenario */
    size_t variant_count;
    bool seeded, fresh, quiet;
    int64_t seed;
    int64_t jobs, runs;       /* 0: one per processor; as the scenario says */
    const char *const *words; /* options of `run` for every point */
    size_t word_count;
    bool no_csv; /* points.csv is not written */
    /* What is made of the runs instead of summary.md and the table on stdout; NULL: these. It gets the folder too, and says
     * what the exit status is. Called when they were interrupted, too. */
    int (*conclude)(void *ctx, const sweep_view *view, sweep_plan *plan, const char *folder);
    void *ctx;
} sweep_arguments;

/* The exit status: 0 all runs passed; 1 not; 2 bad input, before anything was run; 130 interrupted. */
int sweep_run(const sweep_arguments *args);

/* The options --variant, --jobs and --runs. */
typedef struct variant_arguments {
    const char *variant[VARIANTS_MAX];
    size_t count;
    int64_t jobs, runs;
} variant_arguments;

/* False, and told on stderr, when it is not right. */
bool variant_argument(variant_arguments *v, int option, const char *text);

#endif
