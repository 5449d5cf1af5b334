/* recorder.h - turns the trace of a run into figures: counts, latencies, series over time, shares per node and pair.
 *
 * What is counted from when
 *   counts    everything from the start to the end of the drain; so the two sums of jobs hold
 *   latencies jobs whose request reached us (end_to_end: whose utterance was sent) in the window [warmup, duration), also when they
 *             end later: leaving out those that are slow at the end would flatter
 *   nodes     time in slots, presence and jobs within the window
 *   series    0 .. duration, warm-up included
 *
 * Latencies, each between two events of one job
 *   placement   request reached us  -> first dispatch     (EV_SUBMITTED.until -> EV_DISPATCHED)
 *   dispatch    dispatch            -> at the node        (EV_DISPATCHED -> TRACE_NODE_RECEIVED), of each attempt
 *   queue_wait  at the node         -> in a slot          (TRACE_NODE_RECEIVED -> TRACE_NODE_STARTED), of each attempt
 *   service     time in the slot                          (TRACE_NODE_FINISHED.length), of each attempt
 *   end_to_end  sent by the client  -> answered           (TRACE_CLIENT_SENT -> TRACE_CLIENT_ANSWERED), whatever the outcome,
 *               except refusals, which are answered at once. What is cut out of chunks, or said in a room, counts from the cut,
 *               or the arrival of the request (EV_SUBMITTED.until), to the first one who hears it
 *   dashboard   a poller asked -> it has the figures      (TRACE_DASHBOARD_ANSWERED.length); dashboard_age: how old they are then
 * An attempt counts where it was still the present one.
 *
 * Memory: histograms of 184 KiB, at most SERIES_ROWS_MAX rows (else bins are made wider), nodes, pairs, jobs in flight. */
#ifndef SIM_MEASURE_RECORDER_H
#define SIM_MEASURE_RECORDER_H

#include "core/base/histogram.h"
#include "sim/measure/tally.h"

#include <stdbool.h>
#include <stddef.h>

typedef enum latency_kind {
    LATENCY_PLACEMENT,
    LATENCY_DISPATCH,
    LATENCY_QUEUE_WAIT,
    LATENCY_SERVICE,
    LATENCY_END_TO_END,
    LATENCY_DASHBOARD,
    LATENCY_DASHBOARD_AGE,
    LATENCIES
} latency_kind;

const char *latency_name(latency_kind kind); /* "queue_wait" */
/* Reports say nothing of these when there is nothing. */
bool latency_is_optional(latency_kind kind);

enum {
    SERIES_ROWS_MAX = 20000,
    CODES_MAX = 32, /* different reasons that are told apart; the rest is "other" */
    CODE_NAME_MAX = 31,
    MARKS_MAX = 512,
    HEAT_COLUMNS = 120,
    HEAT_ROWS_MAX = 100,
};

typedef struct recorder_options {
    usec_t start;            /* of the run, since the Unix epoch */
    usec_t warmup, duration; /* since the start; warmup < duration */
    usec_t bin;              /* > 0 */
    usec_t herd;             /* width of the windows in which a herd is looked for; 0: none is */
    int32_t nodes;           /* node_index of the trace is below */
    size_t groups;           /* of nodes */
    bool jobs_survive;       /* the end of their instance */
} recorder_options;

typedef struct recorder recorder;

recorder *recorder_new(const recorder_options *options);
recorder *recorder_free(recorder *r); /* takes NULL, returns NULL */
trace_sink recorder_sink(recorder *r);
/* Traffic with Redis since the start, as of `now`; from time to time. */
void recorder_redis(recorder *r, usec_t now, uint64_t commands, uint64_t bytes);
/* The trace has ended: closes the series at `now` or at the end of the window. Read figures after it only. */
void recorder_end(recorder *r, usec_t now);

/* ---- counts --------------------------------------------------------------------------------------------------------- */

typedef struct code_count {
    char code[CODE_NAME_MAX + 1];
    int64_t count;
} code_count;

typedef struct code_table {
    code_count row[CODES_MAX]; /* in the order of appearance; the last one is "other" when there were more */
    size_t count;
} code_table;

typedef struct job_counts {
    int64_t submitted, refused, created, ended[JOB_OUTCOMES], in_flight, gone; /* gone: with their instance */
    int64_t retried; /* attempts beyond the first of each job */
    int64_t waited;  /* times that a job found every candidate full */
    int64_t grants_refused, duplicates, stale;
    int64_t session_gone;   /* finished with nobody left to tell */
    int64_t created_in_run; /* before the end of the duration: what the figures per job are divided by */
    int64_t measured;       /* answers in the window */
    int64_t nodes_offline, redis_troubles;
    code_table refused_by, failed_by, retried_by, moved_by; /* moved: why a sentence went on at another node */
    int64_t tally[TALLIES];
} job_counts;

