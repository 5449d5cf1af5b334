/* recorder_internal.h - what the files of the recorder share; nobody else includes it. */
#ifndef SIM_MEASURE_RECORDER_INTERNAL_H
#define SIM_MEASURE_RECORDER_INTERNAL_H

#include "sim/measure/recorder.h"

#include <uthash.h>

typedef struct pair_record pair_record;

typedef struct job_record {
    uint64_t process; /* that made it */
    char id[ID_MAX + 1];
    usec_t arrived, dispatched, received;
    int64_t attempt; /* the latest that was dispatched; 0: none */
    bool at_node;    /* that attempt arrived there */
    bool waiting;
    UT_hash_handle hh;
} job_record;

typedef struct sent_request {
    uint64_t utterance;
    char target[LANG_MAX + 1];
    usec_t at;
    pair_record *pair;
    struct sent_request *next, *prev;
} sent_request;

typedef struct session_record {
    char id[ID_MAX + 1];
    bool implicit; /* its requests are known when they reached the scheduler: it sends chunks, or is in a room */
    sent_request *open;
    UT_hash_handle hh;
} session_record;

typedef struct node_record {
    node_figures figures;
    int64_t slots, busy;            /* now; 0 slots: not connected */
    int64_t working;                /* slots in use, connected or not */
    usec_t since;                   /* of these */
    int64_t herd_window, herd_jobs; /* that came in the window of that number */
} node_record;

/* Sums over nodes and bins, kept up to an instant. */
typedef struct node_totals {
    int64_t up, slots, busy;
    usec_t since;
} node_totals;

/* The window in which jobs come now, and the sums over those before. */
typedef struct herd_record {
    int64_t window, most; /* 0: none yet; jobs of its busiest node */
    herding sums;
    int64_t most_sum;
} herd_record;

struct recorder {
    recorder_options options;
    usec_t window_begin, window_end; /* instants */

    job_counts counts;
    histogram *latency[LATENCIES];
    histogram **group_latency; /* two for each group */
    job_record *jobs;
    session_record *sessions;
    pair_record *pairs;
    int64_t waiting;
    usec_t arrived; /* of the request whose EV_CREATED or EV_REFUSED follows */

    node_record *nodes;
    node_totals totals;
    herd_record herd;
    double *heat_busy, *heat_offered; /* heat_rows * HEAT_COLUMNS, in usec */
    size_t heat_rows;
    int32_t nodes_per_row;
    usec_t heat_width;

    usec_t bin;
    series_row *rows;
    size_t row_count, row; /* the one that is being filled; row_count: all are full */
    double busy_time, slot_time;
    histogram *bin_latency;
    usec_t latency_edge[LATENCY_ROWS]; /* where a row begins */
    latency_map map;
    uint64_t redis_commands, redis_bytes; /* at the last call */

    fault_mark marks[MARKS_MAX];
    size_t mark_count;
};

bool in_window(const recorder *r, usec_t at);

/* recorder_series.c */
void series_new(recorder *r);
void series_free(recorder *r);
/* Closes the bins that end at or before `at`. */
void series_reach(recorder *r, usec_t at);
series_row *series_now(recorder *r); /* NULL when the duration is over */
void series_answer(recorder *r, usec_t latency);

/* recorder_nodes.c */
void nodes_new(recorder *r);
void nodes_free(recorder *r);
void nodes_take(recorder *r, const trace_event *event);
/* Adds the time of all nodes together up to `at` to the present bin. */
void nodes_reach(recorder *r, usec_t at);
void nodes_end(recorder *r, usec_t now);

/* recorder_pairs.c */
pair_record *pair_of(recorder *r, const lang_pair *pair);
void pair_submitted(pair_record *p, bool refused);
void pair_answered(pair_record *p, usec_t latency);
void pairs_free(recorder *r);

#endif
