/* compare.c - takes the figures out of the result files, run by run.
 *
 * Columns are run under the same seeds, so that two of them are compared seed by seed: a hard seed is hard for all of them, and
 * what it does to all does not hide what tells them apart. */
#include "sim/report/compare.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "sim/report/json_path.h"

static double *value_of(const compare *c, size_t column, compare_figure figure) {
    return &c->column[column].value[(size_t)figure * (size_t)c->runs];
}

/* ---- reading -------------------------------------------------------------------------------------------------------- */

static double take_figure(json_t *o, const compare_row *row) {
    double value = json_number_at(o, row->path), per = row->per ? json_number_at(o, row->per) : 1;
    if (row->per && !(per >= row->least && per > 0)) return NAN;
    return value / per * row->scale;
}

static void take_broken(compare_column *column, json_t *violations) {
    size_t i;
    json_t *v;
    json_array_foreach(violations, i, v) {
        const char *kind = json_string_value(json_at(v, "kind"));
        size_t len = strlen(column->broken);
        if (!kind || strstr(column->broken, kind)) continue;
        snprintf(column->broken + len, sizeof column->broken - len, "%s%s", len ? ", " : "", kind);
    }
}

static bool objectives_met(json_t *objectives) {
    size_t i;
    json_t *o;
    json_array_foreach(objectives, i, o) {
        if (!json_is_true(json_at(o, "ok"))) return false;
    }
    return true;
}

static void take_run(compare *c, size_t column, int64_t run, json_t *o) {
    compare_column *col = &c->column[column];
    for (compare_figure f = 0; f < COMPARE_FIGURES; f++) value_of(c, column, f)[run] = take_figure(o, &compare_rows[f]);
    const char *binds = json_string_value(json_at(o, "saturation.binds"));
    json_t *violations = json_at(o, "violations");
    col->ended++;
    col->kept += json_array_size(violations) == 0;
    col->met += objectives_met(json_at(o, "slo"));
    col->redis_binds += binds && !strcmp(binds, saturation_bound_name(BOUND_REDIS));
    take_broken(col, violations);
}

static sched_status read_run(compare *c, size_t column, int64_t run, const char *path, sched_error *err) {
    json_t *o = NULL;
    sched_status status = json_read(path, &o, err);
    if (status) return status;
    take_run(c, column, run, o);
    json_decref(o);
    return SCHED_OK;
}

static double sessions_at_once(const scenario *sc) {
    double sum = 0;
    for (size_t i = 0; i < sc->session_group_count; i++) {
        const session_group *g = &sc->session_groups[i];
        sum += g->concurrent ? (double)g->concurrent : g->rate * dist_mean(&g->length) / USEC_PER_SEC;
    }
    return sum;
}

static sched_status describe(compare *c, size_t column, sweep_plan *plan, sched_error *err) {
    compare_column *col = &c->column[column];
    scenario *sc = NULL;
    sched_status status = sweep_scenario(plan, column, &sc, err);
    if (status) return status;
    col->name = sweep_value(plan, column, 0);
    col->config = sc->scheduler;
    col->instances = sc->instances.count;
    col->nodes = scenario_total(sc).nodes;
    col->sessions = sessions_at_once(sc);
    c->objectives = sc->slo_count;
    c->duration_s = (double)sc->duration / USEC_PER_SEC;
    c->warmup_s = (double)sc->warmup / USEC_PER_SEC;
    scenario_free(sc);
    return SCHED_OK;
}

static sched_status gather_column(compare *c, size_t column, const sweep_view *view, const char *folder,
                                  sched_error *err) {
    const sweep_cell *cells = &view->cells[column * (size_t)c->runs];
    compare_column *col = &c->column[column];
    size_t values = COMPARE_FIGURES * (size_t)c->runs;
    sched_status status = SCHED_OK;
    col->value = mem_alloc(values * sizeof *col->value);
    for (size_t i = 0; i < values; i++) col->value[i] = NAN;
    memcpy(col->hash, cells[0].hash, sizeof col->hash);
    for (int64_t run = 0; run < c->runs && !status; run++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s/result.json", folder, cells[run].folder);
        if (cells[run].state == CELL_ENDED) status = read_run(c, column, run, path, err);
    }
    return status;
}

sched_status compare_gather(const sweep_view *view, sweep_plan *plan, const char *folder, size_t phases,
                            const char *command, compare **ret_compare, sched_error *err) {
    assert(sweep_points(plan) <= COMPARE_COLUMNS_MAX);
    compare *c = mem_zalloc(1, sizeof *c);
    sched_status status = SCHED_OK;
    c->name = sweep_name(plan);
    c->command = command;
    c->first_seed = view->cells[0].seed;
    c->runs = view->runs;
    c->columns = sweep_points(plan);
    for (size_t i = 0; i < c->columns && !status; i++) {
        c->column[i].is_phase = i < phases;
        status = describe(c, i, plan, err);
        if (!status) status = gather_column(c, i, view, folder, err);
    }
    if (status) {
        compare_free(c);
        return status;
    }
    *ret_compare = c;
    return SCHED_OK;
}

compare *compare_free(compare *c) {
    if (!c) return NULL;
    for (size_t i = 0; i < c->columns; i++) free(c->column[i].value);
    free(c);
    return NULL;
}

/* ---- figures -------------------------------------------------------------------------------------------------------- */

interval compare_interval(const compare *c, size_t column, compare_figure figure) {
    return interval_of(value_of(c, column, figure), (size_t)c->runs);
}

interval compare_difference(const compare *c, size_t a, size_t b, compare_figure figure) {
    return interval_of_differences(value_of(c, a, figure), value_of(c, b, figure), (size_t)c->runs);
}

bool compare_is_empty(const compare *c, compare_figure figure) {
    for (size_t i = 0; i < c->columns; i++) {
        if (compare_interval(c, i, figure).n) return false;
    }
    return true;
}

bool compare_is_shown(const compare *c, compare_figure figure) {
    return compare_rows[figure].section || !compare_is_empty(c, figure);
}

const char *compare_text(const compare *c, size_t column, compare_figure figure, char text[COMPARE_TEXT_MAX]) {
    interval i = compare_interval(c, column, figure);
    int decimals = compare_rows[figure].decimals;
    if (!i.n)
        snprintf(text, COMPARE_TEXT_MAX, "-");
    else if (i.n < 2 || i.half == 0)
        snprintf(text, COMPARE_TEXT_MAX, "%.*f", decimals, i.mean);
    else
        snprintf(text, COMPARE_TEXT_MAX, "%.*f ± %.*f", decimals, i.mean, decimals, i.half);
    return text;
}

const char *compare_binds(const compare *c, size_t column, char text[COMPARE_TEXT_MAX]) {
    const compare_column *col = &c->column[column];
    if (!compare_interval(c, column, COMPARE_DECISIONS).n)
        snprintf(text, COMPARE_TEXT_MAX, "-");
    else if (col->redis_binds == 0 || col->redis_binds == col->ended)
        snprintf(text, COMPARE_TEXT_MAX, "%s", col->redis_binds ? "Redis" : "scheduler CPU");
    else
        snprintf(text, COMPARE_TEXT_MAX, "Redis in %" PRId64 " of %" PRId64, col->redis_binds, col->ended);
    return text;
}
