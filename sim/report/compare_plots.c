/* compare_plots.c - one table for all figures: a row per column, each figure with its interval. Of a single run the interval is the
 * value itself, so that no bar is seen. */
#include "sim/report/compare_plots.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "core/base/version.h"
#include "sim/report/gnuplot_script.h"
#include "sim/report/text_file.h"

enum { AROUND = 150 };

const figure compare_plots[COMPARE_PLOTS] = {
    {"compare_latency", 42, "Percentiles of end to end and of placement for each column, with intervals",
     "Each column has four marks: half, 95 %, 99 % and 99.9 % of the jobs took at most so long; the axis is "
     "logarithmic. Marks that "
     "lie close together: hardly a tail. Bars are 95 % intervals over the runs; where two overlap widely, chance may "
     "explain the "
     "difference."},
    {"compare_cost", 46, "CPU per job of Redis and of the scheduler for each column, one behind the other",
     "Shorter is cheaper. Behind the bar stands how many jobs could be decided on in a second if the busiest part were "
     "never idle, "
     "and which part that is. Heartbeats and sweeps are shared out over the jobs, so that many nodes with few jobs "
     "look dear."},
    {"compare_evenness", 46, "Share of the jobs on the node that has most, over the run and between two heartbeats",
     "A node that everybody believes to be idle gets everything until its next heartbeat: then the round mark lies far "
     "to the right, "
     "even when in the end all nodes had the same. Few jobs between two heartbeats move all marks to the right alike."},
    {"compare_commands", 46, "Redis commands per job for each column, scripts and others",
     "Shorter asks less of Redis. Heartbeats and sweeps are shared out over the jobs here, too. Thin lines are 95 % "
     "intervals over the runs."},
};

/* ---- titles --------------------------------------------------------------------------------------------------------- */

/* The columns with the least and the greatest mean; false when nothing is known. */
static bool extremes(const compare *c, compare_figure f, size_t *ret_least, size_t *ret_most) {
    bool known = false;
    for (size_t i = 0; i < c->columns; i++) {
        double mean = compare_interval(c, i, f).mean;
        if (isnan(mean)) continue;
        if (!known || mean < compare_interval(c, *ret_least, f).mean) *ret_least = i;
        if (!known || mean > compare_interval(c, *ret_most, f).mean) *ret_most = i;
        known = true;
    }
    return known;
}

typedef struct title {
    compare_figure figure;
    const char *what, *unit, *rest; /* "one node gets", "%", "of the jobs" */
    int decimals;
} title;

static void say_title(const compare *c, const title *t, char text[HEADLINE_MAX]) {
    char least[COMPARE_TEXT_MAX], most[COMPARE_TEXT_MAX];
    size_t first = 0, last = 0;
    if (!extremes(c, t->figure, &first, &last)) {
        snprintf(text, HEADLINE_MAX, "Nothing was measured");
        return;
    }
    snprintf(least, sizeof least, "%.*f%s", t->decimals, compare_interval(c, first, t->figure).mean, t->unit);
    snprintf(most, sizeof most, "%.*f%s", t->decimals, compare_interval(c, last, t->figure).mean, t->unit);
    if (!strcmp(least, most))
        snprintf(text, HEADLINE_MAX, "%s %s%s in every column", t->what, least, t->rest);
    else
        snprintf(text, HEADLINE_MAX, "%s %s%s with %s, %s with %s", t->what, least, t->rest, c->column[first].name,
                 most, c->column[last].name);
}

char *compare_plot_headline(const compare *c, size_t i, char text[HEADLINE_MAX]) {
    static const title titles[COMPARE_PLOTS] = {
        {COMPARE_E2E_P99, "99 % of the answers are back within", " ms", "", 0},
        {COMPARE_DECISIONS, "Decisions per second at saturation:", "", "", 0},
        {COMPARE_HERD, "Between two heartbeats one node gets", " %", " of the jobs", 1},
        {COMPARE_COMMANDS, "Redis commands for a job:", "", "", 1},
    };
    say_title(c, &titles[i], text);
    return text;
}

/* ---- the table ------------------------------------------------------------------------------------------------------ */

