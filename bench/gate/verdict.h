/* verdict.h - what a gate says: a row for each figure, by the rules of its layer.
 *
 *   counters      equal, or FAIL. What one side does not have is FAIL too: the baseline tells what was agreed on
 *   instructions  up to 1 % more: SAME; up to 5 %: WARN; beyond: FAIL. More than 1 % less: BETTER
 *   pace          the interval of the ratio decides: FAIL when its near end is beyond 10 %, BETTER when it lies below as far, SAME
 *                 when all of it lies within, else INCONCLUSIVE. INCONCLUSIVE also where base against base would have failed:
 *                 then the machine is too noisy to tell
 *
 * Only FAIL fails a gate. Threads: none. */
#ifndef BENCH_GATE_VERDICT_H
#define BENCH_GATE_VERDICT_H

#include <stdbool.h>

#include "bench/gate/bootstrap.h"
#include "bench/gate/environment.h"
#include "bench/gate/figures.h"

typedef enum gate_word { GATE_SAME, GATE_BETTER, GATE_INCONCLUSIVE, GATE_WARN, GATE_FAIL, GATE_WORDS } gate_word;
typedef enum gate_layer { LAYER_COUNTERS, LAYER_INSTRUCTIONS, LAYER_PACE, GATE_LAYERS } gate_layer;

const char *gate_word_name(gate_word word);    /* "same" */
const char *gate_layer_name(gate_layer layer); /* "counters" */

typedef struct gate_row {
    gate_layer layer;
    char name[FIGURE_NAME_MAX + 1];
    double base, cand;        /* NAN: there is none. Of pace: medians, seconds */
    ratio_interval ratio;     /* low and high are those of pace; else all three are the ratio; NAN without one */
    ratio_interval base_base; /* of pace: base against base */
    gate_word word;
} gate_row;

enum { GATE_TEXT_MAX = 400 };

typedef struct gate_report {
    gate_row *rows;
    size_t count;
    struct {
        bool ran;
        char against[GATE_TEXT_MAX]; /* what the base figures are from */
        char skipped[GATE_TEXT_MAX]; /* did not run: why, and what it needs */
    } layer[GATE_LAYERS];
    char base[GATE_TEXT_MAX], cand[GATE_TEXT_MAX],
        blessed[GATE_TEXT_MAX]; /* blessed: the last reason of the baseline */
    environment env;            /* of the candidate */
    int pairs;
    bool interrupted;
} gate_report;

void gate_report_free(gate_report *r);
/* The worst word of a layer, or of all with GATE_LAYERS; GATE_SAME without rows. */
gate_word gate_worst(const gate_report *r, gate_layer layer);
int gate_count(const gate_report *r, gate_layer layer, gate_word word);

/* Each adds its rows, in the order of `cand`, then what only `base` has. */
void gate_judge_counters(gate_report *r, const figures *base, const figures *cand);
void gate_judge_instructions(gate_report *r, const figures *base, const figures *cand);

/* Seconds of one figure in each round. */
typedef struct pace_series {
    double value[BOOTSTRAP_PAIRS_MAX];
} pace_series;

/* base[0] and base[1]: the two sides of base against base; base[2] and cand stood side by side. `count` rounds. */
void gate_judge_pace(gate_report *r, const char *name, const pace_series base[3], const pace_series *cand, int count);

#endif
