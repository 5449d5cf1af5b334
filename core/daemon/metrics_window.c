/* metrics_window.c - slices in a ring: the present one is written, it and the six before it are read.
 *
 * A slice that nobody wrote to for a minute is still in its place, and is told by its number. */
#include "core/daemon/metrics_window.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/histogram.h"
#include "core/base/mem.h"

enum { SLICES = WINDOW_MINUTE }; /* the present one, and a minute behind it */

static const usec_t slice_length = 10 * USEC_PER_SEC;
static const int64_t highest = INT64_C(1) << 27; /* two minutes: who waits longer is counted with it */

typedef struct slice {
    int64_t number; /* of its ten seconds, since the clock's beginning */
    int64_t counts[WINDOW_COUNTS];
    histogram *times[WINDOW_TIMES];
} slice;

struct metrics_window {
    usec_t begun;
    slice slices[SLICES];
    histogram *sum; /* for reading */
};

metrics_window *metrics_window_new(usec_t now) {
    metrics_window *w = mem_zalloc(1, sizeof *w);
    w->begun = now;
    w->sum = histogram_new(highest);
    for (int i = 0; i < SLICES; i++) {
        w->slices[i].number = -1;
        for (int t = 0; t < WINDOW_TIMES; t++) w->slices[i].times[t] = histogram_new(highest);
    }
    return w;
}

metrics_window *metrics_window_free(metrics_window *w) {
    if (!w) return NULL;
    for (int i = 0; i < SLICES; i++)
        for (int t = 0; t < WINDOW_TIMES; t++) histogram_free(w->slices[i].times[t]);
    histogram_free(w->sum);
    free(w);
    return NULL;
}

static slice *present(metrics_window *w, usec_t now) {
    int64_t number = now / slice_length;
    slice *s = &w->slices[number % SLICES];
    if (s->number == number) return s;
    s->number = number;
    memset(s->counts, 0, sizeof s->counts);
    for (int t = 0; t < WINDOW_TIMES; t++)
        if (histogram_count(s->times[t])) histogram_reset(s->times[t]);
    return s;
}

void metrics_window_note(metrics_window *w, usec_t now, int count) {
    present(w, now)->counts[count]++;
}

void metrics_window_time(metrics_window *w, usec_t now, window_time which, usec_t took) {
    histogram_record(present(w, now)->times[which], took > 0 ? took : 0);
}

/* ---- reading -------------------------------------------------------------------------------------------------------- */

/* The slices that are read. */
typedef struct range {
    int64_t first, last;
} range;

static bool within(const slice *s, range r) {
    return s->number >= r.first && s->number <= r.last;
}

static void read_times(const metrics_window *w, range r, window_time which, double *ret_p50, double *ret_p99) {
    histogram_reset(w->sum);
    for (int i = 0; i < SLICES; i++)
        if (within(&w->slices[i], r)) histogram_add(w->sum, w->slices[i].times[which]);
    *ret_p50 = (double)histogram_percentile(w->sum, 50) / USEC_PER_MSEC;
    *ret_p99 = (double)histogram_percentile(w->sum, 99) / USEC_PER_MSEC;
}

/* From the beginning of the oldest slice that counts, or of ourselves. */
static double length_sec(const metrics_window *w, usec_t now, range r) {
    usec_t from = r.first * slice_length;
    usec_t length = now - (from > w->begun ? from : w->begun);
    return (double)(length > USEC_PER_SEC ? length : USEC_PER_SEC) / USEC_PER_SEC;
}

metrics_figures metrics_window_figures(const metrics_window *w, usec_t now, int slices) {
    range r = {.first = now / slice_length - slices + 1, .last = now / slice_length};
    int64_t sum[WINDOW_COUNTS] = {0}, ended = 0;
    for (int i = 0; i < SLICES; i++)
        for (int c = 0; within(&w->slices[i], r) && c < WINDOW_COUNTS; c++) sum[c] += w->slices[i].counts[c];
    for (int o = 0; o < JOB_OUTCOMES; o++) ended += sum[WINDOW_ENDED + o];
    metrics_figures f = {
        .over_sec = length_sec(w, now, r),
        .created = sum[WINDOW_CREATED],
        .ok = sum[WINDOW_ENDED + OUTCOME_OK],
        .failed = sum[WINDOW_ENDED + OUTCOME_FAILED],
        .timed_out = sum[WINDOW_ENDED + OUTCOME_TIMED_OUT],
        .cancelled = sum[WINDOW_ENDED + OUTCOME_CANCELLED],
        .no_text = sum[WINDOW_ENDED + OUTCOME_NO_TEXT],
        .refused = sum[WINDOW_REFUSED],
        .retried = sum[WINDOW_RETRIED],
        .late_dropped = sum[WINDOW_LATE],
        .waited = sum[WINDOW_WAITED],
    };
    f.jobs_per_sec = (double)ended / f.over_sec;
    f.refused_per_sec = (double)f.refused / f.over_sec;
    read_times(w, r, WINDOW_DISPATCH, &f.dispatch_p50_ms, &f.dispatch_p99_ms);
    read_times(w, r, WINDOW_END_TO_END, &f.end_to_end_p50_ms, &f.end_to_end_p99_ms);
    return f;
}
