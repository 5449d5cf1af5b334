/* arrivals.h - how the sessions of a group come over time: by chance, evenly, in bursts, by the hour, or as they once came.
 *
 * Patterns only shape the group's rate: its mean over a long time stays what `rate` or `concurrent` says. Two bring their own:
 * bursts with written rates, and a trace. */
#ifndef SIM_SCENARIO_ARRIVALS_H
#define SIM_SCENARIO_ARRIVALS_H

#include "core/base/clock.h"
#include "core/base/settings.h"
#include "sim/scenario/csv.h"
#include "sim/scenario/languages.h"

enum { DAY_POINTS_MAX = 96, TRACE_ROWS_MAX = 4000000 };

typedef enum arrivals_kind {
    ARRIVALS_POISSON,
    ARRIVALS_CONSTANT,
    ARRIVALS_BURSTS,
    ARRIVALS_DIURNAL,
    ARRIVALS_TRACE,
} arrivals_kind;

/* A Markov-modulated Poisson process: calm and burst take turns, each for an exponential time. */
typedef struct burst_pattern {
    double factor;                /* rate in a burst / rate between two */
    double calm_rate, burst_rate; /* per second, as written; both 0: `factor` and the group's mean rate say it */
    usec_t calm, burst;           /* mean time in each */
} burst_pattern;

typedef struct day_point {
    double hour, factor;
} day_point;

/* A day of 24 hours, however long it lasts here. */
typedef struct day_pattern {
    usec_t day;
    double begins;                  /* hour when the run begins */
    double trough, peak, peak_hour; /* a cosine between the two, unless there is a curve */
    day_point *curve;               /* owned; by hour; straight lines between the points, and on to the next day */
    size_t curve_count;
} day_pattern;

typedef enum trace_unit { TRACE_USEC, TRACE_MSEC, TRACE_SECONDS, TRACE_MINUTES, TRACE_HOURS } trace_unit;

/* An arrival of a trace is a call: a session whose one utterance ends, and is sent, at that instant. */
typedef struct trace_row {
    usec_t at;        /* since the first line's time, by the trace's speed */
    uint32_t speech;  /* usec; 0: drawn from talk.utterance */
    int16_t src, tgt; /* indexes of languages; -1: drawn from the group's pairs */
} trace_row;

typedef struct trace_pattern {
    char file[DATA_PATH_MAX + 1];
    char time[COLUMN_NAME_MAX + 1], size[COLUMN_NAME_MAX + 1], src[COLUMN_NAME_MAX + 1], tgt[COLUMN_NAME_MAX + 1];
    int unit;     /* trace_unit, of the time column */
    double speed; /* times are divided by it */
    double scale; /* seconds of speech for 1 in the size column */
    char digest[CSV_DIGEST_MAX + 1];
    trace_row *rows; /* owned; those within the run, by time and then by line */
    size_t row_count;
} trace_pattern;

typedef struct arrivals {
    int kind; /* arrivals_kind */
    burst_pattern bursts;
    day_pattern diurnal;
    trace_pattern trace;
} arrivals;

extern const setting_type arrivals_type;
/* The keys of the patterns, for docs/SCENARIOS.md: headings of `level`. */
void arrivals_markdown(FILE *out, int level);

/* Mean rate of bursts whose rates are written; 0 when `factor` says it. */
double bursts_mean_rate(const burst_pattern *p);
/* Rates of the two states for a group's mean rate. */
void bursts_rates(const burst_pattern *p, double mean, double *ret_calm, double *ret_burst);

/* Factor at an hour (0 <= hour < 24), its mean over a day, its largest value. */
double day_factor(const day_pattern *p, double hour);
double day_mean(const day_pattern *p);
double day_most(const day_pattern *p);

/* Reads the arrivals of the first `within` of the trace. `at` is the YAML value of the trace: places and the folder of its
 * file. Every line of the file is checked. SCHED_EINVAL with the line in the file, or the place of the name of the file. */
sched_status trace_rows_read(trace_pattern *p, const yaml_value *at, const scenario_languages *langs, usec_t within,
                             sched_error *err);

#endif
