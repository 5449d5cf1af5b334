/* validation.h - what the simulator says beside what was measured, at several loads: in real time on an ordinary Redis, and of a running
 * linguad (lingua-bench load), where that was given.
 *
 * Sources  result.json of `run --clock both`; the JSON of `lingua-bench load` (schema lingua.bench.load/1), told to belong to a load by the
 *          scenario's hash.
 * Aims     below saturation, end to end: throughput within 5 %, p50 within 10 %, p95 within 15 %; shares of outcomes within a point. */
#ifndef SIM_REPORT_VALIDATION_H
#define SIM_REPORT_VALIDATION_H

#include "core/base/status.h"
#include "sim/scenario/scenario.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

typedef enum validation_figure {
    VALID_THROUGHPUT,
    VALID_OK,
    VALID_PLACEMENT_P50,
    VALID_PLACEMENT_P95,
    VALID_DISPATCH_P50,
    VALID_DISPATCH_P95,
    VALID_E2E_P50,
    VALID_E2E_P90,
    VALID_E2E_P95,
    VALID_E2E_P99,
    VALID_FIGURES
} validation_figure;

typedef struct validation_row {
    const char *key, *name, *unit; /* "e2e_p95", "end to end p95", "ms" */
    double aim;                    /* of the error: a share of what was measured, or points when `points`; 0: none */
    bool points;
} validation_row;

extern const validation_row validation_rows[VALID_FIGURES];

enum { VALIDATION_LEVELS_MAX = 16, VALIDATION_LEVEL_TEXT = 24 };

typedef struct validation_level {
    char name[VALIDATION_LEVEL_TEXT]; /* "x0.6" */
    char hash[SCENARIO_HASH_MAX + 1];
    double factor, utilisation; /* of the scenario's load; mean share of the slots, simulated */
    double simulated[VALID_FIGURES], measured[VALID_FIGURES], daemon[VALID_FIGURES]; /* NAN: not known */
    double seconds;                                                                  /* of the scenario */
    double late_ms; /* 99 % of the events of the run in real time were not later than that */
    bool kept_up, has_daemon;
    bool pass; /* both kept all promises */
} validation_level;

typedef struct validation {
    const char *name, *command; /* of the scenario; what makes this again */
    int64_t seed;
    size_t count;
    validation_level level[VALIDATION_LEVELS_MAX];
} validation;

/* SCHED_EINVAL: not the result of a run with both clocks. `name` and `factor` are the caller's. */
sched_status validation_read_run(const char *path, validation_level *ret_level, sched_error *err);
/* Adds what was measured of a daemon to the level of that scenario; SCHED_EINVAL when there is none, with the hash. */
sched_status validation_read_load(validation *v, const char *path, sched_error *err);

/* (simulated - measured) / measured, or the difference in points; NAN when either is not known. */
double validation_error(const validation_level *level, validation_figure f, bool of_daemon);
/* Whether anything was measured of a daemon, at any level. */
bool validation_has_daemon(const validation *v);
typedef struct validation_score {
    int met, of; /* aims; levels whose machine did not keep up count for nothing */
} validation_score;
validation_score validation_judge(const validation *v);

/* The verdict in a sentence. Returns `text`. */
enum { VALIDATION_VERDICT_MAX = 256 };
char *validation_verdict(const validation *v, char text[VALIDATION_VERDICT_MAX]);
void validation_print(const validation *v, FILE *out);
void validation_markdown(const validation *v, FILE *out);

/* validation.json, report.md, report.html and plots/ into `folder`, which is there. `ret_note`: why there is no plot, or "". SCHED_EIO. */
enum { VALIDATION_NOTE_MAX = 256 };
sched_status validation_write(const validation *v, const char *folder, char ret_note[VALIDATION_NOTE_MAX],
                              sched_error *err);

#endif
