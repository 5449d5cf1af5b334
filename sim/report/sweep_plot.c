/* sweep_plot.c - points along one axis are a curve; the values of all others are its name. */
#include "sim/report/sweep_plot.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/units.h"
#include "core/base/version.h"
#include "sim/report/figure.h"
#include "sim/report/gnuplot_script.h"
#include "sim/report/interval.h"
#include "sim/report/text_file.h"

enum { CURVE_NAME_MAX = 80 };

static const char *const figures[] = {"e2e_p50_ms", "e2e_p95_ms", "e2e_p99_ms", NULL};

/* ---- axes ----------------------------------------------------------------------------------------------------------- */

static bool load_of(const sweep_plan *plan, size_t point, size_t axis, double *ret_load) {
    int64_t count;
    const char *text = sweep_value(plan, point, axis);
    if (!units_parse_count(text, &count, NULL)) {
        *ret_load = (double)count;
        return true;
    }
    return !units_parse_number(text, ret_load, NULL);
}

int sweep_load_axis(const sweep_plan *plan) {
    for (size_t axis = 0; axis < sweep_axes(plan); axis++) {
        bool numbers = true, differ = false;
        double load, first = 0;
        for (size_t point = 0; point < sweep_points(plan) && numbers; point++) {
            numbers = load_of(plan, point, axis, &load);
            if (point == 0) first = load;
            differ |= numbers && (load < first || load > first);
        }
        if (numbers && differ) return (int)axis;
    }
    return -1;
}

/* "best_of_2, 2": the values of all other axes. */
static void curve_name(const sweep_plan *plan, size_t point, size_t load_axis, char name[CURVE_NAME_MAX]) {
    size_t len = 0;
    *name = '\0';
    for (size_t i = 0; i < sweep_axes(plan) && len < CURVE_NAME_MAX; i++) {
        if (i == load_axis) continue;
        len += (size_t)snprintf(name + len, CURVE_NAME_MAX - len, "%s%s", len ? ", " : "", sweep_value(plan, point, i));
    }
}

typedef struct curves {
    char name[SWEEP_CURVES_MAX][CURVE_NAME_MAX];
    size_t count;
} curves;

/* SIZE_MAX: there are too many. */
static size_t curve_of(curves *c, const sweep_plan *plan, size_t point, size_t load_axis) {
    char name[CURVE_NAME_MAX];
    curve_name(plan, point, load_axis, name);
    for (size_t i = 0; i < c->count; i++) {
        if (!strcmp(c->name[i], name)) return i;
    }
    if (c->count == SWEEP_CURVES_MAX) return SIZE_MAX;
    memcpy(c->name[c->count], name, sizeof name);
    return c->count++;
}

/* ---- the table ------------------------------------------------------------------------------------------------------ */

static size_t figure_at(const char *name) {
    for (size_t i = 0; i < POINT_FIGURES; i++) {
        if (!strcmp(point_figures[i].name, name)) return i;
    }
    return 0;
}

static interval interval_at(const sweep_view *v, size_t point, size_t which) {
    double *value = mem_zalloc((size_t)v->runs, sizeof *value);
    for (int64_t i = 0; i < v->runs; i++) {
        const sweep_cell *c = &v->cells[(int64_t)point * v->runs + i];
        value[i] = c->state == CELL_ENDED ? c->result.figure[which] : (double)NAN;
    }
    interval of = interval_of(value, (size_t)v->runs);
    free(value);
    return of;
}

static void write_point(const sweep_view *v, size_t point, size_t load_axis, FILE *out) {
    double load = 0;
    load_of(v->plan, point, load_axis, &load);
    fprintf(out, "%.10g", load);
    for (int f = 0; figures[f]; f++) {
        interval i = interval_at(v, point, figure_at(figures[f]));
        double half = isnan(i.half) || i.n < 3 ? 0 : i.half;
        if (i.n)
            fprintf(out, ",%.6g,%.6g,%.6g", i.mean, fmax(i.mean - half, i.mean / 10), i.mean + half);
        else
            fputs(",NaN,NaN,NaN", out);
    }
    fputc('\n', out);
}

