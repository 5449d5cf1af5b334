/* sweep_report.c - every table is filled once, cell by cell, and printed in two forms. */
#include "sim/report/sweep_report.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "core/base/text_table.h"

/* ---- CSV ------------------------------------------------------------------------------------------------------------ */

static void csv_field(const char *text, FILE *out) {
    bool quoted = strpbrk(text, ",\"\r\n") != NULL;
    if (quoted) fputc('"', out);
    for (; *text; text++) fputs(*text == '"' ? "\"\"" : (char[]){*text, '\0'}, out);
    if (quoted) fputc('"', out);
}

void sweep_csv_head(const sweep_view *v, FILE *out) {
    fputs("point,run", out);
    for (size_t i = 0; i < sweep_axes(v->plan); i++) {
        fputc(',', out);
        csv_field(sweep_axis(v->plan, i), out);
    }
    fputs(",seed,verdict", out);
    for (size_t i = 0; i < POINT_FIGURES; i++) fprintf(out, ",%s", point_figures[i].name);
    fputs(",hash,folder\n", out);
}

void sweep_csv_row(const sweep_view *v, size_t cell, FILE *out) {
    const sweep_cell *c = &v->cells[cell];
    if (c->state == CELL_WAITS) return;
    size_t point = cell / (size_t)v->runs;
    fprintf(out, "%zu,%zu", point + 1, cell % (size_t)v->runs + 1);
    for (size_t i = 0; i < sweep_axes(v->plan); i++) {
        fputc(',', out);
        csv_field(sweep_value(v->plan, point, i), out);
    }
    fprintf(out, ",%" PRId64 ",%s", c->seed, c->state == CELL_BROKEN ? "error" : c->result.pass ? "pass" : "fail");
    for (size_t i = 0; i < POINT_FIGURES; i++) {
        double value = c->state == CELL_ENDED ? c->result.figure[i] : NAN;
        fputc(',', out);
        if (!isnan(value)) fprintf(out, "%.15g", value);
    }
    fprintf(out, ",%s,%s\n", c->hash, c->folder);
}

/* ---- figures of a point --------------------------------------------------------------------------------------------- */

typedef struct spread {
    int64_t n;
    double mean, deviation; /* of the sample; 0 for one */
} spread;

static spread spread_of(const sweep_view *v, size_t point, size_t figure) {
    const sweep_cell *cells = &v->cells[point * (size_t)v->runs];
    spread s = {0};
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < v->runs; i++) {
        if (cells[i].state != CELL_ENDED || isnan(cells[i].result.figure[figure])) continue;
        sum += cells[i].result.figure[figure];
        s.n++;
    }
    if (s.n) s.mean = sum / (double)s.n;
    for (int64_t i = 0; i < v->runs; i++) {
        if (cells[i].state != CELL_ENDED || isnan(cells[i].result.figure[figure])) continue;
        squares += (cells[i].result.figure[figure] - s.mean) * (cells[i].result.figure[figure] - s.mean);
    }
    if (s.n > 1) s.deviation = sqrt(squares / (double)(s.n - 1));
    return s;
}

static void set_figure(text_table *t, size_t row, size_t column, const sweep_view *v, size_t point, size_t figure) {
    const point_figure *f = &point_figures[figure];
    spread s = spread_of(v, point, figure);
    if (s.n == 0) {
        text_table_set(t, row, column, "-");
    } else if (v->runs == 1) {
        text_table_set(t, row, column, "%.*f", f->decimals, s.mean * f->scale);
    } else {
        int decimals = f->decimals > 0 ? f->decimals : 1;
        text_table_set(t, row, column, "%.*f ± %.*f", decimals, s.mean * f->scale, decimals, s.deviation * f->scale);
    }
}

/* "pass", "2 of 3", "not run". */
static void set_verdict(text_table *t, size_t row, size_t column, const sweep_view *v, size_t point) {
    const sweep_cell *cells = &v->cells[point * (size_t)v->runs];
    int64_t there = 0, passed = 0, broken = 0;
    for (int64_t i = 0; i < v->runs; i++) {
        there += cells[i].state != CELL_WAITS;
        broken += cells[i].state == CELL_BROKEN;
        passed += cells[i].state == CELL_ENDED && cells[i].result.pass;
    }
    if (there == 0) {
        text_table_set(t, row, column, "not run");
    } else if (there > 1 || v->runs > 1) {
        text_table_set(t, row, column, "%" PRId64 " of %" PRId64, passed, there);
    } else {
        text_table_set(t, row, column, "%s", passed ? "pass" : broken ? "error" : "fail");
    }
}

/* ---- tables --------------------------------------------------------------------------------------------------------- */

static const char *last_step(const char *path) {
    const char *dot = strrchr(path, '.');
    return dot ? dot + 1 : path;
}