static void write_columns(const void *ctx, FILE *out) {
    const compare *c = ctx;
    fputs("place,column,capacity", out);
    for (compare_figure f = 0; f < COMPARE_FIGURES; f++)
        fprintf(out, ",%s,%s_low,%s_high", compare_rows[f].key, compare_rows[f].key, compare_rows[f].key);
    fputc('\n', out);
    for (size_t i = 0; i < c->columns; i++) {
        char binds[COMPARE_TEXT_MAX];
        interval decisions = compare_interval(c, i, COMPARE_DECISIONS);
        fprintf(out, "%zu,%s,", i, c->column[i].name);
        if (decisions.n) fprintf(out, "%.0f/s: %s binds", decisions.mean, compare_binds(c, i, binds));
        for (compare_figure f = 0; f < COMPARE_FIGURES; f++) {
            interval v = compare_interval(c, i, f);
            double half = isnan(v.half) ? 0 : v.half;
            figure_cell(v.mean, out);
            figure_cell(v.mean - half, out);
            figure_cell(v.mean + half, out);
        }
        fputc('\n', out);
    }
}

/* ---- drawing -------------------------------------------------------------------------------------------------------- */

static double dearest(const compare *c) {
    double most = 1;
    for (size_t i = 0; i < c->columns; i++) {
        double sum = compare_interval(c, i, COMPARE_REDIS_USEC).mean + compare_interval(c, i, COMPARE_CPU_USEC).mean;
        if (sum > most) most = sum;
    }
    return most;
}

static double most_commands(const compare *c) {
    double most = 0.1;
    for (size_t i = 0; i < c->columns; i++) {
        interval commands = compare_interval(c, i, COMPARE_COMMANDS);
        double high = commands.mean + (isnan(commands.half) ? 0 : commands.half);
        if (high > most) most = high;
    }
    return most;
}

/* Powers of ten that the intervals of all columns take, where what is below 0.1 counts as that. */
static double decades(const compare *c, compare_figure least, compare_figure most) {
    double low = NAN, high = NAN;
    for (size_t i = 0; i < c->columns; i++) {
        interval a = compare_interval(c, i, least), b = compare_interval(c, i, most);
        low = fmin(low, a.mean - (isnan(a.half) ? 0 : a.half));
        high = fmax(high, b.mean + (isnan(b.half) ? 0 : b.half));
    }
    return isnan(low) ? 0 : log10(fmax(high, 0.1) / fmax(low, 0.1));
}

static void set_variables(const void *ctx, FILE *out) {
    const compare *c = ctx;
    fprintf(out, "columns = %zu\n", c->columns);
    script_number(out, "e2e_decades", decades(c, COMPARE_E2E_P50, COMPARE_E2E_P999));
    script_number(out, "placement_decades", decades(c, COMPARE_PLACEMENT_P50, COMPARE_PLACEMENT_P999));
    script_number(out, "dearest", dearest(c));
    script_number(out, "commands", most_commands(c));
    script_number(out, "even", c->column[0].nodes ? 100.0 / (double)c->column[0].nodes : 0);
}

static sched_status draw(const compare *c, size_t i, const char *folder, char **ret_svg, sched_error *err) {
    char headline[HEADLINE_MAX], print[FIGURE_PRINT_MAX];
    snprintf(print, sizeof print, "%s · %" PRId64 " run%s from seed %" PRId64 " · lingua " LINGUA_VERSION, c->name,
             c->runs, c->runs == 1 ? "" : "s", c->first_seed);
    figure_script script = {
        .name = compare_plots[i].name,
        .height = AROUND + compare_plots[i].height * (int)c->columns,
        .headline = compare_plot_headline(c, i, headline),
        .print = print,
        .set = set_variables,
        .ctx = c,
    };
    return figure_draw(&script, folder, ret_svg, err);
}

sched_status compare_plots_draw(const compare *c, const char *folder, char *ret_svg[COMPARE_PLOTS], sched_error *err) {
    sched_status status = SCHED_OK;
    if (compare_is_empty(c, COMPARE_E2E_P50)) return SCHED_OK;
    status = text_file_write(folder, "plots/columns.csv", write_columns, c, err);
    for (size_t i = 0; i < COMPARE_PLOTS && !status; i++) status = draw(c, i, folder, &ret_svg[i], err);
    return status;
}
