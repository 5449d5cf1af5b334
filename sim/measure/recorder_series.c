/* recorder_series.c - figures over time, in bins of equal width.
 *
 * A bin is closed when the first event at or after its end comes, before that event is counted. What lies after the duration
 * is in no bin. */
#include "sim/measure/recorder_internal.h"

#include <stdlib.h>

#include "core/base/mem.h"

static usec_t row_end(const recorder *r) {
    usec_t end = (usec_t)(r->row + 1) * r->bin;
    return r->options.start + (end < r->options.duration ? end : r->options.duration);
}

/* The fourth root of 2, so that every fourth edge is a doubling. */
#define ROW_STEP 1.189207115002721

static void map_new(recorder *r) {
    double edge = USEC_PER_MSEC;
    for (size_t row = 0; row < LATENCY_ROWS; row++, edge *= ROW_STEP) r->latency_edge[row] = (usec_t)(edge + 0.5);
    r->map.columns = r->row_count < HEAT_COLUMNS ? r->row_count : HEAT_COLUMNS;
}

static void map_answer(recorder *r, usec_t latency) {
    size_t low = 0, high = LATENCY_ROWS;
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        if (latency >= r->latency_edge[middle])
            low = middle;
        else
            high = middle;
    }
    size_t column = r->row * r->map.columns / r->row_count;
    r->map.count[low][column]++;
    r->map.answers[column]++;
}

const latency_map *recorder_latency_map(const recorder *r) {
    return &r->map;
}

void series_new(recorder *r) {
    const recorder_options *o = &r->options;
    usec_t least = (o->duration + SERIES_ROWS_MAX - 1) / SERIES_ROWS_MAX;
    r->bin = least <= o->bin ? o->bin : (least + o->bin - 1) / o->bin * o->bin;
    r->row_count = (size_t)((o->duration + r->bin - 1) / r->bin);
    r->rows = mem_zalloc(r->row_count, sizeof *r->rows);
    r->bin_latency = histogram_new(3600 * USEC_PER_SEC);
    map_new(r);
}

void series_free(recorder *r) {
    free(r->rows);
    histogram_free(r->bin_latency);
}

static void close_row(recorder *r) {
    series_row *row = &r->rows[r->row];
    usec_t begin = r->options.start + (usec_t)r->row * r->bin;
    usec_t end = row_end(r);
    nodes_reach(r, end);
    row->busy_slots = r->busy_time / (double)(end - begin);
    row->slots = r->slot_time / (double)(end - begin);
    r->busy_time = r->slot_time = 0;
    row->in_flight = r->counts.in_flight;
    row->waiting = r->waiting;
    row->nodes_up = r->totals.up;
    row->answered = (int64_t)histogram_count(r->bin_latency);
    row->e2e_p50 = histogram_percentile(r->bin_latency, 50);
    row->e2e_p95 = histogram_percentile(r->bin_latency, 95);
    row->e2e_max = histogram_max(r->bin_latency);
    histogram_reset(r->bin_latency);
    r->row++;
}

void series_reach(recorder *r, usec_t at) {
    while (r->row < r->row_count && row_end(r) <= at) close_row(r);
}

series_row *series_now(recorder *r) {
    return r->row < r->row_count ? &r->rows[r->row] : NULL;
}

void series_answer(recorder *r, usec_t latency) {
    if (r->row == r->row_count) return;
    histogram_record(r->bin_latency, latency);
    map_answer(r, latency);
}

/* What went over the wire up to `now` belongs to the bin before it when `now` is a border. */
void recorder_redis(recorder *r, usec_t now, uint64_t commands, uint64_t bytes) {
    usec_t since = now - r->options.start;
    size_t row = since > 0 ? (size_t)((since - 1) / r->bin) : 0;
    if (row < r->row_count) {
        r->rows[row].redis_commands += commands - r->redis_commands;
        r->rows[row].redis_bytes += bytes - r->redis_bytes;
    }
    r->redis_commands = commands;
    r->redis_bytes = bytes;
}

usec_t recorder_bin(const recorder *r) {
    return r->bin;
}

const series_row *recorder_series(const recorder *r, size_t *ret_rows) {
    *ret_rows = r->row;
    return r->rows;
}