/* A block for each curve, as gnuplot's `index` counts them; returns how many points have a figure. */
static size_t write_curves(const sweep_view *v, const curves *c, size_t load_axis, FILE *out) {
    size_t known = 0;
    for (size_t k = 0; k < c->count; k++) {
        for (size_t point = 0; point < sweep_points(v->plan); point++) {
            char name[CURVE_NAME_MAX];
            curve_name(v->plan, point, load_axis, name);
            if (strcmp(name, c->name[k]) != 0) continue;
            write_point(v, point, load_axis, out);
            known += interval_at(v, point, figure_at("e2e_p95_ms")).n > 0;
        }
        fputs("\n\n", out);
    }
    return known;
}

static sched_status write_table(const sweep_view *v, const curves *c, size_t load_axis, const char *folder,
                                size_t *ret_known, sched_error *err) {
    FILE *out;
    sched_status status = figure_folder_make(folder, err);
    if (!status) status = text_file_open(folder, "plots/sweep.csv", &out, err);
    if (status) return status;
    *ret_known = write_curves(v, c, load_axis, out);
    return text_file_close(folder, "plots/sweep.csv", out, err);
}

/* ---- drawing -------------------------------------------------------------------------------------------------------- */

/* From the lowest to the highest p95 of all points. */
static void say_headline(const sweep_view *v, const char *axis, char text[HEADLINE_MAX]) {
    double low = NAN, high = NAN;
    for (size_t point = 0; point < sweep_points(v->plan); point++) {
        double p95 = interval_at(v, point, figure_at("e2e_p95_ms")).mean;
        low = fmin(low, p95);
        high = fmax(high, p95);
    }
    snprintf(text, HEADLINE_MAX, "95 %% of the answers take up to %.1f s at best and %.1f s at worst, by %s",
             low / 1000, high / 1000, axis);
}

typedef struct sweep_script {
    const curves *curves;
    const char *unit;
} sweep_script;

static void set_variables(const void *ctx, FILE *out) {
    const sweep_script *s = ctx;
    script_text(out, "unit", s->unit);
    fprintf(out, "curves = %zu\narray names[%d]\n", s->curves->count, SWEEP_CURVES_MAX);
    for (size_t i = 0; i < s->curves->count; i++) {
        char name[32];
        snprintf(name, sizeof name, "names[%zu]", i + 1);
        script_text(out, name, s->curves->name[i]);
    }
}

/* Nobody takes it into a page. */
static sched_status draw(const sweep_view *v, const curves *c, size_t load_axis, const char *folder, sched_error *err) {
    char headline[HEADLINE_MAX], print[FIGURE_PRINT_MAX];
    char *svg = NULL;
    sweep_script s = {.curves = c, .unit = sweep_axis(v->plan, load_axis)};
    const char *dot = strrchr(s.unit, '.');
    say_headline(v, dot ? dot + 1 : s.unit, headline);
    snprintf(print, sizeof print,
             "%s · %" PRId64 " run%s of each point from seed %" PRId64 " · scenario %s · lingua " LINGUA_VERSION,
             sweep_name(v->plan), v->runs, v->runs == 1 ? "" : "s", v->cells[0].seed, v->cells[0].hash);
    figure_script script = {
        .name = "sweep_latency",
        .height = 440,
        .headline = headline,
        .print = print,
        .set = set_variables,
        .ctx = &s,
    };
    sched_status status = figure_draw(&script, folder, &svg, err);
    free(svg);
    return status;
}

sched_status sweep_plot_draw(const sweep_view *v, const char *folder, sched_error *err) {
    curves *c = mem_zalloc(1, sizeof *c);
    int axis = sweep_load_axis(v->plan);
    size_t known = 0;
    sched_status status = SCHED_OK;
    bool fit = axis >= 0;
    for (size_t point = 0; point < sweep_points(v->plan) && fit; point++)
        fit = curve_of(c, v->plan, point, (size_t)axis) != SIZE_MAX;
    if (fit) status = write_table(v, c, (size_t)axis, folder, &known, err);
    if (!status && known < 2) status = sched_fail(err, SCHED_ENOENT, "there is no curve to draw");
    if (!status) status = draw(v, c, (size_t)axis, folder, err);
    free(c);
    return status;
}
