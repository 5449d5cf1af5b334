/* sweep_report.h - the points of a sweep side by side: a CSV row for each run, a line for each point, or a column for each
 * variant. What is written depends on the results alone: the same bytes, however the runs came about. */
#ifndef SIM_REPORT_SWEEP_REPORT_H
#define SIM_REPORT_SWEEP_REPORT_H

#include "sim/report/point_result.h"
#include "sim/scenario/sweep.h"

typedef enum cell_state {
    CELL_WAITS,  /* not run, or interrupted */
    CELL_ENDED,  /* there is a result */
    CELL_BROKEN, /* it ended without one */
} cell_state;

/* One run of one point. */
typedef struct sweep_cell {
    cell_state state;
    char *folder; /* below the sweep's; owned by whoever made the cell */
    int64_t seed;
    char hash[SCENARIO_HASH_MAX + 1];
    point_result result;
} sweep_cell;

typedef struct sweep_view {
    const sweep_plan *plan;
    int64_t runs;            /* of each point */
    const sweep_cell *cells; /* cells[point * runs + run] */
} sweep_view;

void sweep_csv_head(const sweep_view *view, FILE *out);
/* Row of a cell: nothing when it waits. */
void sweep_csv_row(const sweep_view *view, size_t cell, FILE *out);

/* The verdict, then the mean of each figure over the runs of a point, with the standard deviation of several runs: a line for
 * each point. */
void sweep_print_points(const sweep_view *view, FILE *out);
void sweep_markdown_points(const sweep_view *view, FILE *out);
/* The same with a line for each figure and a column for each variant. */
void sweep_print_variants(const sweep_view *view, FILE *out);
void sweep_markdown_variants(const sweep_view *view, FILE *out);

#endif