/* The last step of an axis' path, or the whole path when another axis ends in the same. */
static const char *axis_heading(const sweep_plan *plan, size_t axis) {
    const char *path = sweep_axis(plan, axis);
    for (size_t i = 0; i < sweep_axes(plan); i++) {
        if (i != axis && !strcmp(last_step(sweep_axis(plan, i)), last_step(path))) return path;
    }
    return last_step(path);
}

static text_table *table_of_points(const sweep_view *v) {
    size_t axes = sweep_axes(v->plan), points = sweep_points(v->plan), columns = axes + 1;
    for (size_t f = 0; f < POINT_FIGURES; f++) columns += point_figures[f].heading != NULL;
    text_table *t = text_table_new(points + 1, columns);
    for (size_t i = 0; i < axes; i++) text_table_set(t, 0, i, "%s", axis_heading(v->plan, i));
    text_table_set(t, 0, axes, "pass");
    for (size_t point = 0; point < points; point++) {
        for (size_t i = 0; i < axes; i++) text_table_set(t, point + 1, i, "%s", sweep_value(v->plan, point, i));
        set_verdict(t, point + 1, axes, v, point);
    }
    size_t column = axes + 1;
    for (size_t f = 0; f < POINT_FIGURES; f++) {
        if (!point_figures[f].heading) continue;
        text_table_set(t, 0, column, "%s", point_figures[f].heading);
        for (size_t point = 0; point < points; point++) set_figure(t, point + 1, column, v, point, f);
        column++;
    }
    return t;
}

static text_table *table_of_variants(const sweep_view *v) {
    size_t points = sweep_points(v->plan);
    text_table *t = text_table_new(POINT_FIGURES + 2, points + 1);
    text_table_set(t, 1, 0, "pass");
    for (size_t f = 0; f < POINT_FIGURES; f++)
        text_table_set(t, f + 2, 0, "%s%s", point_figures[f].name, point_figures[f].scale > 1 ? "_percent" : "");
    for (size_t point = 0; point < points; point++) {
        text_table_set(t, 0, point + 1, "%s", sweep_value(v->plan, point, 0));
        set_verdict(t, 1, point + 1, v, point);
        for (size_t f = 0; f < POINT_FIGURES; f++) set_figure(t, f + 2, point + 1, v, point, f);
    }
    return t;
}

static void print_verdict(const sweep_view *v, const char *what, FILE *out) {
    size_t all = sweep_points(v->plan) * (size_t)v->runs, ended = 0, passed = 0;
    for (size_t i = 0; i < all; i++) {
        ended += v->cells[i].state != CELL_WAITS;
        passed += v->cells[i].state == CELL_ENDED && v->cells[i].result.pass;
    }
    fprintf(out, "%s: %zu of %zu runs passed", passed == all ? "PASS" : "FAIL", passed, all);
    if (ended < all) fprintf(out, ", %zu were not run to their end", all - ended);
    fprintf(out, ".\n%s, %zu %s, seed %" PRId64, sweep_name(v->plan), sweep_points(v->plan), what, v->cells[0].seed);
    if (v->runs > 1)
        fprintf(out, " .. %" PRId64 "; mean ± standard deviation of %" PRId64 " runs", v->cells[v->runs - 1].seed,
                v->runs);
    fputc('\n', out);
}

void sweep_print_points(const sweep_view *v, FILE *out) {
    text_table *t = table_of_points(v);
    print_verdict(v, "points", out);
    fputc('\n', out);
    text_table_print(t, sweep_axes(v->plan), out);
    text_table_free(t);
}

void sweep_print_variants(const sweep_view *v, FILE *out) {
    text_table *t = table_of_variants(v);
    print_verdict(v, "variants", out);
    fputc('\n', out);
    text_table_print(t, 1, out);
    text_table_free(t);
}

static void markdown(const sweep_view *v, const char *what, text_table *t, size_t left, FILE *out) {
    fprintf(out, "# %s: %s\n\n", sweep_name(v->plan), what);
    print_verdict(v, what, out);
    fputc('\n', out);
    text_table_markdown(t, left, out);
    fputs("\nWait: from the arrival of the request until a slot takes the job, with network and scheduler. \"At best\" "
          "(`best_wait_p99_ms`):\nits p99 for the same requests with one queue for all nodes. Every run: "
          "`points.csv`.\n",
          out);
    text_table_free(t);
}

void sweep_markdown_points(const sweep_view *v, FILE *out) {
    markdown(v, "points", table_of_points(v), sweep_axes(v->plan), out);
}

void sweep_markdown_variants(const sweep_view *v, FILE *out) {
    markdown(v, "variants", table_of_variants(v), 1, out);
}
