/* slo.h - one service level objective: a measured figure, a comparison, a value: "e2e_p95<1500ms".
 *
 * Figures: {placement,dispatch,queue_wait,service,e2e,dashboard,dashboard_age}_{mean,p50,p90,p95,p99,p999,max} (durations); refused, failed,
 * timed_out, cancelled (shares of the submitted requests), utilisation_{mean,max} (shares), affinity_kept (share of the sentences
 * that went on); lost, doubled, retried, over_commits (counts); and counts of what happened besides (tally.h): cuts_timeout,
 * cuts_max_duration, empty_cuts, missing, late_dropped, resent, known, vanished, closed_at_limit, heard, degraded, drained, marked,
 * outages, dependency_lost. Comparisons: < <= > >= == !=. Spaces around them are allowed. */
#ifndef SIM_SCENARIO_SLO_H
#define SIM_SCENARIO_SLO_H

#include "core/base/settings.h"
#include "core/base/status.h"

#include <stdbool.h>
#include <stdio.h>

typedef enum slo_subject {
    SLO_PLACEMENT,
    SLO_DISPATCH,
    SLO_QUEUE_WAIT,
    SLO_SERVICE,
    SLO_E2E,
    SLO_DASHBOARD,
    SLO_DASHBOARD_AGE,
    SLO_UTILISATION,
    SLO_REFUSED,
    SLO_FAILED,
    SLO_TIMED_OUT,
    SLO_LOST,
    SLO_DOUBLED,
    SLO_RETRIED,
    SLO_OVER_COMMITS,
    SLO_CANCELLED,
    SLO_AFFINITY_KEPT,
    SLO_CUTS_TIMEOUT,
    SLO_CUTS_MAX_DURATION,
    SLO_EMPTY_CUTS,
    SLO_MISSING,
    SLO_LATE_DROPPED,
    SLO_RESENT,
    SLO_KNOWN,
    SLO_VANISHED,
    SLO_CLOSED_AT_LIMIT,
    SLO_HEARD,
    SLO_DEGRADED,
    SLO_DRAINED,
    SLO_MARKED,
    SLO_OUTAGES,
    SLO_DEPENDENCY_LOST,
    SLO_SUBJECTS
} slo_subject;

/* Of latencies all but NONE; of utilisation MEAN and MAX; of the others NONE. */
typedef enum slo_stat { SLO_NONE, SLO_MEAN, SLO_P50, SLO_P90, SLO_P95, SLO_P99, SLO_P999, SLO_MAX, SLO_STATS } slo_stat;
typedef enum slo_unit { SLO_USEC, SLO_SHARE, SLO_COUNT } slo_unit;
typedef enum slo_op { SLO_LT, SLO_LE, SLO_GT, SLO_GE, SLO_EQ, SLO_NE, SLO_OPS } slo_op;

enum { SLO_TEXT_MAX = 64 };

typedef struct slo {
    slo_subject subject;
    slo_stat stat;
    slo_unit unit;
    slo_op op;
    double value;                /* usec, share 0..1 or count */
    char text[SLO_TEXT_MAX + 1]; /* as it was written, without spaces */
} slo;

/* SCHED_EINVAL says what is wrong and names the nearest figure. */
sched_status slo_parse(const char *text, slo *ret_slo, sched_error *err);
/* Does `measured`, in the unit of the objective, meet it? */
bool slo_holds(const slo *objective, double measured);
/* "e2e_p95": the figure's name, into `name`. */
const char *slo_figure(char name[SLO_TEXT_MAX + 1], const slo *objective);
/* Percentile (50, 90 ... 99.9) of a P stat; 0 for the others. */
double slo_percentile(slo_stat stat);

extern const setting_type slo_type; /* for setting rows */

#endif