const job_counts *recorder_counts(const recorder *r);

/* ---- latencies ------------------------------------------------------------------------------------------------------ */

const histogram *recorder_latency(const recorder *r, latency_kind kind);
/* QUEUE_WAIT or SERVICE of one node group. */
const histogram *recorder_group_latency(const recorder *r, size_t group, latency_kind kind);

/* ---- series --------------------------------------------------------------------------------------------------------- */

typedef struct series_row {
    int64_t submitted, refused, created, ended[JOB_OUTCOMES], retried;
    int64_t in_flight, waiting, nodes_up; /* at the end of the bin */
    double busy_slots, slots;             /* mean over the bin, of nodes that are connected */
    uint64_t redis_commands, redis_bytes;
    int64_t answered;                 /* results at clients */
    usec_t e2e_p50, e2e_p95, e2e_max; /* of these */
} series_row;

usec_t recorder_bin(const recorder *r);
const series_row *recorder_series(const recorder *r, size_t *ret_rows);

typedef struct fault_mark {
    usec_t at; /* since the start */
    bool begins;
    char code[CODE_NAME_MAX + 1];
    int64_t nodes;
} fault_mark;

const fault_mark *recorder_marks(const recorder *r, size_t *ret_count);

/* End to end by the time of the answer, for a heat map: how many answers of a column took how long. Rows are quarters of a doubling from
 * 1 ms on; what is shorter is in the first one, what is longer than the last one in that. Columns divide 0 .. duration, one for each
 * bin at most. */
enum { LATENCY_ROWS = 80, LATENCY_ROWS_PER_DOUBLING = 4 };

typedef struct latency_map {
    size_t columns;
    uint32_t count[LATENCY_ROWS][HEAT_COLUMNS];
    uint64_t answers[HEAT_COLUMNS];
} latency_map;

const latency_map *recorder_latency_map(const recorder *r);

/* ---- nodes ---------------------------------------------------------------------------------------------------------- */

typedef struct node_figures {
    int32_t group;        /* -1: it never came */
    int64_t slots;        /* as it came last */
    int64_t jobs;         /* started in the window */
    usec_t busy, offered; /* slot time in use, slot time while connected; within the window */
} node_figures;

const node_figures *recorder_node(const recorder *r, int32_t i); /* 0 <= i < options.nodes */
double node_utilisation(const node_figures *n);                  /* busy / offered; 0 when it was not there */

/* Share of slot time in use, 0..1: over all nodes, and of the busiest node. */
typedef struct utilisation {
    double mean, max;
} utilisation;

utilisation recorder_utilisation(const recorder *r);

/* How evenly jobs fall on the nodes that were there in the window. jain and cv are over jobs per slot time offered, so that a node
 * with twice the slots, or half the time, is fair with twice, or half, the jobs. top1_share: of all jobs, on the busiest node. */
typedef struct fairness {
    double top1_share, jain, cv; /* jain: 1 is even, 1 / n all on one; cv: standard deviation / mean */
} fairness;

fairness recorder_fairness(const recorder *r);

/* How much of the work went to one node for as long as nobody reported: the share of the jobs that came to the busiest node of
 * their window, over all windows of options.herd between warm-up and end. Near the share of an even spread when there is no
 * herd, 1 when one node gets everything until its next heartbeat. Few jobs in a window look like a small herd: compare. */
typedef struct herding {
    int64_t windows; /* in which jobs came to nodes */
    int64_t jobs;
    double top1_share; /* 0 without jobs */
} herding;

herding recorder_herd(const recorder *r);

/* Utilisation by node and time, for a heat map: rows are nodes in the order of the scenario, several to a row when there are many;
 * -1 where none was connected. Columns divide 0 .. duration. */
typedef struct heat_map {
    size_t rows, columns;
    int32_t nodes_per_row;
    double cell[HEAT_ROWS_MAX][HEAT_COLUMNS];
} heat_map;

void recorder_heat(const recorder *r, heat_map *ret_map);

/* ---- pairs ---------------------------------------------------------------------------------------------------------- */

typedef struct pair_figures {
    lang_pair pair;
    int64_t submitted, refused, answered;
    usec_t mean, p95, max; /* end to end; p95 is at most 12 % too high */
} pair_figures;

/* Fills at most `max` pairs with the highest p95 among those with at least `least` answers, ties by name; returns how many.
 * *ret_pairs: how many pairs were asked for at all. */
size_t recorder_worst_pairs(const recorder *r, int64_t least, pair_figures *ret_figures, size_t max, size_t *ret_pairs);

#endif
