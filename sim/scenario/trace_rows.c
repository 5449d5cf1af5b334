/* trace_rows.c - a trace is read once, when the scenario is: then a run cannot fail over its files, and what is wrong in
 * them is told before it starts. Only arrivals within the run are kept, 16 bytes each. */
#include "sim/scenario/arrivals.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/suggest.h"

#define SPEECH_MAX (3600 * USEC_PER_SEC)

typedef struct reader {
    trace_pattern *p;
    const scenario_languages *langs;
    csv *file;
    int time, size, src, tgt; /* columns; -1: none */
    double first, last;       /* times, as written */
    bool any;
    size_t capacity;
    usec_t within;
} reader;

static double unit_usec(int unit) {
    static const double usec[] =
        {[TRACE_USEC] = 1, [TRACE_MSEC] = 1e3, [TRACE_SECONDS] = 1e6, [TRACE_MINUTES] = 60e6, [TRACE_HOURS] = 3600e6};
    return usec[unit];
}

static sched_status find_columns(reader *r, sched_error *err) {
    const trace_pattern *p = r->p;
    const char *names[] = {p->time, p->size, p->src, p->tgt};
    int *columns[] = {&r->time, &r->size, &r->src, &r->tgt};
    sched_status status = SCHED_OK;
    for (size_t i = 0; i < sizeof names / sizeof *names && !status; i++) {
        *columns[i] = -1;
        if (*names[i]) status = csv_column(r->file, names[i], columns[i], err);
    }
    return status;
}

static sched_status read_time(reader *r, trace_row *row, sched_error *err) {
    double time = 0;
    sched_status status = csv_number(r->file, r->time, &time, err);
    if (status) return status;
    if (!r->any) r->first = time;
    if (r->any && time < r->last) {
        return csv_fail(r->file, err, "%s: %s goes backwards: the line before has %.17g", r->p->time,
                        csv_text(r->file, r->time), r->last);
    }
    r->any = true;
    r->last = time;
    double usec = (time - r->first) * unit_usec(r->p->unit) / r->p->speed;
    row->at = usec < (double)USEC_NEVER / 4 ? (usec_t)(usec + 0.5) : USEC_NEVER / 4;
    return SCHED_OK;
}

static sched_status read_size(const reader *r, trace_row *row, sched_error *err) {
    double size = 0;
    if (r->size < 0) return SCHED_OK;
    sched_status status = csv_number(r->file, r->size, &size, err);
    if (status) return status;
    double usec = size * r->p->scale * (double)USEC_PER_SEC;
    if (usec > (double)SPEECH_MAX) {
        return csv_fail(r->file, err, "%s: %s makes %.0f s of speech: at most %d are accepted", r->p->size,
                        csv_text(r->file, r->size), usec / (double)USEC_PER_SEC, (int)(SPEECH_MAX / USEC_PER_SEC));
    }
    row->speech = usec < 1 ? 1 : (uint32_t)(usec + 0.5);
    return SCHED_OK;
}

static sched_status read_language(const reader *r, int column, int16_t *ret_language, sched_error *err) {
    char hint[SUGGEST_TEXT_MAX];
    lang_tag tag;
    sched_error inner;
    if (lang_tag_parse(csv_text(r->file, column), tag, &inner)) return csv_fail(r->file, err, "%s", inner.message);
    int found = languages_find(r->langs, tag);
    if (found >= 0) {
        *ret_language = (int16_t)found;
        return SCHED_OK;
    }
    suggest near = suggest_for(tag);
    for (size_t i = 0; i < r->langs->count; i++) suggest_offer(&near, r->langs->tag[i]);
    return csv_fail(r->file, err, "\"%s\" is not among the %zu languages of the scenario%s", tag, r->langs->count,
                    suggest_text(&near, hint));
}

static sched_status read_pair(const reader *r, trace_row *row, sched_error *err) {
    if (r->src < 0) return SCHED_OK;
    sched_status status = read_language(r, r->src, &row->src, err);
    if (!status) status = read_language(r, r->tgt, &row->tgt, err);
    if (!status && row->src == row->tgt) status = csv_fail(r->file, err, "source and target are the same");
    return status;
}

static sched_status keep(reader *r, const trace_row *row, sched_error *err) {
    trace_pattern *p = r->p;
    if (row->at >= r->within) return SCHED_OK;
    if (p->row_count == TRACE_ROWS_MAX) {
        return csv_fail(r->file, err, "more than %d arrivals within the run", TRACE_ROWS_MAX);
    }
    if (p->row_count == r->capacity) {
        r->capacity = r->capacity ? 2 * r->capacity : 1024;
        p->rows = mem_realloc(p->rows, r->capacity, sizeof *p->rows);
    }
    p->rows[p->row_count++] = *row;
    return SCHED_OK;
}

static sched_status read_rows(reader *r, sched_error *err) {
    for (;;) {
        trace_row row = {.src = -1, .tgt = -1};
        bool more = false;
        sched_status status = csv_next(r->file, &more, err);
        if (status || !more) return status;
        status = read_time(r, &row, err);
        if (!status) status = read_size(r, &row, err);
        if (!status) status = read_pair(r, &row, err);
        if (!status) status = keep(r, &row, err);
        if (status) return status;
    }
}

sched_status trace_rows_read(trace_pattern *p, const yaml_value *at, const scenario_languages *langs, usec_t within,
                             sched_error *err) {
    assert(!p->rows);
    reader r = {.p = p, .langs = langs, .within = within};
    sched_status status = csv_open_named(at, p->file, &r.file, err);
    if (status) return status;
    status = find_columns(&r, err);
    if (!status) status = read_rows(&r, err);
    if (!status) status = csv_check_digest(r.file, at, p->digest, err);
    csv_close(r.file);
    if (!status && !r.any) status = yaml_fail(yaml_at(at, "file"), err, "file: %s holds no arrival", p->file);
    return status;
}
